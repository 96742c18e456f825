/* mech/service/apreq.c - the AP-REQ by which a system proves itself */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "trustrealm_err.h"
#include "apreq.h"
#include "crypto.h"
#include "token.h"

#define AP_REQ_AUTH_CKSUM 10            /* key usage, RFC 4120 7.5.1 */

/* What the authenticator's checksum covers. */
static krb5_error_code
digest_ap_req(const struct tr_bytes *ap_req, struct tr_bytes *digest_out)
{
    return tr_digest("trustrealm AP-REQ 1", ap_req, 1, digest_out);
}

static krb5_data
as_data(const struct tr_bytes *bytes)
{
    return (krb5_data){ KV5M_DATA, bytes->length, (char *)bytes->data };
}

krb5_error_code
tr_apreq_make(krb5_context context, const krb5_creds *creds,
              const struct tr_bytes *ap_req,
              const struct tr_bytes *environment,
              struct tr_bytes *request_out, krb5_key *subkey_out)
{
    krb5_authdata element = {
        KV5M_AUTHDATA, TR_AD_ENVIRONMENT, environment->length,
        environment->data
    };
    krb5_authdata *authdata[] = { &element, NULL };
    krb5_creds with = *creds;           /* borrows all it holds */
    krb5_cksumtype type = tr_checksum_type(creds->keyblock.enctype);
    krb5_auth_context auth = NULL;
    struct tr_bytes digest = { NULL, 0 };
    krb5_data covered, request = { 0, 0, NULL };
    krb5_key subkey = NULL;
    krb5_error_code ret;

    /* A peer may take nothing else, and neither do we. */
    if (type == 0)
        return KRB5_BAD_ENCTYPE;
    with.authdata = authdata;
    ret = digest_ap_req(ap_req, &digest);
    if (ret)
        return ret;
    covered = as_data(&digest);
    ret = krb5_auth_con_init(context, &auth);
    if (ret == 0)
        ret = krb5_auth_con_set_req_cksumtype(context, auth, type);
    if (ret == 0)
        ret = krb5_mk_req_extended(context, &auth, AP_OPTS_USE_SUBKEY,
                                   &covered, &with, &request);
    if (ret == 0)
        ret = krb5_auth_con_getsendsubkey_k(context, auth, &subkey);
    if (ret)
        goto cleanup;
    request_out->data = (uint8_t *)request.data;
    request_out->length = request.length;
    request.data = NULL;
    *subkey_out = subkey;

cleanup:
    tr_bytes_free(&digest);
    free(request.data);
    krb5_auth_con_free(context, auth);
    return ret;
}

void
tr_apreq_free(krb5_context context, struct tr_apreq *verified)
{
    krb5_free_unparsed_name(context, verified->from);
    tr_bytes_free(&verified->environment);
    krb5_k_free_key(context, verified->subkey);
    memset(verified, 0, sizeof(*verified));
}

/* krb5_rd_req() leaves the authenticator's checksum to its caller. */
static krb5_error_code
verify_checksum(krb5_context context, krb5_auth_context auth,
                const krb5_authenticator *authenticator,
                const struct tr_bytes *ap_req, const char **why_out)
{
    const krb5_checksum *sum = authenticator->checksum;
    struct tr_bytes digest = { NULL, 0 };
    krb5_data covered;
    krb5_key key = NULL;
    krb5_boolean valid = FALSE;
    krb5_error_code ret;

    ret = digest_ap_req(ap_req, &digest);
    if (ret == 0)
        ret = krb5_auth_con_getkey_k(context, auth, &key);
    if (ret)
        goto cleanup;
    covered = as_data(&digest);
    ret = TRR_SYSTEM_AUTH;
    if (tr_checksum_type(krb5_k_key_enctype(context, key)) == 0)
        *why_out = "session key is not of an AES type";
    else if (sum == NULL)
        *why_out = "authenticator without checksum";
    else if (sum->checksum_type !=
             tr_checksum_type(krb5_k_key_enctype(context, key)))
        *why_out = "authenticator checksum of another type";
    else if (krb5_k_verify_checksum(context, key, AP_REQ_AUTH_CKSUM, &covered,
                                    sum, &valid) != 0 || !valid)
        *why_out = "authenticator checksum does not verify";
    else
        ret = 0;

cleanup:
    tr_bytes_free(&digest);
    krb5_k_free_key(context, key);
    return ret;
}

