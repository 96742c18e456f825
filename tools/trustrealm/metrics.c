/* tools/trustrealm/metrics.c - trustrealm metrics: numbers for a monitor */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "trustrealm.h"

static const char help[] =
"usage: trustrealm metrics [OPTION...]\n"
"\n"
"Print what trustrealmd counts as OpenMetrics text.  Root and trustrealmd's\n"
"own user are told more.\n"
"\n"
"  --socket PATH          of trustrealmd (default: TRUSTREALM_SOCKET, else\n"
"                         what the configuration says)\n"
"  -c, --config FILE      configuration of trustrealmd\n"
"\n"
"exit status: 0 it answers, 1 it refuses, 2 usage, 3 it cannot be reached;\n"
"then trustrealm_up is 0, and nothing else is there\n";

enum { OPTION_SOCKET = TOOL_OPTION_OWN };

/* --- families ------------------------------------------------------------ */

static void
print_family(const char *name, const char *type, const char *unit,
             const char *about)
{
    printf("# TYPE %s %s\n", name, type);
    if (unit != NULL)
        printf("# UNIT %s %s\n", name, unit);
    printf("# HELP %s %s\n", name, about);
}

/* "key="value"", with what needs it escaped. */
static void
print_label(const char *key, const char *value)
{
    printf("%s=\"", key);
    for (; *value != '\0'; value++) {
        if (*value == '\n')
            fputs("\\n", stdout);
        else if (*value == '"' || *value == '\\')
            printf("\\%c", *value);
        else
            putchar(*value);
    }
    putchar('"');
}

static void
print_number(const json_t *value)
{
    if (json_is_boolean(value))
        printf(" %d\n", json_is_true(value));
    else
        printf(" %lld\n", (long long)json_integer_value(value));
}

static bool
is_number(const json_t *value)
{
    return json_is_integer(value) || json_is_boolean(value);
}

/* --- what is one number -------------------------------------------------- */

static const struct single {
    const char *object;         /* in the state, or NULL: the state itself */
    const char *key;
    const char *name, *type, *unit, *about;
} singles[] = {
    { NULL, "started", "trustrealm_start_time_seconds", "gauge", "seconds",
      "When trustrealmd was started." },
    { NULL, "epoch", "trustrealm_epoch", "gauge", NULL,
      "Raised when earlier decisions have to be made again." },
    { "clock", "behind", "trustrealm_clock_behind_seconds", "gauge",
      "seconds", "How far the clock is behind: if at all, everything is "
      "refused." },
    { "login", "failed", "trustrealm_login_failed", "gauge", NULL,
      "Whether the KDC refused, or did not answer, the last login." },
    { "table", "age", "trustrealm_table_age_seconds", "gauge", "seconds",
      "Since the source of the table answered." },
    { "table", "generation", "trustrealm_table_generation", "gauge", NULL,
      "Raised by each change of the table." },
    { "table", "stale", "trustrealm_table_stale", "gauge", NULL,
      "Whether the table is too old: everything is refused." },
    { "table", "silent", "trustrealm_table_silent_seconds", "gauge",
      "seconds", "Since the table was known to be up to date." },
    { "table", "away", "trustrealm_table_source_away", "gauge", NULL,
      "Whether the source has been silent for more than two heartbeats." },
    { "table", "stale_realms", "trustrealm_table_stale_realms", "gauge",
      NULL, "Trust realms that the table is too old for." },
    { "table", "unusable_realms", "trustrealm_table_unusable_realms",
      "gauge", NULL, "Trust realms that contradict themselves." },
    { "table", "disputed_names", "trustrealm_table_disputed_names", "gauge",
      NULL, "Names that several entries claim; none of them is used." },
    { NULL, "audit_left_out", "trustrealm_audit_left_out", "counter", NULL,
      "Audit records left out because a peer caused too many." },
    { NULL, "audit_lost", "trustrealm_audit_lost", "counter", NULL,
      "Audit records that could not be written." },
    { NULL, "connections", "trustrealm_connections", "gauge", NULL,
      "Programs connected." },
    { NULL, "calls", "trustrealm_calls", "counter", NULL,
      "Calls of programs." },
    { NULL, "requests", "trustrealm_requests", "gauge", NULL,
      "Calls that wait for their answer." },
    { "kdc", "threads", "trustrealm_kdc_threads", "gauge", NULL,
      "Threads that ask the KDC." },
    { "kdc", "busy", "trustrealm_kdc_threads_busy", "gauge", NULL,
      "Threads that wait for the KDC now." },
    { "kdc", "queue", "trustrealm_kdc_queue", "gauge", NULL,
      "Questions that no thread has taken up yet." },
    { "kdc", "answered", "trustrealm_kdc_questions", "counter", NULL,
      "Questions that the KDC was asked, with or without success." },
    { "kdc", "failed", "trustrealm_kdc_failures", "counter", NULL,
      "Questions that failed." }
};

