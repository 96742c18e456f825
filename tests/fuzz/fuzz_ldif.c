/* tests/fuzz/fuzz_ldif.c - LDIF files: loaded whole, or refused and why */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fuzz.h"
#include "table.h"

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length)
{
    krb5_error_code ret;
    char path[64], *why = NULL;
    int fd;

    fd = memfd_create("table.ldif", MFD_CLOEXEC);
    PROMISE(fd >= 0 && fchmod(fd, 0600) == 0);
    PROMISE(write(fd, octets, length) == (ssize_t)length);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    ret = tr_source_load_ldif(fuzz_table(), path, &why);
    close(fd);
    if (ret == 0) {
        PROMISE(why == NULL);
        fuzz_check_table();
    } else {
        PROMISE(why != NULL && strstr(why, "/proc/self/fd/") != NULL);
    }
    free(why);
    return 0;
}
