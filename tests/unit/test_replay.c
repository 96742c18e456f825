/* tests/unit/test_replay.c - an association id is accepted once */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "replay.h"
#include "trustrealm_err.h"

#define START 1000000           /* the wall clock when a store begins */

static char scratch[] = "/tmp/trustrealm-unit-XXXXXX";
static char *directory;         /* a new one for each test */
static struct tr_replay *replay;

static int
set_up(void **state)
{
    static unsigned int number;

    return asprintf(&directory, "%s/%u", scratch, number++) < 0;
}

static int
tear_down(void **state)
{
    tr_replay_close(replay);
    replay = NULL;
    free(directory);
    return 0;
}

static void
reopen(size_t max, int64_t now)
{
    tr_replay_close(replay);
    replay = NULL;
    assert_int_equal(tr_replay_open(directory, max, now, &replay), 0);
}

/* Accept the id number, made at time, to be known for 60 seconds. */
static krb5_error_code
consume(unsigned int number, int64_t time, int64_t now)
{
    uint8_t id[TR_ASSOCIATION_LENGTH] = { 0 };

    memcpy(id, &number, sizeof(number));
    return tr_replay_consume(replay, id, time, 60, now);
}

static void
an_id_is_accepted_once(void **state)
{
    reopen(0, START);
    assert_int_equal(consume(1, START + 1, START + 1), 0);
    assert_int_equal(consume(2, START + 1, START + 1), 0);
    assert_int_equal(consume(1, START + 1, START + 1), TRR_REPLAY);
    assert_int_equal(consume(2, START + 1, START + 1), TRR_REPLAY);
    assert_int_equal(consume(3, START + 1, START + 1), 0);
}

static void
the_store_outlives_a_restart(void **state)
{
    reopen(0, START);
    assert_int_equal(consume(1, START + 1, START + 1), 0);
    reopen(0, START + 2);
    assert_int_equal(consume(1, START + 1, START + 2), TRR_REPLAY);
    /* And what was made before the restart can still be accepted. */
    assert_int_equal(consume(2, START + 1, START + 2), 0);
}

/* The clock runs ahead, and is put right: what ended meanwhile is forgotten,
 * and refused all the same, also after a restart. */
static void
a_clock_that_ran_ahead_gives_nothing_back(void **state)
{
    reopen(0, START);
    assert_int_equal(consume(1, START + 5, START + 5), 0);
    assert_int_equal(consume(2, START + 9000, START + 9000), 0);
    assert_int_equal(consume(1, START + 5, START + 6), TRR_REPLAY);
    reopen(0, START + 6);
    assert_int_equal(consume(1, START + 5, START + 6), TRR_REPLAY);
    /* Others, made since the last that was accepted, are not disturbed. */
    assert_int_equal(consume(3, START + 6, START + 6), 0);
}

/* Killed without a word, right after an id was accepted. */
static void
the_store_outlives_a_crash_of_the_daemon(void **state)
{
    pid_t child;
    int status;

    child = fork();
    if (child == 0) {
        if (tr_replay_open(directory, 0, START, &replay) != 0 ||
            consume(1, START + 1, START + 1) != 0)
            _exit(1);
        kill(getpid(), SIGKILL);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    reopen(0, START + 2);
    assert_int_equal(consume(1, START + 1, START + 2), TRR_REPLAY);
    assert_int_equal(consume(2, START + 1, START + 2), 0);
}

static void
what_was_made_before_the_store_is_refused(void **state)
{
    reopen(0, START);
    assert_int_equal(consume(1, START - 1, START + 1), TRR_REPLAY);
    assert_int_equal(consume(1, START, START + 1), 0);
}

/* As if the machine had been booted since. */
static void
claim_another_boot(void)
{
    char path[128];

    tr_replay_close(replay);
    replay = NULL;
    snprintf(path, sizeof(path), "%s/boot", directory);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("00000000-0000-4000-8000-000000000000", path), 0);
}

static void
a_store_of_another_boot_begins_anew(void **state)
{
    reopen(0, START);
    assert_int_equal(consume(1, START + 1, START + 1), 0);
    claim_another_boot();
    reopen(0, START + 10);
    assert_int_equal(consume(1, START + 1, START + 10), TRR_REPLAY);
    assert_int_equal(consume(2, START + 9, START + 10), TRR_REPLAY);
    assert_int_equal(consume(2, START + 10, START + 10), 0);
    reopen(0, START + 11);
    assert_int_equal(consume(2, START + 10, START + 11), TRR_REPLAY);
    assert_int_equal(consume(3, START + 10, START + 11), 0);
}

