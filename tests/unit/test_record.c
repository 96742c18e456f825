/* tests/unit/test_record.c - entries become records, and entries again */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <string.h>
#include "encodings.h"
#include "grant.h"
#include "record_class.h"
#include "records.h"
#include "trustrealm_err.h"

/* --- entries ------------------------------------------------------------- */

static void
trust_realm_is_read_whole(void **state)
{
    struct tr_record *record = make_record(WHOLE_REALM);
    const struct tr_realm_record *realm = &record->u.realm;

    assert_int_equal(record->type, TR_RECORD_REALM);
    assert_string_equal(realm->name, "engineering");
    assert_true(realm->doi == 4294967295U);
    assert_int_equal(realm->priority, -20);
    assert_int_equal(realm->policy, TR_POLICY_EQUAL);
    assert_int_equal(realm->nlevels, 3);
    assert_int_equal(realm->levels[0].number, 10);
    assert_string_equal(realm->levels[0].name, "public");
    assert_int_equal(realm->levels[2].number, 30);
    assert_string_equal(realm->levels[2].name, "secret");
    assert_int_equal(realm->ncategories, 2);
    assert_string_equal(realm->categories[0].name, "hr");
    assert_int_equal(realm->idle_timeout, 11);
    assert_int_equal(realm->lifetime, 12);
    assert_int_equal(realm->max_staleness, 13);
    assert_int_equal(realm->protection, TR_PROTECT_CONFIDENTIALITY);
    assert_string_equal(realm->confidential_from, "internal");
    assert_int_equal(realm->nattributes, 2);
    assert_string_equal(realm->attributes[0], "posture=ok");
    assert_string_equal(realm->attributes[1], "zone=secure area");
    assert_int_equal(realm->ncarriers, 4);
    assert_string_equal(realm->carriers[0].service, "host");
    assert_int_equal(realm->carriers[0].carrier, TR_CARRIER_OWN);
    assert_string_equal(realm->carriers[1].service, "http");
    assert_int_equal(realm->carriers[1].carrier, TR_CARRIER_AUTH_ONLY);
    assert_int_equal(realm->carriers[2].carrier, TR_CARRIER_MIC);
    assert_int_equal(realm->carriers[3].carrier, TR_CARRIER_GSS);
    assert_int_equal(realm->ndelegation, 2);
    assert_string_equal(realm->delegation[0], "host");
    assert_true(realm->kernel);
    assert_int_equal(realm->kernel_lifetime, 14);
    assert_int_equal(realm->mode, TR_MODE_DRY_RUN);
    tr_record_free(record);
}

static void
trust_realm_has_defaults(void **state)
{
    struct tr_record *record = make_record(REALM);
    const struct tr_realm_record *realm = &record->u.realm;

    assert_int_equal(realm->priority, 0);
    assert_int_equal(realm->policy, TR_POLICY_MLS);
    assert_int_equal(realm->idle_timeout, 0);
    assert_int_equal(realm->lifetime, 0);
    assert_int_equal(realm->max_staleness, 0);
    assert_int_equal(realm->protection, TR_PROTECT_INTEGRITY);
    assert_null(realm->confidential_from);
    assert_false(realm->kernel);
    assert_int_equal(realm->kernel_lifetime, 300);
    assert_int_equal(realm->mode, TR_MODE_ENFORCE);
    tr_record_free(record);
}

/* The other values are kept, and bear on nothing. */
static void
narrowest_value_of_a_limit_holds(void **state)
{
    static const char *const wider[] = {
        "trConfidentialFrom secret", "trConfidentialFrom top",
        "trIdleTimeout 100", "trIdleTimeout 20", "trKernelLifetime 0",
        "trKernelLifetime 900", "trLifetime 0", "trMaximumStaleness 10"
    };
    struct tr_record *record = make_record(LIMITED_REALM);
    const struct tr_realm_record *realm = &record->u.realm;

    assert_int_equal(realm->idle_timeout, 3);
    assert_int_equal(realm->lifetime, 36000);
    assert_int_equal(realm->max_staleness, 7);
    assert_string_equal(realm->confidential_from, "Internal");
    assert_int_equal(realm->kernel_lifetime, 300);
    assert_int_equal(realm->nwider, sizeof(wider) / sizeof(*wider));
    for (size_t i = 0; i < realm->nwider; i++)
        assert_string_equal(realm->wider[i], wider[i]);
    tr_record_free(record);
}

