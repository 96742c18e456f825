/* tests/unit/decide_table.h - a real table for tests, written as text */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_TEST_DECIDE_TABLE_H
#define TR_TEST_DECIDE_TABLE_H

#include "table.h"

/*
 * Make a table in a new directory of /tmp, opened for reading and writing,
 * and put entries (up to a NULL) into it.  An entry is lines "ATTRIBUTE
 * VALUE", values of one attribute one after another.  fresh as for
 * tr_update_set_fresh(); 0 = never.
 */
struct tr_table *make_table(const char *const *entries, int64_t fresh);
/* Put one more entry into it. */
void put_entry(struct tr_table *table, const char *entry);
/* Put it with its second level renamed to its first: contradictory, as only a
 * damaged table can have it. */
void put_broken_realm(struct tr_table *table, const char *entry);
/* Close it and remove its directory. */
void remove_table(struct tr_table *table);

#endif
