/* realmdb/decide_send.c - may this be sent: steps S2 to S12 [200-222] */
/* SPDX-License-Identifier: BSD-2-Clause */

#include <string.h>
#include "decide_rules.h"
#include "text.h"
#include "trustrealm_err.h"

/* S3.  A system that is not in the table is a member of none. */
static krb5_error_code
judge_sender(struct tr_decision *d)
{
    return tr_judge_own_system(d, TRR_NO_COMMON);
}

/* S4 */
static krb5_error_code
judge_receiver(struct tr_decision *d)
{
    return tr_judge_named_peer(d, TRR_NO_COMMON);
}

/* Enter the best shared trust realm that takes the label; when none does, the
 * one by which later steps say why. */
static krb5_error_code
choose(struct tr_decision *d, bool *taken_out)
{
    krb5_error_code ret;
    size_t i;

    *taken_out = false;
    for (i = 0; i < d->nshared; i++) {
        ret = tr_enter(d, &d->shared[i]);
        if (ret)
            return ret;
        *taken_out = tr_parse_process(d) == 0 && tr_takes(d);
        if (*taken_out)
            return 0;
    }
    ret = tr_enter(d, tr_best_shared(d));
    if (ret == 0)
        (void)tr_parse_process(d);      /* S6 refuses it */
    return ret;
}

/* A message of an association stays in the association's trust realm. */
static krb5_error_code
find_named(struct tr_decision *d)
{
    krb5_error_code ret;
    const char *realm = d->question->realm;
    const struct tr_system_record *own = &d->own_record->u.system;
    const struct tr_system_record *peer = &d->peer_record->u.system;
    struct tr_shared shared = { NULL, NULL, NULL };

    ret = tr_find_granted(d, own->memberships, own->nmemberships, realm,
                          &shared.own);
    if (ret == 0)
        ret = tr_find_granted(d, peer->memberships, peer->nmemberships,
                              realm, &shared.peer);
    if (ret)
        return ret;
    if (shared.own == NULL || shared.peer == NULL) {
        tr_say(d, own->name, " and ", peer->name, " do not share ", realm,
               NULL);
        return TRR_NOT_MEMBER;
    }
    shared.realm = shared.own->realm;
    ret = tr_judge_shared(d, &shared);
    if (ret)
        return ret;
    d->shared[0] = shared;
    d->nshared = 1;
    return 0;
}

/* One that the configuration leaves out is none that is shared. */
static krb5_error_code
find_any(struct tr_decision *d)
{
    krb5_error_code ret = tr_find_shared(d);

    return ret == TRR_NOT_MEMBER ? TRR_NO_COMMON : ret;
}

/* S5, the choice [212] */
static krb5_error_code
judge_realm(struct tr_decision *d)
{
    krb5_error_code ret;
    const struct tr_realm *realm;
    char priority[TR_DECIMAL], shared[TR_DECIMAL];
    bool taken;

    ret = d->question->realm != NULL ? find_named(d) : find_any(d);
    if (ret == 0)
        ret = choose(d, &taken);
    if (ret)
        return ret;
    realm = d->current.realm;
    tr_copy(d->answer->realm, sizeof(d->answer->realm), realm->record->name);
    tr_copy(d->answer->digest, sizeof(d->answer->digest), realm->digest);
    tr_say(d, realm->record->name, ", priority ",
           tr_text_decimal(realm->record->priority, priority), ", of ",
           tr_text_decimal((int64_t)d->nshared, shared), " shared",
           taken ? "" : d->nshared == 1 ?
           "; a later step says why it does not take the label" :
           "; a later step says why none takes the label", NULL);
    return 0;
}

static const char *
fault_of_label(krb5_error_code code)
{
    switch (code) {
    case TRR_LABEL_LEVEL:
        return "unknown level";
    case TRR_LABEL_CATEGORY:
        return "unknown category";
    case TRR_RANGE:
        return "lowest does not lie below highest";
    default:
        return "not a label";
    }
}

