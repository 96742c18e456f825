/* mech/service/kdc.h - asking the KDC, off the event loop */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_KDC_H
#define TR_KDC_H

/*
 * libkrb5 waits for a KDC as long as it likes, so a few threads do the
 * waiting.  Questions queue up to a bound; answers come back in the event
 * loop.  The threads share one login (login.h), renewed ahead of its end.
 */

#include <stdint.h>
#include <krb5/krb5.h>
#include <event2/event.h>
#include "login.h"

struct tr_kdc;

/*
 * Called from the event loop, once for each question.  server is the
 * principal that was asked for, NULL for a login.  On success creds is the
 * receiver's, to be freed by krb5_free_creds(); else why says what went
 * wrong.
 */
typedef void tr_kdc_done(const char *server, krb5_error_code code,
                         const char *why, krb5_creds *creds, void *arg);

/*
 * Start the threads, and a first login.  client is the system principal,
 * keytab the name of a keytab in memory that holds its key.
 */
krb5_error_code tr_kdc_create(const char *client, const char *keytab,
                              struct event_base *base, tr_kdc_done *done,
                              void *arg, struct tr_kdc **kdc_out);
/* done is not called any more.  Does not wait for a KDC. */
void tr_kdc_free(struct tr_kdc *kdc);

/* Log in with another keytab from now on. */
krb5_error_code tr_kdc_set_keytab(struct tr_kdc *kdc, const char *keytab);

/* A peer's ticket does not open: have the KDC say, soon and not often, whether
 * the key is still the system's. */
void tr_kdc_doubt_key(struct tr_kdc *kdc);

/* Ask for a ticket for server.  TRR_DAEMON_BUSY when the queue is full. */
krb5_error_code tr_kdc_ask(struct tr_kdc *kdc, const char *server);

struct tr_kdc_state {
    size_t threads, busy;
    size_t queue;               /* questions that no thread has taken up yet */
    uint64_t answered, failed;  /* failed: of those answered */
    struct tr_login_state login;
};
void tr_kdc_state(struct tr_kdc *kdc, struct tr_kdc_state *out);

#endif
