/* tools/trustrealm/explain.c - trustrealm explain: why is this allowed? */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "trustrealm.h"
#include "trustrealm_err.h"

/*
 * Asks the function that trustrealmd asks, with what is known outside of a
 * connection.  Receiving is explained from what the sender would send, so its
 * decision is made first.
 *
 * The configuration speaks for the system it names: only for that one are
 * labels in a local format, and only that one is narrowed by it.  Of any
 * other system nothing but its entry is known; its labels are in the trust
 * realm's own format.
 */

static const char help[] =
"usage: trustrealm explain --from SYSTEM --to SYSTEM [OPTION...]\n"
"\n"
"Say step by step whether, and how, one system may send to another.\n"
"\n"
"  --from SYSTEM          host name of the sending system\n"
"  --to SYSTEM            host name of the receiving system\n"
"  --label LABEL          label to send; in this system's format when it is\n"
"                         the sender, else in the trust realm's\n"
"  --user PRINCIPAL       user whose clearance counts\n"
"  --service SERVICE      first part of the service's principal: host, nfs\n"
"  --attribute NAME=VALUE environment attribute that holds (more than once\n"
"                         for several; default: all that are required)\n"
"  --receive              explain the receiver's decision\n"
"  --table DIR            table to ask, instead of this system's\n"
"  --ldif FILE            LDIF file to ask, instead of this system's table\n"
"  --json                 print JSON\n"
"  -c, --config FILE      configuration of trustrealmd\n"
"\n"
"Into a pipe: step, answer (yes, no, let by, skipped, elsewhere, not\n"
"reached), entry of the table, its age in seconds, what was found; last line:\n"
"result, allowed or refused, trust realm, age, label or step and reason.\n"
"\n"
"exit status: 0 allowed, 1 refused, 2 usage, 3 system error\n";

enum { OPTION_FROM = TOOL_OPTION_OWN, OPTION_TO, OPTION_LABEL, OPTION_USER,
       OPTION_SERVICE, OPTION_ATTRIBUTE, OPTION_RECEIVE };

struct explain {
    struct tool_options options;
    const char *from, *to, *label, *user, *service;
    const char **given;         /* --attribute, NULL-terminated */
    size_t ngiven;
    bool receive;
    struct tool_table table;
    char **required;            /* by any trust realm, NULL-terminated; its
                                   strings belong to the view */
    struct tr_answer *sent, *received;
};

/* --- the question ------------------------------------------------------------ */

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

/* Is host, a name or alias, the system that the configuration is of? */
static bool
is_configured(const struct explain *ex, const char *host)
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
    if (!is_configured(ex, system))
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
        .peer_attributes = (const char *const *)ex->required,
        .confidentiality = sent->require_confidentiality
    };

    if (tr_view_system(ex->table.view, ex->from, &sender) != 0)
        return tool_fail(TOOL_SYSTEM, "%s cannot be looked up", ex->from);
    make_local(ex, ex->to, &local);
    question.peer_principal = sender->u.system.principal;
    (void)tr_decide(ex->table.view, &question, ex->received);
    tr_record_free(sender);
    return TOOL_DONE;
}

/* --- the answer ---------------------------------------------------------------- */

/* What of the table, or beside it, a step looks at. */
enum source { S_ELSEWHERE, S_TABLE, S_SENDER, S_RECEIVER, S_REALM, S_MAP,
              S_USER };

static const struct step {
    enum tr_step step;
    enum source source;
} steps[] = {
    { TR_S1_BYPASS, S_ELSEWHERE }, { TR_S2_TABLE, S_TABLE },
    { TR_S3_SENDER, S_SENDER }, { TR_S4_RECEIVER, S_RECEIVER },
    { TR_S5_REALM, S_REALM }, { TR_S6_LABEL, S_ELSEWHERE },
    { TR_S7_CONVERT, S_MAP }, { TR_S8_SENDER_RANGE, S_SENDER },
    { TR_S9_RECEIVER_RANGE, S_RECEIVER }, { TR_S10_CLEARANCE, S_USER },
    { TR_S11_ATTRIBUTES, S_REALM }, { TR_S12_PROTECTION, S_REALM },
    { TR_S13_SEAL, S_ELSEWHERE },
    { TR_R1_BYPASS, S_ELSEWHERE }, { TR_R2_TABLE, S_TABLE },
    { TR_R3_SERVICE, S_ELSEWHERE }, { TR_R4_SYSTEM, S_ELSEWHERE },
    { TR_R5_SENDER, S_SENDER }, { TR_R6_RECEIVER, S_RECEIVER },
    { TR_R7_SENDER_RANGE, S_SENDER }, { TR_R8_RECEIVER_RANGE, S_RECEIVER },
    { TR_R9_CONVERT, S_MAP }, { TR_R10_PROCESS, S_ELSEWHERE },
    { TR_R11_ATTRIBUTES, S_REALM }, { TR_R12_PROTECTION, S_REALM },
    { TR_R13_USER, S_ELSEWHERE }, { TR_R14_CLEARANCE, S_USER },
    { TR_R15_COMMIT, S_ELSEWHERE }
};
#define NSTEPS (sizeof(steps) / sizeof(steps[0]))

