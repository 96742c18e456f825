/* tools/trustrealm/explain.c - trustrealm explain: why is this allowed? */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "explain.h"

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

enum { OPTION_FROM = TOOL_OPTION_OWN, OPTION_TO, OPTION_LABEL, OPTION_USER,
       OPTION_SERVICE, OPTION_ATTRIBUTE, OPTION_RECEIVE };

/* --- the question -------------------------------------------------------- */

/* Every attribute that a trust realm of the table requires. */
static int
collect_required(struct explain *ex)
{
    const struct tr_realm_record *record;
    size_t i, j, n = 0;

    for (i = 0; i < tr_view_realms(ex->table.view); i++)
        n += tr_view_realm_at(ex->table.view, i)->record->nattributes;
    ex->required = calloc(n + 1, sizeof(*ex->required));
    if (ex->required == NULL)
        return tool_fail(TOOL_SYSTEM, "%s", strerror(ENOMEM));
    n = 0;
    for (i = 0; i < tr_view_realms(ex->table.view); i++) {
        record = tr_view_realm_at(ex->table.view, i)->record;
        for (j = 0; j < record->nattributes; j++)
            ex->required[n++] = record->attributes[j];
    }
    return TOOL_DONE;
}

bool
explain_is_configured(const struct explain *ex, const char *host)
{
    struct tr_record *a = NULL, *b = NULL;
    bool same = false;

    if (ex->table.config == NULL)
        return false;
    if (strcasecmp(host, ex->table.config->system) == 0)
        return true;
    if (tr_view_system(ex->table.view, host, &a) == 0 &&
        tr_view_system(ex->table.view, ex->table.config->system, &b) == 0)
        same = strcmp(a->u.system.name, b->u.system.name) == 0;
    tr_record_free(a);
    tr_record_free(b);
    return same;
}

static void
make_local(const struct explain *ex, const char *system,
           struct tr_local *local_out)
{
    const struct tr_config *config = ex->table.config;

    memset(local_out, 0, sizeof(*local_out));
    local_out->system = system;
    local_out->clock_skew = TR_MAX_CLOCK_SKEW_S;
    local_out->attributes = ex->ngiven > 0 ? (char *const *)ex->given :
        ex->required;
    if (!explain_is_configured(ex, system))
        return;
    local_out->encoding = config->encoding;
    local_out->format = config->format;
    local_out->realms = config->trust_realms;
    local_out->highest = config->has_highest ? &config->highest : NULL;
    local_out->max_staleness = config->maximum_staleness;
    local_out->clock_skew = config->clock_skew;
    local_out->allow_dry_run = config->allow_dry_run;
}

static void
decide_sending(struct explain *ex)
{
    struct tr_local local;
    struct tr_question question = {
        .side = TR_SENDING, .local = &local, .now = ex->table.now,
        .peer = ex->to, .service = ex->service, .label = ex->label,
        /* Then it is the receiver who judges the clearance. */
        .user = ex->receive ? NULL : ex->user
    };

    make_local(ex, ex->from, &local);
    (void)tr_decide(ex->table.view, &question, ex->sent);
}

static int
decide_receiving(struct explain *ex)
{
    const struct tr_answer *sent = ex->sent;
    bool labelled = ex->label != NULL;
    struct tr_record *sender = NULL;
    struct tr_local local;
    struct tr_question question = {
        .side = TR_RECEIVING, .local = &local, .now = ex->table.now,
        .peer = ex->from, .service = ex->service, .user = ex->user,
        .realm = sent->realm, .digest = sent->digest,
        .realm_label = labelled ? sent->label : NULL,
        .realm_low = labelled ? sent->low : NULL,
        .realm_high = labelled ? sent->high : NULL,
        .peer_generation = sent->generation,
        .confidentiality = sent->require_confidentiality
    };

    if (tr_view_system(ex->table.view, ex->from, &sender) != 0)
        return tool_fail(TOOL_SYSTEM, "%s cannot be looked up", ex->from);
    make_local(ex, ex->to, &local);
    question.peer_attributes = (const char *const *)local.attributes;
    question.peer_principal = sender->u.system.principal;
    (void)tr_decide(ex->table.view, &question, ex->received);
    tr_record_free(sender);
    return TOOL_DONE;
}

