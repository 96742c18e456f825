/* mech/der.h - one DER element at a time, strictly */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_DER_H
#define TR_DER_H

/*
 * Tokens and messages are read and written through these few functions, a thin
 * layer over libtasn1's own for tag and length.  Reading accepts only what DER
 * would write: one identifier octet, definite length, no octet more than the
 * length needs.
 */

#include <stddef.h>
#include <stdint.h>
#include <krb5/krb5.h>

/* Identifier octets (X.690 8.1.2). */
#define TR_DER_BOOLEAN          0x01
#define TR_DER_INTEGER          0x02
#define TR_DER_BIT_STRING       0x03
#define TR_DER_OCTET_STRING     0x04
#define TR_DER_NULL             0x05
#define TR_DER_OID              0x06
#define TR_DER_UTF8_STRING      0x0c
#define TR_DER_SEQUENCE         0x30
#define TR_DER_APPLICATION(n)   (0x60 | (n))    /* constructed, n < 31 */
#define TR_DER_CONTEXT(n)       (0xa0 | (n))    /* constructed, n < 31 */

/* Octets yet to be read, or the content of an element: borrowed. */
struct tr_der {
    const uint8_t *data;
    size_t length;
};

/*
 * Take the element with this identifier off the front of *in; *content_out
 * points into it.  TRR_TRUNCATED when it reaches beyond the end,
 * TRR_MALFORMED when it is another element or not DER; *in is then unchanged.
 */
krb5_error_code tr_der_take(struct tr_der *in, uint8_t identifier,
                            struct tr_der *content_out);

/* As tr_der_take(), with any identifier; *element_out is the whole element,
 * header included. */
krb5_error_code tr_der_take_any(struct tr_der *in,
                                struct tr_der *element_out);

/* Octets of an element with a content of this length. */
size_t tr_der_size(size_t content_length);

/* Write identifier and length before content; returns where they begin. */
uint8_t *tr_der_prepend(uint8_t *content, uint8_t identifier,
                        size_t content_length);

#endif
