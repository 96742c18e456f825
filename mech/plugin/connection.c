/* mech/plugin/connection.c - connections to trustrealmd, kept while idle */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include "boottime.h"
#include "connection.h"
#include "once.h"
#include "status.h"
#include "trustrealm_err.h"

/* --- whose it is --------------------------------------------------------- */

void
tr_opener_note(struct tr_opener *opener)
{
    opener->ids = (struct ucred){ getpid(), geteuid(), getegid() };
    opener->ngroups = getgroups(TR_KNOWN_GROUPS, opener->groups);
}

static bool
is_same(const struct tr_opener *a, const struct tr_opener *b)
{
    return a->ids.pid == b->ids.pid && a->ids.uid == b->ids.uid &&
        a->ids.gid == b->ids.gid && a->ngroups >= 0 &&
        a->ngroups == b->ngroups &&
        memcmp(a->groups, b->groups,
               (size_t)a->ngroups * sizeof(gid_t)) == 0;
}

const char *
tr_connection_path(bool *from_environment_out)
{
    const char *path = secure_getenv(TR_SOCKET_ENV);

    *from_environment_out = path != NULL && *path != '\0';
    return *from_environment_out ? path : TR_SOCKET_PATH;
}

static bool
leads_to(const struct tr_connection *connection, const char *path,
         bool from_environment)
{
    return connection->from_environment == from_environment &&
        strcmp(connection->address.sun_path, path) == 0;
}

/* --- the descriptor ------------------------------------------------------ */

static bool
get_cookie(int fd, uint64_t *cookie_out)
{
    socklen_t length = sizeof(*cookie_out);

    return getsockopt(fd, SOL_SOCKET, SO_COOKIE, cookie_out, &length) == 0;
}

static bool
still_stands(const struct tr_connection *connection)
{
    uint64_t cookie;

    return get_cookie(connection->fd, &cookie) && cookie == connection->cookie;
}

/* The mutex is held, so that no child is forked that has the descriptor but
 * does not know of it. */
static void
close_descriptor(struct tr_connection *connection)
{
    if (still_stands(connection))
        (void)close(connection->fd);
    connection->fd = -1;
}

void
tr_connection_close(struct tr_connection *connection)
{
    struct tr_connections *all = &tr_once()->connections;

    if (connection == NULL)
        return;
    (void)pthread_mutex_lock(&all->mutex);
    close_descriptor(connection);
    LIST_REMOVE(connection, of_all);
    (void)pthread_mutex_unlock(&all->mutex);
    tr_page_release(connection->page);
    free(connection);
}

/* --- opening ------------------------------------------------------------- */

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
check_owner(const struct tr_connection *connection)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);

    if (getsockopt(connection->fd, SOL_SOCKET, SO_PEERCRED, &peer,
                   &length) != 0)
        return errno;
    if (peer.uid == 0 || (connection->from_environment &&
        peer.uid == connection->opener.ids.uid) || is_daemon_user(peer.uid))
        return 0;
    return tr_detail(TRR_DAEMON_UID, "the socket of trustrealmd belongs to "
                     "uid %ld", (long)peer.uid);
}

/*
 * A program may have closed its standard input, output or error, and go on to
 * use the number: what it says there is not for trustrealmd.
 */
static int
open_socket(void)
{
    int low = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), fd;

    if (low < 0 || low > STDERR_FILENO)
        return low;
    fd = fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    (void)close(low);
    return fd;
}

static krb5_error_code
make_socket(struct tr_connection *connection)
{
    struct tr_connections *all = &tr_once()->connections;

    (void)pthread_mutex_lock(&all->mutex);
    connection->fd = open_socket();
    if (connection->fd >= 0 &&
        !get_cookie(connection->fd, &connection->cookie)) {
        (void)close(connection->fd);
        connection->fd = -1;
    }
    LIST_INSERT_HEAD(&all->open, connection, of_all);
    (void)pthread_mutex_unlock(&all->mutex);
    if (connection->fd >= 0)
        return 0;
    return tr_detail(TRR_DAEMON_AWAY, "trustrealmd cannot be reached: %s",
                     strerror(errno));
}

static krb5_error_code
find_address(struct tr_connection *connection)
{
    const char *path = tr_connection_path(&connection->from_environment);

    memset(&connection->address, 0, sizeof(connection->address));
    connection->address.sun_family = AF_UNIX;
    if (strlen(path) >= sizeof(connection->address.sun_path))
        return tr_detail(TRR_DAEMON_AWAY, "the path of trustrealmd's socket "
                         "is too long");
    memcpy(connection->address.sun_path, path, strlen(path));
    return 0;
}

/* For connect() when the daemon's queue is full, and for sending; sets errno
 * when it is too late. */
