/* realmdb/keyset.c - a set of keys in memory */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "keyset.h"
#include "octets.h"
#include "trustrealm_err.h"

#define LENGTH sizeof(uint16_t)
#define FIRST_SLOTS 1024

/* The slot that has key, or the free one where it belongs. */
static uint32_t *
find(const struct tr_keyset *set, const void *key, size_t length)
{
    uint64_t hash = tr_octets_hash(key, length);
    size_t i = (hash ^ hash >> 32) & (set->nslots - 1);
    const uint8_t *at;
    uint16_t other;

    for (; set->slots[i] != 0; i = (i + 1) & (set->nslots - 1)) {
        at = set->keys + set->slots[i] - 1;
        memcpy(&other, at, LENGTH);
        if (other == length && memcmp(at + LENGTH, key, length) == 0)
            break;
    }
    return &set->slots[i];
}

/* Put every key into one of nslots. */
static krb5_error_code
spread(struct tr_keyset *set, size_t nslots)
{
    uint32_t *slots = calloc(nslots, sizeof(*slots));
    uint16_t length;
    size_t at;

    if (slots == NULL)
        return ENOMEM;
    free(set->slots);
    set->slots = slots;
    set->nslots = nslots;
    for (at = 0; at < set->length; at += LENGTH + length) {
        memcpy(&length, set->keys + at, LENGTH);
        *find(set, set->keys + at + LENGTH, length) = (uint32_t)at + 1;
    }
    return 0;
}

static krb5_error_code
make_room(struct tr_keyset *set, size_t length)
{
    size_t room = set->room;
    uint8_t *keys;

    if (set->length + length > room) {
        room = 2 * room + length + FIRST_SLOTS;
        if (room >= UINT32_MAX)
            return TRR_TOO_LONG;
        keys = realloc(set->keys, room);
        if (keys == NULL)
            return ENOMEM;
        set->keys = keys;
        set->room = room;
    }
    if (2 * set->count >= set->nslots)
        return spread(set, set->nslots == 0 ? FIRST_SLOTS : 2 * set->nslots);
    return 0;
}

krb5_error_code
tr_keyset_add(struct tr_keyset *set, const void *key, size_t length)
{
    krb5_error_code ret;
    uint16_t stored = (uint16_t)length;
    uint32_t *slot;

    if (length == 0 || length > UINT16_MAX)
        return TRR_TOO_LONG;
    ret = make_room(set, LENGTH + length);
    if (ret)
        return ret;
    slot = find(set, key, length);
    if (*slot != 0)
        return 0;
    *slot = (uint32_t)set->length + 1;
    memcpy(set->keys + set->length, &stored, LENGTH);
    memcpy(set->keys + set->length + LENGTH, key, length);
    set->length += LENGTH + length;
    set->count++;
    return 0;
}

bool
tr_keyset_has(const struct tr_keyset *set, const void *key, size_t length)
{
    return set->nslots != 0 && *find(set, key, length) != 0;
}

void
tr_keyset_clear(struct tr_keyset *set)
{
    free(set->keys);
    free(set->slots);
    memset(set, 0, sizeof(*set));
}
