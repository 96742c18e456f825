/* tools/trustrealm/pending.c - trustrealm pending: proposals */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "pending.h"
#include "record_class.h"
#include "text.h"

static const struct noun_field no_fields[] = {
    { NULL, NULL, NOUN_TEXT, NULL, NULL }
};

static const struct noun noun = {
    "pending", "proposal", "ID", 0, "trPending", "pending", no_fields, NULL,
    NULL
};

/* --- reading ------------------------------------------------------------- */

static const char *
said(const struct tool_entry *entry, const char *attribute)
{
    const char *value = tool_entry_value(entry, attribute);

    return value != NULL ? value : "-";
}

int
tool_pending_search(struct tool_directory *directory, const char *filter,
                    struct tool_entries *entries_out)
{
    static const char *attributes[] = {
        "objectClass", "cn", "trTarget", "trChange", "creatorsName",
        "createTimestamp", "entryCSN", NULL
    };

    return tool_directory_search(directory, tool_directory_base(directory),
                                 filter, attributes, entries_out);
}

static int
read_proposals(struct tool_directory *directory,
               struct tool_entries *entries_out)
{
    return tool_pending_search(directory, "(objectClass=trPending)",
                               entries_out);
}

static int
find_proposal(const struct noun_call *call, struct tool_directory *directory,
              const struct tool_entries *entries,
              struct tool_entry **proposal_out)
{
    size_t i;

    for (i = 0; i < entries->n; i++) {
        if (strcasecmp(said(entries->list[i], "cn"), call->name) == 0) {
            *proposal_out = entries->list[i];
            return TOOL_DONE;
        }
    }
    return tool_fail(TOOL_NO, "there is no proposal %s in %s", call->name,
                     tool_directory_name(directory));
}

/* --- list, show ---------------------------------------------------------- */

static int
compare_ages(const void *a, const void *b)
{
    const struct tool_entry *x = *(struct tool_entry *const *)a;
    const struct tool_entry *y = *(struct tool_entry *const *)b;

    return strcmp(said(x, "createTimestamp"), said(y, "createTimestamp"));
}

static json_t *
proposal_json(const struct tool_entry *entry, const char *since)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}",
                     "id", tool_json_text(said(entry, "cn")),
                     "proposer", tool_json_text(said(entry, "creatorsName")),
                     "since", tool_json_text(since),
                     "entry", tool_json_text(said(entry, "trTarget")),
                     "change", tool_json_text(said(entry, "trChange")));
}

/* The one that was named. */
static int
print_proposal(const struct noun_call *call, const struct tool_entry *entry)
{
    const char *since = said(entry, "createTimestamp");
    char when[TOOL_TIME_LENGTH];

    if (call->options.json)
        return tool_json_print(proposal_json(entry, since), TOOL_DONE);
    tool_json_rows(proposal_json(entry, tool_show_time(since, when)));
    return TOOL_DONE;
}

static int
print_proposals(const struct noun_call *call,
                const struct tool_entries *entries)
{
    static const char *const columns[] = { "ID", "PROPOSER", "SINCE", "ENTRY",
                                           "CHANGE", NULL };
    struct tool_sheet *sheet = call->options.json ? NULL :
        tool_sheet_create(columns);
    json_t *list = call->options.json ? json_array() : NULL;
    const struct tool_entry *entry;
    char when[TOOL_TIME_LENGTH];
    const char *since;
    size_t i;

    if (entries->n > 1)
        qsort(entries->list, entries->n, sizeof(*entries->list),
              compare_ages);
    for (i = 0; i < entries->n; i++) {
        entry = entries->list[i];
        since = said(entry, "createTimestamp");
        if (call->options.json)
            json_array_append_new(list, proposal_json(entry, since));
        else
            tool_sheet_add(sheet, (const char *[]){
                said(entry, "cn"), said(entry, "creatorsName"),
                tool_show_time(since, when), said(entry, "trTarget"),
                said(entry, "trChange") });
    }
    if (call->options.json)
        return tool_json_print(list, TOOL_DONE);
    tool_sheet_print(sheet);
    return TOOL_DONE;
}

