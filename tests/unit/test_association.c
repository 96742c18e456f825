/* tests/unit/test_association.c - records that the plugin keeps */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "association.h"
#include "crypto.h"
#include "trustrealm_err.h"

static krb5_context context;
static krb5_key key, other_key;
/* later: of the same daemon, started again */
static struct tr_cipher *cipher, *later, *other;

static const struct tr_association example = {
    .version = TR_VERSION, .stage = TR_STAGE_ESTABLISHED,
    .side = TR_ROLE_ACCEPTOR,
    .association = { (uint8_t *)"0123456789abcdef", 16 },
    .correlation = "00ff", .from = "trustrealm/a@R", .to = "trustrealm/b@R",
    .peer_system = "a", .client = "alice@R", .service = "host",
    .realm = "engineering", .label = "SECRET:HR", .low = "PUBLIC",
    .high = "SECRET:HR", .enctype = ENCTYPE_AES256_CTS_HMAC_SHA1_96,
    .key = { (uint8_t *)"0123456789abcdef0123456789abcdef", 32 },
    .binding = { (uint8_t *)"prf", 3 }, .confidentiality = true,
    .digest = "abc", .generation = 7, .time = 1000, .end = 2000,
    .boottime = 5000
};

static struct tr_bytes
sealed(void)
{
    struct tr_bytes record = { NULL, 0 };

    assert_int_equal(tr_association_seal(cipher, &example, &record), 0);
    return record;
}

static void
a_record_opens_as_it_was(void **state)
{
    struct tr_bytes record = sealed();
    struct tr_association a;

    assert_int_equal(tr_association_open(cipher, &record,
                                         TR_STAGE_ESTABLISHED, &a), 0);
    assert_int_equal(a.side, example.side);
    assert_string_equal(a.label, example.label);
    assert_string_equal(a.client, example.client);
    assert_true(tr_bytes_equal(&a.key, &example.key));
    assert_true(tr_bytes_equal(&a.binding, &example.binding));
    assert_int_equal(a.end, example.end);
    tr_wire_free(TR_WIRE_ASSOCIATION, &a);
    tr_bytes_free(&record);
}

static void
a_record_shows_nothing(void **state)
{
    struct tr_bytes record = sealed();

    assert_null(memmem(record.data, record.length, "SECRET", 6));
    assert_null(memmem(record.data, record.length, "alice", 5));
    assert_null(memmem(record.data, record.length, "89abcdef", 8));
    tr_bytes_free(&record);
}

static void
a_record_changed_in_any_byte_is_refused(void **state)
{
    struct tr_bytes record = sealed();
    struct tr_association a;
    size_t at;
    int bit;

    for (at = 0; at < record.length; at++) {
        for (bit = 0; bit < 8; bit++) {
            record.data[at] ^= 1 << bit;
            assert_int_equal(tr_association_open(cipher, &record,
                                                 TR_STAGE_ESTABLISHED, &a),
                             TRR_RECORD);
            record.data[at] ^= 1 << bit;
        }
    }
    tr_bytes_free(&record);
}

static void
a_record_cut_or_lengthened_is_refused(void **state)
{
    struct tr_bytes record = sealed(), longer = { NULL, 0 };
    struct tr_association a;
    size_t length = record.length;

    for (record.length = 0; record.length < length; record.length++)
        assert_int_equal(tr_association_open(cipher, &record,
                                             TR_STAGE_ESTABLISHED, &a),
                         TRR_RECORD);
    longer.length = length + 1;
    longer.data = calloc(1, longer.length);
    assert_non_null(longer.data);
    memcpy(longer.data, record.data, length);
    assert_int_equal(tr_association_open(cipher, &longer,
                                         TR_STAGE_ESTABLISHED, &a),
                     TRR_RECORD);
    tr_bytes_free(&longer);
    tr_bytes_free(&record);
}

static void
a_record_of_another_key_is_refused(void **state)
{
    struct tr_bytes record = sealed();
    struct tr_association a;

    assert_int_equal(tr_association_open(other, &record,
                                         TR_STAGE_ESTABLISHED, &a),
                     TRR_RECORD);
    tr_bytes_free(&record);
}

static void
a_record_of_an_earlier_cipher_opens(void **state)
{
    struct tr_bytes record = sealed();
    struct tr_association a;

    assert_int_equal(tr_association_open(later, &record, TR_STAGE_ESTABLISHED,
                                         &a), 0);
    assert_string_equal(a.label, example.label);
    tr_wire_free(TR_WIRE_ASSOCIATION, &a);
    tr_bytes_free(&record);
}

/* Two processes go on from one state, as a machine does that is set back. */
static void
no_nonce_comes_again_after_a_snapshot(void **state)
{
    uint8_t theirs[28];
    struct tr_bytes record;
    int fds[2], status;
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    if (pid == 0) {
        status = tr_association_seal(cipher, &example, &record) != 0 ||
            write(fds[1], record.data, sizeof(theirs)) != sizeof(theirs);
        _exit(status);
    }
    assert_true(pid > 0);
    record = sealed();
    assert_int_equal(read(fds[0], theirs, sizeof(theirs)), sizeof(theirs));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_memory_equal(record.data, theirs, 16 + 6);
    assert_memory_not_equal(record.data + 22, theirs + 22, 6);
    tr_bytes_free(&record);
    close(fds[0]);
    close(fds[1]);
}

