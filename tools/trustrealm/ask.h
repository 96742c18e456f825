/* tools/trustrealm/ask.h - ask for decisions between systems of a table */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef ASK_H
#define ASK_H

/*
 * Asks the function that trustrealmd asks, with what is known outside of a
 * connection.  Receiving is decided on what the sender would send, so its
 * decision is made first.
 *
 * The configuration speaks for the system it names: only for that one are
 * labels in a local format, and only that one is narrowed by it.  Of any
 * other system nothing but its entry is known; its labels are in the trust
 * realm's own format.
 */

#include "trustrealm.h"

struct ask {
    const struct tool_table *table;
    const char *label, *user, *service; /* may be NULL */
    const char *const *attributes;      /* that hold at both ends; NULL: all
                                           that are required */
    char **required;            /* NULL-terminated; its strings belong to the
                                   view */
};

/* Fill ask->required; free() it. */
void ask_prepare(struct ask *ask);

/* Is host, a name or alias, the system that the configuration is of? */
bool ask_is_configured(const struct tool_table *table, const char *host);

/* -1, or TOOL_USAGE when user, which may be NULL, is no principal: nobody's
 * clearance limits one that has no Kerberos realm. */
int ask_check_user(const char *command, const char *user);

/* May from send to to?  with_user: judge the clearance as well. */
void ask_sending(const struct ask *ask, const char *from, const char *to,
                 bool with_user, struct tr_answer *answer);
/* May to take what from would send (sent, which was allowed)?  Clearances are
 * judged here. */
int ask_receiving(const struct ask *ask, const char *from, const char *to,
                  const struct tr_answer *sent, struct tr_answer *answer);

#endif
