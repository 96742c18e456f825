/* tools/trustrealm/watch.c - trustrealm watch: decisions as they are made */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "watch.h"

static const char help[] =
"usage: trustrealm watch [OPTION...]\n"
"\n"
"Show associations, refusals and changes of the table as they happen, until\n"
"interrupted: what trustrealmd writes to its audit log from now on, and what it\n"
"says of itself every second.\n"
"\n"
"  --log FILE             the audit log (default: what the configuration says)\n"
"  --socket PATH          of trustrealmd (default: TRUSTREALM_SOCKET, else\n"
"                         what the configuration says)\n"
"  --json                 print JSON, an object a line\n"
"  -c, --config FILE      configuration of trustrealmd\n"
"\n"
"Into a pipe: time, event, result, step, sender, receiver, trust realm, label,\n"
"user, reason.\n"
"\n"
"exit status: 0 interrupted, 2 usage, 3 system error\n";

struct watch {
    struct watch_source *source;
    struct watch_screen *screen;        /* NULL: lines */
    bool json;
    const char *socket;
    time_t asked;
    json_t *state;              /* of the daemon, as it last answered */
    char *why;                  /* it does not answer */
};

static volatile sig_atomic_t stopped;

static void
on_signal(int number)
{
    stopped = number;
}

/* --- events -------------------------------------------------------------- */

static const char *
member(const json_t *event, const char *key)
{
    const char *text = json_string_value(json_object_get(event, key));

    return text != NULL ? text : "-";
}

/* The reason, or what a line of the log says. */
static const char *
reason_of(const json_t *event)
{
    const char *reason = member(event, "reason");

    if (strcmp(reason, "-") == 0)
        reason = member(event, "text");
    return strcmp(reason, "-") != 0 ? reason : member(event, "code_text");
}

/* A system that is not in the table has its principal alone. */
static const char *
sender_of(const json_t *event)
{
    const char *sender = member(event, "sender");

    return strcmp(sender, "-") != 0 ? sender :
        member(event, "sender_principal");
}

/* For the screen: the time of day, systems without their domain. */
static char *
screen_text(const json_t *event)
{
    const char *when = member(event, "time"), *t = strchr(when, 'T');
    const char *from = sender_of(event);
    const char *to = member(event, "receiver");

    if (json_object_get(event, "result") == NULL)
        return tool_format("%-8.8s  %-8s %s", t != NULL ? t + 1 : when,
                           member(event, "event"), reason_of(event));
    return tool_format("%-8.8s  %-8s %-5s %-3s  %.*s > %.*s  %s %s  %s  %s",
                       t != NULL ? t + 1 : when, member(event, "event"),
                       member(event, "result"), member(event, "step"),
                       (int)strcspn(from, "."), from,
                       (int)strcspn(to, "."), to,
                       member(event, "realm"), member(event, "label"),
                       member(event, "user"), reason_of(event));
}

static void
print_line(const json_t *event)
{
    static const char *const keys[] = {
        "time", "event", "result", "step", "sender", "receiver", "realm",
        "label", "user"
    };
    size_t i;
    char *cell;

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        cell = tool_copy(strcmp(keys[i], "sender") == 0 ? sender_of(event) :
                         member(event, keys[i]));
        printf("%s\t", tool_printable(cell));
        free(cell);
    }
    cell = tool_copy(reason_of(event));
    printf("%s\n", tool_printable(cell));
    free(cell);
}

