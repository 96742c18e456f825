/* realmdb/limits.h - every maximum of the project, in one place */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_LIMITS_H
#define TR_LIMITS_H

/* labels */
#define TR_MAX_LEVELS           256
#define TR_MAX_CATEGORIES       1024    /* as SELinux MLS: c0..c1023 */
#define TR_MAX_LABEL_TEXT       4096    /* octets of a label's text */

/* the table */
#define TR_MAX_NAME             255     /* octets: trust realm, system, ... */
#define TR_MAX_PRINCIPAL        511     /* octets of a principal's text */
#define TR_MAX_MEMBERSHIPS      256     /* of one system; restrictions too */
#define TR_MAX_ALIASES          256     /* of one system */
#define TR_MAX_URIS             8       /* of directory servers */
#define TR_MAX_ATTRIBUTES       32      /* environment, of one trust realm */
#define TR_MAX_VALUES           32      /* of one limit, of which one holds */
#define TR_MAX_ENTRY            (1024 * 1024)   /* octets of a stored record */

/* tokens (doc/PROTOCOL) */
#define TR_MAX_AP_REQ           65536
#define TR_MAX_TRAILER          8192    /* system AP-REQ with its ticket */
#define TR_MAX_LABEL_RECORD     8192
#define TR_MAX_EXPORT           (1024 * 1024)   /* of a context, credential */
#define TR_TAG_LENGTH           4       /* marks messages with a record */
#define TR_BINDING_LENGTH       16      /* ties a record to a context's key */

/* between plugin and daemon */
#define TR_MAX_CALL             (160 * 1024)
#define TR_CALL_TIMEOUT_MS      5000
#define TR_VALIDITY_S           60      /* of an environment */
#define TR_MAX_CLOCK_SKEW_S     300
#define TR_LEASE_MS             1000    /* of the shared page ... */
#define TR_LEASE_RENEWAL_MS     250     /* ... renewed this often */
#define TR_MAX_KNOWN_LABELS     64      /* remembered by a context */
#define TR_MAX_GROUPS           4096    /* of a process that calls */
#define TR_MAX_CONNECTIONS_OF_USER 1024
#define TR_MAX_REQUESTS_OF_USER 128     /* waiting for an answer */
#define TR_CONNECTIONS_FOR_ROOT 32      /* that nobody else can occupy */
#define TR_MAX_IDLE_CONNECTIONS 4       /* that a process keeps */
#define TR_IDLE_CONNECTION_S    2       /* for the next call, then closed */

#endif