static int
look(const char *command, const char *text, int has, int argc, char **argv)
{
    struct noun_call call;
    struct tr_config *config = NULL;
    struct tool_directory *directory = NULL;
    struct tool_entries entries = { 0 };
    struct tool_entry *one = NULL;
    int status;

    noun_parse(&noun, command, text, has | NOUN_READS, argc, argv, &call,
               &status);
    if (status >= 0)
        goto cleanup;
    status = tool_directory_begin(&call.options, &config, &directory);
    if (status == TOOL_DONE)
        status = read_proposals(directory, &entries);
    if (status == TOOL_DONE && call.name != NULL)
        status = find_proposal(&call, directory, &entries, &one);
    if (status == TOOL_DONE)
        status = one != NULL ? print_proposal(&call, one) :
            print_proposals(&call, &entries);

cleanup:
    tool_entries_clear(&entries);
    tool_directory_close(directory);
    tr_config_free(config);
    noun_call_free(&call);
    return status;
}

static int
list(int argc, char **argv)
{
    return look("pending list", "List what somebody has to approve, the "
                "oldest first.", NOUN_NAMELESS, argc, argv);
}

static int
show(int argc, char **argv)
{
    return look("pending show", "Show a proposal.", 0, argc, argv);
}

/* --- approve, reject ----------------------------------------------------- */

/* A proposal is approved by somebody else, when the server says who both
 * are. */
static int
check_person(struct tool_directory *directory,
             const struct tool_entry *proposal)
{
    const char *proposer = tool_entry_value(proposal, "creatorsName");
    char *me = NULL, *mine = NULL, *theirs = NULL;
    int status;

    status = tool_directory_whoami(directory, &me);
    if (status != TOOL_DONE)
        return status;
    if (strncmp(me, "dn:", 3) == 0)
        mine = tool_dn_canonical(me + 3);
    if (proposer != NULL)
        theirs = tool_dn_canonical(proposer);
    if (theirs == NULL || *theirs == '\0')
        status = tool_fail(TOOL_NO, "%s does not say who proposed it",
                           tool_directory_name(directory));
    else if (mine == NULL || *mine == '\0')
        status = tool_fail(TOOL_NO, "%s knows you as \"%s\", which is no DN: "
                           "so it cannot be told whether you proposed it "
                           "yourself", tool_directory_name(directory), me);
    else if (strcmp(mine, theirs) == 0)
        status = tool_fail(TOOL_NO, "you proposed it yourself: somebody else "
                           "has to approve it");
    free(theirs);
    free(mine);
    free(me);
    return status;
}

/* As --until, long after it was proposed: "REALM LOW HIGH [END]". */
static int
check_end(const char *attribute, const char *grant)
{
    char *words[4] = { NULL };
    int64_t end;
    int status = TOOL_DONE;

    if (strcmp(attribute, "trMembership") != 0 &&
        strcmp(attribute, "trClearance") != 0)
        return TOOL_DONE;
    if (tr_text_words(grant, 4, 4, words) == 0 &&
        tr_text_time(words[3], &end) == 0 && end <= time(NULL))
        status = tool_fail(TOOL_NO, "\"%s\" has ended: nothing would be "
                           "granted; reject it, and have it proposed again",
                           grant);
    tr_text_free_words(words, 4);
    return status;
}

/* Give entry the value that was proposed, or take it.  A value of a limit
 * takes the place of no other: those that go are proposed, too.  Who approves
 * may have been killed before the proposal went. */
static int
note_value(struct tool_entry *entry, const struct noun_field *field,
           bool removes, const char *value)
{
    if (tool_entry_has(entry, field->attribute, value) != removes)
        return tool_fail(TOOL_DONE, "%s has %s%s %s: only the proposal goes",
                         entry->name, removes ? "no " : "", field->option,
                         value);
    if (!removes && check_end(field->attribute, value) != TOOL_DONE)
        return TOOL_NO;
    if (removes)
        tool_entry_remove(entry, field->attribute, value);
    else if (tr_class_is_limit(field->attribute))
        tool_entry_add(entry, field->attribute, value);
    else
        noun_put(entry, field, value);
    return TOOL_DONE;
}

