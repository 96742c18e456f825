/* mech/service/seal.h - the environment and the acceptance, sealed */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_SEAL_H
#define TR_SEAL_H

/*
 * Each is one message encrypted under the subkey of the system AP-REQ, which
 * is new for every context and known to the two systems alone.  What it is
 * (protocol, version, type, role, from, to) and a digest that ties it to the
 * Kerberos message beside it are inside the encryption; functions that make
 * one fill these in, functions that open one verify them.  from and to are
 * left to the caller.
 *
 * The digests need no key: who could change one has the subkey.  The
 * application's AP-REQ is in what the system AP-REQ's authenticator covers.
 */

#include <krb5/krb5.h>
#include "wire.h"

/*
 * transcript_out is a digest of all that the first trailer holds, to be the
 * same at both ends: the acceptance refers to it, and the association's key
 * is made of it.
 */
krb5_error_code tr_environment_seal(krb5_context context, krb5_key subkey,
                                    const struct tr_bytes *system_ap_req,
                                    const struct tr_environment *environment,
                                    struct tr_bytes *sealed_out,
                                    struct tr_bytes *transcript_out);

/* TRR_SEAL, TRR_VERSION, TRR_TOKEN (not an environment of an initiator) or
 * TRR_BINDING. */
krb5_error_code tr_environment_open(krb5_context context, krb5_key subkey,
                                    const struct tr_bytes *system_ap_req,
                                    const struct tr_bytes *sealed,
                                    struct tr_environment *environment_out,
                                    struct tr_bytes *transcript_out);

/* Likewise for an acceptance. */
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
