/* mech/plugin/credentials.h - credentials of this mechanism */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_CREDENTIALS_H
#define TR_CREDENTIALS_H

/*
 * A credential is one of Kerberos and, for an initiator that asked for it,
 * the label of the contexts to be made with it.
 */

#include <gssapi/gssapi.h>
#include <krb5/krb5.h>
#include <pthread.h>
#include <stdatomic.h>
#include "oids.h"

struct tr_shown_name;

struct tr_cred {
    gss_cred_id_t inner;
    pthread_mutex_t *mutex;     /* of label: credentials are shared */
    uint64_t serial;            /* 0: of any name; else no other has it */
    char *keytab;               /* of one of any name; NULL: the usual one */
    char *label;                /* local format, or NULL */
    _Atomic(struct tr_shown_name *) client;     /* once it was asked for */
};

/* Make a credential of *inner, which is taken over, also on error. */
krb5_error_code tr_cred_create(gss_cred_id_t *inner,
                               struct tr_cred **cred_out);
void tr_cred_free(struct tr_cred *cred);

/* Of a handle that may be GSS_C_NO_CREDENTIAL; serial and keytab are then 0
 * and "". */
gss_cred_id_t tr_cred_inner(gss_cred_id_t cred);
uint64_t tr_cred_serial(gss_cred_id_t cred);
const char *tr_cred_keytab(gss_cred_id_t cred);

/*
 * Whose it is, owned by cred.  For an initiator that has been used: Kerberos
 * chooses a ticket cache at the first use and keeps to it.
 */
OM_uint32 tr_cred_client(OM_uint32 *minor, struct tr_cred *cred,
                         const char **client_out);
/* It is known already.  client is taken over. */
void tr_cred_show(struct tr_cred *cred, struct tr_shown_name *client);

/* Copy of the label asked for, "" when none was. */
krb5_error_code tr_cred_label(struct tr_cred *cred, char **label_out);
/* label: octets, or GSS_C_NO_BUFFER to forget it. */
krb5_error_code tr_cred_set_label(struct tr_cred *cred, gss_buffer_t label);

/* The default credential. */
OM_uint32 tr_cred_default(OM_uint32 *minor, const struct tr_mech *mech,
                          gss_cred_usage_t usage, struct tr_cred **cred_out);

/* A label in text as an application gives it: malloced, TRR_LABEL_SYNTAX
 * when it cannot be one. */
krb5_error_code tr_label_text(gss_buffer_t label, char **text_out);

#endif
