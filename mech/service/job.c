/* mech/service/job.c - one call on its way to an answer */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "trustrealm_err.h"
#include "association.h"
#include "crypto.h"
#include "job.h"
#include "keys.h"
#include "text.h"

struct tr_job *
tr_job_create(struct tr_request *request, const char *event)
{
    struct tr_audit_record record = {
        .event = event, .code = ENOMEM, .table_age = -1,
        .caller = &request->caller
    };
    struct tr_job *job = request->service->spare;

    request->service->spare = NULL;
    if (job == NULL)
        job = malloc(sizeof(*job));
    if (job == NULL) {
        tr_request_refuse(request, &record);
        return NULL;
    }
    memset(job, 0, offsetof(struct tr_job, why));
    job->why[0] = '\0';
    job->process_low[0] = job->process_high[0] = '\0';
    job->process_label[0] = '\0';
    job->request = request;
    job->service = request->service;
    job->context = tr_keys_context(job->service->keys);
    job->now = time(NULL);
    job->audit = record;
    job->audit.code = 0;
    return job;
}

static void
job_free(struct tr_job *job)
{
    tr_job_close_view(job);
    tr_wire_free(TR_WIRE_ASSOCIATION, &job->association);
    krb5_free_principal(job->context, job->target);
    krb5_free_unparsed_name(job->context, job->target_name);
    krb5_free_unparsed_name(job->context, job->client);
    krb5_free_unparsed_name(job->context, job->peer);
    free(job->target_service);
    free(job->target_host);
    /* Kept for the next call: for a block so large malloc() would tidy up
     * every time. */
    free(job->service->spare);
    job->service->spare = job;
}

void
tr_make_printable(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~')
            *text = '?';
    }
}

krb5_error_code
tr_job_fail(struct tr_job *job, enum tr_step step, krb5_error_code code,
            const char *format, ...)
{
    va_list ap;

    job->audit.step = step;
    va_start(ap, format);
    vsnprintf(job->why, sizeof(job->why), format, ap);
    va_end(ap);
    tr_make_printable(job->why);
    return code;
}

void
tr_job_correlate(struct tr_job *job, const uint8_t *id)
{
    tr_text_hex(id, sizeof(job->correlation) / 2, job->correlation);
    job->audit.correlation = job->correlation;
}

krb5_error_code
tr_job_new_id(struct tr_job *job)
{
    krb5_error_code ret;

    ret = tr_random(job->context, job->id, sizeof(job->id));
    if (ret == 0)
        tr_job_correlate(job, job->id);
    return ret;
}

krb5_error_code
tr_job_process(struct tr_job *job, enum tr_step step)
{
    const struct tr_encoding *encoding = job->service->config->encoding;
    struct tr_process *process = &job->process;
    krb5_error_code ret;

    ret = tr_tcb_process(job->service->tcb, &job->request->caller, process);
    if (ret == TRR_NO_LABEL)
        return tr_job_fail(job, step, ret, "no rule of the policy matches "
                           "uid %lu, gid %lu",
                           (unsigned long)job->request->caller.uid,
                           (unsigned long)job->request->caller.gid);
    if (ret == 0)
        ret = tr_label_format(encoding, &process->range.low,
                              job->process_low, sizeof(job->process_low));
    if (ret == 0)
        ret = tr_label_format(encoding, &process->range.high,
                              job->process_high, sizeof(job->process_high));
    if (ret == 0)
        ret = tr_label_format(encoding, &process->label, job->process_label,
                              sizeof(job->process_label));
    if (ret)
        return tr_job_fail(job, step, ret, "cannot determine the label of "
                           "the process: %s", error_message(ret));
    return 0;
}

/* What names services and hosts: nothing that could be quoted or hidden. */
static char *
component(const krb5_data *data)
{
    unsigned int i;
    char c;

    if (data->length == 0 || data->length > TR_MAX_NAME)
        return NULL;
    for (i = 0; i < data->length; i++) {
        c = data->data[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
            !(c >= '0' && c <= '9') && c != '.' && c != '-' && c != '_')
            return NULL;
    }
    return strndup(data->data, data->length);
}

