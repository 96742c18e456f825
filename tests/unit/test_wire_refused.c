/* tests/unit/test_wire_refused.c - octets that are no message */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "wire_values.h"

static void
truncated_anywhere(void **state)
{
    enum tr_wire_type type;
    union any value;
    uint8_t *octets;
    size_t length, i, alternative;

    for (type = 0; type < NTYPES; type++) {
        for (alternative = 0; alternative < alternatives(
                 tr_wire_layout(type)); alternative++) {
            octets = sample(type, alternative, &value, &length);
            for (i = 0; i < length; i++)
                assert_decodes(TRR_TRUNCATED, type, octets, i);
            tr_wire_free(type, &value);
            free(octets);
        }
    }
}

static void
trailing_octets(void **state)
{
    enum tr_wire_type type;
    union any value;
    uint8_t *octets;
    size_t length;

    for (type = 0; type < NTYPES; type++) {
        octets = sample(type, 0, &value, &length);
        octets = realloc(octets, length + 1);
        octets[length] = 0;
        assert_decodes(TRR_TRAILING, type, octets, length + 1);
        assert_decodes(0, type, octets, length);
        tr_wire_free(type, &value);
        free(octets);
    }
}

/*
 * Change every octet to several values: whatever is still taken must be the
 * one encoding of what it says, and libtasn1 must take it too.
 */
static void
no_second_encoding(void **state)
{
    static const uint8_t changes[] = { 0x01, 0x80, 0xff, 0x20, 0x04, 0x02 };
    enum tr_wire_type type;
    union any value;
    uint8_t *octets, *again;
    size_t length, again_length, i, j, alternative, taken = 0;

    for (type = 0; type < NTYPES; type++) {
        for (alternative = 0; alternative < alternatives(
                 tr_wire_layout(type)); alternative++) {
            octets = sample(type, alternative, &value, &length);
            tr_wire_free(type, &value);
            for (i = 0; i < length * sizeof(changes); i++) {
                j = i / sizeof(changes);
                octets[j] ^= changes[i % sizeof(changes)];
                if (decode(type, octets, length, &value) == 0) {
                    taken++;
                    assert_int_equal(tr_wire_encode(type, &value, &again,
                                                    &again_length), 0);
                    assert_int_equal(again_length, length);
                    assert_memory_equal(again, octets, length);
                    assert_true(reference_accepts(tr_wire_layout(type),
                                                  octets, length));
                    free(again);
                    tr_wire_free(type, &value);
                }
                octets[j] ^= changes[i % sizeof(changes)];
            }
            free(octets);
        }
    }
    assert_true(taken > 1000);
}

#define NO_RECORD "\xa1\x02\x04\x00"
static void
not_der(void **state)
{
    static const struct {
        krb5_error_code code;
        const uint8_t *octets;
        size_t length;
    } rows[] = {
        /* Reply: prepared, flags 5, no record */
        { 0, OCTETS("\xa1\x0b\x30\x09\xa0\x03\x02\x01\x05" NO_RECORD) },
        /* lengths in more octets than they need */
        { TRR_MALFORMED,
          OCTETS("\xa1\x81\x0b\x30\x09\xa0\x03\x02\x01\x05" NO_RECORD) },
        { TRR_MALFORMED,
          OCTETS("\xa1\x0c\x30\x81\x09\xa0\x03\x02\x01\x05" NO_RECORD) },
        { TRR_MALFORMED,
          OCTETS("\xa1\x0c\x30\x0a\xa0\x04\x02\x81\x01\x05" NO_RECORD) },
        { TRR_MALFORMED,
          OCTETS("\xa1\x84\x00\x00\x00\x0b\x30\x09\xa0\x03\x02\x01\x05"
                 NO_RECORD) },
        /* indefinite length, reserved length */
        { TRR_MALFORMED,
          OCTETS("\xa1\x0d\x30\x80\xa0\x03\x02\x01\x05" NO_RECORD
                 "\x00\x00") },
        { TRR_TRUNCATED, OCTETS("\xa1\x0b\x30\xff\xa0\x03\x02\x01\x05"
                                NO_RECORD) },
        /* tag in long form, primitive, of another class */
        { TRR_MALFORMED,
          OCTETS("\xbf\x01\x0b\x30\x09\xa0\x03\x02\x01\x05" NO_RECORD) },
        { TRR_MALFORMED,
          OCTETS("\x81\x0b\x30\x09\xa0\x03\x02\x01\x05" NO_RECORD) },
        { TRR_MALFORMED,
          OCTETS("\x61\x0b\x30\x09\xa0\x03\x02\x01\x05" NO_RECORD) },
        { TRR_MALFORMED,
          OCTETS("\xa1\x0b\x10\x09\xa0\x03\x02\x01\x05" NO_RECORD) },
        { TRR_MALFORMED,
          OCTETS("\xa1\x0b\x31\x09\xa0\x03\x02\x01\x05" NO_RECORD) },
        { TRR_MALFORMED,
          OCTETS("\xa1\x0b\x30\x09\xa1\x03\x02\x01\x05" NO_RECORD) },
        { TRR_MALFORMED,
          OCTETS("\xa1\x0b\x30\x09\xa0\x03\x0a\x01\x05" NO_RECORD) },
        /* integers: empty, padded with zeros or ones, too wide */
        { TRR_MALFORMED,
          OCTETS("\xa1\x0a\x30\x08\xa0\x02\x02\x00" NO_RECORD) },
        { TRR_MALFORMED,
          OCTETS("\xa1\x0c\x30\x0a\xa0\x04\x02\x02\x00\x05" NO_RECORD) },
        { TRR_MALFORMED,
          OCTETS("\xa1\x0c\x30\x0a\xa0\x04\x02\x02\xff\x85" NO_RECORD) },
        { TRR_TOO_LONG, OCTETS("\xa1\x13\x30\x11\xa0\x0b\x02\x09"
                               "\x01\x00\x00\x00\x00\x00\x00\x00\x00"
                               NO_RECORD) },
        /* a field missing, one more, one twice in its tag */
        { TRR_TRUNCATED, OCTETS("\xa1\x02\x30\x00") },
        { TRR_TRUNCATED, OCTETS("\xa1\x07\x30\x05\xa0\x03\x02\x01\x05") },
        { TRR_TRAILING, OCTETS("\xa1\x10\x30\x0e\xa0\x03\x02\x01\x05"
                               NO_RECORD "\xa2\x03\x02\x01\x05") },
        { TRR_TRAILING, OCTETS("\xa1\x0e\x30\x0c\xa0\x06\x02\x01\x05"
                               "\x02\x01\x05" NO_RECORD) },
        /* after the sequence, inside the alternative's tag */
        { TRR_TRAILING, OCTETS("\xa1\x0d\x30\x09\xa0\x03\x02\x01\x05"
                               NO_RECORD "\x05\x00") },
        /* no such alternative, none at all */
        { TRR_MALFORMED, OCTETS("\xa7\x02\x05\x00") },
        { TRR_MALFORMED, OCTETS("\xbe\x02\x05\x00") },
        { TRR_MALFORMED, OCTETS("\x30\x00") },
        { TRR_TRUNCATED, OCTETS("") },
        /* an inner length beyond the outer */
        { TRR_TRUNCATED, OCTETS("\xa1\x07\x30\x05\xa0\x04\x02\x02\x01\x05") },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        union any value;
        krb5_error_code ret;

        ret = decode(TR_WIRE_REPLY, rows[i].octets, rows[i].length, &value);
        if (ret != rows[i].code)
            fail_msg("row %zu: %s", i, error_message(ret));
        tr_wire_free(TR_WIRE_REPLY, &value);
    }
    /* NULL has no content */
    assert_decodes(0, TR_WIRE_CALL, OCTETS("\xa7\x02\x05\x00"));
    assert_decodes(TRR_TRAILING, TR_WIRE_CALL, OCTETS("\xa7\x03\x05\x01x"));
}

