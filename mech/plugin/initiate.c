/* mech/plugin/initiate.c - establish a context as initiator */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 *   application          trustrealmd            Kerberos           peer
 *   gss_init_sec_context
 *        --- target, label --> prepare   (decided before any traffic)
 *        --------------------------------> AP-REQ, mutual and marked
 *        --- AP-REQ ---------> seal
 *        <-- trailer ---------
 *        ------------------------------------------- AP-REQ, trailer -->
 *        <------------------------------------------ AP-REP, trailer ---
 *        --------------------------------> AP-REP verified
 *        --- AP-REP, trailer -> accepted (acceptance verified)
 *        <-- established
 *
 * "prepare" is left out when a token for the same target was sealed under the
 * present epoch (prepared.h).
 *
 * The marker is a context flag that travels authenticated: an acceptor that
 * finds it without trailer knows that the trailer was taken away.
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
#include "prepared.h"
#include "profile.h"
#include "status.h"
#include "ticket.h"
#include "trustrealm_err.h"

/* Contexts that cannot be labelled. */
#define REFUSED_FLAGS (GSS_C_DCE_STYLE | GSS_C_ANON_FLAG)

struct initiation {
    struct tr_context *context;
    /* of the application */
    struct tr_cred *cred;
    struct tr_name *target;
    OM_uint32 req_flags, time_req;
    gss_channel_bindings_t bindings;
    gss_buffer_t token;
    /* to the application */
    gss_buffer_desc reply;
    OM_uint32 flags, time;
    /* in between */
    struct tr_cred *acquired;
    int64_t ask;                /* flags of our calls */
    int64_t answer;             /* flags of prepared */
    struct tr_bytes question;   /* that it answers (prepared.h) */
    char *label;                /* asked for; "" = the process's own */
    bool known;                 /* the answer was remembered, not asked for */
    bool outdated;              /* what was remembered holds no more */
};

/* --- the first token ----------------------------------------------------- */

static krb5_error_code
ask_prepare(struct initiation *in, const char *target)
{
    struct tr_call call = { .type = TR_CALL_PREPARE };
    struct tr_reply reply;
    krb5_error_code ret;

    call.u.prepare.target = (char *)target;
    call.u.prepare.label = in->label;
    call.u.prepare.flags = in->ask;
    ret = tr_daemon_ask(&call, TR_REPLY_PREPARED, &reply, NULL);
    if (ret)
        return ret;
    in->answer = reply.u.prepared.flags;
    tr_context_set_record(in->context, &reply.u.prepared.record);
    tr_wire_free(TR_WIRE_REPLY, &reply);
    return 0;
}

static OM_uint32
prepare(OM_uint32 *minor, struct initiation *in)
{
    struct tr_context *context = in->context;
    const char *target;
    krb5_error_code ret;
    OM_uint32 major;

    major = tr_name_text(minor, in->target, &target);
    if (GSS_ERROR(major))
        return major;
    ret = tr_cred_label(in->cred, &in->label);
    if (ret == 0)
        ret = tr_prepared_key(target, in->label, in->ask, &in->question);
    if (ret == 0) {
        in->known = tr_prepared_find(&in->question, &in->answer);
        if (!in->known)
            ret = ask_prepare(in, target);
    }
    if (ret)
        return tr_fail(minor, ret);
    context->plain = (in->answer & TR_IS_PLAIN) != 0;
    return GSS_S_COMPLETE;
}

static OM_uint32
check_possible(OM_uint32 *minor, const struct initiation *in)
{
    if (in->context->plain)
        return GSS_S_COMPLETE;
    if ((in->req_flags & REFUSED_FLAGS) != 0)
        return tr_fail_as(minor, TRR_UNSUPPORTED, "DCE style and anonymous "
                          "contexts cannot be labelled");
    if (tr_mech_is_iakerb(in->context->mech))
        return tr_fail_as(minor, TRR_UNSUPPORTED, "IAKERB contexts cannot be "
                          "labelled");
    return GSS_S_COMPLETE;
}

/* The flags that Kerberos is asked for. */
static OM_uint32
inner_flags(const struct initiation *in)
{
    OM_uint32 flags = in->req_flags & ~TR_MARKER_FLAG;

    if ((in->answer & TR_REFUSE_DELEG) != 0)
        flags &= ~(GSS_C_DELEG_FLAG | GSS_C_DELEG_POLICY_FLAG);
    if (in->context->plain)
        return flags;
    flags |= GSS_C_MUTUAL_FLAG | GSS_C_INTEG_FLAG | TR_MARKER_FLAG;
    if ((in->answer & TR_FORCE_CONF) != 0)
        flags |= GSS_C_CONF_FLAG;
    return flags;
}

