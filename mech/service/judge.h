/* mech/service/judge.h - an established association, presented anew */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_JUDGE_H
#define TR_JUDGE_H

#include "job.h"

/*
 * Open the record of an established association, see that it has not ended,
 * and find out what the policy gives the process that presents it.
 */
krb5_error_code tr_judge_record(struct tr_job *job,
                                const struct tr_bytes *record);

/*
 * May client speak to service without a label, to this process?  Then the
 * lowest label is in job->process_label.  A by-pass has no other system: this
 * is all there is to judge, then and later.
 */
krb5_error_code tr_judge_plain(struct tr_job *job, const char *service,
                               const char *client);

/* Fail for want of a by-pass, and say what would have to change. */
krb5_error_code tr_refuse_plain(struct tr_job *job, const char *service,
                                const char *client);

#endif
