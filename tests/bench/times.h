/* tests/bench/times.h - clocks, and times that were measured */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TIMES_H
#define TIMES_H

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

static inline uint64_t
clock_ns(clockid_t clock)
{
    struct timespec ts = { 0, 0 };

    (void)clock_gettime(clock, &ts);
    return (uint64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static inline uint64_t
now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

static inline int
compare_times(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static inline void
sort_times(double *times, size_t n)
{
    qsort(times, n, sizeof(*times), compare_times);
}

#endif
