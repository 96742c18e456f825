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

/* Type and text, one after the other. */
static krb5_error_code
make_key(gss_buffer_t text, gss_OID type, struct tr_imported *item)
{
    size_t type_length = type != GSS_C_NO_OID ? type->length : 0;
    uint8_t *at;

    item->length = sizeof(type_length) + type_length + text->length;
    item->key = malloc(item->length);
    if (item->key == NULL)
        return ENOMEM;
    at = mempcpy(item->key, &type_length, sizeof(type_length));
    if (type_length > 0)
        at = mempcpy(at, type->elements, type_length);
    if (text->length > 0)
        memcpy(at, text->value, text->length);
    return 0;
}

/* With the mutex held; NULL when there is none. */
static struct tr_imported *
find_imported(struct tr_imported_list *list, const struct tr_imported *wanted)
{
    size_t i;

    for (i = 0; i < TR_MAX_IMPORTED; i++) {
        if (list->items[i].key != NULL &&
            list->items[i].length == wanted->length &&
            memcmp(list->items[i].key, wanted->key, wanted->length) == 0)
            return &list->items[i];
    }
    return NULL;
}

/* The principal, held, if it is known. */
static struct tr_principal *
recall(const struct tr_imported *wanted)
{
    struct tr_imported_list *list = &tr_once()->imported;
    struct tr_principal *principal = NULL;
    struct tr_imported *item;

    (void)pthread_mutex_lock(&list->mutex);
    item = find_imported(list, wanted);
    if (item != NULL && tr_page_clock() < item->until)
        principal = principal_hold(item->principal);
    (void)pthread_mutex_unlock(&list->mutex);
    return principal;
}

/* The key is taken over; what had its place is left in *item. */
static void
remember(struct tr_imported *item, struct tr_principal *principal)
{
    struct tr_imported_list *list = &tr_once()->imported;
    struct tr_imported *place, before;

    item->principal = principal_hold(principal);
    item->until = tr_page_clock() + TR_PROFILE_HOLD_NS;
    (void)pthread_mutex_lock(&list->mutex);
    place = find_imported(list, item);
    if (place == NULL) {
        place = &list->items[list->oldest];
        list->oldest = (list->oldest + 1) % TR_MAX_IMPORTED;
    }
    before = *place;
    *place = *item;
    (void)pthread_mutex_unlock(&list->mutex);
    *item = before;
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

/* Give name a principal of its own before it is changed. */
static OM_uint32
make_own(OM_uint32 *minor, struct tr_name *name)
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
    if (ret != 0)
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
        major = tr_fail(minor, tr_detail(TRR_TOO_LONG, "unusable principal "
                                         "name"));
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
    if (ret != 0)
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
    struct tr_imported item = { .key = NULL };
    struct tr_principal *principal;
    struct tr_name *name = NULL;
    OM_uint32 major = GSS_S_COMPLETE;
    krb5_error_code ret;

    *minor = 0;
    *name_out = GSS_C_NO_NAME;
    tr_profile_hold();
    ret = make_key(text, type, &item);
    if (ret != 0)
        return tr_fail(minor, ret);
    principal = recall(&item);
    if (principal == NULL) {
        major = import(minor, text, type, &principal);
        if (!GSS_ERROR(major))
            remember(&item, principal);
    }
    if (!GSS_ERROR(major)) {
        ret = create(principal, NULL, &name);
        if (ret != 0)
            major = tr_fail(minor, ret);
    }
    *name_out = (gss_name_t)name;
    principal_release(item.principal);
    free(item.key);
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

static OM_uint32
put_text(OM_uint32 *minor, const char *text, gss_buffer_t out)
{
    krb5_error_code ret = 0;

    if (out != GSS_C_NO_BUFFER)
        ret = tr_buffer_copy(text, strlen(text), out);
    return ret == 0 ? GSS_S_COMPLETE : tr_fail(minor, ret);
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
    *minor = 0;
    if (type_out != NULL)
        *type_out = shown->type;
    return put_text(minor, shown->text, text_out);
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

/* --- attributes (RFC 6680) ----------------------------------------------- */

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
        return GSS_S_UNAVAILABLE;
    if (authenticated_out != NULL)
        *authenticated_out = tr_facts_labelled(facts);
    if (complete_out != NULL)
        *complete_out = 1;
    if (more != NULL)
        *more = 0;
    major = put_text(minor, text, value_out);
    if (major == GSS_S_COMPLETE) {
        major = put_text(minor, text, display_out);
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

OM_uint32
gssi_set_name_attribute(OM_uint32 *minor, gss_name_t name, int complete,
                        gss_buffer_t attr, gss_buffer_t value)
{
    enum tr_fact fact;
    OM_uint32 major;

    *minor = 0;
    if (tr_attribute_is_ours(attr, &fact))
        return GSS_S_UNAUTHORIZED;
    major = make_own(minor, (struct tr_name *)name);
    if (GSS_ERROR(major))
        return major;
    return gss_set_name_attribute(minor, tr_name_inner(name), complete, attr,
                                  value);
}

OM_uint32
gssi_delete_name_attribute(OM_uint32 *minor, gss_name_t name,
                           gss_buffer_t attr)
{
    enum tr_fact fact;
    OM_uint32 major;

    *minor = 0;
    if (tr_attribute_is_ours(attr, &fact))
        return GSS_S_UNAUTHORIZED;
    major = make_own(minor, (struct tr_name *)name);
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
