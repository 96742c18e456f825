/* realmdb/table.h - the trust realm table of this system, kept in LMDB */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_TABLE_H
#define TR_TABLE_H

/*
 * One writer (the process that follows LDAP, or the loader of an LDIF file),
 * any number of readers in any process.  The file outlives them all, so a
 * system decides offline up to its maximum staleness.  Every commit that
 * changes a record raises the generation by one.
 *
 * A handle is used by one thread at a time and not across fork().
 */

#include "record.h"
#include "label.h"

struct tr_table;

enum tr_table_access {
    TR_TABLE_READ,
    TR_TABLE_READ_SOUND,        /* never forks: see tr_table_open() */
    TR_TABLE_WRITE
};

/*
 * Open dir (made, mode 0700, when access is TR_TABLE_WRITE).  map_size is
 * the largest size in octets the table may grow to; 0 = 4 GiB (sparse).
 * A file that is not as its writer left it is read whole first, in a child
 * process, so that a damaged one is TRR_TABLE and not a crash later; with
 * TR_TABLE_READ_SOUND it is TRR_TABLE until somebody else has read it.
 * *why_out (free() it; may be NULL) then says what is wrong; why_out itself
 * may be NULL.
 *
 * A process opens the same dir only once at a time (LMDB's locks are the
 * process's).  A table that no writer has made yet cannot be read: TRR_TABLE.
 */
krb5_error_code tr_table_open(const char *dir, enum tr_table_access access,
                              size_t map_size, struct tr_table **table_out,
                              char **why_out);
void tr_table_close(struct tr_table *table);
/* Was it of another format?  TR_TABLE_WRITE then opens an empty one that waits
 * for its source; to read such a table is TRR_VERSION. */
bool tr_table_discarded(const struct tr_table *table);
/* Was a part of it found to be not what was written?  Only an update that was
 * cleared makes it good again. */
bool tr_table_damaged(const struct tr_table *table);
/* Remove a table that nobody has open, and dir if there is nothing else. */
void tr_table_remove(const char *dir);
/* If this process crashes, the table in dir may have made it crash (on a disk
 * that fails): have it examined before it is opened again. */
void tr_table_guard(const char *dir);
/* What went wrong in the last call on table, its updates and its views that
 * failed with TRR_TABLE or TRR_ENTRY; "" if none did.  Owned by table. */
const char *tr_table_message(const struct tr_table *table);

/* --- writing ------------------------------------------------------------ */

struct tr_update;
krb5_error_code tr_update_begin(struct tr_table *table,
                                struct tr_update **update_out);
/* Forget every record, and what was put and noted. */
krb5_error_code tr_update_clear(struct tr_update *update);
/*
 * Store record under key: what the source identifies the entry by (entryUUID,
 * 16 octets; or the DN), at most 400 octets.  It replaces what key stood for;
 * if that is the same, nothing is written.
 * TRR_ENTRY when it cannot be stored.
 *
 * A name (or principal, alias, DOI) that several records have is nobody's:
 * until all but one have let go of it they are left out by every view, or
 * closed (tr_record_close()), in whatever order they came.
 */
krb5_error_code tr_update_put(struct tr_update *update, const void *key,
                              size_t key_length,
                              const struct tr_record *record);
/* TRR_ENTRY, with a message, when another one has a name of record, which was
 * put under key. */
krb5_error_code tr_update_check(struct tr_update *update, const void *key,
                                size_t key_length,
                                const struct tr_record *record);
/* Call each, once, for every record that has such a name; stop at its first
 * error. */
typedef krb5_error_code tr_update_disputed(const void *key, size_t key_length,
                                           const struct tr_record *record,
                                           const char *why, void *arg);
krb5_error_code tr_update_each_disputed(struct tr_update *update,
                                        tr_update_disputed *each, void *arg);
/* TRR_NOT_FOUND when key stands for nothing. */
krb5_error_code tr_update_delete(struct tr_update *update, const void *key,
                                 size_t key_length);
/* Mark and sweep for a refresh by presence (RFC 4533 3.3.1): note that key
 * is present; then delete every key neither put nor noted in this update. */
