/* tests/integration/interposer.c - an interposer of Kerberos, not ours */
/* SPDX-License-Identifier: BSD-2-Clause */

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_krb5.h>

__attribute__((visibility("default")))
gss_OID_set gss_mech_interposer(gss_OID mech);

gss_OID_set
gss_mech_interposer(gss_OID mech)
{
    gss_OID_set set = GSS_C_NO_OID_SET;
    OM_uint32 minor;

    (void)mech;
    if (gss_create_empty_oid_set(&minor, &set) == GSS_S_COMPLETE)
        (void)gss_add_oid_set_member(&minor, (gss_OID)gss_mech_krb5, &set);
    return set;
}
