/* tools/trustrealm/kadmin_token.c - a token, for one key of one system */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Who invites makes a principal trustrealm-invite/HOST, whose password is the
 * token.  By the rules of kadm5.acl (doc/SCHEMA) it may make the principal
 * trustrealm/HOST, which can be made only once, whoever still has a token, a
 * ticket or a connection; and remove itself.  So a token is never a system's
 * key.  It ends with its principal: a password that has expired would still be
 * good for kadmin/changepw.
 */

#include "config.h"
#include <ctype.h>
#include <kdb.h>
#include <stdlib.h>
#include <string.h>
#include "kadmin_session.h"

#define SERVICE TOOL_SYSTEM_SERVICE
#define INVITATION "trustrealm-invite"

/* What a ticket got by a token is good for (s). */
#define LIFE 300

/* --- tokens -------------------------------------------------------------- */

/* No letter that looks like a number, nor U: 140 bits are 28 of them. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
#define GROUP 4
#define LETTERS 28

krb5_error_code
tool_token_make(krb5_context context, char token_out[TOOL_TOKEN_SIZE])
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

kadm5_ret_t
tool_kadmin_uninvite(struct tool_kadmin *kadmin)
{
    krb5_principal invitation = NULL;
    kadm5_ret_t ret;

    if (tool_kadmin_invitation(kadmin->context, kadmin->principal,
                               &invitation) != 0)
        return KADM5_UNK_PRINC;
    ret = kadm5_delete_principal(kadmin->handle, invitation);
    krb5_free_principal(kadmin->context, invitation);
    return ret;
}

int
tool_kadmin_withdraw(struct tool_kadmin *kadmin, bool *there_out)
{
    kadm5_ret_t ret = tool_kadmin_uninvite(kadmin);

    *there_out = ret == 0;
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
    bool has_key = false, invited;
    int status;

    code = tool_kadmin_invitation(kadmin->context, kadmin->principal,
                                  &invitation);
    if (code == KRB5_PARSE_MALFORMED)
        return tool_fail(TOOL_USAGE, "%s: only systems whose principal is "
                         SERVICE "/HOST can be invited", kadmin->name);
    if (code == 0)
        code = tool_token_make(kadmin->context, token_out);
    status = code == 0 ? tool_kadmin_exists(kadmin, &has_key) :
        tool_kadmin_failed(kadmin, code, "token", kadmin->name);
    if (status == TOOL_DONE && has_key && !force)
        status = tool_fail(TOOL_NO, "%s has a key; --force ends that, at once",
                           kadmin->name);
    if (status == TOOL_DONE)
        status = tool_kadmin_withdraw(kadmin, &invited);
    if (status == TOOL_DONE)
        status = make_invitation(kadmin, invitation, until, token_out);
    if (status == TOOL_DONE && has_key) {
        status = tool_kadmin_delete(kadmin, NULL);
        if (status != TOOL_DONE)
            (void)tool_kadmin_withdraw(kadmin, &invited);
    }
    krb5_free_principal(kadmin->context, invitation);
    return status;
}
