/* mech/plugin/prepared.c - what need not be asked before each context */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "buffer.h"
#include "connection.h"
#include "once.h"
#include "prepared.h"

/* What was asked and by whom, then texts with a NUL after each. */
struct question {
    int64_t ask;
    struct tr_opener opener;
};

krb5_error_code
tr_prepared_key(const char *target, const char *label, int64_t ask,
                struct tr_bytes *key_out)
{
    bool from_environment;
    const char *texts[] = { target, label,
                            tr_connection_path(&from_environment) };
    size_t lengths[] = { strlen(texts[0]) + 1, strlen(texts[1]) + 1,
                         strlen(texts[2]) + 1 };
    struct question question;
    size_t length, i;
    uint8_t *at;

    key_out->data = NULL;
    key_out->length = 0;
    tr_opener_note(&question.opener);
    if (question.opener.ngroups < 0)
        return 0;
    question.opener.ids.pid = 0;        /* a child need not ask again */
    question.ask = ask;
    length = offsetof(struct question, opener.groups) +
        (size_t)question.opener.ngroups * sizeof(gid_t);
    key_out->data = malloc(length + lengths[0] + lengths[1] + lengths[2]);
    if (key_out->data == NULL)
        return ENOMEM;
    at = mempcpy(key_out->data, &question, length);
    for (i = 0; i < 3; i++)
        at = mempcpy(at, texts[i], lengths[i]);
    key_out->length = (size_t)(at - key_out->data);
    return 0;
}

static void
forget(struct tr_prepared *item)
{
    free(item->key.data);
    tr_page_release(item->mapping);
    memset(item, 0, sizeof(*item));
}

/* With the mutex held; the place of the key, or NULL. */
static struct tr_prepared *
find(struct tr_prepared_list *list, const struct tr_bytes *key)
{
    size_t i;

    for (i = 0; i < TR_MAX_PREPARED; i++) {
        if (list->items[i].key.length == key->length &&
            memcmp(list->items[i].key.data, key->data, key->length) == 0)
            return &list->items[i];
    }
    return NULL;
}

bool
tr_prepared_find(const struct tr_bytes *key, int64_t *flags_out)
{
    struct tr_prepared_list *list = &tr_once()->prepared;
    struct tr_prepared *item;
    bool holds = false;

    if (key->length == 0)
        return false;
    (void)pthread_mutex_lock(&list->mutex);
    item = find(list, key);
    if (item != NULL) {
        holds = tr_page_holds(item->mapping, item->epoch, tr_page_clock());
        *flags_out = item->flags;
        if (!holds)
            forget(item);
    }
    (void)pthread_mutex_unlock(&list->mutex);
    return holds;
}

void
tr_prepared_forget(const struct tr_bytes *key)
{
    struct tr_prepared_list *list = &tr_once()->prepared;
    struct tr_prepared *item;

    (void)pthread_mutex_lock(&list->mutex);
    item = find(list, key);
    if (item != NULL)
        forget(item);
    (void)pthread_mutex_unlock(&list->mutex);
}

void
tr_prepared_add(struct tr_bytes *key, int64_t flags,
                struct tr_mapping *mapping, uint64_t epoch)
{
    struct tr_prepared_list *list = &tr_once()->prepared;
    struct tr_prepared *item;

    (void)pthread_mutex_lock(&list->mutex);
    item = find(list, key);
    if (item == NULL) {
        item = &list->items[list->oldest];
        list->oldest = (list->oldest + 1) % TR_MAX_PREPARED;
    }
    forget(item);
    item->key = tr_bytes_take(key);
    item->flags = flags;
    item->mapping = tr_page_hold(mapping);
    item->epoch = epoch;
    (void)pthread_mutex_unlock(&list->mutex);
}
