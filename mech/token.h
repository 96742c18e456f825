/* mech/token.h - context tokens: find, add and remove the trailer */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_TOKEN_H
#define TR_TOKEN_H

/*
 * A Kerberos context token (RFC 4121 4.1, RFC 2743 3.1):
 *
 *   [APPLICATION 0] length OID token-id AP-REQ|AP-REP [trailer]
 *
 * MIT Kerberos ignores octets after the AP-REQ, so a plain peer completes.
 */

#include <krb5/krb5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tr_token_kind {
    TR_TOKEN_AP_REQ,            /* 01 00 */
    TR_TOKEN_AP_REP,            /* 02 00 */
    TR_TOKEN_ERROR,             /* 03 00 */
    TR_TOKEN_OTHER              /* not framed as Kerberos; no trailer */
};

/* All pointers, here and below, point into the octets that were parsed. */
struct tr_token {
    enum tr_token_kind kind;
    const uint8_t *oid;         /* content octets */
    size_t oid_length;
    const uint8_t *body;        /* the AP-REQ or AP-REP, whole TLV */
    size_t body_length;
    const uint8_t *trailer;     /* what follows it, NULL when nothing */
    size_t trailer_length;
};

/*
 * Take a token apart.  Unframed octets (DCE style) and unknown token ids are
 * TR_TOKEN_OTHER without a body, but a raw AP-REQ (0x6E) is found: kind
 * TR_TOKEN_AP_REQ with oid NULL.  TRR_TOKEN when framing or lengths
 * contradict each other or are not DER.  The body of an error token is its
 * KRB-ERROR.
 */
krb5_error_code tr_token_parse(const void *octets, size_t length,
                               struct tr_token *out);

/*
 * Write the token anew with this mechanism OID (content octets; none: not
 * framed, as a raw AP-REQ was) and trailer (may be empty).  *out is malloced.
 * TRR_TOKEN for TR_TOKEN_OTHER.
 */
krb5_error_code tr_token_build(const struct tr_token *token,
                               const void *oid, size_t oid_length,
                               const void *trailer, size_t trailer_length,
                               uint8_t **out, size_t *length_out);

/* As much of an AP-REQ (RFC 4120 5.5.1) as says whom it is for. */
struct tr_ap_req {
    bool user_to_user;          /* use-session-key */
    const uint8_t *ticket;      /* whole TLV */
    size_t ticket_length;
};

/* TRR_TOKEN when the octets, a whole TLV, are no AP-REQ or not DER. */
krb5_error_code tr_ap_req_parse(const void *octets, size_t length,
                                struct tr_ap_req *out);

#endif
