/* tests/unit/test_wire.c - messages: one table against the ASN.1 module */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "wire_values.h"

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
        [TR_WIRE_TEXT] = sizeof(char *),
        [TR_WIRE_TEXTS] = sizeof(struct tr_strings)
    };
    enum tr_wire_type type;
    const struct tr_wire_layout *layout;
    const struct tr_wire_field *f, *list;
    uint8_t used[sizeof(union any)];
    size_t i, n;

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
            /* nothing but padding after bools */
            for (i = 0; i < layout->size; i++)
                assert_true(used[i] || i % sizeof(int64_t) > 0);
        }
    }
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
    assert_within(true, TR_WIRE_ASSOCIATION, &value);
    value.association.attributes.count++;
    assert_within(false, TR_WIRE_ASSOCIATION, &value);
    value.association.attributes.count = 1;
    texts[0] = text;
    assert_within(false, TR_WIRE_ASSOCIATION, &value);

    /* an AP-REQ */
    memset(&value, 0, sizeof(value));
    value.call.type = TR_CALL_SEAL;
    value.call.u.seal.ap_req = (struct tr_bytes){ octets, TR_MAX_AP_REQ };
    assert_within(true, TR_WIRE_CALL, &value);
    value.call.u.seal.ap_req.length++;
    assert_within(false, TR_WIRE_CALL, &value);

    /* a trailer, as a whole: 21 octets beside the content */
    memset(&value, 0, sizeof(value));
    value.trailer.system_ap_req =
        (struct tr_bytes){ octets, TR_MAX_TRAILER - 21 };
    assert_within(true, TR_WIRE_TRAILER, &value);
    value.trailer.system_ap_req.length++;
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
    assert_int_equal(tr_wire_encode(TR_WIRE_ASSOCIATION, &value, &octets,
                                    &length), 0);

    assert_int_equal(decode(TR_WIRE_ASSOCIATION, octets, length, &back), 0);
    watched = back.association.key.data;
    watched_length = sizeof(key);
    watched_state = 0;
    tr_wire_free(TR_WIRE_ASSOCIATION, &back);
    assert_int_equal(watched_state, 1);
    assert_true(all_zero(&back, sizeof(struct tr_association)));

    assert_int_equal(decode(TR_WIRE_ASSOCIATION, octets, length, &back), 0);
    watched = (uint8_t *)back.association.label;
    watched_length = strlen(text);
    watched_state = 0;
    tr_wire_free(TR_WIRE_ASSOCIATION, &back);
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_module),
        cmocka_unit_test(table_covers_structures),
        cmocka_unit_test(maxima),
        cmocka_unit_test(null_text_counts_as_empty),
        cmocka_unit_test(unknown_type_or_alternative),
        cmocka_unit_test(free_wipes_keys),
        cmocka_unit_test(encode_leaves_nothing_behind)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
