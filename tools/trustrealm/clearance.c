/* tools/trustrealm/clearance.c - trustrealm clearance: users' clearances */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include "noun.h"

static const struct noun_field fields[] = {
    { "clearance", "trClearance", NOUN_KEYED, NULL, NULL },
    { "restriction", "trRestriction", NOUN_WORDS, NULL, NULL },
    { NULL, NULL, NOUN_TEXT, NULL, NULL }
};
static const struct noun_field *const clearance = &fields[0];

static const char *const columns[] = { "PRINCIPAL", NOUN_GRANT_COLUMNS, NULL };

static void
row(const struct tool_entry *entry, const struct tool_entries *all,
    struct tool_sheet *sheet)
{
    const char *cells[1 + NOUN_GRANT_CELLS] = { entry->name };

    noun_grant_rows(entry, cells, 1, sheet);
}

static const struct noun noun = {
    "clearance", "clearance", "PRINCIPAL", TR_RECORD_CLEARANCE, "trSubject",
    "subjects", fields, columns, row
};

/* --- set, limit ---------------------------------------------------------- */

/*
 * The entry of a user who had no clearances: the account that was named, or
 * one that a clearance was once made for, or a new one.  accounts is for what
 * was read.
 */
static int
make_subject(const struct noun_call *call, struct tool_work *work,
             struct tool_entries *accounts, struct tool_entry **entry_out)
{
    struct tool_entry *account = NULL, *entry;
    char *parent, *dn = tool_copy(call->entry);
    int status;

    if (dn == NULL) {
        parent = noun_parent(call, work);
        if (parent == NULL)
            return TOOL_USAGE;
        dn = tool_dn_below(parent, "cn", call->name);
        free(parent);
    }
    status = tool_directory_look(work->directory, dn, &account);
    if (status == TOOL_DONE && account->type != 0) {
        status = tool_fail(TOOL_NO, "%s is the entry of %s", dn,
                           account->name);
        tool_entry_free(account);
        free(dn);
        return status;
    }
    if (status == TOOL_DONE) {
        tool_entries_add(accounts, account);
        entry = tool_work_edit(work, account);
    } else if (status == TOOL_NO && call->entry == NULL) {
        entry = tool_work_add(work, dn);
        tool_entry_add(entry, "objectClass", "person");
        tool_entry_add(entry, "cn", call->name);
        tool_entry_add(entry, "sn", call->name);
    } else {
        if (status == TOOL_NO)
            tool_fail(TOOL_NO, "there is no entry %s", dn);
        free(dn);
        return status;
    }
    free(dn);
    tool_entry_add(entry, "objectClass", noun.class);
    tool_entry_add(entry, "trPrincipal", call->name);
    *entry_out = entry;
    return TOOL_DONE;
}

/* With no grant there is an entry, and nothing that it grants. */
static int
set_clearance(const struct noun_call *call, struct tool_work *work,
              struct tool_entries *accounts, const char *grant)
{
    struct tool_entry *entry;
    int status;

    status = tool_work_open(&call->options, work);
    if (status == TOOL_DONE && grant != NULL)
        status = noun_check_realm(call, work);
    if (status != TOOL_DONE)
        return status;
    entry = tool_entries_find(&work->entries, noun.type, call->name);
    if (entry == NULL)
        status = make_subject(call, work, accounts, &entry);
    else if (grant != NULL)
        entry = tool_work_edit(work, entry);
    if (status != TOOL_DONE)
        return status;
    if (grant != NULL)
        noun_put(entry, clearance, grant);
    return tool_work_finish(&call->options, work);
}

static int
change(const char *command, const char *text, int has, int argc, char **argv)
{
    struct noun_call call;
    struct tool_work work = { 0 };
    struct tool_entries accounts = { 0 };
    char *grant = NULL;
    int status;

    noun_parse(&noun, command, text, has | NOUN_ENTRY | NOUN_PARENT, argc,
               argv, &call, &status);
    if (status < 0 && (has & NOUN_RANGE) != 0) {
        grant = noun_grant(&call);
        if (grant == NULL)
            status = TOOL_USAGE;
    }
    if (status < 0)
        status = set_clearance(&call, &work, &accounts, grant);
    free(grant);
    tool_work_close(&work);
    tool_entries_clear(&accounts);
    noun_call_free(&call);
    return status;
}

static int
set(int argc, char **argv)
{
    return change("clearance set", "Clear a user for a range of labels in a "
                  "trust realm.  A user with no clearance\nat all is not "
                  "limited; from the first one on he has those alone.",
                  NOUN_REALM | NOUN_RANGE | NOUN_PROPOSE, argc, argv);
}

static int
limit(int argc, char **argv)
{
    return change("clearance limit", "Limit a user who was not: he is cleared "
                  "for nothing but what \"clearance set\"\ngives him, before "
                  "or after this.", 0, argc, argv);
}

/* --- show, list, restrict, remove ---------------------------------------- */

static int
show(int argc, char **argv)
{
    return noun_show(&noun, "clearance show", argc, argv);
}

static int
list(int argc, char **argv)
{
    return noun_list(&noun, "clearance list", argc, argv);
}

static int
restrict_command(int argc, char **argv)
{
    return noun_restrict(&noun, "clearance restrict", argc, argv);
}

static int
unrestrict(int argc, char **argv)
{
    return noun_unrestrict(&noun, "clearance unrestrict", argc, argv);
}

/* Without trSubject nothing limits the user any more. */
static int
remove_entry(const struct noun_call *call, struct tool_work *work,
             struct tool_entry *entry)
{
    struct tool_entry *after;
    const char *value;

    if (call->realm != NULL) {
        value = noun_keyed(entry, clearance->attribute, call->realm);
        if (value == NULL)
            return tool_fail(TOOL_NO, "%s has no clearance in %s",
                             entry->name, call->realm);
        tool_entry_remove(tool_work_edit(work, entry), clearance->attribute,
                          value);
        return TOOL_DONE;
    }
    if (!call->force)
        return tool_fail(TOOL_NO, "without any clearance %s would not be "
                         "limited at all; that takes --force (--realm takes "
                         "one clearance away)", entry->name);
    after = tool_work_edit(work, entry);
    tool_entry_remove(after, clearance->attribute, NULL);
    tool_entry_remove(after, "trRestriction", NULL);
    tool_entry_remove(after, "trPrincipal", NULL);
    tool_entry_remove(after, "objectClass", noun.class);
    return TOOL_DONE;
}

static int
remove_command(int argc, char **argv)
{
    return noun_change(&noun, "clearance remove", "Take a clearance away, or "
                       "with --force all that limits a user: he may then\n"
                       "send and get whatever his systems may.",
                       NOUN_REALM | NOUN_FORCE, remove_entry, argc, argv);
}

const struct tool_command tool_clearance_set = {
    "clearance set", "clear a user for a range of labels", set
};
const struct tool_command tool_clearance_limit = {
    "clearance limit", "limit a user to clearances", limit
};
const struct tool_command tool_clearance_show = {
    "clearance show", "show a user's clearances", show
};
const struct tool_command tool_clearance_list = {
    "clearance list", "list all clearances", list
};
const struct tool_command tool_clearance_restrict = {
    "clearance restrict", "bound a clearance further", restrict_command
};
const struct tool_command tool_clearance_unrestrict = {
    "clearance unrestrict", "remove the restrictions of a clearance",
    unrestrict
};
const struct tool_command tool_clearance_remove = {
    "clearance remove", "take a clearance away", remove_command
};
