/* mech/service/message.c - calls for label records of messages */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <string.h>
#include "trustrealm_err.h"
#include "crypto.h"
#include "establish.h"
#include "judge.h"

/*
 * A label record lets a message have another label than the one established.
 * The sender's system makes it, the receiver's verifies it; the plugins hand
 * it on and keep it for the messages that follow.
 */

static krb5_error_code
begin(struct tr_job *job, const struct tr_bytes *record, krb5_key *key_out)
{
    const struct tr_association *a = &job->association;
    krb5_error_code ret;

    ret = tr_judge_record(job, record);
    if (ret)
        return ret;
    if (a->bypass)
        return tr_job_fail(job, TR_STEP_NONE, TRR_UNSUPPORTED,
                           "the context has no label");
    return tr_key_import(job->context, a->enctype, &a->key, key_out);
}

/* --- issue --------------------------------------------------------------- */

/* May a message with this label (local format) be sent? */
static krb5_error_code
decide_issue(struct tr_job *job, const char *label)
{
    const struct tr_association *a = &job->association;
    struct tr_question question = {
        .side = TR_SENDING,
        .peer = a->peer_system,
        .service = a->service,
        .user = a->client[0] != '\0' ? a->client : NULL,
        .realm = a->realm,
        .label = label,
        .confidentiality = a->confidentiality
    };
    krb5_error_code ret;

    ret = tr_job_ask(job, &question);
    if (ret)
        return ret;
    if (strcmp(job->answer.realm, a->realm) != 0)
        ret = TRR_CHOICE;
    else if (strcmp(job->answer.digest, a->digest) != 0)
        ret = TRR_DIGEST;
    else
        ret = tr_check_inside(job, job->answer.label, job->answer.label,
                              job->answer.label);
    if (ret)
        tr_job_fail(job, TR_S7_CONVERT, ret, "%.60s is not within %.60s to "
                    "%.60s of %.60s", job->answer.label, a->low, a->high,
                    a->realm);
    return ret;
}

/*
 * A message grows by its record and two octets of length; together they are
 * a multiple of four octets, as Kerberos' own tokens are.  Programs that use
 * RPCSEC_GSS rely on that.  (Encryption adds a multiple of four.)
 */
static krb5_error_code
encode_padded(struct tr_label_record *record, struct tr_bytes *out)
{
    static uint8_t zeros[TR_MAX_PADDING];
    krb5_error_code ret;

    record->padding.data = zeros;
    for (;;) {
        ret = tr_wire_encode(TR_WIRE_LABEL_RECORD, record, &out->data,
                             &out->length);
        if (ret || (out->length + 2) % 4 == 0)
            return ret;
        tr_bytes_free(out);
        record->padding.length++;
    }
}

static krb5_error_code
issue(struct tr_job *job, struct tr_bytes *out)
{
    const struct tr_call *call = &job->request->call;
    struct tr_association *a = &job->association;
    struct tr_label_record record = { .version = TR_VERSION };
    struct tr_bytes plain = { NULL, 0 };
    krb5_key key = NULL;
    krb5_error_code ret;

    ret = begin(job, &call->u.issue.record, &key);
    if (ret == 0)
        ret = call->u.issue.label[0] != '\0' ?
            decide_issue(job, call->u.issue.label) :
            tr_judge_agreement(job, a->label, a->low, a->high);
    if (ret)
        goto cleanup;
    record.association = a->association;
    record.direction = a->side;
    record.label = job->answer.label;
    record.epoch = job->epoch;
    ret = encode_padded(&record, &plain);
    if (ret == 0)
        ret = tr_encrypt(job->context, key, TR_USAGE_LABEL_RECORD, plain.data,
                         plain.length, out);

cleanup:
    tr_bytes_free(&plain);
    krb5_k_free_key(job->context, key);
    return ret;
}

void
tr_handle_issue(struct tr_request *request)
{
    struct tr_reply reply = { .type = TR_REPLY_ISSUED };
    struct tr_bytes record = { NULL, 0 };
    struct tr_job *job;
    krb5_error_code ret;

    job = tr_job_create(request, "issue");
    if (job == NULL)
        return;
    ret = issue(job, &record);
    if (ret) {
        tr_job_refuse(job, ret);
    } else {
        reply.u.issued.label_record = record;
        reply.u.issued.label = job->answer.label;
        reply.u.issued.local_label = job->answer.local_label;
        tr_job_reply(job, &reply, false, false);
    }
    tr_bytes_free(&record);
}

/* --- check --------------------------------------------------------------- */

static krb5_error_code
open_label(struct tr_job *job, krb5_key key, struct tr_label_record *out)
{
    const struct tr_call *call = &job->request->call;
    const struct tr_association *a = &job->association;
    struct tr_bytes plain = { NULL, 0 };
    krb5_error_code ret;

    ret = tr_decrypt(job->context, key, TR_USAGE_LABEL_RECORD,
                     call->u.check.label_record.data,
                     call->u.check.label_record.length, &plain);
    if (ret == 0)
        ret = tr_wire_decode(TR_WIRE_LABEL_RECORD, plain.data, plain.length,
                             out);
    tr_bytes_free(&plain);
    if (ret)
        return tr_job_fail(job, TR_R4_SYSTEM, TRR_SEAL,
                           "the label record does not open");
    if (out->version != TR_VERSION)
        ret = TRR_VERSION;
    else if (!tr_bytes_equal(&out->association, &a->association) ||
             out->direction == a->side ||
             (out->direction != TR_ROLE_INITIATOR &&
              out->direction != TR_ROLE_ACCEPTOR))
        ret = TRR_BINDING;
    if (ret)
        tr_job_fail(job, TR_R4_SYSTEM, ret, "the label record is not the "
                    "peer's, of this association");
    return ret;
}

void
tr_handle_check(struct tr_request *request)
{
    struct tr_reply reply = { .type = TR_REPLY_CHECKED };
    struct tr_label_record record = { .label = NULL };
    struct tr_job *job;
    krb5_key key = NULL;
    krb5_context context;
    krb5_error_code ret;

    job = tr_job_create(request, "check");
    if (job == NULL)
        return;
    context = job->context;
    ret = begin(job, &request->call.u.check.record, &key);
    if (ret == 0)
        ret = open_label(job, key, &record);
    if (ret == 0)
        ret = tr_judge_agreement(job, record.label, job->association.low,
                                 job->association.high);
    if (ret) {
        tr_job_refuse(job, ret);
    } else {
        reply.u.checked.label = job->answer.label;
        reply.u.checked.local_label = job->answer.local_label;
        reply.u.checked.epoch = job->epoch;
        tr_job_reply(job, &reply, false, false);
    }
    krb5_k_free_key(context, key);
    tr_wire_free(TR_WIRE_LABEL_RECORD, &record);
}
