/* realmdb/table_items.h - what is to be stored, in order (within realmdb) */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_TABLE_ITEMS_H
#define TR_TABLE_ITEMS_H

#include "table_store.h"

/*
 * Entries come in no order.  Stored at once, each record and each name would
 * have LMDB find another page of a large database, which is rarely one that
 * the processor still has at hand.  Many of them in the order of the databases
 * share their pages.
 */

/* A record under its source key, or a name for such a key. */
struct tr_item {
    enum tr_db db;
    MDB_val name, value;
};

/* Less than 4 GiB of them, in memory; empty when zeroed. */
struct tr_items {
    uint8_t *octets;
    size_t length, room;
    uint32_t *places;                   /* of each in octets */
    size_t count, most;
};

krb5_error_code tr_items_add(struct tr_items *items,
                             const struct tr_item *item);
void tr_items_sort(struct tr_items *items);
/* The one at i; what comes out belongs to items. */
void tr_items_get(const struct tr_items *items, size_t i,
                  struct tr_item *item_out);
void tr_items_clear(struct tr_items *items);

/* The item that begins at octets, and where it ends. */
const uint8_t *tr_item_read(const uint8_t *octets, struct tr_item *item_out);
/* The order of LMDB: less than, 0, or more than 0. */
int tr_item_compare(const struct tr_item *a, const struct tr_item *b);

/*
 * More items than should be in memory: in a file of dir that has no name and
 * is gone with the process.  First all are added, then all come back in order.
 */
struct tr_runs;
krb5_error_code tr_runs_create(const char *dir, struct tr_runs **runs_out);
void tr_runs_free(struct tr_runs *runs);
/* Take items over; they are empty then. */
krb5_error_code tr_runs_add(struct tr_runs *runs, struct tr_items *items);
/* There are no more: begin to give them back. */
krb5_error_code tr_runs_merge(struct tr_runs *runs);
/* The next one, good until the call after this; false when there is none. */
bool tr_runs_next(struct tr_runs *runs, struct tr_item *item_out);

#endif
