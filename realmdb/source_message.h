/* realmdb/source_message.h - messages of RFC 4533 (within realmdb) */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_SOURCE_MESSAGE_H
#define TR_SOURCE_MESSAGE_H

#include <stdbool.h>
#include <krb5/krb5.h>
#include <ldap.h>
#include "gathered.h"

/*
 * What a provider sends for a Sync Request, taken apart.  (libldap's
 * ldap_sync_*() do this too, but wait without limit during the refresh, take
 * the first of several received messages for all of them, and have replaced
 * the cookie before the caller can look at the message.)
 */

enum tr_message_kind {
    TR_MESSAGE_OTHER,           /* nothing to do */
    TR_MESSAGE_ENTRY,           /* state, uuid, cookie; dn, values */
    TR_MESSAGE_SET,             /* uuids, deletes, cookie: syncIdSet */
    TR_MESSAGE_COOKIE,          /* cookie: newcookie */
    TR_MESSAGE_PHASE,           /* deletes, done, cookie: refreshDelete or
                                   refreshPresent */
    TR_MESSAGE_END              /* result, text: the search is over */
};

#define TR_UUID_LENGTH 16

struct tr_message {
    enum tr_message_kind kind;
    int state;                  /* LDAP_SYNC_PRESENT, ADD, MODIFY, DELETE */
    struct berval uuid;
    struct berval cookie;       /* no bv_val: none */
    struct berval *uuids;       /* ends with one that has no bv_val */
    bool deletes;               /* not what is present, but what is gone */
    bool done;                  /* the refresh is over */
    int result;                 /* LDAP result code */
    char *text;                 /* "" or the server's */
    char *dn;
    struct tr_gathered values;
    char *why;                  /* a value that cannot be, or NULL */
};

/* TRR_SOURCE when it is malformed; free with tr_message_clear(). */
krb5_error_code tr_message_parse(LDAP *ld, LDAPMessage *raw,
                                 struct tr_message *message_out);
void tr_message_clear(struct tr_message *message);

/* Ask for the content of base and its changes (RFC 4533 refreshAndPersist),
 * from cookie on (bv_val NULL: all of it). */
krb5_error_code tr_message_search(LDAP *ld, const char *base,
                                  const struct berval *cookie, int *id_out);

#endif
