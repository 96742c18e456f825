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
"                         what \"trustrealm cache --json\" says there (more\n"
"                         than once for several)\n"
TOOL_TABLE_HELP
"  --json                 print JSON\n"
"  -c, --config FILE      configuration of trustrealmd\n"
"\n"
"Into a pipe: severity (error, warning), rule, entry, text.\n"
"\n"
"exit status: 0 nothing found, 1 findings, 2 usage, 3 system error\n";

enum { OPTION_COMPARE = TOOL_OPTION_OWN };

static int
run(int argc, char **argv)
{
    static const struct option options[] = {
        { "compare", required_argument, NULL, OPTION_COMPARE },
        TOOL_TABLE_OPTIONS, TOOL_CONFIG_OPTION, TOOL_JSON_OPTION,
        TOOL_HELP_OPTION, { NULL, 0, NULL, 0 }
    };
    struct tool_options common = { 0 };
    const char **compare = tool_must(calloc((size_t)argc + 1,
                                            sizeof(*compare)));
    size_t ncompare = 0;
    int option, status = -1;

    while (status < 0 &&
           (option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        if (!tool_take_option(&common, option, help, &status))
            compare[ncompare++] = optarg;
    }
    if (status < 0 && optind < argc)
        status = tool_usage("check", "unexpected argument '%s'", argv[optind]);
    if (status < 0)
        status = lint_report(&common, TOOL_USUAL, lint_table, compare);
    free(compare);
    return status;
}

const struct tool_command tool_check = {
    "check", "look for mistakes in the trust realm table", run
};
