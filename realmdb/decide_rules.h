/* realmdb/decide_rules.h - what the steps of a decision share */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_DECIDE_RULES_H
#define TR_DECIDE_RULES_H

/*
 * Each side is a table of rules, judged in order.  A rule judges one step on
 * the state below.  When it passes it leaves the range narrowed by what it
 * looked at; when it refuses under dry_run it leaves a label and a range that
 * the next rules can still be judged on.
 */

#include "decide.h"
#include "grant.h"

/* A trust realm that both systems are members of. */
struct tr_shared {
    const struct tr_realm *realm;
    const struct tr_granted *own;
    const struct tr_granted *peer;
};

struct tr_decision {
    const struct tr_view *view;
    const struct tr_question *question;
    struct tr_answer *answer;
    struct tr_record *own_record;       /* owned, as the next two */
    struct tr_record *peer_record;
    struct tr_record *clearance;
    bool silent;                        /* nobody will read what is said */
    char *text;                         /* of the step being judged */
    bool skipped;                       /* it had nothing to judge */

    /* the trust realm being judged, set by tr_enter() */
    struct tr_shared current;
    struct tr_map *map;                 /* owned; NULL: no local format */
    krb5_error_code map_error;
    bool dry_run;                       /* it only tries its rules out */

    /* The local form is the trust realm's where there is no local format. */
    bool has_label;
    struct tr_label local_label;
    struct tr_label label;              /* in the trust realm's format */
    bool has_process;
    struct tr_range process;            /* in the local form */
    krb5_error_code process_error;
    struct tr_range range;              /* offered or agreed so far */
    int64_t clearance_end;

    size_t nshared;
    struct tr_shared shared[TR_MAX_MEMBERSHIPS];        /* best first */
};

struct tr_rule {
    enum tr_step step;
    krb5_error_code (*judge)(struct tr_decision *d);
    bool softens;                       /* dry-run lets a refusal by */
};

/* Judge rules in order up to the first that refuses. */
krb5_error_code tr_judge_rules(struct tr_decision *d,
                               const struct tr_rule *rules, size_t nrules);

/* decide_send.c, decide_receive.c */
krb5_error_code tr_decide_sending(struct tr_decision *d);
krb5_error_code tr_decide_receiving(struct tr_decision *d);

/* --- decide.c: text ----------------------------------------------------- */

/* Text of the step being judged: the strings up to NULL, cut when long. */
void tr_say(struct tr_decision *d, const char *first, ...)
    __attribute__((sentinel));
/* The same for a step that has nothing to judge; returns 0. */
krb5_error_code tr_skip(struct tr_decision *d, const char *why);
/* Copy into an answer's field; "" rather than a part of a long one. */
void tr_copy(char *field, size_t size, const char *text);

/* --- decide_systems.c: table, systems, trust realms --------------------- */

/* S2 and R2: the clock, the table's age; then the trust realm's own limit. */
krb5_error_code tr_judge_table(struct tr_decision *d);
krb5_error_code tr_judge_staleness(struct tr_decision *d);

/* Find this system's record; the other's by name (sending) or principal
 * (receiving).  unknown is the code when the table has none. */
krb5_error_code tr_judge_own_system(struct tr_decision *d,
                                    krb5_error_code unknown);
krb5_error_code tr_judge_named_peer(struct tr_decision *d,
                                    krb5_error_code unknown);
krb5_error_code tr_judge_authenticated_peer(struct tr_decision *d,
                                            krb5_error_code unknown);

/* Has the grant, or a restriction of it, ended at time now? */
bool tr_ended(const struct tr_grant *grant, int64_t now);
/* Has a restriction, if there is one, left nothing of the grant? */
bool tr_nothing_left(const struct tr_granted *granted);
/* Does this membership of system hold now?  Says why not: TRR_EXPIRED,
 * TRR_NOT_MEMBER (restrictions leave nothing of it). */
krb5_error_code tr_judge_member(struct tr_decision *d,
                                const struct tr_granted *granted,
                                const char *system);
/* What the grant for realm, a name without case, among ngrants, sorted as in
 * records, comes to; NULL when there is none, or no such trust realm. */
krb5_error_code tr_find_granted(const struct tr_decision *d,
                                struct tr_grant *grants, size_t ngrants,
                                const char *realm,
                                const struct tr_granted **out);
/*
 * Fill d->shared with the trust realms that both records name and that may be
 * used, best first.  When there is none, code and text say what bars the best
 * of those that may not.
 */
krb5_error_code tr_find_shared(struct tr_decision *d);
/* May this grant of system in shared's trust realm be used?  Says why not:
 * TRR_ENTRY, TRR_NOT_MEMBER (left out by the configuration, or by
 * restrictions), TRR_EXPIRED. */
krb5_error_code tr_judge_shared(struct tr_decision *d,
                                const struct tr_shared *shared);

/* Make shared the current trust realm: parse its ranges, make its map. */
krb5_error_code tr_enter(struct tr_decision *d,
                         const struct tr_shared *shared);
/* Does the current one take the local label: map and both ranges?  Also true
 * when no label is known. */
bool tr_takes(const struct tr_decision *d);
/* The same of label, in its format. */
bool tr_takes_label(const struct tr_decision *d,
                    const struct tr_label *label);
/*
 * The shared trust realm whose refusal counts when none takes the label: the
 * best, but one that enforces its rules before all that only try theirs out,
 * lest the refusal be let by.
 */
const struct tr_shared *tr_best_shared(const struct tr_decision *d);

/* --- decide_common.c: labels, ranges, what is required ------------------ */

/* Parse the process's range and label, of this end. */
krb5_error_code tr_parse_process(struct tr_decision *d);
krb5_error_code tr_to_realm(const struct tr_decision *d,
                            const struct tr_label *local,
                            struct tr_label *out);
krb5_error_code tr_to_local(const struct tr_decision *d,
                            const struct tr_label *label,
                            struct tr_label *out);
krb5_error_code tr_process_to_realm(const struct tr_decision *d,
                                    struct tr_range *out);
/* Says that label did not convert between this end's format and the trust
 * realm's, or that there is no map to do it; returns code. */
krb5_error_code tr_say_unmapped(struct tr_decision *d, const char *label,
                                krb5_error_code code);
krb5_error_code tr_format_label(struct tr_decision *d);
krb5_error_code tr_format_local_label(struct tr_decision *d);
/* Refuse with code for what becomes of the range.  A dry run goes on with the
 * label alone. */
krb5_error_code tr_refuse_range(struct tr_decision *d, krb5_error_code code);
/* Narrow d->range to with; refuse with code when that leaves the label out,
 * or nothing at all. */
krb5_error_code tr_narrow(struct tr_decision *d, const struct tr_range *with,
                          krb5_error_code code);
/* S8, S9; R8, R7 */
krb5_error_code tr_judge_own_range(struct tr_decision *d);
krb5_error_code tr_judge_peer_range(struct tr_decision *d);
/* S10; R14 */
krb5_error_code tr_judge_clearance(struct tr_decision *d);
/* S11; R11 */
krb5_error_code tr_judge_attributes(struct tr_decision *d);
/* Must a message with this label be confidential in realm? */
bool tr_hides(const struct tr_realm *realm, const struct tr_label *label);
/* S12; R12 */
krb5_error_code tr_judge_protection(struct tr_decision *d);
/* Allowed: the rest of the answer. */
krb5_error_code tr_conclude(struct tr_decision *d);

#endif
