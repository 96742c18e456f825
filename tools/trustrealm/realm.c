/* tools/trustrealm/realm.c - trustrealm realm: trust realms */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include "diff.h"
#include "noun.h"
#include "text.h"

static const struct noun_field fields[] = {
    { "doi", "trDOI", NOUN_NUMBER, "NUMBER", "its number, 1 to 4294967295" },
    { "priority", "trPriority", NOUN_NUMBER, "NUMBER",
      "of several that two systems share, the\nhighest is chosen" },
    { "policy", "trPolicy", NOUN_TEXT, "mls|equal",
      "how labels are compared" },
    { "level", "trLevel", NOUN_NAMED, "\"NUMBER NAME\"",
      "a classification level (again for more)" },
    { "category", "trCategory", NOUN_NAMED, "\"NUMBER NAME\"",
      "a category (again for more)" },
    { "protection", "trProtection", NOUN_TEXT,
      "integrity|confidentiality", "of what is sent" },
    { "confidential-from", "trConfidentialFrom", NOUN_TEXT, "LEVEL",
      "level that needs confidentiality" },
    { "carrier", "trCarrier", NOUN_KEYED, "\"SERVICE HOW\"",
      "gss, own, mic or auth-only (again for more)" },
    { "delegation", "trDelegation", NOUN_WORDS, "SERVICE",
      "may be given credentials (again for more)" },
    { "required-attribute", "trRequiredAttribute", NOUN_PAIR, "NAME=VALUE",
      "that must hold on systems (again for more)" },
    { "idle-timeout", "trIdleTimeout", NOUN_NUMBER, "SECONDS",
      "without use ends an association" },
    { "lifetime", "trLifetime", NOUN_NUMBER, "SECONDS",
      "end an association" },
    { "maximum-staleness", "trMaximumStaleness", NOUN_NUMBER, "SECONDS",
      "for which a table not confirmed is used" },
    { "kernel-export", "trKernelExport", NOUN_TRUTH, "TRUE|FALSE",
      "whether the kernel is handed contexts" },
    { "kernel-lifetime", "trKernelLifetime", NOUN_NUMBER, "SECONDS",
      "for which the kernel may use them" },
    { "mode", "trMode", NOUN_TEXT, "enforce|dry-run",
      "whether what is refused is let by" },
    { NULL, NULL, NOUN_TEXT, NULL, NULL }
};

static const char *const columns[] = {
    "NAME", "DOI", "PRIORITY", "POLICY", "MODE", "LEVELS", "CATEGORIES",
    "MEMBERS", NULL
};

static const char *
value_or_usual(const struct tool_entry *entry, const char *attribute)
{
    const char *value = tool_entry_value(entry, attribute);

    return value != NULL ? value : diff_usual(attribute);
}

static void
row(const struct tool_entry *entry, const struct tool_entries *all,
    struct tool_sheet *sheet)
{
    size_t i, levels, categories, members = 0;
    char *counts[3];

    (void)tool_entry_values(entry, "trLevel", &levels);
    (void)tool_entry_values(entry, "trCategory", &categories);
    for (i = 0; i < all->n; i++) {
        if (all->list[i]->type == TR_RECORD_SYSTEM &&
            noun_keyed(all->list[i], "trMembership", entry->name) != NULL)
            members++;
    }
    counts[0] = tool_format("%zu", levels);
    counts[1] = tool_format("%zu", categories);
    counts[2] = tool_format("%zu", members);
    tool_sheet_add(sheet, (const char *[]){
        entry->name, tool_entry_value(entry, "trDOI"),
        value_or_usual(entry, "trPriority"),
        value_or_usual(entry, "trPolicy"), value_or_usual(entry, "trMode"),
        counts[0], counts[1], counts[2] });
    for (i = 0; i < 3; i++)
        free(counts[i]);
}

static const struct noun noun = {
    "realm", "trust realm", "REALM", TR_RECORD_REALM, "trTrustRealm",
    "realms", fields, columns, row
};

/* --- add, set, show, list ------------------------------------------------ */

