/* tests/glue/probe.c - an application that looks closely */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 *     probe                list the cases
 *     probe CASE           run one
 *
 * The environment says where: INITIATOR_SOCKET, ACCEPTOR_SOCKET,
 * ACCEPTOR_HOST, and what any application on those systems has.
 */

#include "config.h"
#include <stdio.h>
#include <string.h>
#include "glue.h"

static const struct probe_case *const groups[] = {
    message_cases, buffer_cases, name_cases, credential_cases, context_cases,
    process_cases, connection_cases,
    policy_cases                        /* the last are not listed */
};
#define NGROUPS (sizeof(groups) / sizeof(groups[0]))

int
main(int argc, char **argv)
{
    const struct probe_case *c;
    size_t i;

    for (i = 0; i < NGROUPS; i++) {
        for (c = groups[i]; c->name != NULL; c++) {
            if (argc < 2) {
                if (i < NGROUPS - 1)
                    printf("%s\n", c->name);
            } else if (strcmp(c->name, argv[1]) == 0) {
                c->run();
                return 0;
            }
        }
    }
    return argc < 2 ? 0 : 2;
}
