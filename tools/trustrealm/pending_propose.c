/* tools/trustrealm/pending_propose.c - propose what was to be changed */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <sys/random.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "noun.h"
#include "pending.h"
#include "text.h"

struct proposing {
    const struct tool_change *change;
    struct tool_entries made;
    const char *base;
    int status;
};

static bool
is_range(const char *attribute)
{
    return strcasecmp(attribute, "trMembership") == 0 ||
        strcasecmp(attribute, "trClearance") == 0;
}

/* To add one needs nobody else: it is its removal that is proposed. */
static bool
is_restriction(const char *attribute)
{
    return strcasecmp(attribute, "trRestriction") == 0;
}

static bool
is_pair(const char *attribute)
{
    return strcasecmp(attribute, "trLevelMap") == 0 ||
        strcasecmp(attribute, "trCategoryMap") == 0;
}

/* REALM.NUMBER: by the trust realm it is known whose it is to approve. */
static char *
make_name(const struct tool_entry *target, const char *attribute,
          const char *value)
{
    const char *realm = is_pair(attribute) ?
        tool_entry_value(target, "trRealmName") : value;
    unsigned int number;
    char *name;

    if (realm == NULL || getrandom(&number, sizeof(number), 0) !=
        sizeof(number))
        return NULL;
    name = tool_format("%.*s.%08x", (int)strcspn(realm, " "), realm, number);
    tr_text_lower(name);
    return name;
}

static void
propose(bool added, const char *attribute, const char *value, void *arg)
{
    struct proposing *proposing = arg;
    const struct tool_entry *target = proposing->change->before;
    bool widens = added != is_restriction(attribute);
    struct tool_entry *entry;
    char *name, *dn, *text;

    if (!is_range(attribute) && !is_pair(attribute) &&
        !is_restriction(attribute)) {
        proposing->status = tool_fail(
            TOOL_USAGE, "%s cannot be proposed: only memberships, "
            "clearances, pairs of label maps and the end of restrictions can",
            attribute);
        return;
    }
    /* What gives way to a value does so when that is approved. */
    if (!widens && (added || noun_keyed(proposing->change->after, attribute,
                                        value) == NULL))
        proposing->status = tool_fail(
            TOOL_USAGE, "%s %s: that needs nobody else; do it by itself",
            attribute, value);
    if (!widens || proposing->status != TOOL_DONE)
        return;
    name = make_name(target, attribute, value);
    if (name == NULL) {
        proposing->status = tool_fail(TOOL_SYSTEM, "no name for a proposal");
        return;
    }
    dn = tool_dn_below(proposing->base, "cn", name);
    text = tool_format("%s%s %s", added ? "" : "-", attribute, value);
    entry = tool_entry_create(dn);
    tool_entry_add(entry, "objectClass", "trPending");
    tool_entry_add(entry, "cn", name);
    tool_entry_add(entry, "trTarget", target->dn);
    tool_entry_add(entry, "trChange", text);
    tool_entries_add(&proposing->made, entry);
    free(text);
    free(dn);
    free(name);
}

int
tool_pending_propose(struct tool_work *work)
{
    const char *base = tool_directory_base(work->directory);
    struct proposing proposing = { .status = TOOL_DONE };
    char *me = NULL, *place = NULL;
    size_t i;

    proposing.status = tool_directory_whoami(work->directory, &me);
    if (proposing.status != TOOL_DONE)
        return proposing.status;
    free(me);
    place = tool_dn_below(base, "ou", "pending");
    proposing.base = place;
    for (i = 0; i < work->nchanges; i++) {
        proposing.change = &work->changes[i];
        if (proposing.change->before == NULL ||
            proposing.change->after == NULL)
            proposing.status = tool_fail(
                TOOL_USAGE, "%s: only values of an entry that is there can "
                "be proposed (of a user: after \"clearance limit\")",
                proposing.change->before != NULL ?
                proposing.change->before->dn : proposing.change->after->dn);
        else
            tool_change_each(proposing.change, propose, &proposing);
    }
    if (proposing.status == TOOL_DONE) {
        tool_work_forget(work);
        for (i = 0; i < proposing.made.n; i++)
            tool_work_replace(work, NULL, proposing.made.list[i]);
        proposing.made.n = 0;
    }
    tool_entries_clear(&proposing.made);
    free(place);
    return proposing.status;
}
