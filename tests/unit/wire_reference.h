/* tests/unit/wire_reference.h - the module coded by libtasn1's own trees */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_WIRE_REFERENCE_H
#define TR_WIRE_REFERENCE_H

/*
 * A second codec, slow and independent: it knows mech/trustrealm.asn1 as
 * asn1Parser read it, and takes from the table only names and members.
 */

#include <stdbool.h>
#include "wire_table.h"

/* Encode the structure of layout; *out is malloced.  Aborts when the module
 * has no such type or field. */
void reference_encode(const struct tr_wire_layout *layout, const void *value,
                      uint8_t **out, size_t *length_out);

/* Does libtasn1, told to be strict, take octets for this type? */
bool reference_accepts(const struct tr_wire_layout *layout,
                       const uint8_t *octets, size_t length);

#endif
