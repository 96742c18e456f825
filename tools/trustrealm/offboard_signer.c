/* tools/trustrealm/offboard_signer.c - certificates that name somebody */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include "offboard.h"
#include "text.h"

/* Is text NAME, or the whole principal NAME@REALM? */
static bool
is_him(const struct offboard *person, const ASN1_STRING *text)
{
    size_t whole = strlen(person->principal);
    size_t length = (size_t)ASN1_STRING_length(text);

    return (length == whole ||
            length == strcspn(person->principal, "/@")) &&
        strncasecmp((const char *)ASN1_STRING_get0_data(text),
                    person->principal, length) == 0;
}

/* By any part of the subject, or an address of e-mail. */
static bool
names_him(const struct offboard *person, X509 *certificate)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    int i;

    for (i = 0; i < X509_NAME_entry_count(subject); i++) {
        if (is_him(person, X509_NAME_ENTRY_get_data(
                       X509_NAME_get_entry(subject, i))))
            return true;
    }
    return X509_check_email(certificate, person->principal, 0, 0) == 1;
}

static void
look_at(struct offboard *person, const char *file, X509 *certificate)
{
    char subject[256] = "";

    (void)X509_NAME_oneline(X509_get_subject_name(certificate), subject,
                            sizeof(subject));
    if (names_him(person, certificate))
        offboard_note(person, OFFBOARD_ROTATE, NULL, file, "signer %s",
                      subject);
    else if (X509_check_ca(certificate) != 0)
        offboard_note(person, OFFBOARD_UNKNOWN, NULL, file, "signers whose "
                      "certificates are of %s", subject);
}

int
offboard_find_signers(struct offboard *person, const char *file)
{
    FILE *stream = tr_text_open(file);
    X509 *certificate;
    size_t n = 0;

    if (stream == NULL)
        return tool_fail(TOOL_SYSTEM, "%s: %s", file, strerror(errno));
    while ((certificate = PEM_read_X509(stream, NULL, NULL, NULL)) != NULL) {
        look_at(person, file, certificate);
        X509_free(certificate);
        n++;
    }
    ERR_clear_error();
    (void)fclose(stream);
    return n > 0 ? TOOL_DONE : tool_fail(TOOL_SYSTEM, "%s: no certificates",
                                         file);
}
