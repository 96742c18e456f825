/* tools/trustrealm/system_keys.c - trustrealm system: new keys, and the end */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "kadmin.h"
#include "pending.h"
#include "text.h"

const char *
system_keytab(const struct noun_call *call, const struct tr_config *config)
{
    if (call->keytab != NULL)
        return call->keytab;
    if (config != NULL && config->keytab != NULL)
        return config->keytab;
    tool_usage(call->command, "--keytab is missing");
    return NULL;
}

int
system_tell_key(const struct noun_call *call, const char *principal,
                const char *keytab, const char *entry, const char *next)
{
    json_t *made = json_pack("{s:s, s:o, s:o, s:o}", "result", "done",
                             "system", tool_json_text(call->name),
                             "principal", tool_json_text(principal),
                             "keytab", tool_json_text(keytab));

    if (entry != NULL)
        json_object_set_new(made, "entry", json_string(entry));
    if (call->options.json)
        return tool_json_print(made, TOOL_DONE);
    tool_json_rows(made);
    if (tool_for_people())
        tool_line("next: %s", next);
    return TOOL_DONE;
}

/* --- rotate -------------------------------------------------------------- */

static int
rotate_entry(const struct noun_call *call, const struct tr_config *config,
             const struct tool_entry *entry)
{
    const char *principal = tool_entry_value(entry, "trPrincipal");
    const char *keytab = system_keytab(call, config);
    struct tool_kadmin *kadmin = NULL;
    int status;

    if (keytab == NULL)
        return TOOL_USAGE;
    if (principal == NULL)
        return tool_fail(TOOL_NO, "system %s has no principal", call->name);
    status = tool_kadmin_open(principal, call->admin_cache, &kadmin);
    if (status == TOOL_DONE)
        status = call->finish ?
            tool_kadmin_finish(kadmin, keytab, call->force) :
            tool_kadmin_rotate(kadmin, keytab);
    tool_kadmin_close(kadmin);
    if (status != TOOL_DONE)
        return status;
    return system_tell_key(call, principal, keytab, NULL, call->finish ?
                           "reload trustrealmd, to have it forget the old "
                           "keys" :
                           "reload trustrealmd, to have it log in with the "
                           "new key; when tickets for the old ones have "
                           "ended, --finish removes them");
}

static int
rotate(int argc, char **argv)
{
    struct noun_call call;
    struct tr_config *config = NULL;
    struct tool_directory *directory = NULL;
    struct tool_entry *entry = NULL;
    int status;

    noun_parse(&noun_system, "system rotate", "On a system: give it a new "
               "key.  Old keys stay, for tickets that are in use;\n--finish, "
               "a ticket's life later, removes them (--force: at once).",
               NOUN_READS | NOUN_KEYTAB | NOUN_ADMIN | NOUN_FINISH |
               NOUN_FORCE, argc, argv, &call, &status);
    if (status < 0) {
        status = tool_directory_begin(&call.options, &config, &directory);
        if (status == TOOL_DONE)
            status = noun_find(&call, directory, &entry);
        if (status == TOOL_DONE)
            status = rotate_entry(&call, config, entry);
    }
    tool_entry_free(entry);
    tool_directory_close(directory);
    tr_config_free(config);
    noun_call_free(&call);
    return status;
}

/* --- retire -------------------------------------------------------------- */

/* The entry, which is refused before anything is done, and what was proposed
 * for it to be there; *principal_out is its, malloced, or NULL. */
static int
note_end(const struct noun_call *call, struct tool_work *work,
         struct tool_entries *proposals, char **principal_out)
{
    const struct tool_entry *entry;
    const char *principal = NULL;
    size_t i;
    int status = TOOL_DONE;

    entry = tool_entries_find(&work->entries, TR_RECORD_SYSTEM, call->name);
    if (entry != NULL) {
        principal = tool_entry_value(entry, "trPrincipal");
        tool_work_delete(work, entry);
    }
    if (tool_directory_limit(work->directory) != NULL)
        status = tool_pending_about(work->directory, call->name, proposals);
    for (i = 0; i < proposals->n; i++) {
        if (principal == NULL)
            principal = tool_pending_principal(proposals->list[i]);
        tool_pending_gone(work, proposals->list[i]);
    }
    *principal_out = tool_copy(principal);
    return status;
}

