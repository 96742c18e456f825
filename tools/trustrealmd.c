/* tools/trustrealmd.c - the trusted service of this system */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include "daemon.h"
#include "follow.h"

static int
usage(FILE *out, int status)
{
    fprintf(out, "usage: trustrealmd [-dt] [-c FILE]\n"
            "  -c FILE    configuration [" TR_SYSCONFDIR
            "/trustrealm/trustrealm.conf]\n"
            "  -d         log to stderr\n"
            "  -t         test the configuration and exit\n"
            "  --help, --version\n");
    return status;
}

/* -F, the process that follows the directory, is trustrealmd's own to use. */
int
main(int argc, char **argv)
{
    static const struct option options[] = {
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'V' },
        { NULL, 0, NULL, 0 }
    };
    const char *config = TR_SYSCONFDIR "/trustrealm/trustrealm.conf";
    bool debug = false, test = false;
    int option;

    while ((option = getopt_long(argc, argv, "c:dtF:", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            config = optarg;
            break;
        case 'd':
            debug = true;
            break;
        case 't':
            test = true;
            break;
        case 'F':
            return tr_follow_main(optarg);
        case 'h':
            return usage(stdout, 0);
        case 'V':
            printf("trustrealmd %s\n", PACKAGE_VERSION);
            return 0;
        default:
            return usage(stderr, 2);
        }
    }
    if (optind < argc) {
        fprintf(stderr, "trustrealmd: unexpected argument '%s'\n",
                argv[optind]);
        return usage(stderr, 2);
    }
    if (!test)
        return tr_daemon_run(config, debug) == 0 ? 0 : 1;
    if (tr_check_config(config) > 0)
        return 1;
    printf("%s: good\n", config);
    return 0;
}
