/* mech/service/discard.c - close sockets that hold strangers' descriptors */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A packet may bring descriptors, and the kernel closes those that nobody
 * takes in the process that reads the packet or closes the socket.  That may
 * last as long as their sender likes: a TCP connection, say, lingers for its
 * last data.  But in a process that ends nothing lingers.  So such packets are
 * not read (peer.c), and their sockets are left, several at a time, to a child
 * that does nothing but end when it is the only one that still has them.
 */

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <event2/event.h>
#include "daemon.h"
#include "peer.h"

#define SOCKETS 32              /* for one child */

struct tr_discard {
    struct tr_children *children;
    struct event *soon;
    int fds[SOCKETS];
    size_t count;
};

/* In the child: wait until the parent has closed its copies. */
static void __attribute__((noreturn))
outlive(const int gate[2])
{
    char octet;

    (void)setpgid(0, 0);
    (void)close(gate[1]);
    while (read(gate[0], &octet, 1) < 0 && errno == EINTR)
        continue;
    _exit(0);
}

/* The child must not run the handlers of the parent's signals. */
static krb5_error_code
start_child(struct tr_children *children, const int gate[2])
{
    struct tr_child *child;
    sigset_t all, old;
    krb5_error_code ret;

    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &old);
    ret = tr_child_fork(children, &child);
    if (ret == 0 && child == NULL)
        outlive(gate);
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
    return ret;
}

static void
close_all(struct tr_discard *discard)
{
    while (discard->count > 0)
        close(discard->fds[--discard->count]);
}

/* Without a child they are closed here: kept, they would use up all
 * descriptors. */
static void
flush(struct tr_discard *discard)
{
    int gate[2];

    if (discard->count == 0)
        return;
    if (pipe2(gate, O_CLOEXEC) != 0) {
        close_all(discard);
        return;
    }
    (void)start_child(discard->children, gate);
    close_all(discard);
    close(gate[0]);
    close(gate[1]);
}

static void
on_soon(evutil_socket_t fd, short what, void *arg)
{
    flush(arg);
}

krb5_error_code
tr_discard_create(struct event_base *base, struct tr_children *children,
                  struct tr_discard **discard_out)
{
    struct tr_discard *discard;

    *discard_out = NULL;
    discard = calloc(1, sizeof(*discard));
    if (discard == NULL)
        return ENOMEM;
    discard->children = children;
    discard->soon = evtimer_new(base, on_soon, discard);
    if (discard->soon == NULL) {
        free(discard);
        return ENOMEM;
    }
    *discard_out = discard;
    return 0;
}

void
tr_discard_free(struct tr_discard *discard)
{
    if (discard == NULL)
        return;
    flush(discard);
    event_free(discard->soon);
    free(discard);
}

void
tr_discard_socket(struct tr_discard *discard, int fd)
{
    static const struct timeval soon = { 0, 20000 };

    discard->fds[discard->count++] = fd;
    if (discard->count == SOCKETS || event_add(discard->soon, &soon) != 0)
        flush(discard);
}

void
tr_discard_close(struct tr_discard *discard, int fd)
{
    if (!tr_peer_close(fd))
        tr_discard_socket(discard, fd);
}
