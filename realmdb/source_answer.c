/* realmdb/source_answer.c - what a directory answers */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <sys/time.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "boottime.h"
#include "source_answer.h"

/*
 * Cyrus SASL packs what Kerberos says into what says nothing, "SASL(-1):
 * generic failure: GSSAPI Error: MAJOR (MINOR)".  The minor text, if this is
 * such a one.
 */
static char *
gssapi_reason(const char *text)
{
    static const char mark[] = "GSSAPI Error: ";
    const char *major = strstr(text, mark), *minor;
    size_t length;

    minor = major == NULL ? NULL : strstr(major, " (");
    if (minor == NULL)
        return NULL;
    minor += 2;
    length = strlen(minor);
    return length < 2 || minor[length - 1] != ')' ? NULL :
        strndup(minor, length - 1);
}

char *
tr_answer_error(LDAP *ld, int code, const char *step)
{
    char *text = NULL, *server = NULL, *reason;
    bool said, ours = code == LDAP_LOCAL_ERROR;

    (void)ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &server);
    said = server != NULL && *server != '\0';
    reason = said && (ours || code == LDAP_OTHER) ? gssapi_reason(server) :
        NULL;
    if (reason != NULL ? asprintf(&text, "%s: %s%s", step, ours ? "" :
                                  "the server says: ", reason) < 0 :
        asprintf(&text, "%s: %s%s%s%s", step, ldap_err2string(code),
                 said ? " (" : "", said ? server : "", said ? ")" : "") < 0)
        text = NULL;
    free(reason);
    ldap_memfree(server);
    return text;
}

/*
 * libldap is asked for any message: waiting for a certain one it would end
 * the program over a notification that has an empty name.  And for one: until
 * an answer is whole it would keep whatever comes, before it is known from
 * whom, and be as large as that.
 */
int
tr_answer_wait(LDAP *ld, int id, int timeout_s, LDAPMessage **message_out)
{
    int64_t end = tr_boottime() + timeout_s * 1000LL, left;
    struct timeval wait;
    int code;

    for (;;) {
        *message_out = NULL;
        left = end - tr_boottime();
        if (left <= 0)
            return LDAP_TIMEOUT;
        wait.tv_sec = left / 1000;
        wait.tv_usec = left % 1000 * 1000;
        code = ldap_result(ld, LDAP_RES_ANY, LDAP_MSG_ONE, &wait, message_out);
        if (code == 0)
            return LDAP_TIMEOUT;
        if (code < 0) {
            (void)ldap_get_option(ld, LDAP_OPT_RESULT_CODE, &code);
            return code;
        }
        if (ldap_msgid(*message_out) == id)
            return LDAP_SUCCESS;
        ldap_msgfree(*message_out);
    }
}

int
tr_answer_result(LDAP *ld, int id, int timeout_s)
{
    LDAPMessage *answer;
    int code, result;

    code = tr_answer_wait(ld, id, timeout_s, &answer);
    if (code == LDAP_SUCCESS)
        code = ldap_parse_result(ld, answer, &result, NULL, NULL, NULL, NULL,
                                 1);
    return code == LDAP_SUCCESS ? result : code;
}
