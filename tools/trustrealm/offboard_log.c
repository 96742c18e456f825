/* tools/trustrealm/offboard_log.c - what somebody did, by the access log */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * OpenLDAP's accesslog overlay keeps an entry for each write, with who made
 * it and the modifications as "ATTRIBUTE:+ VALUE".  All names in it are those
 * of that time.  An account or a system that was renamed since, by itself or
 * with what it is below, is known by the renames of the log.
 */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "offboard.h"

/* --- renamed entries ----------------------------------------------------- */

struct renamed { const char *when; char *from, *to; };

struct renames { struct renamed *list; size_t n; };    /* in time */

/* name with the end from replaced by to; NULL when it is not below from.
 * All of them are canonical. */
static char *
moved(const char *name, const char *from, const char *to)
{
    size_t length = strlen(name), end = strlen(from);

    if (length < end || strcmp(name + length - end, from) != 0 ||
        (length > end && name[length - end - 1] != ','))
        return NULL;
    return tool_format("%.*s%s", (int)(length - end), name, to);
}

/* What is now the name of the entry that was called dn at a time. */
static char *
name_now(const struct renames *renames, const char *dn, const char *when)
{
    char *name = tool_dn_canonical(dn), *next;
    size_t i;

    for (i = 0; i < renames->n && name != NULL; i++) {
        if (strcmp(renames->list[i].when, when) < 0)
            continue;
        next = moved(name, renames->list[i].from, renames->list[i].to);
        if (next != NULL) {
            free(name);
            name = next;
        }
    }
    return name;
}

static bool
is_now(const struct renames *renames, const char *dn, const char *when,
       const char *wanted)
{
    char *name = name_now(renames, dn, when);
    bool is = name != NULL && tool_dn_same(name, wanted);

    free(name);
    return is;
}

static void
free_renames(struct renames *renames)
{
    size_t i;

    for (i = 0; i < renames->n; i++) {
        free(renames->list[i].from);
        free(renames->list[i].to);
    }
    free(renames->list);
}

/* --- the log ------------------------------------------------------------- */

static int
compare_starts(const void *a, const void *b)
{
    const struct tool_entry *x = *(struct tool_entry *const *)a;
    const struct tool_entry *y = *(struct tool_entry *const *)b;

    return strcmp(tool_entry_value(x, "reqStart"),
                  tool_entry_value(y, "reqStart"));
}

/* Writes that match, in time. */
static int
search_log(struct tool_work *work, const char *log, const char *filter,
           struct tool_entries *logged_out)
{
    static const char *attributes[] = {
        "reqStart", "reqType", "reqDN", "reqAuthzID", "reqMod", "reqNewDN",
        "reqNewRDN", "reqNewSuperior", NULL
    };
    const struct tool_entry *entry;
    size_t i;
    int status;

    status = tool_directory_search(work->directory, log, filter, attributes,
                                   logged_out);
    if (status != TOOL_DONE)
        return tool_fail(status, "the server's access log could not be read: "
                         "--log names it, --no-log does without");
    for (i = 0; i < logged_out->n; i++) {
        entry = logged_out->list[i];
        if (tool_entry_value(entry, "reqStart") == NULL ||
            tool_entry_value(entry, "reqType") == NULL ||
            tool_entry_value(entry, "reqDN") == NULL)
            return tool_fail(TOOL_SYSTEM, "%s: entries are not those of an "
                             "access log", log);
    }
    if (logged_out->n > 1)
        qsort(logged_out->list, logged_out->n, sizeof(*logged_out->list),
              compare_starts);
    return TOOL_DONE;
}

/* What an entry was renamed to; malloced, NULL when that is not told.  slapd
 * before 2.5 told only the parts. */
static char *
new_name(const struct tool_entry *logged)
{
    const char *dn = tool_entry_value(logged, "reqNewDN");
    const char *rdn = tool_entry_value(logged, "reqNewRDN");
    const char *superior = tool_entry_value(logged, "reqNewSuperior");
    char *parent, *whole, *name;

    if (dn != NULL)
        return tool_dn_canonical(dn);
    parent = superior != NULL ? tool_copy(superior) :
        tool_dn_parent(tool_entry_value(logged, "reqDN"));
    if (rdn == NULL || parent == NULL) {
        free(parent);
        return NULL;
    }
    whole = tool_format("%s,%s", rdn, parent);
    name = tool_dn_canonical(whole);
    free(whole);
    free(parent);
    return name;
}

/* The times are those of logged. */
static int
read_renames(struct tool_work *work, const char *log,
             struct tool_entries *logged, struct renames *renames_out)
{
    struct renamed *renamed;
    size_t i;
    int status;

