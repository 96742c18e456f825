/* tools/trustrealm/lint_maps.c - do label maps keep dominance? */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lint.h"
#include "order.h"
#include "trustrealm_err.h"

/*
 * Maps pair names one to one, so one alone can only go wrong by turning
 * levels round.  But a label can go out by one map and come back by others.
 * So all maps of the table are put together, with the orders that are known:
 * those of the trust realms, and that of the format of the system that is
 * configured.  order.h says what is then proven.
 */

/* --- names --------------------------------------------------------------- */

/* A name of a level or category of enc, or NULL. */
typedef const char *name_at(const struct tr_encoding *enc, size_t i);

static bool
has_name(const struct tr_encoding *enc, size_t count, name_at *at,
         const char *name)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (strcasecmp(at(enc, i), name) == 0)
            return true;
    }
    return false;
}

static void
judge_pairs(const struct lint *lint, const struct tr_map_record *map,
            const struct tr_encoding *local, const struct tr_encoding *realm,
            bool levels, const char *name)
{
    const struct tr_name_pair *pairs = levels ? map->levels : map->categories;
    size_t i, n = levels ? map->nlevels : map->ncategories;
    size_t (*count)(const struct tr_encoding *) = levels ?
        tr_encoding_levels : tr_encoding_categories;
    name_at *at = levels ? tr_encoding_level_name : tr_encoding_category_name;
    const char *what = levels ? "level" : "category";

    for (i = 0; i < n; i++) {
        if (!has_name(realm, count(realm), at, pairs[i].realm))
            lint_find(lint, "error", "map-name", "label map", name,
                      "%s has no %s %s", map->realm, what, pairs[i].realm);
        if (local != NULL &&
            !has_name(local, count(local), at, pairs[i].local))
            lint_find(lint, "warning", "map-name", "label map", name,
                      "this system has no %s %s", what, pairs[i].local);
    }
}

static krb5_error_code
judge_names(const struct tr_record *record, void *arg)
{
    const struct lint *lint = arg;
    const struct tr_config *config = lint->table->config;
    const struct tr_map_record *map = &record->u.map;
    const struct tr_encoding *local = NULL;
    const struct tr_realm *realm;
    char name[2 * TR_MAX_NAME + 3];

    snprintf(name, sizeof(name), "%s/%s", map->realm, map->format);
    if (tr_view_realm(lint->table->view, map->realm, &realm) != 0) {
        lint_find(lint, "error", "unknown-realm", "label map", name,
                  "there is no trust realm %s", map->realm);
        return 0;
    }
    if (config != NULL && strcasecmp(config->format, map->format) == 0)
        local = config->encoding;
    if (realm->error == 0) {
        judge_pairs(lint, map, local, realm->encoding, true, name);
        judge_pairs(lint, map, local, realm->encoding, false, name);
    }
    return 0;
}

/* --- the proof ----------------------------------------------------------- */

/* Levels of everything, or categories. */
struct proof {
    const struct lint *lint;
    struct order *order;
    bool levels;
    char **labels;              /* of spaces, owned */
    size_t nlabels;
    const char **formats;       /* their spaces follow those of realms */
    size_t nformats;
};

static size_t
add_space(struct proof *proof, const char *kind, const char *name,
          bool ordered)
{
    char *label = tool_format("%s %s", kind, name);

    proof->labels[proof->nlabels++] = label;
    return order_add_space(proof->order, label, ordered);
}

/* The names of an encoding, from the lowest. */
static void
add_names(struct proof *proof, size_t space, const struct tr_encoding *enc)
{
    size_t i, n = proof->levels ? tr_encoding_levels(enc) :
        tr_encoding_categories(enc);

    for (i = 0; i < n; i++)
        (void)order_add_name(proof->order, space, proof->levels ?
                             tr_encoding_level_name(enc, i) :
                             tr_encoding_category_name(enc, i));
}

/* Names of the configured format are those that it has; of others there are
 * those that maps name. */
static bool
is_own(const struct proof *proof, const char *format)
{
    const struct tr_config *config = proof->lint->table->config;

    return config != NULL && strcasecmp(config->format, format) == 0;
}

/* The space of a format; a new one has the names that are known of it. */
static size_t
find_format(struct proof *proof, const char *format)
{
    bool own = is_own(proof, format);
    size_t i, space, realms = tr_view_realms(proof->lint->table->view);

    for (i = 0; i < proof->nformats; i++) {
        if (strcasecmp(proof->formats[i], format) == 0)
            return realms + i;
    }
    proof->formats[proof->nformats++] = format;
    space = add_space(proof, "format", format, own && proof->levels);
    if (own)
        add_names(proof, space, proof->lint->table->config->encoding);
    return space;
}

/* Unknown names have been found as such. */
static void
add_map(struct proof *proof, size_t place, const struct tr_map_record *map)
{
    const struct tr_name_pair *pairs =
        proof->levels ? map->levels : map->categories;
    size_t i, n = proof->levels ? map->nlevels : map->ncategories;
    size_t space = find_format(proof, map->format), local, realm;

    for (i = 0; i < n; i++) {
        if (!order_find(proof->order, place, pairs[i].realm, &realm))
            continue;
        if (!is_own(proof, map->format))
            local = order_add_name(proof->order, space, pairs[i].local);
        else if (!order_find(proof->order, space, pairs[i].local, &local))
            continue;
        order_add_same(proof->order, local, realm, map);
    }
}

