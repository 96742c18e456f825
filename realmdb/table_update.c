/* realmdb/table_update.c - change the trust realm table */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * An update is one LMDB transaction.  It remembers the keys that it has seen
 * (put or present), in memory, for the sweep; and names, until they are many,
 * or somebody asks what is found by them (tr_index_store()).  To clear the
 * table only empties the indexes: the old records stay until the commit sweeps
 * those that were not put again, so an update that ends where it began changes
 * nothing, and the generation stays.
 */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "keyset.h"
#include "octets.h"
#include "table_store.h"
#include "trustrealm_err.h"

#define LARGE 10000             /* records, in an update */
#define MAX_NAMES ((size_t)32 << 20)    /* octets of them, in memory */

struct tr_update {
    struct tr_table *table;
    MDB_txn *txn;
    struct tr_keyset seen;
    struct tr_names names;      /* not in the indexes yet */
    bool cleared;
    bool changed;
    bool policies_changed;      /* a trust realm or a map among it */
    krb5_error_code error;      /* what LMDB refused; nothing is committed */
};

/* --- the update ---------------------------------------------------------- */

krb5_error_code
tr_update_begin(struct tr_table *table, struct tr_update **update_out)
{
    struct tr_update *update;
    int code;

    *update_out = NULL;
    if (table->update != NULL)
        return tr_table_fail(table, TRR_INTERNAL, "an update is under way");
    if (table->env == NULL)
        return tr_table_fail(table, TRR_TABLE, "not open");
    update = calloc(1, sizeof(*update));
    if (update == NULL)
        return ENOMEM;
    update->table = table;
    code = mdb_txn_begin(table->env, NULL, 0, &update->txn);
    /* After a write that failed half way LMDB wants its file opened anew. */
    if (code == MDB_PANIC && !table->view.open && tr_env_renew(table) == 0)
        code = mdb_txn_begin(table->env, NULL, 0, &update->txn);
    if (code != 0) {
        free(update);
        return tr_table_fail_mdb(table, code, "beginning an update");
    }
    table->update = update;
    *update_out = update;
    return 0;
}

/* All but TRR_ENTRY and TRR_NOT_FOUND leave the update good for nothing. */
static krb5_error_code
finish(struct tr_update *update, krb5_error_code ret)
{
    if (ret != 0 && ret != TRR_ENTRY && ret != TRR_NOT_FOUND)
        update->error = ret;
    return ret;
}

krb5_error_code
tr_update_clear(struct tr_update *update)
{
    size_t db;
    int code;

    if (update->error)
        return update->error;
    for (db = TR_DB_HOST; db <= TR_DB_DISPUTED; db++) {
        code = mdb_drop(update->txn, update->table->dbs[db], 0);
        if (code != 0)
            return finish(update, tr_table_fail_mdb(update->table, code,
                                                    "clearing the table"));
    }
    tr_keyset_clear(&update->seen);
    tr_names_clear(&update->names);
    update->cleared = true;
    return 0;
}

/* Something stored has come or will go. */
static void
note_change(struct tr_update *update, const MDB_val *stored)
{
    int type = tr_stored_type(stored);

    update->changed = true;
    if (type == TR_RECORD_REALM || type == TR_RECORD_MAP)
        update->policies_changed = true;
}

/*
 * The record that key stands for; NULL when there is none, or when it has
 * been cleared away.  *stored_out is what is kept of it.
 */
static krb5_error_code
find_old(struct tr_update *update, MDB_val *key, MDB_val *stored_out,
         struct tr_record **record_out)
{
    krb5_error_code ret;
    int code;

    *stored_out = (MDB_val){ 0, NULL };
    *record_out = NULL;
    if (update->cleared &&
        !tr_keyset_has(&update->seen, key->mv_data, key->mv_size))
        return 0;
    code = mdb_get(update->txn, update->table->dbs[TR_DB_RECORD], key,
                   stored_out);
    if (code == MDB_NOTFOUND)
        return 0;
    if (code != 0)
        return tr_table_fail_mdb(update->table, code, "reading a record");
    ret = tr_stored_open(stored_out, record_out);
    return ret == 0 || ret == ENOMEM ? ret :
        tr_table_fail(update->table, TRR_TABLE, "a record is damaged");
}

