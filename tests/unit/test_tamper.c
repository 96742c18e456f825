/* tests/unit/test_tamper.c - tokens that were changed, moved or made up */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "apreq.h"
#include "crypto.h"
#include "keys.h"
#include "seal.h"
#include "seal_context.h"
#include "trustrealm_err.h"

#define ALPHA "trustrealm/alpha.unit.test@" WORLD_REALM
#define BETA "trustrealm/beta.unit.test@" WORLD_REALM
#define GAMMA "trustrealm/gamma.unit.test@" WORLD_REALM

/* --- tokens changed and moved -------------------------------------------- */

/* Options and names in the clear, which say nothing that krb5_rd_req() goes
 * by: the initiator sees that they were changed. */
#define CLEAR 64

static void
a_trailer_changed_in_any_byte_is_refused(void **state)
{
    size_t at, accepted = 0;

    sealed();
    for (at = 0; at < context.trailer.length; at++) {
        context.trailer.data[at] ^= 1 << at % 8;
        if (accept_here() == 0) {
            accepted++;
            assert_int_equal(world_accepted(&context), TRR_BINDING);
            sealed();
        } else {
            assert_false(world_beta.allowed);
            context.trailer.data[at] ^= 1 << at % 8;
        }
    }
    assert_int_equal(accept_here(), 0);
    assert_true(accepted < CLEAR);
}

static void
a_trailer_cut_or_lengthened_is_refused(void **state)
{
    struct tr_bytes longer = { NULL, 0 };
    size_t length;

    sealed();
    length = context.trailer.length;
    for (context.trailer.length = 1; context.trailer.length < length;
         context.trailer.length++)
        assert_int_equal(accept_here(), TRR_TOKEN);
    longer.data = calloc(1, length + 1);
    assert_non_null(longer.data);
    longer.length = length + 1;
    memcpy(longer.data, context.trailer.data, length);
    tr_bytes_free(&context.trailer);
    context.trailer = longer;
    assert_int_equal(accept_here(), TRR_TOKEN);
}

static void
an_ap_req_changed_in_any_byte_is_refused(void **state)
{
    size_t at;

    sealed();
    for (at = 0; at < context.ap_req.length; at++) {
        context.ap_req.data[at] ^= 1 << at % 8;
        assert_int_not_equal(accept_here(), 0);
        context.ap_req.data[at] ^= 1 << at % 8;
    }
}

static void
a_trailer_moved_to_another_ap_req_is_refused(void **state)
{
    struct tr_bytes trailer = { NULL, 0 };

    sealed();
    world_copy(&trailer, &context.trailer);
    sealed();
    world_copy(&context.trailer, &trailer);
    assert_int_equal(accept_here(), TRR_SYSTEM_AUTH);
    assert_non_null(strstr(world_beta.text, "checksum"));
    tr_bytes_free(&trailer);
}

static void
a_trailer_for_another_system_is_refused(void **state)
{
    struct tr_bytes trailer = { NULL, 0 };

    world_ap_req(&context, "alice", "host/gamma.unit.test");
    assert_int_equal(world_seal(&world_alpha, WORLD_USER, &context, ""), 0);
    world_copy(&trailer, &context.trailer);
    world_forget(&context);
    world_ap_req(&context, "alice", HOST);
    world_copy(&context.trailer, &trailer);
    assert_int_equal(accept_here(), TRR_SYSTEM_AUTH);
    tr_bytes_free(&trailer);
}

static void
a_reply_changed_in_any_byte_is_refused(void **state)
{
    size_t at;

    sealed();
    assert_int_equal(accept_here(), 0);
    for (at = 0; at < context.reply_trailer.length; at++) {
        context.reply_trailer.data[at] ^= 1 << at % 8;
        assert_int_not_equal(world_accepted(&context), 0);
        context.reply_trailer.data[at] ^= 1 << at % 8;
    }
    for (at = 0; at < context.ap_rep.length; at++) {
        context.ap_rep.data[at] ^= 1 << at % 8;
        assert_int_equal(world_accepted(&context), TRR_BINDING);
        context.ap_rep.data[at] ^= 1 << at % 8;
    }
    assert_int_equal(world_accepted(&context), 0);
}

static void
an_answer_without_acceptance_is_refused(void **state)
{
    sealed();
    assert_int_equal(world_accepted(&context), TRR_NO_ACCEPTANCE);
}

