/* mech/service/replay.h - association ids that were accepted before */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_REPLAY_H
#define TR_REPLAY_H

/*
 * An environment may be accepted once.  The store remembers the association
 * id of each until the environment has lost its validity; it is a file of its
 * own, so that a restart of the daemon forgets nothing.  A store that cannot
 * know what was accepted before (new, damaged, or left by an earlier boot of
 * the machine, since it is not synced to the disk) refuses what was made
 * before it began; a damaged one also what may have been, by a clock that is
 * ahead.  One that forgot too early, by a clock that ran ahead or for want of
 * room, refuses what is no younger than what it forgot.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <krb5/krb5.h>
#include "wire.h"

struct tr_replay;

/*
 * Open the store in path (made, mode 0700, when missing; its parent must
 * exist), for at most max ids (0 = a million).  now is the wall clock in
 * seconds.
 */
krb5_error_code tr_replay_open(const char *path, size_t max, int64_t now,
                               struct tr_replay **replay_out);
/* What was wrong with the store, so that nothing is accepted for
 * TR_MAX_CLOCK_SKEW_S; NULL when nothing was. */
const char *tr_replay_lost(const struct tr_replay *replay);
/* For how many seconds from now on nothing is accepted for that reason. */
int64_t tr_replay_wait(const struct tr_replay *replay, int64_t now);
/* The store could not be read or written when it was last asked: nothing is
 * accepted until it can, for which it may have to be opened again. */
bool tr_replay_failed(const struct tr_replay *replay);
void tr_replay_close(struct tr_replay *replay);

/*
 * Accept the environment made at time for the association id (of
 * TR_ASSOCIATION_LENGTH octets).  Those made more than keep seconds before now
 * need not be known any more.
 * TRR_REPLAY when it was accepted before or may have been; TRR_DAEMON_BUSY
 * when the store is full of what is no older.
 */
krb5_error_code tr_replay_consume(struct tr_replay *replay, const uint8_t *id,
                                  int64_t time, int64_t keep, int64_t now);

#endif
