/* realmdb/source_waiting.h - entries whose names are taken (within realmdb) */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_SOURCE_WAITING_H
#define TR_SOURCE_WAITING_H

#include "source.h"

/* More of them are no directory to go by. */
#define TR_MAX_WAITING 10000

struct tr_waiting;

/* Empty when zeroed. */
struct tr_waiting_list {
    struct tr_waiting *first;
    size_t count;
};

void tr_waiting_clear(struct tr_waiting_list *list);
/* Nothing waits under key, a UUID, any more. */
void tr_waiting_forget(struct tr_waiting_list *list, const void *key);
/* Takes record over, always.  TRR_SOURCE past TR_MAX_WAITING. */
krb5_error_code tr_waiting_add(struct tr_waiting_list *list, const void *key,
                               const char *dn, struct tr_record *record);
/* Try to put each into update; cb is told, once, of each that waits on. */
krb5_error_code tr_waiting_retry(struct tr_waiting_list *list,
                                 const struct tr_table *table,
                                 struct tr_update *update,
                                 const struct tr_source_callbacks *cb);

#endif
