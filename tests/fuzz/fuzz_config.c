/* tests/fuzz/fuzz_config.c - configuration files: read whole or refused */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fuzz.h"
#include "service/service.h"

static void
check(const struct tr_config *config)
{
    size_t i;

    PROMISE(config->system != NULL && config->principal != NULL);
    PROMISE(config->state_directory != NULL && config->socket != NULL);
    PROMISE(config->source != NULL && config->encoding != NULL);
    for (i = 0; i < config->nrules; i++) {
        PROMISE(tr_label_dominates(&config->rules[i].range.high,
                                   &config->rules[i].range.low));
        PROMISE(tr_range_contains(&config->rules[i].range,
                                  &config->rules[i].label));
    }
    if (config->has_highest)
        PROMISE(tr_label_dominates(&config->highest.high,
                                   &config->highest.low));
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length)
{
    struct tr_config *config = NULL;
    char path[64], *why = NULL;
    krb5_error_code ret;
    int fd;

    /* libprofile reads other files when told to: not while fuzzing. */
    if (memmem(octets, length, "include", 7) != NULL ||
        memmem(octets, length, "module", 6) != NULL)
        return 0;
    fd = memfd_create("trustrealm.conf", MFD_CLOEXEC);
    PROMISE(fd >= 0 && fchmod(fd, 0600) == 0);
    PROMISE(write(fd, octets, length) == (ssize_t)length);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    ret = tr_config_load(path, NULL, &config, &why);
    close(fd);
    if (ret == 0) {
        PROMISE(config != NULL && why == NULL);
        check(config);
    } else {
        PROMISE(config == NULL && why != NULL && *why != '\0');
    }
    tr_config_free(config);
    free(why);
    return 0;
}
