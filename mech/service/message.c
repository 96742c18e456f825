/* mech/service/message.c - calls for label records of messages */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "trustrealm_err.h"
#include "association.h"
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
    return tr_association_label_key(job->context, a, key_out);
}

/*
 * Inside is the label alone, in the trust realm's format.  A message grows by
 * its record, two octets of length and the tag; zeros make that a multiple of
 * four octets, as Kerberos' own tokens are.  Programs that use RPCSEC_GSS
 * rely on it.  (Encryption adds a multiple of four.)
 */
#define UNIT 4
#define MAX_PADDED (TR_MAX_LABEL_TEXT + UNIT)

/* Returns how many octets; label has at most TR_MAX_LABEL_TEXT. */
static size_t
pad(const char *label, char out[MAX_PADDED])
{
    size_t length = strlen(label);
    size_t odd = (length + 2 + TR_TAG_LENGTH) % UNIT;

    memcpy(out, label, length);
    memset(out + length, 0, UNIT);
    return odd == 0 ? length : length + UNIT - odd;
}

static krb5_keyusage
usage_of(int64_t side)
{
    return side == TR_ROLE_INITIATOR ? TR_USAGE_LABEL_INITIATOR :
        TR_USAGE_LABEL_ACCEPTOR;
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

static krb5_error_code
issue(struct tr_job *job, struct tr_bytes *out)
{
    const struct tr_call *call = &job->request->call;
    struct tr_association *a = &job->association;
    char padded[MAX_PADDED];
    krb5_key key = NULL;
    krb5_error_code ret;

    ret = begin(job, &call->u.issue.record, &key);
    if (ret == 0)
        ret = call->u.issue.label[0] != '\0' ?
            decide_issue(job, call->u.issue.label) :
            tr_judge_agreement(job, a->label, a->low, a->high);
    if (ret == 0)
        ret = tr_encrypt(job->context, key, usage_of(a->side), padded,
                         pad(job->answer.label, padded), out);
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
        tr_job_reply(job, &reply, false, TR_S12_PROTECTION);
    }
    tr_bytes_free(&record);
}

/* --- check --------------------------------------------------------------- */

/* free() *label_out. */
static krb5_error_code
open_label(struct tr_job *job, krb5_key key, char **label_out)
{
    const struct tr_bytes *record = &job->request->call.u.check.label_record;
    struct tr_bytes plain = { NULL, 0 };
    char padded[MAX_PADDED], *label;
    krb5_error_code ret;

    ret = tr_decrypt(job->context, key, usage_of(!job->association.side),
                     record->data, record->length, &plain);
    if (ret)
        return tr_job_fail(job, TR_R4_SYSTEM, TRR_SEAL, "the label record is "
                           "not the peer's, of this association");
    label = strndup((char *)plain.data, plain.length);
    if (label == NULL)
        ret = ENOMEM;
    else if (strlen(label) > TR_MAX_LABEL_TEXT ||
             pad(label, padded) != plain.length ||
             memcmp(padded, plain.data, plain.length) != 0)
        ret = tr_job_fail(job, TR_R4_SYSTEM, TRR_MALFORMED, "the label record "
                          "is malformed");
    tr_bytes_free(&plain);
    if (ret)
        free(label);
    else
        *label_out = label;
    return ret;
}

void
tr_handle_check(struct tr_request *request)
{
    struct tr_reply reply = { .type = TR_REPLY_CHECKED };
    char *label = NULL;
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
        ret = open_label(job, key, &label);
    if (ret == 0)
        ret = tr_judge_agreement(job, label, job->association.low,
                                 job->association.high);
    if (ret) {
        tr_job_refuse(job, ret);
    } else {
        reply.u.checked.label = job->answer.label;
        reply.u.checked.local_label = job->answer.local_label;
        reply.u.checked.epoch = job->epoch;
        tr_job_reply(job, &reply, false, TR_R14_CLEARANCE);
    }
    krb5_k_free_key(context, key);
    free(label);
}
