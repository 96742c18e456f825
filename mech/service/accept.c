/* mech/service/accept.c - the call of an acceptor */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "trustrealm_err.h"
#include "apreq.h"
#include "bypass.h"
#include "crypto.h"
#include "establish.h"
#include "job.h"
#include "judge.h"
#include "keys.h"
#include "replay.h"
#include "seal.h"
#include "text.h"

/*
 * The acceptor's Kerberos has accepted a token, and the plugin holds back what
 * came of it until this one call has been answered: the user is authenticated,
 * his system is not yet.  The system is authenticated, its environment opened,
 * everything decided [230-248], and last the association id used up.  What is
 * refused leaves nothing behind but its audit record.
 */

/* --- R3: the service ----------------------------------------------------- */

/* Before anything is decrypted. */
static krb5_error_code
check_service(struct tr_job *job)
{
    const char *service = job->target_service;
    uid_t uid = job->request->caller.uid;

    if (service != NULL &&
        tr_may_accept(job->service->config, service, uid))
        return 0;
    return tr_job_fail(job, TR_R3_SERVICE, TRR_SERVICE, "uid %lu may not "
                       "accept for %s", (unsigned long)uid,
                       service != NULL ? service : "this service");
}

/* The host of a service has to be this system: by the table, since a system
 * has several names. */
static krb5_error_code
check_host(struct tr_job *job, const char *host)
{
    struct tr_record *record = NULL;
    krb5_error_code ret;
    bool own = false;

    ret = tr_job_view(job);
    if (ret)
        return ret;
    ret = tr_view_system(job->view, host, &record);
    if (ret == 0)
        own = tr_text_compare(record->u.system.name,
                              job->service->config->system) == 0;
    tr_record_free(record);
    if (ret != 0 && ret != TRR_NOT_FOUND)
        return ret;
    if (own)
        return 0;
    return tr_job_fail(job, TR_R3_SERVICE, TRR_SERVICE, "%s/%.150s is not a "
                       "service of this system", job->target_service, host);
}

static bool
is_labelled(const struct tr_job *job)
{
    return job->request->call.u.accept.trailer.length > 0;
}

/*
 * The key that opened the ticket, when it is not of the principal that the
 * ticket is for: one service may have several names.  But what a ticket says
 * of itself is in the clear; anybody could have written another service
 * there, to be judged by its rules.
 */
static krb5_error_code
check_other_key(struct tr_job *job, krb5_const_principal key)
{
    const char *name = job->request->call.u.accept.service;
    char *service = NULL, *host = NULL;
    krb5_error_code ret = 0;

    tr_principal_names(key, &service, &host);
    if (service == NULL || strcmp(service, job->target_service) != 0)
        ret = tr_job_fail(job, TR_R3_SERVICE, TRR_SERVICE, "the ticket was "
                          "said to be for %s, but the key of %.100s opened "
                          "it", job->target_service, name);
    else if (is_labelled(job) && host == NULL)
        ret = tr_job_fail(job, TR_R3_SERVICE, TRR_UNSUPPORTED, "%.100s, "
                          "whose key opened the ticket, is not a service of "
                          "a host", name);
    else if (is_labelled(job))
        ret = check_host(job, host);
    free(service);
    free(host);
    return ret;
}

static krb5_error_code
check_key(struct tr_job *job)
{
    const char *name = job->request->call.u.accept.service;
    krb5_principal key = NULL;
    krb5_error_code ret;

    ret = krb5_parse_name(job->context, name, &key);
    if (ret == ENOMEM)
        return ret;
    if (ret)
        return tr_job_fail(job, TR_R3_SERVICE, TRR_SERVICE, "it is not known "
                           "whose key opened the ticket");
    if (!krb5_principal_compare(job->context, key, job->target))
        ret = check_other_key(job, key);
    krb5_free_principal(job->context, key);
    return ret;
}

/* --- without a label ----------------------------------------------------- */

