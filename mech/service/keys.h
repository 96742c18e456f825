/* mech/service/keys.h - the system's key, its tickets, the record key */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_KEYS_H
#define TR_KEYS_H

#include "cipher.h"
#include "kdc.h"
#include "service.h"

/*
 * What the service itself needs beyond service.h.  All of it belongs to keys
 * and to the event loop's thread; the keytab changes on a reload.
 */
krb5_context tr_keys_context(const struct tr_keys *keys);
krb5_keytab tr_keys_keytab(const struct tr_keys *keys);
struct tr_cipher *tr_keys_cipher(const struct tr_keys *keys);   /* records */
/* The system principal, and its canonical text with the realm. */
krb5_const_principal tr_keys_self(const struct tr_keys *keys);
const char *tr_keys_name(const struct tr_keys *keys);

/* Read the keytab file anew if it has changed since it was read: the system
 * may have a new key.  False when there is nothing new. */
bool tr_keys_refresh(struct tr_keys *keys);

/* Those who ask the KDC. */
struct tr_kdc *tr_keys_kdc(const struct tr_keys *keys);

/* The canonical text of a principal; krb5_free_unparsed_name() it. */
krb5_error_code tr_keys_canonical(const struct tr_keys *keys,
                                  const char *principal, char **out);

/* As tr_keys_ticket() for a principal in canonical form, if the ticket is at
 * hand; else NULL.  It belongs to keys and is good until the next event. */
krb5_creds *tr_keys_ticket_at_hand(struct tr_keys *keys,
                                   const char *principal, uid_t uid);

#endif
