/* tools/trustrealm/status.c - trustrealm status: ask trustrealmd */
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

static const char help[] =
"usage: trustrealm status [OPTION...]\n"
"\n"
"Ask trustrealmd how it is: table, epoch, decisions.  Decisions and\n"
"attributes are told to root and trustrealmd's own user only.\n"
"\n"
"  --socket PATH          of trustrealmd (default: TRUSTREALM_SOCKET, else\n"
"                         what the configuration says)\n"
"  --json                 print JSON\n"
"  -c, --config FILE      configuration of trustrealmd\n"
"\n"
"Into a pipe: key, value.\n"
"\n"
"exit status: 0 it answers, 1 it refuses, 2 usage, 3 it cannot be reached\n";

enum { OPTION_SOCKET = TOOL_OPTION_OWN };

/* --- the call ------------------------------------------------------------ */

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
ask(int fd, struct tr_reply *reply_out)
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

/* --- what it says -------------------------------------------------------- */

static void add_value(struct tool_sheet *sheet, const char *key,
                      const json_t *value);

static void
add_members(struct tool_sheet *sheet, const char *key, const json_t *object)
{
    const char *name;
    json_t *value;
    char *path;

    json_object_foreach((json_t *)object, name, value) {
        if (asprintf(&path, "%s%s%s", key, *key == '\0' ? "" : ".",
                     name) < 0)
            return;
        add_value(sheet, path, value);
        free(path);
    }
}

/* One row for each value that is no object: "table.age". */
static void
add_value(struct tool_sheet *sheet, const char *key, const json_t *value)
{
    char *text;

    if (json_is_object(value)) {
        add_members(sheet, key, value);
        return;
    }
    text = json_is_string(value) ? strdup(json_string_value(value)) :
        json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    if (text == NULL)
        return;
    tool_sheet_add(sheet, (const char *[]){ key, text });
    free(text);
}

static int
show(const char *state, bool json)
{
    static const char *const columns[] = { "KEY", "VALUE", NULL };
    struct tool_sheet *sheet;
    json_t *value;

    value = json_loads(state, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(value)) {
        json_decref(value);
        return tool_fail(TOOL_SYSTEM, "trustrealmd answers no JSON object");
    }
    if (json)
        return tool_json_print(value, TOOL_DONE);
    sheet = tool_sheet_create(columns);
    add_members(sheet, "", value);
    tool_sheet_print(sheet);
    json_decref(value);
    return TOOL_DONE;
}

static int
ask_and_show(const char *path, bool json)
{
    struct tr_reply reply = { .type = TR_REPLY_STATE };
    krb5_error_code ret;
    int fd, status;

    fd = connect_daemon(path);
    ret = fd < 0 ? errno : ask(fd, &reply);
    if (fd >= 0)
        (void)close(fd);
    if (ret)
        return tool_fail(TOOL_SYSTEM, "%s: %s", path, error_message(ret));
    if (reply.type == TR_REPLY_STATE)
        status = show(reply.u.state, json);
    else if (reply.type == TR_REPLY_REFUSED)
        status = tool_fail(TOOL_NO, "%s: %s",
                           error_message(reply.u.refused.code),
                           reply.u.refused.text);
    else
        status = tool_fail(TOOL_SYSTEM, "%s: not the answer to what was "
                           "asked", path);
    tr_wire_free(TR_WIRE_REPLY, &reply);
    return status;
}

static int
run(int argc, char **argv)
{
    static const struct option options[] = {
        { "socket", required_argument, NULL, OPTION_SOCKET },
        TOOL_CONFIG_OPTION, TOOL_JSON_OPTION, TOOL_HELP_OPTION,
        { NULL, 0, NULL, 0 }
    };
    struct tool_options common = { 0 };
    struct tr_config *config = NULL;
    const char *path = NULL;
    int option, status;

    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        if (!tool_take_option(&common, option, help, &status))
            path = optarg;
        else if (status >= 0)
            return status;
    }
    if (optind < argc)
        return tool_usage("status", "'%s' is no option", argv[optind]);
    if (path == NULL && common.config == NULL)
        path = secure_getenv(TR_SOCKET_ENV);
    if (path == NULL) {
        status = tool_load_config(&common, &config);
        if (status != TOOL_DONE)
            return status;
        path = config->socket;
    }
    status = ask_and_show(path, common.json);
    tr_config_free(config);
    return status;
}

const struct tool_command tool_status = {
    "status", "ask trustrealmd how it is", run
};
