/* realmdb/decide_systems.c - the table and the systems in a decision */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "decide_rules.h"
#include "text.h"
#include "trustrealm_err.h"

static krb5_error_code
judge_age(struct tr_decision *d, uint32_t limit)
{
    bool stale = limit != 0 && d->answer->table_age > limit;
    char age[TR_DECIMAL], other[TR_DECIMAL];
    const char *age_text;

    if (d->silent)
        return stale ? TRR_STALE : 0;
    age_text = tr_text_decimal(d->answer->table_age, age);
    if (stale)
        tr_say(d, "the table is ", age_text, " s old, more than the ",
               tr_text_decimal(limit, other), " s allowed", NULL);
    else
        tr_say(d, "generation ",
               tr_text_decimal((int64_t)d->answer->generation, other), ", ",
               age_text, " s old", NULL);
    return stale ? TRR_STALE : 0;
}

int64_t
tr_clock_behind(int64_t now, int64_t vouched, int64_t skew)
{
    return vouched != 0 && now < vouched - skew ? vouched - now : 0;
}

krb5_error_code
tr_judge_table(struct tr_decision *d)
{
    const struct tr_question *q = d->question;
    struct tr_table_info info;
    int64_t skew = q->local->clock_skew, behind;
    char text[TR_DECIMAL];

    tr_view_info(d->view, &info);
    d->answer->generation = info.generation;
    if (info.fresh <= 0) {
        tr_say(d, "the source of the table has never answered", NULL);
        return TRR_STALE;
    }
    behind = tr_clock_behind(q->now, q->clock_floor, skew);
    if (behind != 0) {
        tr_say(d, "the clock of this system is ",
               tr_text_decimal(behind, text),
               " s behind the latest time known", NULL);
        return TRR_CLOCK;
    }
    behind = tr_clock_behind(q->now, info.fresh, skew);
    if (behind != 0) {
        tr_say(d, "the clock of this system is ",
               tr_text_decimal(behind, text),
               " s behind the time of the table", NULL);
        return TRR_CLOCK;
    }
    d->answer->table_age = q->now > info.fresh ? q->now - info.fresh : 0;
    return judge_age(d, q->local->max_staleness);
}

krb5_error_code
tr_judge_staleness(struct tr_decision *d)
{
    uint32_t limit = d->current.realm->record->max_staleness;

    if (limit == 0)
        return tr_skip(d, "the trust realm has no limit of its own");
    return judge_age(d, limit);
}

/* Judge what looking up asked has answered. */
static krb5_error_code
judge_system(struct tr_decision *d, krb5_error_code ret, const char *asked,
             const struct tr_record *record, krb5_error_code unknown)
{
    const struct tr_system_record *system;

    if (ret == TRR_NOT_FOUND) {
        tr_say(d, asked, TR_NOT_IN_TABLE, NULL);
        return unknown;
    }
    if (ret == 0 && record->type != TR_RECORD_SYSTEM)
        ret = TRR_TABLE;
    if (ret) {
        tr_say(d, asked, " cannot be looked up", NULL);
        return ret;
    }
    system = &record->u.system;
    if (!system->enabled) {
        tr_say(d, system->name, " is disabled", NULL);
        return TRR_DISABLED;
    }
    if (d->silent)
        return 0;
    if (tr_text_compare(asked, system->name) == 0)
        tr_say(d, system->name, NULL);
    else
        tr_say(d, asked, " is ", system->name, NULL);
    return 0;
}

krb5_error_code
tr_judge_own_system(struct tr_decision *d, krb5_error_code unknown)
{
    krb5_error_code ret;
    struct tr_answer *a = d->answer;
    const char *name = d->question->local->system;
    bool sending = d->question->side == TR_SENDING;

    ret = tr_view_system(d->view, name, &d->own_record);
    ret = judge_system(d, ret, name, d->own_record, unknown);
    if (ret)
        return ret;
    tr_copy(sending ? a->sender : a->receiver, sizeof(a->sender),
            d->own_record->u.system.name);
    return 0;
}

static void
answer_peer(struct tr_decision *d)
{
    struct tr_answer *a = d->answer;
    const struct tr_system_record *peer = &d->peer_record->u.system;
    bool sending = d->question->side == TR_SENDING;

    tr_copy(sending ? a->receiver : a->sender, sizeof(a->sender), peer->name);
    tr_copy(a->peer_principal, sizeof(a->peer_principal), peer->principal);
}

krb5_error_code
tr_judge_named_peer(struct tr_decision *d, krb5_error_code unknown)
{
    krb5_error_code ret;
    const char *name = d->question->peer;

    if (name == NULL) {
        tr_say(d, "the other system is not named", NULL);
        return unknown;
    }
    ret = tr_view_system(d->view, name, &d->peer_record);
    ret = judge_system(d, ret, name, d->peer_record, unknown);
    if (ret == 0)
        answer_peer(d);
    return ret;
}

static bool
is_called(const struct tr_system_record *system, const char *host)
{
    size_t i;

    if (tr_text_compare(system->name, host) == 0)
        return true;
    for (i = 0; i < system->naliases; i++) {
        if (tr_text_compare(system->aliases[i], host) == 0)
            return true;
    }
    return false;
}

krb5_error_code
tr_judge_authenticated_peer(struct tr_decision *d, krb5_error_code unknown)
{
    krb5_error_code ret;
    const struct tr_question *q = d->question;

    if (q->peer_principal == NULL) {
        tr_say(d, "the sending system is not authenticated", NULL);
        return TRR_SYSTEM_AUTH;
    }
    ret = tr_view_system_by_principal(d->view, q->peer_principal,
                                      &d->peer_record);
    ret = judge_system(d, ret, q->peer_principal, d->peer_record, unknown);
    if (ret)
        return ret;
    if (q->peer != NULL && !is_called(&d->peer_record->u.system, q->peer)) {
        tr_say(d, q->peer_principal, " does not speak for ", q->peer, NULL);
        return TRR_SYSTEM_AUTH;
    }
    answer_peer(d);
    return 0;
}
