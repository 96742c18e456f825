/* realmdb/record.c - make records of directory entries */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Lists come out sorted, since a directory keeps values in no order: the same
 * entry always makes the same record.
 */

#include "config.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gathered.h"
#include "grant.h"
#include "record_class.h"
#include "text.h"
#include "trustrealm_err.h"

krb5_error_code
tr_entry_wrong(char **why_out, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (vasprintf(why_out, format, args) < 0)
        *why_out = NULL;
    va_end(args);
    return TRR_ENTRY;
}

/* Copy value as it can be shown in one line of a log. */
static void
showable(const char *value, char *buf, size_t size)
{
    size_t i;

    for (i = 0; i + 4 < size && value[i] != '\0'; i++)
        buf[i] = value[i] >= ' ' && value[i] <= '~' ? value[i] : '?';
    buf[i] = '\0';
    if (value[i] != '\0')
        memcpy(buf + i, "...", 4);
}

/* The only attribute of entry with that name; NULL when there is none. */
static krb5_error_code
find_attribute(const struct tr_entry *entry, const char *name,
               const struct tr_attribute **out, char **why_out)
{
    size_t i;

    *out = NULL;
    for (i = 0; i < entry->nattributes; i++) {
        if (tr_text_compare(entry->attributes[i].name, name) != 0 ||
            entry->attributes[i].nvalues == 0)
            continue;
        if (*out != NULL)
            return tr_entry_wrong(why_out, "%s: given twice", name);
        *out = &entry->attributes[i];
    }
    return 0;
}

/* The class of entry; NULL when it is none of ours. */
static krb5_error_code
find_class(const struct tr_entry *entry, const struct tr_class **out,
           char **why_out)
{
    krb5_error_code ret;
    const struct tr_attribute *attribute;
    const struct tr_class *class;
    size_t i;

    *out = NULL;
    ret = find_attribute(entry, "objectClass", &attribute, why_out);
    if (ret != 0 || attribute == NULL)
        return ret;
    for (i = 0; i < attribute->nvalues; i++) {
        class = tr_class_find(attribute->values[i]);
        if (class == NULL)
            continue;
        if (*out != NULL && *out != class)
            return tr_entry_wrong(why_out, "objectClass: both %s and %s",
                                    (*out)->name, class->name);
        *out = class;
    }
    return 0;
}

static krb5_error_code
take_value(const struct tr_field *field, const char *value, void *item,
           char **why_out)
{
    krb5_error_code ret;
    char shown[100];

    ret = field->parse(value, item);
    if (ret == 0 || ret == ENOMEM)
        return ret;
    showable(value, shown, sizeof(shown));
    return tr_entry_wrong(why_out, "%s: \"%s\": %s expected",
                          field->attribute, shown, field->expected);
}

static krb5_error_code
take_list(const struct tr_field *field, const struct tr_attribute *attribute,
          uint8_t *record, char **why_out)
{
    krb5_error_code ret;
    size_t i, n = attribute->nvalues;
    uint8_t *items;
    const char *name;
    char shown[100];

    if (n > field->maximum)
        return tr_entry_wrong(why_out, "%s: more than %zu values",
                              field->attribute, field->maximum);
    items = calloc(n, field->size);
    if (items == NULL)
        return ENOMEM;
    /* The record owns the list from here on, whatever is wrong in it. */
    memcpy(record + field->offset, &items, sizeof(items));
    memcpy(record + field->count, &n, sizeof(n));
    for (i = 0; i < n; i++) {
        ret = take_value(field, attribute->values[i], items + i * field->size,
                         why_out);
        if (ret)
            return ret;
    }
    qsort(items, n, field->size, field->compare);
    for (i = 1; field->named && i < n; i++) {
        if (field->compare(items + (i - 1) * field->size,
                           items + i * field->size) != 0)
            continue;
        memcpy(&name, items + i * field->size, sizeof(name));
        showable(name, shown, sizeof(shown));
        return tr_entry_wrong(why_out, "%s: \"%s\": given twice",
                              field->attribute, shown);
    }
    return 0;
}

struct ranked { const char *value; int64_t rank; };

static int
compare_ranks(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    return (x->rank > y->rank) - (x->rank < y->rank);
}

static int
compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Note those after the first, which has been taken. */
static krb5_error_code
take_wider(const struct tr_field *field, const struct ranked *ranked,
           size_t n, struct tr_realm_record *realm, char **why_out)
{
    char **wider, *text;
    size_t i;

    wider = reallocarray(realm->wider, realm->nwider + n, sizeof(*wider));
    if (wider == NULL)
        return ENOMEM;
    realm->wider = wider;
    for (i = 1; i < n; i++) {
        if (ranked[i].rank == ranked[i - 1].rank)
            return tr_entry_wrong(why_out, "%s: \"%s\": given twice",
                                  field->attribute, ranked[i].value);
        if (asprintf(&text, "%s %s", field->attribute, ranked[i].value) < 0)
            return ENOMEM;
        wider[realm->nwider++] = text;
    }
    qsort(wider, realm->nwider, sizeof(*wider), compare_texts);
    return 0;
}

