/* tools/trustrealm/kadmin_draft.c - what is to become a system's keytab */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "kadmin.h"

/* Tries that ended without an answer of the KDC are few: one digit. */
#define MAXIMUM 9

/* The draft and what the old keytab had of others. */
#define WHOLE "whole"

/* The folder that path is in, on the disk as it is now. */
static krb5_error_code
sync_parent(const char *path)
{
    char *parent = tool_copy(path), *slash = strrchr(parent, '/');
    krb5_error_code ret = 0;
    int fd;

    if (slash != NULL)
        slash[1] = '\0';
    fd = open(slash != NULL ? parent : ".",
              O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        ret = errno;
    if (fd >= 0)
        (void)close(fd);
    free(parent);
    return ret;
}

/* Ours alone, locked, and still there: who had it before may have removed it.
 * ESTALE: it is not. */
static krb5_error_code
lock_folder(const char *path, int fd)
{
    struct stat st, now;

    if (fstat(fd, &st) != 0 || flock(fd, LOCK_EX | LOCK_NB) != 0)
        return errno;
    if (st.st_uid != geteuid() || (st.st_mode & 077) != 0)
        return EPERM;
    return lstat(path, &now) == 0 && now.st_dev == st.st_dev &&
        now.st_ino == st.st_ino ? sync_parent(path) : ESTALE;
}

/* Made if it is not there. */
static krb5_error_code
open_folder(const char *path, int *fd_out)
{
    krb5_error_code ret;
    int fd;

    do {
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return errno;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        ret = fd >= 0 ? lock_folder(path, fd) :
            errno == ENOENT ? ESTALE : errno;
        if (ret != 0 && fd >= 0)
            (void)close(fd);
    } while (ret == ESTALE);
    if (ret == 0)
        *fd_out = fd;
    return ret;
}

/* The keytab; all 0 when there is none. */
static krb5_error_code
look(const struct tool_drafts *drafts, struct stat *st_out)
{
    *st_out = (struct stat){ .st_nlink = 0 };
    return stat(drafts->keytab, st_out) == 0 || errno == ENOENT ? 0 : errno;
}

/* What was the daemon's stays so: WHOLE is to be whose the old keytab is. */
static krb5_error_code
give(const struct tool_drafts *drafts, int flags, const struct stat *old)
{
    krb5_error_code ret = 0;
    int fd;

    fd = openat(drafts->fd, WHOLE, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | flags,
                0600);
    if (fd < 0 || fchown(fd, old->st_uid, old->st_gid) != 0 ||
        fchmod(fd, old->st_mode & 0777) != 0)
        ret = errno;
    if (fd >= 0)
        (void)close(fd);
    return ret;
}

/* Can that be done?  What can only fail is found ahead of any key. */
static krb5_error_code
try_to_give(const struct tool_drafts *drafts, const struct stat *old)
{
    krb5_error_code ret;

    (void)unlinkat(drafts->fd, WHOLE, 0);
    ret = old->st_nlink == 0 ? 0 : give(drafts, O_CREAT | O_EXCL, old);
    (void)unlinkat(drafts->fd, WHOLE, 0);
    return ret;
}

/* In the folder. */
static void
format_number(unsigned int number, char name_out[2])
{
    name_out[0] = (char)('0' + number);
    name_out[1] = '\0';
}

krb5_error_code
tool_drafts_begin(krb5_context context, const char *keytab,
                  struct tool_drafts *drafts_out)
{
    char *file = tool_keytab_file(context, keytab), name[2];
    krb5_error_code ret;
    struct stat old;

    *drafts_out = (struct tool_drafts){ .keytab = file, .fd = -1 };
    if (file == NULL)
        return KRB5_KT_UNKNOWN_TYPE;
    drafts_out->folder = tool_format("%s.new", file);
    ret = look(drafts_out, &old);
    if (ret == 0 && old.st_nlink != 0)
        ret = S_ISREG(old.st_mode) ?
            tool_keytab_walk(context, keytab, NULL, NULL) : EEXIST;
    if (ret != 0)
        return ret;
    ret = open_folder(drafts_out->folder, &drafts_out->fd);
    if (ret != 0)
        return ret;
    for (; drafts_out->n < MAXIMUM; drafts_out->n++) {
        format_number(drafts_out->n + 1, name);
        if (faccessat(drafts_out->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
            break;
    }
    return try_to_give(drafts_out, &old);
}

bool
tool_drafts_left(const struct tool_drafts *drafts)
{
    struct stat st;

    if (drafts->fd >= 0 || drafts->folder == NULL)
        return drafts->n > 0;
    return lstat(drafts->folder, &st) == 0 ||
        (errno != ENOENT && errno != ENOTDIR);
}

char *
tool_drafts_name(const struct tool_drafts *drafts, unsigned int number)
{
    return tool_format("%s/%u", drafts->folder, number);
}

void
tool_drafts_drop(struct tool_drafts *drafts)
{
    char name[2];

    format_number(drafts->n--, name);
    (void)unlinkat(drafts->fd, name, 0);
}

/* What was written by its name. */
static krb5_error_code
sync_file(const struct tool_drafts *drafts, const char *name)
{
    krb5_error_code ret = 0;
    int fd = openat(drafts->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 || fsync(fd) != 0 || fsync(drafts->fd) != 0)
        ret = errno;
    if (fd >= 0)
        (void)close(fd);
    return ret;
}

krb5_error_code
tool_drafts_add(krb5_context context, struct tool_drafts *drafts,
                krb5_principal principal, const struct tool_keytab_key *key)
{
    krb5_error_code ret;
    char *path, name[2];

    if (drafts->n == MAXIMUM)
        return EMLINK;
    format_number(++drafts->n, name);
    path = tool_drafts_name(drafts, drafts->n);
    ret = tool_keytab_add(context, path, principal, key);
    if (ret == 0)
        ret = sync_file(drafts, name);
    if (ret != 0)
        tool_drafts_drop(drafts);
    free(path);
    return ret;
}

/* --- in the keytab's place ----------------------------------------------- */

struct copy { krb5_keytab to; krb5_const_principal principal; bool others; };

static krb5_error_code
copy_entry(krb5_context context, krb5_keytab_entry *entry, void *arg)
{
    const struct copy *copy = arg;

    return krb5_principal_compare(context, copy->principal,
                                  entry->principal) == copy->others ? 0 :
        krb5_kt_add_entry(context, copy->to, entry);
}

/* Add the entries of principal, or those of all others, to another keytab. */
static krb5_error_code
copy_entries(krb5_context context, const char *keytab,
             krb5_const_principal principal, bool others, const char *path)
{
    struct copy copy = { NULL, principal, others };
    krb5_error_code ret;

    ret = krb5_kt_resolve(context, path, &copy.to);
    if (ret == 0)
        ret = tool_keytab_walk(context, keytab, copy_entry, &copy);
    if (copy.to != NULL)
        (void)krb5_kt_close(context, copy.to);
    return ret;
}

/* WHOLE, on the disk, from that draft and the keytab as it is now. */
static krb5_error_code
make_whole(krb5_context context, const struct tool_drafts *drafts,
           unsigned int number, krb5_principal principal, struct stat *old_out)
{
    char *path = tool_drafts_name(drafts, number);
    char *whole = tool_format("%s/" WHOLE, drafts->folder);
    krb5_error_code ret;

    (void)unlinkat(drafts->fd, WHOLE, 0);
    ret = look(drafts, old_out);
    if (ret == 0)
        ret = copy_entries(context, path, principal, false, whole);
    if (ret == 0 && old_out->st_nlink != 0)
        ret = give(drafts, 0, old_out);
    if (ret == 0 && old_out->st_nlink != 0)
        ret = copy_entries(context, drafts->keytab, principal, true, whole);
    if (ret == 0)
        ret = sync_file(drafts, WHOLE);
    free(whole);
    free(path);
    return ret;
}

/* Has somebody else added keys to it since? */
static bool
has_changed(const struct tool_drafts *drafts, const struct stat *old)
{
    struct stat now;

    return look(drafts, &now) != 0 || now.st_ino != old->st_ino ||
        now.st_size != old->st_size ||
        now.st_mtim.tv_sec != old->st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != old->st_mtim.tv_nsec;
}

/* The drafts stay as they are until the whole is in its place. */
krb5_error_code
tool_drafts_finish(krb5_context context, struct tool_drafts *drafts,
                   unsigned int number, krb5_principal principal)
{
    krb5_error_code ret;
    struct stat old;

    do {
        ret = make_whole(context, drafts, number, principal, &old);
    } while (ret == 0 && has_changed(drafts, &old));
    if (ret == 0 && renameat(drafts->fd, WHOLE, AT_FDCWD,
                             drafts->keytab) != 0)
        ret = errno;
    if (ret == 0)
        ret = sync_parent(drafts->keytab);
    while (ret == 0 && drafts->n > 0)
        tool_drafts_drop(drafts);
    return ret;
}

void
tool_drafts_end(struct tool_drafts *drafts)
{
    if (drafts->fd >= 0 && drafts->n == 0) {
        (void)unlinkat(drafts->fd, WHOLE, 0);
        (void)rmdir(drafts->folder);
    }
    if (drafts->fd >= 0)
        (void)close(drafts->fd);
    free(drafts->folder);
    free(drafts->keytab);
}
