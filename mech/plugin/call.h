/* mech/plugin/call.h - ask trustrealmd */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_CALL_H
#define TR_CALL_H

#include <krb5/krb5.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include "wire.h"

/* A connection, used for a call or two.  trustrealmd closes it after the
 * answer that establishes a context, and when nothing is asked for long. */
struct tr_daemon {
    int fd;
    struct ucred us;            /* who opened it */
    uint64_t cookie;            /* the kernel's name of it, if it is kept */
};
#define TR_DAEMON_CLOSED { .fd = -1 }

/*
 * Connect, and make sure that it is trustrealmd: the socket's owner by the
 * kernel's word is root or the configured user.  When the path was taken
 * from the environment (never in a setuid program) our own uid will do too.
 */
krb5_error_code tr_daemon_open(struct tr_daemon *daemon);
void tr_daemon_close(struct tr_daemon *daemon);

/*
 * Put a connection away for the next call of the application.  Anything may
 * happen meanwhile to a descriptor that it does not know: a connection is
 * taken up again only by the process and user who opened it, and only if the
 * descriptor still stands for it; then tr_daemon_resume() is true.  Each of
 * the three moves its first argument, which may be closed, and leaves it so.
 */
void tr_daemon_keep(struct tr_daemon *daemon, struct tr_daemon *kept_out);
bool tr_daemon_resume(struct tr_daemon *kept, struct tr_daemon *daemon_out);
void tr_daemon_drop(struct tr_daemon *kept);

/* Where trustrealmd is: names it as long as the environment stays. */
const char *tr_daemon_path(bool *from_environment_out);

/*
 * One call, at most TR_CALL_TIMEOUT_MS.  On success reply is of the type
 * wanted and to be freed with tr_wire_free(TR_WIRE_REPLY).  fd_out (may be
 * NULL) takes the descriptor that came along, or -1.  A refusal is its code,
 * with the daemon's text as detail.
 */
krb5_error_code tr_daemon_ask(struct tr_daemon *daemon,
                              const struct tr_call *call,
                              enum tr_reply_type wanted,
                              struct tr_reply *reply, int *fd_out);
/* The same over a connection that may be closed, or get lost because nothing
 * was asked for long: connects then.  Not for calls that count once. */
krb5_error_code tr_daemon_ask_anew(struct tr_daemon *daemon,
                                   const struct tr_call *call,
                                   enum tr_reply_type wanted,
                                   struct tr_reply *reply, int *fd_out);

#endif
