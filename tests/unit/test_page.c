/* tests/unit/test_page.c - the shared page: only its daemon can change it */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config_text.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include "text.h"

static struct tr_shared_page *
make_page(void)
{
    struct tr_shared_page *page;

    assert_int_equal(tr_shared_page_create(&page), 0);
    return page;
}

static const struct tr_page *
map_page(const struct tr_shared_page *page)
{
    const struct tr_page *map;

    map = mmap(NULL, TR_PAGE_SIZE, PROT_READ, MAP_SHARED,
               tr_shared_page_fd(page), 0);
    assert_true(map != MAP_FAILED);
    return map;
}

static void
unmap_page(const struct tr_page *map)
{
    munmap((void *)map, TR_PAGE_SIZE);
}

static uint64_t
monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void
a_receiver_cannot_write(void **state)
{
    struct tr_shared_page *page = make_page();
    const struct tr_page *map = map_page(page);
    int fd = tr_shared_page_fd(page);
    char path[64];

    assert_true(mmap(NULL, TR_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
                     fd, 0) == MAP_FAILED);
    assert_int_equal(mprotect((void *)map, TR_PAGE_SIZE,
                              PROT_READ | PROT_WRITE), -1);
    assert_int_equal(write(fd, "x", 1), -1);
    assert_int_equal(pwrite(fd, "x", 1, 16), -1);
    /* Nor by opening the file once more. */
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd >= 0) {
        assert_int_equal(write(fd, "x", 1), -1);
        assert_true(mmap(NULL, TR_PAGE_SIZE, PROT_READ | PROT_WRITE,
                         MAP_SHARED, fd, 0) == MAP_FAILED);
        close(fd);
    }
    unmap_page(map);
    tr_shared_page_free(page);
}

static void
nobody_can_resize_or_unseal(void **state)
{
    struct tr_shared_page *page = make_page();
    int fd = tr_shared_page_fd(page);
    struct stat st;

    assert_int_equal(ftruncate(fd, 0), -1);
    assert_int_equal(ftruncate(fd, 2 * TR_PAGE_SIZE), -1);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, TR_PAGE_SIZE);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    tr_shared_page_free(page);
}

static void
the_daemon_still_writes(void **state)
{
    struct tr_shared_page *page = make_page();
    const struct tr_page *map = map_page(page);
    uint64_t epoch = tr_shared_page_epoch(page);

    assert_true(map->magic == TR_PAGE_MAGIC);
    assert_memory_equal(map->instance, tr_shared_page_instance(page), 16);
    assert_true(map->epoch == epoch);
    tr_shared_page_bump(page);
    assert_true(map->epoch == epoch + 1);
    assert_true(tr_shared_page_epoch(page) == epoch + 1);
    unmap_page(map);
    tr_shared_page_free(page);
}

static void
the_lease_lasts_a_second(void **state)
{
    struct tr_shared_page *page = make_page();
    const struct tr_page *map = map_page(page);
    uint64_t before = monotonic_ns(), after;

    assert_true(map->lease == 0);
    tr_shared_page_renew(page);
    after = monotonic_ns();
    assert_true(map->lease >= before + 1000000000);
    assert_true(map->lease <= after + 1000000000);
    unmap_page(map);
    tr_shared_page_free(page);
}

static void
the_lease_ends_with_the_daemon(void **state)
{
    struct tr_shared_page *page = make_page();
    const struct tr_page *map = map_page(page);

    tr_shared_page_renew(page);
    assert_true(map->lease > 0);
    tr_shared_page_free(page);
    assert_true(map->lease == 0);
    unmap_page(map);
}

static void
no_two_pages_look_alike(void **state)
{
    struct tr_shared_page *a = make_page(), *b = make_page();

    assert_memory_not_equal(tr_shared_page_instance(a),
                            tr_shared_page_instance(b), 16);
    assert_true(tr_shared_page_epoch(a) != tr_shared_page_epoch(b));
    assert_true(tr_shared_page_epoch(a) > UINT32_MAX);
    assert_true(tr_shared_page_epoch(a) < (uint64_t)1 << 52);
    tr_shared_page_free(a);
    tr_shared_page_free(b);
}

/* The name of the only file in a directory; 0 when there is none. */
static uint64_t
shown(const char *path)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;
    uint64_t epoch = 0;
    int64_t number;

    assert_non_null(directory);
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        assert_true(epoch == 0);
        assert_int_equal(tr_text_number(entry->d_name, 1, INT64_MAX, &number),
                         0);
        epoch = (uint64_t)number;
    }
    closedir(directory);
    return epoch;
}

static void
the_file_of_the_epoch(const struct tr_shared_page *page, const char *directory,
                      char path_out[96])
{
    snprintf(path_out, 96, "%s/%" PRIu64, directory,
             tr_shared_page_epoch(page));
}

