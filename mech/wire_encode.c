/* mech/wire_encode.c - write the messages of the ASN.1 module */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "der.h"
#include "trustrealm_err.h"
#include "wire_value.h"

/* May the value of field in the structure at base be written? */
static krb5_error_code
check_value(const struct tr_wire_field *field, const void *base)
{
    const struct tr_wire_field *f;
    const struct tr_bytes *bytes;
    const struct tr_strings *texts;
    const char *text;
    krb5_error_code ret = 0;
    unsigned int tag;
    size_t i;

    switch (field->kind) {
    case TR_WIRE_OCTETS:
    case TR_WIRE_BITS:
    case TR_WIRE_ANY:
        bytes = CONST_MEMBER(struct tr_bytes, field, base);
        return tr_wire_check_octets(field->kind, bytes->data, bytes->length,
                                    field->max);
    case TR_WIRE_TEXT:
        text = *CONST_MEMBER(char *, field, base);
        return text == NULL ? 0 :
            tr_wire_check_text(text, strlen(text), field->max);
    case TR_WIRE_TEXTS:
        texts = CONST_MEMBER(struct tr_strings, field, base);
        if (texts->count > TR_MAX_ATTRIBUTES)
            return TRR_TOO_LONG;
        for (i = 0; i < texts->count && ret == 0; i++) {
            text = texts->items[i];
            ret = tr_wire_check_text(text, strlen(text), field->max);
        }
        return ret;
    case TR_WIRE_SEQUENCE:
        for (f = field->fields; f->name != NULL && ret == 0; f++)
            ret = check_value(f, base);
        return ret;
    case TR_WIRE_CHOICE:
        f = tr_wire_chosen(field, base, &tag);
        return f == NULL ? TRR_INTERNAL : check_value(f, base);
    case TR_WIRE_INTEGER:
    case TR_WIRE_BOOLEAN:
    case TR_WIRE_NULL:
        break;
    }
    return 0;
}

/* --- writing: back to front, so that every length is known --------------- */

/* Octets that a field needs at most beside its text and octets: its tag's
 * header and its own (six octets each), or a number. */
#define FIELD_OVERHEAD 20

/* An upper bound of the encoding's size. */
static size_t
bound(const struct tr_wire_field *field, const void *base)
{
    const struct tr_wire_field *f;
    const struct tr_strings *texts;
    const char *text;
    unsigned int tag;
    size_t i, n = FIELD_OVERHEAD;

    switch (field->kind) {
    case TR_WIRE_OCTETS:
    case TR_WIRE_BITS:
    case TR_WIRE_ANY:
        n += CONST_MEMBER(struct tr_bytes, field, base)->length;
        break;
    case TR_WIRE_TEXT:
        text = *CONST_MEMBER(char *, field, base);
        n += text == NULL ? 0 : strlen(text);
        break;
    case TR_WIRE_TEXTS:
        texts = CONST_MEMBER(struct tr_strings, field, base);
        for (i = 0; i < texts->count; i++)
            n += FIELD_OVERHEAD + strlen(texts->items[i]);
        break;
    case TR_WIRE_SEQUENCE:
        for (f = field->fields; f->name != NULL; f++)
            n += bound(f, base);
        break;
    case TR_WIRE_CHOICE:
        n += bound(tr_wire_chosen(field, base, &tag), base);
        break;
    case TR_WIRE_INTEGER:
    case TR_WIRE_BOOLEAN:
    case TR_WIRE_NULL:
        break;
    }
    return n;
}

/* These write before end and return where they begin. */

static uint8_t *
put_octets(uint8_t *end, const void *octets, size_t length)
{
    if (length == 0)
        return end;
    return memcpy(end - length, octets, length);
}

/* The shortest two's complement (X.690 8.3). */
static uint8_t *
put_integer(uint8_t *end, int64_t number)
{
    uint8_t *at = end;

    do {
        *--at = number & 0xff;
        number >>= 8;
    } while (number != ((*at & 0x80) ? -1 : 0));
    return at;
}

