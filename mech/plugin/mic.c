/* mech/plugin/mic.c - sign and verify messages */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The token for a message with a label of its own is
 *
 *     tag || 2-octet length of the record || label record || MIC
 *
 * where the MIC is over message || record || length || tag: the message as it
 * would be wrapped.  A token without the tag is not taken for a message that
 * ends with it, so a record cannot be moved from the token to the message.
 */

#include "config.h"
#include <errno.h>
#include <gssapi/gssapi_alloc.h>
#include <stdlib.h>
#include <string.h>
#include "gssi.h"
#include "mic.h"
#include "status.h"
#include "trustrealm_err.h"

OM_uint32
tr_mic_enter(OM_uint32 *minor, struct tr_context *context)
{
    OM_uint32 major = tr_message_enter(minor, context);

    if (!GSS_ERROR(major) && tr_message_forces_conf(context))
        return tr_fail(minor, tr_detail(TRR_PROTECTION, "the trust realm "
                                        "requires confidentiality"));
    return major;
}

void
tr_mic_put_prefix(const uint8_t *suffix, size_t length, uint8_t *out)
{
    size_t record = length - 2 - TR_TAG_LENGTH;

    memcpy(out, suffix + record + 2, TR_TAG_LENGTH);
    memcpy(out + TR_TAG_LENGTH, suffix + record, 2);
    memcpy(out + TR_TAG_LENGTH + 2, suffix, record);
}

krb5_error_code
tr_mic_take_prefix(const struct tr_context *context, gss_buffer_t token,
                   uint8_t **suffix_out, size_t *length_out)
{
    const uint8_t *octets = token->value;
    size_t record;

    *suffix_out = NULL;
    *length_out = 0;
    if (token->length < TR_SUFFIX_LENGTH(0) ||
        memcmp(octets, context->receive_tag, TR_TAG_LENGTH) != 0)
        return 0;
    record = (size_t)octets[TR_TAG_LENGTH] << 8 | octets[TR_TAG_LENGTH + 1];
    if (token->length < TR_SUFFIX_LENGTH(record))
        return tr_detail(TRR_RECORD, "label record is cut off");
    *suffix_out = malloc(TR_SUFFIX_LENGTH(record));
    if (*suffix_out == NULL)
        return ENOMEM;
    *length_out = TR_SUFFIX_LENGTH(record);
    memcpy(*suffix_out, octets + TR_TAG_LENGTH + 2, record);
    memcpy(*suffix_out + record, octets + TR_TAG_LENGTH, 2);
    memcpy(*suffix_out + record + 2, octets, TR_TAG_LENGTH);
    return 0;
}

/* message || suffix, malloced. */
static krb5_error_code
join(gss_buffer_t message, const uint8_t *suffix, size_t length,
     gss_buffer_t out)
{
    out->length = message->length + length;
    out->value = malloc(out->length);
    if (out->value == NULL)
        return ENOMEM;
    if (message->length > 0)
        memcpy(out->value, message->value, message->length);
    memcpy((uint8_t *)out->value + message->length, suffix, length);
    return 0;
}

/* --- signing ---------------------------------------------------------------*/

/* prefix || mic, for the application. */
static krb5_error_code
put_token(const uint8_t *suffix, size_t length, gss_buffer_t mic,
          gss_buffer_t token_out)
{
    uint8_t *out = gssalloc_malloc(length + mic->length);

    if (out == NULL)
        return ENOMEM;
    tr_mic_put_prefix(suffix, length, out);
    memcpy(out + length, mic->value, mic->length);
    token_out->value = out;
    token_out->length = length + mic->length;
    return 0;
}

static OM_uint32
sign_labelled(OM_uint32 *minor, struct tr_context *context,
              const struct tr_known_label *label, gss_qop_t qop,
              gss_buffer_t message, gss_buffer_t token_out)
{
    size_t length = TR_SUFFIX_LENGTH(label->record.length);
    gss_buffer_desc data = GSS_C_EMPTY_BUFFER, mic = GSS_C_EMPTY_BUFFER;
    uint8_t *suffix = malloc(length);
    OM_uint32 major = GSS_S_COMPLETE, ignored;
    krb5_error_code ret = suffix == NULL ? ENOMEM : 0;

    if (ret == 0) {
        tr_suffix_put(context, label, suffix);
        ret = join(message, suffix, length, &data);
    }
    if (ret == 0) {
        major = gss_get_mic(minor, context->inner, qop, &data, &mic);
        if (!GSS_ERROR(major))
            ret = put_token(suffix, length, &mic, token_out);
    }
    (void)gss_release_buffer(&ignored, &mic);
    free(data.value);
    free(suffix);
    return ret == 0 ? major : tr_fail(minor, ret);
}

