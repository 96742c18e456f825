/* tests/fuzz/bare_kerberos.c - a Kerberos without a key */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <gssapi/gssapi_alloc.h>
#include <string.h>
#include "bare.h"
#include "fuzz.h"

static gss_iov_buffer_t
find(gss_iov_buffer_desc *iov, int count, OM_uint32 type)
{
    int i;

    for (i = 0; i < count; i++) {
        if (GSS_IOV_BUFFER_TYPE(iov[i].type) == type)
            return &iov[i];
    }
    return NULL;
}

/* Give the buffer of this type, if there is one, its length. */
static void
measure(gss_iov_buffer_desc *iov, int count, OM_uint32 type, size_t length)
{
    gss_iov_buffer_t buffer = find(iov, count, type);

    if (buffer != NULL)
        buffer->buffer.length = length;
}

/* Fill it, with octets or (NULL) with zeros. */
static void
fill(gss_iov_buffer_desc *iov, int count, OM_uint32 type, const void *octets,
     size_t length)
{
    gss_iov_buffer_t buffer = find(iov, count, type);

    PROMISE(buffer != NULL);
    if ((buffer->type & GSS_IOV_BUFFER_FLAG_ALLOCATE) != 0) {
        buffer->buffer.value = gssalloc_malloc(length);
        buffer->type = type | GSS_IOV_BUFFER_FLAG_ALLOCATED;
    } else {
        PROMISE(buffer->buffer.length >= length);
    }
    buffer->buffer.length = length;
    memset(buffer->buffer.value, 0, length);
    if (octets != NULL)
        memcpy(buffer->buffer.value, octets, length);
}

OM_uint32
gss_wrap_iov_length(OM_uint32 *minor, gss_ctx_id_t context, int conf_req,
                    gss_qop_t qop, int *conf_out, gss_iov_buffer_desc *iov,
                    int count)
{
    measure(iov, count, GSS_IOV_BUFFER_TYPE_HEADER, BARE_HEADER);
    measure(iov, count, GSS_IOV_BUFFER_TYPE_PADDING, 0);
    measure(iov, count, GSS_IOV_BUFFER_TYPE_TRAILER, BARE_TRAILER);
    return GSS_S_COMPLETE;
}

OM_uint32
gss_wrap_iov(OM_uint32 *minor, gss_ctx_id_t context, int conf_req,
             gss_qop_t qop, int *conf_out, gss_iov_buffer_desc *iov, int count)
{
    fill(iov, count, GSS_IOV_BUFFER_TYPE_HEADER, BARE_WRAP, BARE_HEADER);
    fill(iov, count, GSS_IOV_BUFFER_TYPE_TRAILER, NULL, BARE_TRAILER);
    *conf_out = 1;
    return GSS_S_COMPLETE;
}

OM_uint32
gss_wrap(OM_uint32 *minor, gss_ctx_id_t context, int conf_req, gss_qop_t qop,
         gss_buffer_t message, int *conf_out, gss_buffer_t token_out)
{
    uint8_t *token;

    token_out->length = BARE_HEADER + message->length + BARE_TRAILER;
    token_out->value = token = gssalloc_calloc(1, token_out->length);
    memcpy(token, BARE_WRAP, BARE_HEADER);
    memcpy(token + BARE_HEADER, message->value, message->length);
    *conf_out = 1;
    return GSS_S_COMPLETE;
}

/* What is between header and trailer, in place. */
static OM_uint32
open_token(const gss_buffer_desc *token, gss_buffer_t out)
{
    if (token->length < BARE_HEADER + BARE_TRAILER ||
        memcmp(token->value, BARE_WRAP, BARE_HEADER) != 0)
        return GSS_S_DEFECTIVE_TOKEN;
    out->value = (uint8_t *)token->value + BARE_HEADER;
    out->length = token->length - BARE_HEADER - BARE_TRAILER;
    return GSS_S_COMPLETE;
}

static void
copy_out(const gss_buffer_desc *inside, gss_buffer_t out)
{
    out->length = inside->length;
    out->value = NULL;
    if (inside->length > 0) {
        out->value = gssalloc_malloc(inside->length);
        memcpy(out->value, inside->value, inside->length);
    }
}

