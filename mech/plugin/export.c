/* mech/plugin/export.c - hand contexts and credentials to other processes */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * An exported context is what Kerberos exports plus the association record,
 * which only trustrealmd of this system can read.  The record is bound to the
 * key of the context, and whoever imports them is judged anew, so neither can
 * be used with another; a context of Kerberos alone is not imported at all,
 * for that is what would be left of one whose label was taken away.
 */

#include "config.h"
#include <errno.h>
#include <gssapi/gssapi_ext.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "buffer.h"
#include "call.h"
#include "context.h"
#include "credentials.h"
#include "frame.h"
#include "gssi.h"
#include "mechglue.h"
#include "message.h"
#include "names.h"
#include "status.h"
#include "trustrealm_err.h"
#include "union_token.h"

/* Encode value for the application; a key must not stay behind. */
static krb5_error_code
encode(enum tr_wire_type type, const void *value, gss_buffer_t token_out)
{
    uint8_t *octets;
    size_t length;
    krb5_error_code ret;

    ret = tr_wire_encode(type, value, &octets, &length);
    if (ret)
        return ret;
    ret = tr_buffer_copy(octets, length, token_out);
    explicit_bzero(octets, length);
    free(octets);
    return ret;
}

/* --- exporting a context ------------------------------------------------- */

/*
 * The mechglue labels the token with the special OID, by which it would later
 * import it as plain krb5 (not even recognizing the octets).  The handle it
 * passes is a member of its own structure: replace the OID there by the
 * public one, which brings the token back to us.
 */
static void
make_importable(gss_ctx_id_t *handle, const struct tr_mech *mech)
{
    struct tr_union_context *outer;
    gss_OID public_oid = tr_mech_public(mech);

    outer = (struct tr_union_context *)
        ((char *)handle - offsetof(struct tr_union_context, internal));
    if (outer->loopback != outer ||
        !tr_oid_equal(outer->mech_type, &mech->special) ||
        tr_mech_is_own(mech))
        return;
    /* Shorter, so it fits. */
    memcpy(outer->mech_type->elements, public_oid->elements,
           public_oid->length);
    outer->mech_type->length = public_oid->length;
}

static krb5_error_code
encode_context(struct tr_context *context, const gss_buffer_t inner,
               gss_buffer_t token_out)
{
    struct tr_exported_context exported = { .version = TR_VERSION };
    gss_OID mech = tr_mech_public(context->mech);
    gss_buffer_desc token;
    krb5_error_code ret;

    ret = tr_union_take(TR_UNION_CONTEXT, inner, &token);
    if (ret == 0)
        ret = tr_labels_choice(context, &exported.label);
    if (ret)
        return ret;
    exported.mechanism.data = mech->elements;
    exported.mechanism.length = mech->length;
    exported.initiator = context->initiator;
    exported.plain = context->plain;
    exported.identify = context->identify;
    exported.record = context->record;
    exported.inner.data = token.value;
    exported.inner.length = token.length;
    ret = encode(TR_WIRE_EXPORTED_CONTEXT, &exported, token_out);
    free(exported.label);
    return ret;
}

OM_uint32
gssi_export_sec_context(OM_uint32 *minor, gss_ctx_id_t *handle,
                        gss_buffer_t token_out)
{
    struct tr_context *context = (struct tr_context *)*handle;
    gss_buffer_desc inner = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, ignored;
    krb5_error_code ret;

    major = tr_message_enter(minor, context);
    if (GSS_ERROR(major))
        return major;
    major = gss_export_sec_context(minor, &context->inner, &inner);
    if (GSS_ERROR(major))
        return major;
    ret = encode_context(context, &inner, token_out);
    explicit_bzero(inner.value, inner.length);
    (void)gss_release_buffer(&ignored, &inner);
    if (ret == 0)
        make_importable(handle, context->mech);
    tr_context_free(context);
    *handle = GSS_C_NO_CONTEXT;
    return ret == 0 ? GSS_S_COMPLETE : tr_fail(minor, ret);
}

/* --- importing a context ------------------------------------------------- */

static OM_uint32
import_inner(OM_uint32 *minor, struct tr_context *context,
             const struct tr_bytes *inner)
{
    gss_buffer_desc token = { inner->length, inner->data };
    gss_buffer_desc octets = GSS_C_EMPTY_BUFFER;
    OM_uint32 major;
    krb5_error_code ret;

    ret = tr_union_make(TR_UNION_CONTEXT, tr_mech_inner(context->mech), &token,
                        &octets);
    if (ret)
        return tr_fail(minor, ret);
    major = gss_import_sec_context(minor, &octets, &context->inner);
    explicit_bzero(octets.value, octets.length);
    free(octets.value);
    return major;
}

