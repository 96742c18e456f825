/* tools/trustrealm/schema.c - trustrealm schema: print the LDAP schema */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <string.h>
#include "trustrealm.h"

static const char help[] =
"usage: trustrealm schema [--format FORMAT]\n"
"\n"
"Print the LDAP schema of the trust realm table.\n"
"\n"
"  --format schema        for slapd.conf's include (default)\n"
"  --format ldif          for ldapadd below cn=schema,cn=config\n"
"  --format 389           for the schema directory of 389 Directory Server\n";

/* Made from doc/schema: schema_text, ldif_text and ds389_text. */
#include "schema_text.h"

enum { OPTION_FORMAT = TOOL_OPTION_OWN };

static int
run(int argc, char **argv)
{
    static const struct option options[] = {
        { "format", required_argument, NULL, OPTION_FORMAT },
        TOOL_HELP_OPTION, { NULL, 0, NULL, 0 }
    };
    struct tool_options common = { 0 };
    const char *text = schema_text;
    int option, status;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (tool_take_option(&common, option, help, &status)) {
            if (status >= 0)
                return status;
        } else if (strcmp(optarg, "schema") == 0) {
            text = schema_text;
        } else if (strcmp(optarg, "ldif") == 0) {
            text = ldif_text;
        } else if (strcmp(optarg, "389") == 0) {
            text = ds389_text;
        } else {
            return tool_usage("schema", "no format '%s'", optarg);
        }
    }
    if (optind < argc)
        return tool_usage("schema", "unexpected argument '%s'", argv[optind]);
    fputs(text, stdout);
    return TOOL_DONE;
}

const struct tool_command tool_schema = {
    "schema", "print the LDAP schema", run
};
