/* tools/trustrealm/explain.h - a decision and what it is about */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef EXPLAIN_H
#define EXPLAIN_H

#include "ask.h"

struct explain {
    struct tool_options options;
    const char *from, *to;
    const char **given;         /* --attribute, NULL-terminated */
    size_t ngiven;
    bool receive;
    struct tool_table table;
    struct ask ask;
    struct tr_answer *sent, *received;
};

/* explain_answer.c: print answer (sent or received) for people and pipes;
 * make JSON of it. */
void explain_print(const struct explain *ex, const struct tr_answer *answer);
json_t *explain_json(const struct explain *ex,
                     const struct tr_answer *answer);

#endif
