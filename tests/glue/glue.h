/* tests/glue/glue.h - what the cases of the probe share */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_GLUE_H
#define TR_GLUE_H

/*
 * The probe plays both ends of a context in one process, through libgssapi
 * as any application.  Which system it belongs to is in the environment, so
 * it says be_initiator() or be_acceptor() before it makes the calls of one.
 * A case that does not hold ends the process with a message and status 1.
 */

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "limits.h"

/* Labels of the test systems: the trust realm's format, the initiator's and
 * the acceptor's. */
#define ESTABLISHED "INTERNAL"
#define HIGHER "SECRET"
#define HIGHER_HERE "grave"
#define HIGHER_THERE "red"
#define TOO_HIGH_HERE "utmost"
#define CLIENT "alice@EXAMPLE.TEST"

struct pair {
    gss_ctx_id_t initiator, acceptor;
    gss_name_t client;                  /* as the acceptor sees it */
    OM_uint32 flags_here, flags_there;
    gss_OID mech_here, mech_there;
    gss_cred_id_t delegated;
    OM_uint32 here;                     /* what the initiator's step said */
};

struct wishes {                 /* all may be 0 */
    gss_OID mech;
    OM_uint32 flags;
    gss_cred_id_t cred, acceptor_cred;
    gss_channel_bindings_t bindings_here, bindings_there;
    const char *service;        /* default "sample" */
};

#define fail(...) fail_at(__FILE__, __LINE__, __VA_ARGS__)
#define expect(condition) \
    do { if (!(condition)) fail("not so: %s", #condition); } while (0)
/* The call has to succeed. */
#define must(call) must_at(__FILE__, __LINE__, #call, (call))
/* The call has to fail with this major status (its routine error). */
#define must_fail(error, call) \
    must_fail_at(__FILE__, __LINE__, #call, (error), (call))

void fail_at(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4), noreturn));
void must_at(const char *file, int line, const char *what, OM_uint32 major);
void must_fail_at(const char *file, int line, const char *what,
                  OM_uint32 error, OM_uint32 major);

/* Of the calls made last; the macros above show its text. */
extern _Thread_local OM_uint32 minor;

void be_initiator(void);
void be_acceptor(void);
/* A system without trustrealmd. */
void be_nobody(void);

/* The next descriptor above fd that is connected to socket, or -1. */
int connection_after(int fd, const char *socket);

gss_OID krb5_mech(void);
gss_OID own_mech(void);
gss_OID_desc object(int number);        /* of gssapi_trustrealm.h */
gss_name_t name_of(const char *text, gss_OID type);
gss_name_t service_name(const char *service);

/* The first step only; returns the token. */
gss_buffer_desc initiate(struct pair *pair, const struct wishes *wishes);
void establish(struct pair *pair, const struct wishes *wishes);
void end(struct pair *pair);
/* The initiator's message, under label or the established one, arrives. */
void send_message(struct pair *pair, const char *label);
/* All that a process does with a context, at both ends. */
void whole_context(void);

/*
 * What a user does who has the key of his context: leave a context of plain
 * Kerberos, with the same key, in its place.
 */
void take_label_away(gss_ctx_id_t *context);
/* The parts of an exported context; free with tr_wire_free(). */
struct tr_exported_context;
void take_apart(gss_buffer_t exported, struct tr_exported_context *out);
gss_buffer_desc put_together(const struct tr_exported_context *parts);
/* A token as the mechglue frames it, with this OID. */
gss_buffer_desc framed(gss_const_OID oid, const void *token, size_t length);

/* The label of messages from now on, NULL for the established one. */
void choose_label(gss_ctx_id_t context, const char *label);
/* One text of an inquiry by OID, owned by the caller. */
char *inquire(gss_ctx_id_t context, int number, size_t index);
/* The label that the acceptor's last message had. */
void expect_label(gss_ctx_id_t acceptor, bool changed);

/* Octets that are easy to tell from others; release with free(). */
gss_buffer_desc octets(size_t length);
bool same(const gss_buffer_desc *a, const gss_buffer_desc *b);
gss_buffer_desc join(const void *a, size_t a_length, const void *b,
                     size_t b_length);
/* The tag of messages of this direction, "i" or "a". */
void tag_of(gss_ctx_id_t context, const char *direction,
            uint8_t tag[TR_TAG_LENGTH]);
/* The text of a failure, owned by the caller. */
char *status_text(OM_uint32 minor_status);

struct probe_case {
    const char *name;
    void (*run)(void);
};
extern const struct probe_case message_cases[], buffer_cases[],
    name_cases[], credential_cases[], context_cases[], process_cases[],
    connection_cases[], policy_cases[];

#endif
