/* tools/gss-label/options.c - the command line */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include "gss-label.h"

#define MAX_SECONDS 86400
#define MAX_ITEMS 65536
#define MAX_PORT 65535

/* Say which option it was as --help writes it. */
static int
bad_argument(const struct gl_command *command, int c, const char *arg)
{
    const struct option *o;

    for (o = command->options; o->name != NULL && o->val != c; o++)
        ;
    fprintf(stderr, "gss-label %s: --%s: unusable: '%s'; try --help\n",
            command->name, o->name, arg != NULL ? arg : "");
    return GL_USAGE;
}

int
gl_take_options(const struct gl_command *command, void *self, int argc,
                char **argv)
{
    static char name[64];
    int c;

    /* getopt_long() complains by argv[0]. */
    (void)snprintf(name, sizeof(name), "gss-label %s", command->name);
    argv[0] = name;
    while ((c = getopt_long(argc, argv, command->letters, command->options,
                            NULL)) != -1) {
        if (c == 'h') {
            fputs(command->usage, stdout);
            return GL_DELIVERED;
        }
        if (c == '?') {
            fprintf(stderr, "%s: try --help\n", name);
            return GL_USAGE;
        }
        if (!command->take(self, c, optarg))
            return bad_argument(command, c, optarg);
    }
    return -1;
}

int
gl_usage(const struct gl_command *command, const char *why)
{
    fprintf(stderr, "gss-label %s: %s; try --help\n", command->name, why);
    return GL_USAGE;
}

bool
gl_parse_number(const char *text, unsigned long min, unsigned long max,
                unsigned long *out)
{
    char *end;
    unsigned long value;

    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    value = strtoul(text, &end, 10);
    if (errno != 0 || *end != '\0' || value < min || value > max)
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
gl_is_port(const char *text)
{
    unsigned long number;

    if (isdigit((unsigned char)*text))
        return gl_parse_number(text, 0, MAX_PORT, &number);
    return getservbyname(text, "tcp") != NULL;
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
