/* realmdb/table_update.h - an update of the table, as its parts see it */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_TABLE_UPDATE_H
#define TR_TABLE_UPDATE_H

#include "keyset.h"
#include "table_items.h"

struct tr_update {
    struct tr_table *table;
    MDB_txn *txn;
    struct tr_keyset seen;      /* put or present */
    struct tr_items waiting;    /* not in LMDB yet: names, and ... */
    bool filling;               /* ... records: the table was empty */
    struct tr_runs *runs;       /* more that waits, or NULL */
    size_t batch;               /* octets stored in this transaction */
    size_t touched;             /* pages of the file, about */
    bool cleared;               /* of all that was there before */
    bool changed;
    bool policies_changed;      /* a trust realm or a map among it */
    krb5_error_code error;      /* what LMDB refused; nothing is committed */
};

/* All but TRR_ENTRY and TRR_NOT_FOUND leave the update good for nothing. */
krb5_error_code tr_update_finish(struct tr_update *update,
                                 krb5_error_code ret);
/* Begin and commit a transaction. */
krb5_error_code tr_update_open(struct tr_update *update);
krb5_error_code tr_update_close(struct tr_update *update);
/* Let nothing be in the databases from first on. */
krb5_error_code tr_update_empty(struct tr_update *update, size_t first);

/* Is the table empty, or as good as that? */
krb5_error_code tr_fill_begin(struct tr_update *update);
/* Something was added to what waits: is it too much? */
krb5_error_code tr_fill_check(struct tr_update *update);
/* Let LMDB have all that waits, for whoever looks there; what is stored after
 * that goes into one transaction with the end of the update. */
krb5_error_code tr_fill_store(struct tr_update *update);
void tr_fill_clear(struct tr_update *update);

krb5_error_code tr_meta_put_number(struct tr_update *update, const char *name,
                                   uint64_t number);
krb5_error_code tr_meta_forget(struct tr_update *update, const char *name);
/* There are changes; this transaction is to be committed. */
krb5_error_code tr_meta_raise_generation(struct tr_update *update);
krb5_error_code tr_meta_note_commit(struct tr_update *update);

#endif
