/* mech/wire_decode.c - read the messages of the ASN.1 module, strictly */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "der.h"
#include "trustrealm_err.h"
#include "wire_value.h"

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

    ret = tr_wire_check_length(content->length, field->max);
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

    ret = tr_wire_check_text(content->data, content->length, field->max);
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
    f = tr_wire_chosen(choice, base, &tag);
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
    ret = tr_der_take(in, tr_wire_identifiers[field->kind], &content);
    if (ret)
        return ret;
    switch (field->kind) {
    case TR_WIRE_INTEGER:
        return read_integer(&content, MEMBER(int64_t, field, base));
    case TR_WIRE_BOOLEAN:
        return read_boolean(&content, MEMBER(bool, field, base));
    case TR_WIRE_OCTETS:
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
