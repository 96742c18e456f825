/* tools/trustrealm/kadmin_redeem.c - from a token to a key in a keytab */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Who redeems makes trustrealm/HOST with a password that only this process
 * ever knows, and in its name takes a random key instead, which kadmind lets
 * everybody do.
 */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <kdb.h>
#include <stdlib.h>
#include <string.h>
#include "kadmin_session.h"

struct tool_redeem {
    krb5_context context;
    krb5_principal system;
    const char *principal, *keytab;
    char *path;                 /* tool_keytab_begin() */
    char *client;               /* the principal of the invitation */
    krb5_ccache ticket;         /* its, to get others with */
    struct tool_kadmin *kadmin; /* logged in as it */
};

/* Why the token does not open a connection; nothing was changed. */
static int
not_let_in(const char *principal, krb5_error_code code)
{
    switch (code) {
    case KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN:
        return tool_fail(TOOL_NO, "%s is not invited: the token has been "
                         "used or withdrawn", principal);
    case KRB5KDC_ERR_NAME_EXP:
        return tool_fail(TOOL_NO, "%s: the token has expired", principal);
    case KRB5KDC_ERR_PREAUTH_FAILED:
    case KRB5KRB_AP_ERR_BAD_INTEGRITY:
        return tool_fail(TOOL_NO, "%s: this is not its token, or not the "
                         "newest", principal);
    default:
        return tool_fail(TOOL_SYSTEM, "%s: Kerberos administration "
                         "service: %s; nothing was changed, the token is "
                         "still valid", principal, error_message(code));
    }
}

/* The ticket comes first: libkadm5clnt puts back, as what GSS-API uses, the
 * cache that was the usual one before. */
static krb5_error_code
log_in(struct tool_redeem *redeem, const char *token)
{
    krb5_error_code ret;
    char *name = NULL;

    ret = tool_kadmin_ticket(redeem->context, redeem->client, token, NULL,
                             &redeem->ticket);
    if (ret == 0)
        ret = krb5_cc_get_full_name(redeem->context, redeem->ticket, &name);
    if (ret == 0 && setenv("KRB5CCNAME", name, 1) != 0)
        ret = ENOMEM;
    krb5_free_string(redeem->context, name);
    return ret != 0 ? ret : tool_kadmin_open_as(
        redeem->principal, redeem->client, token, &redeem->kadmin);
}

int
tool_redeem_begin(const char *principal, const char *token,
                  const char *keytab, struct tool_redeem **redeem_out)
{
    struct tool_redeem *redeem = tool_must(calloc(1, sizeof(*redeem)));
    krb5_principal invitation = NULL;
    krb5_error_code ret;

    *redeem_out = redeem;
    redeem->principal = principal;
    redeem->keytab = keytab;
    ret = krb5_init_context(&redeem->context);
    if (ret == 0)
        ret = krb5_parse_name(redeem->context, principal, &redeem->system);
    if (ret == 0)
        ret = tool_kadmin_invitation(redeem->context, redeem->system,
                                     &invitation);
    if (ret == 0)
        ret = krb5_unparse_name(redeem->context, invitation, &redeem->client);
    krb5_free_principal(redeem->context, invitation);
    if (ret == KRB5_PARSE_MALFORMED)
        return tool_fail(TOOL_USAGE, "%s: only systems whose principal is "
                         TOOL_SYSTEM_SERVICE "/HOST can be invited",
                         principal);
    if (ret == 0)
        ret = tool_keytab_begin(redeem->context, keytab, &redeem->path);
    if (ret != 0)
        return tool_fail(TOOL_SYSTEM, "%s: %s", keytab, error_message(ret));
    ret = log_in(redeem, token);
    return ret == 0 ? TOOL_DONE : not_let_in(principal, ret);
}

