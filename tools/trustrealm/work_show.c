/* tools/trustrealm/work_show.c - show changes, and what speaks against them */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include "lint.h"
#include "work_parts.h"

#define MOST_ACCESS 20          /* lines of it */

/* --- changes ------------------------------------------------------------- */

struct showing {
    struct tool_sheet *sheet;
    json_t *add, *remove;
    const struct tool_change *change;
};

static void
show_value(bool added, const char *attribute, const char *value, void *arg)
{
    const struct showing *showing = arg;
    const struct tool_change *change = showing->change;
    const char *what = added ? "+" : "-";
    json_t *object = added ? showing->add : showing->remove, *list;

    if (change->before == NULL)
        what = "new";
    else if (change->after == NULL)
        what = "delete";
    if (showing->sheet != NULL) {
        tool_sheet_add(showing->sheet, (const char *[]){
            what, change->before != NULL ? change->before->dn :
            change->after->dn, attribute, value });
        return;
    }
    list = json_object_get(object, attribute);
    if (list == NULL) {
        list = json_array();
        json_object_set_new(object, attribute, list);
    }
    json_array_append_new(list, tool_json_text(value));
}

void
work_show(const struct tool_work *work)
{
    static const char *const columns[] = { "CHANGE", "ENTRY", "ATTRIBUTE",
                                           "VALUE", NULL };
    struct showing showing = { .sheet = tool_sheet_create(columns) };
    size_t i;

    for (i = 0; i < work->nchanges; i++) {
        showing.change = &work->changes[i];
        tool_change_each(showing.change, show_value, &showing);
    }
    tool_sheet_print(showing.sheet);
    (void)fflush(stdout);
}

static json_t *
changes_json(const struct tool_work *work)
{
    struct showing showing = { 0 };
    const struct tool_change *change;
    json_t *list = json_array();
    size_t i;

    for (i = 0; i < work->nchanges; i++) {
        change = showing.change = &work->changes[i];
        showing.add = json_object();
        showing.remove = json_object();
        tool_change_each(change, show_value, &showing);
        json_array_append_new(list, json_pack(
            "{s:s, s:o, s:o, s:o}", "change", change->before == NULL ?
            "new" : change->after == NULL ? "delete" : "modify", "dn",
            tool_json_text(change->before != NULL ? change->before->dn :
                           change->after->dn),
            "remove", showing.remove, "add", showing.add));
    }
    return list;
}

/* --- findings ------------------------------------------------------------ */

/* Into a pipe all of it. */
static void
print_access(const struct findings *findings)
{
    static const char *const columns[] = { "ACCESS", "ENTRY", "CHANGE",
                                           NULL };
    struct tool_sheet *sheet = tool_sheet_create(columns);
    const struct finding *finding;
    size_t i, n = 0;

    for (i = 0; i < findings->n; i++) {
        finding = &findings->list[i];
        if (finding_is_access(finding) &&
            (n++ < MOST_ACCESS || !tool_for_people()))
            tool_sheet_add(sheet, (const char *[]){
                finding->severity, finding->entry, finding->text });
    }
    tool_sheet_print(sheet);
    if (n > MOST_ACCESS && tool_for_people())
        tool_line("and %zu more of the kind; a pipe or file gets them all",
                  n - MOST_ACCESS);
    (void)fflush(stdout);
}

void
work_tell(const struct findings *findings, enum work_access access,
          bool json)
{
    const struct finding *finding;
    size_t i, n = 0;

    if (access == WORK_WANTED && !json)
        print_access(findings);
    for (i = 0; i < findings->n; i++) {
        finding = &findings->list[i];
        if (finding_is_access(finding) &&
            (access == WORK_WANTED || n++ >= MOST_ACCESS))
            continue;
        (void)tool_fail(TOOL_NO, "%s: %s: %s", finding->severity,
                        finding->entry, finding->text);
    }
    if (n > MOST_ACCESS)
        (void)tool_fail(TOOL_NO, "and %zu more of the kind; --dry-run --json "
                        "lists them all", n - MOST_ACCESS);
}

int
work_print_json(const struct tool_work *work,
                const struct findings *findings, const char *result,
                int status)
{
    json_t *object;

    object = json_pack("{s:s, s:o, s:o}", "result", result, "changes",
                       changes_json(work), "findings",
                       findings_json(findings));
    if (status == TOOL_DONE && work->made != NULL)
        json_object_update(object, work->made);
    return tool_json_print(object, status);
}
