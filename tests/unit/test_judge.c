/* tests/unit/test_judge.c - what is established, and labels of messages */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "association.h"
#include "crypto.h"
#include "job.h"
#include "keys.h"
#include "seal_world.h"
#include "trustrealm_err.h"

#define INITIATOR "initiator's PRF"
#define ACCEPTOR "acceptor's PRF"

static struct world_context context;    /* from alpha to beta */
static struct tr_bytes label;           /* the last label record issued */

/* --- faults of this system ----------------------------------------------- */

static krb5_error_code fault;           /* of the next encryption */

krb5_error_code __real_tr_encrypt(krb5_context krb5, krb5_key key,
                                  enum tr_usage usage, const void *data,
                                  size_t length, struct tr_bytes *out);
krb5_error_code __wrap_tr_encrypt(krb5_context krb5, krb5_key key,
                                  enum tr_usage usage, const void *data,
                                  size_t length, struct tr_bytes *out);

krb5_error_code
__wrap_tr_encrypt(krb5_context krb5, krb5_key key, enum tr_usage usage,
                  const void *data, size_t length, struct tr_bytes *out)
{
    return fault != 0 ? fault :
        __real_tr_encrypt(krb5, key, usage, data, length, out);
}

/* --- calls --------------------------------------------------------------- */

static krb5_error_code
judge(struct world_system *system, uid_t uid, const struct tr_bytes *record,
      const char *binding)
{
    struct tr_call call = { .type = TR_CALL_JUDGE };

    call.u.judge.record = *record;
    call.u.judge.binding.data = (uint8_t *)binding;
    call.u.judge.binding.length = strlen(binding);
    world_call(system, uid, &call);
    return world_refused(system);
}

static krb5_error_code
judge_both(void)
{
    krb5_error_code initiator, acceptor;

    initiator = judge(&world_alpha, WORLD_USER, &context.initiator,
                      INITIATOR);
    acceptor = judge(&world_beta, WORLD_ROOT, &context.acceptor, ACCEPTOR);
    assert_int_equal(initiator, acceptor);
    return initiator;
}

static krb5_error_code
issue(struct world_system *system, uid_t uid, const struct tr_bytes *record,
      const char *text)
{
    struct tr_call call = { .type = TR_CALL_ISSUE };

    call.u.issue.record = *record;
    call.u.issue.label = (char *)text;
    if (world_call(system, uid, &call) != TR_REPLY_ISSUED)
        return world_refused(system);
    world_copy(&label, &system->reply.u.issued.label_record);
    return 0;
}

static krb5_error_code
check(struct world_system *system, uid_t uid, const struct tr_bytes *record)
{
    struct tr_call call = { .type = TR_CALL_CHECK };

    call.u.check.record = *record;
    call.u.check.label_record = label;
    world_call(system, uid, &call);
    return world_refused(system);
}

/* --- judge --------------------------------------------------------------- */

static void
an_association_is_judged_as_it_was_established(void **state)
{
    const struct tr_established *e = &world_alpha.reply.u.established;

    assert_int_equal(judge_both(), 0);
    assert_true(world_alpha.with_page);
    assert_string_equal(e->realm, "engineering");
    assert_string_equal(e->label, "internal");
    assert_string_equal(e->low, "public");
    assert_string_equal(e->high, "secret");
    assert_string_equal(e->peer_system, "beta.unit.test");
    assert_int_equal(e->record.length, 0);      /* nothing has changed */
    assert_string_equal(world_beta.reply.u.established.peer_system,
                        "alpha.unit.test");
}

static void
a_judgement_carries_the_epoch_of_its_table(void **state)
{
    uint64_t before = tr_shared_page_epoch(world_alpha.service.page);

    assert_int_equal(judge_both(), 0);
    assert_int_equal(world_alpha.reply.u.established.epoch, before);
    world_load(&world_alpha, NULL, "");
    assert_int_equal(judge_both(), 0);
    assert_int_equal(world_alpha.reply.u.established.epoch, before + 1);
}

