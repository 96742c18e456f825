/* mech/service/cipher.h - what a daemon encrypts for itself alone */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_CIPHER_H
#define TR_CIPHER_H

/*
 * Association records come back to the daemon that made them, or to the next
 * one with the same record key.  No other system has to read them, so they are
 * AES-256-GCM of libcrypto, which costs a tenth of what Kerberos' encryption
 * of the same octets does.
 *
 *     salt, 16 octets || nonce, 12 octets || ciphertext || tag, 16 octets
 *
 * A cipher encrypts under a key of its own, made of the record key and a new
 * random salt, and numbers what it encrypts: no nonce comes twice under a key.
 * Half of it is random, for a machine that goes on from a snapshot has the
 * same number once more.
 */

#include <krb5/krb5.h>
#include "wire.h"

struct tr_cipher;

/* The record key stays the caller's, and must outlive the cipher. */
krb5_error_code tr_cipher_create(krb5_context context, krb5_key record_key,
                                 struct tr_cipher **cipher_out);
void tr_cipher_free(struct tr_cipher *cipher);

krb5_error_code tr_cipher_seal(struct tr_cipher *cipher,
                               const struct tr_bytes *plain,
                               struct tr_bytes *sealed_out);
/* TRR_SEAL for what no cipher with this record key has sealed. */
krb5_error_code tr_cipher_open(struct tr_cipher *cipher,
                               const struct tr_bytes *sealed,
                               struct tr_bytes *plain_out);

#endif