static int
add(int argc, char **argv)
{
    return noun_add(&noun, "realm add", "Add a trust realm.", NULL, argc,
                    argv);
}

static int
set(int argc, char **argv)
{
    return noun_set(&noun, "realm set",
                    "Change a trust realm.  A level, category, carrier or "
                    "attribute takes the\nplace of the one with the same "
                    "number or name.", argc, argv);
}

static int
show(int argc, char **argv)
{
    return noun_show(&noun, "realm show", argc, argv);
}

static int
list(int argc, char **argv)
{
    return noun_list(&noun, "realm list", argc, argv);
}

/* --- remove -------------------------------------------------------------- */

/* Take every value away that begins with name. */
static void
remove_all(struct tool_entry *entry, const char *attribute, const char *name)
{
    const char *value;

    while ((value = noun_keyed(entry, attribute, name)) != NULL)
        tool_entry_remove(entry, attribute, value);
}

/* Take away what names the trust realm; returns how many entries do. */
static size_t
remove_grants(struct tool_work *work, const char *name,
              enum tr_record_type type, const char *attribute, bool force)
{
    static const char restriction[] = "trRestriction";
    const struct tool_entry *entry;
    struct tool_entry *after;
    size_t i, n = 0;

    for (i = 0; i < work->entries.n; i++) {
        entry = work->entries.list[i];
        if (entry->type != type ||
            (noun_keyed(entry, attribute, name) == NULL &&
             noun_keyed(entry, restriction, name) == NULL))
            continue;
        n++;
        if (!force)
            continue;
        /* Without a look at what was noted: it has one type. */
        after = tool_entry_copy(entry);
        tool_work_replace(work, entry, after);
        remove_all(after, attribute, name);
        remove_all(after, restriction, name);
    }
    return n;
}

static size_t
remove_maps(struct tool_work *work, const char *name, bool force)
{
    const struct tool_entry *entry;
    const char *realm;
    size_t i, n = 0;

    for (i = 0; i < work->entries.n; i++) {
        entry = work->entries.list[i];
        realm = entry->type != TR_RECORD_MAP ? NULL :
            tool_entry_value(entry, "trRealmName");
        if (realm == NULL || tr_text_compare(realm, name) != 0)
            continue;
        n++;
        if (force)
            tool_work_delete(work, entry);
    }
    return n;
}

/*
 * Memberships go first: without them nobody can use the trust realm, whatever
 * is left of it.  A clearance that is taken away only limits its user more.
 * The trust realm goes last: until then the same command does what is left.
 */
static int
remove_realm(const struct noun_call *call, struct tool_work *work,
             struct tool_entry *entry)
{
    size_t systems, users, maps;

    systems = remove_grants(work, entry->name, TR_RECORD_SYSTEM,
                            "trMembership", call->force);
    users = remove_grants(work, entry->name, TR_RECORD_CLEARANCE,
                          "trClearance", call->force);
    maps = remove_maps(work, entry->name, call->force);
    if (!call->force && systems + users + maps > 0)
        return tool_fail(TOOL_NO, "trust realm %s has %zu systems, %zu "
                         "cleared users and %zu label maps; --force removes "
                         "the memberships, clearances and maps as well",
                         entry->name, systems, users, maps);
    tool_work_delete(work, entry);
    return TOOL_DONE;
}

static int
remove_command(int argc, char **argv)
{
    return noun_change(&noun, "realm remove", "Remove a trust realm, with "
                       "--force also the memberships, clearances and\nlabel "
                       "maps that name it.", NOUN_FORCE, remove_realm, argc,
                       argv);
}

const struct tool_command tool_realm_add = {
    "realm add", "add a trust realm", add
};
const struct tool_command tool_realm_set = {
    "realm set", "change a trust realm", set
};
const struct tool_command tool_realm_show = {
    "realm show", "show a trust realm", show
};
const struct tool_command tool_realm_list = {
    "realm list", "list all trust realms", list
};
const struct tool_command tool_realm_remove = {
    "realm remove", "remove a trust realm", remove_command
};