static void
a_record_belongs_to_its_context(void **state)
{
    assert_int_equal(judge(&world_alpha, WORLD_USER, &context.initiator,
                           ACCEPTOR), TRR_BINDING);
    assert_int_equal(judge(&world_alpha, WORLD_USER, &context.initiator, ""),
                     TRR_BINDING);
    assert_int_equal(judge(&world_alpha, WORLD_USER, &context.initiator,
                           INITIATOR "x"), TRR_BINDING);
}

static void
a_record_belongs_to_its_system(void **state)
{
    assert_int_equal(judge(&world_beta, WORLD_ROOT, &context.initiator,
                           INITIATOR), TRR_RECORD);
    assert_int_equal(judge(&world_alpha, WORLD_USER, &context.acceptor,
                           ACCEPTOR), TRR_RECORD);
}

static void
who_presents_a_record_is_judged_by_his_own_range(void **state)
{
    assert_int_equal(judge(&world_beta, WORLD_NOBODY, &context.acceptor,
                           ACCEPTOR), TRR_NO_LABEL);
    assert_int_equal(judge(&world_beta, WORLD_LOW_USER, &context.acceptor,
                           ACCEPTOR), TRR_PROCESS_RANGE);
    assert_int_equal(judge(&world_beta, WORLD_HIGH_USER, &context.acceptor,
                           ACCEPTOR), 0);
    assert_string_equal(world_beta.reply.u.established.low, "internal");
    /* Nothing is lost for the next one. */
    assert_int_equal(judge(&world_beta, WORLD_ROOT, &context.acceptor,
                           ACCEPTOR), 0);
    assert_string_equal(world_beta.reply.u.established.low, "public");
}

static void
a_record_outlives_a_restart(void **state)
{
    world_restart(&world_alpha, NULL);
    world_restart(&world_beta, NULL);
    assert_int_equal(judge_both(), 0);
}

/* After a restart a daemon has no table until that has been read. */
static void
without_a_table_the_sender_is_not_that_of_another_call(void **state)
{
    struct tr_table *table = world_alpha.service.table;
    krb5_error_code code;

    assert_int_equal(issue(&world_alpha, WORLD_USER, &context.initiator,
                           "internal"), 0);
    world_alpha.service.table = NULL;
    code = judge(&world_alpha, WORLD_USER, &context.initiator, INITIATOR);
    world_alpha.service.table = table;
    assert_int_equal(code, TRR_TABLE);
    assert_string_equal(world_alpha.sender, "alpha.unit.test");
}

static void
a_withdrawn_membership_ends_it_at_both_ends(void **state)
{
    const char *expelled =
        "dn: cn=beta,dc=test\nobjectClass: trSystem\ncn: beta.unit.test\n"
        "trPrincipal: trustrealm/beta.unit.test@" WORLD_REALM "\n\n";

    world_load(&world_alpha, "beta", expelled);
    world_load(&world_beta, "beta", expelled);
    assert_int_equal(judge_both(), TRR_NOT_MEMBER);
    world_load(&world_alpha, "beta", "");
    world_load(&world_beta, "alpha", "");
    assert_int_equal(judge_both(), TRR_NOT_MEMBER);
    world_load(&world_alpha, NULL, "");
    world_load(&world_beta, NULL, "");
    assert_int_equal(judge_both(), 0);
}

