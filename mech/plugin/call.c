/* mech/plugin/call.c - ask trustrealmd */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "call.h"
#include "once.h"
#include "status.h"
#include "trustrealm_err.h"

/* --- the deadline -------------------------------------------------------- */

static int64_t
now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static krb5_error_code
late(void)
{
    return tr_detail(TRR_DAEMON_TIME, "trustrealmd did not answer within %d s",
                     TR_CALL_TIMEOUT_MS / 1000);
}

static krb5_error_code
wait_for(int fd, short events, int64_t deadline)
{
    struct pollfd pfd = { .fd = fd, .events = events };
    int64_t left;
    int n;

    for (;;) {
        left = deadline - now_ms();
        if (left <= 0)
            return late();
        n = poll(&pfd, 1, (int)left);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return errno;
    }
}

/* --- connecting ---------------------------------------------------------- */

static bool
is_daemon_user(uid_t uid)
{
    _Atomic uid_t *known = &tr_once()->daemon_uid;
    struct passwd pw, *found = NULL;
    char buffer[4096];

    if (*known == (uid_t)-1 &&
        getpwnam_r(TR_DAEMON_USER, &pw, buffer, sizeof(buffer), &found) == 0 &&
        found != NULL)
        *known = found->pw_uid;
    return *known != (uid_t)-1 && uid == *known;
}

static krb5_error_code
check_owner(int fd, bool from_environment)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
        return errno;
    if (peer.uid == 0 || (from_environment && peer.uid == geteuid()) ||
        is_daemon_user(peer.uid))
        return 0;
    return tr_detail(TRR_DAEMON_UID, "the socket of trustrealmd belongs to "
                     "uid %ld", (long)peer.uid);
}

const char *
tr_daemon_path(bool *from_environment_out)
{
    const char *path = secure_getenv(TR_SOCKET_ENV);

    *from_environment_out = path != NULL && *path != '\0';
    return *from_environment_out ? path : TR_SOCKET_PATH;
}

static krb5_error_code
socket_address(struct sockaddr_un *address, bool *from_environment)
{
    const char *path = tr_daemon_path(from_environment);

    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof(address->sun_path))
        return tr_detail(TRR_DAEMON_AWAY, "path of trustrealmd's socket is "
                         "too long");
    memcpy(address->sun_path, path, strlen(path));
    return 0;
}

/* As connect() notes it. */
static struct ucred
ourselves(void)
{
    return (struct ucred){ getpid(), geteuid(), getegid() };
}

krb5_error_code
tr_daemon_open(struct tr_daemon *daemon)
{
    static const struct timeval limit = {
        TR_CALL_TIMEOUT_MS / 1000, (TR_CALL_TIMEOUT_MS % 1000) * 1000
    };
    struct sockaddr_un address;
    bool from_environment;
    krb5_error_code ret;

    daemon->fd = -1;
    daemon->us = ourselves();
    ret = socket_address(&address, &from_environment);
    if (ret != 0)
        return ret;
    daemon->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (daemon->fd < 0)
        return tr_detail(TRR_DAEMON_AWAY, "trustrealmd cannot be reached: %s",
                         strerror(errno));
    /* The first also bounds connect() when the daemon's queue is full. */
    if (setsockopt(daemon->fd, SOL_SOCKET, SO_SNDTIMEO, &limit,
                   sizeof(limit)) != 0 ||
        setsockopt(daemon->fd, SOL_SOCKET, SO_RCVTIMEO, &limit,
                   sizeof(limit)) != 0)
        ret = errno;
    while (ret == 0 && connect(daemon->fd, (struct sockaddr *)&address,
                               sizeof(address)) != 0) {
        if (errno != EINTR)
            ret = tr_detail(errno == EAGAIN ? TRR_DAEMON_TIME :
                            TRR_DAEMON_AWAY, "trustrealmd cannot be reached: "
                            "%s: %s", address.sun_path, strerror(errno));
    }
    if (ret == 0)
        ret = check_owner(daemon->fd, from_environment);
    if (ret != 0)
        tr_daemon_close(daemon);
    return ret;
}

void
tr_daemon_close(struct tr_daemon *daemon)
{
    if (daemon->fd >= 0)
        (void)close(daemon->fd);
    daemon->fd = -1;
}

static bool
is_ours(const struct tr_daemon *daemon)
{
    struct ucred us = ourselves();

    return us.pid == daemon->us.pid && us.uid == daemon->us.uid &&
        us.gid == daemon->us.gid;
}

static bool
get_cookie(int fd, uint64_t *cookie_out)
{
    socklen_t length = sizeof(*cookie_out);

    return getsockopt(fd, SOL_SOCKET, SO_COOKIE, cookie_out, &length) == 0;
}

void
tr_daemon_keep(struct tr_daemon *daemon, struct tr_daemon *kept_out)
{
    *kept_out = *daemon;
    daemon->fd = -1;
    if (kept_out->fd >= 0 && !get_cookie(kept_out->fd, &kept_out->cookie))
        tr_daemon_close(kept_out);
}

bool
tr_daemon_resume(struct tr_daemon *kept, struct tr_daemon *daemon_out)
{
    uint64_t cookie;

    *daemon_out = *kept;
    kept->fd = -1;
    if (daemon_out->fd >= 0 &&
        (!get_cookie(daemon_out->fd, &cookie) || cookie != daemon_out->cookie))
        daemon_out->fd = -1;            /* it is another one's by now */
    if (daemon_out->fd >= 0 && !is_ours(daemon_out))
        tr_daemon_close(daemon_out);
    return daemon_out->fd >= 0;
}

void
tr_daemon_drop(struct tr_daemon *kept)
{
    struct tr_daemon daemon;

    if (tr_daemon_resume(kept, &daemon))
        tr_daemon_close(&daemon);
}

