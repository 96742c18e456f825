/* realmdb/decide_receive.c - may this be taken: steps R2 to R14 [230-248] */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The sender chose the trust realm and says so.  This end chooses as well,
 * but cannot demand the same result: tables reach the two systems at
 * different times (and number their generations each by itself), and the
 * sender's configuration may keep it out of a trust realm.  So the peer's
 * choice stands, and a differing one is recorded, as long as it protects what
 * is sent no less: it enforces its rules and requires confidentiality
 * wherever the own choice does.
 */

#include <string.h>
#include "decide_rules.h"
#include "trustrealm_err.h"

static krb5_error_code
refuse_sender(struct tr_decision *d, const char *peer, const char *realm)
{
    const struct tr_realm *known;

    if (realm != NULL && tr_view_realm(d->view, realm, &known) == 0)
        tr_say(d, peer, " is not in ", realm, NULL);
    else
        tr_say(d, "trust realm ", realm != NULL ? realm : "(none)",
               " is not in the table", NULL);
    return TRR_NOT_MEMBER;
}

/* R5 */
static krb5_error_code
judge_sender(struct tr_decision *d)
{
    krb5_error_code ret;
    const struct tr_system_record *peer;
    struct tr_shared *current = &d->current;
    const char *realm = d->question->realm;

    ret = tr_judge_authenticated_peer(d, TRR_NOT_MEMBER);
    if (ret)
        return ret;
    peer = &d->peer_record->u.system;
    if (realm != NULL)
        ret = tr_find_granted(d, peer->memberships, peer->nmemberships,
                              realm, &current->peer);
    if (ret)
        return ret;
    if (current->peer == NULL)
        return refuse_sender(d, peer->name, realm);
    current->realm = current->peer->realm;
    ret = tr_judge_member(d, current->peer, peer->name);
    if (ret)
        return ret;
    tr_say(d, peer->name, " is in ", realm, NULL);
    return 0;
}

/*
 * The label that was sent, to be judged in other trust realms.  d->local_label
 * carries it there, if *known_out: it may have no counterpart here, and where
 * there is no local format the text itself must be read anew.
 */
static krb5_error_code
read_label(struct tr_decision *d, bool *known_out)
{
    krb5_error_code ret;
    const struct tr_encoding *encoding = d->current.realm->encoding;

    *known_out = false;
    d->has_label = d->question->realm_label != NULL;
    if (!d->has_label) {
        tr_label_highest(encoding, &d->label);
        return 0;
    }
    ret = tr_label_parse(encoding, d->question->realm_label, &d->label);
    if (ret == 0)
        *known_out = tr_to_local(d, &d->label, &d->local_label) == 0;
    return ret;
}

/* Enter shared and see whether it takes the label.  Other trust realms than
 * named count as taking what is not known. */
static krb5_error_code
would_take(struct tr_decision *d, const struct tr_shared *shared,
           const struct tr_realm *named, bool known, bool *takes_out)
{
    krb5_error_code ret = 0;
    const struct tr_question *q = d->question;

    if (shared->realm != d->current.realm)
        ret = tr_enter(d, shared);
    if (ret)
        return ret;
    if (shared->realm == named)
        *takes_out = !d->has_label || tr_takes_label(d, &d->label);
    else if (known && q->local->encoding == NULL)
        *takes_out = tr_label_parse(shared->realm->encoding, q->realm_label,
                                    &d->local_label) == 0 && tr_takes(d);
    else
        *takes_out = !known || tr_takes(d);
    return 0;
}

/* Choose as if this end had sent the label. */
static krb5_error_code
choose(struct tr_decision *d, const struct tr_realm *named, bool known)
{
    krb5_error_code ret;
    size_t i;
    bool takes;

    for (i = 0; i < d->nshared; i++) {
        ret = would_take(d, &d->shared[i], named, known, &takes);
        if (ret != 0 || takes)
            return ret;
    }
    return tr_enter(d, tr_best_shared(d));
}

