/* tests/unit/test_map.c - label maps: fail closed, keep dominance */
/* SPDX-License-Identifier: BSD-2-Clause */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "encodings.h"
#include "trustrealm_err.h"

/* local name for realm name, unlike each other at every place */
static const char *const local_levels[] = { "low", "mid", "top" };
static const char *const realm_levels[] = { "one", "two", "three" };
static const char *const local_categories[] = { "hr", "fin" };
static const char *const realm_categories[] = { "K1", "K2" };
#define NONE 3                  /* no partner */

struct formats {
    struct tr_encoding *local, *realm;
};

static int
set_up(void **state)
{
    static struct formats formats;

    formats.local = make_encoding("low mid top", "hr fin");
    formats.realm = make_encoding("one two three", "K1 K2");
    *state = &formats;
    return 0;
}

static int
tear_down(void **state)
{
    struct formats *formats = *state;

    tr_encoding_free(formats->local);
    tr_encoding_free(formats->realm);
    return 0;
}

static struct tr_map *
make_map(const struct formats *formats)
{
    struct tr_map *map;

    assert_int_equal(tr_map_create(formats->local, formats->realm, &map), 0);
    return map;
}

static void
unmapped_fails_closed(void **state)
{
    const struct formats *f = *state;
    struct tr_map *map = make_map(f);
    struct tr_label label = parse(f->local, "low"), out, before;

    memset(&before, 0x5a, sizeof(before));
    out = before;
    assert_int_equal(tr_map_to_realm(map, &label, &out), TRR_LABEL_UNMAPPED);
    assert_int_equal(tr_map_add_level(map, "low", "one"), 0);
    assert_int_equal(tr_map_add_level(map, "mid", "three"), 0);
    assert_int_equal(tr_map_add_category(map, "hr", "K2"), 0);
    label = parse(f->local, "top");
    assert_int_equal(tr_map_to_realm(map, &label, &out), TRR_LABEL_UNMAPPED);
    label = parse(f->local, "mid:hr,fin");
    assert_int_equal(tr_map_to_realm(map, &label, &out), TRR_LABEL_UNMAPPED);
    label = parse(f->realm, "two");
    assert_int_equal(tr_map_to_local(map, &label, &out), TRR_LABEL_UNMAPPED);
    label = parse(f->realm, "three:K1,K2");
    assert_int_equal(tr_map_to_local(map, &label, &out), TRR_LABEL_UNMAPPED);
    assert_memory_equal(&out, &before, sizeof(out));
    label = parse(f->local, "mid:hr");
    assert_int_equal(tr_map_to_realm(map, &label, &out), 0);
    label = parse(f->realm, "three:K2");
    assert_true(tr_label_equal(&out, &label));
    tr_map_free(map);
    tr_map_free(NULL);
}

static void
foreign_numbers_fail_closed(void **state)
{
    const struct formats *f = *state;
    struct tr_map *map = make_map(f);
    struct tr_label label = parse(f->local, "low"), out;
    struct tr_range range, converted;

    assert_int_equal(tr_map_add_level(map, "low", "one"), 0);
    label.level = UINT32_MAX;
    assert_int_equal(tr_map_to_realm(map, &label, &out), TRR_LABEL_UNMAPPED);
    /* what stands right behind the levels: the first of the categories */
    assert_int_equal(tr_map_add_category(map, "hr", "K1"), 0);
    label.level = 3;
    assert_int_equal(tr_map_to_realm(map, &label, &out), TRR_LABEL_UNMAPPED);
    range.low = parse(f->local, "low");
    range.high = label;
    assert_int_equal(tr_map_range_to_realm(map, &range, &converted),
                     TRR_LABEL_UNMAPPED);
    range.high.level = UINT32_MAX;
    assert_int_equal(tr_map_range_to_realm(map, &range, &converted),
                     TRR_LABEL_UNMAPPED);
    label.level = 0;
    label.categories[0] = 1u << 2;
    assert_int_equal(tr_map_to_realm(map, &label, &out), TRR_LABEL_UNMAPPED);
    label.categories[TR_MAX_CATEGORIES / 64 - 1] = UINT64_C(1) << 63;
    assert_int_equal(tr_map_to_realm(map, &label, &out), TRR_LABEL_UNMAPPED);
    tr_map_free(map);
}

