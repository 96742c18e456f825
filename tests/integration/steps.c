/* tests/integration/steps.c - what is done on the disk and at the KDC */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Preloaded: each step, before it is taken, becomes a line of the file
 * TR_STEPS; ahead of the one that has the number TR_AT (from 1), the shell
 * command TR_THEN is run, whose parent is the program.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <kadm5/admin.h>
#include "instead.h"

static void
note(const char *step, const char *what)
{
    static int taken;
    const char *at = getenv("TR_AT");
    int fd = open(getenv("TR_STEPS"),
                  O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0 || dprintf(fd, "%s %s\n", step, what) < 0 || close(fd) != 0)
        abort();
    if (++taken != (at != NULL ? atoi(at) : 0))
        return;
    (void)unsetenv("LD_PRELOAD");
    if (system(getenv("TR_THEN")) != 0)
        abort();
}

static void
note_file(const char *step, int fd, const char *name)
{
    char link[40], path[400] = "";

    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    if (fd != AT_FDCWD && readlink(link, path, sizeof(path) - 1) < 0)
        abort();
    (void)snprintf(path + strlen(path), sizeof(path) - strlen(path), "%s%s",
                   *path != '\0' && *name != '\0' ? "/" : "", name);
    note(step, path);
}

static void
note_keytab(krb5_context context, const char *step, krb5_keytab keytab)
{
    char name[400] = "";

    if (krb5_kt_get_name(context, keytab, name, sizeof(name)) != 0)
        abort();
    note(step, strchr(name, ':') + 1);
}

/* --- files --------------------------------------------------------------- */

#pragma GCC visibility push(default)

int
mkdir(const char *path, mode_t mode)
{
    note("mkdir", path);
    return REAL(mkdir)(path, mode);
}

int
rmdir(const char *path)
{
    note("rmdir", path);
    return REAL(rmdir)(path);
}

int
fsync(int fd)
{
    note_file("fsync", fd, "");
    return REAL(fsync)(fd);
}

int
unlinkat(int folder, const char *name, int flags)
{
    note_file("unlink", folder, name);
    return REAL(unlinkat)(folder, name, flags);
}

int
linkat(int folder, const char *name, int to, const char *path, int flags)
{
    note_file("link", to, path);
    return REAL(linkat)(folder, name, to, path, flags);
}

int
renameat(int folder, const char *name, int to, const char *path)
{
    note_file("rename", to, path);
    return REAL(renameat)(folder, name, to, path);
}

/* --- keytabs and principals ---------------------------------------------- */

krb5_error_code
krb5_kt_add_entry(krb5_context context, krb5_keytab keytab,
                  krb5_keytab_entry *entry)
{
    note_keytab(context, "add", keytab);
    return REAL(krb5_kt_add_entry)(context, keytab, entry);
}

krb5_error_code
krb5_kt_remove_entry(krb5_context context, krb5_keytab keytab,
                     krb5_keytab_entry *entry)
{
    note_keytab(context, "remove", keytab);
    return REAL(krb5_kt_remove_entry)(context, keytab, entry);
}

kadm5_ret_t
kadm5_create_principal(void *handle, kadm5_principal_ent_t entry, long mask,
                       char *password)
{
    note("create", "");
    return REAL(kadm5_create_principal)(handle, entry, mask, password);
}

kadm5_ret_t
kadm5_delete_principal(void *handle, krb5_principal principal)
{
    note("delete", "");
    return REAL(kadm5_delete_principal)(handle, principal);
}
