/* mech/service/policy.c - labels of processes, by uid and gid [160] */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include "service.h"
#include "trustrealm_err.h"

/* Every key that the rule has must match; a gid matches any group. */
static bool
matches(const struct tr_rule *rule, const struct tr_caller *caller)
{
    size_t i;

    if (rule->nuids > 0 && !tr_ids_have(rule->uids, rule->nuids, caller->uid))
        return false;
    if (rule->ngids == 0 || tr_ids_have(rule->gids, rule->ngids, caller->gid))
        return true;
    for (i = 0; i < caller->ngroups; i++) {
        if (tr_ids_have(rule->gids, rule->ngids, caller->groups[i]))
            return true;
    }
    return false;
}

krb5_error_code
tr_policy_process(const struct tr_config *config,
                  const struct tr_caller *caller, struct tr_process *out)
{
    const struct tr_rule *rule;
    size_t i;

    for (i = 0; i < config->nrules; i++) {
        rule = &config->rules[i];
        if (!matches(rule, caller))
            continue;
        out->range = rule->range;
        out->label = rule->label;
        out->rule = rule->name;
        return 0;
    }
    return TRR_NO_LABEL;
}
