/* mech/plugin/context.c - a security context of this mechanism */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <stdlib.h>
#include <string.h>
#include "buffer.h"
#include "context.h"
#include "once.h"
#include "status.h"
#include "trustrealm_err.h"

/* Input of the PRF (RFC 4401); what comes out is the binding, and it begins
 * with the tags: of the initiator, then of the acceptor. */
#define PRF_INPUT "trustrealm context 1"
_Static_assert(TR_BINDING_LENGTH >= 2 * TR_TAG_LENGTH, "has both tags");

krb5_error_code
tr_context_create(const struct tr_mech *mech, bool initiator,
                  struct tr_context **context_out)
{
    struct tr_context *context = calloc(1, sizeof(*context));

    *context_out = NULL;
    if (context == NULL)
        return ENOMEM;
    context->mech = mech;
    context->initiator = initiator;
    context->mutex = tr_once_mutex();
    *context_out = context;
    return 0;
}

void
tr_context_kill(struct tr_context *context)
{
    OM_uint32 ignored;

    (void)gss_delete_sec_context(&ignored, &context->inner, GSS_C_NO_BUFFER);
    context->stage = TR_WAITING;
}

void
tr_context_free(struct tr_context *context)
{
    if (context == NULL)
        return;
    tr_context_kill(context);
    tr_labels_clear(&context->labels);
    tr_life_end(&context->life);
    tr_facts_release(context->facts);
    free(context->ap_req.data);
    free(context->record.data);
    explicit_bzero(context, sizeof(*context));
    free(context);
}

void
tr_context_set_record(struct tr_context *context, struct tr_bytes *record)
{
    free(context->record.data);
    context->record = tr_bytes_take(record);
}

/* --- keys ---------------------------------------------------------------- */

/* With the first bit set, as nothing that Kerberos sends begins. */
static void
set_tag(uint8_t tag[TR_TAG_LENGTH], const uint8_t *octets)
{
    memcpy(tag, octets, TR_TAG_LENGTH);
    tag[0] |= 0x80;
}

OM_uint32
tr_context_derive(OM_uint32 *minor, struct tr_context *context)
{
    gss_buffer_desc input = { sizeof(PRF_INPUT) - 1, PRF_INPUT };
    gss_buffer_desc octets = GSS_C_EMPTY_BUFFER;
    bool initiator = context->initiator;
    size_t length = sizeof(context->binding);
    OM_uint32 major, ignored;

    major = gss_pseudo_random(minor, context->inner, GSS_C_PRF_KEY_FULL,
                              &input, (ssize_t)length, &octets);
    if (GSS_ERROR(major))
        return major;
    if (octets.length == length) {
        memcpy(context->binding, octets.value, length);
        set_tag(initiator ? context->send_tag : context->receive_tag,
                context->binding);
        set_tag(initiator ? context->receive_tag : context->send_tag,
                context->binding + TR_TAG_LENGTH);
    } else {
        major = tr_fail(minor, TRR_INTERNAL);
    }
    explicit_bzero(octets.value, octets.length);
    (void)gss_release_buffer(&ignored, &octets);
    return major;
}

static bool
is_aes(const gss_krb5_lucid_key_t *key)
{
    switch (key->type) {
    case ENCTYPE_AES128_CTS_HMAC_SHA1_96:
    case ENCTYPE_AES256_CTS_HMAC_SHA1_96:
    case ENCTYPE_AES128_CTS_HMAC_SHA256_128:
    case ENCTYPE_AES256_CTS_HMAC_SHA384_192:
        return true;
    }
    return false;
}

/*
 * Each message says which subkey it is protected by, the initiator's or the
 * acceptor's, which may be of another type: both have to be AES keys.
 */
OM_uint32
tr_context_has_aes(OM_uint32 *minor, struct tr_context *context,
                   bool *aes_out)
{
    /* As gss_krb5_export_lucid_sec_context() asks, which ends a context. */
    static const gss_OID_desc lucid_v1 = {
        sizeof(TR_LUCID "\x01") - 1, (void *)TR_LUCID "\x01"
    };
    gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
    gss_krb5_lucid_context_v1_t *keys = NULL;
    OM_uint32 major, ignored;

    *aes_out = false;
    major = gss_inquire_sec_context_by_oid(minor, context->inner,
                                           (gss_OID)&lucid_v1, &set);
    if (GSS_ERROR(major))
        return major;
    /* No memory: libkrb5 1.20 then says that all is well. */
    if (set == GSS_C_NO_BUFFER_SET)
        return tr_fail(minor, ENOMEM);
    if (set->count == 1 && set->elements[0].length == sizeof(keys))
        memcpy(&keys, set->elements[0].value, sizeof(keys));
    (void)gss_release_buffer_set(&ignored, &set);
    if (keys == NULL)
        return tr_fail(minor, TRR_INTERNAL);
    *aes_out = keys->protocol == 1 && is_aes(&keys->cfx_kd.ctx_key) &&
        (!keys->cfx_kd.have_acceptor_subkey ||
         is_aes(&keys->cfx_kd.acceptor_subkey));
    return gss_krb5_free_lucid_sec_context(minor, keys);
}

/* --- establishment ------------------------------------------------------- */

krb5_error_code
tr_context_establish(struct tr_context *context,
                     struct tr_established *established,
                     struct tr_mapping *page)
{
    krb5_error_code ret = 0;

    /* An importer was told which it is by the exporter. */
    if (context->plain != ((established->flags & TR_IS_PLAIN) != 0))
        ret = tr_detail(TRR_RECORD, "trustrealmd knows this context as "
                        "another kind");
    if (ret == 0)
        ret = tr_life_begin(&context->life, established, &page);
    if (ret == 0)
        ret = tr_facts_create(established, !context->plain, &context->facts);
    tr_page_release(page);
    if (ret)
        return ret;
    if (established->record.length > 0)
        tr_context_set_record(context, &established->record);
    context->stage = TR_READY;
    return 0;
}
