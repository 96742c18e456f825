/* tests/unit/test_label.c - labels: text, canonical form, lattice, ranges */
/* SPDX-License-Identifier: BSD-2-Clause */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "encodings.h"
#include "trustrealm_err.h"

#define LEVELS "public internal secret"
#define CATEGORIES "hr finance crypto Zebra"

/* Run body for every label of enc, as x. */
#define EACH(enc, x, i) \
    for (size_t i = 0; i < count_labels(enc) && \
         (x = nth_label(enc, i), true); i++)

static void
dominance_is_a_partial_order(void **state)
{
    struct tr_encoding *enc = make_encoding(LEVELS, CATEGORIES);
    struct tr_label a, b, c;

    EACH(enc, a, i) {
        assert_true(tr_label_dominates(&a, &a));
        EACH(enc, b, j) {
            assert_int_equal(tr_label_equal(&a, &b), i == j);
            assert_int_equal(tr_label_dominates(&a, &b) &&
                             tr_label_dominates(&b, &a), i == j);
            if (!tr_label_dominates(&a, &b))
                continue;
            EACH(enc, c, k) {
                if (tr_label_dominates(&b, &c))
                    assert_true(tr_label_dominates(&a, &c));
            }
        }
    }
    tr_encoding_free(enc);
}

static void
dominance_needs_level_and_categories(void **state)
{
    struct tr_encoding *enc = make_encoding(LEVELS, CATEGORIES);
    struct tr_label secret = parse(enc, "secret");
    struct tr_label secret_hr = parse(enc, "secret:hr");
    struct tr_label internal_hr = parse(enc, "internal:hr");
    struct tr_label secret_finance = parse(enc, "secret:finance");

    assert_true(tr_label_dominates(&secret_hr, &secret));
    assert_false(tr_label_dominates(&secret, &secret_hr));
    assert_true(tr_label_dominates(&secret_hr, &internal_hr));
    assert_false(tr_label_dominates(&secret, &internal_hr));
    assert_false(tr_label_dominates(&internal_hr, &secret));
    assert_false(tr_label_dominates(&secret_hr, &secret_finance));
    assert_false(tr_label_dominates(&secret_finance, &secret_hr));
    tr_encoding_free(enc);
}

static void
bounds_are_least_and_greatest(void **state)
{
    struct tr_encoding *enc = make_encoding(LEVELS, "hr finance crypto");
    struct tr_label a, b, c, lub, glb;

    EACH(enc, a, i) EACH(enc, b, j) {
        tr_label_lub(&a, &b, &lub);
        tr_label_glb(&a, &b, &glb);
        assert_true(tr_label_dominates(&lub, &a));
        assert_true(tr_label_dominates(&lub, &b));
        assert_true(tr_label_dominates(&a, &glb));
        assert_true(tr_label_dominates(&b, &glb));
        EACH(enc, c, k) {
            if (tr_label_dominates(&c, &a) && tr_label_dominates(&c, &b))
                assert_true(tr_label_dominates(&c, &lub));
            if (tr_label_dominates(&a, &c) && tr_label_dominates(&b, &c))
                assert_true(tr_label_dominates(&glb, &c));
        }
    }
    tr_encoding_free(enc);
}

static void
lowest_and_highest_bound_all(void **state)
{
    struct tr_encoding *enc = make_encoding(LEVELS, CATEGORIES);
    struct tr_label low = tr_label_lowest, high, a;

    tr_label_highest(enc, &high);
    EACH(enc, a, i) {
        assert_true(tr_label_dominates(&a, &low));
        assert_true(tr_label_dominates(&high, &a));
    }
    a = nth_label(enc, count_labels(enc) - 1);
    assert_true(tr_label_equal(&high, &a));
    tr_encoding_free(enc);
}

