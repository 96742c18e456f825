/* tests/unit/test_record_codec.c - records become octets, and records again */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include "records.h"
#include "trustrealm_err.h"

static const char *const wholes[] = {
    WHOLE_REALM, LIMITED_REALM, WHOLE_SYSTEM, WHOLE_SUBJECT, WHOLE_MAP, REALM,
    SYSTEM, SUBJECT, MAP
};
#define EACH_WHOLE(i) size_t i = 0; i < sizeof(wholes) / sizeof(*wholes); i++

static void
encode(const char *text, uint8_t **octets_out, size_t *length_out)
{
    struct tr_record *record = make_record(text);

    assert_int_equal(tr_record_encode(record, octets_out, length_out), 0);
    tr_record_free(record);
}

static void
octets_are_the_same_again(void **state)
{
    struct tr_record *record;
    uint8_t *octets, *again;
    size_t length, again_length;

    for (EACH_WHOLE(i)) {
        encode(wholes[i], &octets, &length);
        assert_int_equal(tr_record_decode(octets, length, &record), 0);
        assert_int_equal(tr_record_encode(record, &again, &again_length), 0);
        assert_int_equal(length, again_length);
        assert_memory_equal(octets, again, length);
        tr_record_free(record);
        free(octets);
        free(again);
    }
}

static void
every_member_is_in_the_octets(void **state)
{
    struct tr_record *record;
    const struct tr_realm_record *realm;
    uint8_t *octets;
    size_t length;

    encode(WHOLE_REALM, &octets, &length);
    assert_int_equal(tr_record_decode(octets, length, &record), 0);
    realm = &record->u.realm;
    assert_string_equal(realm->name, "engineering");
    assert_true(realm->doi == 4294967295U);
    assert_int_equal(realm->priority, -20);
    assert_int_equal(realm->policy, TR_POLICY_EQUAL);
    assert_string_equal(realm->levels[1].name, "Internal");
    assert_string_equal(realm->categories[1].name, "finance");
    assert_int_equal(realm->idle_timeout, 11);
    assert_int_equal(realm->lifetime, 12);
    assert_int_equal(realm->max_staleness, 13);
    assert_int_equal(realm->protection, TR_PROTECT_CONFIDENTIALITY);
    assert_string_equal(realm->confidential_from, "internal");
    assert_string_equal(realm->attributes[1], "zone=secure area");
    assert_int_equal(realm->carriers[1].carrier, TR_CARRIER_AUTH_ONLY);
    assert_string_equal(realm->delegation[1], "nfs");
    assert_true(realm->kernel);
    assert_int_equal(realm->kernel_lifetime, 14);
    assert_int_equal(realm->mode, TR_MODE_DRY_RUN);
    tr_record_free(record);
    free(octets);
}

/* A directory gives values in any order. */
static void
order_of_values_does_not_matter(void **state)
{
    uint8_t *one, *other;
    size_t one_length, other_length;

    encode(REALM "trCategory: 1 a\ntrCategory: 2 b\ntrCarrier: x own\n"
           "trCarrier: y mic\ntrRequiredAttribute: a=1\n"
           "trRequiredAttribute: b=2\ntrLifetime: 9\ntrLifetime: 0\n"
           "trLifetime: 10\n", &one, &one_length);
    encode("trLifetime: 0\ntrLifetime: 10\ntrLifetime: 9\n"
           "trRequiredAttribute: b=2\ntrRequiredAttribute: a=1\n"
           "trCarrier: y mic\ntrCarrier: x own\ntrCategory: 2 b\n"
           "trCategory: 1 a\ntrLevel: 2 secret\ntrLevel: 0 public\n"
           "trDOI: 7\ncn: engineering\nobjectClass: trTrustRealm\n", &other,
           &other_length);
    assert_int_equal(one_length, other_length);
    assert_memory_equal(one, other, one_length);
    free(one);
    free(other);
}

static void
octets_cut_anywhere_are_refused(void **state)
{
    struct tr_record *record;
    uint8_t *octets, *part;
    size_t length;

    for (EACH_WHOLE(i)) {
        encode(wholes[i], &octets, &length);
        for (size_t n = 0; n < length; n++) {
            /* Of exactly that size, so that reading on is seen. */
            part = malloc(n + (n == 0));
            assert_non_null(part);
            memcpy(part, octets, n);
            assert_int_not_equal(tr_record_decode(part, n, &record), 0);
            assert_null(record);
            free(part);
        }
        part = realloc(octets, length + 1);
        assert_non_null(part);
        part[length] = 0;
        assert_int_equal(tr_record_decode(part, length + 1, &record),
                         TRR_TRAILING);
        free(part);
    }
}

