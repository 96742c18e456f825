/* mech/plugin/status.h - from our error codes to major and minor status */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_STATUS_H
#define TR_STATUS_H

/*
 * Below the entry points an error is one krb5_error_code; a clear text with
 * the reason may be left beside it in this thread, where gss_display_status()
 * finds it.  Entry points make major and minor status of it with tr_fail().
 */

#include <gssapi/gssapi.h>
#include <krb5/krb5.h>

/* Leave a text for code and return code.  Replaces the text before it. */
krb5_error_code tr_detail(krb5_error_code code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Set *minor to code and return the major status that goes with it. */
OM_uint32 tr_fail(OM_uint32 *minor, krb5_error_code code);
/* With a text: krb5_error_code code, const char *format, ... */
#define tr_fail_as(minor, ...) tr_fail(minor, tr_detail(__VA_ARGS__))

/* What was asked is of a context that has no label, after a by-pass. */
OM_uint32 tr_fail_unlabelled(OM_uint32 *minor);

/* As tr_detail(), with the text of a major status that Kerberos returned
 * without a minor one. */
krb5_error_code tr_detail_major(krb5_error_code code, OM_uint32 major);

#endif
