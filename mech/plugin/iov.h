/* mech/plugin/iov.h - buffers of the caller */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_IOV_H
#define TR_IOV_H

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <krb5/krb5.h>
#include <stdbool.h>
#include "limits.h"

#define TR_MAX_IOV 4096

/* The first buffer of this type, or NULL. */
gss_iov_buffer_t tr_iov_find(gss_iov_buffer_desc *iov, int count,
                             OM_uint32 type);

/*
 * Gather the last octets of all DATA and SIGN_ONLY buffers, in the order that
 * Kerberos takes its checksum in, to the end of out.  Returns how many there
 * are, at most size.
 */
size_t tr_iov_tail(const gss_iov_buffer_desc *iov, int count, uint8_t *out,
                   size_t size);
bool tr_iov_ends_with(const gss_iov_buffer_desc *iov, int count,
                      const uint8_t tag[TR_TAG_LENGTH]);

/* Buffers as Kerberos is to see them; not to be moved. */
#define TR_FEW_IOV 16
struct tr_iov {
    gss_iov_buffer_desc *items;
    gss_iov_buffer_desc few[TR_FEW_IOV];        /* usually enough */
};

/* A copy with more, empty DATA buffers behind all others. */
krb5_error_code tr_iov_copy(const gss_iov_buffer_desc *iov, int count,
                            int more, struct tr_iov *copy);
void tr_iov_release(struct tr_iov *copy);

/* Make the caller's TRAILER or MIC_TOKEN length octets long, allocating it if
 * asked to; TRR_TOO_LONG for a shorter one. */
krb5_error_code tr_iov_make_room(gss_iov_buffer_t buffer, size_t length);

#endif
