/* mech/service/seal.h - the environment and the acceptance, sealed */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_SEAL_H
#define TR_SEAL_H

/*
 * Each is one message encrypted under the subkey of the system AP-REQ.  What
 * it is (protocol, version, type, role, from, to) and a checksum that ties it
 * to the Kerberos messages beside it are inside the encryption; functions
 * that make one fill these in, functions that open one verify them.
 */

#include <krb5/krb5.h>
#include "wire.h"

/* The messages that an environment belongs to. */
struct tr_seal_place {
    const struct tr_bytes *ap_req;          /* the application's */
    const struct tr_bytes *system_ap_req;
};

/*
 * Seal environment; its binding is written into it.  digest_out is what the
 * acceptance will refer to.
 */
krb5_error_code tr_environment_seal(krb5_context context, krb5_key subkey,
                                    const struct tr_seal_place *place,
                                    struct tr_environment *environment,
                                    struct tr_bytes *sealed_out,
                                    struct tr_bytes *digest_out);

/*
 * TRR_SEAL, TRR_VERSION, TRR_TOKEN (not an environment of an initiator) or
 * TRR_BINDING.  from and to are left to the caller.
 */
krb5_error_code tr_environment_open(krb5_context context, krb5_key subkey,
                                    const struct tr_seal_place *place,
                                    const struct tr_bytes *sealed,
                                    struct tr_environment *environment_out,
                                    struct tr_bytes *digest_out);

/* Likewise for an acceptance; digest is the environment's. */
krb5_error_code tr_acceptance_seal(krb5_context context, krb5_key subkey,
                                   const struct tr_bytes *ap_rep,
                                   const struct tr_bytes *digest,
                                   struct tr_acceptance *acceptance,
                                   struct tr_bytes *sealed_out);
krb5_error_code tr_acceptance_open(krb5_context context, krb5_key subkey,
                                   const struct tr_bytes *ap_rep,
                                   const struct tr_bytes *digest,
                                   const struct tr_bytes *sealed,
                                   struct tr_acceptance *acceptance_out);

#endif
