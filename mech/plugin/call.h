/* mech/plugin/call.h - ask trustrealmd */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_CALL_H
#define TR_CALL_H

#include <krb5/krb5.h>
#include "wire.h"

/* A connection: used by the thread that opened it, for a call or two. */
struct tr_daemon {
    int fd;
};
#define TR_DAEMON_CLOSED { -1 }

/*
 * Connect, and make sure that it is trustrealmd: the socket's owner by the
 * kernel's word is root or the configured user.  When the path was taken
 * from the environment (never in a setuid program) our own uid will do too.
 */
krb5_error_code tr_daemon_open(struct tr_daemon *daemon);
void tr_daemon_close(struct tr_daemon *daemon);

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

#endif
