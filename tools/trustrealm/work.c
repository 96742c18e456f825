/* tools/trustrealm/work.c - judge changes, show them, and write them */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lint.h"
#include "pending.h"
#include "work.h"

int
tool_work_open(const struct tool_options *options, struct tool_work *work)
{
    int status;

    status = tool_load_config(options, &work->config);
    if (status == TOOL_DONE)
        status = tool_directory_open(options, work->config,
                                     !options->dry_run, &work->directory);
    if (status == TOOL_DONE)
        status = tool_directory_read(work->directory, &work->entries);
    return status;
}

void
tool_work_forget(struct tool_work *work)
{
    size_t i;

    for (i = 0; i < work->nchanges; i++)
        tool_entry_free(work->changes[i].after);
    free(work->changes);
    work->changes = NULL;
    work->nchanges = 0;
}

void
tool_work_close(struct tool_work *work)
{
    tool_work_forget(work);
    json_decref(work->made);
    tool_entries_clear(&work->entries);
    tool_directory_close(work->directory);
    tr_config_free(work->config);
    memset(work, 0, sizeof(*work));
}

/* --- noting changes ------------------------------------------------------ */

static struct tool_change *
note(struct tool_work *work, const struct tool_entry *before,
     struct tool_entry *after)
{
    struct tool_change *change;

    work->changes = tool_must(reallocarray(work->changes, work->nchanges + 1,
                                           sizeof(*work->changes)));
    change = &work->changes[work->nchanges++];
    change->before = before;
    change->after = after;
    return change;
}

struct tool_entry *
tool_work_edit(struct tool_work *work, const struct tool_entry *entry)
{
    size_t i;

    for (i = 0; i < work->nchanges; i++) {
        if (work->changes[i].before == entry)
            return work->changes[i].after;
    }
    return note(work, entry, tool_entry_copy(entry))->after;
}

struct tool_entry *
tool_work_add(struct tool_work *work, const char *dn)
{
    return note(work, NULL, tool_entry_create(dn))->after;
}

void
tool_work_take(struct tool_work *work, struct tool_entry *entry)
{
    note(work, NULL, entry);
}

void
tool_work_replace(struct tool_work *work, const struct tool_entry *entry,
                  struct tool_entry *after)
{
    note(work, entry, after);
}

void
tool_work_delete(struct tool_work *work, const struct tool_entry *entry)
{
    note(work, entry, NULL);
}

static void
note_difference(bool added, const char *attribute, const char *value,
                void *arg)
{
    *(bool *)arg = true;
}

/* Forget changes that change nothing. */
static void
drop_idle(struct tool_work *work)
{
    struct tool_change *change;
    size_t i, n = 0;
    bool differs;

    for (i = 0; i < work->nchanges; i++) {
        change = &work->changes[i];
        if (change->after != NULL)
            tool_entry_identify(change->after);
        differs = change->after == NULL;
        tool_change_each(change, note_difference, &differs);
        if (differs)
            work->changes[n++] = *change;
        else
            tool_entry_free(change->after);
    }
    work->nchanges = n;
}

/* --- judging ------------------------------------------------------------- */

struct finding { char *severity, *rule, *entry, *text; };
struct findings { struct finding *list; size_t n; };

static void
find(const char *severity, const char *rule, const char *entry,
     const char *text, void *arg)
{
    struct findings *findings = arg;
    struct finding *finding;

    /* What this machine is set up for does not bind the whole table. */
    if (strncmp(entry, "configuration ", 14) == 0)
        severity = "warning";
    findings->list = tool_must(reallocarray(findings->list, findings->n + 1,
                                            sizeof(*findings->list)));
    finding = &findings->list[findings->n++];
    finding->severity = tool_copy(severity);
    finding->rule = tool_copy(rule);
    finding->entry = tool_copy(entry);
    finding->text = tool_copy(text);
}

static void
free_finding(struct finding *finding)
{
    free(finding->severity);
    free(finding->rule);
    free(finding->entry);
    free(finding->text);
}