static void
text_comes_back(void **state)
{
    struct tr_encoding *enc = make_encoding(LEVELS, CATEGORIES);
    char text[TR_MAX_LABEL_TEXT + 1], again[TR_MAX_LABEL_TEXT + 1];
    struct tr_label a, b;

    EACH(enc, a, i) {
        assert_int_equal(tr_label_format(enc, &a, text, sizeof(text)), 0);
        b = parse(enc, text);
        assert_true(tr_label_equal(&a, &b));
        assert_int_equal(tr_label_format(enc, &b, again, sizeof(again)), 0);
        assert_string_equal(text, again);
    }
    tr_encoding_free(enc);
}

static void
text_is_canonical(void **state)
{
    static const char *const same[] = {
        "secret:hr,crypto,Zebra", "secret:Zebra,crypto,hr",
        "SECRET:ZEBRA,HR,CRYPTO", "Secret:hr,hr,zebra,crypto,hr"
    };
    struct tr_encoding *enc = make_encoding(LEVELS, CATEGORIES);
    char text[TR_MAX_LABEL_TEXT + 1];
    struct tr_label label;

    for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
        label = parse(enc, same[i]);
        assert_int_equal(tr_label_format(enc, &label, text, sizeof(text)), 0);
        assert_string_equal(text, same[0]);
    }
    tr_encoding_free(enc);
}

static void
numbers_order_the_names(void **state)
{
    struct tr_encoding *enc;
    struct tr_label low, high;
    char text[64];

    assert_int_equal(tr_encoding_create(&enc), 0);
    assert_int_equal(tr_encoding_add_level(enc, UINT32_MAX, "a-top"), 0);
    assert_int_equal(tr_encoding_add_level(enc, 0, "z-bottom"), 0);
    assert_int_equal(tr_encoding_add_level(enc, 7, "middle"), 0);
    assert_int_equal(tr_encoding_add_category(enc, 1023, "a"), 0);
    assert_int_equal(tr_encoding_add_category(enc, 5, "b"), 0);
    assert_int_equal(tr_encoding_finish(enc), 0);
    assert_int_equal(tr_encoding_levels(enc), 3);
    assert_int_equal(tr_encoding_categories(enc), 2);
    assert_string_equal(tr_encoding_level_name(enc, 0), "z-bottom");
    assert_string_equal(tr_encoding_level_name(enc, 2), "a-top");
    assert_null(tr_encoding_level_name(enc, 3));
    assert_string_equal(tr_encoding_category_name(enc, 0), "b");
    assert_null(tr_encoding_category_name(enc, 2));
    low = parse(enc, "z-bottom:a,b");
    high = parse(enc, "a-top:a,b");
    assert_true(tr_label_dominates(&high, &low));
    assert_int_equal(tr_label_format(enc, &low, text, sizeof(text)), 0);
    assert_string_equal(text, "z-bottom:b,a");
    tr_encoding_free(enc);
}

static void
syntax_errors_are_named(void **state)
{
    static const struct { const char *text; krb5_error_code code; } cases[] = {
        { NULL, TRR_LABEL_SYNTAX },
        { "", TRR_LABEL_SYNTAX },
        { ":", TRR_LABEL_SYNTAX },
        { ":hr", TRR_LABEL_SYNTAX },
        { "secret:", TRR_LABEL_SYNTAX },
        { "secret:,hr", TRR_LABEL_SYNTAX },
        { "secret:hr,", TRR_LABEL_SYNTAX },
        { "secret:hr,,crypto", TRR_LABEL_SYNTAX },
        { "secret:hr:crypto", TRR_LABEL_SYNTAX },
        { "secret,hr", TRR_LABEL_SYNTAX },
        { "secret::hr", TRR_LABEL_SYNTAX },
        { " secret", TRR_LABEL_SYNTAX },
        { "secret ", TRR_LABEL_SYNTAX },
        { "secret: hr", TRR_LABEL_SYNTAX },
        { "secret:hr, crypto", TRR_LABEL_SYNTAX },
        { "secret\n", TRR_LABEL_SYNTAX },
        { "secret:hr;crypto", TRR_LABEL_SYNTAX },
        { "secr\xc3\xa9t", TRR_LABEL_SYNTAX },
        { "secret\x01", TRR_LABEL_SYNTAX },
        { "hr", TRR_LABEL_LEVEL },
        { "topsecret", TRR_LABEL_LEVEL },
        { "secre", TRR_LABEL_LEVEL },
        { "secrets", TRR_LABEL_LEVEL },
        { "none:nothing", TRR_LABEL_LEVEL },
        { "secret:internal", TRR_LABEL_CATEGORY },
        { "secret:hr,other", TRR_LABEL_CATEGORY },
        { "secret:h", TRR_LABEL_CATEGORY },
        { "secret:hrr", TRR_LABEL_CATEGORY }
    };
    struct tr_encoding *enc = make_encoding(LEVELS, CATEGORIES);
    struct tr_label label, before;

    memset(&before, 0x5a, sizeof(before));
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        label = before;
        if (tr_label_parse(enc, cases[i].text, &label) != cases[i].code)
            fail_msg("\"%s\"", cases[i].text);
        assert_memory_equal(&label, &before, sizeof(label));
    }
    tr_encoding_free(enc);
}

