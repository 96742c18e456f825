/* tools/trustrealm/pending_invite.c - a system to come, as proposals */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Who invites a system proposes its principal and its aliases, each for an
 * entry that is not there yet.  The directory's rules let the system's token
 * make that entry of them, and only of those of one administrator, who is its
 * owner then (doc/schema/access.conf).
 */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "pending.h"

static char *
place_of(const struct tool_directory *directory, const char *name)
{
    char *unit = tool_pending_systems(directory);
    char *dn = tool_dn_below(unit, "cn", name);

    free(unit);
    return dn;
}

char *
tool_pending_systems(const struct tool_directory *directory)
{
    return tool_dn_below(tool_directory_base(directory), "ou",
                         noun_system.unit);
}

/* Is it about what a new entry is to have? */
static bool
read_value(const struct tool_entry *proposal, const char **attribute_out,
           const char **value_out)
{
    const struct noun_field *field;
    bool removes;

    if (!tool_pending_read(proposal, &field, &removes, value_out) || removes)
        return false;
    *attribute_out = field->attribute;
    return strcasecmp(field->attribute, "trPrincipal") == 0 ||
        strcasecmp(field->attribute, "trAlias") == 0;
}

/* Only what makes an entry stays in the list. */
static void
select_values(struct tool_entries *proposals)
{
    const char *attribute, *value;
    size_t i, n = 0;

    for (i = 0; i < proposals->n; i++) {
        if (read_value(proposals->list[i], &attribute, &value))
            proposals->list[n++] = proposals->list[i];
        else
            tool_entry_free(proposals->list[i]);
    }
    proposals->n = n;
}

/* TOOL_NO after a complaint. */
static int
fill_entry(const struct tool_entries *proposals, struct tool_entry *entry)
{
    const char *owner = NULL, *proposer, *attribute, *value;
    size_t i;

    for (i = 0; i < proposals->n; i++) {
        if (!read_value(proposals->list[i], &attribute, &value))
            continue;
        proposer = tool_entry_value(proposals->list[i], "creatorsName");
        if (proposer == NULL)
            return tool_fail(TOOL_NO, "%s: the directory does not say who "
                             "proposed it", proposals->list[i]->dn);
        if (owner != NULL && !tool_dn_same(owner, proposer))
            return tool_fail(TOOL_NO, "%s has been proposed by %s and by %s; "
                             "one of them has to give way (pending reject, or "
                             "system invite with all options)", entry->name,
                             owner, proposer);
        if (!tool_entry_has(entry, attribute, value))
            tool_entry_add(entry, attribute, value);
        owner = proposer;
    }
    if (owner != NULL)
        tool_entry_add(entry, "owner", owner);
    return TOOL_DONE;
}

int
tool_pending_about(struct tool_directory *directory, const char *name,
                   struct tool_entries *proposals_out)
{
    char *dn = place_of(directory, name);
    char *about = tool_ldap_equal("trTarget", dn, strlen(dn));
    char *filter = tool_format("(&(objectClass=trPending)%s)", about);
    int status = tool_pending_search(directory, filter, proposals_out);

    select_values(proposals_out);
    free(filter);
    free(about);
    free(dn);
    return status;
}

const char *
tool_pending_principal(const struct tool_entry *proposal)
{
    const char *attribute, *value;

    return read_value(proposal, &attribute, &value) &&
        strcasecmp(attribute, "trPrincipal") == 0 ? value : NULL;
}

int
tool_pending_invited(const struct tool_directory *directory, const char *name,
                     const struct tool_entries *proposals,
                     struct tool_entry **entry_out)
{
    char *dn = place_of(directory, name);
    struct tool_entry *entry = tool_entry_create(dn);
    int status;

    tool_entry_add(entry, "objectClass", noun_system.class);
    tool_entry_add(entry, "cn", name);
    tool_entry_identify(entry);
    status = fill_entry(proposals, entry);
    *entry_out = NULL;
    if (status == TOOL_DONE && tool_entry_value(entry, "trPrincipal") != NULL)
        *entry_out = entry;
    else
        tool_entry_free(entry);
    free(dn);
    return status;
}
