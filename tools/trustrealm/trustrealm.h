/* tools/trustrealm/trustrealm.h - the parts of trustrealm */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TRUSTREALM_H
#define TRUSTREALM_H

/*
 * The administration tool: "trustrealm VERB" or "trustrealm NOUN VERB", each
 * a line in the table of main.c.  A command answers with an exit status,
 * after it has said on stderr what went wrong.  What it finds goes to stdout:
 * aligned for people, tab-separated without a heading into a pipe or file,
 * JSON when asked.
 */

#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include "../printable.h"
#include "decide.h"
#include "service/service.h"
#include "source.h"

enum {
    TOOL_DONE = 0,              /* done; allowed */
    TOOL_NO = 1,                /* refused; not found; findings */
    TOOL_USAGE = 2,
    TOOL_SYSTEM = 3             /* files, memory, the daemon, the table */
};

struct tool_command {
    const char *name;           /* "check", "system join" */
    const char *summary;
    int (*run)(int argc, char **argv);
};

/* In the order of main.c, a line each. */
extern const struct tool_command tool_explain;
extern const struct tool_command tool_reach;
extern const struct tool_command tool_who;
extern const struct tool_command tool_status;
extern const struct tool_command tool_metrics;
extern const struct tool_command tool_watch;
extern const struct tool_command tool_check;
extern const struct tool_command tool_diff;
extern const struct tool_command tool_graph;
extern const struct tool_command tool_schema;
extern const struct tool_command tool_cache;
extern const struct tool_command tool_realm_add;
extern const struct tool_command tool_realm_set;
extern const struct tool_command tool_realm_show;
extern const struct tool_command tool_realm_list;
extern const struct tool_command tool_realm_remove;
extern const struct tool_command tool_system_add;
extern const struct tool_command tool_system_set;
extern const struct tool_command tool_system_show;
extern const struct tool_command tool_system_list;
extern const struct tool_command tool_system_join;
extern const struct tool_command tool_system_leave;
extern const struct tool_command tool_system_restrict;
extern const struct tool_command tool_system_unrestrict;
extern const struct tool_command tool_system_disable;
extern const struct tool_command tool_system_enable;
extern const struct tool_command tool_system_remove;
extern const struct tool_command tool_system_invite;
extern const struct tool_command tool_system_enroll;
extern const struct tool_command tool_system_rotate;
extern const struct tool_command tool_system_retire;
extern const struct tool_command tool_export, tool_import;
extern const struct tool_command tool_clearance_set;
extern const struct tool_command tool_clearance_limit;
extern const struct tool_command tool_clearance_show;
extern const struct tool_command tool_clearance_list;
extern const struct tool_command tool_clearance_restrict;
extern const struct tool_command tool_clearance_unrestrict;
extern const struct tool_command tool_clearance_remove;
extern const struct tool_command tool_map_add;
extern const struct tool_command tool_map_set;
extern const struct tool_command tool_map_show;
extern const struct tool_command tool_map_list;
extern const struct tool_command tool_map_remove;
extern const struct tool_command tool_map_check;
extern const struct tool_command tool_pending_list;
extern const struct tool_command tool_pending_show;
extern const struct tool_command tool_pending_approve;
extern const struct tool_command tool_pending_reject;
extern const struct tool_command tool_offboard;

/* --- options that several commands have (options.c) ---------------------- */

struct tool_options {
    const char *config;         /* -c, or TRUSTREALM_CONFIG; NULL: default */
    const char *table;          /* --table */
    const char *ldif;           /* --ldif */
    const char *uri, *base, *bind, *ca_file;    /* of a directory */
    bool starttls;
    bool json;                  /* --json */
    bool dry_run;               /* --dry-run */
    bool propose;               /* --propose */
};

/* An option: where its argument goes, or that it was given, or who takes its
 * argument and returns -1, or what to exit with. */
struct tool_option {
    const char *name;
    char letter;                /* or 0 */
    const char **value;
    bool *given;
    int (*take)(void *arg, const char *value);
    void *arg;
};
#define TOOL_VALUE(option, where) { .name = option, .value = where }
#define TOOL_FLAG(option, where) { .name = option, .given = where }
#define TOOL_TAKE(option, who, its) \
    { .name = option, .take = who, .arg = its }
#define TOOL_NO_MORE { .name = NULL }

