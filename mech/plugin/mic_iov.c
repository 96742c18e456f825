/* mech/plugin/mic_iov.c - sign and verify messages in buffers of the caller */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The octets are those of mic.c.  The caller's MIC_TOKEN holds prefix and MIC;
 * for Kerberos the prefix is DATA behind the caller's, in another order.
 */

#include "config.h"
#include <errno.h>
#include <string.h>
#include "gssi.h"
#include "iov.h"
#include "mic.h"
#include "status.h"
#include "trustrealm_err.h"

#define MIC_HEADER_LENGTH 16    /* RFC 4121 4.2.6.1 */

struct call {
    struct tr_context *context;
    gss_iov_buffer_desc *iov;   /* the caller's */
    int count;
    gss_iov_buffer_t token;     /* one of them */
    struct tr_known_label *label;       /* NULL: the established one */
};

static krb5_error_code
find_token(struct call *c)
{
    c->token = tr_iov_find(c->iov, c->count, GSS_IOV_BUFFER_TYPE_MIC_TOKEN);
    return c->token != NULL ? 0 : EINVAL;
}

/* The caller's buffers and the prefix, length octets before the MIC in its
 * token, as Kerberos takes them; release *parts. */
static krb5_error_code
arrange(const struct call *c, size_t length, struct tr_iov *parts)
{
    uint8_t *prefix = c->token->buffer.value;
    gss_iov_buffer_t mic;
    krb5_error_code ret;

    ret = tr_iov_copy(c->iov, c->count, TR_MIC_PARTS, parts);
    if (ret)
        return ret;
    tr_mic_suffix(prefix, length, parts->items + c->count);
    mic = parts->items + (c->token - c->iov);
    mic->type = GSS_IOV_BUFFER_TYPE_MIC_TOKEN;
    mic->buffer.value = prefix + length;
    mic->buffer.length = c->token->buffer.length - length;
    return 0;
}

/* --- signing ------------------------------------------------------------- */

/* The label, if this message needs a record. */
static krb5_error_code
begin(struct call *c)
{
    const struct tr_context *context = c->context;
    krb5_error_code ret;

    if (context->plain ||
        (!tr_message_labelled(context) &&
         !tr_iov_ends_with(c->iov, c->count, context->send_tag)))
        return 0;
    ret = find_token(c);
    return ret == 0 ? tr_labels_issue(c->context, &c->label) : ret;
}

static OM_uint32
sign_labelled(OM_uint32 *minor, struct call *c, gss_qop_t qop)
{
    size_t length = TR_SUFFIX_LENGTH(c->label->record.length);
    struct tr_iov parts;
    struct tr_sizes sizes;
    OM_uint32 major;
    krb5_error_code ret;

    major = tr_message_sizes(minor, c->context, TR_MIC, &sizes);
    if (GSS_ERROR(major))
        return major;
    ret = tr_iov_make_room(c->token, length + sizes.header);
    if (ret == 0) {
        tr_mic_put_prefix(c->context, c->label, c->token->buffer.value);
        ret = arrange(c, length, &parts);
    }
    if (ret)
        return tr_fail(minor, ret);
    major = gss_get_mic_iov(minor, c->context->inner, qop, parts.items,
                            c->count + TR_MIC_PARTS);
    tr_iov_release(&parts);
    return major;
}

OM_uint32
gssi_get_mic_iov(OM_uint32 *minor, gss_ctx_id_t handle, gss_qop_t qop,
                 gss_iov_buffer_desc *iov, int count)
{
    struct call c = { .context = (struct tr_context *)handle,
                      .iov = iov, .count = count };
    OM_uint32 major, ignored;
    krb5_error_code ret;

    major = tr_mic_enter(minor, c.context);
    if (GSS_ERROR(major))
        return major;
    ret = begin(&c);
    if (ret)
        major = tr_fail(minor, ret);
    else if (c.label == NULL)
        major = gss_get_mic_iov(minor, c.context->inner, qop, iov, count);
    else
        major = sign_labelled(minor, &c, qop);
    major = tr_message_confirm_sent(minor, c.context, c.label, major);
    major = tr_message_check_conf(minor, c.context, major, 0);
    tr_labels_release(c.label);
    if (GSS_ERROR(major))
        (void)gss_release_iov_buffer(&ignored, iov, count);
    return major;
}

