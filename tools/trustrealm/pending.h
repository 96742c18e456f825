/* tools/trustrealm/pending.h - changes that somebody else has to approve */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef PENDING_H
#define PENDING_H

#include "work.h"

/*
 * A proposal is an entry below ou=pending: one value that an entry is to
 * have.  The directory itself says who made it (creatorsName), and, with the
 * rules for it, takes the value from somebody else only.
 */

/* Put proposals of them in the place of the changes noted in work.  TOOL_USAGE
 * when one of them cannot be proposed. */
int tool_pending_propose(struct tool_work *work);

#endif
