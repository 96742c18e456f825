/* tools/trustrealm/map.c - trustrealm map: label maps */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
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
                    "label format and a local one.", NULL, argc, argv);
}

static int
set(int argc, char **argv)
{
    return noun_set(&noun, "map set", "Change a label map.  A pair takes the "
                    "place of the one with the same\nlocal name.", argc, argv);
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
remove_command(int argc, char **argv)
{
    return noun_change(&noun, "map remove", "Remove a label map.  Names that "
                       "are the same in both formats are then taken\nfor "
                       "each other.", 0, noun_remove_entry, argc, argv);
}

/* --- check --------------------------------------------------------------- */

/* One map can only be judged with all others: a label goes out by one and
 * comes back by another. */
static krb5_error_code
judge_maps(const struct lint *lint)
{
    lint_entries(lint);
    return lint_maps(lint);
}

static int
check(int argc, char **argv)
{
    struct noun_call call;
    int status;

    noun_parse(&noun, "map check", "Prove that all label maps together keep "
               "dominance, or show where they do not.\nA configuration (-c) "
               "adds the order of its own local format.",
               NOUN_READS | NOUN_NAMELESS, argc, argv, &call, &status);
    if (status < 0)
        status = lint_report(&call.options, TOOL_DIRECTORY, judge_maps, NULL);
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