/* Does the current trust realm, the own choice, protect what was sent more
 * than the one that the peer named? */
static bool
protects_more(const struct tr_decision *d, const struct tr_realm *named,
              bool named_dry_run, bool known)
{
    const struct tr_realm *own = d->current.realm;
    struct tr_label label;

    if (named_dry_run && !d->dry_run)
        return true;
    if (!known || tr_to_realm(d, &d->local_label, &label) != 0)
        tr_label_highest(own->encoding, &label);
    return tr_hides(own, &label) && !tr_hides(named, &d->label);
}

/* Make the choice that the sender made.  *own_out is the other trust realm
 * that this end would choose, or NULL; refuses when that one protects more. */
static krb5_error_code
judge_choice(struct tr_decision *d, const struct tr_realm **own_out)
{
    krb5_error_code ret;
    const struct tr_shared named = d->current;
    bool named_dry_run = d->dry_run, known;

    *own_out = NULL;
    ret = tr_find_shared(d);
    if (ret != 0 || d->nshared == 1)
        return ret;
    if (read_label(d, &known) != 0)
        return 0;               /* R7 refuses it */
    ret = choose(d, named.realm, known);
    if (ret != 0 || d->current.realm == named.realm)
        return ret;
    *own_out = d->current.realm;
    if (protects_more(d, named.realm, named_dry_run, known))
        return TRR_CHOICE;
    return tr_enter(d, &named);
}

/* R6 */
static krb5_error_code
judge_receiver(struct tr_decision *d)
{
    krb5_error_code ret;
    const struct tr_system_record *own;
    const struct tr_realm *realm = d->current.realm, *choice = NULL;
    const char *digest = d->question->digest;

    ret = tr_judge_own_system(d, TRR_NOT_MEMBER);
    if (ret)
        return ret;
    own = &d->own_record->u.system;
    ret = tr_find_granted(d, own->memberships, own->nmemberships,
                          realm->record->name, &d->current.own);
    if (ret)
        return ret;
    if (d->current.own == NULL) {
        tr_say(d, own->name, " is not in ", realm->record->name, NULL);
        return TRR_NOT_MEMBER;
    }
    ret = tr_judge_shared(d, &d->current);
    if (ret)
        return ret;
    tr_copy(d->answer->realm, sizeof(d->answer->realm), realm->record->name);
    tr_copy(d->answer->digest, sizeof(d->answer->digest), realm->digest);
    if (digest == NULL || strcmp(digest, realm->digest) != 0) {
        tr_say(d, "the digest of ", realm->record->name, " is ",
               realm->digest, " here, ", digest != NULL ? digest : "(none)",
               " there", NULL);
        return TRR_DIGEST;
    }
    ret = tr_enter(d, &d->current);
    if (ret == 0)
        ret = judge_choice(d, &choice);
    if (choice == NULL)
        tr_say(d, own->name, " is in ", realm->record->name, NULL);
    else if (ret == TRR_CHOICE)
        tr_say(d, realm->record->name, " protects less than ",
               choice->record->name, ", which takes the label too", NULL);
    else
        tr_say(d, own->name, " is in ", realm->record->name,
               ", but would have chosen ", choice->record->name, NULL);
    return ret;
}

/* What is offered must be of one piece before it is narrowed. */
static krb5_error_code
parse_offer(struct tr_decision *d)
{
    krb5_error_code ret;
    const struct tr_question *q = d->question;
    const struct tr_realm *realm = d->current.realm;
    bool single = realm->record->policy == TR_POLICY_EQUAL;

    d->has_label = q->realm_label != NULL;
    if (!d->has_label && q->realm_low == NULL && q->realm_high == NULL)
        return tr_process_to_realm(d, &d->range);
    ret = tr_range_parse(realm->encoding, q->realm_low, q->realm_high,
                         &d->range);
    if (ret != 0 || !d->has_label)
        return ret;
    ret = tr_label_parse(realm->encoding, q->realm_label, &d->label);
    if (ret == 0)
        ret = tr_format_label(d);
    if (ret)
        return ret;
    if (!tr_range_contains(&d->range, &d->label) ||
        (single && !tr_label_equal(&d->range.low, &d->range.high)))
        return TRR_AGREED_RANGE;
    return 0;
}

