/* mech/plugin/credentials.c - credentials of this mechanism */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <gssapi/gssapi_ext.h>
#include <stdlib.h>
#include <string.h>
#include "buffer.h"
#include "credentials.h"
#include "gssapi_trustrealm.h"
#include "gssi.h"
#include "limits.h"
#include "names.h"
#include "once.h"
#include "profile.h"
#include "status.h"
#include "trustrealm_err.h"

static const gss_OID_desc label_option = GSS_TRUSTREALM_CRED_LABEL;

krb5_error_code
tr_cred_create(gss_cred_id_t *inner, struct tr_cred **cred_out)
{
    struct tr_cred *cred = calloc(1, sizeof(*cred));
    OM_uint32 ignored;

    *cred_out = NULL;
    if (cred == NULL) {
        (void)gss_release_cred(&ignored, inner);
        return ENOMEM;
    }
    cred->mutex = tr_once_mutex();
    cred->serial = ++tr_once()->next_credential;
    cred->inner = *inner;
    *inner = GSS_C_NO_CREDENTIAL;
    *cred_out = cred;
    return 0;
}

void
tr_cred_free(struct tr_cred *cred)
{
    OM_uint32 ignored;

    if (cred == NULL)
        return;
    (void)gss_release_cred(&ignored, &cred->inner);
    free(cred->keytab);
    free(cred->label);
    free(cred->client);
    free(cred);
}

gss_cred_id_t
tr_cred_inner(gss_cred_id_t cred)
{
    return cred == GSS_C_NO_CREDENTIAL ? cred :
        ((struct tr_cred *)cred)->inner;
}

uint64_t
tr_cred_serial(gss_cred_id_t cred)
{
    return cred == GSS_C_NO_CREDENTIAL ? 0 : ((struct tr_cred *)cred)->serial;
}

const char *
tr_cred_keytab(gss_cred_id_t cred)
{
    const struct tr_cred *ours = (const struct tr_cred *)cred;

    return ours == NULL || ours->keytab == NULL ? "" : ours->keytab;
}

void
tr_cred_show(struct tr_cred *cred, struct tr_shown_name *client)
{
    struct tr_shown_name *none = NULL;

    if (!atomic_compare_exchange_strong(&cred->client, &none, client))
        free(client);           /* another thread was faster */
}

OM_uint32
tr_cred_client(OM_uint32 *minor, struct tr_cred *cred,
               const char **client_out)
{
    struct tr_shown_name *client = NULL;
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 major, ignored;

    *client_out = NULL;
    if (cred->client == NULL) {
        major = gss_inquire_cred(minor, cred->inner, &name, NULL, NULL, NULL);
        if (!GSS_ERROR(major))
            major = tr_inner_text(minor, name, &client);
        (void)gss_release_name(&ignored, &name);
        if (GSS_ERROR(major))
            return major;
        tr_cred_show(cred, client);
    }
    client = cred->client;
    *client_out = client->text;
    return GSS_S_COMPLETE;
}

krb5_error_code
tr_cred_label(struct tr_cred *cred, char **label_out)
{
    if (cred == NULL) {
        *label_out = strdup("");
    } else {
        (void)pthread_mutex_lock(cred->mutex);
        *label_out = strdup(cred->label != NULL ? cred->label : "");
        (void)pthread_mutex_unlock(cred->mutex);
    }
    return *label_out != NULL ? 0 : ENOMEM;
}

krb5_error_code
tr_label_text(gss_buffer_t label, char **text_out)
{
    *text_out = NULL;
    if (label->length == 0 || label->length > TR_MAX_LABEL_TEXT ||
        memchr(label->value, '\0', label->length) != NULL)
        return tr_detail(TRR_LABEL_SYNTAX, "not a label");
    *text_out = strndup(label->value, label->length);
    return *text_out != NULL ? 0 : ENOMEM;
}

