/* realmdb/table_view.c - read the trust realm table */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "octets.h"
#include "table_store.h"
#include "text.h"
#include "trustrealm_err.h"

#define MAX_RACES 100

/* --- open and close ------------------------------------------------------ */

/* Begin a read transaction, or take up the one that was reset. */
static krb5_error_code
begin(struct tr_table *table)
{
    struct tr_view *view = &table->view;
    int code, dead;

    if (view->txn != NULL) {
        code = mdb_txn_renew(view->txn);
        if (code == 0)
            return 0;
        mdb_txn_abort(view->txn);
        view->txn = NULL;
    }
    code = mdb_txn_begin(table->env, NULL, MDB_RDONLY, &view->txn);
    if (code == MDB_READERS_FULL) {
        /* Slots of processes that died in between. */
        (void)mdb_reader_check(table->env, &dead);
        code = mdb_txn_begin(table->env, NULL, MDB_RDONLY, &view->txn);
    }
    if (code == MDB_MAP_RESIZED) {
        /* The writer allows itself more than this process did. */
        code = mdb_env_set_mapsize(table->env, 0);
        if (code == 0)
            code = mdb_txn_begin(table->env, NULL, MDB_RDONLY, &view->txn);
    }
    if (code == 0)
        return 0;
    view->txn = NULL;
    return tr_table_fail_mdb(table, code, "reading");
}

/*
 * LMDB lets a reader take a number and then the content that the file has for
 * it; two commits in between, and the content is that of a commit that is
 * still being written, and that the next view would not show yet.  Views must
 * not go back: take only content that is no newer than the number.  It is not
 * while the file shows no later commit than that, as it does but for moments.
 */
static krb5_error_code
is_newer(struct tr_table *table, bool *newer_out)
{
    krb5_error_code ret;
    MDB_txn *txn = table->view.txn;
    MDB_envinfo file;
    uint64_t commit;

    *newer_out = false;
    /* First the content was read, then this is. */
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (mdb_env_info(table->env, &file) == 0 &&
        file.me_last_txnid == mdb_txn_id(txn))
        return 0;
    ret = tr_table_meta_number(table, txn, TR_META_COMMIT, &commit);
    *newer_out = commit > mdb_txn_id(txn);
    return ret;
}

static krb5_error_code
begin_view(struct tr_table *table)
{
    krb5_error_code ret;
    bool newer;
    int i;

    for (i = 0; i < MAX_RACES; i++) {
        ret = begin(table);
        if (ret)
            return ret;
        ret = is_newer(table, &newer);
        if (ret == 0 && !newer)
            return 0;
        mdb_txn_reset(table->view.txn);
        if (ret)
            return ret;
    }
    return tr_table_fail(table, TRR_TABLE, "it changes too fast to be read");
}

static krb5_error_code
count(struct tr_view *view, enum tr_db db, size_t *count_out)
{
    MDB_stat stat;
    int code;

    code = mdb_stat(view->txn, view->table->dbs[db], &stat);
    if (code != 0)
        return tr_table_fail_mdb(view->table, code, "reading");
    *count_out = stat.ms_entries;
    return 0;
}

static krb5_error_code
load_source(struct tr_view *view)
{
    MDB_val key = { sizeof(TR_META_SOURCE) - 1, (void *)TR_META_SOURCE };
    MDB_val value;
    int code;

    code = mdb_get(view->txn, view->table->dbs[TR_DB_META], &key, &value);
    if (code == MDB_NOTFOUND)
        return 0;
    if (code != 0)
        return tr_table_fail_mdb(view->table, code, "reading");
    if (value.mv_size >= sizeof(view->info.source))
        return tr_table_fail(view->table, TRR_TABLE, "source: damaged");
    memcpy(view->info.source, value.mv_data, value.mv_size);
    return 0;
}

static krb5_error_code
load_counts(struct tr_view *view)
{
    krb5_error_code ret;
    struct tr_table_info *info = &view->info;

    ret = count(view, TR_DB_REALM, &info->realms);
    if (ret == 0)
        ret = count(view, TR_DB_PRINCIPAL, &info->systems);
    if (ret == 0)
        ret = count(view, TR_DB_CLEARANCE, &info->clearances);
    if (ret == 0)
        ret = count(view, TR_DB_MAP, &info->maps);
    if (ret == 0)
        ret = count(view, TR_DB_DISPUTED, &info->disputed);
    return ret;
}