/* By which the system is found when there is no entry any more. */
static char *
usual_principal(const struct noun_call *call)
{
    char *host = tool_copy(call->name), *principal;

    tr_text_lower(host);
    principal = noun_system_principal(host);
    free(host);
    return principal;
}

/* With the entry its principal is forgotten, unless it is the usual one. */
static void
tell_left(const struct noun_call *call, const char *principal)
{
    char *usual = usual_principal(call);

    tool_fail(TOOL_SYSTEM, "the entry is gone, but %s may still have a key: "
              "%s", principal,
              usual != NULL && strcmp(principal, usual) == 0 ?
              "run the same command again" : "remove it at the KDC");
    free(usual);
}

/* The entry goes first: from then on the system is refused.  The key goes
 * also when there is no entry any more: an earlier try may have got so far. */
static int
end_both(const struct noun_call *call, struct tool_work *work,
         const char *principal, struct tool_kadmin *kadmin)
{
    int status, gone = TOOL_NO;
    bool there = false, invited = false;

    if (work->nchanges > 0) {
        gone = tool_work_finish(&call->options, work);
        if (gone != TOOL_DONE)
            return gone;
    }
    status = tool_kadmin_withdraw(kadmin, &invited);
    if (status == TOOL_DONE)
        status = tool_kadmin_exists(kadmin, &there);
    if (status == TOOL_DONE) {
        status = tool_kadmin_delete(kadmin, call->keytab);
        if (status == TOOL_NO && !there && (gone == TOOL_DONE || invited))
            return TOOL_DONE;
        if (status == TOOL_NO && !there) {
            tool_fail(TOOL_NO, "the KDC has no principal %s", principal);
            (void)noun_lacks(call, work->directory);
        }
    }
    if (status != TOOL_DONE && gone == TOOL_DONE)
        tell_left(call, principal);
    return status;
}

/* Who has to say his password can think better of it. */
static int
retire_system(const struct noun_call *call, struct tool_work *work,
              struct tool_entries *proposals)
{
    struct tool_kadmin *kadmin = NULL;
    char *principal = NULL;
    sigset_t held;
    int status;

    status = tool_work_open(&call->options, work);
    if (status == TOOL_DONE)
        status = note_end(call, work, proposals, &principal);
    if (status == TOOL_DONE && principal == NULL)
        principal = usual_principal(call);
    if (status == TOOL_DONE && principal == NULL)
        status = TOOL_USAGE;
    if (status == TOOL_DONE && call->options.dry_run) {
        status = tool_work_finish(&call->options, work);
    } else if (status == TOOL_DONE) {
        status = tool_kadmin_open(principal, call->admin_cache, &kadmin);
        if (status != TOOL_DONE)
            tool_fail(status, "nothing was changed%s", work->nchanges == 0 ?
                      "" : "; without the KDC, system remove ends the entry");
    }
    if (kadmin != NULL) {
        tool_hold(&held);
        status = end_both(call, work, principal, kadmin);
        tool_release(&held, status);
    }
    tool_kadmin_close(kadmin);
    free(principal);
    return status;
}

static int
retire(int argc, char **argv)
{
    struct noun_call call;
    struct tool_work work = { 0 };
    struct tool_entries proposals = { 0 };
    int status;

    noun_parse(&noun_system, "system retire", "Remove a system from the "
               "table with all its memberships, and its principal\nand its "
               "invitation from the KDC; on the system, with --keytab, its "
               "keys as\nwell.", NOUN_KEYTAB | NOUN_ADMIN, argc, argv, &call,
               &status);
    if (status < 0)
        status = retire_system(&call, &work, &proposals);
    tool_work_close(&work);
    tool_entries_clear(&proposals);
    noun_call_free(&call);
    return status;
}

const struct tool_command tool_system_rotate = {
    "system rotate", "give a system a new key", rotate
};
const struct tool_command tool_system_retire = {
    "system retire", "remove a system's entry and key", retire
};
