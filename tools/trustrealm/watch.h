/* tools/trustrealm/watch.h - see decisions as they are made */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef WATCH_H
#define WATCH_H

#include "trustrealm.h"

/* --- where records come from (watch_source.c) ---------------------------- */

/* The audit log: a file that grows and may be moved away, or what journalctl
 * prints. */
struct watch_source;

/* path: of a file, of which what is written from now on counts; NULL: the
 * journal. */
int watch_source_open(const char *path, struct watch_source **source_out);
void watch_source_close(struct watch_source *source);
/* Wait up to a quarter of a second, then call each for every whole line there
 * is.  TOOL_SYSTEM when no more will come. */
int watch_source_read(struct watch_source *source,
                      void (*each)(char *line, void *arg), void *arg);

/* --- a terminal (watch_screen.c) ----------------------------------------- */

/* The last events, below what the daemon says of itself. */
struct watch_screen;

struct watch_screen *watch_screen_open(void);
/* Gives the terminal back. */
void watch_screen_close(struct watch_screen *screen);
/* Text becomes the screen's. */
void watch_screen_add(struct watch_screen *screen, char *text);
/* state: of the daemon, or NULL and why. */
void watch_screen_draw(struct watch_screen *screen, const json_t *state,
                       const char *why);

#endif
