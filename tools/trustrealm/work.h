/* tools/trustrealm/work.h - what a command that writes has in hand */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef WORK_H
#define WORK_H

/*
 * A command that writes reads the whole directory, notes what it wants to be
 * otherwise, and leaves the rest to tool_work_finish():
 *
 *     struct tool_work work = { 0 };
 *
 *     status = tool_work_open(&options, &work);
 *     if (status == TOOL_DONE) {
 *         entry = tool_entries_find(&work.entries, TR_RECORD_SYSTEM, name);
 *         tool_entry_add(tool_work_edit(&work, entry), "trAlias", alias);
 *         status = tool_work_finish(&options, &work);
 *     }
 *     tool_work_close(&work);
 */

#include "directory.h"

/* What of a change's bearing on access has to be known. */
enum work_access {
    WORK_UNASKED,               /* nothing: the change says what it does */
    WORK_NARROWS,               /* it must not do anything but narrow */
    WORK_TOLD,                  /* what else it does is told, */
    WORK_WANTED                 /* or is part of what is printed */
};

struct tool_work {
    struct tr_config *config;           /* NULL: none counts */
    struct tool_directory *directory;
    struct tool_entries entries;        /* all of ours, as they are */
    struct tool_change *changes;        /* in the order of writing */
    size_t nchanges;
    json_t *made;                       /* beside entries: an object, to be
                                           printed when all is done; or NULL */
    enum work_access access;
};

int tool_work_open(const struct tool_options *options,
                   struct tool_work *work);
void tool_work_close(struct tool_work *work);

/* What entry (of work's, or one that stays until work is closed) shall be:
 * to be changed.  The same again when it is asked for again. */
struct tool_entry *tool_work_edit(struct tool_work *work,
                                  const struct tool_entry *entry);
/* A new entry, to be filled. */
struct tool_entry *tool_work_add(struct tool_work *work, const char *dn);
void tool_work_delete(struct tool_work *work,
                      const struct tool_entry *entry);

/*
 * A container of that DN, and those that are missing above it, unless they
 * are there: units of organization (ou=...) below the search base.  TOOL_NO
 * when another one is missing: *missing_out is its DN, malloced.  A file can
 * do without others.
 */
int tool_work_container(struct tool_work *work, const char *dn,
                        char **missing_out);

/* Entry, NULL for none, shall be after, which belongs to work from then on. */
void tool_work_replace(struct tool_work *work,
                       const struct tool_entry *entry,
                       struct tool_entry *after);
/* Forget all that was noted. */
void tool_work_forget(struct tool_work *work);

/* Tell of every error that speaks against what was noted. */
int tool_work_errors(struct tool_work *work,
                     void (*each)(const char *entry, const char *text,
                                  void *arg),
                     void *arg);
/* Judge the whole table as it would be, as tool_work_finish() does: TOOL_NO,
 * with a message, when it must not be written.  *access_out counts what does
 * not only narrow access, if that was to be known.  All that was found is
 * added to an array unless that is NULL. */
int tool_work_judge(struct tool_work *work, json_t *array,
                    size_t *access_out);
/*
 * Judge the whole table as it would be, show what changes, and write it.
 * Errors that the table does not have today refuse it (TOOL_NO); --dry-run
 * ends before writing.  With --propose what is written are proposals.
 */
int tool_work_finish(const struct tool_options *options,
                     struct tool_work *work);

#endif
