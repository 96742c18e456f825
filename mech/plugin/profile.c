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
    uint64_t now = tr_page_clock();

    if (now < profile->until || pthread_mutex_trylock(&profile->mutex) != 0)
        return;
    if (now >= profile->until) {
        /* First let go, so that the files are read again. */
        krb5_free_context(profile->context);
        if (krb5_init_context(&profile->context) != 0)
            profile->context = NULL;
        profile->until = now + TR_PROFILE_HOLD_NS;
    }
    (void)pthread_mutex_unlock(&profile->mutex);
}
