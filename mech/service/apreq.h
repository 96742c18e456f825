/* mech/service/apreq.h - the AP-REQ by which a system proves itself */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_APREQ_H
#define TR_APREQ_H

/*
 * The initiator's system sends an AP-REQ of its own along with the
 * application's.  Its authenticator always carries a keyed checksum over
 *
 *     "trustrealm-system-1" || DER SystemBinding
 *
 * which names both systems and the application's AP-REQ, so it is good for
 * this one context only, and it cannot be used to log in: acceptors of GSS-API
 * want a checksum of another type.  Its subkey, fresh each time, encrypts all
 * else that the two systems tell each other.
 */

#include <krb5/krb5.h>
#include "wire.h"

/*
 * Make one with the ticket in creds, from the system principal from to the
 * system principal to, for the application's ap_req.  krb5_k_free_key()
 * *subkey_out.
 */
krb5_error_code tr_apreq_make(krb5_context context, krb5_creds *creds,
                              const char *from, const char *to,
                              const struct tr_bytes *ap_req,
                              struct tr_bytes *request_out,
                              krb5_key *subkey_out);

/*
 * Verify request, made for self (in text: to) and ap_req.  The ticket must be
 * for exactly this principal, whose key is in keytab; session key and subkey
 * must be of an AES type.  TRR_SYSTEM_AUTH for whatever is wrong; then
 * *why_out (static text) says what, for the audit record.  *from_out is the
 * authenticated principal of the other system; krb5_free_unparsed_name() it.
 */
krb5_error_code tr_apreq_verify(krb5_context context, krb5_keytab keytab,
                                krb5_const_principal self, const char *to,
                                const struct tr_bytes *ap_req,
                                const struct tr_bytes *request,
                                char **from_out, krb5_key *subkey_out,
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
