/* tools/trustrealm/directory_ldap_roles.c - who could have made a change */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A server says that somebody may not write, and no more.  Who may is a matter
 * of its rules; where they are those of doc/SCHEMA, it follows from what was
 * to be written.
 */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "directory_ldap.h"
#include "pending.h"

struct needs {
    const struct tool_change *change;
    char *roles;                /* "an owner of ..., and ..."; or NULL */
    bool proposed;              /* two people may have to agree on it */
    const char *base;
    char *too_long;             /* why they cannot; or NULL */
};

/* Takes role over. */
static void
need(struct needs *needs, char *role)
{
    char *roles = needs->roles;

    if (roles == NULL) {
        needs->roles = role;
        return;
    }
    if (strstr(roles, role) == NULL) {
        needs->roles = tool_format("%s, and %s", roles, role);
        free(roles);
    }
    free(role);
}

static bool
is_one_of(const char *attribute, size_t length, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strlen(*names) == length &&
            strncasecmp(*names, attribute, length) == 0)
            return true;
    }
    return false;
}

/* By the type of the entry that attribute, of that length, belongs to. */
static void
need_for(struct needs *needs, enum tr_record_type type, const char *attribute,
         size_t length, const char *value)
{
    static const char *const grants[] = { "trMembership", "trClearance",
                                          "trRestriction", NULL };

    /* An entry that goes takes its memberships and clearances with it. */
    if (needs->change->after != NULL && is_one_of(attribute, length, grants))
        need(needs, tool_format("an owner of the trust realm %.*s",
                                (int)strcspn(value, " "), value));
    else if (type == TR_RECORD_SYSTEM)
        need(needs, tool_copy(needs->change->before != NULL ?
                              "a system administrator who is its owner" :
                              "a system administrator who is its owner "
                              "(--owner)"));
    else if (type != 0)
        need(needs, tool_copy("a label policy officer"));
    else if (strncasecmp(attribute, "member", length) == 0)
        need(needs, tool_copy("a role officer"));
}

static void
note_value(bool added, const char *attribute, const char *value, void *arg)
{
    static const char *const of_systems[] = { "trPrincipal", "trAlias",
                                              "trEnabled", NULL };
    struct needs *needs = arg;
    const struct tool_entry *entry = needs->change->after != NULL ?
        needs->change->after : needs->change->before;
    size_t length = strlen(attribute);

    if (needs->change->before != NULL && needs->change->after != NULL &&
        tool_pending_needed(added, attribute, value)) {
        needs->proposed = true;
        if (needs->too_long == NULL)
            needs->too_long = tool_pending_too_long(needs->base, entry,
                                                    attribute, value);
    }
    if (strcasecmp(attribute, "trChange") != 0) {
        need_for(needs, entry->type, attribute, length, value);
        return;
    }
    /* "[-]ATTRIBUTE VALUE" that is proposed. */
    value += *value == '-';
    length = strcspn(value, " ");
    if (is_one_of(value, length, of_systems))
        need(needs, tool_copy("a system administrator"));
    else
        need_for(needs, TR_RECORD_REALM, value, length,
                 value + length + strspn(value + length, " "));
}

void
tool_ldap_tell_roles(const struct tool_ldap *ldap,
                     const struct tool_change *change)
{
    struct needs needs = { .change = change, .base = ldap->base };
    const char *me = "nobody it knows", *hint = "";
    char *name = NULL;

    tool_change_each(change, note_value, &needs);
    if (tool_ldap_whoami(ldap, &name) == LDAP_SUCCESS && *name != '\0')
        me = strncmp(name, "dn:", 3) == 0 ? name + 3 : name;
    if (change->after == NULL && change->before->type == TR_RECORD_MAP)
        hint = " (where two people have to agree, a map stays while its trust "
            "realm does: remove its pairs)";
    else if (change->before == NULL && change->after->type == TR_RECORD_REALM)
        hint = " (where two people have to agree, before the trust realm has "
            "owners)";
    else if (needs.proposed && needs.too_long == NULL)
        hint = " (where two people have to agree, with a proposal by somebody "
            "else: --propose)";
    tool_fail(TOOL_NO, "you are %s there%s%s%s", me,
              needs.roles != NULL ? "; this takes " : "",
              needs.roles != NULL ? needs.roles : "", hint);
    if (needs.too_long != NULL)
        tool_fail(TOOL_NO, "where two people have to agree, %s",
                  needs.too_long);
    free(needs.too_long);
    free(needs.roles);
    free(name);
}
