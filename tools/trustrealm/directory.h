/* tools/trustrealm/directory.h - the entries that administrators work on */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef DIRECTORY_H
#define DIRECTORY_H

/*
 * The trust realm table where it is written: an LDAP server, or an LDIF file
 * that systems load.  Both are read and changed by the same calls, with the
 * same result.  Functions answer with an exit status, after they have said on
 * stderr what went wrong.
 *
 *     struct tool_directory *directory = NULL;
 *     struct tool_entries entries = { 0 };
 *
 *     status = tool_directory_open(&options, config, false, &directory);
 *     if (status == TOOL_DONE)
 *         status = tool_directory_read(directory, &entries);
 *     ...
 *     tool_entries_clear(&entries);
 *     tool_directory_close(directory);
 */

#include "trustrealm.h"

/* --- entries (entry.c) --------------------------------------------------- */

/* An entry, valid or not. */
struct tool_entry {
    char *dn;
    struct tr_attribute *attributes;    /* no operational ones; may be of
                                           other classes than ours */
    size_t nattributes;
    char *csn;                  /* entryCSN; NULL where there is none */
    char *why;                  /* a value that cannot be, or NULL */
    enum tr_record_type type;   /* 0: none of ours */
    char *name;                 /* host name, principal, "REALM/FORMAT" ...;
                                   "" when the entry does not say */
};

struct tool_entry *tool_entry_create(const char *dn);
struct tool_entry *tool_entry_copy(const struct tool_entry *entry);
void tool_entry_free(struct tool_entry *entry);
/* Find out type and name, after the values were changed. */
void tool_entry_identify(struct tool_entry *entry);

/* Values of an attribute; *n_out is 0 when there are none. */
char *const *tool_entry_values(const struct tool_entry *entry,
                               const char *attribute, size_t *n_out);
/* The first one, or NULL. */
const char *tool_entry_value(const struct tool_entry *entry,
                             const char *attribute);
bool tool_entry_has(const struct tool_entry *entry, const char *attribute,
                    const char *value);
/* Is dn one of the values, however it is written there? */
bool tool_entry_has_dn(const struct tool_entry *entry, const char *attribute,
                       const char *dn);
void tool_entry_add(struct tool_entry *entry, const char *attribute,
                    const char *value);
/* The same for octets; what is not text is left out, and noted in why when
 * the attribute is one of ours. */
void tool_entry_add_octets(struct tool_entry *entry, const char *attribute,
                           const char *value, size_t length);
/* value NULL: all values. */
void tool_entry_remove(struct tool_entry *entry, const char *attribute,
                       const char *value);

/* dn in the one form that is compared, malloced; NULL when it is none. */
char *tool_dn_canonical(const char *dn);
/* DNs with another case or other blanks are the same. */
bool tool_dn_same(const char *a, const char *b);
/* What dn is below, malloced; NULL when it is no DN. */
char *tool_dn_parent(const char *dn);
/* dn is base, or below it. */
bool tool_dn_within(const char *dn, const char *base);
/* NAME when dn is ou=NAME below something, malloced, else NULL. */
char *tool_dn_unit(const char *dn);
/* ATTRIBUTE=VALUE,PARENT with what needs it escaped, malloced. */
char *tool_dn_below(const char *parent, const char *attribute,
                    const char *value);

/* Entries of ours, by type and name. */
struct tool_entries {
    struct tool_entry **list;
    size_t n;
};

/* The entry belongs to entries from then on. */
void tool_entries_add(struct tool_entries *entries, struct tool_entry *entry);
void tool_entries_sort(struct tool_entries *entries);
/* What tool_suggest_text() says of their names of that type (suggest.c). */
char *tool_entries_suggest(const struct tool_entries *entries,
                           enum tr_record_type type, const char *name);
/* Among sorted ones; names of any case; NULL when there is none. */
struct tool_entry *tool_entries_find(const struct tool_entries *entries,
                                     enum tr_record_type type,
                                     const char *name);
void tool_entries_clear(struct tool_entries *entries);

/* --- the directory (directory.c) ----------------------------------------- */

struct tool_directory;

/* The LDIF file that tool_directory_open() opens; NULL: it is a server. */
const char *tool_directory_file(const struct tool_options *options,
                                const struct tr_config *config);
