/* mech/service/server.c - connections of plugins, and what each may use */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A connection carries one call at a time and is closed when it idles, sends
 * out of turn or does not read its answers: then nothing need be kept for a
 * slow or hostile program but the connection itself, and of those each user
 * has a bounded number.  Programs keep theirs for the next call and open
 * another when it was closed: so when there is no room for a new one, the one
 * that has been idle longest is closed.  A connection that ends while its call
 * is being answered (the KDC is asked) stays as a dead one until then.  So
 * does one on which the page was sent and not taken yet: the kernel lets a
 * user have only so many descriptors under way, and this user is the daemon.
 *
 * What the event loop reports as ready at a time is a round, in which each
 * user may have as many calls read as the others.
 */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include "daemon.h"
#include "peer.h"
#include "trustrealm_err.h"

#define DESCRIPTORS_KEPT 96     /* for all but connections */
#define SPARE_CONNECTIONS 64    /* kept for the next ones */
#define ACCEPTED_AT_ONCE 128    /* before those have their turn */

struct connection {
    struct tr_server *server;
    int fd;                     /* -1: dead */
    bool busy;                  /* a call is being answered */
    bool has_page;              /* its descriptor has been sent */
    bool held;                  /* until that has been taken */
    struct event event;
    struct tr_share share;
    struct tr_request request;
    struct connection *next, **link;    /* of all, or of the spare ones */
};

struct tr_server {
    struct tr_service *service;
    struct tr_listener *listener;
    struct tr_discard *discard;
    struct event *accepting, *resume, *round;
    bool in_round;
    struct tr_quotas *quotas;
    const struct timeval *idle; /* a libevent common timeout */
    struct connection *all, *spare;
    size_t nall, nspare, nbusy;
    uint8_t packet[TR_MAX_CALL];
};

size_t
tr_server_connections(const struct tr_server *server)
{
    return server->nall;
}

size_t
tr_server_requests(const struct tr_server *server)
{
    return server->nbusy;
}

/* What is refused before there is a call. */
static void
record(struct tr_server *server, krb5_error_code code,
       const struct tr_caller *caller)
{
    struct tr_audit_record entry = {
        .event = "connect", .code = code, .text = error_message(code),
        .table_age = -1, .caller = caller
    };

    tr_audit_write(server->service->audit, &entry);
}

/* Tell a program why it is not served, so that it need not guess. */
static void
say_why(int fd, krb5_error_code code)
{
    struct tr_reply reply = { .type = TR_REPLY_REFUSED };
    uint8_t *octets = NULL;
    size_t length;

    reply.u.refused.code = code;
    reply.u.refused.text = (char *)error_message(code);
    if (tr_wire_encode(TR_WIRE_REPLY, &reply, &octets, &length) == 0)
        (void)tr_peer_send(fd, octets, length, -1);
    free(octets);
}

/* --- one connection ----------------------------------------------------- */

static struct connection *
take_spare(struct tr_server *server)
{
    struct connection *connection = server->spare;

    if (connection == NULL)
        return malloc(sizeof(*connection));
    server->spare = connection->next;
    server->nspare--;
    return connection;
}

static void
give_spare(struct tr_server *server, struct connection *connection)
{
    if (server->nspare == SPARE_CONNECTIONS) {
        free(connection);
        return;
    }
    connection->next = server->spare;
    server->spare = connection;
    server->nspare++;
}

static void
drop_connection(struct connection *connection)
{
    struct tr_server *server = connection->server;

    if (connection->held)
        tr_quota_release(server->quotas, &connection->share);
    connection->held = false;
    if (connection->fd >= 0) {
        event_del(&connection->event);
        tr_discard_close(server->discard, connection->fd);
        connection->fd = -1;
    }
    if (connection->busy)
        return;
    *connection->link = connection->next;
    if (connection->next != NULL)
        connection->next->link = connection->link;
    server->nall--;
    tr_quota_disconnect(server->quotas, &connection->share);
    tr_peer_clear(&connection->request.caller);
    give_spare(server, connection);
}

static void
on_held(evutil_socket_t fd, short what, void *arg)
{
    struct connection *connection = arg;

    if (!tr_peer_has_unread(connection->fd))
        drop_connection(connection);
}

/* Nothing tells when it is read: look again and again. */
static void
hold_connection(struct connection *connection)
{
    struct tr_server *server = connection->server;

    connection->held = true;
    tr_quota_hold(server->quotas, &connection->share);
    if (event_assign(&connection->event, server->service->base, -1, EV_PERSIST,
                     on_held, connection) != 0 ||
        event_add(&connection->event, server->idle) != 0)
        drop_connection(connection);
}

