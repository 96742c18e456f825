/* mech/service/quota.c - how much of the daemon one user may occupy */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include "daemon.h"

#define BUCKETS 256             /* a power of two */

struct tr_quota {
    uid_t uid;
    size_t connections, requests;
    struct tr_quota *next;
};

struct tr_quotas {
    size_t total, total_limit, user_limit;
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
    *quotas_out = quotas;
    return 0;
}

/* Every connection must have been given back. */
void
tr_quotas_free(struct tr_quotas *quotas)
{
    free(quotas);
}

struct tr_quota *
tr_quota_connect(struct tr_quotas *quotas, uid_t uid)
{
    struct tr_quota **bucket = &quotas->buckets[uid % BUCKETS], *quota;
    size_t kept = uid == 0 ? 0 : TR_CONNECTIONS_FOR_ROOT;

    if (quotas->total + kept >= quotas->total_limit)
        return NULL;
    for (quota = *bucket; quota != NULL; quota = quota->next) {
        if (quota->uid == uid)
            break;
    }
    if (quota != NULL && uid != 0 && quota->connections >= quotas->user_limit)
        return NULL;
    if (quota == NULL) {
        quota = calloc(1, sizeof(*quota));
        if (quota == NULL)
            return NULL;
        quota->uid = uid;
        quota->next = *bucket;
        *bucket = quota;
    }
    quota->connections++;
    quotas->total++;
    return quota;
}

void
tr_quota_disconnect(struct tr_quotas *quotas, struct tr_quota *quota)
{
    struct tr_quota **link = &quotas->buckets[quota->uid % BUCKETS];

    quotas->total--;
    if (--quota->connections > 0)
        return;
    while (*link != quota)
        link = &(*link)->next;
    *link = quota->next;
    free(quota);
}

bool
tr_quota_begin(struct tr_quota *quota)
{
    quota->requests++;
    return quota->requests <= TR_MAX_REQUESTS_OF_USER || quota->uid == 0;
}

void
tr_quota_end(struct tr_quota *quota)
{
    quota->requests--;
}
