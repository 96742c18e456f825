/* mech/der.c - one DER element at a time, strictly */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <limits.h>
#include <libtasn1.h>
#include <stdbool.h>
#include <string.h>
#include "der.h"
#include "trustrealm_err.h"

/* Does the tag go on in the next octet (X.690 8.1.2.4)? */
static bool
is_long_tag(uint8_t identifier)
{
    return (identifier & 0x1f) == 0x1f;
}

/* Measure the header at the front of in and the content after it. */
static krb5_error_code
measure(const struct tr_der *in, uint8_t *identifier_out, size_t *header_out,
        size_t *content_out)
{
    unsigned char class, again[ASN1_MAX_LENGTH_SIZE];
    unsigned long tag;
    int tag_length, length_length, again_length;
    long content;

    if (in->length > INT_MAX)
        return TRR_TOO_LONG;
    if (in->length < 2)
        return TRR_TRUNCATED;
    if (in->data[1] < 0x80 && !is_long_tag(in->data[0])) {
        *identifier_out = in->data[0];
        *header_out = 2;
        *content_out = in->data[1];
        return *content_out <= in->length - 2 ? 0 : TRR_TRUNCATED;
    }
    /* A long form that is cut: libtasn1 would take it for 0. */
    if (in->data[1] > 0x80 && in->data[1] - 0x80u > in->length - 2)
        return TRR_TRUNCATED;
    if (asn1_get_tag_der(in->data, in->length, &class, &tag_length,
                         &tag) != ASN1_SUCCESS || tag_length != 1)
        return TRR_MALFORMED;
    content = asn1_get_length_der(in->data + 1, in->length - 1,
                                  &length_length);
    if (content == -4)
        return TRR_TRUNCATED;
    if (content < 0)
        return TRR_MALFORMED;
    /* libtasn1 does not mind leading zeros. */
    asn1_length_der(content, again, &again_length);
    if (again_length != length_length ||
        memcmp(again, in->data + 1, again_length) != 0)
        return TRR_MALFORMED;
    *identifier_out = in->data[0];
    *header_out = 1 + length_length;
    *content_out = content;
    return 0;
}

krb5_error_code
tr_der_take(struct tr_der *in, uint8_t identifier,
            struct tr_der *content_out)
{
    krb5_error_code ret;
    uint8_t found;
    size_t header = 2, content;

    if (in->length >= 2 && in->data[0] == identifier &&
        !is_long_tag(identifier) && in->data[1] < 0x80 &&
        in->data[1] <= in->length - 2) {
        /* Nearly all elements: there is only one way to write these. */
        content = in->data[1];
    } else {
        ret = measure(in, &found, &header, &content);
        if (ret)
            return ret;
        if (found != identifier)
            return TRR_MALFORMED;
    }
    content_out->data = in->data + header;
    content_out->length = content;
    in->data += header + content;
    in->length -= header + content;
    return 0;
}

krb5_error_code
tr_der_take_any(struct tr_der *in, struct tr_der *element_out)
{
    krb5_error_code ret;
    uint8_t identifier;
    size_t header, content;

    ret = measure(in, &identifier, &header, &content);
    if (ret)
        return ret;
    element_out->data = in->data;
    element_out->length = header + content;
    in->data += header + content;
    in->length -= header + content;
    return 0;
}

size_t
tr_der_size(size_t content_length)
{
    int length_length;

    asn1_length_der(content_length, NULL, &length_length);
    return 1 + length_length + content_length;
}

uint8_t *
tr_der_prepend(uint8_t *content, uint8_t identifier, size_t content_length)
{
    int length_length;

    if (content_length < 0x80) {
        *--content = (uint8_t)content_length;
    } else {
        asn1_length_der(content_length, NULL, &length_length);
        content -= length_length;
        asn1_length_der(content_length, content, &length_length);
    }
    *--content = identifier;
    return content;
}
