/* tools/trustrealm/check.c - trustrealm check: what is wrong in the table */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

struct findings {
    struct tool_sheet *sheet;   /* NULL: JSON */
    json_t *array;
    size_t count;
};

static void
find(const char *severity, const char *rule, const char *entry,
     const char *text, void *arg)
{
    struct findings *findings = arg;

    findings->count++;
    if (findings->sheet != NULL)
        tool_sheet_add(findings->sheet,
                       (const char *[]){ severity, rule, entry, text });
    else
        json_array_append_new(findings->array, json_pack(
            "{s:s, s:s, s:o, s:o}", "severity", severity, "rule", rule,
            "entry", tool_json_text(entry), "text", tool_json_text(text)));
}

/* Print what was found and free it. */
static int
report(struct findings *findings, const struct tool_table *table, bool json)
{
    int status = findings->count == 0 ? TOOL_DONE : TOOL_NO;
    json_t *object;

    if (json) {
        object = json_pack("{s:o}", "findings", findings->array);
        if (table->view != NULL)
            json_object_set_new(object, "table", tool_table_json(table));
        return tool_json_print(object, status);
    }
    tool_sheet_print(findings->sheet);
    if (findings->count == 0 && tool_for_people())
        tool_line("nothing found: %zu trust realms, %zu systems, "
                  "%zu clearances, %zu label maps", table->info.realms,
                  table->info.systems, table->info.clearances,
                  table->info.maps);
    return status;
}

/* compare: files, NULL-terminated. */
static int
check(const struct tool_options *options, const char *const *compare,
      struct tool_table *table)
{
    static const char *const columns[] = { "SEVERITY", "RULE", "ENTRY",
                                           "PROBLEM", NULL };
    struct findings findings = { 0 };
    const struct lint lint = { table, find, &findings };
    krb5_error_code ret;
    int status;
    size_t i;

    status = tool_table_open(options, table);
    if (status != TOOL_DONE && status != TOOL_NO)
        return status;
    if (options->json)
        findings.array = json_array();
    else
        findings.sheet = tool_sheet_create(columns);
    if (status == TOOL_NO) {
        for (i = 0; i < table->nbad; i++)
            find("error", "entry", table->bad[i].dn, table->bad[i].why,
                 &findings);
        return report(&findings, table, options->json);
    }
    ret = lint_table(&lint);
    for (status = TOOL_DONE; status == TOOL_DONE && *compare != NULL;
         compare++)
        status = lint_drift(&lint, *compare);
    if (ret)
        status = tool_fail(TOOL_SYSTEM, "%s: %s", error_message(ret),
                           tr_table_message(table->table));
    if (status != TOOL_DONE)
        (void)report(&findings, table, options->json);
    else
        status = report(&findings, table, options->json);
    return status;
}

static int
run(int argc, char **argv)
{
    static const struct option options[] = {
        { "compare", required_argument, NULL, OPTION_COMPARE },
        TOOL_TABLE_OPTIONS, TOOL_CONFIG_OPTION, TOOL_JSON_OPTION,
        TOOL_HELP_OPTION, { NULL, 0, NULL, 0 }
    };
    struct tool_options common = { 0 };
    struct tool_table table = { 0 };
    const char **compare = calloc((size_t)argc + 1, sizeof(*compare));
    size_t ncompare = 0;
    int option, status = -1;

    if (compare == NULL)
        return tool_fail(TOOL_SYSTEM, "%s", strerror(ENOMEM));
    while (status < 0 &&
           (option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        if (!tool_take_option(&common, option, help, &status))
            compare[ncompare++] = optarg;
    }
    if (status < 0 && optind < argc)
        status = tool_usage("check", "'%s' is no option", argv[optind]);
    if (status < 0)
        status = check(&common, compare, &table);
    tool_table_close(&table);
    free(compare);
    return status;
}

const struct tool_command tool_check = {
    "check", "look for mistakes in the trust realm table", run
};
