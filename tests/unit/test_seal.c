/* tests/unit/test_seal.c - establishing: two services and a real KDC */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "seal_context.h"
#include "trustrealm_err.h"

#define WWW "HTTP/www.unit.test"
#define BOB "bob@" WORLD_REALM
#define CAROL "carol@" WORLD_REALM

/* --- what goes well ------------------------------------------------------ */

static void
the_label_of_the_process_arrives(void **state)
{
    struct tr_established *e = &world_beta.reply.u.established;

    sealed();
    assert_int_equal(accept_here(), 0);
    assert_true(world_beta.with_page);
    assert_string_equal(e->realm, "engineering");
    assert_string_equal(e->label, "internal");
    assert_string_equal(e->local_label, "internal");
    assert_string_equal(e->low, "public");
    assert_string_equal(e->high, "secret");
    assert_string_equal(e->peer_system, "alpha.unit.test");
    assert_string_equal(world_beta.user, WORLD_ALICE);
    assert_string_equal(world_beta.target_service, "host");
    assert_int_equal(e->epoch, tr_shared_page_epoch(world_beta.service.page));
    assert_int_equal(e->flags & (TR_IS_PLAIN | TR_IS_DRY_RUN), 0);

    assert_int_equal(world_accepted(&context), 0);
    e = &world_alpha.reply.u.established;
    assert_true(world_alpha.with_page);
    assert_string_equal(e->realm, "engineering");
    assert_string_equal(e->label, "internal");
    assert_string_equal(e->low, "public");
    assert_string_equal(e->high, "secret");
    assert_string_equal(e->local_high, "secret");
    assert_string_equal(e->peer_system, "beta.unit.test");
    assert_int_equal(e->trailer.length, 0);
}

static void
the_label_asked_for_arrives(void **state)
{
    world_ap_req(&context, "alice", HOST);
    assert_int_equal(world_seal(&world_alpha, WORLD_USER, &context,
                                "secret"), 0);
    assert_int_equal(accept_here(), 0);
    assert_string_equal(world_beta.reply.u.established.label, "secret");
}

static void
both_ends_agree_on_the_narrower_range(void **state)
{
    world_ap_req(&context, "alice", WWW);
    assert_int_equal(world_seal(&world_alpha, WORLD_USER, &context, ""), 0);
    assert_int_equal(world_accept(&world_beta, WORLD_HIGH_USER, &context), 0);
    assert_string_equal(world_beta.reply.u.established.low, "internal");
    assert_int_equal(world_accepted(&context), 0);
    assert_string_equal(world_alpha.reply.u.established.low, "internal");
    assert_string_equal(world_alpha.reply.u.established.high, "secret");
}

static void
audit_records_of_both_ends_share_a_correlation_id(void **state)
{
    char first[64];

    sealed();
    assert_true(world_alpha.allowed);
    assert_string_equal(world_alpha.event, "seal");
    snprintf(first, sizeof(first), "%s", world_alpha.correlation);
    assert_int_equal(strlen(first), 16);
    assert_int_equal(accept_here(), 0);
    assert_true(world_beta.allowed);
    assert_string_equal(world_beta.event, "accept");
    assert_string_equal(world_beta.correlation, first);
    assert_string_equal(world_beta.reply.u.established.correlation, first);
    assert_int_equal(world_accepted(&context), 0);
    assert_string_equal(world_alpha.event, "accepted");
    assert_string_equal(world_alpha.correlation, first);
    sealed();
    assert_string_not_equal(world_alpha.correlation, first);
}

static void
no_claim_is_filled_in_by_what_was_authenticated(void **state)
{
    world_ap_req(&context, "alice", HOST);
    assert_int_equal(world_seal_as(&world_alpha, WORLD_USER, &context, "",
                                   ""), 0);
    assert_int_equal(accept_here(), 0);
    assert_string_equal(world_beta.user, WORLD_ALICE);
}

