/* tools/trustrealm/diff.c - trustrealm diff: what is different in a table? */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "diff.h"
#include "trustrealm_err.h"

static const char help[] =
"usage: trustrealm diff [OLD] NEW [OPTION...]\n"
"\n"
"Compare two tables by entry and attribute, and say of each difference\n"
"whether it widens access, narrows it or changes it.  OLD and NEW are LDIF\n"
"files, or directories of tables; without OLD the table that is asked is the\n"
"old one.\n"
"\n"
TOOL_TABLE_HELP
"  --json                 print JSON\n"
"  -c, --config FILE      configuration of trustrealmd\n"
"\n"
"Into a pipe: access (widens, narrows, changes), kind, name, attribute\n"
"(entry when it came or went as a whole), old value, new value.\n"
"\n"
"exit status: 0 no difference, 1 differences, 2 usage, 3 system error\n";

struct difference {
    size_t number;              /* as it was found */
    const char *access, *kind;
    char *name, *attribute, *old, *new;
};

struct compared {
    struct diff diff;           /* at the entry being compared */
    bool only_new;              /* second pass: the old ones are done */
    struct difference *list;
    size_t n;
};

/* --- one entry ----------------------------------------------------------- */

static void
add(struct compared *compared, enum diff_access access, const char *attribute,
    const char *old, const char *new)
{
    static const char *const words[] = { "changes", "widens", "narrows" };
    const struct tr_record *record = compared->diff.new != NULL ?
        compared->diff.new : compared->diff.old;

    /* Grow at powers of two. */
    if ((compared->n & (compared->n - 1)) == 0)
        compared->list = tool_must(reallocarray(
            compared->list, compared->n == 0 ? 1 : 2 * compared->n,
            sizeof(*compared->list)));
    compared->list[compared->n] = (struct difference){
        compared->n, words[access], tool_record_kind(record),
        tool_must(tool_record_name(record)), tool_copy(attribute),
        tool_copy(old), tool_copy(new)
    };
    compared->n++;
}

/* The value of attribute in entry that belongs to value, or NULL. */
static const char *
find_value(const struct tr_attribute *attribute, const char *name,
           const char *value)
{
    size_t i, length = strcspn(value, " ");

    for (i = 0; attribute != NULL && i < attribute->nvalues; i++) {
        if (strcmp(attribute->values[i], value) == 0 ||
            (diff_is_keyed(name) &&
             strcspn(attribute->values[i], " ") == length &&
             strncasecmp(attribute->values[i], value, length) == 0))
            return attribute->values[i];
    }
    return NULL;
}

static const struct tr_attribute *
find_attribute(const struct tr_entry *entry, const char *name)
{
    size_t i;

    for (i = 0; i < entry->nattributes; i++) {
        if (strcmp(entry->attributes[i].name, name) == 0)
            return &entry->attributes[i];
    }
    return NULL;
}

static void
compare_values(struct compared *compared, const char *name,
               const struct tr_attribute *old, const struct tr_attribute *new)
{
    const char *was, *is;
    size_t i;

    if (diff_is_single(name)) {
        was = old == NULL ? NULL : old->values[0];
        is = new == NULL ? NULL : new->values[0];
        if (was == NULL || is == NULL || strcmp(was, is) != 0)
            add(compared, diff_access(&compared->diff, name, was, is), name,
                was, is);
        return;
    }
    for (i = 0; old != NULL && i < old->nvalues; i++) {
        was = old->values[i];
        is = find_value(new, name, was);
        if (is == NULL || strcmp(was, is) != 0)
            add(compared, diff_access(&compared->diff, name, was, is), name,
                was, is);
    }
    for (i = 0; new != NULL && i < new->nvalues; i++) {
        is = new->values[i];
        if (find_value(old, name, is) == NULL)
            add(compared, diff_access(&compared->diff, name, NULL, is), name,
                NULL, is);
    }
}

static void
compare_entries(struct compared *compared, const struct tr_entry *old,
                const struct tr_entry *new)
{
    const char *name;
    size_t i;

    for (i = 0; i < old->nattributes; i++) {
        name = old->attributes[i].name;
        compare_values(compared, name, &old->attributes[i],
                       find_attribute(new, name));
    }
    for (i = 0; i < new->nattributes; i++) {
        name = new->attributes[i].name;
        if (find_attribute(old, name) == NULL)
            compare_values(compared, name, NULL, &new->attributes[i]);
    }
}

