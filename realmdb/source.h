/* realmdb/source.h - where the trust realm table comes from */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_SOURCE_H
#define TR_SOURCE_H

#include "snapshot.h"
#include "table.h"

/*
 * Load an LDIF file (RFC 2849, as ldapsearch -LLL prints it) into table in
 * one update: all or nothing.  On error *why_out (free() it) names file,
 * line or DN, attribute and value.
 */
krb5_error_code tr_source_load_ldif(struct tr_table *table, const char *path,
                                    char **why_out);

/*
 * The same from memory: what path, a signed snapshot, held when it was made.
 * The table is as old as that.
 */
krb5_error_code tr_source_load_snapshot(struct tr_table *table,
                                        const char *path,
                                        const struct tr_snapshot *snapshot,
                                        char **why_out);

/*
 * The same, but bad is told of each entry that cannot be used; why as above.
 * When there was one nothing is loaded: TRR_ENTRY, and no *why_out.
 */
krb5_error_code tr_source_check_ldif(struct tr_table *table, const char *path,
                                     void (*bad)(const char *why, void *arg),
                                     void *arg, char **why_out);

/* What a source that follows LDAP tells its owner. */
enum tr_source_event {
    TR_SOURCE_CHANGED,          /* committed: the generation went up */
    TR_SOURCE_FRESH,            /* nothing new, but the provider answered */
    TR_SOURCE_AWAY              /* provider lost; text says why */
};

struct tr_ldap_options {
    const char *uri;            /* ldap://, ldaps:// or ldapi://; several of
                                   one kind, tried in order: blanks between */
    const char *base;           /* search base */
    const char *bind;           /* gssapi | external | simple:DN:FILE | none */
    const char *ca_file;        /* for TLS; NULL = the system's */
    bool starttls;
    int minimum_ssf;            /* SASL layer or TLS; 0 over ldapi */
    int heartbeat_s;            /* ask again at least this often */
    int timeout_s;              /* of connecting and of each answer */
};

/*
 * Follow the directory by RFC 4533 refreshAndPersist and keep table up to
 * date; runs until stop_fd becomes readable, reconnecting with back-off.
 * Entries that cannot be used are reported to the callback bad and left out:
 * one bad entry does not hide the others, and the system it described stays
 * unknown (fail closed; tr_record_closed() for
 * those whose absence would allow more).  The process ignores SIGPIPE.
 */
struct tr_source_callbacks {
    void (*event)(enum tr_source_event event, const char *text, void *arg);
    void (*bad)(const char *dn, const char *why, void *arg);
    void *arg;
};
krb5_error_code tr_source_follow_ldap(struct tr_table *table,
                                      const struct tr_ldap_options *options,
                                      const struct tr_source_callbacks *cb,
                                      int stop_fd);

#endif
