/* realmdb/source_waiting.c - entries whose names are taken */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Two entries may claim one name, for a moment (names are swapped, an entry
 * is deleted and made again: a refresh delivers in any order) or because the
 * directory is wrong.  The table takes neither over the other's head: the
 * later one waits, its old record removed, and is tried again whenever
 * something changed.
 */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "source_message.h"
#include "source_waiting.h"
#include "trustrealm_err.h"

struct tr_waiting {
    struct tr_waiting *next;
    uint8_t key[TR_UUID_LENGTH];
    char *dn;
    struct tr_record *record;
    bool reported;
};

static void
free_waiting(struct tr_waiting *waiting)
{
    tr_record_free(waiting->record);
    free(waiting->dn);
    free(waiting);
}

/* Remove the one that at points to. */
static void
take_out(struct tr_waiting_list *list, struct tr_waiting **at)
{
    struct tr_waiting *old = *at;

    *at = old->next;
    list->count--;
    free_waiting(old);
}

void
tr_waiting_clear(struct tr_waiting_list *list)
{
    while (list->first != NULL)
        take_out(list, &list->first);
}

void
tr_waiting_forget(struct tr_waiting_list *list, const void *key)
{
    struct tr_waiting **at;

    for (at = &list->first; *at != NULL; at = &(*at)->next) {
        if (memcmp((*at)->key, key, TR_UUID_LENGTH) == 0) {
            take_out(list, at);
            return;
        }
    }
}

krb5_error_code
tr_waiting_add(struct tr_waiting_list *list, const void *key, const char *dn,
               struct tr_record *record)
{
    struct tr_waiting *waiting = calloc(1, sizeof(*waiting));

    if (waiting == NULL) {
        tr_record_free(record);
        return ENOMEM;
    }
    waiting->record = record;
    waiting->dn = strdup(dn);
    if (waiting->dn == NULL || list->count == TR_MAX_WAITING) {
        free_waiting(waiting);
        return list->count == TR_MAX_WAITING ? TRR_SOURCE : ENOMEM;
    }
    memcpy(waiting->key, key, TR_UUID_LENGTH);
    waiting->next = list->first;
    list->first = waiting;
    list->count++;
    return 0;
}

krb5_error_code
tr_waiting_retry(struct tr_waiting_list *list, const struct tr_table *table,
                 struct tr_update *update,
                 const struct tr_source_callbacks *cb)
{
    krb5_error_code ret;
    struct tr_waiting **at = &list->first, *waiting;

    while ((waiting = *at) != NULL) {
        ret = tr_update_put(update, waiting->key, TR_UUID_LENGTH,
                            waiting->record);
        if (ret == 0) {
            take_out(list, at);
            continue;
        }
        if (ret != TRR_ENTRY)
            return ret;
        if (!waiting->reported)
            cb->bad(waiting->dn, tr_table_message(table), cb->arg);
        waiting->reported = true;
        at = &waiting->next;
    }
    return 0;
}
