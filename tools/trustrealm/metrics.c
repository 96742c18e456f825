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
"  --json                 print JSON\n"
"  -c, --config FILE      configuration of trustrealmd\n"
"\n"
"exit status: 0 it answers, 1 it refuses, 2 usage, 3 it cannot be reached;\n"
"then trustrealm_up is 0, and nothing else is there\n";

/* --- families ------------------------------------------------------------ */

/* Add one; what is returned is its list of samples. */
static json_t *
add_family(json_t *families, const char *name, const char *type,
           const char *unit, const char *about)
{
    json_t *samples = json_array();

    json_array_append_new(families, json_pack(
        "{s:s, s:s, s:s*, s:s, s:o}", "name", name, "type", type, "unit",
        unit, "help", about, "samples", samples));
    return samples;
}

static bool
is_number(const json_t *value)
{
    return json_is_integer(value) || json_is_boolean(value);
}

/* labels go with the sample; of what is no number there is none. */
static void
add_sample(json_t *samples, json_t *labels, const json_t *value)
{
    if (is_number(value))
        json_array_append_new(samples, json_pack(
            "{s:O, s:I}", "labels", labels, "value",
            json_is_true(value) ? 1 : json_integer_value(value)));
    json_decref(labels);
}

static void
add_each(json_t *samples, const char *key, const char *label,
         const json_t *value)
{
    add_sample(samples, json_pack("{s:o}", key, tool_json_text(label)),
               value);
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
    { "replay", "failed", "trustrealm_replay_failed", "gauge", NULL,
      "Whether the replay store fails: nothing is accepted." },
    { "replay", "wait", "trustrealm_replay_wait_seconds", "gauge", "seconds",
      "Until anything is accepted, after the replay store was lost." },
    { "audit", "failed", "trustrealm_audit_failed", "gauge", NULL,
      "Whether the audit log cannot be written: nothing is allowed." },
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
add_singles(json_t *families, const json_t *state)
{
    const struct single *single;
    const json_t *value;
    size_t i;

    for (i = 0; i < sizeof(singles) / sizeof(singles[0]); i++) {
        single = &singles[i];
        value = json_object_get(single->object == NULL ? state :
                                json_object_get(state, single->object),
                                single->key);
        if (is_number(value))
            add_sample(add_family(families, single->name, single->type,
                                  single->unit, single->about),
                       json_object(), value);
    }
}

/* --- what is a number for each of several -------------------------------- */

static void
add_entries(json_t *families, const json_t *table)
{
    static const char *const kinds[] = { "realms", "systems", "clearances",
                                         "maps" };
    json_t *samples = add_family(families, "trustrealm_table_entries",
                                 "gauge", NULL, "Entries of the table.");
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        add_each(samples, "kind", kinds[i], json_object_get(table, kinds[i]));
}

static void
add_decisions(json_t *families, json_t *decisions)
{
    static const char *const outcomes[] = { "allow", "deny" };
    const char *event;
    json_t *samples, *counts;
    size_t i;

    if (decisions == NULL)
        return;
    samples = add_family(families, "trustrealm_decisions", "counter", NULL,
                         "Decisions by event and outcome.");
    json_object_foreach(decisions, event, counts) {
        for (i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
            add_sample(samples, json_pack("{s:s, s:s}", "event", event,
                                          "outcome", outcomes[i]),
                       json_object_get(counts, outcomes[i]));
    }
}

/* An association stands when its acceptance was found good, and was given. */
static void
add_associations(json_t *families, const json_t *decisions)
{
    json_t *samples;

    if (decisions == NULL)
        return;
    samples = add_family(families, "trustrealm_associations", "counter", NULL,
                         "Associations established, by the side of this "
                         "system.");
    add_each(samples, "side", "initiator", json_object_get(
        json_object_get(decisions, "accepted"), "allow"));
    add_each(samples, "side", "acceptor", json_object_get(
        json_object_get(decisions, "accept"), "allow"));
}

static void
add_refusals(json_t *families, json_t *refused)
{
    const char *step;
    json_t *samples, *count;

    if (refused == NULL)
        return;
    samples = add_family(families, "trustrealm_refusals", "counter", NULL,
                         "Refusals by the step that decided.");
    json_object_foreach(refused, step, count)
        add_each(samples, "step", step, count);
}

static void
add_let_by(json_t *families, const json_t *state)
{
    json_t *samples;

    if (json_object_get(state, "dry_run") == NULL)
        return;
    samples = add_family(families, "trustrealm_let_by", "counter", NULL,
                         "Allowed only because of a dry run, or as a "
                         "by-pass.");
    add_each(samples, "by", "dry-run", json_object_get(state, "dry_run"));
    add_each(samples, "by", "bypass", json_object_get(state, "bypass"));
}

static const char *
text_of(const json_t *state, const char *key)
{
    const char *text = json_string_value(json_object_get(state, key));

    return text != NULL ? text : "";
}

/* state: what trustrealmd says of itself, or NULL when it does not. */
static json_t *
make_families(const json_t *state)
{
    json_t *families = json_array();

    add_sample(add_family(families, "trustrealm_up", "gauge", NULL,
                          "Whether trustrealmd answers."),
               json_object(), json_boolean(state != NULL));
    if (state == NULL)
        return families;
    add_sample(add_family(families, "trustrealm_daemon", "info", NULL,
                          "What it is."),
               json_pack("{s:s, s:s}", "version", text_of(state, "version"),
                         "system", text_of(state, "system")), json_true());
    add_singles(families, state);
    add_entries(families, json_object_get(state, "table"));
    add_decisions(families, json_object_get(state, "decisions"));
    add_associations(families, json_object_get(state, "decisions"));
    add_refusals(families, json_object_get(state, "refused"));
    add_let_by(families, state);
    return families;
}

/* --- OpenMetrics --------------------------------------------------------- */

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
print_sample(const char *name, const char *suffix, const json_t *sample)
{
    json_t *labels = json_object_get(sample, "labels"), *value;
    const char *key, *before = "{";

    printf("%s%s", name, suffix);
    json_object_foreach(labels, key, value) {
        fputs(before, stdout);
        print_label(key, json_string_value(value));
        before = ",";
    }
    printf("%s %lld\n", json_object_size(labels) > 0 ? "}" : "",
           (long long)json_integer_value(json_object_get(sample, "value")));
}

/* What the name of a sample has after that of its family. */
static const char *
suffix_of(const char *type)
{
    if (strcmp(type, "counter") == 0)
        return "_total";
    return strcmp(type, "info") == 0 ? "_info" : "";
}

static void
print_family(const json_t *family)
{
    const char *name = text_of(family, "name");
    const char *type = text_of(family, "type");
    const json_t *samples = json_object_get(family, "samples");
    size_t i;

    printf("# TYPE %s %s\n", name, type);
    if (json_object_get(family, "unit") != NULL)
        printf("# UNIT %s %s\n", name, text_of(family, "unit"));
    printf("# HELP %s %s\n", name, text_of(family, "help"));
    for (i = 0; i < json_array_size(samples); i++)
        print_sample(name, suffix_of(type), json_array_get(samples, i));
}

/* Print and free. */
static int
print_families(json_t *families, int status)
{
    size_t i;

    for (i = 0; i < json_array_size(families); i++)
        print_family(json_array_get(families, i));
    puts("# EOF");
    json_decref(families);
    return status;
}

/* --- the command --------------------------------------------------------- */

static int
print_metrics(const char *path, bool json)
{
    json_t *state, *families;
    int status;
    char *why;

    status = tool_daemon_ask(path, &state, &why);
    if (status != TOOL_DONE)
        tool_fail(status, "%s", why);
    free(why);
    families = make_families(state);
    json_decref(state);
    return json ? tool_json_print(json_pack("{s:o}", "families", families),
                                  status) : print_families(families, status);
}

static int
run(int argc, char **argv)
{
    static const struct tool_syntax syntax = {
        .command = "metrics", .help = help, .has = TOOL_HAS_CONFIG
    };
    struct tool_options common = { 0 };
    const char *given = NULL;
    const struct tool_option own[] = {
        TOOL_VALUE("socket", &given), TOOL_NO_MORE
    };
    char *path = NULL, *why = NULL;
    int status;

    status = tool_parse(&syntax, own, argc, argv, &common);
    if (status >= 0)
        return status;
    status = tool_daemon_socket(&common, given, &path, &why);
    if (status == TOOL_DONE)
        status = print_metrics(path, common.json);
    else
        tool_fail(status, "%s", why);
    free(path);
    free(why);
    return status;
}

const struct tool_command tool_metrics = {
    "metrics", "print what trustrealmd counts as OpenMetrics", run
};
