/* tests/unit/test_table_file.c - the table's file: processes, crash, damage */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <sys/resource.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <signal.h>
#include <lmdb.h>
#include "table_dir.h"
#include "trustrealm_err.h"

/* --- several processes --------------------------------------------------- */

/* Exit status of a child that runs body. */
static pid_t
run(int (*body)(const char *directory, int fd), const char *directory, int fd)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(body(directory, fd));
    return pid;
}

static int
status_of(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Number N of the alias "aN" that system host has, -1 without it. */
static int
alias_number(const struct tr_view *view, const char *host)
{
    struct tr_record *record;
    int number = -1;

    if (tr_view_system(view, host, &record) != 0)
        return -1;
    if (record->u.system.naliases == 1)
        (void)sscanf(record->u.system.aliases[0], "%*c%d", &number);
    tr_record_free(record);
    return number;
}

/* Until alpha and beta have reached alias 300: they have the same number, and
 * neither number nor generation ever falls. */
static int
watch(const char *directory, int fd)
{
    struct tr_table *table = open_table(directory, TR_TABLE_READ);
    struct tr_table_info info;
    struct tr_view *view;
    uint64_t last = 0;
    int number = 0, before = 0;

    while (number < 300) {
        if (tr_view_open(table, &view) != 0)
            return 1;
        tr_view_info(view, &info);
        number = alias_number(view, "alpha");
        if (number != alias_number(view, "beta"))
            return 2;
        if (info.generation < last || number < before)
            return 3;
        if (info.generation == last && number != before && last != 0)
            return 4;
        last = info.generation;
        before = number;
        tr_view_close(view);
    }
    tr_table_close(table);
    return 0;
}

static void
put_pair(struct tr_table *table, int number)
{
    struct tr_update *update = begin(table);
    char text[128];

    (void)snprintf(text, sizeof(text), SYSTEM "trAlias: a%d\n", number);
    assert_int_equal(put(update, "a", text), 0);
    (void)snprintf(text, sizeof(text), OTHER_SYSTEM "trAlias: b%d\n", number);
    assert_int_equal(put(update, "b", text), 0);
    commit(update);
}

static void
readers_see_whole_updates(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    pid_t one, other;

    put_pair(table, 0);
    one = run(watch, *state, -1);
    other = run(watch, *state, -1);
    for (int i = 1; i <= 300; i++)
        put_pair(table, i);
    assert_int_equal(status_of(one), 0);
    assert_int_equal(status_of(other), 0);
    tr_table_close(table);
}

static int
write_one(const char *directory, int fd)
{
    struct tr_table *table = open_table(directory, TR_TABLE_WRITE);

    put_one(table, "b", OTHER_SYSTEM);
    tr_table_close(table);
    return 0;
}

static void
a_view_is_one_moment(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    struct tr_record *record;
    struct tr_view *view;

    put_one(table, "a", SYSTEM);
    tr_table_close(table);
    table = open_table(*state, TR_TABLE_READ);
    assert_int_equal(tr_view_open(table, &view), 0);
    assert_int_equal(status_of(run(write_one, *state, -1)), 0);
    assert_int_equal(tr_view_system(view, "beta", &record), TRR_NOT_FOUND);
    tr_view_close(view);
    assert_int_equal(tr_view_open(table, &view), 0);
    assert_int_equal(tr_view_system(view, "beta", &record), 0);
    tr_record_free(record);
    tr_view_close(view);
    tr_table_close(table);
}

static int
stop_within_update(const char *directory, int fd)
{
    struct tr_table *table = open_table(directory, TR_TABLE_WRITE);
    struct tr_update *update = begin(table);

    (void)tr_update_delete(update, "a", 1);
    (void)put(update, "b", OTHER_SYSTEM);
    (void)write(fd, "", 1);
    (void)pause();
    return 0;
}

static void
a_killed_writer_leaves_the_table_whole(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    int fds[2];
    char byte;
    pid_t pid;

    put_one(table, "a", SYSTEM);
    tr_table_close(table);
    assert_int_equal(pipe(fds), 0);
    pid = run(stop_within_update, *state, fds[1]);
    assert_int_equal(read(fds[0], &byte, 1), 1);
    kill(pid, SIGKILL);
    assert_int_equal(status_of(pid), 128 + SIGKILL);
    table = open_table(*state, TR_TABLE_WRITE);
    assert_int_equal(generation(table), 1);
    assert_string_equal(system_of(table, "alpha"), "alpha");
    assert_string_equal(system_of(table, "beta"), "");
    put_one(table, "b", OTHER_SYSTEM);
    assert_int_equal(generation(table), 2);
    tr_table_close(table);
    close(fds[0]);
    close(fds[1]);
}

/* Take all of LMDB's places for readers. */
static int
stop_with_all_places(const char *directory, int fd)
{
    MDB_env *env;
    MDB_txn *txn;
    int places = 0;

    if (mdb_env_create(&env) != 0 || mdb_env_set_maxreaders(env, 512) != 0 ||
        mdb_env_open(env, path_in(directory, "table"), MDB_NOTLS | MDB_RDONLY,
                     0600) != 0)
        return 1;
    while (mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0)
        places++;
    (void)write(fd, places > 500 ? "y" : "n", 1);
    (void)pause();
    return 0;
}

static void
killed_readers_do_not_use_up_places(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    struct tr_view *view;
    pid_t pid;
    int fds[2];
    char byte;

    put_one(table, "a", SYSTEM);
    assert_int_equal(pipe(fds), 0);
    pid = run(stop_with_all_places, *state, fds[1]);
    assert_int_equal(read(fds[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_int_equal(tr_view_open(table, &view), TRR_TABLE);
    kill(pid, SIGKILL);
    (void)status_of(pid);
    assert_int_equal(tr_view_open(table, &view), 0);
    tr_view_close(view);
    tr_table_close(table);
    close(fds[0]);
    close(fds[1]);
}

/* --- what goes wrong ----------------------------------------------------- */

static void
assert_unusable(const char *directory, enum tr_table_access access,
                const char *what)
{
    struct tr_table *table;
    char *why;

    assert_int_equal(tr_table_open(path_in(directory, "table"), access, 0,
                                   &table, &why), TRR_TABLE);
    assert_null(table);
    assert_non_null(why);
    if (strstr(why, what) == NULL)
        fail_msg("\"%s\" does not say %s", why, what);
    free(why);
}

static void
unusable_directories_are_told_apart(void **state)
{
    const char *path = path_in(*state, "table");
    int fd;

    assert_unusable(*state, TR_TABLE_READ, "No such file");
    assert_int_equal(mkdir(path, 0700), 0);
    assert_unusable(*state, TR_TABLE_READ, "no table yet");
    assert_int_equal(chmod(path, 0722), 0);
    assert_unusable(*state, TR_TABLE_WRITE, "others may write");
    assert_int_equal(rmdir(path), 0);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_unusable(*state, TR_TABLE_WRITE, "not a directory");
}

static void
a_full_table_says_so(void **state)
{
    struct tr_table *table;
    struct tr_update *update;
    krb5_error_code ret = 0;
    char key[16], text[128];

    assert_int_equal(tr_table_open(path_in(*state, "table"), TR_TABLE_WRITE,
                                   256 << 10, &table, NULL), 0);
    put_one(table, "a", SYSTEM);
    update = begin(table);
    for (int i = 0; i < 100000 && ret == 0; i++) {
        (void)snprintf(key, sizeof(key), "key %d", i);
        (void)snprintf(text, sizeof(text), "objectClass: trSystem\n"
                       "cn: s%d\ntrPrincipal: s%d@R\n", i, i);
        ret = put(update, key, text);
    }
    assert_int_equal(ret, TRR_TABLE);
    assert_non_null(strstr(tr_table_message(table), "may not grow past"));
    /* Nothing of it is committed. */
    assert_int_equal(put(update, "b", OTHER_SYSTEM), TRR_TABLE);
    assert_int_equal(tr_update_commit(update), TRR_TABLE);
    assert_int_equal(generation(table), 1);
    assert_int_equal(info_of(table).systems, 1);
    put_one(table, "b", OTHER_SYSTEM);
    assert_int_equal(generation(table), 2);
    tr_table_close(table);
}

static void
read_file(const char *path, uint8_t **octets_out, size_t *length_out)
{
    FILE *file = fopen(path, "r");
    struct stat st;

    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &st), 0);
    *length_out = (size_t)st.st_size;
    *octets_out = malloc(*length_out);
    assert_non_null(*octets_out);
    assert_int_equal(fread(*octets_out, 1, *length_out, file), *length_out);
    fclose(file);
}

static void
write_file(const char *path, const uint8_t *octets, size_t length)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(octets, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void
fill(const char *directory)
{
    struct tr_table *table = open_table(directory, TR_TABLE_WRITE);
    struct tr_update *update = begin(table);
    char key[16], text[8000];
    int length;

    assert_int_equal(put(update, "r", WHOLE_REALM), 0);
    for (int i = 0; i < 300; i++) {
        (void)snprintf(key, sizeof(key), "key %d", i);
        /* Some are so long that LMDB gives them pages of their own. */
        length = snprintf(text, sizeof(text), "objectClass: trSystem\n"
                          "cn: s%d\ntrPrincipal: s%d@R\n", i, i);
        if (i % 50 == 0)
            (void)snprintf(text + length, sizeof(text) - (size_t)length,
                           "trMembership: r a %04000d\n", 0);
        assert_int_equal(put(update, key, text), 0);
    }
    commit(update);
    put_one(table, "a", SYSTEM);
    tr_table_close(table);
}

/* Its reader does not guess; its writer begins again, and says so. */
static void
another_format_is_begun_again(void **state)
{
    struct tr_table *table;
    char *why;

    for (int round = 0; round < 2; round++) {
        fill(*state);
        set_format(*state, 9);
        assert_int_equal(tr_table_open(path_in(*state, "table"),
                                       TR_TABLE_READ, 0, &table, &why),
                         TRR_VERSION);
        assert_non_null(strstr(why, "of another format"));
        free(why);
        table = open_table(*state, TR_TABLE_WRITE);
        assert_true(tr_table_discarded(table));
        assert_int_equal(info_of(table).systems, 0);
        assert_int_equal(info_of(table).realms, 0);
        assert_string_equal(system_of(table, "alpha"), "");
        put_one(table, "a", SYSTEM);
        assert_string_equal(system_of(table, "alpha"), "alpha");
        tr_table_close(table);
        table = open_table(*state, TR_TABLE_READ);
        assert_false(tr_table_discarded(table));
        assert_string_equal(system_of(table, "alpha"), "alpha");
        tr_table_close(table);
    }
}

static krb5_error_code
ignore(const struct tr_record *record, void *arg)
{
    return 0;
}

/* Opens with everything readable, or not at all; true when it opens. */
static bool
opens(const char *directory)
{
    struct tr_table *table;
    struct tr_view *view;
    krb5_error_code ret;
    char *why = NULL;

    ret = tr_table_open(path_in(directory, "table"), TR_TABLE_READ, 0, &table,
                        &why);
    if (ret != 0) {
        assert_int_equal(ret, TRR_TABLE);
        assert_non_null(why);
        free(why);
        return false;
    }
    ret = tr_view_open(table, &view);
    if (ret == 0) {
        for (int type = TR_RECORD_REALM; type <= TR_RECORD_MAP; type++)
            assert_int_equal(tr_view_each(view, type, ignore, NULL), 0);
        tr_view_close(view);
    }
    tr_table_close(table);
    return ret == 0;
}

static void
a_file_cut_short_is_refused(void **state)
{
    const char *path;
    uint8_t *octets;
    size_t length, whole = 0;

    fill(*state);
    path = path_in(*state, "table/data.mdb");
    read_file(path, &octets, &length);
    assert_true(opens(*state));
    /* What a file of pages may lose is at most pages that are free. */
    for (size_t left = length; left > 0; left -= left > 16384 ? 4096 : 512) {
        path = path_in(*state, "table/data.mdb");
        write_file(path, octets, left - 1);
        whole += opens(*state);
    }
    assert_true(whole <= 1);
    path = path_in(*state, "table/data.mdb");
    write_file(path, octets, 8192);
    assert_unusable(*state, TR_TABLE_READ, "");
    assert_unusable(*state, TR_TABLE_WRITE, "");
    free(octets);
}

static void
a_damaged_file_never_crashes(void **state)
{
    uint8_t *octets;
    size_t length, at, refused = 0;
    uint32_t random = 1;

    fill(*state);
    read_file(path_in(*state, "table/data.mdb"), &octets, &length);
    for (int i = 0; i < 250; i++) {
        random = random * 1103515245 + 12345;
        /* The first octets of a page steer LMDB: prefer them. */
        at = random / 65536 * 4096 % length;
        at += i % 2 ? random / 7 % 48 : random / 7 % 4096;
        octets[at] ^= 1 << i % 8;
        write_file(path_in(*state, "table/data.mdb"), octets, length);
        refused += !opens(*state);
        octets[at] ^= 1 << i % 8;
    }
    assert_true(refused > 10);
    write_file(path_in(*state, "table/data.mdb"), octets, length);
    assert_true(opens(*state));
    free(octets);
}

static bool
opens_as(const char *directory, enum tr_table_access access)
{
    struct tr_table *table;
    krb5_error_code ret;

    ret = tr_table_open(path_in(directory, "table"), access, 0, &table, NULL);
    tr_table_close(table);
    return ret == 0;
}

/* What a reader takes without reading all of it is what a writer left, or
 * read all of. */
static void
a_file_is_trusted_as_its_writer_left_it(void **state)
{
    uint8_t *octets;
    size_t length;

    fill(*state);
    assert_true(opens_as(*state, TR_TABLE_READ_SOUND));
    read_file(path_in(*state, "table/data.mdb"), &octets, &length);
    write_file(path_in(*state, "table/data.mdb"), octets, length);
    free(octets);
    assert_unusable(*state, TR_TABLE_READ_SOUND, "not yet read");
    assert_true(opens_as(*state, TR_TABLE_READ));
    assert_false(opens_as(*state, TR_TABLE_READ_SOUND));
    assert_true(opens_as(*state, TR_TABLE_WRITE));
    assert_true(opens_as(*state, TR_TABLE_READ_SOUND));
    write_file(path_in(*state, "table/sound"), (const uint8_t *)"x", 1);
    assert_false(opens_as(*state, TR_TABLE_READ_SOUND));
}

/* Whoever crashes, perhaps by the table, makes the next one read it. */
static void
a_crash_casts_doubt_on_the_file(void **state)
{
    static const int ends[] = { SIGSEGV, SIGBUS, SIGABRT, SIGTERM };
    struct rlimit none = { 0, 0 };
    pid_t pid;

    fill(*state);
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        assert_true(opens_as(*state, TR_TABLE_WRITE));
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            (void)setrlimit(RLIMIT_CORE, &none);
            tr_table_guard(path_in(*state, "table"));
            (void)raise(ends[i]);
            (void)raise(ends[i]);
            _exit(1);
        }
        assert_int_equal(status_of(pid), 128 + ends[i]);
        assert_int_equal(opens_as(*state, TR_TABLE_READ_SOUND),
                         ends[i] == SIGTERM);
    }
}

/* A large change gives its memory back, by opening the file anew. */
static void
a_large_update_leaves_the_table_usable(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    struct tr_update *update;
    char key[16], text[128];

    for (int round = 0; round < 2; round++) {
        update = begin(table);
        for (int i = 0; i <= 10000; i++) {
            (void)snprintf(key, sizeof(key), "key %d", i);
            (void)snprintf(text, sizeof(text), "objectClass: trSystem\n"
                           "cn: s%d-%d\ntrPrincipal: s%d@R\n", i, round, i);
            assert_int_equal(put(update, key, text), 0);
        }
        assert_int_equal(tr_update_commit(update), 0);
        assert_int_equal(generation(table), round + 1);
    }
    assert_string_equal(system_of(table, "s10000-1"), "s10000-1");
    tr_table_close(table);
    assert_true(opens_as(*state, TR_TABLE_READ_SOUND));
}

/* Octets of a record that LMDB has no reason to look at. */
static void
a_changed_record_is_refused(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);

    put_one(table, "a", SYSTEM "trMembership: engineering low restricted\n");
    tr_table_close(table);
    damage(*state, "restricted", "restrictex");
    assert_unusable(*state, TR_TABLE_READ, "a record is damaged");
}

