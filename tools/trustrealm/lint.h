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
/* lint_maps.c: label maps alone, called by lint_table(). */
krb5_error_code lint_maps(const struct lint *lint);

/* Report "KIND NAME: text". */
void lint_find(const struct lint *lint, const char *severity,
               const char *rule, const char *kind, const char *name,
               const char *format, ...)
    __attribute__((format(printf, 6, 7)));

#endif
