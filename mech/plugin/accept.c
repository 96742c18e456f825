/* mech/plugin/accept.c - establish a context as acceptor */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 *   peer                     Kerberos          trustrealmd     application
 *   --- AP-REQ, trailer --------------------> gss_accept_sec_context
 *        --- AP-REQ -----------> accepted: who it is
 *        --- AP-REQ, trailer, user, AP-REP --> accept (decides, once)
 *        <-- trailer, page ------------------
 *   <-- AP-REP, trailer -------------------------------------------------
 *
 * The application learns nothing of what Kerberos accepted before trustrealmd
 * has.  Refusal has no side effects: what Kerberos gave (context, names,
 * delegated credential, AP-REP) is released, and the peer gets one token and
 * the application one major status, whatever the reason; the reason is in the
 * minor status and in the audit record.
 */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "buffer.h"
#include "call.h"
#include "context.h"
#include "credentials.h"
#include "frame.h"
#include "gssi.h"
#include "marker.h"
#include "names.h"
#include "profile.h"
#include "status.h"
#include "ticket.h"
#include "trustrealm_err.h"

struct acceptance {
    struct tr_context *context;
    /* of the peer and the application */
    gss_cred_id_t cred;
    gss_buffer_t octets;
    gss_channel_bindings_t bindings;
    bool name_wanted;
    struct tr_token token;
    /* of its ticket, if that was seen before */
    struct tr_bytes ticket;
    struct tr_shown_name *known_client, *service;
    /* of Kerberos */
    gss_name_t source;          /* inner; then in client; or not asked for */
    gss_buffer_desc reply;
    OM_uint32 flags, time;
    bool aes;                   /* its keys for messages are AES keys */
    gss_cred_id_t delegated;    /* inner */
    /* in between */
    struct tr_cred *acquired;
    struct tr_name *client;
    bool refused;               /* by us, not by Kerberos */
};

/* --- the token ----------------------------------------------------------- */

/* What is refused in any case need not come to Kerberos, which takes memory
 * by the square of the length for some of what a ticket may contain. */
static krb5_error_code
check_first_token(const struct acceptance *ac)
{
    if (ac->token.body_length > TR_MAX_AP_REQ)
        return tr_detail(TRR_TOO_LONG, "the peer's AP-REQ is too long");
    if (ac->token.trailer == NULL)
        return 0;
    if (ac->token.trailer_length > TR_MAX_TRAILER)
        return tr_detail(TRR_TOO_LONG, "the peer's trailer is too long");
    if (ac->token.oid == NULL || tr_mech_is_iakerb(ac->context->mech))
        return tr_detail(TRR_UNSUPPORTED, "IAKERB and unframed tokens cannot "
                         "be labelled");
    return 0;
}

/*
 * Every context has one AP-REQ, with or without trailer.  IAKERB exchanges
 * other tokens before it; DCE style a last one after it.
 */
static krb5_error_code
admit_token(struct acceptance *ac)
{
    struct tr_context *context = ac->context;
    bool begun = context->ap_req.length > 0;
    krb5_error_code ret;

    ret = tr_token_parse(ac->octets->value, ac->octets->length, &ac->token);
    if (ret)
        return tr_detail(ret, "malformed token from the peer");
    if (ac->token.kind == TR_TOKEN_AP_REQ && !begun) {
        context->plain = ac->token.trailer == NULL;
        return check_first_token(ac);
    }
    if (ac->token.kind == TR_TOKEN_OTHER &&
        (begun || tr_mech_is_iakerb(context->mech)))
        return 0;
    return tr_detail(TRR_TOKEN, "unexpected token from the peer");
}

/* --- Kerberos ------------------------------------------------------------ */

