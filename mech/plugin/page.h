/* mech/plugin/page.h - the page that says how long a decision holds */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_PLUGIN_PAGE_H
#define TR_PLUGIN_PAGE_H

/*
 * A running trustrealmd has one page, shared by all contexts of the process.
 * A decision holds while the page shows the epoch it was made under and the
 * lease is not over; looking costs no system call.  A mapping lives as long
 * as somebody holds a reference, in this process and in its children.
 */

#include <krb5/krb5.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include "wire.h"

struct tr_mapping {
    struct tr_mapping *next;
    const struct tr_page *page;
    unsigned int references;    /* under the mutex of the cache */
};

struct tr_page_cache {
    pthread_mutex_t mutex;
    struct tr_mapping *first;
};

/*
 * Check and map the page behind fd, or find the mapping that is there
 * already.  Takes fd over and closes it in every case.  TRR_DAEMON_UID when
 * the page is not one that only the daemon can write, and of this instance.
 */
krb5_error_code tr_page_adopt(int fd, const struct tr_bytes *instance,
                              struct tr_mapping **mapping_out);
/* TRR_DAEMON_UID when the page is not of this instance. */
krb5_error_code tr_page_check(const struct tr_mapping *mapping,
                              const struct tr_bytes *instance);
/* One more reference; returns mapping. */
struct tr_mapping *tr_page_hold(struct tr_mapping *mapping);
void tr_page_release(struct tr_mapping *mapping);

/* Nanoseconds of the clock that leases are counted by. */
static inline uint64_t
tr_page_clock(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline uint64_t
tr_page_epoch(const struct tr_page *page)
{
    return __atomic_load_n(&page->epoch, __ATOMIC_ACQUIRE);
}

/* Does a decision made under epoch hold at the time now? */
static inline bool
tr_page_holds(const struct tr_page *page, uint64_t epoch, uint64_t now)
{
    return tr_page_epoch(page) == epoch &&
        now < __atomic_load_n(&page->lease, __ATOMIC_ACQUIRE);
}

#endif