static void
print_singles(const json_t *state)
{
    const struct single *single;
    const json_t *value;
    size_t i;

    for (i = 0; i < sizeof(singles) / sizeof(singles[0]); i++) {
        single = &singles[i];
        value = json_object_get(single->object == NULL ? state :
                                json_object_get(state, single->object),
                                single->key);
        if (!is_number(value))
            continue;
        print_family(single->name, single->type, single->unit,
                     single->about);
        printf("%s%s", single->name,
               strcmp(single->type, "counter") == 0 ? "_total" : "");
        print_number(value);
    }
}

/* --- what is a number for each of several -------------------------------- */

static void
print_each(const char *name, const char *key, const char *value,
           const json_t *count)
{
    if (!is_number(count))
        return;
    printf("%s{", name);
    print_label(key, value);
    putchar('}');
    print_number(count);
}

static void
print_entries(const json_t *table)
{
    static const char *const kinds[] = { "realms", "systems", "clearances",
                                         "maps" };
    size_t i;

    print_family("trustrealm_table_entries", "gauge", NULL,
                 "Entries of the table.");
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        print_each("trustrealm_table_entries", "kind", kinds[i],
                   json_object_get(table, kinds[i]));
}

static void
print_decisions(json_t *decisions)
{
    static const char *const outcomes[] = { "allow", "deny" };
    const char *event;
    json_t *counts;
    size_t i;

    if (decisions == NULL)
        return;
    print_family("trustrealm_decisions", "counter", NULL,
                 "Decisions by event and outcome.");
    json_object_foreach(decisions, event, counts) {
        for (i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
            fputs("trustrealm_decisions_total{", stdout);
            print_label("event", event);
            printf(",outcome=\"%s\"}", outcomes[i]);
            print_number(json_object_get(counts, outcomes[i]));
        }
    }
}

/* An association stands when its acceptance was found good, and was given. */
static void
print_associations(const json_t *decisions)
{
    const json_t *initiated = json_object_get(
        json_object_get(decisions, "accepted"), "allow");
    const json_t *accepted = json_object_get(
        json_object_get(decisions, "accept"), "allow");

    if (decisions == NULL)
        return;
    print_family("trustrealm_associations", "counter", NULL,
                 "Associations established, by the side of this system.");
    print_each("trustrealm_associations_total", "side", "initiator",
               initiated);
    print_each("trustrealm_associations_total", "side", "acceptor",
               accepted);
}

static void
print_refusals(json_t *refused)
{
    const char *step;
    json_t *count;

    if (refused == NULL)
        return;
    print_family("trustrealm_refusals", "counter", NULL,
                 "Refusals by the step that decided.");
    json_object_foreach(refused, step, count)
        print_each("trustrealm_refusals_total", "step", step, count);
}

static void
print_let_by(const json_t *state)
{
    if (json_object_get(state, "dry_run") == NULL)
        return;
    print_family("trustrealm_let_by", "counter", NULL,
                 "Allowed only because of a dry run, or as a by-pass.");
    print_each("trustrealm_let_by_total", "by", "dry-run",
               json_object_get(state, "dry_run"));
    print_each("trustrealm_let_by_total", "by", "bypass",
               json_object_get(state, "bypass"));
}

static void
print_state(const json_t *state)
{
    const char *version = json_string_value(json_object_get(state,
                                                            "version"));
    const char *system = json_string_value(json_object_get(state, "system"));

    print_family("trustrealm_daemon", "info", NULL, "What it is.");
    fputs("trustrealm_daemon_info{", stdout);
    print_label("version", version != NULL ? version : "");
    putchar(',');
    print_label("system", system != NULL ? system : "");
    puts("} 1");
    print_singles(state);
    print_entries(json_object_get(state, "table"));
    print_decisions(json_object_get(state, "decisions"));
    print_associations(json_object_get(state, "decisions"));
    print_refusals(json_object_get(state, "refused"));
    print_let_by(state);
}

/* --- the command --------------------------------------------------------- */

static int
print_metrics(const char *path)
{
    char *why = NULL;
    json_t *state;
    int status;

    status = tool_daemon_ask(path, &state, &why);
    if (status != TOOL_DONE)
        tool_fail(status, "%s", why);
    print_family("trustrealm_up", "gauge", NULL,
                 "Whether trustrealmd answers.");
    printf("trustrealm_up %d\n", status == TOOL_DONE);
    if (status == TOOL_DONE)
        print_state(state);
    puts("# EOF");
    json_decref(state);
    free(why);
    return status;
}

static int
run(int argc, char **argv)
{
    static const struct option options[] = {
        { "socket", required_argument, NULL, OPTION_SOCKET },
        TOOL_CONFIG_OPTION, TOOL_HELP_OPTION, { NULL, 0, NULL, 0 }
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
        return tool_usage("metrics", "unexpected argument '%s'", argv[optind]);
    status = tool_daemon_socket(&common, given, &path);
    if (status == TOOL_DONE)
        status = print_metrics(path);
    free(path);
    return status;
}

const struct tool_command tool_metrics = {
    "metrics", "print what trustrealmd counts as OpenMetrics", run
};