static bool
same_octets(const MDB_val *a, const MDB_val *b)
{
    return a->mv_size == b->mv_size &&
        memcmp(a->mv_data, b->mv_data, a->mv_size) == 0;
}

/* Let the indexes have all names, for whoever looks into them. */
static krb5_error_code
store_names(struct tr_update *update)
{
    return tr_index_store(update->table, update->txn, &update->names);
}

/* Nothing is found by record's names for key any more. */
static krb5_error_code
remove_names(struct tr_update *update, MDB_val *key,
             const struct tr_record *record)
{
    krb5_error_code ret = store_names(update);

    return ret != 0 ? ret :
        tr_index_remove(update->table, update->txn, record, key);
}

/* Let record be found for key, instead of old (or NULL). */
static krb5_error_code
change_names(struct tr_update *update, MDB_val *key,
             const struct tr_record *record, const struct tr_record *old)
{
    krb5_error_code ret = 0;

    if (old != NULL)
        ret = remove_names(update, key, old);
    if (ret == 0)
        ret = tr_index_add(&update->names, record, key);
    if (ret == 0 && update->names.length > MAX_NAMES)
        ret = store_names(update);
    return ret;
}

/* Keep fresh under key; nothing changes when it was there before. */
static krb5_error_code
keep(struct tr_update *update, MDB_val *key, MDB_val *fresh)
{
    MDB_dbi db = update->table->dbs[TR_DB_RECORD];
    MDB_val stored = *fresh;
    int code;

    code = mdb_put(update->txn, db, key, &stored, MDB_NOOVERWRITE);
    if (code == MDB_KEYEXIST) {
        if (same_octets(&stored, fresh))
            return 0;
        note_change(update, &stored);
        code = mdb_put(update->txn, db, key, fresh, 0);
    }
    note_change(update, fresh);
    return code == 0 ? 0 :
        tr_table_fail_mdb(update->table, code, "storing a record");
}

static krb5_error_code
put(struct tr_update *update, MDB_val *key, const struct tr_record *record)
{
    krb5_error_code ret;
    struct tr_record *old = NULL;
    uint8_t *octets = NULL;
    MDB_val stored, fresh;

    ret = tr_stored_make(record, &octets, &fresh.mv_size);
    if (ret == TRR_TOO_LONG)
        ret = tr_table_fail(update->table, TRR_ENTRY, "it is too long");
    if (ret)
        goto cleanup;
    fresh.mv_data = octets;
    ret = find_old(update, key, &stored, &old);
    if (ret == 0 && (old == NULL || !same_octets(&stored, &fresh))) {
        ret = change_names(update, key, record, old);
        if (ret == 0)
            ret = keep(update, key, &fresh);
    }
    if (ret == 0)
        ret = tr_keyset_add(&update->seen, key->mv_data, key->mv_size);

cleanup:
    tr_record_free(old);
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
    return finish(update, put(update, &name, record));
}

krb5_error_code
tr_update_delete(struct tr_update *update, const void *key,
                 size_t key_length)
{
    krb5_error_code ret;
    struct tr_record *old = NULL;
    MDB_val name = { key_length, (void *)key }, stored;
    int code;

    if (update->error)
        return update->error;
    if (key_length == 0 || key_length > TR_MAX_KEY)
        return TRR_NOT_FOUND;
    ret = find_old(update, &name, &stored, &old);
    if (ret == 0 && old == NULL)
        return TRR_NOT_FOUND;
    note_change(update, &stored);
    if (ret == 0)
        ret = remove_names(update, &name, old);
    tr_record_free(old);
    if (ret != 0)
        return finish(update, ret);
    code = mdb_del(update->txn, update->table->dbs[TR_DB_RECORD], &name,
                   NULL);
    if (code != 0)
        return finish(update, tr_table_fail_mdb(update->table, code,
                                                "removing a record"));
    return 0;
}

krb5_error_code
tr_update_present(struct tr_update *update, const void *key,
                  size_t key_length)
{
    if (update->error)
        return update->error;
    if (update->cleared)
        return 0;               /* forgotten: present, but unknown here */
    return finish(update, tr_keyset_add(&update->seen, key, key_length));
}

bool
tr_update_has(const struct tr_update *update, const void *key,
              size_t key_length)
{
    return tr_keyset_has(&update->seen, key, key_length);
}

/* --- names that several claim -------------------------------------------- */

