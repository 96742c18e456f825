/* mech/plugin/prepared.c - what need not be asked before each context */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "connection.h"
#include "once.h"
#include "prepared.h"

/* In more groups than that, a process asks each time. */
#define MAX_GROUPS 256

/* Whom trustrealmd would see; false when that takes too many groups. */
static bool
put_process(FILE *out)
{
    gid_t groups[MAX_GROUPS];
    int i, n = getgroups(MAX_GROUPS, groups);

    fprintf(out, "%ld %ld", (long)geteuid(), (long)getegid());
    for (i = 0; i < n; i++)
        fprintf(out, ",%ld", (long)groups[i]);
    return n >= 0;
}

krb5_error_code
tr_prepared_key(const char *target, const char *label, int64_t ask,
                char **key_out)
{
    bool from_environment, known;
    char *key = NULL;
    size_t length;
    FILE *out = open_memstream(&key, &length);

    *key_out = NULL;
    if (out == NULL)
        return ENOMEM;
    known = put_process(out);
    fprintf(out, " %" PRId64 " %zu %zu %s%s%s", ask, strlen(label),
            strlen(target), label, target, tr_connection_path(&from_environment));
    if (fclose(out) != 0) {
        free(key);
        return ENOMEM;
    }
    if (known)
        *key_out = key;
    else
        free(key);
    return 0;
}

static void
forget(struct tr_prepared *item)
{
    free(item->key);
    tr_page_release(item->mapping);
    memset(item, 0, sizeof(*item));
}

/* With the mutex held; the place of the key, or NULL. */
static struct tr_prepared *
find(struct tr_prepared_list *list, const char *key)
{
    size_t i;

    for (i = 0; i < TR_MAX_PREPARED; i++) {
        if (list->items[i].key != NULL &&
            strcmp(list->items[i].key, key) == 0)
            return &list->items[i];
    }
    return NULL;
}

bool
tr_prepared_find(const char *key, int64_t *flags_out)
{
    struct tr_prepared_list *list = &tr_once()->prepared;
    struct tr_prepared *item;
    bool holds = false;

    if (key == NULL)
        return false;
    (void)pthread_mutex_lock(&list->mutex);
    item = find(list, key);
    if (item != NULL) {
        holds = tr_page_holds(item->mapping, item->epoch, tr_page_clock());
        *flags_out = item->flags;
        if (!holds)
            forget(item);
    }
    (void)pthread_mutex_unlock(&list->mutex);
    return holds;
}

void
tr_prepared_forget(const char *key)
{
    struct tr_prepared_list *list = &tr_once()->prepared;
    struct tr_prepared *item;

    (void)pthread_mutex_lock(&list->mutex);
    item = find(list, key);
    if (item != NULL)
        forget(item);
    (void)pthread_mutex_unlock(&list->mutex);
}

void
tr_prepared_add(char *key, int64_t flags, struct tr_mapping *mapping,
                uint64_t epoch)
{
    struct tr_prepared_list *list = &tr_once()->prepared;
    struct tr_prepared *item;

    (void)pthread_mutex_lock(&list->mutex);
    item = find(list, key);
    if (item == NULL) {
        item = &list->items[list->oldest];
        list->oldest = (list->oldest + 1) % TR_MAX_PREPARED;
    }
    forget(item);
    item->key = key;
    item->flags = flags;
    item->mapping = tr_page_hold(mapping);
    item->epoch = epoch;
    (void)pthread_mutex_unlock(&list->mutex);
}
