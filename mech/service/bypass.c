/* mech/service/bypass.c - traffic without a label, and who may accept */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <fnmatch.h>
#include <string.h>
#include <strings.h>
#include "bypass.h"

void
tr_bypass_label(const struct tr_config *config, struct tr_label *out)
{
    if (config->has_highest)
        *out = config->highest.low;
    else
        *out = tr_label_lowest;
}

/* A realm could be called "X\@EXAMPLE.COM": names that need quoting match no
 * pattern. */
static bool
matches(char *const *patterns, const char *text)
{
    if (strchr(text, '\\') != NULL)
        return false;
    for (; patterns != NULL && *patterns != NULL; patterns++) {
        if (fnmatch(*patterns, text, FNM_NOESCAPE) == 0)
            return true;
    }
    return false;
}

bool
tr_bypass_to(const struct tr_config *config, const struct tr_process *process,
             const char *target)
{
    struct tr_label lowest;

    tr_bypass_label(config, &lowest);
    return config->allow_bypass && matches(config->bypass_to, target) &&
        tr_label_equal(&process->range.low, &lowest) &&
        tr_label_equal(&process->range.high, &lowest);
}

/* The rule for service, or the default one; NULL when there is neither. */
static const struct tr_service_rule *
find_rule(const struct tr_config *config, const char *service)
{
    const struct tr_service_rule *otherwise = NULL;
    size_t i;

    for (i = 0; i < config->nservices; i++) {
        if (strcasecmp(config->services[i].service, service) == 0)
            return &config->services[i];
        if (config->services[i].service[0] == '\0')
            otherwise = &config->services[i];
    }
    return otherwise;
}

bool
tr_bypass_open(const struct tr_config *config, const char *service)
{
    const struct tr_service_rule *rule = find_rule(config, service);

    return config->allow_bypass && rule != NULL && rule->bypass != NULL &&
        rule->bypass[0] != NULL;
}

bool
tr_bypass_from(const struct tr_config *config, const char *service,
               const char *client)
{
    const struct tr_service_rule *rule = find_rule(config, service);

    return config->allow_bypass && rule != NULL &&
        matches(rule->bypass, client);
}

bool
tr_may_accept(const struct tr_config *config, const char *service, uid_t uid)
{
    const struct tr_service_rule *rule = find_rule(config, service);

    if (rule == NULL || rule->naccept == 0)
        return uid == 0;
    return tr_ids_have(rule->accept, rule->naccept, uid);
}
