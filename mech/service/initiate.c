/* mech/service/initiate.c - calls of an initiator: prepare, seal, accepted */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "trustrealm_err.h"
#include "apreq.h"
#include "association.h"
#include "bypass.h"
#include "crypto.h"
#include "establish.h"
#include "job.h"
#include "keys.h"
#include "seal.h"

/*
 * prepare decides before anything is sent, not even to the KDC.  seal is
 * handed the application's AP-REQ, decides again on what that really asks
 * for, and ties label and trust realm to it.  accepted verifies what the
 * other system answered.
 */

/* Take the names of job->target; until the table is asked, the receiver goes
 * by the one in it. */
static krb5_error_code
take_target(struct tr_job *job)
{
    krb5_error_code ret = tr_job_target(job);

    job->audit.sender = job->service->config->system;
    job->audit.receiver = job->target_host;
    return ret;
}

/* Decide whether this may be sent to the target [200-220]. */
static krb5_error_code
decide(struct tr_job *job, const char *label, int64_t flags)
{
    struct tr_question question = {
        .side = TR_SENDING,
        .peer = job->target_host,
        .service = job->target_service,
        .user = job->client,
        .label = label[0] != '\0' ? label : job->process_label,
        .confidentiality = (flags & TR_ASK_CONF) != 0
    };
    krb5_error_code ret;

    job->audit.local_label = question.label;
    ret = tr_job_need_host(job, TR_S4_RECEIVER);
    return ret ? ret : tr_job_ask(job, &question);
}

/* --- prepare ------------------------------------------------------------- */

/* A name without a realm is one of the default realm. */
static krb5_error_code
parse_target(struct tr_job *job, const char *name)
{
    krb5_error_code ret;
    char *realm = NULL;

    ret = krb5_parse_name(job->context, name, &job->target);
    if (ret == ENOMEM)
        return ret;
    if (ret)
        return tr_job_fail(job, TR_S4_RECEIVER, TRR_UNSUPPORTED,
                           "the target is not a principal");
    if (job->target->realm.length == 0) {
        ret = krb5_get_default_realm(job->context, &realm);
        if (ret == 0)
            ret = krb5_set_principal_realm(job->context, job->target, realm);
        krb5_free_default_realm(job->context, realm);
    }
    return ret ? ret : take_target(job);
}

/* S1 [202] */
static bool
goes_unlabelled(const struct tr_job *job, const char *label)
{
    const struct tr_config *config = job->service->config;
    struct tr_label asked;

    if (!tr_bypass_to(config, &job->process, job->target_name))
        return false;
    if (label[0] == '\0')
        return true;
    return tr_label_parse(config->encoding, label, &asked) == 0 &&
        tr_label_equal(&asked, &job->process.range.low);
}

/* What the plugin has judged when Kerberos is done, and in later epochs. */
static krb5_error_code
make_bypass_record(struct tr_job *job, struct tr_bytes *record_out)
{
    struct tr_association a = {
        .version = TR_VERSION, .stage = TR_STAGE_ESTABLISHED,
        .side = TR_ROLE_INITIATOR, .bypass = true,
        .correlation = job->correlation,
        .to = job->target_name, .label = job->process_low
    };

    if (job->target_service != NULL)
        a.service = job->target_service;
    tr_association_stamp(&a, job->now);
    return tr_association_seal(tr_keys_cipher(job->service->keys), &a,
                               record_out);
}

void
tr_handle_prepare(struct tr_request *request)
{
    const char *label = request->call.u.prepare.label;
    struct tr_reply reply = { .type = TR_REPLY_PREPARED };
    struct tr_bytes record = { NULL, 0 };
    struct tr_job *job;
    krb5_error_code ret;
    bool plain = false;

    job = tr_job_create(request, "prepare");
    if (job == NULL)
        return;
    ret = tr_job_new_id(job);
    if (ret == 0)
        ret = parse_target(job, request->call.u.prepare.target);
    if (ret == 0)
        ret = tr_job_process(job, TR_S6_LABEL);
    if (ret == 0) {
        plain = goes_unlabelled(job, label);
        ret = plain ? make_bypass_record(job, &record) :
            decide(job, label, request->call.u.prepare.flags);
    }
    if (ret) {
        tr_job_refuse(job, ret);
        return;
    }
    job->audit.bypass = plain;
    if (plain)
        job->audit.local_label = job->process_low;
    reply.u.prepared.flags = plain ? TR_IS_PLAIN : tr_job_flags(job);
    reply.u.prepared.record = record;
    tr_job_reply(job, &reply, false, plain ? TR_S1_BYPASS : TR_STEP_NONE);
    tr_bytes_free(&record);
}