/* One step of Kerberos: its token in in->reply. */
static OM_uint32
kerberos(OM_uint32 *minor, struct initiation *in, gss_buffer_t token)
{
    struct tr_context *context = in->context;
    gss_cred_id_t cred = in->cred != NULL ? in->cred->inner :
        GSS_C_NO_CREDENTIAL;

    return gss_init_sec_context(minor, cred, &context->inner,
                                tr_name_inner((gss_name_t)in->target),
                                tr_mech_inner(context->mech), inner_flags(in),
                                in->time_req, in->bindings, token, NULL,
                                &in->reply, &in->flags, &in->time);
}

/* What Kerberos was asked for was decided by an answer that is now out of
 * date: this token must not leave. */
static krb5_error_code
check_answer(struct initiation *in, int64_t flags)
{
    if ((flags & ~in->answer & (TR_REFUSE_DELEG | TR_FORCE_CONF)) == 0)
        return 0;
    in->outdated = in->known;
    return tr_detail(TRR_REFUSED, "the policy of the trust realm has just "
                     "changed");
}

/* The next context to the same target need not ask first. */
static void
remember_answer(struct initiation *in, const struct tr_reply *sealed,
                struct tr_mapping *page)
{
    if (!in->known && in->question.length > 0 &&
        sealed->u.sealed.flags == in->answer)
        tr_prepared_add(&in->question, in->answer, page,
                        (uint64_t)sealed->u.sealed.epoch);
}

/* The token that Kerberos has made. */
static krb5_error_code
parse_token(const struct initiation *in, struct tr_token *token)
{
    krb5_error_code ret;

    ret = tr_token_parse(in->reply.value, in->reply.length, token);
    if (ret)
        return ret;
    if (token->kind != TR_TOKEN_AP_REQ || token->oid == NULL ||
        token->trailer != NULL)
        return tr_detail(TRR_UNSUPPORTED, "unexpected token from Kerberos");
    return 0;
}

/* Whose credential it is: known only now that Kerberos has used it. */
static OM_uint32
identify(OM_uint32 *minor, struct initiation *in, const struct tr_token *token,
         const char **client_out)
{
    struct tr_shown_name *client = NULL;
    struct tr_bytes key;
    OM_uint32 major;
    krb5_error_code ret;

    if (in->acquired == NULL)
        return tr_cred_client(minor, in->cred, client_out);
    ret = tr_ticket_key(token, TR_TICKET_INITIATOR, "", &key);
    if (ret == 0)
        ret = tr_ticket_recall(&key, &client, NULL);
    if (client != NULL)
        tr_cred_show(in->cred, client);
    major = ret != 0 ? tr_fail(minor, ret) :
        tr_cred_client(minor, in->cred, client_out);
    if (!GSS_ERROR(major) && client == NULL)
        tr_ticket_remember(&key, in->cred->client, NULL);
    free(key.data);
    return major;
}

/* Have trustrealmd seal the token, and put its trailer on. */
static krb5_error_code
seal(struct initiation *in, const struct tr_token *token, const char *client)
{
    struct tr_call call = { .type = TR_CALL_SEAL };
    struct tr_mapping *page;
    struct tr_reply reply;
    krb5_error_code ret;

    call.u.seal.ap_req.data = (uint8_t *)token->body;
    call.u.seal.ap_req.length = token->body_length;
    call.u.seal.client = (char *)client;
    call.u.seal.label = in->label;
    call.u.seal.flags = in->ask;
    ret = tr_daemon_ask(&call, TR_REPLY_SEALED, &reply, &page);
    if (ret)
        return ret;
    ret = check_answer(in, reply.u.sealed.flags);
    if (ret == 0 && (reply.u.sealed.trailer.length == 0 ||
        reply.u.sealed.trailer.length > TR_MAX_TRAILER))
        ret = tr_detail(TRR_MALFORMED, "unusable trailer from trustrealmd");
    if (ret == 0)
        ret = tr_frame_outer(in->context->mech, &reply.u.sealed.trailer,
                             &in->reply);
    if (ret == 0) {
        tr_context_set_record(in->context, &reply.u.sealed.record);
        remember_answer(in, &reply, page);
    }
    tr_page_release(page);
    tr_wire_free(TR_WIRE_REPLY, &reply);
    return ret;
}