OM_uint32
gssi_get_mic(OM_uint32 *minor, gss_ctx_id_t handle, gss_qop_t qop,
             gss_buffer_t message, gss_buffer_t token_out)
{
    struct tr_context *context = (struct tr_context *)handle;
    struct tr_known_label *label = NULL;
    OM_uint32 major, ignored;
    krb5_error_code ret = 0;

    major = tr_mic_enter(minor, context);
    if (GSS_ERROR(major))
        return major;
    if (!context->plain &&
        (tr_message_labelled(context) ||
         tr_ends_with(message->value, message->length, context->send_tag)))
        ret = tr_labels_issue(context, &label);
    if (ret != 0)
        return tr_fail(minor, ret);
    if (label == NULL)
        major = gss_get_mic(minor, context->inner, qop, message, token_out);
    else
        major = sign_labelled(minor, context, label, qop, message, token_out);
    major = tr_message_confirm_sent(minor, context, label, major);
    tr_labels_release(label);
    if (GSS_ERROR(major))
        (void)gss_release_buffer(&ignored, token_out);
    return major;
}

/* --- verifying -------------------------------------------------------------*/

/* The message with its label, once its MIC is verified. */
static OM_uint32
verify_labelled(OM_uint32 *minor, struct tr_context *context,
                gss_buffer_t message, gss_buffer_t token,
                const uint8_t *suffix, size_t length, gss_qop_t *qop_out,
                struct tr_known_label **label_out)
{
    gss_buffer_desc data = GSS_C_EMPTY_BUFFER, mic;
    OM_uint32 major;
    krb5_error_code ret;

    ret = join(message, suffix, length, &data);
    if (ret != 0)
        return tr_fail(minor, ret);
    mic.value = (uint8_t *)token->value + length;
    mic.length = token->length - length;
    major = gss_verify_mic(minor, context->inner, &data, &mic, qop_out);
    free(data.value);
    if (GSS_ERROR(major))
        return major;
    ret = tr_suffix_check(context, suffix, length, &length, label_out);
    return ret == 0 ? major : tr_fail(minor, ret);
}

static OM_uint32
verify(OM_uint32 *minor, struct tr_context *context, gss_buffer_t message,
       gss_buffer_t token, gss_qop_t *qop_out,
       struct tr_known_label **label_out)
{
    uint8_t *suffix = NULL;
    size_t length;
    OM_uint32 major;
    krb5_error_code ret;

    ret = tr_mic_take_prefix(context, token, &suffix, &length);
    if (ret == 0 && suffix == NULL &&
        tr_ends_with(message->value, message->length, context->receive_tag))
        ret = tr_detail(TRR_RECORD, "label record outside of the token");
    if (ret != 0)
        return tr_fail(minor, ret);
    if (suffix == NULL)
        return gss_verify_mic(minor, context->inner, message, token, qop_out);
    major = verify_labelled(minor, context, message, token, suffix, length,
                            qop_out, label_out);
    free(suffix);
    return major;
}

OM_uint32
gssi_verify_mic(OM_uint32 *minor, gss_ctx_id_t handle, gss_buffer_t message,
                gss_buffer_t token, gss_qop_t *qop_out)
{
    struct tr_context *context = (struct tr_context *)handle;
    struct tr_known_label *label = NULL;
    OM_uint32 major;

    major = tr_mic_enter(minor, context);
    if (GSS_ERROR(major))
        return major;
    if (context->plain)
        major = gss_verify_mic(minor, context->inner, message, token, qop_out);
    else
        major = verify(minor, context, message, token, qop_out, &label);
    major = tr_message_confirm_received(minor, context, &label, major);
    if (!GSS_ERROR(major))
        tr_labels_delivered(context, label);
    tr_labels_release(label);
    return major;
}
