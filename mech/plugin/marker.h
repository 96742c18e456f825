/* mech/plugin/marker.h - the context flag that says that a trailer was sent */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_MARKER_H
#define TR_MARKER_H

/*
 * Kerberos carries this flag authenticated from initiator to acceptor and
 * otherwise makes nothing of it.  Marker and trailer come together or the
 * token is refused.  Applications see the flag only when they set it.
 */

#include <gssapi/gssapi_ext.h>

#define TR_MARKER_FLAG GSS_C_IDENTIFY_FLAG

#endif
