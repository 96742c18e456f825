/* mech/plugin/names.c - names of this mechanism */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <gssapi/gssapi_ext.h>
#include <stdlib.h>
#include <string.h>
#include "buffer.h"
#include "gssi.h"
#include "names.h"
#include "oids.h"
#include "once.h"
#include "page.h"
#include "profile.h"
#include "recent.h"
#include "status.h"
#include "trustrealm_err.h"

/* --- principals ---------------------------------------------------------- */

/* *inner is taken over, also on error. */
static krb5_error_code
principal_create(gss_name_t *inner, struct tr_principal **principal_out)
{
    struct tr_principal *principal = calloc(1, sizeof(*principal));
    OM_uint32 ignored;

    *principal_out = principal;
    if (principal == NULL) {
        (void)gss_release_name(&ignored, inner);
        return ENOMEM;
    }
    principal->references = 1;
    principal->inner = *inner;
    *inner = GSS_C_NO_NAME;
    return 0;
}

static struct tr_principal *
principal_hold(struct tr_principal *principal)
{
    principal->references++;
    return principal;
}

static void
principal_release(struct tr_principal *principal)
{
    OM_uint32 ignored;

    if (principal == NULL || --principal->references > 0)
        return;
    (void)gss_release_name(&ignored, &principal->inner);
    free(principal->shown);
    free(principal);
}

/* --- what was imported --------------------------------------------------- */

/*
 * The mechglue keeps a name as text and has it imported for each use: a
 * context imports its target at every step, for which Kerberos makes three
 * contexts of its own.  So what a text became is remembered for a second, as
 * long as Kerberos' configuration is.
 */
struct imported {
    struct tr_principal *principal;
    uint64_t until;             /* by tr_page_clock() */
};

/* Type and text, one after the other. */
static krb5_error_code
make_key(gss_buffer_t text, gss_OID type, struct tr_bytes *key_out)
{
    size_t type_length = type != GSS_C_NO_OID ? type->length : 0;
    uint8_t *at;

    key_out->length = sizeof(type_length) + type_length + text->length;
    key_out->data = malloc(key_out->length);
    if (key_out->data == NULL)
        return ENOMEM;
    at = mempcpy(key_out->data, &type_length, sizeof(type_length));
    if (type_length > 0)
        at = mempcpy(at, type->elements, type_length);
    if (text->length > 0)
        memcpy(at, text->value, text->length);
    return 0;
}

/* The principal, held, if it is known. */
static struct tr_principal *
recall(const struct tr_bytes *key)
{
    struct tr_recent *list = &tr_once()->imported;
    struct tr_principal *principal = NULL;
    const struct imported *imported;

    (void)pthread_mutex_lock(&list->mutex);
    imported = tr_recent_find(list, key);
    if (imported != NULL && tr_page_clock() < imported->until)
        principal = principal_hold(imported->principal);
    (void)pthread_mutex_unlock(&list->mutex);
    return principal;
}

/* key is taken over.  Without memory, nothing is remembered. */
static void
remember(struct tr_bytes *key, struct tr_principal *principal)
{
    struct tr_recent *list = &tr_once()->imported;
    struct imported *imported = malloc(sizeof(*imported));

    if (imported == NULL)
        return;
    imported->principal = principal_hold(principal);
    imported->until = tr_page_clock() + TR_PROFILE_HOLD_NS;
    (void)pthread_mutex_lock(&list->mutex);
    imported = tr_recent_put(list, key, imported);
    (void)pthread_mutex_unlock(&list->mutex);
    if (imported != NULL)
        principal_release(imported->principal);
    free(imported);
}

/* --- names --------------------------------------------------------------- */

/* principal is taken over, also on error. */
static krb5_error_code
create(struct tr_principal *principal, struct tr_facts *facts,
       struct tr_name **name_out)
{
    struct tr_name *name = calloc(1, sizeof(*name));

    *name_out = name;
    if (name == NULL) {
        principal_release(principal);
        return ENOMEM;
    }
    name->principal = principal;
    name->facts = tr_facts_hold(facts);
    return 0;
}

krb5_error_code
tr_name_create(gss_name_t *inner, struct tr_facts *facts,
               struct tr_name **name_out)
{
    struct tr_principal *principal;
    krb5_error_code ret;

