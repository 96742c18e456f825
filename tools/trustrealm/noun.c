/* tools/trustrealm/noun.c - find, change and place the entry of a noun */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "noun.h"
#include "text.h"

/* What a name looks like, if it was asked for by less. */
static const char *
missing_part(const struct noun_call *call)
{
    switch (call->noun->type) {
    case TR_RECORD_CLEARANCE:
        return strchr(call->name, '@') == NULL ? ": a user is NAME@REALM" : "";
    case TR_RECORD_MAP:
        return strchr(call->name, '/') == NULL ?
            ": a label map is REALM/FORMAT" : "";
    default:
        return "";
    }
}

int
noun_lacks(const struct noun_call *call, struct tool_directory *directory)
{
    struct tool_entries all = { 0 };
    char *text;

    (void)tool_directory_read(directory, &all);
    text = tool_entries_suggest(&all, call->noun->type, call->name);
    tool_fail(TOOL_NO, "there is no %s %s in %s%s%s", call->noun->title,
              call->name, tool_directory_name(directory), text,
              *text == '\0' ? missing_part(call) : "");
    free(text);
    tool_entries_clear(&all);
    return TOOL_NO;
}

int
noun_find(const struct noun_call *call, struct tool_directory *directory,
          struct tool_entry **entry_out)
{
    int status = TOOL_NO;

    /* A server would find all maps of a trust realm. */
    if (call->noun->type != TR_RECORD_MAP || *missing_part(call) == '\0')
        status = tool_directory_find(directory, call->noun->type, call->name,
                                     entry_out);
    return status == TOOL_NO ? noun_lacks(call, directory) : status;
}

int
noun_begin(const struct noun_call *call, struct tool_work *work,
           struct tool_entry **entry_out)
{
    int status;

    status = tool_work_open(&call->options, work);
    if (status != TOOL_DONE)
        return status;
    *entry_out = tool_entries_find(&work->entries, call->noun->type,
                                   call->name);
    if (*entry_out == NULL)
        return noun_lacks(call, work->directory);
    return TOOL_DONE;
}

/* --- values -------------------------------------------------------------- */

static bool
same_octets(const char *a, size_t a_length, const char *b, size_t b_length)
{
    return a_length == b_length && strncasecmp(a, b, a_length) == 0;
}

/* Without case, and several blanks are one. */
static bool
same_words(const char *a, const char *b)
{
    size_t m, n;

    do {
        a += strspn(a, " ");
        b += strspn(b, " ");
        m = strcspn(a, " ");
        n = strcspn(b, " ");
        if (!same_octets(a, m, b, n))
            return false;
        a += m;
        b += n;
    } while (m > 0);
    return true;
}

/* As the directory compares them (doc/SCHEMA). */
static bool
same_value(enum noun_kind kind, const char *a, const char *b)
{
    switch (kind) {
    case NOUN_EXACT:
    case NOUN_PAIR:
        return strcmp(a, b) == 0;
    case NOUN_DN:
        return tool_dn_same(a, b);
    default:
        return same_words(a, b);
    }
}

bool
noun_identifies(enum noun_kind kind, const char *wanted, const char *value)
{
    static const char blanks[] = " \t=";
    size_t a = strcspn(wanted, blanks), b = strcspn(value, blanks);
    const char *wanted_rest, *value_rest;

    if (same_value(kind, wanted, value))
        return true;
    if (kind == NOUN_PAIR)
        return a == b && strncmp(wanted, value, a) == 0;
    if (kind != NOUN_KEYED && kind != NOUN_NAMED)
        return false;
    if (same_octets(wanted, a, value, b))
        return true;
    if (kind == NOUN_KEYED)
        return false;
    /* By the name alone, or by the one in "NUMBER NAME". */
    value_rest = value + b + strspn(value + b, blanks);
    wanted_rest = wanted + a + strspn(wanted + a, blanks);
    return strcasecmp(*wanted_rest == '\0' ? wanted : wanted_rest,
                      value_rest) == 0;
}

static bool
has_several(const struct noun_field *field)
{
    return field->kind >= NOUN_WORDS;
}