/* S6 */
static krb5_error_code
judge_process(struct tr_decision *d)
{
    krb5_error_code ret;
    const struct tr_question *q = d->question;
    const char *label, *fault, *format = q->local->format;

    if (!d->has_process && !d->has_label && d->process_error == 0)
        return tr_skip(d, "neither process nor label is given");
    if ((q->process_low == NULL) != (q->process_high == NULL)) {
        tr_say(d, "the process has only half a range", NULL);
        return TRR_NO_LABEL;
    }
    if (d->process_error) {
        label = q->label != NULL ? q->label : "no label";
        fault = fault_of_label(d->process_error);
        if (q->process_low != NULL)
            tr_say(d, label, " of a process at ", q->process_low, " to ",
                   q->process_high, ": ", fault, NULL);
        else
            tr_say(d, label, ": ", fault, format != NULL ? " in format " : "",
                   format != NULL ? format : "", NULL);
        return d->process_error;
    }
    ret = tr_format_local_label(d);
    if (ret == 0 && d->has_process &&
        !tr_range_contains(&d->process, &d->local_label))
        ret = TRR_PROCESS_RANGE;
    if (d->has_process)
        tr_say(d, d->answer->local_label, ret == 0 ? " within " :
               " not within ", q->process_low, " to ", q->process_high, NULL);
    else
        tr_say(d, d->answer->local_label, ", any process", NULL);
    return ret;
}

/* What has no counterpart counts, in a dry run, as the highest label of this
 * system: rather too high than too low. */
static krb5_error_code
rather_too_high(struct tr_decision *d)
{
    const struct tr_granted *own = d->current.own;
    krb5_error_code ret = own->error;

    if (ret == 0) {
        d->label = d->range.low = d->range.high = own->range.high;
        ret = tr_format_label(d);
    }
    return tr_say_unmapped(d, d->answer->local_label,
                           ret ? ret : TRR_LABEL_UNMAPPED);
}

/* S7 [214] */
static krb5_error_code
judge_conversion(struct tr_decision *d)
{
    krb5_error_code ret;

    if (!d->has_label) {
        ret = tr_process_to_realm(d, &d->range);
        return ret ? tr_say_unmapped(d, "the range", ret) :
            tr_skip(d, "no label is given");
    }
    ret = tr_to_realm(d, &d->local_label, &d->label);
    if (ret == TRR_LABEL_UNMAPPED && d->dry_run)
        return rather_too_high(d);
    if (ret == 0 && d->current.realm->record->policy == TR_POLICY_EQUAL)
        d->range.low = d->range.high = d->label;
    else if (ret == 0)
        ret = tr_process_to_realm(d, &d->range);
    if (ret == 0)
        ret = tr_format_label(d);
    if (ret)
        return tr_say_unmapped(d, d->answer->local_label, ret);
    tr_say(d, d->answer->local_label, " is ", d->answer->label, " in ",
           d->answer->realm, NULL);
    return 0;
}

static const struct tr_rule rules[] = {
    { TR_S2_TABLE, tr_judge_table, false },
    { TR_S3_SENDER, judge_sender, false },
    { TR_S4_RECEIVER, judge_receiver, false },
    { TR_S5_REALM, judge_realm, false },
    { TR_S2_TABLE, tr_judge_staleness, false },
    { TR_S6_LABEL, judge_process, false },
    { TR_S7_CONVERT, judge_conversion, true },
    { TR_S8_SENDER_RANGE, tr_judge_own_range, true },
    { TR_S9_RECEIVER_RANGE, tr_judge_peer_range, true },
    { TR_S10_CLEARANCE, tr_judge_clearance, true },
    { TR_S11_ATTRIBUTES, tr_judge_attributes, true },
    { TR_S12_PROTECTION, tr_judge_protection, false }
};

krb5_error_code
tr_decide_sending(struct tr_decision *d)
{
    return tr_judge_rules(d, rules, sizeof(rules) / sizeof(*rules));
}
