/* mech/service/settings.c - what a configuration decides, and its reload */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include "attributes.h"
#include "audit.h"
#include "daemon.h"
#include "follow.h"
#include "trustrealm_err.h"

#define PROGRAM "/proc/self/exe"

/* A configuration that requests being answered may still refer to. */
struct tr_retired {
    struct tr_config *config;
    struct tr_tcb *tcb;
    struct tr_retired *next;
};

void
tr_settings_free_retired(struct tr_daemon *daemon)
{
    struct tr_retired *retired;

    while ((retired = daemon->retired) != NULL) {
        daemon->retired = retired->next;
        tr_tcb_free(retired->tcb);
        tr_config_free(retired->config);
        free(retired);
    }
}

static void
on_attributes(void *arg)
{
    struct tr_daemon *daemon = arg;

    daemon->service.attributes = tr_attributes_list(daemon->attributes);
    tr_shared_page_bump(daemon->service.page);
}

static void
on_table(void *arg)
{
    tr_daemon_look(arg);
    tr_daemon_ready(arg);
}

/* What a configuration alone decides, made anew at a reload. */
struct settings {
    struct tr_config *config;
    struct tr_tcb *tcb;
    struct tr_attributes *attributes;
    struct tr_follower *follower;
};

krb5_error_code
tr_settings_load(const struct tr_daemon *daemon, struct tr_config **config_out)
{
    const struct tr_config *before = daemon->service.config;
    struct tr_config *config;
    krb5_error_code ret;
    char *why, *target;

    ret = tr_config_load(daemon->config_path,
                         before != NULL ? before->system : NULL, &config,
                         &why);
    if (ret)
        tr_log(daemon->service.audit, LOG_ERR, "%s",
               why != NULL ? why : error_message(ret));
    free(why);
    if (ret)
        return ret;
    if (daemon->debug && strncmp(config->audit_target, "file:", 5) != 0) {
        target = strdup("stderr");
        if (target == NULL) {
            tr_config_free(config);
            return ENOMEM;
        }
        free(config->audit_target);
        config->audit_target = target;
    }
    *config_out = config;
    return 0;
}

static void
free_settings(struct settings *settings)
{
    tr_follower_free(settings->follower);
    tr_attributes_free(settings->attributes);
    tr_tcb_free(settings->tcb);
    tr_config_free(settings->config);
}

/* Takes config over.  What is in use stays so. */
static krb5_error_code
make_settings(struct tr_daemon *daemon, struct tr_config *config,
              struct settings *settings)
{
    struct tr_service *service = &daemon->service;
    krb5_error_code ret;

    memset(settings, 0, sizeof(*settings));
    settings->config = config;
    ret = tr_tcb_create(config, &settings->tcb);
    if (ret == 0)
        ret = tr_attributes_create(config, daemon->attributes, service->base,
                                   &daemon->children, service->audit,
                                   on_attributes, daemon,
                                   &settings->attributes);
    if (ret == 0)
        ret = tr_follower_create(config, PROGRAM, service->base,
                                 &daemon->children, service->keys,
                                 service->audit, on_table, daemon,
                                 &settings->follower);
    if (ret) {
        tr_log(service->audit, LOG_ERR, "%s: cannot be used: %s",
               config->path, error_message(ret));
        free_settings(settings);
        memset(settings, 0, sizeof(*settings));
    }
    return ret;
}

static void
tell_loophole(const char *rule, const char *why, void *arg)
{
    const struct tr_daemon *daemon = arg;

    tr_log(daemon->service.audit, LOG_WARNING, "[policy] rules = %s: %s", rule,
           why);
}

static void
use_settings(struct tr_daemon *daemon, const struct settings *settings)
{
    tr_follower_free(daemon->follower);
    tr_attributes_free(daemon->attributes);
    daemon->follower = settings->follower;
    tr_follower_start(daemon->follower);
    daemon->attributes = settings->attributes;
    daemon->service.attributes = tr_attributes_list(settings->attributes);
    daemon->service.config = settings->config;
    daemon->service.tcb = settings->tcb;
    tr_config_each_loophole(settings->config, tell_loophole, daemon);
}

/* A key that differs and that only a restart can change, or NULL. */
static const char *
fixed_key(const struct tr_config *a, const struct tr_config *b)
{
    if (strcmp(a->system, b->system) != 0)
        return "name";
    if (strcmp(a->principal, b->principal) != 0)
        return "principal";
    if (strcmp(a->keytab, b->keytab) != 0)
        return "keytab";
    if (strcmp(a->state_directory, b->state_directory) != 0)
        return "state-directory";
    if (strcmp(a->socket, b->socket) != 0)
        return "socket";
    return NULL;
}

krb5_error_code
tr_settings_reload(struct tr_daemon *daemon)
{
    struct tr_service *service = &daemon->service;
    struct tr_retired *retired;
    struct tr_config *config = NULL;
    struct settings settings;
    krb5_error_code ret;
    const char *key;

    ret = tr_settings_load(daemon, &config);
    if (ret)
        return ret;
    key = fixed_key(service->config, config);
    if (key != NULL) {
        tr_log(service->audit, LOG_ERR, "%s: %s cannot change without a "
               "restart", config->path, key);
        tr_config_free(config);
        return TRR_CONFIG;
    }
    retired = calloc(1, sizeof(*retired));
    if (retired == NULL) {
        tr_config_free(config);
        return ENOMEM;
    }
    ret = make_settings(daemon, config, &settings);
    if (ret == 0) {
        ret = tr_audit_reopen(service->audit, config);
        if (ret)
            tr_log(service->audit, LOG_ERR, "audit log %s: %s",
                   config->audit_target, error_message(ret));
    }
    if (ret) {
        free(retired);
        free_settings(&settings);
        return ret;
    }
    *retired = (struct tr_retired){
        service->config, service->tcb, daemon->retired
    };
    daemon->retired = retired;
    use_settings(daemon, &settings);
    return 0;
}

krb5_error_code
tr_settings_start(struct tr_daemon *daemon, struct tr_config *config)
{
    struct settings settings;
    krb5_error_code ret;

    ret = make_settings(daemon, config, &settings);
    if (ret == 0)
        use_settings(daemon, &settings);
    return ret;
}
