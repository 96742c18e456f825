/* tools/trustrealm/kadmin_keytab.c - a system's keys in its keytab */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "kadmin.h"

void
tool_keytab_free_key(krb5_context context, struct tool_keytab_key *key)
{
    int i;

    for (i = 0; i < key->n; i++)
        krb5_free_keyblock_contents(context, &key->keys[i]);
    free(key->keys);
    key->keys = NULL;
    key->n = 0;
}

/* Where a keytab's file is or will be, malloced; NULL when it is no file. */
static char *
file_of(krb5_context context, const char *keytab)
{
    krb5_keytab handle = NULL;
    const char *type;
    char name[MAX_KEYTAB_NAME_LEN], *path = NULL, *followed;

    if (krb5_kt_resolve(context, keytab, &handle) != 0)
        return NULL;
    type = krb5_kt_get_type(context, handle);
    if ((strcmp(type, "FILE") == 0 || strcmp(type, "WRFILE") == 0) &&
        krb5_kt_get_name(context, handle, name, sizeof(name)) == 0)
        path = tool_copy(strchr(name, ':') + 1);
    (void)krb5_kt_close(context, handle);
    followed = path != NULL ? realpath(path, NULL) : NULL;
    if (followed == NULL)
        return path;
    free(path);
    return followed;
}

