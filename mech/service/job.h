/* mech/service/job.h - one call on its way to an answer */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_JOB_H
#define TR_JOB_H

/*
 * What a handler gathers: who calls, what was decided, what the audit record
 * will say.  A handler makes a job, works through its steps, and ends in
 * exactly one of tr_job_refuse() and tr_job_reply(), which answer the request
 * and free the job.
 */

#include "service.h"

struct tr_job {
    struct tr_request *request;
    struct tr_service *service;
    krb5_context context;               /* the event loop's */
    int64_t now;
    uint64_t epoch;                     /* read before the table was */
    struct tr_view *view;               /* NULL: none open */
    struct tr_local local;
    struct tr_process process;
    struct tr_association association;  /* from a record; owned */
    /* Grows as things become known; what it points at lives as long. */
    struct tr_audit_record audit;
    krb5_principal target;              /* service that is spoken to */
    char *target_name;                  /* printable */
    char *target_service, *target_host;
    uint8_t id[TR_ASSOCIATION_LENGTH];  /* of an association to be made */
    char correlation[2 * 8 + 1];        /* half of its id, or of the peer's */
    char *client;                       /* canonical; NULL: not known */
    char *peer;                         /* principal of the other system */
    /* large: texts begin empty, the rest is valid once set */
    char why[256];                      /* of a refusal */
    char process_low[TR_MAX_LABEL_TEXT + 1];
    char process_high[TR_MAX_LABEL_TEXT + 1];
    char process_label[TR_MAX_LABEL_TEXT + 1];
    struct tr_answer answer;            /* of the last tr_job_ask() */
};

/* event is the audit record's.  NULL when there is no memory: the request was
 * refused. */
struct tr_job *tr_job_create(struct tr_request *request, const char *event);

/*
 * Names in tickets are what somebody wrote there: make what is not printable
 * ASCII a question mark, so that the text can be logged and sent.
 */
void tr_make_printable(char *text);

/* Note why a step refuses, made printable; returns code. */
krb5_error_code tr_job_fail(struct tr_job *job, enum tr_step step,
                            krb5_error_code code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Make an id of an association, and the correlation of it. */
krb5_error_code tr_job_new_id(struct tr_job *job);
/* Both systems record an association by the first half of its id. */
void tr_job_correlate(struct tr_job *job, const uint8_t *id);

/* Find out what the policy gives the calling process; step is what refuses
 * when that is nothing. */
krb5_error_code tr_job_process(struct tr_job *job, enum tr_step step);

/*
 * The names in a service principal, SERVICE/HOST; free() them.  One that is
 * not there, or could be quoted or hidden in a text, is NULL.
 */
void tr_principal_names(krb5_const_principal principal, char **service_out,
                        char **host_out);

/*
 * The service principal that is spoken to: set the names of job->target.
 * When it has no host tr_job_need_host() refuses at step.
 */
krb5_error_code tr_job_target(struct tr_job *job);
krb5_error_code tr_job_need_host(struct tr_job *job, enum tr_step step);

/* The canonical text of a client principal; "" is nobody (job->client stays
 * NULL).  Refuses anonymous ones. */
krb5_error_code tr_job_client(struct tr_job *job, enum tr_step step,
                              const char *name);

/* Open the record of a call.  Then the audit record knows what it says. */
krb5_error_code tr_job_record(struct tr_job *job, enum tr_step step,
                              const struct tr_bytes *record, int stage,
                              int side);

/* A token waits no longer than its environment is valid: refuse, at step, a
 * record of one that is older. */
krb5_error_code tr_job_check_age(struct tr_job *job, enum tr_step step);

/* Open the view that decisions are made on, reading the epoch first. */
krb5_error_code tr_job_view(struct tr_job *job);
void tr_job_close_view(struct tr_job *job);

/* Decide: local system, process and times of question are filled in. */
krb5_error_code tr_job_ask(struct tr_job *job, struct tr_question *question);

/* Of the shared page, borrowed. */
struct tr_bytes tr_job_instance(const struct tr_job *job);

/* TR_* flags of wire.h that follow from the decision. */
int64_t tr_job_flags(const struct tr_job *job);

void tr_job_refuse(struct tr_job *job, krb5_error_code code);
/* step: the last one passed, for the record that it was allowed;
 * TR_STEP_NONE: no record. */
void tr_job_reply(struct tr_job *job, const struct tr_reply *reply,
                  bool with_page, enum tr_step step);

#endif
