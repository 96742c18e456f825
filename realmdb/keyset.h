/* realmdb/keyset.h - a set of keys in memory (within realmdb) */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_KEYSET_H
#define TR_KEYSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <krb5/krb5.h>

/*
 * Empty when zeroed.  A key is 1 to 65535 octets; the set copies them, one
 * behind the other, each after its length, and finds them by a hash.  A
 * million keys of 16 octets take 35 MB.
 */
struct tr_keyset {
    uint8_t *keys;
    size_t length, room;        /* octets in keys, and for keys */
    uint32_t *slots;            /* where a key begins, and 1; 0: free */
    size_t nslots;              /* a power of two */
    size_t count;
};

krb5_error_code tr_keyset_add(struct tr_keyset *set, const void *key,
                              size_t length);
bool tr_keyset_has(const struct tr_keyset *set, const void *key,
                   size_t length);
void tr_keyset_clear(struct tr_keyset *set);

#endif