krb5_error_code
tool_keytab_check(krb5_context context, const char *keytab)
{
    char *file = file_of(context, keytab), *slash;
    krb5_error_code ret;
    int fd;

    if (file == NULL)
        return KRB5_KT_UNKNOWN_TYPE;
    fd = open(file, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    ret = fd < 0 ? errno : 0;
    if (fd >= 0)
        (void)close(fd);
    if (ret == ENOENT) {
        /* It will be made. */
        slash = strrchr(file, '/');
        if (slash != NULL)
            slash[1] = '\0';
        ret = access(slash != NULL ? file : ".", W_OK | X_OK) != 0 ? errno : 0;
    }
    free(file);
    return ret;
}

krb5_error_code
tool_keytab_add(krb5_context context, const char *name,
                krb5_principal principal, const struct tool_keytab_key *key)
{
    krb5_error_code ret;
    krb5_keytab keytab = NULL;
    krb5_keytab_entry entry;
    int i;

    ret = krb5_kt_resolve(context, name, &keytab);
    for (i = 0; i < key->n && ret == 0; i++) {
        memset(&entry, 0, sizeof(entry));
        entry.principal = principal;
        entry.vno = key->kvno;
        entry.timestamp = (krb5_timestamp)(uint32_t)time(NULL);
        entry.key = key->keys[i];
        ret = krb5_kt_add_entry(context, keytab, &entry);
    }
    if (keytab != NULL)
        (void)krb5_kt_close(context, keytab);
    return ret;
}

/* The first key of principal below a kvno, or of just that one. */
static krb5_error_code
find_entry(krb5_context context, krb5_keytab keytab,
           krb5_const_principal principal, krb5_kvno below, krb5_kvno just,
           krb5_keytab_entry *entry_out)
{
    krb5_error_code ret, end;
    krb5_kt_cursor cursor;
    krb5_keytab_entry entry;

    ret = krb5_kt_start_seq_get(context, keytab, &cursor);
    if (ret)
        return ret;
    while ((ret = krb5_kt_next_entry(context, keytab, &entry, &cursor)) ==
           0) {
        if (krb5_principal_compare(context, principal, entry.principal) &&
            (just != 0 ? entry.vno == just :
             below == 0 || entry.vno < below))
            break;
        (void)krb5_free_keytab_entry_contents(context, &entry);
    }
    end = krb5_kt_end_seq_get(context, keytab, &cursor);
    if (ret == 0)
        *entry_out = entry;
    return ret == KRB5_KT_END ? KRB5_KT_NOTFOUND : ret != 0 ? ret : end;
}

krb5_error_code
tool_keytab_remove(krb5_context context, const char *name,
                   krb5_principal principal, krb5_kvno below)
{
    krb5_error_code ret;
    krb5_keytab keytab = NULL;
    krb5_keytab_entry entry;

    ret = krb5_kt_resolve(context, name, &keytab);
    while (ret == 0) {
        ret = find_entry(context, keytab, principal, below, 0, &entry);
        if (ret != 0)
            break;
        ret = krb5_kt_remove_entry(context, keytab, &entry);
        (void)krb5_free_keytab_entry_contents(context, &entry);
    }
    if (keytab != NULL)
        (void)krb5_kt_close(context, keytab);
    return ret == KRB5_KT_NOTFOUND ? 0 : ret;
}

krb5_error_code
tool_keytab_time(krb5_context context, const char *name,
                 krb5_principal principal, krb5_kvno kvno, int64_t *time_out)
{
    krb5_error_code ret;
    krb5_keytab keytab = NULL;
    krb5_keytab_entry entry;

    ret = krb5_kt_resolve(context, name, &keytab);
    if (ret)
        return ret;
    ret = find_entry(context, keytab, principal, 0, kvno, &entry);
    if (ret == 0) {
        *time_out = (uint32_t)entry.timestamp;
        (void)krb5_free_keytab_entry_contents(context, &entry);
    }
    (void)krb5_kt_close(context, keytab);
    return ret;
}

/* --- another one in its place -------------------------------------------- */

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

krb5_error_code
tool_keytab_begin(krb5_context context, const char *keytab,
                  struct tool_keytab_draft *draft_out)
{
    char *file = file_of(context, keytab), *folder = NULL;
    struct stat st;
    krb5_error_code ret = 0;

    *draft_out = (struct tool_keytab_draft){ .folder = -1 };
    if (file == NULL)
        return KRB5_KT_UNKNOWN_TYPE;
    if (stat(file, &st) == 0 && !S_ISREG(st.st_mode)) {
        ret = EEXIST;
        goto cleanup;
    }
    folder = tool_format("%s.new", file);
    draft_out->folder = open_folder(folder);
    if (draft_out->folder < 0) {
        ret = errno;
        goto cleanup;
    }
    draft_out->path = tool_format("%s/keytab", folder);
    draft_out->whole = tool_format("%s/whole", folder);
    draft_out->left = access(draft_out->path, F_OK) == 0;

cleanup:
    free(folder);
    free(file);
    return ret;
}

/* Add the entries of principal, or those of all others, to another keytab. */
static krb5_error_code
copy_entries(krb5_context context, const char *keytab,
             krb5_const_principal principal, bool others, const char *path)
{
    krb5_error_code ret, end;
    krb5_keytab from = NULL, to = NULL;
    krb5_kt_cursor cursor;
    krb5_keytab_entry entry;

    ret = krb5_kt_resolve(context, keytab, &from);
    if (ret == 0)
        ret = krb5_kt_resolve(context, path, &to);
    if (ret == 0)
        ret = krb5_kt_start_seq_get(context, from, &cursor);
    if (ret != 0)
        goto cleanup;
    while ((ret = krb5_kt_next_entry(context, from, &entry, &cursor)) == 0) {
        if (krb5_principal_compare(context, principal, entry.principal) !=
            others)
            ret = krb5_kt_add_entry(context, to, &entry);
        (void)krb5_free_keytab_entry_contents(context, &entry);
        if (ret != 0)
            break;
    }
    end = krb5_kt_end_seq_get(context, from, &cursor);
    ret = ret == KRB5_KT_END ? end : ret;

cleanup:
    if (to != NULL)
        (void)krb5_kt_close(context, to);
    if (from != NULL)
        (void)krb5_kt_close(context, from);
    return ret;
}

/* The draft stays as it is until the whole is in its place. */
krb5_error_code
tool_keytab_finish(krb5_context context, const char *keytab,
                   krb5_principal principal,
                   const struct tool_keytab_draft *draft)
{
    char *file = file_of(context, keytab);
    struct stat st;
    krb5_error_code ret;
    int fd = -1;

    if (file == NULL)
        return KRB5_KT_UNKNOWN_TYPE;
    (void)unlink(draft->whole);
    ret = copy_entries(context, draft->path, principal, false, draft->whole);
    if (ret != 0)
        goto cleanup;
    fd = open(draft->whole, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        ret = errno;
        goto cleanup;
    }
    /* What was the daemon's stays so. */
    if (stat(file, &st) == 0) {
        ret = copy_entries(context, keytab, principal, true, draft->whole);
        if (ret == 0 && fchown(fd, st.st_uid, st.st_gid) != 0)
            ret = errno;
    }
    if (ret == 0 && (fsync(fd) != 0 || rename(draft->whole, file) != 0))
        ret = errno;

cleanup:
    if (fd >= 0)
        (void)close(fd);
    free(file);
    return ret;
}

void
tool_keytab_end(struct tool_keytab_draft *draft, bool keep)
{
    if (draft->path != NULL && !keep) {
        (void)unlink(draft->whole);
        (void)unlink(draft->path);
        *strrchr(draft->path, '/') = '\0';
        (void)rmdir(draft->path);
    }
    free(draft->whole);
    free(draft->path);
    if (draft->folder >= 0)
        (void)close(draft->folder);
}