static void
an_acceptance_of_another_context_is_refused(void **state)
{
    struct tr_bytes reply = { NULL, 0 };

    world_establish(&context);
    world_copy(&reply, &context.reply_trailer);
    sealed();
    world_copy(&context.reply_trailer, &reply);
    assert_int_equal(world_accepted(&context), TRR_SEAL);
    tr_bytes_free(&reply);
}

static void
records_are_good_at_their_own_daemon_and_stage_only(void **state)
{
    struct tr_call call = { .type = TR_CALL_JUDGE };
    struct tr_bytes own = { NULL, 0 };

    sealed();
    assert_int_equal(accept_here(), 0);
    world_copy(&own, &context.sealed);
    world_copy(&context.sealed, &context.acceptor);
    assert_int_equal(world_accepted(&context), TRR_RECORD);
    world_copy(&context.sealed, &own);
    assert_int_equal(world_accepted(&context), 0);
    world_copy(&context.sealed, &context.initiator);
    assert_int_equal(world_accepted(&context), TRR_RECORD);
    call.u.judge.record = own;
    world_call(&world_alpha, WORLD_USER, &call);
    assert_int_equal(world_refused(&world_alpha), TRR_RECORD);
    tr_bytes_free(&own);
}

/* --- a system that lies -------------------------------------------------- */

/* What a system with alpha's key may say. */
static const struct tr_environment truth = {
    .from = ALPHA, .to = BETA,
    .association = { (uint8_t *)"0123456789abcdef", 16 },
    .realm = "engineering", .label = "internal",
    .low = "public", .high = "secret", .client = WORLD_ALICE,
    .service = "host", .validity = 60
};

/* The digest of the label policy that beta knows. */
static void
get_digest(char digest[65])
{
    const struct tr_realm *realm;
    struct tr_view *view;

    assert_int_equal(tr_view_open(world_beta.service.table, &view), 0);
    assert_int_equal(tr_view_realm(view, "engineering", &realm), 0);
    memcpy(digest, realm->digest, 65);
    tr_view_close(view);
}

static krb5_creds *
ticket_of_alpha(void)
{
    return world_ticket("alpha", "trustrealm/alpha.unit.test",
                        "trustrealm/beta.unit.test");
}

static krb5_error_code
tell(const struct tr_environment *lie, int64_t version)
{
    krb5_creds *creds = ticket_of_alpha();
    struct tr_trailer trailer = { .version = version };
    struct tr_environment env = *lie;
    struct tr_bytes transcript = { NULL, 0 };
    krb5_key subkey = NULL;
    char policy[65];

    get_digest(policy);
    env.time += time(NULL);
    if (env.digest == NULL)
        env.digest = policy;
    assert_int_equal(tr_environment_seal(world_krb5, creds, &context.ap_req,
                                         &env, &trailer.system_ap_req,
                                         &transcript, &subkey), 0);
    tr_bytes_free(&context.trailer);
    assert_int_equal(tr_wire_encode(TR_WIRE_TRAILER, &trailer,
                                    &context.trailer.data,
                                    &context.trailer.length), 0);
    tr_bytes_free(&transcript);
    tr_bytes_free(&trailer.system_ap_req);
    krb5_k_free_key(world_krb5, subkey);
    krb5_free_creds(world_krb5, creds);
    return accept_here();
}

#define LIE(statement, code)                                \
    do {                                                    \
        struct tr_environment lie = truth;                  \
        lie.statement;                                      \
        assert_int_equal(tell(&lie, TR_VERSION), code);     \
    } while (0)

static void
a_system_that_lies_is_refused(void **state)
{
    world_ap_req(&context, "alice", HOST);
    LIE(time = 0, 0);
    LIE(from = GAMMA, TRR_BINDING);
    LIE(to = GAMMA, TRR_BINDING);
    LIE(service = "nfs", TRR_BINDING);
    LIE(validity = 61, TRR_BINDING);
    LIE(validity = 0, TRR_BINDING);
    LIE(time = -361, TRR_CLOCK);
    LIE(time = 302, TRR_CLOCK);
    LIE(end = time(NULL), TRR_ENDED);
    LIE(association.length = 15, TRR_TOKEN);
    LIE(client = "WELLKNOWN/ANONYMOUS@X", TRR_CLAIM);
    LIE(realm = "nowhere", TRR_NOT_MEMBER);
    LIE(realm = "", TRR_NOT_MEMBER);
    LIE(digest = "0", TRR_DIGEST);
    LIE(label = "utmost", TRR_LABEL_LEVEL);
    LIE(low = "secret", TRR_AGREED_RANGE);
    LIE(low = "secret:hr", TRR_RANGE);
    LIE(high = "public", TRR_AGREED_RANGE);
    assert_int_equal(tell(&truth, TR_VERSION + 1), TRR_VERSION);
}

