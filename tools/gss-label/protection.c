/* tools/gss-label/protection.c - every way to protect a message */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A payload is one or more parts: all but the last are preceded by their
 * length in 4 octets.  The last part is what remains.
 */

#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <gssapi/gssapi_alloc.h>
#include "gss-label.h"

#define MAX_PARTS 4
/* Sent in clear beside an AEAD message, and verified with it. */
#define ASSOCIATED_DATA "gss-label associated data"

static OM_uint32
fail(OM_uint32 *minor, int number, OM_uint32 major)
{
    *minor = number;
    return major;
}

/* Copy parts one after the other into *out, headed by lengths or not. */
static OM_uint32
join(OM_uint32 *minor, const gss_buffer_desc *parts, size_t count,
     bool lengths, gss_buffer_t out)
{
    size_t i, total = 0;
    uint32_t length;
    uint8_t *p;

    for (i = 0; i < count; i++)
        total += parts[i].length + (lengths ? 4 : 0);
    out->value = NULL;
    out->length = 0;
    /* gss_release_buffer() does not free an empty buffer. */
    if (total == 0)
        return GSS_S_COMPLETE;
    p = gssalloc_malloc(total + 1);
    if (p == NULL)
        return fail(minor, ENOMEM, GSS_S_FAILURE);
    out->value = p;
    for (i = 0; i < count; i++) {
        if (lengths && i + 1 < count) {
            length = htonl((uint32_t)parts[i].length);
            memcpy(p, &length, 4);
            p += 4;
        }
        if (parts[i].length > 0)
            memcpy(p, parts[i].value, parts[i].length);
        p += parts[i].length;
    }
    *p = '\0';
    out->length = p - (uint8_t *)out->value;
    return GSS_S_COMPLETE;
}

/* Point parts into payload. */
static OM_uint32
split(OM_uint32 *minor, const gss_buffer_desc *payload, size_t count,
      gss_buffer_desc *parts)
{
    uint8_t *p = payload->value;
    size_t i, left = payload->length;
    uint32_t length;

    for (i = 0; i < count; i++) {
        length = left;
        if (i + 1 < count) {
            if (left < 4)
                return fail(minor, EBADMSG, GSS_S_DEFECTIVE_TOKEN);
            memcpy(&length, p, 4);
            length = ntohl(length);
            p += 4;
            left -= 4;
        }
        if (length > left)
            return fail(minor, EBADMSG, GSS_S_DEFECTIVE_TOKEN);
        parts[i].value = p;
        parts[i].length = length;
        p += length;
        left -= length;
    }
    return GSS_S_COMPLETE;
}

static OM_uint32
copy(OM_uint32 *minor, const gss_buffer_desc *from, gss_buffer_t out)
{
    return join(minor, from, 1, false, out);
}

/* Copy what was verified with major, which may say that it came out of
 * order. */
static OM_uint32
deliver(OM_uint32 *minor, OM_uint32 major, const gss_buffer_desc *from,
        gss_buffer_t out)
{
    OM_uint32 copied;

    if (GSS_ERROR(major))
        return major;
    copied = copy(minor, from, out);
    return copied != GSS_S_COMPLETE ? copied : major;
}

/* --- wrap ---------------------------------------------------------------- */

static OM_uint32
wrap(OM_uint32 *minor, gss_ctx_id_t context, bool conf, gss_buffer_t message,
     gss_buffer_t payload_out)
{
    OM_uint32 major;
    int state = 0;

    major = gss_wrap(minor, context, conf, GSS_C_QOP_DEFAULT, message, &state,
                     payload_out);
    if (major == GSS_S_COMPLETE && conf && !state)
        return fail(minor, EOPNOTSUPP, GSS_S_BAD_QOP);
    return major;
}

static OM_uint32
unwrap(OM_uint32 *minor, gss_ctx_id_t context, gss_buffer_t payload,
       gss_buffer_t message_out, bool *conf_out)
{
    OM_uint32 major;
    int state = 0;

    major = gss_unwrap(minor, context, payload, message_out, &state, NULL);
    *conf_out = state != 0;
    return major;
}

/* --- MIC ----------------------------------------------------------------- */

