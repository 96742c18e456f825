/* tests/unit/test_wire.c - messages: one table against the ASN.1 module */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "token.h"
#include "trustrealm_err.h"
#include "wire_reference.h"

#define OCTETS(s) (const uint8_t *)(s), sizeof(s) - 1
#define NTYPES (TR_WIRE_KERBEROS_AP_REQ + 1)

union any {
    struct tr_trailer trailer;
    struct tr_reply_trailer reply_trailer;
    struct tr_system_binding system_binding;
    struct tr_environment environment;
    struct tr_acceptance acceptance;
    struct tr_association association;
    struct tr_call call;
    struct tr_reply reply;
    struct tr_kerberos_ap_req ap_req;
};

/* --- values -------------------------------------------------------------- */

static uint32_t seed;

/* The same numbers in every run. */
static uint32_t
pick(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static size_t
alternatives(const struct tr_wire_layout *layout)
{
    size_t n = 0;

    if (layout->field.kind != TR_WIRE_CHOICE)
        return 1;
    while (layout->field.fields[n].name != NULL)
        n++;
    return n;
}

static char *
make_text(size_t max)
{
    static const char *const words[] = {
        "", "a", "secret:hr,finance", "host/beta.example.com@EXAMPLE.COM",
        "gr\xc3\xbc\xc3\x9f", "\xe2\x82\xac \xf0\x9f\x94\x92", "\x7f\x01",
        "a text that is long enough for a length of more than one octet: "
        "one hundred and twenty-eight octets or so, as principals may have "
        "in large organisations"
    };
    const char *word = words[pick(8)];

    return strdup(strlen(word) > (max > 0 ? max : 1000) ? "short" : word);
}

static void
make_octets(enum tr_wire_kind kind, size_t max, struct tr_bytes *out)
{
    static const uint16_t lengths[] = { 0, 1, 16, 60, 127, 128, 255, 700 };
    size_t i, n = lengths[pick(8)];

    if (max > 0 && n > max)
        n = max;
    if (kind == TR_WIRE_BITS)
        n = 5;
    if (kind == TR_WIRE_ANY)
        n = 6;
    out->data = n == 0 ? NULL : malloc(n);
    out->length = n;
    for (i = 0; i < n; i++)
        out->data[i] = pick(256);
    if (kind == TR_WIRE_BITS) {
        out->data[0] = pick(8);
        out->data[4] &= 0xff << out->data[0];
    } else if (kind == TR_WIRE_ANY) {
        memcpy(out->data, "\x61\x04\x30\x02\x05\x00", 6);
    }
}

/* Give every member of field a value of its own. */
static void
fill(const struct tr_wire_field *field, void *base, size_t alternative)
{
    static const int64_t numbers[] = {
        0, 1, -1, 127, 128, -128, -129, 255, 256, 32767, 32768, -32768,
        -32769, 0x7fffffff, 0x80000000LL, -0x80000000LL, 1LL << 40,
        INT64_MAX, INT64_MIN, INT64_MAX - 0xff
    };
    void *member = (uint8_t *)base + field->offset;
    struct tr_strings *texts = member;
    const struct tr_wire_field *f;
    size_t n;

    switch (field->kind) {
    case TR_WIRE_INTEGER:
        *(int64_t *)member = numbers[pick(20)];
        break;
    case TR_WIRE_BOOLEAN:
        *(bool *)member = pick(2);
        break;
    case TR_WIRE_OCTETS:
    case TR_WIRE_BITS:
    case TR_WIRE_ANY:
        make_octets(field->kind, field->max, member);
        break;
    case TR_WIRE_TEXT:
        *(char **)member = make_text(field->max);
        break;
    case TR_WIRE_TEXTS:
        n = pick(4);
        texts->items = n == 0 ? NULL : calloc(n, sizeof(*texts->items));
        for (texts->count = 0; texts->count < n; texts->count++)
            texts->items[texts->count] = make_text(field->max);
        break;
    case TR_WIRE_NULL:
        break;
    case TR_WIRE_SEQUENCE:
        for (f = field->fields; f->name != NULL; f++)
            fill(f, base, 0);
        break;
    case TR_WIRE_CHOICE:
        *(unsigned int *)member = alternative;
        fill(&field->fields[alternative], base, 0);
        break;
    }
}

static bool
same_octets(const struct tr_bytes *a, const struct tr_bytes *b)
{
    return a->length == b->length &&
        (a->length == 0 || memcmp(a->data, b->data, a->length) == 0);
}

static bool
same(const struct tr_wire_field *field, const void *a, const void *b)
{
    const void *x = (const uint8_t *)a + field->offset;
    const void *y = (const uint8_t *)b + field->offset;
    const struct tr_strings *s = x, *t = y;
    const struct tr_wire_field *f;
    size_t i;

    switch (field->kind) {
    case TR_WIRE_INTEGER:
        return *(const int64_t *)x == *(const int64_t *)y;
    case TR_WIRE_BOOLEAN:
        return *(const bool *)x == *(const bool *)y;
    case TR_WIRE_OCTETS:
    case TR_WIRE_BITS:
    case TR_WIRE_ANY:
        return same_octets(x, y);
    case TR_WIRE_TEXT:
        return strcmp(*(char *const *)x, *(char *const *)y) == 0;
    case TR_WIRE_TEXTS:
        for (i = 0; i < s->count && i < t->count; i++) {
            if (strcmp(s->items[i], t->items[i]) != 0)
                return false;
        }
        return s->count == t->count;
    case TR_WIRE_NULL:
        return true;
    case TR_WIRE_SEQUENCE:
        for (f = field->fields; f->name != NULL; f++) {
            if (!same(f, a, b))
                return false;
        }
        return true;
    case TR_WIRE_CHOICE:
        return *(const unsigned int *)x == *(const unsigned int *)y &&
            same(&field->fields[*(const unsigned int *)x], a, b);
    }
    return false;
}

/* A value of the type and its encoding, which is malloced. */
static uint8_t *
sample(enum tr_wire_type type, size_t alternative, union any *value,
       size_t *length_out)
{
    const struct tr_wire_layout *layout = tr_wire_layout(type);
    uint8_t *octets;

    memset(value, 0, sizeof(*value));
    fill(&layout->field, value, alternative);
    assert_int_equal(tr_wire_encode(type, value, &octets, length_out), 0);
    return octets;
}

static bool
all_zero(const void *value, size_t size)
{
    const uint8_t *p = value;
    size_t i;

    for (i = 0; i < size; i++) {
        if (p[i] != 0)
            return false;
    }
    return true;
}

/* Decode a copy that ends where its heap block ends, for the sanitizers; on
 * error the value must be zero. */
static krb5_error_code
decode(enum tr_wire_type type, const uint8_t *octets, size_t length,
       void *value)
{
    size_t size = tr_wire_layout(type)->size;
    krb5_error_code ret;
    uint8_t *copy;

    copy = malloc(length > 0 ? length : 1);
    assert_non_null(copy);
    memcpy(copy, octets, length);
    memset(value, 0x55, size);
    ret = tr_wire_decode(type, copy, length, value);
    free(copy);
    if (ret)
        assert_true(all_zero(value, size));
    return ret;
}

static void
assert_decodes(krb5_error_code expected, enum tr_wire_type type,
               const uint8_t *octets, size_t length)
{
    union any value;
    krb5_error_code ret;

    ret = decode(type, octets, length, &value);
    if (ret == 0)
        tr_wire_free(type, &value);
    assert_int_equal(ret, expected);
}

/* --- against the module -------------------------------------------------- */

/* What we write is what libtasn1 writes, and reads; it comes back whole. */
static void
agrees_with_module(void **state)
{
    enum tr_wire_type type;
    const struct tr_wire_layout *layout;
    union any value, back;
    uint8_t *octets, *expected;
    size_t length, expected_length, alternative, round;

    for (type = 0; type < NTYPES; type++) {
        layout = tr_wire_layout(type);
        for (round = 0; round < 60 * alternatives(layout); round++) {
            alternative = round % alternatives(layout);
            octets = sample(type, alternative, &value, &length);
            reference_encode(layout, &value, &expected, &expected_length);
            assert_int_equal(length, expected_length);
            assert_memory_equal(octets, expected, length);
            assert_true(reference_accepts(layout, octets, length));
            assert_int_equal(decode(type, octets, length, &back), 0);
            assert_true(same(&layout->field, &value, &back));
            tr_wire_free(type, &back);
            tr_wire_free(type, &value);
            free(octets);
            free(expected);
        }
    }
}

/* Members of the table's lists are disjoint and leave out none. */
static void
table_covers_structures(void **state)
{
    static const size_t sizes[] = {
        [TR_WIRE_INTEGER] = sizeof(int64_t), [TR_WIRE_BOOLEAN] = sizeof(bool),
        [TR_WIRE_OCTETS] = sizeof(struct tr_bytes),
        [TR_WIRE_BITS] = sizeof(struct tr_bytes),
        [TR_WIRE_ANY] = sizeof(struct tr_bytes),
        [TR_WIRE_TEXT] = sizeof(char *),
        [TR_WIRE_TEXTS] = sizeof(struct tr_strings)
    };
    enum tr_wire_type type;
    const struct tr_wire_layout *layout;
    const struct tr_wire_field *f, *list;
    uint8_t used[sizeof(union any)];
    size_t i, free_octets, n;

    for (type = 0; type < NTYPES; type++) {
        layout = tr_wire_layout(type);
        for (n = 0; n < alternatives(layout); n++) {
            list = layout->field.fields;
            memset(used, 0, sizeof(used));
            if (layout->field.kind == TR_WIRE_CHOICE) {
                if (list[n].kind != TR_WIRE_SEQUENCE)
                    continue;
                list = list[n].fields;
            }
            for (f = list; f->name != NULL; f++) {
                for (i = 0; i < sizes[f->kind]; i++)
                    assert_int_equal(used[f->offset + i]++, 0);
            }
            assert_true(f - list <= 30);        /* low tag numbers */
            if (layout->field.kind == TR_WIRE_CHOICE)
                continue;
            for (i = free_octets = 0; i < layout->size; i++)
                free_octets += used[i] == 0;
            /* nothing but padding after bools */
            assert_true(free_octets <= 14);
        }
    }
}

/* The alternatives stand where the enums say. */
static void
alternatives_in_order(void **state)
{
    static const struct {
        enum tr_wire_type type;
        unsigned int alternative;
        const char *name;
    } rows[] = {
        { TR_WIRE_CALL, TR_CALL_PREPARE, "prepare" },
        { TR_WIRE_CALL, TR_CALL_SEAL, "seal" },
        { TR_WIRE_CALL, TR_CALL_ACCEPTED, "accepted" },
        { TR_WIRE_CALL, TR_CALL_ACCEPT, "accept" },
        { TR_WIRE_CALL, TR_CALL_JUDGE, "judge" },
        { TR_WIRE_CALL, TR_CALL_ISSUE, "issue" },
        { TR_WIRE_CALL, TR_CALL_CHECK, "check" },
        { TR_WIRE_CALL, TR_CALL_STATUS, "status" },
        { TR_WIRE_REPLY, TR_REPLY_REFUSED, "refused" },
        { TR_WIRE_REPLY, TR_REPLY_PREPARED, "prepared" },
        { TR_WIRE_REPLY, TR_REPLY_SEALED, "sealed" },
        { TR_WIRE_REPLY, TR_REPLY_ESTABLISHED, "established" },
        { TR_WIRE_REPLY, TR_REPLY_ISSUED, "issued" },
        { TR_WIRE_REPLY, TR_REPLY_CHECKED, "checked" },
        { TR_WIRE_REPLY, TR_REPLY_STATE, "u.state" }
    };
    const struct tr_wire_field *f;
    char member[64];
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        f = tr_wire_layout(rows[i].type)->field.fields + rows[i].alternative;
        assert_string_equal(f->name, rows[i].name);
        if (f->kind != TR_WIRE_SEQUENCE)
            continue;
        snprintf(member, sizeof(member), "u.%s.", rows[i].name);
        for (f = f->fields; f->name != NULL; f++)
            assert_memory_equal(f->name, member, strlen(member));
    }
    assert_int_equal(alternatives(tr_wire_layout(TR_WIRE_CALL)),
                     TR_CALL_STATUS + 1);
    assert_int_equal(alternatives(tr_wire_layout(TR_WIRE_REPLY)),
                     TR_REPLY_STATE + 1);
}

