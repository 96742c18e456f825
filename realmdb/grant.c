/* realmdb/grant.c - memberships and clearances, and what restricts them */
/* SPDX-License-Identifier: BSD-2-Clause */

#include <string.h>
#include "grant.h"
#include "trustrealm_err.h"

krb5_error_code
tr_grant_range(const struct tr_encoding *encoding,
               const struct tr_grant *grant, struct tr_range *range_out)
{
    krb5_error_code ret;
    struct tr_range range, other;
    size_t i;

    ret = tr_range_parse(encoding, grant->low, grant->high, &range);
    for (i = 0; i < grant->nrestrictions && ret == 0; i++) {
        ret = tr_range_parse(encoding, grant->restrictions[i].low,
                             grant->restrictions[i].high, &other);
        if (ret == 0 && !tr_range_intersect(&range, &other, &range))
            ret = TRR_RANGE;
    }
    if (ret)
        return ret;
    *range_out = range;
    return 0;
}

int64_t
tr_grant_end(const struct tr_grant *grant)
{
    int64_t end = grant->end, other;
    size_t i;

    for (i = 0; i < grant->nrestrictions; i++) {
        other = grant->restrictions[i].end;
        if (other != 0 && (end == 0 || other < end))
            end = other;
    }
    return end;
}

/* The memberships or clearances of a record. */
static struct tr_grant *
grants_of(const struct tr_record *record, size_t *n_out)
{
    switch (record->type) {
    case TR_RECORD_SYSTEM:
        *n_out = record->u.system.nmemberships;
        return record->u.system.memberships;
    case TR_RECORD_CLEARANCE:
        *n_out = record->u.clearance.nclearances;
        return record->u.clearance.clearances;
    case TR_RECORD_REALM:
    case TR_RECORD_MAP:
        break;
    }
    *n_out = 0;
    return NULL;
}

const struct tr_grant *
tr_record_grant(const struct tr_record *record, const char *value)
{
    size_t i, n, length = strcspn(value, " ");
    const struct tr_grant *grants = grants_of(record, &n);

    for (i = 0; i < n; i++) {
        if (strlen(grants[i].realm) == length &&
            memcmp(grants[i].realm, value, length) == 0)
            return &grants[i];
    }
    return NULL;
}

const struct tr_grant *
tr_record_restrictions(const struct tr_record *record, size_t *n_out)
{
    switch (record->type) {
    case TR_RECORD_SYSTEM:
        *n_out = record->u.system.nrestrictions;
        return record->u.system.restrictions;
    case TR_RECORD_CLEARANCE:
        *n_out = record->u.clearance.nrestrictions;
        return record->u.clearance.restrictions;
    case TR_RECORD_REALM:
    case TR_RECORD_MAP:
        break;
    }
    *n_out = 0;
    return NULL;
}

/* Tie grant to those that are for its trust realm, side by side. */
static void
restrict_grant(struct tr_grant *grant, const struct tr_grant *restrictions,
               size_t nrestrictions)
{
    size_t i;

    for (i = 0; i < nrestrictions; i++) {
        if (strcmp(restrictions[i].realm, grant->realm) != 0)
            continue;
        if (grant->nrestrictions++ == 0)
            grant->restrictions = &restrictions[i];
    }
}

krb5_error_code
tr_record_restrict(struct tr_record *record)
{
    const struct tr_grant *restrictions;
    struct tr_grant *grants;
    size_t i, n, ngrants;

    restrictions = tr_record_restrictions(record, &n);
    if (n == 0)
        return 0;
    for (i = 1; i < n; i++) {
        if (strcmp(restrictions[i - 1].realm, restrictions[i].realm) > 0)
            return TRR_MALFORMED;
    }
    grants = grants_of(record, &ngrants);
    for (i = 0; i < ngrants; i++)
        restrict_grant(&grants[i], restrictions, n);
    return 0;
}
