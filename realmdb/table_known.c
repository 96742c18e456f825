/* realmdb/table_known.c - records that were looked up, kept at hand */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Decisions ask for the same few systems and users again and again.  A record
 * does not change while the generation stays, so what was read and checked
 * once is handed out again until then, and with it what its grants come to.
 * Each name has one set of places, and the one that came first gives way to
 * the latest.
 */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "grant.h"
#include "octets.h"
#include "table_store.h"

static uint64_t
hash_of(enum tr_db db, const char *name)
{
    return tr_octets_hash(name, strlen(name)) + db;
}

static struct tr_known *
set_of(struct tr_table *table, uint64_t hash)
{
    return table->known[(hash ^ hash >> 32) % TR_KNOWN_SETS];
}

static void
forget(struct tr_known *known)
{
    tr_record_free(known->record);
    free(known->name);
    memset(known, 0, sizeof(*known));
}

void
tr_known_clear(struct tr_table *table)
{
    size_t i;

    for (i = 0; i < TR_KNOWN_SETS * TR_KNOWN_TOGETHER; i++)
        forget(&table->known[i / TR_KNOWN_TOGETHER][i % TR_KNOWN_TOGETHER]);
}

struct tr_record *
tr_known_find(const struct tr_view *view, enum tr_db db, const char *name)
{
    struct tr_table *table = view->table;
    uint64_t hash = hash_of(db, name);
    struct tr_known *known = set_of(table, hash);
    size_t i;

    if (table->known_generation != view->info.generation)
        return NULL;
    for (i = 0; i < TR_KNOWN_TOGETHER; i++, known++) {
        if (known->hash == hash && known->db == db && known->record != NULL &&
            strcmp(known->name, name) == 0)
            return tr_record_hold(known->record);
    }
    return NULL;
}

void
tr_known_add(const struct tr_view *view, enum tr_db db, const char *name,
             struct tr_record *record)
{
    struct tr_table *table = view->table;
    uint64_t hash = hash_of(db, name);
    struct tr_known *set = set_of(table, hash);
    char *copy = strdup(name);

    if (copy == NULL)
        return;
    if (table->known_generation != view->info.generation)
        tr_known_clear(table);
    table->known_generation = view->info.generation;
    forget(&set[TR_KNOWN_TOGETHER - 1]);
    memmove(&set[1], set, (TR_KNOWN_TOGETHER - 1) * sizeof(*set));
    *set = (struct tr_known){ hash, db, copy, tr_record_hold(record) };
}

krb5_error_code
tr_view_granted(const struct tr_view *view, struct tr_grant *grant,
                const struct tr_granted **out)
{
    krb5_error_code ret;
    struct tr_granted *granted = grant->granted;

    *out = granted;
    if (granted != NULL && granted->generation == view->info.generation)
        return 0;
    if (granted == NULL)
        granted = malloc(sizeof(*granted));
    if (granted == NULL)
        return ENOMEM;
    grant->granted = granted;
    granted->grant = grant;
    granted->generation = view->info.generation;
    ret = tr_view_realm(view, grant->realm, &granted->realm);
    if (ret == 0)
        ret = granted->realm->error;
    if (ret == 0)
        ret = tr_grant_range(granted->realm->encoding, grant,
                             &granted->range);
    granted->error = ret;
    *out = granted;
    return 0;
}