    *name_out = NULL;
    ret = principal_create(inner, &principal);
    return ret != 0 ? ret : create(principal, facts, name_out);
}

void
tr_name_free(struct tr_name *name)
{
    if (name == NULL)
        return;
    principal_release(name->principal);
    tr_facts_release(name->facts);
    free(name);
}

gss_name_t
tr_name_inner(gss_name_t name)
{
    return name == GSS_C_NO_NAME ? name :
        ((struct tr_name *)name)->principal->inner;
}

OM_uint32
tr_name_unshare(OM_uint32 *minor, struct tr_name *name)
{
    struct tr_principal *own;
    gss_name_t inner = GSS_C_NO_NAME;
    OM_uint32 major;
    krb5_error_code ret;

    if (name->principal->references == 1)
        return GSS_S_COMPLETE;
    major = gss_duplicate_name(minor, name->principal->inner, &inner);
    if (GSS_ERROR(major))
        return major;
    ret = principal_create(&inner, &own);
    if (ret)
        return tr_fail(minor, ret);
    principal_release(name->principal);
    name->principal = own;
    return GSS_S_COMPLETE;
}

OM_uint32
tr_inner_text(OM_uint32 *minor, gss_name_t inner,
              struct tr_shown_name **shown_out)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    struct tr_shown_name *shown;
    gss_OID type = GSS_C_NO_OID;
    OM_uint32 major, ignored;

    *shown_out = NULL;
    major = gss_display_name(minor, inner, &text, &type);
    if (GSS_ERROR(major))
        return major;
    /* A NUL inside would hide the rest of the name from the daemon. */
    if (text.length > TR_MAX_PRINCIPAL ||
        memchr(text.value, '\0', text.length) != NULL) {
        major = tr_fail_as(minor, TRR_TOO_LONG, "unusable principal name");
    } else if ((shown = calloc(1, sizeof(*shown) + text.length + 1)) == NULL) {
        major = tr_fail(minor, ENOMEM);
    } else {
        shown->type = type;
        memcpy(shown->text, text.value, text.length);
        *shown_out = shown;
    }
    (void)gss_release_buffer(&ignored, &text);
    return major;
}

void
tr_name_show(struct tr_name *name, struct tr_shown_name *shown)
{
    struct tr_shown_name *none = NULL;

    if (!atomic_compare_exchange_strong(&name->principal->shown, &none, shown))
        free(shown);            /* another thread was faster */
}

OM_uint32
tr_name_text(OM_uint32 *minor, struct tr_name *name, const char **text_out)
{
    struct tr_principal *principal = name->principal;
    struct tr_shown_name *shown;
    OM_uint32 major;

    *text_out = NULL;
    if (principal->shown == NULL) {
        major = tr_inner_text(minor, principal->inner, &shown);
        if (GSS_ERROR(major))
            return major;
        tr_name_show(name, shown);
    }
    shown = principal->shown;
    *text_out = shown->text;
    return GSS_S_COMPLETE;
}

static OM_uint32
wrap_name(OM_uint32 *minor, gss_name_t *inner, struct tr_facts *facts,
          gss_name_t *name_out)
{
    struct tr_name *name;
    krb5_error_code ret;

    ret = tr_name_create(inner, facts, &name);
    if (ret)
        return tr_fail(minor, ret);
    *name_out = (gss_name_t)name;
    return GSS_S_COMPLETE;
}

/* Always to krb5, whatever framing the name will be used with, and never in
 * place: that aliases the name and costs a conversion at every use. */
static OM_uint32
import(OM_uint32 *minor, gss_buffer_t text, gss_OID type,
       struct tr_principal **principal_out)
{
    gss_name_t general = GSS_C_NO_NAME, inner = GSS_C_NO_NAME;
    OM_uint32 major, ignored;
    krb5_error_code ret;

    *principal_out = NULL;
    major = gss_import_name(minor, text, type, &general);
    if (GSS_ERROR(major))
        return major;
    major = gss_canonicalize_name(minor, general,
                                  tr_mech_inner(tr_mech_find(NULL)), &inner);
    (void)gss_release_name(&ignored, &general);
    if (GSS_ERROR(major))
        return major;
    ret = principal_create(&inner, principal_out);
    return ret != 0 ? tr_fail(minor, ret) : GSS_S_COMPLETE;
}

