/* mech/plugin/iov.c - wrap and unwrap messages in buffers of the caller */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A caller's buffers: HEADER, then DATA and SIGN_ONLY in any order, PADDING,
 * TRAILER.  The suffix of a labelled message (message.h) is sent at the front
 * of the TRAILER; for Kerberos it is one more DATA buffer behind all others:
 *
 *     caller    HEADER  DATA ... SIGN_ONLY ...  |     TRAILER     |
 *     Kerberos  HEADER  DATA ... SIGN_ONLY ...  |  DATA  |TRAILER |
 *
 * so that the checksum covers it last.  A caller without TRAILER (its octets
 * then travel in the HEADER) leaves no place behind the data, and a message
 * with a label of its own is refused.  A peer that uses gss_wrap() sends the
 * same octets; they then end up at the end of the last DATA buffer.
 */

#include "config.h"
#include <errno.h>
#include <gssapi/gssapi_alloc.h>
#include <gssapi/gssapi_ext.h>
#include <stdlib.h>
#include <string.h>
#include "gssi.h"
#include "iov.h"
#include "message.h"
#include "status.h"
#include "trustrealm_err.h"

gss_iov_buffer_t
tr_iov_find(gss_iov_buffer_desc *iov, int count, OM_uint32 type)
{
    int i;

    for (i = 0; i < count; i++) {
        if (GSS_IOV_BUFFER_TYPE(iov[i].type) == type)
            return &iov[i];
    }
    return NULL;
}

/* Is it part of what Kerberos takes its checksum of? */
static bool
is_message(const gss_iov_buffer_desc *buffer)
{
    OM_uint32 type = GSS_IOV_BUFFER_TYPE(buffer->type);

    return type == GSS_IOV_BUFFER_TYPE_DATA ||
        type == GSS_IOV_BUFFER_TYPE_SIGN_ONLY;
}

size_t
tr_iov_tail(const gss_iov_buffer_desc *iov, int count, uint8_t *out,
            size_t size)
{
    size_t have = 0, n;
    int i;

    for (i = count - 1; i >= 0 && have < size; i--) {
        if (!is_message(&iov[i]) || iov[i].buffer.length == 0)
            continue;
        if (iov[i].buffer.value == NULL)        /* only lengths are asked */
            break;
        n = iov[i].buffer.length < size - have ? iov[i].buffer.length :
            size - have;
        memcpy(out + size - have - n,
               (uint8_t *)iov[i].buffer.value + iov[i].buffer.length - n, n);
        have += n;
    }
    return have;
}

bool
tr_iov_ends_with(const gss_iov_buffer_desc *iov, int count,
                 const uint8_t tag[TR_TAG_LENGTH])
{
    uint8_t tail[TR_TAG_LENGTH];

    return tr_iov_tail(iov, count, tail, sizeof(tail)) == sizeof(tail) &&
        memcmp(tail, tag, sizeof(tail)) == 0;
}

krb5_error_code
tr_iov_copy(const gss_iov_buffer_desc *iov, int count, int more,
            gss_iov_buffer_desc **copy_out)
{
    gss_iov_buffer_desc *copy;
    int i;

    if (count < 0 || count > TR_MAX_IOV)
        return EINVAL;
    copy = calloc((size_t)(count + more), sizeof(*copy));
    if (copy == NULL)
        return ENOMEM;
    memcpy(copy, iov, (size_t)count * sizeof(*copy));
    for (i = 0; i < more; i++)
        copy[count + i].type = GSS_IOV_BUFFER_TYPE_DATA;
    *copy_out = copy;
    return 0;
}

/* --- sending ------------------------------------------------------------- */

struct sending {
    struct tr_context *context;
    int conf_req;
    gss_qop_t qop;
    gss_iov_buffer_desc *iov;   /* the caller's */
    int count;
    gss_iov_buffer_t trailer;   /* one of them */
    struct tr_known_label *label;       /* NULL: the established one */
    size_t suffix;              /* octets for it */
    gss_iov_buffer_desc *lengths;       /* as Kerberos wants them, with the
                                           suffix as last DATA */
};

/* Does this message need a record?  Then measure its buffers. */
static OM_uint32
begin(OM_uint32 *minor, struct sending *s)
{
    struct tr_context *context = s->context;
    krb5_error_code ret;

    s->conf_req = s->conf_req || tr_message_forces_conf(context);
    if (context->plain ||
        (!tr_message_labelled(context) &&
         !tr_iov_ends_with(s->iov, s->count, context->send_tag)))
        return GSS_S_COMPLETE;
    s->trailer = tr_iov_find(s->iov, s->count, GSS_IOV_BUFFER_TYPE_TRAILER);
    if (s->trailer == NULL)
        return tr_fail(minor, tr_detail(TRR_UNSUPPORTED, "a message with a "
                                        "label of its own needs a TRAILER "
                                        "buffer"));
    ret = tr_labels_issue(context, &s->label);
    if (ret == 0)
        ret = tr_iov_copy(s->iov, s->count, 1, &s->lengths);
    if (ret != 0)
        return tr_fail(minor, ret);
    s->suffix = TR_SUFFIX_LENGTH(s->label->record.length);
    s->lengths[s->count].buffer.length = s->suffix;
    return gss_wrap_iov_length(minor, context->inner, s->conf_req, s->qop,
                               NULL, s->lengths, s->count + 1);
}

static void
end(struct sending *s)
{
    tr_labels_release(s->label);
    free(s->lengths);
}

