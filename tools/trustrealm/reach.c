/* tools/trustrealm/reach.c - trustrealm reach: who may receive this? */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <stdlib.h>
#include <string.h>
#include "ask.h"
#include "trustrealm_err.h"

static const char help[] =
"usage: trustrealm reach --from SYSTEM [OPTION...]\n"
"\n"
"List the systems that may receive what a system sends: every other system\n"
"of the table is asked for as by explain, at both ends.\n"
"\n"
"  --from SYSTEM          host name of the sending system\n"
"  --label LABEL          label to send; in this system's format when it is\n"
"                         the sender, else in the trust realm's\n"
"  --user USER@REALM      user whose clearance counts\n"
"  --service SERVICE      first part of the service's principal: host, nfs\n"
"  --verbose              list those that may not as well, and why\n"
TOOL_TABLE_HELP
"  --json                 print JSON\n"
"  -c, --config FILE      configuration of trustrealmd\n"
"\n"
"Into a pipe: system, trust realm, label, lowest and highest label; with\n"
"--verbose also yes or no, and the step and reason.\n"
"\n"
"exit status: 0 some may, 1 nobody may, 2 usage, 3 system error\n";

struct reach {
    struct tool_options options;
    const char *from;
    bool verbose;
    struct ask ask;
    struct tr_answer *sent, *received;
    struct tool_sheet *sheet;   /* NULL: JSON */
    struct tool_sheet *others;  /* for people: those that may not */
    json_t *array;
    size_t yes, no;
    char *unlike;               /* why the label is none, where it was asked */
    bool known;                 /* it is one somewhere */
};

/* One system's row. */
static void
add(struct reach *reach, const char *system, const struct tr_answer *answer)
{
    bool allowed = answer->code == 0;
    char *reason = allowed ? tool_copy("") :
        tool_format("%s: %s", tr_step_name(answer->step), answer->text);
    json_t *object;

    if (reach->others != NULL && !allowed) {
        tool_sheet_add(reach->others, (const char *[]){
            system, tr_step_name(answer->step), answer->text });
    } else if (reach->others == NULL && reach->sheet != NULL &&
               reach->verbose) {
        tool_sheet_add(reach->sheet, (const char *[]){
            system, allowed ? "yes" : "no", answer->realm, answer->label,
            answer->low, answer->high, reason });
    } else if (reach->sheet != NULL) {
        tool_sheet_add(reach->sheet, (const char *[]){
            system, answer->realm, answer->label, answer->low,
            answer->high });
    } else {
        object = json_pack("{s:o, s:b, s:b, s:o, s:o, s:o, s:o}",
                           "system", tool_json_text(system),
                           "allowed", allowed, "dry_run", answer->dry_run,
                           "realm", tool_json_text(answer->realm),
                           "label", tool_json_text(answer->label),
                           "low", tool_json_text(answer->low),
                           "high", tool_json_text(answer->high));
        if (answer->step != TR_STEP_NONE) {
            json_object_set_new(object, "step",
                                json_string(tr_step_name(answer->step)));
            json_object_set_new(object, "reason",
                                tool_json_text(answer->text));
        }
        json_array_append_new(reach->array, object);
    }
    free(reason);
}

static int
ask_for(struct reach *reach, const char *system)
{
    const struct tr_answer *answer = reach->sent;
    int status;

    ask_sending(&reach->ask, reach->from, system, false, reach->sent);
    if (reach->sent->code == 0) {
        status = ask_receiving(&reach->ask, reach->from, system, reach->sent,
                               reach->received);
        if (status != TOOL_DONE)
            return status;
        answer = reach->received;
    }
    if (answer->code == 0)
        reach->yes++;
    else
        reach->no++;
    if (answer->step == TR_S6_LABEL && reach->unlike == NULL)
        reach->unlike = tool_copy(answer->text);
    if (answer->code == 0 || answer->step > TR_S6_LABEL)
        reach->known = true;
    if (answer->code == 0 || reach->verbose)
        add(reach, system, answer);
    return TOOL_DONE;
}

