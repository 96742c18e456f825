/* mech/service/peer.h - packets and who sent them, by the kernel's word */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_PEER_H
#define TR_PEER_H

#include "service.h"

/*
 * Who connected: effective ids and groups.  TRR_CALLER when the kernel does
 * not say, when the uid has no counterpart in this user namespace (the
 * overflow uid could be anybody), or when there are too many groups.
 */
krb5_error_code tr_peer_identify(int fd, struct tr_caller *caller_out);
void tr_peer_clear(struct tr_caller *caller);

/*
 * Take one packet, without waiting.  EAGAIN when there is none, ECONNRESET
 * when the peer is gone, TRR_TOO_LONG when it does not fit, TRR_CALLER when
 * it was not sent by caller itself (a socket shared over fork(), say) or
 * brings descriptors, with which it is left unread.
 */
krb5_error_code tr_peer_receive(int fd, const struct tr_caller *caller,
                                void *buffer, size_t size,
                                size_t *length_out);

/* Hang up.  False: fd is still open, since descriptors wait in it. */
bool tr_peer_close(int fd);

/* Whether the peer has yet to take something that was sent to it. */
bool tr_peer_has_unread(int fd);

/* Send one packet, without waiting; fd_to_pass is -1 or is sent along. */
krb5_error_code tr_peer_send(int fd, const void *octets, size_t length,
                             int fd_to_pass);

#endif
