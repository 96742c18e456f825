/* tools/trustrealm/options.c - what subcommands have in common */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdarg.h>
#include <stdio.h>
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
    case TOOL_OPTION_JSON:
        options->json = true;
        return true;
    case 'h':
        fputs(help, stdout);
        *status_out = TOOL_DONE;
        return true;
    case '?':
        *status_out = TOOL_USAGE;
        return true;
    default:
        return false;
    }
}

int
tool_fail(int status, const char *format, ...)
{
    va_list args;

    fputs("trustrealm: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return status;
}

int
tool_usage(const char *command, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "trustrealm %s: ", command);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "; see trustrealm %s --help\n", command);
    return TOOL_USAGE;
}