/* Those that several commands have, beside --json and --help. */
enum {
    TOOL_HAS_CONFIG = 1 << 0,
    TOOL_HAS_TABLE = 1 << 1,
    TOOL_HAS_LDIF = 1 << 2,
    TOOL_HAS_SERVER = 1 << 3,
    TOOL_HAS_DRY_RUN = 1 << 4,
    /* A directory (directory.h) ... */
    TOOL_HAS_DIRECTORY = TOOL_HAS_CONFIG | TOOL_HAS_LDIF | TOOL_HAS_SERVER,
    /* ... or a table made of it, or one that exists. */
    TOOL_HAS_TABLES = TOOL_HAS_DIRECTORY | TOOL_HAS_TABLE
};

struct tool_syntax {
    const char *command;
    const char *help;           /* NULL: print_help(arg) */
    int has;
    bool words;                 /* may follow: the command looks at them */
    void (*print_help)(const void *arg);
    const void *arg;
};

#define TOOL_DIRECTORY_HELP \
"  --uri URI              the LDAP server: ldap://, ldaps:// or ldapi://\n" \
"  --base DN              search base of the trust realm table in it\n" \
"  --bind HOW             gssapi (default), external (default of ldapi://) or\n" \
"                         simple:DN:FILE, the password's file\n" \
"  --ca-file FILE         certificates that vouch for the server\n" \
"  --starttls             protect ldap:// by TLS\n"
#define TOOL_TABLE_HELP \
"  --table DIR            table to ask; by default this system's or, when\n" \
"                         there is none to be read, the directory of its\n" \
"                         configuration\n" \
"  --ldif FILE            LDIF file to ask\n" \
TOOL_DIRECTORY_HELP

/*
 * Take a command line, with own options up to TOOL_NO_MORE; argv[optind] is
 * the first word then.  All of it is taken, whatever is wrong.  Returns -1 to
 * go on, or what to exit with: help was printed, or it was said what is wrong.
 */
int tool_parse(const struct tool_syntax *syntax,
               const struct tool_option *own, int argc, char **argv,
               struct tool_options *options_out);

