/* realmdb/source_connect.c - connect to a directory */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Whoever serves the table is the root of trust.  So certificates are always
 * verified, a password goes through TLS only, and a connection weaker than
 * minimum_ssf is closed before anything is read from it.
 */

#include "config.h"
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <ldap.h>
#include <sasl/sasl.h>
#include "limits.h"
#include "source_answer.h"
#include "source_connect.h"
#include "text.h"
#include "trustrealm_err.h"

#define MAX_PASSWORD 1024
#define MAX_INCOMING (16 * 1024 * 1024)

static krb5_error_code
failed(LDAP *ld, int code, const char *step, char **why_out)
{
    *why_out = tr_answer_error(ld, code, step);
    return TRR_SOURCE;
}

static krb5_error_code
refuse(krb5_error_code code, const char *text, char **why_out)
{
    *why_out = strdup(text);
    return code;
}

/* --- options ------------------------------------------------------------- */

static bool
is_scheme(const struct tr_ldap_options *options, const char *scheme)
{
    return strncasecmp(options->uri, scheme, strlen(scheme)) == 0;
}

static bool
is_simple(const struct tr_ldap_options *options)
{
    return strncmp(options->bind, "simple:", 7) == 0;
}

/* uris has room for TR_MAX_URIS; free with tr_text_free_words(). */
static krb5_error_code
split_uris(const char *text, char **uris, size_t *count_out, char **why_out)
{
    krb5_error_code ret;
    size_t n = 0;

    ret = tr_text_words(text, 1, TR_MAX_URIS, uris);
    if (ret)
        return ret == ENOMEM ? ret :
            refuse(TRR_CONFIG, "one to eight LDAP URIs expected", why_out);
    while (n < TR_MAX_URIS && uris[n] != NULL)
        n++;
    *count_out = n;
    return 0;
}

/* What is allowed depends on the scheme: there is only one. */
static krb5_error_code
check_uris(const struct tr_ldap_options *options, char **why_out)
{
    krb5_error_code ret;
    char *uris[TR_MAX_URIS];
    size_t i, n, scheme = strcspn(options->uri, ":") + 1;

    ret = split_uris(options->uri, uris, &n, why_out);
    if (ret)
        return ret;
    for (i = 0; i < n && ret == 0; i++) {
        if (!ldap_is_ldap_url(uris[i]) && !ldap_is_ldaps_url(uris[i]) &&
            !ldap_is_ldapi_url(uris[i]))
            ret = refuse(TRR_CONFIG, "not an LDAP URI", why_out);
        else if (strncasecmp(uris[i], options->uri, scheme) != 0 ||
                 strchr(uris[i], ',') != NULL)
            ret = refuse(TRR_CONFIG, "LDAP URIs of one kind expected",
                         why_out);
    }
    tr_text_free_words(uris, TR_MAX_URIS);
    return ret;
}

krb5_error_code
tr_connect_check(const struct tr_ldap_options *options, char **why_out)
{
    krb5_error_code ret;
    const char *bind = options->bind;

    *why_out = NULL;
    ret = check_uris(options, why_out);
    if (ret)
        return ret;
    if (strcmp(bind, "gssapi") != 0 && strcmp(bind, "external") != 0 &&
        strcmp(bind, "none") != 0 && !is_simple(options))
        return refuse(TRR_CONFIG, "unknown bind method", why_out);
    if (is_simple(options) && strchr(bind + 7, ':') == NULL)
        return refuse(TRR_CONFIG, "bind: simple:DN:FILE expected", why_out);
    if (is_simple(options) && is_scheme(options, "ldap:") &&
        !options->starttls)
        return refuse(TRR_CONFIG, "a password needs TLS", why_out);
    if (options->starttls && !is_scheme(options, "ldap:"))
        return refuse(TRR_CONFIG, "StartTLS is for ldap: only", why_out);
    if (options->timeout_s <= 0 || options->heartbeat_s <= 0)
        return refuse(TRR_CONFIG, "timeouts must be positive", why_out);
    return 0;
}

