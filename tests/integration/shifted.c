/* tests/integration/shifted.c - time() of a program, TR_SHIFT seconds off */
/* SPDX-License-Identifier: BSD-2-Clause */

#include <stdlib.h>
#include <time.h>

__attribute__((visibility("default"))) time_t
time(time_t *out)
{
    const char *shift = getenv("TR_SHIFT");
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (shift != NULL)
        now.tv_sec += strtol(shift, NULL, 10);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}
