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
#include <stdint.h>
#include "attributes.h"

struct tr_shown_name {
    gss_OID type;               /* static */
    char text[];                /* of the principal */
};

/* Counted, and shared by names that were imported from the same text. */
struct tr_principal {
    _Atomic unsigned int references;
    gss_name_t inner;
    _Atomic(struct tr_shown_name *) shown;      /* once it was asked for */
};

struct tr_name {
    struct tr_principal *principal;
    struct tr_facts *facts;     /* or NULL */
};

/* Make a name of *inner, which is taken over (also on error) and must be of
 * the inner mechanism; facts is held. */
krb5_error_code tr_name_create(gss_name_t *inner, struct tr_facts *facts,
                               struct tr_name **name_out);
void tr_name_free(struct tr_name *name);

/* Give name, which may share its principal, one of its own before that is
 * changed. */
OM_uint32 tr_name_unshare(OM_uint32 *minor, struct tr_name *name);

/* The inner name of a handle that may be GSS_C_NO_NAME. */
gss_name_t tr_name_inner(gss_name_t name);

/*
 * The principal's text, owned by name.  Asking Kerberos takes it about ten
 * microseconds, so it is asked once.
 */
OM_uint32 tr_name_text(OM_uint32 *minor, struct tr_name *name,
                       const char **text_out);
/* It is known already.  shown is taken over. */
void tr_name_show(struct tr_name *name, struct tr_shown_name *shown);
/* Of an inner name; free() it. */
OM_uint32 tr_inner_text(OM_uint32 *minor, gss_name_t inner,
                        struct tr_shown_name **shown_out);

#endif