static void
system_is_read_whole(void **state)
{
    struct tr_record *record = make_record(WHOLE_SYSTEM);
    const struct tr_system_record *system = &record->u.system;

    assert_int_equal(record->type, TR_RECORD_SYSTEM);
    assert_string_equal(system->name, "alpha.example.com");
    assert_string_equal(system->principal,
                        "trustrealm/alpha.example.com@EXAMPLE.COM");
    assert_false(system->enabled);
    assert_int_equal(system->naliases, 2);
    assert_string_equal(system->aliases[0], "mail");
    assert_string_equal(system->aliases[1], "www");
    assert_int_equal(system->nmemberships, 2);
    assert_string_equal(system->memberships[0].realm, "corporate");
    assert_true(system->memberships[0].end == 0);
    assert_string_equal(system->memberships[1].realm, "engineering");
    assert_string_equal(system->memberships[1].low, "public");
    assert_string_equal(system->memberships[1].high, "secret:hr,finance");
    assert_true(system->memberships[1].end == INT64_C(4102444799));
    assert_int_equal(system->nrestrictions, 3);
    assert_string_equal(system->restrictions[0].low, "internal");
    assert_string_equal(system->restrictions[2].realm, "nowhere");
    assert_int_equal(system->memberships[0].nrestrictions, 0);
    assert_int_equal(system->memberships[1].nrestrictions, 2);
    assert_ptr_equal(system->memberships[1].restrictions,
                     system->restrictions);
    assert_true(tr_grant_end(&system->memberships[0]) == 0);
    assert_true(tr_grant_end(&system->memberships[1]) ==
                INT64_C(3786912000));
    tr_record_free(record);
    record = make_record(SYSTEM);
    assert_true(record->u.system.enabled);
    tr_record_free(record);
}

/* A clearance whose principal Kerberos writes otherwise would limit nobody. */
static void
principals_are_as_kerberos_writes_them(void **state)
{
    static const struct { const char *written, *read, *again; } cases[] = {
        { "al\\ice@\\R", "alice@R", "alice@R" },
        { "John\\ Smith@R", "John Smith@R", "John\\ Smith@R" },
        { "a\\/b\\@c\\\\@R", "a\\/b\\@c\\\\@R", "a\\/b\\@c\\\\@R" },
        { "a\\n\\0\\x@R", "a\\n\\0x@R", "a\\n\\0x@R" }
    };
    struct tr_record *record;
    struct tr_entry *entry;
    char text[100];
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        snprintf(text, sizeof(text), "objectClass: trSubject\n"
                 "trPrincipal: %s\n", cases[i].written);
        record = make_record(text);
        assert_string_equal(record->u.clearance.principal, cases[i].read);
        assert_int_equal(tr_record_to_entry(record, &entry), 0);
        assert_string_equal(entry->attributes[0].values[0], cases[i].again);
        tr_entry_free(entry);
        tr_record_free(record);
    }
}

static void
clearance_and_map_are_read_whole(void **state)
{
    struct tr_record *record = make_record(WHOLE_SUBJECT);
    const struct tr_map_record *map;

    assert_int_equal(record->type, TR_RECORD_CLEARANCE);
    assert_string_equal(record->u.clearance.principal, "alice@EXAMPLE.COM");
    assert_int_equal(record->u.clearance.nclearances, 1);
    assert_true(record->u.clearance.clearances[0].end ==
                INT64_C(1893456000));
    assert_int_equal(record->u.clearance.clearances[0].nrestrictions, 1);
    tr_record_free(record);

    record = make_record(WHOLE_MAP);
    map = &record->u.map;
    assert_int_equal(record->type, TR_RECORD_MAP);
    assert_string_equal(map->realm, "engineering");
    assert_string_equal(map->format, "local");
    assert_int_equal(map->nlevels, 2);
    assert_string_equal(map->levels[0].local, "high");
    assert_string_equal(map->levels[0].realm, "secret");
    assert_int_equal(map->ncategories, 1);
    assert_string_equal(map->categories[0].local, "people");
    tr_record_free(record);
}