static void
close_connection(struct connection *connection)
{
    if (connection->fd < 0 || !connection->has_page ||
        !tr_peer_has_unread(connection->fd)) {
        drop_connection(connection);
        return;
    }
    /* Who waits for an answer is told that none will come. */
    (void)shutdown(connection->fd, SHUT_RDWR);
    event_del(&connection->event);
    if (!connection->busy)
        hold_connection(connection);
}

static bool
begin_call(struct connection *connection)
{
    connection->busy = true;
    connection->server->nbusy++;
    return tr_quota_begin(connection->server->quotas, &connection->share);
}

static void
end_call(struct connection *connection)
{
    connection->busy = false;
    connection->server->nbusy--;
    tr_quota_end(connection->server->quotas, &connection->share);
}

void
tr_connection_answer(void *arg, const uint8_t *octets, size_t length, int fd,
                     bool last)
{
    struct connection *connection = arg;

    if (connection->has_page)
        fd = -1;
    if (connection->fd >= 0 && length > 0 &&
        tr_peer_send(connection->fd, octets, length, fd) != 0)
        last = true;
    connection->has_page |= fd >= 0;
    end_call(connection);
    if (last || connection->fd < 0)
        close_connection(connection);
}

/* Now, or when the event loop reports the connection again.  The end of the
 * round comes after all that it has reported now. */
static bool
has_turn(struct connection *connection)
{
    struct tr_server *server = connection->server;

    if (!server->in_round)
        event_active(server->round, 0, 0);
    server->in_round = true;
    return tr_quota_turn(server->quotas, &connection->share);
}

static void
on_round(evutil_socket_t fd, short what, void *arg)
{
    struct tr_server *server = arg;

    server->in_round = false;
    tr_quota_next_round(server->quotas);
}

/* A packet, the end of the connection, or nothing. */
static void
receive(struct connection *connection)
{
    struct tr_server *server = connection->server;
    size_t length;
    krb5_error_code ret;

    if (!has_turn(connection))
        return;
    ret = tr_peer_receive(connection->fd, &connection->request.caller,
                          server->packet, sizeof(server->packet), &length);
    if (ret == EAGAIN)
        return;
    if (ret == TRR_CALLER || ret == TRR_TOO_LONG) {
        record(server, ret, &connection->request.caller);
        say_why(connection->fd, ret);
    }
    if (ret != 0 || connection->busy) {
        close_connection(connection);
        return;
    }
    /* Both answer, perhaps at once: connection may be gone afterwards. */
    if (begin_call(connection))
        tr_request_dispatch(&connection->request, server->packet, length);
    else
        tr_request_busy(&connection->request);
}

static void
on_connection(evutil_socket_t fd, short what, void *arg)
{
    struct connection *connection = arg;

    if (what & EV_READ)
        receive(connection);
    else if (!connection->busy)
        close_connection(connection);
}

/* --- new ones ----------------------------------------------------------- */

/*
 * Those whom the policy gives no label count as one user: they get nothing
 * but a refusal, and in a user namespace anybody has uids by the thousand.
 */
static uid_t
counted_as(const struct tr_server *server, const struct tr_caller *caller)
{
    struct tr_process process;

    if (caller->uid != 0 &&
        tr_tcb_process(server->service->tcb, caller, &process) == TRR_NO_LABEL)
        return TR_UID_NOBODY;
    return caller->uid;
}

/* Have connection counted, even if others have to go that are idle. */
static krb5_error_code
make_room(struct tr_server *server, struct connection *connection)
{
    uid_t uid = counted_as(server, &connection->request.caller);
    struct tr_share *idlest;
    krb5_error_code ret;

    connection->share.connection = connection;
    for (;;) {
        ret = tr_quota_connect(server->quotas, uid, &connection->share);
        if (ret != TRR_DAEMON_BUSY)
            return ret;
        idlest = tr_quota_idlest(server->quotas, uid);
        if (idlest == NULL)
            return ret;
        close_connection(idlest->connection);
    }
}

/* Sets up all of connection but its place in the list. */
static krb5_error_code
set_up(struct tr_server *server, struct connection *connection, int fd)
{
    struct tr_request *request = &connection->request;
    krb5_error_code ret;

    memset(connection, 0, sizeof(*connection));
    connection->server = server;
    connection->fd = fd;
    request->service = server->service;
    request->connection = connection;
    ret = tr_peer_identify(fd, &request->caller);
    if (ret) {
        record(server, ret, NULL);
        return ret;
    }
    ret = make_room(server, connection);
    if (ret) {
        record(server, ret, &request->caller);
        return ret;
    }
    if (event_assign(&connection->event, server->service->base, fd,
                     EV_READ | EV_PERSIST, on_connection, connection) != 0 ||
        event_add(&connection->event, server->idle) != 0)
        return ENOMEM;
    return 0;
}

