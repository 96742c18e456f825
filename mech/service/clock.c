/* mech/service/clock.c - the latest time that somebody vouched for */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "text.h"
#include "clock.h"

#define SAVE_STEP_S 60          /* worth writing the file */

struct tr_clock {
    char *path, *new_path;
    int64_t floor, saved;
};

static int64_t
load(const char *path)
{
    char line[32];
    int64_t number = 0;
    FILE *file;

    file = fopen(path, "re");
    if (file == NULL)
        return 0;
    if (fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (tr_text_number(line, 0, INT64_MAX / 2, &number) != 0)
            number = 0;
    }
    fclose(file);
    return number;
}

static void
save(struct tr_clock *clock)
{
    FILE *file;
    int ok;

    file = fopen(clock->new_path, "we");
    if (file == NULL)
        return;
    ok = fprintf(file, "%" PRId64 "\n", clock->floor) > 0;
    ok = fclose(file) == 0 && ok;
    if (ok && rename(clock->new_path, clock->path) == 0)
        clock->saved = clock->floor;
}

krb5_error_code
tr_clock_open(const char *path, struct tr_clock **clock_out)
{
    struct tr_clock *clock;

    clock = calloc(1, sizeof(*clock));
    if (clock == NULL)
        return ENOMEM;
    clock->path = strdup(path);
    if (clock->path == NULL ||
        asprintf(&clock->new_path, "%s.new", path) < 0) {
        free(clock->path);
        free(clock);
        return ENOMEM;
    }
    clock->floor = clock->saved = load(path);
    *clock_out = clock;
    return 0;
}

void
tr_clock_close(struct tr_clock *clock)
{
    if (clock == NULL)
        return;
    if (clock->floor > clock->saved)
        save(clock);
    free(clock->path);
    free(clock->new_path);
    free(clock);
}

void
tr_clock_raise(struct tr_clock *clock, int64_t time)
{
    if (time > clock->floor)
        clock->floor = time;
    if (clock->floor >= clock->saved + SAVE_STEP_S)
        save(clock);
}

int64_t
tr_clock_floor(const struct tr_clock *clock)
{
    return clock->floor;
}