/* R1 [232] */
static krb5_error_code
accept_plain(struct tr_job *job)
{
    const struct tr_call *call = &job->request->call;
    const char *service = job->target_service;
    const char *client = job->client != NULL ? job->client : "";
    const struct tr_bytes nothing = { NULL, 0 };
    struct tr_association a = {
        .side = TR_ROLE_ACCEPTOR, .bypass = true,
        .correlation = job->correlation, .service = job->target_service,
        .client = job->client, .label = job->process_label
    };
    krb5_error_code ret;

    job->audit.bypass = true;
    if ((call->u.accept.flags & TR_ASK_MARKER) != 0)
        return tr_job_fail(job, TR_R1_BYPASS, TRR_STRIPPED, "the token says "
                           "that a trailer was sent with it");
    if (!tr_bypass_open(job->service->config, service))
        return tr_refuse_plain(job, service, client);
    ret = tr_job_process(job, TR_R10_PROCESS);
    if (ret == 0)
        ret = tr_judge_plain(job, service, client);
    if (ret)
        return ret;
    return tr_establish(job, &a, &call->u.accept.binding, &nothing);
}

/* --- R4: the other system ------------------------------------------------ */

/* What an opened trailer holds. */
struct opening {
    struct tr_apreq verified;
    struct tr_environment env;
    struct tr_bytes transcript;
};

static void
opening_free(krb5_context context, struct opening *o)
{
    tr_apreq_free(context, &o->verified);
    tr_wire_free(TR_WIRE_ENVIRONMENT, &o->env);
    tr_bytes_free(&o->transcript);
}

static krb5_error_code
verify_system(struct tr_job *job, const struct tr_trailer *trailer,
              struct tr_apreq *verified_out, const char **why_out)
{
    const struct tr_keys *keys = job->service->keys;

    return tr_apreq_verify(job->context, tr_keys_keytab(keys),
                           tr_keys_self(keys),
                           &job->request->call.u.accept.ap_req,
                           &trailer->system_ap_req, verified_out, why_out);
}

static bool
is_printable(const char *text)
{
    while (*text >= ' ' && *text <= '~')
        text++;
    return *text == '\0';
}

/* R4: the sending system is authenticated, its environment opened [236]. */
static krb5_error_code
open_trailer(struct tr_job *job, struct opening *o)
{
    const struct tr_call *call = &job->request->call;
    struct tr_keys *keys = job->service->keys;
    struct tr_trailer trailer;
    const char *why = NULL;
    krb5_error_code ret;

    ret = tr_wire_decode(TR_WIRE_TRAILER, call->u.accept.trailer.data,
                         call->u.accept.trailer.length, &trailer);
    if (ret)
        return tr_job_fail(job, TR_R4_SYSTEM, TRR_TOKEN, "the trailer: %s",
                           error_message(ret));
    if (trailer.version != TR_VERSION) {
        ret = tr_job_fail(job, TR_R4_SYSTEM, TRR_VERSION,
                          "the trailer is of version %" PRId64,
                          trailer.version);
        goto cleanup;
    }
    ret = verify_system(job, &trailer, &o->verified, &why);
    /* Its ticket may be for a key that the keytab got since it was read. */
    if (ret == TRR_SYSTEM_AUTH && tr_keys_refresh(keys))
        ret = verify_system(job, &trailer, &o->verified, &why);
    if (ret == TRR_SYSTEM_AUTH)
        tr_kdc_doubt_key(tr_keys_kdc(keys));
    if (ret) {
        tr_job_fail(job, TR_R4_SYSTEM, ret, "the system's AP-REQ: %s", why);
        goto cleanup;
    }
    /* Made printable, it could be another's. */
    if (!is_printable(o->verified.from)) {
        ret = tr_job_fail(job, TR_R4_SYSTEM, TRR_NOT_MEMBER, "%.150s is not a "
                          "name that a system can have", o->verified.from);
        goto cleanup;
    }
    job->peer = o->verified.from;
    o->verified.from = NULL;
    job->audit.sender_principal = job->peer;
    ret = tr_environment_open(&trailer.system_ap_req, &o->verified, &o->env,
                              &o->transcript);
    if (ret)
        tr_job_fail(job, TR_R4_SYSTEM, ret, "the environment of %.150s: %s",
                    job->peer, error_message(ret));

cleanup:
    tr_wire_free(TR_WIRE_TRAILER, &trailer);
    return ret;
}

/* Refused before the decision, which knows systems by name. */
static void
name_sender(struct tr_job *job)
{
    struct tr_record *record = NULL;

    if (job->peer == NULL || job->audit.sender != NULL ||
        tr_job_view(job) != 0 ||
        tr_view_system_by_principal(job->view, job->peer, &record) != 0)
        return;
    snprintf(job->answer.sender, sizeof(job->answer.sender), "%s",
             record->u.system.name);
    job->audit.sender = job->answer.sender;
    tr_record_free(record);
}

