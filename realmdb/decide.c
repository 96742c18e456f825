/* realmdb/decide.c - the one decision: names of steps, and how they are run */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * How a decision is read: tr_decide() chooses a side; decide_send.c and
 * decide_receive.c each hold a table of rules in the order of their numbers;
 * what rules need is in decide_systems.c (who), decide_realms.c (which trust
 * realms they share) and decide_common.c (labels and requirements).
 */

#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include "decide_rules.h"
#include "trustrealm_err.h"

static const struct step_text {
    enum tr_step step;
    const char *name;
    const char *text;
} steps[] = {
    { TR_S1_BYPASS, "S1", "the target may be reached without a label" },
    { TR_S2_TABLE, "S2", "the table is fresh and the clock right" },
    { TR_S3_SENDER, "S3", "this system is known and enabled" },
    { TR_S4_RECEIVER, "S4", "the other system is known and enabled" },
    { TR_S5_REALM, "S5", "the two systems share a trust realm" },
    { TR_S6_LABEL, "S6", "the process may send this label" },
    { TR_S7_CONVERT, "S7", "the label converts to the trust realm's format" },
    { TR_S8_SENDER_RANGE, "S8", "the sending system may send this label" },
    { TR_S9_RECEIVER_RANGE, "S9",
      "the receiving system may hold this label" },
    { TR_S10_CLEARANCE, "S10", "the user is cleared for this label" },
    { TR_S11_ATTRIBUTES, "S11", "the required attributes hold" },
    { TR_S12_PROTECTION, "S12", "the protection is enough" },
    { TR_S13_SEAL, "S13", "the label is sealed for the other system" },
    { TR_R1_BYPASS, "R1", "the peer may send without a label" },
    { TR_R2_TABLE, "R2", "the table is fresh and the clock right" },
    { TR_R3_SERVICE, "R3", "the process may accept for this service" },
    { TR_R4_SYSTEM, "R4", "the sending system is authenticated" },
    { TR_R5_SENDER, "R5", "the sending system is in the trust realm" },
    { TR_R6_RECEIVER, "R6", "this system is in the trust realm" },
    { TR_R7_SENDER_RANGE, "R7", "the sending system may send this label" },
    { TR_R8_RECEIVER_RANGE, "R8",
      "the receiving system may hold this label" },
    { TR_R9_CONVERT, "R9", "the label converts to this system's format" },
    { TR_R10_PROCESS, "R10", "the process may receive this label" },
    { TR_R11_ATTRIBUTES, "R11", "the required attributes hold" },
    { TR_R12_PROTECTION, "R12", "the protection is enough" },
    { TR_R13_USER, "R13", "the user is authenticated, and as claimed" },
    { TR_R14_CLEARANCE, "R14", "the user is cleared for this label" },
    { TR_R15_COMMIT, "R15", "the request is no replay" }
};

static const struct step_text *
find_step(enum tr_step step)
{
    size_t i;

    for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        if (steps[i].step == step)
            return &steps[i];
    }
    return NULL;
}

const char *
tr_step_name(enum tr_step step)
{
    const struct step_text *found = find_step(step);

    return found != NULL ? found->name : "-";
}

const char *
tr_step_text(enum tr_step step)
{
    const struct step_text *found = find_step(step);

    return found != NULL ? found->text : "";
}

/*
 * A decision writes a dozen texts.  They are strings put together here, since
 * formatting them with snprintf() would take longer than all the judging.
 */
void
tr_say(struct tr_decision *d, const char *first, ...)
{
    va_list ap;
    const char *part;
    size_t length, room = sizeof(d->answer->text) - 1;
    char *at = d->text;

    if (d->silent)
        return;
    va_start(ap, first);
    for (part = first; part != NULL; part = va_arg(ap, const char *)) {
        length = strlen(part);
        if (length > room)
            length = room;
        memcpy(at, part, length);
        at += length;
        room -= length;
    }
    va_end(ap);
    *at = '\0';
}

krb5_error_code
tr_skip(struct tr_decision *d, const char *why)
{
    d->skipped = true;
    tr_say(d, why, NULL);
    return 0;
}

void
tr_copy(char *field, size_t size, const char *text)
{
    if (memccpy(field, text, '\0', size) == NULL)
        field[0] = '\0';
}

