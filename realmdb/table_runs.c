/* realmdb/table_runs.c - more items than should be in memory */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What memory holds at a time is sorted and written, one such run behind the
 * other; to read them back takes the least of what the runs begin with, again
 * and again.  The file is mapped for that, which makes it page cache.
 */

#include "config.h"
#include <sys/mman.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "table_items.h"

struct run {
    const uint8_t *next, *end;
    struct tr_item item;                /* that next is behind */
};

struct tr_runs {
    FILE *file;
    size_t *ends;                       /* of each run, in the file */
    size_t n;
    uint8_t *octets;                    /* the file, mapped */
    size_t length;
    struct run *heap;                   /* each before those at 2i+1, 2i+2 */
    size_t left;
    bool begun;                         /* heap[0].item has been given */
};

/* A file of dir that loses its name at once, where there is none without. */
static krb5_error_code
open_unlinked(const char *dir, int *fd_out)
{
    krb5_error_code ret = 0;
    char *path;

    if (asprintf(&path, "%s/load.XXXXXX", dir) < 0)
        return ENOMEM;
    *fd_out = mkostemp(path, O_CLOEXEC);
    if (*fd_out < 0 || unlink(path) != 0)
        ret = errno;
    free(path);
    return ret;
}

/* A file without a name, in dir. */
static krb5_error_code
open_file(const char *dir, FILE **file_out)
{
    krb5_error_code ret = 0;
    int fd;

    fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        ret = errno;
    if (ret == EOPNOTSUPP || ret == EISDIR || ret == EINVAL)
        ret = open_unlinked(dir, &fd);
    if (ret == 0 && (*file_out = fdopen(fd, "w+")) == NULL)
        ret = errno;
    if (ret != 0 && fd >= 0)
        (void)close(fd);
    return ret;
}

krb5_error_code
tr_runs_create(const char *dir, struct tr_runs **runs_out)
{
    krb5_error_code ret;
    struct tr_runs *runs;

    *runs_out = NULL;
    runs = calloc(1, sizeof(*runs));
    if (runs == NULL)
        return ENOMEM;
    ret = open_file(dir, &runs->file);
    if (ret) {
        free(runs);
        return ret;
    }
    *runs_out = runs;
    return 0;
}

void
tr_runs_free(struct tr_runs *runs)
{
    if (runs == NULL)
        return;
    if (runs->octets != NULL)
        (void)munmap(runs->octets, runs->length);
    (void)fclose(runs->file);
    free(runs->ends);
    free(runs->heap);
    free(runs);
}

krb5_error_code
tr_runs_add(struct tr_runs *runs, struct tr_items *items)
{
    const uint8_t *begin, *end;
    struct tr_item item;
    size_t *ends, i;

    if (items->count == 0)
        return 0;
    ends = reallocarray(runs->ends, runs->n + 1, sizeof(*ends));
    if (ends == NULL)
        return ENOMEM;
    runs->ends = ends;
    tr_items_sort(items);
    for (i = 0; i < items->count; i++) {
        begin = items->octets + items->places[i];
        end = tr_item_read(begin, &item);
        if (fwrite(begin, (size_t)(end - begin), 1, runs->file) != 1)
            return errno;
    }
    runs->length += items->length;
    runs->ends[runs->n++] = runs->length;
    tr_items_clear(items);
    return 0;
}

/* --- merging ------------------------------------------------------------- */

/* Let the run at i sink below those that begin with less. */
static void
sink(struct tr_runs *runs, size_t i)
{
    struct run *heap = runs->heap, swap;
    size_t least, child;

    for (;; i = least) {
        least = i;
        for (child = 2 * i + 1; child < runs->left && child <= 2 * i + 2;
             child++) {
            if (tr_item_compare(&heap[child].item, &heap[least].item) < 0)
                least = child;
        }
        if (least == i)
            return;
        swap = heap[i];
        heap[i] = heap[least];
        heap[least] = swap;
    }
}

krb5_error_code
tr_runs_merge(struct tr_runs *runs)
{
    struct run *run;
    size_t i;

    if (fflush(runs->file) != 0)
        return errno;
    runs->heap = calloc(runs->n, sizeof(*runs->heap));
    if (runs->heap == NULL)
        return ENOMEM;
    runs->octets = mmap(NULL, runs->length, PROT_READ, MAP_SHARED,
                        fileno(runs->file), 0);
    if (runs->octets == MAP_FAILED) {
        runs->octets = NULL;
        return errno;
    }
    for (i = 0; i < runs->n; i++) {
        run = &runs->heap[i];
        run->next = runs->octets + (i == 0 ? 0 : runs->ends[i - 1]);
        run->end = runs->octets + runs->ends[i];
        run->next = tr_item_read(run->next, &run->item);
    }
    runs->left = runs->n;
    for (i = runs->n; i-- > 0; )
        sink(runs, i);
    return 0;
}

bool
tr_runs_next(struct tr_runs *runs, struct tr_item *item_out)
{
    struct run *first = runs->heap;

    if (runs->begun && runs->left > 0) {
        if (first->next < first->end)
            first->next = tr_item_read(first->next, &first->item);
        else
            *first = runs->heap[--runs->left];
        sink(runs, 0);
    }
    runs->begun = true;
    if (runs->left == 0)
        return false;
    *item_out = first->item;
    return true;
}
