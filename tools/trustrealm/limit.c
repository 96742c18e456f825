/* tools/trustrealm/limit.c - limits, of whose values the narrowest holds */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <strings.h>
#include "directory.h"
#include "record_class.h"

/* Where entry cannot be used, nothing is known to have no effect. */
bool
tool_limit_is_idle(const struct tool_entry *entry, const char *attribute,
                   const char *value)
{
    const struct tr_entry view = { entry->dn, entry->attributes,
                                   entry->nattributes };
    char *why = NULL, *text = tool_format("%s %s", attribute, value);
    struct tr_record *record = NULL;
    bool idle = false;
    size_t i;

    if (tr_class_is_limit(attribute) &&
        tr_record_from_entry(&view, &record, &why) == 0 && record != NULL &&
        record->type == TR_RECORD_REALM) {
        for (i = 0; i < record->u.realm.nwider; i++)
            idle = idle || strcasecmp(record->u.realm.wider[i], text) == 0;
    }
    tr_record_free(record);
    free(text);
    free(why);
    return idle;
}

const char *
tool_limit_holds(const struct tool_entry *entry, const char *attribute)
{
    char *const *values;
    size_t i = 0, n;

    values = tool_entry_values(entry, attribute, &n);
    while (i + 1 < n && tool_limit_is_idle(entry, attribute, values[i]))
        i++;
    return n == 0 ? NULL : values[i];
}

struct keeping { struct tool_entry *entry; bool any; };

static void
keep_idle(bool added, const char *attribute, const char *value, void *arg)
{
    struct keeping *keeping = arg;

    if (added)
        return;
    tool_entry_add(keeping->entry, attribute, value);
    if (tool_limit_is_idle(keeping->entry, attribute, value))
        keeping->any = true;
    else
        tool_entry_remove(keeping->entry, attribute, value);
}

struct tool_entry *
tool_limit_keep(const struct tool_change *change)
{
    struct keeping keeping = { tool_entry_copy(change->after), false };
    const struct tool_change kept = { change->before, keeping.entry };

    tool_change_each(change, keep_idle, &keeping);
    if (keeping.any && tool_change_differs(&kept))
        return keeping.entry;
    tool_entry_free(keeping.entry);
    return NULL;
}
