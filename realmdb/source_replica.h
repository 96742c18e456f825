/* realmdb/source_replica.h - the table as a copy of a directory's content */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_SOURCE_REPLICA_H
#define TR_SOURCE_REPLICA_H

#include "source.h"
#include "source_cookie.h"
#include "source_message.h"

/*
 * Takes the messages of RFC 4533 to the table.  A refresh is one update, so
 * that a reader sees the old content or the new one, and is committed only
 * if the provider turns out to stand where the table stood, or later.  After
 * it changes are committed when the caller has no more of them at hand.
 */
struct tr_replica;

/* table, base and cb must outlive it.  Only the table's content that came
 * from the same base is built upon. */
krb5_error_code tr_replica_create(struct tr_table *table, const char *base,
                                  const char *source,
                                  const struct tr_source_callbacks *cb,
                                  struct tr_replica **replica_out);
void tr_replica_free(struct tr_replica *replica);

/* Begin a refresh; *cookie_out (free() its bv_val) goes into the search.
 *  What was not committed is forgotten. */
krb5_error_code tr_replica_start(struct tr_replica *replica,
                                 struct berval *cookie_out);
/* Whether the refresh is over. */
bool tr_replica_is_ready(const struct tr_replica *replica);

/* On error the connection is of no more use; *why_out (free() it) is set. */
krb5_error_code tr_replica_take(struct tr_replica *replica,
                                const struct tr_message *message,
                                char **why_out);
/* There is no message at hand: commit what came. */
krb5_error_code tr_replica_pause(struct tr_replica *replica, char **why_out);
/* The provider answered, and the refresh is over: the table is fresh. */
krb5_error_code tr_replica_alive(struct tr_replica *replica, char **why_out);
/* Where the table stands, to compare a provider with. */
const struct tr_cookie *tr_replica_cookie(const struct tr_replica *replica);

#endif