/* Steps that tr_decide() leaves to trustrealmd. */
static bool
is_elsewhere(enum tr_step step)
{
    return step == TR_S1_BYPASS || step == TR_S13_SEAL ||
        step == TR_R1_BYPASS || step == TR_R3_SERVICE ||
        step == TR_R4_SYSTEM || step == TR_R13_USER || step == TR_R15_COMMIT;
}

struct line {
    enum tr_step step;
    const char *answer;
    const char *found;          /* NULL: the step was not judged here */
    char entry[TR_MAX_PRINCIPAL + 64];
    krb5_error_code code;
};

/* Name the entry that a step looks at; "-" when it is none of the table. */
static void
name_entry(const struct explain *ex, const struct tr_answer *answer,
           enum source source, char *out, size_t size)
{
    const char *own = answer == ex->sent ? ex->from : ex->to;

    switch (source) {
    case S_TABLE:
        snprintf(out, size, "table");
        return;
    case S_SENDER:
        snprintf(out, size, "system %s", ex->from);
        return;
    case S_RECEIVER:
        snprintf(out, size, "system %s", ex->to);
        return;
    case S_REALM:
        if (answer->realm[0] != '\0') {
            snprintf(out, size, "trust realm %s", answer->realm);
            return;
        }
        break;
    case S_MAP:
        if (answer->realm[0] != '\0' && is_configured(ex, own)) {
            snprintf(out, size, "label map %s, %s", answer->realm,
                     ex->table.config->format);
            return;
        }
        break;
    case S_USER:
        if (ex->user != NULL) {
            snprintf(out, size, "clearance %s", ex->user);
            return;
        }
        break;
    case S_ELSEWHERE:
        break;
    }
    snprintf(out, size, "-");
}

static const char *
answer_word(const struct tr_trace *trace)
{
    if (trace->softened)
        return "let by";
    if (trace->code != 0)
        return "no";
    return trace->skipped ? "skipped" : "yes";
}

/* Call each for every numbered step of answer's side, in order. */
static void
each_line(const struct explain *ex, const struct tr_answer *answer,
          void (*each)(const struct line *line, void *arg), void *arg)
{
    enum tr_step low = answer == ex->sent ? TR_S1_BYPASS : TR_R1_BYPASS;
    enum tr_step high = answer == ex->sent ? TR_S13_SEAL : TR_R15_COMMIT;
    struct line line;
    size_t i, j, found;

    for (i = 0; i < NSTEPS; i++) {
        line.step = steps[i].step;
        if (line.step < low || line.step > high)
            continue;
        name_entry(ex, answer, steps[i].source, line.entry,
                   sizeof(line.entry));
        for (j = found = 0; j < answer->ntrace; j++) {
            if (answer->trace[j].step != line.step)
                continue;
            found++;
            line.answer = answer_word(&answer->trace[j]);
            line.found = answer->trace[j].text;
            line.code = answer->trace[j].code;
            each(&line, arg);
        }
        if (found > 0)
            continue;
        line.code = 0;
        line.found = NULL;
        line.answer = is_elsewhere(line.step) &&
            (answer->code == 0 || line.step < answer->step) ?
            "elsewhere" : "not reached";
        each(&line, arg);
    }
}

/* --- for people and pipes ------------------------------------------------------ */

struct print {
    struct tool_sheet *sheet;
    const char *age;
    bool people;
};

static void
add_line(const struct line *line, void *arg)
{
    struct print *print = arg;
    const char *people[] = { tr_step_name(line->step), line->answer,
                             line->found, line->entry };
    const char *pipe[] = { people[0], people[1], people[3], print->age,
                           people[2] };
    char question[128];

    if (line->found == NULL) {
        snprintf(question, sizeof(question), "(%s)",
                 tr_step_text(line->step));
        people[2] = pipe[4] = question;
    }
    tool_sheet_add(print->sheet, print->people ? people : pipe);
}

