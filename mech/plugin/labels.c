/* mech/plugin/labels.c - labels of single messages */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "buffer.h"
#include "call.h"
#include "context.h"
#include "credentials.h"
#include "labels.h"
#include "status.h"
#include "trustrealm_err.h"

static struct tr_known_label *
hold(struct tr_known_label *label)
{
    if (label != NULL)
        label->references++;
    return label;
}

void
tr_labels_release(struct tr_known_label *label)
{
    if (label == NULL || --label->references > 0)
        return;
    free(label->record.data);
    free(label->asked);
    free(label->label);
    free(label->local);
    free(label);
}

static void
clear_list(struct tr_label_list *list)
{
    struct tr_known_label *label;

    while ((label = list->newest) != NULL) {
        list->newest = label->next;
        tr_labels_release(label);
    }
}

void
tr_labels_clear(struct tr_labels *labels)
{
    clear_list(&labels->issued);
    clear_list(&labels->checked);
    tr_labels_release(labels->delivered);
    free(labels->choice);
}

/* Remember label in list; the oldest is forgotten.  Returns label. */
static struct tr_known_label *
remember(struct tr_context *context, struct tr_label_list *list,
         struct tr_known_label *label)
{
    struct tr_known_label **link = &list->newest, *oldest = NULL;

    (void)pthread_mutex_lock(context->mutex);
    if (list->count == TR_MAX_KNOWN_LABELS) {
        while ((*link)->next != NULL)
            link = &(*link)->next;
        oldest = *link;
        *link = NULL;
        list->count--;
    }
    label->next = list->newest;
    list->newest = hold(label);
    list->count++;
    (void)pthread_mutex_unlock(context->mutex);
    tr_labels_release(oldest);
    return label;
}

/* Texts are taken out of the reply. */
static krb5_error_code
make(uint64_t epoch, struct tr_bytes *record, char **label, char **local,
     struct tr_known_label **known_out)
{
    struct tr_known_label *known = calloc(1, sizeof(*known));

    if (known == NULL)
        return ENOMEM;
    known->references = 1;
    known->epoch = epoch;
    known->record = tr_bytes_take(record);
    known->label = *label;
    known->local = *local;
    *label = *local = NULL;
    *known_out = known;
    return 0;
}

/* The epoch that an answer asked for now will be good for: one that changes
 * in between makes it stale, never falsely fresh. */
static uint64_t
epoch_now(const struct tr_context *context)
{
    return tr_page_epoch(context->life.page);
}

/* --- sending ------------------------------------------------------------- */

static struct tr_known_label *
find_issued(const struct tr_label_list *list, const char *asked,
            uint64_t epoch)
{
    struct tr_known_label *item = list->newest;

    while (item != NULL &&
           (item->epoch != epoch || strcmp(item->asked, asked) != 0))
        item = item->next;
    return item;
}

/* Ask trustrealmd, without the mutex. */
static krb5_error_code
issue(struct tr_context *context, const char *asked,
      struct tr_known_label **label_out)
{
    struct tr_call call = { .type = TR_CALL_ISSUE };
    struct tr_known_label *known = NULL;
    uint64_t epoch = epoch_now(context);
    struct tr_reply reply;
    krb5_error_code ret;

    call.u.issue.record = context->record;
    call.u.issue.label = (char *)asked;
    ret = tr_daemon_ask(&call, TR_REPLY_ISSUED, &reply, NULL);
    if (ret == 0 &&
        (reply.u.issued.label_record.length == 0 ||
         reply.u.issued.label_record.length > TR_MAX_LABEL_RECORD))
        ret = tr_detail(TRR_MALFORMED, "unusable label record from "
                        "trustrealmd");
    if (ret == 0)
        ret = make(epoch, &reply.u.issued.label_record,
                   &reply.u.issued.label, &reply.u.issued.local_label, &known);
    if (ret == 0 && (known->asked = strdup(asked)) == NULL) {
        tr_labels_release(known);
        ret = ENOMEM;
    }
    tr_wire_free(TR_WIRE_REPLY, &reply);
    if (ret == 0)
        *label_out = remember(context, &context->labels.issued, known);
    return ret;
}

/* For asked, or (NULL) what was chosen. */
static krb5_error_code
find_or_issue(struct tr_context *context, const char *asked,
              struct tr_known_label **label_out)
{
    char *copy = NULL;
    krb5_error_code ret = 0;

    (void)pthread_mutex_lock(context->mutex);
    if (asked == NULL)
        asked = context->labels.choice;
    if (asked == NULL)
        asked = "";
    *label_out = hold(find_issued(&context->labels.issued, asked,
                                  epoch_now(context)));
    if (*label_out == NULL)
        copy = strdup(asked);
    (void)pthread_mutex_unlock(context->mutex);
    if (*label_out == NULL)
        ret = copy == NULL ? ENOMEM : issue(context, copy, label_out);
    free(copy);
    return ret;
}

