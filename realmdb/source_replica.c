/* realmdb/source_replica.c - the table as a copy of a directory's content */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "keyset.h"
#include "source_replica.h"
#include "trustrealm_err.h"

#define MAX_TOLD 1000            /* disputes */

struct tr_replica {
    struct tr_table *table;
    const char *base, *source;
    const struct tr_source_callbacks *cb;
    struct tr_cookie stored;            /* as committed */
    struct tr_cookie known;             /* with what is not committed yet */
    struct tr_update *update;           /* begun, or NULL */
    struct tr_keyset told;              /* keys whose names are disputed */
    bool looked;                        /* for those that were so before */
    bool distrusted;                    /* the next refresh is a full one */
    bool refreshing;
    bool full;                          /* this refresh */
    bool shown;                         /* an entry, in this refresh */
};

static krb5_error_code
refuse(char **why_out, krb5_error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static krb5_error_code
refuse(char **why_out, krb5_error_code code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (vasprintf(why_out, format, args) < 0)
        *why_out = NULL;
    va_end(args);
    return code;
}

/* What the table said of a failure, unless there is a reason already. */
static krb5_error_code
table_failed(struct tr_replica *replica, krb5_error_code code, char **why_out)
{
    if (*why_out != NULL)
        return code;
    return refuse(why_out, code, "table: %s",
                  code == ENOMEM ? strerror(ENOMEM) :
                  tr_table_message(replica->table));
}

/* --- updates ------------------------------------------------------------- */

static krb5_error_code
load(struct tr_replica *replica)
{
    krb5_error_code ret;
    struct tr_table_info info;
    struct tr_view *view;
    uint8_t *octets = NULL;
    size_t length;

    ret = tr_view_open(replica->table, &view);
    if (ret)
        return ret;
    tr_view_info(view, &info);
    ret = tr_view_cookie(view, &octets, &length);
    tr_view_close(view);
    if (ret == 0 && octets != NULL)
        ret = tr_cookie_unpack(octets, length, replica->base,
                               &replica->stored);
    /* A table that was discarded knows how far it had come, and no more. */
    replica->distrusted = *info.source == '\0' ||
        tr_cookie_is_empty(&replica->stored);
    free(octets);
    return ret;
}

/* The update under way. */
static krb5_error_code
need_update(struct tr_replica *replica)
{
    krb5_error_code ret;

    if (replica->update != NULL)
        return 0;
    ret = tr_update_begin(replica->table, &replica->update);
    if (ret == 0 && replica->refreshing && replica->full &&
        tr_table_damaged(replica->table))
        ret = tr_update_clear(replica->update);
    return ret;
}

/* The provider says that it still has an entry.  In a full refresh that keeps
 * nothing: only what it sends is kept. */
static krb5_error_code
note_present(struct tr_replica *replica, const void *key)
{
    return replica->full ? 0 :
        tr_update_present(replica->update, key, TR_UUID_LENGTH);
}

static krb5_error_code
remove_entry(struct tr_replica *replica, const void *key)
{
    krb5_error_code ret;

    ret = tr_update_delete(replica->update, key, TR_UUID_LENGTH);
    return ret == TRR_NOT_FOUND ? 0 : ret;
}

/* Tell why an entry cannot be used, and store what stands for it. */
static krb5_error_code
put_closed(struct tr_replica *replica, const struct tr_message *message,
           const struct tr_entry *entry, const char *why)
{
    krb5_error_code ret;
    const void *key = message->uuid.bv_val;
    struct tr_record *record;

    replica->cb->bad(message->dn, why != NULL ? why : "?", replica->cb->arg);
    ret = tr_record_closed(entry, &record);
    if (ret)
        return ret;
    if (record == NULL)
        return remove_entry(replica, key);
    ret = tr_update_put(replica->update, key, TR_UUID_LENGTH, record);
    tr_record_free(record);
    return ret;
}

static krb5_error_code
put_entry(struct tr_replica *replica, const struct tr_message *message)
{
    krb5_error_code ret = TRR_ENTRY;
    struct tr_entry entry = tr_gathered_entry(&message->values, message->dn);
    const void *key = message->uuid.bv_val;
    struct tr_record *record = NULL;
    const char *why = message->why;
    char *text = NULL;

    if (why == NULL) {
        ret = tr_record_from_entry(&entry, &record, &text);
        why = text;
    }
    if (ret == 0 && record == NULL) {
        ret = remove_entry(replica, key);
    } else if (ret == 0) {
        ret = tr_update_put(replica->update, key, TR_UUID_LENGTH, record);
        why = tr_table_message(replica->table);
    }
    if (ret == TRR_ENTRY)
        ret = put_closed(replica, message, &entry, why);
    tr_record_free(record);
    free(text);
    return ret;
}

/* --- names that several claim -------------------------------------------- */

struct telling { struct tr_replica *replica; struct tr_keyset now; };

/* Once, not at every change. */
static krb5_error_code
tell_disputed(const void *key, size_t key_length,
              const struct tr_record *record, const char *why, void *arg)
{
    struct telling *telling = arg;
    struct tr_replica *replica = telling->replica;

    if (telling->now.count == MAX_TOLD)
        return TRR_TOO_LONG;
    if (!tr_keyset_has(&replica->told, key, key_length))
        replica->cb->bad(tr_record_name(record), why, replica->cb->arg);
    return tr_keyset_add(&telling->now, key, key_length);
}

static krb5_error_code
tell_disputes(struct tr_replica *replica)
{
    struct telling telling = { .replica = replica };
    krb5_error_code ret;

    ret = tr_update_each_disputed(replica->update, tell_disputed, &telling);
    tr_keyset_clear(&replica->told);
    replica->told = telling.now;
    replica->looked = true;
    return ret == TRR_TOO_LONG ? 0 : ret;
}

/* --- messages ------------------------------------------------------------ */

/* Every entry has classes, and those that were asked for have one of ours. */
static bool
has_class(const struct tr_message *message)
{
    const struct tr_gathered *values = &message->values;
    size_t i;

    for (i = 0; i < values->nattributes; i++) {
        if (strcmp(values->attributes[i].name, "objectClass") == 0)
            return true;
    }
    return false;
}

static krb5_error_code
take_entry(struct tr_replica *replica, const struct tr_message *message,
           char **why_out)
{
    krb5_error_code ret;

    switch (message->state) {
    case LDAP_SYNC_ADD:
    case LDAP_SYNC_MODIFY:
        /* It could be a clearance, of which nothing would be left. */
        if (message->why == NULL && !has_class(message))
            return refuse(why_out, TRR_SOURCE, "the provider shows an entry "
                          "without its objectClass: may this system read it?");
        ret = put_entry(replica, message);
        break;
    case LDAP_SYNC_DELETE:
        return remove_entry(replica, message->uuid.bv_val);
    default:
        ret = 0;
        break;
    }
    replica->shown = true;
    /* Present, whatever became of its record. */
    if (ret == 0 && replica->refreshing)
        ret = note_present(replica, message->uuid.bv_val);
    return ret;
}

static krb5_error_code
take_set(struct tr_replica *replica, const struct tr_message *message)
{
    krb5_error_code ret = 0;
    const struct berval *uuid = message->uuids;

    for (; uuid != NULL && uuid->bv_val != NULL && ret == 0; uuid++) {
        if (message->deletes)
            ret = remove_entry(replica, uuid->bv_val);
        else
            ret = note_present(replica, uuid->bv_val);
    }
    return ret;
}

/*
 * A provider may know less than the table does: restored from a backup,
 * lagging behind, or emptied.  What it says is then not taken.  Nor is it by
 * one that was asked for everything and shows nothing: more likely, it does
 * not let this system read.  The table is then good until it is stale.
 */
static krb5_error_code
check_provider(const struct tr_replica *replica,
               const struct tr_cookie *offered, char **why_out)
{
    if (tr_cookie_is_empty(offered) && !replica->full)
        return 0;               /* nothing changed since our cookie */
    if (tr_cookie_is_behind(offered, &replica->stored))
        return refuse(why_out, TRR_SOURCE,
                      "the provider is behind what this system has seen");
    if (replica->full && !replica->shown &&
        !tr_cookie_is_empty(&replica->stored))
        return refuse(why_out, TRR_SOURCE, "the provider shows nothing any "
                      "more: may this system still read it?");
    return 0;
}

static krb5_error_code
finish_refresh(struct tr_replica *replica)
{
    krb5_error_code ret = 0;

    if (replica->full)
        ret = tr_update_sweep(replica->update);
    if (ret == 0 && tr_cookie_is_empty(&replica->known))
        ret = tr_cookie_copy(&replica->stored, &replica->known);
    if (ret == 0)
        replica->refreshing = false;
    return ret;
}

static krb5_error_code
take_phase(struct tr_replica *replica, const struct tr_message *message,
           char **why_out)
{
    krb5_error_code ret;

    if (!replica->refreshing)
        return refuse(why_out, TRR_SOURCE,
                      "the provider ends a refresh that is over");
    if (!message->deletes && !replica->full) {
        ret = tr_update_sweep(replica->update);
        if (ret)
            return ret;
    }
    if (!message->done)
        return 0;
    ret = check_provider(replica, &replica->known, why_out);
    return ret != 0 ? ret : finish_refresh(replica);
}

static krb5_error_code
take_end(struct tr_replica *replica, const struct tr_message *message,
         char **why_out)
{
    const char *text = message->text != NULL ? message->text : "";

    if (message->result == LDAP_SYNC_REFRESH_REQUIRED)
        replica->distrusted = true;
    return refuse(why_out, TRR_SOURCE, "the provider ended the search: "
                  "%s%s%s%s", ldap_err2string(message->result),
                  *text == '\0' ? "" : ": ", text,
                  message->result != LDAP_UNAVAILABLE_CRITICAL_EXTENSION ?
                  "" : "; the base needs content synchronization (OpenLDAP: "
                  "overlay syncprov)");
}

krb5_error_code
tr_replica_take(struct tr_replica *replica, const struct tr_message *message,
                char **why_out)
{
    krb5_error_code ret = 0;
    struct tr_cookie cookie = { 0 };

    *why_out = NULL;
    if (message->cookie.bv_val != NULL)
        ret = tr_cookie_parse(message->cookie.bv_val, message->cookie.bv_len,
                              &cookie);
    if (ret)
        return ret;
    /* A change that the refresh, or an earlier message, brought already; its
     * entry may have changed again since. */
    if (!replica->refreshing && message->kind != TR_MESSAGE_END &&
        tr_cookie_is_known(&cookie, &replica->known))
        goto cleanup;
    /* Changes elsewhere in the directory need not be written at once. */
    if (message->kind == TR_MESSAGE_ENTRY ||
        message->kind == TR_MESSAGE_SET || message->kind == TR_MESSAGE_PHASE)
        ret = need_update(replica);
    if (ret == 0)
        ret = tr_cookie_merge(&replica->known, &cookie);
    if (ret)
        goto cleanup;
    switch (message->kind) {
    case TR_MESSAGE_ENTRY:
        ret = take_entry(replica, message, why_out);
        break;
    case TR_MESSAGE_SET:
        ret = take_set(replica, message);
        break;
    case TR_MESSAGE_PHASE:
        ret = take_phase(replica, message, why_out);
        break;
    case TR_MESSAGE_END:
        ret = take_end(replica, message, why_out);
        break;
    case TR_MESSAGE_COOKIE:
    case TR_MESSAGE_OTHER:
        break;
    }

cleanup:
    tr_cookie_clear(&cookie);
    return ret == 0 ? 0 : table_failed(replica, ret, why_out);
}

/* --- the caller's side --------------------------------------------------- */

krb5_error_code
tr_replica_create(struct tr_table *table, const char *base,
                  const char *source, const struct tr_source_callbacks *cb,
                  struct tr_replica **replica_out)
{
    krb5_error_code ret;
    struct tr_replica *replica;

    *replica_out = NULL;
    replica = calloc(1, sizeof(*replica));
    if (replica == NULL)
        return ENOMEM;
    replica->table = table;
    replica->base = base;
    replica->source = source;
    replica->cb = cb;
    replica->refreshing = true;
    ret = load(replica);
    if (ret) {
        tr_replica_free(replica);
        return ret;
    }
    *replica_out = replica;
    return 0;
}

void
tr_replica_free(struct tr_replica *replica)
{
    if (replica == NULL)
        return;
    tr_update_abort(replica->update);
    tr_keyset_clear(&replica->told);
    tr_cookie_clear(&replica->stored);
    tr_cookie_clear(&replica->known);
    free(replica);
}

krb5_error_code
tr_replica_start(struct tr_replica *replica, struct berval *cookie_out)
{
    krb5_error_code ret;
    char *text = NULL;
    size_t length = 0;

    cookie_out->bv_val = NULL;
    cookie_out->bv_len = 0;
    tr_update_abort(replica->update);
    replica->update = NULL;
    replica->refreshing = true;
    replica->full = replica->distrusted || tr_table_damaged(replica->table);
    replica->shown = false;
    if (!replica->full) {
        ret = tr_cookie_format(&replica->stored, &text, &length);
        if (ret)
            return ret;
        cookie_out->bv_val = text;
        cookie_out->bv_len = length;
    }
    /* While refreshing, what this provider says of itself. */
    tr_cookie_clear(&replica->known);
    return 0;
}

bool
tr_replica_is_ready(const struct tr_replica *replica)
{
    return !replica->refreshing;
}

const struct tr_cookie *
tr_replica_cookie(const struct tr_replica *replica)
{
    return replica->refreshing ? &replica->stored : &replica->known;
}

/* Commit with the cookie, as fresh, and tell. */
static krb5_error_code
commit(struct tr_replica *replica)
{
    krb5_error_code ret = 0;
    struct tr_cookie known;
    uint8_t *octets = NULL;
    size_t length;
    bool changed = tr_update_changed(replica->update);

    if (changed || !replica->looked)
        ret = tell_disputes(replica);
    if (ret == 0)
        ret = tr_cookie_pack(&replica->known, replica->base, &octets,
                             &length);
    if (ret == 0)
        ret = tr_update_set_cookie(replica->update, octets, length);
    free(octets);
    if (ret == 0)
        ret = tr_update_set_fresh(replica->update, time(NULL),
                                  replica->source);
    if (ret == 0)
        ret = tr_cookie_copy(&replica->known, &known);
    if (ret)
        return ret;
    ret = tr_update_commit(replica->update);
    replica->update = NULL;
    if (ret) {
        tr_cookie_clear(&known);
        return ret;
    }
    tr_cookie_clear(&replica->stored);
    replica->stored = known;
    replica->distrusted = false;
    replica->cb->event(changed ? TR_SOURCE_CHANGED : TR_SOURCE_FRESH,
                       replica->source, replica->cb->arg);
    return 0;
}

krb5_error_code
tr_replica_pause(struct tr_replica *replica, char **why_out)
{
    krb5_error_code ret;

    *why_out = NULL;
    if (replica->refreshing || replica->update == NULL)
        return 0;
    ret = commit(replica);
    return ret == 0 ? 0 : table_failed(replica, ret, why_out);
}

krb5_error_code
tr_replica_alive(struct tr_replica *replica, char **why_out)
{
    krb5_error_code ret;

    *why_out = NULL;
    if (replica->refreshing)
        return 0;
    ret = need_update(replica);
    if (ret == 0)
        ret = commit(replica);
    return ret == 0 ? 0 : table_failed(replica, ret, why_out);
}
