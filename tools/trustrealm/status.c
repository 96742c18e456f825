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

/* Exit statuses of a monitor's plugin. */
enum { CHECK_OK, CHECK_WARNING, CHECK_CRITICAL, CHECK_UNKNOWN };

struct status {
    struct tool_options options;
    const char *socket, *warning_text, *critical_text;
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

/* What is judged and, with a name, measured. */
static const struct figure {
    const char *object, *key;   /* in the state */
    bool is_truth;
    const char *name, *unit, *rest;     /* "age=3s;60;300;0"; rest NULL: the
                                           thresholds that were given */
} figures[] = {
    { "table", "age", false, "age", "s", NULL },
    { "table", "silent", false, "silent", "s", "" },
    { "clock", "behind", false, "clock_behind", "s", ";;0" },
    { "table", "generation", false, "generation", "", "" },
    { "table", "systems", false, "systems", "", "" },
    { "table", "stale_realms", false, "stale_realms", "", ";0" },
    { "table", "unusable_realms", false, "unusable_realms", "", ";0" },
    { "table", "disputed_names", false, "disputed_names", "", ";0" },
    { "replay", "wait", false, "replay_wait", "s", ";;0" },
    { "table", "stale", true, NULL, NULL, NULL },
    { "table", "away", true, NULL, NULL, NULL },
    { "login", "failed", true, NULL, NULL, NULL },
    { "replay", "failed", true, NULL, NULL, NULL },
    { "audit", "failed", true, NULL, NULL, NULL }
};
#define NFIGURES (sizeof(figures) / sizeof(figures[0]))

static const json_t *
value_of(const json_t *state, const struct figure *figure)
{
    return json_object_get(json_object_get(state, figure->object),
                           figure->key);
}

/* ";60;300;0", thresholds left out where there is none. */
static char *
age_thresholds(const struct status *status)
{
    char *warning = status->warning < 0 ? tool_copy("") :
        tool_format("%lld", (long long)status->warning);
    char *critical = status->critical < 0 ? tool_copy("") :
        tool_format("%lld", (long long)status->critical);
    char *text = tool_format(";%s;%s;0", warning, critical);

    free(warning);
    free(critical);
    return text;
}

/* All that is measured; U for what is not known. */
static char *
numbers_of(const struct status *status, const json_t *state)
{
    char *thresholds = age_thresholds(status), *text = tool_copy(""), *before;
    const struct figure *figure;
    const json_t *value;
    size_t i;

    for (i = 0; i < NFIGURES && figures[i].name != NULL; i++) {
        figure = &figures[i];
        value = value_of(state, figure);
        before = text;
        if (json_is_integer(value))
            text = tool_format("%s%s%s=%lld%s%s", before, i > 0 ? " " : "",
                               figure->name,
                               (long long)json_integer_value(value),
                               figure->unit, figure->rest != NULL ?
                               figure->rest : thresholds);
        else
            text = tool_format("%s%s%s=U", before, i > 0 ? " " : "",
                               figure->name);
        free(before);
    }
    free(thresholds);
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
    const json_t *replay = json_object_get(state, "replay");
    const json_t *audit = json_object_get(state, "audit");

    if (json_object_get(table, "error") != NULL)
        return tool_copy(text_of(table, "error"));
    if (json_is_null(json_object_get(table, "age")))
        return tool_copy("the table's source has never answered: everything "
                         "is refused");
    if (number(clock, "behind") != 0)
        return tool_format("the clock of this system is %lld s %s: "
                           "everything is refused",
                           (long long)number(clock, "behind"),
                           text_of(clock, "state"));
    if (json_is_true(json_object_get(table, "stale")))
        return tool_copy("the table is too old: everything is refused");
    if (json_is_true(json_object_get(audit, "failed")))
        return tool_copy("the audit log cannot be written: nothing is "
                         "allowed");
    if (json_is_true(json_object_get(replay, "failed")))
        return tool_copy("the replay store fails: nothing is accepted; "
                         "restart trustrealmd if it does not end");
    if (number(replay, "wait") > 0)
        return tool_format("the replay store has been begun anew: nothing is "
                           "accepted for %lld s more",
                           (long long)number(replay, "wait"));
    if (is_locked_out(login))
        return about_login(login);
    if (status->critical >= 0 && number(table, "age") > status->critical)
        return about_table(table);
    return NULL;
}

/* What cannot be judged, of a daemon that does not say it yet; NULL:
 * nothing. */
static char *
find_unknown(const json_t *state)
{
    char *missing = NULL, *before;
    const json_t *value;
    size_t i;

    for (i = 0; i < NFIGURES; i++) {
        value = value_of(state, &figures[i]);
        if (figures[i].is_truth ? json_is_boolean(value) :
            json_is_integer(value))
            continue;
        before = missing;
        missing = tool_format("%s%s%s.%s", before != NULL ? before :
                              "trustrealmd does not say ", before != NULL ?
                              ", " : "", figures[i].object, figures[i].key);
        free(before);
    }
    return missing;
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
        result = CHECK_UNKNOWN;
        text = find_unknown(state);
    }
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

/* What is wrong with the number of seconds in text, malloced, or NULL. */
static char *
take_seconds(const char *option, const char *text, int64_t *seconds_out)
{
    *seconds_out = -1;
    if (text == NULL || tr_text_number(text, 0, INT32_MAX, seconds_out) == 0)
        return NULL;
    return tool_format("--%s %s: a number of seconds expected", option, text);
}

/* What is wrong with the arguments, malloced, or NULL. */
static char *
find_wrong(struct status *status, int argc, char **argv)
{
    char *why;

    if (optind < argc)
        return tool_format("unexpected argument '%s'", argv[optind]);
    why = take_seconds("warning", status->warning_text, &status->warning);
    if (why == NULL)
        why = take_seconds("critical", status->critical_text,
                           &status->critical);
    if (why != NULL)
        return why;
    if (!status->check && (status->warning >= 0 || status->critical >= 0))
        return tool_copy("--warning and --critical go with --check");
    if (status->check && status->options.json)
        return tool_copy("--check or --json");
    return NULL;
}

/* Take the arguments; -1 to go on, or an exit status, which *why_out explains
 * if nothing else did. */
static int
take_arguments(struct status *status, int argc, char **argv, char **why_out)
{
    static const struct tool_syntax syntax = {
        .command = "status", .help = help, .has = TOOL_HAS_CONFIG,
        .words = true
    };
    const struct tool_option own[] = {
        TOOL_FLAG("check", &status->check),
        TOOL_VALUE("warning", &status->warning_text),
        TOOL_VALUE("critical", &status->critical_text),
        TOOL_VALUE("socket", &status->socket), TOOL_NO_MORE
    };
    int result;

    result = tool_parse(&syntax, own, argc, argv, &status->options);
    if (result < 0)
        *why_out = find_wrong(status, argc, argv);
    return *why_out != NULL ? TOOL_USAGE : result;
}

/* There is nobody to ask: a monitor would take silence for CRITICAL. */
static int
give_up(const struct status *status, int result, const char *why)
{
    if (status->check)
        return conclude(CHECK_UNKNOWN, why != NULL ? why :
                        "there is an option that trustrealm status does not "
                        "have", "");
    if (why == NULL)
        return result;
    return result == TOOL_USAGE ? tool_usage("status", "%s", why) :
        tool_fail(result, "%s", why);
}

static int
run(int argc, char **argv)
{
    struct status status = { .check = false };
    char *path = NULL, *why = NULL;
    int result;

    result = take_arguments(&status, argc, argv, &why);
    if (result < 0)
        result = tool_daemon_socket(&status.options, status.socket, &path,
                                    &why);
    if (path != NULL)
        result = ask(&status, path);
    else if (result != TOOL_DONE)
        result = give_up(&status, result, why);
    free(path);
    free(why);
    return result;
}

const struct tool_command tool_status = {
    "status", "ask trustrealmd for its state", run
};
