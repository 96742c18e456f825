/* tools/trustrealm/kadmin_token.c - a token, for one key of one system */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Who invites makes a principal trustrealm-invite/HOST, whose password is the
 * token.  By one rule of kadm5.acl it may do one thing: make the principal
 * trustrealm/HOST, and that can be made only once, whoever still has a token,
 * a ticket or a connection.  So a token is never a system's key.  It ends with
 * its principal: a password that has expired would still be good for
 * kadmin/changepw.
 *
 * Who redeems makes trustrealm/HOST with a password that only this process
 * ever knows, and in its name takes a random key instead, which kadmind lets
 * everybody do.
 */

#include "config.h"
#include <com_err.h>
#include <ctype.h>
#include <kdb.h>
#include <stdlib.h>
#include <string.h>
#include "kadmin_session.h"

#define SERVICE "trustrealm"
#define INVITATION "trustrealm-invite"

/* What a ticket got by a token is good for (s). */
#define LIFE 300

/* --- tokens -------------------------------------------------------------- */

/* No letter that looks like a number, nor U: 140 bits are 28 of them. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
#define GROUP 4
#define LETTERS 28

static krb5_error_code
make_token(krb5_context context, char token_out[TOOL_TOKEN_SIZE])
{
    uint8_t octets[LETTERS];
    krb5_data data = { .data = (char *)octets, .length = sizeof(octets) };
    krb5_error_code ret;
    size_t i, n = 0;

    ret = krb5_c_random_make_octets(context, &data);
    for (i = 0; i < LETTERS && ret == 0; i++) {
        if (i > 0 && i % GROUP == 0)
            token_out[n++] = '-';
        token_out[n++] = alphabet[octets[i] & 31];
    }
    token_out[n] = '\0';
    explicit_bzero(octets, sizeof(octets));
    return ret;
}

/* A letter as it was meant; '\0' when it is none. */
static char
letter(char c)
{
    c = (char)toupper((unsigned char)c);
    if (c == 'O')
        c = '0';
    else if (c == 'I' || c == 'L')
        c = '1';
    return c != '\0' && strchr(alphabet, c) != NULL ? c : '\0';
}

bool
tool_token_read(const char *text, char token_out[TOOL_TOKEN_SIZE])
{
    size_t letters = 0, n = 0;

    for (; *text != '\0'; text++) {
        if (*text == '-' || isspace((unsigned char)*text))
            continue;
        if (letter(*text) == '\0' || letters == LETTERS)
            return false;
        if (letters > 0 && letters % GROUP == 0)
            token_out[n++] = '-';
        token_out[n++] = letter(*text);
        letters++;
    }
    token_out[n] = '\0';
    return letters == LETTERS;
}

/* --- inviting ------------------------------------------------------------ */

krb5_error_code
tool_kadmin_invitation(krb5_context context, krb5_const_principal system,
                       krb5_principal *invitation_out)
{
    const krb5_data *host;

    if (system->length != 2 ||
        system->data[0].length != sizeof(SERVICE) - 1 ||
        memcmp(system->data[0].data, SERVICE, sizeof(SERVICE) - 1) != 0)
        return KRB5_PARSE_MALFORMED;
    host = &system->data[1];
    return krb5_build_principal_ext(
        context, invitation_out, system->realm.length, system->realm.data,
        (unsigned int)(sizeof(INVITATION) - 1), INVITATION, host->length,
        host->data, 0);
}

int
tool_kadmin_withdraw(struct tool_kadmin *kadmin)
{
    krb5_principal invitation = NULL;
    kadm5_ret_t ret;

    if (tool_kadmin_invitation(kadmin->context, kadmin->principal,
                               &invitation) != 0)
        return TOOL_DONE;
    ret = kadm5_delete_principal(kadmin->handle, invitation);
    krb5_free_principal(kadmin->context, invitation);
    return ret == 0 || ret == KADM5_UNK_PRINC ? TOOL_DONE :
        tool_kadmin_answered(kadmin, ret, "withdrawing its invitation");
}

static int
make_invitation(struct tool_kadmin *kadmin, krb5_principal invitation,
                int64_t until, char *token)
{
    kadm5_principal_ent_rec made = { 0 };
    kadm5_ret_t ret;

    made.principal = invitation;
    made.princ_expire_time = (krb5_timestamp)(uint32_t)until;
    made.max_life = LIFE;
    made.attributes = KRB5_KDB_REQUIRES_PRE_AUTH | KRB5_KDB_DISALLOW_SVR |
        KRB5_KDB_DISALLOW_FORWARDABLE | KRB5_KDB_DISALLOW_PROXIABLE |
        KRB5_KDB_DISALLOW_RENEWABLE | KRB5_KDB_DISALLOW_POSTDATED;
    ret = kadm5_create_principal(
        kadmin->handle, &made, KADM5_PRINCIPAL | KADM5_PRINC_EXPIRE_TIME |
        KADM5_MAX_LIFE | KADM5_ATTRIBUTES, token);
    return ret == 0 ? TOOL_DONE :
        tool_kadmin_answered(kadmin, ret, "inviting it");
}

/* The old invitation and the old key end; the key last, since it may be in
 * use. */
