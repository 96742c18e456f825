/* mech/plugin/buffer.h - octets that change hands */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_BUFFER_H
#define TR_BUFFER_H

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <krb5/krb5.h>
#include "wire.h"

/* A copy of octets that the application frees, with a NUL after it. */
krb5_error_code tr_buffer_copy(const void *octets, size_t length,
                               gss_buffer_t out);

/* The same with text, if out is wanted. */
OM_uint32 tr_put_text(OM_uint32 *minor, const char *text, gss_buffer_t out);

/* Append text, as an application gets it, to *set. */
OM_uint32 tr_add_text(OM_uint32 *minor, const char *text,
                      gss_buffer_set_t *set);

/* Move octets out of one structure into another. */
struct tr_bytes tr_bytes_take(struct tr_bytes *from);

#endif
