/* realmdb/record_class.c - the classes of entries and their values */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Each class of entry has a table of the attributes it may have: where their
 * values go, what reads them and what to tell the administrator when that
 * fails; and a check of its own for what concerns several values.
 */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "encoding.h"
#include "octets.h"
#include "record_class.h"
#include "text.h"
#include "trustrealm_err.h"

#define MAX_RULES 256           /* of carriers and delegation */

/* --- order --------------------------------------------------------------- */

static int
compare_strings(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
compare_numbers(const void *a, const void *b)
{
    const struct tr_named_number *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

static int
compare_carriers(const void *a, const void *b)
{
    const struct tr_carrier_rule *x = a, *y = b;

    return strcmp(x->service, y->service);
}

static int
compare_grants(const void *a, const void *b)
{
    const struct tr_grant *x = a, *y = b;

    return strcmp(x->realm, y->realm);
}

/* There may be several for a trust realm. */
static int
compare_restrictions(const void *a, const void *b)
{
    const struct tr_grant *x = a, *y = b;
    int order = strcmp(x->realm, y->realm);

    if (order == 0)
        order = strcmp(x->low, y->low);
    if (order == 0)
        order = strcmp(x->high, y->high);
    return order != 0 ? order : (x->end > y->end) - (x->end < y->end);
}

static int
compare_pairs(const void *a, const void *b)
{
    const struct tr_name_pair *x = a, *y = b;

    return tr_text_compare(x->local, y->local);
}

/* --- limits -------------------------------------------------------------- */

/* 0 is none. */
static int64_t
rank_seconds(const struct tr_realm_record *realm, const char *value)
{
    uint32_t seconds;

    if (tr_parse_seconds(value, &seconds) != 0)
        return -1;
    return seconds == 0 ? INT64_MAX : seconds;
}

/* The one with which confidentiality begins. */
static int64_t
rank_level(const struct tr_realm_record *realm, const char *value)
{
    size_t i;

    for (i = 0; i < realm->nlevels; i++) {
        if (tr_text_compare(realm->levels[i].name, value) == 0)
            return realm->levels[i].number;
    }
    return -1;
}

/* --- classes ------------------------------------------------------------- */

#define OFFSET(record, member) offsetof(struct tr_record, u.record.member)
#define VALUE(record, member) .offset = OFFSET(record, member)
#define LIMIT(member, how) VALUE(realm, member), .rank = how
#define LIST(record, member, number) \
    .offset = OFFSET(record, member), .count = OFFSET(record, number), \
    .size = sizeof(*((struct tr_record *)NULL)->u.record.member)

#define NAME_EXPECTED "a name of letters, digits, '.', '_' and '-'"
#define PRINCIPAL_EXPECTED "a principal with its realm (NAME@REALM)"
#define SECONDS_EXPECTED "a number of seconds"
#define NUMBER_EXPECTED "\"NUMBER NAME\""
#define GRANT_EXPECTED "\"REALM LOW HIGH [YYYYMMDDHHMMSSZ]\""
#define PAIR_EXPECTED "\"LOCAL REALM\", two names"

static const struct tr_field realm_fields[] = {
    { "cn", true, tr_parse_name, NAME_EXPECTED, VALUE(realm, name) },
    { "trDOI", true, tr_parse_doi, "a number from 1 to 4294967295",
      VALUE(realm, doi) },
    { "trPriority", false, tr_parse_priority, "a number of 32 bits",
      VALUE(realm, priority) },
    { "trPolicy", false, tr_parse_policy, "mls or equal",
      VALUE(realm, policy) },
    { "trLevel", true, tr_parse_named_number, NUMBER_EXPECTED,
      LIST(realm, levels, nlevels), TR_MAX_LEVELS, compare_numbers },
    { "trCategory", false, tr_parse_named_number, NUMBER_EXPECTED,
      LIST(realm, categories, ncategories), TR_MAX_CATEGORIES,
      compare_numbers },
    { "trIdleTimeout", false, tr_parse_seconds, SECONDS_EXPECTED,
      LIMIT(idle_timeout, rank_seconds) },
    { "trLifetime", false, tr_parse_seconds, SECONDS_EXPECTED,
      LIMIT(lifetime, rank_seconds) },
    { "trMaximumStaleness", false, tr_parse_seconds, SECONDS_EXPECTED,
      LIMIT(max_staleness, rank_seconds) },
    { "trProtection", false, tr_parse_protection,
      "integrity or confidentiality", VALUE(realm, protection) },
    { "trConfidentialFrom", false, tr_parse_level, "the name of a level",
      LIMIT(confidential_from, rank_level) },
    { "trRequiredAttribute", false, tr_parse_attribute, "\"NAME=VALUE\"",
      LIST(realm, attributes, nattributes), TR_MAX_ATTRIBUTES,
      compare_strings, true },
    { "trCarrier", false, tr_parse_carrier,
      "\"SERVICE CARRIER\", carrier gss, own, mic or auth-only",
      LIST(realm, carriers, ncarriers), MAX_RULES, compare_carriers, true },
    { "trDelegation", false, tr_parse_name, "the name of a service",
      LIST(realm, delegation, ndelegation), MAX_RULES, compare_strings, true },
    { "trKernelExport", false, tr_parse_bool, "TRUE or FALSE",
      VALUE(realm, kernel) },
    { "trKernelLifetime", false, tr_parse_seconds, SECONDS_EXPECTED,
      LIMIT(kernel_lifetime, rank_seconds) },
    { "trMode", false, tr_parse_mode, "enforce or dry-run",
      VALUE(realm, mode) },
    { .attribute = NULL }
};

static const struct tr_field system_fields[] = {
    { "cn", true, tr_parse_name, NAME_EXPECTED, VALUE(system, name) },
    { "trPrincipal", true, tr_parse_principal, PRINCIPAL_EXPECTED,
      VALUE(system, principal) },
    { "trEnabled", false, tr_parse_bool, "TRUE or FALSE",
      VALUE(system, enabled) },
    { "trAlias", false, tr_parse_name, NAME_EXPECTED,
      LIST(system, aliases, naliases), TR_MAX_ALIASES, compare_strings, true },
    { "trMembership", false, tr_parse_grant, GRANT_EXPECTED,
      LIST(system, memberships, nmemberships), TR_MAX_MEMBERSHIPS,
      compare_grants, true },
    { "trRestriction", false, tr_parse_grant, GRANT_EXPECTED,
      LIST(system, restrictions, nrestrictions), TR_MAX_MEMBERSHIPS,
      compare_restrictions },
    { .attribute = NULL }
};

static const struct tr_field clearance_fields[] = {
    { "trPrincipal", true, tr_parse_principal, PRINCIPAL_EXPECTED,
      VALUE(clearance, principal) },
    { "trClearance", false, tr_parse_grant, GRANT_EXPECTED,
      LIST(clearance, clearances, nclearances), TR_MAX_MEMBERSHIPS,
      compare_grants, true },
    { "trRestriction", false, tr_parse_grant, GRANT_EXPECTED,
      LIST(clearance, restrictions, nrestrictions), TR_MAX_MEMBERSHIPS,
      compare_restrictions },
    { .attribute = NULL }
};

static const struct tr_field map_fields[] = {
    { "trRealmName", true, tr_parse_name, NAME_EXPECTED, VALUE(map, realm) },
    { "trFormat", true, tr_parse_name, NAME_EXPECTED, VALUE(map, format) },
    { "trLevelMap", false, tr_parse_pair, PAIR_EXPECTED,
      LIST(map, levels, nlevels), TR_MAX_LEVELS, compare_pairs, true },
    { "trCategoryMap", false, tr_parse_pair, PAIR_EXPECTED,
      LIST(map, categories, ncategories), TR_MAX_CATEGORIES, compare_pairs,
      true },
    { .attribute = NULL }
};

/* Names must differ too: add each to enc, which refuses a second one. */
static krb5_error_code
check_names(krb5_error_code (*add)(struct tr_encoding *enc, uint32_t number,
                                   const char *name),
            const struct tr_named_number *items, size_t n,
            const char *attribute, char **why_out)
{
    krb5_error_code ret;
    struct tr_encoding *enc;
    size_t i;

    ret = tr_encoding_create(&enc);
    for (i = 0; i < n && ret == 0; i++) {
        ret = add(enc, items[i].number, items[i].name);
        if (ret != 0 && ret != ENOMEM)
            ret = tr_entry_wrong(why_out, "%s: \"%u %s\": given twice",
                                 attribute, (unsigned)items[i].number,
                                 items[i].name);
    }
    tr_encoding_free(enc);
    return ret;
}

static krb5_error_code
check_realm(struct tr_record *record, char **why_out)
{
    krb5_error_code ret;
    struct tr_realm_record *realm = &record->u.realm;
    size_t i;

    ret = check_names(tr_encoding_add_level, realm->levels, realm->nlevels,
                      "trLevel", why_out);
    if (ret == 0)
        ret = check_names(tr_encoding_add_category, realm->categories,
                          realm->ncategories, "trCategory", why_out);
    if (ret != 0 || realm->confidential_from == NULL)
        return ret;
    for (i = 0; i < realm->nlevels; i++) {
        if (tr_text_compare(realm->levels[i].name,
                            realm->confidential_from) == 0)
            return 0;
    }
    return tr_entry_wrong(why_out, "trConfidentialFrom: \"%s\": not a level "
                          "of this trust realm", realm->confidential_from);
}

/* Two pairs with one trust realm's name; few enough to compare them all. */
static krb5_error_code
check_pairs(const struct tr_name_pair *pairs, size_t n, const char *attribute,
            char **why_out)
{
    size_t i, j;

    for (i = 0; i < n; i++) {
        for (j = 0; j < i; j++) {
            if (tr_text_compare(pairs[i].realm, pairs[j].realm) == 0)
                return tr_entry_wrong(why_out, "%s: \"%s %s\": %s has "
                                      "another pair", attribute,
                                      pairs[i].local, pairs[i].realm,
                                      pairs[i].realm);
        }
    }
    return 0;
}

static krb5_error_code
check_map(struct tr_record *record, char **why_out)
{
    krb5_error_code ret;
    struct tr_map_record *map = &record->u.map;

    ret = check_pairs(map->levels, map->nlevels, "trLevelMap", why_out);
    if (ret)
        return ret;
    return check_pairs(map->categories, map->ncategories, "trCategoryMap",
                       why_out);
}

static const struct tr_class classes[] = {
    { "trTrustRealm", TR_RECORD_REALM, realm_fields, false, check_realm },
    { "trSystem", TR_RECORD_SYSTEM, system_fields, false, NULL },
    { "trSubject", TR_RECORD_CLEARANCE, clearance_fields, true, NULL },
    { "trLabelMap", TR_RECORD_MAP, map_fields, true, check_map },
};

const struct tr_class *
tr_class_of(enum tr_record_type type)
{
    size_t i;

    for (i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        if (classes[i].type == type)
            return &classes[i];
    }
    return NULL;
}

const struct tr_class *
tr_class_find(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        if (tr_text_compare(name, classes[i].name) == 0)
            return &classes[i];
    }
    return NULL;
}

static const struct tr_field *
find_field(const char *name)
{
    const struct tr_field *field;
    size_t i;

    for (i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        for (field = classes[i].fields; field->attribute != NULL; field++) {
            if (tr_text_compare(name, field->attribute) == 0)
                return field;
        }
    }
    return NULL;
}

const char *
tr_class_attribute(const char *name)
{
    static const char object_class[] = "objectClass";
    const struct tr_field *field;

    if (tr_text_compare(name, object_class) == 0)
        return object_class;
    field = find_field(name);
    return field == NULL ? NULL : field->attribute;
}

bool
tr_class_is_limit(const char *name)
{
    const struct tr_field *field = find_field(name);

    return field != NULL && field->rank != NULL;
}

bool
tr_class_has_options(const char *name)
{
    size_t length = strcspn(name, ";"), i;
    const struct tr_field *field;

    if (name[length] == '\0' || strncasecmp(name, "tr", 2) != 0)
        return false;
    for (i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        for (field = classes[i].fields; field->attribute != NULL; field++) {
            if (strlen(field->attribute) == length &&
                strncasecmp(name, field->attribute, length) == 0)
                return true;
        }
    }
    return false;
}

/* Some attributes belong to several classes. */
static size_t
add_once(const char **names, size_t n, const char *name)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0)
            return n;
    }
    names[n] = name;
    return n + 1;
}

