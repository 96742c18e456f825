/* tests/fuzz/fuzz_snapshot.c - signed snapshots: what was signed, or none */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "fuzz.h"
#include "snapshot.h"

/* The key of this certificate signed TEXT, for the seed SIGNED, and was then
 * destroyed. */
static const char certificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBRTCB66ADAgECAgEBMAoGCCqGSM49BAMCMBExDzANBgNVBAMMBnNpZ25lcjAg\n"
    "Fw0wMDAxMDEwMDAwMDBaGA8yOTk5MTIzMTIzNTk1OVowETEPMA0GA1UEAwwGc2ln\n"
    "bmVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEuxT/Hw5AtEbW9GIfjfLzBUQx\n"
    "Xhc282IjYkq1RlDE/nd8FZvRwgJzqZHxdV76U5VhuKIP35Z4004GAnXsXTewZaMy\n"
    "MDAwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUFabl+IcD3M6pjUBqWaO1VCQC\n"
    "bkkwCgYIKoZIzj0EAwIDSQAwRgIhAPR/E6+tctyBOkA334vwmltbI9cBUkvH3cnk\n"
    "o4x13+brAiEA8VZZAqJHQjJLFuafG3B3CagmISG6gIvF9q+Kod835a8=\n"
    "-----END CERTIFICATE-----\n"
    "";
#define TEXT "dn: cn=alpha,dc=example\nobjectClass: trSystem\ncn: alpha\n"

/* A file of these octets, under a path. */
static int
make_file(const void *octets, size_t length, char path[64])
{
    int fd = memfd_create("snapshot", MFD_CLOEXEC);

    PROMISE(fd >= 0 && write(fd, octets, length) == (ssize_t)length);
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

/* Is there a snapshot at path?  Then it is what was signed. */
static bool
is_accepted(const char *path, const char *signers)
{
    struct tr_snapshot snapshot;
    char *why = NULL;
    krb5_error_code ret;

    ret = tr_snapshot_read(path, signers, &snapshot, &why);
    if (ret == 0) {
        PROMISE(why == NULL && snapshot.made > 0);
        PROMISE(snapshot.length == sizeof(TEXT) - 1 &&
                memcmp(snapshot.text, TEXT, snapshot.length) == 0);
        free(snapshot.text);
    } else {
        PROMISE(why != NULL && strstr(why, path) != NULL);
    }
    free(why);
    return ret == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length)
{
    static char signers[64];
    char path[64];
    int fd;

    if (*signers == '\0') {
        (void)make_file(certificate, sizeof(certificate) - 1, signers);
        /* What is made of it could not be accepted otherwise. */
        PROMISE(is_accepted(SIGNED, signers));
    }
    fd = make_file(octets, length, path);
    (void)is_accepted(path, signers);
    close(fd);
    return 0;
}