int
tool_kadmin_invite(struct tool_kadmin *kadmin, int64_t until, bool force,
                   char token_out[TOOL_TOKEN_SIZE])
{
    krb5_principal invitation = NULL;
    krb5_error_code code;
    bool has_key = false;
    int status;

    code = tool_kadmin_invitation(kadmin->context, kadmin->principal,
                                  &invitation);
    if (code == KRB5_PARSE_MALFORMED)
        return tool_fail(TOOL_USAGE, "%s: only systems whose principal is "
                         SERVICE "/HOST can be invited", kadmin->name);
    if (code == 0)
        code = make_token(kadmin->context, token_out);
    status = code == 0 ? tool_kadmin_exists(kadmin, &has_key) :
        tool_kadmin_failed(kadmin, code, "token", kadmin->name);
    if (status == TOOL_DONE && has_key && !force)
        status = tool_fail(TOOL_NO, "%s has a key; --force ends that, at once",
                           kadmin->name);
    if (status == TOOL_DONE)
        status = tool_kadmin_withdraw(kadmin);
    if (status == TOOL_DONE)
        status = make_invitation(kadmin, invitation, until, token_out);
    if (status == TOOL_DONE && has_key) {
        status = tool_kadmin_delete(kadmin, NULL);
        if (status != TOOL_DONE)
            (void)tool_kadmin_withdraw(kadmin);
    }
    krb5_free_principal(kadmin->context, invitation);
    return status;
}

/* --- redeeming ----------------------------------------------------------- */

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

/* Use the token up, to make the principal with that password. */
static int
use_token(krb5_context context, krb5_const_principal system,
          const char *principal, const char *token, const char *password)
{
    struct tool_kadmin *kadmin = NULL;
    krb5_principal invitation = NULL;
    krb5_error_code ret;
    kadm5_ret_t made;
    char *client = NULL;
    int status = TOOL_DONE;

    ret = tool_kadmin_invitation(context, system, &invitation);
    if (ret == 0)
        ret = krb5_unparse_name(context, invitation, &client);
    if (ret == 0)
        ret = tool_kadmin_open_as(principal, client, token, &kadmin);
    if (ret != 0) {
        status = not_let_in(principal, ret);
        goto cleanup;
    }
    made = tool_kadmin_make(kadmin, password);
    if (made == KADM5_DUP)
        status = tool_fail(TOOL_NO, "%s has a key: the token has been used",
                           principal);
    else if (made == KADM5_AUTH_ADD)
        status = tool_fail(TOOL_NO, "%s: kadm5.acl at the KDC does not let an "
                           "invitation create it (see doc/SCHEMA); nothing "
                           "was changed, the token is still valid", principal);
    else if (made != 0)
        status = tool_kadmin_answered(kadmin, made, "creating it");
    /* What is left of it is good for nothing; it should not be there. */
    if (made == 0)
        (void)tool_kadmin_withdraw(kadmin);

cleanup:
    tool_kadmin_close(kadmin);
    krb5_free_unparsed_name(context, client);
    krb5_free_principal(context, invitation);
    return status;
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

/* A random key in the password's place, into the keytab at path and from
 * there into the other one's place. */
static int
take_key(const char *principal, const char *password, const char *path,
         const char *keytab)
{
    struct tool_kadmin *kadmin = NULL;
    struct tool_keytab_key key = { 0 };
    krb5_error_code ret;
    int status;

    ret = tool_kadmin_open_as(principal, principal, password, &kadmin);
    if (ret != 0)
        return tool_fail(TOOL_SYSTEM, "%s: Kerberos administration "
                         "service: %s", principal, error_message(ret));
    status = tool_kadmin_new_key(kadmin, false, &key);
    if (status != TOOL_DONE)
        goto cleanup;
    ret = tool_keytab_add(kadmin->context, path, kadmin->principal, &key);
    if (ret == 0)
        ret = try_key(kadmin->context, kadmin->principal, path);
    if (ret == 0)
        ret = tool_keytab_finish(kadmin->context, keytab, kadmin->principal,
                                 path);
    if (ret != 0)
        status = tool_kadmin_failed(kadmin, ret, "the new key", keytab);

cleanup:
    tool_kadmin_free_key(kadmin, &key);
    tool_kadmin_close(kadmin);
    return status;
}

int
tool_kadmin_redeem(const char *principal, const char *token,
                   const char *keytab)
{
    krb5_context context = NULL;
    krb5_principal system = NULL;
    krb5_error_code ret;
    char password[TOOL_TOKEN_SIZE] = "", *path = NULL;
    int status;

    ret = krb5_init_context(&context);
    if (ret == 0)
        ret = krb5_parse_name(context, principal, &system);
    if (ret == 0)
        ret = make_token(context, password);
    if (ret == 0)
        ret = tool_keytab_begin(context, keytab, &path);
    if (ret != 0) {
        status = tool_fail(TOOL_SYSTEM, "%s: %s", keytab, error_message(ret));
        goto cleanup;
    }
    status = use_token(context, system, principal, token, password);
    if (status != TOOL_DONE)
        goto cleanup;
    status = take_key(principal, password, path, keytab);
    if (status != TOOL_DONE)
        (void)tool_fail(status, "%s: the token is used up, and this system "
                        "has no key: it has to be invited again (system "
                        "invite --force)", principal);

cleanup:
    explicit_bzero(password, sizeof(password));
    tool_keytab_end(path);
    krb5_free_principal(context, system);
    krb5_free_context(context);
    return status;
}
