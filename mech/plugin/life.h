/* mech/plugin/life.h - how long the decision about a context holds */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_LIFE_H
#define TR_LIFE_H

/*
 * A context may be used until its lifetime or idle timeout is over, and as
 * long as the decision that allowed it holds: while the page of trustrealmd
 * shows the same epoch and its lease is not over.  When it no longer holds,
 * trustrealmd is asked to judge the association anew; without its "yes" the
 * message does not pass.
 *
 * This costs two loads and a read of the coarse clock before a message, and
 * one load after it.  Lifetime and idle timeout are looked at four times a
 * second, by CLOCK_BOOTTIME: time asleep counts.
 */

#include <gssapi/gssapi.h>
#include <krb5/krb5.h>
#include <stdatomic.h>
#include "page.h"
#include "wire.h"

struct tr_context;
struct tr_held_page;

struct tr_life {
    _Atomic(const struct tr_page *) page;       /* once it is established */
    _Atomic uint64_t epoch;
    _Atomic uint64_t next_look;         /* at the times, by the page's clock */
    _Atomic int flags;                  /* TR_FORCE_CONF, TR_EXPLICIT, ... */
    _Atomic uint64_t end;               /* CLOCK_BOOTTIME, ns; 0 = none */
    _Atomic uint64_t idle;              /* ns; 0 = none */
    _Atomic uint64_t last_use;          /* CLOCK_BOOTTIME, ns */
    _Atomic krb5_error_code over;       /* why it is over for good, or 0 */
    _Atomic uint32_t kernel_lifetime;   /* s */
    struct tr_held_page *held;          /* mappings to release at the end */
};

/*
 * Take over a decision and the reference to the page that it goes by (*page is
 * then NULL).  But for the first time, with the mutex of the context held.
 */
krb5_error_code tr_life_begin(struct tr_life *life,
                              const struct tr_established *established,
                              struct tr_mapping **page);
void tr_life_end(struct tr_life *life);

/* May a message pass?  The first before the inner call, the second after. */
krb5_error_code tr_life_enter(struct tr_context *context);
krb5_error_code tr_life_confirm(struct tr_context *context);

/* The look alone, at the time now of tr_page_clock(). */
static inline bool
tr_life_holds(const struct tr_life *life, uint64_t now)
{
    return tr_page_holds(life->page, life->epoch, now);
}

/* As above, a moment later: the lease cannot have ended for long. */
static inline bool
tr_life_still_holds(const struct tr_life *life)
{
    return tr_page_epoch(life->page) == life->epoch;
}

/* It holds, and no need to look at the limits in time either. */
static inline bool
tr_life_is_fresh(const struct tr_life *life, uint64_t now)
{
    return now < life->next_look && tr_life_holds(life, now);
}

/* Have trustrealmd judge the record of a context that was imported, or of a
 * by-pass that Kerberos has established, and establish it with the answer. */
krb5_error_code tr_life_resume(struct tr_context *context);

/* Seconds left: the lesser of Kerberos' and ours. */
OM_uint32 tr_life_remaining(const struct tr_life *life, OM_uint32 inner);

#endif