/* R4: is it meant for here and now? */
static krb5_error_code
check_environment(struct tr_job *job, const struct tr_environment *env)
{
    int64_t skew = job->service->config->clock_skew;
    const char *what = NULL;
    krb5_error_code ret = TRR_BINDING;

    if (strcmp(env->from, job->peer) != 0)
        what = "sent by another system than it says";
    else if (strcmp(env->to, tr_keys_name(job->service->keys)) != 0)
        what = "for another system";
    else if (strcmp(env->service, job->target_service) != 0)
        what = "for another service";
    else if (env->validity <= 0 || env->validity > TR_VALIDITY_S)
        what = "valid for too long";
    else if (env->time > job->now + skew ||
             env->time < job->now - env->validity - skew) {
        what = "of another time";
        ret = TRR_CLOCK;
    } else if (env->end != 0 && env->end <= job->now) {
        what = "of an association that has ended";
        ret = TRR_ENDED;
    }
    if (what == NULL)
        return 0;
    return tr_job_fail(job, TR_R4_SYSTEM, ret, "the environment of %.150s "
                       "is %s (made at %" PRId64 ")", job->peer, what,
                       env->time);
}

/* --- R5 to R14: the user and the decision -------------------------------- */

/* The environment is what is decided on from here. */
static void
take_association(struct tr_job *job, struct opening *o)
{
    struct tr_association *a = &job->association;
    struct tr_environment *env = &o->env;

    a->side = TR_ROLE_ACCEPTOR;
    a->generation = env->generation;
    a->confidentiality = env->confidentiality;
    a->time = env->time;
    a->end = env->end;
#define TAKE(to, from) ((to) = (from), memset(&(from), 0, sizeof(from)))
    TAKE(a->association, env->association);
    TAKE(a->from, env->from);
    TAKE(a->to, env->to);
    TAKE(a->client, env->client);
    TAKE(a->service, env->service);
    TAKE(a->realm, env->realm);
    TAKE(a->label, env->label);
    TAKE(a->low, env->low);
    TAKE(a->high, env->high);
    TAKE(a->digest, env->digest);
    TAKE(a->attributes, env->attributes);
    TAKE(a->transcript, o->transcript);
#undef TAKE
    tr_job_correlate(job, a->association.data);
}

/* R13: what Kerberos authenticated, against what the system claims. */
static krb5_error_code
check_user(struct tr_job *job)
{
    const struct tr_call *call = &job->request->call;
    const char *claim = job->association.client;

    if ((call->u.accept.flags & TR_ASK_MUTUAL) == 0 ||
        call->u.accept.ap_rep.length == 0)
        return tr_job_fail(job, TR_R13_USER, TRR_FLAGS,
                           "the context is not mutual");
    if ((call->u.accept.flags & TR_ASK_MARKER) == 0)
        return tr_job_fail(job, TR_R13_USER, TRR_BINDING, "a trailer came "
                           "with a token that was sent without one");
    if ((call->u.accept.flags & TR_ASK_AES) == 0)
        return tr_job_fail(job, TR_R12_PROTECTION, TRR_PROTECTION,
                           "the key of the context is no AES key");
    if (job->client == NULL)
        return tr_job_fail(job, TR_R13_USER, TRR_CLAIM,
                           "the user has no name");
    if (claim[0] != '\0' && strcmp(claim, job->client) != 0)
        return tr_job_fail(job, TR_R13_USER, TRR_CLAIM, "%.100s was claimed "
                           "to be %.100s", job->client, claim);
    return 0;
}

/* --- R15: accepted ------------------------------------------------------- */

/* Seal what is agreed, for the other system. */
static krb5_error_code
make_acceptance(struct tr_job *job, krb5_key subkey,
                const struct tr_association *next, struct tr_bytes *out)
{
    struct tr_acceptance acc = {
        .from = next->to, .to = next->from,
        .association = next->association, .realm = next->realm,
        .label = next->label, .low = next->low, .high = next->high,
        .generation = job->answer.generation, .time = job->now,
        .end = next->end
    };
    struct tr_reply_trailer trailer = { .version = TR_VERSION };
    krb5_error_code ret;

    ret = tr_acceptance_seal(job->context, subkey, &next->transcript,
                             &job->request->call.u.accept.ap_rep, &acc,
                             &trailer.acceptance);
    if (ret == 0)
        ret = tr_wire_encode(TR_WIRE_REPLY_TRAILER, &trailer, &out->data,
                             &out->length);
    tr_bytes_free(&trailer.acceptance);
    return ret;
}

