/* mech/service/follow.h - keep the table as its source has it */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_FOLLOW_H
#define TR_FOLLOW_H

#include "process.h"
#include "service.h"

/* --- follow.c: a source in LDAP, followed by another process --------------- */

/*
 * The process runs this same program with the single option -F and the
 * configuration's path; it never sees the system's key.
 */
struct tr_follower;
krb5_error_code tr_follower_create(const struct tr_config *config,
                                   const char *program,
                                   struct event_base *base,
                                   struct tr_children *children,
                                   struct tr_keys *keys,
                                   struct tr_audit *audit,
                                   void (*changed)(void *arg), void *arg,
                                   struct tr_follower **follower_out);
void tr_follower_free(struct tr_follower *follower);
/* For status: what the source said last. */
const char *tr_follower_state(const struct tr_follower *follower);

/* What the other process does; returns its exit status. */
int tr_follow_main(const char *config_path);

/* --- ldif.c: a source in a file -------------------------------------------- */

struct tr_ldif;
/* table must be writable. */
krb5_error_code tr_ldif_create(const struct tr_config *config,
                               struct tr_table *table, struct tr_audit *audit,
                               struct tr_ldif **ldif_out);
void tr_ldif_free(struct tr_ldif *ldif);
/* Look at the file, load it when it changed; call it every quarter second. */
void tr_ldif_look(struct tr_ldif *ldif);
const char *tr_ldif_state(const struct tr_ldif *ldif);

/* Where the table of config is kept; malloced. */
char *tr_table_path(const struct tr_config *config);

#endif
