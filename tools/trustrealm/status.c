/* tools/trustrealm/status.c - trustrealm status: how is trustrealmd? */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "text.h"
#include "trustrealm.h"

static const char help[] =
"usage: trustrealm status [OPTION...]\n"
"\n"
"Ask trustrealmd for its state: table, epoch, decisions.  Only root and\n"
"trustrealmd's own user are told of decisions and attributes.\n"
"\n"
"  --check                print one line for a monitor (Nagios and its like)\n"
"  --warning SECONDS      with --check: warn when the table is older\n"
"  --critical SECONDS     with --check: critical when the table is older\n"
"  --socket PATH          of trustrealmd (default: TRUSTREALM_SOCKET, else\n"
"                         what the configuration says)\n"
"  --json                 print JSON\n"
"  -c, --config FILE      configuration of trustrealmd\n"
"\n"
"Into a pipe: key, value.\n"
"\n"
"exit status: 0 it answers, 1 it refuses, 2 usage, 3 it cannot be reached;\n"
"with --check: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN\n";

enum { OPTION_SOCKET = TOOL_OPTION_OWN, OPTION_CHECK, OPTION_WARNING,
       OPTION_CRITICAL };

/* Exit statuses of a monitor's plugin. */
enum { CHECK_OK, CHECK_WARNING, CHECK_CRITICAL, CHECK_UNKNOWN };

struct status {
    struct tool_options options;
    const char *socket;
    bool check;
    int64_t warning, critical;  /* s; -1: not given */
};

/* --- one line for a monitor ---------------------------------------------- */

/* Print the line: '|' and what follows it are for the monitor. */
static int
conclude(int result, const char *text, const char *numbers)
{
    static const char *const words[] = { "OK", "WARNING", "CRITICAL",
                                         "UNKNOWN" };
    char *line = tool_copy(text), *p;

    for (p = line; *p != '\0'; p++) {
        if (*p == '|')
            *p = '/';
    }
    tool_line("TRUSTREALM %s - %s%s%s", words[result], line,
              *numbers != '\0' ? " | " : "", numbers);
    free(line);
    return result;
}

static json_int_t
number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* "age=3s;60;300;0", thresholds left out where there is none. */
static char *
age_numbers(const struct status *status, json_int_t age)
{
    char *warning = status->warning < 0 ? tool_copy("") :
        tool_format("%lld", (long long)status->warning);
    char *critical = status->critical < 0 ? tool_copy("") :
        tool_format("%lld", (long long)status->critical);
    char *text = tool_format("age=%llds;%s;%s;0", (long long)age, warning,
                             critical);

    free(warning);
    free(critical);
    return text;
}

static int
judge(const struct status *status, const json_t *state)
{
    const json_t *table = json_object_get(state, "table");
    const char *error = json_string_value(json_object_get(table, "error"));
    const char *source = json_string_value(json_object_get(table, "state"));
    json_int_t age = number(table, "age");
    bool known = json_is_integer(json_object_get(table, "age"));
    char *numbers, *ages = age_numbers(status, age), *text;
    int result;

    numbers = tool_format("%s generation=%lld systems=%lld stale_realms=%lld"
                          ";0 unusable_realms=%lld;0 disputed_names=%lld;0",
                          known ? ages : "age=U",
                          (long long)number(table, "generation"),
                          (long long)number(table, "systems"),
                          (long long)number(table, "stale_realms"),
                          (long long)number(table, "unusable_realms"),
                          (long long)number(table, "disputed_names"));
    text = tool_format("table %lld s old, generation %lld, %s",
                       (long long)age, (long long)number(table, "generation"),
                       source != NULL ? source : "");
    if (error != NULL)
        result = conclude(CHECK_CRITICAL, error, numbers);
    else if (!known)
        result = conclude(CHECK_CRITICAL, "the table's source has never "
                          "answered: everything is refused", numbers);
    else if (json_is_true(json_object_get(table, "stale")))
        result = conclude(CHECK_CRITICAL, "the table is too old: everything "
                          "is refused", numbers);
    else if (status->critical >= 0 && age > status->critical)
        result = conclude(CHECK_CRITICAL, text, numbers);
    else if (number(table, "stale_realms") > 0)
        result = conclude(CHECK_WARNING, "the table is too old for some "
                          "trust realms", numbers);
    else if (number(table, "unusable_realms") > 0)
        result = conclude(CHECK_WARNING, "some trust realms contradict "
                          "themselves", numbers);
    else if (number(table, "disputed_names") > 0)
        result = conclude(CHECK_WARNING, "several entries claim one name: "
                          "none of them is used", numbers);
    else if (status->warning >= 0 && age > status->warning)
        result = conclude(CHECK_WARNING, text, numbers);
    else
        result = conclude(CHECK_OK, text, numbers);
    free(numbers);
    free(ages);
    free(text);
    return result;
}

