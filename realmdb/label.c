/* realmdb/label.c - labels: text, canonical form, lattice, ranges */
/* SPDX-License-Identifier: BSD-2-Clause */

#include <string.h>
#include "encoding.h"
#include "trustrealm_err.h"

#define WORDS (TR_MAX_CATEGORIES / 64)

void
tr_label_highest(const struct tr_encoding *enc, struct tr_label *out)
{
    size_t i, n = tr_encoding_categories(enc);

    *out = tr_label_lowest;
    if (tr_encoding_levels(enc) > 0)
        out->level = tr_encoding_levels(enc) - 1;
    for (i = 0; i < n; i++)
        out->categories[i / 64] |= UINT64_C(1) << (i % 64);
}

/* Step over the name at *text; TRR_LABEL_SYNTAX unless there is one and end,
 * or the end of the text, follows it. */
static krb5_error_code
take_name(const char **text, char end, const char **name_out,
          size_t *length_out)
{
    size_t length = 0;

    while (tr_name_octet((*text)[length]) != '\0')
        length++;
    if (length == 0 || length > TR_MAX_NAME)
        return TRR_LABEL_SYNTAX;
    if ((*text)[length] != end && (*text)[length] != '\0')
        return TRR_LABEL_SYNTAX;
    *name_out = *text;
    *length_out = length;
    *text += length;
    return 0;
}

krb5_error_code
tr_label_parse(const struct tr_encoding *enc, const char *text,
               struct tr_label *out)
{
    krb5_error_code ret;
    struct tr_label label = tr_label_lowest;
    const char *name;
    size_t length;
    uint32_t i;

    if (text == NULL)
        return TRR_LABEL_SYNTAX;
    if (strnlen(text, TR_MAX_LABEL_TEXT + 1) > TR_MAX_LABEL_TEXT)
        return TRR_TOO_LONG;
    ret = take_name(&text, ':', &name, &length);
    if (ret)
        return ret;
    if (!tr_encoding_find_level(enc, name, length, &label.level))
        return TRR_LABEL_LEVEL;
    while (*text != '\0') {
        text++;
        ret = take_name(&text, ',', &name, &length);
        if (ret)
            return ret;
        if (!tr_encoding_find_category(enc, name, length, &i))
            return TRR_LABEL_CATEGORY;
        label.categories[i / 64] |= UINT64_C(1) << (i % 64);
    }
    *out = label;
    return 0;
}

/* Append a separator (unless NUL) and name at *used; false when it, with a
 * NUL after it, does not fit. */
static bool
append(char *buf, size_t size, size_t *used, char separator, const char *name)
{
    size_t at = *used;

    if (separator != '\0' && at + 1 < size)
        buf[at++] = separator;
    for (; at < size; at++) {
        buf[at] = *name++;
        if (buf[at] == '\0') {
            *used = at;
            return true;
        }
    }
    return false;
}

krb5_error_code
tr_label_format(const struct tr_encoding *enc, const struct tr_label *label,
                char *buf, size_t size)
{
    const char *name;
    size_t used = 0, i;
    char separator = ':';

    if (size == 0)
        return TRR_TOO_LONG;
    buf[0] = '\0';
    name = tr_encoding_level_name(enc, label->level);
    if (name == NULL)
        return TRR_LABEL_LEVEL;
    if (!append(buf, size, &used, '\0', name))
        goto too_long;
    for (i = tr_next_category(label->categories, 0); i < TR_MAX_CATEGORIES;
         i = tr_next_category(label->categories, i + 1)) {
        name = tr_encoding_category_name(enc, i);
        if (name == NULL) {
            buf[0] = '\0';
            return TRR_LABEL_CATEGORY;
        }
        if (!append(buf, size, &used, separator, name))
            goto too_long;
        separator = ',';
    }
    return 0;

too_long:
    buf[0] = '\0';
    return TRR_TOO_LONG;
}

bool
tr_label_equal(const struct tr_label *a, const struct tr_label *b)
{
    return a->level == b->level &&
        memcmp(a->categories, b->categories, sizeof(a->categories)) == 0;
}

bool
tr_label_dominates(const struct tr_label *a, const struct tr_label *b)
{
    uint64_t missing = 0;
    size_t i;

    for (i = 0; i < WORDS; i++)
        missing |= b->categories[i] & ~a->categories[i];
    return a->level >= b->level && missing == 0;
}

void
tr_label_lub(const struct tr_label *a, const struct tr_label *b,
             struct tr_label *out)
{
    size_t i;

    out->level = a->level > b->level ? a->level : b->level;
    for (i = 0; i < WORDS; i++)
        out->categories[i] = a->categories[i] | b->categories[i];
}

void
tr_label_glb(const struct tr_label *a, const struct tr_label *b,
             struct tr_label *out)
{
    size_t i;

    out->level = a->level < b->level ? a->level : b->level;
    for (i = 0; i < WORDS; i++)
        out->categories[i] = a->categories[i] & b->categories[i];
}

krb5_error_code
tr_range_parse(const struct tr_encoding *enc, const char *low,
               const char *high, struct tr_range *out)
{
    krb5_error_code ret;
    struct tr_label lowest, highest;

    ret = tr_label_parse(enc, low, &lowest);
    if (ret)
        return ret;
    ret = tr_label_parse(enc, high, &highest);
    if (ret)
        return ret;
    if (!tr_label_dominates(&highest, &lowest))
        return TRR_RANGE;
    out->low = lowest;
    out->high = highest;
    return 0;
}

bool
tr_range_contains(const struct tr_range *range, const struct tr_label *label)
{
    return tr_label_dominates(label, &range->low) &&
        tr_label_dominates(&range->high, label);
}

bool
tr_range_intersect(const struct tr_range *a, const struct tr_range *b,
                   struct tr_range *out)
{
    tr_label_lub(&a->low, &b->low, &out->low);
    tr_label_glb(&a->high, &b->high, &out->high);
    return tr_label_dominates(&out->high, &out->low);
}
