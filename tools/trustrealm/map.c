/* tools/trustrealm/map.c - trustrealm map: label maps */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <stdio.h>
#include <stdlib.h>
#include "lint.h"
#include "noun.h"

static const struct noun_field fields[] = {
    { "level", "trLevelMap", NOUN_KEYED, "\"LOCAL REALM\"",
      "a level in the local format, and in the\ntrust realm's (again for "
      "more)" },
    { "category", "trCategoryMap", NOUN_KEYED, "\"LOCAL REALM\"",
      "the same of a category" },
    { NULL, NULL, NOUN_TEXT, NULL, NULL }
};

static const char *const columns[] = { "NAME", "LEVELS", "CATEGORIES", NULL };

static void
row(const struct tool_entry *entry, const struct tool_entries *all,
    struct tool_sheet *sheet)
{
    char *counts[2];
    size_t i, n;

    for (i = 0; i < 2; i++) {
        (void)tool_entry_values(entry, fields[i].attribute, &n);
        counts[i] = tool_format("%zu", n);
    }
    tool_sheet_add(sheet, (const char *[]){ entry->name, counts[0],
                                            counts[1] });
    free(counts[0]);
    free(counts[1]);
}

static const struct noun noun = {
    "map", "label map", "REALM/FORMAT", TR_RECORD_MAP, "trLabelMap", "maps",
    fields, columns, row
};

static int
add(int argc, char **argv)
{
    return noun_add(&noun, "map add", "Add a map between a trust realm's "
                    "label format and a local one.", 0, NULL, NULL, argc,
                    argv);
}

static int
set(int argc, char **argv)
{
    return noun_set(&noun, "map set", "Change a label map.  A pair takes the "
                    "place of the one with the same local name.",
                    NOUN_PROPOSE, argc, argv);
}

static int
show(int argc, char **argv)
{
    return noun_show(&noun, "map show", argc, argv);
}

static int
list(int argc, char **argv)
{
    return noun_list(&noun, "map list", argc, argv);
}

static int
remove_entry(const struct noun_call *call, struct tool_work *work,
             struct tool_entry *entry)
{
    tool_work_delete(work, entry);
    return TOOL_DONE;
}

static int
remove_command(int argc, char **argv)
{
    return noun_change(&noun, "map remove", "Remove a label map.  Names that "
                       "are the same in both formats are then taken\nfor "
                       "each other.", 0, remove_entry, argc, argv);
}

/* --- check --------------------------------------------------------------- */

struct findings {
    struct tool_sheet *sheet;   /* NULL: JSON */
    json_t *array;
    bool any;
};

static void
find(const char *severity, const char *rule, const char *entry,
     const char *text, void *arg)
{
    struct findings *findings = arg;

    findings->any = true;
    if (findings->sheet != NULL)
        tool_sheet_add(findings->sheet,
                       (const char *[]){ severity, rule, entry, text });
    else
        json_array_append_new(findings->array, json_pack(
            "{s:s, s:s, s:o, s:o}", "severity", severity, "rule", rule,
            "entry", tool_json_text(entry), "text", tool_json_text(text)));
}

/* One map can only be judged with all others: a label goes out by one and
 * comes back by another. */
static int
check_maps(const struct tool_table *table, bool json)
{
    static const char *const headings[] = { "SEVERITY", "RULE", "ENTRY",
                                            "PROBLEM", NULL };
    struct findings findings = { 0 };
    const struct lint lint = { table, find, &findings };
    krb5_error_code ret;
    int status;

    if (json)
        findings.array = json_array();
    else
        findings.sheet = tool_sheet_create(headings);
    ret = lint_maps(&lint);
    status = findings.any ? TOOL_NO : TOOL_DONE;
    if (json)
        status = tool_json_print(json_pack("{s:o}", "findings",
                                           findings.array), status);
    else
        tool_sheet_print(findings.sheet);
    if (ret)
        return tool_fail(TOOL_SYSTEM, "%s", error_message(ret));
    return status;
}

/* Where maps are written, as for the other verbs. */
static int
open_table(const struct tool_options *options, struct tool_table *table)
{
    int status;

    if (options->ldif != NULL)
        return tool_table_open(options, table);
    status = tool_load_config(options, &table->config);
    if (status == TOOL_DONE)
        status = tool_table_read(options, table);
    return status == TOOL_DONE ? tool_table_view(table) : status;
}

static int
check(int argc, char **argv)
{
    struct noun_call call;
    struct tool_table table = { 0 };
    int status;

    noun_parse(&noun, "map check", "Prove that all label maps together keep "
               "dominance, or show where they do not.\nA configuration (-c) "
               "adds the order of its own local format.",
               NOUN_READS | NOUN_NAMELESS, argc, argv, &call, &status);
    if (status < 0) {
        status = open_table(&call.options, &table);
        if (status == TOOL_DONE && table.nbad > 0)
            status = TOOL_NO;
        if (status == TOOL_NO)
            tool_fail(TOOL_NO, "%s: %s", table.bad[0].dn, table.bad[0].why);
        if (status == TOOL_DONE)
            status = check_maps(&table, call.options.json);
    }
    tool_table_close(&table);
    noun_call_free(&call);
    return status;
}

const struct tool_command tool_map_add = {
    "map add", "add a label map", add
};
const struct tool_command tool_map_set = {
    "map set", "change a label map", set
};
const struct tool_command tool_map_show = {
    "map show", "show a label map", show
};
const struct tool_command tool_map_list = {
    "map list", "list all label maps", list
};
const struct tool_command tool_map_remove = {
    "map remove", "remove a label map", remove_command
};
const struct tool_command tool_map_check = {
    "map check", "prove that label maps keep dominance", check
};
