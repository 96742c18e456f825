/* realmdb/source_answer.h - what a directory answers */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_SOURCE_ANSWER_H
#define TR_SOURCE_ANSWER_H

#include <ldap.h>

/* Wait for the next message that answers request id, at most timeout_s.
 * Returns LDAP_SUCCESS, with *message_out to be ldap_msgfree()d, or why there
 * is none. */
int tr_answer_wait(LDAP *ld, int id, int timeout_s,
                   LDAPMessage **message_out);
/* The same for an answer of which the result is all that matters: its
 * result code. */
int tr_answer_result(LDAP *ld, int id, int timeout_s);
/* "step: error (the server's text)" for the last failure on ld, or "step: what
 * Kerberos says"; malloced or NULL. */
char *tr_answer_error(LDAP *ld, int code, const char *step);

#endif
