/* realmdb/source_loader.h - load the table from a file (within realmdb) */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_SOURCE_LOADER_H
#define TR_SOURCE_LOADER_H

#include <openssl/evp.h>
#include "source.h"

#define TR_SNAPSHOT_DIGEST 32   /* SHA-256 */

struct tr_loader {
    struct tr_table *table;
    struct tr_update *update;
    EVP_MD *sha256;
    const char *path;
    const struct tr_snapshot *snapshot; /* what path holds, or NULL */
    uint8_t digest[TR_SNAPSHOT_DIGEST]; /* of its text */
    unsigned long nlines;       /* read */
    unsigned long line;         /* of the entry's DN, or of what is wrong */
    char *why;
    /* Told of each entry that is of no use; NULL: the first one ends it. */
    void (*bad)(const char *why, void *arg);
    void *arg;
    size_t nbad;
    bool checks_names;          /* of each entry, against those before it */
};

/* Say "path:line: ..."; the first thing said stays.  Returns code. */
krb5_error_code tr_load_refuse(struct tr_loader *loader, krb5_error_code code,
                               const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Where every fault is asked for, tell this one and go on: 0. */
krb5_error_code tr_load_tell(struct tr_loader *loader, krb5_error_code code);
/* Put an entry into the update. */
krb5_error_code tr_load_take(struct tr_loader *loader,
                             const struct tr_entry *entry);

/* Let the loader take every entry of its file. */
krb5_error_code tr_ldif_take_file(struct tr_loader *loader);

#endif
