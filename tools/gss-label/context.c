/* tools/gss-label/context.c - names, credentials, and what a context says */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"

#include <string.h>
#include "gss-label.h"
#include "gssapi_trustrealm.h"

#define MAX_SHOWN 4096          /* octets of a message that are printed */

static const struct { OM_uint32 flag; const char *name; } flag_names[] = {
    { GSS_C_DELEG_FLAG, "delegate" },
    { GSS_C_MUTUAL_FLAG, "mutual" },
    { GSS_C_REPLAY_FLAG, "replay" },
    { GSS_C_SEQUENCE_FLAG, "sequence" },
    { GSS_C_CONF_FLAG, "confidentiality" },
    { GSS_C_INTEG_FLAG, "integrity" },
    { GSS_C_ANON_FLAG, "anonymous" },
    { GSS_C_PROT_READY_FLAG, "protection-ready" },
    { GSS_C_TRANS_FLAG, "transferable" },
    { GSS_C_DELEG_POLICY_FLAG, "delegate-policy" },
    { GSS_C_CHANNEL_BOUND_FLAG, "channel-bound" },
};

enum gl_status
gl_import_name(const struct gl_output *output, const char *text,
               gss_name_t *name_out)
{
    static gss_OID_desc principal_type = {
        10, "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01"
    };
    gss_buffer_desc buffer = { strlen(text), (char *)text };
    gss_OID type = GSS_C_NT_HOSTBASED_SERVICE;
    OM_uint32 major, minor;

    if (strchr(text, '/') != NULL)
        type = &principal_type;
    major = gss_import_name(&minor, &buffer, type, name_out);
    if (major != GSS_S_COMPLETE)
        return gl_report_gss(output, "gss_import_name", major, minor, NULL);
    return GL_DELIVERED;
}

/* The order in which SPNEGO offers and takes mechanisms. */
static OM_uint32
prefer_own(OM_uint32 *minor, gss_cred_id_t cred)
{
    gss_OID_desc oids[2] = {
        *gl_mechanism_find("trustrealm")->oid, *gl_mechanism_find("krb5")->oid
    };
    gss_OID_set_desc set = { 2, oids };

    return gss_set_neg_mechs(minor, cred, &set);
}

static OM_uint32
set_label(OM_uint32 *minor, gss_cred_id_t *cred, const char *label)
{
    gss_OID_desc option = GSS_TRUSTREALM_CRED_LABEL;
    gss_buffer_desc value = { strlen(label), (char *)label };

    return gss_set_cred_option(minor, cred, &option, &value);
}

enum gl_status
gl_acquire(const struct gl_output *output, gss_name_t name,
           const struct gl_mechanism *mechanism, gss_cred_usage_t usage,
           const char *label, gss_cred_id_t *cred_out)
{
    gss_OID_set_desc set = { 1, NULL };
    gss_OID_set wanted = GSS_C_NO_OID_SET;
    gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
    const char *call = "gss_acquire_cred";
    OM_uint32 major, minor, ignored;

    /* An initiator names one mechanism: krb5 is the one by default. */
    if (mechanism == NULL && usage == GSS_C_INITIATE)
        mechanism = gl_mechanism_find("krb5");
    if (mechanism != NULL) {
        set.elements = mechanism->oid;
        wanted = &set;
    }
    major = gss_acquire_cred(&minor, name, GSS_C_INDEFINITE, wanted, usage,
                             &cred, NULL, NULL);
    if (major == GSS_S_COMPLETE && mechanism != NULL &&
        mechanism->prefer_own) {
        call = "gss_set_neg_mechs";
        major = prefer_own(&minor, cred);
    }
    if (major == GSS_S_COMPLETE && label != NULL) {
        call = "gss_set_cred_option";
        major = set_label(&minor, &cred, label);
    }
    if (major != GSS_S_COMPLETE) {
        (void)gss_release_cred(&ignored, &cred);
        return gl_report_gss(output, call, major, minor, mechanism);
    }
    *cred_out = cred;
    return GL_DELIVERED;
}

enum gl_status
gl_acquire_acceptor(const struct gl_output *output, const char *service,
                    const struct gl_mechanism *mechanism,
                    gss_cred_id_t *cred_out)
{
    enum gl_status status = GL_DELIVERED;
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 minor;

    *cred_out = GSS_C_NO_CREDENTIAL;
    if (service != NULL)
        status = gl_import_name(output, service, &name);
    if (status == GL_DELIVERED && (service != NULL || mechanism != NULL))
        status = gl_acquire(output, name, mechanism, GSS_C_ACCEPT, NULL,
                            cred_out);
    (void)gss_release_name(&minor, &name);
    return status;
}

static json_t *
buffer_text(gss_buffer_t buffer)
{
    return json_stringn(buffer->value != NULL ? buffer->value : "",
                        buffer->length);
}

static json_t *
name_text(gss_name_t name)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;
    json_t *value = NULL;

    if (name != GSS_C_NO_NAME &&
        gss_display_name(&minor, name, &text, NULL) == GSS_S_COMPLETE)
        value = buffer_text(&text);
    (void)gss_release_buffer(&minor, &text);
    return value != NULL ? value : json_null();
}

/* One text of gss_inquire_sec_context_by_oid() per string, or NULL. */
static json_t *
context_texts(gss_ctx_id_t context, gss_OID attribute)
{
    gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
    OM_uint32 minor;
    json_t *list;
    size_t i;

    if (gss_inquire_sec_context_by_oid(&minor, context, attribute,
                                       &set) != GSS_S_COMPLETE)
        return NULL;
    list = json_array();
    for (i = 0; set != GSS_C_NO_BUFFER_SET && i < set->count; i++)
        json_array_append_new(list, buffer_text(&set->elements[i]));
    (void)gss_release_buffer_set(&minor, &set);
    return list;
}

