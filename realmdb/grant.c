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

static void
restrict_grants(struct tr_grant *grants, size_t ngrants,
                const struct tr_grant *restrictions, size_t nrestrictions)
{
    const struct tr_grant *end = restrictions + nrestrictions, *one;
    size_t i;

    for (i = 0; i < ngrants; i++) {
        for (one = restrictions; one < end; one++) {
            if (strcmp(one->realm, grants[i].realm) != 0)
                continue;
            if (grants[i].nrestrictions++ == 0)
                grants[i].restrictions = one;
        }
    }
}

krb5_error_code
tr_record_restrict(struct tr_record *record)
{
    const struct tr_grant *restrictions;
    size_t i, n;

    restrictions = tr_record_restrictions(record, &n);
    if (n == 0)
        return 0;
    for (i = 1; i < n; i++) {
        if (strcmp(restrictions[i - 1].realm, restrictions[i].realm) > 0)
            return TRR_MALFORMED;
    }
    if (record->type == TR_RECORD_SYSTEM)
        restrict_grants(record->u.system.memberships,
                        record->u.system.nmemberships, restrictions, n);
    else
        restrict_grants(record->u.clearance.clearances,
                        record->u.clearance.nclearances, restrictions, n);
    return 0;
}
