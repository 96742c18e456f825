/* tests/unit/seal_world.h - two services in one process, and a real KDC */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef SEAL_WORLD_H
#define SEAL_WORLD_H

/*
 * Systems alpha, beta and gamma with table, configuration, key and state of
 * their own, but no sockets: a call is handed to its handler, and what comes
 * back is kept.  Calls and replies go through their encoding.  Whatever fails
 * here ends the program.
 */

#include "service.h"

#define WORLD_REALM "UNIT.TEST"
#define WORLD_ROOT 0
#define WORLD_USER 1000         /* public to secret */
#define WORLD_LOW_USER 2000     /* public alone */
#define WORLD_HIGH_USER 3000    /* internal to secret */
#define WORLD_NOBODY 4000       /* no rule is for it */

#define WORLD_ALICE "alice@" WORLD_REALM
#define WORLD_FLAGS (TR_ASK_MUTUAL | TR_ASK_MARKER | TR_ASK_AES)

struct world_system {
    struct tr_service service;
    char *directory;
    unsigned long reads;        /* made of the configuration so far */
    /* of the last call */
    bool answered;
    struct tr_reply reply;
    bool with_page;
    char event[16];             /* of the last audit record */
    bool allowed, audited, dry_run;
    enum tr_step step;
    krb5_error_code code;
    char text[256], user[64], target_service[64], correlation[64];
    char sender[64];
};

/* An application's context on its way, by libkrb5. */
struct world_context {
    struct tr_bytes ap_req, ap_rep;
    struct tr_bytes trailer, reply_trailer;
    struct tr_bytes sealed;                     /* record */
    struct tr_bytes initiator, acceptor;        /* established records */
    const char *service;                        /* whose key accepted */
};

extern krb5_context world_krb5;
extern char *world_directory;
extern struct world_system world_alpha, world_beta, world_gamma;

/* False when there is no KDC to be found on this machine; says so.  With
 * TR_REQUIRE set that ends the program as a failure. */
bool world_possible(void);
/* Fixtures of a group of tests: a world whose keys are of aes256-sha1, or of
 * aes128-sha2; it ends. */
int world_set_up(void **state);
int world_set_up_sha2(void **state);
int world_tear_down(void **state);

/* The KDC is gone, or there again; it is there and silent, or talks. */
void world_stop_kdc(void);
void world_start_kdc(void);
void world_freeze_kdc(bool frozen);

/* Start the service of a system again; extra is added to its configuration
 * (after [policy]) from now on, NULL leaves it. */
void world_restart(struct world_system *system, const char *extra);
/* Load the table of a system anew: the ordinary one without the entries whose
 * cn is in left_out (words, or NULL), and with what is added (LDIF). */
void world_load(struct world_system *system, const char *left_out,
                const char *added);

/* Have a call answered.  The reply is in system->reply, until the next. */
enum tr_reply_type world_call(struct world_system *system, uid_t uid,
                              struct tr_call *call);
/* The code that the last call was refused with, 0 when it was not. */
krb5_error_code world_refused(const struct world_system *system);

/* A ticket of client, whose key is in the keytab of a user ("all") or of a
 * system ("alpha"), for service.  krb5_free_creds() it. */
krb5_creds *world_ticket(const char *keytab, const char *client,
                         const char *service);

/* An AP-REQ of client (a user in the KDC) for service, and the AP-REP. */
void world_ap_req(struct world_context *context, const char *client,
                  const char *service);

/* The calls of a context, with ordinary arguments; each keeps what comes
 * back in context, returns the code that refused. */
krb5_error_code world_seal(struct world_system *from, uid_t uid,
                           struct world_context *context, const char *label);
krb5_error_code world_seal_as(struct world_system *from, uid_t uid,
                              struct world_context *context,
                              const char *label, const char *claim);
krb5_error_code world_accept(struct world_system *to, uid_t uid,
                             struct world_context *context);
krb5_error_code world_accept_as(struct world_system *to, uid_t uid,
                                struct world_context *context,
                                const char *client, int64_t flags);
/* By WORLD_USER on alpha. */
krb5_error_code world_accepted(struct world_context *context);
/* All of them, from WORLD_USER on alpha to root on beta; all must go well. */
void world_establish(struct world_context *context);
void world_forget(struct world_context *context);

/* Ends the program when ret is an error. */
void world_check(krb5_error_code ret, const char *what);
void world_copy(struct tr_bytes *to, const struct tr_bytes *from);

#endif
