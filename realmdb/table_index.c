/* realmdb/table_index.c - what records are found by */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <string.h>
#include "table_items.h"
#include "trustrealm_err.h"

/* One name of a record: where it is kept, and for which key. */
struct place {
    struct tr_table *table;
    MDB_txn *txn;
    struct tr_items *items;             /* where it is added */
    enum tr_db db;
    MDB_val name;
    const MDB_val *key;
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

/* Visit every name of record, for which place has all else. */
static krb5_error_code
each_place(struct place *place, const struct tr_record *record,
           visit_place *visit)
{
    krb5_error_code ret = 0;

    switch (record->type) {
    case TR_RECORD_REALM:
        ret = visit_text(place, TR_DB_REALM, record->u.realm.name, visit);
        if (ret == 0)
            ret = visit_doi(place, record->u.realm.doi, visit);
        break;
    case TR_RECORD_SYSTEM:
        ret = visit_system(place, &record->u.system, visit);
        break;
    case TR_RECORD_CLEARANCE:
        ret = visit_text(place, TR_DB_CLEARANCE,
                         record->u.clearance.principal, visit);
        break;
    case TR_RECORD_MAP:
        ret = visit_map(place, &record->u.map, visit);
        break;
    }
    return ret;
}

static bool
is_key(const struct place *place, const MDB_val *owner)
{
    return owner->mv_size == place->key->mv_size &&
        memcmp(owner->mv_data, place->key->mv_data, owner->mv_size) == 0;
}

/* --- names that several claim -------------------------------------------- */

static krb5_error_code
is_disputed(const struct place *place, bool *disputed_out)
{
    uint8_t octet = place->db;
    MDB_val db = { 1, &octet }, name = place->name;
    MDB_cursor *cursor;
    int code;

    *disputed_out = false;
    code = mdb_cursor_open(place->txn, place->table->dbs[TR_DB_DISPUTED],
                           &cursor);
    if (code == 0) {
        code = mdb_cursor_get(cursor, &db, &name, MDB_GET_BOTH);
        mdb_cursor_close(cursor);
    }
    *disputed_out = code == 0;
    return code == 0 || code == MDB_NOTFOUND ? 0 :
        tr_table_fail_mdb(place->table, code, "looking for a name");
}

static krb5_error_code
set_disputed(const struct place *place, bool disputed)
{
    MDB_dbi dbi = place->table->dbs[TR_DB_DISPUTED];
    uint8_t octet = place->db;
    MDB_val db = { 1, &octet }, name = place->name;
    int code;

    if (disputed)
        code = mdb_put(place->txn, dbi, &db, &name, MDB_NODUPDATA);
    else
        code = mdb_del(place->txn, dbi, &db, &name);
    return code == 0 || code == MDB_KEYEXIST || code == MDB_NOTFOUND ? 0 :
        tr_table_fail_mdb(place->table, code, "storing a name");
}

/* Somebody who claims the name, but for place's key; TRR_NOT_FOUND. */
static krb5_error_code
find_other(const struct place *place, struct tr_record **record_out)
{
    krb5_error_code ret = TRR_NOT_FOUND;
    MDB_val name = place->name, owner;
    MDB_cursor *cursor;
    int code;

    *record_out = NULL;
    code = mdb_cursor_open(place->txn, place->table->dbs[place->db], &cursor);
    if (code != 0)
        return tr_table_fail_mdb(place->table, code, "looking for a name");
    for (code = mdb_cursor_get(cursor, &name, &owner, MDB_SET_KEY);
         code == 0 && ret == TRR_NOT_FOUND;
         code = mdb_cursor_get(cursor, &name, &owner, MDB_NEXT_DUP)) {
        if (!is_key(place, &owner))
            ret = tr_table_record(place->table, place->txn, &owner,
                                  record_out);
    }
    mdb_cursor_close(cursor);
    return ret;
}

/* Say whose place's name is as well: TRR_ENTRY. */
static krb5_error_code
complain(const struct place *place)
{
    static const char *const what[TR_NDBS] = {
        [TR_DB_HOST] = "host name", [TR_DB_PRINCIPAL] = "principal",
        [TR_DB_CLEARANCE] = "principal", [TR_DB_REALM] = "trust realm",
        [TR_DB_DOI] = "DOI", [TR_DB_MAP] = "label map"
    };
    bool binary = place->db == TR_DB_DOI || place->db == TR_DB_MAP;
    struct tr_record *other = NULL;
    krb5_error_code ret;

    ret = find_other(place, &other);
    if (ret != 0 && ret != TRR_NOT_FOUND)
        return ret;
    ret = tr_table_fail(place->table, TRR_ENTRY,
                        "its %s%s%.*s also belongs to another entry: %s",
                        what[place->db], binary ? "" : " ",
                        binary ? 0 : (int)place->name.mv_size,
                        (const char *)place->name.mv_data,
                        other == NULL ? "?" : tr_record_name(other));
    tr_record_free(other);
    return ret;
}

/* TRR_ENTRY when it is. */
static krb5_error_code
check_place(struct place *place)
{
    krb5_error_code ret;
    bool disputed;

    ret = is_disputed(place, &disputed);
    if (ret != 0 || !disputed)
        return ret;
    return place->key != NULL ? complain(place) : TRR_ENTRY;
}

krb5_error_code
tr_index_disputed(struct tr_table *table, MDB_txn *txn,
                  const struct tr_record *record, const MDB_val *key,
                  bool *disputed_out)
{
    struct place place = { .table = table, .txn = txn, .key = key };
    krb5_error_code ret;
    MDB_stat stat;
    int code;

    *disputed_out = false;
    code = mdb_stat(txn, table->dbs[TR_DB_DISPUTED], &stat);
    if (code != 0)
        return tr_table_fail_mdb(table, code, "reading");
    if (stat.ms_entries == 0)
        return 0;
    ret = each_place(&place, record, check_place);
    *disputed_out = ret == TRR_ENTRY;
    return ret == TRR_ENTRY ? 0 : ret;
}

krb5_error_code
tr_index_judge(struct tr_table *table, MDB_txn *txn,
               struct tr_record **record)
{
    krb5_error_code ret;
    bool disputed;

