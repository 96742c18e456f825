/* tools/trustrealm/kadmin_session.c - log in to kadmind */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <signal.h>
#include <stdlib.h>
#include "kadmin_session.h"

int
tool_kadmin_failed(const struct tool_kadmin *kadmin, krb5_error_code code,
                   const char *what, const char *of)
{
    const char *text = krb5_get_error_message(kadmin->context, code);

    (void)tool_fail(TOOL_SYSTEM, "%s: %s: %s", of, what, text);
    krb5_free_error_message(kadmin->context, text);
    return TOOL_SYSTEM;
}

bool
tool_kadmin_is_policy(kadm5_ret_t code)
{
    return code == KADM5_PASS_Q_TOOSHORT || code == KADM5_PASS_Q_CLASS ||
        code == KADM5_PASS_Q_DICT || code == KADM5_PASS_Q_GENERIC;
}

/* Kerberos says no: that is an answer. */
int
tool_kadmin_answered(const struct tool_kadmin *kadmin, kadm5_ret_t code,
                     const char *what)
{
    int status = tool_kadmin_failed(kadmin, (krb5_error_code)code, what,
                                    kadmin->name);

    return code == KADM5_AUTH_ADD || code == KADM5_AUTH_DELETE ||
        code == KADM5_AUTH_GET || code == KADM5_AUTH_CHANGEPW ||
        code == KADM5_AUTH_MODIFY || code == KADM5_DUP ||
        code == KADM5_UNK_PRINC || tool_kadmin_is_policy(code) ? TOOL_NO :
        status;
}

/* Not logged in yet; to be closed in any case. */
static krb5_error_code
prepare(const char *principal, struct tool_kadmin **kadmin_out)
{
    struct tool_kadmin *kadmin = tool_must(calloc(1, sizeof(*kadmin)));
    krb5_error_code ret;

    *kadmin_out = kadmin;
    kadmin->name = tool_copy(principal);
    ret = kadm5_init_krb5_context(&kadmin->context);
    if (ret == 0)
        ret = krb5_parse_name(kadmin->context, principal,
                              &kadmin->principal);
    /* The administration of labels is not itself labelled. */
    if (ret == 0 && setenv("GSS_MECH_CONFIG", "/dev/null", 1) != 0)
        ret = KADM5_FAILURE;
    /* There still is something to do when the connection breaks. */
    (void)signal(SIGPIPE, SIG_IGN);
    return ret;
}

/* By the ticket in cache; NULL asks for the password. */
static krb5_error_code
log_in(struct tool_kadmin *kadmin, const char *client, krb5_ccache cache)
{
    const krb5_data *of = &kadmin->principal->realm;
    kadm5_config_params params = { 0 };
    char service[] = KADM5_ADMIN_SERVICE;
    char *realm = tool_format("%.*s", (int)of->length, of->data);
    krb5_error_code ret;

    params.mask = KADM5_CONFIG_REALM;
    params.realm = realm;
    if (cache != NULL)
        ret = (krb5_error_code)kadm5_init_with_creds(
            kadmin->context, (char *)client, cache, service, &params,
            KADM5_STRUCT_VERSION, KADM5_API_VERSION_4, NULL,
            &kadmin->handle);
    else
        ret = (krb5_error_code)kadm5_init_with_password(
            kadmin->context, (char *)client, NULL, service, &params,
            KADM5_STRUCT_VERSION, KADM5_API_VERSION_4, NULL,
            &kadmin->handle);
    if (ret != 0)
        kadmin->handle = NULL;
    free(realm);
    return ret;
}

