/* tools/trustrealm/lint.h - what is wrong with a trust realm table */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef LINT_H
#define LINT_H

#include "trustrealm.h"

/*
 * A finding is told to the caller: severity "error" for what makes an entry
 * useless or a label mean something else, "warning" for what is likely not
 * meant.  rule is a fixed word, entry names the entry, text is for people.
 */
struct lint {
    const struct tool_table *table;
    void (*find)(const char *severity, const char *rule, const char *entry,
                 const char *text, void *arg);
    void *arg;
};

/* Judge the whole table; an error is one of reading it, no finding. */
krb5_error_code lint_table(const struct lint *lint);
/* The entries of it that cannot be used. */
void lint_entries(const struct lint *lint);

/* Report "KIND NAME: text". */
void lint_find(const struct lint *lint, const char *severity,
               const char *rule, const char *kind, const char *name,
               const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* --- what was found, as a list (lint_findings.c) ------------------------- */

struct finding { char *severity, *rule, *entry, *text; };
struct findings { struct finding *list; size_t n; };

/* A find() whose arg is such a list. */
void findings_add(const char *severity, const char *rule, const char *entry,
                  const char *text, void *findings);
void finding_free(struct finding *finding);
void findings_clear(struct findings *findings);
/* Errors first; what is about one entry stands together. */
void findings_sort(struct findings *findings);
json_t *findings_json(const struct findings *findings);

/* --- what systems make of trust realms (lint_members.c) ------------------ */

/* Memberships that count: of enabled systems, not ended, in a known trust
 * realm, with a sound range. */
struct lint_members;

struct lint_members *lint_members_create(const struct tr_view *view);
void lint_members_free(struct lint_members *members);
/* Note all of one system. */
void lint_members_add(struct lint_members *members, const char *system,
                      const struct tr_realm *const *realms,
                      const struct tr_range *ranges, size_t n);
/* Trust realms without members, priority ties, labels out of reach. */
void lint_members_judge(const struct lint_members *members,
                        const struct lint *lint);
/* May some member hold a label of range?  True when that is not known. */
bool lint_members_hold(const struct lint_members *members,
                       const struct tr_realm *realm,
                       const struct tr_range *range);

/* --- what memberships and clearances come to (lint_grants.c) ------------- */

/* The trust realm of grant, and the range that restrictions leave; NULL when
 * it grants nothing, which is a finding. */
const struct tr_realm *lint_grant(const struct lint *lint, const char *kind,
                                  const char *name,
                                  const struct tr_grant *grant,
                                  struct tr_range *range_out);
/* Restrictions of a system or user that are wrong or of no use. */
void lint_restrictions(const struct lint *lint, const char *kind,
                       const char *name, const struct tr_record *record);

/* --- other parts --------------------------------------------------------- */

/* What contradicts itself in the entry of a trust realm (lint_realm.c). */
void lint_realm(const struct lint *lint, const struct tr_realm_record *realm);
/* Label maps (lint_maps.c). */
krb5_error_code lint_maps(const struct lint *lint);
/* The formats of which only the names in maps are known, not all of them nor
 * their order. */
json_t *lint_maps_formats(const struct tool_table *table);
/* What the configuration says of the table (lint_config.c). */
krb5_error_code lint_config(const struct lint *lint);
/* Compare label policies with those in path, or "-" for stdin, which
 * "trustrealm cache --json" of other systems wrote, one after the other; an
 * exit status (lint_drift.c). */
int lint_drift(const struct lint *lint, const char *path);

/* --- a command of it (lint_report.c) ------------------------------------- */

/* Open what options name, or what is where; judge it by rules and, with a
 * table to compare, the files up to NULL (or NULL), and print what is
 * found; an exit status. */
int lint_report(const struct tool_options *options, enum tool_where where,
                krb5_error_code (*rules)(const struct lint *lint),
                const char *const *compare);

#endif
