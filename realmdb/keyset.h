/* realmdb/keyset.h - a set of keys in memory (within realmdb) */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_KEYSET_H
#define TR_KEYSET_H

#include <stdbool.h>
#include <stddef.h>
#include <krb5/krb5.h>

/* Empty when zeroed.  A key is any octets; the set copies them. */
struct tr_keyset { void *root; };

krb5_error_code tr_keyset_add(struct tr_keyset *set, const void *key,
                              size_t length);
bool tr_keyset_has(const struct tr_keyset *set, const void *key,
                   size_t length);
void tr_keyset_clear(struct tr_keyset *set);

#endif
