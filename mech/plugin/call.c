/* mech/plugin/call.c - ask trustrealmd */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "boottime.h"
#include "call.h"
#include "connection.h"
#include "status.h"
#include "trustrealm_err.h"

/* --- the deadline -------------------------------------------------------- */

static krb5_error_code
late(void)
{
    return tr_detail(TRR_DAEMON_TIME, "trustrealmd did not answer within %d s",
                     TR_CALL_TIMEOUT_MS / 1000);
}

static krb5_error_code
wait_for(int fd, int64_t deadline)
{
    struct pollfd pfd = { .fd = fd, .events = POLLIN };
    int64_t left;
    int n;

    for (;;) {
        left = deadline - tr_boottime();
        if (left <= 0)
            return late();
        n = poll(&pfd, 1, (int)left);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return errno;
    }
}

/* --- one call ------------------------------------------------------------ */

/* The daemon hung up before it took the call, or is gone: a call that it took
 * is answered.  Never leaves this file. */
#define NOT_TAKEN EPIPE
/* All idle connections may lead to a daemon that is gone, and a new one to a
 * daemon that is about to stop. */
#define MAX_TRIES (TR_MAX_IDLE_CONNECTIONS + 2)

static krb5_error_code
lost(const char *why)
{
    return tr_detail(TRR_DAEMON_AWAY, "trustrealmd cannot be reached: %s",
                     why);
}

/*
 * Left to itself the kernel attaches the real uid, but connect() recorded the
 * effective one.  In a setuid program they differ, and trustrealmd wants every
 * packet to come from whoever connected.  The kernel lets nobody forge it.
 */
static ssize_t
send_as_effective_user(const struct tr_connection *connection,
                       const struct tr_bytes *octets)
{
    char control[CMSG_SPACE(sizeof(struct ucred))]
        __attribute__((aligned(__alignof__(struct cmsghdr))));
    struct iovec vec = { octets->data, octets->length };
    struct msghdr message = { .msg_iov = &vec, .msg_iovlen = 1,
                              .msg_control = control,
                              .msg_controllen = sizeof(control) };
    struct cmsghdr *header;

    memset(control, 0, sizeof(control));
    header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_CREDENTIALS;
    header->cmsg_len = CMSG_LEN(sizeof(struct ucred));
    memcpy(CMSG_DATA(header), &connection->opener.ids, sizeof(struct ucred));
    return sendmsg(connection->fd, &message, MSG_NOSIGNAL);
}

/* NOT_TAKEN when the daemon has hung up; it may have said why. */
static krb5_error_code
send_call(const struct tr_connection *connection,
          const struct tr_bytes *octets, int64_t deadline)
{
    ssize_t sent;

    do
        sent = send_as_effective_user(connection, octets);
    while (sent < 0 && errno == EINTR && tr_boottime() < deadline);
    if (sent >= 0)
        return 0;
    if (errno == EPIPE || errno == ECONNRESET)
        return NOT_TAKEN;
    return errno == EAGAIN || errno == EINTR ? late() : lost(strerror(errno));
}

/* Keep the first descriptor that came along, close what else there is. */
static int
take_descriptor(struct msghdr *message)
{
    struct cmsghdr *control;
    size_t i, n;
    int fd, kept = -1;

    for (control = CMSG_FIRSTHDR(message); control != NULL;
         control = CMSG_NXTHDR(message, control)) {
        if (control->cmsg_level != SOL_SOCKET ||
            control->cmsg_type != SCM_RIGHTS)
            continue;
        n = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (i = 0; i < n; i++) {
            memcpy(&fd, CMSG_DATA(control) + i * sizeof(int), sizeof(int));
            if (kept < 0)
                kept = fd;
            else
                (void)close(fd);
        }
    }
    return kept;
}

/* One packet, with the descriptor that came along or -1. */
static ssize_t
receive_packet(struct tr_connection *connection, int *fd_out)
{
    char control[CMSG_SPACE(4 * sizeof(int))]
        __attribute__((aligned(__alignof__(struct cmsghdr))));
    struct iovec vec = { connection->packet, sizeof(connection->packet) };
    struct msghdr message = { .msg_iov = &vec, .msg_iovlen = 1,
                              .msg_control = control,
                              .msg_controllen = sizeof(control) };
    ssize_t length = recvmsg(connection->fd, &message,
                             MSG_CMSG_CLOEXEC | MSG_TRUNC | MSG_DONTWAIT);

    *fd_out = length > 0 ? take_descriptor(&message) : -1;
    return length;
}

/* The answer, in the connection's packet. */
static krb5_error_code
receive(struct tr_connection *connection, int64_t deadline,
        size_t *length_out, int *fd_out)
{
    krb5_error_code ret;
    ssize_t length;

    do {
        ret = wait_for(connection->fd, deadline);
        if (ret)
            return ret;
        length = receive_packet(connection, fd_out);
        /* What it sent before it reset can still be read. */
    } while (length < 0 && (errno == ECONNRESET || errno == EINTR ||
                            errno == EAGAIN));
    if (length < 0)
        return lost(strerror(errno));
    if (length == 0)
        return NOT_TAKEN;
    *length_out = (size_t)length;
    if (*length_out > sizeof(connection->packet)) {
        *length_out = sizeof(connection->packet);
        return tr_detail(TRR_TOO_LONG, "the reply of trustrealmd is too long");
    }
    return 0;
}

