/* mech/wire.h - messages of mech/trustrealm.asn1 as C structures */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_WIRE_H
#define TR_WIRE_H

/*
 * One structure for each type of the ASN.1 module, one pair of functions for
 * all: tr_wire_encode(TR_WIRE_CALL, &call, ...).  They go by a table made from
 * the module, which compiles only if every field has its member here, of the
 * same name with _ for -; alternatives are in a union u, numbered by an enum.
 *
 * Decoding is strict: DER only, nothing after the end, every octet accounted
 * for, text is UTF-8 without NUL, sizes at most the module's.  What is decoded
 * is owned by the structure and freed, wiped, by tr_wire_free(); what is
 * encoded is only borrowed, a NULL string counts as "".
 *
 * Maxima are not meanings: whether an association id has its 16 octets and a
 * version is known is for the caller to see.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <krb5/krb5.h>
#include "limits.h"

struct tr_bytes { uint8_t *data; size_t length; };
struct tr_strings { char **items; size_t count; };

enum tr_wire_type {
    TR_WIRE_TRAILER, TR_WIRE_REPLY_TRAILER, TR_WIRE_ENVIRONMENT,
    TR_WIRE_ACCEPTANCE, TR_WIRE_ASSOCIATION, TR_WIRE_EXPORTED_CONTEXT,
    TR_WIRE_EXPORTED_CREDENTIAL, TR_WIRE_CALL, TR_WIRE_REPLY
};

#define TR_VERSION 1
enum { TR_ROLE_INITIATOR = 0, TR_ROLE_ACCEPTOR = 1 };
#define TR_ASSOCIATION_LENGTH 16

struct tr_trailer {
    int64_t version;
    struct tr_bytes system_ap_req;
};

struct tr_reply_trailer {
    int64_t version;
    struct tr_bytes acceptance;
};

struct tr_environment {
    int64_t version;
    char *from, *to;
    struct tr_bytes association;
    char *realm, *label, *low, *high, *digest;
    int64_t generation;
    struct tr_strings attributes;
    char *client, *service;
    bool confidentiality;
    int64_t time, validity, end;
};

struct tr_acceptance {
    int64_t version;
    char *from, *to;
    struct tr_bytes binding, association;
    char *realm, *label, *low, *high;
    int64_t generation, time, end;
};

enum { TR_STAGE_SEALED, TR_STAGE_ESTABLISHED };

struct tr_association {         /* what a record has in it */
    int64_t version, stage, side;
    bool bypass;
    struct tr_bytes association;
    char *correlation, *from, *to, *peer_system, *client, *service;
    char *realm, *label, *low, *high;
    struct tr_strings attributes;
    int64_t enctype;
    struct tr_bytes key;
    struct tr_bytes binding;
    bool confidentiality;
    char *digest;
    int64_t generation, time, end;
    struct tr_bytes transcript;
    int64_t boottime;
};

struct tr_exported_context {
    int64_t version;
    struct tr_bytes mechanism;
    bool initiator, plain, identify;
    char *label;
    struct tr_bytes record, inner;
};

struct tr_exported_credential {
    int64_t version;
    char *label;
    struct tr_bytes inner;
};

/* --- calls: plugin to daemon --------------------------------------------- */

enum tr_call_type {
    TR_CALL_PREPARE, TR_CALL_SEAL, TR_CALL_ACCEPTED, TR_CALL_ACCEPT,
    TR_CALL_JUDGE, TR_CALL_ISSUE, TR_CALL_CHECK, TR_CALL_STATUS
};

/* flags of prepare, seal, accepted, accept */
#define TR_ASK_CONF     0x01    /* the application wants confidentiality */
#define TR_ASK_DELEG    0x02    /* ... delegation */
#define TR_ASK_MUTUAL   0x04    /* accept: authenticated by Kerberos */
#define TR_ASK_MARKER   0x08    /* accept: the peer's marker was set */
#define TR_ASK_AES      0x10    /* accepted, accept: subkeys are AES keys */