/* What still decodes is what the octets say, no more and no less. */
static void
flipped_bits_never_crash(void **state)
{
    struct tr_record *record;
    uint8_t *octets, *again;
    size_t length, again_length;

    for (EACH_WHOLE(i)) {
        encode(wholes[i], &octets, &length);
        for (size_t bit = 0; bit < length * 8; bit++) {
            octets[bit / 8] ^= 1 << bit % 8;
            if (tr_record_decode(octets, length, &record) == 0) {
                assert_int_equal(tr_record_encode(record, &again,
                                                  &again_length), 0);
                assert_int_equal(again_length, length);
                assert_memory_equal(again, octets, length);
                tr_record_free(record);
                free(again);
            }
            octets[bit / 8] ^= 1 << bit % 8;
        }
        free(octets);
    }
}

static void
huge_counts_are_refused(void **state)
{
    /* A clearance of "a" with 2^32 - 1 grants. */
    static const uint8_t octets[] = {
        1, TR_RECORD_CLEARANCE, 0, 0, 0, 1, 'a', 255, 255, 255, 255
    };
    struct tr_record *record;

    assert_int_equal(tr_record_decode(octets, sizeof(octets), &record),
                     TRR_TRUNCATED);
    assert_null(record);
}

static void
other_formats_are_refused(void **state)
{
    struct tr_record *record;
    uint8_t *octets;
    size_t length;

    encode(SYSTEM, &octets, &length);
    octets[0] = 3;
    assert_int_equal(tr_record_decode(octets, length, &record),
                     TRR_MALFORMED);
    octets[0] = 1;
    octets[1] = 5;
    assert_int_equal(tr_record_decode(octets, length, &record),
                     TRR_MALFORMED);
    free(octets);
}

/* Nobody reads a record without what only some have: neither by a flipped
 * format nor where there is none after all, or not in order. */
static void
restrictions_are_not_lost(void **state)
{
    static const uint8_t none[] = {
        2, TR_RECORD_CLEARANCE, 0, 0, 0, 1, 'a', 0, 0, 0, 0, 0, 0, 0, 0
    };
    static const char *const texts[] = { REALM, SYSTEM, SUBJECT };
    struct tr_record *record;
    uint8_t *octets;
    size_t length;

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        encode(texts[i], &octets, &length);
        assert_int_equal(octets[0], 1);
        octets[0] = 2;
        assert_int_not_equal(tr_record_decode(octets, length, &record), 0);
        free(octets);
    }
    encode(SUBJECT "trRestriction: a x y\ntrRestriction: b x y\n", &octets,
           &length);
    assert_int_equal(octets[0], 2);
    octets[0] = 1;
    assert_int_equal(tr_record_decode(octets, length, &record), TRR_TRAILING);
    octets[0] = 2;
    octets[length - 8 - 5 - 5 - 1] = '0';       /* not b */
    assert_int_equal(tr_record_decode(octets, length, &record),
                     TRR_MALFORMED);
    free(octets);
    assert_int_equal(tr_record_decode(none, sizeof(none), &record),
                     TRR_MALFORMED);
    encode(LIMITED_REALM, &octets, &length);
    assert_int_equal(octets[0], 2);
    octets[0] = 1;
    assert_int_equal(tr_record_decode(octets, length, &record), TRR_TRAILING);
    free(octets);
}

static void
records_without_a_name_are_not_encoded(void **state)
{
    struct tr_record record = { .type = TR_RECORD_SYSTEM };
    uint8_t *octets;
    size_t length;

    assert_int_equal(tr_record_encode(&record, &octets, &length),
                     TRR_MALFORMED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(octets_are_the_same_again),
        cmocka_unit_test(every_member_is_in_the_octets),
        cmocka_unit_test(order_of_values_does_not_matter),
        cmocka_unit_test(octets_cut_anywhere_are_refused),
        cmocka_unit_test(flipped_bits_never_crash),
        cmocka_unit_test(huge_counts_are_refused),
        cmocka_unit_test(restrictions_are_not_lost),
        cmocka_unit_test(other_formats_are_refused),
        cmocka_unit_test(records_without_a_name_are_not_encoded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
