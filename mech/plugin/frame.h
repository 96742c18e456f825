/* mech/plugin/frame.h - between our tokens and those of Kerberos */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_FRAME_H
#define TR_FRAME_H

/*
 * Our context tokens are those of Kerberos with a trailer after the AP-REQ
 * or AP-REP and, for the mechanism of our own, another OID.  Tokens that need
 * neither pass untouched.
 */

#include <gssapi/gssapi.h>
#include <krb5/krb5.h>
#include <stdbool.h>
#include "oids.h"
#include "token.h"
#include "wire.h"

/* The token that Kerberos is given: *inner_out is malloced, or empty when the
 * octets can be given as they are.  TRR_TOKEN for one of another mechanism. */
krb5_error_code tr_frame_inner(const struct tr_mech *mech,
                               const struct tr_token *token,
                               gss_buffer_t inner_out);

/*
 * Replace the token in octets that Kerberos made (none if empty) by the one
 * that the application sends, with trailer (may be NULL).  On error octets is
 * released.
 */
krb5_error_code tr_frame_outer(const struct tr_mech *mech,
                               const struct tr_bytes *trailer,
                               gss_buffer_t octets);

/* The one token that a refused peer gets, whatever the reason. */
krb5_error_code tr_frame_refusal(const struct tr_mech *mech,
                                 gss_buffer_t token_out);
/* Is token (of kind TR_TOKEN_ERROR) that one? */
bool tr_frame_is_refusal(const struct tr_token *token);

#endif
