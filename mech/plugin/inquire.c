/* mech/plugin/inquire.c - questions about a context, and its options */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <gssapi/gssapi_krb5.h>
#include <string.h>
#include <time.h>
#include "context.h"
#include "gssapi_trustrealm.h"
#include "gssi.h"
#include "marker.h"
#include "message.h"
#include "names.h"
#include "status.h"
#include "trustrealm_err.h"

static const gss_OID_desc message_label = GSS_TRUSTREALM_MESSAGE_LABEL;
static const gss_OID_desc lucid = { sizeof(TR_LUCID) - 1, (void *)TR_LUCID };

OM_uint32
gssi_delete_sec_context(OM_uint32 *minor, gss_ctx_id_t *handle,
                        gss_buffer_t token_out)
{
    *minor = 0;
    if (token_out != GSS_C_NO_BUFFER) {
        token_out->length = 0;
        token_out->value = NULL;
    }
    tr_context_free((struct tr_context *)*handle);
    *handle = GSS_C_NO_CONTEXT;
    return GSS_S_COMPLETE;
}

OM_uint32
gssi_process_context_token(OM_uint32 *minor, gss_ctx_id_t handle,
                           gss_buffer_t token)
{
    struct tr_context *context = (struct tr_context *)handle;

    *minor = 0;
    if (context->stage != TR_READY)
        return GSS_S_NO_CONTEXT;
    return gss_process_context_token(minor, context->inner, token);
}

OM_uint32
gssi_context_time(OM_uint32 *minor, gss_ctx_id_t handle, OM_uint32 *time_out)
{
    struct tr_context *context = (struct tr_context *)handle;
    OM_uint32 major;

    *minor = 0;
    if (context->stage != TR_READY)
        return GSS_S_NO_CONTEXT;
    major = gss_context_time(minor, context->inner, time_out);
    if (GSS_ERROR(major))
        return major;
    *time_out = tr_life_remaining(&context->life, *time_out);
    return *time_out > 0 ? major : GSS_S_CONTEXT_EXPIRED;
}

/* Both names; the peer's carries the label. */
static OM_uint32
put_names(OM_uint32 *minor, struct tr_context *context, gss_name_t *source,
          gss_name_t *target, gss_name_t *source_out, gss_name_t *target_out)
{
    struct tr_name *a = NULL, *b = NULL;
    krb5_error_code ret = 0;

    if (*source != GSS_C_NO_NAME)
        ret = tr_name_create(source, context->initiator ? NULL :
                             context->facts, &a);
    if (ret == 0 && *target != GSS_C_NO_NAME)
        ret = tr_name_create(target, context->initiator ? context->facts :
                             NULL, &b);
    if (ret) {
        tr_name_free(a);
        return tr_fail(minor, ret);
    }
    if (source_out != NULL)
        *source_out = (gss_name_t)a;
    if (target_out != NULL)
        *target_out = (gss_name_t)b;
    return GSS_S_COMPLETE;
}

OM_uint32
gssi_inquire_context(OM_uint32 *minor, gss_ctx_id_t handle,
                     gss_name_t *src_name_out, gss_name_t *targ_name_out,
                     OM_uint32 *lifetime_out, gss_OID *mech_out,
                     OM_uint32 *flags_out, int *initiated_out, int *open_out)
{
    struct tr_context *context = (struct tr_context *)handle;
    gss_name_t source = GSS_C_NO_NAME, target = GSS_C_NO_NAME;
    OM_uint32 major, ignored;

    *minor = 0;
    if (context->stage != TR_READY)
        return GSS_S_NO_CONTEXT;
    major = gss_inquire_context(minor, context->inner,
                                src_name_out != NULL ? &source : NULL,
                                targ_name_out != NULL ? &target : NULL,
                                lifetime_out, NULL, flags_out, initiated_out,
                                open_out);
    if (GSS_ERROR(major))
        return major;
    if (lifetime_out != NULL)
        *lifetime_out = tr_life_remaining(&context->life, *lifetime_out);
    if (flags_out != NULL && !context->identify)
        *flags_out &= ~TR_MARKER_FLAG;
    if (mech_out != NULL)
        *mech_out = tr_mech_public(context->mech);
    major = put_names(minor, context, &source, &target, src_name_out,
                      targ_name_out);
    (void)gss_release_name(&ignored, &source);
    (void)gss_release_name(&ignored, &target);
    return major;
}