static bool
wait_no_longer(struct tr_connection *connection, int64_t deadline)
{
    int64_t left = deadline - tr_boottime();
    struct timeval limit = { left / 1000, left % 1000 * 1000 };

    errno = EAGAIN;
    return left > 0 && setsockopt(connection->fd, SOL_SOCKET, SO_SNDTIMEO,
                                  &limit, sizeof(limit)) == 0;
}

static krb5_error_code
connect_to_daemon(struct tr_connection *connection, int64_t deadline)
{
    krb5_error_code ret;

    do {
        if (wait_no_longer(connection, deadline) &&
            connect(connection->fd, (struct sockaddr *)&connection->address,
                    sizeof(connection->address)) == 0)
            return 0;
    } while (errno == EINTR);
    ret = errno == EAGAIN ? TRR_DAEMON_TIME : TRR_DAEMON_AWAY;
    return tr_detail(ret, "trustrealmd cannot be reached: %s: %s",
                     connection->address.sun_path, strerror(errno));
}

krb5_error_code
tr_connection_open(int64_t deadline, struct tr_connection **connection_out)
{
    struct tr_connection *connection;
    krb5_error_code ret;

    *connection_out = NULL;
    connection = malloc(sizeof(*connection));
    if (connection == NULL)
        return ENOMEM;
    connection->page = NULL;
    tr_opener_note(&connection->opener);
    ret = find_address(connection);
    if (ret) {
        free(connection);
        return ret;
    }
    ret = make_socket(connection);
    if (ret == 0)
        ret = connect_to_daemon(connection, deadline);
    if (ret == 0)
        ret = check_owner(connection);
    if (ret)
        tr_connection_close(connection);
    else
        *connection_out = connection;
    return ret;
}

/* --- idle ones ----------------------------------------------------------- */

/* The mutex is held. */
static struct tr_connection *
take_out(struct tr_connections *all, size_t i)
{
    struct tr_connection *connection = all->idle[i];

    all->nidle--;
    memmove(&all->idle[i], &all->idle[i + 1],
            (all->nidle - i) * sizeof(*all->idle));
    return connection;
}

/* The newest that opener has to this socket, or that is not opener's and has
 * to be closed; NULL if there is none. */
static struct tr_connection *
take_newest(struct tr_connections *all, const struct tr_opener *opener,
            const char *path, bool from_environment)
{
    struct tr_connection *found = NULL;
    size_t i;

    (void)pthread_mutex_lock(&all->mutex);
    for (i = all->nidle; i > 0 && found == NULL; i--) {
        if (!is_same(&all->idle[i - 1]->opener, opener) ||
            leads_to(all->idle[i - 1], path, from_environment))
            found = take_out(all, i - 1);
    }
    (void)pthread_mutex_unlock(&all->mutex);
    return found;
}

struct tr_connection *
tr_connection_take(void)
{
    struct tr_connections *all = &tr_once()->connections;
    struct tr_connection *connection;
    struct tr_opener us;
    bool from_environment;
    const char *path = tr_connection_path(&from_environment);

    tr_opener_note(&us);
    for (;;) {
        connection = take_newest(all, &us, path, from_environment);
        if (connection == NULL || (is_same(&connection->opener, &us) &&
                                   still_stands(connection)))
            return connection;
        tr_connection_close(connection);
    }
}

void
tr_connection_keep(struct tr_connection *connection)
{
    struct tr_connections *all = &tr_once()->connections;
    struct tr_connection *oldest = NULL;

    if (connection->opener.ngroups < 0) {
        tr_connection_close(connection);
        return;
    }
    (void)pthread_mutex_lock(&all->mutex);
    if (all->nidle == TR_MAX_IDLE_CONNECTIONS)
        oldest = take_out(all, 0);
    all->idle[all->nidle++] = connection;
    (void)pthread_mutex_unlock(&all->mutex);
    tr_connection_close(oldest);
}

/* --- all of them --------------------------------------------------------- */

void
tr_connection_after_fork(struct tr_connections *all)
{
    struct tr_connection *connection;

    while (all->nidle > 0)
        tr_connection_close(take_out(all, all->nidle - 1));
    /* The threads that used these are not here, and may have been changing
     * them; or this one has been interrupted, and finds it gone. */
    LIST_FOREACH(connection, &all->open, of_all)
        close_descriptor(connection);
}

void
tr_connection_drop_idle(struct tr_connections *all)
{
    struct tr_connection *connection;

    while (all->nidle > 0) {
        connection = take_out(all, all->nidle - 1);
        close_descriptor(connection);
        LIST_REMOVE(connection, of_all);
        free(connection);
    }
}
