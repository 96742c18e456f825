/* tests/fuzz/bare_plugin.c - the rest of the plugin, to its messages */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <string.h>
#include "bare.h"
#include "call.h"
#include "context.h"
#include "credentials.h"
#include "fuzz.h"
#include "status.h"
#include "trustrealm_err.h"

/* --- trustrealmd --------------------------------------------------------- */

static krb5_error_code
issue(const char *label, struct tr_reply *reply)
{
    struct tr_bytes *record = &reply->u.issued.label_record;

    reply->u.issued.label = strdup(label);
    reply->u.issued.local_label = strdup(label);
    record->length = 1 + strlen(label);
    record->data = malloc(record->length);
    record->data[0] = BARE_RECORD;
    memcpy(record->data + 1, label, record->length - 1);
    return 0;
}

static krb5_error_code
check(const struct tr_bytes *record, uint64_t epoch, struct tr_reply *reply)
{
    PROMISE(record->length > 0 && record->length <= TR_MAX_LABEL_RECORD);
    if (record->data[0] != BARE_RECORD)
        return TRR_RECORD;
    reply->u.checked.label = strndup((char *)record->data + 1,
                                     record->length - 1);
    reply->u.checked.local_label = strdup("");
    reply->u.checked.epoch = (int64_t)epoch;
    return 0;
}

static const struct tr_page page = { .epoch = 1, .lease = UINT64_MAX };

krb5_error_code
tr_daemon_ask(const struct tr_call *call, enum tr_reply_type wanted,
              struct tr_reply *reply, struct tr_mapping **page_out)
{
    memset(reply, 0, sizeof(*reply));
    reply->type = wanted;
    return wanted == TR_REPLY_ISSUED ? issue(call->u.issue.label, reply) :
        check(&call->u.check.label_record, page.epoch, reply);
}

/* --- other parts --------------------------------------------------------- */

krb5_error_code
tr_life_enter(struct tr_context *context)
{
    return 0;
}

krb5_error_code
tr_life_confirm(struct tr_context *context)
{
    return 0;
}

const char *
tr_facts_get(const struct tr_facts *facts, enum tr_fact fact)
{
    return "";
}

krb5_error_code
tr_label_text(gss_buffer_t label, char **text_out)
{
    *text_out = strndup(label->value, label->length);
    return 0;
}

krb5_error_code
tr_detail(krb5_error_code code, const char *format, ...)
{
    return code;
}

OM_uint32
tr_fail(OM_uint32 *minor, krb5_error_code code)
{
    *minor = code;
    return GSS_S_FAILURE;
}

struct tr_context *
bare_context(void)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    struct tr_context *context = calloc(1, sizeof(*context));

    context->stage = TR_READY;
    memcpy(context->send_tag, "TAG!", TR_TAG_LENGTH);
    memcpy(context->receive_tag, "TAG!", TR_TAG_LENGTH);
    context->life.page = &page;
    context->life.epoch = page.epoch;
    context->life.next_look = UINT64_MAX;
    context->mutex = &mutex;
    return context;
}

void
bare_context_free(struct tr_context *context)
{
    tr_labels_clear(&context->labels);
    free(context);
}