static OM_uint32
mic(OM_uint32 *minor, gss_ctx_id_t context, bool conf, gss_buffer_t message,
    gss_buffer_t payload_out)
{
    gss_buffer_desc parts[2] = { GSS_C_EMPTY_BUFFER, *message };
    OM_uint32 major, ignored;

    major = gss_get_mic(minor, context, GSS_C_QOP_DEFAULT, message,
                        &parts[0]);
    if (major != GSS_S_COMPLETE)
        return major;
    major = join(minor, parts, 2, true, payload_out);
    (void)gss_release_buffer(&ignored, &parts[0]);
    return major;
}

static OM_uint32
verify(OM_uint32 *minor, gss_ctx_id_t context, gss_buffer_t payload,
       gss_buffer_t message_out, bool *conf_out)
{
    gss_buffer_desc parts[2];
    OM_uint32 major;

    *conf_out = false;
    major = split(minor, payload, 2, parts);
    if (major != GSS_S_COMPLETE)
        return major;
    major = gss_verify_mic(minor, context, &parts[1], &parts[0], NULL);
    return deliver(minor, major, &parts[1], message_out);
}

static OM_uint32
mic_iov(OM_uint32 *minor, gss_ctx_id_t context, bool conf,
        gss_buffer_t message, gss_buffer_t payload_out)
{
    gss_iov_buffer_desc iov[2] = {
        { GSS_IOV_BUFFER_TYPE_DATA, *message },
        { GSS_IOV_BUFFER_TYPE_MIC_TOKEN | GSS_IOV_BUFFER_FLAG_ALLOCATE,
          GSS_C_EMPTY_BUFFER }
    };
    gss_buffer_desc parts[2];
    OM_uint32 major, ignored;

    major = gss_get_mic_iov(minor, context, GSS_C_QOP_DEFAULT, iov, 2);
    if (major == GSS_S_COMPLETE) {
        parts[0] = iov[1].buffer;
        parts[1] = *message;
        major = join(minor, parts, 2, true, payload_out);
    }
    (void)gss_release_iov_buffer(&ignored, iov, 2);
    return major;
}

static OM_uint32
verify_iov(OM_uint32 *minor, gss_ctx_id_t context, gss_buffer_t payload,
           gss_buffer_t message_out, bool *conf_out)
{
    gss_iov_buffer_desc iov[2];
    gss_buffer_desc parts[2];
    OM_uint32 major;

    *conf_out = false;
    major = split(minor, payload, 2, parts);
    if (major != GSS_S_COMPLETE)
        return major;
    iov[0].type = GSS_IOV_BUFFER_TYPE_DATA;
    iov[0].buffer = parts[1];
    iov[1].type = GSS_IOV_BUFFER_TYPE_MIC_TOKEN;
    iov[1].buffer = parts[0];
    major = gss_verify_mic_iov(minor, context, NULL, iov, 2);
    return deliver(minor, major, &parts[1], message_out);
}

/* --- iov ----------------------------------------------------------------- */

enum { HEADER, DATA, PADDING, TRAILER, IOV_COUNT };

/* Four buffers around a copy of message, as wrap_iov encrypts in place. */
static OM_uint32
iov_prepare(OM_uint32 *minor, gss_buffer_t message, OM_uint32 flag,
            gss_iov_buffer_desc *iov)
{
    memset(iov, 0, IOV_COUNT * sizeof(*iov));
    iov[HEADER].type = GSS_IOV_BUFFER_TYPE_HEADER | flag;
    iov[DATA].type = GSS_IOV_BUFFER_TYPE_DATA;
    iov[PADDING].type = GSS_IOV_BUFFER_TYPE_PADDING | flag;
    iov[TRAILER].type = GSS_IOV_BUFFER_TYPE_TRAILER | flag;
    return copy(minor, message, &iov[DATA].buffer);
}

static OM_uint32
wrap_iov_checked(OM_uint32 *minor, gss_ctx_id_t context, bool conf,
                 gss_iov_buffer_desc *iov)
{
    OM_uint32 major;
    int state = 0;

    major = gss_wrap_iov(minor, context, conf, GSS_C_QOP_DEFAULT, &state, iov,
                         IOV_COUNT);
    if (major == GSS_S_COMPLETE && conf && !state)
        return fail(minor, EOPNOTSUPP, GSS_S_BAD_QOP);
    return major;
}

