/* tests/unit/test_answer.c - what the answer to a question says */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "encodings.h"
#include "decide_world.h"
#include "trustrealm_err.h"

static void
answer_says_what_is_required(void **state)
{
    struct tr_question question = SENDING();

    assert_int_equal(ask(view, &question), 0);
    assert_string_equal(answer->sender, "alpha.example.com");
    assert_string_equal(answer->receiver, "beta.example.com");
    assert_string_equal(answer->peer_principal,
                        "trustrealm/beta.example.com@EXAMPLE.COM");
    assert_int_equal(answer->table_age, 100);
    assert_true(answer->generation > 0);
    assert_int_equal(strlen(answer->digest), 64);
    assert_int_equal(answer->carrier, TR_CARRIER_OWN);
    assert_true(answer->require_confidentiality);
    assert_true(answer->may_delegate);
    assert_true(answer->may_export_kernel);
    assert_int_equal(answer->kernel_lifetime, 60);
    assert_int_equal(answer->idle_timeout, 600);
    assert_int_equal(answer->end, NOW + 36000);
    assert_int_equal(answer->nattributes, 0);

    for (size_t i = 0; i < answer->ntrace; i++)
        assert_int_equal(answer->trace[i].skipped,
                         answer->trace[i].step == TR_S10_CLEARANCE ||
                         answer->trace[i].step == TR_S11_ATTRIBUTES);

    question.process_high = "internal:hr";
    question.service = "http";
    assert_int_equal(ask(view, &question), 0);
    assert_int_equal(answer->carrier, TR_CARRIER_GSS);
    assert_false(answer->require_confidentiality);
    assert_false(answer->may_delegate);

    question = (struct tr_question)SENDING(.peer = "guard.example.com",
                                           .label = "public");
    assert_int_equal(ask(view, &question), 0);
    assert_false(answer->may_export_kernel);
    assert_int_equal(answer->end, 0);
    assert_int_equal(answer->nattributes, 2);
    assert_string_equal(answer->attributes[0], "posture=compliant");
    assert_string_equal(answer->attributes[1], "zone=secure");
}

/* The label counts by itself: in a receiver's answer it may be all there is
 * at that level. */
static void
confidentiality_is_judged_by_the_range(void **state)
{
    static const struct { const char *low, *label, *high; bool required; }
    cases[] = {
        { "public", "public", "internal:hr", false },
        { "public", "public", "secret", true },
        { "public", "secret", "secret", true },
        { "secret", "secret", "secret", true }
    };
    struct tr_question question = SENDING();

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        question.process_low = cases[i].low;
        question.process_high = cases[i].high;
        question.label = cases[i].label;
        assert_int_equal(ask(view, &question), 0);
        assert_int_equal(answer->require_confidentiality, cases[i].required);
    }
}

static void
the_first_end_counts(void **state)
{
    struct tr_question question = SENDING(.user = "bob@EXAMPLE.COM",
                                          .now = FRESH + 50);

    assert_int_equal(ask(view, &question), 0);
    assert_int_equal(answer->end, FRESH + 50 + 36000);
    question.peer = "gone.example.com";
    assert_int_equal(ask(view, &question), 0);
    assert_int_equal(answer->end, NOW);
    question.local = &ended;
    question.peer = "beta.example.com";
    assert_int_equal(ask(view, &question), 0);
    assert_int_equal(answer->end, NOW);
}

static void
clearance_ends_what_it_allows(void **state)
{
    static const char *const more[] = {
        "objectClass trTrustRealm\ncn lasting\ntrDOI 1\ntrLevel 0 l",
        SYSTEM("one") "trMembership lasting l l 20500101000000Z",
        "objectClass trSubject\ntrPrincipal ann@EXAMPLE.COM\n"
        "trClearance lasting l l 20400101000000Z",
        SYSTEM("two") "trMembership lasting l l\n"
        "trRestriction lasting l l 20500101000000Z",
        "objectClass trSubject\ntrPrincipal bea@EXAMPLE.COM\n"
        "trClearance lasting l l\ntrRestriction lasting l l 20400101000000Z",
        NULL
    };
    const struct tr_local local = LOCAL(.system = "one.example.com");
    const struct tr_local restricted = LOCAL(.system = "two.example.com");
    struct tr_question question = SENDING(
        .local = &local, .peer = "one.example.com", .process_low = NULL,
        .process_high = NULL, .label = "l", .user = "ann@EXAMPLE.COM");
    struct tr_table *other;
    struct tr_view *of;

    tr_view_close(view);
    remove_table(table);
    other = make_table(more, FRESH);
    assert_int_equal(tr_view_open(other, &of), 0);
    assert_int_equal(ask(of, &question), 0);
    assert_int_equal(answer->end, 2208988800);
    question.user = "other@EXAMPLE.COM";
    assert_int_equal(ask(of, &question), 0);
    assert_int_equal(answer->end, 2524608000);
    question.peer = "two.example.com";
    question.local = &restricted;
    assert_int_equal(ask(of, &question), 0);
    assert_int_equal(answer->end, 2524608000);
    question.user = "bea@EXAMPLE.COM";
    assert_int_equal(ask(of, &question), 0);
    assert_int_equal(answer->end, 2208988800);
    tr_view_close(of);
    remove_table(other);
    table = make_table(world_entries, FRESH);
    assert_int_equal(tr_view_open(table, &view), 0);
}

