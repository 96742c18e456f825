/* tests/fuzz/fuzz_ldif.c - LDIF files: loaded whole, or refused and why */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fuzz.h"
#include "source.h"

static struct tr_table *table;
static char directory[] = "/dev/shm/trustrealm-fuzz.XXXXXX";

static void
remove_table(void)
{
    tr_table_close(table);
    tr_table_remove(directory);
}

static void
make_table(void)
{
    PROMISE(mkdtemp(directory) != NULL);
    (void)atexit(remove_table);
    PROMISE(tr_table_open(directory, TR_TABLE_WRITE, 0, &table, NULL) == 0);
}

/* What is in the table can be written and read again. */
static krb5_error_code
check_record(const struct tr_record *record, void *arg)
{
    struct tr_record *back;
    uint8_t *octets;
    size_t length;

    PROMISE(tr_record_encode(record, &octets, &length) == 0);
    PROMISE(tr_record_decode(octets, length, &back) == 0);
    tr_record_free(back);
    free(octets);
    return 0;
}

static void
check_view(void)
{
    struct tr_view *view;
    enum tr_record_type type;

    PROMISE(tr_view_open(table, &view) == 0);
    for (type = TR_RECORD_REALM; type <= TR_RECORD_MAP; type++)
        PROMISE(tr_view_each(view, type, check_record, NULL) == 0);
    tr_view_close(view);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length)
{
    krb5_error_code ret;
    char path[64], *why = NULL;
    int fd;

    if (table == NULL)
        make_table();
    fd = memfd_create("table.ldif", MFD_CLOEXEC);
    PROMISE(fd >= 0 && fchmod(fd, 0600) == 0);
    PROMISE(write(fd, octets, length) == (ssize_t)length);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    ret = tr_source_load_ldif(table, path, &why);
    close(fd);
    if (ret == 0) {
        PROMISE(why == NULL);
        check_view();
    } else {
        PROMISE(why != NULL && strstr(why, "/proc/self/fd/") != NULL);
    }
    free(why);
    return 0;
}