/* Whether it is one word, which identifies a value by what it has. */
static bool
is_word(const char *text)
{
    return text[strcspn(text, " \t=")] == '\0';
}

/* Remove what wanted identifies, or is with exact; false when there is
 * none. */
static bool
take_out(struct tool_entry *entry, const struct noun_field *field,
         const char *wanted, bool exact)
{
    char *const *values;
    bool found = false;
    size_t i, n;

    values = tool_entry_values(entry, field->attribute, &n);
    for (i = n; i-- > 0;) {
        if (wanted == NULL ||
            (exact ? same_value(field->kind, wanted, values[i]) :
             noun_identifies(field->kind, wanted, values[i]))) {
            tool_entry_remove(entry, field->attribute, values[i]);
            values = tool_entry_values(entry, field->attribute, &n);
            found = true;
        }
    }
    return found;
}

/* It is there and, of a limit's, the one that holds. */
static bool
is_set(const struct tool_entry *entry, const struct noun_field *field,
       const char *value)
{
    return tool_entry_has(entry, field->attribute, value) &&
        (has_several(field) ||
         strcmp(tool_limit_holds(entry, field->attribute), value) == 0);
}

void
noun_put(struct tool_entry *entry, const struct noun_field *field,
         const char *value)
{
    if (is_set(entry, field, value))
        return;
    (void)take_out(entry, field, has_several(field) ? value : NULL, false);
    tool_entry_add(entry, field->attribute, value);
}

int
noun_take(const struct noun_call *call, struct tool_entry *entry)
{
    const struct noun_given *given;
    size_t i;

    for (i = 0; i < call->ngiven; i++) {
        given = &call->given[i];
        if (!given->unset)
            noun_put(entry, given->field, given->value);
        else if (!take_out(entry, given->field, given->value,
                           given->value != NULL && !is_word(given->value)) &&
                 given->value != NULL)
            return tool_fail(TOOL_NO, "%s has no %s %s", call->name,
                             given->field->option, given->value);
    }
    for (i = 0; i < call->ngiven; i++) {
        given = &call->given[i];
        if (!given->unset && !tool_entry_has(entry, given->field->attribute,
                                             given->value))
            return tool_usage(call->command, "--%s \"%s\" is undone by a later "
                              "option", given->field->option, given->value);
    }
    return TOOL_DONE;
}

const char *
noun_keyed(const struct tool_entry *entry, const char *attribute,
           const char *key)
{
    char *const *values;
    size_t i, n;

    values = tool_entry_values(entry, attribute, &n);
    for (i = 0; i < n; i++) {
        if (noun_identifies(NOUN_KEYED, key, values[i]))
            return values[i];
    }
    return NULL;
}

/* --- places -------------------------------------------------------------- */

/* What all entries of the type are below; NULL when they have no one place.
 * Accounts of users are not ours to make. */
static char *
common_parent(const struct tool_work *work, enum tr_record_type type)
{
    char *common = NULL, *parent;
    size_t i;

    for (i = 0; i < work->entries.n; i++) {
        if (work->entries.list[i]->type != type ||
            type == TR_RECORD_CLEARANCE)
            continue;
        parent = tool_dn_parent(work->entries.list[i]->dn);
        if (parent != NULL &&
            (common == NULL || tool_dn_same(common, parent))) {
            free(common);
            common = parent;
            continue;
        }
        free(parent);
        free(common);
        return NULL;
    }
    return common;
}

char *
noun_parent(const struct noun_call *call, struct tool_work *work)
{
    const char *base = tool_directory_base(work->directory);
    char *parent, *missing = NULL;

    if (call->parent != NULL)
        return tool_copy(call->parent);
    parent = common_parent(work, call->noun->type);
    if (parent != NULL)
        return parent;
    if (base == NULL) {
        tool_usage(call->command, "where to put it is not known: --parent or "
                   "--base is missing");
        return NULL;
    }
    parent = tool_dn_below(base, "ou", call->noun->unit);
    if (tool_work_container(work, parent, &missing) == TOOL_DONE)
        return parent;
    if (missing != NULL)
        tool_fail(TOOL_NO, "there is no entry %s", missing);
    free(missing);
    free(parent);
    return NULL;
}
