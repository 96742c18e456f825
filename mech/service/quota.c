/* mech/service/quota.c - how much of the daemon one user may occupy */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include "daemon.h"
#include "trustrealm_err.h"

#define BUCKETS 256             /* a power of two */
#define TURNS 128               /* in a round, of all users together */

TAILQ_HEAD(idle, tr_share);     /* longest idle first */

struct tr_quota {
    uid_t uid;
    size_t connections, requests;
    uint64_t round;             /* the last he had turns in */
    size_t turns;               /* in that round */
    struct idle idle;
    struct tr_quota *next;
};

struct tr_quotas {
    size_t total, total_limit, user_limit;
    uint64_t round;
    size_t users, turns;        /* of this round: who had turns, how many each
                                   may have */
    struct idle idle;
    struct tr_quota *buckets[BUCKETS];
};

krb5_error_code
tr_quotas_create(size_t limit, struct tr_quotas **quotas_out)
{
    struct tr_quotas *quotas;

    *quotas_out = NULL;
    quotas = calloc(1, sizeof(*quotas));
    if (quotas == NULL)
        return ENOMEM;
    quotas->total_limit = limit;
    /* Four users together may fill it, but for what is kept for root. */
    quotas->user_limit = limit / 4;
    if (quotas->user_limit > TR_MAX_CONNECTIONS_OF_USER)
        quotas->user_limit = TR_MAX_CONNECTIONS_OF_USER;
    TAILQ_INIT(&quotas->idle);
    quotas->round = 1;
    quotas->turns = TURNS;
    *quotas_out = quotas;
    return 0;
}

/* Every connection must have been given back. */
void
tr_quotas_free(struct tr_quotas *quotas)
{
    free(quotas);
}

static struct tr_quota *
find(struct tr_quotas *quotas, uid_t uid)
{
    struct tr_quota *quota = quotas->buckets[uid % BUCKETS];

    while (quota != NULL && quota->uid != uid)
        quota = quota->next;
    return quota;
}

static struct tr_quota *
add(struct tr_quotas *quotas, uid_t uid)
{
    struct tr_quota **bucket = &quotas->buckets[uid % BUCKETS];
    struct tr_quota *quota = calloc(1, sizeof(*quota));

    if (quota == NULL)
        return NULL;
    quota->uid = uid;
    TAILQ_INIT(&quota->idle);
    quota->next = *bucket;
    *bucket = quota;
    return quota;
}

static void
make_idle(struct tr_quotas *quotas, struct tr_share *share)
{
    TAILQ_INSERT_TAIL(&quotas->idle, share, of_all);
    TAILQ_INSERT_TAIL(&share->quota->idle, share, of_user);
}

static void
make_busy(struct tr_quotas *quotas, struct tr_share *share)
{
    TAILQ_REMOVE(&quotas->idle, share, of_all);
    TAILQ_REMOVE(&share->quota->idle, share, of_user);
}

static bool
is_full_for_user(const struct tr_quotas *quotas, const struct tr_quota *quota)
{
    return quota != NULL && quota->uid != 0 &&
        quota->connections >= quotas->user_limit;
}

krb5_error_code
tr_quota_connect(struct tr_quotas *quotas, uid_t uid, struct tr_share *share)
{
    struct tr_quota *quota = find(quotas, uid);
    size_t kept = uid == 0 ? 0 : TR_CONNECTIONS_FOR_ROOT;

    if (quotas->total + kept >= quotas->total_limit ||
        is_full_for_user(quotas, quota))
        return TRR_DAEMON_BUSY;
    if (quota == NULL)
        quota = add(quotas, uid);
    if (quota == NULL)
        return ENOMEM;
    quota->connections++;
    quotas->total++;
    share->quota = quota;
    make_idle(quotas, share);
    return 0;
}

void
tr_quota_disconnect(struct tr_quotas *quotas, struct tr_share *share)
{
    struct tr_quota *quota = share->quota;
    struct tr_quota **link = &quotas->buckets[quota->uid % BUCKETS];

    make_busy(quotas, share);
    share->quota = NULL;
    quotas->total--;
    if (--quota->connections > 0)
        return;
    while (*link != quota)
        link = &(*link)->next;
    *link = quota->next;
    free(quota);
}

struct tr_share *
tr_quota_idlest(struct tr_quotas *quotas, uid_t uid)
{
    struct tr_quota *quota = find(quotas, uid);

    return is_full_for_user(quotas, quota) ? TAILQ_FIRST(&quota->idle) :
        TAILQ_FIRST(&quotas->idle);
}

bool
tr_quota_begin(struct tr_quotas *quotas, struct tr_share *share)
{
    struct tr_quota *quota = share->quota;

    make_busy(quotas, share);
    quota->requests++;
    return quota->requests <= TR_MAX_REQUESTS_OF_USER || quota->uid == 0;
}

void
tr_quota_end(struct tr_quotas *quotas, struct tr_share *share)
{
    share->quota->requests--;
    make_idle(quotas, share);
}

void
tr_quota_hold(struct tr_quotas *quotas, struct tr_share *share)
{
    make_busy(quotas, share);
}

void
tr_quota_release(struct tr_quotas *quotas, struct tr_share *share)
{
    make_idle(quotas, share);
}

bool
tr_quota_turn(struct tr_quotas *quotas, struct tr_share *share)
{
    struct tr_quota *quota = share->quota;

    if (quota->round != quotas->round) {
        quota->round = quotas->round;
        quota->turns = 0;
        quotas->users++;
    }
    return quota->turns++ < quotas->turns || quota->uid == 0;
}

void
tr_quota_next_round(struct tr_quotas *quotas)
{
    quotas->turns = quotas->users == 0 ? TURNS :
        quotas->users < TURNS ? TURNS / quotas->users : 1;
    quotas->users = 0;
    quotas->round++;
}
