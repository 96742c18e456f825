/* mech/plugin/message.c - wrap and unwrap messages */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <gssapi/gssapi_alloc.h>
#include <gssapi/gssapi_ext.h>
#include <stdlib.h>
#include <string.h>
#include "gssi.h"
#include "message.h"
#include "status.h"
#include "trustrealm_err.h"

/* --- may it pass --------------------------------------------------------- */

OM_uint32
tr_message_enter_slowly(OM_uint32 *minor, struct tr_context *context)
{
    krb5_error_code ret;

    if (context->stage != TR_READY)
        return GSS_S_NO_CONTEXT;
    ret = tr_life_enter(context);
    return ret == 0 ? GSS_S_COMPLETE : tr_fail(minor, ret);
}

OM_uint32
tr_message_confirm_slowly(OM_uint32 *minor, struct tr_context *context,
                          OM_uint32 major)
{
    krb5_error_code ret = tr_life_confirm(context);

    return ret == 0 ? major : tr_fail(minor, ret);
}

OM_uint32
tr_message_confirm_sent(OM_uint32 *minor, struct tr_context *context,
                        const struct tr_known_label *label, OM_uint32 major)
{
    struct tr_known_label *again;
    krb5_error_code ret;

    major = tr_message_confirm(minor, context, major);
    if (GSS_ERROR(major) || label == NULL ||
        label->epoch == context->life.epoch)
        return major;
    ret = tr_labels_issue(context, &again);
    if (ret)
        return tr_fail(minor, ret);
    tr_labels_release(again);
    return tr_message_confirm(minor, context, major);
}

OM_uint32
tr_message_confirm_received(OM_uint32 *minor, struct tr_context *context,
                            struct tr_known_label **label, OM_uint32 major)
{
    struct tr_known_label *again;
    krb5_error_code ret;

    major = tr_message_confirm(minor, context, major);
    if (GSS_ERROR(major) || *label == NULL ||
        (*label)->epoch == context->life.epoch)
        return major;
    ret = tr_labels_check(context, (*label)->record.data,
                          (*label)->record.length, &again);
    if (ret)
        return tr_fail(minor, ret);
    tr_labels_release(*label);
    *label = again;
    return tr_message_confirm(minor, context, major);
}

OM_uint32
tr_message_lacks_conf(OM_uint32 *minor)
{
    return tr_fail_as(minor, TRR_PROTECTION, "the trust realm requires "
                      "confidentiality");
}

/* --- sizes --------------------------------------------------------------- */

static OM_uint32
measure(OM_uint32 *minor, struct tr_context *context, enum tr_token_use use,
        struct tr_sizes *out)
{
    gss_iov_buffer_desc iov[] = {
        { use == TR_MIC ? GSS_IOV_BUFFER_TYPE_MIC_TOKEN :
          GSS_IOV_BUFFER_TYPE_HEADER, GSS_C_EMPTY_BUFFER },
        { GSS_IOV_BUFFER_TYPE_DATA, GSS_C_EMPTY_BUFFER },
        { GSS_IOV_BUFFER_TYPE_PADDING, GSS_C_EMPTY_BUFFER },
        { GSS_IOV_BUFFER_TYPE_TRAILER, GSS_C_EMPTY_BUFFER }
    };
    OM_uint32 major;

    if (use == TR_MIC)
        major = gss_get_mic_iov_length(minor, context->inner,
                                       GSS_C_QOP_DEFAULT, iov, 2);
    else
        major = gss_wrap_iov_length(minor, context->inner, use == TR_SEALED,
                                    GSS_C_QOP_DEFAULT, NULL, iov, 4);
    if (GSS_ERROR(major))
        return major;
    if (iov[0].buffer.length > UINT16_MAX ||
        iov[3].buffer.length > UINT16_MAX || iov[2].buffer.length != 0 ||
        (use != TR_MIC && iov[3].buffer.length == 0))
        return tr_fail_as(minor, TRR_UNSUPPORTED, "the encryption type does "
                          "not allow labels of single messages");
    out->header = (uint16_t)iov[0].buffer.length;
    out->trailer = (uint16_t)iov[3].buffer.length;
    return major;
}

OM_uint32
tr_message_sizes(OM_uint32 *minor, struct tr_context *context,
                 enum tr_token_use use, struct tr_sizes *out)
{
    uint32_t known = context->sizes[use];
    OM_uint32 major;