krb5_error_code
tr_class_search(char **filter_out, const char ***attributes_out)
{
    size_t i, n = 0, nclasses = sizeof(classes) / sizeof(*classes);
    const struct tr_field *field;
    const char **attributes;
    struct tr_builder filter;
    uint8_t *octets;

    for (i = 0; i < nclasses; i++) {
        for (field = classes[i].fields; field->attribute != NULL; field++)
            n++;
    }
    attributes = calloc(n + 2, sizeof(*attributes));
    if (attributes == NULL)
        return ENOMEM;
    n = 0;
    attributes[n++] = "objectClass";
    tr_builder_init(&filter, 4096);
    tr_add_octets(&filter, "(|", 2);
    for (i = 0; i < nclasses; i++) {
        tr_add_octets(&filter, "(objectClass=", 13);
        tr_add_octets(&filter, classes[i].name, strlen(classes[i].name));
        tr_add_octets(&filter, ")", 1);
        for (field = classes[i].fields; field->attribute != NULL; field++)
            n = add_once(attributes, n, field->attribute);
    }
    tr_add_octets(&filter, ")", 2);
    if (tr_builder_take(&filter, &octets, &n) != 0) {
        free(attributes);
        return ENOMEM;
    }
    *filter_out = (char *)octets;
    *attributes_out = attributes;
    return 0;
}
