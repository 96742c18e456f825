/* tools/trustrealm/kadmin_session.h - logged in to kadmind, for a principal */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef KADMIN_SESSION_H
#define KADMIN_SESSION_H

#include <kadm5/admin.h>
#include "kadmin.h"

struct tool_kadmin {
    krb5_context context;
    void *handle;
    krb5_principal principal;   /* of a system: what it is about */
    char *name;                 /* the same */
    krb5_ccache ticket;         /* of our own, or NULL */
};

/* Say on stderr that what failed; TOOL_SYSTEM. */
int tool_kadmin_failed(const struct tool_kadmin *kadmin, krb5_error_code code,
                       const char *what, const char *of);
/* The same of an answer of kadmind: TOOL_NO when that is no. */
int tool_kadmin_answered(const struct tool_kadmin *kadmin, kadm5_ret_t code,
                         const char *what);
/* Does a policy for passwords say no? */
bool tool_kadmin_is_policy(kadm5_ret_t code);
/* A ticket by client's password, not to be passed on, in a cache of our own:
 * for service or, when that is NULL, to get others with. */
krb5_error_code tool_kadmin_ticket(krb5_context context, const char *client,
                                   const char *password, const char *service,
                                   krb5_ccache *cache_out);
/* Log in as client, by its password.  Says nothing. */
krb5_error_code tool_kadmin_open_as(const char *principal, const char *client,
                                    const char *password,
                                    struct tool_kadmin **kadmin_out);

/* A new token. */
krb5_error_code tool_token_make(krb5_context context,
                                char token_out[TOOL_TOKEN_SIZE]);
/* The principal of an invitation, for that of a system (else
 * KRB5_PARSE_MALFORMED); krb5_free_principal() it. */
krb5_error_code tool_kadmin_invitation(krb5_context context,
                                       krb5_const_principal system,
                                       krb5_principal *invitation_out);
/* Remove the invitation (KADM5_UNK_PRINC: there is none).  Says nothing. */
kadm5_ret_t tool_kadmin_uninvite(struct tool_kadmin *kadmin);
/* Make the principal; password NULL: with a random key. */
kadm5_ret_t tool_kadmin_make(struct tool_kadmin *kadmin,
                             const char *password);

#endif
