/* tools/trustrealm/daemon.c - ask trustrealmd how it is */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include "trustrealm.h"
#include "trustrealm_err.h"

static int
connect_daemon(const char *path)
{
    static const struct timeval limit = {
        TR_CALL_TIMEOUT_MS / 1000, TR_CALL_TIMEOUT_MS % 1000 * 1000
    };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd;

    if (strlen(path) >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* Ask on fd; the reply is to be freed. */
static krb5_error_code
call_daemon(int fd, struct tr_reply *reply_out)
{
    struct tr_call call = { .type = TR_CALL_STATUS };
    krb5_error_code ret;
    uint8_t *octets = NULL;
    size_t length;
    ssize_t n;

    ret = tr_wire_encode(TR_WIRE_CALL, &call, &octets, &length);
    if (ret)
        return ret;
    n = send(fd, octets, length, MSG_NOSIGNAL);
    free(octets);
    if (n < 0)
        return errno;
    octets = malloc(TR_MAX_CALL);
    if (octets == NULL)
        return ENOMEM;
    n = recv(fd, octets, TR_MAX_CALL, 0);
    if (n < 0)
        ret = errno == EAGAIN ? TRR_DAEMON_TIME : errno;
    else if (n == 0)
        ret = TRR_DAEMON_AWAY;
    else
        ret = tr_wire_decode(TR_WIRE_REPLY, octets, n, reply_out);
    free(octets);
    return ret;
}

/* What an administrator can do about an error. */
static const char *
advise(krb5_error_code code)
{
    switch (code) {
    case ENOENT:
        return "there is no such socket: trustrealmd is not running, or its "
            "configuration names another one; start it (systemctl start "
            "trustrealmd), or give --socket";
    case ECONNREFUSED:
        return "nobody listens there: trustrealmd has ended; its log says "
            "why (journalctl -u trustrealmd)";
    case EACCES:
        return "this user may not reach it: look at the permissions of the "
            "directories above it";
    case TRR_DAEMON_TIME:
        return "no answer in time: trustrealmd hangs or is overloaded; see "
            "its log, and the load of this system";
    case TRR_DAEMON_AWAY:
        return "it closed the connection: this user has too many, or "
            "trustrealmd was just stopped; try again";
    default:
        return error_message(code);
    }
}

int
tool_daemon_ask(const char *path, json_t **state_out, char **why_out)
{
    struct tr_reply reply = { .type = TR_REPLY_STATE };
    krb5_error_code ret;
    json_t *state = NULL;
    int fd, status;

    *state_out = NULL;
    *why_out = NULL;
    fd = connect_daemon(path);
    ret = fd < 0 ? errno : call_daemon(fd, &reply);
    if (fd >= 0)
        (void)close(fd);
    if (ret) {
        *why_out = tool_format("%s: %s", path, advise(ret));
        return TOOL_SYSTEM;
    }
    if (reply.type == TR_REPLY_STATE)
        state = json_loads(reply.u.state, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(state)) {
        *state_out = state;
        status = TOOL_DONE;
    } else if (reply.type == TR_REPLY_REFUSED) {
        *why_out = tool_format("%s: %s: %s", path,
                               error_message(reply.u.refused.code),
                               reply.u.refused.text);
        status = TOOL_NO;
    } else {
        json_decref(state);
        *why_out = tool_format("%s: not the answer to what was asked", path);
        status = TOOL_SYSTEM;
    }
    tr_wire_free(TR_WIRE_REPLY, &reply);
    return status;
}

int
tool_daemon_socket(const struct tool_options *options, const char *given,
                   char **path_out, char **why_out)
{
    struct tr_config *config = NULL;
    int status;

    *path_out = NULL;
    *why_out = NULL;
    if (given == NULL && options->config == NULL)
        given = secure_getenv(TR_SOCKET_ENV);
    if (given == NULL) {
        status = tool_find_config(options, &config, why_out);
        if (status != TOOL_DONE)
            return status;
        given = config->socket;
    }
    *path_out = tool_copy(given);
    tr_config_free(config);
    return TOOL_DONE;
}
