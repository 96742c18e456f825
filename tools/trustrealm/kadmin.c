/* tools/trustrealm/kadmin.c - keys of systems, at the KDC */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <kadm5/admin.h>
#include <kdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "kadmin.h"

struct tool_kadmin {
    krb5_context context;
    void *handle;
    krb5_principal principal;
    char *name;
};

/* Tickets may be valid a little longer, by other clocks. */
#define SKEW 300

static int
failed(const struct tool_kadmin *kadmin, krb5_error_code code,
       const char *what, const char *of)
{
    const char *text = krb5_get_error_message(kadmin->context, code);

    (void)tool_fail(TOOL_SYSTEM, "%s: %s: %s", of, what, text);
    krb5_free_error_message(kadmin->context, text);
    return TOOL_SYSTEM;
}

/* Kerberos says no: that is an answer. */
static int
answered(const struct tool_kadmin *kadmin, kadm5_ret_t code, const char *what)
{
    int status = failed(kadmin, (krb5_error_code)code, what, kadmin->name);

    return code == KADM5_AUTH_ADD || code == KADM5_AUTH_DELETE ||
        code == KADM5_AUTH_GET || code == KADM5_AUTH_CHANGEPW ||
        code == KADM5_AUTH_MODIFY || code == KADM5_DUP ||
        code == KADM5_UNK_PRINC ? TOOL_NO : status;
}

/* --- logging in ---------------------------------------------------------- */

static krb5_error_code
default_client(struct tool_kadmin *kadmin, krb5_ccache cache,
               char **client_out)
{
    krb5_error_code ret;
    krb5_principal client = NULL;

    ret = krb5_cc_get_principal(kadmin->context, cache, &client);
    if (ret == 0)
        ret = krb5_unparse_name(kadmin->context, client, client_out);
    krb5_free_principal(kadmin->context, client);
    return ret;
}

static int
log_in(struct tool_kadmin *kadmin, const char *cache_name)
{
    krb5_context context = kadmin->context;
    krb5_error_code ret;
    kadm5_config_params params = { 0 };
    krb5_ccache cache = NULL;
    char *client = NULL, service[] = KADM5_ADMIN_SERVICE, *realm;
    int status = TOOL_DONE;

    realm = tool_format("%.*s",
                        (int)krb5_princ_realm(context,
                                              kadmin->principal)->length,
                        krb5_princ_realm(context, kadmin->principal)->data);
    params.mask = KADM5_CONFIG_REALM;
    params.realm = realm;
    ret = cache_name != NULL ?
        krb5_cc_resolve(context, cache_name, &cache) :
        krb5_cc_default(context, &cache);
    if (ret == 0)
        ret = default_client(kadmin, cache, &client);
    if (ret != 0) {
        status = failed(kadmin, ret, "your ticket cache",
                        cache_name != NULL ? cache_name : "kadmin");
        goto cleanup;
    }
    if (cache_name != NULL)
        ret = (krb5_error_code)kadm5_init_with_creds(
            context, client, cache, service, &params, KADM5_STRUCT_VERSION,
            KADM5_API_VERSION_4, NULL, &kadmin->handle);
    else
        ret = (krb5_error_code)kadm5_init_with_password(
            context, client, NULL, service, &params, KADM5_STRUCT_VERSION,
            KADM5_API_VERSION_4, NULL, &kadmin->handle);
    if (ret != 0) {
        kadmin->handle = NULL;
        status = failed(kadmin, ret, "administration service of Kerberos",
                        client);
    }

cleanup:
    if (cache != NULL)
        (void)krb5_cc_close(context, cache);
    krb5_free_unparsed_name(context, client);
    free(realm);
    return status;
}

int
tool_kadmin_open(const char *principal, const char *cache,
                 struct tool_kadmin **kadmin_out)
{
    struct tool_kadmin *kadmin = tool_must(calloc(1, sizeof(*kadmin)));
    krb5_error_code ret;
    int status;

    *kadmin_out = NULL;
    kadmin->name = tool_copy(principal);
    ret = kadm5_init_krb5_context(&kadmin->context);
    if (ret == 0)
        ret = krb5_parse_name(kadmin->context, principal,
                              &kadmin->principal);
    /* The administration of labels is not itself labelled. */
    if (ret == 0 && setenv("GSS_MECH_CONFIG", "/dev/null", 1) != 0)
        ret = KADM5_FAILURE;
    status = ret == 0 ? log_in(kadmin, cache) :
        failed(kadmin, ret, "Kerberos", principal);
    if (status == TOOL_DONE)
        *kadmin_out = kadmin;
    else
        tool_kadmin_close(kadmin);
    return status;
}