static void
other_entries_are_none_of_ours(void **state)
{
    struct tr_record *record;
    char *why = NULL;

    assert_int_equal(read_record("objectClass: top\nobjectClass: "
                                 "organizationalUnit\nou: x\ntrDOI: abc\n",
                                 &record, &why), 0);
    assert_null(record);
    assert_null(why);
    assert_int_equal(read_record("cn: x\n", &record, &why), 0);
    assert_null(record);
}

static void
unknown_attributes_are_ignored(void **state)
{
    tr_record_free(make_record(SYSTEM "description: a\ndescription: b\n"
                               "trNoSuchThing: x\ncn;lang-en: <>\n"));
}

/* A directory keeps "trRestriction;lang-en" as another attribute; to leave it
 * out would widen what whoever wrote it meant to bound. */
static void
options_are_refused(void **state)
{
    static const char *const names[] = {
        "trRestriction;lang-en", "TRRESTRICTION;x", "trEnabled;lang-de"
    };
    char *class = "trSystem", *name = "a", *principal = "a@R";
    char *value = "e public public";
    struct tr_attribute attributes[] = {
        { "objectClass", &class, 1 }, { "cn", &name, 1 },
        { "trPrincipal", &principal, 1 }, { NULL, &value, 1 }
    };
    struct tr_entry entry = { "cn=a", attributes, 4 };
    struct tr_gathered values = { 0 };
    struct tr_record *record;
    char *why = NULL;

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        attributes[3].name = names[i];
        assert_int_equal(tr_record_from_entry(&entry, &record, &why),
                         TRR_ENTRY);
        assert_non_null(strstr(why, names[i]));
        free(why);
        assert_int_equal(tr_gathered_add(&values, names[i], value,
                                         strlen(value), &why), TRR_ENTRY);
        assert_int_equal(values.nattributes, 0);
        free(why);
    }
    class = "trSubject";
    assert_int_equal(tr_record_closed(&entry, &record), 0);
    assert_non_null(record);
    tr_record_free(record);
}

static void
names_of_attributes_have_no_case(void **state)
{
    struct tr_record *record;

    record = make_record("OBJECTCLASS: TRSYSTEM\nCN: a\nTRPRINCIPAL: a@R\n"
                         "tralias: b\nTRALIAS: c\n");
    assert_int_equal(record->u.system.naliases, 2);
    tr_record_free(record);
}