OM_uint32
gssi_import_name_by_mech(OM_uint32 *minor, gss_OID mech, gss_buffer_t text,
                         gss_OID type, gss_name_t *name_out)
{
    struct tr_bytes key = { NULL, 0 };
    struct tr_principal *principal;
    struct tr_name *name = NULL;
    OM_uint32 major = GSS_S_COMPLETE;
    krb5_error_code ret;

    *minor = 0;
    *name_out = GSS_C_NO_NAME;
    tr_profile_hold();
    ret = make_key(text, type, &key);
    if (ret)
        return tr_fail(minor, ret);
    principal = recall(&key);
    if (principal == NULL) {
        major = import(minor, text, type, &principal);
        if (!GSS_ERROR(major))
            remember(&key, principal);
    }
    if (!GSS_ERROR(major)) {
        ret = create(principal, NULL, &name);
        if (ret)
            major = tr_fail(minor, ret);
    }
    *name_out = (gss_name_t)name;
    free(key.data);
    return major;
}

OM_uint32
gssi_import_name(OM_uint32 *minor, gss_buffer_t text, gss_OID type,
                 gss_name_t *name_out)
{
    return gssi_import_name_by_mech(minor, GSS_C_NO_OID, text, type,
                                    name_out);
}

OM_uint32
gssi_release_name(OM_uint32 *minor, gss_name_t *name)
{
    *minor = 0;
    tr_name_free((struct tr_name *)*name);
    *name = GSS_C_NO_NAME;
    return GSS_S_COMPLETE;
}

OM_uint32
gssi_duplicate_name(OM_uint32 *minor, const gss_name_t name,
                    gss_name_t *name_out)
{
    const struct tr_name *from = (const struct tr_name *)name;
    gss_name_t inner = GSS_C_NO_NAME;
    OM_uint32 major;

    *name_out = GSS_C_NO_NAME;
    major = gss_duplicate_name(minor, from->principal->inner, &inner);
    if (GSS_ERROR(major))
        return major;
    return wrap_name(minor, &inner, from->facts, name_out);
}

OM_uint32
gssi_compare_name(OM_uint32 *minor, gss_name_t a, gss_name_t b, int *equal_out)
{
    return gss_compare_name(minor, tr_name_inner(a), tr_name_inner(b),
                            equal_out);
}

OM_uint32
gssi_display_name(OM_uint32 *minor, gss_name_t handle, gss_buffer_t text_out,
                  gss_OID *type_out)
{
    const struct tr_name *name = (const struct tr_name *)handle;
    const struct tr_shown_name *shown = name->principal->shown;

    if (shown == NULL)
        return gss_display_name(minor, name->principal->inner, text_out,
                                type_out);
    if (type_out != NULL)
        *type_out = shown->type;
    return tr_put_text(minor, shown->text, text_out);
}

OM_uint32
gssi_export_name(OM_uint32 *minor, const gss_name_t name,
                 gss_buffer_t token_out)
{
    return gss_export_name(minor, tr_name_inner(name), token_out);
}

/* Without our attributes: whoever holds an exported name could change them. */
OM_uint32
gssi_export_name_composite(OM_uint32 *minor, gss_name_t name,
                           gss_buffer_t token_out)
{
    return gss_export_name_composite(minor, tr_name_inner(name), token_out);
}

OM_uint32
gssi_localname(OM_uint32 *minor, const gss_name_t name, gss_const_OID mech,
               gss_buffer_t local_out)
{
    return gss_localname(minor, tr_name_inner(name),
                         tr_mech_inner(tr_mech_find(mech)), local_out);
}

OM_uint32
gssi_authorize_localname(OM_uint32 *minor, const gss_name_t name,
                         gss_const_buffer_t user, gss_const_OID type)
{
    gss_name_t local = GSS_C_NO_NAME;
    OM_uint32 major, ignored;

    major = gss_import_name(minor, (gss_buffer_t)user, (gss_OID)type, &local);
    if (GSS_ERROR(major))
        return major;
    major = gss_authorize_localname(minor, tr_name_inner(name), local);
    (void)gss_release_name(&ignored, &local);
    /* A "no" of Kerberos comes out of the mechglue as "unavailable"; if it
     * were passed on, the mechglue above would compare names instead. */
    return major == GSS_S_UNAVAILABLE ? GSS_S_UNAUTHORIZED : major;
}
