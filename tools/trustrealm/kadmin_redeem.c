/* tools/trustrealm/kadmin_redeem.c - from a token to a key in a keytab */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Who redeems makes trustrealm/HOST with a password that is random, and never
 * seen by anybody.  The keys that follow from it are on the disk, in a draft
 * of the keytab, before the KDC is asked to make the principal: so whatever
 * happens then, another try finds them, and that they are the KDC's.  A KDC
 * may be behind another one, so that it does not take them is no reason to
 * give them up; that the principal was made with other keys is.
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
    struct tool_drafts drafts;
    unsigned int good;          /* the draft that has the KDC's key, or 0 */
    char *client;               /* the principal of the invitation */
    krb5_ccache ticket;         /* its, to get others with */
    struct tool_kadmin *kadmin; /* logged in as it */
};

/* Is the key in that keytab the KDC's? */
static krb5_error_code
try_key(const struct tool_redeem *redeem, const char *name)
{
    krb5_context context = redeem->context;
    krb5_keytab keytab = NULL;
    krb5_creds creds = { 0 };
    krb5_error_code ret;

    ret = krb5_kt_resolve(context, name, &keytab);
    if (ret == 0)
        ret = krb5_get_init_creds_keytab(context, &creds, redeem->system,
                                         keytab, 0, NULL, NULL);
    krb5_free_cred_contents(context, &creds);
    if (keytab != NULL)
        (void)krb5_kt_close(context, keytab);
    return ret;
}

/* Find the draft with the KDC's key, which an earlier try left. */
static void
find_draft(struct tool_redeem *redeem)
{
    char *name;
    unsigned int i;

    for (i = redeem->drafts.n; i > 0 && redeem->good == 0; i--) {
        name = tool_drafts_name(&redeem->drafts, i);
        if (try_key(redeem, name) == 0)
            redeem->good = i;
        free(name);
    }
}

const char *
tool_redeem_token(const struct tool_redeem *redeem)
{
    return !tool_drafts_left(&redeem->drafts) ? "the token is still valid" :
        "an earlier try may have used the token: its key is kept beside the "
        "keytab, run the same command again, here";
}

const char *
tool_redeem_again(const struct tool_redeem *redeem)
{
    return tool_drafts_left(&redeem->drafts) ? tool_redeem_token(redeem) :
        "the token is still valid: when that is mended, run the same command "
        "again";
}

int
tool_redeem_check(const struct tool_redeem *redeem, const char *where,
                  const char *principal)
{
    krb5_principal other = NULL;
    bool same;

    /* A name without a Kerberos realm is in the default one. */
    same = krb5_parse_name(redeem->context, principal, &other) == 0 &&
        krb5_principal_compare(redeem->context, redeem->system, other);
    krb5_free_principal(redeem->context, other);
    return same ? TOOL_DONE :
        tool_fail(TOOL_NO, "%s: the principal there is %s, and not %s; "
                  "nothing was changed, %s", where, principal,
                  redeem->principal, tool_redeem_token(redeem));
}

/* Of a KDC for which the token has been used, what may help all the same: a
 * draft may have the key, and the KDC not know it yet. */
static const char *
later(const struct tool_redeem *redeem)
{
    return redeem->drafts.n == 0 ? "" : "; if it was used here, run the same "
        "command again when every KDC knows the key";
}