static const struct wrong {
    const char *text;
    const char *why[2];         /* both are in the message */
} wrongs[] = {
    /* what is there how often */
    { "objectClass: trTrustRealm\ntrDOI: 7\ntrLevel: 0 a\n",
      { "cn", "missing" } },
    { "objectClass: trTrustRealm\ncn: e\ntrLevel: 0 a\n",
      { "trDOI", "missing" } },
    { "objectClass: trTrustRealm\ncn: e\ntrDOI: 7\n",
      { "trLevel", "missing" } },
    { "objectClass: trSystem\ncn: alpha\n", { "trPrincipal", "missing" } },
    { "objectClass: trSubject\n", { "trPrincipal", "missing" } },
    { "objectClass: trLabelMap\ntrFormat: x\n", { "trRealmName", "missing" } },
    { "objectClass: trLabelMap\ntrRealmName: x\n", { "trFormat", "missing" } },
    { REALM "trDOI: 8\n", { "trDOI", "given twice" } },
    { REALM "cn: other\n", { "cn", "given twice" } },
    { SYSTEM "trPrincipal: b@R\n", { "trPrincipal", "given twice" } },
    { SYSTEM "objectClass: trSubject\n", { "trSystem", "trSubject" } },
    /* names */
    { "objectClass: trSystem\ncn: a b\ntrPrincipal: a@R\n",
      { "cn", "\"a b\"" } },
    { "objectClass: trSystem\ncn: a/b\ntrPrincipal: a@R\n",
      { "cn", "\"a/b\"" } },
    { "objectClass: trSystem\ncn: \ntrPrincipal: a@R\n", { "cn", "\"\"" } },
    { SYSTEM "trAlias: w*\n", { "trAlias", "\"w*\"" } },
    { SYSTEM "trAlias: www\ntrAlias: WWW\n",
      { "trAlias", "\"www\": given twice" } },
    { MAP "trRealmName: f\n", { "trRealmName", "given twice" } },
    /* principals */
    { "objectClass: trSubject\ntrPrincipal: alice\n",
      { "trPrincipal", "\"alice\"" } },
    { "objectClass: trSubject\ntrPrincipal: @R\n", { "trPrincipal", "@R" } },
    { "objectClass: trSubject\ntrPrincipal: a@\n", { "trPrincipal", "a@" } },
    { "objectClass: trSubject\ntrPrincipal: a@b@C\n",
      { "trPrincipal", "a@b@C" } },
    { "objectClass: trSubject\ntrPrincipal: a b@C\n",
      { "trPrincipal", "a b@C" } },
    { "objectClass: trSubject\ntrPrincipal: a@C\\\n",
      { "trPrincipal", "a@C" } },
    { "objectClass: trSubject\ntrPrincipal: a\\\x01@C\n",
      { "trPrincipal", "a" } },
    /* numbers */
    { REALM "trPriority: 2147483648\n", { "trPriority", "2147483648" } },
    { REALM "trPriority: 1.5\n", { "trPriority", "1.5" } },
    { REALM "trIdleTimeout: -1\n", { "trIdleTimeout", "\"-1\"" } },
    { REALM "trLifetime: 10s\n", { "trLifetime", "\"10s\"" } },
    { REALM "trMaximumStaleness: 99999999999\n",
      { "trMaximumStaleness", "99999999999" } },
    { REALM "trKernelLifetime: 0x10\n", { "trKernelLifetime", "0x10" } },
    { "objectClass: trTrustRealm\ncn: e\ntrDOI: 0\ntrLevel: 0 a\n",
      { "trDOI", "\"0\"" } },
    { "objectClass: trTrustRealm\ncn: e\ntrDOI: 4294967296\ntrLevel: 0 a\n",
      { "trDOI", "\"4294967296\"" } },
    { "objectClass: trTrustRealm\ncn: e\ntrDOI: 07\ntrLevel: 0 a\n",
      { "trDOI", "\"07\"" } },
    /* choices */
    { REALM "trPolicy: none\n", { "trPolicy", "mls or equal" } },
    { REALM "trProtection: none\n", { "trProtection", "\"none\"" } },
    { REALM "trMode: off\n", { "trMode", "enforce or dry-run" } },
    { REALM "trKernelExport: 1\n", { "trKernelExport", "TRUE or FALSE" } },
    { SYSTEM "trEnabled: no\n", { "trEnabled", "\"no\"" } },
    { REALM "trCarrier: host\n", { "trCarrier", "\"host\"" } },
    { REALM "trCarrier: host pigeon\n", { "trCarrier", "pigeon" } },
    { REALM "trCarrier: ho*t own\n", { "trCarrier", "ho*t" } },
    { REALM "trCarrier: host own\ntrCarrier: HOST mic\n",
      { "trCarrier", "\"host\": given twice" } },
    { REALM "trDelegation: a b\n", { "trDelegation", "\"a b\"" } },
    /* levels and categories */
    { REALM "trLevel: 3\n", { "trLevel", "\"3\"" } },
    { REALM "trLevel: x 3\n", { "trLevel", "\"x 3\"" } },
    { REALM "trLevel: 3 a b\n", { "trLevel", "\"3 a b\"" } },
    { REALM "trLevel: 3 a:b\n", { "trLevel", "\"3 a:b\"" } },
    { REALM "trLevel: 2 other\n", { "trLevel", "given twice" } },
    { REALM "trLevel: 3 SECRET\n", { "trLevel", "\"3 SECRET\"" } },
    { REALM "trCategory: 1 a\ntrCategory: 2 A\n",
      { "trCategory", "given twice" } },
    { REALM "trConfidentialFrom: top\n", { "trConfidentialFrom", "\"top\"" } },
    /* limits: none of their values */
    { REALM "trConfidentialFrom: secret\ntrConfidentialFrom: top\n",
      { "trConfidentialFrom", "\"top\": not a level" } },
    { REALM "trConfidentialFrom: secret\ntrConfidentialFrom: SECRET\n",
      { "trConfidentialFrom", "given twice" } },
    { REALM "trLifetime: 5\ntrLifetime: x\ntrLifetime: 60\n",
      { "trLifetime", "\"x\": a number of seconds" } },
    { REALM "trLifetime: 5\ntrLifetime: 60\ntrLifetime: 60\n",
      { "trLifetime", "\"60\": given twice" } },
    /* environment attributes */
    { REALM "trRequiredAttribute: zone\n", { "trRequiredAttribute", "zone" } },
    { REALM "trRequiredAttribute: =x\n", { "trRequiredAttribute", "=x" } },
    { REALM "trRequiredAttribute: zone=\n",
      { "trRequiredAttribute", "zone=" } },
    { REALM "trRequiredAttribute: zone=\xc3\xa4\n",
      { "trRequiredAttribute", "zone=??" } },
    { REALM "trRequiredAttribute: a=b\ntrRequiredAttribute: a=b\n",
      { "trRequiredAttribute", "\"a=b\": given twice" } },
    /* grants */
    { SYSTEM "trMembership: e public\n", { "trMembership", "\"e public\"" } },
    { SYSTEM "trMembership: e a b 20300101000000Z x\n",
      { "trMembership", "20300101000000Z x" } },
    { SYSTEM "trMembership: e a b tomorrow\n",
      { "trMembership", "tomorrow" } },
    { SYSTEM "trMembership: e a b 20300101000000\n",
      { "trMembership", "20300101000000" } },
    { SYSTEM "trMembership: e a b 20300230000000Z\n",
      { "trMembership", "20300230000000Z" } },
    { SYSTEM "trMembership: e a b 19700101000000Z\n",
      { "trMembership", "19700101000000Z" } },
    { SYSTEM "trMembership: e a;b c\n", { "trMembership", "a;b" } },
    { SYSTEM "trMembership: e a b\ntrMembership: E a c\n",
      { "trMembership", "\"e\": given twice" } },
    { SUBJECT "trClearance: * a b\n", { "trClearance", "\"* a b\"" } },
    { SYSTEM "trRestriction: e a\n", { "trRestriction", "\"e a\"" } },
    { SUBJECT "trRestriction: e a b 2030\n", { "trRestriction", "2030" } },
    /* pairs */
    { MAP "trLevelMap: a\n", { "trLevelMap", "\"a\"" } },
    { MAP "trLevelMap: a b c\n", { "trLevelMap", "\"a b c\"" } },
    { MAP "trLevelMap: a b\ntrLevelMap: A c\n",
      { "trLevelMap", "given twice" } },
    { MAP "trCategoryMap: a b\ntrCategoryMap: c B\n",
      { "trCategoryMap", "another pair" } },
    /* what is shown cannot forge a line of a log, and has an end */
    { REALM "trPolicy: a\x1b[2J\n", { "trPolicy", "\"a?[2J\"" } },
};

