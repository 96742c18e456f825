/* mech/wire.c - encode, decode and free the messages of the ASN.1 module */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "der.h"
#include "trustrealm_err.h"
#include "wire_table.h"

/*
 * Walks over the table's lists do everything: check, bound and put to write,
 * read, free.  A field is an explicit tag [its place] around one element; an
 * element's own shape depends on its kind alone.
 *
 * A message is checked the same way before it is written as when it is read,
 * so that what one end sends never fails at the other for its form.
 */

static const uint8_t identifiers[] = {
    [TR_WIRE_INTEGER] = TR_DER_INTEGER,
    [TR_WIRE_BOOLEAN] = TR_DER_BOOLEAN,
    [TR_WIRE_OCTETS] = TR_DER_OCTET_STRING,
    [TR_WIRE_BITS] = TR_DER_BIT_STRING,
    [TR_WIRE_ANY] = 0,
    [TR_WIRE_TEXT] = TR_DER_UTF8_STRING,
    [TR_WIRE_TEXTS] = TR_DER_SEQUENCE,
    [TR_WIRE_NULL] = TR_DER_NULL,
    [TR_WIRE_SEQUENCE] = TR_DER_SEQUENCE,
    [TR_WIRE_CHOICE] = 0
};

/* The members of the structure at base that a field stands for. */
#define MEMBER(type, field, base) \
    ((type *)((uint8_t *)(base) + (field)->offset))
#define CONST_MEMBER(type, field, base) \
    ((const type *)((const uint8_t *)(base) + (field)->offset))

