/* mech/plugin/mic.h - label records in MIC tokens */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_MIC_H
#define TR_MIC_H

#include "message.h"

/* As tr_message_enter(), and may messages only be signed? */
OM_uint32 tr_mic_enter(OM_uint32 *minor, struct tr_context *context);

/* Write the prefix of a token, as long as the suffix it is made of. */
void tr_mic_put_prefix(const uint8_t *suffix, size_t length, uint8_t *out);

/*
 * The suffix that a token's prefix stands for, malloced; NULL when the token
 * has none.  The MIC is what follows *length_out octets.
 */
krb5_error_code tr_mic_take_prefix(const struct tr_context *context,
                                   gss_buffer_t token, uint8_t **suffix_out,
                                   size_t *length_out);

#endif
