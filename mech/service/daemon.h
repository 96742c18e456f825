/* mech/service/daemon.h - the daemon's own parts, unknown to handlers */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_DAEMON_H
#define TR_DAEMON_H

#include <sys/queue.h>
#include "process.h"
#include "service.h"

/* --- daemon.c: start, reload, stop -------------------------------------- */

struct tr_server;

struct tr_daemon {
    struct tr_service service;
    const char *config_path;
    bool debug;
    int lock;                           /* of the state directory, or -1 */
    char *table_path;
    int64_t started;                    /* wall clock, s */
    struct tr_children children;
    struct tr_server *server;
    struct tr_attributes *attributes;
    struct tr_follower *follower;
    bool watched;                       /* by the watchdog of systemd */
    bool ready;                         /* calls are answered */
    krb5_error_code unshown;            /* why the epoch is not, or 0 */
    struct tr_watch *watch;
    struct tr_retired *retired;         /* configurations still in use */
    struct event *events[5];            /* signals, then the tick */
    unsigned int ticks;
};

/*
 * Run until SIGTERM or SIGINT; debug: log to stderr.  0 after a clean stop;
 * what went wrong has been logged.
 */
krb5_error_code tr_daemon_run(const char *config_path, bool debug);

/* Raise the epoch if anything that decisions rest on has changed. */
void tr_daemon_look(struct tr_daemon *daemon);
/* The source has said something: answer calls, tell systemd.  Once. */
void tr_daemon_ready(struct tr_daemon *daemon);

/* Why a state directory that is there may not be used, or NULL. */
struct stat;
const char *tr_state_fault(const struct stat *st);

/* --- settings.c: what a configuration decides, and its reload ----------- */

/* Read the configuration; what is wrong with it is logged. */
krb5_error_code tr_settings_load(const struct tr_daemon *daemon,
                                 struct tr_config **config_out);
/* Put the first one, which is taken over, to use. */
krb5_error_code tr_settings_start(struct tr_daemon *daemon,
                                  struct tr_config *config);
/* Load it again and use it; on error the old one stays. */
krb5_error_code tr_settings_reload(struct tr_daemon *daemon);
/* Forget old ones; no request may be waiting for its answer. */
void tr_settings_free_retired(struct tr_daemon *daemon);

/* --- check.c: would this configuration work? ---------------------------- */

/* Says on stderr what would not; returns the number of faults. */
int tr_check_config(const char *config_path);

/* --- listener.c: the socket --------------------------------------------- */

struct tr_listener;
struct tr_discard;
/* Bind path, or take the socket that systemd has opened. */
krb5_error_code tr_listener_open(const char *path,
                                 struct tr_listener **listener_out);
int tr_listener_fd(const struct tr_listener *listener);
/* discard closes the socket, in which others may wait. */
void tr_listener_close(struct tr_listener *listener,
                       struct tr_discard *discard);

/* --- discard.c: sockets that hold strangers' descriptors ---------------- */

krb5_error_code tr_discard_create(struct event_base *base,
                                  struct tr_children *children,
                                  struct tr_discard **discard_out);
void tr_discard_free(struct tr_discard *discard);
/* Close it soon, elsewhere: its peer does not notice until then. */
void tr_discard_socket(struct tr_discard *discard, int fd);
/* Close a connection, now if it holds none; its peer notices at once. */
void tr_discard_close(struct tr_discard *discard, int fd);

/* --- quota.c: how much one user may occupy ------------------------------ */

#define TR_UID_NOBODY ((uid_t)-1)       /* never a program's */

struct tr_quotas;               /* of all users */
struct tr_quota;                /* of one */
struct tr_share {               /* a connection's */
    void *connection;                   /* server.c's own */
    struct tr_quota *quota;             /* NULL: none */
    TAILQ_ENTRY(tr_share) of_user, of_all;      /* while it is idle */
};
krb5_error_code tr_quotas_create(size_t limit, struct tr_quotas **quotas_out);
void tr_quotas_free(struct tr_quotas *quotas);
/* TRR_DAEMON_BUSY when the user, or all users together, have enough
 * connections.  share is idle then. */
krb5_error_code tr_quota_connect(struct tr_quotas *quotas, uid_t uid,
                                 struct tr_share *share);
void tr_quota_disconnect(struct tr_quotas *quotas, struct tr_share *share);
/* An idle connection, idle longest, that has to go before there is room for
 * one of uid; NULL: none. */
struct tr_share *tr_quota_idlest(struct tr_quotas *quotas, uid_t uid);
/* Count a request; false when the user now has too many. */
bool tr_quota_begin(struct tr_quotas *quotas, struct tr_share *share);
void tr_quota_end(struct tr_quotas *quotas, struct tr_share *share);
/* It has to stay, idle as it is, until it is released. */
void tr_quota_hold(struct tr_quotas *quotas, struct tr_share *share);
void tr_quota_release(struct tr_quotas *quotas, struct tr_share *share);
/*
 * Whatever is read from a connection is a turn.  All users have as many in a
 * round, so that nobody waits longer because of how much the others ask.
 * False when the connection has to wait for the next round, which begins when
 * all that are ready have been looked at.
 */
bool tr_quota_turn(struct tr_quotas *quotas, struct tr_share *share);
void tr_quota_next_round(struct tr_quotas *quotas);

/* --- server.c: connections ---------------------------------------------- */

/* service and children must outlive the server.  Programs can connect from now
 * on, and wait until tr_server_start(). */
krb5_error_code tr_server_create(struct tr_service *service,
                                 struct tr_children *children,
                                 struct tr_server **server_out);
krb5_error_code tr_server_start(struct tr_server *server);
void tr_server_free(struct tr_server *server);
size_t tr_server_connections(const struct tr_server *server);
size_t tr_server_requests(const struct tr_server *server); /* unanswered */

/* For request.c: send octets on a request's connection, then take the next
 * call from it; fd is -1 or that of the page, which each connection is passed
 * once.  last closes the connection. */
void tr_connection_answer(void *connection, const uint8_t *octets,
                          size_t length, int fd, bool last);

/* --- request.c: one call ------------------------------------------------ */

/* Decode octets into request->call and have it handled. */
void tr_request_dispatch(struct tr_request *request, const uint8_t *octets,
                         size_t length);
/* Refuse a call that came too many. */
void tr_request_busy(struct tr_request *request);

#endif
