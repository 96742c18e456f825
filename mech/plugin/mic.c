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

/* --- the prefix ---------------------------------------------------------- */

void
tr_mic_put_prefix(const struct tr_context *context,
                  const struct tr_known_label *label, uint8_t *out)
{
    size_t length = label->record.length;

    memcpy(out, context->send_tag, TR_TAG_LENGTH);
    out[TR_TAG_LENGTH] = (uint8_t)(length >> 8);
    out[TR_TAG_LENGTH + 1] = (uint8_t)length;
    memcpy(out + TR_MIC_RECORD_AT, label->record.data, length);
}

OM_uint32
tr_mic_prefix(OM_uint32 *minor, struct tr_context *context,
              const gss_buffer_t token, size_t *length_out)
{
    const uint8_t *octets = token->value;
    struct tr_sizes sizes;
    size_t record;
    OM_uint32 major;

    major = tr_message_sizes(minor, context, TR_MIC, &sizes);
    if (GSS_ERROR(major))
        return major;
    record = (size_t)octets[TR_TAG_LENGTH] << 8 | octets[TR_TAG_LENGTH + 1];
    if (token->length != TR_SUFFIX_LENGTH(record) + sizes.header)
        return tr_fail_as(minor, TRR_RECORD, "the labelled MIC has a wrong "
                          "length");
    *length_out = TR_SUFFIX_LENGTH(record);
    return major;
}

static gss_iov_buffer_desc
data(const void *octets, size_t length)
{
    gss_iov_buffer_desc out = {
        GSS_IOV_BUFFER_TYPE_DATA, { length, (void *)octets }
    };

    return out;
}

void
tr_mic_suffix(const uint8_t *prefix, size_t length,
              gss_iov_buffer_desc out[TR_MIC_PARTS])
{
    out[0] = data(prefix + TR_MIC_RECORD_AT, length - TR_MIC_RECORD_AT);
    out[1] = data(prefix + TR_TAG_LENGTH, 2);
    out[2] = data(prefix, TR_TAG_LENGTH);
}

krb5_error_code
tr_mic_check(struct tr_context *context, const uint8_t *prefix, size_t length,
             struct tr_known_label **label_out)
{
    return tr_labels_check(context, prefix + TR_MIC_RECORD_AT,
                           length - TR_MIC_RECORD_AT, label_out);
}

/* message, suffix and token, as Kerberos takes them. */
#define MAX_PARTS (TR_MIC_PARTS + 2)
static void
arrange(gss_iov_buffer_desc parts[MAX_PARTS], gss_buffer_t message,
        const uint8_t *prefix, size_t length, size_t mic)
{
    parts[0] = data(message->value, message->length);
    tr_mic_suffix(prefix, length, parts + 1);
    parts[MAX_PARTS - 1] = data(prefix + length, mic);
    parts[MAX_PARTS - 1].type = GSS_IOV_BUFFER_TYPE_MIC_TOKEN;
}

/* --- signing ------------------------------------------------------------- */

static OM_uint32
sign_with(OM_uint32 *minor, struct tr_context *context,
          const struct tr_known_label *label, gss_qop_t qop,
          gss_buffer_t message, gss_buffer_t token_out)
{
    size_t length = TR_SUFFIX_LENGTH(label->record.length);
    gss_iov_buffer_desc parts[MAX_PARTS];
    struct tr_sizes sizes;
    OM_uint32 major;

    major = tr_message_sizes(minor, context, TR_MIC, &sizes);
    if (GSS_ERROR(major))
        return major;
    token_out->value = gssalloc_malloc(length + sizes.header);
    if (token_out->value == NULL)
        return tr_fail(minor, ENOMEM);
    token_out->length = length + sizes.header;
    tr_mic_put_prefix(context, label, token_out->value);
    arrange(parts, message, token_out->value, length, sizes.header);
    return gss_get_mic_iov(minor, context->inner, qop, parts, MAX_PARTS);
}

static TR_APART OM_uint32
sign_labelled(OM_uint32 *minor, struct tr_context *context, gss_qop_t qop,
              gss_buffer_t message, gss_buffer_t token_out)
{
    struct tr_known_label *label;
    OM_uint32 major;
    krb5_error_code ret = tr_labels_issue(context, &label);

    if (ret)
        return tr_fail(minor, ret);
    major = sign_with(minor, context, label, qop, message, token_out);
    major = tr_message_confirm_sent(minor, context, label, major);
    tr_labels_release(label);
    return major;
}

OM_uint32
gssi_get_mic(OM_uint32 *minor, gss_ctx_id_t handle, gss_qop_t qop,
             gss_buffer_t message, gss_buffer_t token_out)
{
    struct tr_context *context = (struct tr_context *)handle;
    OM_uint32 major, ignored;

    major = tr_mic_enter(minor, context);
    if (GSS_ERROR(major))
        return major;
    if (tr_message_needs_record(context, message)) {
        major = sign_labelled(minor, context, qop, message, token_out);
    } else {
        major = gss_get_mic(minor, context->inner, qop, message, token_out);
        major = tr_message_confirm(minor, context, major);
    }
    major = tr_message_check_conf(minor, context, major, 0);
    if (GSS_ERROR(major))
        (void)gss_release_buffer(&ignored, token_out);
    return major;
}

/* --- verifying ----------------------------------------------------------- */

static OM_uint32
verify_with(OM_uint32 *minor, struct tr_context *context, gss_buffer_t message,
            gss_buffer_t token, gss_qop_t *qop_out,
            struct tr_known_label **label_out)
{
    gss_iov_buffer_desc parts[MAX_PARTS];
    size_t length;
    OM_uint32 major;
    krb5_error_code ret;

    major = tr_mic_prefix(minor, context, token, &length);
    if (GSS_ERROR(major))
        return major;
    arrange(parts, message, token->value, length, token->length - length);
    major = gss_verify_mic_iov(minor, context->inner, qop_out, parts,
                               MAX_PARTS);
    if (GSS_ERROR(major))
        return major;
    ret = tr_mic_check(context, token->value, length, label_out);
    return ret == 0 ? major : tr_fail(minor, ret);
}

static TR_APART OM_uint32
verify_labelled(OM_uint32 *minor, struct tr_context *context,
                gss_buffer_t message, gss_buffer_t token, gss_qop_t *qop_out)
{
    struct tr_known_label *label = NULL;
    OM_uint32 major;

    major = verify_with(minor, context, message, token, qop_out, &label);
    major = tr_message_confirm_received(minor, context, &label, major);
    major = tr_message_check_conf(minor, context, major, 0);
    if (!GSS_ERROR(major))
        tr_labels_delivered(context, label);
    tr_labels_release(label);
    return major;
}

OM_uint32
gssi_verify_mic(OM_uint32 *minor, gss_ctx_id_t handle, gss_buffer_t message,
                gss_buffer_t token, gss_qop_t *qop_out)
{
    struct tr_context *context = (struct tr_context *)handle;
    OM_uint32 major;

    major = tr_mic_enter(minor, context);
    if (GSS_ERROR(major))
        return major;
    if (tr_mic_has_prefix(context, token))
        return verify_labelled(minor, context, message, token, qop_out);
    if (tr_message_has_record(context, message))
        return tr_fail_as(minor, TRR_RECORD, "label record outside the token");
    major = gss_verify_mic(minor, context->inner, message, token, qop_out);
    major = tr_message_confirm(minor, context, major);
    major = tr_message_check_conf(minor, context, major, 0);
    if (!GSS_ERROR(major))
        tr_labels_delivered(context, NULL);
    return major;
}