/* Octets of Kerberos' own trailer; 0 when labels of their own do not go with
 * the enctype (which pads, or has no trailer). */
static size_t
inner_trailer(const struct sending *s)
{
    gss_iov_buffer_t padding;

    padding = tr_iov_find(s->lengths, s->count, GSS_IOV_BUFFER_TYPE_PADDING);
    if (padding != NULL && padding->buffer.length != 0)
        return 0;
    return s->lengths[s->trailer - s->iov].buffer.length;
}

/* Make room in the caller's TRAILER for suffix and inner trailer. */
static krb5_error_code
make_room(struct sending *s, size_t length)
{
    gss_iov_buffer_t trailer = s->trailer;

    if ((trailer->type & GSS_IOV_BUFFER_FLAG_ALLOCATE) != 0) {
        trailer->buffer.value = gssalloc_malloc(length);
        if (trailer->buffer.value == NULL)
            return ENOMEM;
        trailer->type &= ~GSS_IOV_BUFFER_FLAG_ALLOCATE;
        trailer->type |= GSS_IOV_BUFFER_FLAG_ALLOCATED;
    } else if (trailer->buffer.length < length) {
        return tr_detail(TRR_TOO_LONG, "the TRAILER buffer is too short for "
                         "the label");
    }
    trailer->buffer.length = length;
    return 0;
}

static OM_uint32
wrap_labelled(OM_uint32 *minor, struct sending *s, int *conf_out)
{
    size_t inner = inner_trailer(s), at = (size_t)(s->trailer - s->iov);
    gss_iov_buffer_desc *copy = NULL;
    uint8_t *suffix;
    OM_uint32 major;
    krb5_error_code ret = 0;

    if (inner == 0)
        ret = tr_detail(TRR_UNSUPPORTED, "no label of its own with this "
                        "encryption type");
    if (ret == 0)
        ret = make_room(s, s->suffix + inner);
    if (ret == 0)
        ret = tr_iov_copy(s->iov, s->count, 1, &copy);
    if (ret != 0)
        return tr_fail(minor, ret);
    suffix = s->trailer->buffer.value;
    tr_suffix_put(s->context, s->label, suffix);
    copy[s->count].buffer.value = suffix;
    copy[s->count].buffer.length = s->suffix;
    copy[at].type = GSS_IOV_BUFFER_TYPE_TRAILER;
    copy[at].buffer.value = suffix + s->suffix;
    copy[at].buffer.length = inner;
    major = gss_wrap_iov(minor, s->context->inner, s->conf_req, s->qop,
                         conf_out, copy, s->count + 1);
    if (!GSS_ERROR(major)) {
        copy[at] = *s->trailer;
        memcpy(s->iov, copy, (size_t)s->count * sizeof(*copy));
    }
    free(copy);
    return major;
}

/* Leave nothing behind that could still be sent. */
static void
spoil(gss_iov_buffer_desc *iov, int count)
{
    gss_iov_buffer_t header;
    OM_uint32 ignored;

    header = tr_iov_find(iov, count, GSS_IOV_BUFFER_TYPE_HEADER);
    if (header != NULL && header->buffer.value != NULL)
        explicit_bzero(header->buffer.value, header->buffer.length);
    (void)gss_release_iov_buffer(&ignored, iov, count);
}

OM_uint32
gssi_wrap_iov(OM_uint32 *minor, gss_ctx_id_t handle, int conf_req,
              gss_qop_t qop, int *conf_out, gss_iov_buffer_desc *iov,
              int count)
{
    struct sending s = { .context = (struct tr_context *)handle,
                         .conf_req = conf_req, .qop = qop,
                         .iov = iov, .count = count };
    OM_uint32 major;
    int conf = 0;

    major = tr_message_enter(minor, s.context);
    if (GSS_ERROR(major))
        return major;
    major = begin(minor, &s);
    if (GSS_ERROR(major))
        goto cleanup;
    if (s.label == NULL)
        major = gss_wrap_iov(minor, s.context->inner, s.conf_req, qop, &conf,
                             iov, count);
    else
        major = wrap_labelled(minor, &s, &conf);
    major = tr_message_confirm_sent(minor, s.context, s.label, major);
    major = tr_message_check_conf(minor, s.context, major, conf);
    if (GSS_ERROR(major))
        spoil(iov, count);
    else if (conf_out != NULL)
        *conf_out = conf;

cleanup:
    end(&s);
    return major;
}

OM_uint32
gssi_wrap_iov_length(OM_uint32 *minor, gss_ctx_id_t handle, int conf_req,
                     gss_qop_t qop, int *conf_out, gss_iov_buffer_desc *iov,
                     int count)
{
    struct sending s = { .context = (struct tr_context *)handle,
                         .conf_req = conf_req, .qop = qop,
                         .iov = iov, .count = count };
    OM_uint32 major;

    major = tr_message_enter(minor, s.context);
    if (GSS_ERROR(major))
        return major;
    major = begin(minor, &s);
    if (GSS_ERROR(major))
        goto cleanup;
    if (s.label == NULL) {
        major = gss_wrap_iov_length(minor, s.context->inner, s.conf_req, qop,
                                    conf_out, iov, count);
        goto cleanup;
    }
    s.lengths[s.trailer - s.iov].buffer.length += s.suffix;
    memcpy(iov, s.lengths, (size_t)count * sizeof(*iov));
    if (conf_out != NULL)
        *conf_out = s.conf_req;

cleanup:
    end(&s);
    return major;
}