static void
open_connection(struct tr_server *server, int fd)
{
    struct connection *connection;
    krb5_error_code ret;

    connection = take_spare(server);
    if (connection == NULL) {
        tr_discard_close(server->discard, fd);
        return;
    }
    ret = set_up(server, connection, fd);
    if (ret) {
        if (connection->share.quota != NULL)
            tr_quota_disconnect(server->quotas, &connection->share);
        tr_peer_clear(&connection->request.caller);
        give_spare(server, connection);
        say_why(fd, ret);
        tr_discard_close(server->discard, fd);
        return;
    }
    connection->next = server->all;
    if (connection->next != NULL)
        connection->next->link = &connection->next;
    connection->link = &server->all;
    server->all = connection;
    server->nall++;
    /* Most programs have sent their call by now. */
    receive(connection);
}

static void
on_accept(evutil_socket_t listening, short what, void *arg)
{
    static const struct timeval pause = { 0, 100000 };
    struct tr_server *server = arg;
    int fd, i;

    /* Those who are connected have their turns in between. */
    for (i = 0; i < ACCEPTED_AT_ONCE; i++) {
        fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            break;
        open_connection(server, fd);
    }
    if (fd >= 0)
        return;
    /* Out of descriptors or memory: a ready listener would spin. */
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ECONNABORTED &&
        errno != EINTR) {
        tr_log(server->service->audit, LOG_ERR, "accept: %s",
               strerror(errno));
        event_del(server->accepting);
        event_add(server->resume, &pause);
    }
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
    struct tr_server *server = arg;

    event_add(server->accepting, NULL);
}

/* --- the whole ---------------------------------------------------------- */

/* As many connections as there may be descriptors, but for those kept. */
static size_t
connection_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return TR_CONNECTIONS_FOR_ROOT;
    if (limit.rlim_cur < limit.rlim_max && limit.rlim_cur < 65536) {
        limit.rlim_cur = limit.rlim_max > 65536 ? 65536 : limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur < DESCRIPTORS_KEPT + 2 * TR_CONNECTIONS_FOR_ROOT)
        return TR_CONNECTIONS_FOR_ROOT;
    return (size_t)limit.rlim_cur - DESCRIPTORS_KEPT;
}

krb5_error_code
tr_server_create(struct tr_service *service, struct tr_children *children,
                 struct tr_server **server_out)
{
    static const struct timeval idle = { TR_IDLE_CONNECTION_S, 0 };
    struct tr_server *server;
    krb5_error_code ret;

    *server_out = NULL;
    server = calloc(1, sizeof(*server));
    if (server == NULL)
        return ENOMEM;
    server->service = service;
    ret = tr_quotas_create(connection_limit(), &server->quotas);
    if (ret == 0)
        ret = tr_discard_create(service->base, children, &server->discard);
    if (ret == 0)
        ret = tr_listener_open(service->config->socket, &server->listener);
    if (ret)
        goto cleanup;
    ret = ENOMEM;
    server->idle = event_base_init_common_timeout(service->base, &idle);
    server->accepting = event_new(service->base,
                                  tr_listener_fd(server->listener),
                                  EV_READ | EV_PERSIST, on_accept, server);
    server->resume = evtimer_new(service->base, on_resume, server);
    server->round = event_new(service->base, -1, 0, on_round, server);
    if (server->idle == NULL || server->accepting == NULL ||
        server->resume == NULL || server->round == NULL)
        goto cleanup;
    *server_out = server;
    return 0;

cleanup:
    tr_server_free(server);
    return ret;
}

krb5_error_code
tr_server_start(struct tr_server *server)
{
    return event_add(server->accepting, NULL) == 0 ? 0 : ENOMEM;
}

/* Calls that are still being answered must not be answered afterwards. */
void
tr_server_free(struct tr_server *server)
{
    struct connection *connection;

    if (server == NULL)
        return;
    if (server->accepting != NULL)
        event_free(server->accepting);
    if (server->resume != NULL)
        event_free(server->resume);
    if (server->round != NULL)
        event_free(server->round);
    while (server->all != NULL) {
        connection = server->all;
        if (connection->busy) {
            tr_wire_free(TR_WIRE_CALL, &connection->request.call);
            end_call(connection);
        }
        drop_connection(connection);
    }
    while (server->spare != NULL) {
        connection = server->spare;
        server->spare = connection->next;
        free(connection);
    }
    tr_listener_close(server->listener, server->discard);
    tr_discard_free(server->discard);
    tr_quotas_free(server->quotas);
    free(server);
}