static int
set_options(LDAP *ld, const struct tr_ldap_options *options)
{
    int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND, server = 0;
    int deref = LDAP_DEREF_NEVER, tls12 = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
    struct timeval timeout = { options->timeout_s, 0 };
    const struct { int option; const void *value; } settings[] = {
        { LDAP_OPT_PROTOCOL_VERSION, &version },
        { LDAP_OPT_DEREF, &deref },
        { LDAP_OPT_REFERRALS, LDAP_OPT_OFF },
        { LDAP_OPT_NETWORK_TIMEOUT, &timeout },
        { LDAP_OPT_TIMEOUT, &timeout },
        { LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON },
        { LDAP_OPT_X_TLS_REQUIRE_CERT, &demand },
        { LDAP_OPT_X_TLS_PROTOCOL_MIN, &tls12 },
    };
    size_t i;
    int code = LDAP_SUCCESS;

    for (i = 0; i < sizeof(settings) / sizeof(*settings) &&
         code == LDAP_SUCCESS; i++)
        code = ldap_set_option(ld, settings[i].option, settings[i].value);
    if (code == LDAP_SUCCESS && options->ca_file != NULL)
        code = ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE,
                               options->ca_file);
    if (code == LDAP_SUCCESS && !is_scheme(options, "ldapi:"))
        code = ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &server);
    return code;
}

/* --- bind ---------------------------------------------------------------- */

/* There is nobody to ask: take the defaults that SASL offers. */
static int
no_interaction(LDAP *ld, unsigned flags, void *defaults, void *asked)
{
    sasl_interact_t *item = asked;

    for (; item->id != SASL_CB_LIST_END; item++) {
        item->result = item->defresult == NULL ? "" : item->defresult;
        item->len = (unsigned)strlen(item->result);
    }
    return LDAP_SUCCESS;
}

static int
bind_sasl(LDAP *ld, const struct tr_ldap_options *options,
          const char *mechanism, int minimum_ssf)
{
    LDAPMessage *answer = NULL;
    const char *state = NULL;
    char properties[64];
    int code, id;

    (void)snprintf(properties, sizeof(properties), "noanonymous,minssf=%d",
                   minimum_ssf);
    code = ldap_set_option(ld, LDAP_OPT_X_SASL_SECPROPS, properties);
    if (code != LDAP_SUCCESS)
        return code;
    for (;;) {
        code = ldap_sasl_interactive_bind(ld, NULL, mechanism, NULL, NULL,
                                          LDAP_SASL_QUIET, no_interaction,
                                          NULL, answer, &state, &id);
        ldap_msgfree(answer);
        if (code != LDAP_SASL_BIND_IN_PROGRESS)
            return code;
        code = tr_answer_wait(ld, id, options->timeout_s, &answer);
        if (code != LDAP_SUCCESS)
            return code;
    }
}

/* The first line of path. */
static krb5_error_code
read_password(const char *path, char *buf, size_t size, char **why_out)
{
    struct stat st;
    ssize_t n = -1;
    int fd;

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0 && fstat(fd, &st) == 0) {
        if (st.st_mode & (S_IRWXO | S_IWGRP)) {
            (void)close(fd);
            return refuse(TRR_CONFIG, "others may read the password file",
                          why_out);
        }
        n = read(fd, buf, size - 1);
    }
    if (fd >= 0)
        (void)close(fd);
    if (n < 0)
        return refuse(TRR_CONFIG, "the password file cannot be read",
                      why_out);
    buf[n] = '\0';
    buf[strcspn(buf, "\r\n")] = '\0';
    /* An empty password would make it an anonymous bind. */
    if (*buf == '\0')
        return refuse(TRR_CONFIG, "the password file is empty", why_out);
    return 0;
}

static krb5_error_code
bind_simple(LDAP *ld, const struct tr_ldap_options *options, char **why_out)
{
    krb5_error_code ret;
    const char *dn_and_file = options->bind + 7;
    const char *file = strrchr(dn_and_file, ':');
    char password[MAX_PASSWORD], *dn;
    struct berval credentials;
    int code, id;

    dn = strndup(dn_and_file, (size_t)(file - dn_and_file));
    if (dn == NULL)
        return ENOMEM;
    ret = read_password(file + 1, password, sizeof(password), why_out);
    if (ret == 0) {
        credentials.bv_val = password;
        credentials.bv_len = strlen(password);
        code = ldap_sasl_bind(ld, dn, LDAP_SASL_SIMPLE, &credentials, NULL,
                              NULL, &id);
        if (code == LDAP_SUCCESS)
            code = tr_answer_result(ld, id, options->timeout_s);
        if (code != LDAP_SUCCESS)
            ret = failed(ld, code, "bind", why_out);
    }
    explicit_bzero(password, sizeof(password));
    free(dn);
    return ret;
}

