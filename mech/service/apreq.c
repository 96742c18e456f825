/* mech/service/apreq.c - the AP-REQ by which a system proves itself */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "trustrealm_err.h"
#include "apreq.h"
#include "crypto.h"

#define PREFIX "trustrealm-system-1"
#define AP_REQ_AUTH_CKSUM 10            /* key usage, RFC 4120 7.5.1 */
/* RFC 4120 5.5.1: use-session-key is bit 1, in the first octet of flags */
#define USE_SESSION_KEY 0x40

/* What the authenticator's checksum covers; free data->data. */
static krb5_error_code
bound_octets(const char *from, const char *to, const struct tr_bytes *ap_req,
             krb5_data *data)
{
    struct tr_system_binding binding = {
        .version = TR_VERSION, .from = (char *)from, .to = (char *)to
    };
    struct tr_bytes der = { NULL, 0 };
    krb5_error_code ret;

    ret = tr_digest("trustrealm AP-REQ 1", ap_req, 1, &binding.ap_req);
    if (ret == 0)
        ret = tr_wire_encode(TR_WIRE_SYSTEM_BINDING, &binding, &der.data,
                             &der.length);
    if (ret)
        goto cleanup;
    data->magic = KV5M_DATA;
    data->length = sizeof(PREFIX) - 1 + der.length;
    data->data = malloc(data->length);
    if (data->data == NULL)
        ret = ENOMEM;
    else
        memcpy(mempcpy(data->data, PREFIX, sizeof(PREFIX) - 1), der.data,
               der.length);

cleanup:
    tr_bytes_free(&binding.ap_req);
    tr_bytes_free(&der);
    return ret;
}

krb5_error_code
tr_apreq_make(krb5_context context, krb5_creds *creds, const char *from,
              const char *to, const struct tr_bytes *ap_req,
              struct tr_bytes *request_out, krb5_key *subkey_out)
{
    krb5_auth_context auth = NULL;
    krb5_data bound = { 0, 0, NULL }, request = { 0, 0, NULL };
    krb5_cksumtype type = tr_checksum_type(creds->keyblock.enctype);
    krb5_key subkey = NULL;
    krb5_error_code ret;

    /* A peer may take nothing else, and neither do we. */
    if (type == 0)
        return KRB5_BAD_ENCTYPE;
    ret = bound_octets(from, to, ap_req, &bound);
    if (ret == 0)
        ret = krb5_auth_con_init(context, &auth);
    if (ret == 0)
        ret = krb5_auth_con_set_req_cksumtype(context, auth, type);
    if (ret == 0)
        ret = krb5_mk_req_extended(context, &auth, AP_OPTS_USE_SUBKEY, &bound,
                                   creds, &request);
    if (ret == 0)
        ret = krb5_auth_con_getsendsubkey_k(context, auth, &subkey);
    if (ret)
        goto cleanup;
    request_out->data = (uint8_t *)request.data;
    request_out->length = request.length;
    request.data = NULL;
    *subkey_out = subkey;

cleanup:
    free(bound.data);
    free(request.data);
    krb5_auth_con_free(context, auth);
    return ret;
}

/* krb5_rd_req() leaves the authenticator's checksum to its caller. */
static krb5_error_code
verify_checksum(krb5_context context, krb5_auth_context auth,
                const krb5_authenticator *authenticator,
                const krb5_data *bound, const char **why_out)
{
    const krb5_checksum *sum = authenticator->checksum;
    krb5_key key = NULL;
    krb5_boolean valid = FALSE;
    krb5_error_code ret;

    ret = krb5_auth_con_getkey_k(context, auth, &key);
    if (ret)
        return ret;
    *why_out = NULL;
    if (tr_checksum_type(krb5_k_key_enctype(context, key)) == 0)
        *why_out = "session key is not of an AES type";
    else if (sum == NULL)
        *why_out = "authenticator without checksum";
    else if (sum->checksum_type !=
             tr_checksum_type(krb5_k_key_enctype(context, key)))
        *why_out = "authenticator checksum of another type";
    else if (krb5_k_verify_checksum(context, key, AP_REQ_AUTH_CKSUM, bound,
                                    sum, &valid) != 0 || !valid)
        *why_out = "authenticator checksum does not verify";
    krb5_k_free_key(context, key);
    return *why_out == NULL ? 0 : TRR_SYSTEM_AUTH;
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
                krb5_const_principal self, const char *to,
                const struct tr_bytes *ap_req, const struct tr_bytes *request,
                char **from_out, krb5_key *subkey_out, const char **why_out)
{
    krb5_data in = { KV5M_DATA, request->length, (char *)request->data };
    krb5_data bound = { 0, 0, NULL };
    krb5_auth_context auth = NULL;
    krb5_authenticator *authenticator = NULL;
    krb5_key subkey = NULL;
    char *from = NULL;
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
        ret = krb5_unparse_name(context, authenticator->client, &from);
    if (ret == 0)
        ret = bound_octets(from, to, ap_req, &bound);
    if (ret == 0)
        ret = verify_checksum(context, auth, authenticator, &bound, why_out);
    if (ret == 0)
        ret = get_subkey(context, auth, authenticator, &subkey, why_out);
    if (ret)
        goto cleanup;
    *from_out = from;
    from = NULL;
    *subkey_out = subkey;

cleanup:
    free(bound.data);
    krb5_free_unparsed_name(context, from);
    krb5_free_authenticator(context, authenticator);
    krb5_auth_con_free(context, auth);
    return ret;
}

krb5_error_code
tr_apreq_server(krb5_context context, const struct tr_bytes *ap_req,
                krb5_principal *server_out)
{
    struct tr_kerberos_ap_req parsed;
    krb5_ticket *ticket = NULL;
    krb5_data der;
    krb5_error_code ret;

    ret = tr_wire_decode(TR_WIRE_KERBEROS_AP_REQ, ap_req->data,
                         ap_req->length, &parsed);
    if (ret)
        return ret == ENOMEM ? ENOMEM : TRR_TOKEN;
    if (parsed.ap_options.length < 2 ||
        (parsed.ap_options.data[1] & USE_SESSION_KEY) != 0) {
        ret = TRR_UNSUPPORTED;
        goto cleanup;
    }
    der.magic = KV5M_DATA;
    der.length = parsed.ticket.length;
    der.data = (char *)parsed.ticket.data;
    ret = krb5_decode_ticket(&der, &ticket);
    if (ret) {
        ret = ret == ENOMEM ? ENOMEM : TRR_TOKEN;
        goto cleanup;
    }
    *server_out = ticket->server;
    ticket->server = NULL;

cleanup:
    krb5_free_ticket(context, ticket);
    tr_wire_free(TR_WIRE_KERBEROS_AP_REQ, &parsed);
    return ret;
}
