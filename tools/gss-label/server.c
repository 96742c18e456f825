/* tools/gss-label/server.c - listen, and serve each connection */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Each connection has a process of its own, so that one that waits does not
 * hold up the others; with --once there is a single process.
 */

#include "config.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "gss-label.h"

#define DEFAULT_PORT "4444"
#define DEFAULT_TIMEOUT_MS 60000
#define MAX_CHILDREN 64

struct server {
    struct gl_acceptor acceptor;
    const char *address, *port, *service;
    unsigned long count;                        /* 0: without end */
    bool once;
    unsigned long ready_fd;                     /* 0: none */
    int wait_ms;                                /* 0: for ever */
    int listener;
};

static const char usage[] =
    "usage: gss-label server [OPTION...]\n\n"
    "  -p, --port PORT          to listen on (4444); 0: a free one\n"
    "  -a, --address ADDRESS    to listen on (any)\n"
    "  -S, --service NAME@HOST  accept for this service only\n"
    "  -m, --mech MECHANISM     krb5, trustrealm, spnego or "
    "spnego-default\n"
    "  -1, --once               serve one connection and exit\n"
    "  -n, --count N            serve N connections and exit\n"
    "      --ready-fd FD        write the port to FD when listening\n"
    "  -t, --timeout SECONDS    for each frame of a peer (60)\n"
    "  -w, --wait SECONDS       for a connection (no end)\n"
    "  -j, --json               one JSON object a line\n\n"
    "The key comes from the keytab that KRB5_KTNAME names.\n";

static const struct option options[] = {
    { "port", required_argument, NULL, 'p' },
    { "address", required_argument, NULL, 'a' },
    { "service", required_argument, NULL, 'S' },
    { "mech", required_argument, NULL, 'm' },
    { "once", no_argument, NULL, '1' },
    { "count", required_argument, NULL, 'n' },
    { "ready-fd", required_argument, NULL, 'r' },
    { "timeout", required_argument, NULL, 't' },
    { "wait", required_argument, NULL, 'w' },
    { "json", no_argument, NULL, 'j' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 }
};

static bool
take_option(void *self, int c, const char *arg)
{
    struct server *server = self;

    switch (c) {
    case 'p':
        server->port = arg;
        return gl_is_port(arg);
    case 'a':
        server->address = arg;
        return true;
    case 'S':
        server->service = arg;
        return true;
    case 'm':
        server->acceptor.mechanism = gl_mechanism_find(arg);
        return server->acceptor.mechanism != NULL;
    case '1':
        server->once = true;
        server->count = 1;
        return true;
    case 'n':
        return gl_parse_number(arg, 1, UINT32_MAX, &server->count);
    case 'r':
        return gl_parse_number(arg, 1, INT_MAX, &server->ready_fd);
    case 't':
        return gl_parse_seconds(arg, &server->acceptor.timeout_ms) &&
            server->acceptor.timeout_ms > 0;
    case 'w':
        return gl_parse_seconds(arg, &server->wait_ms);
    case 'j':
        server->acceptor.output.json = true;
        return true;
    default:
        return false;
    }
}

static const struct gl_command command = {
    "server", usage, "p:a:S:m:1n:t:w:jh", options, take_option
};

/* -1 to go on, or the exit status. */
static int
parse(struct server *server, int argc, char **argv)
{
    int status = gl_take_options(&command, server, argc, argv);

    if (status < 0 && optind != argc)
        return gl_usage(&command, "too many arguments");
    return status;
}

static void
report_connection(struct server *server, unsigned long number,
                  const struct sockaddr *address, socklen_t length)
{
    char host[NI_MAXHOST] = "", port[NI_MAXSERV] = "";

    (void)getnameinfo(address, length, host, sizeof(host), port, sizeof(port),
                      NI_NUMERICHOST | NI_NUMERICSERV);
    gl_report(&server->acceptor.output,
              json_pack("{s:s, s:I, s:s, s:s}", "event", "connection",
                        "number", (json_int_t)number, "from", host,
                        "port", port));
}

/* Wait for a child when block, else only look; keep the worst status. */
static void
reap(size_t *children, enum gl_status *worst, bool block)
{
    enum gl_status status;
    int state;

    while (*children > 0 &&
           waitpid(-1, &state, block ? 0 : WNOHANG) > 0) {
        status = WIFEXITED(state) ? (enum gl_status)WEXITSTATUS(state) :
            GL_SYSTEM;
        if (status > *worst)
            *worst = status;
        (*children)--;
        if (block)
            return;
    }
}

