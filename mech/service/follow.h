/* mech/service/follow.h - keep the table as its source has it */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_FOLLOW_H
#define TR_FOLLOW_H

#include "process.h"
#include "service.h"
#include "source.h"

/*
 * The follower is this same program with the one option -F and the
 * configuration's path.  Over the socket that it has as TR_FOLLOW_FD it sends
 * a packet for each event: a letter and a text.  The daemon sends nothing, so
 * the socket becomes readable there only when the daemon is gone, and the
 * follower stops.
 */
#define TR_FOLLOW_FD 3
#define TR_FOLLOW_PACKET 1024
#define TR_FOLLOW_TIMEOUT_S 10          /* a directory server takes longer:
                                           it does not answer */
enum {
    TR_FOLLOW_CHANGED = 'c',            /* enum tr_source_event */
    TR_FOLLOW_FRESH = 'f',
    TR_FOLLOW_AWAY = 'a',
    TR_FOLLOW_BAD = 'b'                 /* an entry that cannot be used */
};

/* --- follow.c: the daemon's side ---------------------------------------- */

struct tr_follower;
/* Until tr_follower_start() it does nothing.  changed is called from the event
 * loop whenever the source said anything of itself.  config, program and keys
 * must outlive the follower. */
krb5_error_code tr_follower_create(const struct tr_config *config,
                                   const char *program,
                                   struct event_base *base,
                                   struct tr_children *children,
                                   struct tr_keys *keys,
                                   struct tr_audit *audit,
                                   void (*changed)(void *arg), void *arg,
                                   struct tr_follower **follower_out);
/* From the next turn of the event loop on, in place of any other: tickets are
 * kept for its servers alone.  What cannot be started is tried again. */
void tr_follower_start(struct tr_follower *follower);
void tr_follower_free(struct tr_follower *follower);
/* For status: what the source said last; whether it is there. */
const char *tr_follower_state(const struct tr_follower *follower);
bool tr_follower_answers(const struct tr_follower *follower);
/* Seconds since it last said that the table is up to date, or since the
 * follower was created. */
int64_t tr_follower_silent(const struct tr_follower *follower);
/* For two heartbeats the table has not been up to date, nor can an answer be
 * on its way. */
bool tr_follower_away(const struct tr_follower *follower);

/* --- follower.c: the follower's side ------------------------------------ */

/* Returns its exit status. */
int tr_follow_main(const char *config_path);

/* --- ldif.c: a source in a file ----------------------------------------- */

/* All arguments must outlive it; callbacks is told what happens. */
struct tr_ldif;
krb5_error_code tr_ldif_create(const struct tr_config *config,
                               struct tr_table *table,
                               const struct tr_source_callbacks *callbacks,
                               struct tr_ldif **ldif_out);
void tr_ldif_free(struct tr_ldif *ldif);
/* Look at the file and load it when it changed; call it several times a
 * second. */
void tr_ldif_look(struct tr_ldif *ldif);

#endif
