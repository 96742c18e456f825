/* realmdb/table_known.c - records that were looked up, kept at hand */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Decisions ask for the same few systems and users again and again.  A record
 * does not change while the generation stays, so what was read and checked
 * once is handed out again until then.  Each name has one place in the array,
 * which it may have to give up to another.
 */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "octets.h"
#include "table_store.h"

static struct tr_known *
place_of(struct tr_table *table, enum tr_db db, const char *name)
{
    uint64_t hash = tr_octets_hash(name, strlen(name)) + db;

    return &table->known[(hash ^ hash >> 32) % TR_KNOWN_RECORDS];
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

    for (i = 0; i < TR_KNOWN_RECORDS; i++)
        forget(&table->known[i]);
}

struct tr_record *
tr_known_find(const struct tr_view *view, enum tr_db db, const char *name)
{
    struct tr_table *table = view->table;
    struct tr_known *known = place_of(table, db, name);

    if (table->known_generation != view->info.generation ||
        known->record == NULL || known->db != db ||
        strcmp(known->name, name) != 0)
        return NULL;
    return tr_record_hold(known->record);
}

void
tr_known_add(const struct tr_view *view, enum tr_db db, const char *name,
             struct tr_record *record)
{
    struct tr_table *table = view->table;
    struct tr_known *known = place_of(table, db, name);

    if (table->known_generation != view->info.generation)
        tr_known_clear(table);
    table->known_generation = view->info.generation;
    forget(known);
    known->name = strdup(name);
    if (known->name == NULL)
        return;
    known->db = db;
    known->record = tr_record_hold(record);
}
