/* tools/trustrealm/directory_ldap.h - an LDAP server (within directory) */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef DIRECTORY_LDAP_H
#define DIRECTORY_LDAP_H

#include <ldap.h>
#include <sys/time.h>
#include "directory_backend.h"

struct tool_ldap {
    LDAP *ld;
    const struct tr_ldap_options *options;
    size_t turn;                /* the server that it is, of several */
    bool lost;                  /* the connection broke, for good */
    const char *base, *uri;
    struct timeval timeout;
    bool assertions;            /* the server has the control (RFC 4528) */
};

/* Say what failed; TOOL_SYSTEM. */
int tool_ldap_failed(const struct tool_ldap *ldap, int code,
                     const char *what);
/* As whom the server knows us, "dn:" and a DN as a rule, malloced; an LDAP
 * result. */
int tool_ldap_whoami(const struct tool_ldap *ldap, char **name_out);
/* Connect again; false when that is not to be had. */
bool tool_ldap_again(struct tool_ldap *ldap);
/* All attributes of the entry, to be freed; TOOL_NO when there is none. */
int tool_ldap_get(struct tool_ldap *ldap, const char *dn,
                  LDAPMessage **answer_out);
int tool_ldap_look(void *arg, const char *dn, struct tool_entry **entry_out);
/* Say as whom the server knows us, and what role may make such a change
 * (doc/SCHEMA, "Access"). */
void tool_ldap_tell_roles(const struct tool_ldap *ldap,
                          const struct tool_change *change);
int tool_ldap_apply(void *arg, const struct tool_change *changes, size_t n);

#endif