static int
print(struct reach *reach)
{
    int status = reach->yes > 0 ? TOOL_DONE : TOOL_NO;

    if (reach->ask.label != NULL && reach->unlike != NULL && !reach->known)
        tool_fail(status, "%s", reach->unlike);
    if (reach->sheet == NULL)
        return tool_json_print(json_pack(
            "{s:o, s:o?, s:o?, s:o, s:o}",
            "from", tool_json_text(reach->from), "label",
            reach->ask.label == NULL ? NULL :
            tool_json_text(reach->ask.label), "user",
            reach->ask.user == NULL ? NULL : tool_json_text(reach->ask.user),
            "systems", reach->array,
            "table", tool_table_json(reach->ask.table)), status);
    tool_sheet_print(reach->sheet);
    if (reach->others != NULL)
        tool_sheet_print(reach->others);
    if (tool_for_people())
        tool_line("%zu of %zu other systems may receive it", reach->yes,
                  reach->yes + reach->no);
    return status;
}

static int
reach_all(struct reach *reach, const struct tool_table *table)
{
    static const char *const brief[] = { "SYSTEM", "TRUST REALM", "LABEL",
                                         "LOW", "HIGH", NULL };
    static const char *const full[] = { "SYSTEM", "MAY", "TRUST REALM",
                                        "LABEL", "LOW", "HIGH", "REASON",
                                        NULL };
    static const char *const others[] = { "SYSTEM", "REFUSED AT", "REASON",
                                          NULL };
    bool apart = reach->verbose && tool_for_people();
    struct tr_record *sender = NULL;
    struct tool_names systems = { 0 };
    krb5_error_code ret;
    int status;
    size_t i;

    ret = tr_view_system(table->view, reach->from, &sender);
    if (ret != 0)
        return ret == TRR_NOT_FOUND ? tool_table_lacks(table, reach->from) :
            tool_table_failed(table, ret);
    status = tool_names_of_systems(table, &systems);
    if (reach->options.json)
        reach->array = json_array();
    else
        reach->sheet = tool_sheet_create(reach->verbose && !apart ? full :
                                         brief);
    if (reach->sheet != NULL && apart)
        reach->others = tool_sheet_create(others);
    for (i = 0; i < systems.n && status == TOOL_DONE; i++) {
        if (strcmp(systems.list[i], sender->u.system.name) != 0)
            status = ask_for(reach, systems.list[i]);
    }
    tool_names_clear(&systems);
    tr_record_free(sender);
    return status == TOOL_DONE ? print(reach) : status;
}

/* --- the command --------------------------------------------------------- */

/* Take the arguments; -1 to go on, or an exit status. */
static int
take_arguments(struct reach *reach, int argc, char **argv)
{
    static const struct tool_syntax syntax = {
        .command = "reach", .help = help, .has = TOOL_HAS_TABLES
    };
    const struct tool_option own[] = {
        TOOL_VALUE("from", &reach->from),
        TOOL_VALUE("label", &reach->ask.label),
        TOOL_VALUE("user", &reach->ask.user),
        TOOL_VALUE("service", &reach->ask.service),
        TOOL_FLAG("verbose", &reach->verbose), TOOL_NO_MORE
    };
    int status;

    status = tool_parse(&syntax, own, argc, argv, &reach->options);
    if (status >= 0)
        return status;
    if (reach->from == NULL)
        return tool_usage("reach", "--from is needed");
    return ask_check_user("reach", reach->ask.user);
}

static int
run(int argc, char **argv)
{
    struct tool_table table = { 0 };
    struct reach reach = { .ask.table = &table };
    int status;

    status = take_arguments(&reach, argc, argv);
    if (status >= 0)
        return status;
    status = tool_table_ask(&reach.options, &table);
    if (status == TOOL_DONE) {
        ask_prepare(&reach.ask);
        reach.sent = tool_must(calloc(1, sizeof(*reach.sent)));
        reach.received = tool_must(calloc(1, sizeof(*reach.received)));
        status = reach_all(&reach, &table);
    }
    free(reach.ask.required);
    free(reach.unlike);
    free(reach.sent);
    free(reach.received);
    tool_table_close(&table);
    return status;
}

const struct tool_command tool_reach = {
    "reach", "list the systems that may receive what one sends", run
};
