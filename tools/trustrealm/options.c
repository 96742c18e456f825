/* tools/trustrealm/options.c - what subcommands have in common */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "trustrealm.h"

#define MAX_OPTIONS 64
#define NO_LETTER 256           /* above what a letter can be */

/* As getopt_long() wants it, and what is behind each option. */
struct line {
    const struct tool_option *taken[MAX_OPTIONS];
    struct option options[MAX_OPTIONS + 1];
    size_t n;
    char letters[16];
    size_t nletters;
};

static void
add(struct line *line, const struct tool_option *taken)
{
    struct option *option = &line->options[line->n];

    if (line->n == MAX_OPTIONS ||
        line->nletters + 2 >= sizeof(line->letters))
        abort();                /* a row was added, and no room */
    option->name = taken->name;
    option->has_arg = taken->given != NULL ? no_argument : required_argument;
    option->val = NO_LETTER + (int)line->n;
    line->taken[line->n++] = taken;
    if (taken->letter == '\0')
        return;
    option->val = taken->letter;
    line->letters[line->nletters++] = taken->letter;
    if (taken->given == NULL)
        line->letters[line->nletters++] = ':';
}

/* What getopt_long() has found; -1, or what to exit with. */
static int
take(const struct line *line, int found)
{
    const struct tool_option *taken = NULL;
    size_t i;

    for (i = 0; i < line->n && taken == NULL; i++) {
        if (line->options[i].val == found)
            taken = line->taken[i];
    }
    if (taken == NULL) {
        fprintf(stderr, "%s: try --help\n", program_invocation_name);
        return TOOL_USAGE;
    }
    if (taken->take != NULL)
        return taken->take(taken->arg, optarg);
    if (taken->value != NULL)
        *taken->value = optarg;
    else
        *taken->given = true;
    return -1;
}

int
tool_parse(const struct tool_syntax *syntax, const struct tool_option *own,
           int argc, char **argv, struct tool_options *options_out)
{
    bool help = false;
    const struct {
        int has;
        struct tool_option option;
    } shared[] = {
        { 0, { .name = "help", .letter = 'h', .given = &help } },
        { 0, TOOL_FLAG("json", &options_out->json) },
        { TOOL_HAS_CONFIG, { .name = "config", .letter = 'c',
                             .value = &options_out->config } },
        { TOOL_HAS_TABLE, TOOL_VALUE("table", &options_out->table) },
        { TOOL_HAS_LDIF, TOOL_VALUE("ldif", &options_out->ldif) },
        { TOOL_HAS_SERVER, TOOL_VALUE("uri", &options_out->uri) },
        { TOOL_HAS_SERVER, TOOL_VALUE("base", &options_out->base) },
        { TOOL_HAS_SERVER, TOOL_VALUE("bind", &options_out->bind) },
        { TOOL_HAS_SERVER, TOOL_VALUE("ca-file", &options_out->ca_file) },
        { TOOL_HAS_SERVER, TOOL_FLAG("starttls", &options_out->starttls) },
        { TOOL_HAS_DRY_RUN, TOOL_FLAG("dry-run", &options_out->dry_run) },
    };
    struct line line = { .n = 0 };
    int found, now, status = -1;
    size_t i;

    for (i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
        if ((syntax->has & shared[i].has) == shared[i].has)
            add(&line, &shared[i].option);
    }
    for (; own->name != NULL; own++)
        add(&line, own);
    while (!help && (found = getopt_long(argc, argv, line.letters,
                                         line.options, NULL)) != -1) {
        now = take(&line, found);
        if (now >= 0)
            status = now;
    }
    if (status >= 0)
        return status;
    if (help && syntax->help != NULL)
        fputs(syntax->help, stdout);
    else if (help)
        syntax->print_help(syntax->arg);
    if (help)
        return TOOL_DONE;
    if (!syntax->words && optind < argc)
        return tool_usage(syntax->command, "unexpected argument '%s'",
                          argv[optind]);
    return -1;
}

/* Say PREFIX: text, then tail. */
static void
complain(const char *command, const char *tail, const char *format,
         va_list args)
{
    char *text;

    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    fprintf(stderr, "trustrealm%s%s: %s%s\n", *command == '\0' ? "" : " ",
            command, text != NULL ? tool_printable(text) : "out of memory",
            tail);
    free(text);
}

void *
tool_must(void *memory)
{
    if (memory == NULL)
        exit(tool_fail(TOOL_SYSTEM, "%s", strerror(ENOMEM)));
    return memory;
}

void *
tool_grow(void *items, size_t n, size_t size)
{
    if ((n & (n - 1)) != 0)
        return items;
    return tool_must(reallocarray(items, n == 0 ? 1 : 2 * n, size));
}

char *
tool_vformat(const char *format, va_list args)
{
    char *text;

    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    return tool_must(text);
}

char *
tool_format(const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = tool_vformat(format, args);
    va_end(args);
    return text;
}

char *
tool_copy(const char *text)
{
    return text == NULL ? NULL : tool_must(strdup(text));
}

int
tool_fail(int status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    complain("", "", format, args);
    va_end(args);
    return status;
}

int
tool_fail_why(krb5_error_code ret, char *why)
{
    (void)tool_fail(TOOL_SYSTEM, "%s",
                    why != NULL ? why : error_message(ret));
    free(why);
    return TOOL_SYSTEM;
}

void
tool_note(const char *format, ...)
{
    va_list args;

    if (!isatty(STDERR_FILENO))
        return;
    va_start(args, format);
    complain("", "", format, args);
    va_end(args);
}

int
tool_usage(const char *command, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    complain(command, "; try --help", format, args);
    va_end(args);
    return TOOL_USAGE;
}
