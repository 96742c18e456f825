/* realmdb/source_message.c - messages of RFC 4533 */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "record_class.h"
#include "source_message.h"
#include "trustrealm_err.h"

/* --- requests ------------------------------------------------------------ */

/* syncRequestValue (RFC 4533 2.2). */
static krb5_error_code
make_control(const struct berval *cookie, LDAPControl *control)
{
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    int code;

    if (ber == NULL)
        return ENOMEM;
    if (cookie->bv_val == NULL)
        code = ber_printf(ber, "{eb}", LDAP_SYNC_REFRESH_AND_PERSIST, 0);
    else
        code = ber_printf(ber, "{eOb}", LDAP_SYNC_REFRESH_AND_PERSIST, cookie,
                          0);
    if (code >= 0)
        code = ber_flatten2(ber, &control->ldctl_value, 1);
    ber_free(ber, 1);
    control->ldctl_oid = (char *)LDAP_CONTROL_SYNC;
    control->ldctl_iscritical = 1;
    return code < 0 ? ENOMEM : 0;
}

krb5_error_code
tr_message_search(LDAP *ld, const char *base, const struct berval *cookie,
                  int *id_out)
{
    krb5_error_code ret;
    LDAPControl control = { 0 }, *controls[] = { &control, NULL };
    char *filter = NULL;
    const char **attributes = NULL;
    int code;

    ret = tr_class_search(&filter, &attributes);
    if (ret == 0)
        ret = make_control(cookie, &control);
    if (ret)
        goto cleanup;
    code = ldap_search_ext(ld, base, LDAP_SCOPE_SUBTREE, filter,
                           (char **)attributes, 0, controls, NULL, NULL,
                           LDAP_NO_LIMIT, id_out);
    if (code != LDAP_SUCCESS)
        ret = TRR_SOURCE;

cleanup:
    ber_memfree(control.ldctl_value.bv_val);
    free(attributes);
    free(filter);
    return ret;
}

/* --- entries ------------------------------------------------------------- */

/* A value that cannot be is the entry's fault, not the message's. */
static krb5_error_code
add_value(struct tr_message *message, const char *name,
          const struct berval *value)
{
    krb5_error_code ret;
    char *why = NULL;

    ret = tr_gathered_add(&message->values, name, value->bv_val,
                          value->bv_len, &why);
    if (message->why == NULL)
        message->why = why;
    else
        free(why);
    return ret == TRR_ENTRY ? 0 : ret;
}

static krb5_error_code
gather(LDAP *ld, LDAPMessage *raw, struct tr_message *message)
{
    krb5_error_code ret = 0;
    BerElement *position = NULL;
    struct berval **values;
    char *name;
    size_t i;

    for (name = ldap_first_attribute(ld, raw, &position);
         name != NULL && ret == 0;
         name = ldap_next_attribute(ld, raw, position)) {
        values = ldap_get_values_len(ld, raw, name);
        for (i = 0; values != NULL && values[i] != NULL && ret == 0; i++)
            ret = add_value(message, name, values[i]);
        ldap_value_free_len(values);
        ldap_memfree(name);
    }
    ldap_memfree(name);
    ber_free(position, 0);
    return ret;
}

/* To read a value, which liblber does not without looking at its first octet.
 * NULL when there is none. */
static BerElement *
open_value(struct berval *value)
{
    return value == NULL || value->bv_val == NULL || value->bv_len == 0 ?
        NULL : ber_init(value);
}

/* syncStateValue (RFC 4533 2.3). */
static krb5_error_code
parse_state(LDAPControl **controls, struct tr_message *message)
{
    krb5_error_code ret = TRR_SOURCE;
    LDAPControl *control;
    BerElement *ber;
    ber_len_t length;
    ber_int_t state;

    control = ldap_control_find(LDAP_CONTROL_SYNC_STATE, controls, NULL);
    if (control == NULL)
        return TRR_SOURCE;
    ber = open_value(&control->ldctl_value);
    if (ber == NULL)
        return TRR_SOURCE;
    if (ber_scanf(ber, "{eo", &state, &message->uuid) == LBER_ERROR ||
        message->uuid.bv_len != TR_UUID_LENGTH ||
        state < LDAP_SYNC_PRESENT || state > LDAP_SYNC_DELETE)
        goto cleanup;
    if (ber_peek_tag(ber, &length) == LDAP_TAG_SYNC_COOKIE &&
        ber_scanf(ber, "o", &message->cookie) == LBER_ERROR)
        goto cleanup;
    message->state = state;
    ret = 0;

cleanup:
    ber_free(ber, 1);
    return ret;
}

static krb5_error_code
parse_entry(LDAP *ld, LDAPMessage *raw, struct tr_message *message)
{
    krb5_error_code ret;
    LDAPControl **controls = NULL;

    message->kind = TR_MESSAGE_ENTRY;
    message->dn = ldap_get_dn(ld, raw);
    if (message->dn == NULL ||
        ldap_get_entry_controls(ld, raw, &controls) != LDAP_SUCCESS)
        return TRR_SOURCE;
    ret = parse_state(controls, message);
    ldap_controls_free(controls);
    if (ret != 0 || message->state == LDAP_SYNC_PRESENT ||
        message->state == LDAP_SYNC_DELETE)
        return ret;
    return gather(ld, raw, message);
}

/* --- what concerns more than an entry ------------------------------------ */

