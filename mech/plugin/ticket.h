/* mech/plugin/ticket.h - whom a ticket names */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_TICKET_H
#define TR_TICKET_H

/*
 * trustrealmd is told who the client is and, by an acceptor, whose key opened
 * the ticket.  Kerberos makes three contexts of its own for each name that it
 * is asked for, which is a sixth of what establishing a context costs here.
 * But tickets are used again and again, and the same ticket always names the
 * same client and is opened by the same key.  Its clear text is not relied on,
 * and Kerberos would not have accepted a changed ciphertext.
 *
 * Principals that share a key cannot be told apart by a ticket: which of them
 * it was is remembered for one credential only, or for those of any name from
 * one keytab.
 */

#include <krb5/krb5.h>
#include "names.h"
#include "token.h"
#include "wire.h"

#define TR_MAX_TICKET 4096              /* a larger one is not remembered */

/*
 * All that the names depend on, malloced: the ticket in the AP-REQ of token,
 * and serial and keytab of the acceptor's credential, or TR_TICKET_INITIATOR
 * and "".  Empty when there is no ticket, or too much of it.
 */
#define TR_TICKET_INITIATOR UINT64_MAX
krb5_error_code tr_ticket_key(const struct tr_token *token, uint64_t serial,
                              const char *keytab, struct tr_bytes *key_out);

/* Copies of the names, NULL if they are not known; never are those of an empty
 * key.  An initiator does not know, and pass, the service. */
krb5_error_code tr_ticket_recall(const struct tr_bytes *key,
                                 struct tr_shown_name **client_out,
                                 struct tr_shown_name **service_out);

/* Kerberos has accepted or made such an AP-REQ.  key is taken over.  Without
 * memory, nothing is remembered. */
void tr_ticket_remember(struct tr_bytes *key,
                        const struct tr_shown_name *client,
                        const struct tr_shown_name *service);

#endif
