/* realmdb/table_update.c - change the trust realm table */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * An update is one LMDB transaction, or of an empty table several (see
 * table_fill.c).  It remembers the keys that it has seen (put or present), in
 * memory, for the sweep; and names, until they are many, or somebody asks what
 * is found by them (tr_fill_store()).  LMDB keeps in memory what changes, so a
 * record that is put again as it was is not written.
 */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "table_update.h"
#include "trustrealm_err.h"

#define LARGE 10000             /* records, or pages, in an update */

/* --- transactions -------------------------------------------------------- */

krb5_error_code
tr_update_open(struct tr_update *update)
{
    int code = mdb_txn_begin(update->table->env, NULL, 0, &update->txn);

    if (code == 0)
        return 0;
    update->txn = NULL;
    return tr_table_fail_mdb(update->table, code, "beginning an update");
}

krb5_error_code
tr_update_close(struct tr_update *update)
{
    krb5_error_code ret = tr_meta_note_commit(update);
    int code;

    if (ret)
        return ret;
    code = mdb_txn_commit(update->txn);
    update->txn = NULL;         /* gone, even when it failed */
    if (code != 0)
        return tr_table_fail_mdb(update->table, code, "committing");
    tr_sound_note(update->table);
    return 0;
}

krb5_error_code
tr_update_empty(struct tr_update *update, size_t first)
{
    size_t db;
    int code;

    for (db = first; db <= TR_DB_DISPUTED; db++) {
        code = mdb_drop(update->txn, update->table->dbs[db], 0);
        if (code != 0)
            return tr_table_fail_mdb(update->table, code,
                                     "clearing the table");
    }
    return 0;
}

/* --- the update ---------------------------------------------------------- */

krb5_error_code
tr_update_begin(struct tr_table *table, struct tr_update **update_out)
{
    krb5_error_code ret;
    struct tr_update *update;

    *update_out = NULL;
    if (table->update != NULL)
        return tr_table_fail(table, TRR_INTERNAL, "an update is under way");
    if (table->env == NULL && tr_env_renew(table) != 0)
        return TRR_TABLE;
    update = calloc(1, sizeof(*update));
    if (update == NULL)
        return ENOMEM;
    table->update = update;
    update->table = table;
    ret = tr_update_open(update);
    /* After a write that failed half way LMDB wants its file opened anew. */
    if (ret != 0 && !table->view.open && tr_env_renew(table) == 0)
        ret = tr_update_open(update);
    if (ret == 0)
        ret = tr_fill_begin(update);
    if (ret) {
        tr_update_abort(update);
        return ret;
    }
    *update_out = update;
    return 0;
}

krb5_error_code
tr_update_finish(struct tr_update *update, krb5_error_code ret)
{
    if (ret != 0 && ret != TRR_ENTRY && ret != TRR_NOT_FOUND)
        update->error = ret;
    return ret;
}

krb5_error_code
tr_update_clear(struct tr_update *update)
{
    if (update->error)
        return update->error;
    tr_keyset_clear(&update->seen);
    tr_fill_clear(update);
    update->cleared = true;
    if (update->filling)
        return 0;
    update->changed = update->policies_changed = true;
    return tr_update_finish(update, tr_update_empty(update, TR_DB_RECORD));
}

/* Something stored has come or will go. */
static void
note_change(struct tr_update *update, const MDB_val *stored)
{
    int type = tr_stored_type(stored);

    update->touched++;
    update->changed = true;
    if (type == TR_RECORD_REALM || type == TR_RECORD_MAP)
        update->policies_changed = true;
}

/* What is kept under key; TRR_NOT_FOUND when that is nothing. */
static krb5_error_code
find_stored(struct tr_update *update, MDB_val *key, MDB_val *stored_out)
{
    krb5_error_code ret;
    int code;

    if (update->filling) {
        if (!tr_keyset_has(&update->seen, key->mv_data, key->mv_size))
            return TRR_NOT_FOUND;
        ret = tr_fill_store(update);
        if (ret)
            return ret;
    }
    code = mdb_get(update->txn, update->table->dbs[TR_DB_RECORD], key,
                   stored_out);
    if (code == MDB_NOTFOUND)
        return TRR_NOT_FOUND;
    return code == 0 ? 0 :
        tr_table_fail_mdb(update->table, code, "reading a record");
}