OM_uint32
gss_unwrap(OM_uint32 *minor, gss_ctx_id_t context, gss_buffer_t token,
           gss_buffer_t message_out, int *conf_out, gss_qop_t *qop_out)
{
    gss_buffer_desc inside;
    OM_uint32 major;

    *conf_out = 1;
    major = open_token(token, &inside);
    if (!GSS_ERROR(major))
        copy_out(&inside, message_out);
    return major;
}

static OM_uint32
unwrap_stream(const gss_buffer_desc *stream, gss_iov_buffer_t data)
{
    gss_buffer_desc inside;
    OM_uint32 major;

    major = open_token(stream, &inside);
    if (GSS_ERROR(major))
        return major;
    if ((data->type & GSS_IOV_BUFFER_FLAG_ALLOCATE) == 0) {
        data->buffer = inside;
    } else {
        copy_out(&inside, &data->buffer);
        data->type |= GSS_IOV_BUFFER_FLAG_ALLOCATED;
    }
    return major;
}

OM_uint32
gss_unwrap_iov(OM_uint32 *minor, gss_ctx_id_t context, int *conf_out,
               gss_qop_t *qop_out, gss_iov_buffer_desc *iov, int count)
{
    gss_iov_buffer_t header, stream, trailer;

    *conf_out = 1;
    stream = find(iov, count, GSS_IOV_BUFFER_TYPE_STREAM);
    if (stream != NULL)
        return unwrap_stream(&stream->buffer,
                             find(iov, count, GSS_IOV_BUFFER_TYPE_DATA));
    header = find(iov, count, GSS_IOV_BUFFER_TYPE_HEADER);
    trailer = find(iov, count, GSS_IOV_BUFFER_TYPE_TRAILER);
    return header->buffer.length == BARE_HEADER &&
        memcmp(header->buffer.value, BARE_WRAP, BARE_HEADER) == 0 &&
        trailer->buffer.length == BARE_TRAILER ? GSS_S_COMPLETE :
        GSS_S_DEFECTIVE_TOKEN;
}

OM_uint32
gss_get_mic_iov_length(OM_uint32 *minor, gss_ctx_id_t context, gss_qop_t qop,
                       gss_iov_buffer_desc *iov, int count)
{
    measure(iov, count, GSS_IOV_BUFFER_TYPE_MIC_TOKEN, BARE_MIC);
    return GSS_S_COMPLETE;
}

OM_uint32
gss_get_mic_iov(OM_uint32 *minor, gss_ctx_id_t context, gss_qop_t qop,
                gss_iov_buffer_desc *iov, int count)
{
    fill(iov, count, GSS_IOV_BUFFER_TYPE_MIC_TOKEN, NULL, BARE_MIC);
    return GSS_S_COMPLETE;
}

OM_uint32
gss_get_mic(OM_uint32 *minor, gss_ctx_id_t context, gss_qop_t qop,
            gss_buffer_t message, gss_buffer_t token_out)
{
    token_out->length = BARE_MIC;
    token_out->value = gssalloc_calloc(1, BARE_MIC);
    return GSS_S_COMPLETE;
}

OM_uint32
gss_verify_mic(OM_uint32 *minor, gss_ctx_id_t context, gss_buffer_t message,
               gss_buffer_t token, gss_qop_t *qop_out)
{
    return token->length == BARE_MIC ? GSS_S_COMPLETE : GSS_S_DEFECTIVE_TOKEN;
}

OM_uint32
gss_verify_mic_iov(OM_uint32 *minor, gss_ctx_id_t context, gss_qop_t *qop_out,
                   gss_iov_buffer_desc *iov, int count)
{
    gss_iov_buffer_t token = find(iov, count, GSS_IOV_BUFFER_TYPE_MIC_TOKEN);

    return gss_verify_mic(minor, context, NULL, &token->buffer, qop_out);
}

OM_uint32
gss_wrap_aead(OM_uint32 *minor, gss_ctx_id_t context, int conf_req,
              gss_qop_t qop, gss_buffer_t associated, gss_buffer_t message,
              int *conf_out, gss_buffer_t token_out)
{
    return gss_wrap(minor, context, conf_req, qop, message, conf_out,
                    token_out);
}

OM_uint32
gss_unwrap_aead(OM_uint32 *minor, gss_ctx_id_t context, gss_buffer_t token,
                gss_buffer_t associated, gss_buffer_t message_out,
                int *conf_out, gss_qop_t *qop_out)
{
    return gss_unwrap(minor, context, token, message_out, conf_out, qop_out);
}
