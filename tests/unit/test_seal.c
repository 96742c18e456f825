/* tests/unit/test_seal.c - establishing: two services and a real KDC */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "apreq.h"
#include "crypto.h"
#include "keys.h"
#include "seal.h"
#include "seal_world.h"
#include "trustrealm_err.h"

#define HOST "host/beta.unit.test"
#define WWW "HTTP/www.unit.test"
#define BOB "bob@" WORLD_REALM
#define CAROL "carol@" WORLD_REALM
#define ALPHA "trustrealm/alpha.unit.test@" WORLD_REALM
#define BETA "trustrealm/beta.unit.test@" WORLD_REALM
#define GAMMA "trustrealm/gamma.unit.test@" WORLD_REALM

static struct world_context context;    /* forgotten after each test */

/* An AP-REQ of alice for HOST, sealed by alpha. */
static void
sealed(void)
{
    world_forget(&context);
    world_ap_req(&context, "alice", HOST);
    assert_int_equal(world_seal(&world_alpha, WORLD_USER, &context, ""), 0);
}

static krb5_error_code
open_and_commit(void)
{
    krb5_error_code ret;

    ret = world_open(&world_beta, WORLD_ROOT, &context);
    return ret ? ret : world_commit(&world_beta, WORLD_ROOT, &context,
                                    WORLD_ALICE, WORLD_FLAGS);
}

/* --- what goes well ------------------------------------------------------- */

static void
the_label_of_the_process_arrives(void **state)
{
    struct tr_established *e = &world_beta.reply.u.established;

    sealed();
    assert_int_equal(open_and_commit(), 0);
    assert_true(world_beta.with_page);
    assert_string_equal(e->realm, "engineering");
    assert_string_equal(e->label, "internal");
    assert_string_equal(e->local_label, "internal");
    assert_string_equal(e->low, "public");
    assert_string_equal(e->high, "secret");
    assert_string_equal(e->peer_system, "alpha.unit.test");
    assert_string_equal(e->own_system, "beta.unit.test");
    assert_string_equal(e->client, WORLD_ALICE);
    assert_string_equal(e->service, "host");
    assert_int_equal(e->epoch, tr_shared_page_epoch(world_beta.service.page));
    assert_int_equal(e->flags & (TR_IS_PLAIN | TR_IS_DRY_RUN), 0);

    assert_int_equal(world_accepted(&world_alpha, WORLD_USER, &context), 0);
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
    assert_int_equal(open_and_commit(), 0);
    assert_string_equal(world_beta.reply.u.established.label, "secret");
}

static void
both_ends_agree_on_the_narrower_range(void **state)
{
    world_ap_req(&context, "alice", WWW);
    assert_int_equal(world_seal(&world_alpha, WORLD_USER, &context, ""), 0);
    assert_int_equal(world_open(&world_beta, WORLD_HIGH_USER, &context), 0);
    assert_int_equal(world_commit(&world_beta, WORLD_HIGH_USER, &context,
                                  WORLD_ALICE, WORLD_FLAGS), 0);
    assert_string_equal(world_beta.reply.u.established.low, "internal");
    assert_int_equal(world_accepted(&world_alpha, WORLD_USER, &context), 0);
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
    assert_int_equal(open_and_commit(), 0);
    assert_true(world_beta.allowed);
    assert_string_equal(world_beta.event, "commit");
    assert_string_equal(world_beta.correlation, first);
    assert_string_equal(world_beta.reply.u.established.correlation, first);
    assert_int_equal(world_accepted(&world_alpha, WORLD_USER, &context), 0);
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
    assert_int_equal(open_and_commit(), 0);
    assert_string_equal(world_beta.reply.u.established.client, WORLD_ALICE);
}

static void
an_opened_token_survives_a_restart(void **state)
{
    sealed();
    assert_int_equal(world_open(&world_beta, WORLD_ROOT, &context), 0);
    world_restart(&world_beta, NULL);
    assert_int_equal(world_commit(&world_beta, WORLD_ROOT, &context,
                                  WORLD_ALICE, WORLD_FLAGS), 0);
    world_restart(&world_alpha, NULL);
    assert_int_equal(world_accepted(&world_alpha, WORLD_USER, &context), 0);
}

