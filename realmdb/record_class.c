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
#include "encoding.h"
#include "octets.h"
#include "record_class.h"
#include "text.h"
#include "trustrealm_err.h"

#define MAX_RULES 256           /* of carriers and delegation */
#define MAX_SECONDS (100 * 366 * 86400LL)

/* --- values -------------------------------------------------------------- */

static krb5_error_code
copy(const char *value, char **text_out)
{
    *text_out = strdup(value);
    return *text_out == NULL ? ENOMEM : 0;
}

/* Names of trust realms, systems, services and formats have no case. */
static krb5_error_code
parse_name(const char *value, void *item)
{
    krb5_error_code ret;
    char **name = item;

    if (!tr_text_is_name(value))
        return TRR_MALFORMED;
    ret = copy(value, name);
    if (ret == 0)
        tr_text_lower(*name);
    return ret;
}

static krb5_error_code
parse_level(const char *value, void *item)
{
    return tr_text_is_name(value) ? copy(value, item) : TRR_MALFORMED;
}

static krb5_error_code
parse_principal(const char *value, void *item)
{
    size_t length = strlen(value), i;
    const char *realm = NULL;

    if (length > TR_MAX_PRINCIPAL)
        return TRR_MALFORMED;
    for (i = 0; i < length; i++) {
        if ((unsigned char)value[i] <= ' ' || value[i] == 0x7f)
            return TRR_MALFORMED;
        if (value[i] == '\\' && i + 1 < length)
            i++;
        else if (value[i] == '@' && realm == NULL)
            realm = value + i + 1;
        else if (value[i] == '@')
            return TRR_MALFORMED;
    }
    if (*value == '@' || realm == NULL || *realm == '\0')
        return TRR_MALFORMED;
    return copy(value, item);
}

static krb5_error_code
parse_doi(const char *value, void *item)
{
    int64_t number;
    uint32_t *doi = item;

    if (tr_text_number(value, 1, UINT32_MAX, &number) != 0)
        return TRR_MALFORMED;
    *doi = (uint32_t)number;
    return 0;
}

static krb5_error_code
parse_priority(const char *value, void *item)
{
    int64_t number;
    int32_t *priority = item;

    if (tr_text_number(value, INT32_MIN, INT32_MAX, &number) != 0)
        return TRR_MALFORMED;
    *priority = (int32_t)number;
    return 0;
}

static krb5_error_code
parse_seconds(const char *value, void *item)
{
    int64_t number;
    uint32_t *seconds = item;

    if (tr_text_number(value, 0, MAX_SECONDS, &number) != 0)
        return TRR_MALFORMED;
    *seconds = (uint32_t)number;
    return 0;
}

static krb5_error_code
parse_bool(const char *value, void *item)
{
    bool *truth = item;

    if (tr_text_compare(value, "TRUE") != 0 &&
        tr_text_compare(value, "FALSE") != 0)
        return TRR_MALFORMED;
    *truth = tr_text_compare(value, "TRUE") == 0;
    return 0;
}

/* Index of value in names, which ends with NULL; -1 when it is not there. */
static int
choice(const char *value, const char *const *names)
{
    int i;

    for (i = 0; names[i] != NULL; i++) {
        if (tr_text_compare(value, names[i]) == 0)
            return i;
    }
    return -1;
}

static const char *const policies[] = { "mls", "equal", NULL };
static const char *const protections[] = {
    "integrity", "confidentiality", NULL
};
static const char *const modes[] = { "enforce", "dry-run", NULL };
static const char *const carriers[] = {
    "gss", "own", "mic", "auth-only", NULL
};

static krb5_error_code
parse_policy(const char *value, void *item)
{
    int i = choice(value, policies);

    if (i < 0)
        return TRR_MALFORMED;
    *(enum tr_policy *)item = (enum tr_policy)i;
    return 0;
}

static krb5_error_code
parse_protection(const char *value, void *item)
{
    int i = choice(value, protections);

    if (i < 0)
        return TRR_MALFORMED;
    *(enum tr_protection *)item = (enum tr_protection)i;
    return 0;
}

