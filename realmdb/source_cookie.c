/* realmdb/source_cookie.c - where a provider stands */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "octets.h"
#include "source_cookie.h"
#include "trustrealm_err.h"

#define STORED_FORMAT 2
#define MAX_STORED 65536

/* The server's number in a CSN: three hexadecimal digits. */
#define SID_AT 30
#define SID_LENGTH 3

static bool
is_csn(const char *text, size_t length)
{
    static const char form[] = "dddddddddddddd.ddddddZ#xxxxxx#xxx#xxxxxx";
    size_t i;

    if (length != TR_CSN_LENGTH)
        return false;
    for (i = 0; i < length; i++) {
        if (form[i] == 'd' || form[i] == 'x') {
            if (text[i] == '\0' ||
                strchr(form[i] == 'd' ? "0123456789" :
                       "0123456789abcdefABCDEF", text[i]) == NULL)
                return false;
        } else if (text[i] != form[i]) {
            return false;
        }
    }
    return true;
}

/* The CSN of the same server as csn has; NULL when there is none. */
static const struct tr_csn *
find_csn(const struct tr_cookie *cookie, const char *csn)
{
    size_t i;

    for (i = 0; i < cookie->ncsns; i++) {
        if (memcmp(cookie->csns[i].text + SID_AT, csn + SID_AT,
                   SID_LENGTH) == 0)
            return &cookie->csns[i];
    }
    return NULL;
}

bool
tr_cookie_add(struct tr_cookie *cookie, const char *csn, size_t length)
{
    struct tr_csn *old;

    if (!is_csn(csn, length))
        return false;
    old = (struct tr_csn *)find_csn(cookie, csn);
    if (old == NULL) {
        if (cookie->ncsns == TR_MAX_CSNS)
            return false;
        old = &cookie->csns[cookie->ncsns++];
        old->text[0] = '\0';
    }
    /* Their parts have fixed widths, the time first: text order is age. */
    if (strncmp(old->text, csn, length) < 0) {
        memcpy(old->text, csn, length);
        old->text[length] = '\0';
    }
    return true;
}

/*
 * OpenLDAP's "rid=000,sid=001,csn=CSN;CSN,..."; false when it is not.  Without
 * "csn=" it says nothing: a replica that is itself in a refresh passes its
 * changes on like that.
 */
static bool
parse_csns(const char *text, struct tr_cookie *out)
{
    const char *at = strstr(text, "csn=");
    size_t length;

    if (strncmp(text, "rid=", 4) != 0)
        return false;
    /* "delcsn=" is about deletions that were sent, not about knowledge. */
    while (at != NULL && at != text && at[-1] != ',')
        at = strstr(at + 4, "csn=");
    if (at == NULL)
        return true;
    for (at += 4; ; at += length + 1) {
        length = strcspn(at, ";,");
        if (!tr_cookie_add(out, at, length))
            return false;
        if (at[length] != ';')
            return true;
    }
}

krb5_error_code
tr_cookie_parse(const void *octets, size_t length,
                struct tr_cookie *cookie_out)
{
    char *text;

    memset(cookie_out, 0, sizeof(*cookie_out));
    if (length == 0)
        return 0;
    text = malloc(length + 1);
    if (text == NULL)
        return ENOMEM;
    memcpy(text, octets, length);
    text[length] = '\0';
    if (strlen(text) == length && parse_csns(text, cookie_out)) {
        free(text);
        return 0;
    }
    memset(cookie_out, 0, sizeof(*cookie_out));
    cookie_out->opaque = text;
    cookie_out->length = length;
    return 0;
}

void
tr_cookie_clear(struct tr_cookie *cookie)
{
    free(cookie->opaque);
    memset(cookie, 0, sizeof(*cookie));
}

krb5_error_code
tr_cookie_copy(const struct tr_cookie *cookie, struct tr_cookie *copy_out)
{
    char *opaque = NULL;

    if (cookie->opaque != NULL) {
        opaque = malloc(cookie->length + 1);
        if (opaque == NULL)
            return ENOMEM;
        memcpy(opaque, cookie->opaque, cookie->length + 1);
    }
    *copy_out = *cookie;
    copy_out->opaque = opaque;
    return 0;
}

