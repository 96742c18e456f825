/* tools/trustrealm/lint_realm.c - what contradicts itself in a trust realm */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <string.h>
#include "lint.h"

/* An attribute has one value on a system: it cannot have two. */
static void
judge_attributes(const struct lint *lint, const struct tr_realm_record *realm)
{
    size_t i, name;

    /* They are sorted. */
    for (i = 1; i < realm->nattributes; i++) {
        name = strcspn(realm->attributes[i], "=") + 1;
        if (strncmp(realm->attributes[i - 1], realm->attributes[i],
                    name) == 0)
            lint_find(lint, "error", "contradiction", "trust realm",
                      realm->name, "requires both %s and %s",
                      realm->attributes[i - 1], realm->attributes[i]);
    }
    for (i = 0; i < realm->nattributes; i++) {
        if (strchr(realm->attributes[i], '*') != NULL)
            lint_find(lint, "warning", "wildcard", "trust realm",
                      realm->name, "* in %s stands for itself: there are no "
                      "wildcards", realm->attributes[i]);
    }
}

/* Services whose messages are never encrypted, where all have to be. */
static void
judge_carriers(const struct lint *lint, const struct tr_realm_record *realm)
{
    bool always = realm->protection == TR_PROTECT_CONFIDENTIALITY ||
        (realm->confidential_from != NULL &&
         strcasecmp(realm->confidential_from, realm->levels[0].name) == 0);
    size_t i;

    for (i = 0; always && i < realm->ncarriers; i++) {
        if (realm->carriers[i].carrier == TR_CARRIER_MIC ||
            realm->carriers[i].carrier == TR_CARRIER_AUTH_ONLY)
            lint_find(lint, "warning", "contradiction", "trust realm",
                      realm->name, "the carrier of %s does not encrypt, "
                      "and all messages have to be: it is always refused",
                      realm->carriers[i].service);
    }
}

/* Values that a narrower one of the same limit has taken the place of. */
static void
judge_limits(const struct lint *lint, const struct tr_realm_record *realm)
{
    size_t i;

    for (i = 0; i < realm->nwider; i++)
        lint_find(lint, "warning", "contradiction", "trust realm",
                  realm->name, "%s has no effect beside a narrower value",
                  realm->wider[i]);
}

void
lint_realm(const struct lint *lint, const struct tr_realm_record *realm)
{
    judge_attributes(lint, realm);
    judge_limits(lint, realm);
    judge_carriers(lint, realm);
    if (realm->mode == TR_MODE_DRY_RUN)
        lint_find(lint, "warning", "dry-run", "trust realm", realm->name,
                  "systems with allow-dry-run let by what label, clearance "
                  "and attributes forbid");
    if (realm->lifetime != 0 && realm->idle_timeout > realm->lifetime)
        lint_find(lint, "warning", "contradiction", "trust realm",
                  realm->name, "an association cannot be idle for %lu s: it "
                  "ends after %lu s", (unsigned long)realm->idle_timeout,
                  (unsigned long)realm->lifetime);
    if (!realm->kernel && realm->kernel_lifetime != TR_USUAL_KERNEL_LIFETIME)
        lint_find(lint, "warning", "contradiction", "trust realm",
                  realm->name, "trKernelLifetime has no effect without "
                  "trKernelExport");
    if (realm->confidential_from != NULL &&
        realm->protection == TR_PROTECT_CONFIDENTIALITY)
        lint_find(lint, "warning", "contradiction", "trust realm",
                  realm->name, "trConfidentialFrom has no effect beside "
                  "trProtection: below %s everything has to be encrypted, "
                  "too", realm->confidential_from);
}
