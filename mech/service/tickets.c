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
#include <unistd.h>
#include "trustrealm_err.h"
#include "boottime.h"
#include "tickets.h"

#define MAX_TICKETS     1024
#define MAX_WAITERS     256
#define USABLE_S        30      /* left, for a ticket to be sent */
#define REFRESH_MS      900000  /* a peer may have got a new key since */
#define PAUSE_MS        3000    /* after the KDC said no */
#define RETRY_S         5       /* of an export, doubled up to ... */
#define MAX_RETRY_S     60
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
    int64_t pause_until;
    char why[128];                      /* of the last refusal */
    TAILQ_HEAD(, waiter) waiters;
};

struct export {
    TAILQ_ENTRY(export) link;
    struct tr_tickets *tickets;
    char *principal, *path, *new_path;
    krb5_creds *creds;                  /* in the file, or NULL */
    struct event *timer;
    long retry;
    char *why;                          /* it failed, as was said; or NULL */
};

struct tr_tickets {
    krb5_context context;
    struct event_base *base;
    struct tr_audit *audit;
    struct tr_clock *clock;
    struct tr_kdc *kdc;
    void *tree;                         /* tsearch(3), by principal */
    TAILQ_HEAD(, ticket) used;
    size_t ntickets, nwaiters;
    TAILQ_HEAD(, export) exports;
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

/* Have the KDC asked, unless it is being asked or was just now. */
static krb5_error_code
ask(struct ticket *ticket)
{
    krb5_error_code ret;

    if (ticket->asking)
        return 0;
    if (tr_boottime() < ticket->pause_until)
        return TRR_NO_KDC;
    ret = tr_kdc_ask(ticket->tickets->kdc, ticket->principal);
    ticket->asking = ret == 0;
    return ret;
}

bool
tr_tickets_know(const struct tr_tickets *tickets, const char *principal)
{
    return find(tickets, principal) != NULL;
}

krb5_creds *
tr_tickets_at_hand(struct tr_tickets *tickets, const char *principal)
{
    struct ticket *ticket;
    int64_t now = time(NULL);

    ticket = find(tickets, principal);
    if (ticket == NULL || ticket->creds == NULL ||
        tr_ticket_end(ticket->creds) - now <= USABLE_S)
        return NULL;
    if (tr_ticket_renewal(ticket->creds) < now ||
        tr_boottime() - ticket->fetched > REFRESH_MS)
        (void)ask(ticket);
    TAILQ_REMOVE(&tickets->used, ticket, link);
    TAILQ_INSERT_TAIL(&tickets->used, ticket, link);
    return ticket->creds;
}

void
tr_tickets_get(struct tr_tickets *tickets, const char *principal,
               tr_ticket_done *done, void *arg)
{
    struct ticket *ticket;
    krb5_creds *creds;
    krb5_error_code ret;

    creds = tr_tickets_at_hand(tickets, principal);
    if (creds != NULL) {
        done(0, NULL, creds, arg);
        return;
    }
    ticket = find(tickets, principal);
    if (ticket == NULL)
        ticket = add(tickets, principal);
    ret = ticket == NULL ? TRR_DAEMON_BUSY : ask(ticket);
    if (ret == 0)
        ret = wait_for(ticket, done, arg);
    if (ret)
        done(ret, ret == TRR_NO_KDC ? ticket->why : NULL, NULL, arg);
}

/* --- a ticket in a file -------------------------------------------------- */

static void
export_free(struct export *export)
{
    TAILQ_REMOVE(&export->tickets->exports, export, link);
    if (export->timer != NULL)
        event_free(export->timer);
    krb5_free_creds(export->tickets->context, export->creds);
    free(export->principal);
    free(export->path);
    free(export->new_path);
    free(export->why);
    free(export);
}

/* All tickets that belong into this one's file. */
static krb5_error_code
write_file(struct export *export)
{
    krb5_context context = export->tickets->context;
    struct export *other;
    krb5_ccache ccache = NULL;
    krb5_error_code ret;

    ret = krb5_cc_resolve(context, export->new_path, &ccache);
    if (ret == 0)
        ret = krb5_cc_initialize(context, ccache, export->creds->client);
    TAILQ_FOREACH(other, &export->tickets->exports, link) {
        if (ret == 0 && other->creds != NULL &&
            strcmp(other->path, export->path) == 0)
            ret = krb5_cc_store_cred(context, ccache, other->creds);
    }
    if (ccache != NULL)
        krb5_cc_close(context, ccache);
    /* new_path starts with "FILE:" */
    if (ret == 0 && rename(export->new_path + 5, export->path) != 0)
        ret = errno;
    return ret;
}

/* Say it once. */
static void
note_why(struct export *export, const char *why)
{
    char *text;

    if (asprintf(&text, "no ticket for %s: %s", export->principal, why) < 0)
        return;
    if (export->why == NULL)
        tr_log(export->tickets->audit, LOG_WARNING, "%s", text);
    free(export->why);
    export->why = text;
}

static void
export_done(struct export *export, krb5_error_code code, const char *why,
            krb5_creds *creds)
{
    krb5_context context = export->tickets->context;
    struct timeval next = { 0, 0 };

    if (code == 0) {
        krb5_free_creds(context, export->creds);
        export->creds = NULL;
        code = krb5_copy_creds(context, creds, &export->creds);
        if (code == 0)
            code = write_file(export);
        why = code ? error_message(code) : NULL;
    }
    if (code == 0) {
        export->retry = 0;
        free(export->why);
        export->why = NULL;
        next.tv_sec = tr_ticket_renewal(creds) - time(NULL);
        if (next.tv_sec < 1)
            next.tv_sec = 1;
    } else {
        note_why(export, why != NULL ? why : error_message(code));
        export->retry = export->retry == 0 ? RETRY_S : export->retry * 2;
        if (export->retry > MAX_RETRY_S)
            export->retry = MAX_RETRY_S;
        next.tv_sec = export->retry;
    }
    event_add(export->timer, &next);
}

static void
on_export(evutil_socket_t fd, short what, void *arg)
{
    struct export *export = arg;
    krb5_error_code ret;

    ret = tr_kdc_ask(export->tickets->kdc, export->principal);
    if (ret)
        export_done(export, ret, NULL, NULL);
}

static bool
is_wanted(const char *principal, char *const *principals)
{
    for (; *principals != NULL; principals++) {
        if (strcmp(*principals, principal) == 0)
            return true;
    }
    return false;
}

static bool
is_exported(const struct tr_tickets *tickets, const char *principal,
            const char *path)
{
    const struct export *export;

    TAILQ_FOREACH(export, &tickets->exports, link) {
        if (strcmp(export->path, path) == 0 &&
            strcmp(export->principal, principal) == 0)
            return true;
    }
    return false;
}

static krb5_error_code
export_add(struct tr_tickets *tickets, const char *principal,
           const char *path)
{
    struct export *export;
    krb5_error_code ret = ENOMEM;

    export = calloc(1, sizeof(*export));
    if (export == NULL)
        return ENOMEM;
    export->tickets = tickets;
    TAILQ_INSERT_TAIL(&tickets->exports, export, link);
    export->principal = strdup(principal);
    export->path = strdup(path);
    export->timer = event_new(tickets->base, -1, 0, on_export, export);
    if (export->principal == NULL || export->path == NULL ||
        export->timer == NULL)
        goto cleanup;
    if (asprintf(&export->new_path, "FILE:%s.new", path) < 0) {
        export->new_path = NULL;
        goto cleanup;
    }
    ret = tr_kdc_ask(tickets->kdc, principal);

cleanup:
    if (ret)
        export_free(export);
    return ret;
}

const char *
tr_tickets_export_error(const struct tr_tickets *tickets)
{
    const struct export *export;

    TAILQ_FOREACH(export, &tickets->exports, link) {
        if (export->why != NULL)
            return export->why;
    }
    return NULL;
}

krb5_error_code
tr_tickets_export(struct tr_tickets *tickets, char *const *principals,
                  const char *path)
{
    struct export *export, *next;
    krb5_error_code ret = 0;

    for (export = TAILQ_FIRST(&tickets->exports); export != NULL;
         export = next) {
        next = TAILQ_NEXT(export, link);
        if (strcmp(export->path, path) == 0 &&
            !is_wanted(export->principal, principals))
            export_free(export);
    }
    for (; *principals != NULL && ret == 0; principals++) {
        if (!is_exported(tickets, *principals, path))
            ret = export_add(tickets, *principals, path);
    }
    return ret;
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
    struct export *export, *next;

    if (creds != NULL)
        tr_clock_raise(tickets->clock, tr_ticket_start(creds));
    if (server == NULL) {
        login_done(tickets, code, why);
    } else {
        for (export = TAILQ_FIRST(&tickets->exports); export != NULL;
             export = next) {
            next = TAILQ_NEXT(export, link);
            if (strcmp(export->principal, server) == 0)
                export_done(export, code, why, creds);
        }
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

    tickets = calloc(1, sizeof(*tickets));
    if (tickets == NULL)
        return ENOMEM;
    tickets->context = context;
    tickets->base = base;
    tickets->audit = audit;
    tickets->clock = clock;
    TAILQ_INIT(&tickets->used);
    TAILQ_INIT(&tickets->exports);
    *tickets_out = tickets;
    return 0;
}

void
tr_tickets_set_kdc(struct tr_tickets *tickets, struct tr_kdc *kdc)
{
    tickets->kdc = kdc;
}

void
tr_tickets_free(struct tr_tickets *tickets)
{
    struct ticket *ticket;
    struct waiter *waiter;
    struct export *export;

    if (tickets == NULL)
        return;
    while ((export = TAILQ_FIRST(&tickets->exports)) != NULL)
        export_free(export);
    while ((ticket = TAILQ_FIRST(&tickets->used)) != NULL) {
        while ((waiter = TAILQ_FIRST(&ticket->waiters)) != NULL)
            tell(waiter, TRR_NO_KDC, "trustrealmd is stopping", NULL);
        forget(tickets, ticket);
    }
    free(tickets);
}