void
tr_principal_names(krb5_const_principal principal, char **service_out,
                   char **host_out)
{
    *service_out = *host_out = NULL;
    if (principal->length > 0)
        *service_out = component(&principal->data[0]);
    if (principal->length == 2)
        *host_out = component(&principal->data[1]);
}

krb5_error_code
tr_job_target(struct tr_job *job)
{
    krb5_error_code ret;

    ret = krb5_unparse_name(job->context, job->target, &job->target_name);
    if (ret)
        return ret;
    tr_make_printable(job->target_name);
    tr_principal_names(job->target, &job->target_service, &job->target_host);
    job->audit.target = job->target_name;
    job->audit.service = job->target_service;
    return 0;
}

krb5_error_code
tr_job_need_host(struct tr_job *job, enum tr_step step)
{
    if (job->target_service != NULL && job->target_host != NULL)
        return 0;
    return tr_job_fail(job, step, TRR_UNSUPPORTED,
                       "%.150s is not a host-based service", job->target_name);
}

krb5_error_code
tr_job_client(struct tr_job *job, enum tr_step step, const char *name)
{
    krb5_principal client = NULL;
    krb5_error_code ret;

    if (name[0] == '\0')
        return 0;
    ret = krb5_parse_name(job->context, name, &client);
    if (ret == 0)
        ret = krb5_unparse_name(job->context, client, &job->client);
    if (ret) {
        ret = tr_job_fail(job, step, TRR_CLAIM, "%.150s is not a principal",
                          name);
        goto cleanup;
    }
    job->audit.user = job->client;
    if (krb5_principal_compare_any_realm(job->context, client,
                                         krb5_anonymous_principal()))
        ret = tr_job_fail(job, step, TRR_UNSUPPORTED, "the user is anonymous");

cleanup:
    krb5_free_principal(job->context, client);
    return ret;
}

static void
audit_association(struct tr_job *job)
{
    const struct tr_association *a = &job->association;
    const char *own = job->service->config->system;
    bool initiator = a->side == TR_ROLE_INITIATOR;

    job->audit.bypass = a->bypass;
    job->audit.correlation = a->correlation;
    job->audit.service = a->service;
    if (a->client[0] != '\0')
        job->audit.user = a->client;
    if (a->bypass)
        return;
    job->audit.sender = initiator ? own : a->peer_system;
    job->audit.receiver = initiator ? a->peer_system : own;
    job->audit.realm = a->realm;
    job->audit.label = a->label;
    job->audit.generation = a->generation;
}

krb5_error_code
tr_job_record(struct tr_job *job, enum tr_step step,
              const struct tr_bytes *record, int stage, int side)
{
    krb5_error_code ret;

    ret = tr_association_open(tr_keys_cipher(job->service->keys), record,
                              stage, &job->association);
    if (ret == 0 && side >= 0 && job->association.side != side)
        ret = TRR_RECORD;
    if (ret)
        return tr_job_fail(job, step, ret, "the record was made by another "
                           "daemon, or for another call");
    audit_association(job);
    return 0;
}

krb5_error_code
tr_job_check_age(struct tr_job *job, enum tr_step step)
{
    const struct tr_association *a = &job->association;
    int64_t skew = job->service->config->clock_skew;
    krb5_error_code ret;

    ret = tr_association_alive(a, job->now, tr_boottime(), skew);
    if (ret == 0 && job->now > a->time + TR_VALIDITY_S + skew)
        ret = TRR_ENDED;
    if (ret)
        tr_job_fail(job, step, ret, "the token was made %" PRId64 " s ago",
                    job->now - a->time);
    return ret;
}

krb5_error_code
tr_job_view(struct tr_job *job)
{
    const struct tr_config *config = job->service->config;
    struct tr_local *local = &job->local;

    if (job->view != NULL)
        return 0;
    job->epoch = tr_shared_page_epoch(job->service->page);
    local->system = config->system;
    local->encoding = config->encoding;
    local->format = config->format;
    local->realms = config->trust_realms;
    local->highest = config->has_highest ? &config->highest : NULL;
    local->max_staleness = config->maximum_staleness;
    local->clock_skew = config->clock_skew;
    local->allow_dry_run = config->allow_dry_run;
    local->attributes = job->service->attributes;
    return tr_view_open(job->service->table, &job->view);
}

