/* tests/fuzz/fuzz.h - what every fuzz target has */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_FUZZ_H
#define TR_FUZZ_H

/*
 * A target takes any octets and aborts when a promise does not hold; the
 * sanitizers find the rest.  libFuzzer calls it millions of times
 * (tests/fuzz/run); replay.c calls it with the files of corpus/NAME, so that
 * "make check" keeps what was found once.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length);

#define PROMISE(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, \
                    #condition); \
            abort(); \
        } \
    } while (0)

#endif
