/* realmdb/decide.h - the one decision: may this be sent, may it be taken */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_DECIDE_H
#define TR_DECIDE_H

/*
 * The daemon, "trustrealm explain" and the tests all ask this function.  It
 * looks only at its arguments: no I/O beyond the view, no clock, no globals.
 * Steps have fixed numbers (S sending, R receiving), in audit records and in
 * documentation; the numbers in brackets are the patent's (EP 0465016).
 */

#include "table.h"

enum tr_side { TR_SENDING, TR_RECEIVING };

enum tr_step {
    TR_STEP_NONE = 0,
    /* sending [200-222] */
    TR_S1_BYPASS = 1,           /* unlabelled by-pass for this target? */
    TR_S2_TABLE,                /* table fresh, clock right? */
    TR_S3_SENDER,               /* this system known and enabled? */
    TR_S4_RECEIVER,             /* the other system known and enabled? */
    TR_S5_REALM,                /* a common trust realm, and which [212] */
    TR_S6_LABEL,                /* label and range of the calling process */
    TR_S7_CONVERT,              /* to the trust realm's format [214] */
    TR_S8_SENDER_RANGE,
    TR_S9_RECEIVER_RANGE,
    TR_S10_CLEARANCE,
    TR_S11_ATTRIBUTES,
    TR_S12_PROTECTION,          /* carrier, confidentiality */
    TR_S13_SEAL,                /* ticket for the peer system, seal */
    /* receiving [230-248] */
    TR_R1_BYPASS = 21,          /* unlabelled: allowed for this peer? */
    TR_R2_TABLE,
    TR_R3_SERVICE,              /* may this process accept for it? */
    TR_R4_SYSTEM,               /* sending system authenticated, opened */
    TR_R5_SENDER,               /* known, enabled, member of the realm */
    TR_R6_RECEIVER,             /* this system in it; own choice agrees */
    TR_R7_SENDER_RANGE,
    TR_R8_RECEIVER_RANGE,
    TR_R9_CONVERT,              /* to this system's format [245] */
    TR_R10_PROCESS,             /* may this process receive it? */
    TR_R11_ATTRIBUTES,
    TR_R12_PROTECTION,
    TR_R13_USER,                /* authenticated, and as claimed */
    TR_R14_CLEARANCE,
    TR_R15_COMMIT               /* not a replay; acceptance sealed */
};

/* "S5", and what the step asks ("the two systems share a trust realm"). */
const char *tr_step_name(enum tr_step step);
const char *tr_step_text(enum tr_step step);

/* The system that asks, and what its own configuration narrows. */
struct tr_local {
    const char *system;                 /* name of this system */
    const struct tr_encoding *encoding; /* local label format; NULL = labels
                                           are in the trust realm's own */
    const char *format;                 /* its name, for label maps */
    char *const *realms;                /* may join only these; NULL = any */
    const struct tr_range *highest;     /* own widest range (local encoding),
                                           or NULL */
    uint32_t max_staleness;             /* s; 0 = no limit of its own */
    uint32_t clock_skew;                /* s */
    bool allow_dry_run;
    char *const *attributes;            /* "name=value" that hold now; NULL
                                           terminated */
};

struct tr_question {
    enum tr_side side;
    const struct tr_local *local;
    int64_t now;                        /* wall clock, seconds */
    int64_t clock_floor;                /* authenticated time seen so far;
                                           0 = none */
    const char *peer;                   /* the other system: host or alias */
    const char *peer_principal;         /* receiving: its authenticated
                                           principal; else NULL */
    const char *service;                /* first component: "host", "nfs" */
    const char *user;                   /* client principal; NULL = not known
                                           (yet): clearance is not judged */
    /* the process at this end, in the local format (or the realm's own when
     * local->encoding is NULL); NULL = not judged (explain) */
    const char *process_low, *process_high;
    const struct tr_range *process;     /* both, as local->encoding reads them,
                                           from who has it; else NULL */
    /* sending: the label, same format; NULL = process_low; that NULL too:
     * no label, all that has to do with it is skipped (explain) */
    const char *label;
    /* receiving: what the environment says, in the trust realm's format */
    const char *realm;                  /* sending: NULL = choose, else no
                                           other one is looked at */
    const char *realm_label;
    const char *realm_low, *realm_high; /* offered range; all three NULL: no
                                           label (explain) */
    const char *digest;                 /* label-policy digest of the peer */
    const char *const *peer_attributes; /* stated by the peer; NULL = none */
    bool confidentiality;               /* offered or chosen */
    bool brief;                         /* allowed: a trace without texts */
};

#define TR_MAX_TRACE 40