static bool
start_child(struct server *server, int fd)
{
    pid_t parent = getpid(), pid;

    pid = fork();
    if (pid == 0) {
        /* Children end with the server. */
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent)
            _exit(GL_SYSTEM);
        close(server->listener);
        exit(gl_serve(&server->acceptor, fd));
    }
    if (pid < 0)
        gl_report_error(&server->acceptor.output, "fork", errno);
    close(fd);
    return pid > 0;
}

static enum gl_status
serve_all(struct server *server)
{
    struct pollfd p = { .fd = server->listener, .events = POLLIN };
    enum gl_status worst = GL_DELIVERED;
    struct sockaddr_storage address;
    unsigned long number = 0;
    size_t children = 0;
    socklen_t length;
    int fd;

    while (server->count == 0 || number < server->count) {
        reap(&children, &worst, children >= MAX_CHILDREN);
        if (server->wait_ms > 0 && poll(&p, 1, server->wait_ms) == 0) {
            gl_report_error(&server->acceptor.output, "no connection",
                            ETIMEDOUT);
            worst = GL_SYSTEM;
            break;
        }
        length = sizeof(address);
        fd = accept4(server->listener, (struct sockaddr *)&address, &length,
                     SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EINTR || errno == ECONNABORTED)
                continue;
            gl_report_error(&server->acceptor.output, "accept", errno);
            worst = GL_SYSTEM;
            break;
        }
        report_connection(server, ++number, (struct sockaddr *)&address,
                          length);
        if (server->once)
            return gl_serve(&server->acceptor, fd);
        if (start_child(server, fd))
            children++;
        else
            worst = GL_SYSTEM;
    }
    while (children > 0)
        reap(&children, &worst, true);
    return worst;
}

static enum gl_status
report_listening(struct server *server)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    char port[NI_MAXSERV] = "";
    unsigned long number = 0;

    if (getsockname(server->listener, (struct sockaddr *)&address,
                    &length) != 0 ||
        getnameinfo((struct sockaddr *)&address, length, NULL, 0, port,
                    sizeof(port), NI_NUMERICSERV) != 0 ||
        !gl_parse_number(port, 0, UINT16_MAX, &number)) {
        gl_report_error(&server->acceptor.output, "getsockname", errno);
        return GL_SYSTEM;
    }
    if (server->acceptor.output.json) {
        gl_report(&server->acceptor.output,
                  json_pack("{s:s, s:I}", "event", "listening",
                            "port", (json_int_t)number));
    } else {
        printf("listening on %s\n", port);
        fflush(stdout);
    }
    if (server->ready_fd != 0) {
        (void)dprintf((int)server->ready_fd, "%s\n", port);
        close((int)server->ready_fd);
    }
    return GL_DELIVERED;
}

static enum gl_status
listen_on(struct server *server)
{
    struct addrinfo hints = {
        .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE
    };
    struct addrinfo *list, *ai;
    int code, fd = -1, on = 1;

    code = getaddrinfo(server->address, server->port, &hints, &list);
    if (code != 0) {
        gl_report_address(&server->acceptor.output, "getaddrinfo",
                          server->address, server->port, gai_strerror(code));
        return GL_SYSTEM;
    }
    for (ai = list; ai != NULL; ai = ai->ai_next) {
        fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC, 0);
        if (fd < 0)
            continue;
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 &&
            listen(fd, MAX_CHILDREN) == 0)
            break;
        code = errno;
        close(fd);
        fd = -1;
        errno = code;
    }
    freeaddrinfo(list);
    if (fd < 0) {
        gl_report_address(&server->acceptor.output, "listen",
                          server->address, server->port, strerror(errno));
        return GL_SYSTEM;
    }
    server->listener = fd;
    return report_listening(server);
}

static enum gl_status
run(struct server *server)
{
    struct gl_acceptor *acceptor = &server->acceptor;
    enum gl_status status;

    status = gl_acquire_acceptor(&acceptor->output, server->service,
                                 acceptor->mechanism, &acceptor->cred);
    if (status == GL_DELIVERED)
        status = listen_on(server);
    if (status == GL_DELIVERED)
        status = serve_all(server);
    return status;
}

int
gl_server(int argc, char **argv)
{
    struct server server = {
        .acceptor = {
            .output = { stdout, false }, .timeout_ms = DEFAULT_TIMEOUT_MS,
            .cred = GSS_C_NO_CREDENTIAL
        },
        .port = DEFAULT_PORT, .listener = -1
    };
    OM_uint32 minor;
    int status;

    status = parse(&server, argc, argv);
    if (status < 0)
        status = run(&server);
    if (server.listener >= 0)
        close(server.listener);
    (void)gss_release_cred(&minor, &server.acceptor.cred);
    return status;
}
