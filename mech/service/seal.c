/* mech/service/seal.c - the environment and the acceptance, sealed */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "trustrealm_err.h"
#include "crypto.h"
#include "seal.h"

/* The one field of both trailers that is in the clear, as DER. */
static const uint8_t version_der[] = { 0x02, 0x01, TR_VERSION };
#define VERSION_PART { (uint8_t *)version_der, sizeof(version_der) }

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
environment_digest(krb5_context context, krb5_key subkey,
                   const struct tr_bytes *sealed, struct tr_bytes *out)
{
    return tr_checksum(context, subkey, TR_USAGE_ENVIRONMENT_DIGEST, sealed,
                       1, out);
}

krb5_error_code
tr_environment_seal(krb5_context context, krb5_key subkey,
                    const struct tr_seal_place *place,
                    struct tr_environment *environment,
                    struct tr_bytes *sealed_out, struct tr_bytes *digest_out)
{
    struct tr_bytes parts[] = {
        *place->ap_req, VERSION_PART, *place->system_ap_req
    };
    struct tr_bytes plain = { NULL, 0 }, sealed = { NULL, 0 };
    krb5_error_code ret;

    tr_bytes_free(&environment->binding);
    ret = tr_checksum(context, subkey, TR_USAGE_ENVIRONMENT_BINDING, parts, 3,
                      &environment->binding);
    if (ret)
        goto cleanup;
    environment->protocol = TR_PROTOCOL;
    environment->version = TR_VERSION;
    environment->type = TR_TYPE_ENVIRONMENT;
    environment->role = TR_ROLE_INITIATOR;
    ret = tr_wire_encode(TR_WIRE_ENVIRONMENT, environment, &plain.data,
                         &plain.length);
    if (ret == 0)
        ret = tr_encrypt(context, subkey, TR_USAGE_ENVIRONMENT, plain.data,
                         plain.length, &sealed);
    if (ret == 0)
        ret = environment_digest(context, subkey, &sealed, digest_out);
    if (ret)
        goto cleanup;
    *sealed_out = sealed;
    memset(&sealed, 0, sizeof(sealed));

cleanup:
    tr_bytes_free(&plain);
    tr_bytes_free(&sealed);
    return ret;
}

krb5_error_code
tr_environment_open(krb5_context context, krb5_key subkey,
                    const struct tr_seal_place *place,
                    const struct tr_bytes *sealed,
                    struct tr_environment *environment_out,
                    struct tr_bytes *digest_out)
{
    struct tr_bytes parts[] = {
        *place->ap_req, VERSION_PART, *place->system_ap_req
    };
    struct tr_environment env;
    struct tr_bytes plain = { NULL, 0 };
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
        ret = tr_checksum_verify(context, subkey,
                                 TR_USAGE_ENVIRONMENT_BINDING, parts, 3,
                                 &env.binding);
    if (ret == 0)
        ret = environment_digest(context, subkey, sealed, digest_out);
    if (ret)
        goto cleanup;
    *environment_out = env;
    memset(&env, 0, sizeof(env));

cleanup:
    tr_bytes_free(&plain);
    tr_wire_free(TR_WIRE_ENVIRONMENT, &env);
    return ret;
}

krb5_error_code
tr_acceptance_seal(krb5_context context, krb5_key subkey,
                   const struct tr_bytes *ap_rep,
                   const struct tr_bytes *digest,
                   struct tr_acceptance *acceptance,
                   struct tr_bytes *sealed_out)
{
    struct tr_bytes parts[] = { *ap_rep, VERSION_PART, *digest };
    struct tr_bytes plain = { NULL, 0 };
    krb5_error_code ret;

    tr_bytes_free(&acceptance->binding);
    ret = tr_checksum(context, subkey, TR_USAGE_ACCEPTANCE_BINDING, parts, 3,
                      &acceptance->binding);
    if (ret)
        goto cleanup;
    acceptance->protocol = TR_PROTOCOL;
    acceptance->version = TR_VERSION;
    acceptance->type = TR_TYPE_ACCEPTANCE;
    acceptance->role = TR_ROLE_ACCEPTOR;
    ret = tr_wire_encode(TR_WIRE_ACCEPTANCE, acceptance, &plain.data,
                         &plain.length);
    if (ret == 0)
        ret = tr_encrypt(context, subkey, TR_USAGE_ACCEPTANCE, plain.data,
                         plain.length, sealed_out);

cleanup:
    tr_bytes_free(&plain);
    return ret;
}

krb5_error_code
tr_acceptance_open(krb5_context context, krb5_key subkey,
                   const struct tr_bytes *ap_rep,
                   const struct tr_bytes *digest,
                   const struct tr_bytes *sealed,
                   struct tr_acceptance *acceptance_out)
{
    struct tr_bytes parts[] = { *ap_rep, VERSION_PART, *digest };
    struct tr_acceptance acc;
    struct tr_bytes plain = { NULL, 0 };
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
        ret = tr_checksum_verify(context, subkey, TR_USAGE_ACCEPTANCE_BINDING,
                                 parts, 3, &acc.binding);
    if (ret)
        goto cleanup;
    *acceptance_out = acc;
    memset(&acc, 0, sizeof(acc));

cleanup:
    tr_bytes_free(&plain);
    tr_wire_free(TR_WIRE_ACCEPTANCE, &acc);
    return ret;
}
