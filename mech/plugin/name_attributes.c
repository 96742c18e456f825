/* mech/plugin/name_attributes.c - attributes of names (RFC 6680) */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <gssapi/gssapi_ext.h>
#include "buffer.h"
#include "gssi.h"
#include "names.h"
#include "status.h"
#include "trustrealm_err.h"

OM_uint32
gssi_inquire_name(OM_uint32 *minor, gss_name_t name, int *is_mn_out,
                  gss_OID *mech_out, gss_buffer_set_t *attrs_out)
{
    const struct tr_facts *facts = ((struct tr_name *)name)->facts;
    OM_uint32 major, ignored;

    major = gss_inquire_name(minor, tr_name_inner(name), is_mn_out, mech_out,
                             attrs_out);
    if (GSS_ERROR(major) || attrs_out == NULL || facts == NULL)
        return major;
    major = tr_attribute_names(minor, facts, attrs_out);
    if (GSS_ERROR(major))
        (void)gss_release_buffer_set(&ignored, attrs_out);
    return major;
}

static OM_uint32
get_fact(OM_uint32 *minor, const struct tr_facts *facts, enum tr_fact fact,
         int *authenticated_out, int *complete_out, gss_buffer_t value_out,
         gss_buffer_t display_out, int *more)
{
    OM_uint32 major, ignored;
    const char *text = NULL;

    *minor = 0;
    if (facts != NULL && fact != TR_NFACTS)
        text = tr_facts_get(facts, fact);
    if (text == NULL)
        return tr_fail_as(minor, TRR_UNSUPPORTED, "the name has no such "
                          "attribute");
    if (authenticated_out != NULL)
        *authenticated_out = tr_facts_labelled(facts);
    if (complete_out != NULL)
        *complete_out = 1;
    if (more != NULL)
        *more = 0;
    major = tr_put_text(minor, text, value_out);
    if (major == GSS_S_COMPLETE) {
        major = tr_put_text(minor, text, display_out);
        if (major != GSS_S_COMPLETE && value_out != GSS_C_NO_BUFFER)
            (void)gss_release_buffer(&ignored, value_out);
    }
    return major;
}

OM_uint32
gssi_get_name_attribute(OM_uint32 *minor, gss_name_t name, gss_buffer_t attr,
                        int *authenticated_out, int *complete_out,
                        gss_buffer_t value_out, gss_buffer_t display_out,
                        int *more)
{
    enum tr_fact fact;

    if (tr_attribute_is_ours(attr, &fact))
        return get_fact(minor, ((struct tr_name *)name)->facts, fact,
                        authenticated_out, complete_out, value_out,
                        display_out, more);
    return gss_get_name_attribute(minor, tr_name_inner(name), attr,
                                  authenticated_out, complete_out, value_out,
                                  display_out, more);
}

/* Ours cannot be changed; what is Kerberos' can, of this name alone. */
static OM_uint32
begin_change(OM_uint32 *minor, gss_name_t name, gss_buffer_t attr)
{
    enum tr_fact fact;

    *minor = 0;
    if (tr_attribute_is_ours(attr, &fact))
        return GSS_S_UNAUTHORIZED;
    return tr_name_unshare(minor, (struct tr_name *)name);
}

OM_uint32
gssi_set_name_attribute(OM_uint32 *minor, gss_name_t name, int complete,
                        gss_buffer_t attr, gss_buffer_t value)
{
    OM_uint32 major = begin_change(minor, name, attr);

    if (GSS_ERROR(major))
        return major;
    return gss_set_name_attribute(minor, tr_name_inner(name), complete, attr,
                                  value);
}

OM_uint32
gssi_delete_name_attribute(OM_uint32 *minor, gss_name_t name,
                           gss_buffer_t attr)
{
    OM_uint32 major = begin_change(minor, name, attr);

    if (GSS_ERROR(major))
        return major;
    return gss_delete_name_attribute(minor, tr_name_inner(name), attr);
}

OM_uint32
gssi_map_name_to_any(OM_uint32 *minor, gss_name_t name, int authenticated,
                     gss_buffer_t type, gss_any_t *any_out)
{
    return gss_map_name_to_any(minor, tr_name_inner(name), authenticated,
                               type, any_out);
}

OM_uint32
gssi_release_any_name_mapping(OM_uint32 *minor, gss_name_t name,
                              gss_buffer_t type, gss_any_t *any)
{
    return gss_release_any_name_mapping(minor, tr_name_inner(name), type, any);
}
