/* mech/plugin/iov_unwrap.c - unwrap messages in buffers of the caller */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See iov.c for the layout.  Whether a TRAILER has a suffix in front shows in
 * its length, before anything is decrypted; a suffix anywhere else is found,
 * once Kerberos has verified the message, at the end of the data.
 */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "gssi.h"
#include "iov.h"
#include "message.h"
#include "status.h"
#include "trustrealm_err.h"

/* RFC 4121 4.2.6.2: token id and the flag Sealed. */
#define WRAP_TOKEN_ID "\x05\x04"
#define WRAP_HEADER_LENGTH 16
#define FLAG_SEALED 0x02

struct receiving {
    struct tr_context *context;
    gss_iov_buffer_desc *iov;   /* the caller's */
    int count;
    struct tr_known_label *label;       /* of the message, NULL: established */
    bool opened;                /* by Kerberos */
};

/* Octets in front of Kerberos' trailer in the caller's TRAILER. */
static OM_uint32
measure_suffix(OM_uint32 *minor, const struct receiving *r,
               gss_iov_buffer_t *trailer_out, size_t *suffix_out)
{
    gss_iov_buffer_t header;
    const uint8_t *octets;
    struct tr_sizes sizes;
    OM_uint32 major;

    *suffix_out = 0;
    header = tr_iov_find(r->iov, r->count, GSS_IOV_BUFFER_TYPE_HEADER);
    *trailer_out = tr_iov_find(r->iov, r->count, GSS_IOV_BUFFER_TYPE_TRAILER);
    if (header == NULL || *trailer_out == NULL ||
        header->buffer.length < WRAP_HEADER_LENGTH ||
        memcmp(header->buffer.value, WRAP_TOKEN_ID, 2) != 0)
        return GSS_S_COMPLETE;
    octets = header->buffer.value;
    major = tr_message_sizes(minor, r->context,
                             (octets[2] & FLAG_SEALED) != 0 ? TR_SEALED :
                             TR_SIGNED, &sizes);
    if (!GSS_ERROR(major) && (*trailer_out)->buffer.length > sizes.trailer)
        *suffix_out = (*trailer_out)->buffer.length - sizes.trailer;
    return major;
}

/* --- taking the suffix off ----------------------------------------------- */

/* The suffix came in the TRAILER, by itself. */
static OM_uint32
unwrap_split(OM_uint32 *minor, struct receiving *r, gss_iov_buffer_t trailer,
             size_t suffix, int *conf_out, gss_qop_t *qop_out)
{
    uint8_t *at = trailer->buffer.value;
    struct tr_iov copy;
    size_t length;
    OM_uint32 major;
    krb5_error_code ret;

    ret = tr_iov_copy(r->iov, r->count, 1, &copy);
    if (ret)
        return tr_fail(minor, ret);
    copy.items[trailer - r->iov].buffer.value = at + suffix;
    copy.items[trailer - r->iov].buffer.length -= suffix;
    copy.items[r->count].buffer.value = at;
    copy.items[r->count].buffer.length = suffix;
    major = gss_unwrap_iov(minor, r->context->inner, conf_out, qop_out,
                           copy.items, r->count + 1);
    tr_iov_release(&copy);
    if (GSS_ERROR(major))
        return major;
    if (!tr_ends_with(at, suffix, r->context->receive_tag))
        ret = tr_detail(TRR_RECORD, "the TRAILER is too long");
    if (ret == 0)
        ret = tr_suffix_check(r->context, at, suffix, &length, &r->label);
    if (ret == 0 && length != suffix)
        ret = tr_detail(TRR_RECORD, "the TRAILER is too long");
    return ret == 0 ? major : tr_fail(minor, ret);
}

/* An empty buffer would not be freed by its owner. */
static void
empty(gss_iov_buffer_t buffer)
{
    OM_uint32 ignored;

    (void)gss_release_iov_buffer(&ignored, buffer, 1);
    buffer->buffer.length = 0;
}

/* Shorten the DATA buffers by length octets at the end. */
static krb5_error_code
cut(struct receiving *r, size_t length)
{
    gss_iov_buffer_t buffer;
    OM_uint32 type;
    size_t n;
    int i;

    for (i = r->count - 1; i >= 0 && length > 0; i--) {
        buffer = &r->iov[i];
        type = GSS_IOV_BUFFER_TYPE(buffer->type);
        if (type == GSS_IOV_BUFFER_TYPE_SIGN_ONLY &&
            buffer->buffer.length > 0)
            break;
        if (type != GSS_IOV_BUFFER_TYPE_DATA)
            continue;
        n = buffer->buffer.length < length ? buffer->buffer.length : length;
        if (n == buffer->buffer.length)
            empty(buffer);
        else
            buffer->buffer.length -= n;
        length -= n;
    }
    return length == 0 ? 0 : tr_detail(TRR_RECORD, "the label record is not "
                                       "in the data");
}

