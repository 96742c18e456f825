/* tests/fuzz/table.h - a table that a fuzz target fills */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_FUZZ_TABLE_H
#define TR_FUZZ_TABLE_H

#include "source.h"

/* The program's one table, in memory; removed at its end. */
struct tr_table *fuzz_table(void);
/* What is in it can be written and read again. */
void fuzz_check_table(void);

#endif