static krb5_error_code
load_info(struct tr_view *view)
{
    krb5_error_code ret;
    struct tr_table_info *info = &view->info;
    uint64_t fresh, filling;

    memset(info, 0, sizeof(*info));
    ret = tr_table_meta_number(view->table, view->txn, TR_META_GENERATION,
                               &info->generation);
    if (ret == 0)
        ret = tr_table_meta_number(view->table, view->txn, TR_META_FRESH,
                                   &fresh);
    if (ret == 0)
        ret = tr_table_meta_number(view->table, view->txn, TR_META_FILLING,
                                   &filling);
    if (ret == 0)
        ret = load_source(view);
    if (ret)
        return ret;
    info->fresh = (int64_t)fresh;
    view->filling = filling != 0;
    return view->filling ? 0 : load_counts(view);
}

static krb5_error_code
load_policies(struct tr_view *view)
{
    krb5_error_code ret;
    struct tr_table *table = view->table;
    struct tr_policies *policies;
    uint64_t generation;

    ret = tr_table_meta_number(table, view->txn, TR_META_POLICIES,
                               &generation);
    if (ret != 0 || (table->policies != NULL &&
                     table->policies_generation == generation))
        return ret;
    ret = view->filling ? tr_policies_none(&policies) :
        tr_policies_load(table, view->txn, &policies);
    if (ret)
        return ret;
    tr_policies_free(table->policies);
    table->policies = policies;
    table->policies_generation = generation;
    return 0;
}

krb5_error_code
tr_view_open(struct tr_table *table, struct tr_view **out)
{
    krb5_error_code ret;
    struct tr_view *view;
    uint64_t commit;

    *out = NULL;
    if (table == NULL || table->env == NULL)
        return TRR_TABLE;
    view = &table->view;
    if (view->open)
        return tr_table_fail(table, TRR_INTERNAL, "a view is open");
    ret = begin_view(table);
    if (ret)
        return ret;
    commit = mdb_txn_id(view->txn);
    view->table = table;
    view->open = true;
    if (commit == 0 || commit != view->commit) {
        view->commit = 0;
        ret = load_info(view);
        if (ret == 0)
            ret = load_policies(view);
        if (ret) {
            tr_view_close(view);
            return ret;
        }
        view->commit = commit;
    }
    *out = view;
    return 0;
}

void
tr_view_close(struct tr_view *view)
{
    if (view == NULL || !view->open)
        return;
    mdb_txn_reset(view->txn);
    view->open = false;
}

void
tr_view_info(const struct tr_view *view, struct tr_table_info *out)
{
    *out = view->info;
}

/* --- trust realms and maps ----------------------------------------------- */

