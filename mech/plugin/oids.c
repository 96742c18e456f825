/* mech/plugin/oids.c - object identifiers, and which mechanism to call */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <string.h>
#include "gssi.h"
#include "once.h"
#include "oids.h"

#define INTERPOSER TR_OID_ARC_DER "\x01\x02"
#define OWN TR_OID_ARC_DER "\x01\x01"
#define KRB5 "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"         /* RFC 1964 */
#define KRB5_OLD "\x2b\x05\x01\x05\x02"                     /* its drafts */
#define KRB5_WRONG "\x2a\x86\x48\x82\xf7\x12\x01\x02\x02"   /* Windows 2000 */
#define IAKERB "\x2b\x06\x01\x05\x02\x05"

#define OID(octets) { sizeof(octets) - 1, (void *)(octets) }
#define MECH(octets) { OID(octets), OID(INTERPOSER octets) }

static const gss_OID_desc interposer = OID(INTERPOSER);

static const struct tr_mech mechs[] = {
    MECH(KRB5),
    MECH(KRB5_OLD),
    MECH(KRB5_WRONG),
    MECH(IAKERB),
    { OID(OWN), OID(INTERPOSER KRB5) }
};
#define NMECHS (sizeof(mechs) / sizeof(mechs[0]))
#define MECH_KRB5 (&mechs[0])
#define MECH_IAKERB (&mechs[3])
#define MECH_OWN (&mechs[4])

bool
tr_oid_equal(gss_const_OID a, gss_const_OID b)
{
    return a != NULL && b != NULL && a->length == b->length &&
        memcmp(a->elements, b->elements, a->length) == 0;
}

bool
tr_oid_has_prefix(gss_const_OID oid, gss_const_OID prefix)
{
    return oid != NULL && oid->length >= prefix->length &&
        memcmp(oid->elements, prefix->elements, prefix->length) == 0;
}

const struct tr_mech *
tr_mech_by_octets(const void *octets, size_t length)
{
    size_t i;

    for (i = 0; i < NMECHS; i++) {
        if (mechs[i].public_oid.length == length &&
            memcmp(mechs[i].public_oid.elements, octets, length) == 0)
            return &mechs[i];
    }
    return NULL;
}

const struct tr_mech *
tr_mech_find(gss_const_OID oid)
{
    size_t i;

    for (i = 0; oid != GSS_C_NO_OID && i < NMECHS; i++) {
        if (tr_oid_equal(oid, &mechs[i].public_oid) ||
            tr_oid_equal(oid, &mechs[i].special))
            return &mechs[i];
    }
    return MECH_KRB5;
}

bool
tr_mech_is_own(const struct tr_mech *mech)
{
    return mech == MECH_OWN;
}

bool
tr_mech_is_iakerb(const struct tr_mech *mech)
{
    return mech == MECH_IAKERB;
}

gss_OID
tr_mech_public(const struct tr_mech *mech)
{
    return (gss_OID)&mech->public_oid;
}

gss_OID
tr_mech_kerberos(const struct tr_mech *mech)
{
    return (gss_OID)&(tr_mech_is_own(mech) ? MECH_KRB5 : mech)->public_oid;
}

gss_OID
tr_mech_inner(const struct tr_mech *mech)
{
    if (!tr_once()->interposing)
        return tr_mech_kerberos(mech);
    return (gss_OID)&mech->special;
}

/* --- what the mechglue asks for under its lock --------------------------- */

gss_OID_set
gss_mech_interposer(gss_OID mech)
{
    gss_OID_set set = GSS_C_NO_OID_SET;
    OM_uint32 major, minor, ignored;
    size_t i;

    if (!tr_oid_equal(mech, &interposer))
        return GSS_C_NO_OID_SET;
    major = gss_create_empty_oid_set(&minor, &set);
    for (i = 0; i < NMECHS && major == GSS_S_COMPLETE; i++) {
        if (!tr_mech_is_own(&mechs[i]))
            major = gss_add_oid_set_member(&minor,
                                           (gss_OID)&mechs[i].public_oid,
                                           &set);
    }
    if (major != GSS_S_COMPLETE)
        (void)gss_release_oid_set(&ignored, &set);
    return set;
}

OM_uint32
gssi_internal_release_oid(OM_uint32 *minor, gss_OID *oid)
{
    size_t i;

    *minor = 0;
    for (i = 0; i < NMECHS; i++) {
        if (*oid == &mechs[i].public_oid || *oid == &mechs[i].special) {
            *oid = GSS_C_NO_OID;
            return GSS_S_COMPLETE;
        }
    }
    return GSS_S_CONTINUE_NEEDED;       /* not ours: the next one may know */
}
