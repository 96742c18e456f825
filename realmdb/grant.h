/* realmdb/grant.h - memberships and clearances, and what restricts them */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_GRANT_H
#define TR_GRANT_H

/*
 * What a grant comes to is what it has in common with its restrictions: they
 * only ever take away, so one person may add them where a grant takes two.
 */

#include "label.h"
#include "record.h"

/* Its range in the trust realm of encoding.  TRR_RANGE when nothing is left
 * of it; a restriction that cannot be read is an error like a range that
 * cannot. */
krb5_error_code tr_grant_range(const struct tr_encoding *encoding,
                               const struct tr_grant *grant,
                               struct tr_range *range_out);

/* When the first of them ends; 0 = never. */
int64_t tr_grant_end(const struct tr_grant *grant);

/* The membership or clearance of a record in the trust realm whose name value
 * has, or begins with before a blank; NULL when there is none. */
const struct tr_grant *tr_record_grant(const struct tr_record *record,
                                       const char *value);

/* All restrictions of a record, those without a grant among them; sorted by
 * trust realm. */
const struct tr_grant *tr_record_restrictions(const struct tr_record *record,
                                              size_t *n_out);

/* Tie the grants of a record that has just been filled in to their
 * restrictions; TRR_MALFORMED when these are not sorted. */
krb5_error_code tr_record_restrict(struct tr_record *record);

#endif
