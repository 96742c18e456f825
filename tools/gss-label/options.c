/* tools/gss-label/options.c - numbers and lists on the command line */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include "gss-label.h"

#define MAX_SECONDS 86400
#define MAX_ITEMS 65536

bool
gl_parse_number(const char *text, unsigned long max, unsigned long *out)
{
    char *end;
    unsigned long value;

    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    value = strtoul(text, &end, 10);
    if (errno != 0 || *end != '\0' || value > max)
        return false;
    *out = value;
    return true;
}

bool
gl_parse_seconds(const char *text, int *ms_out)
{
    char *end;
    double value;

    if (!isdigit((unsigned char)*text) && *text != '.')
        return false;
    errno = 0;
    value = strtod(text, &end);
    if (errno != 0 || end == text || *end != '\0' || !(value >= 0) ||
        value > MAX_SECONDS)
        return false;
    *ms_out = (int)(value * 1000);
    return true;
}

bool
gl_list_add(struct gl_list *list, const char *item)
{
    const char **items;

    if (list->count >= MAX_ITEMS)
        return false;
    items = realloc(list->items, (list->count + 1) * sizeof(*items));
    if (items == NULL)
        return false;
    items[list->count++] = item;
    list->items = items;
    return true;
}