/* --- what is refused ----------------------------------------------------- */

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
    at = memmem(octets, length, "\xb2\x03\x01\x01\xff", 5);
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

static void
bit_strings(void **state)
{
    static const struct {
        krb5_error_code code;
        const char *bits;
        size_t length;
    } rows[] = {
        { 0, "\x00\x20\x00\x00\x00", 5 },
        { 0, "\x00", 1 },
        { 0, "\x04\xf0", 2 },
        { TRR_MALFORMED, "", 0 },
        { TRR_MALFORMED, "\x01", 1 },
        { TRR_MALFORMED, "\x08\x00", 2 },
        { TRR_MALFORMED, "\x04\xf8", 2 }        /* unused bits not zero */
    };
    static uint8_t element[] = { 0x30, 0x00 };
    union any value = { .ap_req = {
        .pvno = 5, .msg_type = 14, .ticket = { element, 2 },
        .authenticator = { element, 2 } } };
    uint8_t *octets;
    size_t length, i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        value.ap_req.ap_options.data = (uint8_t *)rows[i].bits;
        value.ap_req.ap_options.length = rows[i].length;
        assert_int_equal(tr_wire_encode(TR_WIRE_KERBEROS_AP_REQ, &value,
                                        &octets, &length), rows[i].code);
        if (rows[i].code == 0)
            free(octets);
    }
    /* and when read: 6e 17 30 15, tags of 5 and 14, then the bits */
    assert_decodes(0, TR_WIRE_KERBEROS_AP_REQ,
                   OCTETS("\x6e\x1a\x30\x18\xa0\x03\x02\x01\x05"
                          "\xa1\x03\x02\x01\x0e\xa2\x04\x03\x02\x04\xf0"
                          "\xa3\x02\x30\x00\xa4\x02\x30\x00"));
    assert_decodes(TRR_MALFORMED, TR_WIRE_KERBEROS_AP_REQ,
                   OCTETS("\x6e\x1a\x30\x18\xa0\x03\x02\x01\x05"
                          "\xa1\x03\x02\x01\x0e\xa2\x04\x03\x02\x04\xf8"
                          "\xa3\x02\x30\x00\xa4\x02\x30\x00"));
    /* a ticket of two elements, of one, with a long tag, of none */
    assert_decodes(TRR_TRAILING, TR_WIRE_KERBEROS_AP_REQ,
                   OCTETS("\x6e\x1c\x30\x1a\xa0\x03\x02\x01\x05"
                          "\xa1\x03\x02\x01\x0e\xa2\x04\x03\x02\x04\xf0"
                          "\xa3\x04\x30\x00\x30\x00\xa4\x02\x30\x00"));
    assert_decodes(0, TR_WIRE_KERBEROS_AP_REQ,
                   OCTETS("\x6e\x1c\x30\x1a\xa0\x03\x02\x01\x05"
                          "\xa1\x03\x02\x01\x0e\xa2\x04\x03\x02\x04\xf0"
                          "\xa3\x04\x61\x02\x05\x00\xa4\x02\x30\x00"));
    assert_decodes(TRR_MALFORMED, TR_WIRE_KERBEROS_AP_REQ,
                   OCTETS("\x6e\x1c\x30\x1a\xa0\x03\x02\x01\x05"
                          "\xa1\x03\x02\x01\x0e\xa2\x04\x03\x02\x04\xf0"
                          "\xa3\x04\x7f\x21\x01\x00\xa4\x02\x30\x00"));
    assert_decodes(TRR_TRUNCATED, TR_WIRE_KERBEROS_AP_REQ,
                   OCTETS("\x6e\x18\x30\x16\xa0\x03\x02\x01\x05"
                          "\xa1\x03\x02\x01\x0e\xa2\x04\x03\x02\x04\xf0"
                          "\xa3\x00\xa4\x02\x30\x00"));
}

