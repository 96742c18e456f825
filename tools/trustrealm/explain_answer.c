/* tools/trustrealm/explain_answer.c - a decision, step by step */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <stdio.h>
#include <string.h>
#include "explain.h"

/* What of the table a step looks at; tr_decide() leaves those of S_ELSEWHERE
 * to trustrealmd. */
enum source { S_NOTHING, S_ELSEWHERE, S_TABLE, S_SENDER, S_RECEIVER, S_REALM,
              S_MAP, S_USER };

static const struct step {
    enum tr_step step;
    enum source source;
} steps[] = {
    { TR_S1_BYPASS, S_ELSEWHERE }, { TR_S2_TABLE, S_TABLE },
    { TR_S3_SENDER, S_SENDER }, { TR_S4_RECEIVER, S_RECEIVER },
    { TR_S5_REALM, S_REALM }, { TR_S6_LABEL, S_NOTHING },
    { TR_S7_CONVERT, S_MAP }, { TR_S8_SENDER_RANGE, S_SENDER },
    { TR_S9_RECEIVER_RANGE, S_RECEIVER }, { TR_S10_CLEARANCE, S_USER },
    { TR_S11_ATTRIBUTES, S_REALM }, { TR_S12_PROTECTION, S_REALM },
    { TR_S13_SEAL, S_ELSEWHERE },
    { TR_R1_BYPASS, S_ELSEWHERE }, { TR_R2_TABLE, S_TABLE },
    { TR_R3_SERVICE, S_ELSEWHERE }, { TR_R4_SYSTEM, S_ELSEWHERE },
    { TR_R5_SENDER, S_SENDER }, { TR_R6_RECEIVER, S_RECEIVER },
    { TR_R7_SENDER_RANGE, S_SENDER }, { TR_R8_RECEIVER_RANGE, S_RECEIVER },
    { TR_R9_CONVERT, S_MAP }, { TR_R10_PROCESS, S_NOTHING },
    { TR_R11_ATTRIBUTES, S_REALM }, { TR_R12_PROTECTION, S_REALM },
    { TR_R13_USER, S_ELSEWHERE }, { TR_R14_CLEARANCE, S_USER },
    { TR_R15_COMMIT, S_ELSEWHERE }
};
#define NSTEPS (sizeof(steps) / sizeof(steps[0]))

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
        if (answer->realm[0] != '\0' && ask_is_configured(&ex->table, own)) {
            snprintf(out, size, "label map %s/%s", answer->realm,
                     ex->table.config->format);
            return;
        }
        break;
    case S_USER:
        if (ex->ask.user != NULL) {
            snprintf(out, size, "clearance %s", ex->ask.user);
            return;
        }
        break;
    case S_NOTHING:
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

/* A step can be judged again, by a trust realm's own limits: what that adds
 * nothing to is said once. */
static bool
adds_nothing(const struct tr_answer *answer, size_t i)
{
    const struct tr_trace *again = &answer->trace[i], *trace;
    size_t j;

    for (j = 0; j < i; j++) {
        trace = &answer->trace[j];
        if (trace->step == again->step && again->code == 0 &&
            (again->skipped || strcmp(trace->text, again->text) == 0))
            return true;
    }
    return false;
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
            if (answer->trace[j].step != line.step ||
                adds_nothing(answer, j))
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
        line.answer = steps[i].source == S_ELSEWHERE &&
            (answer->code == 0 || line.step < answer->step) ?
            "elsewhere" : "not reached";
        each(&line, arg);
    }
}

/* --- for people and pipes ------------------------------------------------ */

struct print {
    struct tool_sheet *sheet;
    const char *age;
    bool people;
};

static void
add_line(const struct line *line, void *arg)
{
    struct print *print = arg;
    /* What is no entry has no age that a person would ask for. */
    const char *people[] = { tr_step_name(line->step), line->answer,
                             line->found, line->entry,
                             strcmp(line->entry, "-") == 0 ? NULL :
                             print->age };
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
    if (answer->code != 0) {
        tool_line("refused at %s: %s", tr_step_name(answer->step),
                  answer->text);
        return;
    }
    tool_line("allowed in trust realm %s%s", answer->realm,
              answer->dry_run ? ", only because it is a dry run" : "");
    if (answer->label[0] != '\0')
        tool_line("label %s", answer->label);
    if (answer->local_label[0] != '\0' &&
        ask_is_configured(&ex->table,
                          answer == ex->sent ? ex->from : ex->to))
        tool_line("label %s in format %s", answer->local_label,
                  ex->table.config->format);
    tool_line("range %s to %s", answer->low, answer->high);
    tool_line("confidentiality %srequired; carrier %s; delegation %s",
              answer->require_confidentiality ? "" : "not ",
              tr_carrier_name(answer->carrier),
              answer->may_delegate ? "allowed" : "refused");
}

void
explain_print(const struct explain *ex, const struct tr_answer *answer)
{
    static const char *const people[] = { "STEP", "ANSWER", "FOUND", "ENTRY",
                                          "AGE", NULL };
    static const char *const pipe[] = { "step", "answer", "entry", "age",
                                        "found", NULL };
    struct print print = { .people = tool_for_people() };
    char age[24], reason[sizeof(answer->text) + 8];
    const char *last[] = {
        "result", answer->code == 0 ? "allowed" : "refused",
        answer->realm, age,
        answer->code == 0 ? answer->label : reason
    };

    snprintf(age, sizeof(age), "%lld%s", (long long)ex->table.age,
             print.people ? " s" : "");
    if (print.people && ex->table.age < 0)
        snprintf(age, sizeof(age), "unknown");
    snprintf(reason, sizeof(reason), "%s: %s", tr_step_name(answer->step),
             answer->text);
    print.age = age;
    print.sheet = tool_sheet_create(print.people ? people : pipe);
    each_line(ex, answer, add_line, &print);
    if (!print.people)
        tool_sheet_add(print.sheet, last);
    else
        tool_line("%s from %s to %s",
                  answer == ex->sent ? "sending" : "receiving", ex->from,
                  ex->to);
    tool_sheet_print(print.sheet);
    if (print.people)
        print_conclusion(ex, answer);
}

/* --- JSON ---------------------------------------------------------------- */

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
        json_object_set_new(object, "carrier",
                            json_string(tr_carrier_name(answer->carrier)));
        json_object_set_new(object, "delegation",
                            json_boolean(answer->may_delegate));
    }
}

json_t *
explain_json(const struct explain *ex, const struct tr_answer *answer)
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
