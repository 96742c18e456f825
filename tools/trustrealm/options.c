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

bool
tool_take_option(struct tool_options *options, int option, const char *help,
                 int *status_out)
{
    *status_out = -1;
    switch (option) {
    case 'c':
        options->config = optarg;
        return true;
    case TOOL_OPTION_TABLE:
        options->table = optarg;
        return true;
    case TOOL_OPTION_LDIF:
        options->ldif = optarg;
        return true;
    case TOOL_OPTION_URI:
        options->uri = optarg;
        return true;
    case TOOL_OPTION_BASE:
        options->base = optarg;
        return true;
    case TOOL_OPTION_BIND:
        options->bind = optarg;
        return true;
    case TOOL_OPTION_CA_FILE:
        options->ca_file = optarg;
        return true;
    case TOOL_OPTION_STARTTLS:
        options->starttls = true;
        return true;
    case TOOL_OPTION_JSON:
        options->json = true;
        return true;
    case TOOL_OPTION_DRY_RUN:
        options->dry_run = true;
        return true;
    case 'h':
        fputs(help, stdout);
        *status_out = TOOL_DONE;
        return true;
    case '?':
        fprintf(stderr, "%s: try --help\n", program_invocation_name);
        *status_out = TOOL_USAGE;
        return true;
    default:
        return false;
    }
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