/* An entry that came or went: all of its values, and one access. */
static void
add_entry(struct compared *compared, const struct tr_entry *entry)
{
    enum diff_access access = diff_access_of_entry(&compared->diff);
    bool came = compared->diff.new != NULL;
    const struct tr_attribute *attribute;
    size_t i, j;

    add(compared, access, "entry", came ? NULL : "present",
        came ? "present" : NULL);
    for (i = 0; i < entry->nattributes; i++) {
        attribute = &entry->attributes[i];
        for (j = 0; j < attribute->nvalues; j++)
            add(compared, access, attribute->name,
                came ? NULL : attribute->values[j],
                came ? attribute->values[j] : NULL);
    }
}

static krb5_error_code
compare_records(struct compared *compared)
{
    const struct diff *diff = &compared->diff;
    struct tr_entry *old = NULL, *new = NULL;
    krb5_error_code ret = 0;

    if (diff->old != NULL)
        ret = tr_record_to_entry(diff->old, &old);
    if (ret == 0 && diff->new != NULL)
        ret = tr_record_to_entry(diff->new, &new);
    if (ret == 0 && old != NULL && new != NULL)
        compare_entries(compared, old, new);
    else if (ret == 0)
        add_entry(compared, old != NULL ? old : new);
    tr_entry_free(old);
    tr_entry_free(new);
    return ret;
}

/* --- all entries --------------------------------------------------------- */

/* A record of the other table: its own, or held by its view. */
struct same {
    struct tr_record *owned, borrowed;
    const struct tr_record *record;     /* NULL: there is none */
};

/* The record of the same name in view; systems are not found by an alias. */
static krb5_error_code
find_same(const struct tr_view *view, const struct tr_record *record,
          struct same *same_out)
{
    const struct tr_map_record *map;
    const struct tr_realm *realm;
    krb5_error_code ret = TRR_NOT_FOUND;

    *same_out = (struct same){ .borrowed.type = record->type };
    switch (record->type) {
    case TR_RECORD_SYSTEM:
        ret = tr_view_system(view, record->u.system.name, &same_out->owned);
        if (ret == 0 && strcmp(same_out->owned->u.system.name,
                               record->u.system.name) == 0)
            same_out->record = same_out->owned;
        break;
    case TR_RECORD_CLEARANCE:
        ret = tr_view_clearance(view, record->u.clearance.principal,
                                &same_out->owned);
        same_out->record = same_out->owned;
        break;
    case TR_RECORD_REALM:
        ret = tr_view_realm(view, record->u.realm.name, &realm);
        if (ret == 0) {
            same_out->borrowed.u.realm = *realm->record;
            same_out->record = &same_out->borrowed;
        }
        break;
    case TR_RECORD_MAP:
        ret = tr_view_map(view, record->u.map.realm, record->u.map.format,
                          &map);
        if (ret == 0) {
            same_out->borrowed.u.map = *map;
            same_out->record = &same_out->borrowed;
        }
        break;
    }
    return ret == TRR_NOT_FOUND ? 0 : ret;
}

static krb5_error_code
are_equal(const struct tr_record *a, const struct tr_record *b,
          bool *equal_out)
{
    uint8_t *octets = NULL, *others = NULL;
    size_t length, other_length;
    krb5_error_code ret;

    ret = tr_record_encode(a, &octets, &length);
    if (ret == 0)
        ret = tr_record_encode(b, &others, &other_length);
    if (ret == 0)
        *equal_out = length == other_length &&
            memcmp(octets, others, length) == 0;
    free(octets);
    free(others);
    return ret;
}

/* First the old table's records, then those that only the new one has. */
static krb5_error_code
compare_next(const struct tr_record *record, void *arg)
{
    struct compared *compared = arg;
    const struct tool_table *other = compared->only_new ?
        compared->diff.before : compared->diff.after;
    struct same same;
    krb5_error_code ret;
    bool equal = false;

    ret = find_same(other->view, record, &same);
    if (ret == 0 && same.record != NULL && !compared->only_new)
        ret = are_equal(record, same.record, &equal);
    if (ret == 0 && same.record == NULL) {
        compared->diff.old = compared->only_new ? NULL : record;
        compared->diff.new = compared->only_new ? record : NULL;
        ret = compare_records(compared);
    } else if (ret == 0 && !compared->only_new && !equal) {
        compared->diff.old = record;
        compared->diff.new = same.record;
        ret = compare_records(compared);
    }
    tr_record_free(same.owned);
    return ret;
}

static int
compare_tables(struct compared *compared)
{
    const struct tool_table *table = compared->diff.before;
    enum tr_record_type type;
    krb5_error_code ret = 0;

    for (type = TR_RECORD_REALM; type <= TR_RECORD_MAP && ret == 0; type++)
        ret = tr_view_each(table->view, type, compare_next, compared);
    compared->only_new = true;
    if (ret == 0)
        table = compared->diff.after;
    for (type = TR_RECORD_REALM; type <= TR_RECORD_MAP && ret == 0; type++)
        ret = tr_view_each(table->view, type, compare_next, compared);
    if (ret)
        return tool_fail(TOOL_SYSTEM, "%s: %s", error_message(ret),
                         tr_table_message(table->table));
    return TOOL_DONE;
}