/* The mechanism allocates; the payload is one stream. */
static OM_uint32
wrap_iov(OM_uint32 *minor, gss_ctx_id_t context, bool conf,
         gss_buffer_t message, gss_buffer_t payload_out)
{
    gss_iov_buffer_desc iov[IOV_COUNT];
    gss_buffer_desc parts[IOV_COUNT];
    OM_uint32 major, ignored;
    size_t i;

    major = iov_prepare(minor, message, GSS_IOV_BUFFER_FLAG_ALLOCATE, iov);
    if (major != GSS_S_COMPLETE)
        return major;
    major = wrap_iov_checked(minor, context, conf, iov);
    if (major == GSS_S_COMPLETE) {
        for (i = 0; i < IOV_COUNT; i++)
            parts[i] = iov[i].buffer;
        major = join(minor, parts, IOV_COUNT, false, payload_out);
    }
    (void)gss_release_buffer(&ignored, &iov[DATA].buffer);
    (void)gss_release_iov_buffer(&ignored, iov, IOV_COUNT);
    return major;
}

static OM_uint32
unwrap_stream(OM_uint32 *minor, gss_ctx_id_t context, gss_buffer_t payload,
              gss_buffer_t message_out, bool *conf_out)
{
    gss_iov_buffer_desc iov[2] = {
        { GSS_IOV_BUFFER_TYPE_STREAM, *payload },
        { GSS_IOV_BUFFER_TYPE_DATA, GSS_C_EMPTY_BUFFER }
    };
    OM_uint32 major;
    int state = 0;

    major = gss_unwrap_iov(minor, context, &state, NULL, iov, 2);
    *conf_out = state != 0;
    return deliver(minor, major, &iov[1].buffer, message_out);
}

/* The caller asks for the lengths and allocates one block for all parts. */
static OM_uint32
wrap_iov_lengths(OM_uint32 *minor, gss_ctx_id_t context, bool conf,
                 gss_buffer_t message, gss_buffer_t payload_out)
{
    static const int order[IOV_COUNT] = { HEADER, PADDING, TRAILER, DATA };
    gss_iov_buffer_desc iov[IOV_COUNT];
    gss_buffer_desc parts[IOV_COUNT], data, block = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, ignored;
    uint8_t *p;
    size_t i;
    int state;

    major = iov_prepare(minor, message, 0, iov);
    if (major != GSS_S_COMPLETE)
        return major;
    data = iov[DATA].buffer;
    major = gss_wrap_iov_length(minor, context, conf, GSS_C_QOP_DEFAULT,
                                &state, iov, IOV_COUNT);
    if (major != GSS_S_COMPLETE)
        goto cleanup;
    for (i = 0; i < IOV_COUNT; i++)
        block.length += iov[i].buffer.length;
    p = block.value = gssalloc_malloc(block.length + 1);
    if (p == NULL) {
        major = fail(minor, ENOMEM, GSS_S_FAILURE);
        goto cleanup;
    }
    for (i = 0; i < IOV_COUNT; i++) {
        if (i == DATA && data.length > 0)
            memcpy(p, data.value, data.length);
        iov[i].buffer.value = p;
        p += iov[i].buffer.length;
    }
    major = wrap_iov_checked(minor, context, conf, iov);
    if (major != GSS_S_COMPLETE)
        goto cleanup;
    for (i = 0; i < IOV_COUNT; i++)
        parts[i] = iov[order[i]].buffer;
    major = join(minor, parts, IOV_COUNT, true, payload_out);

cleanup:
    (void)gss_release_buffer(&ignored, &data);
    (void)gss_release_buffer(&ignored, &block);
    return major;
}

