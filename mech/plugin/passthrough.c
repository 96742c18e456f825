/* mech/plugin/passthrough.c - questions that Kerberos alone answers */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include "gssi.h"
#include "oids.h"

OM_uint32
gssi_inquire_names_for_mech(OM_uint32 *minor, gss_OID mech,
                            gss_OID_set *types_out)
{
    return gss_inquire_names_for_mech(minor, tr_mech_inner(tr_mech_find(mech)),
                                      types_out);
}

OM_uint32
gssi_inquire_attrs_for_mech(OM_uint32 *minor, gss_const_OID mech,
                            gss_OID_set *attrs_out, gss_OID_set *known_out)
{
    return gss_inquire_attrs_for_mech(minor, tr_mech_inner(tr_mech_find(mech)),
                                      attrs_out, known_out);
}

OM_uint32
gssi_mech_invoke(OM_uint32 *minor, const gss_OID mech, const gss_OID object,
                 gss_buffer_t value)
{
    return gssspi_mech_invoke(minor, tr_mech_inner(tr_mech_find(mech)), object,
                              value);
}
