/* realmdb/table_store.h - what the parts of the table share */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_TABLE_STORE_H
#define TR_TABLE_STORE_H

/*
 * One LMDB environment.  TR_DB_RECORD holds the records under the key that
 * the source gave them, each behind a checksum (against damage; an attacker
 * could write the whole file); the other databases find that key by what a
 * record is asked for.  Names are in lower case.
 *
 * Entries may claim one name, for a moment (names are swapped; a refresh
 * delivers in any order) or because the directory is wrong.  An index has all
 * who claim a name, so that the order in which they came is of no account,
 * and no such entry is used until its names are its own.
 */

#include <lmdb.h>
#include "table.h"

enum tr_db {
    TR_DB_RECORD,               /* source key -> checksum, octets */
    TR_DB_HOST,                 /* name or alias of a system -> source key */
    TR_DB_PRINCIPAL,            /* principal of a system -> source key */
    TR_DB_CLEARANCE,            /* principal of a user -> source key */
    TR_DB_REALM,                /* name of a trust realm -> source key */
    TR_DB_DOI,                  /* its number, 4 octets -> source key */
    TR_DB_MAP,                  /* trust realm, NUL, format -> source key */
    TR_DB_DISPUTED,             /* index -> names in it that several claim */
    TR_DB_META,                 /* see TR_META_* */
    TR_NDBS
};

#define TR_META_FORMAT "format"         /* 32 bits */
#define TR_META_GENERATION "generation" /* 64 bits */
#define TR_META_POLICIES "policies"     /* 64 bits: generation of the last
                                           change to a trust realm or map */
#define TR_META_FRESH "fresh"           /* 64 bits, seconds */
#define TR_META_COMMIT "commit"         /* 64 bits, LMDB's number of it */
#define TR_META_SOURCE "source"
#define TR_META_FILLING "filling"       /* 64 bits, not 0: what records there
                                           are count for nothing yet */
#define TR_META_COOKIE "cookie"

/* Another one also when more of an entry is read than before: a directory does
 * not send again what has not changed there. */
#define TR_TABLE_FORMAT 5
#define TR_MAX_KEY 400

/* Trust realms and maps in memory, of one generation. */
struct tr_policies {
    struct tr_realm *realms;            /* by name */
    size_t nrealms;
    struct tr_record **maps;            /* by trust realm and format */
    size_t nmaps;
    struct tr_record **records;         /* of realms, owned */
};

struct tr_view {
    struct tr_table *table;
    MDB_txn *txn;                       /* kept, reset between views */
    bool open;
    uint64_t commit;                    /* that info is of; 0: none */
    bool filling;                       /* the table shows as empty */
    struct tr_table_info info;
};

/* A record, and what it was asked for by. */
struct tr_known {
    uint64_t hash;
    enum tr_db db;
    char *name;
    struct tr_record *record;           /* NULL: none */
};

#define TR_KNOWN_SETS 256
#define TR_KNOWN_TOGETHER 4             /* in a set, the latest first */

struct tr_table {
    char *dir;
    MDB_env *env;                       /* NULL: could not be opened again */
    MDB_dbi dbs[TR_NDBS];
    size_t map_size;
    bool replaces;                      /* what is of another format */
    bool other;                         /* it was that */
    bool damaged;                       /* what is there has to go */
    int sound;                          /* the writer's note, or -1 */
    struct tr_update *update;           /* begun */
    struct tr_view view;
    struct tr_policies *policies;       /* NULL, or of policies_generation */
    uint64_t policies_generation;       /* see TR_META_POLICIES */
    struct tr_known known[TR_KNOWN_SETS][TR_KNOWN_TOGETHER];
    uint64_t known_generation;          /* that they are of */
    char message[600];
};

