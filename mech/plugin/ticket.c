/* mech/plugin/ticket.c - whom a ticket names */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "buffer.h"
#include "once.h"
#include "ticket.h"

krb5_error_code
tr_ticket_key(const struct tr_token *token, uint64_t serial,
              const char *keytab, struct tr_bytes *key_out)
{
    size_t before = sizeof(serial) + strlen(keytab) + 1;
    struct tr_kerberos_ap_req parsed;
    uint8_t *at;
    krb5_error_code ret;

    key_out->data = NULL;
    key_out->length = 0;
    if (token->kind != TR_TOKEN_AP_REQ)
        return 0;
    ret = tr_wire_decode(TR_WIRE_KERBEROS_AP_REQ, token->body,
                         token->body_length, &parsed);
    if (ret)
        return ret == ENOMEM ? ENOMEM : 0;
    if (parsed.ticket.length > TR_MAX_TICKET)
        goto cleanup;
    key_out->data = malloc(before + parsed.ticket.length);
    if (key_out->data == NULL) {
        ret = ENOMEM;
        goto cleanup;
    }
    at = mempcpy(key_out->data, &serial, sizeof(serial));
    at = mempcpy(at, keytab, strlen(keytab) + 1);
    memcpy(at, parsed.ticket.data, parsed.ticket.length);
    key_out->length = before + parsed.ticket.length;

cleanup:
    tr_wire_free(TR_WIRE_KERBEROS_AP_REQ, &parsed);
    return ret;
}

static struct tr_shown_name *
copy_name(const struct tr_shown_name *name)
{
    size_t size = sizeof(*name) + strlen(name->text) + 1;
    struct tr_shown_name *copy = malloc(size);

    return copy == NULL ? NULL : memcpy(copy, name, size);
}

/* With the mutex held; the place of the key, or NULL. */
static struct tr_ticket *
find(struct tr_ticket_list *list, const struct tr_bytes *key)
{
    size_t i;

    for (i = 0; key->length > 0 && i < TR_MAX_TICKETS; i++) {
        if (list->items[i].key.length == key->length &&
            memcmp(list->items[i].key.data, key->data, key->length) == 0)
            return &list->items[i];
    }
    return NULL;
}

static void
forget(struct tr_ticket *item)
{
    free(item->key.data);
    free(item->client);
    free(item->service);
    memset(item, 0, sizeof(*item));
}

krb5_error_code
tr_ticket_recall(const struct tr_bytes *key,
                 struct tr_shown_name **client_out,
                 struct tr_shown_name **service_out)
{
    struct tr_ticket_list *list = &tr_once()->tickets;
    struct tr_shown_name *client = NULL, *service = NULL;
    struct tr_ticket *item;
    krb5_error_code ret = 0;

    (void)pthread_mutex_lock(&list->mutex);
    item = find(list, key);
    if (item != NULL) {
        client = copy_name(item->client);
        if (service_out != NULL)
            service = copy_name(item->service);
        if (client == NULL || (service_out != NULL && service == NULL))
            ret = ENOMEM;
    }
    (void)pthread_mutex_unlock(&list->mutex);
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
    struct tr_ticket_list *list = &tr_once()->tickets;
    struct tr_ticket *place, item = { .client = copy_name(client) };

    if (service != NULL)
        item.service = copy_name(service);
    if (key->length == 0 || item.client == NULL ||
        (service != NULL && item.service == NULL)) {
        forget(&item);
        return;
    }
    item.key = tr_bytes_take(key);
    (void)pthread_mutex_lock(&list->mutex);
    place = find(list, &item.key);
    if (place == NULL) {
        place = &list->items[list->oldest];
        list->oldest = (list->oldest + 1) % TR_MAX_TICKETS;
    }
    forget(place);
    *place = item;
    (void)pthread_mutex_unlock(&list->mutex);
}