struct tr_call {
    enum tr_call_type type;
    union {
        struct { char *target, *label; int64_t flags; } prepare;
        struct {
            struct tr_bytes ap_req;
            char *client, *label;
            int64_t flags;
        } seal;
        struct {
            struct tr_bytes record, ap_rep, trailer, binding;
            int64_t flags;
        } accepted;
        struct {
            struct tr_bytes ap_req, trailer, ap_rep;
            char *client, *service;
            struct tr_bytes binding;
            int64_t flags;
        } accept;
        struct { struct tr_bytes record, binding; } judge;
        struct { struct tr_bytes record; char *label; } issue;
        struct { struct tr_bytes record, label_record; } check;
    } u;
};

/* --- replies: daemon to plugin ------------------------------------------- */

enum tr_reply_type {
    TR_REPLY_REFUSED, TR_REPLY_PREPARED, TR_REPLY_SEALED,
    TR_REPLY_ESTABLISHED, TR_REPLY_ISSUED, TR_REPLY_CHECKED, TR_REPLY_STATE
};

/* flags of replies */
#define TR_IS_PLAIN       0x01  /* by-pass: no label, no trailer */
#define TR_FORCE_CONF     0x02  /* every message confidential, no MIC */
#define TR_REFUSE_DELEG   0x04
#define TR_MAY_EXPORT     0x08  /* lucid export for the kernel */
#define TR_EXPLICIT       0x10  /* a label record on every message */
#define TR_IS_DRY_RUN     0x20

struct tr_established {
    int64_t flags;
    struct tr_bytes trailer, record;
    int64_t epoch;
    struct tr_bytes instance;
    int64_t lifetime, idle_timeout, kernel_lifetime;
    char *realm, *label, *low, *high, *local_label, *local_low, *local_high;
    char *peer_system, *correlation;
};

struct tr_reply {
    enum tr_reply_type type;
    union {
        struct { int64_t code; char *text, *correlation; } refused;
        struct { int64_t flags; struct tr_bytes record; } prepared;
        struct {
            int64_t flags;
            struct tr_bytes trailer, record;
            int64_t epoch;
            struct tr_bytes instance;
        } sealed;
        struct tr_established established;
        struct {
            struct tr_bytes label_record;
            char *label, *local_label;
        } issued;
        struct { char *label, *local_label; int64_t epoch; } checked;
        char *state;
    } u;
};

/* *out is malloced.  value points to the structure of type.  TRR_TOO_LONG
 * when a maximum is exceeded, TRR_MALFORMED for text that is not UTF-8. */
krb5_error_code tr_wire_encode(enum tr_wire_type type, const void *value,
                               uint8_t **out, size_t *length_out);
/* value is zeroed first, and left zeroed on error (TRR_TRUNCATED, _TRAILING,
 * _MALFORMED, _TOO_LONG, ENOMEM).  Strings are never NULL afterwards. */
krb5_error_code tr_wire_decode(enum tr_wire_type type, const uint8_t *octets,
                               size_t length, void *value);
void tr_wire_free(enum tr_wire_type type, void *value);

/*
 * The shared page: read-only in applications, one per daemon process, handed
 * over as a sealed memfd with the first sealed or established of a connection.
 * All fields are in host order and written atomically.
 */
#define TR_PAGE_SIZE 4096
#define TR_PAGE_MAGIC UINT64_C(0x7472757374706731)      /* "trustpg1" */
struct tr_page {
    uint64_t magic;
    uint8_t instance[16];
    uint64_t epoch;             /* a decision holds while this is unchanged */
    uint64_t lease;             /* CLOCK_MONOTONIC_COARSE, ns: after it, ask */
};

/*
 * Calls travel over a SOCK_SEQPACKET unix socket, one DER-encoded Call or
 * Reply a packet, at most TR_MAX_CALL octets; the first sealed or established
 * on a connection carries the page's descriptor as SCM_RIGHTS.  The daemon
 * knows the caller by SO_PEERCRED and takes a packet only with SCM_CREDENTIALS
 * that say the same: attach them with the effective ids, since those that the
 * kernel adds by itself have the real ones.  A call is sent when the one
 * before has been answered.  The daemon closes connections that idle, or that
 * are in the way of new ones.
 */
#define TR_SOCKET_PATH TR_RUNSTATEDIR "/trustrealm/socket"
#define TR_SOCKET_ENV "TRUSTREALM_SOCKET"       /* secure_getenv() only */

#endif
