/* mech/service/json.h - write a JSON object on one line */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_JSON_H
#define TR_JSON_H

/*
 * Member after member goes straight into the caller's buffer, for the audit
 * log, where building an object first takes longer than a decision.  The
 * outcome is printable ASCII.  What does not fit is seen at the end.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tr_json {
    char *start, *next, *end;
    bool full;
};

void tr_json_begin(struct tr_json *json, char *buffer, size_t size);
/* At most limit octets of text; octets that no one should print become "?",
 * as does everything that is not ASCII in text that is cut or not UTF-8.
 * NULL gives null. */
void tr_json_text(struct tr_json *json, const char *key, const char *text,
                  size_t limit);
void tr_json_number(struct tr_json *json, const char *key, int64_t number);
void tr_json_truth(struct tr_json *json, const char *key, bool truth);
/* The time now, RFC 3339, UTC, with milliseconds. */
void tr_json_time(struct tr_json *json, const char *key);
/* Length of the object, which a NUL follows; 0 when it did not fit. */
size_t tr_json_end(struct tr_json *json);

#endif
