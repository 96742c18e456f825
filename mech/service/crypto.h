/* mech/service/crypto.h - what the service encrypts and how */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_CRYPTO_H
#define TR_CRYPTO_H

/*
 * Every cryptographic operation on what systems tell each other, outside
 * GSS-API, is one of these.  Keys are Kerberos keys of the AES encryption
 * types; RFC 3961 and RFC 3962 or RFC 8009 define all that happens with them,
 * and libkrb5 does it.  Digests, which have no key, are libcrypto's.
 */

#include <stdbool.h>
#include <krb5/krb5.h>
#include "wire.h"

/* RFC 4120 7.5.1: 1024-2047 are the application's, even ones encrypt. */
enum tr_usage {
    TR_USAGE_ACCEPTANCE = 1026,
    TR_USAGE_LABEL_INITIATOR = 1028,    /* by whose system it was made */
    TR_USAGE_LABEL_ACCEPTOR = 1032
};

/*
 * A context that knows only the AES encryption types, and of these only what
 * krb5.conf permits; TRR_CONFIG when that is none.  krb5_free_context() it.
 * A context is used by one thread.
 */
krb5_error_code tr_context_create(krb5_context *context_out);

/* The mandatory (keyed) checksum type of an AES encryption type, else 0. */
krb5_cksumtype tr_checksum_type(krb5_enctype enctype);

void tr_bytes_free(struct tr_bytes *bytes);     /* wiped */
krb5_error_code tr_bytes_copy(const void *octets, size_t length,
                              struct tr_bytes *out);
/* In constant time for equal lengths. */
bool tr_bytes_equal(const struct tr_bytes *a, const struct tr_bytes *b);

krb5_error_code tr_random(krb5_context context, void *out, size_t length);

krb5_error_code tr_encrypt(krb5_context context, krb5_key key,
                           enum tr_usage usage, const void *octets,
                           size_t length, struct tr_bytes *out);
/* TRR_SEAL when octets were not encrypted by key for usage. */
krb5_error_code tr_decrypt(krb5_context context, krb5_key key,
                           enum tr_usage usage, const void *octets,
                           size_t length, struct tr_bytes *out);

/*
 * SHA-256 over what and then the parts, each preceded by its length in 4
 * octets (big-endian), so that none can grow at another's expense.  what says
 * what is digested, so that no digest passes for one of another kind.
 */
krb5_error_code tr_digest(const char *what, const struct tr_bytes *parts,
                          size_t nparts, struct tr_bytes *out);

/*
 * The key of an association: prf+(subkey, "assoc" || id || transcript), of
 * the same encryption type as subkey.
 */
krb5_error_code tr_association_key(krb5_context context, krb5_key subkey,
                                   const struct tr_bytes *id,
                                   const struct tr_bytes *transcript,
                                   krb5_key *key_out);

/* To and from the form that records keep.  TRR_RECORD for other types. */
krb5_error_code tr_key_export(krb5_context context, krb5_key key,
                              int64_t *enctype_out, struct tr_bytes *out);
krb5_error_code tr_key_import(krb5_context context, int64_t enctype,
                              const struct tr_bytes *octets,
                              krb5_key *key_out);

#endif
