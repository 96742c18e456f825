/* mech/service/apreq.h - the AP-REQ by which a system proves itself */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_APREQ_H
#define TR_APREQ_H

/*
 * The initiator's system sends an AP-REQ of its own along with the
 * application's (RFC 4120 5.5.1).  Its authenticator always has
 *
 *  - a keyed checksum over a digest of the application's AP-REQ, so that it
 *    is good for this one context only and cannot be used to log in: GSS-API
 *    acceptors want a checksum of another type, or one over nothing;
 *  - authorization data of type TR_AD_ENVIRONMENT, once: what the system says
 *    of this context;
 *  - a subkey, new each time, under which the other system answers.
 */

#include <krb5/krb5.h>
#include "wire.h"

/* RFC 4120 5.2.6 leaves negative types to local use.  Not inside
 * AD-IF-RELEVANT: who does not know it must refuse the AP-REQ. */
#define TR_AD_ENVIRONMENT (-32473)

/*
 * Make one with the ticket in creds, for the application's ap_req.
 * krb5_k_free_key() *subkey_out.
 */
krb5_error_code tr_apreq_make(krb5_context context, const krb5_creds *creds,
                              const struct tr_bytes *ap_req,
                              const struct tr_bytes *environment,
                              struct tr_bytes *request_out,
                              krb5_key *subkey_out);

/* What one has proved and brought. */
struct tr_apreq {
    char *from;                         /* principal of the other system */
    struct tr_bytes environment;
    krb5_key subkey;
};
void tr_apreq_free(krb5_context context, struct tr_apreq *verified);

/*
 * Verify request, made for self and ap_req.  The ticket must be for exactly
 * this principal, whose key is in keytab; session key and subkey must be of
 * an AES type.  TRR_SYSTEM_AUTH for whatever is wrong; then *why_out (static
 * text) says what, for the audit record.
 */
krb5_error_code tr_apreq_verify(krb5_context context, krb5_keytab keytab,
                                krb5_const_principal self,
                                const struct tr_bytes *ap_req,
                                const struct tr_bytes *request,
                                struct tr_apreq *verified_out,
                                const char **why_out);

/*
 * The principal of the ticket inside an AP-REQ.  It is in the clear: what it
 * says holds only once the AP-REQ was accepted.  TRR_TOKEN when there is no
 * ticket, TRR_UNSUPPORTED for user-to-user.  krb5_free_principal() it.
 */
krb5_error_code tr_apreq_server(krb5_context context,
                                const struct tr_bytes *ap_req,
                                krb5_principal *server_out);

#endif
