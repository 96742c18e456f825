/* mech/service/seal.c - the environment and the acceptance, sealed */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "trustrealm_err.h"
#include "crypto.h"
#include "seal.h"

/* What both ends must have seen alike. */
static krb5_error_code
make_transcript(const struct tr_bytes *system_ap_req, struct tr_bytes *out)
{
    return tr_digest("trustrealm transcript 1", system_ap_req, 1, out);
}

krb5_error_code
tr_environment_seal(krb5_context context, const krb5_creds *creds,
                    const struct tr_bytes *ap_req,
                    const struct tr_environment *environment,
                    struct tr_bytes *system_ap_req_out,
                    struct tr_bytes *transcript_out, krb5_key *subkey_out)
{
    struct tr_environment env = *environment;
    struct tr_bytes plain = { NULL, 0 }, request = { NULL, 0 };
    krb5_key subkey = NULL;
    krb5_error_code ret;

    env.version = TR_VERSION;
    ret = tr_wire_encode(TR_WIRE_ENVIRONMENT, &env, &plain.data,
                         &plain.length);
    if (ret == 0)
        ret = tr_apreq_make(context, creds, ap_req, &plain, &request,
                            &subkey);
    if (ret == 0)
        ret = make_transcript(&request, transcript_out);
    if (ret)
        goto cleanup;
    *system_ap_req_out = request;
    memset(&request, 0, sizeof(request));
    *subkey_out = subkey;
    subkey = NULL;

cleanup:
    tr_bytes_free(&plain);
    tr_bytes_free(&request);
    krb5_k_free_key(context, subkey);
    return ret;
}

krb5_error_code
tr_environment_open(const struct tr_bytes *system_ap_req,
                    const struct tr_apreq *verified,
                    struct tr_environment *environment_out,
                    struct tr_bytes *transcript_out)
{
    struct tr_environment env;
    krb5_error_code ret;

    ret = tr_wire_decode(TR_WIRE_ENVIRONMENT, verified->environment.data,
                         verified->environment.length, &env);
    if (ret)
        return ret;
    if (env.version != TR_VERSION)
        ret = TRR_VERSION;
    else if (env.association.length != TR_ASSOCIATION_LENGTH)
        ret = TRR_TOKEN;
    else
        ret = make_transcript(system_ap_req, transcript_out);
    if (ret)
        goto cleanup;
    *environment_out = env;
    memset(&env, 0, sizeof(env));

cleanup:
    tr_wire_free(TR_WIRE_ENVIRONMENT, &env);
    return ret;
}

static krb5_error_code
acceptance_binding(const struct tr_bytes *transcript,
                   const struct tr_bytes *ap_rep, struct tr_bytes *out)
{
    struct tr_bytes parts[] = { *transcript, *ap_rep };

    return tr_digest("trustrealm acceptance 1", parts, 2, out);
}

krb5_error_code
tr_acceptance_seal(krb5_context context, krb5_key subkey,
                   const struct tr_bytes *transcript,
                   const struct tr_bytes *ap_rep,
                   const struct tr_acceptance *acceptance,
                   struct tr_bytes *sealed_out)
{
    struct tr_acceptance acc = *acceptance;
    struct tr_bytes plain = { NULL, 0 };
    krb5_error_code ret;

    acc.version = TR_VERSION;
    memset(&acc.binding, 0, sizeof(acc.binding));
    ret = acceptance_binding(transcript, ap_rep, &acc.binding);
    if (ret == 0)
        ret = tr_wire_encode(TR_WIRE_ACCEPTANCE, &acc, &plain.data,
                             &plain.length);
    if (ret == 0)
        ret = tr_encrypt(context, subkey, TR_USAGE_ACCEPTANCE, plain.data,
                         plain.length, sealed_out);
    tr_bytes_free(&acc.binding);
    tr_bytes_free(&plain);
    return ret;
}

krb5_error_code
tr_acceptance_open(krb5_context context, krb5_key subkey,
                   const struct tr_bytes *transcript,
                   const struct tr_bytes *ap_rep,
                   const struct tr_bytes *sealed,
                   struct tr_acceptance *acceptance_out)
{
    struct tr_acceptance acc;
    struct tr_bytes plain = { NULL, 0 }, binding = { NULL, 0 };
    krb5_error_code ret;

    memset(&acc, 0, sizeof(acc));
    ret = tr_decrypt(context, subkey, TR_USAGE_ACCEPTANCE, sealed->data,
                     sealed->length, &plain);
    if (ret == 0)
        ret = tr_wire_decode(TR_WIRE_ACCEPTANCE, plain.data, plain.length,
                             &acc);
    if (ret == 0 && acc.version != TR_VERSION)
        ret = TRR_VERSION;
    if (ret == 0)
        ret = acceptance_binding(transcript, ap_rep, &binding);
    if (ret == 0 && !tr_bytes_equal(&acc.binding, &binding))
        ret = TRR_BINDING;
    if (ret)
        goto cleanup;
    *acceptance_out = acc;
    memset(&acc, 0, sizeof(acc));

cleanup:
    tr_bytes_free(&plain);
    tr_bytes_free(&binding);
    tr_wire_free(TR_WIRE_ACCEPTANCE, &acc);
    return ret;
}
