/* mech/plugin/mic_iov.c - sign and verify messages in buffers of the caller */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The octets are those of mic.c.  For Kerberos the suffix is one more DATA
 * buffer behind the caller's; the caller's MIC_TOKEN holds prefix and MIC.
 */

#include "config.h"
#include <errno.h>
#include <gssapi/gssapi_alloc.h>
#include <stdlib.h>
#include <string.h>
#include "gssi.h"
#include "iov.h"
#include "mic.h"
#include "status.h"
#include "trustrealm_err.h"

struct signing {
    struct tr_context *context;
    gss_iov_buffer_desc *iov;   /* the caller's */
    int count;
    gss_iov_buffer_t token;     /* one of them */
    struct tr_known_label *label;       /* NULL: the established one */
    uint8_t *suffix;
    size_t suffix_length;
    gss_iov_buffer_desc *copy;  /* with the suffix as last DATA */
};

/* Prepare the buffers for Kerberos with suffix, which is taken over. */
static krb5_error_code
prepare(struct signing *s, uint8_t *suffix, size_t length)
{
    krb5_error_code ret;

    s->suffix = suffix;
    s->suffix_length = length;
    ret = tr_iov_copy(s->iov, s->count, &s->copy);
    if (ret != 0)
        return ret;
    s->copy[s->count].buffer.value = suffix;
    s->copy[s->count].buffer.length = length;
    return 0;
}

static void
end(struct signing *s)
{
    tr_labels_release(s->label);
    free(s->suffix);
    free(s->copy);
}

static krb5_error_code
find_token(struct signing *s)
{
    s->token = tr_iov_find(s->iov, s->count, GSS_IOV_BUFFER_TYPE_MIC_TOKEN);
    return s->token != NULL ? 0 : EINVAL;
}

/* --- signing ---------------------------------------------------------------*/

/* Does this message need a record? */
static krb5_error_code
begin(struct signing *s)
{
    struct tr_context *context = s->context;
    uint8_t *suffix;
    size_t length;
    krb5_error_code ret;

    if (context->plain ||
        (!tr_message_labelled(context) &&
         !tr_iov_ends_with(s->iov, s->count, context->send_tag)))
        return 0;
    ret = find_token(s);
    if (ret == 0)
        ret = tr_labels_issue(context, &s->label);
    if (ret != 0)
        return ret;
    length = TR_SUFFIX_LENGTH(s->label->record.length);
    suffix = malloc(length);
    if (suffix == NULL)
        return ENOMEM;
    tr_suffix_put(context, s->label, suffix);
    return prepare(s, suffix, length);
}

/* prefix || mic, into the caller's MIC_TOKEN. */
static krb5_error_code
put_token(struct signing *s, const gss_buffer_t mic)
{
    size_t length = s->suffix_length + mic->length;
    gss_buffer_t out = &s->token->buffer;

    if ((s->token->type & GSS_IOV_BUFFER_FLAG_ALLOCATE) != 0) {
        out->value = gssalloc_malloc(length);
        if (out->value == NULL)
            return ENOMEM;
        s->token->type &= ~GSS_IOV_BUFFER_FLAG_ALLOCATE;
        s->token->type |= GSS_IOV_BUFFER_FLAG_ALLOCATED;
    } else if (out->length < length) {
        return tr_detail(TRR_TOO_LONG, "the MIC_TOKEN buffer is too short for "
                         "the label");
    }
    tr_mic_put_prefix(s->suffix, s->suffix_length, out->value);
    memcpy((uint8_t *)out->value + s->suffix_length, mic->value, mic->length);
    out->length = length;
    return 0;
}

static OM_uint32
sign_labelled(OM_uint32 *minor, struct signing *s, gss_qop_t qop)
{
    gss_iov_buffer_t mic = &s->copy[s->token - s->iov];
    OM_uint32 major, ignored;
    krb5_error_code ret;

    mic->type = GSS_IOV_BUFFER_TYPE_MIC_TOKEN | GSS_IOV_BUFFER_FLAG_ALLOCATE;
    mic->buffer.value = NULL;
    mic->buffer.length = 0;
    major = gss_get_mic_iov(minor, s->context->inner, qop, s->copy,
                            s->count + 1);
    if (GSS_ERROR(major))
        return major;
    ret = put_token(s, &mic->buffer);
    (void)gss_release_iov_buffer(&ignored, mic, 1);
    return ret == 0 ? major : tr_fail(minor, ret);
}

