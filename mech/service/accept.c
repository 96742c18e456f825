/* mech/service/accept.c - calls of an acceptor: open, commit */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include "trustrealm_err.h"
#include "apreq.h"
#include "association.h"
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
 * open comes before Kerberos has accepted anything: it authenticates the
 * other system and decides by what its environment says [230-248], the user
 * being a claim.  commit comes after, with the user's name as authenticated:
 * it alone accepts an association, once.
 */

/* R3: before anything is decrypted. */
static krb5_error_code
check_service(struct tr_job *job, const char *service)
{
    uid_t uid = job->request->caller.uid;

    if (service != NULL &&
        tr_may_accept(job->service->config, service, uid))
        return 0;
    return tr_job_fail(job, TR_R3_SERVICE, TRR_SERVICE, "uid %lu may not "
                       "accept for %s", (unsigned long)uid,
                       service != NULL ? service : "this service");
}

/* --- open ---------------------------------------------------------------- */

/* R1 [232]: who may do without a label is known when the client is. */
static krb5_error_code
open_plain(struct tr_job *job, struct tr_bytes *record_out)
{
    struct tr_association a = {
        .version = TR_VERSION, .stage = TR_STAGE_OPENED,
        .side = TR_ROLE_ACCEPTOR, .bypass = true,
        .correlation = job->correlation, .service = job->target_service
    };

    job->audit.bypass = true;
    if (!tr_bypass_open(job->service->config, job->target_service))
        return tr_job_fail(job, TR_R1_BYPASS, TRR_BYPASS,
                           "%s is not open to plain Kerberos",
                           job->target_service);
    tr_association_stamp(&a, job->now);
    return tr_association_seal(job->context,
                               tr_keys_record_key(job->service->keys), &a,
                               record_out);
}

/* The ticket has to be for a service of this system: by the table, since a
 * system has several names. */
static krb5_error_code
check_host(struct tr_job *job)
{
    struct tr_record *record = NULL;
    krb5_error_code ret;
    bool own = false;

    ret = tr_job_need_host(job, TR_R3_SERVICE);
    if (ret == 0)
        ret = tr_job_view(job);
    if (ret)
        return ret;
    ret = tr_view_system(job->view, job->target_host, &record);
    if (ret == 0)
        own = tr_text_compare(record->u.system.name,
                              job->service->config->system) == 0;
    tr_record_free(record);
    if (ret != 0 && ret != TRR_NOT_FOUND)
        return ret;
    if (own)
        return 0;
    return tr_job_fail(job, TR_R3_SERVICE, TRR_SERVICE,
                       "%.150s is not a service of this system",
                       job->target_name);
}

/* What an opened trailer holds. */
struct opening {
    struct tr_environment env;
    struct tr_bytes digest;
    krb5_key subkey;
};

static void
opening_free(krb5_context context, struct opening *o)
{
    tr_wire_free(TR_WIRE_ENVIRONMENT, &o->env);
    tr_bytes_free(&o->digest);
    krb5_k_free_key(context, o->subkey);
}

/* R4: the sending system is authenticated, its environment opened [236]. */
static krb5_error_code
open_trailer(struct tr_job *job, struct opening *o)
{
    const struct tr_call *call = &job->request->call;
    struct tr_keys *keys = job->service->keys;
    struct tr_trailer trailer;
    struct tr_seal_place place = {
        &call->u.open.ap_req, &trailer.system_ap_req
    };
    const char *why = NULL;
    krb5_error_code ret;

    ret = tr_wire_decode(TR_WIRE_TRAILER, call->u.open.trailer.data,
                         call->u.open.trailer.length, &trailer);
    if (ret)
        return tr_job_fail(job, TR_R4_SYSTEM, TRR_TOKEN, "the trailer: %s",
                           error_message(ret));
    if (trailer.version != TR_VERSION) {
        ret = tr_job_fail(job, TR_R4_SYSTEM, TRR_VERSION,
                          "the trailer is of version %" PRId64,
                          trailer.version);
        goto cleanup;
    }
    ret = tr_apreq_verify(job->context, tr_keys_keytab(keys),
                          tr_keys_self(keys), tr_keys_name(keys),
                          &call->u.open.ap_req, &trailer.system_ap_req,
                          &job->peer, &o->subkey, &why);
    if (ret) {
        tr_job_fail(job, TR_R4_SYSTEM, ret, "the system's AP-REQ: %s", why);
        goto cleanup;
    }
    /* A name that is changed by this is in no table, and not in env.from. */
    tr_make_printable(job->peer);
    job->audit.sender = job->peer;
    ret = tr_environment_open(job->context, o->subkey, &place,
                              &trailer.environment, &o->env, &o->digest);
    if (ret)
        tr_job_fail(job, TR_R4_SYSTEM, ret, "the environment of %.150s: %s",
                    job->peer, error_message(ret));

cleanup:
    tr_wire_free(TR_WIRE_TRAILER, &trailer);
    return ret;
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
    }
    if (what == NULL)
        return 0;
    return tr_job_fail(job, TR_R4_SYSTEM, ret, "the environment of %.150s "
                       "is %s (made at %" PRId64 ")", job->peer, what,
                       env->time);
}

