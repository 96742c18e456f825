/* tools/trustrealm/offboard.c - trustrealm offboard: somebody leaves */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kadmin.h"
#include "offboard.h"

static const char help[] =
"usage: trustrealm offboard PRINCIPAL [OPTION...]\n"
"\n"
"Show what an administrator can still change; what, by the directory's\n"
"access log, he granted and changed; the keys of systems that he could read;\n"
"and certificates of signers that name him.  With --apply, end his access.\n"
"\n"
"  --apply                remove him from every role and from the systems\n"
"                         that he owns, and his proposals: all or nothing\n"
"  --kdc                  look at the KDC too, for his principals and the\n"
"                         systems that he invited; with --apply end both\n"
"  --admin-cache CCACHE   your ticket for kadmin/admin (default: your\n"
"                         password is asked for)\n"
"  --acl FILE             a copy of the KDC's kadm5.acl: rules that name him,\n"
"                         and the keys that he can have by them\n"
"  --signer FILE          certificates by which systems accept snapshots\n"
"                         (default: those of the configuration)\n"
"  --no-signer            no system takes snapshots\n"
"  --entry DN             his entry (default: that with the principal below\n"
"                         the search base)\n"
"  --log DN               where the access log is (default: cn=accesslog)\n"
"  --no-log               the server keeps none\n"
TOOL_DIRECTORY_HELP
"  --json                 print JSON\n"
"  -c, --config FILE      configuration of trustrealmd\n"
"\n"
"Into a pipe: kind (left, granted, changed, rotate, unknown), time, entry,\n"
"text.\n"
"\n"
"exit status: 0 nothing is left, 1 something is, or is unknown, or was\n"
"refused, 2 usage, 3 system error\n";

struct offboarding {
    struct tool_options common;
    const char *principal, *entry, *log, *admin_cache, *acl, *signer;
    bool apply, applied, kdc, no_log, no_signer;
    struct tool_kadmin *kadmin;         /* NULL without --kdc */
};

static const char *const kinds[] = {
    [OFFBOARD_LEFT] = "left", [OFFBOARD_GRANTED] = "granted",
    [OFFBOARD_CHANGED] = "changed", [OFFBOARD_ROTATE] = "rotate",
    [OFFBOARD_UNKNOWN] = "unknown"
};

/* --- what ends ----------------------------------------------------------- */

static void
remove_dn(struct tool_entry *entry, const char *attribute, const char *dn)
{
    char *const *values;
    size_t i, n;

    values = tool_entry_values(entry, attribute, &n);
    for (i = n; i-- > 0;) {
        if (tool_dn_same(values[i], dn)) {
            tool_entry_remove(entry, attribute, values[i]);
            values = tool_entry_values(entry, attribute, &n);
        }
    }
}

/* Only those attributes that are not the server's own. */
static void
strip(struct tool_entry *entry)
{
    tool_entry_remove(entry, "creatorsName", NULL);
    tool_entry_remove(entry, "createTimestamp", NULL);
}

/* A group has to have members: one that had only him ends. */
static void
leave_role(struct tool_work *work, struct tool_entry *role, const char *dn)
{
    struct tool_entry *after;
    size_t n;

    strip(role);
    (void)tool_entry_values(role, "member", &n);
    if (n == 1) {
        tool_work_delete(work, role);
        return;
    }
    after = tool_work_edit(work, role);
    remove_dn(after, "member", dn);
}

static int
apply(struct tool_work *work)
{
    int status = tool_directory_apply(work->directory, work->changes,
                                      work->nchanges);

    tool_work_forget(work);
    return status;
}

/* The directory first: there it is all, or nothing.  But by his proposals it
 * is known what he has invited, which the KDC forgets before. */
static int
end(const struct offboarding *call, struct offboard *person,
    struct tool_work *work)
{
    struct tool_entry *entry;
    size_t i;
    int status = TOOL_DONE;

