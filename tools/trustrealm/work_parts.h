/* tools/trustrealm/work_parts.h - steps of tool_work_finish() (within work) */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef WORK_PARTS_H
#define WORK_PARTS_H

#include "lint.h"
#include "work.h"

/* Of such a finding the severity is "widens" or "changes". */
bool finding_is_access(const struct finding *finding);
/* Must the changes not be written? */
bool findings_refuse(const struct findings *findings,
                     enum work_access access);

/* What would be wrong with the whole table that is not so today, and what of
 * work's access has to be known (work_judge.c); an exit status. */
int work_judge(const struct tool_work *work, struct findings *findings_out);

/* Print the changes as rows (work_show.c); */
void work_show(const struct tool_work *work);
/* say on stderr what was found, but print what was wanted unless json; */
void work_tell(const struct findings *findings, enum work_access access,
               bool json);
/* or print all that as JSON; returns status. */
int work_print_json(const struct tool_work *work,
                    const struct findings *findings, const char *result,
                    int status);

#endif