/* --- seal ---------------------------------------------------------------- */

/* What the two systems keep and say of an association that begins. */
struct beginning {
    bool confidentiality;
    krb5_key subkey;
    struct tr_bytes system_ap_req, transcript;
};

static void
beginning_free(struct tr_job *job, struct beginning *b)
{
    krb5_k_free_key(job->context, b->subkey);
    tr_bytes_free(&b->system_ap_req);
    tr_bytes_free(&b->transcript);
}

static krb5_error_code
seal_environment(struct tr_job *job, const krb5_creds *creds,
                 struct beginning *b)
{
    struct tr_answer *answer = &job->answer;
    struct tr_environment env = {
        .from = (char *)tr_keys_name(job->service->keys),
        .to = job->peer,
        .association = { job->id, sizeof(job->id) },
        .realm = answer->realm, .label = answer->label,
        .low = answer->low, .high = answer->high,
        .digest = answer->digest, .generation = answer->generation,
        .attributes = { (char **)answer->attributes, answer->nattributes },
        .client = job->client, .service = job->target_service,
        .confidentiality = b->confidentiality,
        .time = job->now, .validity = TR_VALIDITY_S, .end = answer->end
    };

    return tr_environment_seal(job->context, creds,
                               &job->request->call.u.seal.ap_req, &env,
                               &b->system_ap_req, &b->transcript, &b->subkey);
}

/* What has to be known when the other system's answer arrives. */
static krb5_error_code
make_record(struct tr_job *job, const struct beginning *b,
            struct tr_bytes *record_out)
{
    struct tr_answer *answer = &job->answer;
    struct tr_association a = {
        .version = TR_VERSION, .stage = TR_STAGE_SEALED,
        .side = TR_ROLE_INITIATOR,
        .association = { job->id, sizeof(job->id) },
        .correlation = job->correlation,
        .from = (char *)tr_keys_name(job->service->keys), .to = job->peer,
        .peer_system = answer->receiver,
        .client = job->client, .service = job->target_service,
        .realm = answer->realm, .label = answer->label,
        .low = answer->low, .high = answer->high,
        .attributes = { (char **)answer->attributes, answer->nattributes },
        .confidentiality = b->confidentiality,
        .digest = answer->digest, .generation = answer->generation,
        .end = answer->end, .transcript = b->transcript
    };
    krb5_error_code ret;

    tr_association_stamp(&a, job->now);
    ret = tr_key_export(job->context, b->subkey, &a.enctype, &a.key);
    if (ret == 0)
        ret = tr_association_seal(tr_keys_cipher(job->service->keys), &a,
                                  record_out);
    tr_bytes_free(&a.key);
    return ret;
}

/* S13: label and trust realm are sealed for the other system [222]. */
static krb5_error_code
seal(struct tr_job *job, const krb5_creds *creds,
     struct tr_bytes *trailer_out, struct tr_bytes *record_out)
{
    const struct tr_call *call = &job->request->call;
    struct beginning b = { .confidentiality = false };
    struct tr_trailer trailer = { .version = TR_VERSION };
    krb5_error_code ret;

    b.confidentiality = (call->u.seal.flags & TR_ASK_CONF) != 0 ||
        job->answer.require_confidentiality;
    ret = seal_environment(job, creds, &b);
    if (ret == 0)
        ret = make_record(job, &b, record_out);
    if (ret)
        goto cleanup;
    trailer.system_ap_req = b.system_ap_req;
    ret = tr_wire_encode(TR_WIRE_TRAILER, &trailer, &trailer_out->data,
                         &trailer_out->length);

cleanup:
    beginning_free(job, &b);
    if (ret)
        tr_job_fail(job, TR_S13_SEAL, ret, "cannot seal for %.150s: %s",
                    job->peer, error_message(ret));
    return ret;
}

