/* mech/service/establish.h - what is agreed, and whether it still holds */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_ESTABLISH_H
#define TR_ESTABLISH_H

#include "job.h"

/*
 * Once a label and a range are on the table, both ends ask the same question:
 * may this process receive that from the other system?  The initiator too,
 * since answers flow back.  The association is job->association; low and
 * high are the range so far, in the trust realm's format.  The answer's range
 * is that range narrowed to what this end agrees to.
 */
krb5_error_code tr_judge_agreement(struct tr_job *job, const char *label,
                                   const char *low, const char *high);

/* TRR_AGREED_RANGE unless the association's range contains these, texts in
 * the trust realm's format with low <= label <= high. */
krb5_error_code tr_check_inside(struct tr_job *job, const char *label,
                                const char *low, const char *high);

/* The earlier of two ends; 0 is none. */
int64_t tr_earlier(int64_t a, int64_t b);

/*
 * Fill in the reply from association and the decision; or, for an association
 * without a label, from the lowest label alone.  Texts are borrowed.
 */
void tr_fill_established(const struct tr_job *job,
                         const struct tr_association *association,
                         struct tr_established *out);

/*
 * Make the association (its texts and key may be borrowed) an established
 * one, bound to the inner context by binding, and reply.  On error nothing
 * was replied.
 */
krb5_error_code tr_establish(struct tr_job *job,
                             struct tr_association *association,
                             const struct tr_bytes *binding,
                             const struct tr_bytes *trailer);

#endif
