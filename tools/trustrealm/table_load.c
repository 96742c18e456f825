/* tools/trustrealm/table_load.c - a table of a directory's entries */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "directory.h"
#include "trustrealm_err.h"

/* Store what the entry says, or what stands for one that is of no use, as
 * trustrealmd does. */
static krb5_error_code
put(struct tool_table *table, struct tr_update *update, uint32_t key,
    const struct tool_entry *entry)
{
    const struct tr_entry view = { entry->dn, entry->attributes,
                                   entry->nattributes };
    struct tr_record *record = NULL;
    krb5_error_code ret;
    char *why = NULL;

    if (entry->why != NULL) {
        ret = TRR_ENTRY;
        why = tool_copy(entry->why);
    } else {
        ret = tr_record_from_entry(&view, &record, &why);
    }
    if (ret == 0 && record != NULL) {
        ret = tr_update_put(update, &key, sizeof(key), record);
        if (ret == TRR_ENTRY)
            why = tool_copy(tr_table_message(table->table));
    }
    if (ret != TRR_ENTRY)
        goto cleanup;
    tool_table_note_bad(table, entry->dn, why != NULL ? why : "unusable");
    tr_record_free(record);
    ret = tr_record_closed(&view, &record);
    if (ret == 0 && record != NULL)
        ret = tr_update_put(update, &key, sizeof(key), record);

cleanup:
    tr_record_free(record);
    free(why);
    return ret;
}

struct loading {
    struct tool_table *table;
    const struct tool_entries *entries;
};

static krb5_error_code
note_disputed(const void *key, size_t key_length,
              const struct tr_record *record, const char *why, void *arg)
{
    const struct loading *loading = arg;
    uint32_t i;

    memcpy(&i, key, sizeof(i));
    tool_table_note_bad(loading->table, loading->entries->list[i]->dn, why);
    return 0;
}

int
tool_table_load(struct tool_table *table, const struct tool_entries *entries,
                const char *source)
{
    struct loading loading = { table, entries };
    struct tr_update *update = NULL;
    krb5_error_code ret;
    size_t i;

    tool_table_forget_bad(table);
    ret = tr_update_begin(table->table, &update);
    if (ret == 0)
        ret = tr_update_clear(update);
    for (i = 0; ret == 0 && i < entries->n; i++)
        ret = put(table, update, (uint32_t)i, entries->list[i]);
    if (ret == 0)
        ret = tr_update_each_disputed(update, note_disputed, &loading);
    if (ret == 0)
        ret = tr_update_set_fresh(update, time(NULL), source);
    if (ret == 0)
        ret = tr_update_commit(update);
    else
        tr_update_abort(update);
    if (ret)
        return tool_table_failed(table, ret);
    return TOOL_DONE;
}

int
tool_table_read(const struct tool_options *options, struct tool_table *table)
{
    struct tool_directory *directory = NULL;
    struct tool_entries entries = { 0 };
    int status;

    status = tool_directory_open(options, table->config, false, &directory);
    if (status == TOOL_DONE)
        status = tool_directory_read(directory, &entries);
    if (status == TOOL_DONE)
        status = tool_table_make(table);
    if (status == TOOL_DONE)
        status = tool_table_load(table, &entries,
                                 tool_directory_name(directory));
    tool_entries_clear(&entries);
    tool_directory_close(directory);
    return status;
}
