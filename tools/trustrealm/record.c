/* tools/trustrealm/record.c - records of the table, for people and JSON */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "grant.h"
#include "text.h"
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
    switch (record->type) {
    case TR_RECORD_REALM:
        return tool_copy(record->u.realm.name);
    case TR_RECORD_SYSTEM:
        return tool_copy(record->u.system.name);
    case TR_RECORD_CLEARANCE:
        return tool_copy(record->u.clearance.principal);
    case TR_RECORD_MAP:
        break;
    }
    return tool_format("%s/%s", record->u.map.realm, record->u.map.format);
}

void
tool_format_time(int64_t seconds, char out[TOOL_TIME_LENGTH])
{
    time_t when = seconds;
    struct tm tm;

    out[0] = '\0';
    if (seconds != 0 &&
        (gmtime_r(&when, &tm) == NULL ||
         strftime(out, TOOL_TIME_LENGTH, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0))
        snprintf(out, TOOL_TIME_LENGTH, "%lld", (long long)seconds);
}

const char *
tool_show_time(const char *text, char out[TOOL_TIME_LENGTH])
{
    char whole[sizeof("YYYYMMDDHHMMSSZ")];
    int64_t seconds;

    if (text == NULL || !tool_for_people())
        return text;
    /* An access log has fractions of seconds. */
    snprintf(whole, sizeof(whole), "%.*sZ", (int)strcspn(text, ".Z"), text);
    if (tr_text_time(whole, &seconds) != 0)
        return text;
    tool_format_time(seconds, out);
    return out;
}

bool
tool_grant_words(const struct tr_realm *realm, const struct tr_grant *grant,
                 char **low_out, char **high_out)
{
    char low[TR_MAX_LABEL_TEXT + 1], high[TR_MAX_LABEL_TEXT + 1];
    struct tr_range range;
    bool restricted = grant->nrestrictions > 0 && realm->error == 0;

    if (restricted &&
        (tr_grant_range(realm->encoding, grant, &range) != 0 ||
         tr_label_format(realm->encoding, &range.low, low,
                         sizeof(low)) != 0 ||
         tr_label_format(realm->encoding, &range.high, high,
                         sizeof(high)) != 0))
        return false;
    *low_out = tool_copy(restricted ? low : grant->low);
    *high_out = tool_copy(restricted ? high : grant->high);
    return true;
}

/* --- names --------------------------------------------------------------- */

static krb5_error_code
add_name(const struct tr_record *record, void *arg)
{
    struct tool_names *names = arg;

    names->list = tool_grow(names->list, names->n, sizeof(*names->list));
    names->list[names->n++] = tool_copy(record->u.system.name);
    return 0;
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int
tool_names_of_systems(const struct tool_table *table,
                      struct tool_names *names_out)
{
    krb5_error_code ret;

    ret = tr_view_each(table->view, TR_RECORD_SYSTEM, add_name, names_out);
    if (names_out->n > 0)
        qsort(names_out->list, names_out->n, sizeof(*names_out->list),
              compare_names);
    return ret ? tool_table_failed(table, ret) : TOOL_DONE;
}

void
tool_names_clear(struct tool_names *names)
{
    while (names->n > 0)
        free(names->list[--names->n]);
    free(names->list);
    names->list = NULL;
}

/* --- JSON ---------------------------------------------------------------- */

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
