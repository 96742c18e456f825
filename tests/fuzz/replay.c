/* tests/fuzz/replay.c - call a fuzz target with the files of its corpus */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <dirent.h>
#include <string.h>
#include "fuzz.h"

#define MAX_FILE (1024 * 1024)

/* The octets of a file in a block that ends where they end. */
static uint8_t *
read_file(const char *path, size_t *length_out)
{
    uint8_t *buf = malloc(MAX_FILE);
    FILE *fp = fopen(path, "rb");

    if (buf == NULL || fp == NULL) {
        perror(path);
        exit(2);
    }
    *length_out = fread(buf, 1, MAX_FILE, fp);
    fclose(fp);
    return realloc(buf, *length_out > 0 ? *length_out : 1);
}

static int
visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Replay every file of directory; TAP says which. */
static void
replay(const char *directory)
{
    struct dirent **entries;
    char *path;
    uint8_t *octets;
    size_t length;
    int i, n;

    n = scandir(directory, &entries, visible, alphasort);
    if (n <= 0) {
        fprintf(stderr, "%s: no corpus\n", directory);
        exit(2);
    }
    printf("1..%d\n", n);
    for (i = 0; i < n; i++) {
        if (asprintf(&path, "%s/%s", directory, entries[i]->d_name) < 0)
            abort();
        octets = read_file(path, &length);
        LLVMFuzzerTestOneInput(octets, length);
        free(octets);
        printf("ok %d - %s\n", i + 1, entries[i]->d_name);
        fflush(stdout);
        free(entries[i]);
        free(path);
    }
    free(entries);
}

/* fuzz_NAME [FILE...]: without files, those of the source's corpus/NAME. */
int
main(int argc, char **argv)
{
    const char *source = getenv("TR_SRCDIR"), *name;
    char *directory;
    uint8_t *octets;
    size_t length;
    int i;

    for (i = 1; i < argc; i++) {
        octets = read_file(argv[i], &length);
        LLVMFuzzerTestOneInput(octets, length);
        free(octets);
    }
    if (argc > 1)
        return 0;
    name = strrchr(argv[0], '_');
    if (source == NULL || name == NULL) {
        fprintf(stderr, "usage: %s FILE...\n", argv[0]);
        return 2;
    }
    if (asprintf(&directory, "%s/tests/fuzz/corpus/%s", source, name + 1) < 0)
        abort();
    replay(directory);
    free(directory);
    return 0;
}
