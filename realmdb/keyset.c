/* realmdb/keyset.c - a set of keys in memory */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include "keyset.h"

struct key {
    size_t length;
    const void *octets;         /* those after it, except in a question */
};

static int
compare(const void *a, const void *b)
{
    const struct key *x = a, *y = b;

    if (x->length != y->length)
        return x->length < y->length ? -1 : 1;
    return memcmp(x->octets, y->octets, x->length);
}

krb5_error_code
tr_keyset_add(struct tr_keyset *set, const void *octets, size_t length)
{
    struct key *key = malloc(sizeof(*key) + length), **found;

    if (key == NULL)
        return ENOMEM;
    memcpy(key + 1, octets, length);
    key->length = length;
    key->octets = key + 1;
    found = tsearch(key, &set->root, compare);
    if (found == NULL || *found != key)
        free(key);
    return found == NULL ? ENOMEM : 0;
}

bool
tr_keyset_has(const struct tr_keyset *set, const void *octets, size_t length)
{
    struct key key = { length, octets };

    return tfind(&key, &set->root, compare) != NULL;
}

void
tr_keyset_clear(struct tr_keyset *set)
{
    tdestroy(set->root, free);
    set->root = NULL;
}