krb5_error_code tr_update_present(struct tr_update *update, const void *key,
                                  size_t key_length);
krb5_error_code tr_update_sweep(struct tr_update *update);
/* Where the source stands: the RFC 4533 cookie, opaque; NULL forgets it. */
krb5_error_code tr_update_set_cookie(struct tr_update *update,
                                     const void *cookie, size_t length);
/* The source answered just now (time(2)); does not raise the generation. */
krb5_error_code tr_update_set_fresh(struct tr_update *update, int64_t now,
                                    const char *source);
/* Whether key was put or noted in this update. */
bool tr_update_has(const struct tr_update *update, const void *key,
                   size_t key_length);
/* Whether a commit now would raise the generation. */
bool tr_update_changed(const struct tr_update *update);
krb5_error_code tr_update_commit(struct tr_update *update); /* frees it */
void tr_update_abort(struct tr_update *update);             /* frees it */

/* --- reading ------------------------------------------------------------ */

/* A trust realm with what its record makes: immutable. */
struct tr_realm {
    const struct tr_realm_record *record;
    const struct tr_encoding *encoding;
    /* SHA-256 (hex) of levels, categories, policy and maps: two systems with
     * the same digest give labels of this trust realm the same meaning. */
    char digest[65];
    uint32_t confidential_from; /* rank of a level; UINT32_MAX: of none */
    krb5_error_code error;  /* not 0: the record is contradictory; unusable */
    const char *why;
};

struct tr_table_info {
    uint64_t generation;
    int64_t fresh;          /* when the source last answered; 0 = never */
    char source[256];
    size_t realms, systems, clearances, maps;
    size_t disputed;        /* names that several entries claim */
};

/*
 * A view is a consistent picture of the table: all trust realms and maps in
 * memory (rebuilt only when the generation changed), systems looked up in
 * LMDB.  One view at a time per table; hold it for one decision only.
 */
struct tr_view;
/* table may be NULL, for one that could not be opened: TRR_TABLE. */
krb5_error_code tr_view_open(struct tr_table *table, struct tr_view **out);
void tr_view_close(struct tr_view *view);

void tr_view_info(const struct tr_view *view, struct tr_table_info *out);
/* All of these return TRR_NOT_FOUND when there is none.  A realm belongs to
 * the view; records are the caller's (tr_record_free). */
krb5_error_code tr_view_realm(const struct tr_view *view, const char *name,
                              const struct tr_realm **out);
size_t tr_view_realms(const struct tr_view *view);
const struct tr_realm *tr_view_realm_at(const struct tr_view *view, size_t i);
/* host: a system's name or alias, compared without case. */
krb5_error_code tr_view_system(const struct tr_view *view, const char *host,
                               struct tr_record **out);
krb5_error_code tr_view_system_by_principal(const struct tr_view *view,
                                            const char *principal,
                                            struct tr_record **out);
krb5_error_code tr_view_clearance(const struct tr_view *view,
                                  const char *principal,
                                  struct tr_record **out);
/* What a membership or clearance comes to. */
struct tr_granted {
    const struct tr_grant *grant;
    uint64_t generation;            /* of the table in which it does */
    const struct tr_realm *realm;   /* that it is for */
    krb5_error_code error;          /* 0, or there is no range (grant.h) */
    struct tr_range range;
};
/* That of a record which view has found; it lives as long as both.  Worked
 * out when it is first asked for. */
krb5_error_code tr_view_granted(const struct tr_view *view,
                                struct tr_grant *grant,
                                const struct tr_granted **out);
/* The map record between realm and the local format, or TRR_NOT_FOUND. */
krb5_error_code tr_view_map(const struct tr_view *view, const char *realm,
                            const char *format,
                            const struct tr_map_record **out);
/* Call each for every record, in key order; stop at its first error. */
krb5_error_code tr_view_each(const struct tr_view *view,
                             enum tr_record_type type,
                             krb5_error_code (*each)(
                                 const struct tr_record *record, void *arg),
                             void *arg);
/* The stored cookie, malloced; NULL and 0 when there is none. */
krb5_error_code tr_view_cookie(const struct tr_view *view,
                               uint8_t **cookie_out, size_t *length_out);

#endif
