/* realmdb/table_names.c - names of records, on their way into the indexes */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Entries come in no order.  Stored at once, each name would have LMDB find
 * another page of a large index, which is rarely one that the processor still
 * has at hand.  Many names in the order of the indexes share their pages.
 */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "table_store.h"

#define FIRST_ROOM 1024

/* What stands before a name, which its key follows. */
struct head {
    uint16_t name_length, key_length;
    uint8_t db;
};

static void
read_item(uint8_t *at, enum tr_db *db_out, MDB_val *name_out,
          MDB_val *key_out)
{
    struct head head;

    memcpy(&head, at, sizeof(head));
    *db_out = head.db;
    *name_out = (MDB_val){ head.name_length, at + sizeof(head) };
    *key_out = (MDB_val){ head.key_length,
                          at + sizeof(head) + head.name_length };
}

void
tr_names_get(const struct tr_names *names, size_t i, enum tr_db *db_out,
             MDB_val *name_out, MDB_val *key_out)
{
    read_item(names->octets + names->places[i], db_out, name_out, key_out);
}

/* Room for one more, of length octets. */
static krb5_error_code
make_room(struct tr_names *names, size_t length)
{
    size_t room;
    void *p;

    if (names->length + length > names->room) {
        room = 2 * names->room + length + FIRST_ROOM;
        p = realloc(names->octets, room);
        if (p == NULL)
            return ENOMEM;
        names->octets = p;
        names->room = room;
    }
    if (names->count == names->most) {
        room = 2 * names->most + FIRST_ROOM;
        p = reallocarray(names->places, room, sizeof(*names->places));
        if (p == NULL)
            return ENOMEM;
        names->places = p;
        names->most = room;
    }
    return 0;
}

krb5_error_code
tr_names_add(struct tr_names *names, enum tr_db db, const MDB_val *name,
             const MDB_val *key)
{
    krb5_error_code ret;
    struct head head = {
        (uint16_t)name->mv_size, (uint16_t)key->mv_size, (uint8_t)db
    };
    uint8_t *at;

    ret = make_room(names, sizeof(head) + name->mv_size + key->mv_size);
    if (ret)
        return ret;
    names->places[names->count++] = (uint32_t)names->length;
    at = names->octets + names->length;
    memcpy(at, &head, sizeof(head));
    at += sizeof(head);
    memcpy(at, name->mv_data, name->mv_size);
    at += name->mv_size;
    memcpy(at, key->mv_data, key->mv_size);
    names->length = (size_t)(at - names->octets) + key->mv_size;
    return 0;
}

/* The order of LMDB. */
static int
compare_values(const MDB_val *a, const MDB_val *b)
{
    bool shorter = a->mv_size < b->mv_size;
    int order;

    order = memcmp(a->mv_data, b->mv_data, shorter ? a->mv_size : b->mv_size);
    return order != 0 ? order : (a->mv_size > b->mv_size) - shorter;
}

static int
compare_places(const void *a, const void *b, void *octets)
{
    MDB_val name_a, name_b, key_a, key_b;
    enum tr_db db_a, db_b;
    int order;

    read_item((uint8_t *)octets + *(const uint32_t *)a, &db_a, &name_a,
              &key_a);
    read_item((uint8_t *)octets + *(const uint32_t *)b, &db_b, &name_b,
              &key_b);
    if (db_a != db_b)
        return db_a < db_b ? -1 : 1;
    order = compare_values(&name_a, &name_b);
    return order != 0 ? order : compare_values(&key_a, &key_b);
}

void
tr_names_sort(struct tr_names *names)
{
    if (names->count > 1)
        qsort_r(names->places, names->count, sizeof(*names->places),
                compare_places, names->octets);
}

void
tr_names_clear(struct tr_names *names)
{
    free(names->octets);
    free(names->places);
    memset(names, 0, sizeof(*names));
}
