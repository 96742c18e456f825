/* mech/wire.c - values of messages: their identifiers, checks and freeing */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "der.h"
#include "trustrealm_err.h"
#include "wire_value.h"

/*
 * Walks over the table's lists do everything: write, read, free.  A field is
 * an explicit tag [its place] around one element; an element's own shape
 * depends on its kind alone.
 *
 * A message is checked the same way before it is written as when it is read,
 * so that what one end sends never fails at the other for its form.
 */

const uint8_t tr_wire_identifiers[] = {
    [TR_WIRE_INTEGER] = TR_DER_INTEGER,
    [TR_WIRE_BOOLEAN] = TR_DER_BOOLEAN,
    [TR_WIRE_OCTETS] = TR_DER_OCTET_STRING,
    [TR_WIRE_TEXT] = TR_DER_UTF8_STRING,
    [TR_WIRE_TEXTS] = TR_DER_SEQUENCE,
    [TR_WIRE_NULL] = TR_DER_NULL,
    [TR_WIRE_SEQUENCE] = TR_DER_SEQUENCE,
    [TR_WIRE_CHOICE] = 0
};

const struct tr_wire_field *
tr_wire_chosen(const struct tr_wire_field *choice, const void *base,
               unsigned int *tag_out)
{
    unsigned int i, type = *CONST_MEMBER(unsigned int, choice, base);

    *tag_out = type;
    for (i = 0; choice->fields[i].name != NULL; i++) {
        if (i == type)
            return &choice->fields[i];
    }
    return NULL;
}

/* --- checks -------------------------------------------------------------- */

/* How many octets from 0x01 to 0x7f are at the front of s?  It is nearly all
 * of every text: look at eight at a time. */
static size_t
ascii(const uint8_t *s, size_t length)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t eight;
    size_t n = 0;

    for (; length - n >= sizeof(eight); n += sizeof(eight)) {
        memcpy(&eight, s + n, sizeof(eight));
        if (((eight - ones) | eight) & tops)
            break;
    }
    while (n < length && s[n] > 0 && s[n] < 0x80)
        n++;
    return n;
}

/* UTF-8 (RFC 3629 section 4) without NUL. */
krb5_error_code
tr_wire_check_text(const void *octets, size_t length, size_t max)
{
    static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const uint8_t *s = octets, *end = s + length;
    uint32_t code;
    int i, n;

    if (tr_wire_check_length(length, max) != 0)
        return TRR_TOO_LONG;
    for (;; s += n) {
        s += ascii(s, end - s);
        if (s == end)
            return 0;
        n = *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : 4;
        if (*s < 0xc2 || n > end - s)
            return TRR_MALFORMED;
        code = *s & (0x7f >> n);
        for (i = 1; i < n; i++) {
            if ((s[i] & 0xc0) != 0x80)
                return TRR_MALFORMED;
            code = code << 6 | (s[i] & 0x3f);
        }
        if (code < lowest[n] || code > 0x10ffff ||
            (code >= 0xd800 && code <= 0xdfff))
            return TRR_MALFORMED;
    }
}

/* --- freeing ------------------------------------------------------------- */

static void
free_text(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

static void
free_value(const struct tr_wire_field *field, void *base)
{
    const struct tr_wire_field *f;
    struct tr_bytes *bytes;
    struct tr_strings *texts;
    unsigned int tag;
    size_t i;

    switch (field->kind) {
    case TR_WIRE_OCTETS:
        bytes = MEMBER(struct tr_bytes, field, base);
        if (bytes->data != NULL)
            explicit_bzero(bytes->data, bytes->length);
        free(bytes->data);
        break;
    case TR_WIRE_TEXT:
        free_text(*MEMBER(char *, field, base));
        break;
    case TR_WIRE_TEXTS:
        texts = MEMBER(struct tr_strings, field, base);
        for (i = 0; i < texts->count; i++)
            free_text(texts->items[i]);
        free(texts->items);
        break;
    case TR_WIRE_SEQUENCE:
        for (f = field->fields; f->name != NULL; f++)
            free_value(f, base);
        break;
    case TR_WIRE_CHOICE:
        f = tr_wire_chosen(field, base, &tag);
        if (f != NULL)
            free_value(f, base);
        break;
    case TR_WIRE_INTEGER:
    case TR_WIRE_BOOLEAN:
    case TR_WIRE_NULL:
        break;
    }
}

void
tr_wire_free(enum tr_wire_type type, void *value)
{
    const struct tr_wire_layout *layout = tr_wire_layout(type);

    if (layout == NULL || value == NULL)
        return;
    free_value(&layout->field, value);
    memset(value, 0, layout->size);
}