static void
free_findings(struct findings *findings)
{
    size_t i;

    for (i = 0; i < findings->n; i++)
        free_finding(&findings->list[i]);
    free(findings->list);
    memset(findings, 0, sizeof(*findings));
}

static int
compare_findings(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    int order = strcmp(x->rule, y->rule);

    if (order == 0)
        order = strcmp(x->entry, y->entry);
    if (order == 0)
        order = strcmp(x->text, y->text);
    return order;
}

/* What is wrong with a table of these entries. */
static int
judge(const struct tool_work *work, struct tool_table *table,
      const struct tool_entries *entries, struct findings *findings_out)
{
    const struct lint lint = { table, find, findings_out };
    krb5_error_code ret;
    int status;

    status = tool_table_load(table, entries,
                             tool_directory_name(work->directory));
    if (status == TOOL_DONE)
        status = tool_table_view(table);
    if (status != TOOL_DONE)
        return status;
    ret = lint_table(&lint);
    tr_view_close(table->view);
    table->view = NULL;
    if (ret)
        return tool_fail(TOOL_SYSTEM, "%s: %s", error_message(ret),
                         tr_table_message(table->table));
    if (findings_out->n > 0)
        qsort(findings_out->list, findings_out->n,
              sizeof(*findings_out->list), compare_findings);
    return TOOL_DONE;
}

/* Both are sorted: leave what is not in old. */
static void
keep_new(struct findings *findings, const struct findings *old)
{
    size_t i, j = 0, n = 0;

    for (i = 0; i < findings->n; i++) {
        while (j < old->n &&
               compare_findings(&old->list[j], &findings->list[i]) < 0)
            j++;
        if (j < old->n &&
            compare_findings(&old->list[j], &findings->list[i]) == 0)
            free_finding(&findings->list[i]);
        else
            findings->list[n++] = findings->list[i];
    }
    findings->n = n;
}

static int
compare_addresses(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)*(const struct tool_entry *const *)a;
    uintptr_t y = (uintptr_t)*(const struct tool_entry *const *)b;

    return (x > y) - (x < y);
}

/* The entries as they would be; they belong to work. */
static void
apply_to_entries(const struct tool_work *work, struct tool_entries *after_out)
{
    const struct tool_entry **changed;
    size_t i;

    changed = tool_must(calloc(work->nchanges + 1, sizeof(*changed)));
    for (i = 0; i < work->nchanges; i++) {
        changed[i] = work->changes[i].before;
        if (work->changes[i].after != NULL)
            tool_entries_add(after_out, work->changes[i].after);
    }
    qsort(changed, work->nchanges, sizeof(*changed), compare_addresses);
    for (i = 0; i < work->entries.n; i++) {
        if (bsearch(&work->entries.list[i], changed, work->nchanges,
                    sizeof(*changed), compare_addresses) == NULL)
            tool_entries_add(after_out, work->entries.list[i]);
    }
    free(changed);
    tool_entries_sort(after_out);
}

/* An entry that systems do not see restricts nobody. */
static void
judge_places(const struct tool_work *work, struct findings *findings)
{
    const char *base = tool_directory_limit(work->directory);
    const struct tool_entry *entry;
    char *text;
    size_t i;

    for (i = 0; i < work->nchanges; i++) {
        entry = work->changes[i].after;
        if (base == NULL || entry == NULL || entry->type == 0 ||
            tool_dn_within(entry->dn, base))
            continue;
        text = tool_format("not below the search base %s: no system would "
                           "see it", base);
        find("error", "entry", entry->dn, text, findings);
        free(text);
    }
}

/* Leave what a broken entry has as its consequence. */
static void
keep_causes(struct findings *findings)
{
    struct finding *finding;
    size_t i, n = 0;
    bool broken = false;

    for (i = 0; i < findings->n; i++)
        broken = broken || strcmp(findings->list[i].rule, "entry") == 0;
    for (i = 0; broken && i < findings->n; i++) {
        finding = &findings->list[i];
        if (strcmp(finding->rule, "entry") == 0)
            findings->list[n++] = *finding;
        else
            free_finding(finding);
    }
    if (broken)
        findings->n = n;
}

