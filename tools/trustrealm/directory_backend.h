/* tools/trustrealm/directory_backend.h - LDAP or LDIF (within directory) */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef DIRECTORY_BACKEND_H
#define DIRECTORY_BACKEND_H

#include "directory.h"

/* What tool_directory_*() do, by kind of directory. */
struct tool_backend {
    int (*read)(void *state, struct tool_entries *entries_out);
    int (*find)(void *state, enum tr_record_type type, const char *name,
                struct tool_entry **entry_out);
    int (*look)(void *state, const char *dn, struct tool_entry **entry_out);
    int (*apply)(void *state, const struct tool_change *changes, size_t n);
    void (*close)(void *state);
    /* NULL for a file: */
    int (*search)(void *state, const char *base, const char *filter,
                  const char **attributes, struct tool_entries *entries_out);
    int (*whoami)(void *state, char **name_out);
};

extern const struct tool_backend tool_backend_ldap, tool_backend_ldif;

/* Options and their strings have to stay until it is closed. */
int tool_ldap_open(const struct tr_ldap_options *options, void **state_out);
int tool_ldif_open(const char *path, bool to_write, void **state_out);

#endif