static OM_uint32
begin_labelled(OM_uint32 *minor, struct initiation *in)
{
    struct tr_token token;
    const char *client;
    OM_uint32 major;
    krb5_error_code ret;

    if (in->cred == NULL) {
        /* So that the client named to trustrealmd is the one who signs. */
        major = tr_cred_default(minor, in->context->mech, GSS_C_INITIATE,
                                &in->acquired);
        if (GSS_ERROR(major))
            return major;
        in->cred = in->acquired;
    }
    major = kerberos(minor, in, GSS_C_NO_BUFFER);
    if (GSS_ERROR(major))
        return major;
    if (major != GSS_S_CONTINUE_NEEDED)
        return tr_fail_as(minor, TRR_FLAGS, "Kerberos did not authenticate "
                          "mutually");
    ret = parse_token(in, &token);
    if (ret)
        return tr_fail(minor, ret);
    major = identify(minor, in, &token, &client);
    if (GSS_ERROR(major))
        return major;
    ret = seal(in, &token, client);
    return ret == 0 ? GSS_S_CONTINUE_NEEDED : tr_fail(minor, ret);
}

/* --- without label ------------------------------------------------------- */

/* One step of a by-pass: Kerberos alone, with the OID changed if need be. */
static OM_uint32
step_plain(OM_uint32 *minor, struct initiation *in)
{
    struct tr_context *context = in->context;
    gss_buffer_desc inner = GSS_C_EMPTY_BUFFER;
    struct tr_token token;
    OM_uint32 major;
    krb5_error_code ret = 0;

    if (in->token != GSS_C_NO_BUFFER && in->token->length > 0) {
        ret = tr_token_parse(in->token->value, in->token->length, &token);
        /* What a peer of the same kind adds means nothing to us here. */
        token.trailer = NULL;
        if (ret == 0)
            ret = tr_frame_inner(context->mech, &token, &inner);
        if (ret)
            return tr_fail(minor, ret);
    }
    major = kerberos(minor, in, inner.length > 0 ? &inner : in->token);
    free(inner.value);
    ret = tr_frame_outer(context->mech, NULL, &in->reply);
    if (ret == 0 && major == GSS_S_COMPLETE)
        ret = tr_life_resume(context);
    return ret == 0 ? major : tr_fail(minor, ret);
}

static OM_uint32
begin_once(OM_uint32 *minor, struct initiation *in)
{
    OM_uint32 major;

    major = prepare(minor, in);
    if (major == GSS_S_COMPLETE)
        major = check_possible(minor, in);
    if (GSS_ERROR(major))
        return major;
    in->context->stage = TR_WAITING;
    return in->context->plain ? step_plain(minor, in) :
        begin_labelled(minor, in);
}

static OM_uint32
begin(OM_uint32 *minor, struct initiation *in)
{
    OM_uint32 major, ignored;

    if ((in->req_flags & GSS_C_CONF_FLAG) != 0)
        in->ask |= TR_ASK_CONF;
    if ((in->req_flags & (GSS_C_DELEG_FLAG | GSS_C_DELEG_POLICY_FLAG)) != 0)
        in->ask |= TR_ASK_DELEG;
    in->context->identify = (in->req_flags & TR_MARKER_FLAG) != 0;
    major = begin_once(minor, in);
    if (!in->outdated)
        return major;
    /* Start again, and ask. */
    in->outdated = false;
    (void)gss_release_buffer(&ignored, &in->reply);
    tr_context_kill(in->context);
    tr_prepared_forget(&in->question);
    free(tr_bytes_take(&in->question).data);
    free(in->label);
    in->label = NULL;
    return begin_once(minor, in);
}

/* --- the reply ----------------------------------------------------------- */

static OM_uint32
check_reply(OM_uint32 *minor, const struct tr_token *token)
{
    if (token->kind == TR_TOKEN_ERROR && tr_frame_is_refusal(token))
        return tr_fail_as(minor, TRR_REFUSED, "refused by the peer");
    if (token->kind == TR_TOKEN_AP_REP &&
        token->trailer_length > TR_MAX_TRAILER)
        return tr_fail_as(minor, TRR_TOO_LONG, "the peer's trailer is too "
                          "long");
    if (token->kind == TR_TOKEN_AP_REP || token->kind == TR_TOKEN_ERROR)
        return GSS_S_COMPLETE;
    return tr_fail_as(minor, TRR_TOKEN, "unexpected token from the peer");
}

static krb5_error_code
accepted(struct tr_context *context, const struct tr_token *token, bool aes)
{
    struct tr_call call = { .type = TR_CALL_ACCEPTED };
    struct tr_reply reply;
    struct tr_mapping *page;
    krb5_error_code ret;

    call.u.accepted.record = context->record;
    call.u.accepted.ap_rep.data = (uint8_t *)token->body;
    call.u.accepted.ap_rep.length = token->body_length;
    call.u.accepted.trailer.data = (uint8_t *)token->trailer;
    call.u.accepted.trailer.length = token->trailer_length;
    call.u.accepted.binding.data = context->binding;
    call.u.accepted.binding.length = sizeof(context->binding);
    call.u.accepted.flags = aes ? TR_ASK_AES : 0;
    ret = tr_daemon_ask(&call, TR_REPLY_ESTABLISHED, &reply, &page);
    if (ret)
        return ret;
    ret = tr_context_establish(context, &reply.u.established, page);
    tr_wire_free(TR_WIRE_REPLY, &reply);
    return ret;
}