static void
a_file_shows_the_epoch(void **state)
{
    struct tr_shared_page *page = make_page();
    char top[] = "/tmp/tr-page-XXXXXX", directory[64], path[96];
    struct stat st;
    mode_t mask;

    assert_non_null(mkdtemp(top));
    snprintf(directory, sizeof(directory), "%s/epoch", top);
    mask = umask(077);
    assert_int_equal(tr_shared_page_show(page, directory), 0);
    umask(mask);
    assert_int_equal(stat(directory, &st), 0);
    assert_int_equal(st.st_mode, S_IFDIR | 0755);
    assert_true(shown(directory) == tr_shared_page_epoch(page));
    the_file_of_the_epoch(page, directory, path);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode) && st.st_size == 0);
    tr_shared_page_bump(page);
    assert_true(shown(directory) == tr_shared_page_epoch(page));
    assert_int_equal(access(path, F_OK), -1);
    tr_shared_page_free(page);
    assert_true(shown(directory) == 0);
    assert_int_equal(rmdir(directory), 0);
    assert_int_equal(rmdir(top), 0);
}

static void
an_epoch_that_has_ended_is_not_shown(void **state)
{
    struct tr_shared_page *page = make_page();
    char directory[] = "/tmp/tr-page-XXXXXX", path[96];
    struct rlimit limit, none;

    assert_non_null(mkdtemp(directory));
    assert_int_equal(tr_shared_page_show(page, directory), 0);
    the_file_of_the_epoch(page, directory, path);
    /* As few as there may be when many are connected. */
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    tr_shared_page_bump(page);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(access(path, F_OK), -1);
    assert_true(shown(directory) == tr_shared_page_epoch(page));
    /* Somebody was there before. */
    snprintf(path, sizeof(path), "%s/%" PRIu64, directory,
             tr_shared_page_epoch(page) + 1);
    assert_int_equal(mkdir(path, 0700), 0);
    tr_shared_page_bump(page);
    assert_int_equal(rmdir(path), 0);
    assert_true(shown(directory) == 0);
    tr_shared_page_renew(page);
    assert_true(shown(directory) == tr_shared_page_epoch(page));
    /* It cannot be taken away, and then can. */
    the_file_of_the_epoch(page, directory, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    tr_shared_page_bump(page);
    assert_true(shown(directory) != tr_shared_page_epoch(page));
    assert_int_equal(rmdir(path), 0);
    tr_shared_page_renew(page);
    assert_true(shown(directory) == tr_shared_page_epoch(page));
    tr_shared_page_bump(page);
    assert_true(shown(directory) == tr_shared_page_epoch(page));
    tr_shared_page_free(page);
    assert_int_equal(rmdir(directory), 0);
}

static void
what_a_crash_has_left_is_removed(void **state)
{
    struct tr_shared_page *crashed = make_page(), *page = make_page();
    char directory[] = "/tmp/tr-page-XXXXXX";

    assert_non_null(mkdtemp(directory));
    assert_int_equal(tr_shared_page_show(crashed, directory), 0);
    assert_int_equal(tr_shared_page_show(page, directory), 0);
    assert_true(shown(directory) == tr_shared_page_epoch(page));
    tr_shared_page_free(crashed);
    tr_shared_page_free(page);
    assert_int_equal(rmdir(directory), 0);
}

/* By whoever may write beside the socket. */
static void
a_link_in_place_of_the_directory_is_not_followed(void **state)
{
    struct tr_shared_page *page = make_page();
    char top[] = "/tmp/tr-page-XXXXXX", directory[64], path[96];

    assert_non_null(mkdtemp(top));
    snprintf(directory, sizeof(directory), "%s/epoch", top);
    snprintf(path, sizeof(path), "%s/another's", top);
    assert_int_equal(mknod(path, S_IFREG | 0600, 0), 0);
    assert_int_equal(symlink(".", directory), 0);
    assert_int_equal(tr_shared_page_show(page, directory), ENOTDIR);
    assert_int_equal(access(path, F_OK), 0);
    tr_shared_page_free(page);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(directory), 0);
    assert_int_equal(rmdir(top), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_receiver_cannot_write),
        cmocka_unit_test(nobody_can_resize_or_unseal),
        cmocka_unit_test(the_daemon_still_writes),
        cmocka_unit_test(the_lease_lasts_a_second),
        cmocka_unit_test(the_lease_ends_with_the_daemon),
        cmocka_unit_test(no_two_pages_look_alike),
        cmocka_unit_test(a_file_shows_the_epoch),
        cmocka_unit_test(an_epoch_that_has_ended_is_not_shown),
        cmocka_unit_test(what_a_crash_has_left_is_removed),
        cmocka_unit_test(a_link_in_place_of_the_directory_is_not_followed)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