/* Use the token up, to make the principal with that password. */
static int
use_token(struct tool_redeem *redeem, const char *password)
{
    const char *principal = redeem->principal;
    kadm5_ret_t made;

    made = tool_kadmin_make(redeem->kadmin, password);
    switch (made) {
    case 0:
        /* What is left of it is good for nothing; it should not be there. */
        (void)tool_kadmin_withdraw(redeem->kadmin);
        return TOOL_DONE;
    case KADM5_DUP:
        return tool_fail(TOOL_NO, "%s has a key: the token has been used",
                         principal);
    case KADM5_AUTH_ADD:
        return tool_fail(TOOL_NO, "%s: kadm5.acl at the KDC does not let an "
                         "invitation create it (see doc/SCHEMA); the token is "
                         "still valid", principal);
    default:
        return tool_kadmin_answered(redeem->kadmin, made, "creating it");
    }
}

/* Is that keytab's key the KDC's? */
static krb5_error_code
try_key(krb5_context context, krb5_principal principal, const char *path)
{
    krb5_error_code ret;
    krb5_keytab keytab = NULL;
    krb5_creds creds = { 0 };

    ret = krb5_kt_resolve(context, path, &keytab);
    if (ret == 0)
        ret = krb5_get_init_creds_keytab(context, &creds, principal, keytab,
                                         0, NULL, NULL);
    krb5_free_cred_contents(context, &creds);
    if (keytab != NULL)
        (void)krb5_kt_close(context, keytab);
    return ret;
}

/* A random key in the password's place, into the new keytab and with that
 * into the other one's place. */
static int
take_key(const struct tool_redeem *redeem, const char *password)
{
    struct tool_kadmin *kadmin = NULL;
    struct tool_keytab_key key = { 0 };
    krb5_error_code ret;
    int status;

    ret = tool_kadmin_open_as(redeem->principal, redeem->principal, password,
                              &kadmin);
    if (ret != 0)
        return tool_fail(TOOL_SYSTEM, "%s: Kerberos administration "
                         "service: %s", redeem->principal,
                         error_message(ret));
    status = tool_kadmin_new_key(kadmin, false, &key);
    if (status != TOOL_DONE)
        goto cleanup;
    ret = tool_keytab_add(kadmin->context, redeem->path, kadmin->principal,
                          &key);
    if (ret == 0)
        ret = try_key(kadmin->context, kadmin->principal, redeem->path);
    if (ret == 0)
        ret = tool_keytab_finish(kadmin->context, redeem->keytab,
                                 kadmin->principal, redeem->path);
    if (ret != 0)
        status = tool_kadmin_failed(kadmin, ret, "the new key",
                                    redeem->keytab);

cleanup:
    tool_kadmin_free_key(kadmin, &key);
    tool_kadmin_close(kadmin);
    return status;
}

int
tool_redeem_finish(struct tool_redeem *redeem)
{
    char password[TOOL_TOKEN_SIZE] = "";
    krb5_error_code ret;
    int status;

    ret = tool_token_make(redeem->context, password);
    if (ret != 0)
        return tool_fail(TOOL_SYSTEM, "%s: %s", redeem->principal,
                         error_message(ret));
    status = use_token(redeem, password);
    if (status == TOOL_DONE) {
        status = take_key(redeem, password);
        if (status != TOOL_DONE)
            (void)tool_fail(status, "%s: the token is used up, and this "
                            "system has no key: it has to be invited again "
                            "(system invite --force)", redeem->principal);
    }
    explicit_bzero(password, sizeof(password));
    return status;
}

void
tool_redeem_end(struct tool_redeem *redeem)
{
    if (redeem == NULL)
        return;
    tool_kadmin_close(redeem->kadmin);
    tool_keytab_end(redeem->path);
    if (redeem->ticket != NULL)
        (void)krb5_cc_destroy(redeem->context, redeem->ticket);
    krb5_free_unparsed_name(redeem->context, redeem->client);
    krb5_free_principal(redeem->context, redeem->system);
    krb5_free_context(redeem->context);
    free(redeem);
}
