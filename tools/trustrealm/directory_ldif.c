/* tools/trustrealm/directory_ldif.c - a directory in an LDIF file */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The file is locked from reading to writing, so nothing happens in between
 * that could be lost, or is seen where somebody did not ask for the lock; and
 * replaced as a whole, so that who reads it at any moment sees it before or
 * after.
 */

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>
#include "directory_backend.h"
#include "ldif_text.h"

#define LOCK_WAIT_MS 10000
#define LOCK_PAUSE_MS 20

struct state {
    char *path;                 /* without symbolic links */
    int fd;
    struct stat st;
    struct ldif_text ldif;
};

static int
failed(const char *path)
{
    return tool_fail(TOOL_SYSTEM, "%s: %s", path, strerror(errno));
}

static void
close_ldif(void *arg)
{
    struct state *state = arg;

    ldif_text_clear(&state->ldif);
    free(state->ldif.text);
    if (state->fd >= 0)
        (void)close(state->fd);
    free(state->path);
    free(state);
}

/* --- opening ------------------------------------------------------------- */

/* Whoever had the lock before has perhaps put another file here. */
static bool
was_replaced(const struct state *state)
{
    struct stat now;

    return stat(state->path, &now) != 0 || now.st_ino != state->st.st_ino ||
        now.st_dev != state->st.st_dev;
}

