/* tools/trustrealm/diff_compare.c - differences of two tables */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "diff.h"
#include "trustrealm_err.h"

struct compared {
    struct diff diff;           /* at the entry being compared */
    bool only_new;              /* second pass: the old ones are done */
    void (*each)(const struct difference *difference, void *arg);
    void *arg;
};

/* --- one entry ----------------------------------------------------------- */

static void
tell(const struct compared *compared, enum diff_access access,
     const char *attribute, const char *old, const char *new)
{
    const struct diff *diff = &compared->diff;
    const struct tr_record *record = diff->new != NULL ? diff->new :
        diff->old;
    char *name = tool_record_name(record);
    const struct difference difference = {
        access, tool_record_kind(record), name, attribute, old, new,
        diff->old == NULL || diff->new == NULL
    };

    compared->each(&difference, compared->arg);
    free(name);
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

/* Is there a difference between them, be it to what holds without a value? */
static bool
differ(const char *name, const char *was, const char *is)
{
    const char *usual = diff_usual(name);

    was = was != NULL ? was : usual;
    is = is != NULL ? is : usual;
    return was == NULL || is == NULL || strcmp(was, is) != 0;
}

static void
compare_values(struct compared *compared, const char *name,
               const struct tr_attribute *old, const struct tr_attribute *new)
{
    const char *was, *is;
    size_t i;

    if (diff_is_single(name)) {     /* of a limit, the one that holds */
        was = old == NULL ? NULL : old->values[0];
        is = new == NULL ? NULL : new->values[0];
        if (differ(name, was, is))
            tell(compared, diff_access(&compared->diff, name, was, is), name,
                 was, is);
        return;
    }
    for (i = 0; old != NULL && i < old->nvalues; i++) {
        was = old->values[i];
        is = find_value(new, name, was);
        if (is == NULL || strcmp(was, is) != 0)
            tell(compared, diff_access(&compared->diff, name, was, is), name,
                 was, is);
    }
    for (i = 0; new != NULL && i < new->nvalues; i++) {
        is = new->values[i];
        if (find_value(old, name, is) == NULL)
            tell(compared, diff_access(&compared->diff, name, NULL, is), name,
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

    tell(compared, access, "entry", came ? NULL : "present",
         came ? "present" : NULL);
    for (i = 0; i < entry->nattributes; i++) {
        attribute = &entry->attributes[i];
        for (j = 0; j < attribute->nvalues; j++)
            tell(compared, access, attribute->name,
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

krb5_error_code
diff_tables(const struct tool_table *before, const struct tool_table *after,
            void (*each)(const struct difference *difference, void *arg),
            void *arg)
{
    struct compared compared = { { before, after, NULL, NULL }, false, each,
                                 arg };
    enum tr_record_type type;
    krb5_error_code ret = 0;

    for (type = TR_RECORD_REALM; type <= TR_RECORD_MAP && ret == 0; type++)
        ret = tr_view_each(before->view, type, compare_next, &compared);
    compared.only_new = true;
    for (type = TR_RECORD_REALM; type <= TR_RECORD_MAP && ret == 0; type++)
        ret = tr_view_each(after->view, type, compare_next, &compared);
    return ret;
}