static OM_uint32
kerberos(OM_uint32 *minor, struct acceptance *ac)
{
    gss_cred_id_t inner_cred = tr_cred_inner(ac->cred);
    gss_buffer_desc inner = GSS_C_EMPTY_BUFFER;
    gss_name_t *source = &ac->source;
    OM_uint32 major;
    krb5_error_code ret;

    if (inner_cred == GSS_C_NO_CREDENTIAL) {
        /* Only a credential tells the mechglue to pass us by. */
        major = tr_cred_default(minor, ac->context->mech, GSS_C_ACCEPT,
                                &ac->acquired);
        if (GSS_ERROR(major))
            return major;
        inner_cred = ac->acquired->inner;
    }
    ret = tr_frame_inner(ac->context->mech, &ac->token, &inner);
    if (ret)
        return tr_fail(minor, ret);
    if (!ac->name_wanted && ac->known_client != NULL)
        source = NULL;
    major = gss_accept_sec_context(minor, &ac->context->inner, inner_cred,
                                   inner.length > 0 ? &inner : ac->octets,
                                   ac->bindings, source, NULL, &ac->reply,
                                   &ac->flags, &ac->time, &ac->delegated);
    free(inner.value);
    return major;
}

/* --- asking trustrealmd -------------------------------------------------- */

/*
 * What Kerberos authenticated must agree with the token, by a key that may
 * protect labels.  trustrealmd refuses and records it when that is not so;
 * this is in case it should fail to.
 */
static krb5_error_code
check_kerberos(const struct acceptance *ac)
{
    bool marked = (ac->flags & TR_MARKER_FLAG) != 0;

    if (marked && ac->context->plain)
        return tr_detail(TRR_STRIPPED, "%s", error_message(TRR_STRIPPED));
    if (!marked && !ac->context->plain)
        return tr_detail(TRR_BINDING, "the label does not belong to this "
                         "token");
    if (!ac->context->plain && (ac->flags & GSS_C_MUTUAL_FLAG) == 0)
        return tr_detail(TRR_FLAGS, "%s", error_message(TRR_FLAGS));
    if (!ac->context->plain && !ac->aes)
        return tr_detail(TRR_PROTECTION, "the key is no AES key");
    return 0;
}

static int64_t
ask_flags(const struct acceptance *ac)
{
    int64_t ask = ac->aes ? TR_ASK_AES : 0;

    if ((ac->flags & GSS_C_CONF_FLAG) != 0)
        ask |= TR_ASK_CONF;
    if ((ac->flags & GSS_C_DELEG_FLAG) != 0)
        ask |= TR_ASK_DELEG;
    if ((ac->flags & GSS_C_MUTUAL_FLAG) != 0)
        ask |= TR_ASK_MUTUAL;
    if ((ac->flags & TR_MARKER_FLAG) != 0)
        ask |= TR_ASK_MARKER;
    return ask;
}

/*
 * The service whose key opened the ticket.  What the ticket says of itself is
 * in the clear: anybody could have written another service there, to be
 * judged by its rules.
 */
static OM_uint32
accepted_service(OM_uint32 *minor, const struct tr_context *context,
                 struct tr_shown_name **service_out)
{
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 major, ignored;

    *service_out = NULL;
    major = gss_inquire_context(minor, context->inner, NULL, &name, NULL,
                                NULL, NULL, NULL, NULL);
    if (!GSS_ERROR(major))
        major = tr_inner_text(minor, name, service_out);
    (void)gss_release_name(&ignored, &name);
    return major;
}

/* Who the client is, and that service. */
static OM_uint32
identify(OM_uint32 *minor, struct acceptance *ac, const char **client_out)
{
    OM_uint32 major;
    krb5_error_code ret;

    if (ac->source == GSS_C_NO_NAME && ac->known_client != NULL) {
        *client_out = ac->known_client->text;
        return GSS_S_COMPLETE;
    }
    ret = tr_name_create(&ac->source, NULL, &ac->client);
    if (ret)
        return tr_fail(minor, ret);
    if (ac->known_client != NULL) {
        tr_name_show(ac->client, ac->known_client);
        ac->known_client = NULL;
        return tr_name_text(minor, ac->client, client_out);
    }
    major = tr_name_text(minor, ac->client, client_out);
    if (!GSS_ERROR(major))
        major = accepted_service(minor, ac->context, &ac->service);
    if (!GSS_ERROR(major))
        tr_ticket_remember(&ac->ticket, ac->client->principal->shown,
                           ac->service);
    return major;
}