static void
finish_seal(struct tr_job *job, krb5_creds *creds)
{
    struct tr_reply reply = { .type = TR_REPLY_SEALED };
    struct tr_bytes trailer = { NULL, 0 }, record = { NULL, 0 };
    krb5_error_code ret;

    ret = seal(job, creds, &trailer, &record);
    if (ret) {
        tr_job_refuse(job, ret);
    } else {
        reply.u.sealed.flags = tr_job_flags(job);
        reply.u.sealed.trailer = trailer;
        reply.u.sealed.record = record;
        reply.u.sealed.epoch = job->epoch;
        reply.u.sealed.instance = tr_job_instance(job);
        tr_job_reply(job, &reply, true, TR_S13_SEAL);
    }
    tr_bytes_free(&trailer);
    tr_bytes_free(&record);
}

static krb5_error_code
decide_seal(struct tr_job *job)
{
    const struct tr_call *call = &job->request->call;

    return decide(job, call->u.seal.label, call->u.seal.flags);
}

/* The ticket is for the principal that the other system had when the KDC was
 * asked: its key may be in other hands by now. */
static krb5_error_code
check_peer(struct tr_job *job)
{
    krb5_error_code ret;
    char *peer = NULL;

    ret = tr_keys_canonical(job->service->keys, job->answer.peer_principal,
                            &peer);
    if (ret == 0 && strcmp(peer, job->peer) != 0)
        ret = tr_job_fail(job, TR_S13_SEAL, TRR_NO_KDC, "the principal of "
                          "%.150s has just changed", job->answer.receiver);
    krb5_free_unparsed_name(job->context, peer);
    return ret;
}

/* The KDC was asked meanwhile: what was decided then may hold no more. */
static void
seal_later(krb5_error_code code, const char *why, krb5_creds *creds,
           void *arg)
{
    struct tr_job *job = arg;

    job->now = time(NULL);
    if (code)
        tr_job_fail(job, TR_S13_SEAL, code, "no ticket for %.150s: %s",
                    job->peer, why != NULL ? why : error_message(code));
    else
        code = tr_job_process(job, TR_S6_LABEL);
    if (code == 0)
        code = decide_seal(job);
    if (code == 0)
        code = check_peer(job);
    if (code)
        tr_job_refuse(job, code);
    else
        finish_seal(job, creds);
}

/* Everything before the ticket. */
static krb5_error_code
begin_seal(struct tr_job *job)
{
    const struct tr_call *call = &job->request->call;
    krb5_error_code ret;

    ret = tr_job_new_id(job);
    if (ret)
        return ret;
    ret = tr_apreq_server(job->context, &call->u.seal.ap_req, &job->target);
    if (ret)
        return tr_job_fail(job, TR_S4_RECEIVER, ret, "no ticket for a "
                           "service in the AP-REQ");
    ret = take_target(job);
    if (ret == 0)
        ret = tr_job_client(job, TR_S10_CLEARANCE, call->u.seal.client);
    if (ret == 0)
        ret = tr_job_process(job, TR_S6_LABEL);
    if (ret == 0)
        ret = decide_seal(job);
    if (ret == 0)
        ret = tr_keys_canonical(job->service->keys,
                                job->answer.peer_principal, &job->peer);
    return ret;
}

void
tr_handle_seal(struct tr_request *request)
{
    struct tr_job *job;
    krb5_creds *creds;
    krb5_error_code ret;

    job = tr_job_create(request, "seal");
    if (job == NULL)
        return;
    ret = begin_seal(job);
    if (ret) {
        tr_job_refuse(job, ret);
        return;
    }
    creds = tr_keys_ticket_at_hand(job->service->keys, job->peer,
                                   request->caller.uid);
    if (creds != NULL) {
        finish_seal(job, creds);
    } else {
        tr_job_close_view(job);
        tr_keys_ticket(job->service->keys, job->peer, request->caller.uid,
                       seal_later, job);
    }
}

/* --- accepted ------------------------------------------------------------ */

