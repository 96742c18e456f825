/* tools/trustrealm/import.h - the parts of import */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef IMPORT_H
#define IMPORT_H

#include "work.h"

struct import_written {
    size_t added, changed, refused;
    int interrupted;            /* by that signal, or 0 */
};

/*
 * Write what was noted: into a file as a whole, into a server by an operation
 * for each entry.  With keep_going those that the server refuses are left out.
 * Who interrupts it, and who reads of an error, is told where it stopped; what
 * was written by then stays, and counts.  The signal is for the caller to end
 * by, when that has been told.
 */
int import_write(struct tool_work *work, bool keep_going,
                 struct import_written *written_out);

#endif
