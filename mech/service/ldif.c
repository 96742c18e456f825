/* mech/service/ldif.c - load the table from a file, again when it changes */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The file is loaded when it was the same twice in a row, so that one that is
 * being written is not taken by halves (a rename is better still).  As long
 * as it is there and loaded it counts as a source that answers; a file that
 * is missing or bad leaves the table as it was, growing older.
 */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include "follow.h"
#include "source.h"
#include "trustrealm_err.h"

struct tr_ldif {
    char *path, *source;
    struct tr_table *table;
    struct tr_audit *audit;
    uint32_t renewal;           /* s between notes that it is fresh */
    struct stat seen, taken;    /* at the last look, at the last load */
    bool good;                  /* what was taken last is in the table */
    time_t noted;               /* boot time */
    char state[256];
};

const char *
tr_ldif_state(const struct tr_ldif *ldif)
{
    return ldif->state;
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
        a->st_size == b->st_size &&
        a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
        a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
        a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
        a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static time_t
boot_seconds(void)
{
    struct timespec now = { 0, 0 };

    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec;
}

/* Say it once, not at every look. */
static void
set_state(struct tr_ldif *ldif, int priority, const char *text)
{
    char state[sizeof(ldif->state)];

    snprintf(state, sizeof(state), "%s", text);
    if (strcmp(state, ldif->state) == 0)
        return;
    memcpy(ldif->state, state, sizeof(state));
    tr_log(ldif->audit, priority, "table: %s: %s", ldif->path, state);
}

static void
note_fresh(struct tr_ldif *ldif, bool at_once)
{
    struct tr_update *update;
    krb5_error_code ret;
    time_t now = boot_seconds();

    if (!at_once && now - ldif->noted < (time_t)ldif->renewal)
        return;
    ret = tr_update_begin(ldif->table, &update);
    if (ret == 0) {
        ret = tr_update_set_fresh(update, time(NULL), ldif->source);
        if (ret == 0)
            ret = tr_update_commit(update);
        else
            tr_update_abort(update);
    }
    if (ret != 0)
        set_state(ldif, LOG_ERR, error_message(ret));
    else
        ldif->noted = now;
}

static void
load(struct tr_ldif *ldif)
{
    krb5_error_code ret;
    char *why = NULL;

    ldif->taken = ldif->seen;
    ret = tr_source_load_ldif(ldif->table, ldif->path, &why);
    ldif->good = ret == 0;
    if (ret != 0) {
        set_state(ldif, LOG_ERR, why != NULL ? why : error_message(ret));
    } else {
        ldif->state[0] = '\0';
        set_state(ldif, LOG_NOTICE, "loaded");
        note_fresh(ldif, true);
    }
    free(why);
}

void
tr_ldif_look(struct tr_ldif *ldif)
{
    struct stat now;
    bool settled;

    if (stat(ldif->path, &now) != 0) {
        set_state(ldif, LOG_ERR, strerror(errno));
        memset(&ldif->seen, 0, sizeof(ldif->seen));
        memset(&ldif->taken, 0, sizeof(ldif->taken));
        ldif->good = false;
        return;
    }
    settled = same_file(&now, &ldif->seen);
    ldif->seen = now;
    if (settled && !same_file(&now, &ldif->taken))
        load(ldif);
    else if (ldif->good && same_file(&now, &ldif->taken))
        note_fresh(ldif, false);
}

krb5_error_code
tr_ldif_create(const struct tr_config *config, struct tr_table *table,
               struct tr_audit *audit, struct tr_ldif **ldif_out)
{
    struct tr_ldif *ldif;

    *ldif_out = NULL;
    ldif = calloc(1, sizeof(*ldif));
    if (ldif == NULL)
        return ENOMEM;
    ldif->source = strdup(config->source);
    ldif->path = strdup(config->source + sizeof("ldif:") - 1);
    if (ldif->path == NULL || ldif->source == NULL) {
        tr_ldif_free(ldif);
        return ENOMEM;
    }
    ldif->table = table;
    ldif->audit = audit;
    ldif->renewal = config->maximum_staleness / 3;
    if (ldif->renewal > config->heartbeat)
        ldif->renewal = config->heartbeat;
    /* At the start the file is taken as it is. */
    if (stat(ldif->path, &ldif->seen) == 0)
        load(ldif);
    else
        set_state(ldif, LOG_ERR, strerror(errno));
    *ldif_out = ldif;
    return 0;
}

void
tr_ldif_free(struct tr_ldif *ldif)
{
    if (ldif == NULL)
        return;
    free(ldif->path);
    free(ldif->source);
    free(ldif);
}
