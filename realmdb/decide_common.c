/* realmdb/decide_common.c - rules on labels and requirements, both sides' */
/* SPDX-License-Identifier: BSD-2-Clause */

#include <string.h>
#include "decide_rules.h"
#include "text.h"
#include "trustrealm_err.h"

static const struct tr_encoding *
local_encoding(const struct tr_decision *d)
{
    const struct tr_encoding *encoding = d->question->local->encoding;

    return encoding != NULL ? encoding : d->current.realm->encoding;
}

static const struct tr_encoding *
realm_encoding(const struct tr_decision *d)
{
    return d->current.realm->encoding;
}

krb5_error_code
tr_parse_process(struct tr_decision *d)
{
    krb5_error_code ret = 0;
    const struct tr_question *q = d->question;
    const struct tr_encoding *encoding = local_encoding(d);

    d->has_process = q->process_low != NULL || q->process_high != NULL;
    if (q->process != NULL && encoding == q->local->encoding) {
        d->process.low = q->process->low;
        d->process.high = q->process->high;
    } else if (d->has_process) {
        ret = tr_range_parse(encoding, q->process_low, q->process_high,
                             &d->process);
    }
    if (ret == 0 && q->side == TR_SENDING) {
        d->has_label = q->label != NULL || d->has_process;
        if (q->label != NULL)
            ret = tr_label_parse(encoding, q->label, &d->local_label);
        else
            d->local_label = d->process.low;
    }
    d->process_error = ret;
    return ret;
}

krb5_error_code
tr_to_realm(const struct tr_decision *d, const struct tr_label *local,
            struct tr_label *out)
{
    if (d->map_error)
        return d->map_error;
    if (d->map != NULL)
        return tr_map_to_realm(d->map, local, out);
    *out = *local;
    return 0;
}

krb5_error_code
tr_to_local(const struct tr_decision *d, const struct tr_label *label,
            struct tr_label *out)
{
    if (d->map_error)
        return d->map_error;
    if (d->map != NULL)
        return tr_map_to_local(d->map, label, out);
    *out = *label;
    return 0;
}

static krb5_error_code
range_to_realm(const struct tr_decision *d, const struct tr_range *local,
               struct tr_range *out)
{
    if (d->map_error)
        return d->map_error;
    if (d->map != NULL)
        return tr_map_range_to_realm(d->map, local, out);
    *out = *local;
    return 0;
}

krb5_error_code
tr_process_to_realm(const struct tr_decision *d, struct tr_range *out)
{
    if (d->has_process)
        return range_to_realm(d, &d->process, out);
    out->low = tr_label_lowest;
    tr_label_highest(realm_encoding(d), &out->high);
    return 0;
}

krb5_error_code
tr_say_unmapped(struct tr_decision *d, const char *label,
                krb5_error_code code)
{
    const char *format = d->question->local->format;

    if (format == NULL)
        format = "of this system";
    if (d->map_error)
        tr_say(d, "the map between format ", format, " and ",
               d->answer->realm, " is unusable", NULL);
    else
        tr_say(d, label, " has no counterpart between format ", format,
               " and ", d->answer->realm, NULL);
    return code;
}

krb5_error_code
tr_format_label(struct tr_decision *d)
{
    return tr_label_format(realm_encoding(d), &d->label, d->answer->label,
                           sizeof(d->answer->label));
}

krb5_error_code
tr_format_local_label(struct tr_decision *d)
{
    return tr_label_format(local_encoding(d), &d->local_label,
                           d->answer->local_label,
                           sizeof(d->answer->local_label));
}

krb5_error_code
tr_refuse_range(struct tr_decision *d, krb5_error_code code)
{
    if (d->dry_run && d->has_label)
        d->range.low = d->range.high = d->label;
    return code;
}

krb5_error_code
tr_narrow(struct tr_decision *d, const struct tr_range *with,
          krb5_error_code code)
{
    struct tr_range met;

    if (tr_range_intersect(&d->range, with, &met) &&
        (!d->has_label || tr_range_contains(&met, &d->label))) {
        d->range.low = met.low;
        d->range.high = met.high;
        return 0;
    }
    return tr_refuse_range(d, code);
}

/* Say where the label or range is (or not): in what is left of grant. */
static void
say_restricted(struct tr_decision *d, const char *what, const char *within,
               const struct tr_range *range, const struct tr_grant *grant,
               const char *name)
{
    char low[TR_MAX_LABEL_TEXT + 1], high[TR_MAX_LABEL_TEXT + 1];

    if (d->silent ||
        tr_label_format(realm_encoding(d), &range->low, low,
                        sizeof(low)) != 0 ||
        tr_label_format(realm_encoding(d), &range->high, high,
                        sizeof(high)) != 0)
        return;
    tr_say(d, what, within, low, " to ", high, " of ", name,
           ", restricted; granted: ", grant->low, " to ", grant->high, NULL);
}