/* --- by OID -------------------------------------------------------------- */

/* The kernel that gets the keys cannot be called back: limit its time. */
static void
limit_lucid(struct tr_context *context, gss_buffer_set_t set)
{
    gss_krb5_lucid_context_v1_t *exported = NULL;
    OM_uint32 left = context->life.kernel_lifetime;
    time_t now = time(NULL);

    left = tr_life_remaining(&context->life,
                             left != 0 ? left : GSS_C_INDEFINITE);
    if (set == GSS_C_NO_BUFFER_SET || set->count != 1 ||
        set->elements[0].length != sizeof(exported) ||
        left == GSS_C_INDEFINITE)
        return;
    memcpy(&exported, set->elements[0].value, sizeof(exported));
    /* Kerberos' time stamps are 32 bits, unsigned in later releases. */
    if (exported->endtime == 0 ||
        (uint32_t)exported->endtime > (uint32_t)(now + left))
        exported->endtime = (OM_uint32)(now + left);
}

static OM_uint32
export_lucid(OM_uint32 *minor, struct tr_context *context, gss_OID object,
             gss_buffer_set_t *data_out)
{
    OM_uint32 major;

    major = tr_message_enter(minor, context);
    if (GSS_ERROR(major))
        return major;
    if ((context->life.flags & TR_MAY_EXPORT) == 0)
        return tr_fail_as(minor, TRR_UNSUPPORTED, "the trust realm does not "
                          "allow contexts in the kernel");
    if (context->changed)
        return tr_fail_as(minor, TRR_UNSUPPORTED, "the kernel can send with "
                          "the established label only");
    major = gss_inquire_sec_context_by_oid(minor, context->inner, object,
                                           data_out);
    if (major == GSS_S_COMPLETE)
        limit_lucid(context, *data_out);
    return major;
}

OM_uint32
gssi_inquire_sec_context_by_oid(OM_uint32 *minor, const gss_ctx_id_t handle,
                                const gss_OID object,
                                gss_buffer_set_t *data_out)
{
    struct tr_context *context = (struct tr_context *)handle;
    OM_uint32 major, ignored;

    *minor = 0;
    if (context->stage != TR_READY)
        return GSS_S_NO_CONTEXT;
    if (tr_facts_inquire(context->facts, object, &major, minor, data_out))
        return major;
    if (tr_oid_equal(object, &message_label)) {
        if (context->plain)
            return tr_fail_unlabelled(minor);
        major = tr_labels_inquire(minor, context, data_out);
        if (GSS_ERROR(major))
            (void)gss_release_buffer_set(&ignored, data_out);
        return major;
    }
    if (!context->plain && tr_oid_has_prefix(object, &lucid))
        return export_lucid(minor, context, object, data_out);
    return gss_inquire_sec_context_by_oid(minor, context->inner, object,
                                          data_out);
}

OM_uint32
gssi_set_sec_context_option(OM_uint32 *minor, gss_ctx_id_t *handle,
                            const gss_OID object, const gss_buffer_t value)
{
    struct tr_context *context = (struct tr_context *)*handle;
    krb5_error_code ret;

    *minor = EINVAL;
    if (context == NULL || !tr_oid_equal(object, &message_label))
        return GSS_S_UNAVAILABLE;       /* Kerberos has no options */
    *minor = 0;
    if (context->stage != TR_READY)
        return GSS_S_NO_CONTEXT;
    if (context->plain)
        return tr_fail_unlabelled(minor);
    ret = tr_life_enter(context);
    if (ret == 0)
        ret = tr_labels_choose(context, value);
    return ret == 0 ? GSS_S_COMPLETE : tr_fail(minor, ret);
}

OM_uint32
gssi_pseudo_random(OM_uint32 *minor, gss_ctx_id_t handle, int prf_key,
                   const gss_buffer_t input, ssize_t length,
                   gss_buffer_t output)
{
    struct tr_context *context = (struct tr_context *)handle;
    OM_uint32 major;

    major = tr_message_enter(minor, context);
    if (GSS_ERROR(major))
        return major;
    return gss_pseudo_random(minor, context->inner, prf_key, input, length,
                             output);
}
