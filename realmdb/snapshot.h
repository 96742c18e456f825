/* realmdb/snapshot.h - a trust realm table that was signed, in one file */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_SNAPSHOT_H
#define TR_SNAPSHOT_H

#include "record.h"

/*
 * For systems that reach no directory: the LDIF of the table inside a CMS
 * SignedData (RFC 5652) with one signer, in DER.  When it was signed (RFC
 * 5652 11.3) is part of what is signed; it tells how old the table is, and
 * which of two snapshots is the later one.  Whoever signs two waits for the
 * next second in between.
 *
 *     openssl cms -verify -inform DER -in FILE -CAfile SIGNERS -purpose any
 *
 * shows the LDIF.
 */
struct tr_snapshot {
    char *text;                 /* LDIF, not NUL-terminated; free() it */
    size_t length;
    int64_t made;               /* seconds since 1970 */
};

/*
 * Octets of the whole file: 1,500,000 systems, at 210 each.  All of it is in
 * memory before the signature can be verified, twice or, when it was made to
 * do harm, many times: read it where RLIMIT_DATA bounds that.
 */
#define TR_MAX_SNAPSHOT ((size_t)1 << 29)
#define TR_SNAPSHOT_MEMORY (4 * TR_MAX_SNAPSHOT)

/*
 * Read path.  signers is a file of certificates in PEM: those of the signers
 * themselves, or of who issued theirs.  TRR_SOURCE when it cannot be read or
 * believed; *why_out (free() it; may be NULL) says why.
 */
krb5_error_code tr_snapshot_read(const char *path, const char *signers,
                                 struct tr_snapshot *snapshot_out,
                                 char **why_out);

/*
 * Sign text now, by the certificate and the private key in two files (or one)
 * in PEM; a pass phrase is asked for on the terminal.  *octets_out is
 * malloced.  Errors as above.
 */
krb5_error_code tr_snapshot_make(const char *text, size_t length,
                                 const char *certificate, const char *key,
                                 uint8_t **octets_out, size_t *length_out,
                                 char **why_out);

#endif
