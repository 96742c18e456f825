/* tools/trustrealm/system.c - trustrealm system: systems */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <stdlib.h>
#include <string.h>
#include "noun.h"
#include "text.h"

static const struct noun_field fields[] = {
    { "principal", "trPrincipal", NOUN_EXACT, "PRINCIPAL",
      "that speaks for it (default of \"add\":\ntrustrealm/SYSTEM@REALM)" },
    { "alias", "trAlias", NOUN_WORDS, "HOST",
      "another host name of it (again for more)" },
    { "owner", "owner", NOUN_DN, "DN",
      "its administrator (again for more)" },
    { "enabled", "trEnabled", NOUN_TRUTH, NULL, NULL },
    { "membership", "trMembership", NOUN_KEYED, NULL, NULL },
    { "restriction", "trRestriction", NOUN_WORDS, NULL, NULL },
    { NULL, NULL, NOUN_TEXT, NULL, NULL }
};
static const struct noun_field *const enabled = &fields[3];
static const struct noun_field *const membership = &fields[4];

static const char *const columns[] = { "NAME", "STATE", "PRINCIPAL",
                                       NOUN_GRANT_COLUMNS, NULL };

static bool
is_enabled(const struct tool_entry *entry)
{
    const char *value = tool_entry_value(entry, enabled->attribute);

    return value == NULL || tr_text_compare(value, "FALSE") != 0;
}

/* People need not be told that it is trustrealm/SYSTEM@REALM. */
static const char *
principal_cell(const struct tool_entry *entry)
{
    const char *principal = tool_entry_value(entry, "trPrincipal");
    char *usual = tool_format("trustrealm/%s@", entry->name);
    bool told = principal == NULL || !tool_for_people() ||
        strncmp(principal, usual, strlen(usual)) != 0;

    free(usual);
    return told ? principal : NULL;
}

static void
row(const struct tool_entry *entry, const struct tool_entries *all,
    struct tool_sheet *sheet)
{
    const char *cells[3 + NOUN_GRANT_CELLS] = {
        entry->name, is_enabled(entry) ? "enabled" : "disabled",
        principal_cell(entry)
    };

    noun_grant_rows(entry, cells, 3, sheet);
}

const struct noun noun_system = {
    "system", "system", "SYSTEM", TR_RECORD_SYSTEM, "trSystem", "systems",
    fields, columns, row
};

/* --- add, set, show, list ------------------------------------------------ */

char *
noun_system_principal(const char *host)
{
    krb5_context context = NULL;
    char **realms = NULL, *fallback = NULL, *principal = NULL;
    const char *realm = NULL;
    krb5_error_code ret;

    ret = krb5_init_context(&context);
    if (ret == 0)
        ret = krb5_get_host_realm(context, host, &realms);
    if (ret == 0 && realms != NULL && realms[0] != NULL &&
        *realms[0] != '\0')
        realm = realms[0];
    if (ret == 0 && realm == NULL) {
        ret = krb5_get_default_realm(context, &fallback);
        realm = fallback;
    }
    if (ret == 0)
        principal = tool_format("trustrealm/%s@%s", host, realm);
    else
        tool_fail(TOOL_USAGE, "--principal is missing: Kerberos does not "
                  "know the realm of %s: %s", host, error_message(ret));
    krb5_free_default_realm(context, fallback);
    if (realms != NULL)
        krb5_free_host_realm(context, realms);
    krb5_free_context(context);
    return principal;
}

int
noun_system_complete(struct tool_entry *entry)
{
    char *principal;

    if (tool_entry_value(entry, "trPrincipal") != NULL)
        return TOOL_DONE;
    principal = noun_system_principal(entry->name);
    if (principal == NULL)
        return TOOL_USAGE;
    tool_entry_add(entry, "trPrincipal", principal);
    free(principal);
    return TOOL_DONE;
}

static int
complete(const struct noun_call *call, struct tool_work *work,
         struct tool_entry *entry, void *arg)
{
    return noun_system_complete(entry);
}

static int
add(int argc, char **argv)
{
    return noun_add(&noun_system, "system add", "Add a system, a member of no "
                    "trust realm yet.", complete, argc, argv);
}

static int
set(int argc, char **argv)
{
    return noun_set(&noun_system, "system set", "Change a system.", argc,
                    argv);
}

