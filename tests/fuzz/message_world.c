/* tests/fuzz/message_world.c - what messages pass through, left bare */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <gssapi/gssapi_alloc.h>
#include <gssapi/gssapi_ext.h>
#include <string.h>
#include "call.h"
#include "credentials.h"
#include "fuzz.h"
#include "iov.h"
#include "message_world.h"
#include "status.h"
#include "trustrealm_err.h"

/* --- Kerberos ------------------------------------------------------------ */

/* Give the buffer of this type, if there is one, its length. */
static void
measure(gss_iov_buffer_desc *iov, int count, OM_uint32 type, size_t length)
{
    gss_iov_buffer_t buffer = tr_iov_find(iov, count, type);

    if (buffer != NULL)
        buffer->buffer.length = length;
}

/* Fill it, with octets or (NULL) with zeros. */
static void
fill(gss_iov_buffer_desc *iov, int count, OM_uint32 type, const void *octets,
     size_t length)
{
    gss_iov_buffer_t buffer = tr_iov_find(iov, count, type);

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
    stream = tr_iov_find(iov, count, GSS_IOV_BUFFER_TYPE_STREAM);
    if (stream != NULL)
        return unwrap_stream(&stream->buffer,
                             tr_iov_find(iov, count,
                                         GSS_IOV_BUFFER_TYPE_DATA));
    header = tr_iov_find(iov, count, GSS_IOV_BUFFER_TYPE_HEADER);
    trailer = tr_iov_find(iov, count, GSS_IOV_BUFFER_TYPE_TRAILER);
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
    gss_iov_buffer_t token = tr_iov_find(iov, count,
                                         GSS_IOV_BUFFER_TYPE_MIC_TOKEN);

    return gss_verify_mic(minor, context, NULL, &token->buffer, qop_out);
}

/* --- trustrealmd --------------------------------------------------------- */

static krb5_error_code
issue(const char *label, struct tr_reply *reply)
{
    struct tr_bytes *record = &reply->u.issued.label_record;

    reply->u.issued.label = strdup(label);
    reply->u.issued.local_label = strdup(label);
    record->length = 1 + strlen(label);
    record->data = malloc(record->length);
    record->data[0] = BARE_RECORD;
    memcpy(record->data + 1, label, record->length - 1);
    return 0;
}

static krb5_error_code
check(const struct tr_bytes *record, uint64_t epoch, struct tr_reply *reply)
{
    PROMISE(record->length > 0 && record->length <= TR_MAX_LABEL_RECORD);
    if (record->data[0] != BARE_RECORD)
        return TRR_RECORD;
    reply->u.checked.label = strndup((char *)record->data + 1,
                                     record->length - 1);
    reply->u.checked.local_label = strdup("");
    reply->u.checked.epoch = (int64_t)epoch;
    return 0;
}

static const struct tr_page page = { .epoch = 1, .lease = UINT64_MAX };
static struct tr_mapping mapping = { .page = &page };

krb5_error_code
tr_daemon_ask(const struct tr_call *call, enum tr_reply_type wanted,
              struct tr_reply *reply, struct tr_mapping **page_out)
{
    memset(reply, 0, sizeof(*reply));
    reply->type = wanted;
    return wanted == TR_REPLY_ISSUED ? issue(call->u.issue.label, reply) :
        check(&call->u.check.label_record, page.epoch, reply);
}

/* --- the rest of the plugin ---------------------------------------------- */

krb5_error_code
tr_life_enter(struct tr_context *context)
{
    return 0;
}

krb5_error_code
tr_life_confirm(struct tr_context *context)
{
    return 0;
}

const char *
tr_facts_get(const struct tr_facts *facts, enum tr_fact fact)
{
    return "";
}

krb5_error_code
tr_label_text(gss_buffer_t label, char **text_out)
{
    *text_out = strndup(label->value, label->length);
    return 0;
}

krb5_error_code
tr_detail(krb5_error_code code, const char *format, ...)
{
    return code;
}

OM_uint32
tr_fail(OM_uint32 *minor, krb5_error_code code)
{
    *minor = code;
    return GSS_S_FAILURE;
}

struct tr_context *
bare_context(void)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    struct tr_context *context = calloc(1, sizeof(*context));

    context->stage = TR_READY;
    memcpy(context->send_tag, "TAG!", TR_TAG_LENGTH);
    memcpy(context->receive_tag, "TAG!", TR_TAG_LENGTH);
    context->life.mapping = &mapping;
    context->life.epoch = page.epoch;
    context->life.next_look = UINT64_MAX;
    context->mutex = &mutex;
    return context;
}

void
bare_context_free(struct tr_context *context)
{
    tr_labels_clear(&context->labels);
    free(context);
}