OM_uint32
gssi_get_mic_iov_length(OM_uint32 *minor, gss_ctx_id_t handle, gss_qop_t qop,
                        gss_iov_buffer_desc *iov, int count)
{
    struct call c = { .context = (struct tr_context *)handle,
                      .iov = iov, .count = count };
    OM_uint32 major;
    krb5_error_code ret;

    major = tr_mic_enter(minor, c.context);
    if (GSS_ERROR(major))
        return major;
    ret = begin(&c);
    if (ret)
        return tr_fail(minor, ret);
    major = gss_get_mic_iov_length(minor, c.context->inner, qop, iov, count);
    if (!GSS_ERROR(major) && c.label != NULL)
        c.token->buffer.length += TR_SUFFIX_LENGTH(c.label->record.length);
    tr_labels_release(c.label);
    return major;
}

/* --- verifying ----------------------------------------------------------- */

static OM_uint32
verify_labelled(OM_uint32 *minor, struct call *c, gss_qop_t *qop_out)
{
    struct tr_iov parts;
    size_t length;
    OM_uint32 major;
    krb5_error_code ret;

    major = tr_mic_prefix(minor, c->context, &c->token->buffer, &length);
    if (GSS_ERROR(major))
        return major;
    ret = arrange(c, length, &parts);
    if (ret)
        return tr_fail(minor, ret);
    major = gss_verify_mic_iov(minor, c->context->inner, qop_out, parts.items,
                               c->count + TR_MIC_PARTS);
    tr_iov_release(&parts);
    if (GSS_ERROR(major))
        return major;
    ret = tr_mic_check(c->context, c->token->buffer.value, length, &c->label);
    return ret == 0 ? major : tr_fail(minor, ret);
}

/* libkrb5 1.20 aborts the process for a MIC of just a header. */
static OM_uint32
verify_plain(OM_uint32 *minor, struct call *c, gss_qop_t *qop_out)
{
    if (find_token(c) == 0 && c->token->buffer.length <= MIC_HEADER_LENGTH)
        return tr_fail_as(minor, TRR_TOKEN, "the MIC is truncated");
    return gss_verify_mic_iov(minor, c->context->inner, qop_out, c->iov,
                              c->count);
}

static OM_uint32
verify(OM_uint32 *minor, struct call *c, gss_qop_t *qop_out)
{
    if (find_token(c) != 0)
        return tr_fail(minor, EINVAL);
    if (tr_mic_has_prefix(c->context, &c->token->buffer))
        return verify_labelled(minor, c, qop_out);
    if (tr_iov_ends_with(c->iov, c->count, c->context->receive_tag))
        return tr_fail_as(minor, TRR_RECORD, "label record outside the token");
    return verify_plain(minor, c, qop_out);
}

OM_uint32
gssi_verify_mic_iov(OM_uint32 *minor, gss_ctx_id_t handle, gss_qop_t *qop_out,
                    gss_iov_buffer_desc *iov, int count)
{
    struct call c = { .context = (struct tr_context *)handle,
                      .iov = iov, .count = count };
    OM_uint32 major;

    major = tr_mic_enter(minor, c.context);
    if (GSS_ERROR(major))
        return major;
    if (c.context->plain)
        major = verify_plain(minor, &c, qop_out);
    else
        major = verify(minor, &c, qop_out);
    major = tr_message_confirm_received(minor, c.context, &c.label, major);
    major = tr_message_check_conf(minor, c.context, major, 0);
    if (!GSS_ERROR(major))
        tr_labels_delivered(c.context, c.label);
    tr_labels_release(c.label);
    return major;
}
