/* tools/trustrealm/watch_source.c - follow the audit log */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "watch.h"

#define PAUSE_MS 250
#define MAX_LINE (256 * 1024)   /* trustrealmd writes none that long */

extern char **environ;

struct watch_source {
    const char *path;           /* NULL: a program's output */
    int fd;
    pid_t child;
    char line[MAX_LINE];
    size_t length;              /* of what there is of a line */
};

/* --- opening ------------------------------------------------------------- */

static int
open_file(struct watch_source *source, bool from_end)
{
    source->fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (source->fd < 0)
        return tool_fail(TOOL_SYSTEM, "%s: %s", source->path,
                         strerror(errno));
    if (from_end)
        (void)lseek(source->fd, 0, SEEK_END);
    source->length = 0;
    return TOOL_DONE;
}

static int
start_journalctl(struct watch_source *source)
{
    char *argv[] = {
        (char *)"journalctl", (char *)"--follow", (char *)"--lines=0",
        (char *)"--output=cat", (char *)"--identifier=trustrealmd", NULL
    };
    posix_spawn_file_actions_t actions;
    int ends[2], error;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return tool_fail(TOOL_SYSTEM, "%s", strerror(errno));
    source->fd = ends[0];
    error = posix_spawn_file_actions_init(&actions);
    if (error == 0) {
        error = posix_spawn_file_actions_adddup2(&actions, ends[1],
                                                 STDOUT_FILENO);
        if (error == 0)
            error = posix_spawnp(&source->child, argv[0], &actions, NULL,
                                 argv, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    close(ends[1]);
    if (error == 0 && fcntl(source->fd, F_SETFL, O_NONBLOCK) == 0)
        return TOOL_DONE;
    return tool_fail(TOOL_SYSTEM, "journalctl: %s", strerror(error));
}

int
watch_source_open(const char *path, struct watch_source **source_out)
{
    struct watch_source *source = tool_must(calloc(1, sizeof(*source)));
    int status;

    *source_out = NULL;
    source->path = path;
    source->fd = -1;
    status = path != NULL ? open_file(source, true) :
        start_journalctl(source);
    if (status == TOOL_DONE)
        *source_out = source;
    else
        watch_source_close(source);
    return status;
}

void
watch_source_close(struct watch_source *source)
{
    if (source == NULL)
        return;
    if (source->fd >= 0)
        close(source->fd);
    if (source->child > 0) {
        kill(source->child, SIGTERM);
        (void)waitpid(source->child, NULL, 0);
    }
    free(source);
}

/* --- reading ------------------------------------------------------------- */

/* Hand out the lines that are whole; one that is too long is dropped. */
static void
hand_out(struct watch_source *source, void (*each)(char *line, void *arg),
         void *arg)
{
    char *start = source->line, *end;

    while ((end = memchr(start, '\n', source->length -
                         (size_t)(start - source->line))) != NULL) {
        *end = '\0';
        each(start, arg);
        start = end + 1;
    }
    source->length -= (size_t)(start - source->line);
    memmove(source->line, start, source->length);
    if (source->length == sizeof(source->line))
        source->length = 0;
}

/* Was the file moved away, or made empty, by who looks after logs? */
static bool
was_replaced(const struct watch_source *source)
{
    struct stat there, here;

    return stat(source->path, &there) == 0 &&
        fstat(source->fd, &here) == 0 &&
        (there.st_dev != here.st_dev || there.st_ino != here.st_ino ||
         there.st_size < lseek(source->fd, 0, SEEK_CUR));
}

static int
at_end(struct watch_source *source)
{
    if (source->path == NULL)
        return tool_fail(TOOL_SYSTEM, "journalctl has ended");
    if (!was_replaced(source))
        return TOOL_DONE;
    close(source->fd);
    return open_file(source, false);
}

int
watch_source_read(struct watch_source *source,
                  void (*each)(char *line, void *arg), void *arg)
{
    struct pollfd wait = { source->fd, POLLIN, 0 };
    ssize_t n;

    /* A file is always ready. */
    (void)poll(&wait, source->path == NULL ? 1 : 0, PAUSE_MS);
    for (;;) {
        n = read(source->fd, source->line + source->length,
                 sizeof(source->line) - source->length);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return TOOL_DONE;
        if (n < 0)
            return tool_fail(TOOL_SYSTEM, "%s: %s", source->path == NULL ?
                             "journalctl" : source->path, strerror(errno));
        if (n == 0)
            return at_end(source);
        source->length += (size_t)n;
        hand_out(source, each, arg);
    }
}
