/* tools/trustrealm/offboard_find.c - find what somebody did and can do */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a person can still change follows from the roles that he is in, the
 * systems that have him as owner, and his proposals, which somebody might
 * still approve.  What he did is in the log that OpenLDAP's accesslog overlay
 * keeps: an entry for each write, with who made it and the modifications as
 * "ATTRIBUTE:+ VALUE".
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

/* --- what he did --------------------------------------------------------- */

/* A server writes the DNs of its log and of its entries alike; there may be
 * many of both. */
static const struct tool_entry *
entry_at(const struct tool_work *work, const char *dn)
{
    size_t i;

    for (i = 0; i < work->entries.n; i++) {
        if (strcasecmp(work->entries.list[i]->dn, dn) == 0)
            return work->entries.list[i];
    }
    return NULL;
}

/* Kept by the server itself. */
static bool
is_operational(const char *mod)
{
    static const char *const names[] = {
        "structuralObjectClass", "entryUUID", "creatorsName",
        "createTimestamp", "entryCSN", "modifiersName", "modifyTimestamp"
    };
    size_t i, length = strcspn(mod, ":;");

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i]) == length &&
            strncasecmp(names[i], mod, length) == 0)
            return true;
    }
    return false;
}

/* "ATTRIBUTE:+ VALUE" that is still so. */
static bool
in_force(const struct tool_entry *entry, const char *mod)
{
    size_t length = strcspn(mod, ":");
    char *attribute;
    bool is;

    if (entry == NULL || (strncmp(mod + length, ":+ ", 3) != 0 &&
                          strncmp(mod + length, ":= ", 3) != 0))
        return false;
    attribute = tool_format("%.*s", (int)length, mod);
    is = tool_entry_has(entry, attribute, mod + length + 3);
    free(attribute);
    return is;
}

static void
note_write(struct offboard *person, const struct tool_work *work,
           const struct tool_entry *logged)
{
    const char *dn = tool_entry_value(logged, "reqDN");
    const char *when = tool_entry_value(logged, "reqStart");
    const char *type = tool_entry_value(logged, "reqType");
    const struct tool_entry *entry = entry_at(work, dn);
    char *const *mods;
    bool told = false;
    size_t i, n;

    mods = tool_entry_values(logged, "reqMod", &n);
    for (i = 0; i < n; i++) {
        if (is_operational(mods[i]))
            continue;
        offboard_note(person, in_force(entry, mods[i]) ? OFFBOARD_GRANTED :
                      OFFBOARD_CHANGED, when, dn, "%s: %s", type, mods[i]);
        told = true;
    }
    if (!told)
        offboard_note(person, OFFBOARD_CHANGED, when, dn, "%s", type);
}

/* Whether it shows that he had a system's key in hand: he made the entry, or
 * became its owner. */
static bool
shows_key(const struct offboard *person, const struct tool_entry *logged)
{
    const char *type = tool_entry_value(logged, "reqType");
    char *const *mods;
    size_t i, n;

    if (tool_entry_has_dn(logged, "reqAuthzID", person->dn) &&
        strcasecmp(type, "add") == 0)
        return true;
    mods = tool_entry_values(logged, "reqMod", &n);
    for (i = 0; i < n; i++) {
        if (strncasecmp(mods[i], "owner:+ ", 8) == 0 &&
            tool_dn_same(mods[i] + 8, person->dn))
            return true;
    }
    return false;
}

static void
note_keys(struct offboard *person, const struct tool_work *work,
          const struct tool_entries *logged)
{
    const struct tool_entry *entry;
    const char *dn;
    size_t i, j;
    bool had;

    for (i = 0; i < work->entries.n; i++) {
        entry = work->entries.list[i];
        if (entry->type != TR_RECORD_SYSTEM)
            continue;
        had = tool_entry_has_dn(entry, "owner", person->dn);
        for (j = 0; j < logged->n && !had; j++) {
            dn = tool_entry_value(logged->list[j], "reqDN");
            had = strcasecmp(dn, entry->dn) == 0 &&
                shows_key(person, logged->list[j]);
        }
        if (had)
            offboard_note_key(person, entry);
    }
}

static bool
is_complete(const struct tool_entry *logged)
{
    return tool_entry_value(logged, "reqDN") != NULL &&
        tool_entry_value(logged, "reqType") != NULL;
}

static int
compare_starts(const void *a, const void *b)
{
    const struct tool_entry *x = *(struct tool_entry *const *)a;
    const struct tool_entry *y = *(struct tool_entry *const *)b;
    const char *s = tool_entry_value(x, "reqStart");
    const char *t = tool_entry_value(y, "reqStart");

    return strcmp(s != NULL ? s : "", t != NULL ? t : "");
}

/* His writes, and those that made him an owner. */
static int
read_log(struct offboard *person, struct tool_work *work, const char *log,
         struct tool_entries *logged_out)
{
    static const char *attributes[] = {
        "reqStart", "reqType", "reqDN", "reqAuthzID", "reqMod", NULL
    };
    char *owner = tool_format("owner:+ %s", person->dn);
    char *by = tool_ldap_equal("reqAuthzID", person->dn, strlen(person->dn));
    char *to = tool_ldap_equal("reqMod", owner, strlen(owner));
    char *filter = tool_format("(&(objectClass=auditWriteObject)"
                               "(reqResult=0)(|%s%s))", by, to);
    int status;

    status = tool_directory_search(work->directory, log, filter, attributes,
                                   logged_out);
    if (status != TOOL_DONE)
        tool_fail(status, "the server's access log could not be read: --log "
                  "names it, --no-log does without");
    else if (logged_out->n > 1)
        qsort(logged_out->list, logged_out->n, sizeof(*logged_out->list),
              compare_starts);
    free(filter);
    free(to);
    free(by);
    free(owner);
    return status;
}

int
offboard_find(struct offboard *person, struct tool_work *work,
              const char *log)
{
    struct tool_entries logged = { 0 };
    size_t i;
    int status;

    status = find_left(person, work);
    if (status == TOOL_DONE && log != NULL)
        status = read_log(person, work, log, &logged);
    for (i = 0; i < logged.n && status == TOOL_DONE; i++) {
        if (!is_complete(logged.list[i]))
            status = tool_fail(TOOL_SYSTEM, "%s: entries are not those of an "
                               "access log", log);
        else if (tool_entry_has_dn(logged.list[i], "reqAuthzID", person->dn))
            note_write(person, work, logged.list[i]);
    }
    if (status == TOOL_DONE)
        note_keys(person, work, &logged);
    tool_entries_clear(&logged);
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