static void
a_sealed_token_survives_a_restart(void **state)
{
    sealed();
    world_restart(&world_beta, NULL);
    assert_int_equal(accept_here(), 0);
    world_restart(&world_alpha, NULL);
    assert_int_equal(world_accepted(&context), 0);
}

/* --- prepare ------------------------------------------------------------- */

static krb5_error_code
prepare(uid_t uid, const char *target, const char *label)
{
    struct tr_call call = { .type = TR_CALL_PREPARE };

    call.u.prepare.target = (char *)target;
    call.u.prepare.label = (char *)label;
    world_call(&world_alpha, uid, &call);
    return world_refused(&world_alpha);
}

static void
prepare_decides_before_anything_is_sent(void **state)
{
    static const struct {
        uid_t uid;
        const char *target, *label;
        krb5_error_code code;
        enum tr_step step;
    } rows[] = {
        { WORLD_USER, HOST, "", 0, 0 },
        { WORLD_USER, HOST "@" WORLD_REALM, "secret", 0, 0 },
        { WORLD_USER, HOST, "secret:hr", TRR_PROCESS_RANGE, TR_S6_LABEL },
        { WORLD_USER, HOST, "nonsense", TRR_LABEL_LEVEL, TR_S6_LABEL },
        { WORLD_NOBODY, HOST, "", TRR_NO_LABEL, TR_S6_LABEL },
        { WORLD_USER, "host/elsewhere.test", "", TRR_NO_COMMON,
          TR_S4_RECEIVER },
        { WORLD_USER, "alice", "", TRR_UNSUPPORTED, TR_S4_RECEIVER },
        { WORLD_USER, "a/b/c", "", TRR_UNSUPPORTED, TR_S4_RECEIVER },
        { WORLD_USER, "ho\\/st/beta.unit.test", "", TRR_UNSUPPORTED,
          TR_S4_RECEIVER },
        { WORLD_USER, "host/beta.unit.test\\/", "", TRR_UNSUPPORTED,
          TR_S4_RECEIVER },
        { WORLD_USER, "", "", TRR_UNSUPPORTED, TR_S4_RECEIVER }
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        assert_int_equal(prepare(rows[i].uid, rows[i].target, rows[i].label),
                         rows[i].code);
        assert_int_equal(world_alpha.step, rows[i].step);
        assert_int_equal(world_alpha.audited, rows[i].code != 0);
    }
}

/* engineering with a required attribute */
static const char guarded[] =
    "dn: cn=engineering,dc=test\n"
    "objectClass: trTrustRealm\ncn: engineering\ntrDOI: 1\n"
    "trPriority: 10\ntrPolicy: mls\ntrRequiredAttribute: zone=secure\n"
    "trLevel: 0 public\ntrLevel: 1 internal\ntrLevel: 2 secret\n"
    "trCategory: 0 hr\n\n";

static void
required_attributes_must_hold_at_both_ends(void **state)
{
    static char *holds[] = { "posture=compliant", "zone=secure", NULL };

    world_load(&world_alpha, "engineering", guarded);
    world_load(&world_beta, "engineering", guarded);
    world_ap_req(&context, "alice", HOST);
    assert_int_equal(world_seal(&world_alpha, WORLD_USER, &context, ""),
                     TRR_ATTRIBUTE);
    assert_int_equal(world_alpha.step, TR_S11_ATTRIBUTES);
    world_alpha.service.attributes = holds;
    assert_int_equal(world_seal(&world_alpha, WORLD_USER, &context, ""), 0);
    assert_int_equal(accept_here(), TRR_ATTRIBUTE);
    assert_int_equal(world_beta.step, TR_R11_ATTRIBUTES);
    world_beta.service.attributes = holds;
    assert_int_equal(accept_here(), 0);
    assert_int_equal(world_accepted(&context), 0);
    /* What was not required, and so not stated, when it was sealed. */
    world_load(&world_alpha, NULL, "");
    assert_int_equal(world_seal(&world_alpha, WORLD_USER, &context, ""), 0);
    assert_int_equal(accept_here(), TRR_ATTRIBUTE);
    world_alpha.service.attributes = world_beta.service.attributes = NULL;
    world_load(&world_beta, NULL, "");
}

