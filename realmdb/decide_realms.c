/* realmdb/decide_realms.c - the trust realms that two systems share */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Both ends choose from the same table by the same rule: best first, the
 * first that takes the label.  What only one end knows (its configuration,
 * the process) never moves the choice to a better trust realm, only away from
 * one: tr_judge_shared(), and rules that refuse.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "decide_rules.h"
#include "encoding.h"
#include "text.h"
#include "trustrealm_err.h"

static bool
may_join(const struct tr_local *local, const struct tr_realm *realm)
{
    char *const *name;

    if (local->realms == NULL)
        return true;
    for (name = local->realms; *name != NULL; name++) {
        if (tr_text_compare(*name, realm->record->name) == 0)
            return true;
    }
    return false;
}

static bool
has_known_policy(const struct tr_realm *realm)
{
    return realm->record->policy == TR_POLICY_MLS ||
        realm->record->policy == TR_POLICY_EQUAL;
}

static int
compare_grant(const void *key, const void *item)
{
    const struct tr_grant *grant = item;

    return strcmp(key, grant->realm);
}

krb5_error_code
tr_find_granted(const struct tr_decision *d, struct tr_grant *grants,
                size_t ngrants, const char *realm,
                const struct tr_granted **out)
{
    krb5_error_code ret;
    struct tr_grant *grant = NULL;
    char name[TR_MAX_NAME + 1];

    *out = NULL;
    if (ngrants > 0 && tr_text_copy_lower(realm, name, sizeof(name)))
        grant = bsearch(name, grants, ngrants, sizeof(*grants),
                        compare_grant);
    if (grant == NULL)
        return 0;
    ret = tr_view_granted(d->view, grant, out);
    if (ret == 0 && (*out)->realm == NULL)
        *out = NULL;
    return ret;
}

bool
tr_ended(const struct tr_grant *grant, int64_t now)
{
    int64_t end = tr_grant_end(grant);

    return end != 0 && now >= end;
}

bool
tr_nothing_left(const struct tr_granted *granted)
{
    return granted->grant->nrestrictions > 0 &&
        granted->realm->error == 0 && granted->error == TRR_RANGE;
}

krb5_error_code
tr_judge_member(struct tr_decision *d, const struct tr_granted *granted,
                const char *system)
{
    const struct tr_grant *grant = granted->grant;
    const char *name = granted->realm->record->name;

    if (tr_ended(grant, d->question->now)) {
        tr_say(d, "the membership of ", system, " in ", name, " has ended",
               grant->end == tr_grant_end(grant) ? "" :
               " by a restriction", NULL);
        return TRR_EXPIRED;
    }
    if (tr_nothing_left(granted)) {
        tr_say(d, "restrictions leave nothing of the membership of ", system,
               " in ", name, NULL);
        return TRR_NOT_MEMBER;
    }
    return 0;
}

bool
tr_goes_before(const struct tr_realm *a, const struct tr_realm *b)
{
    if (a->record->priority != b->record->priority)
        return a->record->priority > b->record->priority;
    return a->record->doi < b->record->doi;
}

krb5_error_code
tr_judge_shared(struct tr_decision *d, const struct tr_shared *shared)
{
    krb5_error_code ret;
    const char *realm = shared->realm->record->name;

    if (shared->realm->error != 0 || !has_known_policy(shared->realm)) {
        tr_say(d, "trust realm ", realm, " is unusable: ",
               shared->realm->why != NULL ? shared->realm->why :
               "unknown policy", NULL);
        return TRR_ENTRY;
    }
    if (!may_join(d->question->local, shared->realm)) {
        tr_say(d, "this system's configuration leaves out trust realm ",
               realm, NULL);
        return TRR_NOT_MEMBER;
    }
    ret = tr_judge_member(d, shared->own, d->own_record->u.system.name);
    if (ret)
        return ret;
    return tr_judge_member(d, shared->peer, d->peer_record->u.system.name);
}

static int
compare_shared(const void *a, const void *b)
{
    const struct tr_shared *x = a, *y = b;

    if (tr_goes_before(x->realm, y->realm))
        return -1;
    return tr_goes_before(y->realm, x->realm) ? 1 : 0;
}

/* Take the trust realm into the list, or remember it as the best one barred.
 * One that is not in the table is none. */
static krb5_error_code
take_shared(struct tr_decision *d, struct tr_grant *own,
            struct tr_grant *peer, struct tr_shared *barred)
{
    krb5_error_code ret;
    struct tr_shared shared = { NULL, NULL, NULL };

    ret = tr_view_granted(d->view, own, &shared.own);
    if (ret == 0)
        ret = tr_view_granted(d->view, peer, &shared.peer);
    if (ret != 0 || shared.own->realm == NULL)
        return ret;
    shared.realm = shared.own->realm;
    if (tr_judge_shared(d, &shared) != 0) {
        if (barred->realm == NULL ||
            tr_goes_before(shared.realm, barred->realm))
            *barred = shared;
        return 0;
    }
    if (d->nshared == TR_MAX_MEMBERSHIPS)
        return TRR_TOO_LONG;
    d->shared[d->nshared++] = shared;
    return 0;
}

