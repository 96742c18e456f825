/* tools/trustrealm/offboard_find.c - find what somebody did and can do */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a person can still change follows from the roles that he is in, the
 * systems that have him as owner, and his proposals, which somebody might
 * still approve.
 */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "offboard.h"

void
offboard_note(struct offboard *person, enum offboard_kind kind,
              const char *when, const char *dn, const char *format, ...)
{
    struct offboard_item *item;
    va_list args;

    person->items = tool_grow(person->items, person->nitems,
                              sizeof(*person->items));
    item = &person->items[person->nitems++];
    item->kind = kind;
    item->when = tool_copy(when);
    item->dn = tool_copy(dn);
    va_start(args, format);
    item->what = tool_vformat(format, args);
    va_end(args);
    if (kind == OFFBOARD_LEFT)
        person->nleft++;
    if (kind == OFFBOARD_UNKNOWN)
        person->nunknown++;
}

void
offboard_note_key(struct offboard *person, const struct tool_entry *system)
{
    const char *principal = tool_entry_value(system, "trPrincipal");
    size_t i;

    for (i = 0; i < person->nitems; i++) {
        if (person->items[i].kind == OFFBOARD_ROTATE &&
            strcmp(person->items[i].dn, system->dn) == 0)
            return;
    }
    offboard_note(person, OFFBOARD_ROTATE, NULL, system->dn, "key of %s",
                  principal != NULL ? principal : system->name);
}

/* --- what is left -------------------------------------------------------- */

/* Entries of a class that have him in attribute. */
static int
search_his(struct offboard *person, struct tool_work *work,
           const char *filter, const char *attribute,
           struct tool_entries *entries_out)
{
    static const char *attributes[] = {
        "objectClass", "cn", "description", "member", "trTarget", "trChange",
        "creatorsName", "createTimestamp", "entryCSN", NULL
    };
    struct tool_entries all = { 0 };
    size_t i;
    int status;

    status = tool_directory_search(work->directory,
                                   tool_directory_base(work->directory),
                                   filter, attributes, &all);
    for (i = 0; i < all.n; i++) {
        if (tool_entry_has_dn(all.list[i], attribute, person->dn))
            tool_entries_add(entries_out, all.list[i]);
        else
            tool_entry_free(all.list[i]);
    }
    all.n = 0;
    tool_entries_clear(&all);
    return status;
}

static int
find_left(struct offboard *person, struct tool_work *work)
{
    struct tool_entry *entry;
    const char *text;
    size_t i;
    int status;

    status = search_his(person, work, "(objectClass=groupOfNames)", "member",
                        &person->roles);
    if (status == TOOL_DONE)
        status = search_his(person, work, "(objectClass=trPending)",
                            "creatorsName", &person->proposals);
    for (i = 0; i < person->roles.n; i++) {
        entry = person->roles.list[i];
        text = tool_entry_value(entry, "description");
        offboard_note(person, OFFBOARD_LEFT, NULL, entry->dn, "role%s%s",
                      text != NULL ? ": " : "", text != NULL ? text : "");
    }
    for (i = 0; i < work->entries.n; i++) {
        entry = work->entries.list[i];
        if (tool_entry_has_dn(entry, "owner", person->dn))
            offboard_note(person, OFFBOARD_LEFT, NULL, entry->dn, "owner");
    }
    for (i = 0; i < person->proposals.n; i++) {
        entry = person->proposals.list[i];
        text = tool_entry_value(entry, "trChange");
        offboard_note(person, OFFBOARD_LEFT,
                      tool_entry_value(entry, "createTimestamp"), entry->dn,
                      "proposal: %s", text != NULL ? text : "?");
    }
    return status;
}

/* An owner has the keys of his systems in hand. */
static void
note_owned(struct offboard *person, const struct tool_work *work)
{
    size_t i;

    for (i = 0; i < work->entries.n; i++) {
        if (work->entries.list[i]->type == TR_RECORD_SYSTEM &&
            tool_entry_has_dn(work->entries.list[i], "owner", person->dn))
            offboard_note_key(person, work->entries.list[i]);
    }
}

int
offboard_find(struct offboard *person, struct tool_work *work,
              const char *log)
{
    int status;

    status = find_left(person, work);
    if (status == TOOL_DONE && log != NULL)
        status = offboard_find_log(person, work, log);
    if (status == TOOL_DONE)
        note_owned(person, work);
    return status;
}

void
offboard_clear(struct offboard *person)
{
    size_t i;

    for (i = 0; i < person->nitems; i++) {
        free(person->items[i].when);
        free(person->items[i].dn);
        free(person->items[i].what);
    }
    free(person->items);
    tool_entries_clear(&person->roles);
    tool_entries_clear(&person->proposals);
    free(person->dn);
    memset(person, 0, sizeof(*person));
}