/* What would be wrong that is not so today. */
static int
judge_changes(struct tool_work *work, struct findings *findings_out)
{
    struct tool_table table = { .config = work->config };
    struct tool_entries after = { 0 };
    struct findings old = { 0 };
    int status;

    apply_to_entries(work, &after);
    status = tool_table_make(&table);
    if (status == TOOL_DONE)
        status = judge(work, &table, &after, findings_out);
    if (status == TOOL_DONE && findings_out->n > 0) {
        status = judge(work, &table, &work->entries, &old);
        keep_new(findings_out, &old);
    }
    judge_places(work, findings_out);
    keep_causes(findings_out);
    table.config = NULL;
    tool_table_close(&table);
    free_findings(&old);
    free(after.list);
    return status;
}

static bool
has_errors(const struct findings *findings)
{
    size_t i;

    for (i = 0; i < findings->n; i++) {
        if (strcmp(findings->list[i].severity, "error") == 0)
            return true;
    }
    return false;
}

/* --- showing ------------------------------------------------------------- */

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

static void
show_changes(const struct tool_work *work)
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

/* What was found is said once more by the one object that is printed. */
static void
tell_findings(const struct findings *findings)
{
    const struct finding *finding;
    size_t i;

    for (i = 0; i < findings->n; i++) {
        finding = &findings->list[i];
        (void)tool_fail(TOOL_NO, "%s: %s: %s", finding->severity,
                        finding->entry, finding->text);
    }
}

static int
print_json(const struct tool_work *work, const struct findings *findings,
           const char *result, int status)
{
    json_t *list = json_array(), *object;
    const struct finding *finding;
    size_t i;

    for (i = 0; i < findings->n; i++) {
        finding = &findings->list[i];
        json_array_append_new(list, json_pack(
            "{s:s, s:s, s:o, s:o}", "severity", finding->severity,
            "rule", finding->rule, "entry", tool_json_text(finding->entry),
            "text", tool_json_text(finding->text)));
    }
    object = json_pack("{s:s, s:o, s:o}", "result", result, "changes",
                       changes_json(work), "findings", list);
    if (status == TOOL_DONE && work->made != NULL)
        json_object_update(object, work->made);
    return tool_json_print(object, status);
}

int
tool_work_judge(struct tool_work *work)
{
    struct findings findings = { 0 };
    int status;

    drop_idle(work);
    status = judge_changes(work, &findings);
    if (status == TOOL_DONE)
        tell_findings(&findings);
    if (status == TOOL_DONE && has_errors(&findings))
        status = tool_fail(TOOL_NO, "refused: nothing was written");
    free_findings(&findings);
    return status;
}

/* --- writing ------------------------------------------------------------- */

int
tool_work_finish(const struct tool_options *options, struct tool_work *work)
{
    struct findings findings = { 0 };
    const char *result = "done";
    int status;

    drop_idle(work);
    status = judge_changes(work, &findings);
    if (status == TOOL_DONE && options->propose)
        status = tool_pending_propose(work);
    if (status != TOOL_DONE)
        goto cleanup;
    if (!options->json)
        show_changes(work);
    tell_findings(&findings);
    if (has_errors(&findings)) {
        result = "refused";
        status = tool_fail(TOOL_NO, "refused: nothing was written");
    } else if (work->nchanges == 0) {
        result = work->made != NULL ? "done" : "unchanged";
    } else if (options->dry_run) {
        result = "dry-run";
    } else {
        status = tool_directory_apply(work->directory, work->changes,
                                      work->nchanges);
        if (status != TOOL_DONE)
            result = "failed";
    }
    if (options->json)
        status = print_json(work, &findings, result, status);
    else if (status == TOOL_DONE && work->made != NULL)
        tool_json_rows(json_incref(work->made));
    if (status == TOOL_DONE && !options->json && tool_for_people())
        tool_line("%s", strcmp(result, "dry-run") == 0 ?
                  "nothing was written (--dry-run)" : result);

cleanup:
    free_findings(&findings);
    return status;
}
