/* realmdb/boottime.h - a clock that does not jump */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_BOOTTIME_H
#define TR_BOOTTIME_H

#include <stdint.h>
#include <time.h>

/* Milliseconds since boot, including time spent asleep. */
static inline int64_t
tr_boottime(void)
{
    struct timespec now = { 0, 0 };

    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