/* Why the token does not open a connection; nothing was changed. */
static int
not_let_in(const struct tool_redeem *redeem, krb5_error_code code)
{
    const char *principal = redeem->principal;

    switch (code) {
    case KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN:
        if (redeem->drafts.n == 0 && try_key(redeem, redeem->keytab) == 0)
            return tool_fail(TOOL_NO, "%s: the token has been used, and %s "
                             "has its key", principal, redeem->keytab);
        return tool_fail(TOOL_NO, "%s is not invited: the token has been "
                         "used or withdrawn; if it was used, and not here, "
                         "somebody else has the key (system retire)%s",
                         principal, later(redeem));
    case KRB5KDC_ERR_NAME_EXP:
        return tool_fail(TOOL_NO, "%s: the token has expired%s", principal,
                         later(redeem));
    case KRB5KDC_ERR_PREAUTH_FAILED:
    case KRB5KRB_AP_ERR_BAD_INTEGRITY:
        return tool_fail(TOOL_NO, "%s: this is not its token, or not the "
                         "newest", principal);
    default:
        return tool_fail(TOOL_SYSTEM, "%s: Kerberos administration "
                         "service: %s; nothing was changed, %s", principal,
                         error_message(code), tool_redeem_again(redeem));
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

/* KRB5_PARSE_MALFORMED: it is not one that can be invited. */
static krb5_error_code
take_names(struct tool_redeem *redeem)
{
    krb5_principal invitation = NULL;
    krb5_error_code ret;

    ret = krb5_init_context(&redeem->context);
    if (ret == 0)
        ret = krb5_parse_name(redeem->context, redeem->principal,
                              &redeem->system);
    if (ret == 0)
        ret = tool_kadmin_invitation(redeem->context, redeem->system,
                                     &invitation);
    if (ret == 0)
        ret = krb5_unparse_name(redeem->context, invitation, &redeem->client);
    krb5_free_principal(redeem->context, invitation);
    return ret;
}

/* KRB5_PRINC_NOMATCH: a key of another principal. */
static krb5_error_code
check_owner(krb5_context context, krb5_keytab_entry *entry, void *arg)
{
    return krb5_principal_compare(context, entry->principal, arg) ? 0 :
        KRB5_PRINC_NOMATCH;
}

/* What another system's enrolment left is not ours to end.  A draft that
 * cannot be read broke off before the KDC was asked. */
static int
check_drafts(const struct tool_redeem *redeem)
{
    krb5_error_code ret = 0;
    char *name;
    unsigned int i;

    for (i = 1; i <= redeem->drafts.n && ret != KRB5_PRINC_NOMATCH; i++) {
        name = tool_drafts_name(&redeem->drafts, i);
        ret = tool_keytab_walk(redeem->context, name, check_owner,
                               redeem->system);
        free(name);
    }
    return ret != KRB5_PRINC_NOMATCH ? TOOL_DONE :
        tool_fail(TOOL_NO, "%s: here another principal's enrolment was left; "
                  "finish that, or remove the folder, which ends its key",
                  redeem->drafts.folder);
}

static int
open_drafts(struct tool_redeem *redeem)
{
    const char *keytab = redeem->keytab;
    krb5_error_code ret;

    ret = tool_drafts_begin(redeem->context, keytab, &redeem->drafts);
    if (ret == EWOULDBLOCK)
        return tool_fail(TOOL_SYSTEM, "%s: another enrolment is under way "
                         "here; wait for its end", keytab);
    if (ret == 0)
        return check_drafts(redeem);
    if (tool_drafts_left(&redeem->drafts))
        return tool_fail(TOOL_SYSTEM, "%s: %s; nothing was changed, %s (%s)",
                         keytab, error_message(ret), tool_redeem_token(redeem),
                         redeem->drafts.folder);
    return tool_fail(TOOL_SYSTEM, "%s: %s; nothing was changed, the token was "
                     "not used", keytab, error_message(ret));
}

int
tool_redeem_begin(const char *principal, const char *token,
                  const char *keytab, struct tool_redeem **redeem_out,
                  bool *used_out)
{
    struct tool_redeem *redeem = tool_must(calloc(1, sizeof(*redeem)));
    krb5_error_code ret;
    int status;

    *redeem_out = redeem;
    redeem->principal = principal;
    redeem->keytab = keytab;
    redeem->drafts.fd = -1;
    ret = take_names(redeem);
    if (ret == KRB5_PARSE_MALFORMED)
        return tool_fail(TOOL_USAGE, "%s: only systems whose principal is "
                         TOOL_SYSTEM_SERVICE "/HOST can be invited",
                         principal);
    if (ret != 0)
        return tool_fail(TOOL_SYSTEM, "%s: %s", principal,
                         error_message(ret));
    status = open_drafts(redeem);
    if (status != TOOL_DONE)
        return status;
    find_draft(redeem);
    *used_out = redeem->good != 0;
    ret = redeem->good != 0 ? 0 : log_in(redeem, token);
    return ret == 0 ? TOOL_DONE : not_let_in(redeem, ret);
}

static bool
is_aes(krb5_enctype type)
{
    return type == ENCTYPE_AES256_CTS_HMAC_SHA1_96 ||
        type == ENCTYPE_AES128_CTS_HMAC_SHA1_96 ||
        type == ENCTYPE_AES256_CTS_HMAC_SHA384_192 ||
        type == ENCTYPE_AES128_CTS_HMAC_SHA256_128;
}

/* Of that password, as the KDC makes them, for those of types (up to 0) that
 * are AES. */
static krb5_error_code
make_keys(const struct tool_redeem *redeem, const char *password,
          const krb5_enctype *types, struct tool_keytab_key *key)
{
    krb5_data text = { .data = (char *)password,
                       .length = (unsigned int)strlen(password) };
    krb5_data salt = { .data = NULL };
    krb5_error_code ret;
    size_t i, n;

    for (n = 0; types[n] != 0; n++)
        ;
    key->keys = tool_must(calloc(n + 1, sizeof(*key->keys)));
    ret = krb5_principal2salt(redeem->context, redeem->system, &salt);
    for (i = 0; i < n && ret == 0; i++) {
        if (!is_aes(types[i]))
            continue;
        ret = krb5_c_string_to_key(redeem->context, types[i], &text, &salt,
                                   &key->keys[key->n]);
        key->n += ret == 0;
    }
    krb5_free_data_contents(redeem->context, &salt);
    return ret == 0 && key->n == 0 ? KRB5_PROG_ETYPE_NOSUPP : ret;
}

/* A new draft, with the keys of that password. */
static krb5_error_code
write_draft(struct tool_redeem *redeem, const char *password)
{
    krb5_context context = redeem->context;
    krb5_enctype *types = NULL;
    struct tool_keytab_key key = { .kvno = 1 };
    krb5_error_code ret;

    ret = krb5_get_permitted_enctypes(context, &types);
    if (ret == 0)
        ret = make_keys(redeem, password, types, &key);
    if (ret == 0)
        ret = tool_drafts_add(context, &redeem->drafts, redeem->system, &key);
    tool_keytab_free_key(context, &key);
    krb5_free_enctypes(context, types);
    return ret;
}

/* The KDC made no key, and it will not. */
static int
refused(struct tool_redeem *redeem, const char *why)
{
    tool_drafts_drop(&redeem->drafts);
    return tool_fail(TOOL_NO, "%s: %s; %s", redeem->principal, why,
                     tool_redeem_token(redeem));
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
        /* What is left of it is good for nothing as long as there is that
         * principal, and ends by itself. */
        (void)tool_kadmin_uninvite(redeem->kadmin);
        return TOOL_DONE;
    case KADM5_DUP:
        tool_drafts_drop(&redeem->drafts);
        return tool_fail(TOOL_NO, "%s has a key: the token has been used%s",
                         principal, later(redeem));
    case KADM5_AUTH_ADD:
        return refused(redeem, "kadm5.acl at the KDC does not let an "
                       "invitation create it (see doc/SCHEMA)");
    default:
        return tool_kadmin_is_policy(made) ?
            refused(redeem, "a policy of the KDC for passwords does not take "
                    "its key, which is 28 random letters and digits") :
            tool_fail(TOOL_SYSTEM, "%s: creating it: %s; whether the token "
                      "was used is not known: run the same command again, "
                      "here", principal, error_message(made));
    }
}

/* The principal, and a draft that has its key. */
static int
make_key(struct tool_redeem *redeem)
{
    char password[TOOL_TOKEN_SIZE] = "", *name;
    krb5_error_code ret;
    int status;

    ret = tool_token_make(redeem->context, password);
    if (ret == 0)
        ret = write_draft(redeem, password);
    if (ret == 0)
        status = use_token(redeem, password);
    else if (ret == EMLINK)
        status = tool_fail(TOOL_SYSTEM, "%s: too many tries had no clear "
                           "answer of the KDC; remove the folder, which ends "
                           "its keys, and have it invited again (system "
                           "invite --force)", redeem->drafts.folder);
    else
        status = tool_fail(TOOL_SYSTEM, "%s: %s; %s", redeem->keytab,
                           error_message(ret), tool_redeem_again(redeem));
    explicit_bzero(password, sizeof(password));
    if (status != TOOL_DONE)
        return status;
    name = tool_drafts_name(&redeem->drafts, redeem->drafts.n);
    ret = try_key(redeem, name);
    free(name);
    if (ret == 0) {
        redeem->good = redeem->drafts.n;
        return TOOL_DONE;
    }
    return tool_fail(TOOL_SYSTEM, "%s: its key was made, but the KDC does not "
                     "take it: %s; run the same command again, here, or have "
                     "it invited again (system invite --force)",
                     redeem->principal, error_message(ret));
}

int
tool_redeem_finish(struct tool_redeem *redeem)
{
    krb5_error_code ret;
    int status = redeem->good != 0 ? TOOL_DONE : make_key(redeem);

    if (status != TOOL_DONE)
        return status;
    ret = tool_drafts_finish(redeem->context, &redeem->drafts, redeem->good,
                             redeem->system);
    return ret == 0 ? TOOL_DONE :
        tool_fail(TOOL_SYSTEM, "%s: the new key: %s; run the same command "
                  "again, here; until then it is in %s/%u", redeem->keytab,
                  error_message(ret), redeem->drafts.folder, redeem->good);
}

void
tool_redeem_end(struct tool_redeem *redeem)
{
    if (redeem == NULL)
        return;
    tool_kadmin_close(redeem->kadmin);
    tool_drafts_end(&redeem->drafts);
    if (redeem->ticket != NULL)
        (void)krb5_cc_destroy(redeem->context, redeem->ticket);
    krb5_free_unparsed_name(redeem->context, redeem->client);
    krb5_free_principal(redeem->context, redeem->system);
    krb5_free_context(redeem->context);
    free(redeem);
}