static int
show(int argc, char **argv)
{
    return noun_show(&noun_system, "system show", argc, argv);
}

static int
list(int argc, char **argv)
{
    return noun_list(&noun_system, "system list", argc, argv);
}

/* --- one change ---------------------------------------------------------- */

static int
join_entry(const struct noun_call *call, struct tool_work *work,
           struct tool_entry *entry)
{
    char *grant = noun_grant(call);
    int status;

    if (grant == NULL)
        return TOOL_USAGE;
    status = noun_check_realm(call, work);
    if (status == TOOL_DONE)
        noun_put(tool_work_edit(work, entry), membership, grant);
    free(grant);
    return status;
}

static int
join(int argc, char **argv)
{
    return noun_change(&noun_system, "system join", "Make a system a member "
                       "of a trust realm, with this accreditation range;\none "
                       "that is a member gets this range.",
                       NOUN_REALM | NOUN_RANGE | NOUN_PROPOSE, join_entry,
                       argc, argv);
}

static int
leave_entry(const struct noun_call *call, struct tool_work *work,
            struct tool_entry *entry)
{
    const char *value;

    if (call->all == (call->realm != NULL))
        return tool_usage(call->command, "either --realm or --all");
    if (call->all) {
        tool_entry_remove(tool_work_edit(work, entry),
                          membership->attribute, NULL);
        return TOOL_DONE;
    }
    value = noun_keyed(entry, membership->attribute, call->realm);
    if (value == NULL)
        return tool_fail(TOOL_NO, "system %s is no member of %s",
                         entry->name, call->realm);
    tool_entry_remove(tool_work_edit(work, entry), membership->attribute,
                      value);
    return TOOL_DONE;
}

static int
leave(int argc, char **argv)
{
    return noun_change(&noun_system, "system leave", "End the membership of a "
                       "system.", NOUN_REALM | NOUN_ALL, leave_entry, argc,
                       argv);
}

static int
restrict_command(int argc, char **argv)
{
    return noun_restrict(&noun_system, "system restrict", argc, argv);
}

static int
unrestrict(int argc, char **argv)
{
    return noun_unrestrict(&noun_system, "system unrestrict", argc, argv);
}

static int
disable_entry(const struct noun_call *call, struct tool_work *work,
              struct tool_entry *entry)
{
    noun_put(tool_work_edit(work, entry), enabled, "FALSE");
    return TOOL_DONE;
}

static int
disable(int argc, char **argv)
{
    return noun_change(&noun_system, "system disable", "Bar a system from "
                       "every trust realm; its memberships stay for "
                       "\"enable\".",
                       0, disable_entry, argc, argv);
}

static int
enable_entry(const struct noun_call *call, struct tool_work *work,
             struct tool_entry *entry)
{
    if (!is_enabled(entry))
        noun_put(tool_work_edit(work, entry), enabled, "TRUE");
    return TOOL_DONE;
}

static int
enable(int argc, char **argv)
{
    return noun_change(&noun_system, "system enable", "Undo \"disable\".",
                       NOUN_PROPOSE, enable_entry, argc, argv);
}

static int
remove_command(int argc, char **argv)
{
    return noun_change(&noun_system, "system remove", "Remove a system with "
                       "all its memberships.", 0, noun_remove_entry, argc,
                       argv);
}

const struct tool_command tool_system_add = {
    "system add", "add a system", add
};
const struct tool_command tool_system_set = {
    "system set", "change a system", set
};
const struct tool_command tool_system_show = {
    "system show", "show a system", show
};
const struct tool_command tool_system_list = {
    "system list", "list all systems", list
};
const struct tool_command tool_system_join = {
    "system join", "make a system a member of a trust realm", join
};
const struct tool_command tool_system_leave = {
    "system leave", "end a membership", leave
};
const struct tool_command tool_system_restrict = {
    "system restrict", "bound a membership further", restrict_command
};
const struct tool_command tool_system_unrestrict = {
    "system unrestrict", "remove the restrictions of a membership", unrestrict
};
const struct tool_command tool_system_disable = {
    "system disable", "bar a system from every trust realm", disable
};
const struct tool_command tool_system_enable = {
    "system enable", "let a disabled system be a member again", enable
};
const struct tool_command tool_system_remove = {
    "system remove", "remove a system", remove_command
};
