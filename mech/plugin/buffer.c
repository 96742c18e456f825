/* mech/plugin/buffer.c - octets that change hands */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <gssapi/gssapi_alloc.h>
#include <string.h>
#include "buffer.h"

krb5_error_code
tr_buffer_copy(const void *octets, size_t length, gss_buffer_t out)
{
    char *copy = gssalloc_malloc(length + 1);

    if (copy == NULL)
        return ENOMEM;
    if (length > 0)
        memcpy(copy, octets, length);
    copy[length] = '\0';
    out->value = copy;
    out->length = length;
    return 0;
}

OM_uint32
tr_put_text(OM_uint32 *minor, const char *text, gss_buffer_t out)
{
    krb5_error_code ret = 0;

    if (out != GSS_C_NO_BUFFER)
        ret = tr_buffer_copy(text, strlen(text), out);
    *minor = ret;
    return ret == 0 ? GSS_S_COMPLETE : GSS_S_FAILURE;
}

OM_uint32
tr_add_text(OM_uint32 *minor, const char *text, gss_buffer_set_t *set)
{
    gss_buffer_desc member = { strlen(text), (void *)text };

    return gss_add_buffer_set_member(minor, &member, set);
}

struct tr_bytes
tr_bytes_take(struct tr_bytes *from)
{
    struct tr_bytes bytes = *from;

    from->data = NULL;
    from->length = 0;
    return bytes;
}