static void
seal_decides_again_on_what_is_really_asked(void **state)
{
    world_ap_req(&context, "alice", HOST);
    assert_int_equal(world_seal(&world_alpha, WORLD_USER, &context,
                                "secret:hr"), TRR_PROCESS_RANGE);
    assert_int_equal(world_seal(&world_alpha, WORLD_NOBODY, &context, ""),
                     TRR_NO_LABEL);
    world_load(&world_alpha, "beta", "");
    assert_int_equal(world_seal(&world_alpha, WORLD_USER, &context, ""),
                     TRR_NO_COMMON);
    world_load(&world_alpha, NULL, "");
    assert_int_equal(world_seal(&world_alpha, WORLD_USER, &context, ""), 0);
}

static void
a_user_without_clearance_is_refused_at_both_ends(void **state)
{
    world_ap_req(&context, "carol", HOST);
    assert_int_equal(world_seal_as(&world_alpha, WORLD_USER, &context,
                                   "secret", CAROL), TRR_CLEARANCE);
    assert_int_equal(world_alpha.step, TR_S10_CLEARANCE);
    assert_int_equal(world_seal_as(&world_alpha, WORLD_USER, &context,
                                   "secret", ""), 0);
    assert_int_equal(world_accept_as(&world_beta, WORLD_ROOT, &context, CAROL,
                                     WORLD_FLAGS), TRR_CLEARANCE);
    assert_int_equal(world_beta.step, TR_R14_CLEARANCE);
}

static void
an_ap_req_that_is_none_is_refused(void **state)
{
    size_t length, at;

    sealed();
    length = context.ap_req.length;
    for (context.ap_req.length = 0; context.ap_req.length < length;
         context.ap_req.length += 7) {
        assert_int_equal(world_seal(&world_alpha, WORLD_USER, &context, ""),
                         TRR_TOKEN);
        assert_int_equal(accept_here(), TRR_TOKEN);
    }
    context.ap_req.length = length;
    /* ap-options use-session-key: user-to-user */
    for (at = 0; at + 1 < length; at++) {
        if (context.ap_req.data[at] == 0x03 &&
            context.ap_req.data[at + 1] == 0x05)
            break;
    }
    assert_int_equal(context.ap_req.data[at + 3] & 0x40, 0);
    context.ap_req.data[at + 3] |= 0x40;
    assert_int_equal(world_seal(&world_alpha, WORLD_USER, &context, ""),
                     TRR_UNSUPPORTED);
    assert_int_equal(accept_here(), TRR_UNSUPPORTED);
}

/* --- the acceptor's door ------------------------------------------------- */

static void
others_are_refused_before_anything_is_decrypted(void **state)
{
    uint8_t garbage[] = "garbage";
    struct tr_bytes trailer = { garbage, sizeof(garbage) };

    sealed();
    assert_int_equal(world_accept(&world_beta, WORLD_USER, &context),
                     TRR_SERVICE);
    assert_int_equal(world_beta.step, TR_R3_SERVICE);
    world_copy(&context.trailer, &trailer);
    assert_int_equal(world_accept(&world_beta, WORLD_USER, &context),
                     TRR_SERVICE);
    assert_int_equal(accept_here(), TRR_TOKEN);
}

static void
a_service_may_be_accepted_by_the_uids_it_names(void **state)
{
    static const uid_t named[] = { WORLD_HIGH_USER, WORLD_ROOT };
    size_t i;

    for (i = 0; i < sizeof(named) / sizeof(*named); i++) {
        world_forget(&context);
        world_ap_req(&context, "alice", WWW);
        assert_int_equal(world_seal(&world_alpha, WORLD_USER, &context, ""),
                         0);
        assert_int_equal(world_accept(&world_beta, WORLD_USER, &context),
                         TRR_SERVICE);
        assert_int_equal(world_accept(&world_beta, named[i], &context), 0);
    }
}

