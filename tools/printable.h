/* tools/printable.h - text from outside, for a terminal */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_PRINTABLE_H
#define TR_PRINTABLE_H

/* Overwrite what could move the cursor of a terminal, end a cell, or show what
 * is beside it elsewhere; returns text. */
char *tool_printable(char *text);

#endif
