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
            struct tr_iov *copy)
{
    gss_iov_buffer_desc empty = { GSS_IOV_BUFFER_TYPE_DATA, { 0, NULL } };
    int i;

    copy->items = copy->few;
    if (count < 0 || count > TR_MAX_IOV)
        return EINVAL;
    if (count + more > TR_FEW_IOV)
        copy->items = calloc((size_t)(count + more), sizeof(empty));
    if (copy->items == NULL)
        return ENOMEM;
    memcpy(copy->items, iov, (size_t)count * sizeof(empty));
    for (i = 0; i < more; i++)
        copy->items[count + i] = empty;
    return 0;
}

void
tr_iov_release(struct tr_iov *copy)
{
    if (copy->items != copy->few)
        free(copy->items);
}

krb5_error_code
tr_iov_make_room(gss_iov_buffer_t buffer, size_t length)
{
    if ((buffer->type & GSS_IOV_BUFFER_FLAG_ALLOCATE) != 0) {
        buffer->buffer.value = gssalloc_malloc(length);
        if (buffer->buffer.value == NULL)
            return ENOMEM;
        buffer->type &= ~GSS_IOV_BUFFER_FLAG_ALLOCATE;
        buffer->type |= GSS_IOV_BUFFER_FLAG_ALLOCATED;
    } else if (buffer->buffer.length < length) {
        return tr_detail(TRR_TOO_LONG, "the %s buffer is too short for the "
                         "label", GSS_IOV_BUFFER_TYPE(buffer->type) ==
                         GSS_IOV_BUFFER_TYPE_TRAILER ? "TRAILER" :
                         "MIC_TOKEN");
    }
    buffer->buffer.length = length;
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
};

/* Does this message need a record? */
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
        return tr_fail_as(minor, TRR_UNSUPPORTED, "a message with a label of "
                          "its own needs a TRAILER buffer");
    ret = tr_labels_issue(context, &s->label);
    if (ret)
        return tr_fail(minor, ret);
    s->suffix = TR_SUFFIX_LENGTH(s->label->record.length);
    return GSS_S_COMPLETE;
}

static OM_uint32
wrap_labelled(OM_uint32 *minor, struct sending *s, int *conf_out)
{
    gss_iov_buffer_t trailer, data;
    struct tr_sizes sizes;
    struct tr_iov copy;
    uint8_t *suffix;
    OM_uint32 major;
    krb5_error_code ret;

    major = tr_message_sizes(minor, s->context,
                             s->conf_req ? TR_SEALED : TR_SIGNED, &sizes);
    if (GSS_ERROR(major))
        return major;
    ret = tr_iov_make_room(s->trailer, s->suffix + sizes.trailer);
    if (ret == 0)
        ret = tr_iov_copy(s->iov, s->count, 1, &copy);
    if (ret)
        return tr_fail(minor, ret);
    suffix = s->trailer->buffer.value;
    tr_suffix_put(s->context, s->label, suffix);
    data = &copy.items[s->count];
    data->buffer.value = suffix;
    data->buffer.length = s->suffix;
    trailer = &copy.items[s->trailer - s->iov];
    trailer->type = GSS_IOV_BUFFER_TYPE_TRAILER;
    trailer->buffer.value = suffix + s->suffix;
    trailer->buffer.length = sizes.trailer;
    major = gss_wrap_iov(minor, s->context->inner, s->conf_req, s->qop,
                         conf_out, copy.items, s->count + 1);
    if (!GSS_ERROR(major)) {
        *trailer = *s->trailer;
        memcpy(s->iov, copy.items, (size_t)s->count * sizeof(*s->iov));
    }
    tr_iov_release(&copy);
    return major;
}

static OM_uint32
measure_labelled(OM_uint32 *minor, struct sending *s, int *conf_out)
{
    struct tr_iov copy;
    OM_uint32 major;
    krb5_error_code ret;

    ret = tr_iov_copy(s->iov, s->count, 1, &copy);
    if (ret)
        return tr_fail(minor, ret);
    copy.items[s->count].buffer.length = s->suffix;
    major = gss_wrap_iov_length(minor, s->context->inner, s->conf_req, s->qop,
                                conf_out, copy.items, s->count + 1);
    if (!GSS_ERROR(major)) {
        copy.items[s->trailer - s->iov].buffer.length += s->suffix;
        memcpy(s->iov, copy.items, (size_t)s->count * sizeof(*s->iov));
    }
    tr_iov_release(&copy);
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
        return major;
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
    tr_labels_release(s.label);
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
        return major;
    if (s.label == NULL)
        major = gss_wrap_iov_length(minor, s.context->inner, s.conf_req, qop,
                                    conf_out, iov, count);
    else
        major = measure_labelled(minor, &s, conf_out);
    tr_labels_release(s.label);
    return major;
}