/* Judge d->range against all that was granted to name. */
static krb5_error_code
judge_granted(struct tr_decision *d, const struct tr_granted *granted,
              krb5_error_code code, const char *name)
{
    krb5_error_code ret = granted->error;
    const struct tr_grant *grant = granted->grant;
    const char *what = d->has_label ? d->answer->label : "range", *within;

    if (ret == 0)
        ret = tr_narrow(d, &granted->range, code);
    within = ret == 0 ? " within " : " not within ";
    if (grant->nrestrictions > 0 && granted->error == 0)
        say_restricted(d, what, within, &granted->range, grant, name);
    else
        tr_say(d, what, within, grant->low, " to ", grant->high, " of ", name,
               grant->nrestrictions > 0 ? ", whose restriction cannot be read"
               : "", NULL);
    return ret;
}

krb5_error_code
tr_judge_peer_range(struct tr_decision *d)
{
    return judge_granted(d, d->current.peer,
                         d->question->side == TR_SENDING ?
                         TRR_RECEIVER_RANGE : TRR_SENDER_RANGE,
                         d->peer_record->u.system.name);
}

/* This system's range is narrowed by its own configuration as well. */
krb5_error_code
tr_judge_own_range(struct tr_decision *d)
{
    krb5_error_code ret;
    const struct tr_local *local = d->question->local;
    krb5_error_code code = d->question->side == TR_SENDING ?
        TRR_SENDER_RANGE : TRR_RECEIVER_RANGE;
    struct tr_range highest;

    ret = judge_granted(d, d->current.own, code,
                        d->own_record->u.system.name);
    if (ret != 0 || local->highest == NULL)
        return ret;
    ret = local->encoding == NULL ? TRR_CONFIG :
        range_to_realm(d, local->highest, &highest);
    if (ret == 0)
        ret = tr_narrow(d, &highest, code);
    else if (ret == TRR_LABEL_UNMAPPED)
        ret = tr_refuse_range(d, code);
    if (ret)
        tr_say(d, d->has_label ? d->answer->label : "range",
               " not within the range of this system's configuration", NULL);
    return ret;
}

static krb5_error_code
judge_cleared(struct tr_decision *d, const struct tr_clearance_record *record)
{
    krb5_error_code ret;
    const struct tr_realm *realm = d->current.realm;
    const struct tr_granted *granted;
    const struct tr_grant *grant;

    ret = tr_find_granted(d, record->clearances, record->nclearances,
                          realm->record->name, &granted);
    if (ret)
        return ret;
    if (granted == NULL) {
        tr_say(d, record->principal, " has no clearance in ",
               realm->record->name, NULL);
        return TRR_CLEARANCE;
    }
    grant = granted->grant;
    if (tr_ended(grant, d->question->now)) {
        tr_say(d, "the clearance of ", record->principal, " in ",
               realm->record->name, " has ended",
               grant->end == tr_grant_end(grant) ? "" : " by a restriction",
               NULL);
        return TRR_CLEARANCE;
    }
    if (tr_nothing_left(granted)) {
        tr_say(d, "restrictions leave nothing of the clearance of ",
               record->principal, " in ", realm->record->name, NULL);
        return TRR_CLEARANCE;
    }
    ret = judge_granted(d, granted, TRR_CLEARANCE, record->principal);
    if (ret == 0)
        d->clearance_end = tr_grant_end(grant);
    return ret;
}

krb5_error_code
tr_judge_clearance(struct tr_decision *d)
{
    krb5_error_code ret;
    const char *user = d->question->user;

    if (user == NULL)
        return tr_skip(d, "the user is not known");
    ret = tr_view_clearance(d->view, user, &d->clearance);
    if (ret == TRR_NOT_FOUND) {
        tr_say(d, "no clearance limits ", user, NULL);
        return 0;
    }
    if (ret == 0 && d->clearance->type != TR_RECORD_CLEARANCE)
        ret = TRR_TABLE;
    if (ret) {
        tr_say(d, "the clearance of ", user, " cannot be looked up", NULL);
        return ret;
    }
    return judge_cleared(d, &d->clearance->u.clearance);
}

static bool
is_among(const char *attribute, const char *const *list)
{
    for (; list != NULL && *list != NULL; list++) {
        if (strcmp(*list, attribute) == 0)
            return true;
    }
    return false;
}