static void
a_process_that_may_not_hold_the_label_is_refused(void **state)
{
    world_ap_req(&context, "alice", WWW);
    assert_int_equal(world_seal(&world_alpha, WORLD_USER, &context,
                                "public"), 0);
    assert_int_equal(world_accept(&world_beta, WORLD_HIGH_USER, &context),
                     TRR_PROCESS_RANGE);
    assert_int_equal(world_beta.step, TR_R10_PROCESS);
}

static void
a_ticket_for_another_system_is_refused(void **state)
{
    world_ap_req(&context, "alice", "host/gamma.unit.test");
    assert_int_equal(world_seal(&world_alpha, WORLD_USER, &context, ""), 0);
    assert_int_equal(accept_here(), TRR_SERVICE);
    assert_int_equal(world_accept(&world_gamma, WORLD_ROOT, &context), 0);
}

/* The name in a ticket is in the clear: the key says what it is for. */
static void
the_key_that_opened_the_ticket_counts(void **state)
{
    static const char *const others[] = {
        WWW, "host/gamma.unit.test", "nfs/beta.unit.test", "beta.unit.test",
        "host", "", "host/beta/unit", "@"
    };
    size_t i;

    sealed();
    for (i = 0; i < sizeof(others) / sizeof(*others); i++) {
        context.service = others[i];
        assert_int_not_equal(accept_here(), 0);
        assert_int_equal(world_beta.step, TR_R3_SERVICE);
    }
    context.service = "host/beta.unit.test@" WORLD_REALM;
    assert_int_equal(accept_here(), 0);
}

/* A system has several names, and so have its services. */
static void
the_key_may_be_of_another_name_of_the_system(void **state)
{
    sealed();
    context.service = "host/www.unit.test";
    assert_int_equal(accept_here(), 0);
}

static void
another_user_than_claimed_is_refused(void **state)
{
    sealed();
    assert_int_equal(world_accept_as(&world_beta, WORLD_ROOT, &context, BOB,
                                     WORLD_FLAGS), TRR_CLAIM);
    assert_int_equal(world_beta.step, TR_R13_USER);
    assert_int_equal(world_accept_as(&world_beta, WORLD_ROOT, &context, "",
                                     WORLD_FLAGS), TRR_CLAIM);
    assert_int_equal(world_accept_as(&world_beta, WORLD_ROOT, &context,
                                     "WELLKNOWN/ANONYMOUS@"
                                     "WELLKNOWN:ANONYMOUS", WORLD_FLAGS),
                     TRR_UNSUPPORTED);
}

static void
mutual_marker_and_aes_are_needed(void **state)
{
    struct tr_bytes ap_rep;

    sealed();
    assert_int_equal(world_accept_as(&world_beta, WORLD_ROOT, &context,
                                     WORLD_ALICE, TR_ASK_MARKER), TRR_FLAGS);
    assert_int_equal(world_accept_as(&world_beta, WORLD_ROOT, &context,
                                     WORLD_ALICE, TR_ASK_MUTUAL),
                     TRR_BINDING);
    assert_int_equal(world_accept_as(&world_beta, WORLD_ROOT, &context,
                                     WORLD_ALICE, TR_ASK_MUTUAL |
                                     TR_ASK_MARKER), TRR_PROTECTION);
    assert_int_equal(world_beta.step, TR_R12_PROTECTION);
    ap_rep = context.ap_rep;
    context.ap_rep.length = 0;
    assert_int_equal(accept_here(), TRR_FLAGS);
    context.ap_rep = ap_rep;
    assert_int_equal(accept_here(), 0);
}

/* --- replay -------------------------------------------------------------- */

