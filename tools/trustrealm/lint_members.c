/* tools/trustrealm/lint_members.c - what systems make of trust realms */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lint.h"

/*
 * Systems come by one after the other, maybe a million of them; of each trust
 * realm only counts stay, and the different ranges that its members have.
 * Those are few where people think of them, so each is compared with all the
 * others; where they are more than MAX_RANGES, whether a member is alone with
 * its labels is not judged.
 */
#define MAX_RANGES 4096
#define MAX_LISTED 5            /* names in one finding */

struct held {
    struct tr_range range;
    size_t count;
    char *system;               /* the first that has it */
};

struct standing {
    const struct tr_realm *realm;
    size_t members;
    size_t *levels, *categories;        /* members that may hold each */
    struct held *held;
    size_t nheld;
};

struct lint_members {
    const struct tr_realm *first;       /* of the view's array */
    struct standing *standings;
    size_t count;
    /* For each two trust realms whether at least one, at least two systems
     * are in both. */
    uint8_t *one, *two;
};

struct lint_members *
lint_members_create(const struct tr_view *view)
{
    struct lint_members *members = tool_must(calloc(1, sizeof(*members)));
    struct standing *standing;
    size_t i, n = tr_view_realms(view);

    members->first = tr_view_realm_at(view, 0);
    members->count = n;
    members->standings = tool_must(calloc(n + 1,
                                          sizeof(*members->standings)));
    members->one = tool_must(calloc(n * n / 8 + 1, 1));
    members->two = tool_must(calloc(n * n / 8 + 1, 1));
    for (i = 0; i < n; i++) {
        standing = &members->standings[i];
        standing->realm = tr_view_realm_at(view, i);
        standing->levels = tool_must(calloc(TR_MAX_LEVELS, sizeof(size_t)));
        standing->categories = tool_must(calloc(TR_MAX_CATEGORIES,
                                                sizeof(size_t)));
    }
    return members;
}

void
lint_members_free(struct lint_members *members)
{
    struct standing *standing;
    size_t i, j;

    if (members == NULL)
        return;
    for (i = 0; i < members->count; i++) {
        standing = &members->standings[i];
        for (j = 0; j < standing->nheld; j++)
            free(standing->held[j].system);
        free(standing->held);
        free(standing->levels);
        free(standing->categories);
    }
    free(members->standings);
    free(members->one);
    free(members->two);
    free(members);
}

/* --- gathering ----------------------------------------------------------- */

static bool
has_category(const struct tr_label *label, size_t i)
{
    return (label->categories[i / 64] >> i % 64 & 1) != 0;
}

/* Two trust realms of one system. */
static void
note_both(struct lint_members *members, size_t a, size_t b)
{
    size_t bit = a < b ? b * members->count + a : a * members->count + b;
    uint8_t mask = (uint8_t)(1u << bit % 8);

    if (members->one[bit / 8] & mask)
        members->two[bit / 8] |= mask;
    members->one[bit / 8] |= mask;
}

static bool
share_two(const struct lint_members *members, size_t a, size_t b)
{
    size_t bit = a < b ? b * members->count + a : a * members->count + b;

    return (members->two[bit / 8] >> bit % 8 & 1) != 0;
}

static void
note_range(struct standing *standing, const struct tr_range *range,
           const char *system)
{
    struct held *held;
    size_t i, n = standing->nheld;

    /* Nothing is judged by them any more. */
    if (n == MAX_RANGES)
        return;
    for (i = 0; i < n; i++) {
        held = &standing->held[i];
        if (tr_label_equal(&held->range.low, &range->low) &&
            tr_label_equal(&held->range.high, &range->high)) {
            held->count++;
            return;
        }
    }
    standing->held = tool_grow(standing->held, n, sizeof(*held));
    standing->held[standing->nheld++] = (struct held){ *range, 1,
                                                       tool_copy(system) };
}

