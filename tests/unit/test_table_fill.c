/* tests/unit/test_table_fill.c - a large table, filled for the first time */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include "table_dir.h"
#include "trustrealm_err.h"

/* So many of such a size do not wait in memory, nor fit one transaction: all
 * records, all hosts and a part of the principals are in the first two. */
#define SYSTEMS 20000
#define STRIDE 7919
#define PRINCIPAL "trustrealm/s%d@%0350d"

static struct tr_table *
open_large(const char *directory, enum tr_table_access access, size_t size)
{
    struct tr_table *table = NULL;
    char *why = NULL;

    if (tr_table_open(path_in(directory, "table"), access, size, &table,
                      &why) != 0)
        fail_msg("%s", why == NULL ? "?" : why);
    return table;
}

static krb5_error_code
put_large(struct tr_update *update, int i)
{
    char key[16], text[2048];

    (void)snprintf(key, sizeof(key), "key %d", i);
    (void)snprintf(text, sizeof(text), "objectClass: trSystem\ncn: s%d\n"
                   "trPrincipal: " PRINCIPAL "\ntrAlias: a%d\n"
                   "trMembership: engineering public %0950d\n", i, i, 0, i,
                   0);
    return put(update, key, text);
}

/* In no order. */
static krb5_error_code
put_all(struct tr_update *update)
{
    krb5_error_code ret = 0;

    for (int i = 0; i < SYSTEMS && ret == 0; i++)
        ret = put_large(update, (int)((long)i * STRIDE % SYSTEMS));
    return ret;
}

static krb5_error_code
no_dispute(const void *key, size_t key_length, const struct tr_record *record,
           const char *why, void *arg)
{
    return TRR_INTERNAL;
}

/* Entries of a database in the file, whether they count or not; *size_out (may
 * be NULL): octets of the file in use. */
static size_t
stored(const char *directory, const char *name, size_t *size_out)
{
    MDB_envinfo info;
    MDB_stat stat;
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 1), 0);
    assert_int_equal(mdb_env_open(env, path_in(directory, "table"),
                                  MDB_RDONLY, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, name, 0, &dbi), 0);
    assert_int_equal(mdb_stat(txn, dbi, &stat), 0);
    assert_int_equal(mdb_env_info(env, &info), 0);
    if (size_out != NULL)
        *size_out = (info.me_last_pgno + 1) * stat.ms_psize;
    mdb_txn_abort(txn);
    mdb_env_close(env);
    return stat.ms_entries;
}

static size_t
stored_records(const char *directory)
{
    return stored(directory, "record", NULL);
}

/* A child that a failed assertion ends: by default it would go on with the
 * tests, as its parent does. */
static pid_t
fork_child(void)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0 && setenv("CMOCKA_TEST_ABORT", "1", 1) != 0)
        _exit(1);
    return pid;
}

/* --- another writer ------------------------------------------------------ */

/* After so many commits somebody else writes: LMDB's lock is free then.  0:
 * after none. */
static struct {
    const char *directory;
    int commits;
} other;

static void
write_as_other(const char *directory)
{
    struct tr_table *table = open_large(directory, TR_TABLE_WRITE, 256 << 20);

    put_one(table, "a", SYSTEM);
    tr_table_close(table);
    _exit(0);
}

/* Of the program, and so instead of the library's. */
int
mdb_txn_commit(MDB_txn *txn)
{
    int (*next)(MDB_txn *);
    int code, status;
    pid_t pid;

    *(void **)&next = dlsym(RTLD_NEXT, "mdb_txn_commit");
    code = next(txn);
    if (other.commits == 0 || --other.commits > 0)
        return code;
    pid = fork_child();
    if (pid == 0)
        write_as_other(other.directory);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    return code;
}

static void
assert_is_others(const char *directory)
{
    struct tr_table *table = open_large(directory, TR_TABLE_READ, 256 << 20);

    assert_int_equal(info_of(table).systems, 1);
    assert_string_equal(system_of(table, "alpha"), "alpha");
    tr_table_close(table);
    assert_int_equal(stored_records(directory), 1);
}