static void
pairs_are_checked(void **state)
{
    struct tr_map *map = make_map(*state);

    assert_int_equal(tr_map_add_level(map, "none", "one"), TRR_LABEL_LEVEL);
    assert_int_equal(tr_map_add_level(map, "low", "none"), TRR_LABEL_LEVEL);
    assert_int_equal(tr_map_add_level(map, "hr", "K1"), TRR_LABEL_LEVEL);
    assert_int_equal(tr_map_add_category(map, "none", "K1"),
                     TRR_LABEL_CATEGORY);
    assert_int_equal(tr_map_add_category(map, "hr", "none"),
                     TRR_LABEL_CATEGORY);
    assert_int_equal(tr_map_add_level(map, "MID", "Two"), 0);
    assert_int_equal(tr_map_add_level(map, "mid", "two"), TRR_ENTRY);
    assert_int_equal(tr_map_add_level(map, "mid", "three"), TRR_ENTRY);
    assert_int_equal(tr_map_add_level(map, "top", "two"), TRR_ENTRY);
    assert_int_equal(tr_map_add_level(map, "top", "one"), TRR_ENTRY);
    assert_int_equal(tr_map_add_level(map, "low", "three"), TRR_ENTRY);
    assert_int_equal(tr_map_add_category(map, "hr", "K2"), 0);
    assert_int_equal(tr_map_add_category(map, "hr", "K1"), TRR_ENTRY);
    assert_int_equal(tr_map_add_category(map, "fin", "K2"), TRR_ENTRY);
    assert_int_equal(tr_map_add_category(map, "fin", "K1"), 0);
    tr_map_free(map);
}

static void
identity_pairs_equal_names(void **state)
{
    struct tr_encoding *local = make_encoding("public secret", "hr crypto");
    struct tr_encoding *realm = make_encoding("PUBLIC extra Secret",
                                              "other HR");
    struct tr_encoding *contrary = make_encoding("secret public", "");
    struct tr_label label = parse(local, "secret:hr"), out, wanted;
    struct tr_map *map;

    assert_int_equal(tr_map_identity(local, realm, &map), 0);
    assert_int_equal(tr_map_to_realm(map, &label, &out), 0);
    wanted = parse(realm, "secret:hr");
    assert_true(tr_label_equal(&out, &wanted));
    label = parse(local, "secret:crypto");
    assert_int_equal(tr_map_to_realm(map, &label, &out), TRR_LABEL_UNMAPPED);
    label = parse(realm, "extra");
    assert_int_equal(tr_map_to_local(map, &label, &out), TRR_LABEL_UNMAPPED);
    tr_map_free(map);
    assert_int_equal(tr_map_identity(local, contrary, &map), TRR_ENTRY);
    assert_null(map);
    tr_encoding_free(local);
    tr_encoding_free(realm);
    tr_encoding_free(contrary);
}

static void
largest_formats_convert(void **state)
{
    struct tr_encoding *enc;
    struct tr_range all, out;
    struct tr_map *map;
    char name[8];

    assert_int_equal(tr_encoding_create(&enc), 0);
    for (uint32_t i = 0; i < TR_MAX_CATEGORIES; i++) {
        snprintf(name, sizeof(name), "n%u", (unsigned)i);
        if (i < TR_MAX_LEVELS)
            assert_int_equal(tr_encoding_add_level(enc, i, name), 0);
        assert_int_equal(tr_encoding_add_category(enc, i, name), 0);
    }
    assert_int_equal(tr_encoding_finish(enc), 0);
    assert_int_equal(tr_map_identity(enc, enc, &map), 0);
    all.low = tr_label_lowest;
    tr_label_highest(enc, &all.high);
    assert_int_equal(tr_map_range_to_realm(map, &all, &out), 0);
    assert_true(tr_label_equal(&out.low, &all.low));
    assert_true(tr_label_equal(&out.high, &all.high));
    tr_map_free(map);
    tr_encoding_free(enc);
}

/* --- every map between the two small formats ----------------------------- */

typedef krb5_error_code convert_label(const struct tr_map *map,
                                      const struct tr_label *from,
                                      struct tr_label *out);
typedef krb5_error_code convert_range(const struct tr_map *map,
                                      const struct tr_range *from,
                                      struct tr_range *out);

/* Labels come back, and stand to each other as before. */
static void
check_dominance(const struct tr_map *map, const struct tr_encoding *enc,
                convert_label *there, convert_label *back)
{
    struct tr_label a, b, x, y;

    for (size_t i = 0; i < count_labels(enc); i++) {
        a = nth_label(enc, i);
        if (there(map, &a, &x) != 0)
            continue;
        assert_int_equal(back(map, &x, &b), 0);
        assert_true(tr_label_equal(&a, &b));
        for (size_t j = 0; j < count_labels(enc); j++) {
            b = nth_label(enc, j);
            if (there(map, &b, &y) == 0)
                assert_int_equal(tr_label_dominates(&a, &b),
                                 tr_label_dominates(&x, &y));
        }
    }
}

/* A range converts to what holds every counterpart of its labels, and no
 * label whose counterpart lies outside; to nothing if there are none. */