/* What a dry run lets by is not why this call is refused. */
static void
a_fault_after_a_dry_run_let_by_is_named_as_what_it_is(void **state)
{
    const char *tried =
        "dn: cn=engineering,dc=test\n"
        "objectClass: trTrustRealm\ncn: engineering\ntrDOI: 1\n"
        "trPriority: 10\ntrPolicy: mls\ntrMode: dry-run\n"
        "trLevel: 0 public\ntrLevel: 1 internal\ntrLevel: 2 secret\n"
        "trCategory: 0 hr\n\n"
        "dn: cn=beta,dc=test\nobjectClass: trSystem\ncn: beta.unit.test\n"
        "trPrincipal: trustrealm/beta.unit.test@" WORLD_REALM "\n"
        "trMembership: engineering secret secret:hr\n\n";

    world_restart(&world_alpha, "allow-dry-run = true\n");
    world_load(&world_alpha, "engineering beta", tried);
    assert_int_equal(issue(&world_alpha, WORLD_USER, &context.initiator,
                           "internal"), 0);
    fault = ENOMEM;
    assert_int_equal(issue(&world_alpha, WORLD_USER, &context.initiator,
                           "internal"), ENOMEM);
    fault = 0;
    assert_int_equal(world_alpha.code, ENOMEM);
    assert_int_equal(world_alpha.step, TR_STEP_NONE);
    assert_string_equal(world_alpha.text, "");
    assert_false(world_alpha.allowed || world_alpha.dry_run);
    world_restart(&world_alpha, "");
}

/* The principal speaks for another system now. */
static void
another_system_behind_the_principal_ends_it(void **state)
{
    world_load(&world_alpha, "beta",
               "dn: cn=delta,dc=test\nobjectClass: trSystem\n"
               "cn: delta.unit.test\n"
               "trPrincipal: trustrealm/beta.unit.test@" WORLD_REALM "\n"
               "trMembership: engineering public secret:hr\n\n");
    assert_int_equal(judge(&world_alpha, WORLD_USER, &context.initiator,
                           INITIATOR), TRR_SYSTEM_AUTH);
    world_load(&world_alpha, NULL, "");
}

static void
a_narrower_accreditation_ends_it_at_both_ends(void **state)
{
    const char *narrower =
        "dn: cn=beta,dc=test\nobjectClass: trSystem\ncn: beta.unit.test\n"
        "trPrincipal: trustrealm/beta.unit.test@" WORLD_REALM "\n"
        "trMembership: engineering secret secret:hr\n\n";

    world_load(&world_alpha, "beta", narrower);
    assert_int_equal(judge(&world_alpha, WORLD_USER, &context.initiator,
                           INITIATOR), TRR_SENDER_RANGE);
    world_load(&world_beta, "beta", narrower);
    assert_int_equal(judge(&world_beta, WORLD_ROOT, &context.acceptor,
                           ACCEPTOR), TRR_RECEIVER_RANGE);
    world_load(&world_alpha, NULL, "");
    world_load(&world_beta, NULL, "");
}

static void
another_label_policy_ends_it(void **state)
{
    const char *other =
        "dn: cn=engineering,dc=test\n"
        "objectClass: trTrustRealm\ncn: engineering\ntrDOI: 1\n"
        "trPriority: 10\ntrPolicy: mls\n"
        "trLevel: 0 public\ntrLevel: 1 internal\ntrLevel: 2 secret\n"
        "trLevel: 3 utmost\ntrCategory: 0 hr\n\n";

    world_load(&world_alpha, "engineering", other);
    world_load(&world_beta, "engineering", other);
    assert_int_equal(judge_both(), TRR_DIGEST);
    world_load(&world_alpha, NULL, "");
    world_load(&world_beta, NULL, "");
}

static const char hasty[] =
    "dn: cn=engineering,dc=test\n"
    "objectClass: trTrustRealm\ncn: engineering\ntrDOI: 1\n"
    "trPriority: 10\ntrPolicy: mls\ntrLifetime: 3\ntrIdleTimeout: 7\n"
    "trLevel: 0 public\ntrLevel: 1 internal\ntrLevel: 2 secret\n"
    "trCategory: 0 hr\n\n";