/* The narrowest value.  One that is none comes first, and is found to be
 * none here or by the class. */
static krb5_error_code
take_limit(const struct tr_field *field, const struct tr_attribute *attribute,
           struct tr_record *record, char **why_out)
{
    krb5_error_code ret;
    struct tr_realm_record *realm = &record->u.realm;
    struct ranked ranked[TR_MAX_VALUES];
    size_t i, n = attribute->nvalues;

    if (n > TR_MAX_VALUES)
        return tr_entry_wrong(why_out, "%s: more than %d values",
                              field->attribute, TR_MAX_VALUES);
    for (i = 0; i < n; i++) {
        ranked[i].value = attribute->values[i];
        ranked[i].rank = field->rank(realm, attribute->values[i]);
    }
    qsort(ranked, n, sizeof(*ranked), compare_ranks);
    ret = take_value(field, ranked[0].value,
                     (uint8_t *)record + field->offset, why_out);
    return ret != 0 || n == 1 || ranked[0].rank < 0 ? ret :
        take_wider(field, ranked, n, realm, why_out);
}

/* One that is left out may be what was to bound the others. */
static krb5_error_code
check_options(const struct tr_entry *entry, char **why_out)
{
    size_t i;

    for (i = 0; i < entry->nattributes; i++) {
        if (tr_class_has_options(entry->attributes[i].name))
            return tr_entry_wrong(why_out, "%s: with options",
                                  entry->attributes[i].name);
    }
    return 0;
}

/* Fill record; with only_required, nothing but what it is found by. */
static krb5_error_code
take_fields(const struct tr_entry *entry, const struct tr_class *class,
            bool only_required, struct tr_record *record, char **why_out)
{
    krb5_error_code ret;
    const struct tr_field *field;
    const struct tr_attribute *attribute;
    uint8_t *base = (uint8_t *)record;

    for (field = class->fields; field->attribute != NULL; field++) {
        if (only_required && !field->required)
            continue;
        ret = find_attribute(entry, field->attribute, &attribute, why_out);
        if (ret)
            return ret;
        if (attribute == NULL && field->required)
            return tr_entry_wrong(why_out, "%s: missing", field->attribute);
        if (attribute == NULL)
            continue;
        if (field->count != 0)
            ret = take_list(field, attribute, base, why_out);
        else if (field->rank != NULL)
            ret = take_limit(field, attribute, record, why_out);
        else if (attribute->nvalues > 1)
            ret = tr_entry_wrong(why_out, "%s: given twice",
                                 field->attribute);
        else
            ret = take_value(field, attribute->values[0],
                             base + field->offset, why_out);
        if (ret)
            return ret;
    }
    if (only_required)
        return 0;
    ret = check_options(entry, why_out);
    return ret != 0 || class->check == NULL ? ret :
        class->check(record, why_out);
}

static void
set_defaults(enum tr_record_type type, struct tr_record *record)
{
    memset(record, 0, sizeof(*record));
    record->type = type;
    if (type == TR_RECORD_SYSTEM)
        record->u.system.enabled = true;
    if (type == TR_RECORD_REALM)
        record->u.realm.kernel_lifetime = TR_USUAL_KERNEL_LIFETIME;
}

static krb5_error_code
make_record(const struct tr_entry *entry, const struct tr_class *class,
            bool only_required, struct tr_record **record_out, char **why_out)
{
    krb5_error_code ret;
    struct tr_record *record;

    record = malloc(sizeof(*record));
    if (record == NULL)
        return ENOMEM;
    set_defaults(class->type, record);
    ret = take_fields(entry, class, only_required, record, why_out);
    if (ret == 0)
        ret = tr_record_restrict(record);
    if (ret) {
        tr_record_free(record);
        return ret;
    }
    *record_out = record;
    return 0;
}

krb5_error_code
tr_record_from_entry(const struct tr_entry *entry,
                     struct tr_record **record_out, char **why_out)
{
    krb5_error_code ret;
    const struct tr_class *class;

    *record_out = NULL;
    *why_out = NULL;
    ret = find_class(entry, &class, why_out);
    if (ret != 0 || class == NULL)
        return ret;
    return make_record(entry, class, false, record_out, why_out);
}

krb5_error_code
tr_record_closed(const struct tr_entry *entry, struct tr_record **record_out)
{
    krb5_error_code ret;
    const struct tr_attribute *classes;
    const struct tr_class *class;
    char *why = NULL;
    size_t i;

    *record_out = NULL;
    ret = find_attribute(entry, "objectClass", &classes, &why);
    for (i = 0; ret == 0 && classes != NULL && i < classes->nvalues; i++) {
        class = tr_class_find(classes->values[i]);
        if (class == NULL || !class->restricts)
            continue;
        ret = make_record(entry, class, true, record_out, &why);
        break;
    }
    free(why);
    return ret == TRR_ENTRY ? 0 : ret;
}

