/* tools/trustrealm/suggest.c - the name that was probably meant */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "directory.h"

enum { WHOLE_PARTS, BEGINS, MISSPELT };     /* and more: the more wrong */

#define MOST_WRONG 2            /* letters */
#define MAX_LENGTH 255

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool
same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* How many letters have to be added, left out, replaced, or exchanged with
 * the next one, to make b of a; b has length letters. */
static size_t
distance(const char *a, const char *b, size_t length)
{
    size_t rows[3][MAX_LENGTH + 1], *before = rows[0], *above = rows[1];
    size_t *row = rows[2], *next, i, j;

    for (j = 0; j <= length; j++)
        above[j] = j;
    for (i = 1; a[i - 1] != '\0'; i++) {
        row[0] = i;
        for (j = 1; j <= length; j++) {
            row[j] = least(least(above[j], row[j - 1]) + 1,
                           above[j - 1] + !same(a[i - 1], b[j - 1]));
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
                same(a[i - 2], b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
        next = before;
        before = above;
        above = row;
        row = next;
    }
    return above[length];
}

/* The length of as many parts of name as asked has. */
static size_t
length_of_parts(const char *name, const char *asked)
{
    static const char between[] = ".@/";
    size_t parts = 1, length = 0;

    for (; *asked != '\0'; asked++)
        parts += strchr(between, *asked) != NULL;
    while (parts-- > 0 && name[length] != '\0')
        length += strcspn(name + length, between) + (parts > 0 ? 1 : 0);
    return least(length, strlen(name));
}

/* How far asked is from name; -1 when it is another one. */
static int
unlikeness(const char *asked, const char *name)
{
    size_t length = strlen(asked), parts = length_of_parts(name, asked);
    size_t wrong;

    if (length == 0 || length > MAX_LENGTH || parts > MAX_LENGTH)
        return -1;
    if (strncasecmp(asked, name, length) == 0)
        return length == parts ? WHOLE_PARTS : BEGINS;
    wrong = distance(asked, name, parts);
    return wrong <= least(MOST_WRONG, (length + 1) / 4) ?
        MISSPELT + (int)wrong : -1;
}

void
tool_suggest(struct tool_suggestion *suggestion, const char *name)
{
    int unlike = unlikeness(suggestion->asked, name);

    if (unlike < 0 || (suggestion->found != NULL &&
                       (unlike > suggestion->unlike ||
                        strcmp(suggestion->found, name) == 0)))
        return;
    suggestion->several = suggestion->found != NULL &&
        unlike == suggestion->unlike;
    suggestion->unlike = unlike;
    free(suggestion->found);
    suggestion->found = tool_copy(name);
}

char *
tool_suggest_text(struct tool_suggestion *suggestion)
{
    char *text = suggestion->found == NULL || suggestion->several ?
        tool_copy("") : tool_format("; did you mean %s?", suggestion->found);

    free(suggestion->found);
    suggestion->found = NULL;
    suggestion->several = false;
    return text;
}

char *
tool_entries_suggest(const struct tool_entries *entries,
                     enum tr_record_type type, const char *name)
{
    struct tool_suggestion suggestion = { .asked = name };
    size_t i;

    for (i = 0; i < entries->n; i++) {
        if (entries->list[i]->type == type && entries->list[i]->name != NULL)
            tool_suggest(&suggestion, entries->list[i]->name);
    }
    return tool_suggest_text(&suggestion);
}

static krb5_error_code
consider(const struct tr_record *record, void *arg)
{
    tool_suggest(arg, record->u.system.name);
    return 0;
}

char *
tool_table_suggest(const struct tool_table *table, const char *system)
{
    struct tool_suggestion suggestion = { .asked = system };

    (void)tr_view_each(table->view, TR_RECORD_SYSTEM, consider, &suggestion);
    return tool_suggest_text(&suggestion);
}

int
tool_table_lacks(const struct tool_table *table, const char *system)
{
    char *text = tool_table_suggest(table, system);

    tool_fail(TOOL_NO, "%s is not in the table%s", system, text);
    free(text);
    return TOOL_NO;
}

int
tool_table_lacks_realm(const struct tool_table *table, const char *realm)
{
    struct tool_suggestion suggestion = { .asked = realm };
    size_t i;
    char *text;

    for (i = 0; i < tr_view_realms(table->view); i++)
        tool_suggest(&suggestion,
                     tr_view_realm_at(table->view, i)->record->name);
    text = tool_suggest_text(&suggestion);
    tool_fail(TOOL_NO, "there is no trust realm %s%s", realm, text);
    free(text);
    return TOOL_NO;
}
