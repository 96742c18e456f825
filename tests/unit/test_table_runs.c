/* tests/unit/test_table_runs.c - sorted runs of items, merged */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <dirent.h>
#include "table_dir.h"
#include "table_items.h"

#define RUNS 7

static void
add(struct tr_items *items, enum tr_db db, const char *name, const char *value)
{
    const struct tr_item item = {
        db, { strlen(name), (void *)name }, { strlen(value), (void *)value }
    };

    assert_int_equal(tr_items_add(items, &item), 0);
}

/* One run for each text, of which each octet is a name. */
static struct tr_runs *
make_runs(const char *directory, const char *const *texts, size_t n)
{
    struct tr_runs *runs;
    struct tr_items items = { 0 };
    char name[2] = "";

    assert_int_equal(tr_runs_create(directory, &runs), 0);
    for (size_t i = 0; i < n; i++) {
        for (const char *c = texts[i]; *c != '\0'; c++) {
            name[0] = *c;
            add(&items, TR_DB_HOST, name, "value");
        }
        assert_int_equal(tr_runs_add(runs, &items), 0);
        assert_int_equal(items.count, 0);
    }
    assert_int_equal(tr_runs_merge(runs), 0);
    return runs;
}

static void
assert_merged(const char *directory, const char *const *texts, size_t n,
              const char *expected)
{
    struct tr_runs *runs = make_runs(directory, texts, n);
    struct tr_item item;
    char merged[64] = "";
    size_t length = 0;

    while (tr_runs_next(runs, &item)) {
        assert_int_equal(item.db, TR_DB_HOST);
        assert_int_equal(item.name.mv_size, 1);
        assert_int_equal(item.value.mv_size, 5);
        assert_memory_equal(item.value.mv_data, "value", 5);
        assert_in_range(length, 0, sizeof(merged) - 2);
        merged[length++] = *(const char *)item.name.mv_data;
    }
    assert_string_equal(merged, expected);
    assert_false(tr_runs_next(runs, &item));
    tr_runs_free(runs);
}

/* --- tests --------------------------------------------------------------- */

static void
many_runs_come_back_in_order(void **state)
{
    static const char *const texts[RUNS] = {
        "pgx", "od", "nbq", "m", "czl", "ksr", "ahj"
    };

    assert_merged(*state, texts, RUNS, "abcdghjklmnopqrsxz");
}

static void
equal_items_all_come_back(void **state)
{
    static const char *const texts[RUNS] = {
        "bca", "bb", "a", "dcb", "cc", "ab", "d"
    };

    assert_merged(*state, texts, RUNS, "aaabbbbbccccdd");
}

/* Whichever ends first. */
static void
each_number_of_runs_comes_back_in_order(void **state)
{
    static const char *const texts[RUNS] = {
        "gn", "fm", "el", "dk", "cj", "bi", "ah"
    };
    static const char *const expected[RUNS] = {
        "gn", "fgmn", "efglmn", "defgklmn", "cdefgjklmn", "bcdefgijklmn",
        "abcdefghijklmn"
    };

    for (size_t n = 1; n <= RUNS; n++)
        assert_merged(*state, texts, n, expected[n - 1]);
}

static void
databases_names_and_values_are_the_order(void **state)
{
    static const struct {
        enum tr_db db;
        const char *name, *value;
    } order[] = {
        { TR_DB_RECORD, "b", "1" }, { TR_DB_RECORD, "ba", "0" },
        { TR_DB_HOST, "a", "" }, { TR_DB_HOST, "a", "1" },
        { TR_DB_HOST, "a", "12" }, { TR_DB_HOST, "a", "2" },
        { TR_DB_MAP, "", "" },
    };
    struct tr_items items = { 0 };
    struct tr_runs *runs;
    struct tr_item item;
    size_t n = sizeof(order) / sizeof(*order), i;

    assert_int_equal(tr_runs_create(*state, &runs), 0);
    for (i = n; i-- > 0; ) {
        add(&items, order[i].db, order[i].name, order[i].value);
        assert_int_equal(tr_runs_add(runs, &items), 0);
    }
    assert_int_equal(tr_runs_merge(runs), 0);
    for (i = 0; i < n; i++) {
        assert_true(tr_runs_next(runs, &item));
        assert_int_equal(item.db, order[i].db);
        assert_int_equal(item.name.mv_size, strlen(order[i].name));
        assert_memory_equal(item.name.mv_data, order[i].name,
                            item.name.mv_size);
        assert_int_equal(item.value.mv_size, strlen(order[i].value));
        assert_memory_equal(item.value.mv_data, order[i].value,
                            item.value.mv_size);
    }
    assert_false(tr_runs_next(runs, &item));
    tr_runs_free(runs);
}

static void
runs_have_no_name(void **state)
{
    static const char *const texts[] = { "b", "a" };
    struct tr_runs *runs = make_runs(*state, texts, 2);
    struct dirent *entry;
    DIR *dir = opendir(*state);

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        assert_int_equal(*entry->d_name, '.');
    closedir(dir);
    tr_runs_free(runs);
}

#define runs_test(f) \
    cmocka_unit_test_setup_teardown(f, make_directory, remove_directory)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        runs_test(many_runs_come_back_in_order),
        runs_test(equal_items_all_come_back),
        runs_test(each_number_of_runs_comes_back_in_order),
        runs_test(databases_names_and_values_are_the_order),
        runs_test(runs_have_no_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