static krb5_error_code
add_next(const struct tr_record *record, void *arg)
{
    struct proof *proof = arg;
    const struct tr_view *view = proof->lint->table->view;
    const struct tr_map_record *map;
    const struct tr_realm *realm;

    if (tr_view_realm(view, record->u.map.realm, &realm) != 0 ||
        realm->error != 0)
        return 0;
    /* The view's own copy stays. */
    if (tr_view_map(view, record->u.map.realm, record->u.map.format,
                    &map) != 0)
        return TRR_TABLE;
    add_map(proof, (size_t)(realm - tr_view_realm_at(view, 0)), map);
    return 0;
}

/* Without a map, equal names are taken for each other. */
static void
add_equal_names(struct proof *proof, size_t place)
{
    const struct tr_view *view = proof->lint->table->view;
    const struct tr_encoding *enc = tr_view_realm_at(view, place)->encoding;
    const char *format = proof->lint->table->config->format, *name;
    const struct tr_map_record *map;
    size_t i, space, local, realm;

    if (tr_view_map(view, tr_view_realm_at(view, place)->record->name,
                    format, &map) == 0)
        return;
    space = find_format(proof, format);
    for (i = 0;; i++) {
        name = proof->levels ? tr_encoding_level_name(enc, i) :
            tr_encoding_category_name(enc, i);
        if (name == NULL)
            break;
        if (order_find(proof->order, place, name, &realm) &&
            order_find(proof->order, space, name, &local))
            order_add_same(proof->order, local, realm, NULL);
    }
}

static krb5_error_code
build(struct proof *proof)
{
    const struct tr_view *view = proof->lint->table->view;
    const struct tr_realm *realm;
    krb5_error_code ret;
    size_t i, space, n = tr_view_realms(view);

    for (i = 0; i < n; i++) {
        realm = tr_view_realm_at(view, i);
        space = add_space(proof, "trust realm", realm->record->name,
                          proof->levels);
        if (realm->error == 0)
            add_names(proof, space, realm->encoding);
    }
    ret = tr_view_each(view, TR_RECORD_MAP, add_next, proof);
    for (i = 0; proof->lint->table->config != NULL && i < n; i++) {
        if (tr_view_realm_at(view, i)->error == 0)
            add_equal_names(proof, i);
    }
    return ret;
}

static void
report(const struct order_contradiction *what, void *arg)
{
    const struct proof *proof = arg;
    const struct tr_map_record *map = what->why;
    char name[2 * TR_MAX_NAME + 3], wrong[2 * TR_MAX_NAME + 32];
    const char *kind = map != NULL ? "label map" : "configuration";

    if (map != NULL)
        snprintf(name, sizeof(name), "%s/%s", map->realm, map->format);
    if (what->ordered)
        snprintf(wrong, sizeof(wrong), "%s lies below %s", what->low,
                 what->high);
    else
        snprintf(wrong, sizeof(wrong), "%s and %s are two", what->high,
                 what->low);
    lint_find(proof->lint, "error", "map-order", kind, map != NULL ? name :
              proof->lint->table->config->path,
              "loses dominance: %s, yet %s", what->way, wrong);
}

static krb5_error_code
prove(const struct lint *lint, bool levels)
{
    struct proof proof = { .lint = lint, .levels = levels };
    size_t most = tr_view_realms(lint->table->view) +
        lint->table->info.maps + 1;
    krb5_error_code ret;

    proof.order = order_create();
    proof.labels = tool_must(calloc(most, sizeof(*proof.labels)));
    proof.formats = tool_must(calloc(most, sizeof(*proof.formats)));
    ret = build(&proof);
    if (ret == 0)
        order_judge(proof.order, report, &proof);
    order_free(proof.order);
    while (proof.nlabels > 0)
        free(proof.labels[--proof.nlabels]);
    free(proof.labels);
    free(proof.formats);
    return ret;
}

/* Once, in order. */
static krb5_error_code
note_format(const struct tr_record *record, void *arg)
{
    const char *format = record->u.map.format;
    json_t *formats = arg, *known;
    int order = 1;
    size_t i;

    json_array_foreach(formats, i, known) {
        order = strcasecmp(json_string_value(known), format);
        if (order >= 0)
            break;
    }
    return order != 0 && json_array_insert_new(
        formats, i, tool_json_text(format)) != 0 ? ENOMEM : 0;
}

json_t *
lint_maps_formats(const struct tool_table *table)
{
    json_t *formats = json_array(), *known;
    size_t i;

    (void)tr_view_each(table->view, TR_RECORD_MAP, note_format, formats);
    json_array_foreach(formats, i, known) {
        if (table->config != NULL && strcasecmp(json_string_value(known),
                                                table->config->format) == 0) {
            json_array_remove(formats, i);
            break;
        }
    }
    return formats;
}

krb5_error_code
lint_maps(const struct lint *lint)
{
    krb5_error_code ret;

    ret = tr_view_each(lint->table->view, TR_RECORD_MAP, judge_names,
                       (void *)lint);
    if (ret == 0)
        ret = prove(lint, true);
    return ret ? ret : prove(lint, false);
}
