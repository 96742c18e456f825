/* mech/service/ldif.c - load the table from a file, again when it changes */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The file is loaded once two looks in a row have found it the same, so that
 * half of one that is being written is not taken (a rename is better still).
 * As long as it is there and loaded it counts as a source that answers; a file
 * that is missing or bad leaves the table as it was, growing older.  One that
 * could not be stored is tried again.  A signed snapshot has answered once,
 * when it was made.
 */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "boottime.h"
#include "follow.h"
#include "text.h"
#include "trustrealm_err.h"

#define COOKIE_LENGTH (sizeof(PACKAGE_VERSION) + TR_FILE_TEXT)

#define NEVER INT64_MAX
#define MAX_PAUSE_S 60

struct tr_ldif {
    const struct tr_config *config;
    struct tr_table *table;
    const struct tr_source_callbacks *callbacks;
    struct stat seen, taken;    /* at the last look, at the last load */
    bool good;                  /* what was taken last is in the table */
    int64_t noted;              /* boot time, ms, at which it was fresh */
    int64_t made;               /* a snapshot: when it was signed */
    int64_t again;              /* boot time, ms, of another try */
    uint32_t pause;             /* s before it, or 0 */
    char *complaint;            /* that was told last, or NULL */
};

static void
tell(struct tr_ldif *ldif, enum tr_source_event event, const char *text)
{
    ldif->callbacks->event(event, text, ldif->callbacks->arg);
}

/* Once, not at every look. */
static void
complain(struct tr_ldif *ldif, const char *text)
{
    if (ldif->complaint != NULL && strcmp(ldif->complaint, text) == 0)
        return;
    free(ldif->complaint);
    ldif->complaint = strdup(text);
    tell(ldif, TR_SOURCE_AWAY, text);
}

/* The file that was taken and the version that took it: another one may make
 * something else of the file. */
static void
describe(const struct tr_ldif *ldif, char text[COOKIE_LENGTH])
{
    memcpy(text, PACKAGE_VERSION, sizeof(PACKAGE_VERSION));
    tr_text_file(&ldif->taken, text + sizeof(PACKAGE_VERSION));
}

/* Is the table what this file made of it, perhaps before a restart? */
static bool
is_loaded(const struct tr_ldif *ldif)
{
    char text[COOKIE_LENGTH];
    struct tr_view *view;
    uint8_t *cookie = NULL;
    size_t length = 0;
    bool same;

    if (tr_view_open(ldif->table, &view) != 0)
        return false;
    describe(ldif, text);
    same = tr_view_cookie(view, &cookie, &length) == 0 &&
        length == sizeof(text) && memcmp(cookie, text, length) == 0;
    free(cookie);
    tr_view_close(view);
    return same;
}

/* A snapshot is verified whenever it is loaded, also after a restart: its
 * signer may be trusted no longer. */
static krb5_error_code
load_snapshot(struct tr_ldif *ldif, const char *path, char **why_out)
{
    struct tr_snapshot snapshot;
    krb5_error_code ret;

    ret = tr_snapshot_read(path, ldif->config->signers, &snapshot, why_out);
    if (ret)
        return ret;
    if (snapshot.made > time(NULL) + ldif->config->clock_skew) {
        ret = TRR_CLOCK;
        *why_out = strdup("signed at a time that is still to come");
    } else {
        ret = tr_source_load_snapshot(ldif->table, path, &snapshot, why_out);
    }
    if (ret == 0)
        ldif->made = snapshot.made;
    free(snapshot.text);
    return ret;
}

static krb5_error_code
load_file(struct tr_ldif *ldif, char **why_out)
{
    const char *path = tr_config_file(ldif->config);

    return tr_config_signed(ldif->config) ?
        load_snapshot(ldif, path, why_out) :
        tr_source_load_ldif(ldif->table, path, why_out);
}

