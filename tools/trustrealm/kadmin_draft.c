/* tools/trustrealm/kadmin_draft.c - what is to become a system's keytab */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "kadmin.h"

/* Tries that ended without an answer of the KDC are few: one digit. */
#define MAXIMUM 9

/* A keytab to be, where there is none. */
#define WHOLE "whole"

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
        now.st_ino == st.st_ino ? tool_keytab_sync(path) : ESTALE;
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

    *drafts_out = (struct tool_drafts){ .keytab = file, .fd = -1 };
    if (file == NULL)
        return KRB5_KT_UNKNOWN_TYPE;
    drafts_out->folder = tool_format("%s.new", file);
    ret = tool_keytab_check(context, keytab);
    if (ret == 0)
        ret = open_folder(drafts_out->folder, &drafts_out->fd);
    if (ret != 0)
        return ret;
    for (; drafts_out->n < MAXIMUM; drafts_out->n++) {
        format_number(drafts_out->n + 1, name);
        if (faccessat(drafts_out->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
            break;
    }
    return 0;
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
    if (ret != 0)
        tool_drafts_drop(drafts);
    free(path);
    return ret;
}

/* --- from a draft to the keytab ------------------------------------------ */

/* A draft's keys, into another keytab. */
static krb5_error_code
copy_keys(krb5_context context, const char *draft, const char *path)
{
    krb5_keytab to = NULL;
    krb5_error_code ret;

    ret = krb5_kt_resolve(context, path, &to);
    if (ret == 0)
        ret = tool_keytab_walk(context, draft, tool_keytab_put, to);
    if (to != NULL)
        (void)krb5_kt_close(context, to);
    return ret;
}

/* The keytab, all of it at once; EEXIST: there is one. */
static krb5_error_code
make_keytab(krb5_context context, const struct tool_drafts *drafts,
            const char *draft)
{
    char *whole = tool_format("%s/" WHOLE, drafts->folder);
    krb5_error_code ret;

    (void)unlinkat(drafts->fd, WHOLE, 0);
    ret = copy_keys(context, draft, whole);
    if (ret == 0 && linkat(drafts->fd, WHOLE, AT_FDCWD, drafts->keytab,
                           0) != 0)
        ret = errno;
    free(whole);
    return ret;
}

/* A keytab that is there stays the same file: others may add keys to it at
 * this moment, which Kerberos has wait for each other. */
krb5_error_code
tool_drafts_finish(krb5_context context, struct tool_drafts *drafts,
                   unsigned int number, krb5_principal principal)
{
    char *draft = tool_drafts_name(drafts, number);
    krb5_error_code ret;

    ret = access(drafts->keytab, F_OK) == 0 ? EEXIST :
        make_keytab(context, drafts, draft);
    if (ret == EEXIST) {
        ret = tool_keytab_remove(context, drafts->keytab, principal, 0);
        if (ret == 0)
            ret = copy_keys(context, draft, drafts->keytab);
    }
    if (ret == 0)
        ret = tool_keytab_sync(drafts->keytab);
    while (ret == 0 && drafts->n > 0)
        tool_drafts_drop(drafts);
    free(draft);
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