/* --- prepare -------------------------------------------------------------- */

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
    assert_int_equal(world_open(&world_beta, WORLD_ROOT, &context), 0);
    assert_int_equal(world_commit(&world_beta, WORLD_ROOT, &context, CAROL,
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
        assert_int_equal(world_open(&world_beta, WORLD_ROOT, &context),
                         TRR_TOKEN);
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
    assert_int_equal(world_open(&world_beta, WORLD_ROOT, &context),
                     TRR_UNSUPPORTED);
}

/* --- the acceptor's door -------------------------------------------------- */

static void
others_are_refused_before_anything_is_decrypted(void **state)
{
    uint8_t garbage[] = "garbage";
    struct tr_bytes trailer = { garbage, sizeof(garbage) };

    sealed();
    assert_int_equal(world_open(&world_beta, WORLD_USER, &context),
                     TRR_SERVICE);
    assert_int_equal(world_beta.step, TR_R3_SERVICE);
    world_copy(&context.trailer, &trailer);
    assert_int_equal(world_open(&world_beta, WORLD_USER, &context),
                     TRR_SERVICE);
    assert_int_equal(world_open(&world_beta, WORLD_ROOT, &context),
                     TRR_TOKEN);
}

static void
others_cannot_commit_what_was_opened(void **state)
{
    sealed();
    assert_int_equal(world_open(&world_beta, WORLD_ROOT, &context), 0);
    assert_int_equal(world_commit(&world_beta, WORLD_USER, &context,
                                  WORLD_ALICE, WORLD_FLAGS), TRR_SERVICE);
    assert_int_equal(world_commit(&world_beta, WORLD_ROOT, &context,
                                  WORLD_ALICE, WORLD_FLAGS), 0);
}

static void
a_service_may_be_accepted_by_the_uids_it_names(void **state)
{
    world_ap_req(&context, "alice", WWW);
    assert_int_equal(world_seal(&world_alpha, WORLD_USER, &context, ""), 0);
    assert_int_equal(world_open(&world_beta, WORLD_USER, &context),
                     TRR_SERVICE);
    assert_int_equal(world_open(&world_beta, WORLD_HIGH_USER, &context), 0);
    assert_int_equal(world_open(&world_beta, WORLD_ROOT, &context), 0);
}

static void
a_process_that_may_not_hold_the_label_is_refused(void **state)
{
    world_ap_req(&context, "alice", WWW);
    assert_int_equal(world_seal(&world_alpha, WORLD_USER, &context,
                                "public"), 0);
    assert_int_equal(world_open(&world_beta, WORLD_HIGH_USER, &context),
                     TRR_PROCESS_RANGE);
    assert_int_equal(world_beta.step, TR_R10_PROCESS);
}

static void
a_ticket_for_another_system_is_refused(void **state)
{
    world_ap_req(&context, "alice", "host/gamma.unit.test");
    assert_int_equal(world_seal(&world_alpha, WORLD_USER, &context, ""), 0);
    assert_int_equal(world_open(&world_beta, WORLD_ROOT, &context),
                     TRR_SERVICE);
    assert_int_equal(world_open(&world_gamma, WORLD_ROOT, &context), 0);
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
    assert_int_equal(world_open(&world_beta, WORLD_ROOT, &context), 0);
    for (i = 0; i < sizeof(others) / sizeof(*others); i++) {
        context.service = others[i];
        assert_int_not_equal(world_commit(&world_beta, WORLD_ROOT, &context,
                                          WORLD_ALICE, WORLD_FLAGS), 0);
        assert_int_equal(world_beta.step, TR_R3_SERVICE);
    }
    context.service = "host/beta.unit.test@" WORLD_REALM;
    assert_int_equal(world_commit(&world_beta, WORLD_ROOT, &context,
                                  WORLD_ALICE, WORLD_FLAGS), 0);
}

static void
another_user_than_claimed_is_refused(void **state)
{
    sealed();
    assert_int_equal(world_open(&world_beta, WORLD_ROOT, &context), 0);
    assert_int_equal(world_commit(&world_beta, WORLD_ROOT, &context, BOB,
                                  WORLD_FLAGS), TRR_CLAIM);
    assert_int_equal(world_beta.step, TR_R13_USER);
    assert_int_equal(world_commit(&world_beta, WORLD_ROOT, &context, "",
                                  WORLD_FLAGS), TRR_CLAIM);
    assert_int_equal(world_commit(&world_beta, WORLD_ROOT, &context,
                                  "WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS",
                                  WORLD_FLAGS), TRR_UNSUPPORTED);
}

static void
mutual_and_marker_are_needed(void **state)
{
    sealed();
    assert_int_equal(world_open(&world_beta, WORLD_ROOT, &context), 0);
    assert_int_equal(world_commit(&world_beta, WORLD_ROOT, &context,
                                  WORLD_ALICE, TR_ASK_MARKER), TRR_FLAGS);
    assert_int_equal(world_commit(&world_beta, WORLD_ROOT, &context,
                                  WORLD_ALICE, TR_ASK_MUTUAL), TRR_BINDING);
    assert_int_equal(world_commit(&world_beta, WORLD_ROOT, &context,
                                  WORLD_ALICE, WORLD_FLAGS), 0);
}

/* --- replay --------------------------------------------------------------- */

static void
a_token_is_committed_once(void **state)
{
    sealed();
    assert_int_equal(open_and_commit(), 0);
    assert_int_equal(world_commit(&world_beta, WORLD_ROOT, &context,
                                  WORLD_ALICE, WORLD_FLAGS), TRR_REPLAY);
    assert_int_equal(world_beta.step, TR_R15_COMMIT);
    assert_int_equal(open_and_commit(), TRR_REPLAY);
}

static void
a_replay_is_refused_after_a_restart(void **state)
{
    sealed();
    assert_int_equal(open_and_commit(), 0);
    world_restart(&world_beta, NULL);
    assert_int_equal(open_and_commit(), TRR_REPLAY);
}

static void
a_refused_commit_consumes_nothing(void **state)
{
    sealed();
    assert_int_equal(world_open(&world_beta, WORLD_ROOT, &context), 0);
    assert_int_equal(world_commit(&world_beta, WORLD_ROOT, &context, BOB,
                                  WORLD_FLAGS), TRR_CLAIM);
    assert_int_equal(open_and_commit(), 0);
}

/* --- tokens changed and moved --------------------------------------------- */

static void
a_trailer_changed_in_any_byte_is_refused(void **state)
{
    size_t at;

    sealed();
    for (at = 0; at < context.trailer.length; at++) {
        context.trailer.data[at] ^= 1 << at % 8;
        assert_int_not_equal(world_open(&world_beta, WORLD_ROOT, &context),
                             0);
        assert_false(world_beta.allowed);
        context.trailer.data[at] ^= 1 << at % 8;
    }
    assert_int_equal(open_and_commit(), 0);
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
        assert_int_equal(world_open(&world_beta, WORLD_ROOT, &context),
                         TRR_TOKEN);
    longer.data = calloc(1, length + 1);
    assert_non_null(longer.data);
    longer.length = length + 1;
    memcpy(longer.data, context.trailer.data, length);
    tr_bytes_free(&context.trailer);
    context.trailer = longer;
    assert_int_equal(world_open(&world_beta, WORLD_ROOT, &context),
                     TRR_TOKEN);
}

static void
an_ap_req_changed_in_any_byte_is_refused(void **state)
{
    size_t at;

    sealed();
    for (at = 0; at < context.ap_req.length; at++) {
        context.ap_req.data[at] ^= 1 << at % 8;
        assert_int_not_equal(world_open(&world_beta, WORLD_ROOT, &context),
                             0);
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
    assert_int_equal(world_open(&world_beta, WORLD_ROOT, &context),
                     TRR_SYSTEM_AUTH);
    assert_non_null(strstr(world_beta.text, "checksum"));
    tr_bytes_free(&trailer);
}

/* Put the environment of one trailer behind the system AP-REQ of another,
 * made for the same AP-REQ. */
static void
an_environment_moved_to_another_trailer_is_refused(void **state)
{
    struct tr_trailer first, second, mixed = { .version = TR_VERSION };
    struct tr_bytes other = { NULL, 0 };

    sealed();
    world_copy(&other, &context.trailer);
    assert_int_equal(world_seal(&world_alpha, WORLD_USER, &context,
                                "secret"), 0);
    assert_int_equal(tr_wire_decode(TR_WIRE_TRAILER, other.data, other.length,
                                    &first), 0);
    assert_int_equal(tr_wire_decode(TR_WIRE_TRAILER, context.trailer.data,
                                    context.trailer.length, &second), 0);
    mixed.system_ap_req = first.system_ap_req;
    mixed.environment = second.environment;
    tr_bytes_free(&context.trailer);
    assert_int_equal(tr_wire_encode(TR_WIRE_TRAILER, &mixed,
                                    &context.trailer.data,
                                    &context.trailer.length), 0);
    assert_int_equal(world_open(&world_beta, WORLD_ROOT, &context), TRR_SEAL);
    tr_wire_free(TR_WIRE_TRAILER, &first);
    tr_wire_free(TR_WIRE_TRAILER, &second);
    tr_bytes_free(&other);
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
    assert_int_equal(world_open(&world_beta, WORLD_ROOT, &context),
                     TRR_SYSTEM_AUTH);
    tr_bytes_free(&trailer);
}

static void
a_reply_changed_in_any_byte_is_refused(void **state)
{
    size_t at;

    sealed();
    assert_int_equal(open_and_commit(), 0);
    for (at = 0; at < context.reply_trailer.length; at++) {
        context.reply_trailer.data[at] ^= 1 << at % 8;
        assert_int_not_equal(world_accepted(&world_alpha, WORLD_USER,
                                            &context), 0);
        context.reply_trailer.data[at] ^= 1 << at % 8;
    }
    for (at = 0; at < context.ap_rep.length; at++) {
        context.ap_rep.data[at] ^= 1 << at % 8;
        assert_int_equal(world_accepted(&world_alpha, WORLD_USER, &context),
                         TRR_BINDING);
        context.ap_rep.data[at] ^= 1 << at % 8;
    }
    assert_int_equal(world_accepted(&world_alpha, WORLD_USER, &context), 0);
}

static void
an_answer_without_acceptance_is_refused(void **state)
{
    sealed();
    assert_int_equal(world_accepted(&world_alpha, WORLD_USER, &context),
                     TRR_NO_ACCEPTANCE);
}

static void
an_acceptance_of_another_context_is_refused(void **state)
{
    struct tr_bytes reply = { NULL, 0 };

    world_establish(&context, "");
    world_copy(&reply, &context.reply_trailer);
    sealed();
    world_copy(&context.reply_trailer, &reply);
    assert_int_equal(world_accepted(&world_alpha, WORLD_USER, &context),
                     TRR_SEAL);
    tr_bytes_free(&reply);
}

/* The environment thrown back as if it were the acceptance. */
static void
a_reflected_environment_is_no_acceptance(void **state)
{
    struct tr_trailer trailer;
    struct tr_reply_trailer reply = { .version = TR_VERSION };

    sealed();
    assert_int_equal(tr_wire_decode(TR_WIRE_TRAILER, context.trailer.data,
                                    context.trailer.length, &trailer), 0);
    reply.acceptance = trailer.environment;
    assert_int_equal(tr_wire_encode(TR_WIRE_REPLY_TRAILER, &reply,
                                    &context.reply_trailer.data,
                                    &context.reply_trailer.length), 0);
    assert_int_equal(world_accepted(&world_alpha, WORLD_USER, &context),
                     TRR_SEAL);
    tr_wire_free(TR_WIRE_TRAILER, &trailer);
}

static void
records_are_good_at_their_own_daemon_and_stage_only(void **state)
{
    struct tr_bytes own = { NULL, 0 };

    sealed();
    assert_int_equal(open_and_commit(), 0);
    world_copy(&own, &context.sealed);
    world_copy(&context.sealed, &context.opened);
    assert_int_equal(world_accepted(&world_alpha, WORLD_USER, &context),
                     TRR_RECORD);
    world_copy(&context.sealed, &context.acceptor);
    assert_int_equal(world_accepted(&world_alpha, WORLD_USER, &context),
                     TRR_RECORD);
    world_copy(&context.opened, &own);
    assert_int_equal(world_commit(&world_beta, WORLD_ROOT, &context,
                                  WORLD_ALICE, WORLD_FLAGS), TRR_RECORD);
    tr_bytes_free(&own);
}

/* --- a system that lies --------------------------------------------------- */

/* What a system with alpha's key may say. */
struct lie {
    const char *from, *to;      /* in the system AP-REQ */
    struct tr_environment env;
};

static const struct lie truth = {
    .from = ALPHA, .to = BETA,
    .env = {
        .from = ALPHA, .to = BETA,
        .association = { (uint8_t *)"0123456789abcdef", 16 },
        .correlation = "a lie", .realm = "engineering", .label = "internal",
        .low = "public", .high = "secret", .client = WORLD_ALICE,
        .service = "host", .validity = 60
    }
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
tell(const struct lie *lie, int64_t version)
{
    krb5_creds *creds = ticket_of_alpha();
    struct tr_trailer trailer = { .version = version };
    struct tr_seal_place place = { &context.ap_req, &trailer.system_ap_req };
    struct tr_environment env = lie->env;
    struct tr_bytes digest = { NULL, 0 };
    krb5_key subkey = NULL;
    char policy[65];

    get_digest(policy);
    env.time += time(NULL);
    if (env.digest == NULL)
        env.digest = policy;
    assert_int_equal(tr_apreq_make(world_krb5, creds, lie->from, lie->to,
                                   &context.ap_req, &trailer.system_ap_req,
                                   &subkey), 0);
    assert_int_equal(tr_environment_seal(world_krb5, subkey, &place, &env,
                                         &trailer.environment, &digest), 0);
    tr_bytes_free(&context.trailer);
    assert_int_equal(tr_wire_encode(TR_WIRE_TRAILER, &trailer,
                                    &context.trailer.data,
                                    &context.trailer.length), 0);
    tr_bytes_free(&env.binding);
    tr_bytes_free(&digest);
    tr_bytes_free(&trailer.system_ap_req);
    tr_bytes_free(&trailer.environment);
    krb5_k_free_key(world_krb5, subkey);
    krb5_free_creds(world_krb5, creds);
    return world_open(&world_beta, WORLD_ROOT, &context);
}

#define LIE(statement, code)                                \
    do {                                                    \
        struct lie lie = truth;                             \
        lie.statement;                                      \
        assert_int_equal(tell(&lie, TR_VERSION), code);     \
    } while (0)

static void
a_system_that_lies_is_refused(void **state)
{
    world_ap_req(&context, "alice", HOST);
    LIE(env.time = 0, 0);
    LIE(from = GAMMA, TRR_SYSTEM_AUTH);
    LIE(to = GAMMA, TRR_SYSTEM_AUTH);
    LIE(env.from = GAMMA, TRR_BINDING);
    LIE(env.to = GAMMA, TRR_BINDING);
    LIE(env.service = "nfs", TRR_BINDING);
    LIE(env.validity = 61, TRR_BINDING);
    LIE(env.validity = 0, TRR_BINDING);
    LIE(env.time = -361, TRR_CLOCK);
    LIE(env.time = 302, TRR_CLOCK);
    LIE(env.association.length = 15, TRR_TOKEN);
    LIE(env.client = "WELLKNOWN/ANONYMOUS@X", TRR_UNSUPPORTED);
    LIE(env.realm = "nowhere", TRR_NOT_MEMBER);
    LIE(env.realm = "", TRR_NOT_MEMBER);
    LIE(env.digest = "0", TRR_DIGEST);
    LIE(env.label = "utmost", TRR_LABEL_LEVEL);
    LIE(env.low = "secret", TRR_AGREED_RANGE);
    LIE(env.low = "secret:hr", TRR_RANGE);
    LIE(env.high = "public", TRR_AGREED_RANGE);
    assert_int_equal(tell(&truth, TR_VERSION + 1), TRR_VERSION);
}

/* A system AP-REQ with what krb5_mk_req_extended() would put into it; the
 * environment does not matter, it is not looked at. */
static krb5_error_code
request_with(krb5_flags options, krb5_data *bound, krb5_cksumtype type)
{
    krb5_creds *creds = ticket_of_alpha();
    struct tr_trailer trailer = {
        .version = TR_VERSION, .environment = context.ap_req
    };
    krb5_auth_context auth;
    krb5_data out;

    assert_int_equal(krb5_auth_con_init(world_krb5, &auth), 0);
    assert_int_equal(krb5_auth_con_set_req_cksumtype(world_krb5, auth, type),
                     0);
    assert_int_equal(krb5_mk_req_extended(world_krb5, &auth, options, bound,
                                          creds, &out), 0);
    trailer.system_ap_req.data = (uint8_t *)out.data;
    trailer.system_ap_req.length = out.length;
    tr_bytes_free(&context.trailer);
    assert_int_equal(tr_wire_encode(TR_WIRE_TRAILER, &trailer,
                                    &context.trailer.data,
                                    &context.trailer.length), 0);
    krb5_free_data_contents(world_krb5, &out);
    krb5_auth_con_free(world_krb5, auth);
    krb5_free_creds(world_krb5, creds);
    return world_open(&world_beta, WORLD_ROOT, &context);
}

/* What the authenticator's checksum of context.ap_req covers. */
static krb5_data
right_octets(void)
{
    struct tr_system_binding binding = { TR_VERSION, ALPHA, BETA };
    static uint8_t octets[4096];
    uint8_t *der, *at;
    size_t length;
    krb5_data data;

    assert_int_equal(tr_wire_encode(TR_WIRE_SYSTEM_BINDING, &binding, &der,
                                    &length), 0);
    at = mempcpy(octets, "trustrealm-system-1", 19);
    at = mempcpy(at, der, length);
    at = mempcpy(at, context.ap_req.data, context.ap_req.length);
    free(der);
    data.data = (char *)octets;
    data.length = at - octets;
    return data;
}

static void
a_system_ap_req_without_its_checksum_is_refused(void **state)
{
    krb5_data right, wrong = { 0, 4, "user" };

    world_ap_req(&context, "alice", HOST);
    right = right_octets();
    assert_int_equal(request_with(AP_OPTS_USE_SUBKEY, NULL, 0),
                     TRR_SYSTEM_AUTH);
    assert_non_null(strstr(world_beta.text, "without checksum"));
    assert_int_equal(request_with(AP_OPTS_USE_SUBKEY, &right, 0x8003),
                     TRR_SYSTEM_AUTH);
    assert_non_null(strstr(world_beta.text, "another type"));
    assert_int_equal(request_with(AP_OPTS_USE_SUBKEY, &wrong, 0),
                     TRR_SYSTEM_AUTH);
    assert_non_null(strstr(world_beta.text, "does not verify"));
    assert_int_equal(request_with(0, &right, 0), TRR_SYSTEM_AUTH);
    assert_non_null(strstr(world_beta.text, "without subkey"));
    /* The one thing that is right: now the environment is looked at. */
    assert_int_equal(request_with(AP_OPTS_USE_SUBKEY, &right, 0), TRR_SEAL);
}

static void
the_ap_req_of_a_user_is_no_system_ap_req(void **state)
{
    struct tr_trailer trailer = { .version = TR_VERSION };

    world_ap_req(&context, "alice", HOST);
    trailer.system_ap_req = context.ap_req;
    trailer.environment = context.ap_req;
    assert_int_equal(tr_wire_encode(TR_WIRE_TRAILER, &trailer,
                                    &context.trailer.data,
                                    &context.trailer.length), 0);
    assert_int_equal(world_open(&world_beta, WORLD_ROOT, &context),
                     TRR_SYSTEM_AUTH);
}

/* --- without a label ------------------------------------------------------ */

static krb5_error_code
plain(uid_t uid, const char *service, const char *client, int64_t flags)
{
    krb5_error_code ret;

    world_forget(&context);
    world_ap_req(&context, "bob", service);
    ret = world_open(&world_beta, uid, &context);
    return ret ? ret :
        world_commit(&world_beta, uid, &context, client, flags);
}

static void
plain_tokens_are_refused_unless_allowed(void **state)
{
    assert_int_equal(plain(WORLD_ROOT, WWW, BOB, 0), TRR_BYPASS);
    assert_int_equal(world_beta.step, TR_R1_BYPASS);
    world_restart(&world_beta, "allow-bypass = true\n");
    assert_int_equal(plain(WORLD_ROOT, WWW, BOB, 0), 0);
    assert_int_equal(plain(WORLD_ROOT, HOST, BOB, 0), TRR_BYPASS);
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
    assert_int_equal(world_open(&world_beta, WORLD_ROOT, &context), 0);
    context.service = HOST;
    assert_int_equal(world_commit(&world_beta, WORLD_ROOT, &context, BOB, 0),
                     TRR_SERVICE);
    context.service = WWW;
    assert_int_equal(world_commit(&world_beta, WORLD_ROOT, &context, BOB, 0),
                     0);
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

static int
clean(void **state)
{
    world_forget(&context);
    return 0;
}

static int
set_up_sha1(void **state)
{
    return !world_start("aes256-cts-hmac-sha1-96");
}

static int
set_up_sha2(void **state)
{
    return !world_start("aes128-cts-hmac-sha256-128");
}

static int
tear_down(void **state)
{
    world_stop();
    return 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, clean)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_label_of_the_process_arrives),
        TEST(the_label_asked_for_arrives),
        TEST(both_ends_agree_on_the_narrower_range),
        TEST(audit_records_of_both_ends_share_a_correlation_id),
        TEST(no_claim_is_filled_in_by_what_was_authenticated),
        TEST(an_opened_token_survives_a_restart),
        TEST(prepare_decides_before_anything_is_sent),
        TEST(seal_decides_again_on_what_is_really_asked),
        TEST(a_user_without_clearance_is_refused_at_both_ends),
        TEST(an_ap_req_that_is_none_is_refused),
        TEST(others_are_refused_before_anything_is_decrypted),
        TEST(others_cannot_commit_what_was_opened),
        TEST(a_service_may_be_accepted_by_the_uids_it_names),
        TEST(a_process_that_may_not_hold_the_label_is_refused),
        TEST(a_ticket_for_another_system_is_refused),
        TEST(the_key_that_opened_the_ticket_counts),
        TEST(another_user_than_claimed_is_refused),
        TEST(mutual_and_marker_are_needed),
        TEST(a_token_is_committed_once),
        TEST(a_replay_is_refused_after_a_restart),
        TEST(a_refused_commit_consumes_nothing),
        TEST(a_trailer_changed_in_any_byte_is_refused),
        TEST(a_trailer_cut_or_lengthened_is_refused),
        TEST(an_ap_req_changed_in_any_byte_is_refused),
        TEST(a_trailer_moved_to_another_ap_req_is_refused),
        TEST(an_environment_moved_to_another_trailer_is_refused),
        TEST(a_trailer_for_another_system_is_refused),
        TEST(a_reply_changed_in_any_byte_is_refused),
        TEST(an_answer_without_acceptance_is_refused),
        TEST(an_acceptance_of_another_context_is_refused),
        TEST(a_reflected_environment_is_no_acceptance),
        TEST(records_are_good_at_their_own_daemon_and_stage_only),
        TEST(a_system_that_lies_is_refused),
        TEST(a_system_ap_req_without_its_checksum_is_refused),
        TEST(the_ap_req_of_a_user_is_no_system_ap_req),
        TEST(plain_tokens_are_refused_unless_allowed),
        TEST(a_by_pass_is_delivered_under_the_lowest_label),
        TEST(a_by_pass_is_for_the_service_whose_key_it_was),
        TEST(a_stripped_trailer_is_noticed_by_pass_or_not),
        TEST(only_a_lowest_process_speaks_without_a_label)
    };
    const struct CMUnitTest sha2[] = {
        TEST(the_label_of_the_process_arrives),
        TEST(a_trailer_changed_in_any_byte_is_refused),
        TEST(a_reply_changed_in_any_byte_is_refused),
        TEST(a_system_ap_req_without_its_checksum_is_refused)
    };
    int failed;

    if (!world_possible())
        return 77;
    failed = cmocka_run_group_tests_name("sha1", tests, set_up_sha1,
                                         tear_down);
    failed += cmocka_run_group_tests_name("sha2", sha2, set_up_sha2,
                                          tear_down);
    return failed;
}
