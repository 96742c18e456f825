/* mech/plugin/ticket.c - whom a ticket names */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "buffer.h"
#include "once.h"
#include "recent.h"
#include "ticket.h"

krb5_error_code
tr_ticket_key(const struct tr_token *token, uint64_t serial,
              const char *keytab, struct tr_bytes *key_out)
{
    size_t before = sizeof(serial) + strlen(keytab) + 1;
    struct tr_ap_req parsed;
    uint8_t *at;

    key_out->data = NULL;
    key_out->length = 0;
    if (token->kind != TR_TOKEN_AP_REQ ||
        tr_ap_req_parse(token->body, token->body_length, &parsed) != 0 ||
        parsed.ticket_length > TR_MAX_TICKET)
        return 0;
    key_out->data = malloc(before + parsed.ticket_length);
    if (key_out->data == NULL)
        return ENOMEM;
    at = mempcpy(key_out->data, &serial, sizeof(serial));
    at = mempcpy(at, keytab, strlen(keytab) + 1);
    memcpy(at, parsed.ticket, parsed.ticket_length);
    key_out->length = before + parsed.ticket_length;
    return 0;
}

static struct tr_shown_name *
copy_name(const struct tr_shown_name *name)
{
    size_t size = sizeof(*name) + strlen(name->text) + 1;
    struct tr_shown_name *copy = malloc(size);

    return copy == NULL ? NULL : memcpy(copy, name, size);
}

struct names {
    struct tr_shown_name *client, *service;     /* an initiator has one */
};

static void
names_free(struct names *names)
{
    if (names == NULL)
        return;
    free(names->client);
    free(names->service);
    free(names);
}

krb5_error_code
tr_ticket_recall(const struct tr_bytes *key,
                 struct tr_shown_name **client_out,
                 struct tr_shown_name **service_out)
{
    struct tr_recent *tickets = &tr_once()->tickets;
    struct tr_shown_name *client = NULL, *service = NULL;
    const struct names *names;
    krb5_error_code ret = 0;

    (void)pthread_mutex_lock(&tickets->mutex);
    names = tr_recent_find(tickets, key);
    if (names != NULL) {
        client = copy_name(names->client);
        if (service_out != NULL)
            service = copy_name(names->service);
        if (client == NULL || (service_out != NULL && service == NULL))
            ret = ENOMEM;
    }
    (void)pthread_mutex_unlock(&tickets->mutex);
    if (ret) {
        free(client);
        free(service);
        client = service = NULL;
    }
    *client_out = client;
    if (service_out != NULL)
        *service_out = service;
    return ret;
}

void
tr_ticket_remember(struct tr_bytes *key, const struct tr_shown_name *client,
                   const struct tr_shown_name *service)
{
    struct tr_recent *tickets = &tr_once()->tickets;
    struct names *names = calloc(1, sizeof(*names));

    if (names == NULL)
        return;
    names->client = copy_name(client);
    if (service != NULL)
        names->service = copy_name(service);
    if (names->client != NULL && (service == NULL || names->service != NULL)) {
        (void)pthread_mutex_lock(&tickets->mutex);
        names = tr_recent_put(tickets, key, names);
        (void)pthread_mutex_unlock(&tickets->mutex);
    }
    names_free(names);
}