static krb5_error_code
parse_phase(BerElement *ber, struct tr_message *message)
{
    ber_len_t length;
    ber_int_t done = 1;

    message->kind = TR_MESSAGE_PHASE;
    if (ber_scanf(ber, "{") == LBER_ERROR)
        return TRR_SOURCE;
    if (ber_peek_tag(ber, &length) == LDAP_TAG_SYNC_COOKIE &&
        ber_scanf(ber, "o", &message->cookie) == LBER_ERROR)
        return TRR_SOURCE;
    if (ber_peek_tag(ber, &length) == LDAP_TAG_REFRESHDONE &&
        ber_scanf(ber, "b", &done) == LBER_ERROR)
        return TRR_SOURCE;
    message->done = done != 0;
    return 0;
}

static krb5_error_code
parse_set(BerElement *ber, struct tr_message *message)
{
    ber_len_t length;
    ber_int_t deletes = 0;
    size_t i;

    message->kind = TR_MESSAGE_SET;
    if (ber_scanf(ber, "{") == LBER_ERROR)
        return TRR_SOURCE;
    if (ber_peek_tag(ber, &length) == LDAP_TAG_SYNC_COOKIE &&
        ber_scanf(ber, "o", &message->cookie) == LBER_ERROR)
        return TRR_SOURCE;
    if (ber_peek_tag(ber, &length) == LDAP_TAG_REFRESHDELETES &&
        ber_scanf(ber, "b", &deletes) == LBER_ERROR)
        return TRR_SOURCE;
    if (ber_scanf(ber, "[W]", &message->uuids) == LBER_ERROR)
        return TRR_SOURCE;
    for (i = 0; message->uuids != NULL && message->uuids[i].bv_val != NULL;
         i++) {
        if (message->uuids[i].bv_len != TR_UUID_LENGTH)
            return TRR_SOURCE;
    }
    message->deletes = deletes != 0;
    return 0;
}

/* syncInfoValue (RFC 4533 2.5). */
static krb5_error_code
parse_info(struct berval *value, struct tr_message *message)
{
    krb5_error_code ret = TRR_SOURCE;
    BerElement *ber = open_value(value);
    ber_len_t length;

    if (ber == NULL)
        return TRR_SOURCE;
    switch (ber_peek_tag(ber, &length)) {
    case LDAP_TAG_SYNC_NEW_COOKIE:
        message->kind = TR_MESSAGE_COOKIE;
        if (ber_scanf(ber, "o", &message->cookie) != LBER_ERROR)
            ret = 0;
        break;
    case LDAP_TAG_SYNC_REFRESH_DELETE:
        message->deletes = true;
        ret = parse_phase(ber, message);
        break;
    case LDAP_TAG_SYNC_REFRESH_PRESENT:
        ret = parse_phase(ber, message);
        break;
    case LDAP_TAG_SYNC_ID_SET:
        ret = parse_set(ber, message);
        break;
    }
    ber_free(ber, 1);
    return ret;
}

/*
 * Does the message begin with something that is not empty?  libldap ends the
 * program over one that has an empty name.  ldap_get_dn() gets the first
 * string of any message.
 */
static bool
begins_well(LDAP *ld, LDAPMessage *raw)
{
    char *first = ldap_get_dn(ld, raw);
    bool well = first != NULL && *first != '\0';

    ldap_memfree(first);
    return well;
}

static krb5_error_code
parse_intermediate(LDAP *ld, LDAPMessage *raw, struct tr_message *message)
{
    krb5_error_code ret = 0;
    char *oid = NULL;
    struct berval *value = NULL;

    if (!begins_well(ld, raw) ||
        ldap_parse_intermediate(ld, raw, &oid, &value, NULL, 0) !=
        LDAP_SUCCESS)
        return TRR_SOURCE;
    if (oid != NULL && strcmp(oid, LDAP_SYNC_INFO) == 0)
        ret = parse_info(value, message);
    ldap_memfree(oid);
    ber_bvfree(value);
    return ret;
}

static krb5_error_code
parse_end(LDAP *ld, LDAPMessage *raw, struct tr_message *message)
{
    message->kind = TR_MESSAGE_END;
    if (ldap_parse_result(ld, raw, &message->result, NULL, &message->text,
                          NULL, NULL, 0) != LDAP_SUCCESS)
        return TRR_SOURCE;
    return 0;
}

krb5_error_code
tr_message_parse(LDAP *ld, LDAPMessage *raw, struct tr_message *message_out)
{
    krb5_error_code ret = 0;

    memset(message_out, 0, sizeof(*message_out));
    switch (ldap_msgtype(raw)) {
    case LDAP_RES_SEARCH_ENTRY:
        ret = parse_entry(ld, raw, message_out);
        break;
    case LDAP_RES_INTERMEDIATE:
        ret = parse_intermediate(ld, raw, message_out);
        break;
    case LDAP_RES_SEARCH_RESULT:
        ret = parse_end(ld, raw, message_out);
        break;
    }
    if (ret)
        tr_message_clear(message_out);
    return ret;
}

void
tr_message_clear(struct tr_message *message)
{
    ber_memfree(message->uuid.bv_val);
    ber_memfree(message->cookie.bv_val);
    ber_bvarray_free(message->uuids);
    ldap_memfree(message->text);
    ldap_memfree(message->dn);
    tr_gathered_clear(&message->values);
    free(message->why);
    memset(message, 0, sizeof(*message));
}
