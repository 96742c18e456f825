/* tools/trustrealm/pending.h - changes that somebody else has to approve */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef PENDING_H
#define PENDING_H

#include "noun.h"

/*
 * A proposal is an entry below ou=pending: one value that an entry is to
 * have, or to have no longer.  The directory itself says who made it
 * (creatorsName), and, with the rules for it, takes the change from somebody
 * else only.
 */

/* What can be proposed of attribute, which has that length; or NULL. */
const struct noun_field *tool_pending_field(const char *attribute,
                                            size_t length);
/* Does it take two people, where they have to agree, to add that value of
 * attribute, or to remove it? */
bool tool_pending_needed(bool added, const char *attribute,
                         const char *value);

/* Put proposals of them in the place of the changes noted in work.  TOOL_USAGE
 * when one of them cannot be proposed. */
int tool_pending_propose(struct tool_work *work);

#endif
