/* tools/trustrealm/explain.c - trustrealm explain: why is this allowed? */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "explain.h"
#include "trustrealm_err.h"

static const char help[] =
"usage: trustrealm explain --from SYSTEM --to SYSTEM [OPTION...]\n"
"\n"
"Say step by step whether, and how, one system may send to another.\n"
"\n"
"  --from SYSTEM          host name of the sending system\n"
"  --to SYSTEM            host name of the receiving system\n"
"  --label LABEL          label to send; in this system's format when it is\n"
"                         the sender, else in the trust realm's\n"
"  --user USER@REALM      user whose clearance counts\n"
"  --service SERVICE      first part of the service's principal: host, nfs\n"
"  --attribute NAME=VALUE environment attribute that holds at both ends (more\n"
"                         than once for several; default: all required)\n"
"  --receive              explain the receiver's decision\n"
TOOL_TABLE_HELP
"  --json                 print JSON\n"
"  -c, --config FILE      configuration of trustrealmd\n"
"\n"
"Into a pipe: step, answer (yes, no, let by, skipped, elsewhere, not\n"
"reached), entry of the table, its age in seconds, what was found; last:\n"
"result, allowed or refused, trust realm, age, label or step and reason.\n"
"\n"
"exit status: 0 allowed, 1 refused, 2 usage, 3 system error\n";

/* --- the command --------------------------------------------------------- */

/* A step says when it is not there, but not which one may be meant. */
static void
look_for(const struct tool_table *table, const char *system)
{
    struct tr_record *record = NULL;
    char *text;

    if (tr_view_system(table->view, system, &record) == TRR_NOT_FOUND) {
        text = tool_table_suggest(table, system);
        if (*text != '\0')
            tool_fail(TOOL_NO, "%s is not in the table%s", system, text);
        free(text);
    }
    tr_record_free(record);
}

static int
explain(struct explain *ex)
{
    const struct tr_answer *answer;
    int status;

    status = tool_table_ask(&ex->options, &ex->table);
    if (status != TOOL_DONE)
        return status;
    look_for(&ex->table, ex->from);
    look_for(&ex->table, ex->to);
    ex->ask.table = &ex->table;
    ex->ask.attributes = ex->ngiven > 0 ? ex->given : NULL;
    ask_prepare(&ex->ask);
    ex->sent = tool_must(calloc(1, sizeof(*ex->sent)));
    ex->received = tool_must(calloc(1, sizeof(*ex->received)));
    /* When receiving is explained, the receiver judges the clearance. */
    ask_sending(&ex->ask, ex->from, ex->to, !ex->receive, ex->sent);
    answer = ex->sent;
    /* What is not sent is not received: then the sender's answer it is. */
    if (ex->receive && ex->sent->code == 0) {
        status = ask_receiving(&ex->ask, ex->from, ex->to, ex->sent,
                               ex->received);
        if (status != TOOL_DONE)
            return status;
        answer = ex->received;
    }
    status = answer->code == 0 ? TOOL_DONE : TOOL_NO;
    if (ex->options.json)
        return tool_json_print(explain_json(ex, answer), status);
    explain_print(ex, answer);
    return status;
}

static int
take_attribute(void *arg, const char *value)
{
    struct explain *ex = arg;

    ex->given[ex->ngiven++] = value;
    return -1;
}

/* Take the arguments; -1 to go on, or an exit status. */
static int
take_arguments(struct explain *ex, int argc, char **argv)
{
    static const struct tool_syntax syntax = {
        .command = "explain", .help = help, .has = TOOL_HAS_TABLES
    };
    const struct tool_option own[] = {
        TOOL_VALUE("from", &ex->from), TOOL_VALUE("to", &ex->to),
        TOOL_VALUE("label", &ex->ask.label),
        TOOL_VALUE("user", &ex->ask.user),
        TOOL_VALUE("service", &ex->ask.service),
        TOOL_TAKE("attribute", take_attribute, ex),
        TOOL_FLAG("receive", &ex->receive), TOOL_NO_MORE
    };
    int status;

    status = tool_parse(&syntax, own, argc, argv, &ex->options);
    if (status >= 0)
        return status;
    if (ex->from == NULL || ex->to == NULL)
        return tool_usage("explain", "--from and --to are needed");
    return ask_check_user("explain", ex->ask.user);
}

static int
run(int argc, char **argv)
{
    struct explain ex = { 0 };
    int status;

    ex.given = tool_must(calloc((size_t)argc + 1, sizeof(*ex.given)));
    status = take_arguments(&ex, argc, argv);
    if (status < 0)
        status = explain(&ex);
    tool_table_close(&ex.table);
    free(ex.given);
    free(ex.ask.required);
    free(ex.sent);
    free(ex.received);
    return status;
}

const struct tool_command tool_explain = {
    "explain", "say step by step why traffic is allowed or refused", run
};
