/* mech/plugin/recent.h - what was found out lately */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_RECENT_H
#define TR_RECENT_H

/*
 * A few values by the octets that they depend on; a new one takes the place
 * of the oldest.  The caller holds the mutex during each call and as long as
 * it looks at a value, and frees what comes back from tr_recent_put() and
 * tr_recent_take().  An empty key is never found and never kept.
 */

#include <pthread.h>
#include <stddef.h>
#include "wire.h"

#define TR_MAX_RECENT 16

struct tr_recent {
    pthread_mutex_t mutex;
    struct {
        struct tr_bytes key;
        void *value;            /* NULL: none */
    } items[TR_MAX_RECENT];
    size_t oldest;
};

/* The value, or NULL. */
void *tr_recent_find(struct tr_recent *recent, const struct tr_bytes *key);
/* key is taken over.  Returns the value that is no longer kept, or NULL. */
void *tr_recent_put(struct tr_recent *recent, struct tr_bytes *key,
                    void *value);
/* No longer keep it; returns it, or NULL. */
void *tr_recent_take(struct tr_recent *recent, const struct tr_bytes *key);

#endif
