/* mech/service/tickets.c - tickets for other systems, kept at hand */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <sys/queue.h>
#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include "trustrealm_err.h"
#include "boottime.h"
#include "login.h"
#include "tickets.h"

#define MAX_TICKETS     1024
#define MAX_WAITERS     256
#define MAX_ASKED       64      /* for one user; twice that fit (kdc.c) */
#define USABLE_S        30      /* left, for a ticket to be sent */
#define REFRESH_MS      900000  /* a peer may have got a new key since */
#define PAUSE_MS        3000    /* after the KDC said no */
#define WAIT_MS         (TR_CALL_TIMEOUT_MS - 500)

struct waiter {
    TAILQ_ENTRY(waiter) link;
    struct ticket *ticket;
    tr_ticket_done *done;
    void *arg;
    struct event *deadline;
};

struct ticket {
    TAILQ_ENTRY(ticket) link;           /* least recently used first */
    char *principal;
    struct tr_tickets *tickets;
    krb5_creds *creds;                  /* NULL: none yet */
    int64_t fetched;                    /* boot time, ms, as the next */
    bool asking;
    uid_t asking_for;
    int64_t pause_until;
    char why[128];                      /* of the last refusal */
    TAILQ_HEAD(, waiter) waiters;
};

struct tr_tickets {
    krb5_context context;
    struct event_base *base;
    struct tr_audit *audit;
    struct tr_clock *clock;
    struct tr_kdc *kdc;
    struct tr_ticket_files *files;
    void *tree;                         /* tsearch(3), by principal */
    TAILQ_HEAD(, ticket) used;
    size_t ntickets, nwaiters;
    bool login_failed;
};

static int
compare(const void *a, const void *b)
{
    const struct ticket *ta = a, *tb = b;

    return strcmp(ta->principal, tb->principal);
}

static struct ticket *
find(const struct tr_tickets *tickets, const char *principal)
{
    struct ticket key = { .principal = (char *)principal };
    void *node;

    node = tfind(&key, &tickets->tree, compare);
    return node == NULL ? NULL : *(struct ticket **)node;
}

static void
forget(struct tr_tickets *tickets, struct ticket *ticket)
{
    tdelete(ticket, &tickets->tree, compare);
    TAILQ_REMOVE(&tickets->used, ticket, link);
    tickets->ntickets--;
    krb5_free_creds(tickets->context, ticket->creds);
    free(ticket->principal);
    free(ticket);
}

/* Make room by forgetting the ticket that was not used for longest. */
static bool
make_room(struct tr_tickets *tickets)
{
    struct ticket *ticket;

    if (tickets->ntickets < MAX_TICKETS)
        return true;
    TAILQ_FOREACH(ticket, &tickets->used, link) {
        if (TAILQ_EMPTY(&ticket->waiters)) {
            forget(tickets, ticket);
            return true;
        }
    }
    return false;
}

static struct ticket *
add(struct tr_tickets *tickets, const char *principal)
{
    struct ticket *ticket;

    if (!make_room(tickets))
        return NULL;
    ticket = calloc(1, sizeof(*ticket));
    if (ticket == NULL)
        return NULL;
    ticket->tickets = tickets;
    TAILQ_INIT(&ticket->waiters);
    ticket->principal = strdup(principal);
    if (ticket->principal == NULL ||
        tsearch(ticket, &tickets->tree, compare) == NULL) {
        free(ticket->principal);
        free(ticket);
        return NULL;
    }
    TAILQ_INSERT_TAIL(&tickets->used, ticket, link);
    tickets->ntickets++;
    return ticket;
}

/* --- waiting ------------------------------------------------------------- */

static void
waiter_free(struct waiter *waiter)
{
    TAILQ_REMOVE(&waiter->ticket->waiters, waiter, link);
    waiter->ticket->tickets->nwaiters--;
    if (waiter->deadline != NULL)
        event_free(waiter->deadline);
    free(waiter);
}

