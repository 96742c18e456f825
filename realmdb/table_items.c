/* realmdb/table_items.c - what is to be stored, in order */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "table_items.h"

#define FIRST_ROOM 1024

/* What stands before a name, which its value follows. */
struct head {
    uint32_t value_length;
    uint16_t name_length;
    uint8_t db;
};

const uint8_t *
tr_item_read(const uint8_t *octets, struct tr_item *item_out)
{
    struct head head;

    memcpy(&head, octets, sizeof(head));
    octets += sizeof(head);
    item_out->db = head.db;
    item_out->name = (MDB_val){ head.name_length, (void *)octets };
    octets += head.name_length;
    item_out->value = (MDB_val){ head.value_length, (void *)octets };
    return octets + head.value_length;
}

static int
compare_values(const MDB_val *a, const MDB_val *b)
{
    bool shorter = a->mv_size < b->mv_size;
    int order;

    order = memcmp(a->mv_data, b->mv_data, shorter ? a->mv_size : b->mv_size);
    return order != 0 ? order : (a->mv_size > b->mv_size) - shorter;
}

int
tr_item_compare(const struct tr_item *a, const struct tr_item *b)
{
    int order;

    if (a->db != b->db)
        return a->db < b->db ? -1 : 1;
    order = compare_values(&a->name, &b->name);
    return order != 0 ? order : compare_values(&a->value, &b->value);
}

static krb5_error_code
make_room(struct tr_items *items, size_t length)
{
    size_t room;
    void *p;

    if (items->length + length > items->room) {
        room = 2 * items->room + length + FIRST_ROOM;
        p = realloc(items->octets, room);
        if (p == NULL)
            return ENOMEM;
        items->octets = p;
        items->room = room;
    }
    if (items->count == items->most) {
        room = 2 * items->most + FIRST_ROOM;
        p = reallocarray(items->places, room, sizeof(*items->places));
        if (p == NULL)
            return ENOMEM;
        items->places = p;
        items->most = room;
    }
    return 0;
}

krb5_error_code
tr_items_add(struct tr_items *items, const struct tr_item *item)
{
    const MDB_val *name = &item->name, *value = &item->value;
    struct head head = { 0 };
    krb5_error_code ret;
    uint8_t *at;

    head.value_length = (uint32_t)value->mv_size;
    head.name_length = (uint16_t)name->mv_size;
    head.db = (uint8_t)item->db;
    ret = make_room(items, sizeof(head) + name->mv_size + value->mv_size);
    if (ret)
        return ret;
    items->places[items->count++] = (uint32_t)items->length;
    at = items->octets + items->length;
    memcpy(at, &head, sizeof(head));
    at += sizeof(head);
    memcpy(at, name->mv_data, name->mv_size);
    at += name->mv_size;
    memcpy(at, value->mv_data, value->mv_size);
    items->length = (size_t)(at - items->octets) + value->mv_size;
    return 0;
}

static int
compare_places(const void *a, const void *b, void *octets)
{
    struct tr_item items[2];

    (void)tr_item_read((uint8_t *)octets + *(const uint32_t *)a, &items[0]);
    (void)tr_item_read((uint8_t *)octets + *(const uint32_t *)b, &items[1]);
    return tr_item_compare(&items[0], &items[1]);
}

void
tr_items_sort(struct tr_items *items)
{
    if (items->count > 1)
        qsort_r(items->places, items->count, sizeof(*items->places),
                compare_places, items->octets);
}

void
tr_items_get(const struct tr_items *items, size_t i, struct tr_item *item_out)
{
    (void)tr_item_read(items->octets + items->places[i], item_out);
}

void
tr_items_clear(struct tr_items *items)
{
    free(items->octets);
    free(items->places);
    memset(items, 0, sizeof(*items));
}