krb5_error_code
tr_labels_issue(struct tr_context *context, struct tr_known_label **label_out)
{
    return find_or_issue(context, NULL, label_out);
}

krb5_error_code
tr_labels_choose(struct tr_context *context, gss_buffer_t label)
{
    struct tr_known_label *known = NULL;
    char *text = NULL, *old;
    krb5_error_code ret;

    if (label != GSS_C_NO_BUFFER && label->length > 0) {
        ret = tr_label_text(label, &text);
        if (ret == 0)
            ret = find_or_issue(context, text, &known);
        if (ret) {
            free(text);
            return ret;
        }
    }
    if (known == NULL || strcmp(known->label, tr_facts_get(
            context->facts, TR_FACT_LABEL)) == 0) {
        free(text);             /* nothing to say with each message */
        text = NULL;
    }
    tr_labels_release(known);
    (void)pthread_mutex_lock(context->mutex);
    old = context->labels.choice;
    context->labels.choice = text;
    context->changed = text != NULL;
    (void)pthread_mutex_unlock(context->mutex);
    free(old);
    return 0;
}

krb5_error_code
tr_labels_choice(struct tr_context *context, char **label_out)
{
    const char *choice;

    (void)pthread_mutex_lock(context->mutex);
    choice = context->labels.choice;
    *label_out = strdup(choice != NULL ? choice : "");
    (void)pthread_mutex_unlock(context->mutex);
    return *label_out != NULL ? 0 : ENOMEM;
}

/* --- receiving ----------------------------------------------------------- */

static struct tr_known_label *
find_checked(const struct tr_label_list *list, const struct tr_bytes *record,
             uint64_t epoch)
{
    struct tr_known_label *item = list->newest;

    while (item != NULL &&
           (item->epoch != epoch || item->record.length != record->length ||
            memcmp(item->record.data, record->data, record->length) != 0))
        item = item->next;
    return item;
}

/* Ask trustrealmd, without the mutex. */
static krb5_error_code
check(struct tr_context *context, const struct tr_bytes *record,
      struct tr_known_label **label_out)
{
    struct tr_call call = { .type = TR_CALL_CHECK };
    struct tr_bytes copy = { NULL, 0 };
    struct tr_known_label *known = NULL;
    struct tr_reply reply;
    krb5_error_code ret;

    call.u.check.record = context->record;
    call.u.check.label_record = *record;
    ret = tr_daemon_ask(&call, TR_REPLY_CHECKED, &reply, NULL);
    if (ret)
        return ret;
    copy.data = malloc(record->length);
    if (copy.data == NULL) {
        ret = ENOMEM;
    } else {
        memcpy(copy.data, record->data, record->length);
        copy.length = record->length;
        ret = make((uint64_t)reply.u.checked.epoch, &copy,
                   &reply.u.checked.label, &reply.u.checked.local_label,
                   &known);
    }
    if (ret == 0)
        *label_out = remember(context, &context->labels.checked, known);
    free(copy.data);
    tr_wire_free(TR_WIRE_REPLY, &reply);
    return ret;
}

krb5_error_code
tr_labels_check(struct tr_context *context, const void *record, size_t length,
                struct tr_known_label **label_out)
{
    struct tr_bytes octets = { (uint8_t *)record, length };

    *label_out = NULL;
    if (length == 0 || length > TR_MAX_LABEL_RECORD)
        return tr_detail(TRR_RECORD, "the label record has a wrong length");
    (void)pthread_mutex_lock(context->mutex);
    *label_out = hold(find_checked(&context->labels.checked, &octets,
                                   epoch_now(context)));
    (void)pthread_mutex_unlock(context->mutex);
    return *label_out != NULL ? 0 : check(context, &octets, label_out);
}

void
tr_labels_delivered(struct tr_context *context, struct tr_known_label *label)
{
    struct tr_labels *labels = &context->labels;

    if (labels->delivered == label)
        return;
    (void)pthread_mutex_lock(context->mutex);
    tr_labels_release(labels->delivered);
    labels->delivered = hold(label);
    (void)pthread_mutex_unlock(context->mutex);
}

OM_uint32
tr_labels_inquire(OM_uint32 *minor, struct tr_context *context,
                  gss_buffer_set_t *set)
{
    const struct tr_known_label *last;
    const char *label, *local;
    OM_uint32 major;

    (void)pthread_mutex_lock(context->mutex);
    last = context->labels.delivered;
    label = last != NULL ? last->label :
        tr_facts_get(context->facts, TR_FACT_LABEL);
    local = last != NULL ? last->local :
        tr_facts_get(context->facts, TR_FACT_LABEL_LOCAL);
    major = tr_add_text(minor, label, set);
    if (!GSS_ERROR(major))
        major = tr_add_text(minor, local, set);
    (void)pthread_mutex_unlock(context->mutex);
    return major;
}
