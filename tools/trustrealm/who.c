/* tools/trustrealm/who.c - trustrealm who: who is in a trust realm? */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <stdlib.h>
#include <string.h>
#include "grant.h"
#include "text.h"
#include "trustrealm.h"

static const char help[] =
"usage: trustrealm who --realm REALM [OPTION...]\n"
"\n"
"List the systems that are members of a trust realm now, and the users who\n"
"are cleared in it, each with the range of labels.\n"
"\n"
"  --realm REALM          name of the trust realm\n"
"  --at LABEL             only those whose range has this label\n"
TOOL_TABLE_HELP
"  --json                 print JSON\n"
"  -c, --config FILE      configuration of trustrealmd\n"
"\n"
"Into a pipe: kind (system, user), name, lowest and highest label,\n"
"end.\n"
"\n"
"exit status: 0 some are, 1 nobody is, 2 usage, 3 system error\n";

struct one {
    const char *kind;
    char *name, *low, *high, *end;
};

struct who {
    const struct tool_table *table;
    const struct tr_realm *realm;
    const struct tr_label *at;  /* NULL: any */
    struct one *list;
    size_t n, systems;
};

/* --- gathering ----------------------------------------------------------- */

/* Does grant hold now, and for the label asked for? */
static bool
holds(const struct who *who, const struct tr_grant *grant)
{
    struct tr_range range;
    int64_t end = tr_grant_end(grant);

    return strcmp(grant->realm, who->realm->record->name) == 0 &&
        (end == 0 || end > who->table->now) &&
        tr_grant_range(who->realm->encoding, grant, &range) == 0 &&
        (who->at == NULL || tr_range_contains(&range, who->at));
}

static void
add(struct who *who, const char *kind, const char *name,
    const struct tr_grant *grants, size_t n)
{
    char end[TR_TIME_LENGTH], *low, *high;
    size_t i;

    for (i = 0; i < n; i++) {
        if (!holds(who, &grants[i]) ||
            !tool_grant_words(who->realm, &grants[i], &low, &high))
            continue;
        who->list = tool_grow(who->list, who->n, sizeof(*who->list));
        tr_text_write_time(tr_grant_end(&grants[i]), end);
        who->list[who->n++] = (struct one){
            kind, tool_copy(name), low, high, tool_copy(end)
        };
    }
}

static krb5_error_code
add_system(const struct tr_record *record, void *arg)
{
    const struct tr_system_record *system = &record->u.system;

    if (system->enabled)
        add(arg, "system", system->name, system->memberships,
            system->nmemberships);
    return 0;
}

static krb5_error_code
add_user(const struct tr_record *record, void *arg)
{
    const struct tr_clearance_record *user = &record->u.clearance;

    add(arg, "user", user->principal, user->clearances, user->nclearances);
    return 0;
}

static int
compare(const void *a, const void *b)
{
    const struct one *x = a, *y = b;
    int order = strcmp(x->kind, y->kind);

    return order != 0 ? order : strcmp(x->name, y->name);
}

/* --- output -------------------------------------------------------------- */

static int
print_json(const struct who *who)
{
    json_t *array = json_array();
    size_t i;

    for (i = 0; i < who->n; i++)
        json_array_append_new(array, json_pack(
            "{s:s, s:o, s:o, s:o, s:o?}", "kind", who->list[i].kind,
            "name", tool_json_text(who->list[i].name),
            "low", tool_json_text(who->list[i].low),
            "high", tool_json_text(who->list[i].high),
            "end", who->list[i].end[0] == '\0' ? NULL :
            tool_json_text(who->list[i].end)));
    return tool_json_print(json_pack(
        "{s:o, s:o, s:o}",
        "realm", tool_json_text(who->realm->record->name),
        "members", array, "table", tool_table_json(who->table)),
        who->n > 0 ? TOOL_DONE : TOOL_NO);
}

static int
print_rows(const struct who *who)
{
    static const char *const columns[] = { "KIND", "NAME", "LOW", "HIGH",
                                           "UNTIL", NULL };
    struct tool_sheet *sheet = tool_sheet_create(columns);
    char until[TOOL_TIME_LENGTH];
    const struct one *one;
    size_t i;

    for (i = 0; i < who->n; i++) {
        one = &who->list[i];
        tool_sheet_add(sheet, (const char *[]){
            one->kind, one->name, one->low, one->high,
            tool_show_time(one->end, until) });
    }
    tool_sheet_print(sheet);
    if (tool_for_people())
        tool_line("%zu systems, %zu users; users without an entry of their "
                  "own are not limited", who->systems, who->n - who->systems);
    return who->n > 0 ? TOOL_DONE : TOOL_NO;
}

/* --- the command --------------------------------------------------------- */

static int
list(const struct tool_options *options, const struct tool_table *table,
     const char *realm, const char *at)
{
    struct who who = { .table = table };
    struct tr_label label;
    krb5_error_code ret;
    int status;
    size_t i;

    if (tr_view_realm(table->view, realm, &who.realm) != 0)
        return tool_table_lacks_realm(table, realm);
    if (who.realm->error != 0)
        return tool_fail(TOOL_NO, "trust realm %s: %s", realm,
                         who.realm->why);
    if (at != NULL) {
        ret = tr_label_parse(who.realm->encoding, at, &label);
        if (ret)
            return tool_fail(TOOL_NO, "%s of %s: %s", at, realm,
                             error_message(ret));
        who.at = &label;
    }
    ret = tr_view_each(table->view, TR_RECORD_SYSTEM, add_system, &who);
    who.systems = who.n;
    if (ret == 0)
        ret = tr_view_each(table->view, TR_RECORD_CLEARANCE, add_user, &who);
    if (who.n > 0)
        qsort(who.list, who.n, sizeof(*who.list), compare);
    if (ret)
        status = tool_table_failed(table, ret);
    else
        status = options->json ? print_json(&who) : print_rows(&who);
    for (i = 0; i < who.n; i++) {
        free(who.list[i].name);
        free(who.list[i].low);
        free(who.list[i].high);
        free(who.list[i].end);
    }
    free(who.list);
    return status;
}

static int
run(int argc, char **argv)
{
    static const struct tool_syntax syntax = {
        .command = "who", .help = help, .has = TOOL_HAS_TABLES
    };
    struct tool_options common = { 0 };
    struct tool_table table = { 0 };
    const char *realm = NULL, *at = NULL;
    const struct tool_option own[] = {
        TOOL_VALUE("realm", &realm), TOOL_VALUE("at", &at), TOOL_NO_MORE
    };
    int status;

    status = tool_parse(&syntax, own, argc, argv, &common);
    if (status >= 0)
        return status;
    if (realm == NULL)
        return tool_usage("who", "--realm is needed");
    status = tool_table_ask(&common, &table);
    if (status == TOOL_DONE)
        status = list(&common, &table, realm, at);
    tool_table_close(&table);
    return status;
}

const struct tool_command tool_who = {
    "who", "list the members of a trust realm", run
};