/* R7 */
static krb5_error_code
judge_sender_range(struct tr_decision *d)
{
    krb5_error_code ret;
    const struct tr_question *q = d->question;

    ret = parse_offer(d);
    if (ret) {
        tr_say(d, "label ", q->realm_label != NULL ? q->realm_label : "",
               " of the offered ", q->realm_low != NULL ? q->realm_low : "",
               " to ", q->realm_high != NULL ? q->realm_high : "", NULL);
        return ret;
    }
    return tr_judge_peer_range(d);
}

/* What has no counterpart counts, in a dry run, as the highest label of this
 * system: rather too high than too low. */
static krb5_error_code
rather_too_high(struct tr_decision *d)
{
    krb5_error_code ret;
    const struct tr_local *local = d->question->local;

    if (local->highest != NULL)
        d->local_label = local->highest->high;
    else
        tr_label_highest(local->encoding, &d->local_label);
    ret = tr_format_local_label(d);
    return tr_say_unmapped(d, d->answer->label,
                           ret ? ret : TRR_LABEL_UNMAPPED);
}

/* R9 [245] */
static krb5_error_code
judge_conversion(struct tr_decision *d)
{
    krb5_error_code ret;

    if (!d->has_label)
        return tr_skip(d, "no label is given");
    ret = tr_to_local(d, &d->label, &d->local_label);
    if (ret == TRR_LABEL_UNMAPPED && d->dry_run)
        return rather_too_high(d);
    if (ret == 0)
        ret = tr_format_local_label(d);
    if (ret)
        return tr_say_unmapped(d, d->answer->label, ret);
    tr_say(d, d->answer->label, " of ", d->answer->realm, " is ",
           d->answer->local_label, " here", NULL);
    return 0;
}

/* R10 */
static krb5_error_code
judge_process(struct tr_decision *d)
{
    krb5_error_code ret;
    const struct tr_question *q = d->question;
    struct tr_range range;

    if (q->process_low == NULL && q->process_high == NULL)
        return tr_skip(d, "no process is given");
    if (q->process_low == NULL || q->process_high == NULL) {
        tr_say(d, "the process has only half a range", NULL);
        return TRR_NO_LABEL;
    }
    ret = tr_parse_process(d);
    if (ret == 0)
        ret = tr_process_to_realm(d, &range);
    if (ret == TRR_LABEL_UNMAPPED)
        ret = tr_refuse_range(d, TRR_PROCESS_RANGE);
    else if (ret == 0)
        ret = tr_narrow(d, &range, TRR_PROCESS_RANGE);
    tr_say(d, d->has_label ? d->answer->local_label : "range",
           ret == 0 ? " within " : " not within ", q->process_low, " to ",
           q->process_high, " of the process", NULL);
    return ret;
}

static const struct tr_rule rules[] = {
    { TR_R2_TABLE, tr_judge_table, false },
    { TR_R5_SENDER, judge_sender, false },
    { TR_R6_RECEIVER, judge_receiver, false },
    { TR_R2_TABLE, tr_judge_staleness, false },
    { TR_R7_SENDER_RANGE, judge_sender_range, true },
    { TR_R8_RECEIVER_RANGE, tr_judge_own_range, true },
    { TR_R9_CONVERT, judge_conversion, true },
    { TR_R10_PROCESS, judge_process, true },
    { TR_R11_ATTRIBUTES, tr_judge_attributes, true },
    { TR_R12_PROTECTION, tr_judge_protection, false },
    { TR_R14_CLEARANCE, tr_judge_clearance, true }
};

krb5_error_code
tr_decide_receiving(struct tr_decision *d)
{
    return tr_judge_rules(d, rules, sizeof(rules) / sizeof(*rules));
}