static void
wrong_values_are_named(void **state)
{
    const size_t count = sizeof(wrongs) / sizeof(*wrongs);
    struct tr_record *record;
    char *why;

    for (size_t i = 0; i < count; i++) {
        why = NULL;
        if (read_record(wrongs[i].text, &record, &why) != TRR_ENTRY)
            fail_msg("taken: %s", wrongs[i].text);
        assert_null(record);
        assert_non_null(why);
        if (strstr(why, wrongs[i].why[0]) == NULL ||
            strstr(why, wrongs[i].why[1]) == NULL)
            fail_msg("\"%s\" does not say %s ... %s", why, wrongs[i].why[0],
                     wrongs[i].why[1]);
        assert_null(strchr(why, '\n'));
        free(why);
    }
}

/* What is left out must not allow more than what is there. */
static void
unusable_restrictions_stay_restrictions(void **state)
{
    static const struct { const char *text; bool closed; } cases[] = {
        { SUBJECT "trClearance: nonsense\n", true },
        { SUBJECT "objectClass: trSystem\ncn: a\n", true },
        { SUBJECT "trClearance: e a b\ntrClearance: e a c\n", true },
        { MAP "trLevelMap: a\n", true },
        { MAP "trLevelMap: a b\ntrLevelMap: c b\n", true },
        { "objectClass: trSubject\ntrPrincipal: nobody\n", false },
        { "objectClass: trLabelMap\ntrRealmName: e\n", false },
        { SYSTEM "trMembership: nonsense\n", false },
        { REALM "trPolicy: nonsense\n", false },
        { "cn: x\n", false },
    };
    struct tr_gathered values = { 0 };
    struct tr_record *record;
    struct tr_entry entry;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        gather(cases[i].text, &values);
        entry = tr_gathered_entry(&values, "cn=test");
        assert_int_equal(tr_record_closed(&entry, &record), 0);
        assert_int_equal(record != NULL, cases[i].closed);
        if (record != NULL && record->type == TR_RECORD_CLEARANCE) {
            assert_string_equal(record->u.clearance.principal, "alice@R");
            assert_int_equal(record->u.clearance.nclearances, 0);
        } else if (record != NULL) {
            assert_int_equal(record->type, TR_RECORD_MAP);
            assert_string_equal(record->u.map.format, "local");
            assert_int_equal(record->u.map.nlevels, 0);
        }
        tr_record_free(record);
        tr_gathered_clear(&values);
    }
}

