/* mech/service/recordkey.c - the key of this daemon's association records */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "trustrealm_err.h"
#include "crypto.h"
#include "recordkey.h"

#define ENCTYPE ENCTYPE_AES256_CTS_HMAC_SHA1_96
#define LENGTH  32

static krb5_error_code
read_key(const char *path, uint8_t octets[LENGTH], const char **why_out)
{
    struct stat st;
    krb5_error_code ret = TRR_CONFIG;
    int fd;

    fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        *why_out = strerror(errno);
        return errno == ENOENT ? ENOENT : TRR_CONFIG;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        *why_out = "not a plain file";
    else if (st.st_uid != geteuid())
        *why_out = "belongs to another user";
    else if ((st.st_mode & 077) != 0)
        *why_out = "can be opened by others";
    else if (st.st_size != LENGTH || read(fd, octets, LENGTH) != LENGTH)
        *why_out = "does not hold a key";
    else
        ret = 0;
    close(fd);
    return ret;
}

/* Make the name of path's file permanent. */
static int
sync_directory(const char *path)
{
    char *directory, *slash;
    int fd, ret = -1;

    directory = strdup(path);
    if (directory == NULL)
        return -1;
    slash = strrchr(directory, '/');
    if (slash != NULL)
        slash[slash == directory] = '\0';
    fd = open(slash != NULL ? directory : ".",
              O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(directory);
    if (fd >= 0) {
        ret = fsync(fd);
        close(fd);
    }
    return ret;
}

/*
 * Write a new key under another name first: a crash never leaves half a key
 * under path, and of two that start at once one wins and both use its key.
 */
static krb5_error_code
write_key(krb5_context context, const char *path)
{
    uint8_t octets[LENGTH];
    krb5_error_code ret;
    char *temporary = NULL;
    int fd = -1;

    if (asprintf(&temporary, "%s.%ld", path, (long)getpid()) < 0)
        return ENOMEM;
    ret = tr_random(context, octets, sizeof(octets));
    if (ret)
        goto cleanup;
    if (unlink(temporary) != 0 && errno != ENOENT) {
        ret = errno;
        goto cleanup;
    }
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
              0600);
    if (fd < 0 || write(fd, octets, LENGTH) != LENGTH || fsync(fd) != 0 ||
        (link(temporary, path) != 0 && errno != EEXIST) ||
        sync_directory(path) != 0)
        ret = errno != 0 ? errno : EIO;

cleanup:
    explicit_bzero(octets, sizeof(octets));
    if (fd >= 0) {
        close(fd);
        unlink(temporary);
    }
    free(temporary);
    return ret;
}

krb5_error_code
tr_record_key_load(krb5_context context, const char *path, krb5_key *key_out,
                   const char **why_out)
{
    uint8_t octets[LENGTH];
    struct tr_bytes bytes = { octets, LENGTH };
    krb5_error_code ret;

    *why_out = NULL;
    ret = read_key(path, octets, why_out);
    if (ret == ENOENT) {
        ret = write_key(context, path);
        if (ret == 0)
            ret = read_key(path, octets, why_out);
        else
            *why_out = "cannot be made";
    }
    if (ret == 0)
        ret = tr_key_import(context, ENCTYPE, &bytes, key_out);
    explicit_bzero(octets, sizeof(octets));
    return ret;
}
