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
    OFFBOARD_ROTATE             /* a key that he could read */
};

struct offboard_item { enum offboard_kind kind; char *when, *dn, *what; };

struct offboard {
    const char *principal;      /* not owned */
    char *dn;                   /* his entry */
    struct tool_entries roles;  /* groups he is a member of */
    struct tool_entries proposals;      /* that he made */
    struct offboard_item *items;        /* in this order */
    size_t nitems, nleft;
};

/*
 * Find all that work's directory knows of him: what is left, and, unless log
 * is NULL, what he did by the access log below that DN.  Free in any case.
 */
int offboard_find(struct offboard *person, struct tool_work *work,
                  const char *log);
void offboard_clear(struct offboard *person);

#endif
