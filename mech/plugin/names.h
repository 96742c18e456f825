/* mech/plugin/names.h - names of this mechanism */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_NAMES_H
#define TR_NAMES_H

/*
 * A name is a name of Kerberos, always in its canonical form, and for the
 * peer of a context what is known of its label.
 *
 * The mechglue compares names only when they carry the same OID.  Names from
 * contexts and credentials carry the interposer's, canonicalized ones the
 * special OID, exported and imported ones that of krb5; no plugin can change
 * that.  Within each of the three, comparison is that of Kerberos.
 */

#include <gssapi/gssapi.h>
#include <krb5/krb5.h>
#include <stdatomic.h>
#include "attributes.h"

struct tr_shown_name {
    gss_OID type;               /* static */
    char text[];                /* of the principal */
};

struct tr_name {
    gss_name_t inner;
    struct tr_facts *facts;     /* or NULL */
    _Atomic(struct tr_shown_name *) shown;      /* once it was asked for */
};

/* Make a name of *inner, which is taken over (also on error) and must be of
 * the inner mechanism; facts is held. */
krb5_error_code tr_name_create(gss_name_t *inner, struct tr_facts *facts,
                               struct tr_name **name_out);
void tr_name_free(struct tr_name *name);

/* The inner name of a handle that may be GSS_C_NO_NAME. */
gss_name_t tr_name_inner(gss_name_t name);

/*
 * The principal's text, owned by name.  Asking Kerberos takes it about ten
 * microseconds, so it is asked once.
 */
OM_uint32 tr_name_text(OM_uint32 *minor, struct tr_name *name,
                       const char **text_out);
/* Of an inner name; free() it. */
OM_uint32 tr_inner_text(OM_uint32 *minor, gss_name_t inner,
                        struct tr_shown_name **shown_out);

#endif
