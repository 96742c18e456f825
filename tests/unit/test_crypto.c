/* tests/unit/test_crypto.c - encryption, digests, keys and where they lie */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <sys/stat.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "clock.h"
#include "crypto.h"
#include "recordkey.h"
#include "trustrealm_err.h"

#define PART(s) { (uint8_t *)(s), sizeof(s) - 1 }

static const krb5_enctype enctypes[] = {
    ENCTYPE_AES128_CTS_HMAC_SHA1_96, ENCTYPE_AES256_CTS_HMAC_SHA1_96,
    ENCTYPE_AES128_CTS_HMAC_SHA256_128, ENCTYPE_AES256_CTS_HMAC_SHA384_192
};
#define NENCTYPES (sizeof(enctypes) / sizeof(*enctypes))

static krb5_context context;
static char directory[] = "/tmp/trustrealm-unit-XXXXXX";

static krb5_key
random_key(krb5_enctype enctype)
{
    krb5_keyblock block;
    krb5_key key;

    assert_int_equal(krb5_c_make_random_key(context, enctype, &block), 0);
    assert_int_equal(krb5_k_create_key(context, &block, &key), 0);
    krb5_free_keyblock_contents(context, &block);
    return key;
}

static const char *
in_directory(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static void
write_file(const char *name, const void *octets, size_t length, mode_t mode)
{
    FILE *file = fopen(in_directory(name), "we");

    assert_non_null(file);
    assert_int_equal(fwrite(octets, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(in_directory(name), mode), 0);
}

static void
every_type_opens_what_it_sealed(void **state)
{
    struct tr_bytes sealed = { NULL, 0 }, plain = { NULL, 0 };
    krb5_key key;
    size_t i, length;

    for (i = 0; i < NENCTYPES; i++) {
        for (length = 0; length < sizeof(directory); length += 13) {
            key = random_key(enctypes[i]);
            assert_int_equal(tr_encrypt(context, key, TR_USAGE_ACCEPTANCE,
                                        directory, length, &sealed), 0);
            assert_int_equal(tr_decrypt(context, key, TR_USAGE_ACCEPTANCE,
                                        sealed.data, sealed.length, &plain),
                             0);
            assert_int_equal(plain.length, length);
            assert_memory_equal(plain.data, directory, plain.length);
            tr_bytes_free(&sealed);
            tr_bytes_free(&plain);
            krb5_k_free_key(context, key);
        }
    }
}

static void
flipped_bits_do_not_open(void **state)
{
    struct tr_bytes sealed = { NULL, 0 }, plain = { NULL, 0 };
    krb5_key key;
    size_t i, at;

    for (i = 0; i < NENCTYPES; i++) {
        key = random_key(enctypes[i]);
        assert_int_equal(tr_encrypt(context, key, TR_USAGE_ACCEPTANCE,
                                    "some text", 9, &sealed), 0);
        for (at = 0; at < sealed.length; at++) {
            sealed.data[at] ^= 1 << at % 8;
            assert_int_equal(tr_decrypt(context, key, TR_USAGE_ACCEPTANCE,
                                        sealed.data, sealed.length, &plain),
                             TRR_SEAL);
            assert_null(plain.data);
            sealed.data[at] ^= 1 << at % 8;
        }
        tr_bytes_free(&sealed);
        krb5_k_free_key(context, key);
    }
}

static void
one_usage_does_not_open_another(void **state)
{
    static const enum tr_usage usages[] = {
        TR_USAGE_ACCEPTANCE, TR_USAGE_LABEL_INITIATOR, TR_USAGE_LABEL_ACCEPTOR
    };
    struct tr_bytes sealed = { NULL, 0 }, plain = { NULL, 0 };
    krb5_key key = random_key(enctypes[1]);
    size_t i, j;

    for (i = 0; i < sizeof(usages) / sizeof(*usages); i++) {
        assert_int_equal(tr_encrypt(context, key, usages[i], "text", 4,
                                    &sealed), 0);
        for (j = 0; j < sizeof(usages) / sizeof(*usages); j++) {
            assert_int_equal(tr_decrypt(context, key, usages[j], sealed.data,
                                        sealed.length, &plain),
                             i == j ? 0 : TRR_SEAL);
            tr_bytes_free(&plain);
        }
        tr_bytes_free(&sealed);
    }
    krb5_k_free_key(context, key);
}

static void
short_octets_do_not_open(void **state)
{
    struct tr_bytes plain = { NULL, 0 };
    uint8_t octets[32] = { 0 };
    krb5_key key = random_key(enctypes[0]);
    size_t length;

    for (length = 0; length < sizeof(octets); length++)
        assert_int_equal(tr_decrypt(context, key, TR_USAGE_ACCEPTANCE, octets,
                                    length, &plain), TRR_SEAL);
    krb5_k_free_key(context, key);
}

static void
parts_of_a_digest_cannot_shift(void **state)
{
    struct tr_bytes parts[2] = { PART("one"), PART("two") };
    struct tr_bytes shifted[2] = { PART("onet"), PART("wo") };
    struct tr_bytes merged[1] = { PART("onetwo") };
    const struct {
        const char *what;
        const struct tr_bytes *parts;
        size_t nparts;
    } rows[] = {
        { "what", parts, 2 }, { "whatone", parts + 1, 1 },
        { "what", shifted, 2 }, { "what", merged, 1 }, { "what", parts, 1 },
        { "what", NULL, 0 }, { "else", parts, 2 }, { "", parts, 2 }
    };
    struct tr_bytes digests[8], again = { NULL, 0 };
    size_t i, j;

    for (i = 0; i < 8; i++) {
        assert_int_equal(tr_digest(rows[i].what, rows[i].parts,
                                   rows[i].nparts, &digests[i]), 0);
        for (j = 0; j < i; j++)
            assert_false(tr_bytes_equal(&digests[i], &digests[j]));
    }
    assert_int_equal(tr_digest("what", parts, 2, &again), 0);
    assert_true(tr_bytes_equal(&again, &digests[0]));
    tr_bytes_free(&again);
    for (i = 0; i < 8; i++)
        tr_bytes_free(&digests[i]);
}

/* sha256sum of 00000004 "text" 00000003 "one" 00000000 */
static void
a_digest_is_that_of_the_protocol(void **state)
{
    static const uint8_t expected[] = {
        0xd1, 0x21, 0xcf, 0xba, 0x3d, 0x6e, 0x0c, 0x76,
        0xb1, 0xcd, 0x1e, 0x54, 0x4f, 0x1e, 0x11, 0x78,
        0x7d, 0xf1, 0xc4, 0x92, 0x49, 0x6c, 0x0d, 0xcb,
        0xce, 0x5f, 0x3e, 0x14, 0xff, 0xef, 0x4e, 0x5d
    };
    struct tr_bytes parts[2] = { PART("one"), PART("") };
    struct tr_bytes digest = { NULL, 0 };

    assert_int_equal(tr_digest("text", parts, 2, &digest), 0);
    assert_int_equal(digest.length, sizeof(expected));
    assert_memory_equal(digest.data, expected, sizeof(expected));
    tr_bytes_free(&digest);
}

static void
association_key_depends_on_all_it_is_made_of(void **state)
{
    struct tr_bytes id = PART("0123456789abcdef");
    struct tr_bytes other_id = PART("0123456789abcdeg");
    struct tr_bytes seen = PART("transcript"), other = PART("transcripu");
    const struct { krb5_key subkey; struct tr_bytes *id, *seen; } rows[] = {
        { random_key(enctypes[1]), &id, &seen },
        { NULL, &other_id, &seen }, { NULL, &id, &other },
        { random_key(enctypes[1]), &id, &seen }
    };
    struct tr_bytes first = { NULL, 0 }, octets = { NULL, 0 };
    krb5_key key;
    int64_t enctype;
    size_t i;

    for (i = 0; i < 8; i++) {
        assert_int_equal(tr_association_key(context, rows[i % 4].subkey != NULL
                                            ? rows[i % 4].subkey :
                                            rows[0].subkey, rows[i % 4].id,
                                            rows[i % 4].seen, &key), 0);
        assert_int_equal(tr_key_export(context, key, &enctype, &octets), 0);
        assert_int_equal(enctype, enctypes[1]);
        if (i == 0)
            assert_int_equal(tr_bytes_copy(octets.data, octets.length,
                                           &first), 0);
        assert_int_equal(tr_bytes_equal(&first, &octets), i % 4 == 0);
        tr_bytes_free(&octets);
        krb5_k_free_key(context, key);
    }
    tr_bytes_free(&first);
    krb5_k_free_key(context, rows[0].subkey);
    krb5_k_free_key(context, rows[3].subkey);
}

static void
only_aes_keys_are_taken(void **state)
{
    uint8_t octets[64] = { 1 };
    struct tr_bytes bytes = { octets, 0 };
    size_t lengths[] = { 8, 16, 24, 32, 33, 64 };
    krb5_key key;
    int64_t enctype;
    size_t i;
    bool right;

    for (enctype = -3; enctype < 70000; enctype++) {
        for (i = 0; i < 6; i++) {
            bytes.length = lengths[i];
            right = ((enctype == 17 || enctype == 19) && lengths[i] == 16) ||
                ((enctype == 18 || enctype == 20) && lengths[i] == 32);
            assert_int_equal(tr_key_import(context, enctype, &bytes, &key),
                             right ? 0 : TRR_RECORD);
            if (right)
                krb5_k_free_key(context, key);
        }
    }
}

static void
a_context_permits_only_aes(void **state)
{
    krb5_enctype *permitted;
    krb5_context other;
    size_t i;

    assert_int_equal(tr_context_create(&other), 0);
    assert_int_equal(krb5_get_permitted_enctypes(other, &permitted), 0);
    for (i = 0; permitted[i] != 0; i++)
        assert_int_not_equal(tr_checksum_type(permitted[i]), 0);
    assert_true(i > 0);
    krb5_free_enctypes(other, permitted);
    krb5_free_context(other);
}

/* --- the record key ------------------------------------------------------ */

static krb5_error_code
load(const char *name, struct tr_bytes *out)
{
    const char *why;
    krb5_error_code ret;
    krb5_key key;
    int64_t enctype;

    ret = tr_record_key_load(context, in_directory(name), &key, &why);
    if (ret) {
        assert_non_null(why);
        return ret;
    }
    assert_int_equal(tr_key_export(context, key, &enctype, out), 0);
    krb5_k_free_key(context, key);
    return 0;
}

static void
record_key_is_made_once(void **state)
{
    struct tr_bytes first = { NULL, 0 }, second = { NULL, 0 };
    struct stat st;

    assert_int_equal(load("once", &first), 0);
    assert_int_equal(stat(in_directory("once"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_nlink, 1);
    assert_int_equal(load("once", &second), 0);
    assert_true(tr_bytes_equal(&first, &second));
    tr_bytes_free(&second);
    assert_int_equal(load("twice", &second), 0);
    assert_false(tr_bytes_equal(&first, &second));
    tr_bytes_free(&first);
    tr_bytes_free(&second);
}

static void
record_key_that_others_can_read_is_refused(void **state)
{
    struct tr_bytes key = { NULL, 0 };
    uint8_t octets[32] = { 7 };

    write_file("group", octets, 32, 0640);
    assert_int_equal(load("group", &key), TRR_CONFIG);
    write_file("world", octets, 32, 0604);
    assert_int_equal(load("world", &key), TRR_CONFIG);
    write_file("good", octets, 32, 0400);
    assert_int_equal(load("good", &key), 0);
    assert_memory_equal(key.data, octets, 32);
    tr_bytes_free(&key);
}

static void
record_key_of_another_kind_is_refused(void **state)
{
    struct tr_bytes key = { NULL, 0 };
    uint8_t octets[33] = { 7 };
    char target[128];

    write_file("short", octets, 31, 0600);
    assert_int_equal(load("short", &key), TRR_CONFIG);
    write_file("long", octets, 33, 0600);
    assert_int_equal(load("long", &key), TRR_CONFIG);
    write_file("plain", octets, 32, 0600);
    snprintf(target, sizeof(target), "%s", in_directory("plain"));
    assert_int_equal(symlink(target, in_directory("link")), 0);
    assert_int_equal(load("link", &key), TRR_CONFIG);
    assert_int_equal(mkdir(in_directory("folder"), 0700), 0);
    assert_int_equal(load("folder", &key), TRR_CONFIG);
}

/* --- the clock's floor --------------------------------------------------- */

static void
the_floor_never_sinks_and_outlives_a_restart(void **state)
{
    struct tr_clock *clock;

    assert_int_equal(tr_clock_open(in_directory("clock"), &clock), 0);
    assert_int_equal(tr_clock_floor(clock), 0);
    tr_clock_raise(clock, 1000);
    tr_clock_raise(clock, 500);
    assert_int_equal(tr_clock_floor(clock), 1000);
    tr_clock_raise(clock, 1001);
    tr_clock_close(clock);
    assert_int_equal(tr_clock_open(in_directory("clock"), &clock), 0);
    assert_int_equal(tr_clock_floor(clock), 1001);
    tr_clock_close(clock);
}

static void
a_damaged_floor_is_none(void **state)
{
    static const char *const damaged[] = {
        "", "\n", "x\n", "-5\n", "12x\n", "99999999999999999999\n"
    };
    struct tr_clock *clock;
    size_t i;

    for (i = 0; i < 6; i++) {
        write_file("damaged", damaged[i], strlen(damaged[i]), 0600);
        assert_int_equal(tr_clock_open(in_directory("damaged"), &clock), 0);
        assert_int_equal(tr_clock_floor(clock), 0);
        tr_clock_close(clock);
    }
}

static int
set_up(void **state)
{
    return krb5_init_context(&context) != 0 || mkdtemp(directory) == NULL;
}

static int
tear_down(void **state)
{
    char command[128];

    krb5_free_context(context);
    snprintf(command, sizeof(command), "rm -rf %s", directory);
    return system(command);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_opens_what_it_sealed),
        cmocka_unit_test(flipped_bits_do_not_open),
        cmocka_unit_test(one_usage_does_not_open_another),
        cmocka_unit_test(short_octets_do_not_open),
        cmocka_unit_test(parts_of_a_digest_cannot_shift),
        cmocka_unit_test(a_digest_is_that_of_the_protocol),
        cmocka_unit_test(association_key_depends_on_all_it_is_made_of),
        cmocka_unit_test(only_aes_keys_are_taken),
        cmocka_unit_test(a_context_permits_only_aes),
        cmocka_unit_test(record_key_is_made_once),
        cmocka_unit_test(record_key_that_others_can_read_is_refused),
        cmocka_unit_test(record_key_of_another_kind_is_refused),
        cmocka_unit_test(the_floor_never_sinks_and_outlives_a_restart),
        cmocka_unit_test(a_damaged_floor_is_none)
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
