/* tools/gss-label/main.c - GSS-API test tool that shows and sets labels */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"

#include <string.h>
#include "gss-label.h"

#define STREAM_BUFFER 65536

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    { "server", gl_server, "accept contexts and take messages over TCP" },
    { "client", gl_client, "send messages to a server" },
    { "token", gl_token, "make or take a single context token" },
    { "doctor", gl_doctor, "say what is wrong on this machine" },
};

static void
usage(FILE *stream)
{
    size_t i;

    fprintf(stream, "usage: gss-label COMMAND [OPTION...]\n"
            "       gss-label COMMAND --help\n\ncommands:\n");
    for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        fprintf(stream, "  %-8s %s\n", commands[i].name,
                commands[i].summary);
    }
    fprintf(stream, "\nexit status: 0 delivered, 1 refused or wrong, "
            "2 usage, 3 system error\n");
}

int
main(int argc, char **argv)
{
    size_t i;

    /* An event is one write, also where several processes share a stream. */
    (void)setvbuf(stdout, NULL, _IOFBF, STREAM_BUFFER);
    (void)setvbuf(stderr, NULL, _IOFBF, STREAM_BUFFER);
    if (argc < 2) {
        usage(stderr);
        return GL_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        usage(stdout);
        return GL_DELIVERED;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("gss-label %s\n", PACKAGE_VERSION);
        return GL_DELIVERED;
    }
    for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    fprintf(stderr, "gss-label: unknown command '%s'\n", argv[1]);
    usage(stderr);
    return GL_USAGE;
}
