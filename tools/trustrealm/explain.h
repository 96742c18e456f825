/* tools/trustrealm/explain.h - a decision and what it is about */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef EXPLAIN_H
#define EXPLAIN_H

/*
 * Asks the function that trustrealmd asks, with what is known outside of a
 * connection.  Receiving is explained from what the sender would send, so its
 * decision is made first.
 *
 * The configuration speaks for the system it names: only for that one are
 * labels in a local format, and only that one is narrowed by it.  Of any
 * other system nothing but its entry is known; its labels are in the trust
 * realm's own format.
 */

#include "trustrealm.h"

struct explain {
    struct tool_options options;
    const char *from, *to, *label, *user, *service;
    const char **given;         /* --attribute, NULL-terminated */
    size_t ngiven;
    bool receive;
    struct tool_table table;
    char **required;            /* by any trust realm, NULL-terminated; its
                                   strings belong to the view */
    struct tr_answer *sent, *received;
};

/* Is host, a name or alias, the system that the configuration is of? */
bool explain_is_configured(const struct explain *ex, const char *host);

/* explain_answer.c: print answer (sent or received) for people and pipes;
 * make JSON of it. */
void explain_print(const struct explain *ex, const struct tr_answer *answer);
json_t *explain_json(const struct explain *ex,
                     const struct tr_answer *answer);

#endif
