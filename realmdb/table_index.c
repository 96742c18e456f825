/* realmdb/table_index.c - what records are found by */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <string.h>
#include "table_store.h"
#include "trustrealm_err.h"

/* One name of a record: where it is kept, and for which key. */
struct place {
    struct tr_table *table;
    MDB_txn *txn;
    enum tr_db db;
    MDB_val name;
    MDB_val *key;
};

typedef krb5_error_code visit_place(struct place *place);

static krb5_error_code
visit_text(struct place *place, enum tr_db db, const char *text,
           visit_place *visit)
{
    place->db = db;
    place->name.mv_size = strlen(text);
    place->name.mv_data = (void *)text;
    return visit(place);
}

/* The names of trust realm and format, with a NUL between them. */
static krb5_error_code
visit_map(struct place *place, const struct tr_map_record *map,
          visit_place *visit)
{
    char text[2 * TR_MAX_NAME + 2];
    int length;

    length = snprintf(text, sizeof(text), "%s%c%s", map->realm, '\0',
                      map->format);
    if (length < 0 || (size_t)length >= sizeof(text))
        return TRR_TOO_LONG;
    place->db = TR_DB_MAP;
    place->name.mv_size = (size_t)length;
    place->name.mv_data = text;
    return visit(place);
}

static krb5_error_code
visit_doi(struct place *place, uint32_t doi, visit_place *visit)
{
    uint8_t octets[4] = { doi >> 24, doi >> 16 & 255, doi >> 8 & 255,
                          doi & 255 };

    place->db = TR_DB_DOI;
    place->name.mv_size = sizeof(octets);
    place->name.mv_data = octets;
    return visit(place);
}

static krb5_error_code
visit_system(struct place *place, const struct tr_system_record *system,
             visit_place *visit)
{
    krb5_error_code ret;
    size_t i;

    ret = visit_text(place, TR_DB_HOST, system->name, visit);
    for (i = 0; i < system->naliases && ret == 0; i++)
        ret = visit_text(place, TR_DB_HOST, system->aliases[i], visit);
    if (ret == 0)
        ret = visit_text(place, TR_DB_PRINCIPAL, system->principal, visit);
    return ret;
}

static krb5_error_code
each_place(struct tr_table *table, MDB_txn *txn,
           const struct tr_record *record, MDB_val *key, visit_place *visit)
{
    krb5_error_code ret = 0;
    struct place place = { .table = table, .txn = txn, .key = key };

    switch (record->type) {
    case TR_RECORD_REALM:
        ret = visit_text(&place, TR_DB_REALM, record->u.realm.name, visit);
        if (ret == 0)
            ret = visit_doi(&place, record->u.realm.doi, visit);
        break;
    case TR_RECORD_SYSTEM:
        ret = visit_system(&place, &record->u.system, visit);
        break;
    case TR_RECORD_CLEARANCE:
        ret = visit_text(&place, TR_DB_CLEARANCE,
                         record->u.clearance.principal, visit);
        break;
    case TR_RECORD_MAP:
        ret = visit_map(&place, &record->u.map, visit);
        break;
    }
    return ret;
}

/* What record is called in messages. */
static const char *
record_name(const struct tr_record *record)
{
    switch (record->type) {
    case TR_RECORD_REALM:
        return record->u.realm.name;
    case TR_RECORD_SYSTEM:
        return record->u.system.name;
    case TR_RECORD_CLEARANCE:
        return record->u.clearance.principal;
    case TR_RECORD_MAP:
        return record->u.map.format;
    }
    return "?";
}

static krb5_error_code
refuse(const struct place *place, MDB_val *owner)
{
    krb5_error_code ret;
    static const char *const what[TR_NDBS] = {
        [TR_DB_HOST] = "host name", [TR_DB_PRINCIPAL] = "principal",
        [TR_DB_CLEARANCE] = "principal", [TR_DB_REALM] = "trust realm",
        [TR_DB_DOI] = "DOI", [TR_DB_MAP] = "label map"
    };
    bool binary = place->db == TR_DB_DOI || place->db == TR_DB_MAP;
    struct tr_record *other = NULL;

    ret = tr_table_record(place->table, place->txn, owner, &other);
    if (ret != 0 && ret != TRR_NOT_FOUND)
        return ret;
    ret = tr_table_fail(place->table, TRR_ENTRY,
                        "its %s%s%.*s belongs to another entry: %s",
                        what[place->db], binary ? "" : " ",
                        binary ? 0 : (int)place->name.mv_size,
                        (const char *)place->name.mv_data,
                        other == NULL ? "?" : record_name(other));
    tr_record_free(other);
    return ret;
}

static bool
is_key(const struct place *place, const MDB_val *owner)
{
    return owner->mv_size == place->key->mv_size &&
        memcmp(owner->mv_data, place->key->mv_data, owner->mv_size) == 0;
}

static krb5_error_code
check_place(struct place *place)
{
    MDB_val owner;
    int code;

    code = mdb_get(place->txn, place->table->dbs[place->db], &place->name,
                   &owner);
    if (code == MDB_NOTFOUND)
        return 0;
    if (code != 0)
        return tr_table_fail_mdb(place->table, code, "looking for a name");
    return is_key(place, &owner) ? 0 : refuse(place, &owner);
}

static krb5_error_code
add_place(struct place *place)
{
    MDB_val owner = *place->key;
    int code;

    code = mdb_put(place->txn, place->table->dbs[place->db], &place->name,
                   &owner, MDB_NOOVERWRITE);
    if (code == MDB_KEYEXIST)
        return is_key(place, &owner) ? 0 : refuse(place, &owner);
    return code == 0 ? 0 :
        tr_table_fail_mdb(place->table, code, "storing a name");
}

/* What another entry has is left alone. */
static krb5_error_code
remove_place(struct place *place)
{
    MDB_dbi db = place->table->dbs[place->db];
    MDB_val owner;
    int code;

    code = mdb_get(place->txn, db, &place->name, &owner);
    if (code == 0 && is_key(place, &owner))
        code = mdb_del(place->txn, db, &place->name, NULL);
    return code == 0 || code == MDB_NOTFOUND ? 0 :
        tr_table_fail_mdb(place->table, code, "removing a name");
}

krb5_error_code
tr_index_check(struct tr_table *table, MDB_txn *txn,
               const struct tr_record *record, MDB_val *key)
{
    return each_place(table, txn, record, key, check_place);
}

krb5_error_code
tr_index_add(struct tr_table *table, MDB_txn *txn,
             const struct tr_record *record, MDB_val *key)
{
    krb5_error_code ret, undone;

    ret = each_place(table, txn, record, key, add_place);
    if (ret != TRR_ENTRY)
        return ret;
    undone = each_place(table, txn, record, key, remove_place);
    return undone == 0 ? ret : undone;
}

krb5_error_code
tr_index_remove(struct tr_table *table, MDB_txn *txn,
                const struct tr_record *record, MDB_val *key)
{
    return each_place(table, txn, record, key, remove_place);
}
