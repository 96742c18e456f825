/* realmdb/octets.h - read and build binary data, checked once at the end */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_OCTETS_H
#define TR_OCTETS_H

/*
 * A reader walks over octets that it does not own; a builder collects octets
 * in memory of its own.  The first error sticks: from then on reads answer
 * zero and additions do nothing, so a caller looks at the error once, before
 * it uses what it has.  Numbers are big-endian.
 */

#include <stddef.h>
#include <stdint.h>
#include <krb5/krb5.h>

struct tr_reader {
    const uint8_t *next;
    size_t left;
    krb5_error_code error;      /* TRR_TRUNCATED, or what the caller set */
};

void tr_reader_init(struct tr_reader *reader, const void *octets,
                    size_t length);
uint8_t tr_read_8(struct tr_reader *reader);
uint32_t tr_read_32(struct tr_reader *reader);
uint64_t tr_read_64(struct tr_reader *reader);
/* The next length octets, or NULL on error; they belong to the input. */
const uint8_t *tr_read_octets(struct tr_reader *reader, size_t length);
/* The sticky error; TRR_TRAILING when octets are left over. */
krb5_error_code tr_reader_end(const struct tr_reader *reader);
/* Make code the sticky error unless there is one already. */
void tr_reader_fail(struct tr_reader *reader, krb5_error_code code);

struct tr_builder {
    uint8_t *octets;
    size_t length;
    size_t room;
    size_t maximum;
    krb5_error_code error;      /* ENOMEM, or TRR_TOO_LONG past maximum */
};

void tr_builder_init(struct tr_builder *builder, size_t maximum);
void tr_add_8(struct tr_builder *builder, uint8_t number);
void tr_add_32(struct tr_builder *builder, uint32_t number);
void tr_add_64(struct tr_builder *builder, uint64_t number);
void tr_add_octets(struct tr_builder *builder, const void *octets,
                   size_t length);
/* Hand over what was built (malloced, never NULL), or the sticky error.  The
 * builder is empty afterwards, either way. */
krb5_error_code tr_builder_take(struct tr_builder *builder,
                                uint8_t **octets_out, size_t *length_out);
void tr_builder_free(struct tr_builder *builder);

/* FNV-1a, for looking things up and noticing damage; it stops no attacker. */
static inline uint64_t
tr_octets_hash(const void *octets, size_t length)
{
    const uint8_t *at = octets, *end = at + length;
    uint64_t hash = UINT64_C(14695981039346656037);

    while (at < end)
        hash = (hash ^ *at++) * UINT64_C(1099511628211);
    return hash;
}

#endif