static OM_uint32
unwrap_parts(OM_uint32 *minor, gss_ctx_id_t context, gss_buffer_t payload,
             gss_buffer_t message_out, bool *conf_out)
{
    gss_iov_buffer_desc iov[IOV_COUNT];
    gss_buffer_desc parts[IOV_COUNT];
    OM_uint32 major;
    int state = 0;

    *conf_out = false;
    major = split(minor, payload, IOV_COUNT, parts);
    if (major != GSS_S_COMPLETE)
        return major;
    memset(iov, 0, sizeof(iov));
    iov[HEADER].type = GSS_IOV_BUFFER_TYPE_HEADER;
    iov[HEADER].buffer = parts[0];
    iov[PADDING].type = GSS_IOV_BUFFER_TYPE_PADDING;
    iov[PADDING].buffer = parts[1];
    iov[TRAILER].type = GSS_IOV_BUFFER_TYPE_TRAILER;
    iov[TRAILER].buffer = parts[2];
    iov[DATA].type = GSS_IOV_BUFFER_TYPE_DATA;
    iov[DATA].buffer = parts[3];
    major = gss_unwrap_iov(minor, context, &state, NULL, iov, IOV_COUNT);
    *conf_out = state != 0;
    return deliver(minor, major, &iov[DATA].buffer, message_out);
}

/* --- AEAD ---------------------------------------------------------------- */

static OM_uint32
wrap_aead(OM_uint32 *minor, gss_ctx_id_t context, bool conf,
          gss_buffer_t message, gss_buffer_t payload_out)
{
    gss_buffer_desc parts[2] = {
        { sizeof(ASSOCIATED_DATA) - 1, (char *)ASSOCIATED_DATA },
        GSS_C_EMPTY_BUFFER
    };
    OM_uint32 major, ignored;
    int state = 0;

    major = gss_wrap_aead(minor, context, conf, GSS_C_QOP_DEFAULT, &parts[0],
                          message, &state, &parts[1]);
    if (major != GSS_S_COMPLETE)
        return major;
    major = state || !conf ? join(minor, parts, 2, true, payload_out) :
        fail(minor, EOPNOTSUPP, GSS_S_BAD_QOP);
    (void)gss_release_buffer(&ignored, &parts[1]);
    return major;
}

static OM_uint32
unwrap_aead(OM_uint32 *minor, gss_ctx_id_t context, gss_buffer_t payload,
            gss_buffer_t message_out, bool *conf_out)
{
    gss_buffer_desc parts[2];
    OM_uint32 major;
    int state = 0;

    *conf_out = false;
    major = split(minor, payload, 2, parts);
    if (major != GSS_S_COMPLETE)
        return major;
    major = gss_unwrap_aead(minor, context, &parts[1], &parts[0], message_out,
                            &state, NULL);
    *conf_out = state != 0;
    return major;
}

/* --- none ---------------------------------------------------------------- */

static OM_uint32
as_it_is(OM_uint32 *minor, gss_ctx_id_t context, bool conf,
         gss_buffer_t message, gss_buffer_t payload_out)
{
    return copy(minor, message, payload_out);
}

static OM_uint32
take_as_it_is(OM_uint32 *minor, gss_ctx_id_t context, gss_buffer_t payload,
              gss_buffer_t message_out, bool *conf_out)
{
    *conf_out = false;
    return copy(minor, payload, message_out);
}

static const struct gl_protection protections[] = {
    { "wrap", 2, true, wrap, unwrap },
    { "integrity", 3, false, wrap, unwrap },
    { "mic", 4, false, mic, verify },
    { "mic-iov", 5, false, mic_iov, verify_iov },
    { "iov", 6, true, wrap_iov, unwrap_stream },
    { "iov-integrity", 7, false, wrap_iov, unwrap_stream },
    { "iov-lengths", 8, true, wrap_iov_lengths, unwrap_parts },
    { "iov-lengths-integrity", 9, false, wrap_iov_lengths, unwrap_parts },
    { "aead", 10, true, wrap_aead, unwrap_aead },
    { "aead-integrity", 11, false, wrap_aead, unwrap_aead },
    { "none", 12, false, as_it_is, take_as_it_is },
};

#define COUNT (sizeof(protections) / sizeof(protections[0]))

bool
gl_refused(OM_uint32 major)
{
    return major != GSS_S_COMPLETE && major != GSS_S_GAP_TOKEN;
}

const struct gl_protection *
gl_protection_find(const char *name)
{
    size_t i;

    for (i = 0; i < COUNT; i++) {
        if (strcmp(name, protections[i].name) == 0)
            return &protections[i];
    }
    return NULL;
}

const struct gl_protection *
gl_protection_by_number(uint8_t number)
{
    size_t i;

    for (i = 0; i < COUNT; i++) {
        if (protections[i].number == number)
            return &protections[i];
    }
    return NULL;
}