static void
never_filled_is_stale(void **state)
{
    const char *const none[] = { world_entries[0], NULL };
    struct tr_question to = SENDING(), from = RECEIVING();
    struct tr_table *other;
    struct tr_view *of;

    tr_view_close(view);
    remove_table(table);
    other = make_table(none, 0);
    assert_int_equal(tr_view_open(other, &of), 0);
    assert_int_equal(ask(of, &to), TRR_STALE);
    assert_int_equal(answer->step, TR_S2_TABLE);
    assert_int_equal(ask(of, &from), TRR_STALE);
    assert_int_equal(answer->step, TR_R2_TABLE);
    tr_view_close(of);
    remove_table(other);
    table = make_table(world_entries, FRESH);
    assert_int_equal(tr_view_open(table, &view), 0);
}

/* What one end offers, the other takes, and both mean the same. */
static void
both_ends_agree(void **state)
{
    static const char *const labels[] = {
        "public", "internal:hr", "secret:crypto", "public:finance"
    };
    struct tr_question to = SENDING(), from = RECEIVING(FROM("alpha"));
    struct tr_answer *offer = malloc(sizeof(*offer));
    struct tr_local beta = LOCAL(.system = "beta.example.com");

    assert_non_null(offer);
    beta.encoding = plain.encoding;
    from.local = &beta;
    for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
        to.label = labels[i];
        assert_int_equal(ask(view, &to), 0);
        *offer = *answer;
        from.realm = offer->realm;
        from.digest = offer->digest;
        from.realm_label = offer->label;
        from.realm_low = offer->low;
        from.realm_high = offer->high;
        assert_int_equal(ask(view, &from), 0);
        assert_string_equal(answer->sender, offer->sender);
        assert_string_equal(answer->receiver, offer->receiver);
        assert_string_equal(answer->local_label, labels[i]);
        assert_string_equal(answer->low, offer->low);
        assert_string_equal(answer->high, offer->high);
        assert_false(is_said("would have chosen"));
    }
    free(offer);
}

/* Names and labels as long as they may be leave every text whole. */
static void
long_names_fit(void **state)
{
    static const struct tr_local local = LOCAL(.system = "epsilon");
    char name[4 * TR_MAX_NAME];
    struct tr_question question = SENDING(.local = &local);

    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    question = (struct tr_question)SENDING(.peer = name);
    assert_int_equal(ask(view, &question), TRR_NO_COMMON);
    assert_int_equal(strlen(answer->text), sizeof(answer->text) - 1);
    question = (struct tr_question)SENDING(.user = name);
    assert_int_equal(ask(view, &question), 0);
    question = (struct tr_question)SENDING(.label = name);
    assert_int_equal(ask(view, &question), TRR_LABEL_SYNTAX);
}

/* Names that are longer here than in the trust realm: 25 times 200 octets. */
static void
what_cannot_be_written_is_refused(void **state)
{
    char name[201], text[TR_MAX_LABEL_TEXT + 1] = "public:", map[8192];
    struct tr_encoding *enc;
    struct tr_local local = LOCAL(.format = "long");
    struct tr_question question = SENDING(
        .local = &local, .peer = "longwinded.example.com", .label = "public",
        .process_low = NULL, .process_high = NULL);
    size_t i, used;

    assert_int_equal(tr_encoding_create(&enc), 0);
    assert_int_equal(tr_encoding_add_level(enc, 0, "public"), 0);
    used = (size_t)snprintf(map, sizeof(map), "objectClass trLabelMap\n"
                            "trRealmName wide\ntrFormat long\n"
                            "trLevelMap public public\n");
    for (i = 0; i < 25; i++) {
        memset(name, 'n', sizeof(name) - 1);
        snprintf(name + 198, 3, "%02zu", i);
        assert_int_equal(tr_encoding_add_category(enc, (uint32_t)i, name), 0);
        used += (size_t)snprintf(map + used, sizeof(map) - used,
                                 "trCategoryMap %s c%zu\n", name, i);
    }
    assert_int_equal(tr_encoding_finish(enc), 0);
    local.encoding = enc;
    for (i = 0; i < 25; i++)
        snprintf(text + strlen(text), 8, "%sc%zu", i > 0 ? "," : "", i);
    tr_view_close(view);
    put_entry(table, map);
    assert_int_equal(tr_view_open(table, &view), 0);
    assert_int_equal(ask(view, &question), TRR_TOO_LONG);
    assert_int_equal(answer->step, TR_STEP_NONE);
    assert_string_equal(answer->label, "public");
    local.encoding = NULL;
    assert_int_equal(ask(view, &question), 0);
    assert_string_equal(answer->high, text);
    tr_encoding_free(enc);
}

static void
steps_have_names(void **state)
{
    assert_string_equal(tr_step_name(TR_S5_REALM), "S5");
    assert_string_equal(tr_step_name(TR_R15_COMMIT), "R15");
    assert_string_equal(tr_step_name(TR_STEP_NONE), "-");
    for (int i = TR_S1_BYPASS; i <= TR_S13_SEAL; i++)
        assert_true(tr_step_text((enum tr_step)i)[0] != '\0');
    for (int i = TR_R1_BYPASS; i <= TR_R15_COMMIT; i++)
        assert_true(tr_step_text((enum tr_step)i)[0] != '\0');
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answer_says_what_is_required),
        cmocka_unit_test(confidentiality_is_judged_by_the_range),
        cmocka_unit_test(the_first_end_counts),
        cmocka_unit_test(clearance_ends_what_it_allows),
        cmocka_unit_test(never_filled_is_stale),
        cmocka_unit_test(both_ends_agree),
        cmocka_unit_test(long_names_fit),
        cmocka_unit_test(what_cannot_be_written_is_refused),
        cmocka_unit_test(steps_have_names)
    };

    initialize_trr_error_table();
    return cmocka_run_group_tests_name("answer", tests, make_world,
                                       remove_world);
}