static void
a_lifetime_ends_at_both_ends(void **state)
{
    const struct tr_established *e = &world_alpha.reply.u.established;

    world_load(&world_alpha, "engineering", hasty);
    world_load(&world_beta, "engineering", hasty);
    world_forget(&context);
    world_establish(&context);
    assert_in_range(e->lifetime, 1, 3);
    assert_int_equal(e->idle_timeout, 7);
    assert_in_range(world_beta.reply.u.established.lifetime, 1, 3);
    assert_int_equal(judge_both(), 0);
    sleep(3);
    /* Judging it anew did not make it live longer. */
    assert_int_equal(judge_both(), TRR_ENDED);
    assert_int_equal(issue(&world_alpha, WORLD_USER, &context.initiator,
                           "public"), TRR_ENDED);
    assert_int_equal(check(&world_beta, WORLD_ROOT, &context.acceptor),
                     TRR_ENDED);
    world_load(&world_alpha, NULL, "");
    world_load(&world_beta, NULL, "");
}

/* An end that only one end knows binds both. */
static void
the_earlier_end_counts(void **state)
{
    world_load(&world_beta, "engineering", hasty);
    world_forget(&context);
    world_establish(&context);
    assert_in_range(world_alpha.reply.u.established.lifetime, 1, 3);
    world_load(&world_beta, NULL, "");
    world_load(&world_alpha, "engineering", hasty);
    world_forget(&context);
    world_establish(&context);
    assert_in_range(world_beta.reply.u.established.lifetime, 1, 3);
    world_load(&world_alpha, NULL, "");
}

static void
a_by_pass_is_judged_anew_as_well(void **state)
{
    struct world_context plain;

    world_restart(&world_beta, "allow-bypass = true\n");
    world_ap_req(&plain, "bob", "HTTP/www.unit.test");
    assert_int_equal(world_accept_as(&world_beta, WORLD_ROOT, &plain,
                                     "bob@" WORLD_REALM, 0), 0);
    assert_int_equal(judge(&world_beta, WORLD_ROOT, &plain.acceptor,
                           ACCEPTOR), 0);
    assert_int_equal(world_beta.reply.u.established.flags, TR_IS_PLAIN);
    assert_int_equal(judge(&world_beta, WORLD_HIGH_USER, &plain.acceptor,
                           ACCEPTOR), TRR_PROCESS_RANGE);
    assert_int_equal(issue(&world_beta, WORLD_ROOT, &plain.acceptor,
                           "public"), TRR_UNSUPPORTED);
    world_restart(&world_beta, "");
    assert_int_equal(judge(&world_beta, WORLD_ROOT, &plain.acceptor,
                           ACCEPTOR), TRR_BYPASS);
    world_forget(&plain);
}

static void
a_by_pass_of_the_sender_is_judged_anew_as_well(void **state)
{
    struct tr_call call = { .type = TR_CALL_PREPARE };
    struct tr_bytes record = { NULL, 0 };

    world_restart(&world_alpha, "bypass-to = host/old.*\n"
                  "allow-bypass = true\n");
    call.u.prepare.target = (char *)"host/old.unit.test@" WORLD_REALM;
    assert_int_equal(world_call(&world_alpha, WORLD_LOW_USER, &call),
                     TR_REPLY_PREPARED);
    world_copy(&record, &world_alpha.reply.u.prepared.record);
    assert_int_equal(judge(&world_alpha, WORLD_LOW_USER, &record, ""), 0);
    assert_true(world_alpha.with_page);
    assert_false(world_alpha.audited);
    assert_int_equal(world_alpha.reply.u.established.flags, TR_IS_PLAIN);
    assert_int_equal(world_alpha.reply.u.established.epoch,
                     tr_shared_page_epoch(world_alpha.service.page));
    assert_int_equal(judge(&world_alpha, WORLD_USER, &record, ""),
                     TRR_BYPASS);
    assert_int_equal(judge(&world_alpha, WORLD_LOW_USER, &record, INITIATOR),
                     TRR_BINDING);
    assert_int_equal(issue(&world_alpha, WORLD_LOW_USER, &record, "public"),
                     TRR_UNSUPPORTED);
    world_restart(&world_alpha, "");
    assert_int_equal(judge(&world_alpha, WORLD_LOW_USER, &record, ""),
                     TRR_BYPASS);
    assert_int_equal(world_alpha.step, TR_S1_BYPASS);
    free(record.data);
}

