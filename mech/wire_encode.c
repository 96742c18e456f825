/* mech/wire_encode.c - write the messages of the ASN.1 module */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "der.h"
#include "trustrealm_err.h"
#include "wire_value.h"

/*
 * Back to front, so that every length is known when it is written; what is
 * written is checked on the way.  After an error nothing more is written.
 */
struct writer {
    uint8_t *buf;               /* first, or malloced */
    size_t size;
    size_t left;                /* of buf, before what is written */
    krb5_error_code error;
    uint8_t first[4096];        /* enough for nearly all messages */
};

#define HEADER 6                /* octets of a header at most */

static size_t
written(const struct writer *w)
{
    return w->size - w->left;
}

static void
fail(struct writer *w, krb5_error_code code)
{
    if (w->error == 0)
        w->error = code;
}

/* A key must not stay behind. */
static void
wipe(struct writer *w)
{
    explicit_bzero(w->buf + w->left, written(w));
    if (w->buf != w->first)
        free(w->buf);
}

/* Double the buffer at least; false when that fails. */
static bool
grow(struct writer *w, size_t length)
{
    size_t size = 2 * w->size + length, kept = written(w);
    uint8_t *buf = malloc(size);

    if (buf == NULL) {
        fail(w, ENOMEM);
        return false;
    }
    memcpy(buf + size - kept, w->buf + w->left, kept);
    wipe(w);
    w->buf = buf;
    w->size = size;
    w->left = size - kept;
    return true;
}

/* Is there room for length octets more? */
static bool
reserve(struct writer *w, size_t length)
{
    return w->error == 0 && (length <= w->left || grow(w, length));
}

static void
put_octets(struct writer *w, const void *octets, size_t length)
{
    if (length == 0 || !reserve(w, length))
        return;
    w->left -= length;
    memcpy(w->buf + w->left, octets, length);
}

/* before: what was written before the content. */
static void
put_header(struct writer *w, uint8_t identifier, size_t before)
{
    size_t length = written(w) - before;

    if (!reserve(w, HEADER))
        return;
    if (length < 0x80) {
        /* Nearly all elements. */
        w->buf[--w->left] = length;
        w->buf[--w->left] = identifier;
    } else {
        w->left = tr_der_prepend(w->buf + w->left, identifier, length) -
            w->buf;
    }
}

/* The shortest two's complement (X.690 8.3). */
static void
put_integer(struct writer *w, int64_t number)
{
    uint8_t octets[sizeof(number)];
    size_t i = sizeof(octets);

    do {
        octets[--i] = number & 0xff;
        number >>= 8;
    } while (number != ((octets[i] & 0x80) ? -1 : 0));
    put_octets(w, octets + i, sizeof(octets) - i);
}

static void
put_text(struct writer *w, const char *text, size_t max)
{
    size_t length = text == NULL ? 0 : strlen(text);
    size_t before = written(w);
    krb5_error_code ret;

    ret = tr_wire_check_text(text, length, max);
    if (ret)
        fail(w, ret);
    put_octets(w, text, length);
    put_header(w, TR_DER_UTF8_STRING, before);
}

static void
put_texts(struct writer *w, const struct tr_strings *texts, size_t max)
{
    size_t i;

    if (texts->count > TR_MAX_ATTRIBUTES) {
        fail(w, TRR_TOO_LONG);
        return;
    }
    for (i = texts->count; i > 0; i--)
        put_text(w, texts->items[i - 1], max);
}

static void
put_bytes(struct writer *w, const struct tr_bytes *bytes, size_t max)
{
    krb5_error_code ret;

    ret = tr_wire_check_length(bytes->length, max);
    if (ret)
        fail(w, ret);
    put_octets(w, bytes->data, bytes->length);
}

static void put_element(struct writer *w, const struct tr_wire_field *field,
                        const void *base);

static void
put_tagged(struct writer *w, const struct tr_wire_field *field,
           unsigned int tag, const void *base)
{
    size_t before = written(w);

    put_element(w, field, base);
    put_header(w, TR_DER_CONTEXT(tag), before);
}

static void
put_element(struct writer *w, const struct tr_wire_field *field,
            const void *base)
{
    const struct tr_wire_field *f;
    size_t before = written(w);
    unsigned int tag = 0;
    uint8_t octet;

    switch (field->kind) {
    case TR_WIRE_INTEGER:
        put_integer(w, *CONST_MEMBER(int64_t, field, base));
        break;
    case TR_WIRE_BOOLEAN:
        octet = *CONST_MEMBER(bool, field, base) ? 0xff : 0;
        put_octets(w, &octet, 1);
        break;
    case TR_WIRE_OCTETS:
        put_bytes(w, CONST_MEMBER(struct tr_bytes, field, base), field->max);
        break;
    case TR_WIRE_TEXT:
        put_text(w, *CONST_MEMBER(char *, field, base), field->max);
        return;
    case TR_WIRE_TEXTS:
        put_texts(w, CONST_MEMBER(struct tr_strings, field, base),
                  field->max);
        break;
    case TR_WIRE_SEQUENCE:
        for (f = field->fields; f->name != NULL; f++)
            tag++;
        while (tag-- > 0)
            put_tagged(w, &field->fields[tag], tag, base);
        break;
    case TR_WIRE_CHOICE:
        f = tr_wire_chosen(field, base, &tag);
        if (f != NULL)
            put_tagged(w, f, tag, base);
        else
            fail(w, TRR_INTERNAL);
        return;
    case TR_WIRE_NULL:
        break;
    }
    put_header(w, tr_wire_identifiers[field->kind], before);
}

krb5_error_code
tr_wire_encode(enum tr_wire_type type, const void *value, uint8_t **out,
               size_t *length_out)
{
    const struct tr_wire_layout *layout = tr_wire_layout(type);
    struct writer w;
    uint8_t *octets = NULL;
    size_t length;

    if (layout == NULL)
        return TRR_INTERNAL;
    w.buf = w.first;
    w.size = w.left = sizeof(w.first);
    w.error = 0;
    put_element(&w, &layout->field, value);
    if (layout->application >= 0)
        put_header(&w, TR_DER_APPLICATION(layout->application), 0);
    length = written(&w);
    if (length > layout->field.max)
        fail(&w, TRR_TOO_LONG);
    if (w.error == 0 && (octets = malloc(length)) == NULL)
        fail(&w, ENOMEM);
    if (w.error == 0) {
        *out = memcpy(octets, w.buf + w.left, length);
        *length_out = length;
    }
    wipe(&w);
    return w.error;
}