static OM_uint32
finish_labelled(OM_uint32 *minor, struct initiation *in)
{
    struct tr_context *context = in->context;
    gss_buffer_desc inner = GSS_C_EMPTY_BUFFER;
    struct tr_token token;
    OM_uint32 major;
    krb5_error_code ret;
    bool aes;

    if (in->token == GSS_C_NO_BUFFER)
        return GSS_S_DEFECTIVE_TOKEN;
    ret = tr_token_parse(in->token->value, in->token->length, &token);
    if (ret)
        return tr_fail(minor, ret);
    major = check_reply(minor, &token);
    if (GSS_ERROR(major))
        return major;
    ret = tr_frame_inner(context->mech, &token, &inner);
    if (ret)
        return tr_fail(minor, ret);
    major = kerberos(minor, in, inner.length > 0 ? &inner : in->token);
    free(inner.value);
    if (GSS_ERROR(major))
        return major;
    if (major != GSS_S_COMPLETE || (in->flags & GSS_C_MUTUAL_FLAG) == 0 ||
        in->reply.length != 0)
        return tr_fail_as(minor, TRR_FLAGS, "Kerberos did not authenticate "
                          "mutually");
    major = tr_context_derive(minor, context);
    if (!GSS_ERROR(major))
        major = tr_context_has_aes(minor, context, &aes);
    if (GSS_ERROR(major))
        return major;
    ret = accepted(context, &token, aes);
    return ret == 0 ? GSS_S_COMPLETE : tr_fail(minor, ret);
}

static OM_uint32
proceed(OM_uint32 *minor, struct initiation *in)
{
    struct tr_context *context = in->context;

    if (!context->initiator || context->stage != TR_WAITING ||
        context->inner == GSS_C_NO_CONTEXT)
        return GSS_S_NO_CONTEXT;
    /* Kerberos looks at its flags at the first step only. */
    return context->plain ? step_plain(minor, in) :
        finish_labelled(minor, in);
}

/* --- the entry point ----------------------------------------------------- */

static OM_uint32
visible_flags(const struct tr_context *context, OM_uint32 flags)
{
    if (!context->identify)
        flags &= ~TR_MARKER_FLAG;
    if (!context->plain && context->stage != TR_READY)
        flags &= ~GSS_C_PROT_READY_FLAG;
    return flags;
}

static OM_uint32
run(OM_uint32 *minor, struct initiation *in, gss_ctx_id_t *handle,
    const struct tr_mech *mech)
{
    bool first = *handle == GSS_C_NO_CONTEXT;
    OM_uint32 major, ignored;
    krb5_error_code ret;

    in->context = (struct tr_context *)*handle;
    if (first) {
        ret = tr_context_create(mech, true, &in->context);
        if (ret)
            return tr_fail(minor, ret);
    }
    major = first ? begin(minor, in) : proceed(minor, in);
    if (GSS_ERROR(major)) {
        (void)gss_release_buffer(&ignored, &in->reply);
        if (first)
            tr_context_free(in->context);
        else
            tr_context_kill(in->context);
        return major;
    }
    *handle = (gss_ctx_id_t)in->context;
    return major;
}

OM_uint32
gssi_init_sec_context(OM_uint32 *minor, gss_cred_id_t cred,
                      gss_ctx_id_t *handle, gss_name_t target, gss_OID mech,
                      OM_uint32 req_flags, OM_uint32 time_req,
                      gss_channel_bindings_t bindings, gss_buffer_t token,
                      gss_OID *mech_out, gss_buffer_t token_out,
                      OM_uint32 *flags_out, OM_uint32 *time_out)
{
    struct initiation in = {
        .cred = (struct tr_cred *)cred, .target = (struct tr_name *)target,
        .req_flags = req_flags, .time_req = time_req, .bindings = bindings,
        .token = token
    };
    OM_uint32 major;

    *minor = 0;
    token_out->length = 0;
    token_out->value = NULL;
    tr_profile_hold();
    major = run(minor, &in, handle, tr_mech_find(mech));
    if (!GSS_ERROR(major)) {
        *token_out = in.reply;
        if (mech_out != NULL)
            *mech_out = tr_mech_public(in.context->mech);
        if (flags_out != NULL)
            *flags_out = visible_flags(in.context, in.flags);
        if (time_out != NULL)
            *time_out = tr_life_remaining(&in.context->life, in.time);
    }
    tr_cred_free(in.acquired);
    free(in.question.data);
    free(in.label);
    return major;
}
