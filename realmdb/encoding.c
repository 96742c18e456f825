/* realmdb/encoding.c - label formats: names of levels and categories */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Levels and categories are kept alike, each in a struct names: entries stay
 * where they were added, two indexes over them are kept sorted.  The place of
 * an entry in by_number is its rank: what a struct tr_label holds.  Both
 * indexes being sorted at all times, a name or number given twice is seen
 * when it is added, while the caller still knows which one it was.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "encoding.h"
#include "trustrealm_err.h"

const struct tr_label tr_label_lowest = { 0 };

struct entry {
    uint32_t number;
    uint16_t rank;
    char *name;                         /* as given, then NUL, then: */
    const char *key;                    /* in lower case */
};

struct names {
    struct entry *entries;
    uint16_t *by_number;
    uint16_t *by_name;
    size_t count;
    size_t room;
    size_t maximum;
};

struct tr_encoding {
    struct names levels;
    struct names categories;
    bool finished;
};

/* Copy name (length octets) in lower case and with a NUL to key; false when
 * it is no name or a longer one than there may be. */
static bool
make_key(const char *name, size_t length, char key[TR_MAX_NAME + 1])
{
    size_t i;

    if (length == 0 || length > TR_MAX_NAME)
        return false;
    for (i = 0; i < length; i++) {
        key[i] = tr_name_octet(name[i]);
        if (key[i] == '\0')
            return false;
    }
    key[length] = '\0';
    return true;
}

/* As strcmp() of name, in lower case, with key. */
static int
compare_name(const char *name, size_t length, const char *key)
{
    size_t i;
    char c;

    for (i = 0; i < length; i++) {
        c = tr_name_octet(name[i]);
        if (c != key[i] || c == '\0')
            return c - key[i];
    }
    return key[length] == '\0' ? 0 : -1;
}

