/* tools/trustrealm/record.c - records of the table, for people and JSON */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <string.h>
#include "trustrealm.h"

const char *
tool_record_kind(const struct tr_record *record)
{
    switch (record->type) {
    case TR_RECORD_REALM:
        return "trust realm";
    case TR_RECORD_SYSTEM:
        return "system";
    case TR_RECORD_CLEARANCE:
        return "clearance";
    case TR_RECORD_MAP:
        break;
    }
    return "label map";
}

char *
tool_record_name(const struct tr_record *record)
{
    char *name;

    switch (record->type) {
    case TR_RECORD_REALM:
        return strdup(record->u.realm.name);
    case TR_RECORD_SYSTEM:
        return strdup(record->u.system.name);
    case TR_RECORD_CLEARANCE:
        return strdup(record->u.clearance.principal);
    case TR_RECORD_MAP:
        break;
    }
    if (asprintf(&name, "%s, %s", record->u.map.realm,
                 record->u.map.format) < 0)
        return NULL;
    return name;
}

json_t *
tool_entry_json(const struct tr_entry *entry)
{
    const struct tr_attribute *attribute;
    json_t *object = json_object(), *values;
    size_t i, j;

    for (i = 0; object != NULL && i < entry->nattributes; i++) {
        attribute = &entry->attributes[i];
        values = json_array();
        for (j = 0; j < attribute->nvalues; j++)
            json_array_append_new(values,
                                  tool_json_text(attribute->values[j]));
        json_object_set_new(object, attribute->name, values);
    }
    return object;
}
