/* realmdb/source_cookie.h - where a provider stands (within realmdb) */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_SOURCE_COOKIE_H
#define TR_SOURCE_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <krb5/krb5.h>

/*
 * An RFC 4533 cookie is opaque to a client, but OpenLDAP's says what it
 * knows: the change sequence number (CSN) of the last change by each server
 * that is written to.  Two of these can be compared, so a provider that was
 * restored to an older state, or lags behind, is recognised.  Cookies of
 * other servers are kept as they are; they cannot be compared.
 */

#define TR_CSN_LENGTH 40        /* 20231121225900.000000Z#000000#000#000000 */
#define TR_MAX_CSNS 64

struct tr_csn {
    char text[TR_CSN_LENGTH + 1];
};

/* Empty when zeroed. */
struct tr_cookie {
    struct tr_csn csns[TR_MAX_CSNS];
    size_t ncsns;
    char *opaque;               /* instead of them, or NULL */
    size_t length;
};

krb5_error_code tr_cookie_parse(const void *octets, size_t length,
                                struct tr_cookie *cookie_out);
/* Add a CSN, as a value of contextCSN; false when it is none. */
bool tr_cookie_add(struct tr_cookie *cookie, const char *csn, size_t length);
krb5_error_code tr_cookie_copy(const struct tr_cookie *cookie,
                               struct tr_cookie *copy_out);
void tr_cookie_clear(struct tr_cookie *cookie);
bool tr_cookie_is_empty(const struct tr_cookie *cookie);

/* Whether cookie lacks anything that known has, as far as can be told. */
bool tr_cookie_is_behind(const struct tr_cookie *cookie,
                         const struct tr_cookie *known);
/* Whether known has all that cookie has: a change that was taken before. */
bool tr_cookie_is_known(const struct tr_cookie *cookie,
                        const struct tr_cookie *known);
/* Make known the latest of both. */
krb5_error_code tr_cookie_merge(struct tr_cookie *known,
                                const struct tr_cookie *cookie);
/*
 * What to send to a provider, malloced; NULL when empty.  The server number
 * that OpenLDAP puts into its cookies is left out: sent back, it would claim
 * to be that server, which gets no changes of its own.
 */
krb5_error_code tr_cookie_format(const struct tr_cookie *cookie,
                                 char **text_out, size_t *length_out);
/* What the table keeps, malloced, with the base that it is about; and what it
 * kept: of another base, or in another form, an empty one. */
krb5_error_code tr_cookie_pack(const struct tr_cookie *cookie,
                               const char *base, uint8_t **octets_out,
                               size_t *length_out);
krb5_error_code tr_cookie_unpack(const void *octets, size_t length,
                                 const char *base,
                                 struct tr_cookie *cookie_out);

#endif