/* The machine went down before all pages were on the disk. */
static void
what_a_crash_of_the_machine_left_is_not_read(void **state)
{
    unsigned int i;
    char path[128];

    reopen(0, START);
    for (i = 0; i < 2000; i++)
        assert_int_equal(consume(i, START + 1, START + 1), 0);
    claim_another_boot();
    snprintf(path, sizeof(path), "%s/data.mdb", directory);
    assert_int_equal(truncate(path, 2 * sysconf(_SC_PAGESIZE)), 0);
    reopen(0, START + 10);
    assert_int_equal(consume(1, START + 1, START + 10), TRR_REPLAY);
    assert_int_equal(consume(1, START + 10, START + 10), 0);
}

/* What the clock of any peer may have said when it was accepted. */
#define AHEAD (TR_MAX_CLOCK_SKEW_S + 1)

static const char *
store_file(void)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/data.mdb", directory);
    return path;
}

/* Open it, as it is said to be lost. */
static void
expect_lost(int64_t now)
{
    reopen(0, now);
    assert_non_null(tr_replay_lost(replay));
    assert_int_equal(consume(1, START + 1, now), TRR_REPLAY);
    assert_int_equal(consume(2, now + AHEAD - 1, now), TRR_REPLAY);
    assert_int_equal(consume(2, now + AHEAD, now + AHEAD), 0);
    assert_int_equal(consume(2, now + AHEAD, now + AHEAD), TRR_REPLAY);
    reopen(0, now);
    assert_null(tr_replay_lost(replay));
    assert_int_equal(consume(2, now + AHEAD, now + AHEAD), TRR_REPLAY);
}

static void
fill(unsigned int n)
{
    unsigned int i;

    reopen(0, START);
    for (i = 0; i < n; i++)
        assert_int_equal(consume(i, START + 1, START + 1), 0);
    tr_replay_close(replay);
    replay = NULL;
}

static void
a_damaged_store_begins_anew(void **state)
{
    FILE *file;

    fill(1);
    file = fopen(store_file(), "we");
    assert_non_null(file);
    assert_int_equal(fwrite(directory, 1, strlen(directory), file),
                     strlen(directory));
    assert_int_equal(fclose(file), 0);
    expect_lost(START + 10);
}

static void
a_store_that_was_cut_short_begins_anew(void **state)
{
    fill(2000);
    assert_int_equal(truncate(store_file(), 2 * sysconf(_SC_PAGESIZE)), 0);
    expect_lost(START + 10);
}

static void
a_store_that_is_missing_begins_anew(void **state)
{
    fill(1);
    assert_int_equal(unlink(store_file()), 0);
    expect_lost(START + 10);
}

/* Give each copy of the key of the id, wherever it is, another length. */
static void
damage_key(unsigned int number)
{
    static const uint16_t wrong = 5;
    uint8_t octets[65536], key[sizeof(number) + 1] = { 0 }, *at = octets;
    ssize_t size;
    int fd = open(store_file(), O_RDWR | O_CLOEXEC);

    assert_true(fd >= 0);
    /* It ends with the id, after which there are zeros, and begins with the
     * time; before that is its length (MDB_node). */
    memcpy(key, &number, sizeof(number));
    size = pread(fd, octets, sizeof(octets), 0);
    while (size > 0 && (at = memmem(at, (size_t)(octets + size - at), key,
                                    sizeof(key))) != NULL) {
        assert_int_equal(pwrite(fd, &wrong, 2, at - octets - 10), 2);
        at++;
    }
    assert_int_equal(close(fd), 0);
}

static void
a_store_that_fails_in_use_says_so(void **state)
{
    reopen(0, START);
    assert_int_equal(consume(0xabcdef, START + 1, START + 1), 0);
    assert_false(tr_replay_failed(replay));
    damage_key(0xabcdef);
    assert_int_equal(consume(1, START + 2, START + 2), TRR_INTERNAL);
    assert_true(tr_replay_failed(replay));
    assert_int_equal(tr_replay_wait(replay, START + 2), 0);
    /* What is refused for another reason says nothing of it. */
    assert_int_equal(consume(1, START - 1, START + 2), TRR_REPLAY);
    assert_true(tr_replay_failed(replay));
    reopen(0, START + 2);
    assert_non_null(tr_replay_lost(replay));
    assert_false(tr_replay_failed(replay));
    assert_int_equal(tr_replay_wait(replay, START + 2), AHEAD);
    assert_int_equal(tr_replay_wait(replay, START + 2 + AHEAD), 0);
}

