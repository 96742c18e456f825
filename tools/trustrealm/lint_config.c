/* tools/trustrealm/lint_config.c - what the configuration says of the table */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <fnmatch.h>
#include <string.h>
#include "lint.h"
#include "trustrealm_err.h"

static krb5_error_code
judge_system(const struct lint *lint, const struct tr_config *config)
{
    struct tr_record *own = NULL;
    krb5_error_code ret;

    ret = tr_view_system(lint->table->view, config->system, &own);
    if (ret != 0 && ret != TRR_NOT_FOUND)
        return ret;
    if (ret == TRR_NOT_FOUND)
        lint_find(lint, "error", "unknown-system", "configuration",
                  config->path, "system %s is not in the table",
                  config->system);
    else if (!own->u.system.enabled)
        lint_find(lint, "warning", "configuration", "configuration",
                  config->path, "system %s is disabled in the table",
                  config->system);
    tr_record_free(own);
    return 0;
}

/* Does it match principals and targets that nobody can have thought of? */
static bool
matches_all(const char *pattern)
{
    return fnmatch(pattern, "a@B.INVALID", FNM_NOESCAPE) == 0 ||
        fnmatch(pattern, "c/d.invalid@E.INVALID", FNM_NOESCAPE) == 0 ||
        fnmatch(pattern, "f@g.invalid", FNM_NOESCAPE) == 0;
}

static void
judge_patterns(const struct lint *lint, const struct tr_config *config,
               const char *key, const char *of, char *const *patterns)
{
    for (; patterns != NULL && *patterns != NULL; patterns++) {
        if (matches_all(*patterns))
            lint_find(lint, "warning", "wildcard", "configuration",
                      config->path, "%s%s: \"%s\" lets anybody by without a "
                      "label", key, of, *patterns);
    }
}

krb5_error_code
lint_config(const struct lint *lint)
{
    const struct tr_config *config = lint->table->config;
    const struct tr_realm *realm;
    krb5_error_code ret;
    size_t i;

    if (config == NULL)
        return 0;
    ret = judge_system(lint, config);
    if (ret != 0)
        return ret;
    for (i = 0; config->trust_realms != NULL &&
             config->trust_realms[i] != NULL; i++) {
        if (tr_view_realm(lint->table->view, config->trust_realms[i],
                          &realm) != 0)
            lint_find(lint, "warning", "unknown-realm", "configuration",
                      config->path, "there is no trust realm %s",
                      config->trust_realms[i]);
    }
    if (config->allow_dry_run)
        lint_find(lint, "warning", "dry-run", "configuration", config->path,
                  "allow-dry-run leaves it to whoever writes trust realms "
                  "whether they are enforced here");
    if (!config->allow_bypass)
        return 0;
    judge_patterns(lint, config, "bypass-to", "", config->bypass_to);
    for (i = 0; i < config->nservices; i++)
        judge_patterns(lint, config, "bypass of ",
                       config->services[i].service,
                       config->services[i].bypass);
    return 0;
}
