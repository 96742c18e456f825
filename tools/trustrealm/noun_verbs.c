/* tools/trustrealm/noun_verbs.c - add, set, show and list, for every noun */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "diff.h"
#include "noun.h"
#include "text.h"

/* --- add ----------------------------------------------------------------- */

/* DN and attributes that an entry is named by. */
static struct tool_entry *
make_named(const struct noun_call *call, struct tool_work *work,
           const char *parent)
{
    const struct noun *noun = call->noun;
    struct tool_entry *entry;
    const char *format = NULL;
    char *dn, *realm = NULL;

    if (noun->type == TR_RECORD_MAP) {
        format = strchr(call->name, '/') + 1;
        realm = tool_format("%.*s", (int)(format - call->name - 1),
                            call->name);
        dn = tool_format("trFormat=%s+trRealmName=%s,%s", format, realm,
                         parent);
    } else {
        dn = tool_dn_below(parent, "cn", call->name);
    }
    entry = tool_work_add(work, dn);
    tool_entry_add(entry, "objectClass", noun->class);
    if (noun->type == TR_RECORD_MAP) {
        tool_entry_add(entry, "trRealmName", realm);
        tool_entry_add(entry, "trFormat", format);
    } else {
        tool_entry_add(entry, "cn", call->name);
    }
    free(realm);
    free(dn);
    return entry;
}

/* Of letters that need no escaping in a DN. */
static bool
is_good_name(const struct noun_call *call)
{
    const char *slash = strchr(call->name, '/');
    bool good;
    char *realm;

    if (call->noun->type != TR_RECORD_MAP)
        return tr_text_is_name(call->name);
    if (slash == NULL)
        return false;
    realm = tool_format("%.*s", (int)(slash - call->name), call->name);
    good = tr_text_is_name(realm) && tr_text_is_name(slash + 1);
    free(realm);
    return good;
}

int
noun_make(const struct noun_call *call, struct tool_work *work,
          struct tool_entry **entry_out)
{
    struct tool_entry *entry;
    char *parent;

    if (!is_good_name(call))
        return tool_usage(call->command, "'%s' is not a %s: letters, digits, "
                          "'.', '_' and '-' expected", call->name,
                          call->noun->name);
    parent = noun_parent(call, work);
    if (parent == NULL)
        return TOOL_USAGE;
    entry = make_named(call, work, parent);
    free(parent);
    tool_entry_identify(entry);
    *entry_out = entry;
    return noun_take(call, entry);
}

int
noun_add_entry(const struct noun_call *call, struct tool_work *work,
               int (*complete)(const struct noun_call *call,
                               struct tool_work *work,
                               struct tool_entry *entry, void *arg),
               void *arg)
{
    struct tool_entry *entry;
    int status;

    status = tool_work_open(&call->options, work);
    if (status != TOOL_DONE)
        return status;
    entry = tool_entries_find(&work->entries, call->noun->type, call->name);
    if (entry != NULL)
        return tool_fail(TOOL_NO, "there is a %s %s already: %s",
                         call->noun->title, call->name, entry->dn);
    status = noun_make(call, work, &entry);
    if (status == TOOL_DONE && complete != NULL)
        status = complete(call, work, entry, arg);
    return status == TOOL_DONE ? tool_work_finish(&call->options, work) :
        status;
}

int
noun_add(const struct noun *noun, const char *command, const char *text,
         int (*complete)(const struct noun_call *call, struct tool_work *work,
                         struct tool_entry *entry, void *arg),
         int argc, char **argv)
{
    struct noun_call call;
    struct tool_work work = { 0 };
    int status;

    noun_parse(noun, command, text, NOUN_FIELDS | NOUN_PARENT, argc, argv,
               &call, &status);
    if (status < 0)
        status = noun_add_entry(&call, &work, complete, NULL);
    tool_work_close(&work);
    noun_call_free(&call);
    return status;
}

/* --- changes ------------------------------------------------------------- */

int
noun_change(const struct noun *noun, const char *command, const char *text,
            int has, int (*change)(const struct noun_call *call,
                                   struct tool_work *work,
                                   struct tool_entry *entry),
            int argc, char **argv)
{
    struct noun_call call;
    struct tool_work work = { 0 };
    struct tool_entry *entry = NULL;
    int status;

    noun_parse(noun, command, text, has, argc, argv, &call, &status);
    if (status < 0) {
        status = noun_begin(&call, &work, &entry);
        if (status == TOOL_DONE)
            status = change(&call, &work, entry);
        if (status == TOOL_DONE)
            status = tool_work_finish(&call.options, &work);
    }
    tool_work_close(&work);
    noun_call_free(&call);
    return status;
}

int
noun_remove_entry(const struct noun_call *call, struct tool_work *work,
                  struct tool_entry *entry)
{
    tool_work_delete(work, entry);
    return TOOL_DONE;
}

static int
set_entry(const struct noun_call *call, struct tool_work *work,
          struct tool_entry *entry)
{
    if (call->ngiven == 0)
        return tool_usage(call->command, "nothing to set");
    return noun_take(call, tool_work_edit(work, entry));
}

int
noun_set(const struct noun *noun, const char *command, const char *text,
         int argc, char **argv)
{
    return noun_change(noun, command, text,
                       NOUN_FIELDS | NOUN_UNSET | NOUN_PROPOSE, set_entry,
                       argc, argv);
}

/* --- show ---------------------------------------------------------------- */