/* Note why a call failed; returns code. */
krb5_error_code tr_table_fail(struct tr_table *table, krb5_error_code code,
                              const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same of something in it that nobody wrote so: TRR_TABLE. */
krb5_error_code tr_table_fail_damaged(struct tr_table *table,
                                      const char *what);
/* The same for the answer of an LMDB function: TRR_TABLE or ENOMEM. */
krb5_error_code tr_table_fail_mdb(struct tr_table *table, int code,
                                  const char *doing);

/* What those of 64 bits hold; 0 when absent. */
krb5_error_code tr_table_meta_number(struct tr_table *table, MDB_txn *txn,
                                     const char *name, uint64_t *number_out);

/*
 * The record stored under key.  TRR_NOT_FOUND when there is none, TRR_TABLE
 * when it is damaged.
 */
krb5_error_code tr_table_record(struct tr_table *table, MDB_txn *txn,
                                MDB_val *key, struct tr_record **record_out);

/* A record that was looked up before under this name and has not changed, or
 * NULL; the caller's to free. */
struct tr_record *tr_known_find(const struct tr_view *view, enum tr_db db,
                                const char *name);
void tr_known_add(const struct tr_view *view, enum tr_db db, const char *name,
                  struct tr_record *record);
void tr_known_clear(struct tr_table *table);

/* What the store keeps of record, malloced. */
krb5_error_code tr_stored_make(const struct tr_record *record,
                               uint8_t **octets_out, size_t *length_out);
/* The record in stored, TRR_MALFORMED when damaged; its type, 0 if none. */
krb5_error_code tr_stored_open(const MDB_val *stored,
                               struct tr_record **record_out);
int tr_stored_type(const MDB_val *stored);

struct tr_item;
struct tr_items;
/* All that record is found by: add it to items, for key; store such an item,
 * behind all that are there, if it can be (MDB_APPEND); let it stand for key
 * no longer, of which no name may be waiting. */
krb5_error_code tr_index_add(struct tr_items *items,
                             const struct tr_record *record,
                             const MDB_val *key);
krb5_error_code tr_index_store(struct tr_table *table, MDB_txn *txn,
                               const struct tr_item *name, unsigned flags);
krb5_error_code tr_index_remove(struct tr_table *table, MDB_txn *txn,
                                const struct tr_record *record,
                                const MDB_val *key);
/* Are both found by the same names?  (false, too, when memory runs out) */
bool tr_index_is_same(const struct tr_record *a, const struct tr_record *b);
/* Does another entry claim a name of record's?  With key, of which it is the
 * record, the table's message says which. */
krb5_error_code tr_index_disputed(struct tr_table *table, MDB_txn *txn,
                                  const struct tr_record *record,
                                  const MDB_val *key, bool *disputed_out);
/* As long as another one does, leave of it what allows nothing
 * (tr_record_close()). */
krb5_error_code tr_index_judge(struct tr_table *table, MDB_txn *txn,
                               struct tr_record **record);

/* Open the environment and its databases. */
krb5_error_code tr_env_open(struct tr_table *table,
                            enum tr_table_access access);
/* Close and open it: LMDB keeps the memory that its largest change took. */
krb5_error_code tr_env_renew(struct tr_table *table);

/* Read everything, in a child process; 0, or TRR_TABLE with a
 * message. */
krb5_error_code tr_sound_examine(struct tr_table *table);
/* Whether the file is as its writer noted; the writer has opened a sound
 * file; it has changed the file. */
#define TR_SOUND "sound"
bool tr_sound_is_noted(const char *dir);
void tr_sound_start(struct tr_table *table);
void tr_sound_note(const struct tr_table *table);

/* The trust realms and maps that txn sees; of an empty table. */
krb5_error_code tr_policies_load(struct tr_table *table, MDB_txn *txn,
                                 struct tr_policies **policies_out);
krb5_error_code tr_policies_none(struct tr_policies **policies_out);
void tr_policies_free(struct tr_policies *policies);
/* The map between realm and format, in lower case, or NULL. */
const struct tr_map_record *tr_policies_map(const struct tr_policies *policies,
                                            char *realm, char *format);

#endif