/* The record in stored, which will go. */
static krb5_error_code
open_old(struct tr_update *update, const MDB_val *stored,
         struct tr_record **record_out)
{
    krb5_error_code ret;

    note_change(update, stored);
    ret = tr_stored_open(stored, record_out);
    return ret == 0 || ret == ENOMEM ? ret :
        tr_table_fail_damaged(update->table, "a record");
}

/* Let key be found by the names of record, no longer by those of old; either
 * may be NULL. */
static krb5_error_code
change_names(struct tr_update *update, MDB_val *key,
             const struct tr_record *old, const struct tr_record *record)
{
    krb5_error_code ret = 0;

    if (old != NULL && record != NULL && tr_index_is_same(old, record))
        return 0;
    if (old != NULL)
        ret = tr_fill_store(update);
    if (ret == 0 && old != NULL)
        ret = tr_index_remove(update->table, update->txn, old, key);
    if (ret == 0 && record != NULL)
        ret = tr_index_add(&update->waiting, record, key);
    return ret == 0 ? tr_fill_check(update) : ret;
}

/* Nothing is found for key any more. */
static krb5_error_code
remove_names(struct tr_update *update, MDB_val *key, const MDB_val *stored)
{
    struct tr_record *old = NULL;
    krb5_error_code ret;

    ret = open_old(update, stored, &old);
    if (ret == 0)
        ret = change_names(update, key, old, NULL);
    tr_record_free(old);
    return ret;
}

static krb5_error_code
store(struct tr_update *update, MDB_val *key, MDB_val *fresh)
{
    const struct tr_item item = { TR_DB_RECORD, *key, *fresh };
    int code;

    note_change(update, fresh);
    if (update->filling)
        return tr_items_add(&update->waiting, &item);
    code = mdb_put(update->txn, update->table->dbs[TR_DB_RECORD], key, fresh,
                   0);
    return code == 0 ? 0 :
        tr_table_fail_mdb(update->table, code, "storing a record");
}

static bool
same_octets(const MDB_val *a, const MDB_val *b)
{
    return a->mv_size == b->mv_size &&
        memcmp(a->mv_data, b->mv_data, a->mv_size) == 0;
}

/* Keep fresh, which is record, under key, unless it is there as it is. */
static krb5_error_code
replace(struct tr_update *update, MDB_val *key, MDB_val *fresh,
        const struct tr_record *record)
{
    struct tr_record *old = NULL;
    krb5_error_code ret;
    MDB_val stored;

    ret = find_stored(update, key, &stored);
    if (ret == 0 && same_octets(&stored, fresh))
        return 0;
    if (ret == 0)
        ret = open_old(update, &stored, &old);
    if (ret == 0 || ret == TRR_NOT_FOUND)
        ret = change_names(update, key, old, record);
    if (ret == 0)
        ret = store(update, key, fresh);
    tr_record_free(old);
    return ret;
}

static krb5_error_code
put(struct tr_update *update, MDB_val *key, const struct tr_record *record)
{
    krb5_error_code ret;
    uint8_t *octets = NULL;
    MDB_val fresh;

    ret = tr_stored_make(record, &octets, &fresh.mv_size);
    if (ret == TRR_TOO_LONG)
        ret = tr_table_fail(update->table, TRR_ENTRY, "it is too long");
    fresh.mv_data = octets;
    if (ret == 0)
        ret = replace(update, key, &fresh, record);
    if (ret == 0)
        ret = tr_keyset_add(&update->seen, key->mv_data, key->mv_size);
    free(octets);
    return ret;
}