/* --- maxima -------------------------------------------------------------- */

/* Written by us when within the maximum; read from libtasn1, which has none,
 * with the same answer. */
static void
assert_within(bool good, enum tr_wire_type type, const void *value)
{
    const struct tr_wire_layout *layout = tr_wire_layout(type);
    uint8_t *octets = NULL;
    size_t length;

    assert_int_equal(tr_wire_encode(type, value, &octets, &length),
                     good ? 0 : TRR_TOO_LONG);
    free(octets);
    reference_encode(layout, value, &octets, &length);
    assert_decodes(good ? 0 : TRR_TOO_LONG, type, octets, length);
    free(octets);
}

static void
maxima(void **state)
{
    static uint8_t octets[TR_MAX_CALL + 1];
    static char text[TR_MAX_CALL + 1];
    char *texts[TR_MAX_ATTRIBUTES + 1];
    union any value;
    size_t i;

    /* a label */
    memset(&value, 0, sizeof(value));
    memset(text, 'a', TR_MAX_LABEL_TEXT);
    value.acceptance.label = text;
    assert_within(true, TR_WIRE_ACCEPTANCE, &value);
    text[TR_MAX_LABEL_TEXT] = 'a';
    assert_within(false, TR_WIRE_ACCEPTANCE, &value);

    /* an association id */
    memset(&value, 0, sizeof(value));
    value.acceptance.association = (struct tr_bytes){ octets, 16 };
    assert_within(true, TR_WIRE_ACCEPTANCE, &value);
    value.acceptance.association.length++;
    assert_within(false, TR_WIRE_ACCEPTANCE, &value);

    /* attributes, and one of them */
    memset(&value, 0, sizeof(value));
    for (i = 0; i <= TR_MAX_ATTRIBUTES; i++)
        texts[i] = (char *)"zone=secure";
    value.association.attributes.items = texts;
    value.association.attributes.count = TR_MAX_ATTRIBUTES;
    assert_within(true, TR_WIRE_RECORD, &value);
    value.association.attributes.count++;
    assert_within(false, TR_WIRE_RECORD, &value);
    value.association.attributes.count = 1;
    texts[0] = text;
    assert_within(false, TR_WIRE_RECORD, &value);

    /* an AP-REQ */
    memset(&value, 0, sizeof(value));
    value.call.type = TR_CALL_SEAL;
    value.call.u.seal.ap_req = (struct tr_bytes){ octets, TR_MAX_AP_REQ };
    assert_within(true, TR_WIRE_CALL, &value);
    value.call.u.seal.ap_req.length++;
    assert_within(false, TR_WIRE_CALL, &value);

    /* a trailer, as a whole: 25 octets beside the content */
    memset(&value, 0, sizeof(value));
    value.trailer.environment =
        (struct tr_bytes){ octets, TR_MAX_TRAILER - 25 };
    assert_within(true, TR_WIRE_TRAILER, &value);
    value.trailer.environment.length++;
    assert_within(false, TR_WIRE_TRAILER, &value);

    /* a reply, as a whole: 10 octets beside the text */
    memset(&value, 0, sizeof(value));
    memset(text, 'a', sizeof(text) - 1);
    value.reply.type = TR_REPLY_STATE;
    value.reply.u.state = text + 10;
    assert_within(true, TR_WIRE_REPLY, &value);
    value.reply.u.state = text + 9;
    assert_within(false, TR_WIRE_REPLY, &value);
    value.reply.u.state = text;
    assert_within(false, TR_WIRE_REPLY, &value);
}

