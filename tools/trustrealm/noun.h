/* tools/trustrealm/noun.h - verbs that all nouns have */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef NOUN_H
#define NOUN_H

/*
 * A noun is a class of entries, described by a table of its attributes: what
 * the option is called that sets one, and what identifies a value among
 * several.  "add", "set", "show", "list" and "remove" follow from that.
 */

#include "work.h"

enum noun_kind {
    NOUN_TEXT,                  /* one value */
    NOUN_EXACT,                 /* the same, with case */
    NOUN_NUMBER,
    NOUN_TRUTH,
    NOUN_WORDS,                 /* several: the whole value identifies it, */
    NOUN_DN,                    /* however it is written, */
    NOUN_PAIR,                  /* "NAME=VALUE", with case: the name, */
    NOUN_KEYED,                 /* the first word, */
    NOUN_NAMED                  /* or "NUMBER NAME": either */
};

struct noun_field {
    const char *option;         /* its name in output and, with argument, */
    const char *attribute;
    enum noun_kind kind;
    const char *argument;       /* as an option; NULL: no option */
    const char *help;
};

struct noun {
    const char *word;           /* "realm" */
    const char *title;          /* "trust realm" */
    const char *name;           /* what an entry is named by: "SYSTEM" */
    enum tr_record_type type;
    const char *class;
    const char *unit;           /* ou=UNIT below the base has new ones */
    const struct noun_field *fields;    /* the last one has no option */
    /* "list": headings up to NULL, and the cells of an entry in this order;
     * may add several rows, or none. */
    const char *const *columns;
    void (*row)(const struct tool_entry *entry,
                const struct tool_entries *all, struct tool_sheet *sheet);
};

/* --- a call -------------------------------------------------------------- */

/* --unset is a field and a value, or NULL for all values. */
struct noun_given { const struct noun_field *field; const char *value;
                    bool unset; };

struct noun_call {
    const struct noun *noun;
    const char *command;        /* "realm set" */
    struct tool_options options;
    const char *name;           /* NULL for "list" */
    const char *parent;         /* --parent */
    const char *entry;          /* --entry */
    bool force;                 /* --force */
    const char *keytab;         /* --keytab */
    const char *admin_cache;    /* --admin-cache */
    bool finish;                /* --finish */
    bool add, added;            /* --add, --added */
    const char *valid;          /* --valid */
    const char *token_file;     /* --token-file */
    const char *realm, *low, *high, *until;     /* of a range */
    bool all;                   /* --all */
    struct noun_given *given;
    size_t ngiven;
};

/* Which options a verb has, beside those of the directory. */
enum {
    NOUN_FIELDS = 1 << 0,       /* of its fields */
    NOUN_UNSET = 1 << 1,
    NOUN_PARENT = 1 << 2,
    NOUN_FORCE = 1 << 3,
    NOUN_REALM = 1 << 4,
    NOUN_RANGE = 1 << 5,        /* --low, --high, --until */
    NOUN_ALL = 1 << 6,
    NOUN_READS = 1 << 7,        /* no --dry-run */
    NOUN_NAMELESS = 1 << 8,
    NOUN_ENTRY = 1 << 9,
    NOUN_PROPOSE = 1 << 10,
    NOUN_KEYTAB = 1 << 11,      /* --keytab */
    NOUN_ADMIN = 1 << 12,       /* --admin-cache */
    NOUN_FINISH = 1 << 13,
    NOUN_INVITE = 1 << 14,      /* --add, --valid, --token-file to write */
    NOUN_TOKEN = 1 << 15        /* --token-file to read, --added */
};

/*
 * Read the command line.  *status_out is -1 to go on, or what to exit with.
 * text says what the verb does, for --help.  Free in any case.
 */
void noun_parse(const struct noun *noun, const char *command,
                const char *text, int has, int argc, char **argv,
                struct noun_call *call_out, int *status_out);
void noun_call_free(struct noun_call *call);
/* The first value that was given for the field of that option, or NULL. */
const char *noun_given(const struct noun_call *call, const char *option);

/* --- what verbs are made of ---------------------------------------------- */

/* Say that there is none of that name; TOOL_NO. */
int noun_lacks(const struct noun_call *call, struct tool_directory *directory);
/* Find the entry that the call names; TOOL_NO says that there is none. */
int noun_find(const struct noun_call *call, struct tool_directory *directory,
              struct tool_entry **entry_out);
