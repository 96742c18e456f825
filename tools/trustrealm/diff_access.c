/* tools/trustrealm/diff_access.c - does a difference allow more or less? */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "diff.h"
#include "grant.h"
#include "text.h"
#include "trustrealm_err.h"

/* How the value of an attribute bears on access. */
enum rule {
    RULE_CHANGES,               /* neither more nor less */
    RULE_MORE,                  /* a value more allows more */
    RULE_LESS,                  /* a value more allows less */
    RULE_LIMIT,                 /* a number allows more the larger it is; 0
                                   is no limit */
    RULE_WORD,                  /* the word allows more than the other one */
    RULE_GRANT,                 /* REALM LOW HIGH [END] */
    RULE_RESTRICTION,           /* the same, and a value more allows less */
    RULE_PROTECTION
};

#define TEXT(number) QUOTED(number)
#define QUOTED(text) #text

static const struct row {
    const char *attribute;
    enum rule rule;
    bool keyed;
    const char *usual;          /* what stands for no value */
    const char *word;           /* of RULE_WORD */
} rows[] = {
    { "trLevel", RULE_CHANGES, true, NULL, NULL },
    { "trCategory", RULE_CHANGES, true, NULL, NULL },
    { "trCarrier", RULE_CHANGES, true, NULL, NULL },
    { "trAlias", RULE_MORE, false, NULL, NULL },
    { "trDelegation", RULE_MORE, false, NULL, NULL },
    /* A label that one trust realm has no name for goes by another one. */
    { "trLevelMap", RULE_CHANGES, true, NULL, NULL },
    { "trCategoryMap", RULE_CHANGES, true, NULL, NULL },
    { "trRequiredAttribute", RULE_LESS, false, NULL, NULL },
    { "trIdleTimeout", RULE_LIMIT, false, "0", NULL },
    { "trLifetime", RULE_LIMIT, false, "0", NULL },
    { "trMaximumStaleness", RULE_LIMIT, false, "0", NULL },
    { "trKernelLifetime", RULE_LIMIT, false, TEXT(TR_USUAL_KERNEL_LIFETIME),
      NULL },
    { "trKernelExport", RULE_WORD, false, "FALSE", "TRUE" },
    { "trEnabled", RULE_WORD, false, "TRUE", "TRUE" },
    { "trPolicy", RULE_WORD, false, "mls", "mls" },
    { "trMode", RULE_WORD, false, "enforce", "dry-run" },
    { "trMembership", RULE_GRANT, true, NULL, NULL },
    { "trClearance", RULE_GRANT, true, NULL, NULL },
    { "trRestriction", RULE_RESTRICTION, false, NULL, NULL },
    { "trProtection", RULE_PROTECTION, false, NULL, NULL },
    { "trConfidentialFrom", RULE_PROTECTION, false, NULL, NULL }
};

static const struct row *
find_row(const char *attribute)
{
    static const struct row other = { "", RULE_CHANGES, false, NULL, NULL };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].attribute, attribute) == 0)
            return &rows[i];
    }
    return &other;
}

const char *
diff_usual(const char *attribute)
{
    return find_row(attribute)->usual;
}

bool
diff_is_single(const char *attribute)
{
    const struct row *row = find_row(attribute);

    return !row->keyed && row->rule != RULE_MORE && row->rule != RULE_LESS &&
        row->rule != RULE_RESTRICTION;
}

bool
diff_is_keyed(const char *attribute)
{
    return find_row(attribute)->keyed;
}

/* By whether the new one allows all that the old one did, and the reverse. */
static enum diff_access
compare(bool all_of_old, bool all_of_new)
{
    if (all_of_old == all_of_new)
        return DIFF_CHANGES;
    return all_of_old ? DIFF_WIDENS : DIFF_NARROWS;
}

/* --- single values ------------------------------------------------------- */

static enum diff_access
compare_limits(const char *old, const char *new)
{
    int64_t before = 0, after = 0;

    (void)tr_text_number(old, 0, INT64_MAX, &before);
    (void)tr_text_number(new, 0, INT64_MAX, &after);
    if (before == 0)
        before = INT64_MAX;
    if (after == 0)
        after = INT64_MAX;
    return compare(after >= before, before >= after);
}

/* The lowest rank of a level that has to be encrypted; that of one too high
 * when none has. */
static size_t
encrypted_from(const struct tr_realm_record *realm)
{
    size_t i;

    if (realm->protection == TR_PROTECT_CONFIDENTIALITY)
        return 0;
    if (realm->confidential_from == NULL)
        return realm->nlevels;
    for (i = 0; i < realm->nlevels; i++) {
        if (tr_text_compare(realm->levels[i].name,
                            realm->confidential_from) == 0)
            break;
    }
    return i;
}

/* Have both trust realms the same levels? */
static bool
same_levels(const struct tr_realm_record *a, const struct tr_realm_record *b)
{
    size_t i;

    for (i = 0; i < a->nlevels && i < b->nlevels; i++) {
        if (a->levels[i].number != b->levels[i].number ||
            tr_text_compare(a->levels[i].name, b->levels[i].name) != 0)
            return false;
    }
    return a->nlevels == b->nlevels;
}

