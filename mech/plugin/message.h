/* mech/plugin/message.h - label records in messages */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_MESSAGE_H
#define TR_MESSAGE_H

/*
 * The data of a message with a label of its own ends with
 *
 *     label record || 2-octet length of the record || 4-octet tag
 *
 * and Kerberos protects all of it as data.  The tag is derived from the key
 * of the context and the direction: exactly the messages that end with it are
 * labelled, so data that happens to end so is sent with a record too.  What
 * Kerberos checksums besides data (associated data) counts as part of the
 * message here, since its checksum does not say where one ends and the other
 * begins.
 */

#include <gssapi/gssapi.h>
#include <krb5/krb5.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "context.h"

#define TR_SUFFIX_LENGTH(record) ((record) + 2 + TR_TAG_LENGTH)
#define TR_MAX_SUFFIX TR_SUFFIX_LENGTH(TR_MAX_LABEL_RECORD)

/*
 * Octets that Kerberos adds in front of a message and behind it; for a MIC,
 * those of the whole token, in front.  They depend on nothing but the
 * enctype: those of a labelled context neither pad nor compress.
 * GSS_S_UNAVAILABLE for one that does.
 */
enum tr_token_use { TR_SIGNED, TR_SEALED, TR_MIC };
struct tr_sizes { uint16_t header, trailer; };
OM_uint32 tr_message_sizes(OM_uint32 *minor, struct tr_context *context,
                           enum tr_token_use use, struct tr_sizes *out);

/* May the context be used now?  GSS_S_COMPLETE, or why not. */
static inline OM_uint32 tr_message_enter(OM_uint32 *minor,
                                         struct tr_context *context);
/* After the inner call that returned major: look again if it succeeded. */
static inline OM_uint32 tr_message_confirm(OM_uint32 *minor,
                                           struct tr_context *context,
                                           OM_uint32 major);

/* The same when a look is not enough; seldom, so out of the others' way. */
#define TR_SELDOM __attribute__((cold))
TR_SELDOM
OM_uint32 tr_message_enter_slowly(OM_uint32 *minor,
                                  struct tr_context *context);
TR_SELDOM
OM_uint32 tr_message_confirm_slowly(OM_uint32 *minor,
                                    struct tr_context *context,
                                    OM_uint32 major);

/*
 * As tr_message_confirm(), of a message sent, or one that arrived, with this
 * label (NULL: the established one).  One that held under an epoch that is
 * over is asked about again.
 */
OM_uint32 tr_message_confirm_sent(OM_uint32 *minor, struct tr_context *context,
                                  const struct tr_known_label *label,
                                  OM_uint32 major);
OM_uint32 tr_message_confirm_received(OM_uint32 *minor,
                                      struct tr_context *context,
                                      struct tr_known_label **label,
                                      OM_uint32 major);

/* Then: refuse a message without confidentiality where that is forced. */
static inline OM_uint32
tr_message_check_conf(OM_uint32 *minor, const struct tr_context *context,
                      OM_uint32 major, int conf);
TR_SELDOM
OM_uint32 tr_message_lacks_conf(OM_uint32 *minor);

static inline OM_uint32
tr_message_enter(OM_uint32 *minor, struct tr_context *context)
{
    *minor = 0;
    if (context->stage == TR_READY &&
        tr_life_is_fresh(&context->life, tr_page_clock()))
        return GSS_S_COMPLETE;
    return tr_message_enter_slowly(minor, context);
}

static inline OM_uint32
tr_message_confirm(OM_uint32 *minor, struct tr_context *context,
                   OM_uint32 major)
{
    if (GSS_ERROR(major) || tr_life_still_holds(&context->life))
        return major;
    return tr_message_confirm_slowly(minor, context, major);
}

static inline bool
tr_message_forces_conf(const struct tr_context *context)
{
    return (context->life.flags & TR_FORCE_CONF) != 0;
}

static inline OM_uint32
tr_message_check_conf(OM_uint32 *minor, const struct tr_context *context,
                      OM_uint32 major, int conf)
{
    if (GSS_ERROR(major) || conf || !tr_message_forces_conf(context))
        return major;
    return tr_message_lacks_conf(minor);
}

static inline bool
tr_ends_with(const void *octets, size_t length,
             const uint8_t tag[TR_TAG_LENGTH])
{
    return length >= TR_TAG_LENGTH &&
        memcmp((const uint8_t *)octets + length - TR_TAG_LENGTH, tag,
               TR_TAG_LENGTH) == 0;
}

/* Does every message of this context go with a record now? */
static inline bool
tr_message_labelled(const struct tr_context *context)
{
    return context->changed ||
        (context->life.flags & TR_EXPLICIT) != 0;
}

/* Must message go with a record?  One that only looks as if it had one gets a
 * real one. */
static inline bool
tr_message_needs_record(const struct tr_context *context,
                        const gss_buffer_desc *message)
{
    return !context->plain &&
        (tr_message_labelled(context) ||
         tr_ends_with(message->value, message->length, context->send_tag));
}

/* Does message, which arrived, say that it has a record? */
static inline bool
tr_message_has_record(const struct tr_context *context,
                      const gss_buffer_desc *message)
{
    return !context->plain &&
        tr_ends_with(message->value, message->length, context->receive_tag);
}

/* What a message with a record needs besides, on the stack as well, the others
 * do not pay for. */
#define TR_APART __attribute__((noinline))

/* Write the suffix for label, TR_SUFFIX_LENGTH(label->record.length). */
void tr_suffix_put(const struct tr_context *context,
                   const struct tr_known_label *label, uint8_t *out);
/*
 * Look at the end of a message that arrived and ends with the tag: check its
 * record.  *length_out is what to take off; the label is to be released.
 */
krb5_error_code tr_suffix_check(struct tr_context *context,
                                const void *octets, size_t length,
                                size_t *length_out,
                                struct tr_known_label **label_out);

#endif
