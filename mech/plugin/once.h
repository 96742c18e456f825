/* mech/plugin/once.h - what is found out once in a process */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_ONCE_H
#define TR_ONCE_H

/*
 * The only globals of the plugin: set up by the first call that needs them.
 *
 * When a process forks while another thread holds a mutex, that stays locked
 * in the child for ever.  So all mutexes are here, and fork() takes them first
 * (once.c); none is held during a call to trustrealmd.  They are taken in this
 * order, the objects' one at a time.
 */

#include <gssapi/gssapi.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>
#include "connection.h"
#include "page.h"
#include "profile.h"
#include "recent.h"

/* Contexts and credentials share these. */
#define TR_OBJECT_MUTEXES 16
struct tr_object_mutex {
    _Alignas(64) pthread_mutex_t mutex;
};

struct tr_once {
    bool interposing;           /* krb5 is interposed by this plugin */
    pthread_key_t detail;       /* of status.c: this thread's last error */
    bool have_detail;
    _Atomic uid_t daemon_uid;   /* of connection.c; -1 = not looked up yet */
    struct tr_profile profile;
    struct tr_object_mutex objects[TR_OBJECT_MUTEXES];
    _Atomic unsigned int next_object;
    _Atomic uint64_t next_credential;
    struct tr_recent imported;  /* of names.c, prepared.c, ticket.c */
    struct tr_recent prepared;
    struct tr_recent tickets;
    struct tr_connections connections;
    struct tr_page_cache pages;
};

/* Must not be called under the lock of the mechglue. */
struct tr_once *tr_once(void);

/* A mutex for a new object. */
pthread_mutex_t *tr_once_mutex(void);

#endif