/* The record of an initiator's by-pass is not bound to the context: get one
 * for this context's own target. */
static OM_uint32
prepare_anew(OM_uint32 *minor, struct tr_context *context)
{
    struct tr_call call = { .type = TR_CALL_PREPARE };
    struct tr_reply reply;
    struct tr_shown_name *shown = NULL;
    gss_name_t target = GSS_C_NO_NAME;
    OM_uint32 major, ignored;
    krb5_error_code ret;

    major = gss_inquire_context(minor, context->inner, NULL, &target, NULL,
                                NULL, NULL, NULL, NULL);
    if (!GSS_ERROR(major))
        major = tr_inner_text(minor, target, &shown);
    (void)gss_release_name(&ignored, &target);
    if (GSS_ERROR(major))
        return major;
    call.u.prepare.target = shown->text;
    ret = tr_daemon_ask(&call, TR_REPLY_PREPARED, &reply, NULL);
    free(shown);
    if (ret == 0) {
        if ((reply.u.prepared.flags & TR_IS_PLAIN) == 0)
            ret = tr_detail(TRR_BYPASS, "%s", error_message(TRR_BYPASS));
        tr_context_set_record(context, &reply.u.prepared.record);
        tr_wire_free(TR_WIRE_REPLY, &reply);
    }
    if (ret == 0)
        ret = tr_life_resume(context);
    return ret == 0 ? GSS_S_COMPLETE : tr_fail(minor, ret);
}

/* The role decides which tag belongs to which direction. */
static OM_uint32
check_role(OM_uint32 *minor, const struct tr_context *context)
{
    OM_uint32 major;
    int initiated;

    major = gss_inquire_context(minor, context->inner, NULL, NULL, NULL, NULL,
                                NULL, &initiated, NULL);
    if (GSS_ERROR(major) || context->initiator == (initiated != 0))
        return major;
    return tr_fail_as(minor, TRR_RECORD, "the exported context has the other "
                      "role");
}

/* Derive the keys anew and have the association judged for this process. */
static OM_uint32
resume(OM_uint32 *minor, struct tr_context *context)
{
    OM_uint32 major;
    krb5_error_code ret;

    major = check_role(minor, context);
    if (GSS_ERROR(major))
        return major;
    if (context->plain && context->initiator)
        return prepare_anew(minor, context);
    if (context->record.length == 0)
        return tr_fail_as(minor, TRR_RECORD, "the exported context has no "
                          "association");
    major = tr_context_derive(minor, context);
    if (GSS_ERROR(major))
        return major;
    ret = tr_life_resume(context);
    return ret == 0 ? GSS_S_COMPLETE : tr_fail(minor, ret);
}

static OM_uint32
import(OM_uint32 *minor, struct tr_exported_context *exported,
       struct tr_context **context_out)
{
    gss_buffer_desc label = { strlen(exported->label), exported->label };
    const struct tr_mech *mech;
    struct tr_context *context;
    OM_uint32 major;
    krb5_error_code ret;

    mech = tr_mech_by_octets(exported->mechanism.data,
                             exported->mechanism.length);
    if (exported->version != TR_VERSION || mech == NULL)
        return tr_fail_as(minor, TRR_VERSION, "the exported context has "
                          "another version");
    ret = tr_context_create(mech, exported->initiator, &context);
    if (ret)
        return tr_fail(minor, ret);
    context->plain = exported->plain;
    context->identify = exported->identify;
    tr_context_set_record(context, &exported->record);
    major = import_inner(minor, context, &exported->inner);
    if (!GSS_ERROR(major))
        major = resume(minor, context);
    if (!GSS_ERROR(major) && label.length > 0) {
        ret = tr_labels_choose(context, &label);
        if (ret)
            major = tr_fail(minor, ret);
    }
    if (GSS_ERROR(major)) {
        tr_context_free(context);
        return major;
    }
    *context_out = context;
    return major;
}

OM_uint32
gssi_import_sec_context(OM_uint32 *minor, gss_buffer_t token,
                        gss_ctx_id_t *context_out)
{
    struct tr_exported_context exported;
    struct tr_context *context = NULL;
    OM_uint32 major;

    *minor = 0;
    *context_out = GSS_C_NO_CONTEXT;
    if (tr_wire_decode(TR_WIRE_EXPORTED_CONTEXT, token->value, token->length,
                       &exported) != 0)
        return tr_fail_as(minor, TRR_RECORD, "not a context that this "
                          "mechanism exported");
    major = import(minor, &exported, &context);
    tr_wire_free(TR_WIRE_EXPORTED_CONTEXT, &exported);
    *context_out = (gss_ctx_id_t)context;
    return major;
}