static krb5_error_code
parse_mode(const char *value, void *item)
{
    int i = choice(value, modes);

    if (i < 0)
        return TRR_MALFORMED;
    *(enum tr_mode *)item = (enum tr_mode)i;
    return 0;
}

static krb5_error_code
parse_named_number(const char *value, void *item)
{
    krb5_error_code ret;
    struct tr_named_number *out = item;
    int64_t number;
    char *words[2];

    ret = tr_text_words(value, 2, 2, words);
    if (ret)
        return ret;
    ret = tr_text_number(words[0], 0, UINT32_MAX, &number);
    if (ret == 0)
        ret = parse_level(words[1], &out->name);
    if (ret == 0)
        out->number = (uint32_t)number;
    tr_text_free_words(words, 2);
    return ret;
}

static krb5_error_code
parse_carrier(const char *value, void *item)
{
    krb5_error_code ret;
    struct tr_carrier_rule *out = item;
    char *words[2];
    int i;

    ret = tr_text_words(value, 2, 2, words);
    if (ret)
        return ret;
    i = choice(words[1], carriers);
    ret = i < 0 ? TRR_MALFORMED : parse_name(words[0], &out->service);
    if (ret == 0)
        out->carrier = (enum tr_carrier)i;
    tr_text_free_words(words, 2);
    return ret;
}

/* An environment attribute, "name=value". */
static krb5_error_code
parse_attribute(const char *value, void *item)
{
    size_t i, length = strlen(value), name = strcspn(value, "=");
    char start[TR_MAX_NAME + 1];

    if (name > TR_MAX_NAME || length - name < 2 ||
        length - name - 1 > TR_MAX_NAME)
        return TRR_MALFORMED;
    memcpy(start, value, name);
    start[name] = '\0';
    if (!tr_text_is_name(start))
        return TRR_MALFORMED;
    for (i = name; i < length; i++) {
        if (value[i] < ' ' || value[i] > '~')
            return TRR_MALFORMED;
    }
    return copy(value, item);
}

/* Only the octets are looked at: names are the trust realm's. */
static krb5_error_code
parse_label(const char *value, void *item)
{
    if (strlen(value) > TR_MAX_LABEL_TEXT || *value == '\0' ||
        value[strspn(value, TR_NAME_OCTETS ":,")] != '\0')
        return TRR_MALFORMED;
    return copy(value, item);
}

static krb5_error_code
parse_grant(const char *value, void *item)
{
    krb5_error_code ret;
    struct tr_grant *out = item;
    char *words[4];

    ret = tr_text_words(value, 3, 4, words);
    if (ret)
        return ret;
    ret = parse_name(words[0], &out->realm);
    if (ret == 0)
        ret = parse_label(words[1], &out->low);
    if (ret == 0)
        ret = parse_label(words[2], &out->high);
    if (ret == 0 && words[3] != NULL)
        ret = tr_text_time(words[3], &out->end);
    tr_text_free_words(words, 4);
    return ret;
}

static krb5_error_code
parse_pair(const char *value, void *item)
{
    krb5_error_code ret;
    struct tr_name_pair *out = item;
    char *words[2];

    ret = tr_text_words(value, 2, 2, words);
    if (ret)
        return ret;
    ret = parse_level(words[0], &out->local);
    if (ret == 0)
        ret = parse_level(words[1], &out->realm);
    tr_text_free_words(words, 2);
    return ret;
}

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

static int
compare_pairs(const void *a, const void *b)
{
    const struct tr_name_pair *x = a, *y = b;

    return tr_text_compare(x->local, y->local);
}

/* --- classes ------------------------------------------------------------- */

