/* mech/plugin/once.c - what is found out once in a process */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <stdlib.h>
#include "gssi.h"
#include "once.h"
#include "oids.h"
#include "status.h"
#include "trustrealm_err.h"

#define OBJECT_MUTEX { PTHREAD_MUTEX_INITIALIZER }

static struct tr_once once = {
    .objects = { [0 ... TR_OBJECT_MUTEXES - 1] = OBJECT_MUTEX },
    .imported.mutex = PTHREAD_MUTEX_INITIALIZER,
    .prepared.mutex = PTHREAD_MUTEX_INITIALIZER,
    .tickets.mutex = PTHREAD_MUTEX_INITIALIZER,
    .connections.mutex = PTHREAD_MUTEX_INITIALIZER,
    .pages.mutex = PTHREAD_MUTEX_INITIALIZER
};
static pthread_once_t control = PTHREAD_ONCE_INIT;

/* --- forks --------------------------------------------------------------- */

static void
before_fork(void)
{
    size_t i;

    for (i = 0; i < TR_OBJECT_MUTEXES; i++)
        (void)pthread_mutex_lock(&once.objects[i].mutex);
    (void)pthread_mutex_lock(&once.imported.mutex);
    (void)pthread_mutex_lock(&once.prepared.mutex);
    (void)pthread_mutex_lock(&once.tickets.mutex);
    (void)pthread_mutex_lock(&once.connections.mutex);
    (void)pthread_mutex_lock(&once.pages.mutex);
}

static void
in_parent(void)
{
    size_t i;

    (void)pthread_mutex_unlock(&once.pages.mutex);
    (void)pthread_mutex_unlock(&once.connections.mutex);
    (void)pthread_mutex_unlock(&once.tickets.mutex);
    (void)pthread_mutex_unlock(&once.prepared.mutex);
    (void)pthread_mutex_unlock(&once.imported.mutex);
    for (i = 0; i < TR_OBJECT_MUTEXES; i++)
        (void)pthread_mutex_unlock(&once.objects[i].mutex);
}

/* The parent's connections are the parent's. */
static void
in_child(void)
{
    in_parent();
    tr_connection_after_fork(&once.connections);
}

pthread_mutex_t *
tr_once_mutex(void)
{
    return &once.objects[once.next_object++ % TR_OBJECT_MUTEXES].mutex;
}

/* --- loading and unloading ----------------------------------------------- */

/* Not at the first call: a child forked during that call would repeat it, and
 * register twice. */
static void __attribute__((constructor))
load(void)
{
    (void)add_error_table(&et_trr_error_table);
    (void)pthread_atfork(before_fork, in_parent, in_child);
}

/*
 * libgssapi unloads the plugin when it is itself unloaded, as PAM may do; the
 * C library then forgets the fork handlers.  A process that exits comes by
 * here as well, perhaps with threads still at work or from a signal handler:
 * what they use stays, and nothing is waited for.
 */
static void __attribute__((destructor))
unload(void)
{
    if (pthread_mutex_trylock(&once.connections.mutex) == 0) {
        tr_connection_drop_idle(&once.connections);
        (void)pthread_mutex_unlock(&once.connections.mutex);
    }
    (void)remove_error_table(&et_trr_error_table);
    if (once.have_detail)
        (void)pthread_key_delete(once.detail);
}

/* --- the first call ------------------------------------------------------ */

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
    once.have_detail = pthread_key_create(&once.detail, free) == 0;
    once.daemon_uid = (uid_t)-1;
    once.interposing = find_interposed();
}

struct tr_once *
tr_once(void)
{
    (void)pthread_once(&control, set_up);
    return &once;
}