/* --- labels of messages -------------------------------------------------- */

static void
a_label_goes_both_ways(void **state)
{
    assert_int_equal(issue(&world_alpha, WORLD_USER, &context.initiator,
                           "secret"), 0);
    assert_string_equal(world_alpha.reply.u.issued.label, "secret");
    assert_int_equal(check(&world_beta, WORLD_ROOT, &context.acceptor), 0);
    assert_string_equal(world_beta.reply.u.checked.label, "secret");
    assert_string_equal(world_beta.reply.u.checked.local_label, "secret");
    assert_int_equal(world_beta.reply.u.checked.epoch,
                     tr_shared_page_epoch(world_beta.service.page));
    assert_int_equal(issue(&world_beta, WORLD_ROOT, &context.acceptor,
                           "public"), 0);
    assert_int_equal(check(&world_alpha, WORLD_USER, &context.initiator), 0);
    assert_string_equal(world_alpha.reply.u.checked.label, "public");
}

static void
no_label_is_the_one_established(void **state)
{
    assert_int_equal(issue(&world_alpha, WORLD_USER, &context.initiator, ""),
                     0);
    assert_string_equal(world_alpha.reply.u.issued.label, "internal");
    assert_string_equal(world_alpha.reply.u.issued.local_label, "internal");
    assert_int_equal(check(&world_beta, WORLD_ROOT, &context.acceptor), 0);
    assert_string_equal(world_beta.reply.u.checked.label, "internal");
}

static void
a_label_outside_the_agreed_range_is_not_issued(void **state)
{
    /* root may send it, but it was not agreed to */
    assert_int_equal(issue(&world_beta, WORLD_ROOT, &context.acceptor,
                           "secret:hr"), TRR_AGREED_RANGE);
    assert_int_equal(issue(&world_alpha, WORLD_USER, &context.initiator,
                           "secret:hr"), TRR_PROCESS_RANGE);
    assert_int_equal(issue(&world_alpha, WORLD_HIGH_USER, &context.initiator,
                           "public"), TRR_PROCESS_RANGE);
    assert_int_equal(issue(&world_alpha, WORLD_USER, &context.initiator,
                           "nonsense"), TRR_LABEL_LEVEL);
}

/* A label that a trust realm of higher priority takes as well. */
static void
a_message_stays_in_its_trust_realm(void **state)
{
    const char *both =
        "dn: cn=corporate,dc=test\n"
        "objectClass: trTrustRealm\ncn: corporate\ntrDOI: 2\n"
        "trPriority: 20\ntrPolicy: mls\n"
        "trLevel: 0 public\ntrLevel: 1 internal\ntrLevel: 2 secret\n\n"
        "dn: cn=alpha,dc=test\nobjectClass: trSystem\ncn: alpha.unit.test\n"
        "trPrincipal: trustrealm/alpha.unit.test@" WORLD_REALM "\n"
        "trMembership: engineering public secret:hr\n"
        "trMembership: corporate public public\n\n"
        "dn: cn=beta,dc=test\nobjectClass: trSystem\ncn: beta.unit.test\n"
        "trPrincipal: trustrealm/beta.unit.test@" WORLD_REALM "\n"
        "trMembership: engineering public secret:hr\n"
        "trMembership: corporate public public\n\n";

    world_load(&world_alpha, "alpha beta", both);
    world_load(&world_beta, "alpha beta", both);
    assert_int_equal(judge_both(), 0);
    assert_int_equal(issue(&world_alpha, WORLD_USER, &context.initiator,
                           "public"), 0);
    assert_int_equal(check(&world_beta, WORLD_ROOT, &context.acceptor), 0);
    world_load(&world_alpha, NULL, "");
    world_load(&world_beta, NULL, "");
}