/* An id is gone: the others do not tell which one. */
static void
a_store_that_lacks_an_id_begins_anew(void **state)
{
    const long page = sysconf(_SC_PAGESIZE);
    uint8_t octets[16];
    int fd, i;

    fill(2000);
    fd = open(store_file(), O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    /* A leaf is a page with the flag 2; its list of nodes ends 2 octets
     * earlier (lmdb.h says nothing of that: MDB_page). */
    for (i = 2; pread(fd, octets, sizeof(octets), i * page) ==
         sizeof(octets); i++) {
        if (octets[10] == 2 && octets[12] > 20) {
            octets[12] -= 2;
            assert_int_equal(pwrite(fd, octets, sizeof(octets), i * page),
                             sizeof(octets));
        }
    }
    assert_int_equal(close(fd), 0);
    expect_lost(START + 10);
}

/* Octets anywhere: what comes of it is never a crash, in this process. */
static void
damage_never_crashes(void **state)
{
    unsigned int seed = 1, round, i;
    uint8_t octet;
    off_t size;
    int fd;

    for (round = 0; round < 60; round++) {
        fill(500);
        fd = open(store_file(), O_RDWR | O_CLOEXEC);
        assert_true(fd >= 0);
        size = lseek(fd, 0, SEEK_END);
        for (i = 0; i < 20; i++) {
            octet = (uint8_t)rand_r(&seed);
            assert_int_equal(pwrite(fd, &octet, 1, rand_r(&seed) % size), 1);
        }
        assert_int_equal(close(fd), 0);
        reopen(0, START + 10);
        for (i = 0; i < 500; i++)
            (void)consume(1000 + i, START + 10 + AHEAD, START + 10 + AHEAD);
        assert_int_equal(consume(1000, START + 10 + AHEAD,
                                 START + 10 + AHEAD), TRR_REPLAY);
        assert_int_equal(tear_down(state), 0);
        assert_int_equal(set_up(state), 0);
    }
}

static void
a_full_store_refuses_and_recovers(void **state)
{
    unsigned int i;

    reopen(50, START);
    for (i = 0; i < 50; i++)
        assert_int_equal(consume(i, START + 1, START + 1), 0);
    assert_int_equal(consume(50, START + 1, START + 1), TRR_DAEMON_BUSY);
    assert_int_equal(consume(7, START + 1, START + 1), TRR_DAEMON_BUSY);
    /* Valid to START + 61: after that there is room again. */
    assert_int_equal(consume(50, START + 1, START + 61), TRR_DAEMON_BUSY);
    assert_int_equal(consume(50, START + 62, START + 62), 0);
    assert_int_equal(consume(50, START + 62, START + 62), TRR_REPLAY);
}

/* Whoever fills the store keeps out only what is no younger. */
static void
a_full_store_has_room_for_what_is_new(void **state)
{
    unsigned int i;

    reopen(50, START);
    for (i = 0; i < 500; i++)
        assert_int_equal(consume(i, START + 1 + i / 10, START + 50), 0);
    for (i = 0; i < 500; i++)
        assert_int_equal(consume(i, START + 1 + i / 10, START + 50),
                         TRR_REPLAY);
    reopen(50, START + 50);
    for (i = 0; i < 500; i++)
        assert_int_equal(consume(i, START + 1 + i / 10, START + 50),
                         TRR_REPLAY);
    assert_int_equal(consume(500, START + 1, START + 50), TRR_REPLAY);
    assert_int_equal(consume(500, START + 51, START + 50), 0);
}

static void
what_has_ended_is_forgotten(void **state)
{
    unsigned int i;

    reopen(100, START);
    for (i = 0; i < 2000; i++)
        assert_int_equal(consume(i, START + i, START + i), 0);
    assert_int_equal(consume(1999, START + 1999, START + 1999), TRR_REPLAY);
    assert_int_equal(consume(1945, START + 1945, START + 1999), TRR_REPLAY);
}

static int
group_set_up(void **state)
{
    return mkdtemp(scratch) == NULL;
}

static int
group_tear_down(void **state)
{
    char command[128];

    snprintf(command, sizeof(command), "rm -rf %s", scratch);
    return system(command);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_id_is_accepted_once),
        TEST(the_store_outlives_a_restart),
        TEST(a_clock_that_ran_ahead_gives_nothing_back),
        TEST(the_store_outlives_a_crash_of_the_daemon),
        TEST(what_was_made_before_the_store_is_refused),
        TEST(a_store_of_another_boot_begins_anew),
        TEST(what_a_crash_of_the_machine_left_is_not_read),
        TEST(a_damaged_store_begins_anew),
        TEST(a_store_that_fails_in_use_says_so),
        TEST(a_store_that_was_cut_short_begins_anew),
        TEST(a_store_that_is_missing_begins_anew),
        TEST(a_store_that_lacks_an_id_begins_anew),
        TEST(damage_never_crashes),
        TEST(a_full_store_refuses_and_recovers),
        TEST(a_full_store_has_room_for_what_is_new),
        TEST(what_has_ended_is_forgotten)
    };

    return cmocka_run_group_tests(tests, group_set_up, group_tear_down);
}