/* R5 to R14, the user being the one claimed.  The environment is handed to
 * job->association, where commit will find it again. */
static krb5_error_code
decide(struct tr_job *job, struct opening *o)
{
    struct tr_association *a = &job->association;
    struct tr_environment *env = &o->env;
    krb5_error_code ret;

    ret = tr_job_client(job, TR_R13_USER, env->client);
    if (ret)
        return ret;
    a->version = TR_VERSION;
    a->stage = TR_STAGE_OPENED;
    a->side = TR_ROLE_ACCEPTOR;
    a->generation = env->generation;
    a->confidentiality = env->confidentiality;
    a->end = env->end;
#define TAKE(to, from) ((to) = (from), memset(&(from), 0, sizeof(from)))
    TAKE(a->association, env->association);
    TAKE(a->correlation, env->correlation);
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
    TAKE(a->binding, env->binding);
    TAKE(a->environment, o->digest);
#undef TAKE
    job->audit.correlation = a->correlation;
    /* Not before: its refusal too is to be found by the sender's record. */
    ret = tr_job_process(job, TR_R10_PROCESS);
    if (ret == 0)
        ret = tr_key_export(job->context, o->subkey, &a->enctype, &a->key);
    if (ret == 0)
        ret = tr_judge_agreement(job, a->label, a->low, a->high);
    return ret;
}

static krb5_error_code
make_record(struct tr_job *job, int64_t time, struct tr_bytes *record_out)
{
    struct tr_association a = job->association;

    a.peer_system = job->answer.sender;
    a.client = job->client;
    tr_association_stamp(&a, job->now);
    a.time = time;
    return tr_association_seal(job->context,
                               tr_keys_record_key(job->service->keys), &a,
                               record_out);
}

static krb5_error_code
open_labelled(struct tr_job *job, struct tr_bytes *record_out)
{
    struct opening o = { .subkey = NULL };
    krb5_error_code ret;

    job->audit.receiver = job->service->config->system;
    ret = check_host(job);
    if (ret == 0)
        ret = open_trailer(job, &o);
    if (ret == 0)
        ret = check_environment(job, &o.env);
    if (ret == 0)
        ret = decide(job, &o);
    if (ret == 0)
        ret = make_record(job, o.env.time, record_out);
    opening_free(job->context, &o);
    return ret;
}

static krb5_error_code
open_token(struct tr_job *job, struct tr_bytes *record_out)
{
    const struct tr_call *call = &job->request->call;
    krb5_error_code ret;

    ret = tr_job_new_correlation(job);
    if (ret)
        return ret;
    ret = tr_apreq_server(job->context, &call->u.open.ap_req, &job->target);
    if (ret)
        return tr_job_fail(job, TR_R3_SERVICE, ret, "no ticket for a service "
                           "in the AP-REQ");
    ret = tr_job_target(job);
    if (ret == 0)
        ret = check_service(job, job->target_service);
    if (ret)
        return ret;
    return call->u.open.trailer.length == 0 ? open_plain(job, record_out) :
        open_labelled(job, record_out);
}

void
tr_handle_open(struct tr_request *request)
{
    struct tr_reply reply = { .type = TR_REPLY_OPENED };
    struct tr_bytes record = { NULL, 0 };
    struct tr_job *job;
    krb5_error_code ret;

    job = tr_job_create(request, "open");
    if (job == NULL)
        return;
    ret = open_token(job, &record);
    if (ret) {
        tr_job_refuse(job, ret);
    } else {
        reply.u.opened.flags = job->audit.bypass ? TR_IS_PLAIN :
            tr_job_flags(job);
        reply.u.opened.record = record;
        tr_job_reply(job, &reply, false, false);
    }
    tr_bytes_free(&record);
}

/* --- commit -------------------------------------------------------------- */

/*
 * R3 again, by the key that opened the ticket.  Until then the service was
 * what the ticket says of itself in the clear.
 */
static krb5_error_code
check_key(struct tr_job *job)
{
    const char *name = job->request->call.u.commit.service;
    krb5_error_code ret;

    ret = krb5_parse_name(job->context, name, &job->target);
    if (ret == ENOMEM)
        return ret;
    if (ret)
        return tr_job_fail(job, TR_R3_SERVICE, TRR_SERVICE, "it is not known "
                           "whose key opened the ticket");
    ret = tr_job_target(job);
    if (ret)
        return ret;
    if (job->target_service == NULL ||
        strcmp(job->target_service, job->association.service) != 0)
        return tr_job_fail(job, TR_R3_SERVICE, TRR_SERVICE, "the ticket was "
                           "said to be for %s, but the key of %.100s opened "
                           "it", job->association.service, job->target_name);
    return job->association.bypass ? 0 : check_host(job);
}

