/* tests/glue/connections.c - what the plugin keeps open to trustrealmd */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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

/* The application uses these numbers for something, or will. */
static void
standard_descriptors_are_left_alone(void)
{
    expect(close(STDIN_FILENO) == 0 && close(STDOUT_FILENO) == 0);
    one_context();
    expect(only_connection() > STDERR_FILENO);
    expect(fcntl(STDIN_FILENO, F_GETFD) < 0);
    expect(fcntl(STDOUT_FILENO, F_GETFD) < 0);
}

#define FEW 64

/* Leave so many numbers free for the context, one after the other. */
static void
leave_descriptors(int n)
{
    struct rlimit limit = { FEW, FEW };
    int fd, highest = -1;

    expect(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    while ((fd = open("/dev/null", O_RDONLY)) >= 0)
        highest = fd;
    while (n-- > 0)
        expect(close(highest--) == 0);
}

/* A context with n descriptors: labelled, or none at all.  One that only just
 * fails leaves the process as it was. */
static bool
makes_a_context_with(int n)
{
    gss_name_t target = service_name("sample");
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER, reply = GSS_C_EMPTY_BUFFER;
    struct pair p = { .initiator = GSS_C_NO_CONTEXT };
    OM_uint32 major;
    char *label;

    leave_descriptors(n);
    be_initiator();
    major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &p.initiator,
                                 target, krb5_mech(), 0, 0, NULL, NULL, NULL,
                                 &token, NULL, NULL);
    if (GSS_ERROR(major)) {
        expect(token.length == 0);
        return false;
    }
    be_acceptor();
    major = gss_accept_sec_context(&minor, &p.acceptor, GSS_C_NO_CREDENTIAL,
                                   &token, NULL, NULL, NULL, &reply, NULL,
                                   NULL, NULL);
    if (GSS_ERROR(major))
        return false;
    label = inquire(p.acceptor, 3, 0);
    expect(strcmp(label, ESTABLISHED) == 0);
    return true;
}

static void
descriptors_run_out(void)
{
    int n, status, made = 0;
    pid_t pid;

    one_context();
    for (n = 0; n < 12; n++) {
        pid = fork();
        expect(pid >= 0);
        if (pid == 0)
            exit(makes_a_context_with(n) ? 10 : 0);
        expect(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
        if (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != 10)
            fail("with %d descriptors: status %d", n, status);
        made += WEXITSTATUS(status) == 10;
    }
    expect(made > 0 && made < 12);
}

const struct probe_case connection_cases[] = {
    { "contexts_share_a_connection", contexts_share_a_connection },
    { "connections_stay_with_their_process",
      connections_stay_with_their_process },
    { "connection_closed_by_the_application",
      connection_closed_by_the_application },
    { "standard_descriptors_are_left_alone",
      standard_descriptors_are_left_alone },
    { "descriptors_run_out", descriptors_run_out },
    { NULL, NULL }
};
