/* tools/trustrealm/main.c - trustrealm, the administration tool */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "trustrealm.h"
#include "trustrealm_err.h"

static const struct tool_command *const commands[] = {
    &tool_explain, &tool_status, &tool_check, &tool_schema
};
#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

static void
usage(FILE *stream)
{
    size_t i;

    fprintf(stream, "usage: trustrealm COMMAND [OPTION...]\n"
            "       trustrealm COMMAND --help\n\ncommands:\n");
    for (i = 0; i < NCOMMANDS; i++)
        fprintf(stream, "  %-8s %s\n", commands[i]->name,
                commands[i]->summary);
    fprintf(stream, "\nexit status: 0 done or allowed, 1 refused or "
            "findings, 2 usage, 3 system error\n");
}

/* What stdout did not take is not done. */
static int
finish(int status)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return tool_fail(TOOL_SYSTEM, "stdout: %s", strerror(errno));
    return status;
}

static int
run(const struct tool_command *command, int argc, char **argv)
{
    char *name;
    int status;

    /* getopt_long() complains by argv[0]. */
    if (asprintf(&name, "trustrealm %s", command->name) < 0)
        return tool_fail(TOOL_SYSTEM, "%s", strerror(ENOMEM));
    argv[0] = name;
    status = command->run(argc, argv);
    free(name);
    return finish(status);
}

int
main(int argc, char **argv)
{
    size_t i;

    initialize_trr_error_table();
    if (argc < 2) {
        usage(stderr);
        return TOOL_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        usage(stdout);
        return finish(TOOL_DONE);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("trustrealm %s\n", PACKAGE_VERSION);
        return finish(TOOL_DONE);
    }
    for (i = 0; i < NCOMMANDS; i++) {
        if (strcmp(argv[1], commands[i]->name) == 0)
            return run(commands[i], argc - 1, argv + 1);
    }
    fprintf(stderr, "trustrealm: unknown command '%s'\n", argv[1]);
    usage(stderr);
    return TOOL_USAGE;
}