OM_uint32
gssi_import_sec_context_by_mech(OM_uint32 *minor, gss_OID mech,
                                gss_buffer_t token, gss_ctx_id_t *context_out)
{
    return gssi_import_sec_context(minor, token, context_out);
}

/* --- credentials --------------------------------------------------------- */

static krb5_error_code
encode_credential(char *label, const gss_buffer_t inner,
                  gss_buffer_t token_out)
{
    struct tr_exported_credential exported = {
        .version = TR_VERSION, .label = label,
        .inner = { inner->value, inner->length }
    };

    if (*label == '\0')         /* any krb5 mechanism can take it */
        return tr_buffer_copy(inner->value, inner->length, token_out);
    return encode(TR_WIRE_EXPORTED_CREDENTIAL, &exported, token_out);
}

OM_uint32
gssi_export_cred(OM_uint32 *minor, gss_cred_id_t cred, gss_buffer_t token_out)
{
    gss_buffer_desc octets = GSS_C_EMPTY_BUFFER, inner;
    char *label = NULL;
    OM_uint32 major, ignored;
    krb5_error_code ret;

    major = gss_export_cred(minor, tr_cred_inner(cred), &octets);
    if (GSS_ERROR(major))
        return major;
    ret = tr_union_take(TR_UNION_CREDENTIAL, &octets, &inner);
    if (ret == 0)
        ret = tr_cred_label((struct tr_cred *)cred, &label);
    if (ret == 0)
        ret = encode_credential(label, &inner, token_out);
    free(label);
    explicit_bzero(octets.value, octets.length);
    (void)gss_release_buffer(&ignored, &octets);
    return ret == 0 ? GSS_S_COMPLETE : tr_fail(minor, ret);
}

static OM_uint32
import_credential(OM_uint32 *minor, const struct tr_mech *mech,
                  const gss_buffer_t inner, gss_buffer_t label,
                  gss_cred_id_t *cred_out)
{
    gss_buffer_desc octets = GSS_C_EMPTY_BUFFER;
    gss_cred_id_t inner_cred = GSS_C_NO_CREDENTIAL;
    struct tr_cred *cred = NULL;
    OM_uint32 major;
    krb5_error_code ret;

    ret = tr_union_make(TR_UNION_CREDENTIAL, tr_mech_inner(mech), inner,
                        &octets);
    if (ret)
        return tr_fail(minor, ret);
    major = gss_import_cred(minor, &octets, &inner_cred);
    explicit_bzero(octets.value, octets.length);
    free(octets.value);
    if (GSS_ERROR(major))
        return major;
    ret = tr_cred_create(&inner_cred, &cred);
    if (ret == 0)
        ret = tr_cred_set_label(cred, label);
    if (ret) {
        tr_cred_free(cred);
        return tr_fail(minor, ret);
    }
    *cred_out = (gss_cred_id_t)cred;
    return GSS_S_COMPLETE;
}

OM_uint32
gssi_import_cred_by_mech(OM_uint32 *minor, gss_OID mech, gss_buffer_t token,
                         gss_cred_id_t *cred_out)
{
    struct tr_exported_credential exported;
    gss_buffer_desc inner, label;
    OM_uint32 major;

    *minor = 0;
    *cred_out = GSS_C_NO_CREDENTIAL;
    if (tr_wire_decode(TR_WIRE_EXPORTED_CREDENTIAL, token->value,
                       token->length, &exported) != 0)
        return import_credential(minor, tr_mech_find(mech), token,
                                 GSS_C_NO_BUFFER, cred_out);
    inner.value = exported.inner.data;
    inner.length = exported.inner.length;
    label.value = exported.label;
    label.length = strlen(exported.label);
    major = exported.version == TR_VERSION ?
        import_credential(minor, tr_mech_find(mech), &inner, &label,
                          cred_out) : tr_fail(minor, TRR_VERSION);
    tr_wire_free(TR_WIRE_EXPORTED_CREDENTIAL, &exported);
    return major;
}

OM_uint32
gssi_import_cred(OM_uint32 *minor, gss_buffer_t token, gss_cred_id_t *cred_out)
{
    return gssi_import_cred_by_mech(minor, GSS_C_NO_OID, token, cred_out);
}