static void
other_files_are_no_tables(void **state)
{
    static uint8_t octets[65536];

    assert_int_equal(mkdir(path_in(*state, "table"), 0700), 0);
    write_file(path_in(*state, "table/data.mdb"), octets, sizeof(octets));
    assert_unusable(*state, TR_TABLE_READ, "");
    memset(octets, 'x', sizeof(octets));
    write_file(path_in(*state, "table/data.mdb"), octets, sizeof(octets));
    assert_unusable(*state, TR_TABLE_WRITE, "");
}

#define table_test(f) \
    cmocka_unit_test_setup_teardown(f, make_directory, remove_directory)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        table_test(readers_see_whole_updates),
        table_test(a_view_is_one_moment),
        table_test(a_killed_writer_leaves_the_table_whole),
        table_test(killed_readers_do_not_use_up_places),
        table_test(unusable_directories_are_told_apart),
        table_test(a_full_table_says_so),
        table_test(another_format_is_begun_again),
        table_test(a_file_cut_short_is_refused),
        table_test(a_damaged_file_never_crashes),
        table_test(a_file_is_trusted_as_its_writer_left_it),
        table_test(a_crash_casts_doubt_on_the_file),
        table_test(a_large_update_leaves_the_table_usable),
        table_test(a_changed_record_is_refused),
        table_test(other_files_are_no_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
