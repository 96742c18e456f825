/* mech/service/page.c - the page that tells applications when to ask again */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Applications map the memfd read-only and compare its epoch and lease
 * without a system call.  F_SEAL_FUTURE_WRITE leaves the mapping made here
 * before the only writable one that will ever be; nobody who is handed the
 * descriptor can write, shrink or grow it.
 *
 * Programs that cannot map it, but keep what was decided for a while, look for
 * a file with the epoch's name.
 */

#include "config.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "service.h"
#include "text.h"

struct tr_shared_page {
    int fd;
    char *path;                 /* of the file that shows the epoch, or NULL */
    char *name;                 /* the epoch in it */
    krb5_error_code unshown;    /* why it does not show the epoch, or 0 */
    struct tr_page *page;
    uint8_t instance[sizeof(((struct tr_page *)NULL)->instance)];
};

static krb5_error_code
random_octets(void *out, size_t length)
{
    return getrandom(out, length, 0) == (ssize_t)length ? 0 : EIO;
}

static krb5_error_code
make_memory(struct tr_shared_page *page)
{
    void *memory;

    page->fd = memfd_create("trustrealm-page",
                            MFD_CLOEXEC | MFD_ALLOW_SEALING);
    /* Whoever may write to a file can hang attributes on it, without end. */
    if (page->fd < 0 || fchmod(page->fd, S_IRUSR) != 0 ||
        ftruncate(page->fd, TR_PAGE_SIZE) != 0)
        return errno;
    memory = mmap(NULL, TR_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
                  page->fd, 0);
    if (memory == MAP_FAILED)
        return errno;
    page->page = memory;
    if (madvise(memory, TR_PAGE_SIZE, MADV_DONTFORK) != 0)
        return errno;
    if (fcntl(page->fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK |
              F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return errno;
    return 0;
}

/* Of epochs before a crash; fd is taken over. */
static krb5_error_code
remove_files(int fd)
{
    DIR *directory = fdopendir(fd);
    const struct dirent *entry;
    krb5_error_code ret = 0;

    if (directory == NULL) {
        close(fd);
        return ENOMEM;
    }
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] != '.' && unlinkat(fd, entry->d_name, 0) != 0)
            ret = errno;
    }
    closedir(directory);
    return ret;
}

/* One of our own, not what somebody else leads us to; and empty. */
static krb5_error_code
make_directory(const char *path)
{
    krb5_error_code ret;
    int fd;

    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        return errno;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno;
    /* Whatever the umask is. */
    if (fchmod(fd, 0755) != 0) {
        ret = errno;
        close(fd);
        return ret;
    }
    return remove_files(fd);
}

krb5_error_code
tr_shared_page_create(struct tr_shared_page **page_out)
{
    struct tr_shared_page *page;
    krb5_error_code ret;
    uint32_t start;

    *page_out = NULL;
    page = calloc(1, sizeof(*page));
    if (page == NULL)
        return ENOMEM;
    page->fd = -1;
    ret = make_memory(page);
    if (ret == 0)
        ret = random_octets(page->instance, sizeof(page->instance));
    if (ret == 0)
        ret = random_octets(&start, sizeof(start));
    if (ret) {
        tr_shared_page_free(page);
        return ret;
    }
    memcpy(page->page->instance, page->instance, sizeof(page->instance));
    /* Between 2^32 and 2^49: never 0, and far from overflowing anything. */
    page->page->epoch = ((uint64_t)start + 1) << 17 | UINT64_C(1) << 32;
    __atomic_store_n(&page->page->magic, TR_PAGE_MAGIC, __ATOMIC_RELEASE);
    *page_out = page;
    return 0;
}

void
tr_shared_page_free(struct tr_shared_page *page)
{
    if (page == NULL)
        return;
    if (page->page != NULL) {
        __atomic_store_n(&page->page->lease, 0, __ATOMIC_RELEASE);
        munmap(page->page, TR_PAGE_SIZE);
    }
    if (page->fd >= 0)
        close(page->fd);
    if (page->path != NULL)
        unlink(page->path);
    free(page->path);
    free(page);
}

int
tr_shared_page_fd(const struct tr_shared_page *page)
{
    return page->fd;
}

const uint8_t *
tr_shared_page_instance(const struct tr_shared_page *page)
{
    return page->instance;
}

uint64_t
tr_shared_page_epoch(const struct tr_shared_page *page)
{
    return __atomic_load_n(&page->page->epoch, __ATOMIC_ACQUIRE);
}

/*
 * Better no file than that of an epoch that has ended.  Makes do without a
 * descriptor, since there may be none left.
 */
static krb5_error_code
show_epoch(struct tr_shared_page *page)
{
    page->unshown = 0;
    if (unlink(page->path) != 0 && errno != ENOENT) {
        page->unshown = errno;
        return page->unshown;
    }
    snprintf(page->name, TR_DECIMAL, "%" PRIu64, tr_shared_page_epoch(page));
    if (mknod(page->path, S_IFREG | 0400, 0) != 0)
        page->unshown = errno;
    return page->unshown;
}

krb5_error_code
tr_shared_page_show(struct tr_shared_page *page, const char *directory)
{
    krb5_error_code ret;

    ret = make_directory(directory);
    if (ret)
        return ret;
    if (asprintf(&page->path, "%s/%*s", directory, TR_DECIMAL, "") < 0) {
        page->path = NULL;
        return ENOMEM;
    }
    page->name = page->path + strlen(directory) + 1;
    return show_epoch(page);
}

void
tr_shared_page_bump(struct tr_shared_page *page)
{
    __atomic_add_fetch(&page->page->epoch, 1, __ATOMIC_ACQ_REL);
    if (page->path != NULL)
        (void)show_epoch(page);
}

krb5_error_code
tr_shared_page_renew(struct tr_shared_page *page)
{
    struct timespec now;
    uint64_t lease;

    if (clock_gettime(CLOCK_MONOTONIC_COARSE, &now) != 0)
        return page->unshown;
    lease = (uint64_t)now.tv_sec * UINT64_C(1000000000) +
        (uint64_t)now.tv_nsec + TR_LEASE_MS * UINT64_C(1000000);
    __atomic_store_n(&page->page->lease, lease, __ATOMIC_RELEASE);
    return page->unshown == 0 ? 0 : show_epoch(page);
}