    if (known == 0) {
        major = measure(minor, context, use, out);
        if (GSS_ERROR(major))
            return major;
        known = (uint32_t)out->header << 16 | out->trailer;
        context->sizes[use] = known;
    }
    out->header = (uint16_t)(known >> 16);
    out->trailer = (uint16_t)known;
    return GSS_S_COMPLETE;
}

/* --- the suffix ---------------------------------------------------------- */

void
tr_suffix_put(const struct tr_context *context,
              const struct tr_known_label *label, uint8_t *out)
{
    size_t length = label->record.length;

    memcpy(out, label->record.data, length);
    out[length] = (uint8_t)(length >> 8);
    out[length + 1] = (uint8_t)length;
    memcpy(out + length + 2, context->send_tag, TR_TAG_LENGTH);
}

krb5_error_code
tr_suffix_check(struct tr_context *context, const void *octets, size_t length,
                size_t *length_out, struct tr_known_label **label_out)
{
    const uint8_t *at;
    size_t record;

    if (length < TR_SUFFIX_LENGTH(1))
        return tr_detail(TRR_RECORD, "the label record is truncated");
    at = (const uint8_t *)octets + length - TR_TAG_LENGTH - 2;
    record = (size_t)at[0] << 8 | at[1];
    if (length < TR_SUFFIX_LENGTH(record))
        return tr_detail(TRR_RECORD, "the label record is truncated");
    *length_out = TR_SUFFIX_LENGTH(record);
    return tr_labels_check(context, at - record, record, label_out);
}

/* --- wrap ---------------------------------------------------------------- */

/* In the token that goes out: Kerberos works in place. */
static OM_uint32
wrap_with(OM_uint32 *minor, struct tr_context *context,
          const struct tr_known_label *label, int conf_req, gss_qop_t qop,
          gss_buffer_t message, int *conf_out, gss_buffer_t token_out)
{
    size_t suffix = TR_SUFFIX_LENGTH(label->record.length);
    gss_iov_buffer_desc iov[] = {
        { GSS_IOV_BUFFER_TYPE_HEADER, GSS_C_EMPTY_BUFFER },
        { GSS_IOV_BUFFER_TYPE_DATA, { message->length + suffix, NULL } },
        { GSS_IOV_BUFFER_TYPE_TRAILER, GSS_C_EMPTY_BUFFER }
    };
    struct tr_sizes sizes;
    OM_uint32 major;
    size_t length;
    uint8_t *at;

    major = tr_message_sizes(minor, context, conf_req ? TR_SEALED : TR_SIGNED,
                             &sizes);
    if (GSS_ERROR(major))
        return major;
    length = sizes.header + message->length + suffix + sizes.trailer;
    at = gssalloc_malloc(length);
    if (at == NULL)
        return tr_fail(minor, ENOMEM);
    iov[0].buffer.value = at;
    iov[0].buffer.length = sizes.header;
    iov[1].buffer.value = at + sizes.header;
    iov[2].buffer.value = at + length - sizes.trailer;
    iov[2].buffer.length = sizes.trailer;
    if (message->length > 0)
        memcpy(iov[1].buffer.value, message->value, message->length);
    tr_suffix_put(context, label, at + sizes.header + message->length);
    major = gss_wrap_iov(minor, context->inner, conf_req, qop, conf_out, iov,
                         3);
    token_out->value = at;
    token_out->length = length;
    return major;
}

static TR_APART OM_uint32
wrap_labelled(OM_uint32 *minor, struct tr_context *context, int conf_req,
              gss_qop_t qop, gss_buffer_t message, int *conf_out,
              gss_buffer_t token_out)
{
    struct tr_known_label *label;
    OM_uint32 major;
    krb5_error_code ret = tr_labels_issue(context, &label);

    if (ret)
        return tr_fail(minor, ret);
    major = wrap_with(minor, context, label, conf_req, qop, message, conf_out,
                      token_out);
    major = tr_message_confirm_sent(minor, context, label, major);
    tr_labels_release(label);
    return major;
}