static int
lock(struct state *state)
{
    const struct timespec pause = { 0, LOCK_PAUSE_MS * 1000000L };
    int left = LOCK_WAIT_MS / LOCK_PAUSE_MS;

    while (flock(state->fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return failed(state->path);
        if (left-- == 0)
            return tool_fail(TOOL_SYSTEM, "%s: another process keeps it "
                             "locked", state->path);
        (void)nanosleep(&pause, NULL);
    }
    return TOOL_DONE;
}

static int
open_file(struct state *state, bool to_write)
{
    int status;

    do {
        if (state->fd >= 0)
            (void)close(state->fd);
        state->fd = open(state->path, (to_write ? O_RDWR : O_RDONLY) |
                         O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (state->fd < 0 || fstat(state->fd, &state->st) != 0)
            return failed(state->path);
        if (!S_ISREG(state->st.st_mode))
            return tool_fail(TOOL_SYSTEM, "%s: not a file", state->path);
        if (!to_write)
            return TOOL_DONE;
        status = lock(state);
        if (status != TOOL_DONE)
            return status;
    } while (was_replaced(state));
    /* Or written to it. */
    return fstat(state->fd, &state->st) == 0 ? TOOL_DONE :
        failed(state->path);
}

static int
read_file(struct state *state)
{
    size_t size = (size_t)state->st.st_size, length = 0;
    ssize_t n;

    state->ldif.text = tool_must(malloc(size + 1));
    while (length < size) {
        n = read(state->fd, state->ldif.text + length, size - length);
        if (n < 0)
            return failed(state->path);
        if (n == 0)
            break;
        length += (size_t)n;
    }
    state->ldif.text[length] = '\0';
    state->ldif.length = length;
    return TOOL_DONE;
}

int
tool_ldif_open(const char *path, bool to_write, void **state_out)
{
    struct state *state = tool_must(calloc(1, sizeof(*state)));
    int status;

    state->fd = -1;
    state->ldif.path = path;
    state->path = realpath(path, NULL);
    status = state->path == NULL ? failed(path) :
        open_file(state, to_write);
    if (status == TOOL_DONE)
        status = read_file(state);
    if (status == TOOL_DONE)
        status = ldif_text_parse(&state->ldif);
    if (status == TOOL_DONE)
        *state_out = state;
    else
        close_ldif(state);
    return status;
}

/* --- reading ------------------------------------------------------------- */

static int
read_ldif(void *arg, struct tool_entries *entries_out)
{
    const struct state *state = arg;
    const struct tool_entry *entry;
    size_t i;

    for (i = 0; i < state->ldif.nblocks; i++) {
        entry = state->ldif.blocks[i].entry;
        if (entry != NULL && entry->type != 0)
            tool_entries_add(entries_out, tool_entry_copy(entry));
    }
    return TOOL_DONE;
}

static int
find_ldif(void *arg, enum tr_record_type type, const char *name,
          struct tool_entry **entry_out)
{
    struct tool_entries all = { 0 };
    const struct tool_entry *found;

    (void)read_ldif(arg, &all);
    tool_entries_sort(&all);
    found = tool_entries_find(&all, type, name);
    if (found != NULL)
        *entry_out = tool_entry_copy(found);
    tool_entries_clear(&all);
    return found == NULL ? TOOL_NO : TOOL_DONE;
}

static int
look_ldif(void *arg, const char *dn, struct tool_entry **entry_out)
{
    const struct state *state = arg;
    const struct tool_entry *entry;
    size_t i;

    for (i = 0; i < state->ldif.nblocks; i++) {
        entry = state->ldif.blocks[i].entry;
        if (entry == NULL || !tool_dn_same(entry->dn, dn))
            continue;
        *entry_out = tool_entry_copy(entry);
        return TOOL_DONE;
    }
    return TOOL_NO;
}

/* --- writing ------------------------------------------------------------- */

static int
write_all(int fd, const char *text, size_t length, const char *path)
{
    ssize_t n;

    while (length > 0) {
        n = write(fd, text, length);
        if (n < 0)
            return failed(path);
        text += n;
        length -= (size_t)n;
    }
    return fsync(fd) == 0 ? TOOL_DONE : failed(path);
}

/* So that the new name outlives a crash, too. */
static int
sync_folder(const char *path)
{
    char *folder = tool_copy(path);
    int fd, status = TOOL_DONE;

    *strrchr(folder, '/') = '\0';
    fd = open(*folder == '\0' ? "/" : folder,
              O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        status = tool_fail(TOOL_SYSTEM, "%s: was changed, but a crash may "
                           "undo that: %s: %s", path, folder,
                           strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    free(folder);
    return status;
}

/* An editor does not ask for the lock. */
static int
check_unchanged(const struct state *state)
{
    const struct timespec *then = &state->st.st_mtim;
    struct stat now;

    if (!was_replaced(state) && fstat(state->fd, &now) == 0 &&
        now.st_size == state->st.st_size &&
        now.st_mtim.tv_sec == then->tv_sec &&
        now.st_mtim.tv_nsec == then->tv_nsec)
        return TOOL_DONE;
    return tool_fail(TOOL_NO, "%s: somebody else has changed it meanwhile; "
                     "look again", state->path);
}

/* Without its list the permissions of a file that has one are wider. */
static int
copy_acl(int from, int to, const char *path)
{
    static const char name[] = "system.posix_acl_access";
    char acl[XATTR_SIZE_MAX];
    ssize_t n = fgetxattr(from, name, acl, sizeof(acl));
    int ret;

    if (n >= 0)
        ret = fsetxattr(to, name, acl, (size_t)n, 0);
    else if (errno == ENODATA)
        ret = fremovexattr(to, name);       /* that of the folder's default */
    else
        ret = -1;
    return ret == 0 || (n < 0 && (errno == ENODATA || errno == ENOTSUP)) ?
        TOOL_DONE : failed(path);
}

/* Owner and permissions stay. */
static int
replace_file(const struct state *state, const char *text, size_t length)
{
    char *path = tool_format("%s.XXXXXX", state->path);
    int fd, status = TOOL_DONE;

    fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) {
        status = failed(path);
        free(path);
        return status;
    }
    if ((state->st.st_uid != geteuid() || state->st.st_gid != getegid()) &&
        fchown(fd, state->st.st_uid, state->st.st_gid) != 0)
        status = failed(path);
    if (status == TOOL_DONE && fchmod(fd, state->st.st_mode & 07777) != 0)
        status = failed(path);
    if (status == TOOL_DONE)
        status = copy_acl(state->fd, fd, path);
    if (status == TOOL_DONE)
        status = write_all(fd, text, length, path);
    (void)close(fd);
    if (status == TOOL_DONE)
        status = check_unchanged(state);
    if (status == TOOL_DONE && rename(path, state->path) != 0)
        status = failed(state->path);
    if (status != TOOL_DONE)
        (void)unlink(path);
    free(path);
    return status == TOOL_DONE ? sync_folder(state->path) : status;
}

static int
apply_ldif(void *arg, const struct tool_change *changes, size_t n)
{
    struct state *state = arg;
    char *text = NULL;
    size_t length;
    int status;

    status = ldif_text_change(&state->ldif, changes, n, &text, &length);
    if (status == TOOL_DONE)
        status = replace_file(state, text, length);
    free(text);
    return status;
}

const struct tool_backend tool_backend_ldif = {
    read_ldif, find_ldif, look_ldif, apply_ldif, close_ldif, NULL, NULL
};