static krb5_error_code
note_fresh(struct tr_ldif *ldif)
{
    int64_t fresh = tr_config_signed(ldif->config) ? ldif->made : time(NULL);
    struct tr_update *update;
    krb5_error_code ret;
    char text[COOKIE_LENGTH];

    ret = tr_update_begin(ldif->table, &update);
    if (ret)
        return ret;
    describe(ldif, text);
    /* A snapshot is known by what it says. */
    if (!tr_config_signed(ldif->config))
        ret = tr_update_set_cookie(update, text, sizeof(text));
    if (ret == 0)
        ret = tr_update_set_fresh(update, fresh, ldif->config->source);
    if (ret) {
        tr_update_abort(update);
        return ret;
    }
    return tr_update_commit(update);
}

static void
renew(struct tr_ldif *ldif, enum tr_source_event event)
{
    krb5_error_code ret;

    ret = note_fresh(ldif);
    if (ret) {
        complain(ldif, error_message(ret));
        return;
    }
    free(ldif->complaint);
    ldif->complaint = NULL;
    ldif->noted = tr_boottime();
    tell(ldif, event, NULL);
}

/* Not the file's fault, perhaps: a disk is full, or a clock is wrong. */
static bool
may_pass(krb5_error_code code)
{
    return code == TRR_TABLE || code == TRR_CLOCK || code == ENOMEM;
}

static void
plan_another(struct tr_ldif *ldif)
{
    uint32_t next = 2 * ldif->pause < MAX_PAUSE_S ? 2 * ldif->pause :
        MAX_PAUSE_S;

    ldif->pause = next > ldif->config->retry ? next : ldif->config->retry;
    ldif->again = tr_boottime() + 1000 * (int64_t)ldif->pause;
}

static void
load(struct tr_ldif *ldif)
{
    krb5_error_code ret;
    char *why = NULL;

    ldif->taken = ldif->seen;
    ldif->again = NEVER;
    if (!tr_config_signed(ldif->config) && is_loaded(ldif)) {
        ldif->good = true;
        renew(ldif, TR_SOURCE_FRESH);
        return;
    }
    ret = load_file(ldif, &why);
    ldif->good = ret == 0;
    if (ret) {
        complain(ldif, why != NULL ? why : error_message(ret));
    } else {
        ldif->pause = 0;
        renew(ldif, TR_SOURCE_CHANGED);
    }
    if (may_pass(ret))
        plan_another(ldif);
    free(why);
}

static void
lose(struct tr_ldif *ldif, int code)
{
    memset(&ldif->seen, 0, sizeof(ldif->seen));
    memset(&ldif->taken, 0, sizeof(ldif->taken));
    ldif->good = false;
    ldif->again = NEVER;
    complain(ldif, strerror(code));
}

void
tr_ldif_look(struct tr_ldif *ldif)
{
    /* Often enough that the age of the table never comes near its limit. */
    int64_t limit = ldif->config->maximum_staleness / 3;
    int64_t beat = ldif->config->heartbeat;
    struct stat now;
    bool settled;

    if (stat(tr_config_file(ldif->config), &now) != 0) {
        lose(ldif, errno);
        return;
    }
    settled = tr_text_same_file(&now, &ldif->seen);
    ldif->seen = now;
    if (settled && (!tr_text_same_file(&now, &ldif->taken) ||
                    tr_boottime() >= ldif->again))
        load(ldif);
    else if (ldif->good && !tr_config_signed(ldif->config) &&
             tr_text_same_file(&now, &ldif->taken) &&
             tr_boottime() - ldif->noted >=
             1000 * (limit < beat ? limit : beat))
        renew(ldif, TR_SOURCE_FRESH);
}

krb5_error_code
tr_ldif_create(const struct tr_config *config, struct tr_table *table,
               const struct tr_source_callbacks *callbacks,
               struct tr_ldif **ldif_out)
{
    struct tr_ldif *ldif;

    ldif = calloc(1, sizeof(*ldif));
    *ldif_out = ldif;
    if (ldif == NULL)
        return ENOMEM;
    ldif->config = config;
    ldif->table = table;
    ldif->callbacks = callbacks;
    ldif->again = NEVER;
    /* At the start the file is taken as it is. */
    if (stat(tr_config_file(config), &ldif->seen) == 0)
        load(ldif);
    else
        lose(ldif, errno);
    return 0;
}

void
tr_ldif_free(struct tr_ldif *ldif)
{
    if (ldif == NULL)
        return;
    free(ldif->complaint);
    free(ldif);
}