static krb5_error_code
fail_on_record(const struct tr_record *record, void *arg)
{
    return TRR_INTERNAL;
}

/* What a table shows that nobody has filled. */
static void
assert_shows_nothing(struct tr_table *table)
{
    struct tr_table_info info = info_of(table);
    struct tr_record *record;
    struct tr_view *view;
    char principal[512];
    uint8_t *cookie;
    size_t length;

    assert_int_equal(info.fresh, 0);
    assert_int_equal(info.generation, 0);
    assert_string_equal(info.source, "");
    assert_int_equal(info.realms + info.systems + info.clearances + info.maps,
                     0);
    assert_int_equal(tr_view_open(table, &view), 0);
    assert_int_equal(tr_view_realms(view), 0);
    assert_int_equal(tr_view_system(view, "s1", &record), TRR_NOT_FOUND);
    assert_int_equal(tr_view_system(view, "a1", &record), TRR_NOT_FOUND);
    (void)snprintf(principal, sizeof(principal), PRINCIPAL, 1, 0);
    assert_int_equal(tr_view_system_by_principal(view, principal, &record),
                     TRR_NOT_FOUND);
    for (int type = TR_RECORD_REALM; type <= TR_RECORD_MAP; type++)
        assert_int_equal(tr_view_each(view, type, fail_on_record, NULL), 0);
    assert_int_equal(tr_view_cookie(view, &cookie, &length), 0);
    assert_null(cookie);
    tr_view_close(view);
}

static void
assert_has_all(struct tr_table *table)
{
    char name[32], alias[32], principal[512];
    struct tr_record *record;
    struct tr_view *view;

    assert_int_equal(info_of(table).systems, SYSTEMS);
    assert_int_equal(info_of(table).disputed, 0);
    for (int i = 0; i < SYSTEMS; i += 97) {
        (void)snprintf(name, sizeof(name), "s%d", i);
        (void)snprintf(alias, sizeof(alias), "a%d", i);
        (void)snprintf(principal, sizeof(principal), PRINCIPAL, i, 0);
        assert_string_equal(system_of(table, alias), name);
        assert_int_equal(tr_view_open(table, &view), 0);
        assert_int_equal(tr_view_system_by_principal(view, principal,
                                                     &record), 0);
        assert_string_equal(record->u.system.name, name);
        tr_record_free(record);
        tr_view_close(view);
    }
}

/* --- a load that ends ---------------------------------------------------- */

static void
each_of_many_is_found(void **state)
{
    struct tr_table *table = open_large(*state, TR_TABLE_WRITE, 256 << 20);
    struct tr_update *update = begin(table);

    assert_int_equal(put_all(update), 0);
    assert_int_equal(put(update, "r", REALM), 0);
    assert_int_equal(tr_update_sweep(update), 0);
    assert_int_equal(tr_update_set_fresh(update, 7, "here"), 0);
    commit(update);
    assert_has_all(table);
    assert_int_equal(info_of(table).realms, 1);
    assert_int_equal(info_of(table).fresh, 7);
    assert_int_equal(generation(table), 1);
    tr_table_close(table);
    table = open_large(*state, TR_TABLE_READ, 256 << 20);
    assert_has_all(table);
    tr_table_close(table);
}

/* LMDB keeps in memory what an update writes, and leaves it in the file. */
static void
what_has_not_changed_is_not_written_again(void **state)
{
    struct tr_table *table = open_large(*state, TR_TABLE_WRITE, 256 << 20);
    struct tr_update *update = begin(table);
    size_t before, after;

    assert_int_equal(put_all(update), 0);
    commit(update);
    tr_table_close(table);
    assert_int_equal(stored(*state, "record", &before), SYSTEMS);
    table = open_large(*state, TR_TABLE_WRITE, 256 << 20);
    update = begin(table);
    assert_int_equal(put_all(update), 0);
    assert_int_equal(tr_update_sweep(update), 0);
    assert_int_equal(tr_update_set_fresh(update, 7, "here"), 0);
    commit(update);
    assert_has_all(table);
    assert_int_equal(generation(table), 1);
    tr_table_close(table);
    assert_int_equal(stored(*state, "record", &after), SYSTEMS);
    assert_in_range(after, before, before + (64 << 10));
}

