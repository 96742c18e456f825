/* realmdb/map.c - label maps: between a local format and a trust realm's */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A map is a pair of arrays for levels and one for categories, one array for
 * each direction.  Paired levels stand in the same order at both sides, and
 * every name has at most one partner, so a label that converts keeps its
 * place among all others that convert: dominance is preserved both ways.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "encoding.h"
#include "trustrealm_err.h"

#define NONE UINT16_MAX

/* Partners of one side's names; NONE where there is none. */
struct half {
    size_t nlevels;
    size_t ncategories;
    uint16_t *levels;
    uint16_t *categories;
};

struct tr_map {
    const struct tr_encoding *local;
    const struct tr_encoding *realm;
    struct half to_realm;               /* indexed by local numbers */
    struct half to_local;               /* indexed by the realm's */
    uint16_t partners[];
};

krb5_error_code
tr_map_create(const struct tr_encoding *local, const struct tr_encoding *realm,
              struct tr_map **map_out)
{
    struct tr_map *map;
    size_t nl = tr_encoding_levels(local), nr = tr_encoding_levels(realm);
    size_t cl = tr_encoding_categories(local);
    size_t cr = tr_encoding_categories(realm);
    size_t total = nl + nr + cl + cr;

    *map_out = NULL;
    map = malloc(sizeof(*map) + total * sizeof(*map->partners));
    if (map == NULL)
        return ENOMEM;
    memset(map->partners, 0xff, total * sizeof(*map->partners));
    map->local = local;
    map->realm = realm;
    map->to_realm = (struct half){
        .nlevels = nl, .ncategories = cl,
        .levels = map->partners, .categories = map->partners + nl
    };
    map->to_local = (struct half){
        .nlevels = nr, .ncategories = cr,
        .levels = map->partners + nl + cl,
        .categories = map->partners + nl + cl + nr
    };
    *map_out = map;
    return 0;
}

void
tr_map_free(struct tr_map *map)
{
    free(map);
}

/* Would pairing local with realm keep the order of what is paired? */
static bool
keeps_order(const struct tr_map *map, uint32_t local, uint32_t realm)
{
    const struct half *half = &map->to_realm;
    size_t i;

    for (i = local; i-- > 0;) {
        if (half->levels[i] != NONE) {
            if (half->levels[i] > realm)
                return false;
            break;
        }
    }
    for (i = (size_t)local + 1; i < half->nlevels; i++) {
        if (half->levels[i] != NONE)
            return half->levels[i] > realm;
    }
    return true;
}

static krb5_error_code
pair_levels(struct tr_map *map, uint32_t local, uint32_t realm)
{
    if (map->to_realm.levels[local] != NONE ||
        map->to_local.levels[realm] != NONE ||
        !keeps_order(map, local, realm))
        return TRR_ENTRY;
    map->to_realm.levels[local] = realm;
    map->to_local.levels[realm] = local;
    return 0;
}

static krb5_error_code
pair_categories(struct tr_map *map, uint32_t local, uint32_t realm)
{
    if (map->to_realm.categories[local] != NONE ||
        map->to_local.categories[realm] != NONE)
        return TRR_ENTRY;
    map->to_realm.categories[local] = realm;
    map->to_local.categories[realm] = local;
    return 0;
}

krb5_error_code
tr_map_add_level(struct tr_map *map, const char *local, const char *realm)
{
    uint32_t l, r;

    if (!tr_encoding_find_level(map->local, local, strlen(local), &l) ||
        !tr_encoding_find_level(map->realm, realm, strlen(realm), &r))
        return TRR_LABEL_LEVEL;
    return pair_levels(map, l, r);
}

krb5_error_code
tr_map_add_category(struct tr_map *map, const char *local, const char *realm)
{
    uint32_t l, r;

    if (!tr_encoding_find_category(map->local, local, strlen(local), &l) ||
        !tr_encoding_find_category(map->realm, realm, strlen(realm), &r))
        return TRR_LABEL_CATEGORY;
    return pair_categories(map, l, r);
}

/* Fails, TRR_ENTRY, when equal level names stand in different order. */
krb5_error_code
tr_map_identity(const struct tr_encoding *local,
                const struct tr_encoding *realm, struct tr_map **map_out)
{
    krb5_error_code ret;
    struct tr_map *map = NULL;

    *map_out = NULL;
    ret = tr_map_create(local, realm, &map);
    if (ret == 0)
        ret = tr_encoding_match_levels(local, realm, pair_levels, map);
    if (ret == 0)
        ret = tr_encoding_match_categories(local, realm, pair_categories,
                                           map);
    if (ret)
        goto cleanup;
    *map_out = map;
    map = NULL;

cleanup:
    tr_map_free(map);
    return ret;
}

/* Add the partners of from's categories to *out.  False when one of them has
 * none; the others are added. */
static bool
convert_categories(const struct half *half, const struct tr_label *from,
                   struct tr_label *out)
{
    size_t i;
    uint16_t partner;
    bool all = true;

    for (i = tr_next_category(from->categories, 0); i < TR_MAX_CATEGORIES;
         i = tr_next_category(from->categories, i + 1)) {
        partner = i < half->ncategories ? half->categories[i] : NONE;
        if (partner == NONE)
            all = false;
        else
            out->categories[partner / 64] |= UINT64_C(1) << (partner % 64);
    }
    return all;
}

static krb5_error_code
convert(const struct half *half, const struct tr_label *from,
        struct tr_label *out)
{
    struct tr_label label = tr_label_lowest;

    if (from->level >= half->nlevels || half->levels[from->level] == NONE)
        return TRR_LABEL_UNMAPPED;
    label.level = half->levels[from->level];
    if (!convert_categories(half, from, &label))
        return TRR_LABEL_UNMAPPED;
    *out = label;
    return 0;
}

/*
 * Narrow, then convert.  The high end keeps only categories that have a
 * partner, so a label between the converted ends has none but partners of
 * categories of the range given.
 */
static krb5_error_code
convert_range(const struct half *half, const struct tr_range *from,
              struct tr_range *out)
{
    struct tr_label lowest = tr_label_lowest, highest = tr_label_lowest;
    size_t low = from->low.level, high = from->high.level;

    if (!tr_label_dominates(&from->high, &from->low))
        return TRR_RANGE;
    if (high >= half->nlevels)
        return TRR_LABEL_UNMAPPED;
    while (low <= high && half->levels[low] == NONE)
        low++;
    if (low > high)
        return TRR_LABEL_UNMAPPED;
    while (half->levels[high] == NONE)
        high--;
    lowest.level = half->levels[low];
    highest.level = half->levels[high];
    if (!convert_categories(half, &from->low, &lowest))
        return TRR_LABEL_UNMAPPED;
    (void)convert_categories(half, &from->high, &highest);
    out->low = lowest;
    out->high = highest;
    return 0;
}

krb5_error_code
tr_map_to_realm(const struct tr_map *map, const struct tr_label *local,
                struct tr_label *realm_out)
{
    return convert(&map->to_realm, local, realm_out);
}

krb5_error_code
tr_map_to_local(const struct tr_map *map, const struct tr_label *realm,
                struct tr_label *local_out)
{
    return convert(&map->to_local, realm, local_out);
}

krb5_error_code
tr_map_range_to_realm(const struct tr_map *map, const struct tr_range *local,
                      struct tr_range *realm_out)
{
    return convert_range(&map->to_realm, local, realm_out);
}

krb5_error_code
tr_map_range_to_local(const struct tr_map *map, const struct tr_range *realm,
                      struct tr_range *local_out)
{
    return convert_range(&map->to_local, realm, local_out);
}
