/* tools/trustrealm/offboard.h - what somebody did and can do (offboard) */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef OFFBOARD_H
#define OFFBOARD_H

#include "work.h"

/* What was found about a person. */
enum offboard_kind {
    OFFBOARD_LEFT,              /* he can still change something by it */
    OFFBOARD_GRANTED,           /* he added a value that is in force */
    OFFBOARD_CHANGED,           /* he did something else */
    OFFBOARD_ROTATE,            /* a key that he could read */
    OFFBOARD_UNKNOWN            /* what others have to look at */
};

struct offboard_item { enum offboard_kind kind; char *when, *dn, *what; };

struct tool_kadmin;

struct offboard {
    const char *principal;      /* not owned */
    char *dn;                   /* his entry */
    struct tool_entries roles;  /* groups he is a member of */
    struct tool_entries proposals;      /* that he made */
    struct offboard_item *items;        /* in this order */
    size_t nitems, nleft, nunknown;
};

/*
 * Find all that work's directory knows of him: what is left, and, unless log
 * is NULL, what he did by the access log below that DN.  Free in any case.
 */
int offboard_find(struct offboard *person, struct tool_work *work,
                  const char *log);
void offboard_clear(struct offboard *person);
/* What he did, and the keys that he could read, by that log. */
int offboard_find_log(struct offboard *person, struct tool_work *work,
                      const char *log);
/* Add to items; when may be NULL. */
void offboard_note(struct offboard *person, enum offboard_kind kind,
                   const char *when, const char *dn, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Add that he could have a system's key, once. */
void offboard_note_key(struct offboard *person,
                       const struct tool_entry *system);

/* --- outside the directory (offboard_kdc.c, _acl.c, _signer.c) ----------- */

/* What the KDC would still do for him; end that.  TOOL_NO when it refuses. */
int offboard_find_kdc(struct offboard *person, const struct tool_work *work,
                      struct tool_kadmin *kadmin);
int offboard_end_kdc(const struct offboard *person,
                     const struct tool_work *work,
                     struct tool_kadmin *kadmin);
/* Rules of file, a copy of kadm5.acl, by which he may do something there. */
int offboard_find_rules(struct offboard *person, const struct tool_work *work,
                        const char *file);
/* Certificates of file, in PEM, that name him: what signs snapshots. */
int offboard_find_signers(struct offboard *person, const char *file);

#endif
