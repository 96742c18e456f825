/* tools/gss-label/server.c - accept contexts, take messages, answer them */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Each connection has a process of its own, so that one that waits does not
 * hold up the others; with --once there is a single process.
 */

#include "config.h"

#include <errno.h>
#include <getopt.h>
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
    struct gl_output output;
    const char *address, *port, *service;
    const struct gl_mechanism *mechanism;       /* NULL: any */
    unsigned long count;                        /* 0: without end */
    bool once;
    unsigned long ready_fd;                     /* 0: none */
    int timeout_ms, wait_ms;                    /* 0: wait for ever */

    int listener;
    gss_cred_id_t cred;
};

struct connection {
    struct server *server;
    int fd;
    gss_ctx_id_t context;
    gss_cred_id_t delegated;
};

static void
usage(FILE *stream)
{
    fputs("usage: gss-label server [OPTION...]\n\n"
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
          "The key comes from the keytab that KRB5_KTNAME names.\n", stream);
}

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
take_option(struct server *server, int c, const char *arg)
{
    switch (c) {
    case 'p':
        server->port = arg;
        return true;
    case 'a':
        server->address = arg;
        return true;
    case 'S':
        server->service = arg;
        return true;
    case 'm':
        server->mechanism = gl_mechanism_find(arg);
        return server->mechanism != NULL;
    case '1':
        server->once = true;
        server->count = 1;
        return true;
    case 'n':
        return gl_parse_number(arg, UINT32_MAX, &server->count);
    case 'r':
        return gl_parse_number(arg, 65535, &server->ready_fd);
    case 't':
        return gl_parse_seconds(arg, &server->timeout_ms) &&
            server->timeout_ms > 0;
    case 'w':
        return gl_parse_seconds(arg, &server->wait_ms);
    case 'j':
        server->output.json = true;
        return true;
    default:
        return false;
    }
}

/* -1 to go on, or the exit status. */
static int
parse(struct server *server, int argc, char **argv)
{
    int c;

    while ((c = getopt_long(argc, argv, "p:a:S:m:1n:t:w:jh", options,
                            NULL)) != -1) {
        if (c == 'h') {
            usage(stdout);
            return GL_DELIVERED;
        }
        if (c == '?' || !take_option(server, c, optarg)) {
            if (c != '?')
                fprintf(stderr, "gss-label server: invalid '%s'\n", optarg);
            usage(stderr);
            return GL_USAGE;
        }
    }
    if (optind != argc) {
        usage(stderr);
        return GL_USAGE;
    }
    return -1;
}

/* --- one connection ------------------------------------------------------ */

static enum gl_status
send_frame(struct connection *conn, uint8_t type,
           const gss_buffer_desc *payload)
{
    if (gl_frame_send(conn->fd, conn->server->timeout_ms, type,
                      payload) != GL_IO_OK) {
        gl_report_error(&conn->server->output, "send", errno);
        return GL_SYSTEM;
    }
    return GL_DELIVERED;
}

/* The peer learns that it was refused, not why. */
static enum gl_status
refuse(struct connection *conn)
{
    gss_buffer_desc nothing = GSS_C_EMPTY_BUFFER;
    enum gl_status status;

    status = send_frame(conn, GL_FRAME_REFUSED, &nothing);
    return status == GL_DELIVERED ? GL_REFUSED : status;
}

static enum gl_status
fail_gss(struct connection *conn, const char *call, OM_uint32 major,
         OM_uint32 minor)
{
    const struct gl_mechanism *mechanism = conn->server->mechanism;

    if (mechanism == NULL)
        mechanism = gl_mechanism_find("krb5");
    gl_report_gss(&conn->server->output, call, major, minor, mechanism->oid);
    return GL_REFUSED;
}