/* Answer one that waits; it is gone afterwards. */
static void
tell(struct waiter *waiter, krb5_error_code code, const char *why,
     krb5_creds *creds)
{
    struct waiter copy = *waiter;

    waiter_free(waiter);
    copy.done(code, why, creds, copy.arg);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
    tell(arg, TRR_NO_KDC, "the KDC did not answer in time", NULL);
}

static krb5_error_code
wait_for(struct ticket *ticket, tr_ticket_done *done, void *arg)
{
    static const struct timeval limit = {
        WAIT_MS / 1000, (WAIT_MS % 1000) * 1000
    };
    struct waiter *waiter;

    if (ticket->tickets->nwaiters >= MAX_WAITERS)
        return TRR_DAEMON_BUSY;
    waiter = calloc(1, sizeof(*waiter));
    if (waiter == NULL)
        return ENOMEM;
    waiter->ticket = ticket;
    waiter->done = done;
    waiter->arg = arg;
    TAILQ_INSERT_TAIL(&ticket->waiters, waiter, link);
    ticket->tickets->nwaiters++;
    waiter->deadline = event_new(ticket->tickets->base, -1, 0, on_deadline,
                                 waiter);
    if (waiter->deadline == NULL || event_add(waiter->deadline, &limit) != 0) {
        waiter_free(waiter);
        return ENOMEM;
    }
    return 0;
}

/* Few tickets are fetched at a time, so this is not often asked. */
static bool
asks_too_much(const struct tr_tickets *tickets, uid_t uid)
{
    const struct ticket *ticket;
    size_t n = 0;

    TAILQ_FOREACH(ticket, &tickets->used, link)
        n += ticket->asking && ticket->asking_for == uid;
    return n >= MAX_ASKED;
}

/* Have the KDC asked, unless it is being asked or was just now. */
static krb5_error_code
ask(struct ticket *ticket, uid_t uid)
{
    krb5_error_code ret;

    if (ticket->asking)
        return 0;
    if (tr_boottime() < ticket->pause_until)
        return TRR_NO_KDC;
    if (asks_too_much(ticket->tickets, uid))
        return TRR_DAEMON_BUSY;
    ret = tr_kdc_ask(ticket->tickets->kdc, ticket->principal);
    ticket->asking = ret == 0;
    ticket->asking_for = uid;
    return ret;
}

bool
tr_tickets_know(const struct tr_tickets *tickets, const char *principal)
{
    return find(tickets, principal) != NULL;
}

krb5_creds *
tr_tickets_at_hand(struct tr_tickets *tickets, const char *principal,
                   uid_t uid)
{
    struct ticket *ticket;
    int64_t now = time(NULL);

    ticket = find(tickets, principal);
    if (ticket == NULL || ticket->creds == NULL ||
        tr_ticket_end(ticket->creds) - now <= USABLE_S)
        return NULL;
    if (tr_ticket_renewal(ticket->creds) < now ||
        tr_boottime() - ticket->fetched > REFRESH_MS)
        (void)ask(ticket, uid);
    TAILQ_REMOVE(&tickets->used, ticket, link);
    TAILQ_INSERT_TAIL(&tickets->used, ticket, link);
    return ticket->creds;
}

void
tr_tickets_get(struct tr_tickets *tickets, const char *principal, uid_t uid,
               tr_ticket_done *done, void *arg)
{
    struct ticket *ticket;
    krb5_creds *creds;
    krb5_error_code ret;

    creds = tr_tickets_at_hand(tickets, principal, uid);
    if (creds != NULL) {
        done(0, NULL, creds, arg);
        return;
    }
    ticket = find(tickets, principal);
    if (ticket == NULL)
        ticket = add(tickets, principal);
    ret = ticket == NULL ? TRR_DAEMON_BUSY : ask(ticket, uid);
    if (ret == 0)
        ret = wait_for(ticket, done, arg);
    if (ret)
        done(ret, ret == TRR_NO_KDC ? ticket->why : NULL, NULL, arg);
}

