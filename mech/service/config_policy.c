/* mech/service/config_policy.c - [policy], [rules] and [services] */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "config_file.h"
#include "trustrealm_err.h"

/* A label of the local format; *out is untouched when the key is missing. */
static bool
read_label(struct tr_conf *conf, const struct tr_config *config,
           const char *key, struct tr_label *out)
{
    const char *text = tr_conf_get(conf, key);
    struct tr_label label;
    krb5_error_code ret;

    if (text == NULL)
        return false;
    ret = tr_label_parse(config->encoding, text, &label);
    if (ret) {
        tr_conf_complain(conf, key, "%s of [labels]",
                         ret == TRR_LABEL_LEVEL ? "level is not one" :
                         ret == TRR_LABEL_CATEGORY ? "category is not one" :
                         "LEVEL[:CATEGORY,...] expected, with the names");
        return false;
    }
    *out = label;
    return true;
}

/* --- [policy] and [rules] ----------------------------------------------- */

static void
read_rule(struct tr_conf *conf, const struct tr_config *config,
          struct tr_rule *rule)
{
    tr_conf_enter(conf, "rules", rule->name);
    tr_conf_ids(conf, "uid", TR_ID_USER, &rule->uids, &rule->nuids);
    tr_conf_ids(conf, "gid", TR_ID_GROUP, &rule->gids, &rule->ngids);
    if (!read_label(conf, config, "lowest", &rule->range.low))
        tr_conf_complain(conf, "lowest", "missing");
    if (!read_label(conf, config, "highest", &rule->range.high))
        tr_conf_complain(conf, "highest", "missing");
    if (tr_conf_failed(conf))
        return;
    if (!tr_label_dominates(&rule->range.high, &rule->range.low))
        tr_conf_complain(conf, "highest", "does not dominate lowest");
    rule->label = rule->range.low;
    if (read_label(conf, config, "label", &rule->label) &&
        !tr_range_contains(&rule->range, &rule->label))
        tr_conf_complain(conf, "label", "not between lowest and highest");
}

/* Complain unless the i-th of names is there, for the first time. */
static void
check_rule_name(struct tr_conf *conf, char *const *names, size_t i)
{
    const char *name;
    size_t k;

    tr_conf_enter(conf, "policy", NULL);
    for (k = 0; k < i; k++) {
        if (strcmp(names[i], names[k]) == 0)
            tr_conf_complain(conf, "rules", "%s is named twice", names[i]);
    }
    for (k = 0; (name = tr_conf_subsection(conf, "rules", k)) != NULL; k++) {
        if (strcmp(names[i], name) == 0)
            return;
    }
    tr_conf_complain(conf, "rules", "[rules] has no subsection %s", names[i]);
}

/* A rule that is not listed would never match. */
static void
check_all_listed(struct tr_conf *conf, const struct tr_config *config)
{
    const char *name;
    size_t i, k;

    for (k = 0; (name = tr_conf_subsection(conf, "rules", k)) != NULL; k++) {
        for (i = 0; i < config->nrules; i++) {
            if (strcmp(config->rules[i].name, name) == 0)
                break;
        }
        if (i == config->nrules) {
            tr_conf_enter(conf, "rules", name);
            tr_conf_complain(conf, NULL, "not listed in rules of [policy]");
        }
    }
}

static krb5_error_code
read_rules(struct tr_conf *conf, struct tr_config *config)
{
    struct tr_rule *rule;
    char **names = NULL;
    krb5_error_code ret = 0;
    size_t i;

    tr_conf_list(conf, "rules", &names);
    for (i = 0; names != NULL && names[i] != NULL && ret == 0; i++) {
        check_rule_name(conf, names, i);
        if (tr_conf_failed(conf))
            break;
        rule = tr_config_grow(&config->rules, &config->nrules, sizeof(*rule));
        if (rule == NULL || (rule->name = strdup(names[i])) == NULL)
            ret = ENOMEM;
        else
            read_rule(conf, config, rule);
    }
    tr_strings_free(names);
    if (ret == 0 && !tr_conf_failed(conf))
        check_all_listed(conf, config);
    return ret;
}

