/* mech/plugin/attributes.h - what an application may ask about a label */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_ATTRIBUTES_H
#define TR_ATTRIBUTES_H

/*
 * One set of facts serves gss_inquire_sec_context_by_oid() and the RFC 6680
 * attributes of the peer's name.  It is made when a context is established
 * and shared, unchanged, by the context and the names that come from it.
 */

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <krb5/krb5.h>
#include <stdbool.h>
#include "wire.h"

enum tr_fact {
    TR_FACT_STATE, TR_FACT_REALM, TR_FACT_LABEL, TR_FACT_LABEL_LOCAL,
    TR_FACT_LOW, TR_FACT_HIGH, TR_FACT_LOCAL_LOW, TR_FACT_LOCAL_HIGH,
    TR_FACT_PEER_SYSTEM, TR_FACT_CORRELATION, TR_FACT_EPOCH, TR_NFACTS
};

struct tr_facts;

/* The texts are taken out of established. */
krb5_error_code tr_facts_create(struct tr_established *established,
                                bool labelled, struct tr_facts **facts_out);
struct tr_facts *tr_facts_hold(struct tr_facts *facts);
void tr_facts_release(struct tr_facts *facts);

bool tr_facts_labelled(const struct tr_facts *facts);
/* NULL when there is none: an unlabelled context has only the state. */
const char *tr_facts_get(const struct tr_facts *facts, enum tr_fact fact);

/*
 * Answer for an OID of gssapi_trustrealm.h.  False when it is not one of the
 * established facts, and nothing was done.
 */
bool tr_facts_inquire(const struct tr_facts *facts, gss_const_OID object,
                      OM_uint32 *major, OM_uint32 *minor,
                      gss_buffer_set_t *data_out);

/* Is this the name of an attribute of ours?  Then fact_out says which, or
 * TR_NFACTS for one that does not exist. */
bool tr_attribute_is_ours(const gss_buffer_t attr, enum tr_fact *fact_out);
/* Append the names of the attributes that facts has. */
OM_uint32 tr_attribute_names(OM_uint32 *minor, const struct tr_facts *facts,
                             gss_buffer_set_t *set);

#endif
