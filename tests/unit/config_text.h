/* tests/unit/config_text.h - configurations for tests, as files */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef CONFIG_TEXT_H
#define CONFIG_TEXT_H

#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "service.h"

/* Write text to a new file; unlink() and free() the path. */
static inline char *
write_text(const char *text)
{
    char *path = strdup("/tmp/trustrealm-test.XXXXXX");
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
    return path;
}

static inline krb5_error_code
load_text(const char *text, struct tr_config **config_out, char **why_out)
{
    char *path = write_text(text);
    krb5_error_code ret = tr_config_load(path, NULL, config_out, why_out);

    unlink(path);
    free(path);
    return ret;
}

static inline struct tr_config *
load_good(const char *text)
{
    struct tr_config *config;
    char *why;
    krb5_error_code ret = load_text(text, &config, &why);

    if (ret != 0)
        fail_msg("%s", why);
    assert_null(why);
    return config;
}

#endif
