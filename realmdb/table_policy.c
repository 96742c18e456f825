/* realmdb/table_policy.c - trust realms and label maps in memory */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The digest stands for all that gives a label its meaning: it is the SHA-256
 * of a text in which every name is in lower case and every list in the
 * order that records have (levels and categories by number, pairs by local
 * name, maps by format).
 */

#include "config.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include "encoding.h"
#include "table_store.h"
#include "text.h"
#include "trustrealm_err.h"

/* --- digest -------------------------------------------------------------- */

struct hash {
    EVP_MD_CTX *context;
    bool failed;
};

static void
hash_line(struct hash *hash, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
hash_line(struct hash *hash, const char *format, ...)
{
    va_list args;
    char line[3 * TR_MAX_NAME];
    int length;

    va_start(args, format);
    length = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= sizeof(line)) {
        hash->failed = true;
        return;
    }
    tr_text_lower(line);
    if (EVP_DigestUpdate(hash->context, line, (size_t)length) != 1)
        hash->failed = true;
}

static void
hash_numbers(struct hash *hash, const char *what,
             const struct tr_named_number *items, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        hash_line(hash, "%s %u %s\n", what, (unsigned)items[i].number,
                  items[i].name);
}

static void
hash_pairs(struct hash *hash, const char *what,
           const struct tr_name_pair *items, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        hash_line(hash, "%s %s %s\n", what, items[i].local, items[i].realm);
}

static void
hash_realm(struct hash *hash, const struct tr_realm_record *realm,
           const struct tr_policies *policies)
{
    const struct tr_map_record *map;
    size_t i;

    hash_line(hash, "trustrealm label policy 1\npolicy %s\n",
              realm->policy == TR_POLICY_EQUAL ? "equal" : "mls");
    hash_numbers(hash, "level", realm->levels, realm->nlevels);
    hash_numbers(hash, "category", realm->categories, realm->ncategories);
    for (i = 0; i < policies->nmaps; i++) {
        map = &policies->maps[i]->u.map;
        if (strcmp(map->realm, realm->name) != 0)
            continue;
        hash_line(hash, "map %s\n", map->format);
        hash_pairs(hash, "level", map->levels, map->nlevels);
        hash_pairs(hash, "category", map->categories, map->ncategories);
    }
}

static krb5_error_code
make_digest(const struct tr_realm_record *realm,
            const struct tr_policies *policies, char *hex)
{
    struct hash hash = { EVP_MD_CTX_new(), false };
    uint8_t octets[EVP_MAX_MD_SIZE];
    unsigned length = 0;

    if (hash.context == NULL)
        return ENOMEM;
    if (EVP_DigestInit_ex(hash.context, EVP_sha256(), NULL) != 1)
        hash.failed = true;
    if (!hash.failed)
        hash_realm(&hash, realm, policies);
    if (!hash.failed &&
        EVP_DigestFinal_ex(hash.context, octets, &length) != 1)
        hash.failed = true;
    EVP_MD_CTX_free(hash.context);
    if (hash.failed || length != 32)
        return TRR_INTERNAL;
    tr_text_hex(octets, length, hex);
    return 0;
}

/* --- trust realms -------------------------------------------------------- */

static krb5_error_code
make_encoding(const struct tr_realm_record *realm,
              struct tr_encoding **encoding_out)
{
    krb5_error_code ret;
    struct tr_encoding *enc = NULL;
    size_t i;

    ret = tr_encoding_create(&enc);
    for (i = 0; i < realm->nlevels && ret == 0; i++)
        ret = tr_encoding_add_level(enc, realm->levels[i].number,
                                    realm->levels[i].name);
    for (i = 0; i < realm->ncategories && ret == 0; i++)
        ret = tr_encoding_add_category(enc, realm->categories[i].number,
                                       realm->categories[i].name);
    if (ret == 0)
        ret = tr_encoding_finish(enc);
    if (ret) {
        tr_encoding_free(enc);
        enc = NULL;
    }
    *encoding_out = enc;
    return ret;
}

/* Messages from which level on must be confidential. */
static uint32_t
confidential_from(const struct tr_realm_record *record,
                  const struct tr_encoding *encoding)
{
    const char *name = record->confidential_from;
    uint32_t level;

    if (record->protection != TR_PROTECT_INTEGRITY)
        return 0;
    if (name == NULL)
        return UINT32_MAX;
    return tr_encoding_find_level(encoding, name, strlen(name), &level) ?
        level : 0;
}

/* A contradiction is the trust realm's own: the others stay usable. */
static krb5_error_code
make_realm(const struct tr_realm_record *record,
           const struct tr_policies *policies, bool disputed,
           struct tr_realm *out)
{
    krb5_error_code ret;
    struct tr_encoding *encoding;

    out->record = record;
    ret = make_encoding(record, &encoding);
    if (ret == ENOMEM)
        return ret;
    out->encoding = encoding;
    if (ret) {
        out->error = ret;
        out->why = "its levels or categories contradict each other";
        return 0;
    }
    if (disputed) {
        out->error = TRR_ENTRY;
        out->why = "another entry claims its name or DOI";
        return 0;
    }
    out->confidential_from = confidential_from(record, encoding);
    return make_digest(record, policies, out->digest);
}

