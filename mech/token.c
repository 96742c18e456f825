/* mech/token.c - context tokens: find, add and remove the trailer */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "der.h"
#include "token.h"
#include "trustrealm_err.h"

#define TOKEN_ID_LENGTH 2

/* Token identifiers (RFC 4121 4.1) and the Kerberos message of each. */
static const struct {
    enum tr_token_kind kind;
    uint8_t id[TOKEN_ID_LENGTH];
    uint8_t identifier;
} kinds[] = {
    { TR_TOKEN_AP_REQ, { 0x01, 0x00 }, TR_DER_APPLICATION(14) },
    { TR_TOKEN_AP_REP, { 0x02, 0x00 }, TR_DER_APPLICATION(15) },
    { TR_TOKEN_ERROR,  { 0x03, 0x00 }, TR_DER_APPLICATION(30) }
};
#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Take the Kerberos message off rest; what is left is the trailer. */
static krb5_error_code
split(struct tr_der rest, enum tr_token_kind kind, struct tr_token *token)
{
    struct tr_der body;

    if (rest.length == 0 || rest.data[0] != kinds[kind].identifier ||
        tr_der_take_any(&rest, &body) != 0)
        return TRR_TOKEN;
    token->kind = kind;
    token->body = body.data;
    token->body_length = body.length;
    if (rest.length > 0) {
        token->trailer = rest.data;
        token->trailer_length = rest.length;
    }
    return 0;
}

/* Take apart what stands inside [APPLICATION 0]. */
static krb5_error_code
parse_framed(struct tr_der in, struct tr_token *token)
{
    struct tr_der frame, oid;
    size_t i;

    if (tr_der_take(&in, TR_DER_APPLICATION(0), &frame) != 0 ||
        in.length > 0 || tr_der_take(&frame, TR_DER_OID, &oid) != 0 ||
        oid.length == 0)
        return TRR_TOKEN;
    token->oid = oid.data;
    token->oid_length = oid.length;
    if (frame.length < TOKEN_ID_LENGTH)
        return 0;
    for (i = 0; i < NKINDS; i++) {
        if (memcmp(frame.data, kinds[i].id, TOKEN_ID_LENGTH) == 0) {
            frame.data += TOKEN_ID_LENGTH;
            frame.length -= TOKEN_ID_LENGTH;
            return split(frame, kinds[i].kind, token);
        }
    }
    return 0;
}

krb5_error_code
tr_token_parse(const void *octets, size_t length, struct tr_token *out)
{
    struct tr_der in = { octets, length };
    struct tr_token token = { .kind = TR_TOKEN_OTHER };
    krb5_error_code ret = 0;

    memset(out, 0, sizeof(*out));
    out->kind = TR_TOKEN_OTHER;
    if (length > 0 && in.data[0] == TR_DER_APPLICATION(0))
        ret = parse_framed(in, &token);
    else if (length > 0 && in.data[0] == TR_DER_APPLICATION(14))
        ret = split(in, TR_TOKEN_AP_REQ, &token);
    if (ret == 0)
        *out = token;
    return ret;
}

/* Write octets before end. */
static uint8_t *
put(uint8_t *end, const void *octets, size_t length)
{
    return length == 0 ? end : memcpy(end - length, octets, length);
}

krb5_error_code
tr_token_build(const struct tr_token *token, const void *oid,
               size_t oid_length, const void *trailer, size_t trailer_length,
               uint8_t **out, size_t *length_out)
{
    size_t content = token->body_length + trailer_length, total = content;
    uint8_t *buf, *at;

    if (token->kind == TR_TOKEN_OTHER)
        return TRR_TOKEN;
    if (oid_length > 0) {
        content += tr_der_size(oid_length) + TOKEN_ID_LENGTH;
        total = tr_der_size(content);
    }
    buf = malloc(total);
    if (buf == NULL)
        return ENOMEM;
    at = put(buf + total, trailer, trailer_length);
    at = put(at, token->body, token->body_length);
    if (oid_length > 0) {
        at = put(at, kinds[token->kind].id, TOKEN_ID_LENGTH);
        at = put(at, oid, oid_length);
        at = tr_der_prepend(at, TR_DER_OID, oid_length);
        tr_der_prepend(at, TR_DER_APPLICATION(0), content);
    }
    *out = buf;
    *length_out = total;
    return 0;
}

/* --- the ticket ---------------------------------------------------------- */

/* Flags are at least 32 bits, after the number of unused ones (RFC 4120
 * 5.2.8); use-session-key is bit 1. */
#define FLAGS_LENGTH 5
#define USE_SESSION_KEY 0x40

krb5_error_code
tr_ap_req_parse(const void *octets, size_t length, struct tr_ap_req *out)
{
    enum { PVNO, MSG_TYPE, AP_OPTIONS, TICKET, AUTHENTICATOR, NFIELDS };
    struct tr_der in = { octets, length }, message, fields, field[NFIELDS];
    struct tr_der flags, ticket;
    unsigned int i;

    if (tr_der_take(&in, TR_DER_APPLICATION(14), &message) != 0 ||
        in.length > 0 ||
        tr_der_take(&message, TR_DER_SEQUENCE, &fields) != 0 ||
        message.length > 0)
        return TRR_TOKEN;
    for (i = 0; i < NFIELDS; i++) {
        if (tr_der_take(&fields, TR_DER_CONTEXT(i), &field[i]) != 0)
            return TRR_TOKEN;
    }
    if (fields.length > 0 ||
        tr_der_take(&field[AP_OPTIONS], TR_DER_BIT_STRING, &flags) != 0 ||
        field[AP_OPTIONS].length > 0 || flags.length < FLAGS_LENGTH ||
        tr_der_take_any(&field[TICKET], &ticket) != 0 ||
        field[TICKET].length > 0)
        return TRR_TOKEN;
    out->user_to_user = (flags.data[1] & USE_SESSION_KEY) != 0;
    out->ticket = ticket.data;
    out->ticket_length = ticket.length;
    return 0;
}