static void
a_token_is_accepted_once(void **state)
{
    sealed();
    assert_int_equal(accept_here(), 0);
    assert_int_equal(accept_here(), TRR_REPLAY);
    assert_int_equal(world_beta.step, TR_R15_COMMIT);
}

static void
a_replay_is_refused_after_a_restart(void **state)
{
    sealed();
    assert_int_equal(accept_here(), 0);
    world_restart(&world_beta, NULL);
    assert_int_equal(accept_here(), TRR_REPLAY);
}

/* Whatever refuses, before the last step. */
static void
a_refusal_consumes_nothing(void **state)
{
    sealed();
    assert_int_equal(world_accept(&world_beta, WORLD_USER, &context),
                     TRR_SERVICE);
    assert_int_equal(world_accept_as(&world_beta, WORLD_ROOT, &context, BOB,
                                     WORLD_FLAGS), TRR_CLAIM);
    world_load(&world_beta, "alpha", "");
    assert_int_equal(accept_here(), TRR_NOT_MEMBER);
    world_load(&world_beta, NULL, "");
    assert_int_equal(accept_here(), 0);
}

/* --- without a label ----------------------------------------------------- */

static krb5_error_code
plain(uid_t uid, const char *service, const char *client, int64_t flags)
{
    world_forget(&context);
    world_ap_req(&context, "bob", service);
    return world_accept_as(&world_beta, uid, &context, client, flags);
}

static void
plain_tokens_are_refused_unless_allowed(void **state)
{
    assert_int_equal(plain(WORLD_ROOT, WWW, BOB, 0), TRR_BYPASS);
    assert_int_equal(world_beta.step, TR_R1_BYPASS);
    world_restart(&world_beta, "allow-bypass = true\n");
    assert_int_equal(plain(WORLD_ROOT, WWW, BOB, 0), 0);
    assert_int_equal(plain(WORLD_ROOT, HOST, BOB, 0), TRR_BYPASS);
    assert_string_equal(world_beta.event, "accept");
    assert_int_equal(plain(WORLD_ROOT, WWW, WORLD_ALICE, 0), TRR_BYPASS);
    assert_int_equal(plain(WORLD_ROOT, WWW, "", 0), TRR_BYPASS);
    assert_int_equal(plain(WORLD_ROOT, WWW, "bob@X\\@UNIT.TEST", 0),
                     TRR_BYPASS);
    assert_int_equal(plain(WORLD_USER, WWW, BOB, 0), TRR_SERVICE);
    world_restart(&world_beta, "");
}

static void
a_by_pass_is_delivered_under_the_lowest_label(void **state)
{
    struct tr_established *e = &world_beta.reply.u.established;

    world_restart(&world_beta, "allow-bypass = true\n");
    assert_int_equal(plain(WORLD_ROOT, WWW, BOB, 0), 0);
    assert_int_equal(e->flags, TR_IS_PLAIN);
    assert_string_equal(e->realm, "");
    assert_string_equal(e->label, "");
    assert_string_equal(e->local_label, "public");
    assert_string_equal(e->local_high, "public");
    assert_int_equal(e->trailer.length, 0);
    assert_true(world_beta.allowed);
    /* Nothing is raised to the range of a higher process. */
    assert_int_equal(plain(WORLD_HIGH_USER, WWW, BOB, 0), TRR_PROCESS_RANGE);
    world_restart(&world_beta, "");
}

/* A ticket for one service, renamed to one that may do without a label. */
static void
a_by_pass_is_for_the_service_whose_key_it_was(void **state)
{
    world_restart(&world_beta, "allow-bypass = true\n");
    world_ap_req(&context, "bob", WWW);
    context.service = HOST;
    assert_int_equal(world_accept_as(&world_beta, WORLD_ROOT, &context, BOB,
                                     0), TRR_SERVICE);
    context.service = WWW;
    assert_int_equal(world_accept_as(&world_beta, WORLD_ROOT, &context, BOB,
                                     0), 0);
    world_restart(&world_beta, "");
}

