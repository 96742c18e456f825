/* mech/service/status.c - what the daemon says of itself */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "audit.h"
#include "daemon.h"
#include "follow.h"
#include "keys.h"
#include "replay.h"
#include "text.h"
#include "trustrealm_err.h"
#include "watch.h"

/* Takes value over. */
static void
set(json_t *object, const char *key, json_t *value)
{
    if (value != NULL)
        json_object_set_new(object, key, value);
}

/* State texts come from libraries and servers: not always UTF-8. */
static json_t *
text_value(const char *text)
{
    json_t *value = json_string(text);

    return value != NULL ? value : json_string("(not UTF-8)");
}

/* What the follower says or, when it lacks a ticket, what the KDC said: that
 * is told to this process alone. */
static json_t *
source_state(const struct tr_daemon *daemon)
{
    const char *state = tr_follower_state(daemon->follower);
    const char *why = tr_keys_export_error(daemon->service.keys);
    json_t *value;
    char *text;

    if (why == NULL || tr_follower_answers(daemon->follower))
        return text_value(state);
    if (asprintf(&text, "%s; %s", state, why) < 0)
        return NULL;
    value = text_value(text);
    free(text);
    return value;
}

static json_t *
names_of(const struct tr_system_record *system)
{
    json_t *names = json_array();
    size_t i;

    if (names == NULL)
        return NULL;
    json_array_append_new(names, text_value(system->name));
    for (i = 0; i < system->naliases; i++)
        json_array_append_new(names, text_value(system->aliases[i]));
    return names;
}

/* What the table has of this system: no names when it is not there, and
 * nothing when that cannot be read. */
static void
set_entry(json_t *state, const struct tr_service *service)
{
    const struct tr_system_record *system;
    struct tr_record *record = NULL;
    struct tr_view *view = NULL;
    krb5_error_code ret;

    ret = tr_view_open(service->table, &view);
    if (ret == 0)
        ret = tr_view_system(view, service->config->system, &record);
    if (ret == TRR_NOT_FOUND) {
        set(state, "names", json_array());
    } else if (ret == 0 && record->type == TR_RECORD_SYSTEM) {
        system = &record->u.system;
        set(state, "names", names_of(system));
        set(state, "enabled", json_boolean(system->enabled));
        set(state, "memberships",
            json_integer((json_int_t)system->nmemberships));
    }
    tr_record_free(record);
    tr_view_close(view);
}

/* By it alone everything may be refused. */
static json_t *
clock_value(const struct tr_daemon *daemon)
{
    const struct tr_watch_state *state = tr_watch_state(daemon->watch);
    json_t *value;
    char *text;

    if (state->behind == 0)
        return json_pack("{s:s, s:i}", "state", "right", "behind", 0);
    if (asprintf(&text, "behind %s", state->behind_what) < 0)
        return NULL;
    value = json_pack("{s:s, s:I}", "state", text, "behind",
                      (json_int_t)state->behind);
    free(text);
    return value;
}

static json_t *
table_value(const struct tr_daemon *daemon)
{
    const struct tr_watch_state *state = tr_watch_state(daemon->watch);
    const struct tr_table_info *info = &state->info;
    json_t *table = json_object();

    if (table == NULL)
        return NULL;
    set(table, "source", text_value(daemon->service.config->source));
    set(table, "state", source_state(daemon));
    set(table, "silent", json_integer(
            tr_follower_silent(daemon->follower)));
    set(table, "away", json_boolean(tr_follower_away(daemon->follower)));
    if (state->error != 0)
        set(table, "error", text_value(error_message(state->error)));
    set(table, "generation", json_integer((json_int_t)info->generation));
    set(table, "fresh", json_integer(info->fresh));
    set(table, "age", state->age < 0 ? json_null() :
        json_integer(state->age));
    set(table, "stale", json_boolean(state->stale));
    set(table, "stale_realms", json_integer((json_int_t)state->stale_realms));
    set(table, "unusable_realms",
        json_integer((json_int_t)state->unusable_realms));
    set(table, "disputed_names", json_integer((json_int_t)info->disputed));
    set(table, "realms", json_integer((json_int_t)info->realms));
    set(table, "systems", json_integer((json_int_t)info->systems));
    set(table, "clearances", json_integer((json_int_t)info->clearances));
    set(table, "maps", json_integer((json_int_t)info->maps));
    return table;
}

static json_t *
decisions_value(const struct tr_audit *audit)
{
    json_t *object = json_object(), *entry;
    struct tr_audit_count count;
    size_t i;

    for (i = 0; object != NULL && tr_audit_count(audit, i, &count); i++) {
        entry = json_object();
        if (entry == NULL)
            break;
        set(entry, "allow", json_integer((json_int_t)count.allowed));
        set(entry, "deny", json_integer((json_int_t)count.denied));
        set(object, count.event, entry);
    }
    return object;
}

/* Refusals, by the step that decided. */
static json_t *
refused_value(const struct tr_audit *audit)
{
    json_t *object = json_object();
    enum tr_step step;
    uint64_t count;

    for (step = TR_STEP_NONE; object != NULL && step <= TR_R15_COMMIT;
         step++) {
        count = tr_audit_refused(audit, step);
        if (count > 0)
            set(object, step == TR_STEP_NONE ? "none" : tr_step_name(step),
                json_integer((json_int_t)count));
    }
    return object;
}

