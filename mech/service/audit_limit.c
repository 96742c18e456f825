/* mech/service/audit_limit.c - keep one peer from filling the audit log */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A token bucket for each peer (sending system and local uid), refusals and
 * permissions apart.  Peers share a fixed number of slots by hash: memory is
 * bounded, and the hash is keyed so that nobody can choose whom he meets.
 */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "audit.h"

#define SLOTS 1024
#define REPORT_AFTER_MS 10000
#define SENDER_LENGTH 64        /* for the report; the hash takes it whole */

/* Records at once and per second.  Ordinary traffic is permissions: those
 * are cut only when they could fill a disk. */
static const struct { uint32_t burst, rate; } limits[2] = {
    { 500, 50 },                /* denied */
    { 20000, 5000 }             /* allowed */
};

struct slot {
    bool used;
    char sender[SENDER_LENGTH];
    uint64_t hash;
    uid_t uid;
    int64_t last;               /* ms; when the buckets were last filled */
    uint64_t tokens[2];         /* thousandths of a record */
    uint64_t left_out[2];
    int64_t since;              /* ms; of the first one left out */
};

struct tr_limit {
    uint64_t key;
    struct slot slots[SLOTS];
};

krb5_error_code
tr_limit_create(struct tr_limit **limit_out)
{
    struct tr_limit *limit;

    *limit_out = NULL;
    limit = calloc(1, sizeof(*limit));
    if (limit == NULL)
        return ENOMEM;
    if (getrandom(&limit->key, sizeof(limit->key), 0) !=
        (ssize_t)sizeof(limit->key)) {
        free(limit);
        return EIO;
    }
    *limit_out = limit;
    return 0;
}

void
tr_limit_free(struct tr_limit *limit)
{
    free(limit);
}

/* FNV-1a with a random start: spreads, promises nothing more. */
static uint64_t
hash_peer(const struct tr_limit *limit, const char *sender, uid_t uid)
{
    uint64_t hash = limit->key ^ uid;

    hash *= UINT64_C(0x100000001b3);
    for (; *sender != '\0'; sender++)
        hash = (hash ^ (unsigned char)*sender) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

static void
refill(struct slot *slot, int64_t now)
{
    uint64_t elapsed = now > slot->last ? (uint64_t)(now - slot->last) : 0;
    uint64_t full;
    size_t i;

    for (i = 0; i < 2; i++) {
        full = (uint64_t)limits[i].burst * 1000;
        /* An hour fills every bucket: no overflow after a long silence. */
        if (elapsed > 3600 * 1000)
            slot->tokens[i] = full;
        else
            slot->tokens[i] += elapsed * limits[i].rate;
        if (slot->tokens[i] > full)
            slot->tokens[i] = full;
    }
    slot->last = now;
}

static bool
is_idle(const struct slot *slot)
{
    return slot->left_out[0] == 0 && slot->left_out[1] == 0 &&
        slot->tokens[0] == (uint64_t)limits[0].burst * 1000 &&
        slot->tokens[1] == (uint64_t)limits[1].burst * 1000;
}

static void
take(struct slot *slot, uint64_t hash, const char *sender, uid_t uid,
     int64_t now)
{
    size_t length = strnlen(sender, sizeof(slot->sender) - 1);

    memset(slot, 0, sizeof(*slot));
    memcpy(slot->sender, sender, length);
    slot->used = true;
    slot->hash = hash;
    slot->uid = uid;
    slot->last = now;
    slot->tokens[0] = (uint64_t)limits[0].burst * 1000;
    slot->tokens[1] = (uint64_t)limits[1].burst * 1000;
}

bool
tr_limit_allow(struct tr_limit *limit, const char *sender, uid_t uid,
               bool allowed, int64_t now)
{
    const char *name = sender != NULL ? sender : "";
    uint64_t hash = hash_peer(limit, name, uid);
    struct slot *slot = &limit->slots[hash % SLOTS];
    size_t kind = allowed ? 1 : 0;

    if (slot->used)
        refill(slot, now);
    if (!slot->used || (slot->hash != hash && is_idle(slot)))
        take(slot, hash, name, uid, now);
    if (slot->tokens[kind] >= 1000) {
        slot->tokens[kind] -= 1000;
        return true;
    }
    if (slot->left_out[0] == 0 && slot->left_out[1] == 0)
        slot->since = now;
    slot->left_out[kind]++;
    return false;
}

void
tr_limit_report(struct tr_limit *limit, int64_t now, bool all,
                void (*report)(const struct tr_limit_report *report,
                               void *arg), void *arg)
{
    struct tr_limit_report line;
    struct slot *slot;
    size_t i;

    for (i = 0; i < SLOTS; i++) {
        slot = &limit->slots[i];
        if ((slot->left_out[0] == 0 && slot->left_out[1] == 0) ||
            (!all && now - slot->since < REPORT_AFTER_MS))
            continue;
        line = (struct tr_limit_report){
            .sender = slot->sender, .uid = slot->uid,
            .allowed = slot->left_out[1], .denied = slot->left_out[0]
        };
        slot->left_out[0] = slot->left_out[1] = 0;
        report(&line, arg);
    }
}
