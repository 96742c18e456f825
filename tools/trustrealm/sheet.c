/* tools/trustrealm/sheet.c - rows for people, for pipes, and JSON */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "trustrealm.h"

#define MAX_COLUMNS 8

struct tool_sheet {
    const char *const *columns;
    size_t ncolumns;
    size_t widths[MAX_COLUMNS];
    char ***rows;
    size_t nrows;
};

bool
tool_for_people(void)
{
    return isatty(STDOUT_FILENO);
}

void
tool_line(const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = tool_vformat(format, args);
    va_end(args);
    puts(tool_printable(text));
    free(text);
}

struct tool_sheet *
tool_sheet_create(const char *const *columns)
{
    struct tool_sheet *sheet = tool_must(calloc(1, sizeof(*sheet)));

    sheet->columns = columns;
    while (columns[sheet->ncolumns] != NULL &&
           sheet->ncolumns < MAX_COLUMNS) {
        sheet->widths[sheet->ncolumns] = strlen(columns[sheet->ncolumns]);
        sheet->ncolumns++;
    }
    return sheet;
}

void
tool_sheet_add(struct tool_sheet *sheet, const char *const *cells)
{
    char **row = tool_must(calloc(sheet->ncolumns, sizeof(*row)));
    size_t i;

    for (i = 0; i < sheet->ncolumns; i++) {
        /* An empty cell would be lost on whoever splits lines at blanks. */
        row[i] = tool_printable(tool_copy(
            cells[i] != NULL && *cells[i] != '\0' ? cells[i] : "-"));
        if (strlen(row[i]) > sheet->widths[i])
            sheet->widths[i] = strlen(row[i]);
    }
    sheet->rows = tool_grow(sheet->rows, sheet->nrows, sizeof(*sheet->rows));
    sheet->rows[sheet->nrows++] = row;
}

static void
print_row(const struct tool_sheet *sheet, const char *const *cells,
          bool people)
{
    size_t i;

    for (i = 0; i < sheet->ncolumns; i++) {
        if (i + 1 == sheet->ncolumns)
            printf("%s\n", cells[i]);
        else if (people)
            printf("%-*s  ", (int)sheet->widths[i], cells[i]);
        else
            printf("%s\t", cells[i]);
    }
}

void
tool_sheet_print(struct tool_sheet *sheet)
{
    bool people = tool_for_people();
    size_t i, j;

    if (people && sheet->nrows > 0)
        print_row(sheet, sheet->columns, true);
    for (i = 0; i < sheet->nrows; i++) {
        print_row(sheet, (const char *const *)sheet->rows[i], people);
        for (j = 0; j < sheet->ncolumns; j++)
            free(sheet->rows[i][j]);
        free(sheet->rows[i]);
    }
    free(sheet->rows);
    free(sheet);
}

json_t *
tool_json_text(const char *text)
{
    json_t *value = json_string(text);

    return value != NULL ? value : json_string("(not UTF-8)");
}

int
tool_json_print(json_t *value, int status)
{
    if (value == NULL ||
        json_dumpf(value, stdout, JSON_INDENT(2)) != 0)
        status = tool_fail(TOOL_SYSTEM, "JSON cannot be written");
    else
        putchar('\n');
    json_decref(value);
    return status;
}

/* --- JSON as rows -------------------------------------------------------- */

static void add_value(struct tool_sheet *sheet, const char *key,
                      const json_t *value);

static void
add_members(struct tool_sheet *sheet, const char *key, const json_t *object)
{
    const char *name;
    json_t *value;
    char *path;

    json_object_foreach((json_t *)object, name, value) {
        path = tool_format("%s%s%s", key, *key == '\0' ? "" : ".", name);
        add_value(sheet, path, value);
        free(path);
    }
}

/* People read times, not seconds since 1970. */
static bool
is_time(const char *key, const json_t *value)
{
    const char *dot = strrchr(key, '.'), *name = dot != NULL ? dot + 1 : key;

    return json_is_integer(value) && tool_for_people() &&
        (strcmp(name, "started") == 0 || strcmp(name, "fresh") == 0 ||
         strcmp(name, "end") == 0);
}

/* One row for each value that is no object: "table.age". */
static void
add_value(struct tool_sheet *sheet, const char *key, const json_t *value)
{
    char when[TOOL_TIME_LENGTH], *text;

    if (json_is_object(value)) {
        add_members(sheet, key, value);
        return;
    }
    if (is_time(key, value)) {
        tool_format_time(json_integer_value(value), when);
        tool_sheet_add(sheet, (const char *[]){ key, when });
        return;
    }
    text = json_is_string(value) ? tool_copy(json_string_value(value)) :
        tool_must(json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT));
    tool_sheet_add(sheet, (const char *[]){ key, text });
    free(text);
}

void
tool_json_rows(json_t *object)
{
    static const char *const columns[] = { "KEY", "VALUE", NULL };
    struct tool_sheet *sheet = tool_sheet_create(columns);

    add_members(sheet, "", object);
    tool_sheet_print(sheet);
    json_decref(object);
}
