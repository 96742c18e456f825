/* mech/service/tickets.h - tickets for other systems, kept at hand */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_TICKETS_H
#define TR_TICKETS_H

/*
 * A ticket that was fetched once is at hand from then on: it is renewed ahead
 * of its end and every quarter of an hour that it is used in, and while the
 * KDC is away the old one goes on serving.  What the KDC refused is not asked
 * again for a few seconds.
 */

#include <krb5/krb5.h>
#include "clock.h"
#include "kdc.h"
#include "service.h"
#include "ticket_files.h"

struct tr_tickets;

/* Before use give it the kdc, which was made to call tr_tickets_done().  The
 * context is the event loop's. */
krb5_error_code tr_tickets_create(krb5_context context,
                                  struct event_base *base,
                                  struct tr_audit *audit,
                                  struct tr_clock *clock,
                                  struct tr_tickets **tickets_out);
void tr_tickets_set_kdc(struct tr_tickets *tickets, struct tr_kdc *kdc);
/* Those still waiting are told TRR_NO_KDC. */
void tr_tickets_free(struct tr_tickets *tickets);

/* What the KDC says; arg is the struct tr_tickets. */
tr_kdc_done tr_tickets_done;

/* Has a ticket for this been asked for?  Then it is in canonical form. */
bool tr_tickets_know(const struct tr_tickets *tickets, const char *principal);

/* The ticket for principal (in canonical form) if it is at hand, else NULL;
 * uid is who wants it. */
krb5_creds *tr_tickets_at_hand(struct tr_tickets *tickets,
                               const char *principal, uid_t uid);

/* As tr_keys_ticket() in service.h; principal is in canonical form. */
void tr_tickets_get(struct tr_tickets *tickets, const char *principal,
                    uid_t uid, tr_ticket_done *done, void *arg);

struct tr_ticket_files *tr_tickets_files(const struct tr_tickets *tickets);

#endif
