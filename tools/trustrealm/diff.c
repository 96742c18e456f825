/* tools/trustrealm/diff.c - trustrealm diff: what is different in a table? */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "diff.h"

static const char help[] =
"usage: trustrealm diff [OLD] NEW [OPTION...]\n"
"\n"
"Compare two tables by entry and attribute, and say of each difference\n"
"whether it widens access, narrows it or changes it.  OLD and NEW are LDIF\n"
"files, or directories of tables; without OLD, the old one is the table that\n"
"other commands read.  To see what has changed since then, name an earlier\n"
"table as OLD and today's as NEW.\n"
"\n"
TOOL_TABLE_HELP
"  --json                 print JSON\n"
"  -c, --config FILE      configuration of trustrealmd\n"
"\n"
"Into a pipe: access (widens, narrows, changes), kind, name, attribute\n"
"(entry when it came or went as a whole), old value, new value.\n"
"\n"
"exit status: 0 no difference, 1 differences, 2 usage, 3 system error\n";

/* As it was found, its strings copied. */
struct found {
    size_t number;
    const char *access, *kind;
    char *name, *attribute, *old, *new;
};

struct compared {
    struct tool_table before, after;
    struct found *list;
    size_t n;
};

static void
take(const struct difference *difference, void *arg)
{
    static const char *const words[] = { "changes", "widens", "narrows" };
    struct compared *compared = arg;

    compared->list = tool_grow(compared->list, compared->n,
                               sizeof(*compared->list));
    compared->list[compared->n] = (struct found){
        compared->n, words[difference->access], difference->kind,
        tool_copy(difference->name), tool_copy(difference->attribute),
        tool_copy(difference->old), tool_copy(difference->new)
    };
    compared->n++;
}

/* --- output -------------------------------------------------------------- */

/* By kind and name; what belongs to one entry stays as it came. */
static int
compare_differences(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
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
    const struct found *one;
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
    const struct found *one;
    size_t i;

    for (i = 0; i < compared->n; i++) {
        one = &compared->list[i];
        tool_sheet_add(sheet, (const char *[]){
            one->access, one->kind, one->name, one->attribute,
            one->old, one->new });
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
            "old", tool_table_json(&compared->before),
            "new", tool_table_json(&compared->after)), status);
    print_rows(compared);
    return status;
}

static void
clear(struct compared *compared)
{
    struct found *one;
    size_t i;

    for (i = 0; i < compared->n; i++) {
        one = &compared->list[i];
        free(one->name);
        free(one->attribute);
        free(one->old);
        free(one->new);
    }
    free(compared->list);
    tool_table_close(&compared->before);
    tool_table_close(&compared->after);
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
    static const struct tool_syntax syntax = {
        .command = "diff", .help = help, .has = TOOL_HAS_TABLES, .words = true
    };
    static const struct tool_option own[] = { TOOL_NO_MORE };
    struct tool_options common = { 0 };
    struct compared compared = { .n = 0 };
    krb5_error_code ret;
    int status;

    status = tool_parse(&syntax, own, argc, argv, &common);
    if (status >= 0)
        return status;
    if (argc - optind < 1 || argc - optind > 2)
        return tool_usage("diff", "one or two tables to compare, not %d",
                          argc - optind);
    status = open_table(&common, argc - optind == 2 ? argv[optind] : NULL,
                        &compared.before);
    if (status == TOOL_DONE)
        status = open_table(&common, argv[argc - 1], &compared.after);
    if (status == TOOL_DONE) {
        ret = diff_tables(&compared.before, &compared.after, take, &compared);
        if (ret)
            status = tool_fail(TOOL_SYSTEM, "%s", error_message(ret));
    }
    if (status == TOOL_DONE)
        status = print(&compared, common.json);
    clear(&compared);
    return status;
}

const struct tool_command tool_diff = {
    "diff", "compare two tables, and what they allow", run
};