/* Answer context as beta's system could, whatever acceptance says. */
static krb5_error_code
accept_with(const struct tr_acceptance *answer, int64_t version)
{
    struct tr_keys *keys = world_beta.service.keys;
    krb5_context krb5 = tr_keys_context(keys);
    struct tr_reply_trailer reply = { .version = version };
    struct tr_acceptance acc = *answer;
    struct tr_environment env;
    struct tr_bytes transcript = { NULL, 0 };
    struct tr_trailer trailer;
    struct tr_apreq verified;
    const char *why;

    assert_int_equal(tr_wire_decode(TR_WIRE_TRAILER, context.trailer.data,
                                    context.trailer.length, &trailer), 0);
    assert_int_equal(tr_apreq_verify(krb5, tr_keys_keytab(keys),
                                     tr_keys_self(keys), &context.ap_req,
                                     &trailer.system_ap_req, &verified, &why),
                     0);
    assert_string_equal(verified.from, ALPHA);
    assert_int_equal(tr_environment_open(&trailer.system_ap_req, &verified,
                                         &env, &transcript), 0);
    if (acc.association.data == NULL)
        acc.association.data = env.association.data;
    acc.association.length = TR_ASSOCIATION_LENGTH;
    acc.time += time(NULL);
    assert_int_equal(tr_acceptance_seal(krb5, verified.subkey, &transcript,
                                        &context.ap_rep, &acc,
                                        &reply.acceptance), 0);
    tr_bytes_free(&context.reply_trailer);
    assert_int_equal(tr_wire_encode(TR_WIRE_REPLY_TRAILER, &reply,
                                    &context.reply_trailer.data,
                                    &context.reply_trailer.length), 0);
    tr_bytes_free(&reply.acceptance);
    tr_bytes_free(&transcript);
    tr_wire_free(TR_WIRE_ENVIRONMENT, &env);
    tr_wire_free(TR_WIRE_TRAILER, &trailer);
    tr_apreq_free(krb5, &verified);
    return world_accepted(&context);
}

#define FALSE_ANSWER(statement, code)                               \
    do {                                                            \
        struct tr_acceptance acc = honest;                          \
        acc.statement;                                              \
        assert_int_equal(accept_with(&acc, TR_VERSION), code);      \
    } while (0)

static void
a_system_that_answers_falsely_is_refused(void **state)
{
    const struct tr_acceptance honest = {
        .from = BETA, .to = ALPHA, .realm = "engineering",
        .label = "internal", .low = "public", .high = "secret"
    };

    sealed();
    FALSE_ANSWER(time = 0, 0);
    FALSE_ANSWER(low = "internal", 0);
    FALSE_ANSWER(from = GAMMA, TRR_BINDING);
    FALSE_ANSWER(to = BETA, TRR_BINDING);
    FALSE_ANSWER(association.data = (uint8_t *)"0123456789abcdef",
                 TRR_BINDING);
    FALSE_ANSWER(realm = "corporate", TRR_BINDING);
    FALSE_ANSWER(label = "secret", TRR_BINDING);
    FALSE_ANSWER(time = 400, TRR_CLOCK);
    FALSE_ANSWER(time = -400, TRR_CLOCK);
    FALSE_ANSWER(high = "secret:hr", TRR_AGREED_RANGE);
    FALSE_ANSWER(low = "secret", TRR_AGREED_RANGE);
    FALSE_ANSWER(high = "public", TRR_AGREED_RANGE);
    FALSE_ANSWER(low = "secret:hr", TRR_RANGE);
    FALSE_ANSWER(high = "utmost", TRR_LABEL_LEVEL);
    assert_int_equal(accept_with(&honest, TR_VERSION + 1), TRR_VERSION);
}

/* A system AP-REQ with what krb5_mk_req_extended() would put into it, and as
 * many environments as asked for, which no daemon would take. */
