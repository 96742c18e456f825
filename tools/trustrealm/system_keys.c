/* tools/trustrealm/system_keys.c - trustrealm system: entry and key as one */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "kadmin.h"
#include "noun.h"

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
                const char *keytab, const char *next)
{
    json_t *made = json_pack("{s:s, s:o, s:o, s:o}", "result", "done",
                             "system", tool_json_text(call->name),
                             "principal", tool_json_text(principal),
                             "keytab", tool_json_text(keytab));

    if (call->options.json)
        return tool_json_print(made, TOOL_DONE);
    tool_json_rows(made);
    if (tool_for_people())
        tool_line("next: %s", next);
    return TOOL_DONE;
}

/* --- enroll -------------------------------------------------------------- */

struct enrolment { struct tool_kadmin *kadmin; char *keytab; bool made; };

int
system_complete_owner(const struct noun_call *call, struct tool_work *work,
                      struct tool_entry *entry)
{
    char *me = NULL;
    int status;

    if (tool_entry_value(entry, "owner") != NULL ||
        call->options.ldif != NULL)
        return TOOL_DONE;
    status = tool_directory_whoami(work->directory, &me);
    if (status == TOOL_DONE && strncmp(me, "dn:", 3) == 0 && me[3] != '\0')
        tool_entry_add(entry, "owner", me + 3);
    free(me);
    return status;
}

/* The key is made first: an entry is something that others act on. */
static int
complete(const struct noun_call *call, struct tool_work *work,
         struct tool_entry *entry, void *arg)
{
    struct enrolment *enrolment = arg;
    const char *keytab = system_keytab(call, work->config);
    int status;

    if (keytab == NULL)
        return TOOL_USAGE;
    status = noun_system_complete(entry);
    if (status == TOOL_DONE)
        status = system_complete_owner(call, work, entry);
    if (status != TOOL_DONE || call->options.dry_run)
        return status;
    status = tool_kadmin_open(tool_entry_value(entry, "trPrincipal"),
                              call->admin_cache, &enrolment->kadmin);
    if (status == TOOL_DONE)
        status = tool_kadmin_create(enrolment->kadmin, keytab);
    enrolment->made = status == TOOL_DONE;
    enrolment->keytab = tool_copy(keytab);
    return status;
}

static int
enroll_by_ticket(const struct noun_call *call)
{
    struct enrolment enrolment = { 0 };
    struct tool_work work = { 0 };
    int status;

    status = noun_add_entry(call, &work, complete, &enrolment);
    if (status != TOOL_DONE && enrolment.made &&
        tool_kadmin_delete(enrolment.kadmin, enrolment.keytab) != TOOL_DONE)
        tool_fail(TOOL_SYSTEM, "%s: the key could not be taken back",
                  enrolment.keytab);
    tool_kadmin_close(enrolment.kadmin);
    free(enrolment.keytab);
    tool_work_close(&work);
    return status;
}

static int
enroll(int argc, char **argv)
{
    struct noun_call call;
    int status;

    noun_parse(&noun_system, "system enroll", "On a new system: create its "
               "key, put that into its keytab, and add the system\nto the "
               "table, as a member of no trust realm: all or nothing.  With a "
               "token of\n\"system invite\", which has added it, only create "
               "the key.",
               NOUN_FIELDS | NOUN_PARENT | NOUN_KEYTAB | NOUN_ADMIN |
               NOUN_TOKEN, argc, argv, &call, &status);
    if (status < 0)
        status = call.token_file != NULL ? system_enroll_by_token(&call) :
            enroll_by_ticket(&call);
    noun_call_free(&call);
    return status;
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
    return system_tell_key(call, principal, keytab, call->finish ?
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

/* The entry goes first: from then on the system is refused.  The key goes
 * also when there is no entry any more: an earlier try may have got so far. */
static int
retire_system(const struct noun_call *call, struct tool_work *work)
{
    struct tool_kadmin *kadmin = NULL;
    struct tool_entry *entry;
    char *principal = NULL;
    int status, gone = TOOL_NO;
    bool there = false;

    status = tool_work_open(&call->options, work);
    if (status != TOOL_DONE)
        return status;
    entry = tool_entries_find(&work->entries, TR_RECORD_SYSTEM, call->name);
    if (entry != NULL) {
        principal = tool_copy(tool_entry_value(entry, "trPrincipal"));
        tool_work_delete(work, entry);
        gone = tool_work_finish(&call->options, work);
        status = gone;
    }
    if (principal == NULL)
        principal = noun_system_principal(call->name);
    if (principal == NULL && status == TOOL_DONE)
        status = TOOL_USAGE;
    if (status != TOOL_DONE || call->options.dry_run)
        goto cleanup;
    status = tool_kadmin_open(principal, call->admin_cache, &kadmin);
    if (status == TOOL_DONE)
        status = tool_kadmin_withdraw(kadmin);
    if (status == TOOL_DONE)
        status = tool_kadmin_exists(kadmin, &there);
    if (status != TOOL_DONE)
        goto cleanup;
    status = tool_kadmin_delete(kadmin, call->keytab);
    if (status == TOOL_NO && !there && gone == TOOL_DONE) {
        status = TOOL_DONE;
    } else if (status == TOOL_NO && !there) {
        tool_fail(TOOL_NO, "the KDC has no principal %s", principal);
        (void)noun_lacks(call, work->directory);
    }

cleanup:
    tool_kadmin_close(kadmin);
    free(principal);
    return status;
}

static int
retire(int argc, char **argv)
{
    struct noun_call call;
    struct tool_work work = { 0 };
    int status;

    noun_parse(&noun_system, "system retire", "Remove a system from the "
               "table with all its memberships, and its principal\nand its "
               "invitation from the KDC; on the system, with --keytab, its "
               "keys as\nwell.", NOUN_KEYTAB | NOUN_ADMIN, argc, argv, &call,
               &status);
    if (status < 0)
        status = retire_system(&call, &work);
    tool_work_close(&work);
    noun_call_free(&call);
    return status;
}

const struct tool_command tool_system_enroll = {
    "system enroll", "make a new system's key and entry", enroll
};
const struct tool_command tool_system_rotate = {
    "system rotate", "give a system a new key", rotate
};
const struct tool_command tool_system_retire = {
    "system retire", "remove a system's entry and key", retire
};
