/* tools/trustrealm/kadmin_draft.c - what is to become a system's keytab */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "kadmin.h"

/* Tries that ended without an answer of the KDC are few: one digit. */
#define MAXIMUM 9

/* The draft and what the old keytab had of others. */
#define WHOLE "whole"

/* Ours alone, locked; the descriptor, or -1 (errno). */
static int
open_folder(const char *path)
{
    struct stat st;
    int fd;

    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return -1;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) == 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
        if (st.st_uid == geteuid() && (st.st_mode & 077) == 0)
            return fd;
        errno = EPERM;
    }
    (void)close(fd);
    return -1;
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
    struct stat st;

    *drafts_out = (struct tool_drafts){ .keytab = file, .fd = -1 };
    if (file == NULL)
        return KRB5_KT_UNKNOWN_TYPE;
    if (stat(file, &st) == 0) {
        ret = S_ISREG(st.st_mode) ? 
            tool_keytab_walk(context, keytab, NULL, NULL) : EEXIST;
        if (ret != 0)
            return ret;
    }
    drafts_out->folder = tool_format("%s.new", file);
    drafts_out->fd = open_folder(drafts_out->folder);
    if (drafts_out->fd < 0)
        return errno;
    for (; drafts_out->n < MAXIMUM; drafts_out->n++) {
        format_number(drafts_out->n + 1, name);
        if (faccessat(drafts_out->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
            break;
    }
    return 0;
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

/* What was the daemon's stays so. */
static krb5_error_code
take_over(krb5_context context, const struct tool_drafts *drafts,
          krb5_principal principal, const char *whole)
{
    krb5_error_code ret = 0;
    struct stat st;
    int fd;

    if (stat(drafts->keytab, &st) != 0)
        return errno == ENOENT ? 0 : errno;
    fd = openat(drafts->fd, WHOLE, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fchown(fd, st.st_uid, st.st_gid) != 0 ||
        fchmod(fd, st.st_mode & 0777) != 0)
        ret = errno;
    if (fd >= 0)
        (void)close(fd);
    return ret != 0 ? ret :
        copy_entries(context, drafts->keytab, principal, true, whole);
}

/* The drafts stay as they are until the whole is in its place. */
krb5_error_code
tool_drafts_finish(krb5_context context, struct tool_drafts *drafts,
                   unsigned int number, krb5_principal principal)
{
    char *path = tool_drafts_name(drafts, number);
    char *whole = tool_format("%s/" WHOLE, drafts->folder);
    krb5_error_code ret;

    (void)unlinkat(drafts->fd, WHOLE, 0);
    ret = copy_entries(context, path, principal, false, whole);
    if (ret == 0)
        ret = take_over(context, drafts, principal, whole);
    if (ret == 0)
        ret = sync_file(drafts, WHOLE);
    if (ret == 0 && renameat(drafts->fd, WHOLE, AT_FDCWD,
                             drafts->keytab) != 0)
        ret = errno;
    while (ret == 0 && drafts->n > 0)
        tool_drafts_drop(drafts);
    free(whole);
    free(path);
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
