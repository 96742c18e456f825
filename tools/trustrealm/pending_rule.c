/* tools/trustrealm/pending_rule.c - what rules of two people have room for */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * slapd cuts off a rule that names and a value make longer than 1022
 * characters; then nobody may make the change, whoever has proposed it.  The
 * one that counts here, of access-two.conf, is that of whoever approves.
 */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "pending.h"
#include "text.h"

#define RULE_MAX 1022

static bool
is_among(const char *attribute, const char *const *names)
{
    while (*names != NULL && tr_text_compare(attribute, *names) != 0)
        names++;
    return *names != NULL;
}

/* How it is seen whether that takes two by now; malloced. */
static char *
since(const char *base, const struct tool_entry *target,
      const char *attribute)
{
    static const char *const of_systems[] = { "trPrincipal", "trAlias",
                                              "trEnabled", NULL };

    if (target->type == TR_RECORD_REALM)
        return tool_format("ldap:///cn=%s,ou=owners,ou=roles,%s??base?/cn",
                           target->name, base);
    return tool_copy(is_among(attribute, of_systems) ? "this/trMembership" :
                     "");
}

/* For how long a value that rule has room; at least 0. */
static size_t
room(const char *base, const struct tool_entry *target,
     const char *attribute)
{
    static const char *const exact[] = { "trPrincipal", "trRequiredAttribute",
                                         NULL };
    static const char *const both_ways[] = { "trPriority", "trPolicy",
                                             "trKernelLifetime", NULL };
    char *dn = tool_dn_canonical(target->dn);
    char *constant = since(base, target, attribute);
    char *asks = tool_format("(trChange%s=-%s )", is_among(attribute, exact) ?
                             ":caseExactIA5Match:" : "", attribute);
    bool twice = is_among(attribute, both_ways);
    char *rule = tool_format(
        "[ldap:///ou=pending,%s??one?(&(objectClass=trPending)(trTarget=%s)"
        "%s%s%s%s)]/creatorsName + [whoever else proposed it %s]", base,
        dn != NULL ? dn : target->dn, twice ? "(|" : "", asks,
        twice ? asks : "", twice ? ")" : "", constant);
    size_t length = strlen(rule);

    free(rule);
    free(asks);
    free(constant);
    free(dn);
    return length > RULE_MAX ? 0 : (RULE_MAX - length) / (twice ? 2 : 1);
}

char *
tool_pending_too_long(const char *base, const struct tool_entry *target,
                      const char *attribute, const char *value)
{
    char *canonical = tool_dn_canonical(base);
    size_t most = room(canonical != NULL ? canonical : base, target,
                       attribute), length = strlen(value);

    free(canonical);
    if (length <= most)
        return NULL;
    return tool_format("OpenLDAP takes no %s of more than %zu characters for "
                       "%s; this one has %zu", attribute, most, target->dn,
                       length);
}
