/* mech/service/audit.h - the parts of the audit log, for the daemon itself */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_AUDIT_H
#define TR_AUDIT_H

#include <sys/uio.h>
#include "service.h"

/* --- audit.c ------------------------------------------------------------ */

/* Open the target again (it may have been moved away), or that of a new
 * configuration; counters stay.  On error the old target stays. */
krb5_error_code tr_audit_reopen(struct tr_audit *audit,
                                const struct tr_config *config);
/* Let lines of ordinary operation go to stderr instead. */
void tr_audit_use_stderr(struct tr_audit *audit);
/* Write the counts of what was left out; call it every second or so. */
void tr_audit_tick(struct tr_audit *audit);

struct tr_audit_count {
    const char *event;
    uint64_t allowed, denied;
};
/* The i-th event seen so far; false after the last. */
bool tr_audit_count(const struct tr_audit *audit, size_t i,
                    struct tr_audit_count *out);
/* What has been refused at a step; TR_STEP_NONE: at none. */
uint64_t tr_audit_refused(const struct tr_audit *audit, enum tr_step step);
/* Allowed because of a dry run, and as a by-pass. */
void tr_audit_let_by(const struct tr_audit *audit, uint64_t *dry_run_out,
                     uint64_t *bypass_out);
/* Records left out by the limit, and lost because the target failed. */
void tr_audit_lost(const struct tr_audit *audit, uint64_t *left_out_out,
                   uint64_t *lost_out);
/* The last line could not be written: nothing is allowed while it is so. */
bool tr_audit_failed(const struct tr_audit *audit);

/* --- audit_sink.c: where lines go --------------------------------------- */

struct tr_sink;
krb5_error_code tr_sink_open(const char *target, struct tr_sink **sink_out);
void tr_sink_close(struct tr_sink *sink);
/* Whether lines of ordinary operation are JSON as well. */
bool tr_sink_wants_json(const struct tr_sink *sink);
bool tr_sink_wants_fields(const struct tr_sink *sink);
/* Octets that a line may have. */
size_t tr_sink_limit(const struct tr_sink *sink);
/* line: without newline.  fields ("KEY=value") are for the journal only. */
bool tr_sink_write(struct tr_sink *sink, int priority, bool audit,
                   const char *line, const struct iovec *fields,
                   size_t nfields);

/* --- audit_limit.c: how much one peer may fill -------------------------- */

struct tr_limit;
struct tr_limit_report {
    const char *sender;
    uid_t uid;
    enum tr_step step;
    uint32_t allowed, denied;   /* records left out */
};
krb5_error_code tr_limit_create(struct tr_limit **limit_out);
void tr_limit_free(struct tr_limit *limit);
/* May this record be written?  If not, it is counted.  now is in ms. */
bool tr_limit_allow(struct tr_limit *limit, const char *sender, uid_t uid,
                    bool allowed, enum tr_step step, int64_t now);
/* Report counts older than ten seconds, or all of them, and forget them: one
 * report for each peer and step. */
void tr_limit_report(struct tr_limit *limit, int64_t now, bool all,
                     void (*report)(const struct tr_limit_report *report,
                                    void *arg), void *arg);

#endif
