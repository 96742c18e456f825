/* tests/unit/test_decide.c - the decision, step by step, over a real table */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "encodings.h"
#include "decide_cases.h"
#include "trustrealm_err.h"

/* Which steps some case of the tables passed, and which one refused. */
static bool passed[64], refused[64];

/* The trace has a line for every step up to the one that decided. */
static void
check_trace(const struct test_case *test)
{
    const struct tr_trace *line, *last = &answer->trace[answer->ntrace - 1];
    bool sending_side = test->question.side == TR_SENDING;

    assert_true(answer->ntrace > 0 && answer->ntrace <= TR_MAX_TRACE);
    for (line = answer->trace; line <= last; line++) {
        assert_true(line->text[0] != '\0');
        assert_true(strlen(line->text) < sizeof(line->text));
        if (line->code == 0 && !line->skipped)
            passed[line->step] = true;
        assert_false(line->softened && line->code == 0);
        if (line->softened || line < last)
            assert_int_equal(line->softened, line->code != 0);
    }
    if (test->step == TR_STEP_NONE) {
        assert_int_equal(answer->ntrace, sending_side ? 12 : 11);
        assert_int_equal(last->step,
                         sending_side ? TR_S12_PROTECTION : TR_R14_CLEARANCE);
        if (!answer->dry_run)
            assert_string_equal(answer->text, "");
        return;
    }
    refused[test->step] = true;
    assert_string_equal(answer->low, "");
    assert_string_equal(answer->high, "");
    assert_string_equal(answer->local_low, "");
    assert_string_equal(answer->local_high, "");
    assert_false(answer->may_delegate);
    assert_false(answer->may_export_kernel);
    assert_int_equal(last->step, test->step);
    assert_int_equal(last->code, test->code);
    assert_string_equal(last->text, answer->text);
}

static void
check_text(const char *what, const char *is, const char *wanted)
{
    if (wanted != NULL && strcmp(is, wanted) != 0)
        fail_msg("%s is \"%s\", not \"%s\"", what, is, wanted);
}

/* To leave out the texts changes nothing that is decided, and a refusal and a
 * dry run have all of their own; nor does it matter who reads the range of the
 * process. */
static void
check_brief(const struct tr_question *question)
{
    struct tr_question brief = *question;
    const struct tr_encoding *local = question->local->encoding;
    struct tr_answer *full = malloc(sizeof(*full));
    struct tr_range process;
    size_t i;

    assert_non_null(full);
    memcpy(full, answer, sizeof(*full));
    brief.brief = true;
    if (local != NULL && tr_range_parse(local, brief.process_low,
                                        brief.process_high, &process) == 0)
        brief.process = &process;
    assert_int_equal(ask(view, &brief), full->code);
    assert_int_equal(answer->step, full->step);
    assert_string_equal(answer->text, full->text);
    assert_int_equal(answer->dry_run, full->dry_run);
    assert_string_equal(answer->realm, full->realm);
    assert_string_equal(answer->label, full->label);
    assert_string_equal(answer->low, full->low);
    assert_string_equal(answer->high, full->high);
    assert_string_equal(answer->local_label, full->local_label);
    assert_int_equal(answer->end, full->end);
    assert_int_equal(answer->ntrace, full->ntrace);
    for (i = 0; i < full->ntrace; i++) {
        assert_int_equal(answer->trace[i].step, full->trace[i].step);
        assert_int_equal(answer->trace[i].code, full->trace[i].code);
        assert_string_equal(answer->trace[i].text,
                            full->code == 0 && !full->dry_run ? "" :
                            full->trace[i].text);
    }
    memcpy(answer, full, sizeof(*full));
    free(full);
}

