/* mech/service/login.h - the system's login at the KDC, shared by threads */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_LOGIN_H
#define TR_LOGIN_H

/*
 * A login is a ticket-granting ticket of the system.  One is got with the
 * system's key when somebody needs it and there is none, or its end is near;
 * after a failure not at once again.  All functions may be called by any
 * thread; those that ask a KDC say so, and wait for it as long as libkrb5
 * likes.
 */

#include <stdbool.h>
#include <stdint.h>
#include <krb5/krb5.h>

struct tr_login;

/* client is the system principal, keytab the name of a keytab in memory that
 * holds its key. */
krb5_error_code tr_login_create(const char *client, const char *keytab,
                                struct tr_login **login_out);
/* When no thread uses it any more. */
void tr_login_free(struct tr_login *login);
/* The keytab from now on; what failed with the old one may be tried. */
krb5_error_code tr_login_set_keytab(struct tr_login *login,
                                    const char *keytab);
/* Is there none, is its end near, did the last one fail, or is it in doubt? */
bool tr_login_is_due(struct tr_login *login);
/*
 * Somebody has a ticket that the keytab's key does not open.  That may be any
 * octets, so it is not believed; but the next login is due at once, unless one
 * has worked a few seconds ago.  Returns whether this is news.
 */
bool tr_login_doubt(struct tr_login *login);

#define TR_LOGIN_TEXT 256
struct tr_login_state {
    krb5_error_code code;       /* of the last try; 0 before the first */
    char why[TR_LOGIN_TEXT];    /* it failed */
    int64_t end;                /* of the ticket there is; 0: none */
};
void tr_login_state(struct tr_login *login, struct tr_login_state *out);

/* What a thread has of its own. */
struct tr_login_user {
    struct tr_login *login;
    krb5_context context;
    krb5_principal client;
    krb5_ccache ccache;         /* in memory */
    unsigned int number;        /* of the login that ccache has tickets of */
};

/* Clear it in any case. */
krb5_error_code tr_login_user_init(struct tr_login_user *user,
                                   struct tr_login *login);
void tr_login_user_clear(struct tr_login_user *user);
/* Ask the KDC for a ticket for server, a new one; NULL: only log in, if that
 * is due.  krb5_free_creds() frees it, and the user's context says why it
 * failed. */
krb5_error_code tr_login_get(struct tr_login_user *user, const char *server,
                             krb5_creds **creds_out);

/*
 * When a ticket begins and ends, and when it is to be renewed ahead of that,
 * in seconds since 1970.  The 32 bits that libkrb5 has for a time are
 * unsigned and last until 2106; krb5_timestamp itself ends in 2038.
 */
int64_t tr_ticket_start(const krb5_creds *creds);
int64_t tr_ticket_end(const krb5_creds *creds);
int64_t tr_ticket_renewal(const krb5_creds *creds);

#endif