/*
 * Open what options name: --ldif, or --uri and its like, or else what
 * config (NULL: none counts) has as the source of its table.  An LDIF file
 * that is opened to write is locked until it is closed.
 */
int tool_directory_open(const struct tool_options *options,
                        const struct tr_config *config, bool to_write,
                        struct tool_directory **directory_out);
void tool_directory_close(struct tool_directory *directory);
/* Load the configuration, open what it or options name, to read, and tell
 * people what that is. */
int tool_directory_begin(const struct tool_options *options,
                         struct tr_config **config_out,
                         struct tool_directory **directory_out);
/* For messages: the URI, or the path. */
const char *tool_directory_name(const struct tool_directory *directory);
/* The search base; NULL when that is not known of a file. */
const char *tool_directory_base(const struct tool_directory *directory);

/* The base below which systems look for entries; NULL for a file, of which
 * they read everything. */
const char *tool_directory_limit(const struct tool_directory *directory);

/* Read all entries of ours, sorted. */
int tool_directory_read(struct tool_directory *directory,
                        struct tool_entries *entries_out);
/* Read the entry of that name alone.  TOOL_NO, without a word, when there is
 * none. */
int tool_directory_find(struct tool_directory *directory,
                        enum tr_record_type type, const char *name,
                        struct tool_entry **entry_out);
/* The same by its DN; it may be none of ours. */
int tool_directory_look(struct tool_directory *directory, const char *dn,
                        struct tool_entry **entry_out);

/* Whether it is a server; of a file it is said that it is none. */
int tool_directory_served(const struct tool_directory *directory);
/*
 * What only a server can tell, not a file (TOOL_USAGE): entries of any class
 * below base, with these attributes (up to NULL), in no order; and under what
 * name it knows us, "dn:" and a DN as a rule (malloced).
 */
int tool_directory_search(struct tool_directory *directory, const char *base,
                          const char *filter, const char **attributes,
                          struct tool_entries *entries_out);
/* "(ATTRIBUTE=VALUE)" for length octets of value, malloced. */
char *tool_ldap_equal(const char *attribute, const char *value,
                      size_t length);
int tool_directory_whoami(struct tool_directory *directory, char **name_out);

/*
 * Open the directory, read it, and load what it holds into a temporary table,
 * which goes with table.  Entries that cannot be used are in table's list.
 */
int tool_table_read(const struct tool_options *options,
                    struct tool_table *table);
/* Put these entries into the table, in place of all that were there; its view
 * has to be closed. */
int tool_table_load(struct tool_table *table,
                    const struct tool_entries *entries, const char *source);

/* --- changes ------------------------------------------------------------- */

/* What an entry is, and what it shall be; one of them may be NULL.  The DN
 * stays. */
struct tool_change {
    const struct tool_entry *before;    /* as it was read; not owned */
    struct tool_entry *after;
};

/* Call each for every value that goes, then for every one that comes, by
 * attribute. */
void tool_change_each(const struct tool_change *change,
                      void (*each)(bool added, const char *attribute,
                                   const char *value, void *arg),
                      void *arg);

bool tool_change_differs(const struct tool_change *change);

/* --- limits (limit.c) ---------------------------------------------------- */

/* Has the value of attribute that entry has no effect, as a narrower one
 * holds? */
bool tool_limit_is_idle(const struct tool_entry *entry, const char *attribute,
                        const char *value);
/* The value of attribute that holds, which has one or is a limit; NULL when
 * there is none. */
const char *tool_limit_holds(const struct tool_entry *entry,
                             const char *attribute);
/* What change's entry, which is there before and after, shall be where to
 * remove a value takes more than to add one: those have stayed that have no
 * effect.  NULL when there are none, or nothing else would change. */
struct tool_entry *tool_limit_keep(const struct tool_change *change);

/* --- writing ------------------------------------------------------------- */

/*
 * Make changes of different entries, in this order: all, or none.  Each is
 * one operation; one whose entry is no longer as it was read is refused
 * (TOOL_NO), and so is one that the server does not permit.  When a later one
 * fails, those before are taken back: so put first what allows less.  Values of
 * limits that have no effect stay where the server does not let them go:
 * changes then have them, too.
 */
int tool_directory_apply(struct tool_directory *directory,
                         const struct tool_change *changes, size_t n);

#endif