static krb5_error_code
bind_as(LDAP *ld, const struct tr_ldap_options *options, char **why_out)
{
    int code, minimum = options->minimum_ssf;

    if (is_simple(options)) {
        if (!ldap_tls_inplace(ld) && !is_scheme(options, "ldapi:"))
            return refuse(TRR_CONFIG, "a password needs TLS", why_out);
        return bind_simple(ld, options, why_out);
    }
    if (strcmp(options->bind, "none") == 0)
        return 0;
    if (is_scheme(options, "ldapi:"))
        minimum = 0;
    if (strcmp(options->bind, "external") == 0)
        code = bind_sasl(ld, options, "EXTERNAL", 0);
    else
        code = bind_sasl(ld, options, "GSSAPI",
                         ldap_tls_inplace(ld) ? 0 : minimum);
    return code == LDAP_SUCCESS ? 0 : failed(ld, code, "bind", why_out);
}

/* --- protection ---------------------------------------------------------- */

/* Key length of the TLS cipher, from its name; 0 when that does not tell. */
static int
tls_ssf(LDAP *ld)
{
    char *cipher = NULL;
    int ssf = 0;

    if (!ldap_tls_inplace(ld) ||
        ldap_get_option(ld, LDAP_OPT_X_TLS_CIPHER, &cipher) != 0 ||
        cipher == NULL)
        return 0;
    if (strstr(cipher, "AES-128") != NULL || strstr(cipher, "AES_128") !=
        NULL || strstr(cipher, "AES128") != NULL)
        ssf = 128;
    else if (strstr(cipher, "AES-256") != NULL || strstr(cipher, "AES_256") !=
             NULL || strstr(cipher, "AES256") != NULL ||
             strstr(cipher, "CHACHA20") != NULL)
        ssf = 256;
    ldap_memfree(cipher);
    return ssf;
}

static krb5_error_code
check_ssf(LDAP *ld, const struct tr_ldap_options *options, char **why_out)
{
    ber_len_t sasl = 0;
    int ssf;

    if (is_scheme(options, "ldapi:"))
        return 0;
    (void)ldap_get_option(ld, LDAP_OPT_X_SASL_SSF, &sasl);
    ssf = tls_ssf(ld);
    if (sasl < INT32_MAX && (int)sasl > ssf)
        ssf = (int)sasl;
    if (ssf >= options->minimum_ssf)
        return 0;
    if (asprintf(why_out, "the connection has security strength %d, less than "
                 "the %d required", ssf, options->minimum_ssf) < 0)
        *why_out = NULL;
    return TRR_SOURCE;
}

static int
start_tls(LDAP *ld, const struct tr_ldap_options *options)
{
    int code, id;

    code = ldap_start_tls(ld, NULL, NULL, &id);
    if (code == LDAP_SUCCESS)
        code = tr_answer_result(ld, id, options->timeout_s);
    return code == LDAP_SUCCESS ? ldap_install_tls(ld) : code;
}

void
tr_connect_bound(LDAP *ld)
{
    Sockbuf *buffer = NULL;
    ber_len_t most = MAX_INCOMING;

    if (ldap_get_option(ld, LDAP_OPT_SOCKBUF, &buffer) == 0 && buffer != NULL)
        (void)ber_sockbuf_ctrl(buffer, LBER_SB_OPT_SET_MAX_INCOMING, &most);
}

/* A message of which only a part comes: libldap waits for the rest in a read,
 * whatever time it was given.  One that ends lets it look at the time.  This
 * bounds each read, not the message: who sends an octet now and then is waited
 * for, while the table grows stale. */
