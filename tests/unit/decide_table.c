/* tests/unit/decide_table.c - a real table for tests, written as text */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "decide_table.h"

#define MAX_LINES 1200

static char directory[] = "/tmp/trustrealm-unit-XXXXXX";
static const size_t unique = sizeof(directory) - 1 - 6;

/* Take text apart in place. */
static struct tr_record *
parse_entry(char *text)
{
    static struct tr_attribute attributes[MAX_LINES];
    static char *values[MAX_LINES];
    struct tr_entry entry = { "cn=test", attributes, 0 };
    struct tr_attribute *last = NULL;
    struct tr_record *record;
    size_t n = 0;
    char *line, *value, *why;

    while ((line = strsep(&text, "\n")) != NULL && *line != '\0') {
        assert_true(n < MAX_LINES);
        value = strchr(line, ' ');
        assert_non_null(value);
        *value++ = '\0';
        if (last == NULL || strcmp(last->name, line) != 0) {
            last = &attributes[entry.nattributes++];
            *last = (struct tr_attribute){ line, &values[n], 0 };
        }
        values[n++] = value;
        last->nvalues++;
    }
    if (tr_record_from_entry(&entry, &record, &why) != 0)
        fail_msg("%s", why);
    assert_non_null(record);
    free(why);
    return record;
}

static void
put_record(struct tr_table *table, const struct tr_record *record)
{
    static uint32_t key;
    struct tr_update *update;

    key++;
    assert_int_equal(tr_update_begin(table, &update), 0);
    if (tr_update_put(update, &key, sizeof(key), record) != 0)
        fail_msg("%s", tr_table_message(table));
    assert_int_equal(tr_update_commit(update), 0);
}

void
put_entry(struct tr_table *table, const char *entry)
{
    char *text = strdup(entry);
    struct tr_record *record;

    assert_non_null(text);
    record = parse_entry(text);
    put_record(table, record);
    tr_record_free(record);
    free(text);
}

void
put_broken_realm(struct tr_table *table, const char *entry)
{
    char *text = strdup(entry);
    struct tr_record *record;
    struct tr_named_number *levels;

    assert_non_null(text);
    record = parse_entry(text);
    levels = record->u.realm.levels;
    free(levels[1].name);
    levels[1].name = strdup(levels[0].name);
    assert_non_null(levels[1].name);
    put_record(table, record);
    tr_record_free(record);
    free(text);
}

struct tr_table *
make_table(const char *const *entries, int64_t fresh)
{
    struct tr_table *table;
    struct tr_update *update;

    memset(directory + unique, 'X', 6);
    assert_non_null(mkdtemp(directory));
    assert_int_equal(tr_table_open(directory, TR_TABLE_WRITE, 64 << 20,
                                   &table, NULL), 0);
    for (; *entries != NULL; entries++)
        put_entry(table, *entries);
    if (fresh != 0) {
        assert_int_equal(tr_update_begin(table, &update), 0);
        assert_int_equal(tr_update_set_fresh(update, fresh, "test"), 0);
        assert_int_equal(tr_update_commit(update), 0);
    }
    return table;
}

void
remove_table(struct tr_table *table)
{
    tr_table_close(table);
    tr_table_remove(directory);
}
