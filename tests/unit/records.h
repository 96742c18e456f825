/* tests/unit/records.h - records for tests, written as text */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_TEST_RECORDS_H
#define TR_TEST_RECORDS_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "gathered.h"

/* Gather lines "ATTRIBUTE: VALUE". */
static inline void
gather(const char *text, struct tr_gathered *values)
{
    char *copy = strdup(text), *rest = copy, *line, *value, *why = NULL;

    assert_non_null(copy);
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (*line == '\0')
            continue;
        value = strstr(line, ": ");
        assert_non_null(value);
        *value = '\0';
        value += 2;
        assert_int_equal(tr_gathered_add(values, line, value, strlen(value),
                                         &why), 0);
    }
    free(copy);
}

/* What tr_record_from_entry() makes of them. */
static inline krb5_error_code
read_record(const char *text, struct tr_record **record_out, char **why_out)
{
    krb5_error_code ret;
    struct tr_gathered values = { 0 };
    struct tr_entry entry;

    gather(text, &values);
    entry = tr_gathered_entry(&values, "cn=test");
    ret = tr_record_from_entry(&entry, record_out, why_out);
    tr_gathered_clear(&values);
    return ret;
}

/* The record of a text that is right. */
static inline struct tr_record *
make_record(const char *text)
{
    struct tr_record *record = NULL;
    char *why = NULL;

    if (read_record(text, &record, &why) != 0)
        fail_msg("%s", why);
    assert_non_null(record);
    return record;
}

#define REALM \
    "objectClass: trTrustRealm\ncn: engineering\ntrDOI: 7\n" \
    "trLevel: 0 public\ntrLevel: 2 secret\n"
#define SYSTEM \
    "objectClass: trSystem\ncn: alpha\ntrPrincipal: trustrealm/alpha@R\n"
#define SUBJECT "objectClass: trSubject\ntrPrincipal: alice@R\n"
#define MAP "objectClass: trLabelMap\ntrRealmName: e\ntrFormat: local\n"

/* Every member has a value of its own. */
#define WHOLE_REALM \
    "objectClass: top\nobjectClass: trTrustRealm\ncn: Engineering\n" \
    "trDOI: 4294967295\ntrPriority: -20\ntrPolicy: equal\n" \
    "trLevel: 30 secret\ntrLevel: 10 public\ntrLevel: 20 Internal\n" \
    "trCategory: 2 finance\ntrCategory: 1 hr\ntrIdleTimeout: 11\n" \
    "trLifetime: 12\ntrMaximumStaleness: 13\n" \
    "trProtection: confidentiality\ntrConfidentialFrom: internal\n" \
    "trRequiredAttribute: zone=secure area\n" \
    "trRequiredAttribute: posture=ok\ntrCarrier: host own\n" \
    "trCarrier: HTTP auth-only\ntrCarrier: rpc mic\ntrCarrier: x gss\n" \
    "trDelegation: nfs\ntrDelegation: Host\ntrKernelExport: TRUE\n" \
    "trKernelLifetime: 14\ntrMode: dry-run\n"
/* Every limit has several, in no order. */
#define LIMITED_REALM \
    REALM "trLevel: 1 internal\ntrLevel: 30 top\n" \
    "trIdleTimeout: 20\ntrIdleTimeout: 3\ntrIdleTimeout: 100\n" \
    "trLifetime: 0\ntrLifetime: 36000\n" \
    "trMaximumStaleness: 7\ntrMaximumStaleness: 10\n" \
    "trConfidentialFrom: top\ntrConfidentialFrom: Internal\n" \
    "trConfidentialFrom: secret\n" \
    "trKernelLifetime: 900\ntrKernelLifetime: 300\ntrKernelLifetime: 0\n"
#define WHOLE_SYSTEM \
    "objectClass: trSystem\ncn: Alpha.Example.COM\n" \
    "trPrincipal: trustrealm/alpha.example.com@EXAMPLE.COM\n" \
    "trEnabled: FALSE\ntrAlias: WWW\ntrAlias: mail\n" \
    "trMembership: Engineering public secret:hr,finance 20991231235959Z\n" \
    "trMembership: corporate open open\n" \
    "trRestriction: Engineering public secret 20900101000000Z\n" \
    "trRestriction: nowhere open open\n" \
    "trRestriction: engineering internal secret:hr\n"
#define WHOLE_SUBJECT \
    "objectClass: person\nobjectClass: trSubject\n" \
    "trPrincipal: alice@EXAMPLE.COM\n" \
    "trClearance: engineering public secret:hr 20300101000000Z\n" \
    "trRestriction: engineering public internal\n"
#define WHOLE_MAP \
    "objectClass: trLabelMap\ntrRealmName: Engineering\n" \
    "trFormat: Local\ntrLevelMap: low public\ntrLevelMap: high secret\n" \
    "trCategoryMap: people hr\n"

#endif
