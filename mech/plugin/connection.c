/* mech/plugin/connection.c - connections to trustrealmd, kept while idle */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
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

void
tr_connection_close(struct tr_connection *connection)
{
    if (connection == NULL)
        return;
    if (still_stands(connection))
        (void)close(connection->fd);
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

/* The socket, which waits for nothing longer than a call may last. */
static krb5_error_code
make_socket(struct tr_connection *connection)
{
    static const struct timeval limit = {
        TR_CALL_TIMEOUT_MS / 1000, (TR_CALL_TIMEOUT_MS % 1000) * 1000
    };
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    /* The first also bounds connect() when the daemon's queue is full. */
    if (fd >= 0 &&
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
        get_cookie(fd, &connection->cookie)) {
        connection->fd = fd;
        return 0;
    }
    if (fd >= 0)
        (void)close(fd);
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
        return tr_detail(TRR_DAEMON_AWAY, "path of trustrealmd's socket is "
                         "too long");
    memcpy(connection->address.sun_path, path, strlen(path));
    return 0;
}

static krb5_error_code
connect_to_daemon(struct tr_connection *connection)
{
    while (connect(connection->fd, (struct sockaddr *)&connection->address,
                   sizeof(connection->address)) != 0) {
        if (errno != EINTR)
            return tr_detail(errno == EAGAIN ? TRR_DAEMON_TIME :
                             TRR_DAEMON_AWAY, "trustrealmd cannot be reached: "
                             "%s: %s", connection->address.sun_path,
                             strerror(errno));
    }
    return 0;
}

krb5_error_code
tr_connection_open(struct tr_connection **connection_out)
{
    struct tr_connection *connection;
    krb5_error_code ret;

    *connection_out = NULL;
    connection = malloc(sizeof(*connection));
    if (connection == NULL)
        return ENOMEM;
    connection->fd = -1;
    connection->page = NULL;
    tr_opener_note(&connection->opener);
    ret = find_address(connection);
    if (ret == 0)
        ret = make_socket(connection);
    if (ret == 0)
        ret = connect_to_daemon(connection);
    if (ret == 0)
        ret = check_owner(connection);
    if (ret != 0)
        tr_connection_close(connection);
    else
        *connection_out = connection;
    return ret;
}

/* --- idle ones ----------------------------------------------------------- */

static struct tr_connection *
take_out(struct tr_idle_list *list, size_t i)
{
    struct tr_connection *connection = list->items[i];

    list->count--;
    memmove(&list->items[i], &list->items[i + 1],
            (list->count - i) * sizeof(*list->items));
    return connection;
}

/* The newest but for those that opener has to other sockets, or NULL. */
static struct tr_connection *
take_newest(struct tr_idle_list *list, const struct tr_opener *opener,
            const char *path, bool from_environment)
{
    struct tr_connection *found = NULL;
    size_t i;

    (void)pthread_mutex_lock(&list->mutex);
    for (i = list->count; i > 0 && found == NULL; i--) {
        if (!is_same(&list->items[i - 1]->opener, opener) ||
            leads_to(list->items[i - 1], path, from_environment))
            found = take_out(list, i - 1);
    }
    (void)pthread_mutex_unlock(&list->mutex);
    return found;
}

struct tr_connection *
tr_connection_take(void)
{
    struct tr_idle_list *list = &tr_once()->idle;
    struct tr_connection *connection;
    struct tr_opener us;
    bool from_environment;
    const char *path = tr_connection_path(&from_environment);

    tr_opener_note(&us);
    for (;;) {
        connection = take_newest(list, &us, path, from_environment);
        if (connection == NULL || (is_same(&connection->opener, &us) &&
                                   still_stands(connection)))
            return connection;
        tr_connection_close(connection);
    }
}

void
tr_connection_keep(struct tr_connection *connection)
{
    struct tr_idle_list *list = &tr_once()->idle;
    struct tr_connection *oldest = NULL;

    if (connection->opener.ngroups < 0) {
        tr_connection_close(connection);
        return;
    }
    (void)pthread_mutex_lock(&list->mutex);
    if (list->count == TR_MAX_IDLE_CONNECTIONS)
        oldest = take_out(list, 0);
    list->items[list->count++] = connection;
    (void)pthread_mutex_unlock(&list->mutex);
    tr_connection_close(oldest);
}

void
tr_connection_drop_idle(struct tr_idle_list *list)
{
    while (list->count > 0)
        tr_connection_close(list->items[--list->count]);
}
