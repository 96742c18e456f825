/* tools/trustrealm/sheet.c - rows for people, for pipes, and JSON */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "trustrealm.h"

#define MAX_COLUMNS 8
#define GAP 2                   /* between two of them */
#define LEAST 10                /* narrower, a cell is torn for nothing */

struct tool_sheet {
    const char *const *columns;
    size_t ncolumns;
    size_t widths[MAX_COLUMNS]; /* 0: not shown to people */
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

/* --- on a terminal ------------------------------------------------------- */

static bool
is_empty(const struct tool_sheet *sheet, size_t column)
{
    size_t i;

    for (i = 0; i < sheet->nrows; i++) {
        if (strcmp(sheet->rows[i][column], "-") != 0)
            return false;
    }
    return true;
}

void
tool_sheet_trim(struct tool_sheet *sheet)
{
    size_t i;

    for (i = 1; i < sheet->ncolumns; i++) {
        if (is_empty(sheet, i))
            sheet->widths[i] = 0;
    }
}

/* How wide all is, if no column but the first, which says what the row is
 * about, is wider than most. */
static size_t
width_with(const struct tool_sheet *sheet, size_t most)
{
    size_t i, sum = sheet->widths[0];

    for (i = 1; i < sheet->ncolumns; i++) {
        if (sheet->widths[i] > 0)
            sum += GAP + (sheet->widths[i] > most ? most : sheet->widths[i]);
    }
    return sum;
}

/* Make the widest columns narrower, and at last the first, until a terminal
 * has room for all.  One that does not say how wide it is has it, and two
 * columns may go on in its next line, from which they can be copied. */
static void
fit(struct tool_sheet *sheet)
{
    struct winsize size = { .ws_col = 0 };
    size_t i, most = 0;

    (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    if (size.ws_col == 0 || sheet->ncolumns < 3)
        return;
    for (i = 1; i < sheet->ncolumns; i++) {
        if (sheet->widths[i] > most)
            most = sheet->widths[i];
    }
    while (most > LEAST && width_with(sheet, most) > size.ws_col)
        most--;
    for (i = 1; i < sheet->ncolumns; i++) {
        if (sheet->widths[i] > most)
            sheet->widths[i] = most;
    }
    while (sheet->widths[0] > LEAST && width_with(sheet, most) > size.ws_col)
        sheet->widths[0]--;
}

/* How much of text goes into a line of width: to a blank or, without one, to
 * where a name has parts. */
static size_t
piece(const char *text, size_t width)
{
    static const char *const ends[] = { " ", ",", "/@", ":.-" };
    size_t i, j;

    if (strlen(text) <= width)
        return strlen(text);
    if (text[width] == ' ')
        return width;
    for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        for (j = width; j > 0; j--) {
            if (strchr(ends[i], text[j - 1]) != NULL)
                return j;
        }
    }
    for (j = width; j > 1 && ((unsigned char)text[j] & 0xc0) == 0x80; j--)
        ;                       /* not within a letter */
    return j;
}

/* One line of a row; cells move to what is left.  Is anything? */
static bool
print_line(const struct tool_sheet *sheet, const char **cells)
{
    size_t i, length, shown, blanks = 0;
    bool more = false;

    for (i = 0; i < sheet->ncolumns; i++) {
        if (sheet->widths[i] == 0)
            continue;
        length = shown = piece(cells[i], sheet->widths[i]);
        while (shown > 0 && cells[i][shown - 1] == ' ')
            shown--;
        if (shown > 0) {
            printf("%*s%.*s", (int)blanks, "", (int)shown, cells[i]);
            blanks = 0;
        }
        blanks += sheet->widths[i] + GAP - shown;
        cells[i] += length;
        cells[i] += strspn(cells[i], " ");
        more = more || *cells[i] != '\0';
    }
    putchar('\n');
    return more;
}

static void
print_people(const struct tool_sheet *sheet, const char *const *row)
{
    const char *cells[MAX_COLUMNS];

    memcpy(cells, row, sheet->ncolumns * sizeof(*cells));
    while (print_line(sheet, cells))
        ;
}

/* ------------------------------------------------------------------------- */

static void
print_pipe(const struct tool_sheet *sheet, const char *const *row)
{
    size_t i;

    for (i = 0; i < sheet->ncolumns; i++)
        printf("%s%c", row[i], i + 1 < sheet->ncolumns ? '\t' : '\n');
}

void
tool_sheet_print(struct tool_sheet *sheet)
{
    bool people = tool_for_people();
    size_t i, j;

    if (people && sheet->nrows > 0) {
        fit(sheet);
        print_people(sheet, sheet->columns);
    }
    for (i = 0; i < sheet->nrows; i++) {
        (people ? print_people : print_pipe)(
            sheet, (const char *const *)sheet->rows[i]);
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
