/* mech/plugin/call.h - ask trustrealmd */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_CALL_H
#define TR_CALL_H

#include <krb5/krb5.h>
#include "page.h"
#include "wire.h"

/*
 * One call over a connection of this process, which waits to be connected and
 * for the answer at most TR_CALL_TIMEOUT_MS each, whatever signals arrive.  On
 * success reply is of the type wanted and to be freed with
 * tr_wire_free(TR_WIRE_REPLY).  A refusal is its code, with the daemon's text
 * as detail.  page_out takes a reference to the page of the daemon that
 * answered, if a sealed or established is wanted, and may be NULL.
 */
krb5_error_code tr_daemon_ask(const struct tr_call *call,
                              enum tr_reply_type wanted,
                              struct tr_reply *reply,
                              struct tr_mapping **page_out);

#endif
