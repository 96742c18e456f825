/* mech/plugin/marker.h - the context flag that says that a trailer was sent */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_MARKER_H
#define TR_MARKER_H

/*
 * Kerberos carries this flag authenticated from initiator to acceptor and
 * otherwise ignores it.  A token that has the marker but no trailer, or the
 * reverse, is refused.  Applications see the flag only if they set it.
 */

#include <gssapi/gssapi_ext.h>

#define TR_MARKER_FLAG GSS_C_IDENTIFY_FLAG

#endif