/* start with n more values of attribute: before, a number, between, another
 * number. */
static krb5_error_code
read_many(const char *start, const char *attribute, const char *before,
          const char *between, size_t n)
{
    krb5_error_code ret;
    struct tr_record *record;
    char *text = NULL, *why = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);

    fputs(start, stream);
    for (size_t i = 0; i < n; i++)
        fprintf(stream, "%s: %s%zu%s%zu\n", attribute, before, i + 100,
                between, i);
    fclose(stream);
    ret = read_record(text, &record, &why);
    if (ret != 0)
        assert_non_null(strstr(why, attribute));
    tr_record_free(record);
    free(why);
    free(text);
    return ret;
}

static void
lists_have_maxima(void **state)
{
    static const struct {
        const char *start, *attribute, *before, *between;
        size_t most;
    } lists[] = {
        { REALM, "trLevel", "", " l", TR_MAX_LEVELS - 2 },
        { REALM, "trCategory", "", " c", TR_MAX_CATEGORIES },
        { REALM, "trRequiredAttribute", "a", "=", TR_MAX_ATTRIBUTES },
        { REALM, "trLifetime", "", "", TR_MAX_VALUES },
        { SYSTEM, "trAlias", "w", "-", TR_MAX_ALIASES },
        { SYSTEM, "trMembership", "r", " a b", TR_MAX_MEMBERSHIPS },
        { SUBJECT, "trClearance", "r", " a b", TR_MAX_MEMBERSHIPS },
        { SUBJECT, "trRestriction", "r", " a b", TR_MAX_MEMBERSHIPS },
        { MAP, "trCategoryMap", "a", " b", TR_MAX_CATEGORIES },
    };

    for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
        assert_int_equal(read_many(lists[i].start, lists[i].attribute,
                                   lists[i].before, lists[i].between,
                                   lists[i].most), 0);
        assert_int_equal(read_many(lists[i].start, lists[i].attribute,
                                   lists[i].before, lists[i].between,
                                   lists[i].most + 1), TRR_ENTRY);
    }
}

static void
values_have_maxima(void **state)
{
    static char text[8192];
    struct tr_record *record;
    char *why;

    for (int more = 0; more < 2; more++) {
        why = NULL;
        (void)snprintf(text, sizeof(text), "objectClass: trSystem\n"
                       "trPrincipal: a@R\ncn: %0*d\n", 255 + more, 0);
        assert_int_equal(read_record(text, &record, &why),
                         more ? TRR_ENTRY : 0);
        tr_record_free(record);
        free(why);
        why = NULL;
        (void)snprintf(text, sizeof(text), "objectClass: trSubject\n"
                       "trPrincipal: %0*d@R\n", 509 + more, 0);
        assert_int_equal(read_record(text, &record, &why),
                         more ? TRR_ENTRY : 0);
        tr_record_free(record);
        free(why);
        why = NULL;
        (void)snprintf(text, sizeof(text), SYSTEM "trMembership: r a %0*d\n",
                       4096 + more, 0);
        assert_int_equal(read_record(text, &record, &why),
                         more ? TRR_ENTRY : 0);
        tr_record_free(record);
        free(why);
    }
}

