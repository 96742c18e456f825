/* mech/service/recordkey.h - the key of this daemon's association records */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_RECORDKEY_H
#define TR_RECORDKEY_H

#include <krb5/krb5.h>

/*
 * Load the AES-256 key in the file path, or make one when there is none.  It
 * must be a plain file of this user that nobody else can open: TRR_CONFIG
 * otherwise, *why_out (static text) says what is wrong.
 */
krb5_error_code tr_record_key_load(krb5_context context, const char *path,
                                   krb5_key *key_out, const char **why_out);

#endif