/* One line of the explanation. */
struct tr_trace {
    enum tr_step step;
    krb5_error_code code;               /* 0 = passed */
    bool skipped;                       /* nothing to judge */
    bool softened;                      /* refused, but dry-run lets it by */
    char text[256];                     /* the values looked at, or "" */
};

struct tr_answer {
    krb5_error_code code;               /* 0 = allowed */
    bool dry_run;                       /* allowed only because of it */
    enum tr_step step;                  /* that refused, or would have done so
                                           but for a dry run; or 0 */
    char text[256];                     /* why, with the values */
    /* valid when the step that finds them was passed: */
    char sender[TR_MAX_NAME + 1], receiver[TR_MAX_NAME + 1];
    char peer_principal[TR_MAX_PRINCIPAL + 1];
    char realm[TR_MAX_NAME + 1];
    char digest[65];
    uint64_t generation;                /* of the table used */
    int64_t table_age;                  /* s */
    char label[TR_MAX_LABEL_TEXT + 1];          /* realm format */
    char low[TR_MAX_LABEL_TEXT + 1];            /* agreed or offered range */
    char high[TR_MAX_LABEL_TEXT + 1];
    char local_label[TR_MAX_LABEL_TEXT + 1];    /* this system's format */
    char local_low[TR_MAX_LABEL_TEXT + 1];
    char local_high[TR_MAX_LABEL_TEXT + 1];
    const char *const *attributes;      /* required, to be stated; owned by
                                           the view */
    size_t nattributes;
    enum tr_carrier carrier;
    bool require_confidentiality;       /* of every message */
    bool may_delegate;
    bool may_export_kernel;
    uint32_t kernel_lifetime;           /* s */
    uint32_t idle_timeout;              /* s; 0 = none */
    int64_t end;                        /* wall clock: the first of membership,
                                           clearance, lifetime (from now) to
                                           end; 0 = none */
    size_t ntrace;
    struct tr_trace trace[TR_MAX_TRACE];
};

/*
 * Decide.  Always fills *answer (about 35 KiB: allocate it once; trace lines
 * and texts past their end are not cleared); returns answer->code.  S1/R1,
 * S13 and R3, R4, R13 and R15 are the caller's to do; the function judges
 * everything else, in order, and stops at the first step that refuses.
 *
 * Choice [212]: the best trust realm (highest priority, then lowest DOI) that
 * both systems are members of, and the configuration may join, and that takes
 * the label: it converts and lies in both accreditation ranges.  When none
 * takes it, the step that refuses is the best one's (one that enforces goes
 * before all in dry-run).  Receiving, the peer's choice stands, if this end
 * may use it and its own choice does not protect more (TRR_CHOICE): own one
 * enforces while the peer's is a dry run here, or requires confidentiality of
 * this label while the peer's does not.
 *
 * Sending: offered range = process range, converted, met with the sender's
 * and receiver's accreditation and the user's clearance.  Receiving: agreed
 * range = offered range met with both accreditations, the process range and
 * the clearance.  A range that is empty or leaves the label out refuses at
 * the step that made it so.  Under the policy "equal" the offered range is
 * the label alone, and nothing wider is taken (TRR_AGREED_RANGE).
 *
 * The table's age is judged against the local limit, then (again S2, R2)
 * against the chosen trust realm's; a source that has never answered is
 * stale.  An unknown system is TRR_NO_COMMON when sending, TRR_NOT_MEMBER
 * when receiving.  Receiving, peer_principal and digest are not optional:
 * NULL refuses; peer may be NULL, else it must be a name of the sender's.
 *
 * Dry-run, where local->allow_dry_run is set (otherwise the trust realm is
 * enforced), softens label, clearance and attribute steps: S7-S11, R7-R11 and
 * R14, when they refuse by TRR_LABEL_UNMAPPED, _RANGE, _CLEARANCE or
 * _ATTRIBUTE.  The range is then the label alone.  A label without
 * counterpart becomes the highest of the other side: of the sender's
 * accreditation, of the local range.
 */
krb5_error_code tr_decide(const struct tr_view *view,
                          const struct tr_question *question,
                          struct tr_answer *answer);

/* What is said of a system that is unknown, after its name. */
#define TR_NOT_IN_TABLE " is not in the table"

/*
 * Seconds that now is behind a time that somebody vouched for (0: nobody
 * did), if that is more than skew; else 0.  Nothing is decided by a clock that
 * is behind.
 */
int64_t tr_clock_behind(int64_t now, int64_t vouched, int64_t skew);

/* Does trust realm a go before b?  Higher priority, or the same and the lower
 * DOI. */
bool tr_goes_before(const struct tr_realm *a, const struct tr_realm *b);

#endif