/* --- and back ------------------------------------------------------------ */

/* A value of an attribute that has it. */
static const char *
value_of(const struct tr_entry *entry, const char *name, size_t number)
{
    size_t i;

    for (i = 0; i < entry->nattributes; i++) {
        if (strcmp(entry->attributes[i].name, name) == 0 &&
            number < entry->attributes[i].nvalues)
            return entry->attributes[i].values[number];
    }
    fail_msg("%s: not there", name);
    return NULL;
}

static void
record_becomes_the_entry_it_was(void **state)
{
    static const struct { const char *class, *text; } wholes[] = {
        { "trTrustRealm", WHOLE_REALM }, { "trTrustRealm", LIMITED_REALM },
        { "trSystem", WHOLE_SYSTEM }, { "trSubject", WHOLE_SUBJECT },
        { "trLabelMap", WHOLE_MAP }
    };
    struct tr_record *record, *again;
    struct tr_gathered values = { 0 };
    uint8_t *octets, *same;
    size_t i, j, k, length, same_length;
    struct tr_entry *entry, named;
    char *why = NULL;

    for (i = 0; i < sizeof(wholes) / sizeof(*wholes); i++) {
        record = make_record(wholes[i].text);
        assert_int_equal(tr_record_to_entry(record, &entry), 0);
        assert_null(entry->dn);
        assert_int_equal(tr_gathered_add(&values, "objectClass",
                                         wholes[i].class,
                                         strlen(wholes[i].class), &why), 0);
        for (j = 0; j < entry->nattributes; j++) {
            for (k = 0; k < entry->attributes[j].nvalues; k++)
                assert_int_equal(tr_gathered_add(
                    &values, entry->attributes[j].name,
                    entry->attributes[j].values[k],
                    strlen(entry->attributes[j].values[k]), &why), 0);
        }
        named = tr_gathered_entry(&values, "cn=test");
        assert_int_equal(tr_record_from_entry(&named, &again, &why), 0);
        assert_int_equal(tr_record_encode(record, &octets, &length), 0);
        assert_int_equal(tr_record_encode(again, &same, &same_length), 0);
        assert_int_equal(length, same_length);
        assert_memory_equal(octets, same, length);
        free(octets);
        free(same);
        tr_gathered_clear(&values);
        tr_entry_free(entry);
        tr_record_free(record);
        tr_record_free(again);
    }
}

static void
entry_of_a_record_leaves_out_defaults(void **state)
{
    struct tr_record *record = make_record(REALM);
    struct tr_entry *entry;

    assert_int_equal(tr_record_to_entry(record, &entry), 0);
    assert_int_equal(entry->nattributes, 3);
    assert_string_equal(value_of(entry, "trLevel", 0), "0 public");
    assert_string_equal(value_of(entry, "trLevel", 1), "2 secret");
    tr_entry_free(entry);
    tr_record_free(record);
    record = make_record(SYSTEM "trEnabled: FALSE\n"
                         "trMembership: a low high 20270102030405Z\n");
    assert_int_equal(tr_record_to_entry(record, &entry), 0);
    assert_string_equal(value_of(entry, "trEnabled", 0), "FALSE");
    assert_string_equal(value_of(entry, "trMembership", 0),
                        "a low high 20270102030405Z");
    tr_entry_free(entry);
    tr_record_free(record);
}

/* One that is the default is not left out beside those that it bounds. */
static void
entry_of_a_record_begins_with_what_holds(void **state)
{
    struct tr_record *record = make_record(LIMITED_REALM);
    struct tr_entry *entry;

    assert_int_equal(tr_record_to_entry(record, &entry), 0);
    assert_string_equal(value_of(entry, "trIdleTimeout", 0), "3");
    assert_string_equal(value_of(entry, "trIdleTimeout", 2), "20");
    assert_string_equal(value_of(entry, "trLifetime", 0), "36000");
    assert_string_equal(value_of(entry, "trLifetime", 1), "0");
    assert_string_equal(value_of(entry, "trConfidentialFrom", 0), "Internal");
    assert_string_equal(value_of(entry, "trKernelLifetime", 0), "300");
    assert_string_equal(value_of(entry, "trKernelLifetime", 2), "900");
    tr_entry_free(entry);
    tr_record_free(record);
}