/* R15: from here on the association exists, and no second time. */
static krb5_error_code
consume(struct tr_job *job)
{
    const struct tr_association *a = &job->association;
    int64_t skew = job->service->config->clock_skew;
    krb5_error_code ret;

    ret = tr_replay_consume(job->service->replay, a->association.data,
                            a->time, TR_VALIDITY_S + 2 * skew, job->now);
    if (ret)
        tr_job_fail(job, TR_R15_COMMIT, ret, "association of %.150s: %s",
                    a->from, ret == TRR_INTERNAL ? "the replay store fails: "
                    "if its disk does not, restart trustrealmd" :
                    error_message(ret));
    return ret;
}

/* All is decided: make the association, for both ends. */
static krb5_error_code
commit(struct tr_job *job, krb5_key subkey)
{
    const struct tr_call *call = &job->request->call;
    struct tr_association next = job->association;
    struct tr_bytes trailer = { NULL, 0 };
    krb5_error_code ret;

    ret = tr_key_export(job->context, subkey, &next.enctype, &next.key);
    if (ret)
        return ret;
    next.correlation = job->correlation;
    next.peer_system = job->answer.sender;
    next.client = job->client;
    next.low = job->answer.low;
    next.high = job->answer.high;
    next.end = tr_earlier(next.end, job->answer.end);
    ret = make_acceptance(job, subkey, &next, &trailer);
    if (ret == 0)
        ret = consume(job);
    if (ret == 0)
        ret = tr_establish(job, &next, &call->u.accept.binding, &trailer);
    /* The job is gone if this succeeded. */
    tr_bytes_free(&next.key);
    tr_bytes_free(&trailer);
    return ret;
}

static krb5_error_code
accept_labelled(struct tr_job *job)
{
    krb5_context context = job->context;
    struct tr_association *a = &job->association;
    struct opening o = { .verified.subkey = NULL };
    krb5_error_code ret;

    ret = open_trailer(job, &o);
    if (ret == 0)
        ret = check_environment(job, &o.env);
    if (ret)
        goto cleanup;
    take_association(job, &o);
    ret = check_user(job);
    if (ret == 0)
        ret = tr_job_process(job, TR_R10_PROCESS);
    if (ret == 0)
        ret = tr_judge_agreement(job, a->label, a->low, a->high);
    if (ret == 0)
        ret = commit(job, o.verified.subkey);

cleanup:
    /* The job is gone if this succeeded. */
    if (ret)
        name_sender(job);
    opening_free(context, &o);
    return ret;
}

static krb5_error_code
accept_token(struct tr_job *job)
{
    const struct tr_call *call = &job->request->call;
    krb5_error_code ret;

    job->audit.receiver = job->service->config->system;
    ret = tr_job_new_id(job);
    if (ret)
        return ret;
    ret = tr_apreq_server(job->context, &call->u.accept.ap_req, &job->target);
    if (ret)
        return tr_job_fail(job, TR_R3_SERVICE, ret, "no ticket for a service "
                           "in the AP-REQ");
    ret = tr_job_target(job);
    if (ret == 0)
        ret = check_service(job);
    if (ret == 0 && is_labelled(job))
        ret = tr_job_need_host(job, TR_R3_SERVICE);
    if (ret == 0 && is_labelled(job))
        ret = check_host(job, job->target_host);
    if (ret == 0)
        ret = check_key(job);
    /* So that every later refusal says whose token it was. */
    if (ret == 0)
        ret = tr_job_client(job, TR_R13_USER, call->u.accept.client);
    if (ret)
        return ret;
    return is_labelled(job) ? accept_labelled(job) : accept_plain(job);
}

void
tr_handle_accept(struct tr_request *request)
{
    struct tr_job *job;
    krb5_error_code ret;

    job = tr_job_create(request, "accept");
    if (job == NULL)
        return;
    ret = accept_token(job);
    if (ret)
        tr_job_refuse(job, ret);
}
