/* mech/plugin/page.c - the page that says how long a decision holds */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "once.h"
#include "page.h"
#include "status.h"
#include "trustrealm_err.h"

/* Without these the page could be truncated under us (SIGBUS) or, through a
 * copy of the descriptor, be written by somebody else. */
#define NEEDED_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define WRITE_SEALS (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)

static krb5_error_code
map(int fd, const struct tr_page **page_out)
{
    struct stat status;
    void *page;
    int seals = fcntl(fd, F_GET_SEALS);

    if (seals < 0 || (seals & NEEDED_SEALS) != NEEDED_SEALS ||
        (seals & WRITE_SEALS) == 0)
        return tr_detail(TRR_DAEMON_UID, "the page of trustrealmd is not "
                         "sealed");
    if (fstat(fd, &status) != 0 || status.st_size != TR_PAGE_SIZE)
        return tr_detail(TRR_DAEMON_UID, "the page of trustrealmd has a wrong "
                         "size");
    page = mmap(NULL, TR_PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED)
        return errno;
    *page_out = page;
    return 0;
}

static bool
is_of(const struct tr_page *page, const struct tr_bytes *instance)
{
    return page->magic == TR_PAGE_MAGIC &&
        instance->length == sizeof(page->instance) &&
        memcmp(page->instance, instance->data, instance->length) == 0;
}

krb5_error_code
tr_page_check(const struct tr_mapping *mapping,
              const struct tr_bytes *instance)
{
    if (is_of(mapping->page, instance))
        return 0;
    return tr_detail(TRR_DAEMON_UID, "the page belongs to another "
                     "trustrealmd");
}

/* Unmap what nobody uses; the mutex is held.  Only done when another daemon
 * has come up: contexts that follow each other share one mapping. */
static void
drop_unused(struct tr_page_cache *cache)
{
    struct tr_mapping **link = &cache->first, *mapping;

    while ((mapping = *link) != NULL) {
        if (mapping->references > 0) {
            link = &mapping->next;
            continue;
        }
        *link = mapping->next;
        (void)munmap((void *)mapping->page, TR_PAGE_SIZE);
        free(mapping);
    }
}

/* Make a mapping of fd and link it in; the mutex is held. */
static krb5_error_code
add(struct tr_page_cache *cache, int fd, const struct tr_bytes *instance,
    struct tr_mapping **mapping_out)
{
    struct tr_mapping *mapping = calloc(1, sizeof(*mapping));
    krb5_error_code ret;

    if (mapping == NULL)
        return ENOMEM;
    ret = map(fd, &mapping->page);
    if (ret == 0) {
        ret = tr_page_check(mapping, instance);
        if (ret)
            (void)munmap((void *)mapping->page, TR_PAGE_SIZE);
    }
    if (ret) {
        free(mapping);
        return ret;
    }
    mapping->next = cache->first;
    cache->first = mapping;
    *mapping_out = mapping;
    return 0;
}

krb5_error_code
tr_page_adopt(int fd, const struct tr_bytes *instance,
              struct tr_mapping **mapping_out)
{
    struct tr_page_cache *cache = &tr_once()->pages;
    struct tr_mapping *mapping;
    krb5_error_code ret = 0;

    *mapping_out = NULL;
    (void)pthread_mutex_lock(&cache->mutex);
    for (mapping = cache->first; mapping != NULL; mapping = mapping->next) {
        if (is_of(mapping->page, instance))
            break;
    }
    if (mapping == NULL) {
        drop_unused(cache);
        ret = add(cache, fd, instance, &mapping);
    }
    if (ret == 0) {
        mapping->references++;
        *mapping_out = mapping;
    }
    (void)pthread_mutex_unlock(&cache->mutex);
    (void)close(fd);
    return ret;
}

struct tr_mapping *
tr_page_hold(struct tr_mapping *mapping)
{
    struct tr_page_cache *cache = &tr_once()->pages;

    (void)pthread_mutex_lock(&cache->mutex);
    mapping->references++;
    (void)pthread_mutex_unlock(&cache->mutex);
    return mapping;
}

void
tr_page_release(struct tr_mapping *mapping)
{
    struct tr_page_cache *cache = &tr_once()->pages;

    if (mapping == NULL)
        return;
    (void)pthread_mutex_lock(&cache->mutex);
    mapping->references--;
    (void)pthread_mutex_unlock(&cache->mutex);
}
