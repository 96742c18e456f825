/* mech/service/watch.c - notice what makes earlier decisions out of date */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "decide.h"
#include "grant.h"
#include "watch.h"
#include "trustrealm_err.h"

#define JUMP_S 1.0              /* of the wall clock; less is adjustment */
#define SLEEP_S 0.5
/* A larger table is not searched for the next end: one is assumed each
 * minute.  Associations know their own end besides. */
#define MAX_SEARCH 5000

struct tr_watch {
    bool looked;
    struct tr_watch_time last;
    int64_t next_end;           /* wall clock; 0 = none */
    struct tr_watch_state state;
};

krb5_error_code
tr_watch_create(struct tr_watch **watch_out)
{
    *watch_out = calloc(1, sizeof(**watch_out));
    return *watch_out == NULL ? ENOMEM : 0;
}

void
tr_watch_free(struct tr_watch *watch)
{
    free(watch);
}

const struct tr_watch_state *
tr_watch_state(const struct tr_watch *watch)
{
    return &watch->state;
}

static double
clock_of(clockid_t id)
{
    struct timespec now = { 0, 0 };

    clock_gettime(id, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void
tr_watch_now(struct tr_watch_time *out)
{
    out->wall = clock_of(CLOCK_REALTIME);
    out->monotonic = clock_of(CLOCK_MONOTONIC);
    out->boot = clock_of(CLOCK_BOOTTIME);
}

/* --- ends --------------------------------------------------------------- */

struct search {
    int64_t now, next;          /* 0 = none found */
};

static void
consider(struct search *search, const struct tr_grant *grants, size_t count)
{
    int64_t end;
    size_t i;

    for (i = 0; i < count; i++) {
        end = tr_grant_end(&grants[i]);
        if (end > search->now && (search->next == 0 || end < search->next))
            search->next = end;
    }
}

static krb5_error_code
consider_record(const struct tr_record *record, void *arg)
{
    if (record->type == TR_RECORD_SYSTEM)
        consider(arg, record->u.system.memberships,
                 record->u.system.nmemberships);
    else if (record->type == TR_RECORD_CLEARANCE)
        consider(arg, record->u.clearance.clearances,
                 record->u.clearance.nclearances);
    return 0;
}

static int64_t
find_next_end(const struct tr_view *view, const struct tr_table_info *info,
              int64_t now)
{
    struct search search = { now, 0 };

    if (info->systems + info->clearances <= MAX_SEARCH &&
        tr_view_each(view, TR_RECORD_SYSTEM, consider_record,
                     &search) == 0 &&
        tr_view_each(view, TR_RECORD_CLEARANCE, consider_record,
                     &search) == 0)
        return search.next;
    return now / 60 * 60 + 60;
}

/* --- the look ----------------------------------------------------------- */

static void
see_age(struct tr_watch_state *state, const struct tr_view *view,
        const struct tr_config *config, int64_t now)
{
    const struct tr_realm *realm;
    int64_t limit;
    size_t i;

    state->age = state->info.fresh == 0 ? -1 : now > state->info.fresh ?
        now - state->info.fresh : 0;
    state->stale = state->age < 0 || state->age > config->maximum_staleness;
    for (i = 0; i < tr_view_realms(view); i++) {
        realm = tr_view_realm_at(view, i);
        limit = realm->record->max_staleness;
        if (state->stale || (limit > 0 && state->age > limit))
            state->stale_realms++;
        if (realm->error != 0)
            state->unusable_realms++;
    }
}

static void
see_clock(struct tr_watch_state *state, const struct tr_config *config,
          const struct tr_watch_time *now)
{
    const struct { int64_t vouched; const char *what; } known[] = {
        { now->floor, "the latest time known" },
        { state->info.fresh, "the time of the table" }
    };
    size_t i;

    for (i = 0; i < sizeof(known) / sizeof(*known) && state->behind == 0;
         i++) {
        state->behind = tr_clock_behind((int64_t)now->wall, known[i].vouched,
                                        config->clock_skew);
        if (state->behind != 0)
            state->behind_what = known[i].what;
    }
}

static bool
clocks_jumped(const struct tr_watch_time *last,
              const struct tr_watch_time *now)
{
    double slept = (now->boot - now->monotonic) -
        (last->boot - last->monotonic);
    double moved = (now->wall - now->boot) - (last->wall - last->boot);

    return fabs(slept) > SLEEP_S || fabs(moved) > JUMP_S;
}

bool
tr_watch_look(struct tr_watch *watch, struct tr_table *table,
              const struct tr_config *config,
              const struct tr_watch_time *now)
{
    struct tr_watch_state state = { .age = -1, .stale = true };
    int64_t wall = (int64_t)now->wall;
    struct tr_view *view = NULL;
    bool changed, ended = false;

    state.error = tr_view_open(table, &view);
    if (state.error == 0) {
        tr_view_info(view, &state.info);
        see_age(&state, view, config, wall);
    }
    see_clock(&state, config, now);
    changed = !watch->looked || state.error != watch->state.error ||
        state.info.generation != watch->state.info.generation ||
        state.stale != watch->state.stale ||
        state.stale_realms != watch->state.stale_realms ||
        (state.behind == 0) != (watch->state.behind == 0) ||
        clocks_jumped(&watch->last, now);
    if (!changed && watch->next_end != 0 && wall >= watch->next_end)
        ended = true;
    if (view != NULL && (changed || ended))
        watch->next_end = find_next_end(view, &state.info, wall);
    tr_view_close(view);
    watch->looked = true;
    watch->last = *now;
    watch->state = state;
    return changed || ended;
}
