/* tools/trustrealm/entry.c - entries of a directory, to be changed */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <ldap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "directory.h"
#include "record_class.h"
#include "text.h"

static void
remove_at(struct tr_attribute *found, size_t place)
{
    char **values = (char **)found->values;

    free(values[place]);
    found->nvalues--;
    memmove(values + place, values + place + 1,
            (found->nvalues - place) * sizeof(*values));
}

static void
remove_all(struct tr_attribute *found)
{
    while (found->nvalues > 0)
        remove_at(found, found->nvalues - 1);
}

struct tool_entry *
tool_entry_create(const char *dn)
{
    struct tool_entry *entry = tool_must(calloc(1, sizeof(*entry)));

    entry->dn = tool_copy(dn);
    entry->name = tool_copy("");
    return entry;
}

struct tool_entry *
tool_entry_copy(const struct tool_entry *entry)
{
    struct tool_entry *copy = tool_entry_create(entry->dn);
    const struct tr_attribute *attribute;
    size_t i, j;

    for (i = 0; i < entry->nattributes; i++) {
        attribute = &entry->attributes[i];
        for (j = 0; j < attribute->nvalues; j++)
            tool_entry_add(copy, attribute->name, attribute->values[j]);
    }
    copy->why = tool_copy(entry->why);
    tool_entry_identify(copy);
    return copy;
}

void
tool_entry_free(struct tool_entry *entry)
{
    size_t i;

    if (entry == NULL)
        return;
    for (i = 0; i < entry->nattributes; i++) {
        remove_all(&entry->attributes[i]);
        free((char **)entry->attributes[i].values);
        free((char *)entry->attributes[i].name);
    }
    free(entry->attributes);
    free(entry->dn);
    free(entry->csn);
    free(entry->why);
    free(entry->name);
    free(entry);
}

/* --- what it is ---------------------------------------------------------- */

static enum tr_record_type
find_type(const struct tool_entry *entry)
{
    const struct tr_class *class;
    char *const *values;
    size_t i, n;

    values = tool_entry_values(entry, "objectClass", &n);
    for (i = 0; i < n; i++) {
        class = tr_class_find(values[i]);
        if (class != NULL)
            return class->type;
    }
    return 0;
}

void
tool_entry_identify(struct tool_entry *entry)
{
    const char *name = NULL, *format;

    free(entry->name);
    entry->name = NULL;
    entry->type = find_type(entry);
    if (entry->type == TR_RECORD_MAP) {
        name = tool_entry_value(entry, "trRealmName");
        format = tool_entry_value(entry, "trFormat");
        if (name != NULL && format != NULL)
            entry->name = tool_format("%s/%s", name, format);
    } else if (entry->type == TR_RECORD_CLEARANCE) {
        name = tool_entry_value(entry, "trPrincipal");
        entry->name = tool_copy(name);
    } else if (entry->type != 0) {
        entry->name = tool_copy(tool_entry_value(entry, "cn"));
    }
    if (entry->name == NULL)
        entry->name = tool_copy("");
    if (entry->type != TR_RECORD_CLEARANCE)
        tr_text_lower(entry->name);
}

/* --- its values ---------------------------------------------------------- */

static struct tr_attribute *
find_attribute(const struct tool_entry *entry, const char *name)
{
    size_t i;

    for (i = 0; i < entry->nattributes; i++) {
        if (tr_text_compare(entry->attributes[i].name, name) == 0)
            return &entry->attributes[i];
    }
    return NULL;
}

char *const *
tool_entry_values(const struct tool_entry *entry, const char *attribute,
                  size_t *n_out)
{
    const struct tr_attribute *found = find_attribute(entry, attribute);

    *n_out = found == NULL ? 0 : found->nvalues;
    return found == NULL ? NULL : found->values;
}

const char *
tool_entry_value(const struct tool_entry *entry, const char *attribute)
{
    const struct tr_attribute *found = find_attribute(entry, attribute);

    return found == NULL || found->nvalues == 0 ? NULL : found->values[0];
}

/* The place of value among found's, or how many there are. */
static size_t
place_of(const struct tr_attribute *found, const char *value)
{
    size_t i;

    for (i = 0; i < found->nvalues; i++) {
        if (strcmp(found->values[i], value) == 0)
            break;
    }
    return i;
}