/* As the default ticket cache's principal, or by the ticket in cache. */
static int
log_in_administrator(struct tool_kadmin *kadmin, const char *cache_name)
{
    krb5_context context = kadmin->context;
    krb5_error_code ret;
    krb5_ccache cache = NULL;
    krb5_principal principal = NULL;
    char *client = NULL;
    int status = TOOL_DONE;

    ret = cache_name != NULL ?
        krb5_cc_resolve(context, cache_name, &cache) :
        krb5_cc_default(context, &cache);
    if (ret == 0)
        ret = krb5_cc_get_principal(context, cache, &principal);
    if (ret == 0)
        ret = krb5_unparse_name(context, principal, &client);
    if (ret != 0) {
        status = tool_kadmin_failed(kadmin, ret, "your ticket cache",
                                    cache_name != NULL ? cache_name :
                                    "kadmin");
        goto cleanup;
    }
    ret = log_in(kadmin, client, cache_name != NULL ? cache : NULL);
    if (ret != 0)
        status = tool_kadmin_failed(kadmin, ret, "Kerberos administration "
                                    "service", client);

cleanup:
    if (cache != NULL)
        (void)krb5_cc_close(context, cache);
    krb5_free_principal(context, principal);
    krb5_free_unparsed_name(context, client);
    return status;
}

int
tool_kadmin_open(const char *principal, const char *cache,
                 struct tool_kadmin **kadmin_out)
{
    struct tool_kadmin *kadmin;
    krb5_error_code ret;
    int status;

    *kadmin_out = NULL;
    ret = prepare(principal, &kadmin);
    status = ret == 0 ? log_in_administrator(kadmin, cache) :
        tool_kadmin_failed(kadmin, ret, "Kerberos", principal);
    if (status == TOOL_DONE)
        *kadmin_out = kadmin;
    else
        tool_kadmin_close(kadmin);
    return status;
}

krb5_error_code
tool_kadmin_ticket(krb5_context context, const char *client,
                   const char *password, const char *service,
                   krb5_ccache *cache_out)
{
    krb5_get_init_creds_opt *options = NULL;
    krb5_principal principal = NULL;
    krb5_ccache cache = NULL;
    krb5_creds creds = { 0 };
    krb5_error_code ret;

    ret = krb5_parse_name(context, client, &principal);
    if (ret == 0)
        ret = krb5_cc_new_unique(context, "MEMORY", NULL, &cache);
    if (ret == 0)
        ret = krb5_get_init_creds_opt_alloc(context, &options);
    if (ret == 0) {
        krb5_get_init_creds_opt_set_forwardable(options, 0);
        krb5_get_init_creds_opt_set_proxiable(options, 0);
        ret = krb5_get_init_creds_opt_set_out_ccache(context, options, cache);
    }
    if (ret == 0)
        ret = krb5_get_init_creds_password(context, &creds, principal,
                                           password, NULL, NULL, 0, service,
                                           options);
    krb5_free_cred_contents(context, &creds);
    krb5_get_init_creds_opt_free(context, options);
    krb5_free_principal(context, principal);
    if (ret == 0)
        *cache_out = cache;
    else if (cache != NULL)
        (void)krb5_cc_destroy(context, cache);
    return ret;
}

krb5_error_code
tool_kadmin_open_as(const char *principal, const char *client,
                    const char *password, struct tool_kadmin **kadmin_out)
{
    struct tool_kadmin *kadmin;
    krb5_error_code ret;

    *kadmin_out = NULL;
    ret = prepare(principal, &kadmin);
    /* kadm5_init_with_password() would talk to the terminal. */
    if (ret == 0)
        ret = tool_kadmin_ticket(kadmin->context, client, password,
                                 KADM5_ADMIN_SERVICE, &kadmin->ticket);
    if (ret == 0)
        ret = log_in(kadmin, client, kadmin->ticket);
    if (ret == 0)
        *kadmin_out = kadmin;
    else
        tool_kadmin_close(kadmin);
    return ret;
}

void
tool_kadmin_close(struct tool_kadmin *kadmin)
{
    if (kadmin == NULL)
        return;
    if (kadmin->handle != NULL)
        (void)kadm5_destroy(kadmin->handle);
    if (kadmin->ticket != NULL)
        (void)krb5_cc_destroy(kadmin->context, kadmin->ticket);
    krb5_free_principal(kadmin->context, kadmin->principal);
    krb5_free_context(kadmin->context);
    free(kadmin->name);
    free(kadmin);
}