/* Does the acceptance answer what was asked? */
static krb5_error_code
check_acceptance(struct tr_job *job, const struct tr_acceptance *acc)
{
    const struct tr_association *a = &job->association;
    int64_t slack = TR_VALIDITY_S + job->service->config->clock_skew;
    const char *what = NULL;
    krb5_error_code ret = TRR_BINDING;

    if ((job->request->call.u.accepted.flags & TR_ASK_AES) == 0)
        return tr_job_fail(job, TR_S12_PROTECTION, TRR_PROTECTION,
                           "the key of the context is no AES key");
    if (strcmp(acc->from, a->to) != 0 || strcmp(acc->to, a->from) != 0)
        what = "systems";
    else if (!tr_bytes_equal(&acc->association, &a->association))
        what = "association";
    else if (strcmp(acc->realm, a->realm) != 0)
        what = "trust realm";
    else if (strcmp(acc->label, a->label) != 0)
        what = "label";
    else if (acc->time > job->now + slack || acc->time < a->time - slack) {
        what = "time";
        ret = TRR_CLOCK;
    } else {
        ret = tr_check_inside(job, acc->label, acc->low, acc->high);
        if (ret)
            what = "range";
    }
    if (what == NULL)
        return 0;
    return tr_job_fail(job, TR_S13_SEAL, ret, "the acceptance of %.150s "
                       "answers another question: %s", a->to, what);
}

static krb5_error_code
open_acceptance(struct tr_job *job, krb5_key subkey,
                struct tr_acceptance *acceptance_out)
{
    const struct tr_call *call = &job->request->call;
    const struct tr_association *a = &job->association;
    struct tr_reply_trailer trailer;
    krb5_error_code ret;

    if (call->u.accepted.trailer.length == 0)
        return tr_job_fail(job, TR_S13_SEAL, TRR_NO_ACCEPTANCE,
                           "no acceptance from %.150s: the peer does not take "
                           "part in trust realms", a->to);
    ret = tr_wire_decode(TR_WIRE_REPLY_TRAILER, call->u.accepted.trailer.data,
                         call->u.accepted.trailer.length, &trailer);
    if (ret)
        return tr_job_fail(job, TR_S13_SEAL, TRR_TOKEN, "the trailer of "
                           "%.150s: %s", a->to, error_message(ret));
    if (trailer.version != TR_VERSION)
        ret = TRR_VERSION;
    else
        ret = tr_acceptance_open(job->context, subkey, &a->transcript,
                                 &call->u.accepted.ap_rep,
                                 &trailer.acceptance, acceptance_out);
    if (ret)
        tr_job_fail(job, TR_S13_SEAL, ret, "the acceptance of %.150s: %s",
                    a->to, error_message(ret));
    tr_wire_free(TR_WIRE_REPLY_TRAILER, &trailer);
    return ret;
}

/* Verify, decide again, and reply. */
static krb5_error_code
accept_acceptance(struct tr_job *job, krb5_key subkey)
{
    const struct tr_call *call = &job->request->call;
    const struct tr_bytes no_trailer = { NULL, 0 };
    struct tr_acceptance acc = { .from = NULL };
    struct tr_association next = job->association;
    krb5_error_code ret;

    ret = open_acceptance(job, subkey, &acc);
    if (ret == 0)
        ret = check_acceptance(job, &acc);
    if (ret == 0)
        ret = tr_judge_agreement(job, acc.label, acc.low, acc.high);
    if (ret)
        goto cleanup;
    next.low = job->answer.low;
    next.high = job->answer.high;
    next.end = tr_earlier(tr_earlier(next.end, acc.end), job->answer.end);
    ret = tr_establish(job, &next, &call->u.accepted.binding, &no_trailer);

cleanup:
    /* The job is gone if this succeeded. */
    tr_wire_free(TR_WIRE_ACCEPTANCE, &acc);
    return ret;
}

void
tr_handle_accepted(struct tr_request *request)
{
    struct tr_job *job;
    krb5_context context;
    krb5_key subkey = NULL;
    krb5_error_code ret;

    job = tr_job_create(request, "accepted");
    if (job == NULL)
        return;
    context = job->context;
    ret = tr_job_record(job, TR_S13_SEAL, &request->call.u.accepted.record,
                        TR_STAGE_SEALED, TR_ROLE_INITIATOR);
    if (ret == 0)
        ret = tr_job_check_age(job, TR_S13_SEAL);
    if (ret == 0)
        ret = tr_job_process(job, TR_S6_LABEL);
    if (ret == 0)
        ret = tr_key_import(context, job->association.enctype,
                            &job->association.key, &subkey);
    if (ret == 0)
        ret = accept_acceptance(job, subkey);
    if (ret)
        tr_job_refuse(job, ret);
    krb5_k_free_key(context, subkey);
}
