/* realmdb/table.c - open and close the trust realm table */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <sys/stat.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "octets.h"
#include "table_store.h"
#include "trustrealm_err.h"

#define DEFAULT_MAP_SIZE ((size_t)4 << 30)
#define MAX_READERS 512

static const char *const db_names[TR_NDBS] = {
    [TR_DB_RECORD] = "record", [TR_DB_HOST] = "host",
    [TR_DB_PRINCIPAL] = "principal", [TR_DB_CLEARANCE] = "clearance",
    [TR_DB_REALM] = "realm", [TR_DB_DOI] = "doi", [TR_DB_MAP] = "map",
    [TR_DB_DISPUTED] = "disputed", [TR_DB_META] = "meta"
};

static const char *const file_names[] = { "data.mdb", "lock.mdb", TR_SOUND };

/* A directory that others may write to decides nothing. */
static krb5_error_code
check_directory(struct tr_table *table, const char *dir,
                enum tr_table_access access, struct stat *st)
{
    if (access == TR_TABLE_WRITE && mkdir(dir, 0700) != 0 && errno != EEXIST)
        return tr_table_fail(table, TRR_TABLE, "%s", strerror(errno));
    if (stat(dir, st) != 0)
        return tr_table_fail(table, TRR_TABLE, "%s", strerror(errno));
    if (!S_ISDIR(st->st_mode))
        return tr_table_fail(table, TRR_TABLE, "not a directory");
    if (st->st_mode & (S_IWGRP | S_IWOTH))
        return tr_table_fail(table, TRR_TABLE, "others may write to it");
    return 0;
}

/* Size of the table's file; 0 when there is none (yet). */
static off_t
file_size(const char *dir)
{
    char *path;
    struct stat st;
    off_t size = 0;

    if (asprintf(&path, "%s/data.mdb", dir) < 0)
        return 0;
    if (stat(path, &st) == 0)
        size = st.st_size;
    free(path);
    return size;
}

/* Root may be the first to open the table of another user, who must be able
 * to open it later. */
static void
give_files(const char *dir, const struct stat *owner)
{
    char *path;
    size_t i;

    if (geteuid() != 0 || owner->st_uid == 0)
        return;
    for (i = 0; i < sizeof(file_names) / sizeof(*file_names); i++) {
        if (asprintf(&path, "%s/%s", dir, file_names[i]) < 0)
            return;
        if (lchown(path, owner->st_uid, owner->st_gid) != 0)
            (void)0;            /* LMDB will say so to its owner */
        free(path);
    }
}

/* --- the databases ------------------------------------------------------- */

static uint8_t format[4] = { 0, 0, 0, TR_TABLE_FORMAT };

/* Has the file a format, and is that another one? */
static int
look_at_format(MDB_txn *txn, bool *has_out, bool *other_out)
{
    MDB_val key = { sizeof(TR_META_FORMAT) - 1, (void *)TR_META_FORMAT };
    MDB_val value;
    MDB_dbi meta;
    int code;

    *has_out = *other_out = false;
    code = mdb_dbi_open(txn, db_names[TR_DB_META], 0, &meta);
    if (code == 0)
        code = mdb_get(txn, meta, &key, &value);
    *has_out = code == 0;
    if (code == 0)
        *other_out = value.mv_size != sizeof(format) ||
            memcmp(value.mv_data, format, sizeof(format)) != 0;
    return code == MDB_NOTFOUND ? 0 : code;
}

static int
set_format(const struct tr_table *table, MDB_txn *txn)
{
    MDB_val key = { sizeof(TR_META_FORMAT) - 1, (void *)TR_META_FORMAT };
    MDB_val value = { sizeof(format), format };

    return mdb_put(txn, table->dbs[TR_DB_META], &key, &value, 0);
}

/* Discard what is of another format, but for what the source has said of
 * itself: it must not go back behind that.  Without the source's name the
 * table counts as one that nobody has filled. */
static int
discard(MDB_txn *txn)
{
    MDB_val source = { sizeof(TR_META_SOURCE) - 1, (void *)TR_META_SOURCE };
    MDB_dbi dbi;
    size_t i;
    int code = 0;

    for (i = 0; i < TR_NDBS && (code == 0 || code == MDB_NOTFOUND); i++) {
        code = mdb_dbi_open(txn, db_names[i], 0, &dbi);
        if (code == 0)
            code = i == TR_DB_META ? mdb_del(txn, dbi, &source, NULL) :
                mdb_drop(txn, dbi, 1);
    }
    return code == MDB_NOTFOUND ? 0 : code;
}

static unsigned
flags_of(enum tr_db db)
{
    return db >= TR_DB_HOST && db <= TR_DB_DISPUTED ? MDB_DUPSORT : 0;
}

/* A writer makes those that are missing; of another format, those that are
 * there are only looked at. */
static int
open_each(struct tr_table *table, MDB_txn *txn, bool write)
{
    size_t i;
    int code = 0;

    for (i = 0; i < TR_NDBS && code == 0; i++) {
        table->dbs[i] = 0;
        code = mdb_dbi_open(txn, db_names[i],
                            write ? MDB_CREATE | flags_of(i) : 0,
                            &table->dbs[i]);
        if (code == MDB_NOTFOUND && table->other)
            code = 0;
    }
    return code;
}