static void
check_range(const struct tr_map *map, const struct tr_encoding *from,
            const struct tr_encoding *to, const struct tr_range *range,
            convert_label *there, convert_label *back, convert_range *convert)
{
    struct tr_range out;
    struct tr_label label, other;
    krb5_error_code ret;
    size_t i;

    ret = convert(map, range, &out);
    if (ret)
        assert_int_equal(ret, TRR_LABEL_UNMAPPED);
    else
        assert_true(tr_label_dominates(&out.high, &out.low));
    for (i = 0; i < count_labels(from); i++) {
        label = nth_label(from, i);
        if (tr_range_contains(range, &label) &&
            there(map, &label, &other) == 0) {
            assert_int_equal(ret, 0);
            assert_true(tr_range_contains(&out, &other));
        }
    }
    for (i = 0; ret == 0 && i < count_labels(to); i++) {
        label = nth_label(to, i);
        if (tr_range_contains(&out, &label) &&
            back(map, &label, &other) == 0)
            assert_true(tr_range_contains(range, &other));
    }
}

static void
check_ranges(const struct tr_map *map, const struct tr_encoding *from,
             const struct tr_encoding *to, convert_label *there,
             convert_label *back, convert_range *convert)
{
    struct tr_range range, out;

    for (size_t i = 0; i < count_labels(from); i++) {
        for (size_t j = 0; j < count_labels(from); j++) {
            range.low = nth_label(from, i);
            range.high = nth_label(from, j);
            if (tr_label_dominates(&range.high, &range.low))
                check_range(map, from, to, &range, there, back, convert);
            else
                assert_int_equal(convert(map, &range, &out), TRR_RANGE);
        }
    }
}

/* May these partners of the three local levels be a map? */
static bool
is_order(const size_t levels[3])
{
    for (size_t i = 0; i < 3; i++) {
        for (size_t j = i + 1; j < 3; j++) {
            if (levels[i] != NONE && levels[j] != NONE &&
                levels[i] >= levels[j])
                return false;
        }
    }
    return true;
}

/* Add all pairs; NULL when the map refuses one. */
static struct tr_map *
pair_all(const struct formats *f, const size_t levels[3],
         const size_t categories[2])
{
    struct tr_map *map = make_map(f);
    krb5_error_code ret = 0;
    size_t i;

    for (i = 3; i-- > 0 && ret == 0;) {
        if (levels[i] != NONE)
            ret = tr_map_add_level(map, local_levels[i],
                                   realm_levels[levels[i]]);
    }
    for (i = 0; i < 2 && ret == 0; i++) {
        if (categories[i] != NONE)
            ret = tr_map_add_category(map, local_categories[i],
                                      realm_categories[categories[i]]);
    }
    if (ret == 0)
        return map;
    assert_int_equal(ret, TRR_ENTRY);
    tr_map_free(map);
    return NULL;
}

static void
every_map_keeps_dominance_and_never_widens(void **state)
{
    const struct formats *f = *state;
    struct tr_map *map;
    size_t n, maps = 0, levels[3], categories[2];

    for (n = 0; n < 4 * 4 * 4 * 4 * 4; n++) {
        levels[0] = n % 4;
        levels[1] = n / 4 % 4;
        levels[2] = n / 16 % 4;
        categories[0] = n / 64 % 4;
        categories[1] = n / 256;
        if (categories[0] == 2 || categories[1] == 2)
            continue;
        map = pair_all(f, levels, categories);
        assert_int_equal(map != NULL, is_order(levels) &&
                         (categories[0] == NONE ||
                          categories[0] != categories[1]));
        if (map == NULL)
            continue;
        maps++;
        check_dominance(map, f->local, tr_map_to_realm, tr_map_to_local);
        check_dominance(map, f->realm, tr_map_to_local, tr_map_to_realm);
        check_ranges(map, f->local, f->realm, tr_map_to_realm,
                     tr_map_to_local, tr_map_range_to_realm);
        check_ranges(map, f->realm, f->local, tr_map_to_local,
                     tr_map_to_realm, tr_map_range_to_local);
        tr_map_free(map);
    }
    /* 20 ways to pair levels in order, 7 to pair categories */
    assert_int_equal(maps, 20 * 7);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unmapped_fails_closed),
        cmocka_unit_test(foreign_numbers_fail_closed),
        cmocka_unit_test(pairs_are_checked),
        cmocka_unit_test(identity_pairs_equal_names),
        cmocka_unit_test(largest_formats_convert),
        cmocka_unit_test(every_map_keeps_dominance_and_never_widens)
    };

    return cmocka_run_group_tests_name("map", tests, set_up, tear_down);
}
