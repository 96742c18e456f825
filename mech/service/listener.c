/* mech/service/listener.c - the socket that plugins connect to */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif
#include "daemon.h"
#include "trustrealm_err.h"

struct tr_listener {
    int fd;
    char *path;                 /* to remove at the end, or NULL */
    dev_t device;               /* of the socket that was made there */
    ino_t inode;
};

/* Every packet carries its sender's credentials; inherited by accept(). */
static krb5_error_code
prepare(int fd)
{
    int on = 1;

    if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) != 0)
        return errno;
    return 0;
}

/* The socket that systemd opened; *fd_out is -1 when it opened none. */
static krb5_error_code
inherit(int *fd_out)
{
    *fd_out = -1;
#ifdef HAVE_SYSTEMD
    int count = sd_listen_fds(1);

    if (count == 0)
        return 0;
    if (count != 1 || sd_is_socket_unix(SD_LISTEN_FDS_START, SOCK_SEQPACKET,
                                        1, NULL, 0) <= 0)
        return EPROTOTYPE;
    *fd_out = SD_LISTEN_FDS_START;
#endif
    return 0;
}

/*
 * Bind under another name and rename: the path always leads to a socket that
 * listens, and a socket left by a daemon that died is replaced.  The state
 * directory's lock has made sure that no other daemon runs here.
 */
static krb5_error_code
bind_path(struct tr_listener *listener, const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char *temporary = address.sun_path;
    struct stat st;
    krb5_error_code ret = 0;
    int length;

    length = snprintf(temporary, sizeof(address.sun_path), "%s.new", path);
    if (length < 0 || (size_t)length >= sizeof(address.sun_path))
        return TRR_TOO_LONG;
    if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
        return EEXIST;
    if (unlink(temporary) != 0 && errno != ENOENT)
        return errno;
    if (bind(listener->fd, (struct sockaddr *)&address,
             sizeof(address)) != 0)
        return errno;
    /* Everybody may connect: the kernel says who it is. */
    if (chmod(temporary, 0666) != 0 || listen(listener->fd, SOMAXCONN) != 0 ||
        lstat(temporary, &st) != 0 || rename(temporary, path) != 0) {
        ret = errno;
        unlink(temporary);
        return ret;
    }
    listener->device = st.st_dev;
    listener->inode = st.st_ino;
    listener->path = strdup(path);
    return listener->path == NULL ? ENOMEM : 0;
}

krb5_error_code
tr_listener_open(const char *path, struct tr_listener **listener_out)
{
    struct tr_listener *listener;
    krb5_error_code ret;

    *listener_out = NULL;
    listener = calloc(1, sizeof(*listener));
    if (listener == NULL)
        return ENOMEM;
    ret = inherit(&listener->fd);
    if (ret == 0 && listener->fd >= 0) {
        ret = prepare(listener->fd);
    } else if (ret == 0) {
        listener->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        ret = listener->fd < 0 ? errno : prepare(listener->fd);
        if (ret == 0)
            ret = bind_path(listener, path);
    }
    if (ret) {
        tr_listener_close(listener, NULL);
        return ret;
    }
    *listener_out = listener;
    return 0;
}

int
tr_listener_fd(const struct tr_listener *listener)
{
    return listener->fd;
}

void
tr_listener_close(struct tr_listener *listener, struct tr_discard *discard)
{
    struct stat st;

    if (listener == NULL)
        return;
    if (listener->path != NULL && lstat(listener->path, &st) == 0 &&
        st.st_dev == listener->device && st.st_ino == listener->inode)
        unlink(listener->path);
    if (listener->fd >= 0 && discard != NULL)
        tr_discard_socket(discard, listener->fd);
    else if (listener->fd >= 0)
        close(listener->fd);
    free(listener->path);
    free(listener);
}
