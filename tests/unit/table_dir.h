/* tests/unit/table_dir.h - a directory for the table of a test */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_TEST_TABLE_DIR_H
#define TR_TEST_TABLE_DIR_H

#include <sys/mman.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <ftw.h>
#include <unistd.h>
#include <lmdb.h>
#include "records.h"
#include "table.h"

#define MAX_PATH 4096

#define OTHER_SYSTEM \
    "objectClass: trSystem\ncn: beta\ntrPrincipal: trustrealm/beta@R\n"

static inline int
remove_one(const char *path, const struct stat *st, int type,
           struct FTW *where)
{
    return remove(path);
}

/* The directory is *state; the table is below it. */
static inline int
make_directory(void **state)
{
    const char *tmp = getenv("TMPDIR");
    char *path;

    if (asprintf(&path, "%s/trustrealm-unit-XXXXXX",
                 tmp == NULL ? "/tmp" : tmp) < 0 || mkdtemp(path) == NULL)
        return -1;
    *state = path;
    return 0;
}

static inline int
remove_directory(void **state)
{
    (void)nftw(*state, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(*state);
    return 0;
}

/* directory/name, until the next call but three. */
static inline const char *
path_in(const char *directory, const char *name)
{
    static char paths[4][MAX_PATH];
    static size_t turn;
    char *path = paths[turn++ % 4];

    (void)snprintf(path, MAX_PATH, "%s/%s", directory, name);
    return path;
}

static inline struct tr_table *
open_table(const char *directory, enum tr_table_access access)
{
    struct tr_table *table = NULL;
    char *why = NULL;

    if (tr_table_open(path_in(directory, "table"), access, 64 << 20, &table,
                      &why) != 0)
        fail_msg("%s", why == NULL ? "?" : why);
    return table;
}

/* Change the table's file as a failing disk would: from becomes to, of the
 * same length, wherever it is. */
static inline void
damage(const char *directory, const char *from, const char *to)
{
    int fd = open(path_in(directory, "table/data.mdb"), O_RDWR);
    size_t length = strlen(from), n = 0;
    struct stat st;
    char *at, *file;

    assert_int_equal(strlen(to), length);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    file = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED,
                fd, 0);
    assert_ptr_not_equal(file, MAP_FAILED);
    for (at = file; at + length <= file + st.st_size; at++) {
        if (memcmp(at, from, length) != 0)
            continue;
        memcpy(at, to, length);
        n++;
    }
    assert_true(n > 0);
    assert_int_equal(munmap(file, (size_t)st.st_size), 0);
    (void)close(fd);
}

/* As another version of the project would have left the table. */
static inline void
set_format(const char *directory, uint8_t number)
{
    uint8_t octets[4] = { 0, 0, 0, number };
    MDB_val key = { 6, (void *)"format" }, value = { 4, octets };
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 1), 0);
    assert_int_equal(mdb_env_open(env, path_in(directory, "table"), 0, 0600),
                     0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "meta", 0, &dbi), 0);
    assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static inline struct tr_update *
begin(struct tr_table *table)
{
    struct tr_update *update;

    assert_int_equal(tr_update_begin(table, &update), 0);
    return update;
}

static inline krb5_error_code
put(struct tr_update *update, const char *key, const char *text)
{
    krb5_error_code ret;
    struct tr_record *record = make_record(text);

    ret = tr_update_put(update, key, strlen(key), record);
    tr_record_free(record);
    return ret;
}

static inline void
commit(struct tr_update *update)
{
    assert_int_equal(tr_update_commit(update), 0);
}

static inline void
put_one(struct tr_table *table, const char *key, const char *text)
{
    struct tr_update *update = begin(table);

    assert_int_equal(put(update, key, text), 0);
    commit(update);
}

static inline struct tr_table_info
info_of(struct tr_table *table)
{
    struct tr_table_info info;
    struct tr_view *view;

    if (tr_view_open(table, &view) != 0)
        fail_msg("%s", tr_table_message(table));
    tr_view_info(view, &info);
    tr_view_close(view);
    return info;
}

static inline uint64_t
generation(struct tr_table *table)
{
    return info_of(table).generation;
}

/* The name of the system that host is, or "" for none. */
static inline const char *
system_of(struct tr_table *table, const char *host)
{
    static char name[TR_MAX_NAME + 1];
    struct tr_record *record;
    struct tr_view *view;

    name[0] = '\0';
    assert_int_equal(tr_view_open(table, &view), 0);
    if (tr_view_system(view, host, &record) == 0) {
        memcpy(name, record->u.system.name,
               strlen(record->u.system.name) + 1);
        tr_record_free(record);
    }
    tr_view_close(view);
    return name;
}

#endif
