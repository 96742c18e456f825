/* tests/fuzz/bare.h - what messages pass through, left bare */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_FUZZ_BARE_H
#define TR_FUZZ_BARE_H

/*
 * In the place of libgssapi there is a Kerberos without a key: what it makes
 * has the form of RFC 4121, and what has that form is genuine to it.  So the
 * peer may say anything, like one that has the key.
 */

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>

#define BARE_HEADER 16          /* of a wrapped message */
#define BARE_TRAILER 12
#define BARE_MIC 28
#define BARE_WRAP "\x05\x04\x02\xff\0\0\0\0\0\0\0\0\0\0\0\0"   /* sealed */

/*
 * For the plugin there is a trustrealmd to which a label record is BARE_RECORD
 * and the label's text, and a context that is both ends of a connection.
 */
#define BARE_RECORD 'R'
struct tr_context *bare_context(void);
void bare_context_free(struct tr_context *context);

#endif
