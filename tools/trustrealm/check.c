/* tools/trustrealm/check.c - trustrealm check: what is wrong in the table */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include "lint.h"

static const char help[] =
"usage: trustrealm check [OPTION...]\n"
"\n"
"Look for mistakes in the trust realm table; trustrealm(1) lists the rules.\n"
"\n"
"  --compare FILE         compare label policies with those of another system:\n"
"                         what \"trustrealm cache --json\" says there, of one\n"
"                         or several, from - in standard input\n"
TOOL_TABLE_HELP
"  --json                 print JSON\n"
"  -c, --config FILE      configuration of trustrealmd\n"
"\n"
"Into a pipe: severity (error, warning), rule, entry, text.\n"
"\n"
"exit status: 0 nothing found, 1 findings, 2 usage, 3 system error\n";

static int
take_compare(void *arg, const char *value)
{
    const char ***next = arg;

    *(*next)++ = value;
    return -1;
}

static int
run(int argc, char **argv)
{
    static const struct tool_syntax syntax = {
        .command = "check", .help = help, .has = TOOL_HAS_TABLES
    };
    const char **compare = tool_must(calloc((size_t)argc + 1,
                                            sizeof(*compare)));
    const char **next = compare;
    const struct tool_option own[] = {
        TOOL_TAKE("compare", take_compare, &next), TOOL_NO_MORE
    };
    struct tool_options common = { 0 };
    int status;

    status = tool_parse(&syntax, own, argc, argv, &common);
    if (status < 0)
        status = lint_report(&common, TOOL_USUAL, lint_table, compare);
    free(compare);
    return status;
}

const struct tool_command tool_check = {
    "check", "look for mistakes in the trust realm table", run
};
