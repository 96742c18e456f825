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

/* Where two people have to agree on that value for target, to add or remove it:
 * why no OpenLDAP server lets them, malloced; NULL when one does. */
char *tool_pending_too_long(const char *base, const struct tool_entry *target,
                            const char *attribute, const char *value);

/* Put proposals of them in the place of the changes noted in work, of which
 * those that remove proposals stay.  A new system is proposed by principal and
 * aliases, for who has its token.  TOOL_USAGE when one of them cannot be
 * proposed. */
int tool_pending_propose(struct tool_work *work);

/* Proposals that filter finds, with who made them, and when. */
int tool_pending_search(struct tool_directory *directory, const char *filter,
                        struct tool_entries *entries_out);
/* Read "[-]ATTRIBUTE VALUE"; false when it is not what can be proposed. */
bool tool_pending_read(const struct tool_entry *proposal,
                       const struct noun_field **field_out, bool *removes_out,
                       const char **value_out);
/* Note that a proposal goes. */
void tool_pending_gone(struct tool_work *work, struct tool_entry *proposal);

/* --- invitations (pending_invite.c) -------------------------------------- */

/* Where systems go that were invited, malloced. */
char *tool_pending_systems(const struct tool_directory *directory);
/* What was proposed for a system of that name to be there. */
int tool_pending_about(struct tool_directory *directory, const char *name,
                       struct tool_entries *proposals_out);
/* The principal that such a proposal is about, or NULL. */
const char *tool_pending_principal(const struct tool_entry *proposal);
/* The entry that follows from them: NULL when there is none, TOOL_NO, with a
 * message, when they contradict each other. */
int tool_pending_invited(const struct tool_directory *directory,
                         const char *name,
                         const struct tool_entries *proposals,
                         struct tool_entry **entry_out);

#endif
