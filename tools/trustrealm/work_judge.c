/* tools/trustrealm/work_judge.c - what speaks against changes */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "diff.h"
#include "lint.h"
#include "record_class.h"
#include "work_parts.h"

/* --- findings ------------------------------------------------------------ */

static void
find(const char *severity, const char *rule, const char *entry,
     const char *text, void *arg)
{
    /* What this machine is set up for does not bind the whole table. */
    if (strncmp(entry, "configuration ", 14) == 0)
        severity = "warning";
    findings_add(severity, rule, entry, text, arg);
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

/* --- rules --------------------------------------------------------------- */

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
        return tool_table_failed(table, ret);
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
            finding_free(&findings->list[i]);
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
            finding_free(finding);
    }
    if (broken)
        findings->n = n;
}

/* --- access -------------------------------------------------------------- */

static void
note_access(const struct difference *one, void *arg)
{
    const char *word = one->access == DIFF_WIDENS ? "widens" : "changes";
    char *entry, *text;

    if (one->access == DIFF_NARROWS ||
        (one->whole && strcmp(one->attribute, "entry") != 0))
        return;
    entry = tool_format("%s %s", one->kind, one->name);
    if (one->whole)
        text = tool_copy(one->new != NULL ? "is new" : "goes");
    else if (one->old == NULL || one->new == NULL)
        text = tool_format("%s %s %s", one->new != NULL ? "gets" : "loses",
                           one->attribute, one->new != NULL ? one->new :
                           one->old);
    else
        text = tool_format("%s %s, was %s", one->attribute, one->new,
                           one->old);
    find(word, "access", entry, text, arg);
    free(entry);
    free(text);
}

struct others { const struct tool_entry *before, *after; void *findings; };

/* What an account has to have, and says nothing of what it may do. */
static bool
is_harmless(const char *attribute)
{
    static const char *const names[] = {
        "objectClass", "cn", "sn", "uid", "description"
    };
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (strcasecmp(attribute, names[i]) == 0)
            return true;
    }
    return tr_class_attribute(attribute) != NULL;
}

/* No table knows owners, passwords or members of groups; the directory's
 * rules may go by them. */
static void
note_other(bool added, const char *attribute, const char *value, void *arg)
{
    const struct others *others = arg;
    bool owner = strcasecmp(attribute, "owner") == 0;
    char *text;

    if (!added || (others->before != NULL ? !owner : is_harmless(attribute)))
        return;
    text = tool_format("gets %s%s%s", attribute, owner ? " " : "",
                       owner ? value : "");
    find("widens", "access", others->after->dn, text, others->findings);
    free(text);
}

/* Of a system it is told that it is new. */
static void
judge_others(const struct tool_work *work, struct findings *findings)
{
    const struct tool_change *change;
    struct others others = { .findings = findings };
    size_t i;

    for (i = 0; i < work->nchanges; i++) {
        change = &work->changes[i];
        others.before = change->before;
        others.after = change->after;
        if (change->after != NULL && (change->before != NULL ||
            change->after->type == TR_RECORD_CLEARANCE))
            tool_change_each(change, note_other, &others);
    }
}

/* Everything that is not known to allow less. */
static int
judge_access(const struct tool_work *work, const struct tool_entries *after,
             struct findings *findings)
{
    const char *name = tool_directory_name(work->directory);
    struct tool_table old = { 0 }, new = { 0 };
    krb5_error_code ret;
    int status;

    status = tool_table_make(&old);
    if (status == TOOL_DONE)
        status = tool_table_make(&new);
    if (status == TOOL_DONE)
        status = tool_table_load(&old, &work->entries, name);
    if (status == TOOL_DONE)
        status = tool_table_load(&new, after, name);
    if (status == TOOL_DONE)
        status = tool_table_view(&old);
    if (status == TOOL_DONE)
        status = tool_table_view(&new);
    if (status == TOOL_DONE) {
        ret = diff_tables(&old, &new, note_access, findings);
        if (ret)
            status = tool_fail(TOOL_SYSTEM, "%s", error_message(ret));
    }
    tool_table_close(&old);
    tool_table_close(&new);
    judge_others(work, findings);
    return status;
}

bool
finding_is_access(const struct finding *finding)
{
    return strcmp(finding->rule, "access") == 0;
}

/* --- all ----------------------------------------------------------------- */

int
work_judge(const struct tool_work *work, struct findings *findings_out)
{
    /* One that says where the table is says nothing of a system. */
    struct tool_table table = {
        .config = work->config != NULL && work->config->encoding != NULL ?
            work->config : NULL
    };
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
    if (status == TOOL_DONE && work->access != WORK_UNASKED)
        status = judge_access(work, &after, findings_out);
    findings_sort(findings_out);
    table.config = NULL;
    tool_table_close(&table);
    findings_clear(&old);
    free(after.list);
    return status;
}

bool
findings_refuse(const struct findings *findings, enum work_access access)
{
    size_t i;

    for (i = 0; i < findings->n; i++) {
        if (strcmp(findings->list[i].severity, "error") == 0 ||
            (access == WORK_NARROWS && finding_is_access(&findings->list[i])))
            return true;
    }
    return false;
}
