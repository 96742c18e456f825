/* realmdb/table_fill.c - what waits in an update, and fills an empty table */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * LMDB keeps in memory what a transaction changes.  An empty table, which may
 * get a million records, is filled in order therefore, page after page, in
 * several transactions: each but the last says that what is there does not
 * count.  A view shows an empty table still; and should the last one not come,
 * the next update sweeps what it finds.
 */

#include "config.h"
#include <errno.h>
#include <string.h>
#include "table_update.h"
#include "trustrealm_err.h"

#define MAX_WAITING ((size_t)32 << 20)  /* octets in memory */
#define MAX_BATCH ((size_t)16 << 20)    /* octets in a transaction */

/* Begin the transaction of that number.  LMDB counts them: should it be
 * another one, somebody wrote in between, and what is there is not what this
 * update has left. */
static krb5_error_code
open_number(struct tr_update *update, size_t number)
{
    krb5_error_code ret = tr_update_open(update);

    if (ret == 0 && mdb_txn_id(update->txn) != number)
        ret = tr_table_fail(update->table, TRR_TABLE,
                            "somebody else writes to the table");
    return ret;
}

/* Commit, and begin the next transaction. */
static krb5_error_code
go_on(struct tr_update *update)
{
    size_t number = mdb_txn_id(update->txn);
    krb5_error_code ret = tr_update_close(update);

    return ret == 0 ? open_number(update, number + 1) : ret;
}

static krb5_error_code
end_batch(struct tr_update *update)
{
    krb5_error_code ret;

    update->batch = 0;
    ret = tr_meta_put_number(update, TR_META_FILLING, 1);
    return ret == 0 ? go_on(update) : ret;
}

/* Where nothing was before it comes behind all that is there. */
static krb5_error_code
store(struct tr_update *update, const struct tr_item *item, bool filling)
{
    krb5_error_code ret = 0;
    struct tr_table *table = update->table;
    unsigned flags = filling ? MDB_APPEND : 0;
    MDB_val key = item->name, value = item->value;
    int code;

    update->touched++;
    if (item->db == TR_DB_RECORD) {
        code = mdb_put(update->txn, table->dbs[TR_DB_RECORD], &key, &value,
                       flags);
        if (code != 0)
            ret = tr_table_fail_mdb(table, code, "storing a record");
    } else {
        ret = tr_index_store(table, update->txn, item, flags);
    }
    update->batch += key.mv_size + value.mv_size;
    return ret == 0 && filling && update->batch > MAX_BATCH ?
        end_batch(update) : ret;
}

static krb5_error_code
store_items(struct tr_update *update, bool filling)
{
    krb5_error_code ret = 0;
    struct tr_item item;
    size_t i;

    tr_items_sort(&update->waiting);
    for (i = 0; i < update->waiting.count && ret == 0; i++) {
        tr_items_get(&update->waiting, i, &item);
        ret = store(update, &item, filling);
    }
    tr_items_clear(&update->waiting);
    return ret;
}

static krb5_error_code
write_run(struct tr_update *update)
{
    krb5_error_code ret = 0;

    if (update->runs == NULL)
        ret = tr_runs_create(update->table->dir, &update->runs);
    if (ret == 0)
        ret = tr_runs_add(update->runs, &update->waiting);
    return ret == 0 ? 0 :
        tr_table_fail(update->table, ret == ENOMEM ? ENOMEM : TRR_TABLE,
                      "what is to be sorted: %s", strerror(ret));
}

static krb5_error_code
store_runs(struct tr_update *update)
{
    krb5_error_code ret;
    struct tr_item item;

    ret = write_run(update);
    if (ret)
        return ret;
    ret = tr_runs_merge(update->runs);
    if (ret)
        return tr_table_fail(update->table, ret == ENOMEM ? ENOMEM : TRR_TABLE,
                             "what is sorted: %s", strerror(ret));
    while (ret == 0 && tr_runs_next(update->runs, &item))
        ret = store(update, &item, true);
    tr_runs_free(update->runs);
    update->runs = NULL;
    return ret;
}

krb5_error_code
tr_fill_store(struct tr_update *update)
{
    bool filling = update->filling;

    /* From now on it is an update as any other. */
    update->filling = false;
    return update->runs != NULL ? store_runs(update) :
        store_items(update, filling);
}

krb5_error_code
tr_fill_check(struct tr_update *update)
{
    if (update->waiting.length <= MAX_WAITING)
        return 0;
    return update->filling ? write_run(update) : tr_fill_store(update);
}

void
tr_fill_clear(struct tr_update *update)
{
    tr_items_clear(&update->waiting);
    tr_runs_free(update->runs);
    update->runs = NULL;
}

/* --- an empty table ------------------------------------------------------ */

/* Open the file for so much more, or less again, unless somebody looks. */
static krb5_error_code
resize(struct tr_table *table, size_t map_size)
{
    table->map_size = map_size;
    return table->view.open ? 0 : tr_env_renew(table);
}

/* What one transaction frees the next but one may use. */
static krb5_error_code
sweep_twice(struct tr_update *update)
{
    krb5_error_code ret;

    ret = tr_update_empty(update, TR_DB_RECORD);
    if (ret == 0)
        ret = go_on(update);
    if (ret == 0)
        ret = tr_meta_forget(update, TR_META_FILLING);
    return ret == 0 ? tr_update_close(update) : ret;
}

/*
 * Sweep what a load left that did not come to its end.  LMDB notes what is
 * free in the file itself, in which that may have left no room.
 */
static krb5_error_code
sweep_batches(struct tr_update *update)
{
    krb5_error_code ret, resized;
    struct tr_table *table = update->table;
    size_t number = mdb_txn_id(update->txn), map_size = table->map_size;
    MDB_envinfo info;
    MDB_stat stat;
    int code;

    mdb_txn_abort(update->txn);
    update->txn = NULL;
    code = mdb_env_info(table->env, &info);
    if (code == 0)
        code = mdb_env_stat(table->env, &stat);
    if (code != 0)
        return tr_table_fail_mdb(table, code, "beginning an update");
    ret = resize(table, map_size + info.me_last_pgno * stat.ms_psize / 32);
    if (ret == 0)
        ret = open_number(update, number);
    if (ret == 0)
        ret = sweep_twice(update);
    if (update->txn != NULL)
        mdb_txn_abort(update->txn);
    update->txn = NULL;
    resized = resize(table, map_size);
    if (ret == 0)
        ret = resized;
    return ret == 0 ? open_number(update, number + 2) : ret;
}

krb5_error_code
tr_fill_begin(struct tr_update *update)
{
    krb5_error_code ret;
    struct tr_table *table = update->table;
    uint64_t filling;
    MDB_stat stat;
    int code;

    ret = tr_table_meta_number(table, update->txn, TR_META_FILLING, &filling);
    if (ret == 0 && filling != 0)
        ret = sweep_batches(update);
    if (ret)
        return ret;
    code = mdb_stat(update->txn, table->dbs[TR_DB_RECORD], &stat);
    if (code != 0)
        return tr_table_fail_mdb(table, code, "beginning an update");
    update->filling = stat.ms_entries == 0;
    return 0;
}
