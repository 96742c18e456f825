/* tests/unit/slapd.h - a real directory server, of a test's own */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_TEST_SLAPD_H
#define TR_TEST_SLAPD_H

#include <sys/types.h>
#include <stdbool.h>
#include <ldap.h>

/*
 * OpenLDAP's slapd from TR_SERVERS (a directory that packages were unpacked
 * in) or the system, with the project's schema and syncprov, in a directory
 * that the caller made; it listens on a socket there and on 127.0.0.1.  The
 * caller is its administrator.  What goes wrong fails the test.
 */

#define SLAPD_SUFFIX "dc=example,dc=com"
#define SLAPD_BASE "ou=trustrealm," SLAPD_SUFFIX

struct slapd {
    const char *directory;
    char ldapi[300];
    int port, tls_port;
    pid_t pid;
    LDAP *admin;
};

/* Whether slapd can be found; if not, what to do is printed. */
bool slapd_is_there(void);
/* Make the configuration and load the suffix and the sample.  With tls,
 * there are TLS keys: directory/ca.pem signed them, other.pem did not. */
void slapd_create(struct slapd *slapd, const char *directory, bool tls);
/* Load the schema's other form, and the sample, into a configuration kept as
 * entries (cn=config). */
void slapd_try_ldif_schema(const struct slapd *slapd);
void slapd_start(struct slapd *slapd);
void slapd_stop(struct slapd *slapd);
/* Keep the database (slapd being stopped) as directory/name, or take back
 * what was kept. */
void slapd_keep(const struct slapd *slapd, const char *name);
void slapd_restore(const struct slapd *slapd, const char *name);
/* An empty database that holds only the suffix. */
void slapd_empty(const struct slapd *slapd);

/* Lines "attribute: value". */
void slapd_add(struct slapd *slapd, const char *dn, const char *lines);
void slapd_delete(struct slapd *slapd, const char *dn);
void slapd_rename(struct slapd *slapd, const char *dn, const char *rdn);
/* Give attribute the values value (NULL removes it). */
void slapd_replace(struct slapd *slapd, const char *dn, const char *attribute,
                   const char *value);
/* Run a program to its end; it must succeed. */
void run_program(const char *const *argv, const char *input);

#endif