krb5_error_code
tr_cred_set_label(struct tr_cred *cred, gss_buffer_t label)
{
    char *text = NULL, *old;
    krb5_error_code ret;

    if (label != GSS_C_NO_BUFFER && label->length > 0) {
        ret = tr_label_text(label, &text);
        if (ret)
            return ret;
    }
    (void)pthread_mutex_lock(cred->mutex);
    old = cred->label;
    cred->label = text;
    (void)pthread_mutex_unlock(cred->mutex);
    free(old);
    return 0;
}

OM_uint32
tr_cred_default(OM_uint32 *minor, const struct tr_mech *mech,
                gss_cred_usage_t usage, struct tr_cred **cred_out)
{
    gss_OID_set_desc set = { 1, tr_mech_inner(mech) };
    gss_cred_id_t inner = GSS_C_NO_CREDENTIAL;
    OM_uint32 major;
    krb5_error_code ret;

    *cred_out = NULL;
    major = gss_acquire_cred(minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &set,
                             usage, &inner, NULL, NULL);
    if (GSS_ERROR(major))
        return major;
    ret = tr_cred_create(&inner, cred_out);
    return ret == 0 ? major : tr_fail(minor, ret);
}

/* --- acquiring ----------------------------------------------------------- */

/* The mechglue asks for one mechanism at a time. */
static const struct tr_mech *
wanted_mech(gss_OID_set mechs)
{
    return tr_mech_find(mechs != GSS_C_NO_OID_SET && mechs->count > 0 ?
                        &mechs->elements[0] : GSS_C_NO_OID);
}

/* Hand out *inner, which is taken over, as a credential of mech. */
static OM_uint32
finish(OM_uint32 *minor, const struct tr_mech *mech, gss_cred_id_t *inner,
       gss_cred_id_t *cred_out, gss_OID_set *mechs_out)
{
    gss_OID_set set = GSS_C_NO_OID_SET;
    struct tr_cred *cred = NULL;
    OM_uint32 major = GSS_S_COMPLETE, ignored;
    krb5_error_code ret;

    ret = tr_cred_create(inner, &cred);
    if (ret)
        return tr_fail(minor, ret);
    if (mechs_out != NULL) {
        major = gss_create_empty_oid_set(minor, &set);
        if (major == GSS_S_COMPLETE)
            major = gss_add_oid_set_member(minor, tr_mech_public(mech), &set);
        if (GSS_ERROR(major)) {
            (void)gss_release_oid_set(&ignored, &set);
            tr_cred_free(cred);
            return major;
        }
        *mechs_out = set;
    }
    *cred_out = (gss_cred_id_t)cred;
    return major;
}

/* cred accepts for whomever the keytab has: as any other of that keytab.
 * Without memory it stays one of its own. */
static void
note_any_name(struct tr_cred *cred, gss_const_key_value_set_t store)
{
    const char *keytab = NULL;
    OM_uint32 i;

    for (i = 0; store != GSS_C_NO_CRED_STORE && i < store->count; i++) {
        if (strcmp(store->elements[i].key, "keytab") == 0)
            keytab = store->elements[i].value;
    }
    if (keytab != NULL)
        cred->keytab = strdup(keytab);
    if (keytab == NULL || cred->keytab != NULL)
        cred->serial = 0;
}

OM_uint32
gssi_acquire_cred_from(OM_uint32 *minor, gss_name_t name, OM_uint32 time_req,
                       gss_OID_set mechs, gss_cred_usage_t usage,
                       gss_const_key_value_set_t store,
                       gss_cred_id_t *cred_out, gss_OID_set *mechs_out,
                       OM_uint32 *time_out)
{
    const struct tr_mech *mech = wanted_mech(mechs);
    gss_OID_set_desc set = { 1, tr_mech_inner(mech) };
    gss_cred_id_t inner = GSS_C_NO_CREDENTIAL;
    OM_uint32 major;

    tr_profile_hold();
    major = gss_acquire_cred_from(minor, tr_name_inner(name), time_req, &set,
                                  usage, store, &inner, NULL, time_out);
    if (GSS_ERROR(major))
        return major;
    major = finish(minor, mech, &inner, cred_out, mechs_out);
    if (!GSS_ERROR(major) && name == GSS_C_NO_NAME)
        note_any_name((struct tr_cred *)*cred_out, store);
    return major;
}

