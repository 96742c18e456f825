/* tests/unit/wire_values.c - values of all types of messages, at random */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "wire_values.h"

static uint32_t seed;

static uint32_t
pick(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

size_t
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
make_octets(size_t max, struct tr_bytes *out)
{
    static const uint16_t lengths[] = { 0, 1, 16, 60, 127, 128, 255, 700 };
    size_t i, n = lengths[pick(8)];

    if (max > 0 && n > max)
        n = max;
    out->data = n == 0 ? NULL : malloc(n);
    out->length = n;
    for (i = 0; i < n; i++)
        out->data[i] = pick(256);
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
        make_octets(field->max, member);
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

bool
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

uint8_t *
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

bool
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

krb5_error_code
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

void
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
