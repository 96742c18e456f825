/* mech/service/policy.c - labels of processes by uid and gid, from a file */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include "tcb.h"
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

/* The rules are the configuration's: it must live as long as the state. */
static krb5_error_code
policy_create(const struct tr_config *config, void **state_out)
{
    *state_out = (void *)config;
    return 0;
}

static void
policy_free(void *state)
{
}

static krb5_error_code
policy_process(const void *state, const struct tr_caller *caller,
               struct tr_process *out)
{
    const struct tr_config *config = state;
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

const struct tr_tcb_backend tr_tcb_policy = {
    "policy", policy_create, policy_free, policy_process
};
