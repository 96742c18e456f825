/* tests/unit/wire_values.h - values of all types of messages, at random */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef WIRE_VALUES_H
#define WIRE_VALUES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "trustrealm_err.h"
#include "wire_reference.h"

#define OCTETS(s) (const uint8_t *)(s), sizeof(s) - 1
#define NTYPES (TR_WIRE_REPLY + 1)

union any {
    struct tr_trailer trailer;
    struct tr_reply_trailer reply_trailer;
    struct tr_environment environment;
    struct tr_acceptance acceptance;
    struct tr_association association;
    struct tr_call call;
    struct tr_reply reply;
};

/* How many alternatives a CHOICE has; of anything else there is one. */
size_t alternatives(const struct tr_wire_layout *layout);
/* A value of the type and its encoding, which is malloced; the same ones in
 * every run. */
uint8_t *sample(enum tr_wire_type type, size_t alternative, union any *value,
                size_t *length_out);
/* Is field the same in a and b? */
bool same(const struct tr_wire_field *field, const void *a, const void *b);
bool all_zero(const void *value, size_t size);
/* Decode a copy that ends where its heap block ends, for the sanitizers; on
 * error the value must be zero. */
krb5_error_code decode(enum tr_wire_type type, const uint8_t *octets,
                       size_t length, void *value);
void assert_decodes(krb5_error_code expected, enum tr_wire_type type,
                    const uint8_t *octets, size_t length);

#endif