/* Open work, and find the entry that the call names; TOOL_NO says that there
 * is none.  Close work in any case. */
int noun_begin(const struct noun_call *call, struct tool_work *work,
               struct tool_entry **entry_out);
/* Note a new entry of the call's name (which no other has), with what was
 * given. */
int noun_make(const struct noun_call *call, struct tool_work *work,
              struct tool_entry **entry_out);
/* Give entry what was given; TOOL_NO when what is to go is not there,
 * TOOL_USAGE when one option undoes another. */
int noun_take(const struct noun_call *call, struct tool_entry *entry);
/* Does value, of several, stand for what wanted names? */
bool noun_identifies(enum noun_kind kind, const char *wanted,
                     const char *value);
/* Put value in the place of the one that it identifies. */
void noun_put(struct tool_entry *entry, const struct noun_field *field,
              const char *value);
/* The value of attribute with that first word, or NULL. */
const char *noun_keyed(const struct tool_entry *entry, const char *attribute,
                       const char *key);
/* Where a new entry goes, malloced; its container is added when it is
 * missing.  NULL after a complaint. */
char *noun_parent(const struct noun_call *call, struct tool_work *work);

/* --- verbs --------------------------------------------------------------- */

/* complete (or NULL) fills in what was not given; arg is its own. */
int noun_add_entry(const struct noun_call *call, struct tool_work *work,
                   int (*complete)(const struct noun_call *call,
                                   struct tool_work *work,
                                   struct tool_entry *entry, void *arg),
                   void *arg);
/* arg of complete is NULL. */
int noun_add(const struct noun *noun, const char *command, const char *text,
             int (*complete)(const struct noun_call *call,
                             struct tool_work *work,
                             struct tool_entry *entry, void *arg),
             int argc, char **argv);
int noun_set(const struct noun *noun, const char *command, const char *text,
             int argc, char **argv);
int noun_show(const struct noun *noun, const char *command, int argc,
              char **argv);
int noun_list(const struct noun *noun, const char *command, int argc,
              char **argv);
/* A verb that finds the entry, notes changes, and finishes them.  has:
 * further options. */
int noun_change(const struct noun *noun, const char *command,
                const char *text, int has,
                int (*change)(const struct noun_call *call,
                              struct tool_work *work,
                              struct tool_entry *entry),
                int argc, char **argv);

/* What "remove" does, for noun_change(). */
int noun_remove_entry(const struct noun_call *call, struct tool_work *work,
                      struct tool_entry *entry);

/* --- memberships and clearances (noun_grant.c) --------------------------- */

/* "REALM LOW HIGH [END]" of the call's, malloced; NULL after a complaint. */
char *noun_grant(const struct noun_call *call);
/* TOOL_NO, with a message, when --realm is misspelt; one that is like no other
 * is left to those who judge. */
int noun_check_realm(const struct noun_call *call,
                     const struct tool_work *work);
/* Columns of what is granted, for "list". */
#define NOUN_GRANT_COLUMNS "TRUST REALM", "LOW", "HIGH", "UNTIL", "RESTRICTED"
enum { NOUN_GRANT_CELLS = 5 };
/* Add a row for each grant of entry, or one for none.  cells is a row, whose
 * first n cells are filled in. */
void noun_grant_rows(const struct tool_entry *entry, const char **cells,
                     size_t n, struct tool_sheet *sheet);
/* Restrictions of a system or user. */
int noun_restrict(const struct noun *noun, const char *command, int argc,
                  char **argv);
int noun_unrestrict(const struct noun *noun, const char *command, int argc,
                    char **argv);

/* --- nouns that more than one file has verbs of -------------------------- */

extern const struct noun noun_system;
/* trustrealm/HOST in the Kerberos realm that the host is in, malloced; NULL
 * after a complaint. */
char *noun_system_principal(const char *host);
/* Give a system that has no principal that one. */
int noun_system_complete(struct tool_entry *entry);

/* The keytab of the option or the configuration; NULL after a complaint. */
const char *system_keytab(const struct noun_call *call,
                          const struct tr_config *config);
/* Print what a key was made for or taken from, what became of the entry
 * (unless that is NULL) and, for people, what to do next. */
int system_tell_key(const struct noun_call *call, const char *principal,
                    const char *keytab, const char *entry, const char *next);
/* The directory's rules go by owners: that is us, unless somebody is. */
int system_complete_owner(const struct noun_call *call,
                          struct tool_work *work, struct tool_entry *entry);

#endif