static void
bound_reads(LDAP *ld, const struct tr_ldap_options *options)
{
    const struct timeval timeout = { options->timeout_s, 0 };
    int fd = -1;

    if (ldap_get_option(ld, LDAP_OPT_DESC, &fd) == 0 && fd >= 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout,
                         sizeof(timeout));
}

/* libldap has no words for a certificate that does not do. */
static krb5_error_code
tls_failed(LDAP *ld, int code, const char *step,
           const struct tr_ldap_options *options, char **why_out)
{
    char *said = NULL, *text = tr_answer_error(ld, code, step);

    (void)ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &said);
    *why_out = text;
    if (text != NULL && said != NULL && *said != '\0' &&
        asprintf(why_out, "%s; does %s vouch for a certificate in the "
                 "server's name?", text, options->ca_file != NULL ?
                 options->ca_file : "this system, without a ca-file,") >= 0)
        free(text);
    else
        *why_out = text;
    ldap_memfree(said);
    return TRR_SOURCE;
}

/* Of a file that is not there it says that the server cannot be contacted. */
static krb5_error_code
check_ca_file(const struct tr_ldap_options *options, char **why_out)
{
    int fd;

    if (options->ca_file == NULL)
        return 0;
    fd = open(options->ca_file, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)close(fd);
        return 0;
    }
    if (asprintf(why_out, "ca-file %s: %s", options->ca_file,
                 strerror(errno)) < 0)
        *why_out = NULL;
    return TRR_SOURCE;
}

static krb5_error_code
connect_one(const struct tr_ldap_options *options, LDAP **ld_out,
            char **why_out)
{
    krb5_error_code ret;
    LDAP *ld = NULL;
    int code;

    *ld_out = NULL;
    *why_out = NULL;
    ret = check_ca_file(options, why_out);
    if (ret)
        return ret;
    code = ldap_initialize(&ld, options->uri);
    if (code == LDAP_SUCCESS)
        code = set_options(ld, options);
    if (code != LDAP_SUCCESS) {
        ret = failed(ld, code, "options", why_out);
        goto cleanup;
    }
    code = ldap_connect(ld);
    if (code != LDAP_SUCCESS) {
        ret = is_scheme(options, "ldaps:") ?
            tls_failed(ld, code, "connection", options, why_out) :
            failed(ld, code, "connection", why_out);
        goto cleanup;
    }
    tr_connect_bound(ld);
    bound_reads(ld, options);
    if (options->starttls) {
        code = start_tls(ld, options);
        if (code != LDAP_SUCCESS) {
            ret = tls_failed(ld, code, "StartTLS", options, why_out);
            goto cleanup;
        }
    }
    ret = bind_as(ld, options, why_out);
    if (ret == 0)
        ret = check_ssf(ld, options, why_out);
    if (ret)
        goto cleanup;
    *ld_out = ld;
    ld = NULL;

cleanup:
    if (ld != NULL)
        (void)ldap_unbind_ext(ld, NULL, NULL);
    return ret;
}

/* Takes more over. */
static void
add_why(char **why, const char *uri, char *more)
{
    char *text;

    if (asprintf(&text, "%s%s%s: %s", *why != NULL ? *why : "",
                 *why != NULL ? "; " : "", uri,
                 more != NULL ? more : strerror(ENOMEM)) < 0)
        text = NULL;
    free(*why);
    free(more);
    *why = text;
}

krb5_error_code
tr_connect(const struct tr_ldap_options *options, size_t *turn,
           LDAP **ld_out, char **why_out)
{
    krb5_error_code ret;
    struct tr_ldap_options one = *options;
    char *uris[TR_MAX_URIS], *why;
    size_t i, n;

    *ld_out = NULL;
    *why_out = NULL;
    ret = split_uris(options->uri, uris, &n, why_out);
    if (ret)
        return ret;
    for (i = 0; i < n; i++) {
        *turn %= n;
        one.uri = uris[*turn];
        ret = connect_one(&one, ld_out, &why);
        if (ret == 0)
            break;
        if (n == 1)
            *why_out = why;
        else
            add_why(why_out, one.uri, why);
        (*turn)++;
    }
    if (ret == 0) {
        free(*why_out);
        *why_out = NULL;
    }
    tr_text_free_words(uris, TR_MAX_URIS);
    return ret;
}