    status = search_log(work, log, "(&(objectClass=auditModRDN)"
                        "(reqResult=0))", logged);
    for (i = 0; i < logged->n && status == TOOL_DONE; i++) {
        renames_out->list = tool_grow(renames_out->list, renames_out->n,
                                      sizeof(*renames_out->list));
        renamed = &renames_out->list[renames_out->n++];
        renamed->when = tool_entry_value(logged->list[i], "reqStart");
        renamed->from = tool_dn_canonical(tool_entry_value(logged->list[i],
                                                           "reqDN"));
        renamed->to = new_name(logged->list[i]);
        if (renamed->from == NULL || renamed->to == NULL)
            status = tool_fail(TOOL_SYSTEM, "%s: says that %s was renamed, "
                               "but not to what", log,
                               tool_entry_value(logged->list[i], "reqDN"));
    }
    return status;
}

/* Of whoever had one of his names, and those that made somebody an owner,
 * whose name there is spelled as it was given. */
static char *
his_filter(const struct offboard *person, const struct renames *renames)
{
    char *name = tool_dn_canonical(person->dn), *before, *one, *all;
    size_t i;

    before = name != NULL ? name : person->dn;
    all = tool_ldap_equal("reqAuthzID", before, strlen(before));
    for (i = renames->n; i-- > 0 && name != NULL;) {
        before = moved(name, renames->list[i].to, renames->list[i].from);
        if (before == NULL)
            continue;
        free(name);
        name = before;
        one = tool_ldap_equal("reqAuthzID", name, strlen(name));
        if (strstr(all, one) == NULL) {
            before = tool_format("%s%s", all, one);
            free(all);
            all = before;
        }
        free(one);
    }
    one = tool_format("(&(objectClass=auditWriteObject)(reqResult=0)"
                      "(|%s(reqMod=owner:*)))", all);
    free(all);
    free(name);
    return one;
}

/* --- what he did --------------------------------------------------------- */

static bool
is_his(const struct offboard *person, const struct renames *renames,
       const struct tool_entry *logged)
{
    const char *by = tool_entry_value(logged, "reqAuthzID");

    return by != NULL && is_now(renames, by, tool_entry_value(
        logged, "reqStart"), person->dn);
}

/* The entry that it is about, NULL when there is none now.  A server writes
 * the DNs of its log and of its entries alike; there may be many of both. */
static const struct tool_entry *
entry_of(const struct tool_work *work, const struct renames *renames,
         const struct tool_entry *logged)
{
    const struct tool_entry *found = NULL;
    char *dn = name_now(renames, tool_entry_value(logged, "reqDN"),
                        tool_entry_value(logged, "reqStart"));
    size_t i;

    for (i = 0; i < work->entries.n && dn != NULL && found == NULL; i++) {
        if (strcasecmp(work->entries.list[i]->dn, dn) == 0)
            found = work->entries.list[i];
    }
    free(dn);
    return found;
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
note_write(struct offboard *person, const struct tool_entry *logged,
           const struct tool_entry *entry)
{
    const char *dn = entry != NULL ? entry->dn :
        tool_entry_value(logged, "reqDN");
    const char *when = tool_entry_value(logged, "reqStart");
    const char *type = tool_entry_value(logged, "reqType");
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
shows_key(const struct offboard *person, const struct renames *renames,
          const struct tool_entry *logged)
{
    const char *when = tool_entry_value(logged, "reqStart");
    char *const *mods;
    size_t i, n;

    if (strcasecmp(tool_entry_value(logged, "reqType"), "add") == 0 &&
        is_his(person, renames, logged))
        return true;
    mods = tool_entry_values(logged, "reqMod", &n);
    for (i = 0; i < n; i++) {
        if ((strncasecmp(mods[i], "owner:+ ", 8) == 0 ||
             strncasecmp(mods[i], "owner:= ", 8) == 0) &&
            is_now(renames, mods[i] + 8, when, person->dn))
            return true;
    }
    return false;
}

static void
note_log(struct offboard *person, const struct tool_work *work,
         const struct renames *renames, const struct tool_entries *logged)
{
    const struct tool_entry *entry;
    size_t i;

    for (i = 0; i < logged->n; i++) {
        if (is_his(person, renames, logged->list[i]))
            note_write(person, logged->list[i],
                       entry_of(work, renames, logged->list[i]));
    }
    for (i = 0; i < logged->n; i++) {
        if (!shows_key(person, renames, logged->list[i]))
            continue;
        entry = entry_of(work, renames, logged->list[i]);
        if (entry != NULL && entry->type == TR_RECORD_SYSTEM)
            offboard_note_key(person, entry);
    }
}

int
offboard_find_log(struct offboard *person, struct tool_work *work,
                  const char *log)
{
    struct tool_entries moves = { 0 }, logged = { 0 };
    struct renames renames = { 0 };
    char *filter = NULL;
    int status;

    status = read_renames(work, log, &moves, &renames);
    if (status == TOOL_DONE) {
        filter = his_filter(person, &renames);
        status = search_log(work, log, filter, &logged);
    }
    if (status == TOOL_DONE)
        note_log(person, work, &renames, &logged);
    free(filter);
    free_renames(&renames);
    tool_entries_clear(&logged);
    tool_entries_clear(&moves);
    return status;
}
