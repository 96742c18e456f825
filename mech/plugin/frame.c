/* mech/plugin/frame.c - between our tokens and those of Kerberos */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "buffer.h"
#include "frame.h"
#include "status.h"
#include "trustrealm_err.h"

/* Always the same, so that it tells no reason; RFC 4120 wants a server. */
#define REFUSAL_TEXT \
    "refused by trustrealm; the audit log of the service's system says why"
#define REFUSAL_REALM "TRUSTREALM"
#define REFUSAL_SERVER "trustrealm"

krb5_error_code
tr_frame_inner(const struct tr_mech *mech, const struct tr_token *token,
               gss_buffer_t inner_out)
{
    gss_OID oid = tr_mech_kerberos(mech);
    uint8_t *octets;
    krb5_error_code ret;

    inner_out->length = 0;
    inner_out->value = NULL;
    if (token->kind == TR_TOKEN_OTHER)
        return 0;
    /* Kerberos would have looked at the OID that is replaced here. */
    if (token->oid != NULL &&
        tr_mech_by_octets(token->oid, token->oid_length) != mech)
        return tr_detail(TRR_TOKEN, "token of another mechanism");
    if (token->trailer == NULL && !tr_mech_is_own(mech))
        return 0;
    ret = tr_token_build(token, oid->elements,
                         token->oid != NULL ? oid->length : 0, NULL, 0,
                         &octets, &inner_out->length);
    if (ret == 0)
        inner_out->value = octets;
    return ret;
}

static krb5_error_code
build(const struct tr_mech *mech, const struct tr_token *token,
      const struct tr_bytes *trailer, gss_buffer_t token_out)
{
    gss_OID oid = tr_mech_public(mech);
    uint8_t *octets = NULL;
    size_t length;
    krb5_error_code ret;

    ret = tr_token_build(token, oid->elements,
                         token->kind == TR_TOKEN_ERROR || token->oid != NULL ?
                         oid->length : 0,
                         trailer != NULL ? trailer->data : NULL,
                         trailer != NULL ? trailer->length : 0,
                         &octets, &length);
    if (ret == 0)
        ret = tr_buffer_copy(octets, length, token_out);
    free(octets);
    return ret;
}

krb5_error_code
tr_frame_outer(const struct tr_mech *mech, const struct tr_bytes *trailer,
               gss_buffer_t octets)
{
    gss_buffer_desc framed = GSS_C_EMPTY_BUFFER;
    struct tr_token token;
    OM_uint32 ignored;
    krb5_error_code ret;

    if (octets->length == 0)
        return 0;
    ret = tr_token_parse(octets->value, octets->length, &token);
    if (ret == 0 && trailer == NULL &&
        (token.kind == TR_TOKEN_OTHER || !tr_mech_is_own(mech)))
        return 0;
    if (ret == 0)
        ret = token.kind == TR_TOKEN_OTHER ? TRR_UNSUPPORTED :
            build(mech, &token, trailer, &framed);
    (void)gss_release_buffer(&ignored, octets);
    *octets = framed;
    return ret;
}

static krb5_error_code
make_refusal(krb5_context context, krb5_data *out)
{
    krb5_error error;
    krb5_principal server = NULL;
    krb5_error_code ret;

    memset(&error, 0, sizeof(error));
    ret = krb5_build_principal(context, &server, sizeof(REFUSAL_REALM) - 1,
                               REFUSAL_REALM, REFUSAL_SERVER, (char *)NULL);
    if (ret)
        return ret;
    error.error = KRB5KRB_ERR_GENERIC - ERROR_TABLE_BASE_krb5;
    error.server = server;
    error.text.data = REFUSAL_TEXT;
    error.text.length = sizeof(REFUSAL_TEXT) - 1;
    ret = krb5_mk_error(context, &error, out);
    krb5_free_principal(context, server);
    return ret;
}

krb5_error_code
tr_frame_refusal(const struct tr_mech *mech, gss_buffer_t token_out)
{
    struct tr_token token = { .kind = TR_TOKEN_ERROR };
    krb5_context context = NULL;
    krb5_data octets = { 0 };
    krb5_error_code ret;

    ret = krb5_init_context(&context);
    if (ret == 0)
        ret = make_refusal(context, &octets);
    if (ret == 0) {
        token.body = (const uint8_t *)octets.data;
        token.body_length = octets.length;
        ret = build(mech, &token, NULL, token_out);
    }
    krb5_free_data_contents(context, &octets);
    krb5_free_context(context);
    return ret;
}

bool
tr_frame_is_refusal(const struct tr_token *token)
{
    krb5_context context = NULL;
    krb5_data octets = { 0 };
    bool same = false;

    if (krb5_init_context(&context) == 0 &&
        make_refusal(context, &octets) == 0)
        same = octets.length == token->body_length &&
            memcmp(octets.data, token->body, octets.length) == 0;
    krb5_free_data_contents(context, &octets);
    krb5_free_context(context);
    return same;
}