/* Place of name in by_name: where it is (true) or where it belongs. */
static bool
find_name(const struct names *names, const char *name, size_t length,
          size_t *place_out)
{
    size_t low = 0, high = names->count, middle;
    int order;

    while (low < high) {
        middle = low + (high - low) / 2;
        order = compare_name(name, length,
                             names->entries[names->by_name[middle]].key);
        if (order == 0) {
            *place_out = middle;
            return true;
        }
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    *place_out = low;
    return false;
}

static bool
find_number(const struct names *names, uint32_t number, size_t *place_out)
{
    size_t low = 0, high = names->count, middle;
    uint32_t other;

    while (low < high) {
        middle = low + (high - low) / 2;
        other = names->entries[names->by_number[middle]].number;
        if (other == number) {
            *place_out = middle;
            return true;
        }
        if (number > other)
            low = middle + 1;
        else
            high = middle;
    }
    *place_out = low;
    return false;
}

static void
insert(uint16_t *index, size_t count, size_t place, uint16_t value)
{
    memmove(&index[place + 1], &index[place],
            (count - place) * sizeof(*index));
    index[place] = value;
}

/* Make room for one more; what grew before a failure stays valid. */
static krb5_error_code
grow(struct names *names)
{
    size_t room = names->room == 0 ? 8 : names->room * 2;
    void *p;

    if (names->count == names->maximum)
        return TRR_TOO_LONG;
    if (names->count < names->room)
        return 0;
    p = reallocarray(names->entries, room, sizeof(*names->entries));
    if (p == NULL)
        return ENOMEM;
    names->entries = p;
    p = reallocarray(names->by_number, room, sizeof(*names->by_number));
    if (p == NULL)
        return ENOMEM;
    names->by_number = p;
    p = reallocarray(names->by_name, room, sizeof(*names->by_name));
    if (p == NULL)
        return ENOMEM;
    names->by_name = p;
    names->room = room;
    return 0;
}

static krb5_error_code
add(struct names *names, uint32_t number, const char *name)
{
    krb5_error_code ret;
    struct entry *entry;
    size_t length, number_place, name_place;
    char key[TR_MAX_NAME + 1];

    if (name == NULL)
        return TRR_MALFORMED;
    length = strnlen(name, TR_MAX_NAME + 1);
    if (length > TR_MAX_NAME)
        return TRR_TOO_LONG;
    if (!make_key(name, length, key))
        return TRR_MALFORMED;
    if (find_number(names, number, &number_place) ||
        find_name(names, key, length, &name_place))
        return TRR_ENTRY;
    ret = grow(names);
    if (ret)
        return ret;
    entry = &names->entries[names->count];
    entry->name = malloc(2 * (length + 1));
    if (entry->name == NULL)
        return ENOMEM;
    memcpy(entry->name, name, length + 1);
    memcpy(entry->name + length + 1, key, length + 1);
    entry->key = entry->name + length + 1;
    entry->number = number;
    entry->rank = 0;
    insert(names->by_number, names->count, number_place, names->count);
    insert(names->by_name, names->count, name_place, names->count);
    names->count++;
    return 0;
}

static void
set_ranks(struct names *names)
{
    size_t i;

    for (i = 0; i < names->count; i++)
        names->entries[names->by_number[i]].rank = i;
}

static const char *
name_at(const struct names *names, size_t i)
{
    return i < names->count ? names->entries[names->by_number[i]].name : NULL;
}

static void
free_names(struct names *names)
{
    size_t i;

    for (i = 0; i < names->count; i++)
        free(names->entries[i].name);
    free(names->entries);
    free(names->by_number);
    free(names->by_name);
}

krb5_error_code
tr_encoding_create(struct tr_encoding **enc_out)
{
    struct tr_encoding *enc;

    *enc_out = NULL;
    enc = calloc(1, sizeof(*enc));
    if (enc == NULL)
        return ENOMEM;
    enc->levels.maximum = TR_MAX_LEVELS;
    enc->categories.maximum = TR_MAX_CATEGORIES;
    *enc_out = enc;
    return 0;
}

krb5_error_code
tr_encoding_add_level(struct tr_encoding *enc, uint32_t number,
                      const char *name)
{
    return enc->finished ? TRR_INTERNAL : add(&enc->levels, number, name);
}

krb5_error_code
tr_encoding_add_category(struct tr_encoding *enc, uint32_t number,
                         const char *name)
{
    return enc->finished ? TRR_INTERNAL : add(&enc->categories, number, name);
}

krb5_error_code
tr_encoding_finish(struct tr_encoding *enc)
{
    if (enc->levels.count == 0)
        return TRR_ENTRY;
    set_ranks(&enc->levels);
    set_ranks(&enc->categories);
    enc->finished = true;
    return 0;
}

void
tr_encoding_free(struct tr_encoding *enc)
{
    if (enc == NULL)
        return;
    free_names(&enc->levels);
    free_names(&enc->categories);
    free(enc);
}

size_t
tr_encoding_levels(const struct tr_encoding *enc)
{
    return enc->levels.count;
}

size_t
tr_encoding_categories(const struct tr_encoding *enc)
{
    return enc->categories.count;
}

const char *
tr_encoding_level_name(const struct tr_encoding *enc, size_t i)
{
    return name_at(&enc->levels, i);
}

const char *
tr_encoding_category_name(const struct tr_encoding *enc, size_t i)
{
    return name_at(&enc->categories, i);
}

static bool
find_rank(const struct tr_encoding *enc, const struct names *names,
          const char *name, size_t length, uint32_t *rank_out)
{
    size_t place;

    if (!enc->finished || !find_name(names, name, length, &place))
        return false;
    *rank_out = names->entries[names->by_name[place]].rank;
    return true;
}

bool
tr_encoding_find_level(const struct tr_encoding *enc, const char *name,
                       size_t length, uint32_t *rank_out)
{
    return find_rank(enc, &enc->levels, name, length, rank_out);
}

bool
tr_encoding_find_category(const struct tr_encoding *enc, const char *name,
                          size_t length, uint32_t *index_out)
{
    return find_rank(enc, &enc->categories, name, length, index_out);
}

/* One walk along both lists in the order of names. */
static krb5_error_code
match(const struct names *a, const struct names *b, tr_pair_names *pair,
      struct tr_map *map)
{
    krb5_error_code ret;
    const struct entry *x, *y;
    size_t i = 0, j = 0;
    int order;

    while (i < a->count && j < b->count) {
        x = &a->entries[a->by_name[i]];
        y = &b->entries[b->by_name[j]];
        order = strcmp(x->key, y->key);
        if (order == 0) {
            ret = pair(map, x->rank, y->rank);
            if (ret)
                return ret;
        }
        i += order <= 0;
        j += order >= 0;
    }
    return 0;
}

krb5_error_code
tr_encoding_match_levels(const struct tr_encoding *a,
                         const struct tr_encoding *b, tr_pair_names *pair,
                         struct tr_map *map)
{
    return a->finished && b->finished ?
        match(&a->levels, &b->levels, pair, map) : TRR_INTERNAL;
}

krb5_error_code
tr_encoding_match_categories(const struct tr_encoding *a,
                             const struct tr_encoding *b,
                             tr_pair_names *pair, struct tr_map *map)
{
    return a->finished && b->finished ?
        match(&a->categories, &b->categories, pair, map) : TRR_INTERNAL;
}