/* --- the rest ------------------------------------------------------------ */

static void
null_text_counts_as_empty(void **state)
{
    union any value, back;
    uint8_t *octets;
    size_t length;

    memset(&value, 0, sizeof(value));
    assert_int_equal(tr_wire_encode(TR_WIRE_ACCEPTANCE, &value, &octets,
                                    &length), 0);
    assert_int_equal(decode(TR_WIRE_ACCEPTANCE, octets, length, &back), 0);
    assert_string_equal(back.acceptance.label, "");
    assert_null(back.acceptance.binding.data);
    tr_wire_free(TR_WIRE_ACCEPTANCE, &back);
    free(octets);
}

static void
unknown_type_or_alternative(void **state)
{
    union any value = { .call.type = TR_CALL_STATUS + 1 };
    uint8_t *octets = NULL;
    size_t length;

    assert_int_equal(tr_wire_encode(TR_WIRE_CALL, &value, &octets, &length),
                     TRR_INTERNAL);
    assert_int_equal(tr_wire_encode(NTYPES, &value, &octets, &length),
                     TRR_INTERNAL);
    assert_int_equal(tr_wire_decode(NTYPES, OCTETS("x"), &value),
                     TRR_INTERNAL);
    assert_null(octets);
}

/* An AP-REQ of MIT Kerberos, and of it what the daemon looks at. */
static void
real_ap_req(void **state)
{
    uint8_t buf[4096];
    char path[1024];
    struct tr_token token;
    union any value;
    size_t length;
    FILE *fp;

    snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/token/mit-ap-req",
             getenv("TR_SRCDIR"));
    fp = fopen(path, "rb");
    assert_non_null(fp);
    length = fread(buf, 1, sizeof(buf), fp);
    fclose(fp);
    assert_int_equal(tr_token_parse(buf, length, &token), 0);
    assert_int_equal(decode(TR_WIRE_KERBEROS_AP_REQ, token.body,
                            token.body_length, &value), 0);
    assert_int_equal(value.ap_req.pvno, 5);
    assert_int_equal(value.ap_req.msg_type, 14);
    assert_int_equal(value.ap_req.ap_options.length, 5);
    assert_int_equal(value.ap_req.ap_options.data[1], 0x20);   /* mutual */
    assert_int_equal(value.ap_req.ticket.data[0], 0x61);
    assert_int_equal(value.ap_req.authenticator.data[0], 0x30);
    tr_wire_free(TR_WIRE_KERBEROS_AP_REQ, &value);
}

