/* mech/plugin/context.h - a security context of this mechanism */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_CONTEXT_H
#define TR_CONTEXT_H

/*
 * A context is a context of Kerberos plus what trustrealmd decided about it.
 * Kerberos does all the cryptography and trustrealmd makes all the decisions;
 * kept here is what ties the two together.
 *
 * Kerberos (1.20) wants a context used by one thread at a time and does not
 * check.  What is kept here stays consistent all the same: after establishment
 * everything that changes is either atomic or under the mutex.
 */

#include <gssapi/gssapi.h>
#include <krb5/krb5.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include "attributes.h"
#include "labels.h"
#include "life.h"
#include "oids.h"
#include "wire.h"

enum tr_stage {
    TR_NEW,                     /* nothing has been asked of Kerberos */
    TR_WAITING,                 /* for the peer's next token */
    TR_READY                    /* messages may pass */
};

struct tr_context {
    /* what each message looks at, side by side; all but changed is fixed once
     * the stage is TR_READY */
    gss_ctx_id_t inner;
    enum tr_stage stage;
    bool plain;                 /* by-pass: Kerberos alone, no label */
    _Atomic bool changed;       /* each message goes with a record */
    uint8_t send_tag[TR_TAG_LENGTH], receive_tag[TR_TAG_LENGTH];
    struct tr_life life;

    /* fixed as well */
    const struct tr_mech *mech;
    bool initiator;
    bool identify;              /* the application itself set this flag */
    struct tr_facts *facts;
    struct tr_bytes record;             /* of trustrealmd */
    /* Ties the record to the inner key; not used by an initiator's by-pass. */
    uint8_t binding[TR_BINDING_LENGTH];
    _Atomic uint32_t sizes[3];          /* of tr_message_sizes() */

    /* of an acceptor whose Kerberos waits for more than the AP-REQ */
    struct tr_bytes ap_req;

    pthread_mutex_t *mutex;
    struct tr_labels labels;
};

krb5_error_code tr_context_create(const struct tr_mech *mech, bool initiator,
                                  struct tr_context **context_out);
/* With the inner context; keys are wiped. */
void tr_context_free(struct tr_context *context);
/* Make it of no more use; the application has yet to delete it. */
void tr_context_kill(struct tr_context *context);

/* Replace the association record; record is taken over. */
void tr_context_set_record(struct tr_context *context,
                           struct tr_bytes *record);

/* Derive binding and tags from the inner context, which is established. */
OM_uint32 tr_context_derive(OM_uint32 *minor, struct tr_context *context);
/* Are the keys by which the inner context, which is established, protects
 * messages of encryption types that may protect labels? */
OM_uint32 tr_context_has_aes(OM_uint32 *minor, struct tr_context *context,
                             bool *aes_out);

/*
 * Both ends have agreed: let messages pass, as trustrealmd says.  Takes over
 * the reference to its page, also on error.
 */
krb5_error_code tr_context_establish(struct tr_context *context,
                                     struct tr_established *established,
                                     struct tr_mapping *page);

#endif