    ret = tr_index_disputed(table, txn, *record, NULL, &disputed);
    return ret == 0 && disputed ? tr_record_close(record) : ret;
}

/* --- adding and removing ------------------------------------------------- */

static krb5_error_code
add_place(struct place *place)
{
    const struct tr_item item = { place->db, place->name, *place->key };

    return tr_items_add(place->items, &item);
}

static krb5_error_code
store_place(struct place *place)
{
    MDB_dbi dbi = place->table->dbs[place->db];
    MDB_val owner = *place->key;
    int code;

    code = mdb_put(place->txn, dbi, &place->name, &owner, MDB_NOOVERWRITE);
    if (code == 0 || (code == MDB_KEYEXIST && is_key(place, &owner)))
        return 0;
    if (code == MDB_KEYEXIST) {
        owner = *place->key;
        code = mdb_put(place->txn, dbi, &place->name, &owner, MDB_NODUPDATA);
    }
    if (code == 0 || code == MDB_KEYEXIST)
        return set_disputed(place, true);
    return tr_table_fail_mdb(place->table, code, "storing a name");
}

/* What others have is left to them, undisputed when it is one alone. */
static krb5_error_code
remove_place(struct place *place)
{
    krb5_error_code ret;
    MDB_dbi dbi = place->table->dbs[place->db];
    MDB_val owner = *place->key;
    MDB_cursor *cursor = NULL;
    bool disputed;
    size_t n = 0;
    int code;

    code = mdb_del(place->txn, dbi, &place->name, &owner);
    if (code != 0 && code != MDB_NOTFOUND)
        return tr_table_fail_mdb(place->table, code, "removing a name");
    ret = is_disputed(place, &disputed);
    if (ret != 0 || !disputed)
        return ret;
    code = mdb_cursor_open(place->txn, dbi, &cursor);
    if (code == 0)
        code = mdb_cursor_get(cursor, &place->name, &owner, MDB_SET);
    if (code == 0)
        code = mdb_cursor_count(cursor, &n);
    mdb_cursor_close(cursor);
    if (code != 0 && code != MDB_NOTFOUND)
        return tr_table_fail_mdb(place->table, code, "removing a name");
    return n > 1 ? 0 : set_disputed(place, false);
}

krb5_error_code
tr_index_add(struct tr_items *items, const struct tr_record *record,
             const MDB_val *key)
{
    struct place place = { .items = items, .key = key };

    return each_place(&place, record, add_place);
}

bool
tr_index_is_same(const struct tr_record *a, const struct tr_record *b)
{
    const MDB_val key = { 0, (void *)"" };
    struct tr_items of_a = { 0 }, of_b = { 0 };
    bool same;

    same = tr_index_add(&of_a, a, &key) == 0 &&
        tr_index_add(&of_b, b, &key) == 0 && of_a.length == of_b.length &&
        memcmp(of_a.octets, of_b.octets, of_a.length) == 0;
    tr_items_clear(&of_a);
    tr_items_clear(&of_b);
    return same;
}

krb5_error_code
tr_index_store(struct tr_table *table, MDB_txn *txn,
               const struct tr_item *name, unsigned flags)
{
    struct place place = {
        .table = table, .txn = txn, .db = name->db, .name = name->name,
        .key = &name->value
    };
    MDB_val owner = name->value;
    int code = MDB_KEYEXIST;

    if ((flags & MDB_APPEND) != 0)
        code = mdb_put(txn, table->dbs[name->db], &place.name, &owner, flags);
    if (code == MDB_KEYEXIST)
        return store_place(&place);
    return code == 0 ? 0 : tr_table_fail_mdb(table, code, "storing a name");
}

krb5_error_code
tr_index_remove(struct tr_table *table, MDB_txn *txn,
                const struct tr_record *record, const MDB_val *key)
{
    struct place place = { .table = table, .txn = txn, .key = key };

    return each_place(&place, record, remove_place);
}
