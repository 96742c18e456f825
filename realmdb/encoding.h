/* realmdb/encoding.h - find names in a label format (within realmdb only) */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_ENCODING_H
#define TR_ENCODING_H

#include "label.h"

/* The octet of a name, in lower case; NUL if names have no such octet.
 * Independent of the locale: a label means the same to every process. */
static inline char
tr_name_octet(char c)
{
    char letter = (char)(c | ('a' - 'A'));

    if (letter >= 'a' && letter <= 'z')
        return letter;
    return (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' ?
        c : '\0';
}

/* The first category of the set from i on; TR_MAX_CATEGORIES after the last
 * one.  Most words are empty. */
static inline size_t
tr_next_category(const uint64_t set[TR_MAX_CATEGORIES / 64], size_t i)
{
    const uint64_t *word = set + i / 64, *end = set + TR_MAX_CATEGORIES / 64;
    uint64_t rest;

    if (word == end)
        return TR_MAX_CATEGORIES;
    rest = *word & UINT64_MAX << i % 64;
    while (rest == 0) {
        if (++word == end)
            return TR_MAX_CATEGORIES;
        rest = *word;
    }
    return (size_t)(word - set) * 64 + (size_t)__builtin_ctzll(rest);
}

/*
 * Rank of the level, index of the category, called name (length octets, no
 * NUL needed); false when there is none or enc is not finished.
 */
bool tr_encoding_find_level(const struct tr_encoding *enc, const char *name,
                            size_t length, uint32_t *rank_out);
bool tr_encoding_find_category(const struct tr_encoding *enc,
                               const char *name, size_t length,
                               uint32_t *index_out);

/*
 * Call pair with both ranks (both indexes) of each name that a and b have,
 * until it returns an error, which is returned.
 */
typedef krb5_error_code tr_pair_names(struct tr_map *map, uint32_t in_a,
                                      uint32_t in_b);
krb5_error_code tr_encoding_match_levels(const struct tr_encoding *a,
                                         const struct tr_encoding *b,
                                         tr_pair_names *pair,
                                         struct tr_map *map);
krb5_error_code tr_encoding_match_categories(const struct tr_encoding *a,
                                             const struct tr_encoding *b,
                                             tr_pair_names *pair,
                                             struct tr_map *map);

#endif
