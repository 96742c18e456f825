/* mech/plugin/mic.h - label records in MIC tokens */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_MIC_H
#define TR_MIC_H

#include <gssapi/gssapi_ext.h>
#include "message.h"

/* As tr_message_enter(), and may messages only be signed? */
static inline OM_uint32
tr_mic_enter(OM_uint32 *minor, struct tr_context *context)
{
    OM_uint32 major = tr_message_enter(minor, context);

    return GSS_ERROR(major) ? major :
        tr_message_check_conf(minor, context, major, 0);
}

/* Octets of a prefix in front of its record. */
#define TR_MIC_RECORD_AT (TR_TAG_LENGTH + 2)

/* Does a token that arrived have a prefix? */
static inline bool
tr_mic_has_prefix(const struct tr_context *context,
                  const gss_buffer_desc *token)
{
    return !context->plain && token->length >= TR_MIC_RECORD_AT &&
        memcmp(token->value, context->receive_tag, TR_TAG_LENGTH) == 0;
}

/* Write the prefix for label, TR_SUFFIX_LENGTH(label->record.length). */
void tr_mic_put_prefix(const struct tr_context *context,
                       const struct tr_known_label *label, uint8_t *out);

/* Length of the prefix of a token that has one; the MIC after it is of the
 * length that it ought to have. */
OM_uint32 tr_mic_prefix(OM_uint32 *minor, struct tr_context *context,
                        const gss_buffer_t token, size_t *length_out);

/* The octets of a prefix as three DATA buffers, in the order of a suffix. */
#define TR_MIC_PARTS 3
void tr_mic_suffix(const uint8_t *prefix, size_t length,
                   gss_iov_buffer_desc out[TR_MIC_PARTS]);

/* What a prefix, now verified, stands for; release it. */
krb5_error_code tr_mic_check(struct tr_context *context,
                             const uint8_t *prefix, size_t length,
                             struct tr_known_label **label_out);

#endif
