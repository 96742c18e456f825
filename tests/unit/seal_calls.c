/* tests/unit/seal_calls.c - calls of the plugin, and what answers them */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "crypto.h"
#include "seal_world.h"

/* --- what the daemon's other parts would do ------------------------------ */

void
tr_log(struct tr_audit *audit, int priority, const char *format, ...)
{
    va_list ap;

    if (getenv("TR_VERBOSE") == NULL)
        return;
    va_start(ap, format);
    vwarnx(format, ap);
    va_end(ap);
}

bool
tr_audit_write(struct tr_audit *audit, const struct tr_audit_record *record)
{
    struct world_system *system = (struct world_system *)audit;

    system->audited = true;
    snprintf(system->event, sizeof(system->event), "%s", record->event);
    system->allowed = record->allowed;
    system->dry_run = record->dry_run;
    system->step = record->step;
    system->code = record->code;
    snprintf(system->text, sizeof(system->text), "%s",
             record->text != NULL ? record->text : "");
    snprintf(system->sender, sizeof(system->sender), "%s",
             record->sender != NULL ? record->sender : "");
    snprintf(system->user, sizeof(system->user), "%s",
             record->user != NULL ? record->user : "");
    snprintf(system->target_service, sizeof(system->target_service), "%s",
             record->service != NULL ? record->service : "");
    snprintf(system->correlation, sizeof(system->correlation), "%s",
             record->correlation != NULL ? record->correlation : "");
    if (getenv("TR_VERBOSE") != NULL)
        warnx("%s %s: %s -> %s, %s in %s %s: %s %s", record->event,
              record->allowed ? "allowed" : "denied",
              record->sender != NULL ? record->sender : "?",
              record->receiver != NULL ? record->receiver : "?",
              record->user != NULL ? record->user : "?",
              record->realm != NULL ? record->realm : "?",
              record->label != NULL ? record->label : "?",
              tr_step_name(record->step), system->text);
    return true;
}

void
tr_request_reply(struct tr_request *request, const struct tr_reply *reply,
                 bool with_page)
{
    struct world_system *system = request->connection;
    uint8_t *octets;
    size_t length;

    world_check(tr_wire_encode(TR_WIRE_REPLY, reply, &octets, &length),
                "reply");
    tr_wire_free(TR_WIRE_REPLY, &system->reply);
    world_check(tr_wire_decode(TR_WIRE_REPLY, octets, length, &system->reply),
                "reply");
    free(octets);
    system->answered = true;
    system->with_page = with_page;
    tr_wire_free(TR_WIRE_CALL, &request->call);
    free(request);
}

void
tr_request_refuse(struct tr_request *request, struct tr_audit_record *record)
{
    struct tr_reply reply = { .type = TR_REPLY_REFUSED };

    record->allowed = false;
    if (record->code == 0)
        errx(1, "refused without a code");
    tr_audit_write(request->service->audit, record);
    reply.u.refused.code = record->code;
    reply.u.refused.text = (char *)record->text;
    reply.u.refused.correlation = (char *)record->correlation;
    tr_request_reply(request, &reply, false);
}

/* --- calls --------------------------------------------------------------- */

static void (*const handlers[])(struct tr_request *request) = {
    [TR_CALL_PREPARE] = tr_handle_prepare,
    [TR_CALL_SEAL] = tr_handle_seal,
    [TR_CALL_ACCEPTED] = tr_handle_accepted,
    [TR_CALL_ACCEPT] = tr_handle_accept,
    [TR_CALL_JUDGE] = tr_handle_judge,
    [TR_CALL_ISSUE] = tr_handle_issue,
    [TR_CALL_CHECK] = tr_handle_check
};

enum tr_reply_type
world_call(struct world_system *system, uid_t uid, struct tr_call *call)
{
    struct tr_request *request = calloc(1, sizeof(*request));
    uint8_t *octets;
    size_t length;

    tr_wire_free(TR_WIRE_REPLY, &system->reply);
    memset(&system->reply, 0, sizeof(system->reply));
    system->answered = system->audited = system->allowed = false;
    system->step = TR_STEP_NONE;
    system->code = 0;
    system->text[0] = system->event[0] = system->correlation[0] = '\0';
    system->user[0] = system->target_service[0] = '\0';
    if (request == NULL)
        err(1, "calloc");
    request->service = &system->service;
    request->caller.uid = uid;
    request->caller.gid = uid;
    request->connection = system;
    world_check(tr_wire_encode(TR_WIRE_CALL, call, &octets, &length), "call");
    world_check(tr_wire_decode(TR_WIRE_CALL, octets, length, &request->call),
                "call");
    free(octets);
    handlers[call->type](request);
    while (!system->answered) {
        if (event_base_loop(system->service.base, EVLOOP_ONCE) != 0)
            errx(1, "nothing would answer the call");
    }
    return system->reply.type;
}

krb5_error_code
world_refused(const struct world_system *system)
{
    return system->reply.type == TR_REPLY_REFUSED ?
        (krb5_error_code)system->reply.u.refused.code : 0;
}

void
world_copy(struct tr_bytes *to, const struct tr_bytes *from)
{
    tr_bytes_free(to);
    world_check(tr_bytes_copy(from->data, from->length, to), "copy");
}

static char *
keytab_file(const char *name)
{
    char *out;

    if (asprintf(&out, "FILE:%s/%s.keytab", world_directory, name) < 0)
        err(1, "asprintf");
    return out;
}