OM_uint32
gssi_wrap(OM_uint32 *minor, gss_ctx_id_t handle, int conf_req, gss_qop_t qop,
          gss_buffer_t message, int *conf_out, gss_buffer_t token_out)
{
    struct tr_context *context = (struct tr_context *)handle;
    OM_uint32 major, ignored;
    int conf = 0;

    major = tr_message_enter(minor, context);
    if (GSS_ERROR(major))
        return major;
    conf_req = conf_req || tr_message_forces_conf(context);
    if (tr_message_needs_record(context, message)) {
        major = wrap_labelled(minor, context, conf_req, qop, message, &conf,
                              token_out);
    } else {
        major = gss_wrap(minor, context->inner, conf_req, qop, message, &conf,
                         token_out);
        major = tr_message_confirm(minor, context, major);
    }
    major = tr_message_check_conf(minor, context, major, conf);
    if (GSS_ERROR(major)) {
        if (token_out->length > 0)
            explicit_bzero(token_out->value, token_out->length);
        (void)gss_release_buffer(&ignored, token_out);
    } else if (conf_out != NULL) {
        *conf_out = conf;
    }
    return major;
}

OM_uint32
gssi_wrap_size_limit(OM_uint32 *minor, gss_ctx_id_t handle, int conf_req,
                     gss_qop_t qop, OM_uint32 size, OM_uint32 *max_out)
{
    struct tr_context *context = (struct tr_context *)handle;
    struct tr_known_label *label = NULL;
    OM_uint32 major, overhead = 0;
    krb5_error_code ret = 0;

    major = tr_message_enter(minor, context);
    if (GSS_ERROR(major))
        return major;
    if (tr_message_labelled(context))
        ret = tr_labels_issue(context, &label);
    if (ret)
        return tr_fail(minor, ret);
    if (label != NULL)
        overhead = (OM_uint32)TR_SUFFIX_LENGTH(label->record.length);
    tr_labels_release(label);
    conf_req = conf_req || tr_message_forces_conf(context);
    major = gss_wrap_size_limit(minor, context->inner, conf_req, qop, size,
                                max_out);
    if (!GSS_ERROR(major))
        *max_out -= *max_out < overhead ? *max_out : overhead;
    return major;
}

/* --- unwrap -------------------------------------------------------------- */

/* Take the suffix off. */
static OM_uint32
strip(OM_uint32 *minor, struct tr_context *context, gss_buffer_t message,
      struct tr_known_label **label_out)
{
    OM_uint32 ignored;
    size_t length;
    krb5_error_code ret;

    ret = tr_suffix_check(context, message->value, message->length, &length,
                          label_out);
    if (ret)
        return tr_fail(minor, ret);
    /* An empty buffer would not be freed by its owner. */
    if (message->length == length)
        (void)gss_release_buffer(&ignored, message);
    else
        message->length -= length;
    return GSS_S_COMPLETE;
}

/* Let a message that was opened through to the application, or not. */
static TR_APART OM_uint32
deliver_labelled(OM_uint32 *minor, struct tr_context *context,
                 gss_buffer_t message, int conf)
{
    struct tr_known_label *label = NULL;
    OM_uint32 major;

    major = strip(minor, context, message, &label);
    major = tr_message_confirm_received(minor, context, &label, major);
    major = tr_message_check_conf(minor, context, major, conf);
    if (!GSS_ERROR(major))
        tr_labels_delivered(context, label);
    tr_labels_release(label);
    return major;
}

static OM_uint32
deliver(OM_uint32 *minor, struct tr_context *context, gss_buffer_t message,
        int conf)
{
    OM_uint32 major;

    if (tr_message_has_record(context, message))
        return deliver_labelled(minor, context, message, conf);
    major = tr_message_confirm(minor, context, GSS_S_COMPLETE);
    major = tr_message_check_conf(minor, context, major, conf);
    if (!GSS_ERROR(major))
        tr_labels_delivered(context, NULL);
    return major;
}

OM_uint32
gssi_unwrap(OM_uint32 *minor, gss_ctx_id_t handle, gss_buffer_t token,
            gss_buffer_t message_out, int *conf_out, gss_qop_t *qop_out)
{
    struct tr_context *context = (struct tr_context *)handle;
    OM_uint32 major, status, ignored;
    int conf = 0;

    major = tr_message_enter(minor, context);
    if (GSS_ERROR(major))
        return major;
    major = gss_unwrap(minor, context->inner, token, message_out, &conf,
                       qop_out);
    if (GSS_ERROR(major))
        return major;
    status = deliver(minor, context, message_out, conf);
    if (GSS_ERROR(status)) {
        if (message_out->length > 0)
            explicit_bzero(message_out->value, message_out->length);
        (void)gss_release_buffer(&ignored, message_out);
        return status;
    }
    if (conf_out != NULL)
        *conf_out = conf;
    return major;               /* with what it says of the sequence */
}