/* --- the command --------------------------------------------------------- */

static int
explain(struct explain *ex)
{
    const struct tr_answer *answer;
    int status;

    status = tool_table_open(&ex->options, &ex->table);
    if (status == TOOL_NO)
        return tool_fail(TOOL_SYSTEM, "%s", ex->table.why);
    if (status == TOOL_DONE)
        status = collect_required(ex);
    if (status != TOOL_DONE)
        return status;
    ex->sent = calloc(1, sizeof(*ex->sent));
    ex->received = calloc(1, sizeof(*ex->received));
    if (ex->sent == NULL || ex->received == NULL)
        return tool_fail(TOOL_SYSTEM, "%s", strerror(ENOMEM));
    decide_sending(ex);
    answer = ex->sent;
    /* What is not sent is not received: then the sender's answer it is. */
    if (ex->receive && ex->sent->code == 0) {
        status = decide_receiving(ex);
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

/* Take the arguments; -1 to go on, or an exit status. */
static int
take_arguments(struct explain *ex, int argc, char **argv)
{
    static const struct option options[] = {
        { "from", required_argument, NULL, OPTION_FROM },
        { "to", required_argument, NULL, OPTION_TO },
        { "label", required_argument, NULL, OPTION_LABEL },
        { "user", required_argument, NULL, OPTION_USER },
        { "service", required_argument, NULL, OPTION_SERVICE },
        { "attribute", required_argument, NULL, OPTION_ATTRIBUTE },
        { "receive", no_argument, NULL, OPTION_RECEIVE },
        TOOL_TABLE_OPTIONS, TOOL_CONFIG_OPTION, TOOL_JSON_OPTION,
        TOOL_HELP_OPTION, { NULL, 0, NULL, 0 }
    };
    int option, status;

    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        if (tool_take_option(&ex->options, option, help, &status)) {
            if (status >= 0)
                return status;
        } else if (option == OPTION_FROM) {
            ex->from = optarg;
        } else if (option == OPTION_TO) {
            ex->to = optarg;
        } else if (option == OPTION_LABEL) {
            ex->label = optarg;
        } else if (option == OPTION_USER) {
            ex->user = optarg;
        } else if (option == OPTION_SERVICE) {
            ex->service = optarg;
        } else if (option == OPTION_ATTRIBUTE) {
            ex->given[ex->ngiven++] = optarg;
        } else {
            ex->receive = true;
        }
    }
    if (optind < argc)
        return tool_usage("explain", "'%s' is no option", argv[optind]);
    if (ex->from == NULL || ex->to == NULL)
        return tool_usage("explain", "--from and --to are needed");
    /* Nobody's clearance limits a principal that is not one. */
    if (ex->user != NULL && strchr(ex->user, '@') == NULL)
        return tool_usage("explain", "'%s' has no Kerberos realm: "
                          "--user USER@REALM", ex->user);
    return -1;
}

static int
run(int argc, char **argv)
{
    struct explain ex = { .given = calloc(argc + 1, sizeof(char *)) };
    int status;

    if (ex.given == NULL)
        return tool_fail(TOOL_SYSTEM, "%s", strerror(ENOMEM));
    status = take_arguments(&ex, argc, argv);
    if (status < 0)
        status = explain(&ex);
    tool_table_close(&ex.table);
    free(ex.given);
    free(ex.required);
    free(ex.sent);
    free(ex.received);
    return status;
}

const struct tool_command tool_explain = {
    "explain", "say step by step why traffic is allowed or refused", run
};