static krb5_error_code
make_realms(struct tr_table *table, MDB_txn *txn,
            struct tr_policies *policies)
{
    krb5_error_code ret = 0;
    bool disputed;
    size_t i;

    policies->realms = calloc(policies->nrealms + 1,
                              sizeof(*policies->realms));
    if (policies->realms == NULL)
        return ENOMEM;
    for (i = 0; i < policies->nrealms && ret == 0; i++) {
        ret = tr_index_disputed(table, txn, policies->records[i], NULL,
                                &disputed);
        if (ret == 0)
            ret = make_realm(&policies->records[i]->u.realm, policies,
                             disputed, &policies->realms[i]);
    }
    return ret;
}

/* Read the records that an index names, one for each name, in its order. */
static krb5_error_code
load_records(struct tr_table *table, MDB_txn *txn, enum tr_db db,
             enum tr_record_type type, struct tr_record ***records_out,
             size_t *count_out)
{
    krb5_error_code ret = 0;
    MDB_cursor *cursor = NULL;
    MDB_stat stat;
    MDB_val name, key;
    struct tr_record **records;
    size_t n = 0;
    int code;

    code = mdb_stat(txn, table->dbs[db], &stat);
    if (code == 0)
        code = mdb_cursor_open(txn, table->dbs[db], &cursor);
    if (code != 0)
        return tr_table_fail_mdb(table, code, "reading trust realms");
    records = calloc(stat.ms_entries + 1, sizeof(*records));
    if (records == NULL)
        ret = ENOMEM;
    while (ret == 0 && n < stat.ms_entries &&
           (code = mdb_cursor_get(cursor, &name, &key,
                                  MDB_NEXT_NODUP)) == 0) {
        ret = tr_table_record(table, txn, &key, &records[n]);
        if (ret == TRR_NOT_FOUND ||
            (ret == 0 && records[n++]->type != type))
            ret = tr_table_fail_damaged(table, "an index");
    }
    mdb_cursor_close(cursor);
    if (ret == 0 && n < stat.ms_entries && code != MDB_NOTFOUND)
        ret = tr_table_fail_mdb(table, code, "reading trust realms");
    /* The caller frees them, even of a failure. */
    *records_out = records;
    *count_out = n;
    return ret;
}

static int
compare_maps(const void *a, const void *b)
{
    const struct tr_map_record *x = &(*(struct tr_record *const *)a)->u.map;
    const struct tr_map_record *y = &(*(struct tr_record *const *)b)->u.map;
    int order = strcmp(x->realm, y->realm);

    return order != 0 ? order : strcmp(x->format, y->format);
}

/* By what they say themselves: the index has no checksum, and a map that is
 * not found would allow more. */
static void
sort_maps(struct tr_policies *policies)
{
    if (policies->nmaps > 1)
        qsort(policies->maps, policies->nmaps, sizeof(*policies->maps),
              compare_maps);
}

const struct tr_map_record *
tr_policies_map(const struct tr_policies *policies, char *realm,
                char *format)
{
    struct tr_record wanted = {
        .u.map = { .realm = realm, .format = format }
    };
    struct tr_record *key = &wanted, **found = NULL;

    if (policies->nmaps > 0)
        found = bsearch(&key, policies->maps, policies->nmaps,
                        sizeof(*policies->maps), compare_maps);
    return found == NULL ? NULL : &(*found)->u.map;
}

krb5_error_code
tr_policies_none(struct tr_policies **policies_out)
{
    *policies_out = calloc(1, sizeof(**policies_out));
    return *policies_out == NULL ? ENOMEM : 0;
}

krb5_error_code
tr_policies_load(struct tr_table *table, MDB_txn *txn,
                 struct tr_policies **policies_out)
{
    krb5_error_code ret;
    struct tr_policies *policies;
    size_t i;

    *policies_out = NULL;
    ret = tr_policies_none(&policies);
    if (ret)
        return ret;
    ret = load_records(table, txn, TR_DB_MAP, TR_RECORD_MAP, &policies->maps,
                       &policies->nmaps);
    for (i = 0; i < policies->nmaps && ret == 0; i++)
        ret = tr_index_judge(table, txn, &policies->maps[i]);
    if (ret == 0) {
        sort_maps(policies);
        ret = load_records(table, txn, TR_DB_REALM, TR_RECORD_REALM,
                           &policies->records, &policies->nrealms);
    }
    if (ret == 0)
        ret = make_realms(table, txn, policies);
    if (ret)
        goto cleanup;
    *policies_out = policies;
    policies = NULL;

cleanup:
    tr_policies_free(policies);
    return ret;
}

static void
free_records(struct tr_record **records, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        tr_record_free(records[i]);
    free(records);
}

void
tr_policies_free(struct tr_policies *policies)
{
    size_t i;

    if (policies == NULL)
        return;
    for (i = 0; policies->realms != NULL && i < policies->nrealms; i++)
        tr_encoding_free((struct tr_encoding *)policies->realms[i].encoding);
    free(policies->realms);
    free_records(policies->records, policies->nrealms);
    free_records(policies->maps, policies->nmaps);
    free(policies);
}
