/* mech/service/peer.c - packets and who sent them, by the kernel's word */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
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
    } else if (errno == ERANGE) {
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

/* Whether the control data is caller's credentials and nothing else. */
static bool
sent_by(struct msghdr *message, const struct tr_caller *caller)
{
    struct cmsghdr *header;
    struct ucred cred;
    bool same = false, foreign = false;
    size_t count, i;
    int fd;

    for (header = CMSG_FIRSTHDR(message); header != NULL;
         header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level == SOL_SOCKET &&
            header->cmsg_type == SCM_CREDENTIALS &&
            header->cmsg_len == CMSG_LEN(sizeof(cred))) {
            memcpy(&cred, CMSG_DATA(header), sizeof(cred));
            same = cred.uid == caller->uid && cred.gid == caller->gid &&
                cred.pid == caller->pid;
            continue;
        }
        foreign = true;
        if (header->cmsg_level != SOL_SOCKET ||
            header->cmsg_type != SCM_RIGHTS)
            continue;
        count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(fd);
        for (i = 0; i < count; i++) {
            memcpy(&fd, CMSG_DATA(header) + i * sizeof(fd), sizeof(fd));
            close(fd);
        }
    }
    return same && !foreign;
}

krb5_error_code
tr_peer_receive(int fd, const struct tr_caller *caller, void *buffer,
                size_t size, size_t *length_out)
{
    union {
        char octets[CMSG_SPACE(sizeof(struct ucred))];
        struct cmsghdr align;
    } control;
    struct iovec iov = { buffer, size };
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1,
        .msg_control = &control, .msg_controllen = sizeof(control)
    };
    ssize_t length;
    bool own;

    do {
        length = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (length < 0 && errno == EINTR);
    if (length < 0)
        return errno == EWOULDBLOCK ? EAGAIN : errno;
    own = sent_by(&message, caller);
    if (length == 0)
        return ECONNRESET;
    if (!own || (message.msg_flags & MSG_CTRUNC))
        return TRR_CALLER;
    if (message.msg_flags & MSG_TRUNC)
        return TRR_TOO_LONG;
    *length_out = (size_t)length;
    return 0;
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