static krb5_error_code
refused(const struct tr_reply *reply)
{
    krb5_error_code code = (krb5_error_code)reply->u.refused.code;
    const char *id = reply->u.refused.correlation;

    if (code <= TRR_OK || code > TRR_INTERNAL)
        code = TRR_REFUSED;
    return tr_detail(code, "%s%s%s%s", reply->u.refused.text,
                     *id != '\0' ? " [" : "", id, *id != '\0' ? "]" : "");
}

/* Instance of the page that a reply refers to, or NULL. */
static const struct tr_bytes *
instance_in(const struct tr_reply *reply)
{
    if (reply->type == TR_REPLY_SEALED)
        return &reply->u.sealed.instance;
    if (reply->type == TR_REPLY_ESTABLISHED)
        return &reply->u.established.instance;
    return NULL;
}

/* The page comes with the first answer on a connection that needs it. */
static krb5_error_code
find_page(struct tr_connection *connection, const struct tr_bytes *instance,
          int fd)
{
    struct tr_mapping *page;
    krb5_error_code ret;

    if (fd < 0 && connection->page == NULL)
        return tr_detail(TRR_DAEMON_UID, "trustrealmd sent no page, or no "
                         "descriptor is left for it");
    if (fd < 0)
        return tr_page_check(connection->page, instance);
    ret = tr_page_adopt(fd, instance, &page);
    if (ret)
        return ret;
    tr_page_release(connection->page);
    connection->page = page;
    return 0;
}

/* Send, receive, and understand; on success reply is to be freed. */
static krb5_error_code
exchange(struct tr_connection *connection, const struct tr_bytes *octets,
         int64_t deadline, struct tr_reply *reply)
{
    size_t length = 0;
    int fd = -1;
    krb5_error_code ret;

    ret = send_call(connection, octets, deadline);
    if (ret == 0 || ret == NOT_TAKEN)
        ret = receive(connection, deadline, &length, &fd);
    if (ret == 0)
        ret = tr_wire_decode(TR_WIRE_REPLY, connection->packet, length,
                             reply);
    if (ret == 0 && instance_in(reply) != NULL) {
        ret = find_page(connection, instance_in(reply), fd);
        fd = -1;
        if (ret)
            tr_wire_free(TR_WIRE_REPLY, reply);
    }
    if (fd >= 0)
        (void)close(fd);
    explicit_bzero(connection->packet, length);
    return ret;
}

/* The same over the first connection that works; *page is that one's. */
static krb5_error_code
exchange_somehow(const struct tr_bytes *octets, struct tr_reply *reply,
                 struct tr_mapping **page)
{
    int64_t deadline = tr_boottime() + TR_CALL_TIMEOUT_MS;
    struct tr_connection *connection;
    krb5_error_code ret = NOT_TAKEN;
    int tries;

    for (tries = 0; tries < MAX_TRIES && ret == NOT_TAKEN &&
         tr_boottime() < deadline; tries++) {
        ret = 0;
        connection = tr_connection_take();
        if (connection == NULL)
            ret = tr_connection_open(deadline, &connection);
        if (ret == 0)
            ret = exchange(connection, octets, deadline, reply);
        if (ret) {
            tr_connection_close(connection);
            continue;
        }
        if (instance_in(reply) != NULL)
            *page = tr_page_hold(connection->page);
        tr_connection_keep(connection);
    }
    return ret == NOT_TAKEN ? lost("it closes all connections") : ret;
}

krb5_error_code
tr_daemon_ask(const struct tr_call *call, enum tr_reply_type wanted,
              struct tr_reply *reply, struct tr_mapping **page_out)
{
    struct tr_bytes octets = { NULL, 0 };
    struct tr_mapping *page = NULL;
    krb5_error_code ret;
    int cancellation;

    memset(reply, 0, sizeof(*reply));
    /* A thread that is cancelled gets its answer first, and leaves nothing
     * locked or lying about. */
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancellation);
    ret = tr_wire_encode(TR_WIRE_CALL, call, &octets.data, &octets.length);
    if (ret == 0)
        ret = exchange_somehow(&octets, reply, &page);
    if (ret)
        goto cleanup;
    if (reply->type == TR_REPLY_REFUSED)
        ret = refused(reply);
    else if (reply->type != wanted)
        ret = tr_detail(TRR_MALFORMED, "unexpected reply from trustrealmd");
    if (ret)
        tr_wire_free(TR_WIRE_REPLY, reply);

cleanup:
    if (page_out != NULL)
        *page_out = ret == 0 ? page : NULL;
    if (page_out == NULL || ret != 0)
        tr_page_release(page);
    if (octets.data != NULL)
        explicit_bzero(octets.data, octets.length);
    free(octets.data);
    (void)pthread_setcancelstate(cancellation, &cancellation);
    return ret;
}