void
tr_job_close_view(struct tr_job *job)
{
    tr_view_close(job->view);
    job->view = NULL;
}

static const char *
if_known(const char *text, const char *otherwise)
{
    return text[0] != '\0' ? text : otherwise;
}

krb5_error_code
tr_job_ask(struct tr_job *job, struct tr_question *question)
{
    struct tr_answer *answer = &job->answer;
    struct tr_audit_record *audit = &job->audit;
    krb5_error_code ret;

    ret = tr_job_view(job);
    if (ret)
        return ret;
    question->local = &job->local;
    question->now = job->now;
    question->clock_floor = tr_keys_clock_floor(job->service->keys);
    question->process_low = job->process_low;
    question->process_high = job->process_high;
    /* If nobody asked for the process, its texts are empty, and refused. */
    question->process = job->process_low[0] != '\0' ? &job->process.range :
        NULL;
    question->brief = true;
    ret = tr_decide(job->view, question, answer);

    audit->dry_run = answer->dry_run;
    audit->sender = if_known(answer->sender, audit->sender);
    audit->receiver = if_known(answer->receiver, audit->receiver);
    audit->realm = if_known(answer->realm, audit->realm);
    audit->label = if_known(answer->label, audit->label);
    audit->local_label = if_known(answer->local_label, audit->local_label);
    audit->table_age = answer->table_age;
    audit->generation = answer->generation;
    if (ret)
        tr_job_fail(job, answer->step, ret, "%s", answer->text);
    return ret;
}

struct tr_bytes
tr_job_instance(const struct tr_job *job)
{
    return (struct tr_bytes){
        (uint8_t *)tr_shared_page_instance(job->service->page),
        sizeof(((struct tr_page *)NULL)->instance)
    };
}

int64_t
tr_job_flags(const struct tr_job *job)
{
    const struct tr_answer *answer = &job->answer;
    int64_t flags = 0;

    if (answer->require_confidentiality && answer->carrier == TR_CARRIER_GSS)
        flags |= TR_FORCE_CONF;
    if (!answer->may_delegate)
        flags |= TR_REFUSE_DELEG;
    if (answer->may_export_kernel)
        flags |= TR_MAY_EXPORT;
    if (job->service->config->explicit_labels)
        flags |= TR_EXPLICIT;
    if (answer->dry_run)
        flags |= TR_IS_DRY_RUN;
    return flags;
}

/* Which table there was, also where nothing had to be looked up in it. */
static void
audit_table(struct tr_job *job)
{
    struct tr_audit_record *audit = &job->audit;
    struct tr_table_info info;

    if (audit->table_age >= 0 || tr_job_view(job) != 0)
        return;
    tr_view_info(job->view, &info);
    audit->table_age = job->now > info.fresh ? job->now - info.fresh : 0;
    audit->generation = info.generation;
}

void
tr_job_refuse(struct tr_job *job, krb5_error_code code)
{
    audit_table(job);
    job->audit.code = code;
    job->audit.dry_run = false;
    job->audit.text = job->why[0] != '\0' ? job->why : NULL;
    tr_request_refuse(job->request, &job->audit);
    job_free(job);
}

void
tr_job_reply(struct tr_job *job, const struct tr_reply *reply, bool with_page,
             enum tr_step step)
{
    if (step != TR_STEP_NONE) {
        audit_table(job);
        job->audit.allowed = true;
        job->audit.code = 0;
        job->audit.step = step;
        job->audit.text = job->audit.bypass ? tr_step_text(step) :
            "no step refuses";
        if (job->audit.dry_run) {
            tr_make_printable(job->answer.text);
            job->audit.step = job->answer.step;
            job->audit.text = job->answer.text;
        }
        if (!tr_audit_write(job->service->audit, &job->audit)) {
            tr_job_refuse(job, tr_job_fail(job, job->audit.step, TRR_AUDIT,
                                           "%s", error_message(TRR_AUDIT)));
            return;
        }
    }
    tr_request_reply(job->request, reply, with_page);
    job_free(job);
}
