/* tools/trustrealm/diff.h - two tables and what is different */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef DIFF_H
#define DIFF_H

#include "trustrealm.h"

/* What a difference does to who may say what to whom. */
enum diff_access { DIFF_CHANGES, DIFF_WIDENS, DIFF_NARROWS };

/* Two tables, and the records of one entry in both; one of them may be NULL:
 * the entry is not there. */
struct diff {
    const struct tool_table *before, *after;
    const struct tr_record *old, *new;
};

/* attribute is "entry", with "present" for a value, and then each of its
 * own, of an entry that came or went as a whole. */
struct difference {
    enum diff_access access;
    const char *kind, *name, *attribute;
    const char *old, *new;      /* NULL: no value */
    bool whole;
};

/* Call each for every difference; its strings are gone afterwards. */
krb5_error_code diff_tables(const struct tool_table *before,
                            const struct tool_table *after,
                            void (*each)(const struct difference *difference,
                                         void *arg), void *arg);

/* --- one difference (diff_access.c) -------------------------------------- */

/* What an attribute without a value means, or NULL. */
const char *diff_usual(const char *attribute);
/* Has an attribute one value only? */
bool diff_is_single(const char *attribute);
/* Does an attribute's value have a name of its own in it, up to a blank, by
 * which old and new ones belong together? */
bool diff_is_keyed(const char *attribute);
/* Of one value; old or new is NULL where there is none. */
enum diff_access diff_access(const struct diff *diff, const char *attribute,
                             const char *old, const char *new);
/* Of an entry that came or went. */
enum diff_access diff_access_of_entry(const struct diff *diff);

#endif
