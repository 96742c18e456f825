/* tools/trustrealm/lint.c - what is wrong with a trust realm table */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "lint.h"
#include "trustrealm_err.h"

void
lint_find(const struct lint *lint, const char *severity, const char *rule,
          const char *kind, const char *name, const char *format, ...)
{
    char entry[TR_MAX_PRINCIPAL + 64], text[TR_MAX_PRINCIPAL + 1024];
    va_list args;

    snprintf(entry, sizeof(entry), "%s %s", kind, name);
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    lint->find(severity, rule, entry, text, lint->arg);
}

/* --- memberships and clearances ------------------------------------------ */

static void
format_time(int64_t seconds, char *out, size_t size)
{
    time_t when = seconds;
    struct tm tm;

    if (gmtime_r(&when, &tm) == NULL ||
        strftime(out, size, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
        snprintf(out, size, "%lld", (long long)seconds);
}

/* Both ends must be labels of the trust realm, in order. */
static void
judge_range(const struct lint *lint, const char *kind, const char *name,
            const struct tr_realm *realm, const struct tr_grant *grant)
{
    struct tr_label low, high;
    krb5_error_code low_ret, high_ret;

    low_ret = tr_label_parse(realm->encoding, grant->low, &low);
    high_ret = tr_label_parse(realm->encoding, grant->high, &high);
    if (low_ret)
        lint_find(lint, "error", "range", kind, name, "%s of %s: %s",
                  grant->low, grant->realm, error_message(low_ret));
    if (high_ret)
        lint_find(lint, "error", "range", kind, name, "%s of %s: %s",
                  grant->high, grant->realm, error_message(high_ret));
    if (low_ret == 0 && high_ret == 0 && !tr_label_dominates(&high, &low))
        lint_find(lint, "error", "range", kind, name,
                  "%s does not lie below %s in %s", grant->low, grant->high,
                  grant->realm);
}

/* The trust realm of grant when it is known and not ended, else NULL. */
static const struct tr_realm *
judge_grant(const struct lint *lint, const char *kind, const char *name,
            const struct tr_grant *grant)
{
    const struct tr_realm *realm;
    char end[64];

    if (tr_view_realm(lint->table->view, grant->realm, &realm) != 0) {
        lint_find(lint, "error", "unknown-realm", kind, name,
                  "there is no trust realm %s", grant->realm);
        return NULL;
    }
    if (realm->error == 0)
        judge_range(lint, kind, name, realm, grant);
    if (grant->end != 0 && grant->end <= lint->table->now) {
        format_time(grant->end, end, sizeof(end));
        lint_find(lint, "warning", "expired", kind, name,
                  "in %s ended at %s", grant->realm, end);
        return NULL;
    }
    return realm;
}

struct members {
    const struct lint *lint;
    size_t *counts;             /* of systems, by place of the trust realm */
};

static krb5_error_code
judge_system(const struct tr_record *record, void *arg)
{
    const struct members *members = arg;
    const struct tr_system_record *system = &record->u.system;
    const struct tr_view *view = members->lint->table->view;
    const struct tr_realm *realm;
    size_t i, j;

    for (i = 0; i < system->nmemberships; i++) {
        realm = judge_grant(members->lint, "system", system->name,
                            &system->memberships[i]);
        for (j = 0; realm != NULL && j < tr_view_realms(view); j++) {
            if (tr_view_realm_at(view, j) == realm && system->enabled)
                members->counts[j]++;
        }
    }
    return 0;
}

static krb5_error_code
judge_clearance(const struct tr_record *record, void *arg)
{
    const struct tr_clearance_record *clearance = &record->u.clearance;
    size_t i;

    for (i = 0; i < clearance->nclearances; i++)
        (void)judge_grant(arg, "clearance", clearance->principal,
                          &clearance->clearances[i]);
    return 0;
}

/* --- trust realms -------------------------------------------------------- */

static void
judge_realm(const struct lint *lint, size_t place, size_t members)
{
    const struct tr_view *view = lint->table->view;
    const struct tr_realm *realm = tr_view_realm_at(view, place), *other;
    const char *name = realm->record->name;
    size_t i;

    if (realm->error)
        lint_find(lint, "error", "unusable", "trust realm", name, "%s",
                  realm->why != NULL ? realm->why :
                  error_message(realm->error));
    if (members == 0)
        lint_find(lint, "warning", "members", "trust realm", name,
                  "no enabled system is a member");
    else if (members == 1)
        lint_find(lint, "warning", "members", "trust realm", name,
                  "only one enabled system is a member");
    for (i = 0; i < place; i++) {
        other = tr_view_realm_at(view, i);
        if (other->record->priority == realm->record->priority)
            lint_find(lint, "warning", "priority", "trust realm", name,
                      "has the priority of %s, %ld: the lower DOI wins",
                      other->record->name, (long)other->record->priority);
        if (other->record->doi == realm->record->doi)
            lint_find(lint, "error", "doi", "trust realm", name,
                      "has the DOI of %s, %lu", other->record->name,
                      (unsigned long)realm->record->doi);
    }
}

static krb5_error_code
judge_realms(const struct lint *lint)
{
    const struct tr_view *view = lint->table->view;
    size_t i, n = tr_view_realms(view);
    struct members members = { lint, calloc(n + 1, sizeof(size_t)) };
    krb5_error_code ret;

    if (members.counts == NULL)
        return ENOMEM;
    ret = tr_view_each(view, TR_RECORD_SYSTEM, judge_system, &members);
    for (i = 0; ret == 0 && i < n; i++)
        judge_realm(lint, i, members.counts[i]);
    free(members.counts);
    return ret;
}

/* --- this system --------------------------------------------------------- */

/* What the configuration says of the table. */
static krb5_error_code
judge_configuration(const struct lint *lint)
{
    const struct tr_config *config = lint->table->config;
    const struct tr_realm *realm;
    struct tr_record *own = NULL;
    krb5_error_code ret;
    size_t i;

    if (config == NULL)
        return 0;
    ret = tr_view_system(lint->table->view, config->system, &own);
    if (ret != 0 && ret != TRR_NOT_FOUND)
        return ret;
    if (ret == TRR_NOT_FOUND)
        lint_find(lint, "error", "configuration", "configuration",
                  config->path, "system %s is not in the table",
                  config->system);
    else if (!own->u.system.enabled)
        lint_find(lint, "warning", "configuration", "configuration",
                  config->path, "system %s is disabled in the table",
                  config->system);
    tr_record_free(own);
    for (i = 0; config->trust_realms != NULL &&
             config->trust_realms[i] != NULL; i++) {
        if (tr_view_realm(lint->table->view, config->trust_realms[i],
                          &realm) != 0)
            lint_find(lint, "warning", "configuration", "configuration",
                      config->path, "there is no trust realm %s",
                      config->trust_realms[i]);
    }
    return 0;
}

krb5_error_code
lint_table(const struct lint *lint)
{
    krb5_error_code ret;
    size_t i;

    for (i = 0; i < lint->table->nbad; i++)
        lint->find("error", "entry", lint->table->bad[i].dn,
                   lint->table->bad[i].why, lint->arg);
    ret = judge_realms(lint);
    if (ret == 0)
        ret = tr_view_each(lint->table->view, TR_RECORD_CLEARANCE,
                           judge_clearance, (void *)lint);
    if (ret == 0)
        ret = lint_maps(lint);
    return ret ? ret : judge_configuration(lint);
}
