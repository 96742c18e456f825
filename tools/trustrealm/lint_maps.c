/* tools/trustrealm/lint_maps.c - do label maps keep dominance? */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lint.h"
#include "trustrealm_err.h"

/*
 * A map keeps dominance when it is one to one and no two levels change places
 * in it.  The order of a local format is known from the configuration of a
 * system that uses it; of any other format two maps can still contradict each
 * other.
 */

static void
name_map(const struct tr_map_record *map, char *out, size_t size)
{
    snprintf(out, size, "%s, %s", map->realm, map->format);
}

/* Rank of a level in enc; false when it has none of that name. */
static bool
rank_of(const struct tr_encoding *enc, const char *level, uint32_t *rank_out)
{
    struct tr_label label;

    if (strchr(level, ':') != NULL || tr_label_parse(enc, level, &label) != 0)
        return false;
    *rank_out = label.level;
    return true;
}

static bool
has_category(const struct tr_encoding *enc, const char *category)
{
    size_t i;

    for (i = 0; i < tr_encoding_categories(enc); i++) {
        if (strcasecmp(tr_encoding_category_name(enc, i), category) == 0)
            return true;
    }
    return false;
}

/* --- one map ------------------------------------------------------------- */

static void
judge_realm_names(const struct lint *lint, const struct tr_map_record *map,
                  const struct tr_encoding *enc, const char *name)
{
    uint32_t rank;
    size_t i;

    for (i = 0; i < map->nlevels; i++) {
        if (!rank_of(enc, map->levels[i].realm, &rank))
            lint_find(lint, "error", "map-name", "label map", name,
                      "%s has no level %s", map->realm, map->levels[i].realm);
    }
    for (i = 0; i < map->ncategories; i++) {
        if (!has_category(enc, map->categories[i].realm))
            lint_find(lint, "error", "map-name", "label map", name,
                      "%s has no category %s", map->realm,
                      map->categories[i].realm);
    }
}

static void
judge_local_names(const struct lint *lint, const struct tr_map_record *map,
                  const struct tr_encoding *enc, const char *name)
{
    uint32_t rank;
    size_t i;

    for (i = 0; i < map->nlevels; i++) {
        if (!rank_of(enc, map->levels[i].local, &rank))
            lint_find(lint, "warning", "map-name", "label map", name,
                      "this system has no level %s", map->levels[i].local);
    }
    for (i = 0; i < map->ncategories; i++) {
        if (!has_category(enc, map->categories[i].local))
            lint_find(lint, "warning", "map-name", "label map", name,
                      "this system has no category %s",
                      map->categories[i].local);
    }
}

/* Names paired twice: not one to one. */
static void
judge_pairs(const struct lint *lint, const struct tr_name_pair *pairs,
            size_t n, const char *what, const char *name)
{
    size_t i, j;

    for (i = 0; i < n; i++) {
        for (j = 0; j < i; j++) {
            if (strcasecmp(pairs[i].local, pairs[j].local) == 0)
                lint_find(lint, "error", "map-twice", "label map", name,
                          "%s %s has two counterparts", what,
                          pairs[i].local);
            if (strcasecmp(pairs[i].realm, pairs[j].realm) == 0)
                lint_find(lint, "error", "map-twice", "label map", name,
                          "%s %s of the trust realm has two counterparts",
                          what, pairs[i].realm);
        }
    }
}

/* Levels a and b of the map in the local format's order, by local; in the
 * trust realm's, by enc.  Unknown names are another finding. */
static void
judge_order(const struct lint *lint, const struct tr_map_record *map,
            const struct tr_encoding *local, const struct tr_encoding *enc,
            const char *name)
{
    const struct tr_name_pair *a, *b;
    uint32_t la, lb, ra, rb;

    for (a = map->levels; a < map->levels + map->nlevels; a++) {
        for (b = map->levels; b < map->levels + map->nlevels; b++) {
            if (rank_of(local, a->local, &la) && rank_of(enc, a->realm, &ra) &&
                rank_of(local, b->local, &lb) && rank_of(enc, b->realm, &rb) &&
                la < lb && ra > rb)
                lint_find(lint, "error", "map-order", "label map", name,
                          "loses order: %s lies below %s, but %s above %s",
                          a->local, b->local, a->realm, b->realm);
        }
    }
}

static void
judge_map(const struct lint *lint, const struct tr_map_record *map)
{
    const struct tr_config *config = lint->table->config;
    const struct tr_realm *realm;
    char name[2 * TR_MAX_NAME + 3];

    name_map(map, name, sizeof(name));
    judge_pairs(lint, map->levels, map->nlevels, "level", name);
    judge_pairs(lint, map->categories, map->ncategories, "category", name);
    if (tr_view_realm(lint->table->view, map->realm, &realm) != 0) {
        lint_find(lint, "error", "unknown-realm", "label map", name,
                  "there is no trust realm %s", map->realm);
        return;
    }
    if (realm->error != 0)
        return;
    judge_realm_names(lint, map, realm->encoding, name);
    if (config == NULL || strcasecmp(config->format, map->format) != 0)
        return;
    judge_local_names(lint, map, config->encoding, name);
    judge_order(lint, map, config->encoding, realm->encoding, name);
}

/* --- two maps of one format ---------------------------------------------- */

/* The trust realm's rank for a local level in a map. */
static bool
mapped_rank(const struct lint *lint, const struct tr_map_record *map,
            const char *local, uint32_t *rank_out)
{
    const struct tr_realm *realm;
    size_t i;

    if (tr_view_realm(lint->table->view, map->realm, &realm) != 0 ||
        realm->error != 0)
        return false;
    for (i = 0; i < map->nlevels; i++) {
        if (strcasecmp(map->levels[i].local, local) == 0)
            return rank_of(realm->encoding, map->levels[i].realm, rank_out);
    }
    return false;
}

static void
judge_two(const struct lint *lint, const struct tr_map_record *map,
          const struct tr_map_record *other)
{
    uint32_t a1, b1, a2, b2;
    char name[2 * TR_MAX_NAME + 3];
    size_t i, j;

    name_map(map, name, sizeof(name));
    for (i = 0; i < map->nlevels; i++) {
        for (j = 0; j < i; j++) {
            const char *a = map->levels[i].local, *b = map->levels[j].local;

            if (mapped_rank(lint, map, a, &a1) &&
                mapped_rank(lint, map, b, &b1) &&
                mapped_rank(lint, other, a, &a2) &&
                mapped_rank(lint, other, b, &b2) &&
                ((a1 < b1 && a2 > b2) || (a1 > b1 && a2 < b2)))
                lint_find(lint, "error", "map-order", "label map", name,
                          "contradicts the map to %s: %s and %s change "
                          "places", other->realm, a, b);
        }
    }
}

/* --- all of them --------------------------------------------------------- */

/* Judge a map, alone and against others of its format. */
static krb5_error_code
judge_next(const struct tr_record *record, void *arg)
{
    const struct lint *lint = arg;
    const struct tr_view *view = lint->table->view;
    const struct tr_map_record *map = &record->u.map, *other;
    const char *realm;
    size_t i;

    judge_map(lint, map);
    for (i = 0; i < tr_view_realms(view); i++) {
        realm = tr_view_realm_at(view, i)->record->name;
        /* Each two maps once. */
        if (strcasecmp(realm, map->realm) < 0 &&
            tr_view_map(view, realm, map->format, &other) == 0)
            judge_two(lint, map, other);
    }
    return 0;
}

krb5_error_code
lint_maps(const struct lint *lint)
{
    return tr_view_each(lint->table->view, TR_RECORD_MAP, judge_next,
                        (void *)lint);
}
