/* realmdb/label.h - security labels: text, canonical form, lattice, maps */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_LABEL_H
#define TR_LABEL_H

/*
 * A label is a classification level and a set of categories, written
 * LEVEL[:CATEGORY,CATEGORY...].  Names mean something only within a label
 * format (an encoding): each trust realm has one, each system has its own.
 * A struct tr_label is the canonical form: numbers in one encoding.  Compare
 * these, never the text.
 *
 * Everything here is pure: no I/O, no globals, safe in any thread.  Functions
 * return 0 or a code of trustrealm_err.et (or ENOMEM).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <krb5/krb5.h>
#include "limits.h"

struct tr_label {
    uint32_t level;                             /* rank, 0 is the lowest */
    uint64_t categories[TR_MAX_CATEGORIES / 64];
};

/* low <= high in the lattice; contains x when low <= x <= high. */
struct tr_range {
    struct tr_label low;
    struct tr_label high;
};

struct tr_encoding;             /* immutable after tr_encoding_finish() */

/*
 * Build an encoding: create, add names in any order, finish.  Numbers are the
 * administrator's (level: higher dominates; category: identifier only) and
 * must be unique, names too (case-insensitive ASCII [A-Za-z0-9._-], at most
 * TR_MAX_NAME).  tr_encoding_finish() sorts and refuses one with no level.
 * TRR_ENTRY for a name or number given twice and for no level, TRR_MALFORMED
 * for a name of other octets, TRR_TOO_LONG past a maximum.
 */
krb5_error_code tr_encoding_create(struct tr_encoding **enc_out);
krb5_error_code tr_encoding_add_level(struct tr_encoding *enc,
                                      uint32_t number, const char *name);
krb5_error_code tr_encoding_add_category(struct tr_encoding *enc,
                                         uint32_t number, const char *name);
krb5_error_code tr_encoding_finish(struct tr_encoding *enc);
void tr_encoding_free(struct tr_encoding *enc);

size_t tr_encoding_levels(const struct tr_encoding *enc);
size_t tr_encoding_categories(const struct tr_encoding *enc);
/* Name by rank or index, NULL when out of bounds; owned by enc. */
const char *tr_encoding_level_name(const struct tr_encoding *enc, size_t i);
const char *tr_encoding_category_name(const struct tr_encoding *enc,
                                      size_t i);

/* The lowest level and no category, in every encoding. */
extern const struct tr_label tr_label_lowest;

/* The label with the highest level and every category. */
void tr_label_highest(const struct tr_encoding *enc, struct tr_label *out);

/*
 * Parse text (NUL-terminated, at most TR_MAX_LABEL_TEXT octets).  Category
 * order and repetition do not matter.  TRR_LABEL_SYNTAX, _LEVEL, _CATEGORY,
 * TRR_TOO_LONG.
 */
krb5_error_code tr_label_parse(const struct tr_encoding *enc,
                               const char *text, struct tr_label *out);

/*
 * Write the canonical text into buf (TR_MAX_LABEL_TEXT + 1 octets suffice).
 * TRR_TOO_LONG when it does not fit.
 */
krb5_error_code tr_label_format(const struct tr_encoding *enc,
                                const struct tr_label *label,
                                char *buf, size_t size);

bool tr_label_equal(const struct tr_label *a, const struct tr_label *b);
/* a dominates b: level at least b's and every category of b. */
bool tr_label_dominates(const struct tr_label *a, const struct tr_label *b);
void tr_label_lub(const struct tr_label *a, const struct tr_label *b,
                  struct tr_label *out);
void tr_label_glb(const struct tr_label *a, const struct tr_label *b,
                  struct tr_label *out);

/* Parse both ends; TRR_RANGE when high does not dominate low. */
krb5_error_code tr_range_parse(const struct tr_encoding *enc,
                               const char *low, const char *high,
                               struct tr_range *out);
bool tr_range_contains(const struct tr_range *range,
                       const struct tr_label *label);
/* [lub of lows, glb of highs]; false (and *out undefined) when empty. */
bool tr_range_intersect(const struct tr_range *a, const struct tr_range *b,
                        struct tr_range *out);

/*
 * A map between two formats: pairs of level names and pairs of category
 * names, one to one, used in both directions.  Names without a pair have no
 * counterpart: TRR_LABEL_UNMAPPED, always (fail closed).  A map made by
 * tr_map_identity() pairs equal names (TRR_ENTRY when level names stand in
 * contrary order).  Both encodings are borrowed and must outlive the map.
 */
struct tr_map;
krb5_error_code tr_map_create(const struct tr_encoding *local,
                              const struct tr_encoding *realm,
                              struct tr_map **map_out);
krb5_error_code tr_map_identity(const struct tr_encoding *local,
                                const struct tr_encoding *realm,
                                struct tr_map **map_out);
/* A name may be paired once; TRR_LABEL_LEVEL/_CATEGORY for unknown names,
 * TRR_ENTRY for one paired twice or levels paired against their order. */
krb5_error_code tr_map_add_level(struct tr_map *map, const char *local,
                                 const char *realm);
krb5_error_code tr_map_add_category(struct tr_map *map, const char *local,
                                    const char *realm);
void tr_map_free(struct tr_map *map);

krb5_error_code tr_map_to_realm(const struct tr_map *map,
                                const struct tr_label *local,
                                struct tr_label *realm_out);
krb5_error_code tr_map_to_local(const struct tr_map *map,
                                const struct tr_label *realm,
                                struct tr_label *local_out);

/*
 * Convert the range of a process.  The ends are narrowed to what has a
 * counterpart: categories that do not map are dropped from the high end
 * (unmapped in the low end: TRR_LABEL_UNMAPPED), a high level that does not
 * map becomes the next lower one that does, a low level the next higher one.
 * The result never contains a label whose counterpart lies outside the
 * range given.  TRR_LABEL_UNMAPPED when nothing is left.
 */
krb5_error_code tr_map_range_to_realm(const struct tr_map *map,
                                      const struct tr_range *local,
                                      struct tr_range *realm_out);
krb5_error_code tr_map_range_to_local(const struct tr_map *map,
                                      const struct tr_range *realm,
                                      struct tr_range *local_out);

#endif
