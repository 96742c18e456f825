/* tests/unit/test_watch.c - what makes earlier decisions out of date */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "decide_table.h"
#include "watch.h"
#include "trustrealm_err.h"

/* The wall clock when a test begins: 2030-01-01 00:00:00 UTC. */
#define START 1893456000

#define REALM(name, doi, more) \
    "objectClass trTrustRealm\ncn " name "\ntrDOI " doi "\ntrPriority 1\n" \
    "trPolicy mls\ntrLevel 0 LOW\ntrLevel 1 HIGH\n" more
#define SYSTEM(name, more) \
    "objectClass trSystem\ncn " name "\n" \
    "trPrincipal trustrealm/" name "@R\n" more

static const char *const plain_entries[] = {
    REALM("one", "1", ""), REALM("two", "2", "trMaximumStaleness 100\n"),
    SYSTEM("a.example", "trMembership one LOW HIGH\n"), NULL
};

struct scene {
    struct tr_table *table;
    struct tr_watch *watch;
    struct tr_config config;
    struct tr_watch_time now;
};

static struct scene
open_scene(const char *const *entries, int64_t fresh)
{
    struct scene scene = {
        .config = { .maximum_staleness = 1000 },
        .now = { START, 500, 700 }
    };

    scene.table = make_table(entries, fresh);
    assert_int_equal(tr_watch_create(&scene.watch), 0);
    return scene;
}

static void
close_scene(struct scene *scene)
{
    tr_watch_free(scene->watch);
    remove_table(scene->table);
}

/* Look again after so many seconds on every clock. */
static bool
look_after(struct scene *scene, double seconds)
{
    scene->now.wall += seconds;
    scene->now.monotonic += seconds;
    scene->now.boot += seconds;
    return tr_watch_look(scene->watch, scene->table, &scene->config,
                         &scene->now);
}

static void
nothing_happens(void **state)
{
    struct scene scene = open_scene(plain_entries, START);
    int i;

    assert_true(look_after(&scene, 0));
    for (i = 0; i < 300; i++)
        assert_false(look_after(&scene, 0.25));
    close_scene(&scene);
}

static void
the_table_changes(void **state)
{
    struct scene scene = open_scene(plain_entries, START);

    assert_true(look_after(&scene, 0));
    put_entry(scene.table, SYSTEM("b.example", ""));
    assert_true(look_after(&scene, 0.25));
    assert_false(look_after(&scene, 0.25));
    close_scene(&scene);
}

static void
the_table_grows_old(void **state)
{
    struct scene scene = open_scene(plain_entries, START);
    const struct tr_watch_state *seen = tr_watch_state(scene.watch);

    assert_true(look_after(&scene, 0));
    assert_int_equal(seen->age, 0);
    assert_false(look_after(&scene, 100));
    assert_int_equal(seen->stale_realms, 0);
    /* For one trust realm first, then for all. */
    assert_true(look_after(&scene, 1));
    assert_int_equal(seen->stale_realms, 1);
    assert_false(seen->stale);
    assert_false(look_after(&scene, 899));
    assert_true(look_after(&scene, 1));
    assert_true(seen->stale);
    assert_int_equal(seen->stale_realms, 2);
    assert_int_equal(seen->age, 1001);
    close_scene(&scene);
}

static void
the_table_is_young_again(void **state)
{
    struct scene scene = open_scene(plain_entries, START - 5000);
    const struct tr_watch_state *seen = tr_watch_state(scene.watch);
    struct tr_update *update;

    assert_true(look_after(&scene, 0));
    assert_true(seen->stale);
    assert_false(look_after(&scene, 0.25));
    assert_int_equal(tr_update_begin(scene.table, &update), 0);
    assert_int_equal(tr_update_set_fresh(update, START, "test"), 0);
    assert_int_equal(tr_update_commit(update), 0);
    assert_true(look_after(&scene, 0.25));
    assert_false(seen->stale);
    close_scene(&scene);
}

static void
a_source_that_never_answered_is_stale(void **state)
{
    struct scene scene = open_scene(plain_entries, 0);

    assert_true(look_after(&scene, 0));
    assert_true(tr_watch_state(scene.watch)->stale);
    assert_int_equal(tr_watch_state(scene.watch)->age, -1);
    close_scene(&scene);
}

