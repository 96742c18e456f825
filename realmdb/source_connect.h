/* realmdb/source_connect.h - connect to a directory */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_SOURCE_CONNECT_H
#define TR_SOURCE_CONNECT_H

#include <ldap.h>
#include "source.h"

/* Whether options make sense; TRR_CONFIG with *why_out (free() it). */
krb5_error_code tr_connect_check(const struct tr_ldap_options *options,
                                 char **why_out);
/*
 * Connect, protect and bind as options say, to the first server that takes
 * it, beginning with number *turn (0: the first URI), which then says which
 * one it was.  Takes at most timeout_s for each step.  TRR_SOURCE with
 * *why_out (free() it); *ld_out is the caller's to ldap_unbind_ext().
 */
krb5_error_code tr_connect(const struct tr_ldap_options *options,
                           size_t *turn, LDAP **ld_out, char **why_out);
/* Take no message from the server that is longer than any should be. */
void tr_connect_bound(LDAP *ld);

#endif