/* --- output -------------------------------------------------------------- */

/* By kind and name; what belongs to one entry stays as it came. */
static int
compare_differences(const void *a, const void *b)
{
    const struct difference *x = a, *y = b;
    int order = strcmp(x->kind, y->kind);

    if (order == 0)
        order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->number > y->number) -
        (x->number < y->number);
}

static json_t *
differences_json(const struct compared *compared)
{
    json_t *array = json_array();
    const struct difference *one;
    size_t i;

    for (i = 0; i < compared->n; i++) {
        one = &compared->list[i];
        json_array_append_new(array, json_pack(
            "{s:s, s:s, s:o, s:o, s:o?, s:o?}", "access", one->access,
            "kind", one->kind, "name", tool_json_text(one->name),
            "attribute", tool_json_text(one->attribute),
            "old", one->old == NULL ? NULL : tool_json_text(one->old),
            "new", one->new == NULL ? NULL : tool_json_text(one->new)));
    }
    return array;
}

static void
print_rows(const struct compared *compared)
{
    static const char *const columns[] = { "ACCESS", "KIND", "NAME",
                                           "ATTRIBUTE", "OLD", "NEW", NULL };
    struct tool_sheet *sheet = tool_sheet_create(columns);
    const struct difference *one;
    size_t i;

    for (i = 0; i < compared->n; i++) {
        one = &compared->list[i];
        tool_sheet_add(sheet, (const char *[]){
            one->access, one->kind, one->name, one->attribute,
            one->old != NULL ? one->old : "-",
            one->new != NULL ? one->new : "-" });
    }
    tool_sheet_print(sheet);
    if (compared->n == 0 && tool_for_people())
        tool_line("no difference");
}

static int
print(const struct compared *compared, bool json)
{
    int status = compared->n == 0 ? TOOL_DONE : TOOL_NO;

    if (compared->n > 0)
        qsort(compared->list, compared->n, sizeof(*compared->list),
              compare_differences);
    if (json)
        return tool_json_print(json_pack(
            "{s:o, s:o, s:o}", "differences", differences_json(compared),
            "old", tool_table_json(compared->diff.before),
            "new", tool_table_json(compared->diff.after)), status);
    print_rows(compared);
    return status;
}

static void
clear(struct compared *compared)
{
    struct difference *one;
    size_t i;

    for (i = 0; i < compared->n; i++) {
        one = &compared->list[i];
        free(one->name);
        free(one->attribute);
        free(one->old);
        free(one->new);
    }
    free(compared->list);
}

/* --- the command --------------------------------------------------------- */

/* Open what options name, or path. */
static int
open_table(const struct tool_options *options, const char *path,
           struct tool_table *table)
{
    struct tool_options named = { .config = options->config };
    struct stat st;

    if (path != NULL && stat(path, &st) != 0)
        return tool_fail(TOOL_SYSTEM, "%s: %s", path, strerror(errno));
    if (path != NULL && S_ISDIR(st.st_mode))
        named.table = path;
    else if (path != NULL)
        named.ldif = path;
    return tool_table_ask(path != NULL ? &named : options, table);
}

static int
run(int argc, char **argv)
{
    static const struct option options[] = {
        TOOL_TABLE_OPTIONS, TOOL_CONFIG_OPTION, TOOL_JSON_OPTION,
        TOOL_HELP_OPTION, { NULL, 0, NULL, 0 }
    };
    struct tool_options common = { 0 };
    struct tool_table before = { 0 }, after = { 0 };
    struct compared compared = { .diff = { &before, &after, NULL, NULL } };
    int option, status;

    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        (void)tool_take_option(&common, option, help, &status);
        if (status >= 0)
            return status;
    }
    if (argc - optind < 1 || argc - optind > 2)
        return tool_usage("diff", "one or two tables to compare, not %d",
                          argc - optind);
    status = open_table(&common, argc - optind == 2 ? argv[optind] : NULL,
                        &before);
    if (status == TOOL_DONE)
        status = open_table(&common, argv[argc - 1], &after);
    if (status == TOOL_DONE)
        status = compare_tables(&compared);
    if (status == TOOL_DONE)
        status = print(&compared, common.json);
    clear(&compared);
    tool_table_close(&before);
    tool_table_close(&after);
    return status;
}

const struct tool_command tool_diff = {
    "diff", "compare two tables, and what they allow", run
};