static json_t *
value_json(const struct noun_field *field, const char *value)
{
    int64_t number;

    if (field->kind == NOUN_NUMBER &&
        tr_text_number(value, INT32_MIN, UINT32_MAX, &number) == 0)
        return json_integer((json_int_t)number);
    if (field->kind == NOUN_TRUTH)
        return json_boolean(tr_text_compare(value, "TRUE") == 0);
    return tool_json_text(value);
}

static json_t *
entry_json(const struct noun *noun, const struct tool_entry *entry)
{
    const struct noun_field *field;
    json_t *object, *list;
    char *const *values;
    const char *value;
    size_t i, n;

    object = json_pack("{s:o, s:o}", "name", tool_json_text(entry->name),
                       "dn", tool_json_text(entry->dn));
    for (field = noun->fields; field->option != NULL; field++) {
        values = tool_entry_values(entry, field->attribute, &n);
        if (field->kind < NOUN_WORDS) {
            value = n > 0 ? tool_limit_holds(entry, field->attribute) :
                diff_usual(field->attribute);
            if (value != NULL)
                json_object_set_new(object, field->option,
                                    value_json(field, value));
            continue;
        }
        list = json_array();
        for (i = 0; i < n; i++)
            json_array_append_new(list, value_json(field, values[i]));
        json_object_set_new(object, field->option, list);
    }
    return object;
}

static int
compare_values(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    char *x_end, *y_end;
    unsigned long long m = strtoull(x, &x_end, 10);
    unsigned long long n = strtoull(y, &y_end, 10);

    /* Levels by number; the order of a directory is none. */
    if (*x_end == ' ' && *y_end == ' ' && m != n)
        return m < n ? -1 : 1;
    return strcmp(x, y);
}

static void
sort_values(struct tool_entry *entry)
{
    struct tr_attribute *attribute;
    size_t i;

    for (i = 0; i < entry->nattributes; i++) {
        attribute = &entry->attributes[i];
        if (attribute->nvalues > 0)
            qsort((char **)attribute->values, attribute->nvalues,
                  sizeof(*attribute->values), compare_values);
    }
}

static void
show_entry(const struct noun *noun, const struct tool_entry *entry)
{
    static const char *const columns[] = { "KEY", "VALUE", NULL };
    struct tool_sheet *sheet = tool_sheet_create(columns);
    const struct noun_field *field;
    char *const *values;
    size_t i, n;

    tool_sheet_add(sheet, (const char *[]){ "name", entry->name });
    for (field = noun->fields; field->option != NULL; field++) {
        values = tool_entry_values(entry, field->attribute, &n);
        for (i = 0; i < n; i++) {
            if (!tool_limit_is_idle(entry, field->attribute, values[i]))
                tool_sheet_add(sheet, (const char *[]){ field->option,
                                                        values[i] });
        }
    }
    tool_sheet_add(sheet, (const char *[]){ "dn", entry->dn });
    tool_sheet_print(sheet);
}

int
noun_show(const struct noun *noun, const char *command, int argc,
          char **argv)
{
    struct noun_call call;
    struct tr_config *config = NULL;
    struct tool_directory *directory = NULL;
    struct tool_entry *entry = NULL;
    char *text = tool_format("Show a %s: what \"set\" takes, and its place.",
                             noun->title);
    int status;

    noun_parse(noun, command, text, NOUN_READS, argc, argv, &call, &status);
    if (status >= 0)
        goto cleanup;
    status = tool_directory_begin(&call.options, &config, &directory);
    if (status == TOOL_DONE)
        status = noun_find(&call, directory, &entry);
    if (status != TOOL_DONE)
        goto cleanup;
    sort_values(entry);
    if (call.options.json)
        status = tool_json_print(entry_json(noun, entry), TOOL_DONE);
    else
        show_entry(noun, entry);

cleanup:
    tool_entry_free(entry);
    tool_directory_close(directory);
    tr_config_free(config);
    noun_call_free(&call);
    free(text);
    return status;
}

/* --- list ---------------------------------------------------------------- */

static int
print_list(const struct noun *noun, const struct tool_entries *entries,
           bool json)
{
    struct tool_sheet *sheet = json ? NULL :
        tool_sheet_create(noun->columns);
    json_t *array = json ? json_array() : NULL;
    size_t i;

    for (i = 0; i < entries->n; i++) {
        if (entries->list[i]->type != noun->type)
            continue;
        sort_values(entries->list[i]);
        if (json)
            json_array_append_new(array, entry_json(noun, entries->list[i]));
        else
            noun->row(entries->list[i], entries, sheet);
    }
    if (json)
        return tool_json_print(array, TOOL_DONE);
    tool_sheet_trim(sheet);
    tool_sheet_print(sheet);
    return TOOL_DONE;
}

int
noun_list(const struct noun *noun, const char *command, int argc,
          char **argv)
{
    struct noun_call call;
    struct tr_config *config = NULL;
    struct tool_directory *directory = NULL;
    struct tool_entries entries = { 0 };
    char *text = tool_format("List every %s.", noun->title);
    int status;

    noun_parse(noun, command, text, NOUN_READS | NOUN_NAMELESS, argc, argv,
               &call, &status);
    if (status < 0) {
        status = tool_directory_begin(&call.options, &config, &directory);
        if (status == TOOL_DONE)
            status = tool_directory_read(directory, &entries);
        if (status == TOOL_DONE)
            status = print_list(noun, &entries, call.options.json);
    }
    tool_entries_clear(&entries);
    tool_directory_close(directory);
    tr_config_free(config);
    noun_call_free(&call);
    free(text);
    return status;
}
