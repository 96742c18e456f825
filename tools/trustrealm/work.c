/* tools/trustrealm/work.c - judge changes, show them, and write them */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "pending.h"
#include "work_parts.h"

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

    work->changes = tool_grow(work->changes, work->nchanges,
                              sizeof(*work->changes));
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

static bool
is_noted(const struct tool_work *work, const char *dn)
{
    size_t i;

    for (i = work->nchanges; i-- > 0;) {
        if (work->changes[i].after != NULL &&
            work->changes[i].after->type == 0 &&
            tool_dn_same(work->changes[i].after->dn, dn))
            return true;
    }
    return false;
}

static bool
may_be_made(const struct tool_work *work, const char *dn, const char *unit)
{
    const char *base = tool_directory_base(work->directory);

    return unit != NULL && base != NULL && tool_dn_within(dn, base) &&
        !tool_dn_same(dn, base);
}

int
tool_work_container(struct tool_work *work, const char *dn,
                    char **missing_out)
{
    struct tool_entry *entry = NULL;
    char *unit, *parent = NULL;
    int status = TOOL_DONE;

    if (is_noted(work, dn))
        return TOOL_DONE;
    unit = tool_dn_unit(dn);
    if (!may_be_made(work, dn, unit) &&
        tool_directory_limit(work->directory) == NULL)
        goto cleanup;
    status = tool_directory_look(work->directory, dn, &entry);
    tool_entry_free(entry);
    if (status != TOOL_NO)
        goto cleanup;
    if (!may_be_made(work, dn, unit)) {
        *missing_out = tool_copy(dn);
        goto cleanup;
    }
    parent = tool_dn_parent(dn);
    status = tool_work_container(work, parent, missing_out);
    if (status != TOOL_DONE)
        goto cleanup;
    entry = tool_work_add(work, dn);
    tool_entry_add(entry, "objectClass", "organizationalUnit");
    tool_entry_add(entry, "ou", unit);

cleanup:
    free(parent);
    free(unit);
    return status;
}

/* Forget changes that change nothing. */
static void
drop_idle(struct tool_work *work)
{
    struct tool_change *change;
    size_t i, n = 0;

    for (i = 0; i < work->nchanges; i++) {
        change = &work->changes[i];
        if (change->after != NULL)
            tool_entry_identify(change->after);
        if (change->after == NULL || tool_change_differs(change))
            work->changes[n++] = *change;
        else
            tool_entry_free(change->after);
    }
    work->nchanges = n;
}

/* --- judging and writing ------------------------------------------------- */

static int
refuse(const struct tool_work *work, const struct findings *findings)
{
    return tool_fail(TOOL_NO, "refused: nothing was written%s",
                     findings_refuse(findings, WORK_TOLD) ||
                     work->access != WORK_NARROWS ? "" :
                     "; --widen also writes what does more than narrow "
                     "access");
}

int
tool_work_errors(struct tool_work *work,
                 void (*each)(const char *entry, const char *text, void *arg),
                 void *arg)
{
    struct findings findings = { 0 };
    size_t i;
    int status;

    drop_idle(work);
    status = work_judge(work, &findings);
    for (i = 0; status == TOOL_DONE && i < findings.n; i++) {
        if (strcmp(findings.list[i].severity, "error") == 0)
            each(findings.list[i].entry, findings.list[i].text, arg);
    }
    findings_clear(&findings);
    return status;
}

int
tool_work_judge(struct tool_work *work, json_t *array, size_t *access_out)
{
    struct findings findings = { 0 };
    json_t *found;
    size_t i;
    int status;

    drop_idle(work);
    status = work_judge(work, &findings);
    if (status == TOOL_DONE)
        work_tell(&findings, work->access, array != NULL);
    if (status == TOOL_DONE && array != NULL) {
        found = findings_json(&findings);
        (void)json_array_extend(array, found);
        json_decref(found);
    }
    if (status == TOOL_DONE && findings_refuse(&findings, work->access))
        status = refuse(work, &findings);
    for (i = *access_out = 0; i < findings.n; i++)
        *access_out += finding_is_access(&findings.list[i]);
    findings_clear(&findings);
    return status;
}

int
tool_work_finish(const struct tool_options *options, struct tool_work *work)
{
    struct findings findings = { 0 };
    const char *result = "done";
    int status;

    drop_idle(work);
    status = work_judge(work, &findings);
    if (status == TOOL_DONE && options->propose)
        status = tool_pending_propose(work);
    if (status != TOOL_DONE)
        goto cleanup;
    if (!options->json)
        work_show(work);
    work_tell(&findings, work->access, options->json);
    if (findings_refuse(&findings, work->access)) {
        result = "refused";
        status = refuse(work, &findings);
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
        status = work_print_json(work, &findings, result, status);
    else if (status == TOOL_DONE && work->made != NULL)
        tool_json_rows(json_incref(work->made));
    if (status == TOOL_DONE && !options->json && tool_for_people())
        tool_line("%s", strcmp(result, "dry-run") == 0 ?
                  "nothing was written (--dry-run)" : result);

cleanup:
    findings_clear(&findings);
    return status;
}
