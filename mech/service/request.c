/* mech/service/request.c - one call: decode, hand to its handler, answer */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include "daemon.h"
#include "trustrealm_err.h"

/* Rows in the order of enum tr_call_type. */
static void (*const handlers[])(struct tr_request *request) = {
    [TR_CALL_PREPARE] = tr_handle_prepare,
    [TR_CALL_SEAL] = tr_handle_seal,
    [TR_CALL_ACCEPTED] = tr_handle_accepted,
    [TR_CALL_ACCEPT] = tr_handle_accept,
    [TR_CALL_JUDGE] = tr_handle_judge,
    [TR_CALL_ISSUE] = tr_handle_issue,
    [TR_CALL_CHECK] = tr_handle_check,
    [TR_CALL_STATUS] = tr_handle_status
};

/* Encode and send; without an encoding there is nothing left to say. */
static void
answer(struct tr_request *request, const struct tr_reply *reply, int fd,
       bool last)
{
    struct tr_call call = request->call;
    uint8_t *octets = NULL;
    size_t length = 0;
    krb5_error_code ret;

    ret = tr_wire_encode(TR_WIRE_REPLY, reply, &octets, &length);
    if (ret) {
        tr_log(request->service->audit, LOG_ERR, "cannot encode a reply: %s",
               error_message(ret));
        length = 0;
        last = true;
    }
    memset(&request->call, 0, sizeof(request->call));
    /* The request may be gone afterwards. */
    tr_connection_answer(request->connection, octets, length, fd, last);
    free(octets);
    tr_wire_free(TR_WIRE_CALL, &call);
}

void
tr_request_reply(struct tr_request *request, const struct tr_reply *reply,
                 bool with_page)
{
    answer(request, reply,
           with_page ? tr_shared_page_fd(request->service->page) : -1, false);
}

static void
refuse(struct tr_request *request, struct tr_audit_record *record, bool last)
{
    struct tr_reply reply = { .type = TR_REPLY_REFUSED };

    if (record->code == 0)
        record->code = TRR_INTERNAL;
    if (record->text == NULL)
        record->text = error_message(record->code);
    record->allowed = false;
    if (record->caller == NULL)
        record->caller = &request->caller;
    tr_audit_write(request->service->audit, record);
    reply.u.refused.code = record->code;
    reply.u.refused.text = (char *)record->text;
    reply.u.refused.correlation = (char *)record->correlation;
    answer(request, &reply, -1, last);
}

void
tr_request_refuse(struct tr_request *request, struct tr_audit_record *record)
{
    refuse(request, record, false);
}

void
tr_request_busy(struct tr_request *request)
{
    struct tr_audit_record record = {
        .event = "request", .code = TRR_DAEMON_BUSY, .table_age = -1
    };

    refuse(request, &record, true);
}

void
tr_request_dispatch(struct tr_request *request, const uint8_t *octets,
                    size_t length)
{
    struct tr_audit_record record = { .event = "request", .table_age = -1 };

    request->service->calls++;
    record.code = tr_wire_decode(TR_WIRE_CALL, octets, length,
                                 &request->call);
    if (record.code == 0 &&
        (size_t)request->call.type >= sizeof(handlers) / sizeof(*handlers))
        record.code = TRR_MALFORMED;
    if (record.code != 0)
        refuse(request, &record, true);
    else
        handlers[request->call.type](request);
}
