/* tools/trustrealm/status.c - trustrealm status: how is trustrealmd? */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
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

static const char *
text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
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

/* All that is measured. */
static char *
numbers_of(const struct status *status, const json_t *state)
{
    const json_t *table = json_object_get(state, "table");
    bool known = json_is_integer(json_object_get(table, "age"));
    char *age = known ? age_numbers(status, number(table, "age")) :
        tool_copy("age=U");
    char *text;

    text = tool_format("%s silent=%llds clock_behind=%llds;;0 generation=%lld "
                       "systems=%lld stale_realms=%lld;0 "
                       "unusable_realms=%lld;0 disputed_names=%lld;0",
                       age, (long long)number(table, "silent"),
                       (long long)number(json_object_get(state, "clock"),
                                         "behind"),
                       (long long)number(table, "generation"),
                       (long long)number(table, "systems"),
                       (long long)number(table, "stale_realms"),
                       (long long)number(table, "unusable_realms"),
                       (long long)number(table, "disputed_names"));
    free(age);
    return text;
}

static char *
about_table(const json_t *table)
{
    return tool_format("table %lld s old, generation %lld, %s",
                       (long long)number(table, "age"),
                       (long long)number(table, "generation"),
                       text_of(table, "state"));
}

/* Why the system cannot log in at the KDC; NULL: it can. */
static char *
about_login(const json_t *login)
{
    json_int_t end = number(login, "end");
    char when[TOOL_TIME_LENGTH];

    if (!json_is_true(json_object_get(login, "failed")))
        return NULL;
    if (end <= time(NULL))
        return tool_format("no login at the KDC: %s: nothing can be sent",
                           text_of(login, "error"));
    tool_format_time(end, when);
    return tool_format("no new login at the KDC: %s: the last one ends %s",
                       text_of(login, "error"), when);
}

/* Does somebody have to mend this system, lest it stop at once or soon? */
static bool
is_locked_out(const json_t *login)
{
    return json_is_true(json_object_get(login, "failed")) &&
        (number(login, "end") <= time(NULL) ||
         strcmp(text_of(login, "cause"), "kdc") != 0);
}

/* Why nothing gets through, or the table is older than was said; NULL:
 * neither. */
static char *
find_critical(const struct status *status, const json_t *state)
{
    const json_t *table = json_object_get(state, "table");
    const json_t *clock = json_object_get(state, "clock");
    const json_t *login = json_object_get(state, "login");

    if (json_object_get(table, "error") != NULL)
        return tool_copy(text_of(table, "error"));
    if (!json_is_integer(json_object_get(table, "age")))
        return tool_copy("the table's source has never answered: everything "
                         "is refused");
    if (number(clock, "behind") != 0)
        return tool_format("the clock of this system is %lld s %s: "
                           "everything is refused",
                           (long long)number(clock, "behind"),
                           text_of(clock, "state"));
    if (json_is_true(json_object_get(table, "stale")))
        return tool_copy("the table is too old: everything is refused");
    if (is_locked_out(login))
        return about_login(login);
    if (status->critical >= 0 && number(table, "age") > status->critical)
        return about_table(table);
    return NULL;
}

/* What is refused, or soon will be; NULL: nothing. */
static char *
find_warning(const struct status *status, const json_t *state)
{
    const json_t *table = json_object_get(state, "table");
    const json_t *login = json_object_get(state, "login");

    if (number(table, "stale_realms") > 0)
        return tool_copy("the table is too old for some trust realms");
    if (json_is_true(json_object_get(login, "failed")))
        return about_login(login);
    if (json_is_true(json_object_get(table, "away")))
        return tool_format("the table has not been up to date for %lld s: %s",
                           (long long)number(table, "silent"),
                           text_of(table, "state"));
    if (number(table, "unusable_realms") > 0)
        return tool_copy("some trust realms contradict themselves");
    if (number(table, "disputed_names") > 0)
        return tool_copy("several entries claim one name: none of them is "
                         "used");
    if (status->warning >= 0 && number(table, "age") > status->warning)
        return about_table(table);
    return NULL;
}

static int
judge(const struct status *status, const json_t *state)
{
    char *numbers = numbers_of(status, state), *text;
    int result = CHECK_CRITICAL;

    text = find_critical(status, state);
    if (text == NULL) {
        result = CHECK_WARNING;
        text = find_warning(status, state);
    }
    if (text == NULL) {
        result = CHECK_OK;
        text = about_table(json_object_get(state, "table"));
    }
    result = conclude(result, text, numbers);
    free(numbers);
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