/* What has to be mended. */
static const char *
login_cause(krb5_error_code code)
{
    switch (code) {
    case KRB5KDC_ERR_PREAUTH_FAILED:
    case KRB5_PREAUTH_FAILED:
    case KRB5KRB_AP_ERR_BAD_INTEGRITY:
    case KRB5KDC_ERR_KEY_EXP:
    case KRB5KDC_ERR_ETYPE_NOSUPP:
    case KRB5_KT_NOTFOUND:
        return "key";
    case KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN:
    case KRB5KDC_ERR_CLIENT_REVOKED:
    case KRB5KDC_ERR_CLIENT_NOTYET:
    case KRB5KDC_ERR_NAME_EXP:
        return "principal";
    case KRB5KRB_AP_ERR_SKEW:
        return "clock";
    default:
        return "kdc";
    }
}

/* Of this system at the KDC. */
static json_t *
login_value(const struct tr_login_state *state)
{
    json_t *value = json_object();

    if (value == NULL)
        return NULL;
    set(value, "failed", json_boolean(state->code != 0));
    if (state->code != 0) {
        set(value, "cause", json_string(login_cause(state->code)));
        set(value, "error", text_value(state->why));
    }
    set(value, "end", state->end == 0 ? json_null() :
        json_integer(state->end));
    return value;
}

/* Nothing may be accepted because of it alone. */
static json_t *
replay_value(const struct tr_replay *replay)
{
    return json_pack("{s:b, s:I}", "failed", tr_replay_failed(replay),
                     "wait", (json_int_t)tr_replay_wait(replay, time(NULL)));
}

static json_t *
kdc_value(const struct tr_kdc_state *state)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I}",
                     "threads", (json_int_t)state->threads,
                     "busy", (json_int_t)state->busy,
                     "queue", (json_int_t)state->queue,
                     "answered", (json_int_t)state->answered,
                     "failed", (json_int_t)state->failed);
}

/* What only root and the daemon's own user need to know. */
static void
set_inside(json_t *state, const struct tr_daemon *daemon,
           const struct tr_kdc_state *kdc)
{
    const struct tr_service *service = &daemon->service;
    uint64_t left_out, lost, dry_run, bypass;
    json_t *list;
    size_t i;

    tr_audit_lost(service->audit, &left_out, &lost);
    tr_audit_let_by(service->audit, &dry_run, &bypass);
    set(state, "decisions", decisions_value(service->audit));
    set(state, "refused", refused_value(service->audit));
    set(state, "dry_run", json_integer((json_int_t)dry_run));
    set(state, "bypass", json_integer((json_int_t)bypass));
    set(state, "audit_left_out", json_integer((json_int_t)left_out));
    set(state, "audit_lost", json_integer((json_int_t)lost));
    set(state, "connections",
        json_integer((json_int_t)tr_server_connections(daemon->server)));
    set(state, "calls", json_integer((json_int_t)service->calls));
    set(state, "requests",
        json_integer((json_int_t)tr_server_requests(daemon->server)));
    set(state, "kdc", kdc_value(kdc));
    list = json_array();
    for (i = 0; list != NULL && service->attributes[i] != NULL; i++)
        json_array_append_new(list, text_value(service->attributes[i]));
    set(state, "attributes", list);
}

static json_t *
state_value(const struct tr_daemon *daemon, bool inside)
{
    const struct tr_service *service = &daemon->service;
    json_t *state = json_object();
    char instance[2 * 16 + 1];
    struct tr_kdc_state kdc;

    if (state == NULL)
        return NULL;
    tr_kdc_state(tr_keys_kdc(service->keys), &kdc);
    set(state, "version", json_string(PACKAGE_VERSION));
    set(state, "system", text_value(service->config->system));
    set_entry(state, service);
    set(state, "principal", text_value(service->canonical_principal));
    set(state, "pid", json_integer(getpid()));
    set(state, "started", json_integer(daemon->started));
    tr_text_hex(tr_shared_page_instance(service->page), 16, instance);
    set(state, "instance", json_string(instance));
    set(state, "epoch", json_integer(
            (json_int_t)tr_shared_page_epoch(service->page)));
    set(state, "clock", clock_value(daemon));
    set(state, "login", login_value(&kdc.login));
    set(state, "replay", replay_value(service->replay));
    set(state, "audit", json_pack("{s:b}", "failed",
                                  tr_audit_failed(service->audit)));
    set(state, "table", table_value(daemon));
    if (inside)
        set_inside(state, daemon, &kdc);
    return state;
}

void
tr_handle_status(struct tr_request *request)
{
    const struct tr_daemon *daemon = request->service->daemon;
    struct tr_audit_record record = { .event = "status", .table_age = -1 };
    struct tr_reply reply = { .type = TR_REPLY_STATE };
    bool inside = request->caller.uid == 0 ||
        request->caller.uid == geteuid();
    json_t *state = state_value(daemon, inside);

    if (state != NULL)
        reply.u.state = json_dumps(state, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(state);
    if (reply.u.state == NULL) {
        record.code = TRR_INTERNAL;
        tr_request_refuse(request, &record);
        return;
    }
    tr_request_reply(request, &reply, false);
    free(reply.u.state);
}
