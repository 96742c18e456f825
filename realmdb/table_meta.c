/* realmdb/table_meta.c - what is known of the table */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "octets.h"
#include "table_update.h"
#include "trustrealm_err.h"

krb5_error_code
tr_table_meta_number(struct tr_table *table, MDB_txn *txn, const char *name,
                     uint64_t *number_out)
{
    MDB_val key = { strlen(name), (void *)name }, value;
    struct tr_reader reader;
    int code;

    *number_out = 0;
    code = mdb_get(txn, table->dbs[TR_DB_META], &key, &value);
    if (code == MDB_NOTFOUND)
        return 0;
    if (code != 0)
        return tr_table_fail_mdb(table, code, name);
    tr_reader_init(&reader, value.mv_data, value.mv_size);
    *number_out = tr_read_64(&reader);
    if (tr_reader_end(&reader) != 0)
        return tr_table_fail(table, TRR_TABLE, "%s: damaged", name);
    return 0;
}

/* The update ends where LMDB refuses one of its writes. */
static krb5_error_code
take_code(struct tr_update *update, int code, const char *name)
{
    if (code == 0)
        return 0;
    return tr_update_finish(update, tr_table_fail_mdb(update->table, code,
                                                      name));
}

static krb5_error_code
put_meta(struct tr_update *update, const char *name, const void *octets,
         size_t length)
{
    MDB_val key = { strlen(name), (void *)name };
    MDB_val value = { length, (void *)octets };
    int code;

    if (update->error)
        return update->error;
    code = mdb_put(update->txn, update->table->dbs[TR_DB_META], &key, &value,
                   0);
    return take_code(update, code, name);
}

krb5_error_code
tr_meta_put_number(struct tr_update *update, const char *name,
                   uint64_t number)
{
    krb5_error_code ret;
    struct tr_builder builder;
    uint8_t *octets;
    size_t length;

    tr_builder_init(&builder, 8);
    tr_add_64(&builder, number);
    ret = tr_builder_take(&builder, &octets, &length);
    if (ret)
        return ret;
    ret = put_meta(update, name, octets, length);
    free(octets);
    return ret;
}

krb5_error_code
tr_meta_forget(struct tr_update *update, const char *name)
{
    MDB_val key = { strlen(name), (void *)name };
    int code;

    if (update->error)
        return update->error;
    code = mdb_del(update->txn, update->table->dbs[TR_DB_META], &key, NULL);
    return take_code(update, code == MDB_NOTFOUND ? 0 : code, name);
}

krb5_error_code
tr_update_set_cookie(struct tr_update *update, const void *cookie,
                     size_t length)
{
    krb5_error_code ret = tr_update_finish(update, tr_fill_store(update));

    if (ret)
        return ret;
    return cookie == NULL ? tr_meta_forget(update, TR_META_COOKIE) :
        put_meta(update, TR_META_COOKIE, cookie, length);
}

krb5_error_code
tr_update_set_fresh(struct tr_update *update, int64_t now, const char *source)
{
    krb5_error_code ret;
    size_t most = sizeof(((struct tr_table_info *)NULL)->source) - 1;

    ret = tr_update_finish(update, tr_fill_store(update));
    if (ret == 0)
        ret = tr_meta_put_number(update, TR_META_FRESH, (uint64_t)now);
    if (ret == 0)
        ret = put_meta(update, TR_META_SOURCE, source,
                       strnlen(source, most));
    return ret;
}

krb5_error_code
tr_meta_raise_generation(struct tr_update *update)
{
    krb5_error_code ret;
    uint64_t generation;

    ret = tr_table_meta_number(update->table, update->txn,
                               TR_META_GENERATION, &generation);
    if (ret)
        return tr_update_finish(update, ret);
    ret = tr_meta_put_number(update, TR_META_GENERATION, generation + 1);
    if (ret == 0 && update->policies_changed)
        ret = tr_meta_put_number(update, TR_META_POLICIES, generation + 1);
    return ret;
}

krb5_error_code
tr_meta_note_commit(struct tr_update *update)
{
    /* See is_newer() of table_view.c. */
    return tr_meta_put_number(update, TR_META_COMMIT, mdb_txn_id(update->txn));
}
