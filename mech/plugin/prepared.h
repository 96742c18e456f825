/* mech/plugin/prepared.h - what need not be asked before each context */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_PREPARED_H
#define TR_PREPARED_H

/*
 * Whether something may be sent to a target at all is asked before Kerberos
 * is, so that nothing leaves for one that is refused.  Once a token has been
 * sealed, the answer is remembered while the page shows the same epoch.  Only
 * that first step relies on it: trustrealmd decides again, on what Kerberos
 * has made, when it seals.  Refusals and by-passes are not remembered.
 */

#include <krb5/krb5.h>
#include <stdbool.h>
#include <stdint.h>
#include "page.h"

/* All that the answer to this question depends on, malloced.  Empty when that
 * is too much to remember. */
krb5_error_code tr_prepared_key(const char *target, const char *label,
                                int64_t ask, struct tr_bytes *key_out);

/* Flags of the answer, if it is known; never is that of an empty key. */
bool tr_prepared_find(const struct tr_bytes *key, int64_t *flags_out);
void tr_prepared_forget(const struct tr_bytes *key);
/* A token was sealed; key is taken over. */
void tr_prepared_add(struct tr_bytes *key, int64_t flags,
                     struct tr_mapping *mapping, uint64_t epoch);

#endif