/* Take over what was decided.  *trailer_out is empty for a plain peer. */
static krb5_error_code
establish(struct acceptance *ac, struct tr_established *established,
          struct tr_mapping *page, struct tr_bytes *trailer_out)
{
    struct tr_context *context = ac->context;
    krb5_error_code ret;

    ret = check_kerberos(ac);
    if (ret == 0 &&
        (context->plain != (established->trailer.length == 0) ||
         established->trailer.length > TR_MAX_TRAILER))
        ret = tr_detail(TRR_MALFORMED, "unusable trailer from trustrealmd");
    if (ret == 0) {
        ret = tr_context_establish(context, established, page);
        page = NULL;
    }
    if (ret == 0)
        *trailer_out = tr_bytes_take(&established->trailer);
    tr_page_release(page);
    return ret;
}

static krb5_error_code
ask_accept(struct acceptance *ac, const char *client,
           const struct tr_token *ap_rep, struct tr_bytes *trailer_out)
{
    struct tr_context *context = ac->context;
    struct tr_call call = { .type = TR_CALL_ACCEPT };
    struct tr_reply reply;
    struct tr_mapping *page;
    krb5_error_code ret;

    call.u.accept.ap_req = context->ap_req;
    if (ac->token.kind == TR_TOKEN_AP_REQ) {
        call.u.accept.ap_req.data = (uint8_t *)ac->token.body;
        call.u.accept.ap_req.length = ac->token.body_length;
        call.u.accept.trailer.data = (uint8_t *)ac->token.trailer;
        call.u.accept.trailer.length = ac->token.trailer_length;
    }
    call.u.accept.ap_rep.data = (uint8_t *)ap_rep->body;
    call.u.accept.ap_rep.length = ap_rep->body_length;
    call.u.accept.client = (char *)client;
    call.u.accept.service = ac->service->text;
    call.u.accept.binding.data = context->binding;
    call.u.accept.binding.length = sizeof(context->binding);
    call.u.accept.flags = ask_flags(ac);
    ret = tr_daemon_ask(&call, TR_REPLY_ESTABLISHED, &reply, &page);
    if (ret)
        return ret;
    ret = establish(ac, &reply.u.established, page, trailer_out);
    tr_wire_free(TR_WIRE_REPLY, &reply);
    return ret;
}

/* Nothing when Kerberos made no reply. */
static krb5_error_code
find_ap_rep(const struct acceptance *ac, struct tr_token *ap_rep)
{
    krb5_error_code ret;

    memset(ap_rep, 0, sizeof(*ap_rep));
    if (ac->reply.length == 0)
        return 0;
    ret = tr_token_parse(ac->reply.value, ac->reply.length, ap_rep);
    if (ret == 0 && !ac->context->plain && ap_rep->kind != TR_TOKEN_AP_REP)
        ret = TRR_UNSUPPORTED;
    return ret;
}

/* Kerberos has accepted: ask trustrealmd, and put its trailer on the reply. */
static OM_uint32
decide(OM_uint32 *minor, struct acceptance *ac)
{
    struct tr_context *context = ac->context;
    struct tr_bytes trailer = { NULL, 0 };
    struct tr_token ap_rep;
    const char *client;
    OM_uint32 major;
    krb5_error_code ret;

    ret = find_ap_rep(ac, &ap_rep);
    if (ret)
        return tr_fail(minor, ret);
    major = tr_context_derive(minor, context);
    if (!GSS_ERROR(major) && !context->plain)
        major = tr_context_has_aes(minor, context, &ac->aes);
    if (!GSS_ERROR(major))
        major = identify(minor, ac, &client);
    if (GSS_ERROR(major))
        return major;
    ret = ask_accept(ac, client, &ap_rep, &trailer);
    if (ret == 0)
        ret = tr_frame_outer(context->mech,
                             trailer.length > 0 ? &trailer : NULL, &ac->reply);
    free(trailer.data);
    return ret == 0 ? GSS_S_COMPLETE : tr_fail(minor, ret);
}

