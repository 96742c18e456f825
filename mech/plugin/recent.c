/* mech/plugin/recent.c - what was found out lately */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "buffer.h"
#include "recent.h"

/* The place of key; TR_MAX_RECENT: it has none. */
static size_t
place_of(const struct tr_recent *recent, const struct tr_bytes *key)
{
    size_t i;

    for (i = 0; i < TR_MAX_RECENT; i++) {
        if (recent->items[i].value != NULL &&
            recent->items[i].key.length == key->length &&
            memcmp(recent->items[i].key.data, key->data, key->length) == 0)
            break;
    }
    return i;
}

void *
tr_recent_find(struct tr_recent *recent, const struct tr_bytes *key)
{
    size_t i = place_of(recent, key);

    return i < TR_MAX_RECENT ? recent->items[i].value : NULL;
}

void *
tr_recent_put(struct tr_recent *recent, struct tr_bytes *key, void *value)
{
    size_t i;
    void *before;

    if (key->length == 0)
        return value;
    i = place_of(recent, key);
    if (i == TR_MAX_RECENT) {
        i = recent->oldest;
        recent->oldest = (i + 1) % TR_MAX_RECENT;
    }
    before = recent->items[i].value;
    free(recent->items[i].key.data);
    recent->items[i].key = tr_bytes_take(key);
    recent->items[i].value = value;
    return before;
}

void *
tr_recent_take(struct tr_recent *recent, const struct tr_bytes *key)
{
    size_t i = place_of(recent, key);
    void *value;

    if (i == TR_MAX_RECENT)
        return NULL;
    value = recent->items[i].value;
    free(recent->items[i].key.data);
    memset(&recent->items[i], 0, sizeof(recent->items[i]));
    return value;
}
