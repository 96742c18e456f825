/* tests/glue/connections.c - what the plugin keeps open to trustrealmd */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "glue.h"

/* The kernel's name of it. */
static uint64_t
cookie_of(int fd)
{
    uint64_t cookie;
    socklen_t length = sizeof(cookie);

    expect(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &length) == 0);
    return cookie;
}

static void
one_context(void)
{
    struct pair p;

    establish(&p, NULL);
    end(&p);
}

/* The one to the initiator's daemon. */
static int
only_connection(void)
{
    int fd = connection_after(-1, getenv("INITIATOR_SOCKET"));

    expect(fd >= 0);
    expect(connection_after(fd, getenv("INITIATOR_SOCKET")) < 0);
    return fd;
}

static void
contexts_share_a_connection(void)
{
    uint64_t cookie;
    int fd, i;

    one_context();
    fd = only_connection();
    cookie = cookie_of(fd);
    expect(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    for (i = 0; i < 5; i++)
        one_context();
    expect(only_connection() == fd && cookie_of(fd) == cookie);
}

/* A child opens its own, and the parent's goes on. */
static void
connections_stay_with_their_process(void)
{
    uint64_t cookie;
    int fd, status;
    pid_t pid;

    one_context();
    fd = only_connection();
    cookie = cookie_of(fd);
    pid = fork();
    expect(pid >= 0);
    if (pid == 0) {
        expect(connection_after(-1, getenv("INITIATOR_SOCKET")) < 0);
        one_context();
        expect(cookie_of(only_connection()) != cookie);
        exit(0);
    }
    expect(waitpid(pid, &status, 0) == pid && status == 0);
    one_context();
    expect(only_connection() == fd && cookie_of(fd) == cookie);
}

/* The application closes what it does not know, and may use the number. */
static void
connection_closed_by_the_application(void)
{
    int fds[2], fd;
    char octet;

    one_context();
    expect(close(only_connection()) == 0);
    one_context();
    fd = only_connection();
    expect(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds) == 0);
    expect(dup2(fds[0], fd) == fd && close(fds[0]) == 0);
    one_context();
    expect(only_connection() != fd);
    expect(recv(fds[1], &octet, 1, 0) < 0 && errno == EAGAIN);
    expect(send(fd, "x", 1, 0) == 1);
}

const struct probe_case connection_cases[] = {
    { "contexts_share_a_connection", contexts_share_a_connection },
    { "connections_stay_with_their_process",
      connections_stay_with_their_process },
    { "connection_closed_by_the_application",
      connection_closed_by_the_application },
    { NULL, NULL }
};