/* A source may say the same thing twice, or take it back, and two may claim
 * one name: that what was said before waits still is of no account. */
static void
the_last_word_counts(void **state)
{
    struct tr_table *table = open_large(*state, TR_TABLE_WRITE, 256 << 20);
    struct tr_update *update = begin(table);
    char text[512];

    (void)snprintf(text, sizeof(text), "objectClass: trSystem\ncn: gamma\n"
                   "trPrincipal: " PRINCIPAL "\n", 5, 0);
    assert_int_equal(put(update, "x", SYSTEM "trAlias: old\n"), 0);
    assert_int_equal(put(update, "y", OTHER_SYSTEM), 0);
    assert_int_equal(put(update, "z", text), 0);
    assert_int_equal(put_all(update), 0);
    assert_int_equal(put(update, "x", SYSTEM "trAlias: new\n"), 0);
    assert_int_equal(tr_update_delete(update, "y", 1), 0);
    assert_int_equal(tr_update_delete(update, "y", 1), TRR_NOT_FOUND);
    commit(update);
    assert_string_equal(system_of(table, "new"), "alpha");
    assert_string_equal(system_of(table, "old"), "");
    assert_string_equal(system_of(table, "beta"), "");
    assert_string_equal(system_of(table, "gamma"), "");
    assert_string_equal(system_of(table, "s5"), "");
    assert_string_equal(system_of(table, "s6"), "s6");
    assert_int_equal(info_of(table).disputed, 1);
    tr_table_close(table);
}

/* --- a load that does not end -------------------------------------------- */

/* All is said, and some of it committed, but for the end. */
static void
load_and_stop(const char *directory, int fd)
{
    struct tr_table *table = open_large(directory, TR_TABLE_WRITE, 256 << 20);
    struct tr_update *update = begin(table);
    krb5_error_code ret;

    ret = put_all(update);
    if (ret == 0)
        ret = tr_update_set_cookie(update, "cookie", 6);
    if (ret == 0)
        ret = tr_update_set_fresh(update, 7, "here");
    if (ret == 0)
        ret = tr_update_each_disputed(update, no_dispute, NULL);
    (void)write(fd, ret == 0 ? "y" : "n", 1);
    (void)pause();
    _exit(1);
}

static pid_t
start_and_wait(const char *directory)
{
    int fds[2];
    char byte = 0;
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    pid = fork_child();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        load_and_stop(directory, fds[1]);
    }
    close(fds[1]);
    assert_int_equal(read(fds[0], &byte, 1), 1);
    close(fds[0]);
    assert_int_equal(byte, 'y');
    return pid;
}