/* One token in, at most one out. */
static enum gl_status
accept_token(struct connection *conn, OM_uint32 *major_out)
{
    gss_buffer_desc in = GSS_C_EMPTY_BUFFER, out = GSS_C_EMPTY_BUFFER;
    enum gl_status status = GL_DELIVERED;
    OM_uint32 minor, ignored;
    uint8_t type = 0;
    enum gl_io io;

    io = gl_frame_receive(conn->fd, conn->server->timeout_ms, &type, &in);
    if (io != GL_IO_OK || type != GL_FRAME_CONTEXT) {
        gl_report_error(&conn->server->output, "no context token",
                        io == GL_IO_FAILED ? errno : 0);
        (void)gss_release_buffer(&ignored, &in);
        return GL_SYSTEM;
    }
    *major_out = gss_accept_sec_context(&minor, &conn->context,
                                        conn->server->cred, &in,
                                        GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL,
                                        &out, NULL, NULL, &conn->delegated);
    if (GSS_ERROR(*major_out))
        status = fail_gss(conn, "gss_accept_sec_context", *major_out, minor);
    if (out.length > 0) {
        if (send_frame(conn, GL_FRAME_CONTEXT, &out) != GL_DELIVERED)
            status = GL_SYSTEM;
    } else if (status == GL_REFUSED) {
        (void)refuse(conn);
    }
    (void)gss_release_buffer(&ignored, &in);
    (void)gss_release_buffer(&ignored, &out);
    return status;
}

/* The label that we saw and the length, protected as the message was. */
static enum gl_status
answer(struct connection *conn, const struct gl_protection *protection,
       json_t *content)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER, payload = GSS_C_EMPTY_BUFFER;
    enum gl_status status;
    OM_uint32 major, minor, ignored;

    if (strcmp(protection->name, "none") == 0)
        protection = gl_protection_find("integrity");
    text.value = json_dumps(content, JSON_COMPACT);
    if (text.value == NULL) {
        gl_report_error(&conn->server->output, "reply", ENOMEM);
        return GL_SYSTEM;
    }
    text.length = strlen(text.value);
    major = protection->protect(&minor, conn->context,
                                protection->confidential, &text, &payload);
    free(text.value);
    if (major != GSS_S_COMPLETE) {
        (void)fail_gss(conn, "protect reply", major, minor);
        return refuse(conn);
    }
    status = send_frame(conn, GL_FRAME_REPLY + protection->number, &payload);
    (void)gss_release_buffer(&ignored, &payload);
    return status;
}

static enum gl_status
take_message(struct connection *conn, unsigned long number,
             const struct gl_protection *protection, gss_buffer_t payload)
{
    gss_buffer_desc message = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor, ignored;
    enum gl_status status;
    json_t *event, *content;
    bool conf = false;

    major = protection->unprotect(&minor, conn->context, payload, &message,
                                  &conf);
    if (gl_refused(major)) {
        (void)gss_release_buffer(&ignored, &message);
        (void)fail_gss(conn, protection->name, major, minor);
        return refuse(conn);
    }
    content = json_pack("{s:I, s:s, s:b}", "length",
                        (json_int_t)message.length,
                        "protection", protection->name,
                        "confidential", conf);
    /* An unprotected message has no label: it may be anybody's. */
    if (strcmp(protection->name, "none") != 0)
        gl_add_message_label(content, conn->context);
    event = json_pack("{s:s, s:s, s:I}", "event", "message",
                      "direction", "received", "number", (json_int_t)number);
    json_object_update(event, content);
    gl_add_message(event, &message);
    gl_report(&conn->server->output, event);
    status = answer(conn, protection, content);
    json_decref(content);
    (void)gss_release_buffer(&ignored, &message);
    return status;
}