/* Show event and free it. */
static void
show(struct watch *watch, json_t *event)
{
    if (watch->screen != NULL) {
        watch_screen_add(watch->screen, screen_text(event));
    } else if (watch->json) {
        json_dumpf(event, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
        putchar('\n');
    } else {
        print_line(event);
    }
    json_decref(event);
}

/* A line of the audit log; one of ordinary operation may be plain text. */
static void
take_line(char *line, void *arg)
{
    json_t *event = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

    if (!json_is_object(event)) {
        json_decref(event);
        event = json_pack("{s:s, s:o}", "event", "log", "text",
                          tool_json_text(line));
    }
    show(arg, event);
}

/* --- the daemon ---------------------------------------------------------- */

static void
tell(struct watch *watch, const char *event, char *text)
{
    char when[32] = "";
    time_t now = time(NULL);
    struct tm tm;

    if (gmtime_r(&now, &tm) != NULL)
        (void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
    show(watch, json_pack("{s:s, s:s, s:o}", "time", when, "event", event,
                          "text", tool_json_text(text)));
    free(text);
}

static long long
table_number(const json_t *state, const char *key)
{
    return (long long)json_integer_value(json_object_get(
        json_object_get(state, "table"), key));
}

/* Tell what has changed since the daemon was asked last. */
static void
compare(struct watch *watch, const json_t *state)
{
    const json_t *old = watch->state;
    bool stale = json_is_true(json_object_get(
        json_object_get(state, "table"), "stale"));
    bool was_stale = json_is_true(json_object_get(
        json_object_get(old, "table"), "stale"));

    if (old == NULL) {
        tell(watch, "daemon", tool_format(
            "it answers: table of generation %lld, %lld s old",
            table_number(state, "generation"), table_number(state, "age")));
        return;
    }
    if (strcmp(member(old, "instance"), member(state, "instance")) != 0)
        tell(watch, "daemon", tool_copy("it was started anew"));
    if (table_number(old, "generation") != table_number(state, "generation"))
        tell(watch, "table", tool_format(
            "generation %lld after %lld: %lld trust realms, %lld systems, "
            "%lld clearances, %lld label maps",
            table_number(state, "generation"),
            table_number(old, "generation"), table_number(state, "realms"),
            table_number(state, "systems"), table_number(state, "clearances"),
            table_number(state, "maps")));
    if (stale != was_stale)
        tell(watch, "table", tool_copy(stale ? "too old: everything is "
                                       "refused" : "fresh again"));
}

/* Ask it once a second. */
static void
ask(struct watch *watch)
{
    char *why = NULL;
    json_t *state;

    if (watch->asked == time(NULL))
        return;
    watch->asked = time(NULL);
    if (tool_daemon_ask(watch->socket, &state, &why) == TOOL_DONE) {
        compare(watch, state);
        free(watch->why);
        watch->why = NULL;
    } else {
        if (watch->why == NULL)
            tell(watch, "daemon", tool_format("it does not answer: %s",
                                              why));
        free(watch->why);
        watch->why = why;
    }
    json_decref(watch->state);
    watch->state = state;
}

/* --- the command --------------------------------------------------------- */

/* Until a signal comes, or stdout is not read any more. */
static int
follow(struct watch *watch)
{
    int status = TOOL_DONE;

    while (stopped == 0 && status == TOOL_DONE) {
        ask(watch);
        status = watch_source_read(watch->source, take_line, watch);
        if (watch->screen != NULL)
            watch_screen_draw(watch->screen, watch->state, watch->why);
        if (fflush(stdout) != 0)
            break;
    }
    return status;
}

/* Where the audit log is: NULL for the journal, to which all but a file goes
 * where there is systemd. */
static int
find_log(const struct tool_options *options, const char *given,
         char **path_out)
{
    struct tr_config *config = NULL;
    int status = TOOL_DONE;

    *path_out = tool_copy(given);
    if (given == NULL)
        status = tool_load_config(options, &config);
    if (config != NULL && strncmp(config->audit_target, "file:", 5) == 0)
        *path_out = tool_copy(config->audit_target + 5);
    tr_config_free(config);
    return status;
}

static int
watch_all(const struct tool_options *options, const char *socket,
          const char *log)
{
    const struct sigaction act = { .sa_handler = on_signal };
    struct watch watch = { .json = options->json };
    char *path = NULL, *audit = NULL, *why = NULL;
    int status;

    status = tool_daemon_socket(options, socket, &path, &why);
    if (status != TOOL_DONE)
        tool_fail(status, "%s", why);
    if (status == TOOL_DONE)
        status = find_log(options, log, &audit);
    if (status == TOOL_DONE)
        status = watch_source_open(audit, &watch.source);
    if (status == TOOL_DONE) {
        watch.socket = path;
        (void)sigaction(SIGINT, &act, NULL);
        (void)sigaction(SIGTERM, &act, NULL);
        (void)sigaction(SIGHUP, &act, NULL);
        if (tool_for_people() && !options->json)
            watch.screen = watch_screen_open();
        status = follow(&watch);
    }
    watch_screen_close(watch.screen);
    watch_source_close(watch.source);
    json_decref(watch.state);
    free(watch.why);
    free(audit);
    free(path);
    free(why);
    return status;
}

static int
run(int argc, char **argv)
{
    static const struct tool_syntax syntax = {
        .command = "watch", .help = help, .has = TOOL_HAS_CONFIG
    };
    struct tool_options common = { 0 };
    const char *socket = NULL, *log = NULL;
    const struct tool_option own[] = {
        TOOL_VALUE("log", &log), TOOL_VALUE("socket", &socket), TOOL_NO_MORE
    };
    int status;

    status = tool_parse(&syntax, own, argc, argv, &common);
    if (status >= 0)
        return status;
    return watch_all(&common, socket, log);
}

const struct tool_command tool_watch = {
    "watch", "show decisions as they are made", run
};