krb5_error_code
tr_find_shared(struct tr_decision *d)
{
    krb5_error_code ret;
    const struct tr_system_record *own = &d->own_record->u.system;
    const struct tr_system_record *peer = &d->peer_record->u.system;
    struct tr_shared barred = { NULL, NULL, NULL };
    size_t i = 0, j = 0;
    int order;

    while (i < own->nmemberships && j < peer->nmemberships) {
        order = strcmp(own->memberships[i].realm, peer->memberships[j].realm);
        if (order == 0) {
            ret = take_shared(d, &own->memberships[i], &peer->memberships[j],
                              &barred);
            if (ret)
                return ret;
        }
        i += order <= 0;
        j += order >= 0;
    }
    if (d->nshared > 1)
        qsort(d->shared, d->nshared, sizeof(*d->shared), compare_shared);
    if (d->nshared > 0)
        return 0;
    if (barred.realm != NULL)
        return tr_judge_shared(d, &barred);
    tr_say(d, own->name, " and ", peer->name, " share no trust realm", NULL);
    return TRR_NO_COMMON;
}

/* A pair whose local name this system does not use cannot matter to it. */
static bool
is_used(const struct tr_encoding *local, bool level, const char *name)
{
    uint32_t i;

    return level ? tr_encoding_find_level(local, name, strlen(name), &i) :
        tr_encoding_find_category(local, name, strlen(name), &i);
}

static krb5_error_code
map_from_record(const struct tr_encoding *local,
                const struct tr_encoding *realm,
                const struct tr_map_record *record, struct tr_map **map_out)
{
    krb5_error_code ret;
    struct tr_map *map = NULL;
    size_t i;

    ret = tr_map_create(local, realm, &map);
    for (i = 0; ret == 0 && i < record->nlevels; i++) {
        if (is_used(local, true, record->levels[i].local))
            ret = tr_map_add_level(map, record->levels[i].local,
                                   record->levels[i].realm);
    }
    for (i = 0; ret == 0 && i < record->ncategories; i++) {
        if (is_used(local, false, record->categories[i].local))
            ret = tr_map_add_category(map, record->categories[i].local,
                                      record->categories[i].realm);
    }
    if (ret == 0)
        *map_out = map;
    else
        tr_map_free(map);
    return ret;
}

/* The current trust realm's map from and to the local format. */
static krb5_error_code
make_map(const struct tr_decision *d, struct tr_map **map_out)
{
    krb5_error_code ret = TRR_NOT_FOUND;
    const struct tr_local *local = d->question->local;
    const struct tr_realm *realm = d->current.realm;
    const struct tr_map_record *record;

    if (local->format != NULL)
        ret = tr_view_map(d->view, realm->record->name, local->format,
                          &record);
    if (ret == 0)
        ret = map_from_record(local->encoding, realm->encoding, record,
                              map_out);
    else if (ret == TRR_NOT_FOUND)
        ret = tr_map_identity(local->encoding, realm->encoding, map_out);
    if (ret == TRR_LABEL_LEVEL || ret == TRR_LABEL_CATEGORY)
        ret = TRR_ENTRY;        /* it names what the trust realm has not */
    return ret;
}

static bool
is_dry_run(const struct tr_decision *d, const struct tr_realm *realm)
{
    return realm->record->mode == TR_MODE_DRY_RUN &&
        d->question->local->allow_dry_run;
}

krb5_error_code
tr_enter(struct tr_decision *d, const struct tr_shared *shared)
{
    tr_map_free(d->map);
    d->map = NULL;
    d->map_error = 0;
    d->current = *shared;
    d->dry_run = is_dry_run(d, shared->realm);
    if (d->question->local->encoding != NULL)
        d->map_error = make_map(d, &d->map);
    return d->map_error == ENOMEM ? ENOMEM : 0;
}

bool
tr_takes_label(const struct tr_decision *d, const struct tr_label *label)
{
    const struct tr_granted *own = d->current.own, *peer = d->current.peer;

    return own->error == 0 && peer->error == 0 &&
        tr_range_contains(&own->range, label) &&
        tr_range_contains(&peer->range, label);
}

bool
tr_takes(const struct tr_decision *d)
{
    struct tr_label label;

    return !d->has_label || (tr_to_realm(d, &d->local_label, &label) == 0 &&
                             tr_takes_label(d, &label));
}

const struct tr_shared *
tr_best_shared(const struct tr_decision *d)
{
    size_t i;

    for (i = 0; i < d->nshared; i++) {
        if (!is_dry_run(d, d->shared[i].realm))
            return &d->shared[i];
    }
    return &d->shared[0];
}
