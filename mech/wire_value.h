/* mech/wire_value.h - what writing and reading of messages have in common */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_WIRE_VALUE_H
#define TR_WIRE_VALUE_H

#include "trustrealm_err.h"
#include "wire_table.h"

/* The members of the structure at base that a field stands for. */
#define MEMBER(type, field, base) \
    ((type *)((uint8_t *)(base) + (field)->offset))
#define CONST_MEMBER(type, field, base) \
    ((const type *)((const uint8_t *)(base) + (field)->offset))

/* The DER identifier of an element, by enum tr_wire_kind; 0: several. */
extern const uint8_t tr_wire_identifiers[];

/* The alternative that the structure at base holds and its tag, or NULL. */
const struct tr_wire_field *tr_wire_chosen(const struct tr_wire_field *choice,
                                           const void *base,
                                           unsigned int *tag_out);

/* max: octets, 0 for no limit of its own. */
static inline krb5_error_code
tr_wire_check_length(size_t length, size_t max)
{
    return length > (max > 0 ? max : TR_MAX_CALL) ? TRR_TOO_LONG : 0;
}

krb5_error_code tr_wire_check_text(const void *octets, size_t length,
                                   size_t max);

#endif
