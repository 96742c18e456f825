/* mech/service/judge.c - the call that judges an association anew */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <string.h>
#include "trustrealm_err.h"
#include "association.h"
#include "bypass.h"
#include "crypto.h"
#include "establish.h"
#include "judge.h"
#include "keys.h"

krb5_error_code
tr_judge_record(struct tr_job *job, const struct tr_bytes *record)
{
    krb5_error_code ret;

    ret = tr_job_record(job, TR_STEP_NONE, record, TR_STAGE_ESTABLISHED, -1);
    if (ret)
        return ret;
    ret = tr_association_alive(&job->association, job->now, tr_boottime(),
                               job->service->config->clock_skew);
    if (ret)
        return tr_job_fail(job, TR_STEP_NONE, ret, "%s", error_message(ret));
    return tr_job_process(job, job->association.side == TR_ROLE_INITIATOR ?
                          TR_S6_LABEL : TR_R10_PROCESS);
}

krb5_error_code
tr_refuse_plain(struct tr_job *job, const char *service, const char *client)
{
    const struct tr_config *config = job->service->config;
    const char *why = "allow-bypass is off", *whose = "";

    if (config->allow_bypass) {
        why = tr_bypass_open(config, service) ?
            "this user is not in the bypass of " : "there is no bypass for ";
        whose = service;
    }
    return tr_job_fail(job, TR_R1_BYPASS, TRR_BYPASS, "\"%.100s\" sent no "
                       "trust realm, like every program or system without "
                       "mech_trustrealm, and %s%s", client, why, whose);
}

krb5_error_code
tr_judge_plain(struct tr_job *job, const char *service, const char *client)
{
    const struct tr_config *config = job->service->config;
    struct tr_label lowest;
    krb5_error_code ret;

    job->epoch = tr_shared_page_epoch(job->service->page);
    if (!tr_bypass_from(config, service, client))
        return tr_refuse_plain(job, service, client);
    tr_bypass_label(config, &lowest);
    if (!tr_range_contains(&job->process.range, &lowest))
        return tr_job_fail(job, TR_R10_PROCESS, TRR_PROCESS_RANGE, "without "
                           "a label the lowest applies, but the range of the "
                           "process starts at %.150s", job->process_low);
    ret = tr_label_format(config->encoding, &lowest, job->process_label,
                          sizeof(job->process_label));
    job->audit.local_label = job->process_label;
    return ret;
}

/* The same at the sender: may this process still speak to that target so? */
static krb5_error_code
judge_plain_target(struct tr_job *job, const char *target)
{
    job->audit.target = target;
    job->epoch = tr_shared_page_epoch(job->service->page);
    if (tr_bypass_to(job->service->config, &job->process, target))
        return 0;
    return tr_job_fail(job, TR_S1_BYPASS, TRR_BYPASS, "%.150s may not be "
                       "reached without a label by a process with the range "
                       "%.50s to %.50s", target, job->process_low,
                       job->process_high);
}

static krb5_error_code
judge(struct tr_job *job)
{
    const struct tr_call *call = &job->request->call;
    const struct tr_association *a = &job->association;
    krb5_error_code ret;

    ret = tr_judge_record(job, &call->u.judge.record);
    if (ret)
        return ret;
    if (!tr_bytes_equal(&a->binding, &call->u.judge.binding))
        return tr_job_fail(job, TR_STEP_NONE, TRR_BINDING,
                           "the record is another context's");
    if (!a->bypass)
        return tr_judge_agreement(job, a->label, a->low, a->high);
    return a->side == TR_ROLE_INITIATOR ? judge_plain_target(job, a->to) :
        tr_judge_plain(job, a->service, a->client);
}

void
tr_handle_judge(struct tr_request *request)
{
    struct tr_reply reply = { .type = TR_REPLY_ESTABLISHED };
    struct tr_job *job;
    krb5_error_code ret;

    job = tr_job_create(request, "judge");
    if (job == NULL)
        return;
    ret = judge(job);
    if (ret) {
        tr_job_refuse(job, ret);
        return;
    }
    tr_fill_established(job, &job->association, &reply.u.established);
    tr_job_reply(job, &reply, true, TR_STEP_NONE);
}