bool
tool_pending_read(const struct tool_entry *proposal,
                  const struct noun_field **field_out, bool *removes_out,
                  const char **value_out)
{
    const char *change = said(proposal, "trChange");
    size_t length;

    *removes_out = *change == '-';
    change += *removes_out;
    length = strcspn(change, " ");
    *field_out = tool_pending_field(change, length);
    *value_out = change + length + 1;
    return *field_out != NULL && change[length] == ' ';
}

static int
note_approved(struct tool_work *work, const struct tool_entry *proposal,
              struct tool_entry **target_out)
{
    const char *target = said(proposal, "trTarget"), *value;
    const struct noun_field *field;
    bool removes;
    size_t i;

    if (!tool_pending_read(proposal, &field, &removes, &value))
        return tool_fail(TOOL_NO, "\"%s\" is not what can be proposed",
                         said(proposal, "trChange"));
    for (i = 0; i < work->entries.n; i++) {
        if (!tool_dn_same(work->entries.list[i]->dn, target))
            continue;
        *target_out = tool_work_edit(work, work->entries.list[i]);
        return note_value(*target_out, field, removes, value);
    }
    return tool_fail(TOOL_NO, "there is no entry %s", target);
}

/* Has it come true, or become impossible, with another one? */
static bool
is_moot(const struct tool_entry *proposal, const struct tool_entry *target)
{
    const struct noun_field *field;
    const char *value;
    bool removes;

    return tool_dn_same(said(proposal, "trTarget"), target->dn) &&
        tool_pending_read(proposal, &field, &removes, &value) &&
        tool_entry_has(target, field->attribute, value) != removes;
}

void
tool_pending_gone(struct tool_work *work, struct tool_entry *proposal)
{
    tool_entry_remove(proposal, "creatorsName", NULL);
    tool_entry_remove(proposal, "createTimestamp", NULL);
    tool_work_delete(work, proposal);
}

/* Open work, and note that the proposal goes and, to approve, comes true;
 * before it those go that this makes moot: as long as it is there, the same
 * command does what is left. */
static int
decide(const struct noun_call *call, bool approve, struct tool_work *work,
       struct tool_entries *proposals)
{
    struct tool_entry *proposal, *target = NULL;
    int status;
    size_t i;

    status = tool_work_open(&call->options, work);
    if (status == TOOL_DONE)
        status = read_proposals(work->directory, proposals);
    if (status == TOOL_DONE)
        status = find_proposal(call, work->directory, proposals, &proposal);
    if (status == TOOL_DONE && approve)
        status = check_person(work->directory, proposal);
    if (status == TOOL_DONE && approve)
        status = note_approved(work, proposal, &target);
    if (status != TOOL_DONE)
        return status;
    for (i = 0; target != NULL && i < proposals->n; i++) {
        if (proposals->list[i] != proposal &&
            is_moot(proposals->list[i], target))
            tool_pending_gone(work, proposals->list[i]);
    }
    tool_pending_gone(work, proposal);
    return tool_work_finish(&call->options, work);
}

static int
change(const char *command, const char *text, bool approves, int argc,
       char **argv)
{
    /* A value alone does not tell what will hold. */
    struct tool_work work = { .access = approves ? WORK_TOLD : WORK_UNASKED };
    struct tool_entries proposals = { 0 };
    struct noun_call call;
    int status;

    noun_parse(&noun, command, text, 0, argc, argv, &call, &status);
    if (status < 0)
        status = decide(&call, approves, &work, &proposals);
    tool_work_close(&work);
    tool_entries_clear(&proposals);
    noun_call_free(&call);
    return status;
}

static int
approve(int argc, char **argv)
{
    return change("pending approve", "Make a change that somebody else has "
                  "proposed.", true, argc, argv);
}

static int
reject(int argc, char **argv)
{
    return change("pending reject", "Remove a proposal, also one's own.",
                  false, argc, argv);
}

const struct tool_command tool_pending_list = {
    "pending list", "list what somebody has to approve", list
};
const struct tool_command tool_pending_show = {
    "pending show", "show a proposal", show
};
const struct tool_command tool_pending_approve = {
    "pending approve", "make a change that somebody else proposed", approve
};
const struct tool_command tool_pending_reject = {
    "pending reject", "remove a proposal", reject
};