bool
tool_entry_has(const struct tool_entry *entry, const char *attribute,
               const char *value)
{
    const struct tr_attribute *found = find_attribute(entry, attribute);

    return found != NULL && place_of(found, value) < found->nvalues;
}

bool
tool_entry_has_dn(const struct tool_entry *entry, const char *attribute,
                  const char *dn)
{
    char *const *values;
    size_t i, n;

    values = tool_entry_values(entry, attribute, &n);
    for (i = 0; i < n; i++) {
        if (tool_dn_same(values[i], dn))
            return true;
    }
    return false;
}

static struct tr_attribute *
make_attribute(struct tool_entry *entry, const char *name)
{
    struct tr_attribute *found = find_attribute(entry, name);

    if (found != NULL)
        return found;
    entry->attributes = tool_grow(entry->attributes, entry->nattributes,
                                  sizeof(*entry->attributes));
    found = &entry->attributes[entry->nattributes++];
    memset(found, 0, sizeof(*found));
    found->name = tool_copy(name);
    return found;
}

void
tool_entry_add_octets(struct tool_entry *entry, const char *attribute,
                      const char *value, size_t length)
{
    struct tr_attribute *found;
    char **values;

    if (memchr(value, '\0', length) != NULL) {
        if (entry->why == NULL && tr_class_attribute(attribute) != NULL)
            entry->why = tool_format("%s: a value has a NUL in it",
                                     attribute);
        return;
    }
    found = make_attribute(entry, attribute);
    values = tool_grow((char **)found->values, found->nvalues,
                       sizeof(*values));
    values[found->nvalues++] = tool_must(strndup(value, length));
    found->values = values;
}

void
tool_entry_add(struct tool_entry *entry, const char *attribute,
               const char *value)
{
    tool_entry_add_octets(entry, attribute, value, strlen(value));
}

void
tool_entry_remove(struct tool_entry *entry, const char *attribute,
                  const char *value)
{
    struct tr_attribute *found = find_attribute(entry, attribute);
    size_t place;

    if (found == NULL)
        return;
    if (value == NULL) {
        remove_all(found);
        return;
    }
    place = place_of(found, value);
    if (place < found->nvalues)
        remove_at(found, place);
}

/* --- names --------------------------------------------------------------- */

