/* tools/trustrealm/status.c - trustrealm status: how is trustrealmd? */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include "trustrealm.h"

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

static int
ask_and_show(const char *path, bool json)
{
    char *why = NULL;
    json_t *state;
    int status;

    status = tool_daemon_ask(path, &state, &why);
    if (status != TOOL_DONE)
        tool_fail(status, "%s", why != NULL ? why : path);
    else if (json)
        status = tool_json_print(state, TOOL_DONE);
    else
        tool_json_rows(state);
    free(why);
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
    const char *given = NULL;
    char *path = NULL;
    int option, status;

    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        if (!tool_take_option(&common, option, help, &status))
            given = optarg;
        else if (status >= 0)
            return status;
    }
    if (optind < argc)
        return tool_usage("status", "'%s' is no option", argv[optind]);
    status = tool_daemon_socket(&common, given, &path);
    if (status == TOOL_DONE)
        status = ask_and_show(path, common.json);
    free(path);
    return status;
}

const struct tool_command tool_status = {
    "status", "ask trustrealmd how it is", run
};
