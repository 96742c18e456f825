/* tests/unit/encodings.h - label formats for tests */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_TEST_ENCODINGS_H
#define TR_TEST_ENCODINGS_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "label.h"

/* Words of text, separated by one blank: levels from lowest to highest,
 * categories in order.  Their numbers are 10, 20, ... */
static inline void
add_words(struct tr_encoding *enc, const char *words,
          krb5_error_code (*add)(struct tr_encoding *, uint32_t,
                                 const char *))
{
    char word[TR_MAX_NAME + 1];
    uint32_t number = 0;
    size_t length;

    while (*words != '\0') {
        length = strcspn(words, " ");
        assert_true(length < sizeof(word));
        memcpy(word, words, length);
        word[length] = '\0';
        assert_int_equal(add(enc, number += 10, word), 0);
        words += length + (words[length] == ' ');
    }
}

static inline struct tr_encoding *
make_encoding(const char *levels, const char *categories)
{
    struct tr_encoding *enc;

    assert_int_equal(tr_encoding_create(&enc), 0);
    add_words(enc, levels, tr_encoding_add_level);
    add_words(enc, categories, tr_encoding_add_category);
    assert_int_equal(tr_encoding_finish(enc), 0);
    return enc;
}

static inline struct tr_label
parse(const struct tr_encoding *enc, const char *text)
{
    struct tr_label label;

    assert_int_equal(tr_label_parse(enc, text, &label), 0);
    return label;
}

/* How many labels enc has, and the i-th of them; at most 64 categories. */
static inline size_t
count_labels(const struct tr_encoding *enc)
{
    return tr_encoding_levels(enc) << tr_encoding_categories(enc);
}

static inline struct tr_label
nth_label(const struct tr_encoding *enc, size_t i)
{
    struct tr_label label = tr_label_lowest;

    label.level = (uint32_t)(i >> tr_encoding_categories(enc));
    label.categories[0] = i & ((1u << tr_encoding_categories(enc)) - 1);
    return label;
}

#endif