static krb5_error_code
open_dbs(struct tr_table *table, enum tr_table_access access)
{
    MDB_txn *txn;
    bool write = access == TR_TABLE_WRITE, has, other;
    int code;

    code = mdb_txn_begin(table->env, NULL, write ? 0 : MDB_RDONLY, &txn);
    if (code != 0)
        return tr_table_fail_mdb(table, code, "opening");
    code = look_at_format(txn, &has, &other);
    table->other = table->other || other;
    if (code == 0 && other && !table->replaces) {
        mdb_txn_abort(txn);
        return tr_table_fail(table, TRR_VERSION, "of another format: "
                             "trustrealmd makes it anew when it starts");
    }
    if (code == 0 && other && write)
        code = discard(txn);
    if (code == 0)
        code = open_each(table, txn, write);
    if (code == 0 && write && (other || !has))
        code = set_format(table, txn);
    if (code == 0)
        code = mdb_txn_commit(txn);
    else
        mdb_txn_abort(txn);
    if (code == MDB_NOTFOUND)
        return tr_table_fail(table, TRR_TABLE, "not (yet) a table");
    return code == 0 ? 0 : tr_table_fail_mdb(table, code, "opening");
}

krb5_error_code
tr_env_open(struct tr_table *table, enum tr_table_access access)
{
    unsigned flags = MDB_NOTLS | (access == TR_TABLE_WRITE ? 0 : MDB_RDONLY);
    krb5_error_code ret;
    int dead, code;

    code = mdb_env_create(&table->env);
    if (code != 0)
        return tr_table_fail_mdb(table, code, "opening");
    code = mdb_env_set_maxdbs(table->env, TR_NDBS);
    if (code == 0)
        code = mdb_env_set_maxreaders(table->env, MAX_READERS);
    if (code == 0)
        code = mdb_env_set_mapsize(table->env, table->map_size);
    if (code == 0)
        code = mdb_env_open(table->env, table->dir, flags, 0600);
    if (code == 0)
        code = mdb_reader_check(table->env, &dead);
    ret = code == 0 ? open_dbs(table, access) :
        tr_table_fail_mdb(table, code, "opening");
    if (ret) {
        mdb_env_close(table->env);
        table->env = NULL;
    }
    return ret;
}

krb5_error_code
tr_env_renew(struct tr_table *table)
{
    if (table->view.txn != NULL)
        mdb_txn_abort(table->view.txn);
    table->view.txn = NULL;
    mdb_env_close(table->env);
    table->env = NULL;
    (void)malloc_trim(0);
    return tr_env_open(table, TR_TABLE_WRITE);
}

/* LMDB may open a file that is as its writer left it, or that was examined. */
static krb5_error_code
check_file(struct tr_table *table, enum tr_table_access access)
{
    if (file_size(table->dir) == 0)
        return access == TR_TABLE_WRITE ? 0 :
            tr_table_fail(table, TRR_TABLE, "there is no table yet");
    if (tr_sound_is_noted(table->dir))
        return 0;
    if (access == TR_TABLE_READ_SOUND)
        return tr_table_fail(table, TRR_TABLE, "not yet read by its writer");
    return tr_sound_examine(table);
}

krb5_error_code
tr_table_open(const char *dir, enum tr_table_access access, size_t map_size,
              struct tr_table **table_out, char **why_out)
{
    krb5_error_code ret;
    struct tr_table *table;
    struct stat st;

    *table_out = NULL;
    if (why_out != NULL)
        *why_out = NULL;
    table = calloc(1, sizeof(*table));
    if (table == NULL)
        return ENOMEM;
    table->map_size = map_size == 0 ? DEFAULT_MAP_SIZE : map_size;
    table->sound = -1;
    table->replaces = access == TR_TABLE_WRITE;
    table->dir = strdup(dir);
    if (table->dir == NULL) {
        ret = ENOMEM;
        goto cleanup;
    }
    ret = check_directory(table, dir, access, &st);
    if (ret == 0)
        ret = check_file(table, access);
    if (ret == 0)
        ret = tr_env_open(table, access);
    if (ret)
        goto cleanup;
    if (access == TR_TABLE_WRITE)
        tr_sound_start(table);
    give_files(dir, &st);
    *table_out = table;
    table = NULL;

cleanup:
    if (table != NULL && why_out != NULL &&
        asprintf(why_out, "%s: %s", dir, table->message) < 0)
        *why_out = NULL;
    tr_table_close(table);
    return ret;
}

void
tr_table_close(struct tr_table *table)
{
    if (table == NULL)
        return;
    tr_update_abort(table->update);
    if (table->view.txn != NULL)
        mdb_txn_abort(table->view.txn);
    if (table->env != NULL)
        mdb_env_close(table->env);
    if (table->sound >= 0)
        (void)close(table->sound);
    tr_policies_free(table->policies);
    tr_known_clear(table);
    free(table->dir);
    free(table);
}

bool
tr_table_discarded(const struct tr_table *table)
{
    return table->other;
}

bool
tr_table_damaged(const struct tr_table *table)
{
    return table->damaged;
}

const char *
tr_table_message(const struct tr_table *table)
{
    return table == NULL ? "not open" : table->message;
}

void
tr_table_remove(const char *dir)
{
    char *path;
    size_t i;

    for (i = 0; i < sizeof(file_names) / sizeof(*file_names); i++) {
        if (asprintf(&path, "%s/%s", dir, file_names[i]) < 0)
            return;
        (void)unlink(path);
        free(path);
    }
    (void)rmdir(dir);
}
