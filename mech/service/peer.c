/* mech/service/peer.c - packets and who sent them, by the kernel's word */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <linux/sockios.h>
#include <unistd.h>
#include "peer.h"
#include "trustrealm_err.h"

#define FEW_GROUPS 64

/* What the kernel shows for every uid that is not mapped here. */
static uid_t
overflow_uid(void)
{
    static uid_t overflow = (uid_t)-1;
    unsigned long value;
    FILE *file;

    if (overflow != (uid_t)-1)
        return overflow;
    overflow = 65534;
    file = fopen("/proc/sys/kernel/overflowuid", "re");
    if (file == NULL)
        return overflow;
    if (fscanf(file, "%lu", &value) == 1 && value < (uid_t)-1)
        overflow = (uid_t)value;
    fclose(file);
    return overflow;
}

static krb5_error_code
read_groups(int fd, struct tr_caller *caller)
{
    gid_t few[FEW_GROUPS], *groups = NULL;
    socklen_t length = sizeof(few);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, few, &length) == 0) {
        groups = length > 0 ? malloc(length) : NULL;
        if (length > 0 && groups == NULL)
            return ENOMEM;
        if (length > 0)
            memcpy(groups, few, length);
    } else if (errno == ERANGE && length <= TR_MAX_GROUPS * sizeof(gid_t)) {
        /* length is now what it takes */
        groups = malloc(length);
        if (groups == NULL)
            return ENOMEM;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length) != 0) {
            free(groups);
            return TRR_CALLER;
        }
    } else {
        return TRR_CALLER;
    }
    caller->groups = groups;
    caller->ngroups = length / sizeof(gid_t);
    return 0;
}

krb5_error_code
tr_peer_identify(int fd, struct tr_caller *caller_out)
{
    struct tr_caller caller = { 0 };
    struct ucred cred;
    socklen_t length = sizeof(cred);
    krb5_error_code ret;

    memset(caller_out, 0, sizeof(*caller_out));
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &length) != 0 ||
        length != sizeof(cred))
        return TRR_CALLER;
    if (cred.uid == (uid_t)-1 || cred.uid == overflow_uid())
        return TRR_CALLER;
    caller.uid = cred.uid;
    caller.gid = cred.gid;
    caller.pid = cred.pid;
    ret = read_groups(fd, &caller);
    if (ret == 0)
        *caller_out = caller;
    return ret;
}

void
tr_peer_clear(struct tr_caller *caller)
{
    free(caller->groups);
    memset(caller, 0, sizeof(*caller));
}

/* A packet's control data: room for its sender's credentials, no more. */
union control {
    char octets[CMSG_SPACE(sizeof(struct ucred))];
    struct cmsghdr align;
};

/* A peer that left without reading is reported before what it sent. */
static ssize_t
receive(int fd, struct msghdr *message, union control *control, int flags)
{
    ssize_t length;

    message->msg_control = control;
    message->msg_controllen = sizeof(*control);
    do {
        length = recvmsg(fd, message,
                         flags | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (length < 0 && (errno == EINTR || errno == ECONNRESET));
    return length;
}

/* Is there a packet, and does it bring descriptors?  Every one has its
 * sender's credentials, for which alone there is room. */
static krb5_error_code
look_at_next(int fd, bool *descriptors_out)
{
    union control control;
    struct msghdr message = { 0 };

    if (receive(fd, &message, &control, MSG_PEEK) < 0)
        return errno == EWOULDBLOCK ? EAGAIN : errno;
    *descriptors_out = (message.msg_flags & MSG_CTRUNC) != 0;
    return message.msg_controllen > 0 || *descriptors_out ? 0 : ECONNRESET;
}

/* Whether the control data is caller's credentials. */
static bool
sent_by(struct msghdr *message, const struct tr_caller *caller)
{
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    struct ucred cred;

    if (header == NULL || header->cmsg_level != SOL_SOCKET ||
        header->cmsg_type != SCM_CREDENTIALS ||
        header->cmsg_len != CMSG_LEN(sizeof(cred)))
        return false;
    memcpy(&cred, CMSG_DATA(header), sizeof(cred));
    return cred.uid == caller->uid && cred.gid == caller->gid &&
        cred.pid == caller->pid;
}

krb5_error_code
tr_peer_receive(int fd, const struct tr_caller *caller, void *buffer,
                size_t size, size_t *length_out)
{
    union control control;
    struct iovec iov = { buffer, size };
    struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
    bool descriptors;
    krb5_error_code ret;
    ssize_t length;

    ret = look_at_next(fd, &descriptors);
    if (ret == 0 && descriptors)
        ret = TRR_CALLER;
    if (ret)
        return ret;
    length = receive(fd, &message, &control, 0);
    if (length < 0)
        return errno == EWOULDBLOCK ? EAGAIN : errno;
    if (length == 0)
        return ECONNRESET;
    if (!sent_by(&message, caller) || (message.msg_flags & MSG_CTRUNC))
        return TRR_CALLER;
    if (message.msg_flags & MSG_TRUNC)
        return TRR_TOO_LONG;
    *length_out = (size_t)length;
    return 0;
}

/* No packet comes after the shutdown. */
bool
tr_peer_close(int fd)
{
    union control control;
    struct msghdr message = { 0 };
    bool descriptors = false;

    (void)shutdown(fd, SHUT_RDWR);
    while (look_at_next(fd, &descriptors) == 0) {
        if (descriptors)
            return false;
        (void)receive(fd, &message, &control, 0);
    }
    close(fd);
    return true;
}

bool
tr_peer_has_unread(int fd)
{
    int octets;

    return ioctl(fd, SIOCOUTQ, &octets) == 0 && octets > 0;
}

krb5_error_code
tr_peer_send(int fd, const void *octets, size_t length, int fd_to_pass)
{
    union {
        char octets[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec iov = { (void *)octets, length };
    struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
    struct cmsghdr *header;
    ssize_t sent;

    if (fd_to_pass >= 0) {
        memset(&control, 0, sizeof(control));
        message.msg_control = &control;
        message.msg_controllen = sizeof(control);
        header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &fd_to_pass, sizeof(int));
    }
    do {
        sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)length ? 0 : sent < 0 ? errno : EMSGSIZE;
}