    for (i = 0; i < person->roles.n; i++)
        leave_role(work, person->roles.list[i], person->dn);
    for (i = 0; i < work->entries.n; i++) {
        entry = work->entries.list[i];
        if (tool_entry_has_dn(entry, "owner", person->dn))
            remove_dn(tool_work_edit(work, entry), "owner", person->dn);
    }
    if (call->kdc) {
        status = apply(work);
        if (status != TOOL_DONE)
            return status;
        status = offboard_end_kdc(person, work, call->kadmin);
    }
    for (i = 0; i < person->proposals.n; i++) {
        strip(person->proposals.list[i]);
        tool_work_delete(work, person->proposals.list[i]);
    }
    if (status == TOOL_DONE)
        status = apply(work);
    return status == TOOL_DONE || !call->kdc ? status :
        tool_fail(status, "his roles and systems have ended, but not all "
                  "else; run the same command again");
}

/* --- output -------------------------------------------------------------- */

static json_t *
person_json(const struct offboarding *call, const struct offboard *person)
{
    json_t *lists[sizeof(kinds) / sizeof(kinds[0])], *item;
    const struct offboard_item *found;
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        lists[i] = json_array();
    for (i = 0; i < person->nitems; i++) {
        found = &person->items[i];
        item = json_pack("{s:o, s:o}", "entry", tool_json_text(found->dn),
                         "text", tool_json_text(found->what));
        if (found->when != NULL)
            json_object_set_new(item, "time", tool_json_text(found->when));
        json_array_append_new(lists[found->kind], item);
    }
    item = json_pack("{s:o, s:o, s:b}", "principal",
                     tool_json_text(call->principal), "entry",
                     tool_json_text(person->dn), "applied", call->applied);
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        json_object_set_new(item, kinds[i], lists[i]);
    return item;
}

static int
report(const struct offboarding *call, const struct offboard *person)
{
    static const char *const columns[] = { "KIND", "TIME", "ENTRY", "WHAT",
                                           NULL };
    int status = person->nleft + person->nunknown == 0 ? TOOL_DONE : TOOL_NO;
    char when[TOOL_TIME_LENGTH];
    struct tool_sheet *sheet;
    size_t i;

    if (call->common.json)
        return tool_json_print(person_json(call, person), status);
    sheet = tool_sheet_create(columns);
    for (i = 0; i < person->nitems; i++)
        tool_sheet_add(sheet, (const char *[]){
            kinds[person->items[i].kind],
            tool_show_time(person->items[i].when, when),
            person->items[i].dn, person->items[i].what });
    tool_sheet_print(sheet);
    if (tool_for_people())
        tool_line("%s", person->nleft > 0 ? "\"left\" still lets him make "
                  "changes (--apply ends what is not a rule)" :
                  person->nunknown > 0 ? "nothing is left where this "
                  "looked; \"unknown\" is not proven" :
                  "nothing is left by which he can change anything");
    return status;
}

/* --- the command --------------------------------------------------------- */

/* The DN that his principal is mapped to. */
static int
find_person(const struct offboarding *call, const struct tool_work *work,
            struct offboard *person)
{
    const struct tool_entry *entry;

    person->principal = call->principal;
    if (call->entry != NULL) {
        person->dn = tool_copy(call->entry);
        return TOOL_DONE;
    }
    entry = tool_entries_find(&work->entries, TR_RECORD_CLEARANCE,
                              call->principal);
    if (entry == NULL)
        return tool_fail(TOOL_USAGE, "--entry is missing: no entry below %s "
                         "has the principal %s",
                         tool_directory_base(work->directory),
                         call->principal);
    person->dn = tool_copy(entry->dn);
    return TOOL_DONE;
}

