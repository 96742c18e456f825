/* tests/integration/shifted.c - another wall clock for a program */
/* SPDX-License-Identifier: BSD-2-Clause */

/* TR_SHIFT is in seconds, or the path of a file with them, that may change. */

#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/time.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static time_t
shift(void)
{
    const char *text = getenv("TR_SHIFT");
    char line[32] = "";
    int fd;

    if (text != NULL && *text == '/') {
        fd = open(text, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || read(fd, line, sizeof(line) - 1) < 0)
            abort();
        (void)close(fd);
        text = line;
    }
    return text == NULL ? 0 : strtol(text, NULL, 10);
}

EXPORT int
clock_gettime(clockid_t clock, struct timespec *out)
{
    int ret = (int)syscall(SYS_clock_gettime, clock, out);

    if (ret == 0 && (clock == CLOCK_REALTIME ||
                     clock == CLOCK_REALTIME_COARSE))
        out->tv_sec += shift();
    return ret;
}

EXPORT int
gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}

EXPORT time_t
time(time_t *out)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}
