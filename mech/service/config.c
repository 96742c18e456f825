/* mech/service/config.c - the daemon's configuration, trustrealm.conf(5) */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>
#include "config_file.h"
#include "trustrealm_err.h"

#define DAY 86400

void
tr_config_free(struct tr_config *config)
{
    size_t i;

    if (config == NULL)
        return;
    for (i = 0; i < config->nrules; i++) {
        free(config->rules[i].name);
        free(config->rules[i].uids);
        free(config->rules[i].gids);
    }
    for (i = 0; i < config->nservices; i++) {
        free(config->services[i].service);
        free(config->services[i].accept);
        tr_strings_free(config->services[i].bypass);
    }
    for (i = 0; i < config->nattributes; i++) {
        free(config->attributes[i].name);
        free(config->attributes[i].value);
        free(config->attributes[i].command);
    }
    free(config->path);
    free(config->system);
    free(config->principal);
    free(config->keytab);
    free(config->state_directory);
    free(config->socket);
    free(config->source);
    free(config->base);
    free(config->bind);
    free(config->bind_dn);
    free(config->password_file);
    free(config->ca_file);
    free(config->signers);
    free(config->format);
    tr_encoding_free(config->encoding);
    free(config->backend);
    free(config->rules);
    free(config->services);
    tr_strings_free(config->bypass_to);
    tr_strings_free(config->trust_realms);
    free(config->attributes);
    free(config->audit_target);
    free(config->audit_level);
    free(config);
}

void *
tr_config_grow(void *array, size_t *count, size_t size)
{
    char *grown, **arrayp = array;

    grown = reallocarray(*arrayp, *count + 1, size);
    if (grown == NULL)
        return NULL;
    *arrayp = grown;
    memset(grown + *count * size, 0, size);
    return grown + (*count)++ * size;
}

/* --- [system] ----------------------------------------------------------- */

/* The machine's own name as Kerberos canonicalizes host names. */
static krb5_error_code
default_system(char **system_out)
{
    char name[256] = "", *canonical = NULL, *copy = NULL;
    krb5_context context = NULL;
    krb5_error_code ret;
    size_t i;

    if (gethostname(name, sizeof(name) - 1) != 0)
        return errno;
    ret = krb5_init_context(&context);
    if (ret)
        goto cleanup;
    ret = krb5_expand_hostname(context, name, &canonical);
    if (ret)
        goto cleanup;
    copy = strdup(canonical);
    if (copy == NULL) {
        ret = ENOMEM;
        goto cleanup;
    }
    for (i = 0; copy[i] != '\0'; i++)
        copy[i] = (char)tolower((unsigned char)copy[i]);
    *system_out = copy;
    copy = NULL;

cleanup:
    free(copy);
    krb5_free_string(context, canonical);
    krb5_free_context(context);
    return ret;
}

static krb5_error_code
read_system(struct tr_conf *conf, struct tr_config *config)
{
    const char *name;
    krb5_error_code ret;

    tr_conf_enter(conf, "system", NULL);
    if (!tr_conf_string(conf, "name", &config->system) &&
        config->system == NULL) {
        ret = default_system(&config->system);
        if (ret) {
            tr_conf_complain(conf, "name", "missing, and the host name "
                             "cannot be used");
            return ret == ENOMEM ? ret : 0;
        }
    }
    name = config->system;
    if (strlen(name) > TR_MAX_NAME || strpbrk(name, " \t/@\\") != NULL)
        tr_conf_complain(conf, "name", "host name expected");
    if (!tr_conf_string(conf, "principal", &config->principal) &&
        asprintf(&config->principal, "trustrealm/%s", name) < 0) {
        config->principal = NULL;
        return ENOMEM;
    }
    if (strlen(config->principal) > TR_MAX_PRINCIPAL)
        tr_conf_complain(conf, "principal", "at most %d octets expected",
                         TR_MAX_PRINCIPAL);
    tr_conf_string(conf, "keytab", &config->keytab);
    tr_conf_path(conf, "state-directory", &config->state_directory);
    tr_conf_path(conf, "socket", &config->socket);
    /* A name that the socket has while it is made is a little longer. */
    if (strlen(config->socket) + sizeof(".new") >
        sizeof(((struct sockaddr_un *)NULL)->sun_path))
        tr_conf_complain(conf, "socket", "path is too long for a socket");
    return 0;
}

/* --- [labels] ----------------------------------------------------------- */