bool
tr_cookie_is_empty(const struct tr_cookie *cookie)
{
    return cookie->ncsns == 0 && cookie->opaque == NULL;
}

bool
tr_cookie_is_behind(const struct tr_cookie *cookie,
                    const struct tr_cookie *known)
{
    const struct tr_csn *csn;
    size_t i;

    for (i = 0; i < known->ncsns; i++) {
        csn = find_csn(cookie, known->csns[i].text);
        if (csn == NULL || strcmp(csn->text, known->csns[i].text) < 0)
            return true;
    }
    return false;
}

bool
tr_cookie_is_known(const struct tr_cookie *cookie,
                   const struct tr_cookie *known)
{
    return cookie->ncsns > 0 && !tr_cookie_is_behind(known, cookie);
}

krb5_error_code
tr_cookie_merge(struct tr_cookie *known, const struct tr_cookie *cookie)
{
    krb5_error_code ret;
    struct tr_cookie copy;
    size_t i;

    if (tr_cookie_is_empty(cookie))
        return 0;
    if (cookie->opaque != NULL || known->opaque != NULL) {
        ret = tr_cookie_copy(cookie, &copy);
        if (ret)
            return ret;
        tr_cookie_clear(known);
        *known = copy;
        return 0;
    }
    for (i = 0; i < cookie->ncsns; i++) {
        if (!tr_cookie_add(known, cookie->csns[i].text, TR_CSN_LENGTH))
            return TRR_TOO_LONG;
    }
    return 0;
}

krb5_error_code
tr_cookie_format(const struct tr_cookie *cookie, char **text_out,
                 size_t *length_out)
{
    struct tr_cookie copy;
    char *text, *at;
    size_t i;

    *text_out = NULL;
    *length_out = 0;
    if (cookie->opaque != NULL) {
        if (tr_cookie_copy(cookie, &copy) != 0)
            return ENOMEM;
        *text_out = copy.opaque;
        *length_out = copy.length;
        return 0;
    }
    if (cookie->ncsns == 0)
        return 0;
    text = malloc(16 + cookie->ncsns * (TR_CSN_LENGTH + 1));
    if (text == NULL)
        return ENOMEM;
    at = text + snprintf(text, 16, "rid=000,csn=");
    for (i = 0; i < cookie->ncsns; i++) {
        if (i > 0)
            *at++ = ';';
        memcpy(at, cookie->csns[i].text, TR_CSN_LENGTH);
        at += TR_CSN_LENGTH;
    }
    *at = '\0';
    *text_out = text;
    *length_out = (size_t)(at - text);
    return 0;
}

/* --- in the table -------------------------------------------------------- */

krb5_error_code
tr_cookie_unpack(const void *octets, size_t length, const char *base,
                 struct tr_cookie *cookie_out)
{
    struct tr_reader reader;
    const uint8_t *stored;
    uint32_t stored_length;

    memset(cookie_out, 0, sizeof(*cookie_out));
    tr_reader_init(&reader, octets, length);
    if (tr_read_8(&reader) != STORED_FORMAT)
        return 0;
    stored_length = tr_read_32(&reader);
    stored = tr_read_octets(&reader, stored_length);
    if (stored == NULL || stored_length != strlen(base) ||
        memcmp(stored, base, stored_length) != 0)
        return 0;
    return tr_cookie_parse(reader.next, reader.left, cookie_out);
}

krb5_error_code
tr_cookie_pack(const struct tr_cookie *cookie, const char *base,
               uint8_t **octets_out, size_t *length_out)
{
    krb5_error_code ret;
    struct tr_builder builder;
    char *text;
    size_t length;

    *octets_out = NULL;
    *length_out = 0;
    ret = tr_cookie_format(cookie, &text, &length);
    if (ret)
        return ret;
    tr_builder_init(&builder, MAX_STORED);
    tr_add_8(&builder, STORED_FORMAT);
    tr_add_32(&builder, (uint32_t)strlen(base));
    tr_add_octets(&builder, base, strlen(base));
    tr_add_octets(&builder, text, length);
    free(text);
    return tr_builder_take(&builder, octets_out, length_out);
}