static void
kill_and_wait(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
readers_see_nothing_of_a_load_under_way(void **state)
{
    struct tr_table *table = open_large(*state, TR_TABLE_WRITE, 256 << 20);
    pid_t pid;

    tr_table_close(table);
    table = open_large(*state, TR_TABLE_READ, 256 << 20);
    assert_shows_nothing(table);
    pid = start_and_wait(*state);
    assert_shows_nothing(table);
    tr_table_close(table);
    /* Nor does who comes now. */
    table = open_large(*state, TR_TABLE_READ, 256 << 20);
    assert_shows_nothing(table);
    tr_table_close(table);
    assert_int_equal(stored_records(*state), SYSTEMS);
    assert_int_equal(stored(*state, "host", NULL), 2 * SYSTEMS);
    assert_in_range(stored(*state, "principal", NULL), 1, SYSTEMS - 1);
    kill_and_wait(pid);
}

static void
a_killed_load_leaves_nothing_to_the_next(void **state)
{
    struct tr_table *table;

    kill_and_wait(start_and_wait(*state));
    assert_int_equal(stored_records(*state), SYSTEMS);
    table = open_large(*state, TR_TABLE_READ, 256 << 20);
    assert_shows_nothing(table);
    tr_table_close(table);
    table = open_large(*state, TR_TABLE_WRITE, 256 << 20);
    assert_shows_nothing(table);
    put_one(table, "a", SYSTEM "trAlias: s1\n");
    assert_int_equal(info_of(table).systems, 1);
    assert_int_equal(info_of(table).disputed, 0);
    assert_string_equal(system_of(table, "s1"), "alpha");
    assert_string_equal(system_of(table, "a1"), "");
    tr_table_close(table);
    assert_int_equal(stored_records(*state), 1);
}

/* Nor does one that a change would follow, of an empty table. */
static void
a_killed_load_is_swept_before_a_heartbeat(void **state)
{
    struct tr_table *table;
    struct tr_update *update;

    kill_and_wait(start_and_wait(*state));
    table = open_large(*state, TR_TABLE_WRITE, 256 << 20);
    update = begin(table);
    assert_int_equal(tr_update_set_fresh(update, 8, "there"), 0);
    assert_false(tr_update_changed(update));
    commit(update);
    assert_int_equal(info_of(table).fresh, 8);
    assert_int_equal(info_of(table).systems, 0);
    assert_string_equal(system_of(table, "s1"), "");
    tr_table_close(table);
    assert_int_equal(stored_records(*state), 0);
}

static void
an_aborted_load_leaves_nothing_to_the_next(void **state)
{
    struct tr_table *table = open_large(*state, TR_TABLE_WRITE, 256 << 20);
    struct tr_update *update;

    for (int stored = 0; stored < 2; stored++) {
        update = begin(table);
        assert_int_equal(put_all(update), 0);
        if (stored)
            assert_int_equal(tr_update_each_disputed(update, no_dispute,
                                                     NULL), 0);
        tr_update_abort(update);
        assert_shows_nothing(table);
    }
    put_one(table, "a", SYSTEM);
    assert_int_equal(info_of(table).systems, 1);
    assert_string_equal(system_of(table, "s1"), "");
    tr_table_close(table);
    assert_int_equal(stored_records(*state), 1);
}

/* What fits is loaded afterwards. */
static void
a_load_that_is_too_large_makes_room(void **state)
{
    struct tr_table *table = open_large(*state, TR_TABLE_WRITE, 36 << 20);
    struct tr_update *update;

    for (int round = 0; round < 4; round++) {
        update = begin(table);
        assert_int_equal(put_all(update), 0);
        assert_int_equal(tr_update_commit(update), TRR_TABLE);
        assert_non_null(strstr(tr_table_message(table), "may not grow past"));
        assert_shows_nothing(table);
        assert_in_range(stored_records(*state), 1, SYSTEMS);
    }
    update = begin(table);
    for (int i = 0; i < SYSTEMS / 2; i++)
        assert_int_equal(put_large(update, i), 0);
    commit(update);
    assert_int_equal(info_of(table).systems, SYSTEMS / 2);
    tr_table_close(table);
}

static void
a_killed_load_is_swept_where_there_is_no_room(void **state)
{
    struct tr_table *table;
    size_t size;

    kill_and_wait(start_and_wait(*state));
    (void)stored(*state, "record", &size);
    table = open_large(*state, TR_TABLE_WRITE, size);
    put_one(table, "a", SYSTEM);
    assert_int_equal(info_of(table).systems, 1);
    tr_table_close(table);
}

static void
a_load_ends_when_another_one_writes(void **state)
{
    struct tr_table *table = open_large(*state, TR_TABLE_WRITE, 256 << 20);
    struct tr_update *update = begin(table);

    assert_int_equal(put_all(update), 0);
    other.directory = *state;
    other.commits = 2;
    assert_int_equal(tr_update_commit(update), TRR_TABLE);
    assert_int_equal(other.commits, 0);
    assert_string_equal(tr_table_message(table),
                        "somebody else writes to the table");
    tr_table_close(table);
    assert_is_others(*state);
}

/* After each of its commits, and those of opening the file anew. */
static void
a_sweep_ends_when_another_one_writes(void **state)
{
    struct tr_table *table;
    struct tr_update *update;

    for (int commits = 1; commits <= 4; commits++) {
        kill_and_wait(start_and_wait(*state));
        table = open_large(*state, TR_TABLE_WRITE, 256 << 20);
        other.directory = *state;
        other.commits = commits;
        assert_int_equal(tr_update_begin(table, &update), TRR_TABLE);
        assert_int_equal(other.commits, 0);
        assert_string_equal(tr_table_message(table),
                            "somebody else writes to the table");
        tr_table_close(table);
        assert_is_others(*state);
        tr_table_remove(path_in(*state, "table"));
    }
}

static void
names_that_have_no_room_are_told(void **state)
{
    struct tr_table *table = open_large(*state, TR_TABLE_WRITE, 44 << 20);
    struct tr_update *update = begin(table);

    assert_int_equal(put_all(update), 0);
    assert_int_equal(tr_update_commit(update), TRR_TABLE);
    assert_string_equal(tr_table_message(table), "storing a name: the table "
                        "may not grow past 46137344 octets");
    assert_shows_nothing(table);
    tr_table_close(table);
}

/* --- what waits ---------------------------------------------------------- */

static int
load_where_no_file_may_grow(const char *directory)
{
    struct rlimit little = { 8 << 20, 8 << 20 };
    struct tr_table *table = open_large(directory, TR_TABLE_WRITE, 256 << 20);
    struct tr_update *update = begin(table);

    (void)signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &little) != 0)
        return 1;
    if (put_all(update) != TRR_TABLE ||
        strstr(tr_table_message(table), strerror(EFBIG)) == NULL)
        return 2;
    if (tr_update_commit(update) != TRR_TABLE)
        return 3;
    assert_shows_nothing(table);
    tr_table_close(table);
    return 0;
}

