/* tools/trustrealm/lint.c - what is wrong with a trust realm table */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lint.h"
#include "trustrealm_err.h"

void
lint_find(const struct lint *lint, const char *severity, const char *rule,
          const char *kind, const char *name, const char *format, ...)
{
    char *entry = tool_format("%s %s", kind, name), *text;
    va_list args;

    va_start(args, format);
    text = tool_vformat(format, args);
    va_end(args);
    lint->find(severity, rule, entry, text, lint->arg);
    free(entry);
    free(text);
}

/* --- principals ---------------------------------------------------------- */

/* No name of this table is a pattern. */
static void
judge_principal(const struct lint *lint, const char *kind, const char *name,
                const char *principal)
{
    if (strchr(principal, '*') != NULL)
        lint_find(lint, "warning", "wildcard", kind, name,
                  "* in %s stands for itself: there are no wildcards",
                  principal);
}

/* --- systems and users --------------------------------------------------- */

/* A host-based principal that says another host than its system is called. */
static void
judge_host(const struct lint *lint, const struct tr_system_record *system)
{
    const char *slash = strchr(system->principal, '/'), *host;
    size_t i, length;

    if (slash == NULL)
        return;
    host = slash + 1;
    length = strcspn(host, "/@");
    if (host[length] != '@' || (strlen(system->name) == length &&
                                strncasecmp(system->name, host, length) == 0))
        return;
    for (i = 0; i < system->naliases; i++) {
        if (strlen(system->aliases[i]) == length &&
            strncasecmp(system->aliases[i], host, length) == 0)
            return;
    }
    lint_find(lint, "warning", "principal", "system", system->name,
              "%s is the principal of another host", system->principal);
}

struct pass {
    const struct lint *lint;
    struct lint_members *members;
};

static krb5_error_code
judge_system(const struct tr_record *record, void *arg)
{
    const struct pass *pass = arg;
    const struct tr_system_record *system = &record->u.system;
    const struct tr_realm *realms[TR_MAX_MEMBERSHIPS];
    struct tr_range *ranges;
    size_t i, n = 0;

    judge_principal(pass->lint, "system", system->name, system->principal);
    judge_host(pass->lint, system);
    ranges = tool_must(calloc(system->nmemberships + 1, sizeof(*ranges)));
    for (i = 0; i < system->nmemberships; i++) {
        realms[n] = lint_grant(pass->lint, "system", system->name,
                               &system->memberships[i], &ranges[n]);
        n += realms[n] != NULL;
    }
    lint_restrictions(pass->lint, "system", system->name, record);
    if (system->enabled)
        lint_members_add(pass->members, system->name, realms, ranges, n);
    free(ranges);
    return 0;
}

static krb5_error_code
judge_clearance(const struct tr_record *record, void *arg)
{
    const struct pass *pass = arg;
    const struct tr_clearance_record *clearance = &record->u.clearance;
    const struct tr_realm *realm;
    const struct tr_grant *grant;
    struct tr_range range;
    char *low, *high;
    size_t i;

    judge_principal(pass->lint, "clearance", clearance->principal,
                    clearance->principal);
    for (i = 0; i < clearance->nclearances; i++) {
        grant = &clearance->clearances[i];
        realm = lint_grant(pass->lint, "clearance", clearance->principal,
                           grant, &range);
        if (realm == NULL || lint_members_hold(pass->members, realm, &range) ||
            !tool_grant_words(realm, grant, &low, &high))
            continue;
        lint_find(pass->lint, "warning", "unreachable", "clearance",
                  clearance->principal,
                  "no member of %s may hold a label from %s to %s",
                  realm->record->name, low, high);
        free(low);
        free(high);
    }
    lint_restrictions(pass->lint, "clearance", clearance->principal, record);
    return 0;
}

void
lint_entries(const struct lint *lint)
{
    size_t i;

    for (i = 0; i < lint->table->nbad; i++)
        lint->find("error", "entry", lint->table->bad[i].dn,
                   lint->table->bad[i].why, lint->arg);
}

krb5_error_code
lint_table(const struct lint *lint)
{
    const struct tr_view *view = lint->table->view;
    struct pass pass = { lint, lint_members_create(view) };
    krb5_error_code ret;
    size_t i;

    lint_entries(lint);
    ret = tr_view_each(view, TR_RECORD_SYSTEM, judge_system, &pass);
    if (ret != 0)
        goto cleanup;
    for (i = 0; i < tr_view_realms(view); i++)
        lint_realm(lint, tr_view_realm_at(view, i)->record);
    lint_members_judge(pass.members, lint);
    ret = tr_view_each(view, TR_RECORD_CLEARANCE, judge_clearance, &pass);
    if (ret == 0)
        ret = lint_maps(lint);
    if (ret == 0)
        ret = lint_config(lint);

cleanup:
    lint_members_free(pass.members);
    return ret;
}