OM_uint32
gssi_acquire_cred(OM_uint32 *minor, gss_name_t name, OM_uint32 time_req,
                  gss_OID_set mechs, int usage, gss_cred_id_t *cred_out,
                  gss_OID_set *mechs_out, OM_uint32 *time_out)
{
    return gssi_acquire_cred_from(minor, name, time_req, mechs, usage,
                                  GSS_C_NO_CRED_STORE, cred_out, mechs_out,
                                  time_out);
}

OM_uint32
gssi_acquire_cred_with_password(OM_uint32 *minor, const gss_name_t name,
                                const gss_buffer_t password,
                                OM_uint32 time_req, const gss_OID_set mechs,
                                int usage, gss_cred_id_t *cred_out,
                                gss_OID_set *mechs_out, OM_uint32 *time_out)
{
    const struct tr_mech *mech = wanted_mech(mechs);
    gss_OID_set_desc set = { 1, tr_mech_inner(mech) };
    gss_cred_id_t inner = GSS_C_NO_CREDENTIAL;
    OM_uint32 major;

    major = gss_acquire_cred_with_password(minor, tr_name_inner(name),
                                           password, time_req, &set, usage,
                                           &inner, NULL, time_out);
    if (GSS_ERROR(major))
        return major;
    return finish(minor, mech, &inner, cred_out, mechs_out);
}

OM_uint32
gssi_acquire_cred_impersonate_name(OM_uint32 *minor,
                                   const gss_cred_id_t impersonator,
                                   const gss_name_t name, OM_uint32 time_req,
                                   const gss_OID_set mechs,
                                   gss_cred_usage_t usage,
                                   gss_cred_id_t *cred_out,
                                   gss_OID_set *mechs_out,
                                   OM_uint32 *time_out)
{
    const struct tr_mech *mech = wanted_mech(mechs);
    gss_OID_set_desc set = { 1, tr_mech_inner(mech) };
    gss_cred_id_t inner = GSS_C_NO_CREDENTIAL;
    OM_uint32 major;

    major = gss_acquire_cred_impersonate_name(minor,
                                              tr_cred_inner(impersonator),
                                              tr_name_inner(name), time_req,
                                              &set, usage, &inner, NULL,
                                              time_out);
    if (GSS_ERROR(major))
        return major;
    return finish(minor, mech, &inner, cred_out, mechs_out);
}

OM_uint32
gssi_release_cred(OM_uint32 *minor, gss_cred_id_t *cred)
{
    *minor = 0;
    tr_cred_free((struct tr_cred *)*cred);
    *cred = GSS_C_NO_CREDENTIAL;
    return GSS_S_COMPLETE;
}

/* --- inquiring ----------------------------------------------------------- */

/* Hand out *inner as a name; on failure of the call before, pass it on. */
static OM_uint32
put_name(OM_uint32 *minor, OM_uint32 major, gss_name_t *inner,
         gss_name_t *name_out)
{
    struct tr_name *name;
    krb5_error_code ret;

    if (GSS_ERROR(major) || name_out == NULL)
        return major;
    *name_out = GSS_C_NO_NAME;
    if (*inner == GSS_C_NO_NAME)
        return major;
    ret = tr_name_create(inner, NULL, &name);
    if (ret)
        return tr_fail(minor, ret);
    *name_out = (gss_name_t)name;
    return major;
}

OM_uint32
gssi_inquire_cred_by_mech(OM_uint32 *minor, gss_cred_id_t cred, gss_OID mech,
                          gss_name_t *name_out,
                          OM_uint32 *initiator_lifetime_out,
                          OM_uint32 *acceptor_lifetime_out,
                          gss_cred_usage_t *usage_out)
{
    gss_name_t inner = GSS_C_NO_NAME;
    OM_uint32 major;

    major = gss_inquire_cred_by_mech(minor, tr_cred_inner(cred),
                                     tr_mech_inner(tr_mech_find(mech)),
                                     name_out != NULL ? &inner : NULL,
                                     initiator_lifetime_out,
                                     acceptor_lifetime_out, usage_out);
    return put_name(minor, major, &inner, name_out);
}

