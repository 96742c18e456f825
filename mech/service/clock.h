/* mech/service/clock.h - the latest time that somebody vouched for */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_CLOCK_H
#define TR_CLOCK_H

/*
 * A system whose clock was set back would take memberships, tickets and
 * environments that have ended for good ones.  The times inside tickets come
 * from its KDC: the highest seen so far is a floor under the local clock.  It
 * is kept in a file, so that a restart does not lower it.
 */

#include <stdint.h>
#include <krb5/krb5.h>

struct tr_clock;

/* A missing or unreadable file counts as 0: no floor yet. */
krb5_error_code tr_clock_open(const char *path, struct tr_clock **clock_out);
void tr_clock_close(struct tr_clock *clock);     /* writes the file */

/* Raise the floor to time (seconds since 1970), never lower it. */
void tr_clock_raise(struct tr_clock *clock, int64_t time);
int64_t tr_clock_floor(const struct tr_clock *clock);

#endif
