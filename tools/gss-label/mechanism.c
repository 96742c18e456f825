/* tools/gss-label/mechanism.c - the mechanisms that can be asked for */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"

#include <string.h>
#include "gss-label.h"
#include "gssapi_trustrealm.h"

static gss_OID_desc krb5_oid = { 9, "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02" };
static gss_OID_desc spnego_oid = { 6, "\x2b\x06\x01\x05\x05\x02" };
static gss_OID_desc own_oid = GSS_TRUSTREALM_MECHANISM;

static const struct gl_mechanism mechanisms[] = {
    { "krb5", &krb5_oid, false },
    { "trustrealm", &own_oid, false },
    { "spnego", &spnego_oid, true },
    { "spnego-default", &spnego_oid, false },   /* libgssapi's own order */
};

const struct gl_mechanism *
gl_mechanism_find(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++) {
        if (strcmp(name, mechanisms[i].name) == 0)
            return &mechanisms[i];
    }
    return NULL;
}

const char *
gl_mechanism_text(gss_OID oid, char *buf, size_t size)
{
    OM_uint32 minor;
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    size_t i;

    if (oid == GSS_C_NO_OID)
        return "none";
    for (i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++) {
        if (oid->length == mechanisms[i].oid->length &&
            memcmp(oid->elements, mechanisms[i].oid->elements,
                   oid->length) == 0)
            return mechanisms[i].name;
    }
    if (gss_oid_to_str(&minor, oid, &text) != GSS_S_COMPLETE)
        return "unknown";
    snprintf(buf, size, "%.*s", (int)text.length, (char *)text.value);
    (void)gss_release_buffer(&minor, &text);
    return buf;
}
