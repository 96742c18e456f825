/* mech/plugin/connection.h - connections to trustrealmd, kept while idle */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_CONNECTION_H
#define TR_CONNECTION_H

/*
 * trustrealmd judges a caller by what the kernel noted when the connection was
 * opened.  So an idle one is used again only by the process, user, group and
 * groups that opened it, to the same socket, and never beyond a fork.  When it
 * is not used soon trustrealmd closes its end, which is noticed at the next
 * call.
 *
 * The application does not know of the descriptor, and may close it and use
 * the number for something else: it is touched only while the kernel's cookie
 * shows that it still is this socket.
 */

#include <krb5/krb5.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "page.h"
#include "wire.h"

/* A process in more groups opens a connection for each call. */
#define TR_KNOWN_GROUPS 256

/* As connect() notes it. */
struct tr_opener {
    struct ucred ids;           /* the effective ones */
    int ngroups;                /* -1: too many */
    gid_t groups[TR_KNOWN_GROUPS];
};

/* As it is now. */
void tr_opener_note(struct tr_opener *opener);

struct tr_connection {
    LIST_ENTRY(tr_connection) of_all;
    int fd;                     /* -1: closed by a fork */
    uint64_t cookie;            /* SO_COOKIE of it */
    struct tr_opener opener;
    struct sockaddr_un address;
    bool from_environment;      /* the address */
    struct tr_mapping *page;    /* that came over it, or NULL */
    uint8_t packet[TR_MAX_CALL];
};

struct tr_connections {
    pthread_mutex_t mutex;
    LIST_HEAD(, tr_connection) open;    /* idle or in use */
    size_t nidle;
    struct tr_connection *idle[TR_MAX_IDLE_CONNECTIONS];    /* newest last */
};

/* Path of trustrealmd's socket, good until the environment changes. */
const char *tr_connection_path(bool *from_environment_out);

/*
 * Connect, and make sure that it is trustrealmd: the socket's owner by the
 * kernel's word is root or the configured user.  When the path was taken
 * from the environment (never in a setuid program) our own uid will do too.
 * However often it is interrupted, deadline (tr_boottime()) ends it.
 */
krb5_error_code tr_connection_open(int64_t deadline,
                                   struct tr_connection **connection_out);
void tr_connection_close(struct tr_connection *connection);

/* An idle one that the caller may use, or NULL; those that nobody can use any
 * more are closed. */
struct tr_connection *tr_connection_take(void);
/* Give back one whose call has been answered; it is taken over. */
void tr_connection_keep(struct tr_connection *connection);

/* In the child of a fork, which has one thread: all are the parent's. */
void tr_connection_after_fork(struct tr_connections *all);
/* The library goes: close the idle ones.  The mutex is held; no other one is
 * waited for, so pages stay. */
void tr_connection_drop_idle(struct tr_connections *all);

#endif