/* --- one call ------------------------------------------------------------ */

static krb5_error_code
lost(void)
{
    if (errno == EAGAIN)
        return late();
    return tr_detail(TRR_DAEMON_AWAY, "trustrealmd cannot be reached: %s",
                     errno != 0 ? strerror(errno) :
                     "it closed the connection");
}

/*
 * Left to itself the kernel names the real user, but connect() named the
 * effective one: in a setuid program they differ, and trustrealmd wants every
 * packet to come from who connected.  Nobody else can name him.
 */
static ssize_t
send_as_effective_user(const struct tr_daemon *daemon, void *octets,
                       size_t length)
{
    char control[CMSG_SPACE(sizeof(daemon->us))]
        __attribute__((aligned(__alignof__(struct cmsghdr))));
    struct iovec vec = { octets, length };
    struct msghdr message = { .msg_iov = &vec, .msg_iovlen = 1,
                              .msg_control = control,
                              .msg_controllen = sizeof(control) };
    struct cmsghdr *header;

    memset(control, 0, sizeof(control));
    header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_CREDENTIALS;
    header->cmsg_len = CMSG_LEN(sizeof(daemon->us));
    memcpy(CMSG_DATA(header), &daemon->us, sizeof(daemon->us));
    return sendmsg(daemon->fd, &message, MSG_NOSIGNAL);
}

static krb5_error_code
send_call(const struct tr_daemon *daemon, const struct tr_call *call)
{
    uint8_t *octets = NULL;
    size_t length;
    ssize_t sent;
    krb5_error_code ret;

    ret = tr_wire_encode(TR_WIRE_CALL, call, &octets, &length);
    if (ret != 0)
        return ret;
    do
        sent = send_as_effective_user(daemon, octets, length);
    while (sent < 0 && errno == EINTR);
    /* A daemon that hung up may have said why. */
    if (sent < 0 && errno != EPIPE && errno != ECONNRESET)
        ret = lost();
    explicit_bzero(octets, length);
    free(octets);
    return ret;
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

/* Wait for the answer, and learn how long it is. */
static krb5_error_code
measure(int fd, int64_t deadline, size_t *length_out)
{
    krb5_error_code ret;
    ssize_t length;

    for (;;) {
        errno = 0;
        length = recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC);
        if (length >= 0 || errno != EINTR)
            break;
        /* From now on for the rest of the time only. */
        ret = wait_for(fd, POLLIN, deadline);
        if (ret != 0)
            return ret;
    }
    if (length <= 0)
        return lost();
    if (length > TR_MAX_CALL)
        return tr_detail(TRR_TOO_LONG, "answer of trustrealmd is too long");
    *length_out = (size_t)length;
    return 0;
}

static krb5_error_code
receive(int fd, int64_t deadline, uint8_t **octets_out, size_t *length_out,
        int *fd_out)
{
    char control[CMSG_SPACE(4 * sizeof(int))]
        __attribute__((aligned(__alignof__(struct cmsghdr))));
    struct iovec vec;
    struct msghdr message = { .msg_iov = &vec, .msg_iovlen = 1,
                              .msg_control = control,
                              .msg_controllen = sizeof(control) };
    ssize_t length;
    krb5_error_code ret;

    ret = measure(fd, deadline, &vec.iov_len);
    if (ret != 0)
        return ret;
    vec.iov_base = malloc(vec.iov_len);
    if (vec.iov_base == NULL)
        return ENOMEM;
    length = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (length != (ssize_t)vec.iov_len) {
        free(vec.iov_base);
        return lost();
    }
    *fd_out = take_descriptor(&message);
    *octets_out = vec.iov_base;
    *length_out = vec.iov_len;
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

krb5_error_code
tr_daemon_ask(struct tr_daemon *daemon, const struct tr_call *call,
              enum tr_reply_type wanted, struct tr_reply *reply, int *fd_out)
{
    int64_t deadline = now_ms() + TR_CALL_TIMEOUT_MS;
    uint8_t *octets = NULL;
    size_t length = 0;
    int fd = -1;
    krb5_error_code ret;

    memset(reply, 0, sizeof(*reply));
    if (fd_out != NULL)
        *fd_out = -1;
    ret = send_call(daemon, call);
    if (ret == 0)
        ret = receive(daemon->fd, deadline, &octets, &length, &fd);
    if (ret != 0)
        goto cleanup;
    ret = tr_wire_decode(TR_WIRE_REPLY, octets, length, reply);
    if (ret != 0)
        goto cleanup;
    if (reply->type == TR_REPLY_REFUSED)
        ret = refused(reply);
    else if (reply->type != wanted)
        ret = tr_detail(TRR_MALFORMED, "trustrealmd gave another answer than "
                        "asked for");

cleanup:
    if (ret == 0 && fd_out != NULL) {
        *fd_out = fd;
        fd = -1;
    }
    if (fd >= 0)
        (void)close(fd);
    if (ret != 0)
        tr_wire_free(TR_WIRE_REPLY, reply);
    if (octets != NULL)
        explicit_bzero(octets, length);
    free(octets);
    return ret;
}

krb5_error_code
tr_daemon_ask_anew(struct tr_daemon *daemon, const struct tr_call *call,
                   enum tr_reply_type wanted, struct tr_reply *reply,
                   int *fd_out)
{
    krb5_error_code ret = TRR_DAEMON_AWAY;

    if (daemon->fd >= 0)
        ret = tr_daemon_ask(daemon, call, wanted, reply, fd_out);
    if (ret != TRR_DAEMON_AWAY)
        return ret;
    tr_daemon_close(daemon);
    ret = tr_daemon_open(daemon);
    return ret != 0 ? ret : tr_daemon_ask(daemon, call, wanted, reply, fd_out);
}