krb5_error_code
tr_update_check(struct tr_update *update, const void *key, size_t key_length,
                const struct tr_record *record)
{
    const MDB_val name = { key_length, (void *)key };
    krb5_error_code ret;
    bool disputed = false;

    if (update->error)
        return update->error;
    ret = store_names(update);
    if (ret == 0)
        ret = tr_index_disputed(update->table, update->txn, record, &name,
                                &disputed);
    return finish(update, ret == 0 && disputed ? TRR_ENTRY : ret);
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
    ret = finish(update, store_names(update));
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
    struct tr_record *record;
    int code;

    if (tr_keyset_has(&update->seen, key->mv_data, key->mv_size))
        return 0;
    note_change(update, stored);
    if (!update->cleared) {
        ret = tr_table_record(update->table, update->txn, key, &record);
        if (ret == 0)
            ret = remove_names(update, key, record);
        tr_record_free(record);
        if (ret)
            return ret;
    }
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
        return finish(update, tr_table_fail_mdb(update->table, code,
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
    if (ret == 0)
        update->cleared = false;
    return finish(update, ret);
}

/* --- what is known of the table ------------------------------------------ */

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
    if (code == 0)
        return 0;
    return finish(update, tr_table_fail_mdb(update->table, code, name));
}

static krb5_error_code
put_meta_number(struct tr_update *update, const char *name, uint64_t number)
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
tr_update_set_cookie(struct tr_update *update, const void *cookie,
                     size_t length)
{
    MDB_val key = { sizeof(TR_META_COOKIE) - 1, (void *)TR_META_COOKIE };
    int code;

    if (cookie != NULL)
        return put_meta(update, TR_META_COOKIE, cookie, length);
    if (update->error)
        return update->error;
    code = mdb_del(update->txn, update->table->dbs[TR_DB_META], &key, NULL);
    if (code == 0 || code == MDB_NOTFOUND)
        return 0;
    return finish(update, tr_table_fail_mdb(update->table, code, "cookie"));
}

krb5_error_code
tr_update_set_fresh(struct tr_update *update, int64_t now, const char *source)
{
    krb5_error_code ret;
    size_t most = sizeof(((struct tr_table_info *)NULL)->source) - 1;

    ret = put_meta_number(update, TR_META_FRESH, (uint64_t)now);
    if (ret == 0)
        ret = put_meta(update, TR_META_SOURCE, source,
                       strnlen(source, most));
    return ret;
}

static krb5_error_code
raise_generation(struct tr_update *update)
{
    krb5_error_code ret;
    uint64_t generation;

    ret = tr_table_meta_number(update->table, update->txn,
                               TR_META_GENERATION, &generation);
    if (ret)
        return finish(update, ret);
    ret = put_meta_number(update, TR_META_GENERATION, generation + 1);
    if (ret == 0 && update->policies_changed)
        ret = put_meta_number(update, TR_META_POLICIES, generation + 1);
    return ret;
}

krb5_error_code
tr_update_commit(struct tr_update *update)
{
    krb5_error_code ret = update->error;
    struct tr_table *table = update->table;
    bool large = update->seen.count > LARGE;
    int code;

    if (ret == 0 && update->cleared)
        ret = tr_update_sweep(update);
    if (ret == 0)
        ret = store_names(update);
    if (ret == 0 && update->changed)
        ret = raise_generation(update);
    /* See is_newer() of table_view.c. */
    if (ret == 0)
        ret = put_meta_number(update, TR_META_COMMIT, mdb_txn_id(update->txn));
    if (ret == 0) {
        code = mdb_txn_commit(update->txn);
        update->txn = NULL;     /* gone, even when it failed */
        if (code != 0)
            ret = tr_table_fail_mdb(table, code, "committing");
        else
            tr_sound_note(table);
    }
    tr_update_abort(update);
    /* Committed is committed: should it fail, the next update tells. */
    if (ret == 0 && large && !table->view.open)
        (void)tr_env_renew(table);
    return ret;
}

void
tr_update_abort(struct tr_update *update)
{
    if (update == NULL)
        return;
    if (update->txn != NULL)
        mdb_txn_abort(update->txn);
    tr_keyset_clear(&update->seen);
    tr_names_clear(&update->names);
    update->table->update = NULL;
    free(update);
}
