/* mech/der.c - one DER element at a time, strictly */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include "der.h"
#include "trustrealm_err.h"

/* Measure the header at the front of in and the content after it. */
static inline krb5_error_code
measure(const struct tr_der *in, size_t *header_out, size_t *content_out)
{
    size_t header = 2, content, i;

    if (in->length < header)
        return TRR_TRUNCATED;
    /* The tag goes on in the next octet (X.690 8.1.2.4). */
    if ((in->data[0] & 0x1f) == 0x1f)
        return TRR_MALFORMED;
    content = in->data[1];
    if (content >= 0x80) {
        /* So many octets hold it. */
        header += content - 0x80;
        if (header > in->length)
            return TRR_TRUNCATED;
        if (header > 2 + sizeof(content))
            return TRR_MALFORMED;
        for (content = 0, i = 2; i < header; i++)
            content = content << 8 | in->data[i];
        /* Indefinite (no octets), or in more than it takes. */
        if (content < 0x80 || in->data[2] == 0)
            return TRR_MALFORMED;
    }
    if (content > in->length - header)
        return TRR_TRUNCATED;
    *header_out = header;
    *content_out = content;
    return 0;
}

krb5_error_code
tr_der_take(struct tr_der *in, uint8_t identifier,
            struct tr_der *content_out)
{
    krb5_error_code ret;
    size_t header, content;

    ret = measure(in, &header, &content);
    if (ret)
        return ret;
    if (in->data[0] != identifier)
        return TRR_MALFORMED;
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
    size_t header, content;

    ret = measure(in, &header, &content);
    if (ret)
        return ret;
    element_out->data = in->data;
    element_out->length = header + content;
    in->data += header + content;
    in->length -= header + content;
    return 0;
}

/* Octets that a length takes after its first one. */
static size_t
more_octets(size_t length)
{
    size_t n = 0;

    if (length < 0x80)
        return 0;
    for (; length > 0; length >>= 8)
        n++;
    return n;
}

size_t
tr_der_size(size_t content_length)
{
    return 2 + more_octets(content_length) + content_length;
}

uint8_t *
tr_der_prepend(uint8_t *content, uint8_t identifier, size_t content_length)
{
    size_t left = content_length, more = more_octets(content_length), i;

    for (i = 0; i < more; i++, left >>= 8)
        *--content = left & 0xff;
    *--content = more > 0 ? 0x80 | more : content_length;
    *--content = identifier;
    return content;
}
