/* mech/wire_table.h - how structures and the ASN.1 module belong together */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_WIRE_TABLE_H
#define TR_WIRE_TABLE_H

/*
 * The table that coding works by, made from the module.  That tags fields and
 * alternatives [0], [1], ... in order, so a field's tag is its place in the
 * list.  tests/unit/test_wire.c codes every type a second time, through
 * libtasn1's own trees of the module, and compares the octets.
 * (Those trees cost 6 to 25 us a message, this about 1 us; establishing a
 * context takes about twenty.)
 */

#include "wire.h"

enum tr_wire_kind {
    TR_WIRE_INTEGER,            /* int64_t */
    TR_WIRE_BOOLEAN,            /* bool */
    TR_WIRE_OCTETS,             /* struct tr_bytes */
    TR_WIRE_TEXT,               /* char *, UTF-8 without NUL */
    TR_WIRE_TEXTS,              /* struct tr_strings, a SEQUENCE OF */
    TR_WIRE_NULL,               /* no member */
    TR_WIRE_SEQUENCE,           /* fields of the same structure */
    TR_WIRE_CHOICE              /* enum of the alternative at offset */
};

struct tr_wire_field {
    const char *name;           /* of the member; the module's is its last
                                   part with - for _; NULL ends a list */
    enum tr_wire_kind kind;
    size_t offset;              /* of the member in the outermost structure */
    size_t max;                 /* octets of content, each text */
    const struct tr_wire_field *fields; /* of a SEQUENCE or CHOICE */
};

struct tr_wire_layout {
    struct tr_wire_field field; /* name: of the type; max: of the encoding */
    int application;            /* tag around it, or -1 */
    size_t size;                /* of the structure */
};

/* NULL for a number that is no enum tr_wire_type. */
const struct tr_wire_layout *tr_wire_layout(enum tr_wire_type type);

#endif