/* Something ends at 00:00:10, something else at 00:01:30, and no more. */
static void
assert_ends(struct scene *scene)
{
    assert_true(look_after(scene, 0));
    assert_false(look_after(scene, 9.9));
    assert_true(look_after(scene, 0.2));
    assert_false(look_after(scene, 79.8));
    assert_true(look_after(scene, 0.2));
    assert_false(look_after(scene, 100));
}

static void
a_membership_and_a_clearance_end(void **state)
{
    static const char *const entries[] = {
        REALM("one", "1", ""),
        SYSTEM("a.example", "trMembership one LOW HIGH 20300101000130Z\n"),
        SYSTEM("b.example", "trMembership one LOW HIGH 20200101000000Z\n"),
        "objectClass trSubject\ntrPrincipal u@R\n"
        "trClearance one LOW HIGH 20300101000010Z\n", NULL
    };
    struct scene scene = open_scene(entries, START);

    assert_ends(&scene);
    close_scene(&scene);
}

static void
restrictions_end_them_earlier(void **state)
{
    static const char *const entries[] = {
        REALM("one", "1", ""),
        SYSTEM("a.example", "trMembership one LOW HIGH\n"
               "trRestriction one LOW HIGH 20300101000010Z\n"),
        "objectClass trSubject\ntrPrincipal u@R\n"
        "trClearance one LOW HIGH 20310101000000Z\n"
        "trRestriction one LOW HIGH 20300101000130Z\n"
        "trRestriction none LOW HIGH 20300101000100Z\n", NULL
    };
    struct scene scene = open_scene(entries, START);

    assert_ends(&scene);
    close_scene(&scene);
}

static void
the_machine_was_asleep(void **state)
{
    struct scene scene = open_scene(plain_entries, START);

    assert_true(look_after(&scene, 0));
    scene.now.wall += 10;
    scene.now.boot += 10;
    assert_true(look_after(&scene, 0.25));
    assert_false(look_after(&scene, 0.25));
    close_scene(&scene);
}

static void
the_clock_is_set(void **state)
{
    struct scene scene = open_scene(plain_entries, START);

    assert_true(look_after(&scene, 0));
    scene.now.wall += 5;
    assert_true(look_after(&scene, 0.25));
    scene.now.wall -= 5;
    assert_true(look_after(&scene, 0.25));
    /* Adjusting it slowly is no jump. */
    scene.now.wall += 0.1;
    assert_false(look_after(&scene, 0.25));
    close_scene(&scene);
}

static void
the_clock_is_behind(void **state)
{
    struct scene scene = open_scene(plain_entries, START);
    const struct tr_watch_state *seen = tr_watch_state(scene.watch);

    scene.config.clock_skew = 300;
    assert_true(look_after(&scene, 0));
    assert_null(seen->behind_what);
    scene.now.floor = START + 300;
    assert_false(look_after(&scene, 0));
    scene.now.floor = START + 301;
    assert_true(look_after(&scene, 0));
    assert_int_equal(seen->behind, 301);
    assert_string_equal(seen->behind_what, "the latest time known");
    assert_true(look_after(&scene, 1));
    assert_int_equal(seen->behind, 0);
    assert_null(seen->behind_what);
    /* The table's time is known, too. */
    assert_true(look_after(&scene, -400));
    scene.now.floor = 0;
    assert_false(look_after(&scene, 0));
    assert_int_equal(seen->behind, 399);
    assert_string_equal(seen->behind_what, "the time of the table");
    close_scene(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_happens),
        cmocka_unit_test(the_table_changes),
        cmocka_unit_test(the_table_grows_old),
        cmocka_unit_test(the_table_is_young_again),
        cmocka_unit_test(a_source_that_never_answered_is_stale),
        cmocka_unit_test(a_membership_and_a_clearance_end),
        cmocka_unit_test(restrictions_end_them_earlier),
        cmocka_unit_test(the_machine_was_asleep),
        cmocka_unit_test(the_clock_is_set),
        cmocka_unit_test(the_clock_is_behind)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
