/* tools/trustrealm/graph.c - trustrealm graph: a picture of the table */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "graph.h"

static const char help[] =
"usage: trustrealm graph [OPTION...]\n"
"\n"
"Draw systems and trust realms.  Systems in the same trust realms are drawn\n"
"as one group.\n"
"\n"
"  --realm REALM          only the members of this trust realm\n"
"  --format dot           text for Graphviz (default)\n"
"  --format svg           a picture; needs the program dot of Graphviz\n"
"  --format html          one page to look at in a browser, search and click;\n"
"                         it needs nothing else\n"
TOOL_TABLE_HELP
"  --json                 print JSON: the groups\n"
"  -c, --config FILE      configuration of trustrealmd\n"
"\n"
"exit status: 0 drawn, 1 no such trust realm, 2 usage, 3 system error\n";

/* Made from graph.html: html_head and html_tail, which the data goes
 * between. */
#include "graph_html.h"

/* A browser shows more, but nobody looks at it. */
#define MAX_HTML_SYSTEMS 50000

extern char **environ;

/* --- SVG ----------------------------------------------------------------- */

/* Start "dot -Tsvg", which writes to our stdout; *in_out goes to it. */
static int
start_dot(pid_t *pid_out, FILE **in_out)
{
    char *argv[] = { (char *)"dot", (char *)"-Tsvg", NULL };
    posix_spawn_file_actions_t actions;
    int ends[2], error;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return tool_fail(TOOL_SYSTEM, "%s", strerror(errno));
    *in_out = fdopen(ends[1], "w");
    error = *in_out == NULL ? errno : posix_spawn_file_actions_init(&actions);
    if (error == 0) {
        error = posix_spawn_file_actions_adddup2(&actions, ends[0],
                                                 STDIN_FILENO);
        if (error == 0)
            error = posix_spawnp(pid_out, argv[0], &actions, NULL, argv,
                                 environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    close(ends[0]);
    if (error == 0)
        return TOOL_DONE;
    if (*in_out != NULL)
        fclose(*in_out);
    else
        close(ends[1]);
    if (error == ENOENT)
        return tool_fail(TOOL_SYSTEM, "dot: not found; install Graphviz, or "
                         "use --format html or dot");
    return tool_fail(TOOL_SYSTEM, "dot: %s", strerror(error));
}

static int
write_svg(const struct graph *graph)
{
    FILE *in = NULL;
    int status, ended;
    bool written;
    pid_t pid;

    /* When dot ends early, its own words are the reason. */
    signal(SIGPIPE, SIG_IGN);
    status = start_dot(&pid, &in);
    if (status != TOOL_DONE)
        return status;
    graph_write_dot(graph, in);
    written = ferror(in) == 0;
    if (fclose(in) != 0)
        written = false;
    while (waitpid(pid, &ended, 0) < 0) {
        if (errno != EINTR)
            return tool_fail(TOOL_SYSTEM, "dot: %s", strerror(errno));
    }
    if (!written || !WIFEXITED(ended) || WEXITSTATUS(ended) != 0)
        return tool_fail(TOOL_SYSTEM, "dot has failed");
    return TOOL_DONE;
}

/* --- HTML ---------------------------------------------------------------- */

/* No text may end the element that the data stands in. */
static int
write_html(const struct graph *graph)
{
    json_t *data;
    char *text;
    const char *p;

    if (graph->nsystems > MAX_HTML_SYSTEMS)
        return tool_fail(TOOL_NO, "%zu systems are too many for a page: use "
                         "--realm", graph->nsystems);
    data = graph_json(graph);
    text = tool_must(json_dumps(data, JSON_COMPACT | JSON_ENSURE_ASCII));
    json_decref(data);
    fputs(html_head, stdout);
    for (p = text; *p != '\0'; p++) {
        if (*p == '<')
            fputs("\\u003c", stdout);
        else
            putchar(*p);
    }
    fputs(html_tail, stdout);
    free(text);
    return TOOL_DONE;
}

/* --- the command --------------------------------------------------------- */

enum format { FORMAT_DOT, FORMAT_SVG, FORMAT_HTML, FORMAT_JSON };

static int
draw(const struct tool_table *table, const char *realm, enum format format)
{
    const struct tr_realm *only = NULL;
    struct graph *graph;
    int status;

    if (realm != NULL && tr_view_realm(table->view, realm, &only) != 0)
        return tool_table_lacks_realm(table, realm);
    status = graph_create(table, only, &graph);
    if (status == TOOL_DONE && format == FORMAT_DOT)
        graph_write_dot(graph, stdout);
    else if (status == TOOL_DONE && format == FORMAT_SVG)
        status = write_svg(graph);
    else if (status == TOOL_DONE && format == FORMAT_HTML)
        status = write_html(graph);
    else if (status == TOOL_DONE)
        status = tool_json_print(graph_json(graph), TOOL_DONE);
    graph_free(graph);
    return status;
}

static int
take_format(void *arg, const char *value)
{
    enum format *format_out = arg;
    static const char *const names[] = { "dot", "svg", "html" };
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(value, names[i]) == 0) {
            *format_out = (enum format)i;
            return -1;
        }
    }
    return tool_usage("graph", "no format '%s'", value);
}

static int
run(int argc, char **argv)
{
    static const struct tool_syntax syntax = {
        .command = "graph", .help = help, .has = TOOL_HAS_TABLES
    };
    struct tool_options common = { 0 };
    struct tool_table table = { 0 };
    enum format format = FORMAT_JSON;   /* none is given */
    const char *realm = NULL;
    const struct tool_option own[] = {
        TOOL_VALUE("realm", &realm), TOOL_TAKE("format", take_format, &format),
        TOOL_NO_MORE
    };
    int status;

    status = tool_parse(&syntax, own, argc, argv, &common);
    if (status >= 0)
        return status;
    if (common.json && format != FORMAT_JSON)
        return tool_usage("graph", "either --format or --json");
    if (!common.json && format == FORMAT_JSON)
        format = FORMAT_DOT;
    status = tool_table_ask(&common, &table);
    if (status == TOOL_DONE)
        status = draw(&table, realm, format);
    tool_table_close(&table);
    return status;
}

const struct tool_command tool_graph = {
    "graph", "draw systems and trust realms", run
};
