/* mech/plugin/status.c - from our error codes to major and minor status */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "buffer.h"
#include "gssi.h"
#include "oids.h"
#include "once.h"
#include "status.h"
#include "trustrealm_err.h"

struct tr_detail {
    krb5_error_code code;
    char text[1024];
    bool asking;                /* Kerberos, for the text of a code */
};

/* This thread's, NULL when there is no memory for it. */
static struct tr_detail *
own_detail(void)
{
    struct tr_once *once = tr_once();
    struct tr_detail *detail;

    if (!once->have_detail)
        return NULL;
    detail = pthread_getspecific(once->detail);
    if (detail == NULL) {
        detail = calloc(1, sizeof(*detail));
        if (detail != NULL &&
            pthread_setspecific(once->detail, detail) != 0) {
            free(detail);
            detail = NULL;
        }
    }
    return detail;
}

krb5_error_code
tr_detail(krb5_error_code code, const char *format, ...)
{
    struct tr_detail *detail = own_detail();
    va_list args;

    if (detail != NULL) {
        detail->code = code;
        va_start(args, format);
        (void)vsnprintf(detail->text, sizeof(detail->text), format, args);
        va_end(args);
    }
    return code;
}

krb5_error_code
tr_detail_major(krb5_error_code code, OM_uint32 major)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 context = 0, ignored;

    if (gss_display_status(&ignored, major, GSS_C_GSS_CODE, GSS_C_NO_OID,
                           &context, &text) != GSS_S_COMPLETE)
        return tr_detail(code, "Kerberos failed");
    code = tr_detail(code, "Kerberos: %.*s", (int)text.length,
                     (char *)text.value);
    (void)gss_release_buffer(&ignored, &text);
    return code;
}

static OM_uint32
major_for(krb5_error_code code)
{
    switch (code) {
    case TRR_ENDED:
    case TRR_IDLE:
        return GSS_S_CONTEXT_EXPIRED;
    case TRR_TOKEN:
    case TRR_RECORD:
    case TRR_TRUNCATED:
    case TRR_TRAILING:
    case TRR_MALFORMED:
        return GSS_S_DEFECTIVE_TOKEN;
    case TRR_UNSUPPORTED:
        return GSS_S_UNAVAILABLE;
    case TRR_INTERNAL:
    case TRR_DAEMON_AWAY:
    case TRR_DAEMON_UID:
    case TRR_DAEMON_TIME:
    case TRR_DAEMON_BUSY:
        return GSS_S_FAILURE;
    default:
        return code >= TRR_OK && code <= TRR_INTERNAL ? GSS_S_UNAUTHORIZED :
            GSS_S_FAILURE;
    }
}

OM_uint32
tr_fail(OM_uint32 *minor, krb5_error_code code)
{
    *minor = code;
    return major_for(code);
}

OM_uint32
tr_fail_unlabelled(OM_uint32 *minor)
{
    return tr_fail_as(minor, TRR_UNSUPPORTED, "the context has no label");
}

OM_uint32
gssi_display_status(OM_uint32 *minor, OM_uint32 value, int type, gss_OID mech,
                    OM_uint32 *message_context, gss_buffer_t text_out)
{
    krb5_error_code code = (krb5_error_code)value;
    struct tr_detail *detail = own_detail();
    OM_uint32 major = GSS_S_BAD_STATUS, ignored;

    *message_context = 0;
    if (type != GSS_C_MECH_CODE) {
        *minor = EINVAL;
        return GSS_S_BAD_STATUS;
    }
    if (code >= TRR_OK && code <= TRR_INTERNAL) {
        if (detail != NULL && detail->code == code)
            return tr_put_text(minor, detail->text, text_out);
        return tr_put_text(minor, error_message(code), text_out);
    }
    /* The mechglue knows from its number whose a code is: about one that is
     * not Kerberos', such as ENOMEM, it asks us again. */
    if (detail != NULL && !detail->asking) {
        detail->asking = true;
        major = gss_display_status(&ignored, value, GSS_C_MECH_CODE,
                                   tr_mech_inner(tr_mech_find(mech)),
                                   message_context, text_out);
        detail->asking = false;
    }
    if (major == GSS_S_COMPLETE) {
        *minor = 0;
        return major;
    }
    return tr_put_text(minor, error_message(code), text_out);
}