#define OFFSET(record, member) offsetof(struct tr_record, u.record.member)
#define VALUE(record, member) .offset = OFFSET(record, member)
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
    { "cn", true, parse_name, NAME_EXPECTED, VALUE(realm, name) },
    { "trDOI", true, parse_doi, "a number from 1 to 4294967295",
      VALUE(realm, doi) },
    { "trPriority", false, parse_priority, "a number of 32 bits",
      VALUE(realm, priority) },
    { "trPolicy", false, parse_policy, "mls or equal", VALUE(realm, policy) },
    { "trLevel", true, parse_named_number, NUMBER_EXPECTED,
      LIST(realm, levels, nlevels), TR_MAX_LEVELS, compare_numbers },
    { "trCategory", false, parse_named_number, NUMBER_EXPECTED,
      LIST(realm, categories, ncategories), TR_MAX_CATEGORIES,
      compare_numbers },
    { "trIdleTimeout", false, parse_seconds, SECONDS_EXPECTED,
      VALUE(realm, idle_timeout) },
    { "trLifetime", false, parse_seconds, SECONDS_EXPECTED,
      VALUE(realm, lifetime) },
    { "trMaximumStaleness", false, parse_seconds, SECONDS_EXPECTED,
      VALUE(realm, max_staleness) },
    { "trProtection", false, parse_protection, "integrity or confidentiality",
      VALUE(realm, protection) },
    { "trConfidentialFrom", false, parse_level, "the name of a level",
      VALUE(realm, confidential_from) },
    { "trRequiredAttribute", false, parse_attribute, "\"NAME=VALUE\"",
      LIST(realm, attributes, nattributes), TR_MAX_ATTRIBUTES,
      compare_strings, true },
    { "trCarrier", false, parse_carrier,
      "\"SERVICE CARRIER\", carrier gss, own, mic or auth-only",
      LIST(realm, carriers, ncarriers), MAX_RULES, compare_carriers, true },
    { "trDelegation", false, parse_name, "the name of a service",
      LIST(realm, delegation, ndelegation), MAX_RULES, compare_strings, true },
    { "trKernelExport", false, parse_bool, "TRUE or FALSE",
      VALUE(realm, kernel) },
    { "trKernelLifetime", false, parse_seconds, SECONDS_EXPECTED,
      VALUE(realm, kernel_lifetime) },
    { "trMode", false, parse_mode, "enforce or dry-run", VALUE(realm, mode) },
    { .attribute = NULL }
};

static const struct tr_field system_fields[] = {
    { "cn", true, parse_name, NAME_EXPECTED, VALUE(system, name) },
    { "trPrincipal", true, parse_principal, PRINCIPAL_EXPECTED,
      VALUE(system, principal) },
    { "trEnabled", false, parse_bool, "TRUE or FALSE",
      VALUE(system, enabled) },
    { "trAlias", false, parse_name, NAME_EXPECTED,
      LIST(system, aliases, naliases), TR_MAX_ALIASES, compare_strings, true },
    { "trMembership", false, parse_grant, GRANT_EXPECTED,
      LIST(system, memberships, nmemberships), TR_MAX_MEMBERSHIPS,
      compare_grants, true },
    { .attribute = NULL }
};

static const struct tr_field clearance_fields[] = {
    { "trPrincipal", true, parse_principal, PRINCIPAL_EXPECTED,
      VALUE(clearance, principal) },
    { "trClearance", false, parse_grant, GRANT_EXPECTED,
      LIST(clearance, clearances, nclearances), TR_MAX_MEMBERSHIPS,
      compare_grants, true },
    { .attribute = NULL }
};

static const struct tr_field map_fields[] = {
    { "trRealmName", true, parse_name, NAME_EXPECTED, VALUE(map, realm) },
    { "trFormat", true, parse_name, NAME_EXPECTED, VALUE(map, format) },
    { "trLevelMap", false, parse_pair, PAIR_EXPECTED,
      LIST(map, levels, nlevels), TR_MAX_LEVELS, compare_pairs, true },
    { "trCategoryMap", false, parse_pair, PAIR_EXPECTED,
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
    { "trTrustRealm", TR_RECORD_REALM, realm_fields, check_realm },
    { "trSystem", TR_RECORD_SYSTEM, system_fields, NULL },
    { "trSubject", TR_RECORD_CLEARANCE, clearance_fields, NULL },
    { "trLabelMap", TR_RECORD_MAP, map_fields, check_map },
};

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
            attributes[n++] = field->attribute;
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