static void
a_receiver_checks_by_its_own_range(void **state)
{
    assert_int_equal(issue(&world_alpha, WORLD_USER, &context.initiator,
                           "public"), 0);
    assert_int_equal(check(&world_beta, WORLD_HIGH_USER, &context.acceptor),
                     TRR_PROCESS_RANGE);
    assert_int_equal(check(&world_beta, WORLD_ROOT, &context.acceptor), 0);
}

static void
a_label_record_changed_in_any_byte_is_refused(void **state)
{
    size_t at;

    assert_int_equal(issue(&world_alpha, WORLD_USER, &context.initiator,
                           "secret"), 0);
    for (at = 0; at < label.length; at++) {
        label.data[at] ^= 1 << at % 8;
        assert_int_equal(check(&world_beta, WORLD_ROOT, &context.acceptor),
                         TRR_SEAL);
        label.data[at] ^= 1 << at % 8;
    }
    for (at = label.length; label.length > 0; label.length--)
        assert_int_equal(check(&world_beta, WORLD_ROOT, &context.acceptor),
                         label.length == at ? 0 : TRR_SEAL);
}

static void
a_label_record_is_good_in_its_direction_only(void **state)
{
    assert_int_equal(issue(&world_alpha, WORLD_USER, &context.initiator,
                           "secret"), 0);
    assert_int_equal(check(&world_alpha, WORLD_USER, &context.initiator),
                     TRR_SEAL);
    assert_int_equal(issue(&world_beta, WORLD_ROOT, &context.acceptor,
                           "secret"), 0);
    assert_int_equal(check(&world_beta, WORLD_ROOT, &context.acceptor),
                     TRR_SEAL);
}

static void
a_label_record_of_another_association_is_refused(void **state)
{
    struct world_context other;

    assert_int_equal(issue(&world_alpha, WORLD_USER, &context.initiator,
                           "secret"), 0);
    world_establish(&other);
    assert_int_equal(check(&world_beta, WORLD_ROOT, &other.acceptor),
                     TRR_SEAL);
    world_forget(&other);
}

/* What RPC, which counts in units of four octets, needs of a message. */
static void
a_message_grows_by_a_multiple_of_four(void **state)
{
    static const char *const labels[] = { "public", "internal", "secret" };
    size_t i;

    for (i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
        tr_bytes_free(&label);
        assert_int_equal(issue(&world_alpha, WORLD_USER, &context.initiator,
                               labels[i]), 0);
        assert_int_equal((label.length + 2 + TR_TAG_LENGTH) % 4, 0);
    }
}

/* Records that the other daemon made, for what it should not have. */
static void
a_label_record_is_judged_by_what_it_says(void **state)
{
#define SAYS(text) text, sizeof(text) - 1
    static const struct {
        const char *text;
        size_t length;
        krb5_keyusage usage;
        krb5_error_code code;
    } rows[] = {
        { SAYS("internal\0\0"), TR_USAGE_LABEL_INITIATOR, 0 },
        { SAYS("internal\0\0"), TR_USAGE_LABEL_ACCEPTOR, TRR_SEAL },
        { SAYS("internal\0\0"), TR_USAGE_ACCEPTANCE, TRR_SEAL },
        /* not agreed to */
        { SAYS("secret:hr\0"), TR_USAGE_LABEL_INITIATOR, TRR_AGREED_RANGE },
        /* no label of the trust realm's format */
        { SAYS("nonsense\0\0"), TR_USAGE_LABEL_INITIATOR, TRR_LABEL_LEVEL },
        { SAYS("internal:\0"), TR_USAGE_LABEL_INITIATOR, TRR_LABEL_SYNTAX },
        { SAYS("\0\0"), TR_USAGE_LABEL_INITIATOR, TRR_LABEL_SYNTAX },
        /* padded otherwise */
        { SAYS("internal"), TR_USAGE_LABEL_INITIATOR, TRR_MALFORMED },
        { SAYS("internal\0"), TR_USAGE_LABEL_INITIATOR, TRR_MALFORMED },
        { SAYS("internal\0x"), TR_USAGE_LABEL_INITIATOR, TRR_MALFORMED },
        { SAYS("internal\0\0\0\0\0\0"), TR_USAGE_LABEL_INITIATOR,
          TRR_MALFORMED }
    };
    krb5_context krb5 = tr_keys_context(world_beta.service.keys);
    struct tr_association a;
    krb5_key key;
    size_t i;

    assert_int_equal(tr_association_open(tr_keys_cipher(
        world_beta.service.keys), &context.acceptor, TR_STAGE_ESTABLISHED,
        &a), 0);
    assert_int_equal(tr_association_label_key(krb5, &a, &key), 0);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tr_bytes_free(&label);
        assert_int_equal(tr_encrypt(krb5, key, rows[i].usage, rows[i].text,
                                    rows[i].length, &label), 0);
        assert_int_equal(check(&world_beta, WORLD_ROOT, &context.acceptor),
                         rows[i].code);
    }
    krb5_k_free_key(krb5, key);
    tr_wire_free(TR_WIRE_ASSOCIATION, &a);
}

