/* mech/service/seal.h - the environment and the acceptance, sealed */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_SEAL_H
#define TR_SEAL_H

/*
 * The environment is told in the system AP-REQ, encrypted with the rest of
 * its authenticator; the acceptance is encrypted under the subkey that came
 * there, which encrypts nothing else, and holds a digest that ties it to the
 * Kerberos message beside it and to all that it answers.  The digest needs no
 * key: who could change it has the subkey.  Functions that make one fill in
 * version and digest, functions that open one verify them.
 */

#include <krb5/krb5.h>
#include "apreq.h"
#include "wire.h"

/*
 * The system AP-REQ that tells environment, for the application's ap_req.
 * *transcript_out is a digest of it, to be the same at both ends: the
 * acceptance refers to it, and the association's key is made of it.
 */
krb5_error_code tr_environment_seal(krb5_context context,
                                    const krb5_creds *creds,
                                    const struct tr_bytes *ap_req,
                                    const struct tr_environment *environment,
                                    struct tr_bytes *system_ap_req_out,
                                    struct tr_bytes *transcript_out,
                                    krb5_key *subkey_out);

/* The environment that a verified system AP-REQ tells.  TRR_VERSION, or
 * TRR_TOKEN and what tr_wire_decode() returns for what is none. */
krb5_error_code tr_environment_open(const struct tr_bytes *system_ap_req,
                                    const struct tr_apreq *verified,
                                    struct tr_environment *environment_out,
                                    struct tr_bytes *transcript_out);

/* The opening one returns TRR_SEAL, TRR_VERSION, TRR_BINDING or what
 * tr_wire_decode() returns. */
krb5_error_code tr_acceptance_seal(krb5_context context, krb5_key subkey,
                                   const struct tr_bytes *transcript,
                                   const struct tr_bytes *ap_rep,
                                   const struct tr_acceptance *acceptance,
                                   struct tr_bytes *sealed_out);
krb5_error_code tr_acceptance_open(krb5_context context, krb5_key subkey,
                                   const struct tr_bytes *transcript,
                                   const struct tr_bytes *ap_rep,
                                   const struct tr_bytes *sealed,
                                   struct tr_acceptance *acceptance_out);

#endif