/* Where somebody has to look who can. */
static void
note_unknown(const struct offboarding *call, struct offboard *person)
{
    if (!call->kdc)
        offboard_note(person, OFFBOARD_UNKNOWN, NULL, call->principal,
                      "the KDC was not asked (--kdc)");
    if (call->acl == NULL)
        offboard_note(person, OFFBOARD_UNKNOWN, NULL, "kadm5.acl", "rules "
                      "that name him, and the keys that he can have by them "
                      "(--acl)");
    if (call->log == NULL)
        offboard_note(person, OFFBOARD_UNKNOWN, NULL, "access log",
                      "what he wrote, and the keys that he could read");
}

/* Certificates that are named, or that this system's daemon believes. */
static int
look_at_signers(const struct offboarding *call, const struct tool_work *work,
                struct offboard *person)
{
    const char *file = call->signer;

    if (call->no_signer)
        return TOOL_DONE;
    if (file == NULL && work->config != NULL)
        file = work->config->signers;
    if (file != NULL)
        return offboard_find_signers(person, file);
    offboard_note(person, OFFBOARD_UNKNOWN, NULL, "signers", "of snapshots "
                  "(--signer, or --no-signer if no system takes those)");
    return TOOL_DONE;
}

static int
look(struct offboarding *call, struct tool_work *work,
     struct offboard *person)
{
    int status;

    status = tool_work_open(&call->common, work);
    if (status == TOOL_DONE)
        status = tool_directory_served(work->directory);
    if (status == TOOL_DONE)
        status = find_person(call, work, person);
    if (status == TOOL_DONE && call->kdc && call->kadmin == NULL)
        status = tool_kadmin_open(call->principal, call->admin_cache,
                                  &call->kadmin);
    if (status == TOOL_DONE && call->kdc)
        status = offboard_find_kdc(person, work, call->kadmin);
    if (status == TOOL_DONE)
        status = offboard_find(person, work, call->log);
    if (status == TOOL_DONE)
        status = look_at_signers(call, work, person);
    if (status == TOOL_DONE && call->acl != NULL)
        status = offboard_find_rules(person, work, call->acl);
    if (status == TOOL_DONE)
        note_unknown(call, person);
    return status;
}

/* What is said afterwards was read anew. */
static int
offboard(struct offboarding *call)
{
    struct tool_work work = { 0 };
    struct offboard person = { 0 };
    sigset_t held;
    int status;

    status = look(call, &work, &person);
    if (status == TOOL_DONE && call->apply && person.nleft > 0) {
        tool_hold(&held);
        status = end(call, &person, &work);
        tool_release(&held, status);
        offboard_clear(&person);
        tool_work_close(&work);
        call->applied = status == TOOL_DONE;
        if (status == TOOL_DONE)
            status = look(call, &work, &person);
    }
    if (status == TOOL_DONE)
        status = report(call, &person);
    offboard_clear(&person);
    tool_work_close(&work);
    tool_kadmin_close(call->kadmin);
    return status;
}

static int
run(int argc, char **argv)
{
    static const struct tool_syntax syntax = {
        .command = "offboard", .help = help,
        .has = TOOL_HAS_CONFIG | TOOL_HAS_SERVER, .words = true
    };
    struct offboarding call = { .log = "cn=accesslog" };
    const struct tool_option own[] = {
        TOOL_FLAG("apply", &call.apply), TOOL_VALUE("entry", &call.entry),
        TOOL_VALUE("log", &call.log), TOOL_FLAG("no-log", &call.no_log),
        TOOL_FLAG("kdc", &call.kdc),
        TOOL_VALUE("admin-cache", &call.admin_cache),
        TOOL_VALUE("acl", &call.acl), TOOL_VALUE("signer", &call.signer),
        TOOL_FLAG("no-signer", &call.no_signer), TOOL_NO_MORE
    };
    int status;

    status = tool_parse(&syntax, own, argc, argv, &call.common);
    if (status >= 0)
        return status;
    if (call.no_log)
        call.log = NULL;
    if (optind + 1 != argc)
        return tool_usage("offboard", "one PRINCIPAL expected");
    call.principal = argv[optind];
    return offboard(&call);
}

const struct tool_command tool_offboard = {
    "offboard", "end what somebody who leaves can change", run
};