OM_uint32
gssi_inquire_cred(OM_uint32 *minor, gss_cred_id_t cred, gss_name_t *name_out,
                  OM_uint32 *lifetime_out, int *usage_out,
                  gss_OID_set *mechs_out)
{
    gss_name_t inner = GSS_C_NO_NAME;
    OM_uint32 major;

    major = gss_inquire_cred(minor, tr_cred_inner(cred),
                             name_out != NULL ? &inner : NULL, lifetime_out,
                             usage_out, mechs_out);
    return put_name(minor, major, &inner, name_out);
}

OM_uint32
gssi_inquire_cred_by_oid(OM_uint32 *minor, const gss_cred_id_t cred,
                         const gss_OID object, gss_buffer_set_t *data_out)
{
    OM_uint32 major;
    char *label;

    if (!tr_oid_equal(object, &label_option))
        return gss_inquire_cred_by_oid(minor, tr_cred_inner(cred), object,
                                       data_out);
    if (tr_cred_label((struct tr_cred *)cred, &label) != 0)
        return tr_fail(minor, ENOMEM);
    *minor = 0;
    major = *label == '\0' ? GSS_S_UNAVAILABLE :
        tr_add_text(minor, label, data_out);
    free(label);
    return major;
}

/* --- changing and storing ------------------------------------------------ */

OM_uint32
gssi_set_cred_option(OM_uint32 *minor, gss_cred_id_t *cred,
                     const gss_OID object, const gss_buffer_t value)
{
    gss_cred_id_t inner = tr_cred_inner(*cred);
    struct tr_cred *made;
    OM_uint32 major;
    krb5_error_code ret;

    *minor = 0;
    if (tr_oid_equal(object, &label_option)) {
        if (*cred == GSS_C_NO_CREDENTIAL)
            return GSS_S_UNAVAILABLE;
        ret = tr_cred_set_label((struct tr_cred *)*cred, value);
        return ret == 0 ? GSS_S_COMPLETE : tr_fail(minor, ret);
    }
    major = gss_set_cred_option(minor, &inner, object, value);
    if (GSS_ERROR(major) || *cred != GSS_C_NO_CREDENTIAL ||
        inner == GSS_C_NO_CREDENTIAL)
        return major;
    ret = tr_cred_create(&inner, &made);
    if (ret)
        return tr_fail(minor, ret);
    *cred = (gss_cred_id_t)made;
    return major;
}

/* By this name for a mechglue that looks the functions of a mechanism up one
 * by one: it would otherwise find its own and misread our credential. */
OM_uint32
gssspi_set_cred_option(OM_uint32 *minor, gss_cred_id_t *cred,
                       const gss_OID object, const gss_buffer_t value)
{
    return gssi_set_cred_option(minor, cred, object, value);
}

OM_uint32
gssi_store_cred_into(OM_uint32 *minor, gss_cred_id_t cred,
                     gss_cred_usage_t usage, gss_OID mech,
                     OM_uint32 overwrite, OM_uint32 as_default,
                     gss_const_key_value_set_t store, gss_OID_set *stored_out,
                     gss_cred_usage_t *usage_out)
{
    return gss_store_cred_into(minor, tr_cred_inner(cred), usage,
                               tr_mech_inner(tr_mech_find(mech)), overwrite,
                               as_default, store, stored_out, usage_out);
}

OM_uint32
gssi_store_cred(OM_uint32 *minor, const gss_cred_id_t cred,
                gss_cred_usage_t usage, const gss_OID mech,
                OM_uint32 overwrite, OM_uint32 as_default,
                gss_OID_set *stored_out, gss_cred_usage_t *usage_out)
{
    return gss_store_cred(minor, tr_cred_inner(cred), usage,
                          tr_mech_inner(tr_mech_find(mech)), overwrite,
                          as_default, stored_out, usage_out);
}
