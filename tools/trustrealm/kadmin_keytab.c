/* tools/trustrealm/kadmin_keytab.c - a system's keys in its keytab */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
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

char *
tool_keytab_file(krb5_context context, const char *keytab)
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
tool_keytab_walk(krb5_context context, const char *name,
                 tool_keytab_each *each, void *arg)
{
    krb5_error_code ret, end;
    krb5_keytab keytab = NULL;
    krb5_kt_cursor cursor;
    krb5_keytab_entry entry;

    ret = krb5_kt_resolve(context, name, &keytab);
    if (ret == 0)
        ret = krb5_kt_start_seq_get(context, keytab, &cursor);
    if (ret != 0)
        goto cleanup;
    while ((ret = krb5_kt_next_entry(context, keytab, &entry, &cursor)) ==
           0) {
        ret = each != NULL ? each(context, &entry, arg) : 0;
        (void)krb5_free_keytab_entry_contents(context, &entry);
        if (ret != 0)
            break;
    }
    end = krb5_kt_end_seq_get(context, keytab, &cursor);
    ret = ret == KRB5_KT_END ? end : ret;

cleanup:
    if (keytab != NULL)
        (void)krb5_kt_close(context, keytab);
    return ret;
}

krb5_error_code
tool_keytab_check(krb5_context context, const char *keytab)
{
    char *file = tool_keytab_file(context, keytab), *slash;
    krb5_error_code ret;
    struct stat st;
    int fd;

    if (file == NULL)
        return KRB5_KT_UNKNOWN_TYPE;
    fd = open(file, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    ret = fd < 0 || fstat(fd, &st) != 0 ? errno :
        S_ISREG(st.st_mode) ? 0 : EINVAL;
    if (fd >= 0)
        (void)close(fd);
    if (ret == 0)
        ret = tool_keytab_walk(context, keytab, NULL, NULL);
    if (ret == ENOENT && lstat(file, &st) != 0) {
        /* It will be made; a link that leads nowhere will not. */
        slash = strrchr(file, '/');
        if (slash != NULL)
            slash[1] = '\0';
        ret = access(slash != NULL ? file : ".", W_OK | X_OK) != 0 ? errno : 0;
    }
    free(file);
    return ret;
}

krb5_error_code
tool_keytab_sync(const char *path)
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

/* After a write that broke off within the four octets of a length, what is
 * added behind them is not read by anybody. */
krb5_error_code
tool_keytab_put(krb5_context context, krb5_keytab_entry *entry, void *keytab)
{
    krb5_keytab_entry found;
    krb5_error_code ret;

    ret = krb5_kt_add_entry(context, keytab, entry);
    if (ret == 0)
        ret = krb5_kt_get_entry(context, keytab, entry->principal, entry->vno,
                                entry->key.enctype, &found);
    if (ret == 0)
        (void)krb5_free_keytab_entry_contents(context, &found);
    return ret;
}

/* Kerberos puts each entry on the disk, but not the name of a new file. */
krb5_error_code
tool_keytab_add(krb5_context context, const char *name,
                krb5_principal principal, const struct tool_keytab_key *key)
{
    krb5_error_code ret;
    krb5_keytab keytab = NULL;
    krb5_keytab_entry entry;
    char *file = tool_keytab_file(context, name);
    int i;

    ret = file == NULL ? KRB5_KT_UNKNOWN_TYPE :
        krb5_kt_resolve(context, name, &keytab);
    for (i = 0; i < key->n && ret == 0; i++) {
        memset(&entry, 0, sizeof(entry));
        entry.principal = principal;
        entry.vno = key->kvno;
        entry.timestamp = (krb5_timestamp)(uint32_t)time(NULL);
        entry.key = key->keys[i];
        ret = tool_keytab_put(context, &entry, keytab);
    }
    if (ret == 0)
        ret = tool_keytab_sync(file);
    if (keytab != NULL)
        (void)krb5_kt_close(context, keytab);
    free(file);
    return ret;
}

/* The first key of principal below a kvno (0: any), or of just that one. */
struct search {
    krb5_principal principal;
    krb5_kvno below, just;
    krb5_keytab_entry found;    /* but for the key itself */
};

/* A code of our own, for the walk to end. */
#define FOUND (-1)

static krb5_error_code
is_sought(krb5_context context, krb5_keytab_entry *entry, void *arg)
{
    struct search *search = arg;

    if (!krb5_principal_compare(context, search->principal,
                                entry->principal) ||
        (search->just != 0 ? entry->vno != search->just :
         search->below != 0 && entry->vno >= search->below))
        return 0;
    search->found = (krb5_keytab_entry){
        .principal = search->principal, .timestamp = entry->timestamp,
        .vno = entry->vno, .key.enctype = entry->key.enctype };
    return FOUND;
}

krb5_error_code
tool_keytab_remove(krb5_context context, const char *name,
                   krb5_principal principal, krb5_kvno below)
{
    struct search search = { .principal = principal, .below = below };
    krb5_error_code ret;
    krb5_keytab keytab = NULL;

    ret = krb5_kt_resolve(context, name, &keytab);
    while (ret == 0) {
        ret = tool_keytab_walk(context, name, is_sought, &search);
        if (ret != FOUND)
            break;
        ret = krb5_kt_remove_entry(context, keytab, &search.found);
    }
    if (keytab != NULL)
        (void)krb5_kt_close(context, keytab);
    return ret;
}

krb5_error_code
tool_keytab_time(krb5_context context, const char *name,
                 krb5_principal principal, krb5_kvno kvno, int64_t *time_out)
{
    struct search search = { .principal = principal, .just = kvno };
    krb5_error_code ret;

    ret = tool_keytab_walk(context, name, is_sought, &search);
    if (ret != FOUND)
        return ret != 0 ? ret : KRB5_KT_NOTFOUND;
    *time_out = (uint32_t)search.found.timestamp;
    return 0;
}