/* Refusals that a dry run lets by; never what went wrong in finding out, such
 * as ENOMEM or an unreadable label. */
static bool
is_verdict(krb5_error_code code)
{
    return code == TRR_LABEL_UNMAPPED || code == TRR_SENDER_RANGE ||
        code == TRR_RECEIVER_RANGE || code == TRR_CLEARANCE ||
        code == TRR_PROCESS_RANGE || code == TRR_ATTRIBUTE;
}

/* The first refusal decides. */
static void
refuse(struct tr_answer *answer, enum tr_step step, krb5_error_code code,
       const char *text)
{
    if (answer->code != 0)
        return;
    answer->code = code;
    answer->step = step;
    tr_copy(answer->text, sizeof(answer->text), text);
}

/* The first that would have refused is what a dry run is there to find. */
static void
let_by(struct tr_answer *answer, const struct tr_trace *line)
{
    if (answer->dry_run)
        return;
    answer->dry_run = true;
    answer->step = line->step;
    tr_copy(answer->text, sizeof(answer->text), line->text);
}

krb5_error_code
tr_judge_rules(struct tr_decision *d, const struct tr_rule *rules,
               size_t nrules)
{
    struct tr_answer *answer = d->answer;
    struct tr_trace *line;
    size_t i;

    for (i = 0; i < nrules; i++) {
        if (answer->ntrace == TR_MAX_TRACE)
            return TRR_INTERNAL;
        line = &answer->trace[answer->ntrace++];
        d->text = line->text;
        d->text[0] = '\0';
        d->skipped = false;
        line->step = rules[i].step;
        line->code = rules[i].judge(d);
        line->skipped = d->skipped;
        line->softened = line->code != 0 && rules[i].softens && d->dry_run &&
            is_verdict(line->code);
        if (line->softened) {
            let_by(answer, line);
        } else if (line->code != 0) {
            refuse(answer, line->step, line->code, line->text);
            return line->code;
        }
    }
    return 0;
}

/* Empty an answer without touching its 35 KiB of text. */
static void
clear_answer(struct tr_answer *answer)
{
    answer->code = 0;
    answer->step = TR_STEP_NONE;
    answer->text[0] = '\0';
    answer->dry_run = false;
    answer->sender[0] = answer->receiver[0] = '\0';
    answer->peer_principal[0] = '\0';
    answer->realm[0] = answer->digest[0] = '\0';
    answer->generation = 0;
    answer->table_age = -1;
    answer->label[0] = answer->low[0] = answer->high[0] = '\0';
    answer->local_label[0] = '\0';
    answer->local_low[0] = answer->local_high[0] = '\0';
    answer->attributes = NULL;
    answer->nattributes = 0;
    answer->carrier = TR_CARRIER_GSS;
    answer->require_confidentiality = false;
    answer->may_delegate = answer->may_export_kernel = false;
    answer->kernel_lifetime = answer->idle_timeout = 0;
    answer->end = 0;
    answer->ntrace = 0;
}

static krb5_error_code
decide(const struct tr_view *view, const struct tr_question *question,
       bool silent, struct tr_answer *answer)
{
    krb5_error_code ret;
    struct tr_decision d;

    clear_answer(answer);
    memset(&d, 0, offsetof(struct tr_decision, shared));
    d.view = view;
    d.question = question;
    d.answer = answer;
    d.silent = silent;
    ret = question->side == TR_SENDING ? tr_decide_sending(&d) :
        tr_decide_receiving(&d);
    if (ret == 0)
        ret = tr_conclude(&d);
    if (ret)
        refuse(answer, TR_STEP_NONE, ret, "the answer cannot be written");
    tr_map_free(d.map);
    tr_record_free(d.own_record);
    tr_record_free(d.peer_record);
    tr_record_free(d.clearance);
    return answer->code;
}

/* The texts take as long as a good part of the judging.  A refusal and a dry
 * run, which need them, are judged again with their words. */
krb5_error_code
tr_decide(const struct tr_view *view, const struct tr_question *question,
          struct tr_answer *answer)
{
    if (question->brief && decide(view, question, true, answer) == 0 &&
        !answer->dry_run)
        return 0;
    return decide(view, question, false, answer);
}