/* Longer than registers, which may be saved anywhere. */
static uint8_t secret[200];
static bool watching, spilt;

static bool
holds_secret(const void *octets, size_t length)
{
    return memmem(octets, length, secret, sizeof(secret)) != NULL;
}

/* free() is ours here (the linker's --wrap): the watched block must be clean
 * when it comes by, and none hold the secret while that is watched for. */
static const uint8_t *watched;
static size_t watched_length;
static int watched_state;       /* 1: freed clean, -1: freed with content */

void __real_free(void *p);
void __wrap_free(void *p);

void
__wrap_free(void *p)
{
    if (p != NULL && p == watched) {
        watched_state = all_zero(watched, watched_length) ? 1 : -1;
        watched = NULL;
    }
    if (p != NULL && watching && holds_secret(p, malloc_usable_size(p)))
        spilt = true;
    __real_free(p);
}

static void
free_wipes_keys(void **state)
{
    uint8_t key[32];
    char text[] = "secret:hr";
    union any value, back;
    uint8_t *octets;
    size_t length;

    memset(key, 0xa5, sizeof(key));
    memset(&value, 0, sizeof(value));
    value.association.key = (struct tr_bytes){ key, sizeof(key) };
    value.association.label = text;
    assert_int_equal(tr_wire_encode(TR_WIRE_RECORD, &value, &octets,
                                    &length), 0);

    assert_int_equal(decode(TR_WIRE_RECORD, octets, length, &back), 0);
    watched = back.association.key.data;
    watched_length = sizeof(key);
    watched_state = 0;
    tr_wire_free(TR_WIRE_RECORD, &back);
    assert_int_equal(watched_state, 1);
    assert_true(all_zero(&back, sizeof(struct tr_association)));

    assert_int_equal(decode(TR_WIRE_RECORD, octets, length, &back), 0);
    watched = (uint8_t *)back.association.label;
    watched_length = strlen(text);
    watched_state = 0;
    tr_wire_free(TR_WIRE_RECORD, &back);
    assert_int_equal(watched_state, 1);
    free(octets);
}