/* --- what the KDC says --------------------------------------------------- */

static void
login_done(struct tr_tickets *tickets, krb5_error_code code, const char *why)
{
    if (code != 0 && !tickets->login_failed)
        tr_log(tickets->audit, LOG_WARNING,
               "cannot get a ticket-granting ticket: %s",
               why != NULL ? why : error_message(code));
    else if (code == 0 && tickets->login_failed)
        tr_log(tickets->audit, LOG_NOTICE,
               "got a ticket-granting ticket again");
    tickets->login_failed = code != 0;
}

/* Takes creds over. */
static void
ticket_done(struct ticket *ticket, krb5_error_code code, const char *why,
            krb5_creds *creds)
{
    struct waiter *waiter;

    ticket->asking = false;
    ticket->pause_until = 0;
    if (code == 0) {
        krb5_free_creds(ticket->tickets->context, ticket->creds);
        ticket->creds = creds;
        ticket->fetched = tr_boottime();
    } else {
        ticket->pause_until = tr_boottime() + PAUSE_MS;
        snprintf(ticket->why, sizeof(ticket->why), "%s",
                 why != NULL ? why : error_message(code));
    }
    while ((waiter = TAILQ_FIRST(&ticket->waiters)) != NULL) {
        if (code == 0)
            tell(waiter, 0, NULL, ticket->creds);
        else
            tell(waiter, TRR_NO_KDC, ticket->why, NULL);
    }
}

void
tr_tickets_done(const char *server, krb5_error_code code, const char *why,
                krb5_creds *creds, void *arg)
{
    struct tr_tickets *tickets = arg;
    struct ticket *ticket;

    /* The KDC of another Kerberos realm could put its times ahead, as far as
     * libkrb5 lets it, and nothing would be allowed until then. */
    if (creds != NULL && krb5_realm_compare(tickets->context, creds->client,
                                            creds->server))
        tr_clock_raise(tickets->clock, tr_ticket_start(creds));
    if (server == NULL) {
        login_done(tickets, code, why);
    } else {
        tr_ticket_files_done(tickets->files, server, code, why, creds);
        ticket = find(tickets, server);
        if (ticket != NULL) {
            ticket_done(ticket, code, why, creds);
            return;
        }
    }
    krb5_free_creds(tickets->context, creds);
}

krb5_error_code
tr_tickets_create(krb5_context context, struct event_base *base,
                  struct tr_audit *audit, struct tr_clock *clock,
                  struct tr_tickets **tickets_out)
{
    struct tr_tickets *tickets;
    krb5_error_code ret;

    tickets = calloc(1, sizeof(*tickets));
    if (tickets == NULL)
        return ENOMEM;
    ret = tr_ticket_files_create(context, base, audit, &tickets->files);
    if (ret) {
        free(tickets);
        return ret;
    }
    tickets->context = context;
    tickets->base = base;
    tickets->audit = audit;
    tickets->clock = clock;
    TAILQ_INIT(&tickets->used);
    *tickets_out = tickets;
    return 0;
}

struct tr_ticket_files *
tr_tickets_files(const struct tr_tickets *tickets)
{
    return tickets->files;
}

void
tr_tickets_set_kdc(struct tr_tickets *tickets, struct tr_kdc *kdc)
{
    tickets->kdc = kdc;
    tr_ticket_files_set_kdc(tickets->files, kdc);
}

void
tr_tickets_free(struct tr_tickets *tickets)
{
    struct ticket *ticket;
    struct waiter *waiter;

    if (tickets == NULL)
        return;
    tr_ticket_files_free(tickets->files);
    while ((ticket = TAILQ_FIRST(&tickets->used)) != NULL) {
        while ((waiter = TAILQ_FIRST(&ticket->waiters)) != NULL)
            tell(waiter, TRR_NO_KDC, "trustrealmd is stopping", NULL);
        forget(tickets, ticket);
    }
    free(tickets);
}