static krb5_error_code
request_with(krb5_flags options, krb5_data *bound, krb5_cksumtype type,
             size_t nenvironments)
{
    krb5_authdata nonsense = {
        KV5M_AUTHDATA, TR_AD_ENVIRONMENT, 4, (uint8_t *)"user"
    };
    krb5_authdata *authdata[] = {
        nenvironments > 0 ? &nonsense : NULL,
        nenvironments > 1 ? &nonsense : NULL, NULL
    };
    krb5_creds *creds = ticket_of_alpha(), with = *creds;
    struct tr_trailer trailer = { .version = TR_VERSION };
    krb5_auth_context auth;
    krb5_data out;

    with.authdata = authdata;
    assert_int_equal(krb5_auth_con_init(world_krb5, &auth), 0);
    assert_int_equal(krb5_auth_con_set_req_cksumtype(world_krb5, auth, type),
                     0);
    assert_int_equal(krb5_mk_req_extended(world_krb5, &auth, options, bound,
                                          &with, &out), 0);
    trailer.system_ap_req.data = (uint8_t *)out.data;
    trailer.system_ap_req.length = out.length;
    tr_bytes_free(&context.trailer);
    assert_int_equal(tr_wire_encode(TR_WIRE_TRAILER, &trailer,
                                    &context.trailer.data,
                                    &context.trailer.length), 0);
    krb5_free_data_contents(world_krb5, &out);
    krb5_auth_con_free(world_krb5, auth);
    krb5_free_creds(world_krb5, creds);
    return accept_here();
}

static void
a_system_ap_req_that_lacks_anything_is_refused(void **state)
{
    struct tr_bytes digest = { NULL, 0 };
    krb5_data right, wrong = { 0, 4, "user" };

    world_ap_req(&context, "alice", HOST);
    assert_int_equal(tr_digest("trustrealm AP-REQ 1", &context.ap_req, 1,
                               &digest), 0);
    right.data = (char *)digest.data;
    right.length = digest.length;
    assert_int_equal(request_with(AP_OPTS_USE_SUBKEY, NULL, 0, 1),
                     TRR_SYSTEM_AUTH);
    assert_non_null(strstr(world_beta.text, "without checksum"));
    assert_int_equal(request_with(AP_OPTS_USE_SUBKEY, &right, 0x8003, 1),
                     TRR_SYSTEM_AUTH);
    assert_non_null(strstr(world_beta.text, "another type"));
    assert_int_equal(request_with(AP_OPTS_USE_SUBKEY, &wrong, 0, 1),
                     TRR_SYSTEM_AUTH);
    assert_non_null(strstr(world_beta.text, "does not verify"));
    assert_int_equal(request_with(AP_OPTS_USE_SUBKEY, &right, 0, 0),
                     TRR_SYSTEM_AUTH);
    assert_non_null(strstr(world_beta.text, "without environment"));
    assert_int_equal(request_with(AP_OPTS_USE_SUBKEY, &right, 0, 2),
                     TRR_SYSTEM_AUTH);
    assert_non_null(strstr(world_beta.text, "two environments"));
    assert_int_equal(request_with(0, &right, 0, 1), TRR_SYSTEM_AUTH);
    assert_non_null(strstr(world_beta.text, "without subkey"));
    /* Nothing lacks: now the environment is looked at. */
    assert_int_equal(request_with(AP_OPTS_USE_SUBKEY, &right, 0, 1),
                     TRR_TRUNCATED);
    tr_bytes_free(&digest);
}

static void
the_ap_req_of_a_user_is_no_system_ap_req(void **state)
{
    struct tr_trailer trailer = { .version = TR_VERSION };

    world_ap_req(&context, "alice", HOST);
    trailer.system_ap_req = context.ap_req;
    assert_int_equal(tr_wire_encode(TR_WIRE_TRAILER, &trailer,
                                    &context.trailer.data,
                                    &context.trailer.length), 0);
    assert_int_equal(accept_here(), TRR_SYSTEM_AUTH);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_trailer_changed_in_any_byte_is_refused),
        TEST(a_trailer_cut_or_lengthened_is_refused),
        TEST(an_ap_req_changed_in_any_byte_is_refused),
        TEST(a_trailer_moved_to_another_ap_req_is_refused),
        TEST(a_trailer_for_another_system_is_refused),
        TEST(a_reply_changed_in_any_byte_is_refused),
        TEST(an_answer_without_acceptance_is_refused),
        TEST(an_acceptance_of_another_context_is_refused),
        TEST(records_are_good_at_their_own_daemon_and_stage_only),
        TEST(a_system_that_lies_is_refused),
        TEST(a_system_that_answers_falsely_is_refused),
        TEST(a_system_ap_req_that_lacks_anything_is_refused),
        TEST(the_ap_req_of_a_user_is_no_system_ap_req)
    };
    const struct CMUnitTest sha2[] = {
        TEST(a_trailer_changed_in_any_byte_is_refused),
        TEST(a_reply_changed_in_any_byte_is_refused),
        TEST(a_system_ap_req_that_lacks_anything_is_refused)
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
