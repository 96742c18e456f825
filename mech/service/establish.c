/* mech/service/establish.c - what is agreed, and whether it still holds */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <string.h>
#include "trustrealm_err.h"
#include "association.h"
#include "bypass.h"
#include "crypto.h"
#include "establish.h"
#include "keys.h"

krb5_error_code
tr_judge_agreement(struct tr_job *job, const char *label, const char *low,
                   const char *high)
{
    const struct tr_association *a = &job->association;
    bool initiator = a->side == TR_ROLE_INITIATOR;
    const char *stated[TR_MAX_ATTRIBUTES + 1];
    struct tr_question question = {
        .side = TR_RECEIVING,
        .peer = a->peer_system,
        .peer_principal = initiator ? a->to : a->from,
        .service = a->service,
        .user = job->client != NULL ? job->client :
            a->client[0] != '\0' ? a->client : NULL,
        .realm = a->realm, .realm_label = label,
        .realm_low = low, .realm_high = high,
        .digest = a->digest,
        .peer_attributes = stated,
        .confidentiality = a->confidentiality
    };
    krb5_error_code ret;
    size_t i;

    /* An acceptor states none: that it accepted says that those hold that
     * the initiator stated. */
    for (i = 0; i < a->attributes.count && i < TR_MAX_ATTRIBUTES; i++)
        stated[i] = a->attributes.items[i];
    stated[i] = NULL;
    ret = tr_job_ask(job, &question);
    if (initiator) {
        /* The audit record goes by who began. */
        job->audit.sender = job->service->config->system;
        job->audit.receiver = a->peer_system;
    }
    return ret;
}

krb5_error_code
tr_check_inside(struct tr_job *job, const char *label, const char *low,
                const char *high)
{
    const struct tr_association *a = &job->association;
    const struct tr_realm *realm;
    struct tr_range outer, inner;
    struct tr_label middle;
    krb5_error_code ret;

    ret = tr_job_view(job);
    if (ret == 0)
        ret = tr_view_realm(job->view, a->realm, &realm);
    if (ret == 0)
        ret = realm->error;
    if (ret == 0)
        ret = tr_range_parse(realm->encoding, a->low, a->high, &outer);
    if (ret == 0)
        ret = tr_range_parse(realm->encoding, low, high, &inner);
    if (ret == 0)
        ret = tr_label_parse(realm->encoding, label, &middle);
    if (ret)
        return ret;
    return tr_range_contains(&outer, &inner.low) &&
        tr_range_contains(&outer, &inner.high) &&
        tr_range_contains(&inner, &middle) ? 0 : TRR_AGREED_RANGE;
}

int64_t
tr_earlier(int64_t a, int64_t b)
{
    if (a == 0 || b == 0)
        return a != 0 ? a : b;
    return a < b ? a : b;
}

static void
established_label(const struct tr_job *job,
                  const struct tr_association *association,
                  struct tr_established *out)
{
    const struct tr_answer *answer = &job->answer;
    int64_t end = tr_earlier(association->end, answer->end);

    out->flags = tr_job_flags(job);
    if (end != 0)
        out->lifetime = end > job->now ? end - job->now : 1;
    out->idle_timeout = answer->idle_timeout;
    if (answer->may_export_kernel)
        out->kernel_lifetime = answer->kernel_lifetime;
    out->realm = (char *)answer->realm;
    out->label = (char *)answer->label;
    out->low = (char *)answer->low;
    out->high = (char *)answer->high;
    out->local_label = (char *)answer->local_label;
    out->local_low = (char *)answer->local_low;
    out->local_high = (char *)answer->local_high;
    out->peer_system = association->peer_system;
}

void
tr_fill_established(const struct tr_job *job,
                    const struct tr_association *association,
                    struct tr_established *out)
{
    memset(out, 0, sizeof(*out));
    out->epoch = job->epoch;
    out->instance = tr_job_instance(job);
    out->correlation = association->correlation;
    if (association->bypass) {
        out->flags = TR_IS_PLAIN;
        out->local_label = out->local_low = out->local_high =
            association->label;
    } else {
        established_label(job, association, out);
    }
}

/* That it is established by. */
static enum tr_step
step_of(const struct tr_association *association)
{
    if (association->bypass)
        return association->side == TR_ROLE_INITIATOR ? TR_S1_BYPASS :
            TR_R1_BYPASS;
    return association->side == TR_ROLE_INITIATOR ? TR_S13_SEAL :
        TR_R15_COMMIT;
}

krb5_error_code
tr_establish(struct tr_job *job, struct tr_association *association,
             const struct tr_bytes *binding, const struct tr_bytes *trailer)
{
    struct tr_reply reply = { .type = TR_REPLY_ESTABLISHED };
    struct tr_established *out = &reply.u.established;
    struct tr_bytes record = { NULL, 0 };
    krb5_error_code ret;

    association->version = TR_VERSION;
    association->stage = TR_STAGE_ESTABLISHED;
    association->binding = *binding;
    tr_association_stamp(association, job->now);
    ret = tr_association_seal(tr_keys_cipher(job->service->keys), association,
                              &record);
    if (ret)
        return ret;
    tr_fill_established(job, association, out);
    out->record = record;
    out->trailer = *trailer;
    tr_job_reply(job, &reply, true, step_of(association));
    tr_bytes_free(&record);
    return 0;
}
