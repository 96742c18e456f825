/* tests/fuzz/table.c - a table that a fuzz target fills */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include "fuzz.h"
#include "table.h"

static struct tr_table *table;
static char *directory;

static void
remove_table(void)
{
    tr_table_close(table);
    tr_table_remove(directory);
    free(directory);
}

struct tr_table *
fuzz_table(void)
{
    const char *temporary = getenv("TMPDIR");

    if (table == NULL) {
        PROMISE(asprintf(&directory, "%s/trustrealm-fuzz.XXXXXX",
                         temporary != NULL ? temporary : "/dev/shm") > 0);
        PROMISE(mkdtemp(directory) != NULL);
        (void)atexit(remove_table);
        PROMISE(tr_table_open(directory, TR_TABLE_WRITE, 0, &table,
                              NULL) == 0);
    }
    return table;
}

static krb5_error_code
check_record(const struct tr_record *record, void *arg)
{
    struct tr_record *back;
    uint8_t *octets;
    size_t length;

    PROMISE(tr_record_encode(record, &octets, &length) == 0);
    PROMISE(tr_record_decode(octets, length, &back) == 0);
    tr_record_free(back);
    free(octets);
    return 0;
}

void
fuzz_check_table(void)
{
    struct tr_view *view;
    enum tr_record_type type;

    PROMISE(tr_view_open(fuzz_table(), &view) == 0);
    for (type = TR_RECORD_REALM; type <= TR_RECORD_MAP; type++)
        PROMISE(tr_view_each(view, type, check_record, NULL) == 0);
    tr_view_close(view);
}