static void
print_conclusion(const struct explain *ex, const struct tr_answer *answer)
{
    static const char *const carriers[] = { "gss", "own", "mic",
                                            "auth-only" };

    if (answer->code != 0) {
        tool_line("refused at %s: %s: %s", tr_step_name(answer->step),
                  error_message(answer->code), answer->text);
        return;
    }
    tool_line("allowed in trust realm %s%s", answer->realm,
              answer->dry_run ? ", only because it is a dry run" : "");
    if (answer->label[0] != '\0')
        tool_line("label %s", answer->label);
    if (answer->local_label[0] != '\0' &&
        is_configured(ex, answer == ex->sent ? ex->from : ex->to))
        tool_line("label %s in format %s", answer->local_label,
                  ex->table.config->format);
    tool_line("range %s to %s; confidentiality %srequired; carrier %s; "
              "delegation %s", answer->low, answer->high,
              answer->require_confidentiality ? "" : "not ",
              (size_t)answer->carrier < 4 ? carriers[answer->carrier] : "?",
              answer->may_delegate ? "allowed" : "refused");
}

static void
print_text(const struct explain *ex, const struct tr_answer *answer)
{
    static const char *const people[] = { "STEP", "ANSWER", "FOUND", "ENTRY",
                                          NULL };
    static const char *const pipe[] = { "step", "answer", "entry", "age",
                                        "found", NULL };
    struct print print = { .people = tool_for_people() };
    char age[24], reason[sizeof(answer->text) + 8];
    const char *last[] = {
        "result", answer->code == 0 ? "allowed" : "refused",
        answer->realm[0] != '\0' ? answer->realm : "-", age,
        answer->code == 0 ? answer->label : reason
    };

    snprintf(age, sizeof(age), "%lld", (long long)ex->table.age);
    snprintf(reason, sizeof(reason), "%s: %s", tr_step_name(answer->step),
             answer->text);
    print.age = age;
    print.sheet = tool_sheet_create(print.people ? people : pipe);
    each_line(ex, answer, add_line, &print);
    if (!print.people)
        tool_sheet_add(print.sheet, last);
    else
        tool_line("%s from %s to %s; table of %s, generation %llu, %s s old",
                  answer == ex->sent ? "sending" : "receiving", ex->from,
                  ex->to, ex->table.info.source,
                  (unsigned long long)ex->table.info.generation, age);
    tool_sheet_print(print.sheet);
    if (print.people)
        print_conclusion(ex, answer);
}

/* --- JSON ---------------------------------------------------------------------- */

struct json_steps {
    json_t *array;
    json_int_t age;
};

static void
append_line(const struct line *line, void *arg)
{
    struct json_steps *out = arg;
    json_t *object;

    object = json_pack("{s:s, s:s, s:s, s:o, s:I}",
                       "step", tr_step_name(line->step),
                       "question", tr_step_text(line->step),
                       "answer", line->answer,
                       "entry", tool_json_text(line->entry),
                       "age", out->age);
    if (object == NULL)
        return;
    if (line->found != NULL)
        json_object_set_new(object, "found", tool_json_text(line->found));
    if (line->code != 0)
        json_object_set_new(object, "error",
                            json_string(error_message(line->code)));
    json_array_append_new(out->array, object);
}

static void
set_agreed(json_t *object, const struct tr_answer *answer)
{
    const struct { const char *key, *text; } texts[] = {
        { "realm", answer->realm }, { "label", answer->label },
        { "low", answer->low }, { "high", answer->high },
        { "local_label", answer->local_label },
        { "local_low", answer->local_low },
        { "local_high", answer->local_high }
    };
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].text[0] != '\0')
            json_object_set_new(object, texts[i].key,
                                tool_json_text(texts[i].text));
    }
    if (answer->code == 0) {
        json_object_set_new(object, "confidentiality",
                            json_boolean(answer->require_confidentiality));
        json_object_set_new(object, "delegation",
                            json_boolean(answer->may_delegate));
    }
}

static json_t *
make_json(const struct explain *ex, const struct tr_answer *answer)
{
    struct json_steps lines = { json_array(), (json_int_t)ex->table.age };
    json_t *object;

    each_line(ex, answer, append_line, &lines);
    object = json_pack("{s:s, s:o, s:o, s:b, s:b, s:o, s:o}",
                       "side", answer == ex->sent ? "sending" : "receiving",
                       "from", tool_json_text(ex->from),
                       "to", tool_json_text(ex->to),
                       "allowed", answer->code == 0,
                       "dry_run", answer->dry_run,
                       "table", tool_table_json(&ex->table),
                       "steps", lines.array);
    if (object == NULL)
        return NULL;
    if (answer->code != 0) {
        json_object_set_new(object, "step",
                            json_string(tr_step_name(answer->step)));
        json_object_set_new(object, "error",
                            json_string(error_message(answer->code)));
        json_object_set_new(object, "reason", tool_json_text(answer->text));
    }
    set_agreed(object, answer);
    return object;
}

/* --- the command ---------------------------------------------------------------- */

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
        return tool_json_print(make_json(ex, answer), status);
    print_text(ex, answer);
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