static krb5_error_code
commit_plain(struct tr_job *job)
{
    const struct tr_call *call = &job->request->call;
    const struct tr_bytes nothing = { NULL, 0 };
    struct tr_association next = job->association;
    krb5_error_code ret;

    if ((call->u.commit.flags & TR_ASK_MARKER) != 0)
        return tr_job_fail(job, TR_R1_BYPASS, TRR_STRIPPED, "the token says "
                           "that a trailer was sent with it");
    ret = tr_judge_plain(job, job->client != NULL ? job->client : "");
    if (ret)
        return ret;
    next.label = job->process_label;
    next.client = job->client;
    return tr_establish(job, &next, &call->u.commit.binding, &nothing);
}

/* R13: what Kerberos authenticated, against what the system claimed. */
static krb5_error_code
check_user(struct tr_job *job)
{
    const char *claim = job->association.client;
    int64_t flags = job->request->call.u.commit.flags;

    if ((flags & TR_ASK_MUTUAL) == 0 ||
        job->request->call.u.commit.ap_rep.length == 0)
        return tr_job_fail(job, TR_R13_USER, TRR_FLAGS,
                           "the context is not mutual");
    if ((flags & TR_ASK_MARKER) == 0)
        return tr_job_fail(job, TR_R13_USER, TRR_BINDING, "a trailer came "
                           "with a token that was sent without one");
    if (job->client == NULL)
        return tr_job_fail(job, TR_R13_USER, TRR_CLAIM,
                           "the user has no name");
    if (claim[0] != '\0' && strcmp(claim, job->client) != 0)
        return tr_job_fail(job, TR_R13_USER, TRR_CLAIM, "%.100s was claimed "
                           "to be %.100s", job->client, claim);
    return 0;
}

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

    ret = tr_acceptance_seal(job->context, subkey,
                             &job->request->call.u.commit.ap_rep,
                             &job->association.environment, &acc,
                             &trailer.acceptance);
    if (ret == 0)
        ret = tr_wire_encode(TR_WIRE_REPLY_TRAILER, &trailer, &out->data,
                             &out->length);
    tr_bytes_free(&acc.binding);
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
                            a->time, a->time + TR_VALIDITY_S + 2 * skew,
                            job->now);
    if (ret)
        tr_job_fail(job, TR_R15_COMMIT, ret, "association of %.150s: %s",
                    a->from, error_message(ret));
    return ret;
}

static krb5_error_code
commit_labelled(struct tr_job *job, krb5_key subkey)
{
    const struct tr_call *call = &job->request->call;
    struct tr_association next = job->association;
    struct tr_bytes key = { NULL, 0 }, trailer = { NULL, 0 };
    krb5_context context = job->context;
    krb5_key assoc_key = NULL;
    krb5_error_code ret;

    ret = tr_judge_agreement(job, next.label, next.low, next.high);
    if (ret == 0)
        ret = tr_association_key(context, subkey, &next.association,
                                 &next.binding, &assoc_key);
    if (ret == 0)
        ret = tr_key_export(context, assoc_key, &next.enctype, &key);
    if (ret)
        goto cleanup;
    next.key = key;
    next.client = job->client;
    next.low = job->answer.low;
    next.high = job->answer.high;
    next.end = tr_earlier(next.end, job->answer.end);
    ret = make_acceptance(job, subkey, &next, &trailer);
    if (ret == 0)
        ret = consume(job);
    if (ret == 0)
        ret = tr_establish(job, &next, &call->u.commit.binding, &trailer);

cleanup:
    /* The job is gone if this succeeded. */
    krb5_k_free_key(context, assoc_key);
    tr_bytes_free(&key);
    tr_bytes_free(&trailer);
    return ret;
}

/* What both kinds have in common, up to the client's name. */
static krb5_error_code
begin_commit(struct tr_job *job)
{
    const struct tr_call *call = &job->request->call;
    krb5_error_code ret;

    ret = tr_job_record(job, TR_R15_COMMIT, &call->u.commit.record,
                        TR_STAGE_OPENED, TR_ROLE_ACCEPTOR);
    if (ret == 0)
        ret = tr_job_check_age(job, TR_R15_COMMIT);
    if (ret == 0)
        ret = check_service(job, job->association.service);
    if (ret == 0)
        ret = check_key(job);
    if (ret == 0)
        ret = tr_job_client(job, TR_R13_USER, call->u.commit.client);
    if (ret == 0)
        ret = tr_job_process(job, TR_R10_PROCESS);
    return ret;
}

void
tr_handle_commit(struct tr_request *request)
{
    struct tr_job *job;
    krb5_context context;
    krb5_key subkey = NULL;
    krb5_error_code ret;

    job = tr_job_create(request, "commit");
    if (job == NULL)
        return;
    context = job->context;
    ret = begin_commit(job);
    if (ret == 0 && job->association.bypass) {
        ret = commit_plain(job);
    } else if (ret == 0) {
        ret = check_user(job);
        if (ret == 0)
            ret = tr_key_import(context, job->association.enctype,
                                &job->association.key, &subkey);
        if (ret == 0)
            ret = commit_labelled(job, subkey);
    }
    if (ret)
        tr_job_refuse(job, ret);
    krb5_k_free_key(context, subkey);
}