/* --- one step ------------------------------------------------------------ */

/* For trustrealmd, which is asked when Kerberos is done. */
static krb5_error_code
keep_ap_req(struct acceptance *ac)
{
    struct tr_bytes *kept = &ac->context->ap_req;

    kept->data = malloc(ac->token.body_length);
    if (kept->data == NULL)
        return ENOMEM;
    memcpy(kept->data, ac->token.body, ac->token.body_length);
    kept->length = ac->token.body_length;
    return 0;
}

/* Kerberos wants another token (DCE style, IAKERB). */
static OM_uint32
wait_for_more(OM_uint32 *minor, struct acceptance *ac)
{
    krb5_error_code ret = 0;

    if (ac->token.kind == TR_TOKEN_AP_REQ)
        ret = !ac->context->plain ?
            tr_detail(TRR_UNSUPPORTED, "DCE style contexts cannot be "
                      "labelled") : keep_ap_req(ac);
    if (ret == 0)
        ret = tr_frame_outer(ac->context->mech, NULL, &ac->reply);
    return ret == 0 ? GSS_S_CONTINUE_NEEDED : tr_fail(minor, ret);
}

static OM_uint32
step(OM_uint32 *minor, struct acceptance *ac)
{
    OM_uint32 major;
    krb5_error_code ret;

    ac->refused = true;
    ret = admit_token(ac);
    if (ret == 0)
        ret = tr_ticket_key(&ac->token, tr_cred_serial(ac->cred),
                            tr_cred_keytab(ac->cred), &ac->ticket);
    if (ret == 0)
        ret = tr_ticket_recall(&ac->ticket, &ac->known_client, &ac->service);
    if (ret)
        return tr_fail(minor, ret);
    ac->context->stage = TR_WAITING;
    major = kerberos(minor, ac);
    if (GSS_ERROR(major)) {
        ac->refused = false;
        return major;
    }
    if ((major & GSS_S_CONTINUE_NEEDED) != 0)
        return wait_for_more(minor, ac);
    if (ac->token.kind != TR_TOKEN_AP_REQ && ac->context->ap_req.length == 0)
        return tr_fail_as(minor, TRR_INTERNAL, "Kerberos accepted without an "
                          "AP-REQ");
    return decide(minor, ac);
}

/* Undo what Kerberos did, and answer as every refused peer is answered. */
static OM_uint32
refuse(OM_uint32 major, struct acceptance *ac)
{
    OM_uint32 ignored;

    tr_context_kill(ac->context);
    (void)gss_release_name(&ignored, &ac->source);
    (void)gss_release_cred(&ignored, &ac->delegated);
    if (!ac->refused) {
        (void)tr_frame_outer(ac->context->mech, NULL, &ac->reply);
        return major;
    }
    (void)gss_release_buffer(&ignored, &ac->reply);
    (void)tr_frame_refusal(ac->context->mech, &ac->reply);
    return GSS_S_UNAUTHORIZED;
}

/* --- the entry point ----------------------------------------------------- */