static void
formats_refuse_bad_names(void **state)
{
    static const struct { const char *name; krb5_error_code code; } cases[] = {
        { NULL, TRR_MALFORMED }, { "", TRR_MALFORMED },
        { "a b", TRR_MALFORMED }, { "a:b", TRR_MALFORMED },
        { "a,b", TRR_MALFORMED }, { "a=b", TRR_MALFORMED },
        { "a/b", TRR_MALFORMED }, { "\xc3\xa4", TRR_MALFORMED },
        { "taken", TRR_ENTRY }, { "TAKEN", TRR_ENTRY },
        { "A-Za-z0-9._-", 0 }
    };
    char longest[TR_MAX_NAME + 2];
    struct tr_encoding *enc;
    uint32_t number = 1;

    assert_int_equal(tr_encoding_create(&enc), 0);
    assert_int_equal(tr_encoding_finish(enc), TRR_ENTRY);
    assert_int_equal(tr_encoding_add_level(enc, 0, "taken"), 0);
    assert_int_equal(tr_encoding_add_category(enc, 0, "taken"), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        number++;
        assert_int_equal(tr_encoding_add_level(enc, number, cases[i].name),
                         cases[i].code);
        assert_int_equal(tr_encoding_add_category(enc, number, cases[i].name),
                         cases[i].code);
    }
    assert_int_equal(tr_encoding_add_level(enc, 0, "other"), TRR_ENTRY);
    assert_int_equal(tr_encoding_add_category(enc, 0, "other"), TRR_ENTRY);
    memset(longest, 'x', sizeof(longest));
    longest[TR_MAX_NAME + 1] = '\0';
    assert_int_equal(tr_encoding_add_level(enc, 99, longest), TRR_TOO_LONG);
    longest[TR_MAX_NAME] = '\0';
    assert_int_equal(tr_encoding_add_level(enc, 99, longest), 0);
    assert_int_equal(tr_encoding_finish(enc), 0);
    (void)parse(enc, longest);
    tr_encoding_free(enc);
}

static void
finished_formats_do_not_change(void **state)
{
    struct tr_encoding *enc;
    struct tr_label label;

    assert_int_equal(tr_encoding_create(&enc), 0);
    assert_int_equal(tr_encoding_add_level(enc, 0, "one"), 0);
    assert_int_equal(tr_label_parse(enc, "one", &label), TRR_LABEL_LEVEL);
    assert_int_equal(tr_encoding_finish(enc), 0);
    assert_int_equal(tr_label_parse(enc, "one", &label), 0);
    assert_int_equal(tr_encoding_add_level(enc, 1, "two"), TRR_INTERNAL);
    assert_int_equal(tr_encoding_add_category(enc, 1, "c"), TRR_INTERNAL);
    assert_int_equal(tr_label_parse(enc, "two", &label), TRR_LABEL_LEVEL);
    tr_encoding_free(enc);
    tr_encoding_free(NULL);
}