/* A stack of our own, to look at afterwards. */
static uint8_t stack[256 * 1024] __attribute__((aligned(4096)));

static void *
encode_secret(void *arg)
{
    static uint8_t filling[20000];
    struct tr_call call = { .type = TR_CALL_ACCEPTED };
    struct tr_bytes *out = arg;

    call.u.accepted.binding.data = secret;
    call.u.accepted.binding.length = sizeof(secret);
    call.u.accepted.record.data = filling;
    call.u.accepted.record.length = out->length;
    assert_int_equal(tr_wire_encode(TR_WIRE_CALL, &call, &out->data,
                                    &out->length), 0);
    return NULL;
}

/* The caller wipes what he is given; no copy may be elsewhere.  A long message
 * does not fit into what is there for it at first. */
static void
encode_leaves_nothing_behind(void **state)
{
    static const size_t lengths[] = { 10, 3000, 20000 };
    struct tr_bytes out;
    pthread_attr_t attributes;
    pthread_t thread;
    size_t i;

    for (i = 0; i < sizeof(secret); i++)
        secret[i] = i + 1;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstack(&attributes, stack,
                                           sizeof(stack)), 0);
    for (i = 0; i < 3; i++) {
        memset(stack, 0, sizeof(stack));
        out.length = lengths[i];
        spilt = false;
        watching = true;
        assert_int_equal(pthread_create(&thread, &attributes, encode_secret,
                                        &out), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        watching = false;
        assert_false(spilt);
        assert_true(holds_secret(out.data, out.length));
        assert_false(holds_secret(stack, sizeof(stack)));
        explicit_bzero(out.data, out.length);
        free(out.data);
    }
    pthread_attr_destroy(&attributes);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_module),
        cmocka_unit_test(table_covers_structures),
        cmocka_unit_test(alternatives_in_order),
        cmocka_unit_test(truncated_anywhere),
        cmocka_unit_test(trailing_octets),
        cmocka_unit_test(no_second_encoding),
        cmocka_unit_test(not_der),
        cmocka_unit_test(booleans),
        cmocka_unit_test(text_is_utf8_without_nul),
        cmocka_unit_test(bit_strings),
        cmocka_unit_test(maxima),
        cmocka_unit_test(null_text_counts_as_empty),
        cmocka_unit_test(unknown_type_or_alternative),
        cmocka_unit_test(real_ap_req),
        cmocka_unit_test(free_wipes_keys),
        cmocka_unit_test(encode_leaves_nothing_behind)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