static void
no_two_records_are_alike(void **state)
{
    struct tr_bytes first = sealed(), second = sealed(), third = { NULL, 0 };

    assert_int_equal(tr_association_seal(later, &example, &third), 0);
    assert_int_equal(first.length, second.length);
    assert_memory_equal(first.data, second.data, 16);
    assert_memory_not_equal(first.data + 16, second.data + 16, 6);
    assert_memory_not_equal(first.data + 28, second.data + 28, 16);
    assert_memory_not_equal(first.data, third.data, 16);
    assert_memory_not_equal(first.data + 28, third.data + 28, 16);
    tr_bytes_free(&first);
    tr_bytes_free(&second);
    tr_bytes_free(&third);
}

static void
a_record_of_another_stage_is_refused(void **state)
{
    struct tr_bytes record = sealed();
    struct tr_association a;

    assert_int_equal(tr_association_open(cipher, &record, TR_STAGE_SEALED,
                                         &a), TRR_RECORD);
    tr_bytes_free(&record);
}

static void
a_record_of_another_version_is_refused(void **state)
{
    struct tr_association changed = example, a;
    struct tr_bytes record = { NULL, 0 };

    changed.version = TR_VERSION + 1;
    assert_int_equal(tr_association_seal(cipher, &changed, &record), 0);
    assert_int_equal(tr_association_open(cipher, &record,
                                         TR_STAGE_ESTABLISHED, &a),
                     TRR_RECORD);
    tr_bytes_free(&record);
    changed.version = TR_VERSION;
    changed.association.length = 15;
    assert_int_equal(tr_association_seal(cipher, &changed, &record), 0);
    assert_int_equal(tr_association_open(cipher, &record,
                                         TR_STAGE_ESTABLISHED, &a),
                     TRR_RECORD);
    tr_bytes_free(&record);
}

/* Made at 1000, to end at 2000: what is said at other times, so many
 * milliseconds after it was made. */
static void
an_association_ends_by_either_clock(void **state)
{
    static const struct {
        int64_t now, passed;
        krb5_error_code code;
    } rows[] = {
        { 1000, 0, 0 }, { 1500, 500000, 0 }, { 1999, 999999, 0 },
        { 2000, 999999, TRR_ENDED }, { 1999, 1000000, TRR_ENDED },
        { 1001, 2000000, TRR_ENDED }, { 99999, 1000, TRR_ENDED },
        { 700, 1000, 0 }, { 699, 1000, TRR_CLOCK },
        { 1500, -1, TRR_ENDED }
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        assert_int_equal(tr_association_alive(&example, rows[i].now,
                                              example.boottime +
                                              rows[i].passed, 300),
                         rows[i].code);
}

static void
an_association_without_an_end_lasts(void **state)
{
    struct tr_association a = example;

    a.end = 0;
    assert_int_equal(tr_association_alive(&a, 99999999, 99999999, 300), 0);
    assert_int_equal(tr_association_alive(&a, 699, 99999999, 300), TRR_CLOCK);
    assert_int_equal(tr_association_alive(&a, 1000, 0, 300), TRR_ENDED);
}

static krb5_key
random_key(void)
{
    krb5_keyblock block;
    krb5_key out;

    if (krb5_c_make_random_key(context, ENCTYPE_AES256_CTS_HMAC_SHA1_96,
                               &block) != 0 ||
        krb5_k_create_key(context, &block, &out) != 0)
        return NULL;
    krb5_free_keyblock_contents(context, &block);
    return out;
}

static int
set_up(void **state)
{
    if (krb5_init_context(&context) != 0)
        return 1;
    key = random_key();
    other_key = random_key();
    return key == NULL || other_key == NULL ||
        tr_cipher_create(context, key, &cipher) != 0 ||
        tr_cipher_create(context, key, &later) != 0 ||
        tr_cipher_create(context, other_key, &other) != 0;
}

static int
tear_down(void **state)
{
    tr_cipher_free(cipher);
    tr_cipher_free(later);
    tr_cipher_free(other);
    krb5_k_free_key(context, key);
    krb5_k_free_key(context, other_key);
    krb5_free_context(context);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_opens_as_it_was),
        cmocka_unit_test(a_record_shows_nothing),
        cmocka_unit_test(a_record_changed_in_any_byte_is_refused),
        cmocka_unit_test(a_record_cut_or_lengthened_is_refused),
        cmocka_unit_test(a_record_of_another_key_is_refused),
        cmocka_unit_test(a_record_of_an_earlier_cipher_opens),
        cmocka_unit_test(no_nonce_comes_again_after_a_snapshot),
        cmocka_unit_test(no_two_records_are_alike),
        cmocka_unit_test(a_record_of_another_stage_is_refused),
        cmocka_unit_test(a_record_of_another_version_is_refused),
        cmocka_unit_test(an_association_ends_by_either_clock),
        cmocka_unit_test(an_association_without_an_end_lasts)
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