krb5_error_code
tr_view_realm(const struct tr_view *view, const char *name,
              const struct tr_realm **out)
{
    const struct tr_policies *policies = view->table->policies;
    size_t low = 0, high = policies->nrealms, middle;
    char key[TR_MAX_NAME + 1];
    int order;

    *out = NULL;
    if (!tr_text_copy_lower(name, key, sizeof(key)))
        return TRR_NOT_FOUND;
    while (low < high) {
        middle = low + (high - low) / 2;
        order = strcmp(key, policies->realms[middle].record->name);
        if (order == 0) {
            *out = &policies->realms[middle];
            return 0;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return TRR_NOT_FOUND;
}

size_t
tr_view_realms(const struct tr_view *view)
{
    return view->table->policies->nrealms;
}

const struct tr_realm *
tr_view_realm_at(const struct tr_view *view, size_t i)
{
    const struct tr_policies *policies = view->table->policies;

    return i < policies->nrealms ? &policies->realms[i] : NULL;
}

krb5_error_code
tr_view_map(const struct tr_view *view, const char *realm, const char *format,
            const struct tr_map_record **out)
{
    char names[2][TR_MAX_NAME + 1];

    *out = NULL;
    if (tr_text_copy_lower(realm, names[0], sizeof(names[0])) &&
        tr_text_copy_lower(format, names[1], sizeof(names[1])))
        *out = tr_policies_map(view->table->policies, names[0], names[1]);
    return *out != NULL ? 0 : TRR_NOT_FOUND;
}

/* --- systems and users --------------------------------------------------- */

/* The record, of that type, that db has under name. */
static krb5_error_code
look_up(const struct tr_view *view, enum tr_db db, const char *name,
        enum tr_record_type type, struct tr_record **out)
{
    krb5_error_code ret;
    struct tr_table *table = view->table;
    struct tr_record *record;
    MDB_val text = { strlen(name), (void *)name }, key;
    int code;

    *out = NULL;
    if (text.mv_size == 0 || text.mv_size > TR_MAX_PRINCIPAL || view->filling)
        return TRR_NOT_FOUND;
    *out = tr_known_find(view, db, name);
    if (*out != NULL)
        return 0;
    code = mdb_get(view->txn, table->dbs[db], &text, &key);
    if (code == MDB_NOTFOUND)
        return TRR_NOT_FOUND;
    if (code != 0)
        return tr_table_fail_mdb(table, code, "reading");
    ret = tr_table_record(table, view->txn, &key, &record);
    if (ret == TRR_NOT_FOUND || (ret == 0 && record->type != type)) {
        tr_record_free(record);
        return tr_table_fail_damaged(table, "an index");
    }
    if (ret == 0)
        ret = tr_index_judge(table, view->txn, &record);
    if (ret == 0 && record == NULL)
        return TRR_NOT_FOUND;
    if (ret) {
        tr_record_free(record);
        return ret;
    }
    tr_known_add(view, db, name, record);
    *out = record;
    return 0;
}

/* Whether host, in lower case, is a name of system. */
static bool
is_host(const struct tr_system_record *system, const char *host)
{
    size_t i;

    if (strcmp(system->name, host) == 0)
        return true;
    for (i = 0; i < system->naliases; i++) {
        if (strcmp(system->aliases[i], host) == 0)
            return true;
    }
    return false;
}

/* What an index found must say the same itself: indexes have no checksum. */
static krb5_error_code
confirm(const struct tr_view *view, bool right, struct tr_record **record)
{
    if (right)
        return 0;
    tr_record_free(*record);
    *record = NULL;
    return tr_table_fail_damaged(view->table, "an index");
}

krb5_error_code
tr_view_system(const struct tr_view *view, const char *host,
               struct tr_record **out)
{
    krb5_error_code ret;
    char name[TR_MAX_NAME + 1];

    *out = NULL;
    if (!tr_text_copy_lower(host, name, sizeof(name)))
        return TRR_NOT_FOUND;
    ret = look_up(view, TR_DB_HOST, name, TR_RECORD_SYSTEM, out);
    if (ret)
        return ret;
    return confirm(view, is_host(&(*out)->u.system, name), out);
}

krb5_error_code
tr_view_system_by_principal(const struct tr_view *view, const char *principal,
                            struct tr_record **out)
{
    krb5_error_code ret;

    ret = look_up(view, TR_DB_PRINCIPAL, principal, TR_RECORD_SYSTEM, out);
    if (ret)
        return ret;
    return confirm(view, strcmp((*out)->u.system.principal, principal) == 0,
                   out);
}

krb5_error_code
tr_view_clearance(const struct tr_view *view, const char *principal,
                  struct tr_record **out)
{
    krb5_error_code ret;

    ret = look_up(view, TR_DB_CLEARANCE, principal, TR_RECORD_CLEARANCE, out);
    if (ret)
        return ret;
    return confirm(view,
                   strcmp((*out)->u.clearance.principal, principal) == 0,
                   out);
}

/* --- everything ---------------------------------------------------------- */

krb5_error_code
tr_view_each(const struct tr_view *view, enum tr_record_type type,
             krb5_error_code (*each)(const struct tr_record *record,
                                     void *arg), void *arg)
{
    krb5_error_code ret = 0;
    struct tr_table *table = view->table;
    struct tr_record *record;
    MDB_cursor *cursor;
    MDB_val key, value;
    int code;

    if (view->filling)
        return 0;
    code = mdb_cursor_open(view->txn, table->dbs[TR_DB_RECORD], &cursor);
    if (code != 0)
        return tr_table_fail_mdb(table, code, "reading");
    while (ret == 0 &&
           (code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        if (tr_stored_type(&value) != (int)type)
            continue;
        ret = tr_stored_open(&value, &record);
        if (ret != 0 && ret != ENOMEM)
            ret = tr_table_fail_damaged(table, "a record");
        if (ret == 0)
            ret = tr_index_judge(table, view->txn, &record);
        if (ret == 0 && record != NULL)
            ret = each(record, arg);
        tr_record_free(record);
    }
    mdb_cursor_close(cursor);
    if (ret == 0 && code != MDB_NOTFOUND)
        ret = tr_table_fail_mdb(table, code, "reading");
    return ret;
}

krb5_error_code
tr_view_cookie(const struct tr_view *view, uint8_t **cookie_out,
               size_t *length_out)
{
    struct tr_table *table = view->table;
    MDB_val key = { sizeof(TR_META_COOKIE) - 1, (void *)TR_META_COOKIE };
    MDB_val value;
    uint8_t *cookie;
    int code;

    *cookie_out = NULL;
    *length_out = 0;
    code = mdb_get(view->txn, table->dbs[TR_DB_META], &key, &value);
    if (code == MDB_NOTFOUND)
        return 0;
    if (code != 0)
        return tr_table_fail_mdb(table, code, "cookie");
    cookie = malloc(value.mv_size + 1);
    if (cookie == NULL)
        return ENOMEM;
    memcpy(cookie, value.mv_data, value.mv_size);
    cookie[value.mv_size] = '\0';
    *cookie_out = cookie;
    *length_out = value.mv_size;
    return 0;
}