static void
booleans(void **state)
{
    union any value = { .environment.confidentiality = true };
    uint8_t *octets, *at;
    size_t length;

    assert_int_equal(tr_wire_encode(TR_WIRE_ENVIRONMENT, &value, &octets,
                                    &length), 0);
    at = memmem(octets, length, "\xad\x03\x01\x01\xff", 5);
    assert_non_null(at);
    assert_decodes(0, TR_WIRE_ENVIRONMENT, octets, length);
    at[4] = 0x01;
    assert_decodes(TRR_MALFORMED, TR_WIRE_ENVIRONMENT, octets, length);
    at[4] = 0x00;
    assert_decodes(0, TR_WIRE_ENVIRONMENT, octets, length);
    free(octets);
}

/* Reply: state, of these octets */
static krb5_error_code
decode_state(const char *octets, size_t length)
{
    uint8_t buf[100] = { 0xa6, length + 2, 0x0c, length };
    union any value;
    krb5_error_code ret;

    memcpy(buf + 4, octets, length);
    ret = decode(TR_WIRE_REPLY, buf, length + 4, &value);
    if (ret == 0) {
        assert_int_equal(strlen(value.reply.u.state), length);
        assert_memory_equal(value.reply.u.state, octets, length);
        tr_wire_free(TR_WIRE_REPLY, &value);
    }
    return ret;
}

static void
text_is_utf8_without_nul(void **state)
{
    static const struct {
        bool good;
        const char *text;
        size_t length;
    } rows[] = {
        { true, "", 0 },
        { true, "plain", 5 },
        { true, "\x7f\xc2\x80\xdf\xbf", 5 },
        { true, "\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", 12 },
        { true, "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 8 },
        { false, "a\0b", 3 },
        { false, "\0", 1 },
        { false, "\x80", 1 },                   /* stray continuation */
        { false, "\xbf\x80", 2 },
        { false, "\xc3", 1 },                   /* cut */
        { false, "\xe2\x82", 2 },
        { false, "\xf0\x9f\x94", 3 },
        { false, "\xc3(", 2 },
        { false, "\xe2\x82(", 3 },
        { false, "\xc0\x80", 2 },               /* longer than needed */
        { false, "\xc1\xbf", 2 },
        { false, "\xe0\x9f\xbf", 3 },
        { false, "\xf0\x8f\xbf\xbf", 4 },
        { false, "\xed\xa0\x80", 3 },           /* surrogates */
        { false, "\xed\xbf\xbf", 3 },
        { false, "\xf4\x90\x80\x80", 4 },       /* beyond U+10FFFF */
        { false, "\xf5\x80\x80\x80", 4 },
        { false, "\xff", 1 }
    };
    union any value = { .reply.type = TR_REPLY_STATE };
    uint8_t *octets;
    size_t length, i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(decode_state(rows[i].text, rows[i].length),
                         rows[i].good ? 0 : TRR_MALFORMED);
        if (memchr(rows[i].text, 0, rows[i].length) != NULL)
            continue;
        value.reply.u.state = (char *)rows[i].text;
        assert_int_equal(tr_wire_encode(TR_WIRE_REPLY, &value, &octets,
                                        &length),
                         rows[i].good ? 0 : TRR_MALFORMED);
        if (rows[i].good)
            free(octets);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(truncated_anywhere),
        cmocka_unit_test(trailing_octets),
        cmocka_unit_test(no_second_encoding),
        cmocka_unit_test(not_der),
        cmocka_unit_test(booleans),
        cmocka_unit_test(text_is_utf8_without_nul)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