/* The suffix, if there is one, came at the end of the data. */
static krb5_error_code
strip(struct receiving *r)
{
    uint8_t *tail;
    size_t have, length;
    krb5_error_code ret;

    if (!tr_iov_ends_with(r->iov, r->count, r->context->receive_tag))
        return 0;
    tail = malloc(TR_MAX_SUFFIX);
    if (tail == NULL)
        return ENOMEM;
    have = tr_iov_tail(r->iov, r->count, tail, TR_MAX_SUFFIX);
    ret = tr_suffix_check(r->context, tail + TR_MAX_SUFFIX - have, have,
                          &length, &r->label);
    if (ret == 0)
        ret = cut(r, length);
    explicit_bzero(tail, TR_MAX_SUFFIX);
    free(tail);
    return ret;
}

/*
 * libkrb5 1.20 takes a token for what it begins like.  As one of RFC 1964 in a
 * context whose enctype is one of RFC 4121, it looks at a key that is not
 * there; as one of RFC 4121 in a context of an older enctype, where those of
 * RFC 1964 are genuine, it runs into an assertion.
 */
static OM_uint32
check_kind(struct receiving *r, const gss_buffer_desc *begin)
{
    bool rfc_4121 = begin->length >= WRAP_HEADER_LENGTH &&
        memcmp(begin->value, WRAP_TOKEN_ID, 2) == 0;
    struct tr_sizes sizes;
    OM_uint32 ignored;
    bool older = tr_message_sizes(&ignored, r->context, TR_SIGNED, &sizes) ==
        GSS_S_UNAVAILABLE;

    return rfc_4121 != older ? GSS_S_COMPLETE : GSS_S_DEFECTIVE_TOKEN;
}

static OM_uint32
unwrap(OM_uint32 *minor, struct receiving *r, int *conf_out,
       gss_qop_t *qop_out)
{
    gss_iov_buffer_t trailer = NULL, begin, stream;
    size_t suffix = 0;
    OM_uint32 major = GSS_S_COMPLETE;
    krb5_error_code ret;

    stream = tr_iov_find(r->iov, r->count, GSS_IOV_BUFFER_TYPE_STREAM);
    begin = stream != NULL ? stream :
        tr_iov_find(r->iov, r->count, GSS_IOV_BUFFER_TYPE_HEADER);
    if (begin != NULL)
        major = check_kind(r, &begin->buffer);
    if (!GSS_ERROR(major) && stream == NULL && !r->context->plain)
        major = measure_suffix(minor, r, &trailer, &suffix);
    if (GSS_ERROR(major))
        return major;
    if (suffix > 0)
        return unwrap_split(minor, r, trailer, suffix, conf_out, qop_out);
    major = gss_unwrap_iov(minor, r->context->inner, conf_out, qop_out, r->iov,
                           r->count);
    r->opened = !GSS_ERROR(major);
    if (GSS_ERROR(major) || r->context->plain)
        return major;
    ret = strip(r);
    return ret == 0 ? major : tr_fail(minor, ret);
}

/* Data that was not to be delivered. */
static void
wipe(gss_iov_buffer_desc *iov, int count)
{
    OM_uint32 ignored;
    int i;

    for (i = 0; i < count; i++) {
        if (GSS_IOV_BUFFER_TYPE(iov[i].type) == GSS_IOV_BUFFER_TYPE_DATA &&
            iov[i].buffer.value != NULL)
            explicit_bzero(iov[i].buffer.value, iov[i].buffer.length);
    }
    (void)gss_release_iov_buffer(&ignored, iov, count);
}

OM_uint32
gssi_unwrap_iov(OM_uint32 *minor, gss_ctx_id_t handle, int *conf_out,
                gss_qop_t *qop_out, gss_iov_buffer_desc *iov, int count)
{
    struct receiving r = { .context = (struct tr_context *)handle,
                           .iov = iov, .count = count };
    OM_uint32 major;
    int conf = 0;

    major = tr_message_enter(minor, r.context);
    if (GSS_ERROR(major))
        return major;
    major = unwrap(minor, &r, &conf, qop_out);
    major = tr_message_confirm_received(minor, r.context, &r.label, major);
    major = tr_message_check_conf(minor, r.context, major, conf);
    if (GSS_ERROR(major)) {
        /* The DATA of a STREAM points nowhere before it was opened. */
        if (r.opened ||
            tr_iov_find(iov, count, GSS_IOV_BUFFER_TYPE_STREAM) == NULL)
            wipe(iov, count);
    } else {
        tr_labels_delivered(r.context, r.label);
        if (conf_out != NULL)
            *conf_out = conf;
    }
    tr_labels_release(r.label);
    return major;
}