/* Until the peer closes; a message refused does not end the connection. */
static enum gl_status
take_messages(struct connection *conn)
{
    const struct gl_protection *protection;
    enum gl_status status = GL_DELIVERED, worst = GL_DELIVERED;
    gss_buffer_desc payload;
    unsigned long number = 0;
    uint8_t type = 0;
    OM_uint32 minor;
    enum gl_io io;

    while (status != GL_SYSTEM) {
        io = gl_frame_receive(conn->fd, conn->server->timeout_ms, &type,
                              &payload);
        if (io == GL_IO_CLOSED)
            break;
        protection = io == GL_IO_OK ? gl_protection_by_number(type) : NULL;
        if (protection == NULL) {
            gl_report_error(&conn->server->output, "no message",
                            io == GL_IO_FAILED ? errno : 0);
            (void)gss_release_buffer(&minor, &payload);
            return GL_SYSTEM;
        }
        status = take_message(conn, ++number, protection, &payload);
        (void)gss_release_buffer(&minor, &payload);
        if (status > worst)
            worst = status;
    }
    return worst;
}

static enum gl_status
serve(struct server *server, int fd)
{
    struct connection conn = {
        server, fd, GSS_C_NO_CONTEXT, GSS_C_NO_CREDENTIAL
    };
    OM_uint32 major = GSS_S_CONTINUE_NEEDED, minor;
    enum gl_status status = GL_DELIVERED;

    gl_frame_prepare(fd);
    while (status == GL_DELIVERED && (major & GSS_S_CONTINUE_NEEDED))
        status = accept_token(&conn, &major);
    if (status == GL_DELIVERED) {
        gl_report_context(&server->output, conn.context, conn.delegated);
        status = take_messages(&conn);
    }
    (void)gss_delete_sec_context(&minor, &conn.context, GSS_C_NO_BUFFER);
    (void)gss_release_cred(&minor, &conn.delegated);
    close(fd);
    return status;
}

/* --- all connections ----------------------------------------------------- */

static void
report_connection(struct server *server, unsigned long number,
                  const struct sockaddr *address, socklen_t length)
{
    char host[NI_MAXHOST] = "", port[NI_MAXSERV] = "";

    (void)getnameinfo(address, length, host, sizeof(host), port, sizeof(port),
                      NI_NUMERICHOST | NI_NUMERICSERV);
    gl_report(&server->output,
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
        exit(serve(server, fd));
    }
    if (pid < 0)
        gl_report_error(&server->output, "fork", errno);
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
            gl_report_error(&server->output, "no connection", ETIMEDOUT);
            worst = GL_SYSTEM;
            break;
        }
        length = sizeof(address);
        fd = accept4(server->listener, (struct sockaddr *)&address, &length,
                     SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EINTR || errno == ECONNABORTED)
                continue;
            gl_report_error(&server->output, "accept", errno);
            worst = GL_SYSTEM;
            break;
        }
        report_connection(server, ++number, (struct sockaddr *)&address,
                          length);
        if (server->once)
            return serve(server, fd);
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
        !gl_parse_number(port, 65535, &number)) {
        gl_report_error(&server->output, "getsockname", errno);
        return GL_SYSTEM;
    }
    if (server->output.json) {
        gl_report(&server->output,
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
        gl_report_error(&server->output, gai_strerror(code), 0);
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
        gl_report_error(&server->output, "listen", errno);
        return GL_SYSTEM;
    }
    server->listener = fd;
    return report_listening(server);
}

static enum gl_status
run(struct server *server)
{
    gss_name_t name = GSS_C_NO_NAME;
    enum gl_status status = GL_DELIVERED;
    OM_uint32 minor;

    if (server->service != NULL)
        status = gl_import_name(&server->output, server->service, &name);
    if (status == GL_DELIVERED &&
        (server->service != NULL || server->mechanism != NULL)) {
        status = gl_acquire(&server->output, name, server->mechanism,
                            GSS_C_ACCEPT, NULL, &server->cred);
    }
    (void)gss_release_name(&minor, &name);
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
        .output = { stdout, false }, .port = DEFAULT_PORT,
        .timeout_ms = DEFAULT_TIMEOUT_MS, .listener = -1,
        .cred = GSS_C_NO_CREDENTIAL
    };
    OM_uint32 minor;
    int status;

    status = parse(&server, argc, argv);
    if (status < 0)
        status = run(&server);
    if (server.listener >= 0)
        close(server.listener);
    (void)gss_release_cred(&minor, &server.cred);
    return status;
}
