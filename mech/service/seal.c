/* mech/service/seal.c - the environment and the acceptance, sealed */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "trustrealm_err.h"
#include "crypto.h"
#include "seal.h"

/* What every message says first. */
static krb5_error_code
check_head(const char *protocol, int64_t version, int64_t type, int64_t role,
           int expected_type, int expected_role)
{
    if (strcmp(protocol, TR_PROTOCOL) != 0 || type != expected_type ||
        role != expected_role)
        return TRR_TOKEN;
    return version == TR_VERSION ? 0 : TRR_VERSION;
}

static krb5_error_code
environment_binding(const struct tr_bytes *system_ap_req,
                    struct tr_bytes *out)
{
    return tr_digest("trustrealm environment 1", system_ap_req, 1, out);
}

/* What both ends must have seen alike. */
static krb5_error_code
make_transcript(const struct tr_bytes *binding, const struct tr_bytes *sealed,
                struct tr_bytes *out)
{
    struct tr_bytes parts[] = { *binding, *sealed };

    return tr_digest("trustrealm transcript 1", parts, 2, out);
}

static krb5_error_code
acceptance_binding(const struct tr_bytes *transcript,
                   const struct tr_bytes *ap_rep, struct tr_bytes *out)
{
    struct tr_bytes parts[] = { *transcript, *ap_rep };

    return tr_digest("trustrealm acceptance 1", parts, 2, out);
}

krb5_error_code
tr_environment_seal(krb5_context context, krb5_key subkey,
                    const struct tr_bytes *system_ap_req,
                    const struct tr_environment *environment,
                    struct tr_bytes *sealed_out,
                    struct tr_bytes *transcript_out)
{
    struct tr_environment env = *environment;
    struct tr_bytes plain = { NULL, 0 }, sealed = { NULL, 0 };
    krb5_error_code ret;

    env.protocol = TR_PROTOCOL;
    env.version = TR_VERSION;
    env.type = TR_TYPE_ENVIRONMENT;
    env.role = TR_ROLE_INITIATOR;
    memset(&env.binding, 0, sizeof(env.binding));
    ret = environment_binding(system_ap_req, &env.binding);
    if (ret == 0)
        ret = tr_wire_encode(TR_WIRE_ENVIRONMENT, &env, &plain.data,
                             &plain.length);
    if (ret == 0)
        ret = tr_encrypt(context, subkey, TR_USAGE_ENVIRONMENT, plain.data,
                         plain.length, &sealed);
    if (ret == 0)
        ret = make_transcript(&env.binding, &sealed, transcript_out);
    if (ret)
        goto cleanup;
    *sealed_out = sealed;
    memset(&sealed, 0, sizeof(sealed));

cleanup:
    tr_bytes_free(&env.binding);
    tr_bytes_free(&plain);
    tr_bytes_free(&sealed);
    return ret;
}

krb5_error_code
tr_environment_open(krb5_context context, krb5_key subkey,
                    const struct tr_bytes *system_ap_req,
                    const struct tr_bytes *sealed,
                    struct tr_environment *environment_out,
                    struct tr_bytes *transcript_out)
{
    struct tr_environment env;
    struct tr_bytes plain = { NULL, 0 }, binding = { NULL, 0 };
    krb5_error_code ret;

    memset(&env, 0, sizeof(env));
    ret = tr_decrypt(context, subkey, TR_USAGE_ENVIRONMENT, sealed->data,
                     sealed->length, &plain);
    if (ret == 0)
        ret = tr_wire_decode(TR_WIRE_ENVIRONMENT, plain.data, plain.length,
                             &env);
    if (ret == 0)
        ret = check_head(env.protocol, env.version, env.type, env.role,
                         TR_TYPE_ENVIRONMENT, TR_ROLE_INITIATOR);
    if (ret == 0 && env.association.length != TR_ASSOCIATION_LENGTH)
        ret = TRR_TOKEN;
    if (ret == 0)
        ret = environment_binding(system_ap_req, &binding);
    if (ret == 0 && !tr_bytes_equal(&env.binding, &binding))
        ret = TRR_BINDING;
    if (ret == 0)
        ret = make_transcript(&binding, sealed, transcript_out);
    if (ret)
        goto cleanup;
    *environment_out = env;
    memset(&env, 0, sizeof(env));

cleanup:
    tr_bytes_free(&plain);
    tr_bytes_free(&binding);
    tr_wire_free(TR_WIRE_ENVIRONMENT, &env);
    return ret;
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

    acc.protocol = TR_PROTOCOL;
    acc.version = TR_VERSION;
    acc.type = TR_TYPE_ACCEPTANCE;
    acc.role = TR_ROLE_ACCEPTOR;
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
    if (ret == 0)
        ret = check_head(acc.protocol, acc.version, acc.type, acc.role,
                         TR_TYPE_ACCEPTANCE, TR_ROLE_ACCEPTOR);
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
