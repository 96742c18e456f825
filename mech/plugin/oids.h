/* mech/plugin/oids.h - object identifiers, and which mechanism to call */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_OIDS_H
#define TR_OIDS_H

/*
 * When the plugin interposes krb5, the mechglue gives the real mechanism
 * another, "special" identifier: the interposer's octets followed by the
 * mechanism's.  Everything that the plugin asks of Kerberos goes to that one;
 * under the public one it would come back to the plugin.
 */

#include <gssapi/gssapi.h>
#include <stdbool.h>

/* gss_krb5_export_lucid_sec_context() appends the version wanted. */
#define TR_LUCID "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x06"

/* A mechanism that applications know by its public OID. */
struct tr_mech {
    gss_OID_desc public_oid;
    gss_OID_desc special;
};

/*
 * The entry for a public or special OID, never NULL: without one, or for an
 * OID that is not a mechanism's (callbacks may get the interposer's), it is
 * krb5.
 */
const struct tr_mech *tr_mech_find(gss_const_OID oid);
/* By the octets of a public OID; NULL when there is none. */
const struct tr_mech *tr_mech_by_octets(const void *octets, size_t length);

bool tr_mech_is_own(const struct tr_mech *mech);
bool tr_mech_is_iakerb(const struct tr_mech *mech);

/* What applications are told, and what Kerberos is called by.  Both are
 * static. */
gss_OID tr_mech_public(const struct tr_mech *mech);
gss_OID tr_mech_inner(const struct tr_mech *mech);
/* The OID inside the tokens that Kerberos itself makes and takes. */
gss_OID tr_mech_kerberos(const struct tr_mech *mech);

bool tr_oid_equal(gss_const_OID a, gss_const_OID b);
bool tr_oid_has_prefix(gss_const_OID oid, gss_const_OID prefix);

#endif