/* A restriction is one, whatever it comes to: range and end of what both
 * have in common. */
static void
restrictions_bound_a_grant(void **state)
{
    static const struct {
        const char *restrictions, *low, *high;  /* NULL: nothing is left */
    } cases[] = {
        { "", "internal", "secret:a,b" },
        { "trRestriction: e public secret:a,b\n", "internal", "secret:a,b" },
        { "trRestriction: e secret secret:a,b\n", "secret", "secret:a,b" },
        { "trRestriction: e public internal:b\n", "internal", "internal:b" },
        { "trRestriction: e internal:a secret:a,b\n"
          "trRestriction: E public internal:a,b\n"
          "trRestriction: other secret secret\n",
          "internal:a", "internal:a,b" },
        { "trRestriction: e public public:a,b\n", NULL, NULL },
        { "trRestriction: e internal:a secret:a\n"
          "trRestriction: e internal:b secret:b\n", NULL, NULL },
        { "trRestriction: e secret internal\n", NULL, NULL }
    };
    struct tr_encoding *encoding = make_encoding("public internal secret",
                                                 "a b");
    struct tr_label low, high;
    struct tr_record *record;
    struct tr_range range;
    char text[512];

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        (void)snprintf(text, sizeof(text), SYSTEM
                       "trMembership: e internal secret:a,b\n%s",
                       cases[i].restrictions);
        record = make_record(text);
        assert_int_equal(tr_grant_range(encoding,
                                        record->u.system.memberships, &range),
                         cases[i].low != NULL ? 0 : TRR_RANGE);
        if (cases[i].low != NULL) {
            low = parse(encoding, cases[i].low);
            high = parse(encoding, cases[i].high);
            assert_true(tr_label_equal(&range.low, &low));
            assert_true(tr_label_equal(&range.high, &high));
        }
        tr_record_free(record);
    }
    record = make_record(SYSTEM "trMembership: e internal secret\n"
                         "trRestriction: e internal topmost\n");
    assert_int_equal(tr_grant_range(encoding, record->u.system.memberships,
                                    &range), TRR_LABEL_LEVEL);
    tr_record_free(record);
    tr_encoding_free(encoding);
}

static void
every_value_can_be_written(void **state)
{
    enum tr_record_type type;
    const struct tr_field *field;

    for (type = TR_RECORD_REALM; type <= TR_RECORD_MAP; type++) {
        for (field = tr_class_of(type)->fields; field->attribute != NULL;
             field++)
            assert_non_null(tr_writer_of(field->parse));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trust_realm_is_read_whole),
        cmocka_unit_test(trust_realm_has_defaults),
        cmocka_unit_test(narrowest_value_of_a_limit_holds),
        cmocka_unit_test(system_is_read_whole),
        cmocka_unit_test(principals_are_as_kerberos_writes_them),
        cmocka_unit_test(clearance_and_map_are_read_whole),
        cmocka_unit_test(other_entries_are_none_of_ours),
        cmocka_unit_test(unknown_attributes_are_ignored),
        cmocka_unit_test(options_are_refused),
        cmocka_unit_test(names_of_attributes_have_no_case),
        cmocka_unit_test(wrong_values_are_named),
        cmocka_unit_test(unusable_restrictions_stay_restrictions),
        cmocka_unit_test(lists_have_maxima),
        cmocka_unit_test(values_have_maxima),
        cmocka_unit_test(record_becomes_the_entry_it_was),
        cmocka_unit_test(entry_of_a_record_leaves_out_defaults),
        cmocka_unit_test(entry_of_a_record_begins_with_what_holds),
        cmocka_unit_test(restrictions_bound_a_grant),
        cmocka_unit_test(every_value_can_be_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