OM_uint32
gssi_get_mic_iov(OM_uint32 *minor, gss_ctx_id_t handle, gss_qop_t qop,
                 gss_iov_buffer_desc *iov, int count)
{
    struct signing s = { .context = (struct tr_context *)handle,
                         .iov = iov, .count = count };
    OM_uint32 major, ignored;
    krb5_error_code ret;

    major = tr_mic_enter(minor, s.context);
    if (GSS_ERROR(major))
        return major;
    ret = begin(&s);
    if (ret != 0)
        major = tr_fail(minor, ret);
    else if (s.label == NULL)
        major = gss_get_mic_iov(minor, s.context->inner, qop, iov, count);
    else
        major = sign_labelled(minor, &s, qop);
    major = tr_message_confirm_sent(minor, s.context, s.label, major);
    if (GSS_ERROR(major))
        (void)gss_release_iov_buffer(&ignored, iov, count);
    end(&s);
    return major;
}

OM_uint32
gssi_get_mic_iov_length(OM_uint32 *minor, gss_ctx_id_t handle, gss_qop_t qop,
                        gss_iov_buffer_desc *iov, int count)
{
    struct signing s = { .context = (struct tr_context *)handle,
                         .iov = iov, .count = count };
    OM_uint32 major;
    krb5_error_code ret;

    major = tr_mic_enter(minor, s.context);
    if (GSS_ERROR(major))
        return major;
    ret = begin(&s);
    if (ret != 0) {
        major = tr_fail(minor, ret);
    } else {
        major = gss_get_mic_iov_length(minor, s.context->inner, qop, iov,
                                       count);
        if (!GSS_ERROR(major) && s.label != NULL)
            s.token->buffer.length += s.suffix_length;
    }
    end(&s);
    return major;
}

/* --- verifying -------------------------------------------------------------*/

static OM_uint32
verify_labelled(OM_uint32 *minor, struct signing *s, gss_qop_t *qop_out)
{
    gss_buffer_t mic = &s->copy[s->token - s->iov].buffer;
    size_t length;
    OM_uint32 major;
    krb5_error_code ret;

    mic->value = (uint8_t *)mic->value + s->suffix_length;
    mic->length -= s->suffix_length;
    major = gss_verify_mic_iov(minor, s->context->inner, qop_out, s->copy,
                               s->count + 1);
    if (GSS_ERROR(major))
        return major;
    ret = tr_suffix_check(s->context, s->suffix, s->suffix_length, &length,
                          &s->label);
    return ret == 0 ? major : tr_fail(minor, ret);
}

static OM_uint32
verify(OM_uint32 *minor, struct signing *s, gss_qop_t *qop_out)
{
    uint8_t *suffix = NULL;
    size_t length = 0;
    krb5_error_code ret;

    ret = find_token(s);
    if (ret == 0)
        ret = tr_mic_take_prefix(s->context, &s->token->buffer, &suffix,
                                 &length);
    if (ret == 0 && suffix != NULL)
        ret = prepare(s, suffix, length);
    else if (ret == 0 &&
             tr_iov_ends_with(s->iov, s->count, s->context->receive_tag))
        ret = tr_detail(TRR_RECORD, "label record outside of the token");
    if (ret != 0)
        return tr_fail(minor, ret);
    if (suffix == NULL)
        return gss_verify_mic_iov(minor, s->context->inner, qop_out, s->iov,
                                  s->count);
    return verify_labelled(minor, s, qop_out);
}

OM_uint32
gssi_verify_mic_iov(OM_uint32 *minor, gss_ctx_id_t handle, gss_qop_t *qop_out,
                    gss_iov_buffer_desc *iov, int count)
{
    struct signing s = { .context = (struct tr_context *)handle,
                         .iov = iov, .count = count };
    OM_uint32 major;

    major = tr_mic_enter(minor, s.context);
    if (GSS_ERROR(major))
        return major;
    if (s.context->plain)
        major = gss_verify_mic_iov(minor, s.context->inner, qop_out, iov,
                                   count);
    else
        major = verify(minor, &s, qop_out);
    major = tr_message_confirm_received(minor, s.context, &s.label, major);
    if (!GSS_ERROR(major))
        tr_labels_delivered(s.context, s.label);
    end(&s);
    return major;
}
