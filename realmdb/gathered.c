/* realmdb/gathered.c - an entry, gathered value by value */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "gathered.h"
#include "record_class.h"
#include "trustrealm_err.h"

/* The attribute of that name, which lives on; new if need be; NULL without
 * memory. */
static struct tr_attribute *
find_attribute(struct tr_gathered *gathered, const char *name)
{
    struct tr_attribute *attributes;
    size_t i, n = gathered->nattributes;

    for (i = 0; i < n; i++) {
        if (strcmp(gathered->attributes[i].name, name) == 0)
            return &gathered->attributes[i];
    }
    attributes = realloc(gathered->attributes, (n + 1) * sizeof(*attributes));
    if (attributes == NULL)
        return NULL;
    gathered->attributes = attributes;
    memset(&attributes[n], 0, sizeof(*attributes));
    attributes[n].name = name;
    gathered->nattributes = n + 1;
    return &attributes[n];
}

krb5_error_code
tr_gathered_add(struct tr_gathered *gathered, const char *name,
                const char *value, size_t length, char **why_out)
{
    const char *known = tr_class_attribute(name);

    if (tr_class_has_options(name))
        return tr_entry_wrong(why_out, "%s: with options", name);
    return known == NULL ? 0 :
        tr_gathered_take(gathered, known, value, length, why_out);
}

krb5_error_code
tr_gathered_take(struct tr_gathered *gathered, const char *name,
                 const char *value, size_t length, char **why_out)
{
    struct tr_attribute *attribute;
    char **values;
    size_t n;

    if (memchr(value, '\0', length) != NULL)
        return tr_entry_wrong(why_out, "%s: a value has a NUL in it", name);
    attribute = find_attribute(gathered, name);
    if (attribute == NULL)
        return ENOMEM;
    n = attribute->nvalues;
    /* Grow at powers of two: there may be thousands of values. */
    if ((n & (n - 1)) == 0) {
        values = realloc((char **)attribute->values,
                         (n == 0 ? 1 : 2 * n) * sizeof(*values));
        if (values == NULL)
            return ENOMEM;
        attribute->values = values;
    }
    values = (char **)attribute->values;
    values[n] = strndup(value, length);
    if (values[n] == NULL)
        return ENOMEM;
    attribute->nvalues++;
    return 0;
}

struct tr_entry
tr_gathered_entry(const struct tr_gathered *gathered, const char *dn)
{
    return (struct tr_entry){ dn, gathered->attributes,
                              gathered->nattributes };
}

void
tr_gathered_clear(struct tr_gathered *gathered)
{
    const struct tr_attribute *attribute;
    size_t i, j;

    for (i = 0; i < gathered->nattributes; i++) {
        attribute = &gathered->attributes[i];
        for (j = 0; j < attribute->nvalues; j++)
            free(attribute->values[j]);
        free((char **)attribute->values);
    }
    free(gathered->attributes);
    memset(gathered, 0, sizeof(*gathered));
}