/* The alternative that the structure at base holds and its tag, or NULL. */
static const struct tr_wire_field *
chosen(const struct tr_wire_field *choice, const void *base,
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

/* UTF-8 (RFC 3629 section 4) without NUL. */
static krb5_error_code
check_text(const void *octets, size_t length, size_t max)
{
    static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const uint8_t *s = octets, *end = s + length;
    uint32_t code;
    int i, n;

    if (length > (max > 0 ? max : TR_MAX_CALL))
        return TRR_TOO_LONG;
    for (; s < end; s += n) {
        n = *s < 0x80 ? 1 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : 4;
        if (n == 1 && *s != 0)
            continue;
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
    return 0;
}

static krb5_error_code
check_octets(enum tr_wire_kind kind, const uint8_t *octets, size_t length,
             size_t max)
{
    struct tr_der in = { octets, length }, element;
    krb5_error_code ret;

    if (length > (max > 0 ? max : TR_MAX_CALL))
        return TRR_TOO_LONG;
    if (kind == TR_WIRE_BITS) {
        /* X.690 11.2: unused bits are zero. */
        if (length == 0 || octets[0] > 7 || (length == 1 && octets[0] > 0) ||
            (octets[length - 1] & ((1 << octets[0]) - 1)) != 0)
            return TRR_MALFORMED;
    } else if (kind == TR_WIRE_ANY) {
        ret = tr_der_take_any(&in, &element);
        if (ret)
            return ret;
        if (in.length > 0)
            return TRR_TRAILING;
    }
    return 0;
}

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
        return check_octets(field->kind, bytes->data, bytes->length,
                            field->max);
    case TR_WIRE_TEXT:
        text = *CONST_MEMBER(char *, field, base);
        return text == NULL ? 0 :
            check_text(text, strlen(text), field->max);
    case TR_WIRE_TEXTS:
        texts = CONST_MEMBER(struct tr_strings, field, base);
        if (texts->count > TR_MAX_ATTRIBUTES)
            return TRR_TOO_LONG;
        for (i = 0; i < texts->count && ret == 0; i++) {
            text = texts->items[i];
            ret = check_text(text, strlen(text), field->max);
        }
        return ret;
    case TR_WIRE_SEQUENCE:
        for (f = field->fields; f->name != NULL && ret == 0; f++)
            ret = check_value(f, base);
        return ret;
    case TR_WIRE_CHOICE:
        f = chosen(field, base, &tag);
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
        n += bound(chosen(field, base, &tag), base);
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
        f = chosen(field, base, &tag);
        return put_tagged(at, f, tag, base);
    case TR_WIRE_NULL:
        break;
    }
    return tr_der_prepend(at, identifiers[field->kind], end - at);
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

/* --- reading ------------------------------------------------------------- */

static krb5_error_code
read_integer(const struct tr_der *content, int64_t *out)
{
    const uint8_t *octets = content->data;
    uint64_t value;
    size_t i;

    if (content->length == 0)
        return TRR_MALFORMED;
    if (content->length > sizeof(value))
        return TRR_TOO_LONG;
    /* X.690 8.3.2: the first nine bits are not all alike. */
    if (content->length > 1 &&
        ((octets[0] == 0 && octets[1] < 0x80) ||
         (octets[0] == 0xff && octets[1] >= 0x80)))
        return TRR_MALFORMED;
    value = octets[0] & 0x80 ? UINT64_MAX : 0;
    for (i = 0; i < content->length; i++)
        value = value << 8 | octets[i];
    *out = (int64_t)value;
    return 0;
}

static krb5_error_code
read_boolean(const struct tr_der *content, bool *out)
{
    /* X.690 11.1: TRUE is all ones. */
    if (content->length != 1 ||
        (content->data[0] != 0 && content->data[0] != 0xff))
        return TRR_MALFORMED;
    *out = content->data[0] != 0;
    return 0;
}

static krb5_error_code
read_octets(const struct tr_wire_field *field, const struct tr_der *content,
            struct tr_bytes *out)
{
    krb5_error_code ret;

    ret = check_octets(field->kind, content->data, content->length,
                       field->max);
    if (ret || content->length == 0)
        return ret;
    out->data = malloc(content->length);
    if (out->data == NULL)
        return ENOMEM;
    memcpy(out->data, content->data, content->length);
    out->length = content->length;
    return 0;
}

static krb5_error_code
read_text(const struct tr_wire_field *field, const struct tr_der *content,
          char **out)
{
    krb5_error_code ret;

    ret = check_text(content->data, content->length, field->max);
    if (ret)
        return ret;
    *out = malloc(content->length + 1);
    if (*out == NULL)
        return ENOMEM;
    memcpy(*out, content->data, content->length);
    (*out)[content->length] = '\0';
    return 0;
}

static krb5_error_code
read_texts(const struct tr_wire_field *field, struct tr_der *content,
           struct tr_strings *out)
{
    struct tr_der text;
    krb5_error_code ret;

    if (content->length == 0)
        return 0;
    out->items = calloc(TR_MAX_ATTRIBUTES, sizeof(*out->items));
    if (out->items == NULL)
        return ENOMEM;
    while (content->length > 0) {
        if (out->count == TR_MAX_ATTRIBUTES)
            return TRR_TOO_LONG;
        ret = tr_der_take(content, TR_DER_UTF8_STRING, &text);
        if (ret == 0)
            ret = read_text(field, &text, &out->items[out->count]);
        if (ret)
            return ret;
        out->count++;
    }
    return 0;
}

static krb5_error_code read_element(const struct tr_wire_field *field,
                                    struct tr_der *in, void *base);

/* Read the field that its place in a list tags [tag]. */
static krb5_error_code
read_tagged(const struct tr_wire_field *field, unsigned int tag,
            struct tr_der *in, void *base)
{
    struct tr_der inner;
    krb5_error_code ret;

    ret = tr_der_take(in, TR_DER_CONTEXT(tag), &inner);
    if (ret == 0)
        ret = read_element(field, &inner, base);
    if (ret == 0 && inner.length > 0)
        ret = TRR_TRAILING;
    return ret;
}

static krb5_error_code
read_choice(const struct tr_wire_field *choice, struct tr_der *in, void *base)
{
    const struct tr_wire_field *f;
    unsigned int tag;

    if (in->length == 0)
        return TRR_TRUNCATED;
    /* Set first: tr_wire_free() then knows what was half read. */
    *MEMBER(unsigned int, choice, base) = in->data[0] - TR_DER_CONTEXT(0);
    f = chosen(choice, base, &tag);
    return f == NULL ? TRR_MALFORMED : read_tagged(f, tag, in, base);
}

static krb5_error_code
read_element(const struct tr_wire_field *field, struct tr_der *in, void *base)
{
    const struct tr_wire_field *f;
    struct tr_der content;
    krb5_error_code ret;
    unsigned int tag;

    if (field->kind == TR_WIRE_CHOICE)
        return read_choice(field, in, base);
    if (field->kind == TR_WIRE_ANY)
        ret = tr_der_take_any(in, &content);
    else
        ret = tr_der_take(in, identifiers[field->kind], &content);
    if (ret)
        return ret;
    switch (field->kind) {
    case TR_WIRE_INTEGER:
        return read_integer(&content, MEMBER(int64_t, field, base));
    case TR_WIRE_BOOLEAN:
        return read_boolean(&content, MEMBER(bool, field, base));
    case TR_WIRE_OCTETS:
    case TR_WIRE_BITS:
    case TR_WIRE_ANY:
        return read_octets(field, &content,
                           MEMBER(struct tr_bytes, field, base));
    case TR_WIRE_TEXT:
        return read_text(field, &content, MEMBER(char *, field, base));
    case TR_WIRE_TEXTS:
        return read_texts(field, &content,
                          MEMBER(struct tr_strings, field, base));
    case TR_WIRE_SEQUENCE:
        for (f = field->fields, tag = 0; f->name != NULL; f++, tag++) {
            ret = read_tagged(f, tag, &content, base);
            if (ret)
                return ret;
        }
        break;
    case TR_WIRE_NULL:
    case TR_WIRE_CHOICE:
        break;
    }
    return content.length > 0 ? TRR_TRAILING : 0;
}

krb5_error_code
tr_wire_decode(enum tr_wire_type type, const uint8_t *octets, size_t length,
               void *value)
{
    const struct tr_wire_layout *layout = tr_wire_layout(type);
    struct tr_der in = { octets, length }, inner;
    krb5_error_code ret = 0;

    if (layout == NULL)
        return TRR_INTERNAL;
    memset(value, 0, layout->size);
    if (length > layout->field.max)
        return TRR_TOO_LONG;
    inner = in;
    if (layout->application >= 0) {
        ret = tr_der_take(&in, TR_DER_APPLICATION(layout->application),
                          &inner);
        if (ret == 0 && in.length > 0)
            ret = TRR_TRAILING;
    }
    if (ret == 0)
        ret = read_element(&layout->field, &inner, value);
    if (ret == 0 && inner.length > 0)
        ret = TRR_TRAILING;
    if (ret)
        tr_wire_free(type, value);
    return ret;
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
    case TR_WIRE_BITS:
    case TR_WIRE_ANY:
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
        f = chosen(field, base, &tag);
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
