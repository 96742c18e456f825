/* tools/trustrealm/ldif_text.h - the text of an LDIF file, to be edited */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef LDIF_TEXT_H
#define LDIF_TEXT_H

#include "directory.h"
#include "octets.h"

/* One attribute's value: where its line (with those that continue it) is. */
struct ldif_line {
    size_t start, end;          /* offsets in the file; end is the next's */
    char *type, *value;
};

/* Lines up to a blank one: an entry, or comments. */
struct ldif_block {
    size_t start, end;
    struct ldif_line *lines;    /* without comments; [0] is the DN */
    size_t nlines;
    struct tool_entry *entry;   /* NULL: comments only */
};

struct ldif_text {
    const char *path;           /* for messages */
    char *text;                 /* not owned */
    size_t length;
    bool keep_going;            /* leave out blocks that are wrong */
    struct ldif_block *blocks;
    size_t nblocks, nbad;
};

/* Take a file's text apart.  Clear in any case. */
int ldif_text_parse(struct ldif_text *ldif);
void ldif_text_clear(struct ldif_text *ldif);
/* The number of the line at an offset. */
unsigned long ldif_text_line(const struct ldif_text *ldif, size_t offset);

/* The text with changes made (tool_directory_apply()), malloced.  TOOL_NO,
 * with a message, when an entry is not there, or is there already. */
int ldif_text_change(const struct ldif_text *ldif,
                     const struct tool_change *changes, size_t n,
                     char **text_out, size_t *length_out);

/* Add a whole entry, after a blank line. */
void ldif_text_entry(struct tr_builder *out, const struct tool_entry *entry);

#endif
