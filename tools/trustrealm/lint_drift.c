/* tools/trustrealm/lint_drift.c - do systems mean the same by labels? */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <string.h>
#include "lint.h"
#include "text.h"

/*
 * A system takes no label from another one whose digest of the trust realm's
 * label policy is another.  What a system holds only itself can say; here is
 * compared what it has said.
 */

static void
judge_digest(const struct lint *lint, const char *system, const char *realm,
             const char *digest)
{
    const struct tr_realm *own;

    if (tr_view_realm(lint->table->view, realm, &own) != 0)
        lint_find(lint, "warning", "drift", "trust realm", realm,
                  "%s has it, this table has not", system);
    else if (digest == NULL || strcmp(digest, own->digest) != 0)
        lint_find(lint, "error", "drift", "trust realm", realm,
                  "%s has another label policy: labels between it and "
                  "systems with this table are refused", system);
}

/* Names of trust realms are the same in any case. */
static bool
has_digest(json_t *digests, const char *realm)
{
    const char *other;
    json_t *digest;

    json_object_foreach(digests, other, digest) {
        if (tr_text_compare(other, realm) == 0)
            return true;
    }
    return false;
}

int
lint_drift(const struct lint *lint, const char *path)
{
    const struct tr_view *view = lint->table->view;
    const char *system, *realm;
    json_error_t error;
    json_t *held, *digests, *digest;
    size_t i;

    held = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (held == NULL && error.line > 0)
        return tool_fail(TOOL_SYSTEM, "%s:%d: %s", path, error.line,
                         error.text);
    if (held == NULL)
        return tool_fail(TOOL_SYSTEM, "%s", error.text);
    system = json_string_value(json_object_get(held, "system"));
    digests = json_object_get(held, "digests");
    if (!json_is_object(digests)) {
        json_decref(held);
        return tool_fail(TOOL_SYSTEM, "%s: not what \"trustrealm cache "
                         "--json\" writes", path);
    }
    if (system == NULL)
        system = path;
    json_object_foreach(digests, realm, digest)
        judge_digest(lint, system, realm, json_string_value(digest));
    for (i = 0; i < tr_view_realms(view); i++) {
        realm = tr_view_realm_at(view, i)->record->name;
        if (!has_digest(digests, realm))
            lint_find(lint, "warning", "drift", "trust realm", realm,
                      "%s has not got it", system);
    }
    json_decref(held);
    return TOOL_DONE;
}
