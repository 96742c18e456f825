/* tests/unit/test_replay.c - an association id is accepted once */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "replay.h"
#include "trustrealm_err.h"

#define START 1000000           /* the wall clock when a store begins */

static char scratch[] = "/tmp/trustrealm-unit-XXXXXX";
static char *path;              /* a new one for each test */
static struct tr_replay *replay;

static void
reopen(size_t max, int64_t now)
{
    tr_replay_close(replay);
    replay = NULL;
    assert_int_equal(tr_replay_open(path, max, now, &replay), 0);
}

/* Accept the id number, made at time, valid for 60 seconds. */
static krb5_error_code
consume(unsigned int number, int64_t time, int64_t now)
{
    uint8_t id[TR_ASSOCIATION_LENGTH] = { 0 };

    memcpy(id, &number, sizeof(number));
    return tr_replay_consume(replay, id, time, time + 60, now);
}

static void
an_id_is_accepted_once(void **state)
{
    reopen(0, START);
    assert_int_equal(consume(1, START + 1, START + 1), 0);
    assert_int_equal(consume(2, START + 1, START + 1), 0);
    assert_int_equal(consume(1, START + 1, START + 1), TRR_REPLAY);
    assert_int_equal(consume(1, START + 2, START + 60), TRR_REPLAY);
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
        if (tr_replay_open(path, 0, START, &replay) != 0 ||
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
    char boot[37] = "";
    uint8_t *file, *found;
    off_t size;
    int fd;

    fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, boot, sizeof(boot)), sizeof(boot));
    assert_int_equal(close(fd), 0);
    fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    size = lseek(fd, 0, SEEK_END);
    file = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(file != MAP_FAILED);
    found = memmem(file, size, boot, sizeof(boot));
    assert_non_null(found);
    found[0] ^= 1;
    assert_int_equal(munmap(file, size), 0);
    assert_int_equal(close(fd), 0);
}

static void
a_store_of_another_boot_begins_anew(void **state)
{
    reopen(0, START);
    assert_int_equal(consume(1, START + 1, START + 1), 0);
    tr_replay_close(replay);
    replay = NULL;
    claim_another_boot();
    reopen(0, START + 10);
    assert_int_equal(consume(1, START + 1, START + 10), TRR_REPLAY);
    assert_int_equal(consume(2, START + 9, START + 10), TRR_REPLAY);
    assert_int_equal(consume(2, START + 10, START + 10), 0);
}

/* Overwritten from the front, and as long as before or not. */
static void
damage(bool cut)
{
    FILE *file;

    tr_replay_close(replay);
    replay = NULL;
    file = fopen(path, cut ? "we" : "r+e");
    assert_non_null(file);
    assert_int_equal(fwrite(path, 1, strlen(path), file), strlen(path));
    assert_int_equal(fclose(file), 0);
}

static void
a_damaged_store_begins_anew(void **state)
{
    int64_t now;

    reopen(0, START);
    assert_int_equal(consume(1, START + 1, START + 1), 0);
    for (now = START + 10; now <= START + 20; now += 10) {
        damage(now == START + 10);
        reopen(0, now);
        assert_int_equal(consume(1, START + 1, now), TRR_REPLAY);
        assert_int_equal(consume(2, now, now), 0);
        assert_int_equal(consume(2, now, now), TRR_REPLAY);
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
    assert_int_equal(consume(50, START + 61, START + 61), TRR_DAEMON_BUSY);
    assert_int_equal(consume(50, START + 62, START + 62), 0);
    assert_int_equal(consume(50, START + 62, START + 62), TRR_REPLAY);
}

static void
what_has_ended_is_forgotten(void **state)
{
    unsigned int i;

    reopen(100, START);
    for (i = 0; i < 2000; i++)
        assert_int_equal(consume(i, START + i, START + i), 0);
    assert_int_equal(consume(1999, START + 1999, START + 1999), TRR_REPLAY);
    assert_int_equal(consume(1945, START + 1999, START + 1999), TRR_REPLAY);
}

/* Of ids that came one a second, those of the last minute are known. */
static void
a_store_that_went_round_outlives_a_restart(void **state)
{
    unsigned int i;

    reopen(100, START);
    for (i = 0; i < 3100; i++)
        assert_int_equal(consume(i, START + i, START + i), 0);
    reopen(100, START + 3100);
    for (i = 3100 - 60; i < 3100; i++)
        assert_int_equal(consume(i, START + 3100, START + 3100), TRR_REPLAY);
    assert_int_equal(consume(3100, START + 3100, START + 3100), 0);
}

static int
set_up(void **state)
{
    static unsigned int number;

    return asprintf(&path, "%s/%u", scratch, number++) < 0;
}

static int
tear_down(void **state)
{
    tr_replay_close(replay);
    replay = NULL;
    free(path);
    return 0;
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
        TEST(a_damaged_store_begins_anew),
        TEST(a_full_store_refuses_and_recovers),
        TEST(what_has_ended_is_forgotten),
        TEST(a_store_that_went_round_outlives_a_restart)
    };

    return cmocka_run_group_tests(tests, group_set_up, group_tear_down);
}