char *
tool_dn_canonical(const char *dn)
{
    LDAPDN parsed = NULL;
    char *text = NULL, *copy = NULL;

    if (ldap_str2dn(dn, &parsed, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS &&
        ldap_dn2str(parsed, &text, LDAP_DN_FORMAT_LDAPV3 |
                    LDAP_DN_PRETTY) == LDAP_SUCCESS) {
        copy = tool_copy(text);
        tr_text_lower(copy);
    }
    ldap_memfree(text);
    ldap_dnfree(parsed);
    return copy;
}

bool
tool_dn_same(const char *a, const char *b)
{
    char *x = tool_dn_canonical(a), *y = tool_dn_canonical(b);
    bool same = x != NULL && y != NULL && strcmp(x, y) == 0;

    free(x);
    free(y);
    return same;
}

char *
tool_dn_parent(const char *dn)
{
    LDAPDN parsed = NULL;
    char *text = NULL, *parent = NULL;

    if (ldap_str2dn(dn, &parsed, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS &&
        parsed != NULL && parsed[0] != NULL &&
        ldap_dn2str(parsed + 1, &text, LDAP_DN_FORMAT_LDAPV3) ==
        LDAP_SUCCESS)
        parent = tool_copy(text);
    ldap_memfree(text);
    ldap_dnfree(parsed);
    return parent;
}

bool
tool_dn_within(const char *dn, const char *base)
{
    char *at = tool_copy(dn), *up;
    bool within;

    while (at != NULL && !tool_dn_same(at, base)) {
        up = tool_dn_parent(at);
        free(at);
        at = up;
    }
    within = at != NULL;
    free(at);
    return within;
}

char *
tool_dn_unit(const char *dn)
{
    LDAPDN parsed = NULL;
    const LDAPAVA *ava = NULL;
    char *unit = NULL;

    if (ldap_str2dn(dn, &parsed, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS &&
        parsed != NULL && parsed[0] != NULL && parsed[0][1] == NULL)
        ava = parsed[0][0];
    if (ava != NULL && tr_text_compare(ava->la_attr.bv_val, "ou") == 0 &&
        (ava->la_flags & LDAP_AVA_BINARY) == 0)
        unit = tool_format("%.*s", (int)ava->la_value.bv_len,
                           ava->la_value.bv_val);
    ldap_dnfree(parsed);
    return unit;
}

char *
tool_dn_below(const char *parent, const char *attribute, const char *value)
{
    LDAPAVA ava = {
        .la_attr = { strlen(attribute), (char *)attribute },
        .la_value = { strlen(value), (char *)value },
        .la_flags = LDAP_AVA_STRING
    };
    LDAPAVA *rdn[] = { &ava, NULL };
    char *text = NULL, *dn;

    if (ldap_rdn2str(rdn, &text, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS)
        (void)tool_must(NULL);
    dn = tool_format("%s,%s", text, parent);
    ldap_memfree(text);
    return dn;
}

/* --- many of them -------------------------------------------------------- */

static int
compare_names(const struct tool_entry *a, const struct tool_entry *b)
{
    return a->type != b->type ? (a->type > b->type ? 1 : -1) :
        strcmp(a->name, b->name);
}

static int
compare_entries(const void *a, const void *b)
{
    const struct tool_entry *x = *(struct tool_entry *const *)a;
    const struct tool_entry *y = *(struct tool_entry *const *)b;
    int order = compare_names(x, y);

    return order != 0 ? order : tr_text_compare(x->dn, y->dn);
}

void
tool_entries_add(struct tool_entries *entries, struct tool_entry *entry)
{
    entries->list = tool_grow(entries->list, entries->n,
                              sizeof(*entries->list));
    entries->list[entries->n++] = entry;
}

void
tool_entries_sort(struct tool_entries *entries)
{
    if (entries->n > 0)
        qsort(entries->list, entries->n, sizeof(*entries->list),
              compare_entries);
}

struct tool_entry *
tool_entries_find(const struct tool_entries *entries,
                  enum tr_record_type type, const char *name)
{
    struct tool_entry wanted = { .type = type, .name = tool_copy(name) };
    struct tool_entry *found = NULL;
    size_t low = 0, high = entries->n, middle;

    if (type != TR_RECORD_CLEARANCE)
        tr_text_lower(wanted.name);
    /* The first of that name: several may claim it. */
    while (low < high) {
        middle = low + (high - low) / 2;
        if (compare_names(entries->list[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < entries->n && compare_names(entries->list[low], &wanted) == 0)
        found = entries->list[low];
    free(wanted.name);
    return found;
}

void
tool_entries_clear(struct tool_entries *entries)
{
    size_t i;

    for (i = 0; i < entries->n; i++)
        tool_entry_free(entries->list[i]);
    free(entries->list);
    memset(entries, 0, sizeof(*entries));
}

/* --- changes ------------------------------------------------------------- */

static void
note_difference(bool added, const char *attribute, const char *value,
                void *arg)
{
    *(bool *)arg = true;
}

bool
tool_change_differs(const struct tool_change *change)
{
    bool differs = false;

    tool_change_each(change, note_difference, &differs);
    return differs;
}

/* Values of attribute that one has and the other has not. */
static void
each_missing(const struct tool_entry *from, const struct tool_entry *in,
             const char *attribute, bool added,
             void (*each)(bool added, const char *attribute,
                          const char *value, void *arg), void *arg)
{
    char *const *values;
    size_t i, n = 0;

    values = from == NULL ? NULL : tool_entry_values(from, attribute, &n);
    for (i = 0; i < n; i++) {
        if (in == NULL || !tool_entry_has(in, attribute, values[i]))
            each(added, attribute, values[i], arg);
    }
}

void
tool_change_each(const struct tool_change *change,
                 void (*each)(bool added, const char *attribute,
                              const char *value, void *arg), void *arg)
{
    const struct tool_entry *before = change->before, *after = change->after;
    const char *name;
    size_t i;

    for (i = 0; before != NULL && i < before->nattributes; i++) {
        name = before->attributes[i].name;
        each_missing(before, after, name, false, each, arg);
        each_missing(after, before, name, true, each, arg);
    }
    for (i = 0; after != NULL && i < after->nattributes; i++) {
        name = after->attributes[i].name;
        if (before == NULL || find_attribute(before, name) == NULL)
            each_missing(after, before, name, true, each, arg);
    }
}
