/* mech/plugin/once.h - what is found out once in a process */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_ONCE_H
#define TR_ONCE_H

/* The only globals of the plugin: set up by the first call that needs them,
 * never torn down (the mechglue never unloads a mechanism). */

#include <gssapi/gssapi.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>
#include "page.h"
#include "prepared.h"
#include "profile.h"

struct tr_once {
    bool interposing;           /* krb5 is interposed by this plugin */
    pthread_key_t detail;       /* of status.c: this thread's last error */
    bool have_detail;
    _Atomic uid_t daemon_uid;   /* of call.c; -1 = not looked up yet */
    struct tr_page_cache pages;
    struct tr_profile profile;
    struct tr_prepared_list prepared;
};

/* Must not be called under the lock of the mechglue. */
struct tr_once *tr_once(void);

#endif