/* Hand out name and delegated credential, as far as they are wanted. */
static krb5_error_code
deliver(struct acceptance *ac, gss_name_t *name_out,
        gss_cred_id_t *delegated_out)
{
    struct tr_cred *cred = NULL;
    krb5_error_code ret = 0;

    if ((ac->context->life.flags & TR_REFUSE_DELEG) != 0)
        ac->flags &= ~GSS_C_DELEG_FLAG;
    if (delegated_out != NULL && ac->delegated != GSS_C_NO_CREDENTIAL &&
        (ac->flags & GSS_C_DELEG_FLAG) != 0)
        ret = tr_cred_create(&ac->delegated, &cred);
    if (ret)
        return ret;
    if (name_out != NULL) {
        ac->client->facts = tr_facts_hold(ac->context->facts);
        *name_out = (gss_name_t)ac->client;
        ac->client = NULL;
    }
    if (cred != NULL)
        *delegated_out = (gss_cred_id_t)cred;
    return 0;
}

/* The mechanism of a token is the one in its frame. */
static const struct tr_mech *
mech_of(gss_buffer_t octets)
{
    const struct tr_mech *mech = NULL;
    struct tr_token token;

    if (tr_token_parse(octets->value, octets->length, &token) == 0 &&
        token.oid != NULL)
        mech = tr_mech_by_octets(token.oid, token.oid_length);
    return mech != NULL ? mech : tr_mech_find(GSS_C_NO_OID);
}

static OM_uint32
run(OM_uint32 *minor, struct acceptance *ac, gss_ctx_id_t *handle,
    gss_name_t *name_out, gss_cred_id_t *delegated_out)
{
    bool first = *handle == GSS_C_NO_CONTEXT;
    OM_uint32 major;
    krb5_error_code ret = 0;

    ac->context = (struct tr_context *)*handle;
    if (first)
        ret = tr_context_create(mech_of(ac->octets), false, &ac->context);
    if (ret)
        return tr_fail(minor, ret);
    if (!first && (ac->context->initiator ||
                   ac->context->stage != TR_WAITING ||
                   ac->context->inner == GSS_C_NO_CONTEXT))
        return GSS_S_NO_CONTEXT;
    major = step(minor, ac);
    if (major == GSS_S_COMPLETE) {
        ret = deliver(ac, name_out, delegated_out);
        if (ret)
            major = tr_fail(minor, ret);
    }
    if (GSS_ERROR(major)) {
        if (ac->refused && *minor == 0)
            *minor = tr_detail_major(TRR_INTERNAL, major);
        major = refuse(major, ac);
        if (first)
            tr_context_free(ac->context);
        return major;
    }
    *handle = (gss_ctx_id_t)ac->context;
    return major;
}

OM_uint32
gssi_accept_sec_context(OM_uint32 *minor, gss_ctx_id_t *handle,
                        gss_cred_id_t cred, gss_buffer_t token,
                        gss_channel_bindings_t bindings,
                        gss_name_t *src_name_out, gss_OID *mech_out,
                        gss_buffer_t token_out, OM_uint32 *flags_out,
                        OM_uint32 *time_out, gss_cred_id_t *delegated_out)
{
    struct acceptance ac = {
        .cred = cred, .octets = token, .bindings = bindings,
        .name_wanted = src_name_out != NULL
    };
    OM_uint32 major, ignored;

    *minor = 0;
    token_out->length = 0;
    token_out->value = NULL;
    tr_profile_hold();
    major = run(minor, &ac, handle, src_name_out, delegated_out);
    *token_out = ac.reply;
    if (!GSS_ERROR(major)) {
        if (mech_out != NULL)
            *mech_out = tr_mech_public(ac.context->mech);
        if (flags_out != NULL)
            *flags_out = ac.flags & ~TR_MARKER_FLAG;
        if (time_out != NULL)
            *time_out = tr_life_remaining(&ac.context->life, ac.time);
    }
    (void)gss_release_name(&ignored, &ac.source);
    tr_name_free(ac.client);
    free(ac.ticket.data);
    free(ac.known_client);
    free(ac.service);
    tr_cred_free(ac.acquired);
    (void)gss_release_cred(&ignored, &ac.delegated);
    return major;
}