static enum diff_access
compare_protection(const struct diff *diff)
{
    const struct tr_realm_record *old = &diff->old->u.realm;
    const struct tr_realm_record *new = &diff->new->u.realm;
    size_t before = encrypted_from(old), after = encrypted_from(new);

    if (!same_levels(old, new))
        return DIFF_CHANGES;
    return compare(after >= before, before >= after);
}

/* --- grants -------------------------------------------------------------- */

/* The range of grant in its table's trust realm; false when it is of no use
 * there. */
static bool
find_range(const struct tool_table *table, const struct tr_grant *grant,
           const struct tr_realm **realm_out, struct tr_range *range_out)
{
    return tr_view_realm(table->view, grant->realm, realm_out) == 0 &&
        (*realm_out)->error == 0 &&
        tr_grant_range((*realm_out)->encoding, grant, range_out) == 0;
}

static bool
contains(const struct tr_range *range, const struct tr_range *other)
{
    return tr_range_contains(range, &other->low) &&
        tr_range_contains(range, &other->high);
}

static enum diff_access
compare_grants(const struct diff *diff, const char *old, const char *new)
{
    const struct tr_grant *before = tr_record_grant(diff->old, old);
    const struct tr_grant *after = tr_record_grant(diff->new, new);
    const struct tr_realm *old_realm, *new_realm;
    struct tr_range old_range, new_range;
    int64_t old_end, new_end;
    bool was, is;

    if (before == NULL || after == NULL)
        return DIFF_CHANGES;
    was = find_range(diff->before, before, &old_realm, &old_range);
    is = find_range(diff->after, after, &new_realm, &new_range);
    if (!was || !is)
        return compare(is, was);
    if (strcmp(old_realm->digest, new_realm->digest) != 0)
        return DIFF_CHANGES;
    old_end = tr_grant_end(before);
    new_end = tr_grant_end(after);
    return compare(contains(&new_range, &old_range) &&
                   (new_end == 0 || (old_end != 0 && new_end >= old_end)),
                   contains(&old_range, &new_range) &&
                   (old_end == 0 || (new_end != 0 && old_end >= new_end)));
}

/*
 * When the membership of value's trust realm goes or narrows: does the system
 * stay in a trust realm that goes behind it?  That one then takes what this
 * one took, by its own ranges, clearances and protection.
 */
static bool
diverts(const struct diff *diff, const char *value)
{
    const struct tr_realm *lost, *other;
    const struct tr_system_record *system;
    const struct tr_grant *grant;
    size_t i;

    if (diff->old == NULL || diff->new == NULL || value == NULL ||
        diff->new->type != TR_RECORD_SYSTEM)
        return false;
    grant = tr_record_grant(diff->old, value);
    system = &diff->new->u.system;
    if (grant == NULL || !system->enabled ||
        tr_view_realm(diff->before->view, grant->realm, &lost) != 0)
        return false;
    for (i = 0; i < system->nmemberships; i++) {
        if (tr_view_realm(diff->after->view, system->memberships[i].realm,
                          &other) == 0 && tr_goes_before(lost, other))
            return true;
    }
    return false;
}

static enum diff_access
access_of_grant(const struct diff *diff, const char *old, const char *new)
{
    enum diff_access access;

    access = old == NULL || new == NULL ? compare(old == NULL, new == NULL) :
        compare_grants(diff, old, new);
    return access == DIFF_NARROWS && diverts(diff, old) ? DIFF_CHANGES :
        access;
}

/* --- all ----------------------------------------------------------------- */

enum diff_access
diff_access(const struct diff *diff, const char *attribute, const char *old,
            const char *new)
{
    const struct row *row = find_row(attribute);

    switch (row->rule) {
    case RULE_MORE:
        return compare(old == NULL, new == NULL);
    case RULE_LESS:
        return compare(new == NULL, old == NULL);
    case RULE_LIMIT:
        return compare_limits(old != NULL ? old : row->usual,
                              new != NULL ? new : row->usual);
    case RULE_WORD:
        return strcmp(new != NULL ? new : row->usual, row->word) == 0 ?
            DIFF_WIDENS : DIFF_NARROWS;
    case RULE_GRANT:
        return access_of_grant(diff, old, new);
    case RULE_RESTRICTION:
        return old != NULL ? DIFF_WIDENS :
            diverts(diff, new) ? DIFF_CHANGES : DIFF_NARROWS;
    case RULE_PROTECTION:
        return compare_protection(diff);
    case RULE_CHANGES:
        break;
    }
    return DIFF_CHANGES;
}

enum diff_access
diff_access_of_entry(const struct diff *diff)
{
    const struct tr_record *record = diff->new != NULL ? diff->new :
        diff->old;

    switch (record->type) {
    case TR_RECORD_REALM:
    case TR_RECORD_SYSTEM:
        return diff->new != NULL ? DIFF_WIDENS : DIFF_NARROWS;
    case TR_RECORD_CLEARANCE:
        /* A user without an entry is not limited. */
        return diff->new != NULL ? DIFF_NARROWS : DIFF_WIDENS;
    case TR_RECORD_MAP:
        /* Without one equal names are taken for each other. */
        break;
    }
    return DIFF_CHANGES;
}