/* --- and back ------------------------------------------------------------ */

struct made {
    struct tr_entry entry;
    struct tr_gathered values;
};

static krb5_error_code
add_value(struct tr_gathered *values, const char *attribute, char *text)
{
    krb5_error_code ret;
    char *why = NULL;

    if (text == NULL)
        return ENOMEM;
    ret = tr_gathered_add(values, attribute, text, strlen(text), &why);
    free(why);
    free(text);
    return ret;
}

static krb5_error_code
add_list(struct tr_gathered *values, const struct tr_field *field,
         const uint8_t *record)
{
    krb5_error_code ret = 0;
    const uint8_t *items;
    size_t i, n;

    memcpy(&items, record + field->offset, sizeof(items));
    memcpy(&n, record + field->count, sizeof(n));
    for (i = 0; i < n && ret == 0; i++)
        ret = add_value(values, field->attribute,
                        tr_writer_of(field->parse)(items + i * field->size));
    return ret;
}

/* The value, unless it is what the record would have without it. */
static krb5_error_code
add_single(struct tr_gathered *values, const struct tr_field *field,
           const uint8_t *record, const uint8_t *defaults)
{
    tr_write_value *write = tr_writer_of(field->parse);
    char *text = write(record + field->offset);
    char *usual = write(defaults + field->offset);
    bool left_out = !field->required &&
        (text == NULL || (usual != NULL && strcmp(text, usual) == 0));

    free(usual);
    if (!left_out)
        return add_value(values, field->attribute, text);
    free(text);
    return 0;
}

/* The value that holds, then the others. */
static krb5_error_code
add_limit(struct tr_gathered *values, const struct tr_field *field,
          const struct tr_record *record, const struct tr_record *defaults)
{
    krb5_error_code ret = 0;
    const struct tr_realm_record *realm = &record->u.realm;
    const char *attribute = field->attribute;
    size_t i, length = strlen(attribute), n = 0;

    for (i = 0; i < realm->nwider && ret == 0; i++) {
        if (strncmp(realm->wider[i], attribute, length) != 0 ||
            realm->wider[i][length] != ' ')
            continue;
        if (n++ == 0)
            ret = add_value(values, attribute, tr_writer_of(field->parse)(
                (const uint8_t *)record + field->offset));
        if (ret == 0)
            ret = add_value(values, attribute,
                            strdup(realm->wider[i] + length + 1));
    }
    return ret != 0 || n > 0 ? ret :
        add_single(values, field, (const uint8_t *)record,
                   (const uint8_t *)defaults);
}

krb5_error_code
tr_record_to_entry(const struct tr_record *record,
                   struct tr_entry **entry_out)
{
    krb5_error_code ret = 0;
    const struct tr_field *field = tr_class_of(record->type)->fields;
    struct tr_record defaults;
    struct made *made;

    *entry_out = NULL;
    made = calloc(1, sizeof(*made));
    if (made == NULL)
        return ENOMEM;
    set_defaults(record->type, &defaults);
    for (; field->attribute != NULL && ret == 0; field++) {
        if (field->rank != NULL)
            ret = add_limit(&made->values, field, record, &defaults);
        else if (field->count != 0)
            ret = add_list(&made->values, field, (const uint8_t *)record);
        else
            ret = add_single(&made->values, field, (const uint8_t *)record,
                             (const uint8_t *)&defaults);
    }
    made->entry = tr_gathered_entry(&made->values, NULL);
    if (ret) {
        tr_entry_free(&made->entry);
        return ret;
    }
    *entry_out = &made->entry;
    return 0;
}

void
tr_entry_free(struct tr_entry *entry)
{
    struct made *made = (struct made *)entry;

    if (made == NULL)
        return;
    tr_gathered_clear(&made->values);
    free(made);
}

krb5_error_code
tr_record_close(struct tr_record **record)
{
    const struct tr_class *class = tr_class_of((*record)->type);
    krb5_error_code ret = 0;
    struct tr_record *closed = NULL;
    struct tr_entry *entry = NULL;
    char *why = NULL;

    if (class->restricts)
        ret = tr_record_to_entry(*record, &entry);
    if (ret == 0 && entry != NULL)
        ret = make_record(entry, class, true, &closed, &why);
    tr_entry_free(entry);
    free(why);
    if (ret)
        return ret;
    tr_record_free(*record);
    *record = closed;
    return 0;
}

const char *
tr_record_name(const struct tr_record *record)
{
    switch (record->type) {
    case TR_RECORD_REALM:
        return record->u.realm.name;
    case TR_RECORD_SYSTEM:
        return record->u.system.name;
    case TR_RECORD_CLEARANCE:
        return record->u.clearance.principal;
    case TR_RECORD_MAP:
        return record->u.map.format;
    }
    return "?";
}