/* As many levels and categories as a format may have, names of two octets. */
static struct tr_encoding *
make_largest(void)
{
    static const char octets[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    struct tr_encoding *enc;
    char name[4] = "";
    size_t i;

    assert_int_equal(tr_encoding_create(&enc), 0);
    for (i = 0; i <= TR_MAX_LEVELS; i++) {
        snprintf(name, sizeof(name), "l%02x", (unsigned)(i & 0xff));
        assert_int_equal(tr_encoding_add_level(enc, (uint32_t)i,
                                               i < 256 ? name : "over"),
                         i < TR_MAX_LEVELS ? 0 : TRR_TOO_LONG);
    }
    for (i = 0; i <= TR_MAX_CATEGORIES; i++) {
        name[0] = octets[i / 36];
        name[1] = octets[i % 36];
        name[2] = '\0';
        assert_int_equal(tr_encoding_add_category(enc, (uint32_t)(5000 - i),
                                                  name),
                         i < TR_MAX_CATEGORIES ? 0 : TRR_TOO_LONG);
    }
    assert_int_equal(tr_encoding_finish(enc), 0);
    return enc;
}

static void
largest_format_works(void **state)
{
    struct tr_encoding *enc = make_largest();
    struct tr_label low = tr_label_lowest, high, label;
    char text[TR_MAX_LABEL_TEXT + 1];

    tr_label_highest(enc, &high);
    assert_true(tr_label_dominates(&high, &low));
    assert_int_equal(high.level, TR_MAX_LEVELS - 1);
    for (size_t i = 0; i < TR_MAX_CATEGORIES / 64; i++)
        assert_true(high.categories[i] == UINT64_MAX);
    assert_int_equal(tr_label_format(enc, &high, text, sizeof(text)), 0);
    label = parse(enc, text);
    assert_true(tr_label_equal(&label, &high));
    /* Each category is a bit of its own. */
    for (size_t i = 0; i < TR_MAX_CATEGORIES; i++) {
        snprintf(text, sizeof(text), "l00:%s",
                 tr_encoding_category_name(enc, i));
        label = parse(enc, text);
        assert_true(label.categories[i / 64] == UINT64_C(1) << (i % 64));
        assert_true(tr_label_dominates(&high, &label));
        assert_false(tr_label_dominates(&low, &label));
    }
    tr_encoding_free(enc);
}

static void
long_text_is_refused(void **state)
{
    struct tr_encoding *enc = make_encoding("l", "c");
    char text[TR_MAX_LABEL_TEXT + 2];
    struct tr_label label;

    /* "l:c,c,...", one octet short of the maximum, at it, above it */
    memset(text, 'c', sizeof(text));
    for (size_t i = 3; i < sizeof(text); i += 2)
        text[i] = ',';
    text[0] = 'l';
    text[1] = ':';
    text[TR_MAX_LABEL_TEXT - 1] = '\0';
    assert_int_equal(tr_label_parse(enc, text, &label), 0);
    text[TR_MAX_LABEL_TEXT - 1] = ',';
    text[TR_MAX_LABEL_TEXT] = '\0';
    assert_int_equal(tr_label_parse(enc, text, &label), TRR_LABEL_SYNTAX);
    text[TR_MAX_LABEL_TEXT] = 'c';
    text[TR_MAX_LABEL_TEXT + 1] = '\0';
    assert_int_equal(tr_label_parse(enc, text, &label), TRR_TOO_LONG);
    tr_encoding_free(enc);
}

static void
small_buffers_are_kept(void **state)
{
    struct tr_encoding *enc = make_encoding(LEVELS, CATEGORIES);
    struct tr_label label = parse(enc, "internal:hr,crypto");
    const size_t length = strlen("internal:hr,crypto");
    char *buf;

    for (size_t size = 0; size <= length + 1; size++) {
        /* Exactly as large: a sanitizer sees an octet too many. */
        buf = malloc(size > 0 ? size : 1);
        assert_non_null(buf);
        assert_int_equal(tr_label_format(enc, &label, buf, size),
                         size == length + 1 ? 0 : TRR_TOO_LONG);
        if (size > 0)
            assert_string_equal(buf, size == length + 1 ?
                                "internal:hr,crypto" : "");
        free(buf);
    }
    tr_encoding_free(enc);
}

static void
foreign_labels_have_no_text(void **state)
{
    struct tr_encoding *enc = make_encoding(LEVELS, CATEGORIES);
    struct tr_label label = parse(enc, "secret");
    char text[64];

    label.level = 3;
    assert_int_equal(tr_label_format(enc, &label, text, sizeof(text)),
                     TRR_LABEL_LEVEL);
    label.level = 2;
    label.categories[0] = 1u << 4;
    assert_int_equal(tr_label_format(enc, &label, text, sizeof(text)),
                     TRR_LABEL_CATEGORY);
    assert_string_equal(text, "");
    tr_encoding_free(enc);
}

static void
ranges_need_an_order(void **state)
{
    struct tr_encoding *enc = make_encoding(LEVELS, CATEGORIES);
    struct tr_range range;

    assert_int_equal(tr_range_parse(enc, "public", "secret:hr", &range), 0);
    assert_int_equal(tr_range_parse(enc, "secret:hr", "secret:hr", &range),
                     0);
    assert_int_equal(tr_range_parse(enc, "secret", "public", &range),
                     TRR_RANGE);
    assert_int_equal(tr_range_parse(enc, "public:hr", "secret", &range),
                     TRR_RANGE);
    assert_int_equal(tr_range_parse(enc, "x", "secret", &range),
                     TRR_LABEL_LEVEL);
    assert_int_equal(tr_range_parse(enc, "public", "secret:x", &range),
                     TRR_LABEL_CATEGORY);
    assert_int_equal(tr_range_parse(enc, "public", NULL, &range),
                     TRR_LABEL_SYNTAX);
    tr_encoding_free(enc);
}

/* An intersection holds exactly the labels that both ranges hold. */
static void
ranges_intersect_exactly(void **state)
{
    struct tr_encoding *enc = make_encoding("a b c", "x y");
    struct tr_range p, q, both;
    struct tr_label label;
    bool some;

    EACH(enc, p.low, i) EACH(enc, p.high, j) EACH(enc, q.low, k)
        EACH(enc, q.high, l) {
        if (!tr_label_dominates(&p.high, &p.low) ||
            !tr_label_dominates(&q.high, &q.low))
            continue;
        some = tr_range_intersect(&p, &q, &both);
        EACH(enc, label, m) {
            assert_int_equal(some && tr_range_contains(&both, &label),
                             tr_label_dominates(&label, &p.low) &&
                             tr_label_dominates(&p.high, &label) &&
                             tr_label_dominates(&label, &q.low) &&
                             tr_label_dominates(&q.high, &label));
        }
        if (some)
            assert_true(tr_range_contains(&both, &both.low));
    }
    tr_encoding_free(enc);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dominance_is_a_partial_order),
        cmocka_unit_test(dominance_needs_level_and_categories),
        cmocka_unit_test(bounds_are_least_and_greatest),
        cmocka_unit_test(lowest_and_highest_bound_all),
        cmocka_unit_test(text_comes_back),
        cmocka_unit_test(text_is_canonical),
        cmocka_unit_test(numbers_order_the_names),
        cmocka_unit_test(syntax_errors_are_named),
        cmocka_unit_test(formats_refuse_bad_names),
        cmocka_unit_test(finished_formats_do_not_change),
        cmocka_unit_test(largest_format_works),
        cmocka_unit_test(long_text_is_refused),
        cmocka_unit_test(small_buffers_are_kept),
        cmocka_unit_test(foreign_labels_have_no_text),
        cmocka_unit_test(ranges_need_an_order),
        cmocka_unit_test(ranges_intersect_exactly)
    };

    return cmocka_run_group_tests_name("label", tests, NULL, NULL);
}
