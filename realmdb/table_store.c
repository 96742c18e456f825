/* realmdb/table_store.c - records in LMDB, guarded by a checksum */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "octets.h"
#include "table_store.h"
#include "trustrealm_err.h"

#define CHECKSUM sizeof(uint64_t)

krb5_error_code
tr_table_fail(struct tr_table *table, krb5_error_code code,
              const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(table->message, sizeof(table->message), format, args);
    va_end(args);
    return code;
}

krb5_error_code
tr_table_fail_damaged(struct tr_table *table, const char *what)
{
    table->damaged = true;
    return tr_table_fail(table, TRR_TABLE, "%s is damaged", what);
}

krb5_error_code
tr_table_fail_mdb(struct tr_table *table, int code, const char *doing)
{
    if (code == MDB_MAP_FULL)
        return tr_table_fail(table, TRR_TABLE,
                             "%s: the table may not grow past %zu octets",
                             doing, table->map_size);
    return tr_table_fail(table, code == ENOMEM ? ENOMEM : TRR_TABLE, "%s: %s",
                         doing, mdb_strerror(code));
}

krb5_error_code
tr_stored_make(const struct tr_record *record, uint8_t **octets_out,
               size_t *length_out)
{
    krb5_error_code ret;
    struct tr_builder builder;
    uint8_t *octets;
    size_t length;

    ret = tr_record_encode(record, &octets, &length);
    if (ret)
        return ret;
    tr_builder_init(&builder, TR_MAX_ENTRY + CHECKSUM);
    tr_add_64(&builder, tr_octets_hash(octets, length));
    tr_add_octets(&builder, octets, length);
    free(octets);
    return tr_builder_take(&builder, octets_out, length_out);
}

krb5_error_code
tr_stored_open(const MDB_val *stored, struct tr_record **record_out)
{
    struct tr_reader reader;
    uint64_t checksum;

    *record_out = NULL;
    tr_reader_init(&reader, stored->mv_data, stored->mv_size);
    checksum = tr_read_64(&reader);
    if (reader.error != 0)
        return TRR_TRUNCATED;
    if (tr_octets_hash(reader.next, reader.left) != checksum)
        return TRR_MALFORMED;
    return tr_record_decode(reader.next, reader.left, record_out);
}

int
tr_stored_type(const MDB_val *stored)
{
    const uint8_t *octets = stored->mv_data;

    /* After the checksum: version, type. */
    return stored->mv_size < CHECKSUM + 2 ? 0 : octets[CHECKSUM + 1];
}

krb5_error_code
tr_table_record(struct tr_table *table, MDB_txn *txn, MDB_val *key,
                struct tr_record **record_out)
{
    krb5_error_code ret;
    MDB_val value;
    int code;

    *record_out = NULL;
    code = mdb_get(txn, table->dbs[TR_DB_RECORD], key, &value);
    if (code == MDB_NOTFOUND)
        return TRR_NOT_FOUND;
    if (code != 0)
        return tr_table_fail_mdb(table, code, "reading a record");
    ret = tr_stored_open(&value, record_out);
    if (ret == 0 || ret == ENOMEM)
        return ret;
    return tr_table_fail_damaged(table, "a record");
}