static void
check_case(const struct test_case *test)
{
    struct tr_question question = test->question;
    const struct tr_realm *realm;
    krb5_error_code ret;

    print_message("           %s\n", test->name);
    if (question.digest == same_digest && question.realm != NULL &&
        tr_view_realm(view, question.realm, &realm) == 0)
        question.digest = realm->digest;
    ret = ask(view, &question);
    assert_int_equal(ret, answer->code);
    if (ret != test->code ||
        (answer->step != test->step && !(ret == 0 && answer->dry_run)))
        fail_msg("%s %s: %s", tr_step_name(answer->step), error_message(ret),
                 answer->text);
    check_trace(test);
    check_text("trust realm", answer->realm, test->realm);
    check_text("label", answer->label, test->label);
    check_text("lowest", answer->low, test->low);
    check_text("highest", answer->high, test->high);
    check_text("local label", answer->local_label, test->local_label);
    check_text("local lowest", answer->local_low, test->local_low);
    check_text("local highest", answer->local_high, test->local_high);
    if (test->text != NULL && !is_said(test->text))
        fail_msg("\"%s\" is not said: %s", test->text, answer->text);
    check_brief(&question);
}

static void
every_step_of_sending(void **state)
{
    for (size_t i = 0; i < nsending_cases; i++) {
        check_case(&sending_cases[i]);
        assert_false(answer->dry_run);
    }
}

static void
every_step_of_receiving(void **state)
{
    for (size_t i = 0; i < nreceiving_cases; i++) {
        check_case(&receiving_cases[i]);
        assert_false(answer->dry_run);
    }
}

/* The tables above leave no step out. */
static void
no_step_is_forgotten(void **state)
{
    static const enum tr_step steps[] = {
        TR_S2_TABLE, TR_S3_SENDER, TR_S4_RECEIVER, TR_S5_REALM, TR_S6_LABEL,
        TR_S7_CONVERT, TR_S8_SENDER_RANGE, TR_S9_RECEIVER_RANGE,
        TR_S10_CLEARANCE, TR_S11_ATTRIBUTES, TR_S12_PROTECTION, TR_R2_TABLE,
        TR_R5_SENDER, TR_R6_RECEIVER, TR_R7_SENDER_RANGE,
        TR_R8_RECEIVER_RANGE, TR_R9_CONVERT, TR_R10_PROCESS,
        TR_R11_ATTRIBUTES, TR_R12_PROTECTION, TR_R14_CLEARANCE
    };

    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        if (!passed[steps[i]] || !refused[steps[i]])
            fail_msg("%s", tr_step_name(steps[i]));
    }
}

static void
dry_run_softens_only_labels_clearance_attributes(void **state)
{
    bool softened;

    for (size_t i = 0; i < ndry_runs; i++) {
        check_case(&dry_runs[i].test);
        softened = false;
        for (size_t j = 0; j < answer->ntrace; j++) {
            if (answer->trace[j].softened &&
                answer->trace[j].step == dry_runs[i].softened)
                softened = true;
            if (dry_runs[i].softened == TR_STEP_NONE)
                assert_false(answer->trace[j].softened);
        }
        assert_int_equal(softened, dry_runs[i].softened != TR_STEP_NONE);
        assert_int_equal(answer->dry_run, softened);
    }
}

static void
dry_run_names_the_first_that_it_lets_by(void **state)
{
    const struct tr_trace *first;

    for (size_t i = 0; i < ndry_runs; i++) {
        check_case(&dry_runs[i].test);
        if (answer->code != 0 || !answer->dry_run)
            continue;
        for (first = answer->trace; !first->softened; first++)
            ;
        assert_int_equal(answer->step, first->step);
        assert_string_equal(answer->text, first->text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_of_sending),
        cmocka_unit_test(every_step_of_receiving),
        cmocka_unit_test(no_step_is_forgotten),
        cmocka_unit_test(dry_run_softens_only_labels_clearance_attributes),
        cmocka_unit_test(dry_run_names_the_first_that_it_lets_by)
    };

    initialize_trr_error_table();
    return cmocka_run_group_tests_name("decide", tests, make_world,
                                       remove_world);
}