static int
set_up(void **state)
{
    world_establish(&context);
    return 0;
}

static int
clean(void **state)
{
    world_forget(&context);
    tr_bytes_free(&label);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, clean)

/* What the job before it was told of another process has gone. */
static void
a_process_that_nobody_asked_about_may_do_nothing(void **state)
{
    struct tr_question question = {
        .side = TR_SENDING, .peer = "beta.unit.test", .service = "host",
        .label = "public"
    };
    struct tr_request *request = calloc(1, sizeof(*request));
    struct tr_job *job;
    krb5_error_code ret;

    assert_non_null(request);
    request->service = &world_alpha.service;
    request->connection = &world_alpha;
    job = tr_job_create(request, "seal");
    assert_non_null(job);
    ret = tr_job_ask(job, &question);
    tr_job_refuse(job, TRR_INTERNAL);
    assert_int_not_equal(ret, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_association_is_judged_as_it_was_established),
        TEST(a_judgement_carries_the_epoch_of_its_table),
        TEST(a_record_belongs_to_its_context),
        TEST(a_record_belongs_to_its_system),
        TEST(who_presents_a_record_is_judged_by_his_own_range),
        TEST(a_record_outlives_a_restart),
        TEST(without_a_table_the_sender_is_not_that_of_another_call),
        TEST(a_withdrawn_membership_ends_it_at_both_ends),
        TEST(a_fault_after_a_dry_run_let_by_is_named_as_what_it_is),
        TEST(another_system_behind_the_principal_ends_it),
        TEST(a_narrower_accreditation_ends_it_at_both_ends),
        TEST(another_label_policy_ends_it),
        TEST(a_lifetime_ends_at_both_ends),
        TEST(the_earlier_end_counts),
        TEST(a_by_pass_is_judged_anew_as_well),
        TEST(a_by_pass_of_the_sender_is_judged_anew_as_well),
        TEST(a_label_goes_both_ways),
        TEST(no_label_is_the_one_established),
        TEST(a_label_outside_the_agreed_range_is_not_issued),
        TEST(a_message_stays_in_its_trust_realm),
        TEST(a_receiver_checks_by_its_own_range),
        TEST(a_label_record_changed_in_any_byte_is_refused),
        TEST(a_label_record_is_good_in_its_direction_only),
        TEST(a_label_record_of_another_association_is_refused),
        TEST(a_message_grows_by_a_multiple_of_four),
        TEST(a_label_record_is_judged_by_what_it_says),
        TEST(a_process_that_nobody_asked_about_may_do_nothing)
    };

    if (!world_possible())
        return 77;
    return cmocka_run_group_tests(tests, world_set_up, world_tear_down);
}