krb5_error_code
tr_update_put(struct tr_update *update, const void *key, size_t key_length,
              const struct tr_record *record)
{
    MDB_val name = { key_length, (void *)key };

    if (update->error)
        return update->error;
    if (key_length == 0 || key_length > TR_MAX_KEY)
        return tr_table_fail(update->table, TRR_ENTRY,
                             "its name has more than %d octets", TR_MAX_KEY);
    return tr_update_finish(update, put(update, &name, record));
}

krb5_error_code
tr_update_delete(struct tr_update *update, const void *key,
                 size_t key_length)
{
    krb5_error_code ret;
    MDB_val name = { key_length, (void *)key }, stored;
    int code;

    if (update->error)
        return update->error;
    if (key_length == 0 || key_length > TR_MAX_KEY)
        return TRR_NOT_FOUND;
    ret = find_stored(update, &name, &stored);
    if (ret == 0)
        ret = remove_names(update, &name, &stored);
    if (ret)
        return tr_update_finish(update, ret);
    code = mdb_del(update->txn, update->table->dbs[TR_DB_RECORD], &name,
                   NULL);
    if (code != 0)
        return tr_update_finish(update, tr_table_fail_mdb(update->table, code,
                                                  "removing a record"));
    return 0;
}

krb5_error_code
tr_update_present(struct tr_update *update, const void *key,
                  size_t key_length)
{
    if (update->error)
        return update->error;
    return tr_update_finish(update, tr_keyset_add(&update->seen, key,
                                                  key_length));
}

bool
tr_update_has(const struct tr_update *update, const void *key,
              size_t key_length)
{
    return tr_keyset_has(&update->seen, key, key_length);
}

bool
tr_update_changed(const struct tr_update *update)
{
    return update->changed;
}

/* Remove the record at cursor unless its key was seen. */
static krb5_error_code
sweep_one(struct tr_update *update, MDB_cursor *cursor, MDB_val *key,
          const MDB_val *stored)
{
    krb5_error_code ret;
    int code;

    if (tr_keyset_has(&update->seen, key->mv_data, key->mv_size))
        return 0;
    ret = remove_names(update, key, stored);
    if (ret)
        return ret;
    code = mdb_cursor_del(cursor, 0);
    if (code != 0)
        return tr_table_fail_mdb(update->table, code, "removing a record");
    return 0;
}

krb5_error_code
tr_update_sweep(struct tr_update *update)
{
    krb5_error_code ret = 0;
    MDB_cursor *cursor;
    MDB_val key, value;
    int code;

    if (update->error)
        return update->error;
    code = mdb_cursor_open(update->txn, update->table->dbs[TR_DB_RECORD],
                           &cursor);
    if (code != 0)
        return tr_update_finish(update, tr_table_fail_mdb(update->table, code,
                                                          "sweeping"));
    while (ret == 0) {
        code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
        if (code != 0)
            break;
        ret = sweep_one(update, cursor, &key, &value);
    }
    mdb_cursor_close(cursor);
    if (ret == 0 && code != MDB_NOTFOUND)
        ret = tr_table_fail_mdb(update->table, code, "sweeping");
    return tr_update_finish(update, ret);
}

krb5_error_code
tr_update_commit(struct tr_update *update)
{
    krb5_error_code ret = update->error;

    if (ret == 0)
        ret = tr_fill_store(update);
    if (ret == 0)
        ret = tr_meta_forget(update, TR_META_FILLING);
    if (ret == 0 && update->changed)
        ret = tr_meta_raise_generation(update);
    if (ret == 0)
        ret = tr_update_close(update);
    if (ret == 0 && update->cleared)
        update->table->damaged = false;
    tr_update_abort(update);
    return ret;
}

void
tr_update_abort(struct tr_update *update)
{
    struct tr_table *table;
    bool large;

    if (update == NULL)
        return;
    table = update->table;
    large = update->touched > LARGE || update->seen.count > LARGE;
    if (update->txn != NULL)
        mdb_txn_abort(update->txn);
    tr_keyset_clear(&update->seen);
    tr_fill_clear(update);
    table->update = NULL;
    free(update);
    /* Committed is committed: should it fail, the next update tells. */
    if (large && !table->view.open)
        (void)tr_env_renew(table);
}
