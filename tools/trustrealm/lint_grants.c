/* tools/trustrealm/lint_grants.c - memberships, clearances, restrictions */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include "grant.h"
#include "lint.h"

/* Both ends must be labels of the trust realm, in order. */
static bool
judge_range(const struct lint *lint, const char *kind, const char *name,
            const struct tr_realm *realm, const struct tr_grant *grant,
            struct tr_range *range_out)
{
    krb5_error_code low_ret, high_ret;

    low_ret = tr_label_parse(realm->encoding, grant->low, &range_out->low);
    high_ret = tr_label_parse(realm->encoding, grant->high,
                              &range_out->high);
    if (low_ret)
        lint_find(lint, "error", "range", kind, name, "%s of %s: %s",
                  grant->low, grant->realm, error_message(low_ret));
    if (high_ret)
        lint_find(lint, "error", "range", kind, name, "%s of %s: %s",
                  grant->high, grant->realm, error_message(high_ret));
    if (low_ret != 0 || high_ret != 0)
        return false;
    if (tr_label_dominates(&range_out->high, &range_out->low))
        return true;
    lint_find(lint, "error", "range", kind, name,
              "%s does not lie below %s in %s", grant->low, grant->high,
              grant->realm);
    return false;
}

const struct tr_realm *
lint_grant(const struct lint *lint, const char *kind, const char *name,
           const struct tr_grant *grant, struct tr_range *range_out)
{
    const struct tr_realm *realm;
    int64_t ends = tr_grant_end(grant);
    char end[TOOL_TIME_LENGTH];

    if (tr_view_realm(lint->table->view, grant->realm, &realm) != 0) {
        lint_find(lint, "error", "unknown-realm", kind, name,
                  "there is no trust realm %s", grant->realm);
        return NULL;
    }
    if (realm->error != 0 ||
        !judge_range(lint, kind, name, realm, grant, range_out))
        return NULL;
    if (ends != 0 && ends <= lint->table->now) {
        tool_format_time(ends, end);
        lint_find(lint, "warning", "expired", kind, name,
                  "in %s ended at %s", grant->realm, end);
        return NULL;
    }
    if (tr_grant_range(realm->encoding, grant, range_out) == 0)
        return realm;
    lint_find(lint, "warning", "restriction", kind, name,
              "restrictions leave nothing of %s", grant->realm);
    return NULL;
}

/* Does restriction take nothing from grant, whose range is that? */
static bool
is_idle(const struct tr_grant *restriction, const struct tr_range *within,
        const struct tr_grant *grant, const struct tr_range *range)
{
    return tr_range_contains(within, &range->low) &&
        tr_range_contains(within, &range->high) &&
        (restriction->end == 0 ||
         (grant->end != 0 && restriction->end >= grant->end));
}

void
lint_restrictions(const struct lint *lint, const char *kind, const char *name,
                  const struct tr_record *record)
{
    const struct tr_grant *restrictions, *one, *grant;
    const struct tr_realm *realm;
    struct tr_range within, range;
    size_t i, n;

    restrictions = tr_record_restrictions(record, &n);
    for (i = 0; i < n; i++) {
        one = &restrictions[i];
        grant = tr_record_grant(record, one->realm);
        if (grant == NULL) {
            lint_find(lint, "warning", "restriction", kind, name,
                      "there is nothing in %s that %s to %s could restrict",
                      one->realm, one->low, one->high);
        } else if (tr_view_realm(lint->table->view, one->realm,
                                 &realm) == 0 && realm->error == 0 &&
                   judge_range(lint, kind, name, realm, one, &within) &&
                   tr_range_parse(realm->encoding, grant->low, grant->high,
                                  &range) == 0 &&
                   is_idle(one, &within, grant, &range)) {
            lint_find(lint, "warning", "restriction", kind, name,
                      "%s to %s restricts nothing in %s", one->low, one->high,
                      one->realm);
        }
    }
}
