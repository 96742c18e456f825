/* tools/trustrealm/lint_drift.c - do systems mean the same by labels? */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdio.h>
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

/* What one system holds; false when it is something else. */
static bool
judge_system(const struct lint *lint, const char *path, json_t *held)
{
    const struct tr_view *view = lint->table->view;
    json_t *digests = json_object_get(held, "digests"), *digest;
    const char *system, *realm;
    size_t i;

    if (!json_is_object(digests))
        return false;
    system = json_string_value(json_object_get(held, "system"));
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
    return true;
}

static bool
has_more(FILE *file)
{
    int c;

    do
        c = getc(file);
    while (c == ' ' || c == '\t' || c == '\r' || c == '\n');
    return c != EOF && ungetc(c, file) != EOF;
}

/* Of one system after the other. */
static int
judge_file(const struct lint *lint, const char *path, FILE *file)
{
    json_error_t error;
    json_t *held;
    size_t n = 0;
    bool is_good;

    do {
        n++;
        held = json_loadf(file, JSON_REJECT_DUPLICATES |
                          JSON_DISABLE_EOF_CHECK, &error);
        if (held == NULL)
            return tool_fail(TOOL_SYSTEM, "%s: system %zu, line %d: %s", path,
                             n, error.line, error.text);
        is_good = judge_system(lint, path, held);
        json_decref(held);
        if (!is_good)
            return tool_fail(TOOL_SYSTEM, "%s: system %zu: not what "
                             "\"trustrealm cache --json\" writes", path, n);
    } while (has_more(file));
    return TOOL_DONE;
}

int
lint_drift(const struct lint *lint, const char *path)
{
    FILE *file;
    int status;

    if (strcmp(path, "-") == 0)
        return judge_file(lint, "standard input", stdin);
    file = fopen(path, "re");
    if (file == NULL)
        return tool_fail(TOOL_SYSTEM, "%s: %s", path, strerror(errno));
    status = judge_file(lint, path, file);
    (void)fclose(file);
    return status;
}