/* The one environment in an authenticator. */
static krb5_error_code
get_environment(const krb5_authenticator *authenticator,
                struct tr_bytes *environment_out, const char **why_out)
{
    krb5_authdata *const *at = authenticator->authorization_data;
    const krb5_authdata *found = NULL;

    for (; at != NULL && *at != NULL; at++) {
        if ((*at)->ad_type != TR_AD_ENVIRONMENT)
            continue;
        if (found != NULL) {
            *why_out = "authenticator with two environments";
            return TRR_SYSTEM_AUTH;
        }
        found = *at;
    }
    if (found == NULL) {
        *why_out = "authenticator without environment";
        return TRR_SYSTEM_AUTH;
    }
    return tr_bytes_copy(found->contents, found->length, environment_out);
}

/* The subkey of an AP-REQ that was read; there must be one. */
static krb5_error_code
get_subkey(krb5_context context, krb5_auth_context auth,
           const krb5_authenticator *authenticator, krb5_key *subkey_out,
           const char **why_out)
{
    if (authenticator->subkey == NULL)
        *why_out = "authenticator without subkey";
    else if (tr_checksum_type(authenticator->subkey->enctype) == 0)
        *why_out = "subkey is not of an AES type";
    else
        return krb5_auth_con_getrecvsubkey_k(context, auth, subkey_out);
    return TRR_SYSTEM_AUTH;
}

krb5_error_code
tr_apreq_verify(krb5_context context, krb5_keytab keytab,
                krb5_const_principal self, const struct tr_bytes *ap_req,
                const struct tr_bytes *request, struct tr_apreq *verified_out,
                const char **why_out)
{
    krb5_data in = as_data(request);
    krb5_auth_context auth = NULL;
    krb5_authenticator *authenticator = NULL;
    struct tr_apreq verified = { .from = NULL };
    krb5_error_code ret;

    *why_out = "no memory";
    ret = krb5_auth_con_init(context, &auth);
    /* No replay cache of Kerberos: association ids have a store of their
     * own, and this AP-REQ opens nothing else. */
    if (ret == 0)
        ret = krb5_auth_con_setflags(context, auth, 0);
    if (ret)
        goto cleanup;
    ret = krb5_rd_req(context, &auth, &in, self, keytab, NULL, NULL);
    if (ret) {
        *why_out = error_message(ret);
        ret = ret == ENOMEM ? ENOMEM : TRR_SYSTEM_AUTH;
        goto cleanup;
    }
    ret = krb5_auth_con_getauthenticator(context, auth, &authenticator);
    if (ret == 0)
        ret = verify_checksum(context, auth, authenticator, ap_req, why_out);
    if (ret == 0)
        ret = krb5_unparse_name(context, authenticator->client,
                                &verified.from);
    if (ret == 0)
        ret = get_environment(authenticator, &verified.environment, why_out);
    if (ret == 0)
        ret = get_subkey(context, auth, authenticator, &verified.subkey,
                         why_out);
    if (ret)
        goto cleanup;
    *verified_out = verified;
    memset(&verified, 0, sizeof(verified));

cleanup:
    tr_apreq_free(context, &verified);
    krb5_free_authenticator(context, authenticator);
    krb5_auth_con_free(context, auth);
    return ret;
}

krb5_error_code
tr_apreq_server(krb5_context context, const struct tr_bytes *ap_req,
                krb5_principal *server_out)
{
    struct tr_ap_req parsed;
    krb5_ticket *ticket = NULL;
    krb5_data der = { .magic = KV5M_DATA };
    krb5_error_code ret;

    ret = tr_ap_req_parse(ap_req->data, ap_req->length, &parsed);
    if (ret)
        return ret;
    if (parsed.user_to_user)
        return TRR_UNSUPPORTED;
    der.data = (char *)parsed.ticket;
    der.length = parsed.ticket_length;
    ret = krb5_decode_ticket(&der, &ticket);
    if (ret)
        return ret == ENOMEM ? ENOMEM : TRR_TOKEN;
    *server_out = ticket->server;
    ticket->server = NULL;
    krb5_free_ticket(context, ticket);
    return 0;
}