krb5_error_code
tr_config_read_policy(struct tr_conf *conf, struct tr_config *config)
{
    static const char *const when[] = { "on-change", "explicit", NULL };
    static const char *const backends[] = { "policy", NULL };
    size_t chosen = 0, backend = 0;
    bool low, high;

    tr_conf_enter(conf, "policy", NULL);
    tr_conf_choice(conf, "backend", backends, &backend);
    config->backend = strdup(backends[backend]);
    if (config->backend == NULL)
        return ENOMEM;
    tr_conf_boolean(conf, "allow-bypass", &config->allow_bypass);
    tr_conf_boolean(conf, "allow-dry-run", &config->allow_dry_run);
    tr_conf_list(conf, "trust-realms", &config->trust_realms);
    tr_conf_list(conf, "bypass-to", &config->bypass_to);
    tr_conf_choice(conf, "message-label", when, &chosen);
    config->explicit_labels = chosen == 1;
    tr_conf_duration(conf, "clock-skew", TR_MAX_CLOCK_SKEW_S,
                     &config->clock_skew);
    if (tr_conf_failed(conf))
        return 0;
    config->highest.low = tr_label_lowest;
    tr_label_highest(config->encoding, &config->highest.high);
    low = read_label(conf, config, "lowest", &config->highest.low);
    high = read_label(conf, config, "highest", &config->highest.high);
    config->has_highest = low || high;
    if (!tr_label_dominates(&config->highest.high, &config->highest.low))
        tr_conf_complain(conf, high ? "highest" : "lowest",
                         "highest does not dominate lowest");
    return read_rules(conf, config);
}

/* A uid but root's, for which no group matters. */
static bool
share_a_user(const struct tr_rule *a, const struct tr_rule *b)
{
    static const struct tr_id_range any = { 1, UINT32_MAX };
    const struct tr_id_range *x = a->nuids > 0 ? a->uids : &any;
    const struct tr_id_range *y = b->nuids > 0 ? b->uids : &any;
    size_t nx = a->nuids > 0 ? a->nuids : 1, ny = b->nuids > 0 ? b->nuids : 1;
    size_t i, j;

    for (i = 0; i < nx; i++) {
        for (j = 0; j < ny; j++) {
            if (x[i].first <= y[j].last && y[j].first <= x[i].last &&
                x[i].last > 0 && y[j].last > 0)
                return true;
        }
    }
    return false;
}

void
tr_config_each_loophole(const struct tr_config *config,
                        void (*each)(const char *rule, const char *why,
                                     void *arg), void *arg)
{
    const struct tr_rule *end = config->rules + config->nrules, *a, *b;
    char why[256];

    for (a = config->rules; a < end; a++) {
        if (a->ngids == 0)
            continue;
        for (b = a + 1; b < end; b++) {
            if (!share_a_user(a, b) ||
                (tr_range_contains(&a->range, &b->range.low) &&
                 tr_range_contains(&a->range, &b->range.high)))
                continue;
            (void)snprintf(why, sizeof(why), "who gives up this group gets "
                           "the range of %.150s", b->name);
            each(a->name, why, arg);
        }
    }
}

/* --- [services] --------------------------------------------------------- */

static void
check_patterns(struct tr_conf *conf, char **patterns)
{
    size_t i;

    for (i = 0; patterns != NULL && patterns[i] != NULL; i++) {
        if (strchr(patterns[i], '@') == NULL)
            tr_conf_complain(conf, "bypass", "%s: client pattern "
                             "PRINCIPAL@REALM expected", patterns[i]);
    }
}

/* A rule that says accept = uids of origin (count of them). */
static struct tr_service_rule *
add_service(struct tr_config *config, const char *name,
            const struct tr_id_range *origin, size_t count)
{
    struct tr_service_rule *rule;

    rule = tr_config_grow(&config->services, &config->nservices,
                          sizeof(*rule));
    if (rule == NULL)
        return NULL;
    rule->service = strdup(name);
    rule->accept = calloc(count, sizeof(*rule->accept));
    if (rule->service == NULL || rule->accept == NULL)
        return NULL;
    memcpy(rule->accept, origin, count * sizeof(*origin));
    rule->naccept = count;
    return rule;
}

/* The first is the default; a service without accept of its own has its. */
krb5_error_code
tr_config_read_services(struct tr_conf *conf, struct tr_config *config)
{
    static const struct tr_id_range root = { 0, 0 };
    struct tr_service_rule *rule;
    const char *name;
    size_t i, k;

    rule = add_service(config, "", &root, 1);
    if (rule == NULL)
        return ENOMEM;
    tr_conf_enter(conf, "policy", NULL);
    tr_conf_ids(conf, "accept", TR_ID_USER, &rule->accept, &rule->naccept);
    for (i = 0; (name = tr_conf_subsection(conf, "services", i)) != NULL;
         i++) {
        tr_conf_enter(conf, "services", name);
        for (k = 1; k < config->nservices; k++) {
            if (strcasecmp(config->services[k].service, name) == 0)
                tr_conf_complain(conf, NULL, "given twice, as %s",
                                 config->services[k].service);
        }
        rule = add_service(config, name, config->services[0].accept,
                           config->services[0].naccept);
        if (rule == NULL)
            return ENOMEM;
        tr_conf_ids(conf, "accept", TR_ID_USER, &rule->accept,
                    &rule->naccept);
        tr_conf_list(conf, "bypass", &rule->bypass);
        check_patterns(conf, rule->bypass);
    }
    return 0;
}