/* Names are numbered as they stand: levels from the lowest. */
static krb5_error_code
add_names(struct tr_conf *conf, const char *key, struct tr_encoding *encoding,
          krb5_error_code (*add)(struct tr_encoding *, uint32_t,
                                 const char *))
{
    char **names = NULL;
    krb5_error_code ret = 0;
    uint32_t i;

    if (!tr_conf_list(conf, key, &names))
        return 0;
    for (i = 0; names[i] != NULL && ret == 0; i++) {
        ret = add(encoding, i, names[i]);
        if (ret != 0 && ret != ENOMEM)
            tr_conf_complain(conf, key, "%s: not a name, given twice, or one "
                             "too many", names[i]);
    }
    tr_strings_free(names);
    return ret == ENOMEM ? ret : 0;
}

static krb5_error_code
read_labels(struct tr_conf *conf, struct tr_config *config)
{
    krb5_error_code ret;

    tr_conf_enter(conf, "labels", NULL);
    tr_conf_string(conf, "format", &config->format);
    if (strlen(config->format) > TR_MAX_NAME)
        tr_conf_complain(conf, "format", "at most %d octets expected",
                         TR_MAX_NAME);
    if (tr_conf_get(conf, "levels") == NULL) {
        tr_conf_complain(conf, "levels", "missing");
        return 0;
    }
    ret = tr_encoding_create(&config->encoding);
    if (ret)
        return ret;
    ret = add_names(conf, "levels", config->encoding, tr_encoding_add_level);
    if (ret == 0)
        ret = add_names(conf, "categories", config->encoding,
                        tr_encoding_add_category);
    if (ret == 0 && !tr_conf_failed(conf))
        ret = tr_encoding_finish(config->encoding);
    return ret;
}

/* --- [attributes] ------------------------------------------------------- */

static bool
printable(const char *text, const char *but)
{
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text > '~' || strchr(but, *text) != NULL)
            return false;
    }
    return true;
}

static void
read_attribute(struct tr_conf *conf, bool sub,
               struct tr_attribute_source *source)
{
    if (!printable(source->name, "=") || strlen(source->name) > TR_MAX_NAME)
        tr_conf_complain(conf, sub ? NULL : source->name,
                         "name without blanks and = expected");
    if (!sub) {
        tr_conf_string(conf, source->name, &source->value);
        if (source->value != NULL && (!printable(source->value, "") ||
                                      strlen(source->value) > TR_MAX_NAME))
            tr_conf_complain(conf, source->name, "value without blanks "
                             "expected");
        return;
    }
    source->interval = 60;
    source->timeout = 5;
    if (!tr_conf_path(conf, "command", &source->command))
        tr_conf_complain(conf, "command", "missing");
    tr_conf_duration(conf, "interval", DAY, &source->interval);
    tr_conf_duration(conf, "timeout", 300, &source->timeout);
}

static krb5_error_code
read_attributes(struct tr_conf *conf, struct tr_config *config)
{
    struct tr_attribute_source *source;
    const char *name;
    size_t i, keys = 0, k;
    bool sub;

    while (tr_conf_key(conf, "attributes", keys) != NULL)
        keys++;
    for (i = 0;; i++) {
        sub = i >= keys;
        name = sub ? tr_conf_subsection(conf, "attributes", i - keys) :
            tr_conf_key(conf, "attributes", i);
        if (name == NULL || tr_conf_failed(conf))
            return 0;
        tr_conf_enter(conf, "attributes", NULL);
        for (k = 0; k < config->nattributes; k++) {
            if (strcmp(config->attributes[k].name, name) == 0)
                tr_conf_complain(conf, name, "given twice");
        }
        if (sub)
            tr_conf_enter(conf, "attributes", name);
        if (i == TR_MAX_ATTRIBUTES)
            tr_conf_complain(conf, sub ? NULL : name,
                             "more than %d attributes", TR_MAX_ATTRIBUTES);
        source = tr_config_grow(&config->attributes, &config->nattributes,
                                sizeof(*source));
        if (source == NULL || (source->name = strdup(name)) == NULL)
            return ENOMEM;
        read_attribute(conf, sub, source);
    }
}

/* --- [audit] and the whole ---------------------------------------------- */

