/* mech/service/audit_limit.c - keep one peer from filling the audit log */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A token bucket for each peer (sending system and local uid), refusals and
 * permissions apart.  The number of slots is fixed: memory is bounded.  Peers
 * who find none free share one, and the hash is keyed so that nobody can
 * choose with whom.
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

#define PLACES 8                /* where a peer's slot may be */
#define STEPS (TR_R15_COMMIT + 1)

/* What is allowed is cut only where a program that calls without pause could
 * fill a disk. */
static const struct {
    uint64_t full;              /* thousandths of a record, at once */
    uint32_t rate;              /* records a second, from then on */
} limits[2] = {
    { 500 * 1000, 50 },         /* denied */
    { 20000 * 1000, 5000 }      /* allowed */
};

struct slot {
    bool used;
    char sender[SENDER_LENGTH];
    uint64_t hash;
    uid_t uid;
    int64_t last;               /* ms; when the buckets were last filled */
    uint64_t tokens[2];         /* thousandths of a record */
    bool has_left_out;
    int64_t since;              /* ms; of the first one left out */
    uint32_t left_out[2][STEPS];
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
    size_t i;

    for (i = 0; i < 2; i++) {
        /* No overflow after a long silence. */
        if (elapsed >= limits[i].full / limits[i].rate)
            slot->tokens[i] = limits[i].full;
        else
            slot->tokens[i] += elapsed * limits[i].rate;
        if (slot->tokens[i] > limits[i].full)
            slot->tokens[i] = limits[i].full;
    }
    slot->last = now;
}

static bool
is_idle(const struct slot *slot)
{
    return !slot->has_left_out && slot->tokens[0] == limits[0].full &&
        slot->tokens[1] == limits[1].full;
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
    slot->tokens[0] = limits[0].full;
    slot->tokens[1] = limits[1].full;
}

/* Its own slot, or a free one, or else one that it shares. */
static struct slot *
find_slot(struct tr_limit *limit, const char *sender, uid_t uid, int64_t now)
{
    uint64_t hash = hash_peer(limit, sender, uid);
    struct slot *slot, *spare = NULL;
    size_t i;

    for (i = 0; i < PLACES; i++) {
        slot = &limit->slots[(hash + i) % SLOTS];
        if (slot->used)
            refill(slot, now);
        if (slot->used && slot->hash == hash)
            return slot;
        if (spare == NULL && (!slot->used || is_idle(slot)))
            spare = slot;
    }
    if (spare == NULL)
        return &limit->slots[hash % SLOTS];
    take(spare, hash, sender, uid, now);
    return spare;
}

bool
tr_limit_allow(struct tr_limit *limit, const char *sender, uid_t uid,
               bool allowed, enum tr_step step, int64_t now)
{
    struct slot *slot = find_slot(limit, sender != NULL ? sender : "", uid,
                                  now);
    size_t kind = allowed ? 1 : 0;

    if (slot->tokens[kind] >= 1000) {
        slot->tokens[kind] -= 1000;
        return true;
    }
    if (!slot->has_left_out)
        slot->since = now;
    slot->has_left_out = true;
    slot->left_out[kind][step]++;
    return false;
}

static void
report_slot(struct slot *slot,
            void (*report)(const struct tr_limit_report *report, void *arg),
            void *arg)
{
    struct tr_limit_report line = { .sender = slot->sender, .uid = slot->uid };
    size_t step;

    for (step = 0; step < STEPS; step++) {
        line.step = (enum tr_step)step;
        line.denied = slot->left_out[0][step];
        line.allowed = slot->left_out[1][step];
        if (line.denied > 0 || line.allowed > 0)
            report(&line, arg);
    }
    memset(slot->left_out, 0, sizeof(slot->left_out));
    slot->has_left_out = false;
}

void
tr_limit_report(struct tr_limit *limit, int64_t now, bool all,
                void (*report)(const struct tr_limit_report *report,
                               void *arg), void *arg)
{
    struct slot *slot;
    size_t i;

    for (i = 0; i < SLOTS; i++) {
        slot = &limit->slots[i];
        if (slot->has_left_out &&
            (all || now - slot->since >= REPORT_AFTER_MS))
            report_slot(slot, report, arg);
    }
}
