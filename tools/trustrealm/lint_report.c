/* tools/trustrealm/lint_report.c - say what is wrong with a table */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include "lint.h"

/* Say how far the proof of the label maps goes. */
static void
tell_proof(const struct tool_table *table)
{
    json_t *others, *name;
    char *list = tool_copy(""), *longer;
    size_t i;

    others = lint_maps_formats(table);
    json_array_foreach(others, i, name) {
        longer = tool_format("%s%s%s", list, i > 0 ? ", " : "",
                             json_string_value(name));
        free(list);
        list = longer;
    }
    if (table->config != NULL)
        tool_line("label maps are proven with all names of format %s%s%s%s",
                  table->config->format, i > 0 ? "; of " : "", list,
                  i > 0 ? " with those in the maps alone" : "");
    else if (i > 0)
        tool_line("label maps are proven with the names in the maps alone; "
                  "-c adds those of a system's format (%s)", list);
    free(list);
    json_decref(others);
}

static void
tell(const struct findings *findings, const struct tool_table *table)
{
    if (table->view == NULL || !tool_for_people())
        return;
    if (findings->n == 0)
        tool_line("nothing found: %zu trust realms, %zu systems, "
                  "%zu clearances, %zu label maps", table->info.realms,
                  table->info.systems, table->info.clearances,
                  table->info.maps);
    tell_proof(table);
}

static void
print_rows(const struct findings *findings)
{
    static const char *const columns[] = { "SEVERITY", "RULE", "ENTRY",
                                           "PROBLEM", NULL };
    struct tool_sheet *sheet = tool_sheet_create(columns);
    const struct finding *finding;
    size_t i;

    for (i = 0; i < findings->n; i++) {
        finding = &findings->list[i];
        tool_sheet_add(sheet, (const char *[]){
            finding->severity, finding->rule, finding->entry,
            finding->text });
    }
    tool_sheet_print(sheet);
}

static int
report(struct findings *findings, const struct tool_table *table, bool json,
       int status)
{
    json_t *object;

    findings_sort(findings);
    if (!json) {
        print_rows(findings);
        tell(findings, table);
        return status;
    }
    object = json_pack("{s:o}", "findings", findings_json(findings));
    if (table->view != NULL)
        json_object_update_new(object, json_pack(
            "{s:o, s:{s:o?, s:o}}", "table", tool_table_json(table),
            "proof", "format", table->config == NULL ? NULL :
            tool_json_text(table->config->format), "names_in_maps",
            lint_maps_formats(table)));
    return tool_json_print(object, status);
}

/* What is judged is open, or its entries are unusable (TOOL_NO). */
static int
judge(const struct lint *lint, int opened,
      krb5_error_code (*rules)(const struct lint *lint),
      const char *const *compare)
{
    krb5_error_code ret;
    int status = TOOL_DONE;

    if (opened == TOOL_NO) {
        lint_entries(lint);
        return TOOL_DONE;
    }
    tool_table_tell(lint->table);
    ret = rules(lint);
    for (; status == TOOL_DONE && compare != NULL && *compare != NULL;
         compare++)
        status = lint_drift(lint, *compare);
    if (ret)
        status = tool_table_failed(lint->table, ret);
    return status;
}

int
lint_report(const struct tool_options *options, enum tool_where where,
            krb5_error_code (*rules)(const struct lint *lint),
            const char *const *compare)
{
    struct tool_table table = { 0 };
    struct findings findings = { 0 };
    const struct lint lint = { &table, findings_add, &findings };
    int status;

    status = tool_table_open(options, where, &table);
    if (status != TOOL_DONE && status != TOOL_NO)
        goto cleanup;
    status = judge(&lint, status, rules, compare);
    if (status == TOOL_DONE && findings.n > 0)
        status = TOOL_NO;
    status = report(&findings, &table, options->json, status);

cleanup:
    findings_clear(&findings);
    tool_table_close(&table);
    return status;
}