void
lint_members_add(struct lint_members *members, const char *system,
                 const struct tr_realm *const *realms,
                 const struct tr_range *ranges, size_t n)
{
    struct standing *standing;
    size_t i, j;

    for (i = 0; i < n; i++) {
        standing = &members->standings[realms[i] - members->first];
        standing->members++;
        for (j = ranges[i].low.level; j <= ranges[i].high.level; j++)
            standing->levels[j]++;
        for (j = 0; j < TR_MAX_CATEGORIES; j++)
            standing->categories[j] += has_category(&ranges[i].high, j);
        for (j = 0; j < i; j++)
            note_both(members, (size_t)(realms[i] - members->first),
                      (size_t)(realms[j] - members->first));
        note_range(standing, &ranges[i], system);
    }
}

/* --- judging ------------------------------------------------------------- */

/* Trust realms of one priority that two systems have to choose from: the last
 * of them, by name, is told. */
static void
judge_priority(const struct lint_members *members, size_t place,
               const struct lint *lint)
{
    const struct tr_realm_record *realm = members->first[place].record;
    const struct tr_realm_record *other;
    char names[MAX_LISTED * (TR_MAX_NAME + 2) + 32] = "";
    size_t i, found = 0, used = 0;

    for (i = 0; i < place; i++) {
        other = members->first[i].record;
        if (other->priority != realm->priority ||
            !share_two(members, i, place))
            continue;
        if (found++ < MAX_LISTED)
            used += (size_t)snprintf(names + used, sizeof(names) - used,
                                     "%s%s", found > 1 ? ", " : "",
                                     other->name);
    }
    if (found > MAX_LISTED)
        snprintf(names + used, sizeof(names) - used, " and %zu more",
                 found - MAX_LISTED);
    if (found > 0)
        lint_find(lint, "warning", "priority", "trust realm", realm->name,
                  "has the priority of %s, %ld, and systems in common: the "
                  "lower DOI wins", names, (long)realm->priority);
}

static void
judge_label(const struct lint *lint, const struct tr_realm *realm,
            const char *what, const char *name, size_t holders)
{
    if (holders == 0)
        lint_find(lint, "warning", "unreachable", "trust realm",
                  realm->record->name, "no member may send or hold %s %s",
                  what, name);
}

/* A member that has no label in common with any other. */
static void
judge_alone(const struct lint *lint, const struct standing *standing)
{
    struct tr_range common;
    size_t i, j;

    if (standing->nheld == MAX_RANGES)
        return;
    for (i = 0; i < standing->nheld; i++) {
        for (j = 0; j < standing->nheld; j++) {
            if (i != j && tr_range_intersect(&standing->held[i].range,
                                             &standing->held[j].range,
                                             &common))
                break;
        }
        if (j == standing->nheld && standing->held[i].count == 1)
            lint_find(lint, "warning", "unreachable", "system",
                      standing->held[i].system,
                      "shares no label with another member of %s",
                      standing->realm->record->name);
    }
}

void
lint_members_judge(const struct lint_members *members,
                   const struct lint *lint)
{
    const struct standing *standing;
    const struct tr_encoding *enc;
    size_t i, j;

    for (i = 0; i < members->count; i++) {
        standing = &members->standings[i];
        judge_priority(members, i, lint);
        if (standing->members < 2) {
            lint_find(lint, "warning", "members", "trust realm",
                      standing->realm->record->name, "%s",
                      standing->members == 0 ?
                      "no enabled system is a member" :
                      "only one enabled system is a member");
            continue;
        }
        enc = standing->realm->encoding;
        for (j = 0; j < tr_encoding_levels(enc); j++)
            judge_label(lint, standing->realm, "level",
                        tr_encoding_level_name(enc, j), standing->levels[j]);
        for (j = 0; j < tr_encoding_categories(enc); j++)
            judge_label(lint, standing->realm, "category",
                        tr_encoding_category_name(enc, j),
                        standing->categories[j]);
        judge_alone(lint, standing);
    }
}

bool
lint_members_hold(const struct lint_members *members,
                  const struct tr_realm *realm, const struct tr_range *range)
{
    const struct standing *standing =
        &members->standings[realm - members->first];
    struct tr_range common;
    size_t i;

    /* That it has no members is a finding of its own. */
    if (standing->members == 0 || standing->nheld == MAX_RANGES)
        return true;
    for (i = 0; i < standing->nheld; i++) {
        if (tr_range_intersect(&standing->held[i].range, range, &common))
            return true;
    }
    return false;
}
