/* mech/service/watch.h - notice what makes earlier decisions out of date */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_WATCH_H
#define TR_WATCH_H

#include "service.h"

/*
 * A decision holds until the table changes, it (or a trust realm's view of
 * it) becomes too old or young enough again, a membership or clearance ends,
 * the wall clock jumps, is found to be behind or is right again, or the
 * machine was asleep.  The rest (configuration, attributes) is known to who
 * changes it.
 */
struct tr_watch;
krb5_error_code tr_watch_create(struct tr_watch **watch_out);
void tr_watch_free(struct tr_watch *watch);

/* What the clocks say, in seconds; given, so that it can be tested. */
struct tr_watch_time {
    double wall, monotonic, boot;
    int64_t floor;              /* that a KDC vouched for; 0: none */
};
/* All but the floor. */
void tr_watch_now(struct tr_watch_time *out);

/* Has anything of this happened since the last look?  True at the first. */
bool tr_watch_look(struct tr_watch *watch, struct tr_table *table,
                   const struct tr_config *config,
                   const struct tr_watch_time *now);

/* What the last look saw. */
struct tr_watch_state {
    krb5_error_code error;      /* the table cannot be read */
    struct tr_table_info info;
    int64_t age;                /* s; -1 = the source has never answered */
    bool stale;                 /* older than the local limit */
    size_t stale_realms;        /* trust realms that it is too old for */
    size_t unusable_realms;
    int64_t behind;             /* s that the wall clock is behind ... */
    const char *behind_what;    /* ... a time that is known; or NULL */
};
const struct tr_watch_state *tr_watch_state(const struct tr_watch *watch);

#endif
