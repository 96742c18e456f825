/* mech/plugin/profile.h - keep the configuration of Kerberos at hand */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_PROFILE_H
#define TR_PROFILE_H

#include <krb5/krb5.h>
#include <stdatomic.h>
#include <stdint.h>

/*
 * Kerberos makes a krb5 context for nearly every call of libgssapi, and reads
 * krb5.conf anew for each unless somebody else has it open.  Establishing a
 * context takes a dozen of them.  So one is kept open for a second at a time,
 * which is how late a change to a file that krb5.conf includes may be seen.
 */
#define TR_PROFILE_HOLD_NS UINT64_C(1000000000)

struct tr_profile {
    _Atomic(krb5_context) context;  /* NULL: none, or it could not be made */
    _Atomic uint64_t until;         /* by tr_page_clock() */
};

/* Before calls that establish contexts. */
void tr_profile_hold(void);

#endif
