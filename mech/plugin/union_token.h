/* mech/plugin/union_token.h - the frame of exported contexts, credentials */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_UNION_TOKEN_H
#define TR_UNION_TOKEN_H

/*
 * The mechglue puts the mechanism's OID before what a mechanism exports:
 *
 *     context       4-octet length || OID || token
 *     credential    4-octet length || OID || 4-octet length || token
 *
 * The OID in there is what it dispatches by when importing.
 */

#include <gssapi/gssapi.h>
#include <krb5/krb5.h>

enum tr_union_kind { TR_UNION_CONTEXT, TR_UNION_CREDENTIAL };

/* *token_out points into octets.  TRR_TRUNCATED, or TRR_UNSUPPORTED for a
 * credential of several mechanisms. */
krb5_error_code tr_union_take(enum tr_union_kind kind,
                              const gss_buffer_t octets,
                              gss_buffer_t token_out);

/* *octets_out is malloced. */
krb5_error_code tr_union_make(enum tr_union_kind kind, gss_const_OID oid,
                              const gss_buffer_t token,
                              gss_buffer_t octets_out);

#endif
