/* mech/plugin/union_token.c - the frame of exported contexts, credentials */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "trustrealm_err.h"
#include "union_token.h"

/* Take a length and as many octets off the front of *in. */
static krb5_error_code
take(gss_buffer_t in, gss_buffer_t out)
{
    uint8_t *at = in->value;
    uint32_t length;

    if (in->length < sizeof(length))
        return TRR_TRUNCATED;
    memcpy(&length, at, sizeof(length));
    length = ntohl(length);
    if (length > in->length - sizeof(length))
        return TRR_TRUNCATED;
    out->value = at + sizeof(length);
    out->length = length;
    in->value = at + sizeof(length) + length;
    in->length -= sizeof(length) + length;
    return 0;
}

krb5_error_code
tr_union_take(enum tr_union_kind kind, const gss_buffer_t octets,
              gss_buffer_t token_out)
{
    gss_buffer_desc rest = *octets, oid;
    krb5_error_code ret;

    ret = take(&rest, &oid);
    if (ret == 0 && kind == TR_UNION_CREDENTIAL) {
        ret = take(&rest, token_out);
        return ret == 0 && rest.length > 0 ? TRR_UNSUPPORTED : ret;
    }
    *token_out = rest;
    return ret;
}

static uint8_t *
put(uint8_t *out, const void *octets, size_t length)
{
    uint32_t size = htonl((uint32_t)length);

    memcpy(out, &size, sizeof(size));
    memcpy(out + sizeof(size), octets, length);
    return out + sizeof(size) + length;
}

krb5_error_code
tr_union_make(enum tr_union_kind kind, gss_const_OID oid,
              const gss_buffer_t token, gss_buffer_t octets_out)
{
    uint8_t *out;

    if (token->length > UINT32_MAX)
        return TRR_TOO_LONG;
    octets_out->length = 4 + oid->length + token->length +
        (kind == TR_UNION_CREDENTIAL ? 4 : 0);
    octets_out->value = out = malloc(octets_out->length);
    if (out == NULL)
        return ENOMEM;
    out = put(out, oid->elements, oid->length);
    if (kind == TR_UNION_CREDENTIAL)
        (void)put(out, token->value, token->length);
    else
        memcpy(out, token->value, token->length);
    return 0;
}
