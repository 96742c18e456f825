/* tests/fuzz/fuzz_edit.c - LDIF files that are edited: the rest stays */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdarg.h>
#include <string.h>
#include "fuzz.h"
#include "ldif_text.h"

/* --- of the tool --------------------------------------------------------- */

int
tool_fail(int status, const char *format, ...)
{
    return status;
}

void *
tool_must(void *memory)
{
    PROMISE(memory != NULL);
    return memory;
}

void *
tool_grow(void *items, size_t n, size_t size)
{
    return (n & (n - 1)) != 0 ? items :
        tool_must(realloc(items, (n == 0 ? 1 : 2 * n) * size));
}

char *
tool_format(const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    PROMISE(vasprintf(&text, format, args) >= 0);
    va_end(args);
    return text;
}

char *
tool_copy(const char *text)
{
    return text == NULL ? NULL : tool_must(strdup(text));
}

/* --- edits --------------------------------------------------------------- */

static struct ldif_text
parse(char *text, size_t length)
{
    struct ldif_text ldif = { .path = "", .text = text, .length = length };

    PROMISE(ldif_text_parse(&ldif) == TOOL_DONE);
    return ldif;
}

static size_t
count_entries(const struct ldif_text *ldif)
{
    size_t i, n = 0;

    for (i = 0; i < ldif->nblocks; i++)
        n += ldif->blocks[i].entry != NULL;
    return n;
}

/* The file after a change, which leaves so many entries; wanted, if not NULL,
 * is the one of this block then (of the last one: (size_t)-1). */
static void
change(const struct ldif_text *ldif, const struct tool_change *change,
       size_t entries, size_t block, struct tool_entry *wanted)
{
    struct tool_change difference = { .before = wanted };
    struct ldif_text after;
    size_t length;
    char *text;
    int status;

    status = ldif_text_change(ldif, change, 1, &text, &length);
    if (status == TOOL_NO && change->before == NULL)
        return;                 /* it is there already */
    PROMISE(status == TOOL_DONE);
    text = tool_must(realloc(text, length + 1));
    text[length] = '\0';
    after = parse(text, length);
    PROMISE(count_entries(&after) == entries);
    if (wanted != NULL) {
        if (block == (size_t)-1)
            block = after.nblocks - 1;
        difference.after = after.blocks[block].entry;
        PROMISE(difference.after != NULL &&
                !tool_change_differs(&difference));
    }
    ldif_text_clear(&after);
    free(text);
}

static void
change_nothing(const struct ldif_text *ldif)
{
    size_t length;
    char *text;

    PROMISE(ldif_text_change(ldif, NULL, 0, &text, &length) == TOOL_DONE);
    PROMISE(length == ldif->length && memcmp(text, ldif->text, length) == 0);
    free(text);
}

/* A new entry, a new value in the first one, and without that. */
static void
edit(const struct ldif_text *ldif)
{
    struct tool_entry *entry = tool_entry_create("cn=new,dc=fuzz"), *first;
    size_t i, n = count_entries(ldif);

    change_nothing(ldif);
    tool_entry_add(entry, "cn", "new");
    tool_entry_add(entry, "description", " a value\nof two lines ");
    change(ldif, &(struct tool_change){ .after = entry }, n + 1, (size_t)-1,
           entry);
    tool_entry_free(entry);
    for (i = 0; i < ldif->nblocks && ldif->blocks[i].entry == NULL; i++)
        ;
    if (i == ldif->nblocks)
        return;
    first = ldif->blocks[i].entry;
    change(ldif, &(struct tool_change){ .before = first }, n - 1, 0, NULL);
    entry = tool_entry_copy(first);
    tool_entry_add(entry, "description", "another value");
    change(ldif, &(struct tool_change){ .before = first, .after = entry }, n,
           i, entry);
    tool_entry_free(entry);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length)
{
    struct ldif_text ldif = { .path = "", .length = length };

    ldif.text = tool_must(malloc(length + 1));
    memcpy(ldif.text, octets, length);
    ldif.text[length] = '\0';
    if (ldif_text_parse(&ldif) == TOOL_DONE)
        edit(&ldif);
    ldif_text_clear(&ldif);
    free(ldif.text);
    return 0;
}