/* --- the command --------------------------------------------------------- */

static int
ask(const struct status *status, const char *path)
{
    char *why = NULL;
    json_t *state;
    int result;

    result = tool_daemon_ask(path, &state, &why);
    if (result != TOOL_DONE && status->check)
        result = conclude(result == TOOL_NO ? CHECK_UNKNOWN : CHECK_CRITICAL,
                          why, "");
    else if (result != TOOL_DONE)
        tool_fail(result, "%s", why);
    else if (status->check)
        result = judge(status, state);
    else if (status->options.json)
        result = tool_json_print(json_incref(state), TOOL_DONE);
    else
        tool_json_rows(json_incref(state));
    json_decref(state);
    free(why);
    return result;
}

static int
take_seconds(const char *option, int64_t *seconds_out)
{
    if (tr_text_number(optarg, 0, INT32_MAX, seconds_out) == 0)
        return -1;
    return tool_usage("status", "--%s %s: a number of seconds expected",
                      option, optarg);
}

/* Take the arguments; -1 to go on, or an exit status. */
static int
take_arguments(struct status *status, int argc, char **argv)
{
    static const struct option options[] = {
        { "check", no_argument, NULL, OPTION_CHECK },
        { "warning", required_argument, NULL, OPTION_WARNING },
        { "critical", required_argument, NULL, OPTION_CRITICAL },
        { "socket", required_argument, NULL, OPTION_SOCKET },
        TOOL_CONFIG_OPTION, TOOL_JSON_OPTION, TOOL_HELP_OPTION,
        { NULL, 0, NULL, 0 }
    };
    int option, result = -1;

    while (result < 0 &&
           (option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        if (tool_take_option(&status->options, option, help, &result))
            continue;
        if (option == OPTION_SOCKET)
            status->socket = optarg;
        else if (option == OPTION_CHECK)
            status->check = true;
        else if (option == OPTION_WARNING)
            result = take_seconds("warning", &status->warning);
        else
            result = take_seconds("critical", &status->critical);
    }
    if (result >= 0)
        return result;
    if (optind < argc)
        return tool_usage("status", "unexpected argument '%s'", argv[optind]);
    if (!status->check && (status->warning >= 0 || status->critical >= 0))
        return tool_usage("status", "--warning and --critical go with "
                          "--check");
    if (status->check && status->options.json)
        return tool_usage("status", "--check or --json");
    return -1;
}

static int
run(int argc, char **argv)
{
    struct status status = { .warning = -1, .critical = -1 };
    char *path = NULL;
    int result;

    result = take_arguments(&status, argc, argv);
    if (result < 0) {
        result = tool_daemon_socket(&status.options, status.socket, &path);
        if (result == TOOL_DONE)
            result = ask(&status, path);
    } else if (status.check && result == TOOL_USAGE) {
        /* A monitor would take the usual status for CRITICAL. */
        result = CHECK_UNKNOWN;
    }
    free(path);
    return result;
}

const struct tool_command tool_status = {
    "status", "ask trustrealmd for its state", run
};
