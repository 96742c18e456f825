/* mech/plugin/once.c - what is found out once in a process */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include "gssi.h"
#include "once.h"
#include "oids.h"
#include "status.h"
#include "trustrealm_err.h"

static struct tr_once once;
static pthread_once_t control = PTHREAD_ONCE_INIT;

/* The mechglue knows the special OID only when our mech.d line came first:
 * another interposer may have claimed krb5. */
static bool
find_interposed(void)
{
    gss_OID_set types = GSS_C_NO_OID_SET;
    OM_uint32 major, minor;

    major = gss_inquire_names_for_mech(&minor,
                                       (gss_OID)&tr_mech_find(NULL)->special,
                                       &types);
    (void)gss_release_oid_set(&minor, &types);
    return major == GSS_S_COMPLETE;
}

static void
set_up(void)
{
    initialize_trr_error_table();
    once.have_detail = pthread_key_create(&once.detail, free) == 0;
    once.daemon_uid = (uid_t)-1;
    tr_page_cache_init(&once.pages);
    tr_profile_init(&once.profile);
    tr_prepared_init(&once.prepared);
    once.interposing = find_interposed();
}

struct tr_once *
tr_once(void)
{
    (void)pthread_once(&control, set_up);
    return &once;
}
