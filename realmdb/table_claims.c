/* realmdb/table_claims.c - names that several records of an update claim */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include "table_update.h"
#include "trustrealm_err.h"

krb5_error_code
tr_update_check(struct tr_update *update, const void *key, size_t key_length,
                const struct tr_record *record)
{
    const MDB_val name = { key_length, (void *)key };
    krb5_error_code ret;
    bool disputed = false;

    if (update->error)
        return update->error;
    ret = tr_fill_store(update);
    if (ret == 0)
        ret = tr_index_disputed(update->table, update->txn, record, &name,
                                &disputed);
    return tr_update_finish(update, ret == 0 && disputed ? TRR_ENTRY : ret);
}

/* Tell each of the record under key, when it has such a name. */
static krb5_error_code
tell_claimant(struct tr_update *update, MDB_val *key,
              tr_update_disputed *each, void *arg)
{
    struct tr_record *record;
    krb5_error_code ret;

    ret = tr_table_record(update->table, update->txn, key, &record);
    if (ret)
        return ret;
    ret = tr_update_check(update, key->mv_data, key->mv_size, record);
    if (ret == TRR_ENTRY)
        ret = each(key->mv_data, key->mv_size, record,
                   tr_table_message(update->table), arg);
    tr_record_free(record);
    return ret;
}

/* Those that claim name, but for those that were told before. */
static krb5_error_code
tell_claimants(struct tr_update *update, enum tr_db db, MDB_val *name,
               struct tr_keyset *told, tr_update_disputed *each, void *arg)
{
    krb5_error_code ret = 0;
    MDB_cursor *cursor;
    MDB_val key;
    int code;

    code = mdb_cursor_open(update->txn, update->table->dbs[db], &cursor);
    if (code != 0)
        return tr_table_fail_mdb(update->table, code, "reading");
    for (code = mdb_cursor_get(cursor, name, &key, MDB_SET_KEY);
         code == 0 && ret == 0;
         code = mdb_cursor_get(cursor, name, &key, MDB_NEXT_DUP)) {
        if (tr_keyset_has(told, key.mv_data, key.mv_size))
            continue;
        ret = tr_keyset_add(told, key.mv_data, key.mv_size);
        if (ret == 0)
            ret = tell_claimant(update, &key, each, arg);
    }
    mdb_cursor_close(cursor);
    return ret;
}

krb5_error_code
tr_update_each_disputed(struct tr_update *update, tr_update_disputed *each,
                        void *arg)
{
    krb5_error_code ret;
    struct tr_keyset told = { 0 };
    MDB_cursor *cursor;
    MDB_val db, name;
    int code;

    if (update->error)
        return update->error;
    ret = tr_update_finish(update, tr_fill_store(update));
    if (ret)
        return ret;
    code = mdb_cursor_open(update->txn, update->table->dbs[TR_DB_DISPUTED],
                           &cursor);
    if (code != 0)
        return tr_table_fail_mdb(update->table, code, "reading");
    while (ret == 0 &&
           (code = mdb_cursor_get(cursor, &db, &name, MDB_NEXT)) == 0)
        ret = tell_claimants(update, *(const uint8_t *)db.mv_data, &name,
                             &told, each, arg);
    mdb_cursor_close(cursor);
    tr_keyset_clear(&told);
    if (ret == 0 && code != MDB_NOTFOUND)
        ret = tr_table_fail_mdb(update->table, code, "reading");
    return ret;
}