static void
a_disk_that_is_full_is_told(void **state)
{
    int status;
    pid_t pid = fork_child();

    if (pid == 0)
        _exit(load_where_no_file_may_grow(*state));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(stored_records(*state), 0);
}

/* Whatever becomes of the process. */
static void
what_waits_leaves_no_file(void **state)
{
    struct dirent *entry;
    pid_t pid = start_and_wait(*state);
    size_t files = 0;
    DIR *dir;

    kill_and_wait(pid);
    dir = opendir(path_in(*state, "table"));
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        files += *entry->d_name != '.';
    closedir(dir);
    assert_int_equal(files, 3);
}

#define fill_test(f) \
    cmocka_unit_test_setup_teardown(f, make_directory, remove_directory)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        fill_test(each_of_many_is_found),
        fill_test(what_has_not_changed_is_not_written_again),
        fill_test(the_last_word_counts),
        fill_test(readers_see_nothing_of_a_load_under_way),
        fill_test(a_killed_load_leaves_nothing_to_the_next),
        fill_test(a_killed_load_is_swept_before_a_heartbeat),
        fill_test(an_aborted_load_leaves_nothing_to_the_next),
        fill_test(a_killed_load_is_swept_where_there_is_no_room),
        fill_test(a_load_that_is_too_large_makes_room),
        fill_test(a_load_ends_when_another_one_writes),
        fill_test(a_sweep_ends_when_another_one_writes),
        fill_test(names_that_have_no_room_are_told),
        fill_test(a_disk_that_is_full_is_told),
        fill_test(what_waits_leaves_no_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