krb5_error_code
tr_judge_attributes(struct tr_decision *d)
{
    const struct tr_question *q = d->question;
    const struct tr_realm_record *realm = d->current.realm->record;
    size_t i;

    d->answer->attributes = (const char *const *)realm->attributes;
    d->answer->nattributes = realm->nattributes;
    if (realm->nattributes == 0)
        return tr_skip(d, "none is required");
    for (i = 0; i < realm->nattributes; i++) {
        if (!is_among(realm->attributes[i],
                      (const char *const *)q->local->attributes)) {
            tr_say(d, realm->attributes[i], " does not hold on ",
                   d->own_record->u.system.name, NULL);
            return TRR_ATTRIBUTE;
        }
        if (q->side == TR_RECEIVING &&
            !is_among(realm->attributes[i], q->peer_attributes)) {
            tr_say(d, realm->attributes[i], " is not stated by ",
                   d->peer_record->u.system.name, NULL);
            return TRR_ATTRIBUTE;
        }
    }
    tr_say(d, realm->attributes[0], i > 1 ? " and others hold" : " holds",
           NULL);
    return 0;
}

static enum tr_carrier
find_carrier(const struct tr_realm_record *realm, const char *service)
{
    size_t i;

    for (i = 0; service != NULL && i < realm->ncarriers; i++) {
        if (tr_text_compare(realm->carriers[i].service, service) == 0)
            return realm->carriers[i].carrier;
    }
    return TR_CARRIER_GSS;
}

bool
tr_hides(const struct tr_realm *realm, const struct tr_label *label)
{
    return label->level >= realm->confidential_from;
}

/*
 * Messages may carry any label of the range, so its high end counts like the
 * label.  Where every message is wrapped the requirement can be enforced, and
 * an application that encrypts by itself meets it; no other carrier does.
 */
krb5_error_code
tr_judge_protection(struct tr_decision *d)
{
    const struct tr_realm *realm = d->current.realm;
    const char *service = d->question->service;
    enum tr_carrier carrier = find_carrier(realm->record, service);
    bool required = tr_hides(realm, &d->range.high) ||
        (d->has_label && tr_hides(realm, &d->label));

    d->answer->carrier = carrier;
    d->answer->require_confidentiality = required;
    tr_say(d, "confidentiality ", required ? "" : "not ",
           "required, carrier ", tr_carrier_name(carrier), NULL);
    if (required && carrier != TR_CARRIER_GSS && carrier != TR_CARRIER_OWN)
        return TRR_PROTECTION;
    return 0;
}

static bool
may_delegate(const struct tr_realm_record *realm, const char *service)
{
    size_t i;

    for (i = 0; service != NULL && i < realm->ndelegation; i++) {
        if (tr_text_compare(realm->delegation[i], service) == 0)
            return true;
    }
    return false;
}

static void
bound(int64_t *end, int64_t other)
{
    if (other != 0 && (*end == 0 || other < *end))
        *end = other;
}

/* The range in both formats.  What has no local counterpart, which only a
 * label let by in a dry run can cause, leaves the label alone. */
static krb5_error_code
format_ranges(struct tr_decision *d)
{
    krb5_error_code ret;
    struct tr_answer *a = d->answer;
    const struct tr_range *local = &d->range;
    struct tr_range converted;

    if (d->map_error)
        return d->map_error;
    if (d->map != NULL) {
        local = &converted;
        if (tr_map_range_to_local(d->map, &d->range, &converted) != 0) {
            if (!d->has_label)
                return TRR_LABEL_UNMAPPED;
            converted.low = converted.high = d->local_label;
        }
    }
    ret = tr_label_format(realm_encoding(d), &d->range.low, a->low,
                          sizeof(a->low));
    if (ret == 0)
        ret = tr_label_format(realm_encoding(d), &d->range.high, a->high,
                              sizeof(a->high));
    if (ret == 0)
        ret = tr_label_format(local_encoding(d), &local->low, a->local_low,
                              sizeof(a->local_low));
    if (ret == 0)
        ret = tr_label_format(local_encoding(d), &local->high, a->local_high,
                              sizeof(a->local_high));
    return ret;
}

krb5_error_code
tr_conclude(struct tr_decision *d)
{
    const struct tr_realm_record *realm = d->current.realm->record;
    const struct tr_question *q = d->question;
    struct tr_answer *a = d->answer;

    a->may_delegate = may_delegate(realm, q->service);
    a->may_export_kernel = realm->kernel;
    a->kernel_lifetime = realm->kernel_lifetime;
    a->idle_timeout = realm->idle_timeout;
    a->end = 0;
    bound(&a->end, tr_grant_end(d->current.own->grant));
    bound(&a->end, tr_grant_end(d->current.peer->grant));
    bound(&a->end, d->clearance_end);
    if (realm->lifetime != 0)
        bound(&a->end, q->now + realm->lifetime);
    return format_ranges(d);
}