/* Without memory the tool ends: these never return NULL ... */
void *tool_must(void *memory);
/* Room for one more item after n; grows at powers of two. */
void *tool_grow(void *items, size_t n, size_t size);
char *tool_format(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
char *tool_vformat(const char *format, va_list args)
    __attribute__((format(printf, 1, 0)));
/* ... but for NULL. */
char *tool_copy(const char *text);
/* Say "trustrealm: ..." on stderr; returns status. */
int tool_fail(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Say why, which is freed, or else what the error is; returns TOOL_SYSTEM. */
int tool_fail_why(krb5_error_code ret, char *why);
/* Say it when somebody watches: stderr is a terminal. */
void tool_note(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
/* What is wrong with the arguments. */
int tool_usage(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* --- interruptions (hold.c) ---------------------------------------------- */

/* A connection that breaks does not end us. */
void tool_hold_pipe(sigset_t *held_out);
void tool_release_pipe(const sigset_t *held);
/* Nor does who interrupts us, until what has begun is done, or taken back,
 * with that status.  May be nested. */
void tool_hold(sigset_t *held_out);
void tool_release(const sigset_t *held, int status);

/* --- the table that is asked about (table.c) ----------------------------- */

/* An entry that cannot be used. */
struct tool_bad { char *dn, *why; };

/*
 * What --table, --ldif or --uri names; else, by what is asked for, the table
 * that this system decides by, below the configuration's state-directory, or
 * what the configuration's source has now.  A file's and a directory's are
 * loaded into a temporary one.
 */
enum tool_where {
    TOOL_USUAL,                 /* that table if it can be read, else that
                                   directory: for whatever looks */
    TOOL_HELD,                  /* the table and nothing else */
    TOOL_DIRECTORY              /* the directory: for whatever writes */
};

struct tool_table {
    struct tr_config *config;   /* NULL: no configuration counts */
    struct tr_config *place;    /* one that said where the table is, and
                                   nothing of a system; or NULL */
    struct tr_table *table;
    struct tr_view *view;
    struct tr_table_info info;
    int64_t now, age;           /* s; age -1: the source never answered */
    const char *path;           /* of the LDIF file */
    char *held;                 /* directory of one that there was before */
    struct tool_bad *bad;       /* unusable entries; of an LDIF file, why says
                                   which one */
    size_t nbad;
    char *temporary;            /* directory to remove */
};

/* Is one named, or at the default place? */
bool tool_has_config(const struct tool_options *options);

/* Load the configuration: the one given, or the default one when neither
 * --table nor --ldif nor --uri with --base makes it superfluous. */
int tool_load_config(const struct tool_options *options,
                     struct tr_config **config_out);
/* The same, but for saying why not: that is in *why_out (free() it). */
int tool_find_config(const struct tool_options *options,
                     struct tr_config **config_out, char **why_out);

/* TOOL_NO when an LDIF file's entries are unusable: bad says it, nothing was
 * printed.  Close in any case; *table_out is then empty or complete. */
int tool_table_open(const struct tool_options *options, enum tool_where where,
                    struct tool_table *table_out);
void tool_table_close(struct tool_table *table);
/* The usual one; unusable entries are complained about (TOOL_SYSTEM), and
 * people are told what was asked. */
int tool_table_ask(const struct tool_options *options,
                   struct tool_table *table_out);
/* Say what went wrong in it; TOOL_SYSTEM. */
int tool_table_failed(const struct tool_table *table, krb5_error_code ret);
/* Tell people what was asked, and how old that is. */
void tool_table_tell(const struct tool_table *table);
/* The steps of it: make a temporary table; look at what it holds. */
int tool_table_make(struct tool_table *table);
int tool_table_view(struct tool_table *table);
void tool_table_note_bad(struct tool_table *table, const char *dn,
                         const char *why);
void tool_table_forget_bad(struct tool_table *table);
json_t *tool_table_json(const struct tool_table *table);

/* --- output (sheet.c) ---------------------------------------------------- */

/* Rows of cells; text from outside is made printable. */
struct tool_sheet;

/* columns: headings up to NULL. */
struct tool_sheet *tool_sheet_create(const char *const *columns);
/* As many cells as there are columns; copied, "-" for NULL or "". */
void tool_sheet_add(struct tool_sheet *sheet, const char *const *cells);
/* People need not see columns in which nothing is. */
void tool_sheet_trim(struct tool_sheet *sheet);
/* Print and free.  What is too wide for a terminal goes on in the next
 * line. */
void tool_sheet_print(struct tool_sheet *sheet);
/* One line of text for people. */
void tool_line(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
/* Is stdout for people to read? */
bool tool_for_people(void);
/* A JSON string of text, or of "(not UTF-8)". */
json_t *tool_json_text(const char *text);
/* Print and free; returns status, or TOOL_SYSTEM when that failed. */
int tool_json_print(json_t *value, int status);
/* Print an object as rows of key and value, members of members as
 * "table.age"; frees it. */
void tool_json_rows(json_t *object);

/* --- records (record.c) -------------------------------------------------- */

/* "system"; its name, malloced, that of a label map "REALM/FORMAT". */
const char *tool_record_kind(const struct tr_record *record);
char *tool_record_name(const struct tr_record *record);
/* "2026-11-22 01:55:07 UTC"; "" for 0. */
#define TOOL_TIME_LENGTH 64
void tool_format_time(int64_t seconds, char out[TOOL_TIME_LENGTH]);
/* A time as LDAP has it: the same for people, or text as it is in a pipe. */
const char *tool_show_time(const char *text, char out[TOOL_TIME_LENGTH]);
/* The range of grant, malloced: as it is written or, where it is restricted,
 * what is left of it; false when that is nothing. */
bool tool_grant_words(const struct tr_realm *realm,
                      const struct tr_grant *grant, char **low_out,
                      char **high_out);

/* Of names that were considered, the one that is most like what was asked for
 * (suggest.c): it is its first parts, or begins with it, or has one or two
 * other letters. */
struct tool_suggestion { const char *asked; char *found; bool several;
                         int unlike; };

void tool_suggest(struct tool_suggestion *suggestion, const char *name);
/* "; did you mean alpha.example.com?", or "", for the end of a complaint;
 * malloced.  The suggestion is empty then. */
char *tool_suggest_text(struct tool_suggestion *suggestion);
/* The same of all systems in the table. */
char *tool_table_suggest(const struct tool_table *table, const char *system);
/* Say that the table has none called so; TOOL_NO. */
int tool_table_lacks(const struct tool_table *table, const char *system);
int tool_table_lacks_realm(const struct tool_table *table, const char *realm);

/* Names of all systems, in order. */
struct tool_names { char **list; size_t n; };
int tool_names_of_systems(const struct tool_table *table,
                          struct tool_names *names_out);
void tool_names_clear(struct tool_names *names);
/* Attributes with arrays of values. */
json_t *tool_entry_json(const struct tr_entry *entry);

/* --- the daemon (daemon.c) ----------------------------------------------- */

/* Its socket: the one given, or that of the environment or configuration;
 * malloced.  On an error nothing was printed: *why_out (free() it) says it. */
int tool_daemon_socket(const struct tool_options *options, const char *given,
                       char **path_out, char **why_out);
/*
 * What trustrealmd at path says of itself.  TOOL_NO when it refuses,
 * TOOL_SYSTEM when it cannot be reached; then nothing was printed, and
 * *why_out (free() it) says what to do.
 */
int tool_daemon_ask(const char *path, json_t **state_out, char **why_out);

#endif
