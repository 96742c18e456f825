/* mech/service/config_table.c - [table]: where the table comes from */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "config_file.h"
#include "text.h"

#define MAX_STALENESS_S (366 * 86400)

static bool
starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

char *
tr_table_path(const struct tr_config *config)
{
    char *path;

    return asprintf(&path, "%s/table", config->state_directory) < 0 ? NULL :
        path;
}

bool
tr_config_signed(const struct tr_config *config)
{
    return starts_with(config->source, "snapshot:");
}

const char *
tr_config_file(const struct tr_config *config)
{
    return tr_config_signed(config) || starts_with(config->source, "ldif:") ?
        strchr(config->source, ':') + 1 : NULL;
}

/* Every word of source has that prefix. */
static bool
all_start_with(const char *source, const char *prefix)
{
    char *words[TR_MAX_URIS];
    size_t i;
    bool all = true;

    if (tr_text_words(source, 1, TR_MAX_URIS, words) != 0)
        return false;
    for (i = 0; i < TR_MAX_URIS && words[i] != NULL; i++)
        all = all && starts_with(words[i], prefix);
    tr_text_free_words(words, TR_MAX_URIS);
    return all;
}

static void
check_source(struct tr_conf *conf, const struct tr_config *config)
{
    const char *source = config->source;
    bool ldapi = all_start_with(source, "ldapi://");
    bool ldap = all_start_with(source, "ldap://");
    bool tls = all_start_with(source, "ldaps://") || config->starttls;

    if (tr_config_file(config) != NULL) {
        if (*tr_config_file(config) != '/')
            tr_conf_complain(conf, "source", "absolute path expected after "
                             "ldif: and snapshot:");
        if (tr_config_signed(config) && config->signers == NULL)
            tr_conf_complain(conf, "signers", "missing; a snapshot requires "
                             "it");
        return;
    }
    if (!ldapi && !ldap && !all_start_with(source, "ldaps://")) {
        tr_conf_complain(conf, "source", "ldap://HOST, ldaps://HOST, "
                         "ldapi://PATH (several of one kind), ldif:FILE or "
                         "snapshot:FILE expected");
        return;
    }
    if (config->base == NULL)
        tr_conf_complain(conf, "base", "missing; an LDAP source requires it");
    if (config->starttls && !ldap)
        tr_conf_complain(conf, "starttls", "only with a source ldap://HOST");
    if (strcmp(config->bind, "simple") == 0 &&
        (config->bind_dn == NULL || config->password_file == NULL))
        tr_conf_complain(conf, "bind", "simple needs bind-dn and "
                         "password-file");
    /* Nothing but GSSAPI brings a protected connection of its own. */
    if (strcmp(config->bind, "gssapi") != 0 && !ldapi && !tls)
        tr_conf_complain(conf, "bind", "%s needs ldaps://, ldapi:// or "
                         "starttls", config->bind);
}

krb5_error_code
tr_config_read_table(struct tr_conf *conf, struct tr_config *config)
{
    static const char *const binds[] = {
        "gssapi", "external", "simple", "none", NULL
    };
    size_t chosen;
    bool ldapi;

    tr_conf_enter(conf, "table", NULL);
    tr_conf_string(conf, "source", &config->source);
    tr_conf_string(conf, "base", &config->base);
    ldapi = starts_with(config->source, "ldapi://");
    chosen = ldapi ? 1 : 0;
    tr_conf_choice(conf, "bind", binds, &chosen);
    free(config->bind);
    config->bind = strdup(binds[chosen]);
    if (config->bind == NULL)
        return ENOMEM;
    tr_conf_string(conf, "bind-dn", &config->bind_dn);
    tr_conf_path(conf, "password-file", &config->password_file);
    tr_conf_boolean(conf, "starttls", &config->starttls);
    tr_conf_path(conf, "ca-file", &config->ca_file);
    tr_conf_path(conf, "signers", &config->signers);
    /* A local socket is as safe as this machine is. */
    config->minimum_ssf = ldapi ? 0 : 128;
    tr_conf_number(conf, "minimum-ssf", ldapi ? 0 : 56, 1024,
                   &config->minimum_ssf);
    tr_conf_duration(conf, "heartbeat", 3600, &config->heartbeat);
    tr_conf_duration(conf, "maximum-staleness", MAX_STALENESS_S,
                     &config->maximum_staleness);
    tr_conf_duration(conf, "retry", 3600, &config->retry);
    if (!tr_conf_failed(conf))
        check_source(conf, config);
    return 0;
}