void
tool_kadmin_close(struct tool_kadmin *kadmin)
{
    if (kadmin == NULL)
        return;
    if (kadmin->handle != NULL)
        (void)kadm5_destroy(kadmin->handle);
    krb5_free_principal(kadmin->context, kadmin->principal);
    krb5_free_context(kadmin->context);
    free(kadmin->name);
    free(kadmin);
}

/* --- keys ---------------------------------------------------------------- */

static kadm5_ret_t
look(struct tool_kadmin *kadmin, krb5_kvno *kvno_out, int64_t *life_out)
{
    kadm5_principal_ent_rec found = { 0 };
    kadm5_ret_t ret;

    ret = kadm5_get_principal(kadmin->handle, kadmin->principal, &found,
                              KADM5_PRINCIPAL_NORMAL_MASK);
    if (ret != 0)
        return ret;
    *kvno_out = found.kvno;
    *life_out = found.max_life;
    (void)kadm5_free_principal_ent(kadmin->handle, &found);
    return 0;
}

static void
free_keys(struct tool_kadmin *kadmin, struct tool_keytab_key *key)
{
    int i;

    for (i = 0; i < key->n; i++)
        krb5_free_keyblock_contents(kadmin->context, &key->keys[i]);
    free(key->keys);
}

int
tool_kadmin_rotate(struct tool_kadmin *kadmin, const char *keytab)
{
    struct tool_keytab_key key = { 0 };
    krb5_error_code code;
    kadm5_ret_t ret;
    int64_t life;
    int status = TOOL_DONE;

    ret = kadm5_randkey_principal_3(kadmin->handle, kadmin->principal, TRUE,
                                    0, NULL, &key.keys, &key.n);
    if (ret != 0)
        return answered(kadmin, ret, "new key");
    ret = look(kadmin, &key.kvno, &life);
    if (ret != 0) {
        status = answered(kadmin, ret, "look at it");
    } else {
        code = tool_keytab_add(kadmin->context, keytab, kadmin->principal,
                               &key);
        if (code)
            status = failed(kadmin, code, "the new key", keytab);
    }
    free_keys(kadmin, &key);
    return status;
}

int
tool_kadmin_create(struct tool_kadmin *kadmin, const char *keytab)
{
    kadm5_principal_ent_rec made = { 0 };
    kadm5_ret_t ret;
    int status;

    made.principal = kadmin->principal;
    /* Tickets for systems need no authorization data. */
    made.attributes = KRB5_KDB_NO_AUTH_DATA_REQUIRED;
    ret = kadm5_create_principal(kadmin->handle, &made, KADM5_PRINCIPAL |
                                 KADM5_ATTRIBUTES, NULL);
    if (ret != 0)
        return answered(kadmin, ret, "make it");
    status = tool_kadmin_rotate(kadmin, keytab);
    if (status != TOOL_DONE)
        (void)tool_kadmin_delete(kadmin, keytab);
    return status;
}

int
tool_kadmin_finish(struct tool_kadmin *kadmin, const char *keytab, bool force)
{
    krb5_error_code code;
    kadm5_ret_t ret;
    krb5_kvno kvno;
    int64_t life, since, left;

    ret = look(kadmin, &kvno, &life);
    if (ret != 0)
        return answered(kadmin, ret, "look at it");
    code = tool_keytab_time(kadmin->context, keytab, kadmin->principal, kvno,
                            &since);
    if (code)
        return failed(kadmin, code, "its newest key", keytab);
    left = since + life + SKEW - time(NULL);
    if (left > 0 && !force)
        return tool_fail(TOOL_NO, "%s: tickets for the old key may be in use "
                         "for %lld minutes yet", kadmin->name,
                         (long long)(left + 59) / 60);
    ret = kadm5_purgekeys(kadmin->handle, kadmin->principal, -1);
    if (ret != 0)
        return answered(kadmin, ret, "old keys");
    code = tool_keytab_remove(kadmin->context, keytab, kadmin->principal,
                              kvno);
    return code == 0 ? TOOL_DONE : failed(kadmin, code, "old keys", keytab);
}

int
tool_kadmin_delete(struct tool_kadmin *kadmin, const char *keytab)
{
    krb5_error_code code;
    kadm5_ret_t ret;

    ret = kadm5_delete_principal(kadmin->handle, kadmin->principal);
    if (ret != 0 && ret != KADM5_UNK_PRINC)
        return answered(kadmin, ret, "remove it");
    code = keytab == NULL ? 0 :
        tool_keytab_remove(kadmin->context, keytab, kadmin->principal, 0);
    if (code != 0 && code != ENOENT)
        return failed(kadmin, code, "its keys", keytab);
    return ret == 0 ? TOOL_DONE : TOOL_NO;
}