krb5_creds *
world_ticket(const char *keytab_name, const char *client, const char *service)
{
    char *name = keytab_file(keytab_name);
    krb5_creds *out = calloc(1, sizeof(*out));
    krb5_principal principal;
    krb5_keytab keytab;

    world_check(krb5_kt_resolve(world_krb5, name, &keytab), name);
    world_check(krb5_parse_name(world_krb5, client, &principal), client);
    world_check(krb5_get_init_creds_keytab(world_krb5, out, principal, keytab,
                                           0, service, NULL), service);
    krb5_free_principal(world_krb5, principal);
    krb5_kt_close(world_krb5, keytab);
    free(name);
    return out;
}

void
world_ap_req(struct world_context *context, const char *client,
             const char *service)
{
    char *name = keytab_file("all");
    krb5_creds *creds = world_ticket("all", client, service);
    krb5_auth_context auth = NULL;
    krb5_data in, out;
    krb5_keytab keytab;

    memset(context, 0, sizeof(*context));
    context->service = service;
    world_check(krb5_mk_req_extended(world_krb5, &auth,
                                     AP_OPTS_MUTUAL_REQUIRED |
                                     AP_OPTS_USE_SUBKEY, NULL, creds, &out),
                "req");
    world_check(tr_bytes_copy(out.data, out.length, &context->ap_req), "copy");
    krb5_auth_con_free(world_krb5, auth);
    krb5_free_creds(world_krb5, creds);

    auth = NULL;
    in = out;
    world_check(krb5_auth_con_init(world_krb5, &auth), "auth");
    world_check(krb5_auth_con_setflags(world_krb5, auth, 0), "auth");
    world_check(krb5_kt_resolve(world_krb5, name, &keytab), name);
    world_check(krb5_rd_req(world_krb5, &auth, &in, NULL, keytab, NULL, NULL),
                "rd_req");
    krb5_free_data_contents(world_krb5, &in);
    world_check(krb5_mk_rep(world_krb5, auth, &out), "mk_rep");
    world_check(tr_bytes_copy(out.data, out.length, &context->ap_rep), "copy");
    krb5_free_data_contents(world_krb5, &out);
    krb5_auth_con_free(world_krb5, auth);
    krb5_kt_close(world_krb5, keytab);
    free(name);
}

krb5_error_code
world_seal(struct world_system *from, uid_t uid,
           struct world_context *context, const char *label)
{
    return world_seal_as(from, uid, context, label, WORLD_ALICE);
}

krb5_error_code
world_seal_as(struct world_system *from, uid_t uid,
              struct world_context *context, const char *label,
              const char *claim)
{
    struct tr_call call = { .type = TR_CALL_SEAL };

    call.u.seal.ap_req = context->ap_req;
    call.u.seal.client = (char *)claim;
    call.u.seal.label = (char *)label;
    if (world_call(from, uid, &call) != TR_REPLY_SEALED)
        return world_refused(from);
    world_copy(&context->trailer, &from->reply.u.sealed.trailer);
    world_copy(&context->sealed, &from->reply.u.sealed.record);
    return 0;
}

krb5_error_code
world_accept(struct world_system *to, uid_t uid, struct world_context *context)
{
    return world_accept_as(to, uid, context, WORLD_ALICE, WORLD_FLAGS);
}

krb5_error_code
world_accept_as(struct world_system *to, uid_t uid,
                struct world_context *context, const char *client,
                int64_t flags)
{
    struct tr_call call = { .type = TR_CALL_ACCEPT };
    struct tr_bytes binding = { (uint8_t *)"acceptor's PRF", 14 };

    call.u.accept.ap_req = context->ap_req;
    call.u.accept.trailer = context->trailer;
    call.u.accept.ap_rep = context->ap_rep;
    call.u.accept.client = (char *)client;
    call.u.accept.service = (char *)context->service;
    call.u.accept.binding = binding;
    call.u.accept.flags = flags;
    if (world_call(to, uid, &call) != TR_REPLY_ESTABLISHED)
        return world_refused(to);
    world_copy(&context->reply_trailer, &to->reply.u.established.trailer);
    world_copy(&context->acceptor, &to->reply.u.established.record);
    return 0;
}

krb5_error_code
world_accepted(struct world_context *context)
{
    struct tr_call call = { .type = TR_CALL_ACCEPTED };
    struct tr_bytes binding = { (uint8_t *)"initiator's PRF", 15 };

    call.u.accepted.record = context->sealed;
    call.u.accepted.ap_rep = context->ap_rep;
    call.u.accepted.trailer = context->reply_trailer;
    call.u.accepted.binding = binding;
    call.u.accepted.flags = TR_ASK_AES;
    if (world_call(&world_alpha, WORLD_USER, &call) != TR_REPLY_ESTABLISHED)
        return world_refused(&world_alpha);
    world_copy(&context->initiator,
               &world_alpha.reply.u.established.record);
    return 0;
}

void
world_establish(struct world_context *context)
{
    world_ap_req(context, "alice", "host/beta.unit.test");
    world_check(world_seal(&world_alpha, WORLD_USER, context, ""), "seal");
    world_check(world_accept(&world_beta, WORLD_ROOT, context), "accept");
    world_check(world_accepted(context), "accepted");
}

void
world_forget(struct world_context *context)
{
    tr_bytes_free(&context->ap_req);
    tr_bytes_free(&context->ap_rep);
    tr_bytes_free(&context->trailer);
    tr_bytes_free(&context->reply_trailer);
    tr_bytes_free(&context->sealed);
    tr_bytes_free(&context->initiator);
    tr_bytes_free(&context->acceptor);
}