static void
a_stripped_trailer_is_noticed_by_pass_or_not(void **state)
{
    world_restart(&world_beta, "allow-bypass = true\n");
    assert_int_equal(plain(WORLD_ROOT, WWW, BOB, TR_ASK_MARKER),
                     TRR_STRIPPED);
    assert_int_equal(plain(WORLD_ROOT, WWW, BOB, WORLD_FLAGS), TRR_STRIPPED);
    world_restart(&world_beta, "");
}

static void
only_a_lowest_process_speaks_without_a_label(void **state)
{
    const char *target = "host/old.unit.test@" WORLD_REALM;

    assert_int_equal(prepare(WORLD_LOW_USER, target, ""), TRR_NO_COMMON);
    world_restart(&world_alpha, "bypass-to = host/old.*\n");
    assert_int_equal(prepare(WORLD_LOW_USER, target, ""), TRR_NO_COMMON);
    world_restart(&world_alpha, "bypass-to = host/old.*\n"
                  "allow-bypass = true\n");
    assert_int_equal(prepare(WORLD_LOW_USER, target, ""), 0);
    assert_int_equal(world_alpha.reply.u.prepared.flags, TR_IS_PLAIN);
    assert_true(world_alpha.allowed);
    assert_int_equal(prepare(WORLD_LOW_USER, target, "public"), 0);
    assert_int_equal(prepare(WORLD_LOW_USER, target, "secret"),
                     TRR_NO_COMMON);
    assert_int_equal(prepare(WORLD_USER, target, ""), TRR_NO_COMMON);
    assert_int_equal(prepare(WORLD_USER, target, "public"), TRR_NO_COMMON);
    world_restart(&world_alpha, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_label_of_the_process_arrives),
        TEST(the_label_asked_for_arrives),
        TEST(both_ends_agree_on_the_narrower_range),
        TEST(audit_records_of_both_ends_share_a_correlation_id),
        TEST(no_claim_is_filled_in_by_what_was_authenticated),
        TEST(a_sealed_token_survives_a_restart),
        TEST(prepare_decides_before_anything_is_sent),
        TEST(required_attributes_must_hold_at_both_ends),
        TEST(seal_decides_again_on_what_is_really_asked),
        TEST(a_user_without_clearance_is_refused_at_both_ends),
        TEST(an_ap_req_that_is_none_is_refused),
        TEST(others_are_refused_before_anything_is_decrypted),
        TEST(a_service_may_be_accepted_by_the_uids_it_names),
        TEST(a_process_that_may_not_hold_the_label_is_refused),
        TEST(a_ticket_for_another_system_is_refused),
        TEST(the_key_that_opened_the_ticket_counts),
        TEST(the_key_may_be_of_another_name_of_the_system),
        TEST(another_user_than_claimed_is_refused),
        TEST(mutual_marker_and_aes_are_needed),
        TEST(a_token_is_accepted_once),
        TEST(a_replay_is_refused_after_a_restart),
        TEST(a_refusal_consumes_nothing),
        TEST(plain_tokens_are_refused_unless_allowed),
        TEST(a_by_pass_is_delivered_under_the_lowest_label),
        TEST(a_by_pass_is_for_the_service_whose_key_it_was),
        TEST(a_stripped_trailer_is_noticed_by_pass_or_not),
        TEST(only_a_lowest_process_speaks_without_a_label)
    };
    const struct CMUnitTest sha2[] = {
        TEST(the_label_of_the_process_arrives)
    };
    int failed;

    if (!world_possible())
        return 77;
    failed = cmocka_run_group_tests_name("sha1", tests, world_set_up,
                                         world_tear_down);
    failed += cmocka_run_group_tests_name("sha2", sha2, world_set_up_sha2,
                                          world_tear_down);
    return failed;
}