static uint8_t *
put_text(uint8_t *end, const char *text)
{
    size_t length = text == NULL ? 0 : strlen(text);

    return tr_der_prepend(put_octets(end, text, length), TR_DER_UTF8_STRING,
                          length);
}

static uint8_t *put_element(uint8_t *end, const struct tr_wire_field *field,
                            const void *base);

static uint8_t *
put_tagged(uint8_t *end, const struct tr_wire_field *field, unsigned int tag,
           const void *base)
{
    uint8_t *at = put_element(end, field, base);

    return tr_der_prepend(at, TR_DER_CONTEXT(tag), end - at);
}

static uint8_t *
put_element(uint8_t *end, const struct tr_wire_field *field, const void *base)
{
    const struct tr_wire_field *f;
    const struct tr_bytes *bytes;
    const struct tr_strings *texts;
    unsigned int tag = 0;
    uint8_t *at = end;
    size_t i;

    switch (field->kind) {
    case TR_WIRE_INTEGER:
        at = put_integer(at, *CONST_MEMBER(int64_t, field, base));
        break;
    case TR_WIRE_BOOLEAN:
        *--at = *CONST_MEMBER(bool, field, base) ? 0xff : 0;
        break;
    case TR_WIRE_OCTETS:
    case TR_WIRE_BITS:
        bytes = CONST_MEMBER(struct tr_bytes, field, base);
        at = put_octets(at, bytes->data, bytes->length);
        break;
    case TR_WIRE_ANY:
        bytes = CONST_MEMBER(struct tr_bytes, field, base);
        return put_octets(at, bytes->data, bytes->length);
    case TR_WIRE_TEXT:
        return put_text(at, *CONST_MEMBER(char *, field, base));
    case TR_WIRE_TEXTS:
        texts = CONST_MEMBER(struct tr_strings, field, base);
        for (i = texts->count; i > 0; i--)
            at = put_text(at, texts->items[i - 1]);
        break;
    case TR_WIRE_SEQUENCE:
        for (f = field->fields; f->name != NULL; f++)
            tag++;
        while (tag-- > 0)
            at = put_tagged(at, &field->fields[tag], tag, base);
        break;
    case TR_WIRE_CHOICE:
        f = tr_wire_chosen(field, base, &tag);
        return put_tagged(at, f, tag, base);
    case TR_WIRE_NULL:
        break;
    }
    return tr_der_prepend(at, tr_wire_identifiers[field->kind], end - at);
}

krb5_error_code
tr_wire_encode(enum tr_wire_type type, const void *value, uint8_t **out,
               size_t *length_out)
{
    const struct tr_wire_layout *layout = tr_wire_layout(type);
    krb5_error_code ret;
    uint8_t *buf = NULL, *at, *end;
    size_t size = 0, length;

    if (layout == NULL)
        return TRR_INTERNAL;
    ret = check_value(&layout->field, value);
    if (ret)
        goto cleanup;
    size = bound(&layout->field, value) + FIELD_OVERHEAD;
    buf = malloc(size);
    if (buf == NULL) {
        ret = ENOMEM;
        goto cleanup;
    }
    end = buf + size;
    at = put_element(end, &layout->field, value);
    if (layout->application >= 0)
        at = tr_der_prepend(at, TR_DER_APPLICATION(layout->application),
                            end - at);
    length = end - at;
    if (length > layout->field.max) {
        ret = TRR_TOO_LONG;
        goto cleanup;
    }
    memmove(buf, at, length);
    /* A key must not stay behind where the caller cannot see it. */
    explicit_bzero(buf + length, size - length);
    *out = buf;
    *length_out = length;
    buf = NULL;

cleanup:
    if (buf != NULL)
        explicit_bzero(buf, size);
    free(buf);
    return ret;
}