/* What the mechanism says of a context: one text each, or a list of them. */
static const struct { const char *key; gss_OID_desc oid; bool list; }
attributes[] = {
    { "state", GSS_TRUSTREALM_STATE, false },
    { "trust_realm", GSS_TRUSTREALM_REALM, false },
    { "label", GSS_TRUSTREALM_LABEL, false },
    { "label_local", GSS_TRUSTREALM_LABEL_LOCAL, false },
    { "range", GSS_TRUSTREALM_RANGE, true },
    { "range_local", GSS_TRUSTREALM_RANGE_LOCAL, true },
    { "peer_system", GSS_TRUSTREALM_PEER_SYSTEM, false },
    { "correlation", GSS_TRUSTREALM_CORRELATION, false },
};

static void
add_attributes(json_t *event, gss_ctx_id_t context)
{
    gss_OID_desc oid;
    json_t *texts;
    size_t i;

    for (i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
        oid = attributes[i].oid;
        texts = context_texts(context, &oid);
        if (texts != NULL)
            json_object_set(event, attributes[i].key, attributes[i].list ?
                            texts : json_array_get(texts, 0));
        json_decref(texts);
    }
}

static void
add_flags(json_t *event, OM_uint32 flags)
{
    json_t *list = json_array();
    size_t i;

    for (i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++) {
        if (flags & flag_names[i].flag)
            json_array_append_new(list, json_string(flag_names[i].name));
    }
    json_object_set_new(event, "flags", list);
}

/* What the peer's name says (RFC 6680). */
static void
add_name_attributes(json_t *event, gss_name_t name)
{
    static const char *const names[] = {
        GSS_TRUSTREALM_ATTR_STATE, GSS_TRUSTREALM_ATTR_REALM,
        GSS_TRUSTREALM_ATTR_LABEL, GSS_TRUSTREALM_ATTR_LABEL_LOCAL,
        GSS_TRUSTREALM_ATTR_PEER_SYSTEM, GSS_TRUSTREALM_ATTR_CORRELATION,
    };
    json_t *object = json_object(), *entry;
    gss_buffer_desc key, value, shown;
    int authenticated, complete, more;
    OM_uint32 minor;
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        key.value = (char *)names[i];
        key.length = strlen(names[i]);
        more = -1;
        if (gss_get_name_attribute(&minor, name, &key, &authenticated,
                                   &complete, &value, &shown,
                                   &more) != GSS_S_COMPLETE)
            continue;
        entry = json_pack("{s:o, s:b}", "value", buffer_text(&value),
                          "authenticated", authenticated);
        json_object_set_new(object, names[i], entry);
        (void)gss_release_buffer(&minor, &value);
        (void)gss_release_buffer(&minor, &shown);
    }
    if (json_object_size(object) > 0)
        json_object_set(event, "name_attributes", object);
    json_decref(object);
}

static void
add_delegated(json_t *event, gss_cred_id_t cred)
{
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 minor;

    if (cred == GSS_C_NO_CREDENTIAL)
        return;
    (void)gss_inquire_cred(&minor, cred, &name, NULL, NULL, NULL);
    json_object_set_new(event, "delegated", name_text(name));
    (void)gss_release_name(&minor, &name);
}

void
gl_report_context(const struct gl_output *output, gss_ctx_id_t context,
                  gss_cred_id_t delegated)
{
    gss_name_t source = GSS_C_NO_NAME, target = GSS_C_NO_NAME;
    OM_uint32 major, minor, lifetime = 0, flags = 0;
    gss_OID mech = GSS_C_NO_OID;
    int initiator = 0, open = 0;
    char buf[256];
    json_t *event;

    major = gss_inquire_context(&minor, context, &source, &target, &lifetime,
                                &mech, &flags, &initiator, &open);
    if (major != GSS_S_COMPLETE) {
        (void)gl_report_gss(output, "gss_inquire_context", major, minor, NULL);
        return;
    }
    event = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:I}",
                      "event", "context",
                      "side", initiator ? "initiator" : "acceptor",
                      "mechanism", gl_mechanism_text(mech, buf, sizeof(buf)),
                      "state", "plain", "user", name_text(source),
                      "service", name_text(target),
                      "lifetime", (json_int_t)lifetime);
    add_attributes(event, context);
    add_flags(event, flags);
    add_delegated(event, delegated);
    if (!initiator)
        add_name_attributes(event, source);
    gl_report(output, event);
    (void)gss_release_name(&minor, &source);
    (void)gss_release_name(&minor, &target);
}

void
gl_add_message_label(json_t *event, gss_ctx_id_t context)
{
    gss_OID_desc attribute = GSS_TRUSTREALM_MESSAGE_LABEL;
    json_t *texts = context_texts(context, &attribute);

    if (texts == NULL)
        return;
    json_object_set(event, "label", json_array_get(texts, 0));
    json_object_set(event, "label_local", json_array_get(texts, 1));
    json_decref(texts);
}

void
gl_add_message(json_t *event, gss_buffer_t message)
{
    json_object_set_new(event, "length",
                        json_integer((json_int_t)message->length));
    if (message->length <= MAX_SHOWN)
        json_object_set_new(event, "text", buffer_text(message));
}