static krb5_error_code
read_audit(struct tr_conf *conf, struct tr_config *config)
{
    static const char *const levels[] = {
        "error", "warning", "notice", "info", "debug", NULL
    };
    const char *target;
    size_t level = 3;

    tr_conf_enter(conf, "audit", NULL);
    tr_conf_string(conf, "target", &config->audit_target);
    target = config->audit_target;
    if (strncmp(target, "file:/", 6) != 0 && strcmp(target, "journal") != 0 &&
        strcmp(target, "syslog") != 0 && strcmp(target, "stderr") != 0)
        tr_conf_complain(conf, "target", "journal, syslog, stderr or "
                         "file:PATH expected");
#ifndef HAVE_SYSTEMD
    if (strcmp(target, "journal") == 0)
        tr_conf_complain(conf, "target", "this trustrealmd was built without "
                         "systemd");
#endif
    tr_conf_choice(conf, "level", levels, &level);
    config->audit_level = strdup(levels[level]);
    return config->audit_level == NULL ? ENOMEM : 0;
}

static krb5_error_code
set_defaults(struct tr_config *config, const char *path)
{
    static const char state[] = TR_LOCALSTATEDIR "/lib/trustrealm";

    config->path = strdup(path);
    config->keytab = strdup(TR_DEFAULT_KEYTAB);
    config->state_directory = strdup(state);
    config->socket = strdup(TR_SOCKET_PATH);
    config->source = strdup("ldif:" TR_SYSCONFDIR "/trustrealm/table.ldif");
    config->heartbeat = 10;
    config->maximum_staleness = 3600;
    config->retry = 1;
    config->format = strdup("local");
    config->clock_skew = TR_MAX_CLOCK_SKEW_S;
    config->audit_target = strdup("syslog");
    if (config->path == NULL || config->keytab == NULL ||
        config->state_directory == NULL || config->socket == NULL ||
        config->source == NULL || config->format == NULL ||
        config->audit_target == NULL)
        return ENOMEM;
    return 0;
}

/* Does it say where the table is, and nothing of a system's own? */
static bool
is_of_table_alone(struct tr_conf *conf)
{
    static const char *const sections[] = {
        "labels", "policy", "rules", "services", "attributes"
    };
    size_t i;

    for (i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
        if (tr_conf_key(conf, sections[i], 0) != NULL ||
            tr_conf_subsection(conf, sections[i], 0) != NULL)
            return false;
    }
    return true;
}

static krb5_error_code
read_all(struct tr_conf *conf, bool of_table, struct tr_config *config)
{
    static krb5_error_code (*const readers[])(struct tr_conf *,
                                              struct tr_config *) = {
        tr_config_read_table, read_system, read_audit, read_labels,
        tr_config_read_policy, tr_config_read_services, read_attributes
    };
    enum { OF_TABLE = 3 };      /* the first ones */
    size_t i, n = sizeof(readers) / sizeof(*readers);
    krb5_error_code ret = 0;

    if (of_table && is_of_table_alone(conf))
        n = OF_TABLE;
    for (i = 0; i < n && ret == 0; i++)
        ret = readers[i](conf, config);
    return ret;
}

static krb5_error_code
load(const char *path, const char *system, bool of_table,
     struct tr_config **config_out, char **why_out)
{
    struct tr_config *config = NULL;
    struct tr_conf *conf = NULL;
    krb5_error_code ret;
    char *why = NULL;

    *config_out = NULL;
    *why_out = NULL;
    config = calloc(1, sizeof(*config));
    if (config == NULL)
        return ENOMEM;
    ret = set_defaults(config, path);
    if (ret == 0 && system != NULL)
        ret = (config->system = strdup(system)) == NULL ? ENOMEM : 0;
    if (ret == 0)
        ret = tr_conf_open(path, &conf, &why);
    if (ret)
        goto cleanup;
    ret = read_all(conf, of_table, config);
    if (ret == 0)
        ret = tr_conf_finish(conf, &why);
    if (ret)
        goto cleanup;
    *config_out = config;
    config = NULL;

cleanup:
    if (ret != 0 && why == NULL &&
        asprintf(&why, "%s: %s", path, error_message(ret)) < 0)
        why = NULL;
    *why_out = why;
    tr_conf_free(conf);
    tr_config_free(config);
    return ret;
}

krb5_error_code
tr_config_load(const char *path, const char *system,
               struct tr_config **config_out, char **why_out)
{
    return load(path, system, false, config_out, why_out);
}

krb5_error_code
tr_config_load_table(const char *path, struct tr_config **config_out,
                     char **why_out)
{
    return load(path, NULL, true, config_out, why_out);
}
