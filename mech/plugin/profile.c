/* mech/plugin/profile.c - keep the configuration of Kerberos at hand */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include "once.h"
#include "page.h"
#include "profile.h"

void
tr_profile_hold(void)
{
    struct tr_profile *profile = &tr_once()->profile;
    uint64_t now = tr_page_clock(), until = profile->until;
    krb5_context context = NULL;

    /* One thread does it. */
    if (now < until ||
        !atomic_compare_exchange_strong(&profile->until, &until,
                                        now + TR_PROFILE_HOLD_NS))
        return;
    /* First let go, so that the files are read again. */
    krb5_free_context(atomic_exchange(&profile->context, NULL));
    if (krb5_init_context(&context) == 0)
        krb5_free_context(atomic_exchange(&profile->context, context));
}
