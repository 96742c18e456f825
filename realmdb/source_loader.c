/* realmdb/source_loader.c - load the trust realm table from a file */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ldap.h>
#include "source_loader.h"
#include "text.h"
#include "trustrealm_err.h"

#define KEY_LENGTH 16

krb5_error_code
tr_load_refuse(struct tr_loader *loader, krb5_error_code code,
               const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    if (text != NULL && loader->why == NULL) {
        if (loader->line == 0) {
            if (asprintf(&loader->why, "%s: %s", loader->path, text) < 0)
                loader->why = NULL;
        } else if (asprintf(&loader->why, "%s:%lu: %s", loader->path,
                            loader->line, text) < 0) {
            loader->why = NULL;
        }
    }
    free(text);
    return code;
}

krb5_error_code
tr_load_tell(struct tr_loader *loader, krb5_error_code code)
{
    if (code != TRR_ENTRY || loader->bad == NULL)
        return code;
    loader->bad(loader->why != NULL ? loader->why : loader->path,
                loader->arg);
    free(loader->why);
    loader->why = NULL;
    loader->nbad++;
    return 0;
}

/*
 * DNs differ in case and blanks and are the same.  The table goes by a digest
 * of the normal form, as long as the entryUUID of a directory: indexes with
 * whole DNs in them would be larger than what they point at.
 */
static krb5_error_code
make_key(const struct tr_loader *loader, const char *dn,
         uint8_t key[KEY_LENGTH])
{
    LDAPDN parsed = NULL;
    char *text = NULL;
    uint8_t digest[EVP_MAX_MD_SIZE];
    krb5_error_code ret = TRR_ENTRY;

    if (ldap_str2dn(dn, &parsed, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS &&
        ldap_dn2str(parsed, &text, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS &&
        *text != '\0') {
        tr_text_lower(text);
        ret = EVP_Digest(text, strlen(text), digest, NULL, loader->sha256,
                         NULL) == 1 ? 0 : ENOMEM;
        memcpy(key, digest, KEY_LENGTH);
    }
    ldap_memfree(text);
    ldap_dnfree(parsed);
    return ret;
}

krb5_error_code
tr_load_take(struct tr_loader *loader, const struct tr_entry *entry)
{
    krb5_error_code ret;
    struct tr_record *record = NULL;
    uint8_t key[KEY_LENGTH];
    char *why = NULL;

    ret = tr_record_from_entry(entry, &record, &why);
    if (why != NULL)
        (void)tr_load_refuse(loader, ret, "%s: %s", entry->dn, why);
    if (ret != 0 || record == NULL)
        goto cleanup;
    ret = make_key(loader, entry->dn, key);
    if (ret) {
        (void)tr_load_refuse(loader, ret, "%s: not a DN", entry->dn);
        goto cleanup;
    }
    if (tr_update_has(loader->update, key, sizeof(key))) {
        ret = tr_load_refuse(loader, TRR_ENTRY, "%s: given twice", entry->dn);
        goto cleanup;
    }
    ret = tr_update_put(loader->update, key, sizeof(key), record);
    if (ret == 0 && loader->checks_names)
        ret = tr_update_check(loader->update, key, sizeof(key), record);
    if (ret == TRR_ENTRY)
        (void)tr_load_refuse(loader, ret, "%s: %s", entry->dn,
                             tr_table_message(loader->table));

cleanup:
    free(why);
    tr_record_free(record);
    return ret;
}

static krb5_error_code
commit_fresh(struct tr_loader *loader)
{
    int64_t fresh = loader->snapshot != NULL ? loader->snapshot->made :
        time(NULL);
    krb5_error_code ret;
    char *source = NULL;

    if (asprintf(&source, "%s:%s", loader->snapshot != NULL ? "snapshot" :
                 "ldif", loader->path) < 0)
        return ENOMEM;
    ret = tr_update_set_cookie(loader->update, loader->snapshot != NULL ?
                               loader->digest : NULL, TR_SNAPSHOT_DIGEST);
    if (ret == 0)
        ret = tr_update_set_fresh(loader->update, fresh, source);
    free(source);
    if (ret)
        return ret;
    ret = tr_update_commit(loader->update);
    loader->update = NULL;
    return ret;
}

/* Make an update of what the file says. */
static krb5_error_code
fill(struct tr_loader *loader)
{
    krb5_error_code ret;

    loader->nlines = 0;
    ret = tr_update_begin(loader->table, &loader->update);
    if (ret == 0 && (loader->checks_names ||
                     tr_table_damaged(loader->table)))
        ret = tr_update_clear(loader->update);
    if (ret == 0)
        ret = tr_ldif_take_file(loader);
    if (ret == 0 && loader->nbad > 0)
        ret = TRR_ENTRY;
    return ret == 0 ? tr_update_sweep(loader->update) : ret;
}

static krb5_error_code
refuse_disputed(const void *key, size_t key_length,
                const struct tr_record *record, const char *why, void *arg)
{
    return TRR_ENTRY;
}

/* Each name is to be one entry's.  That is quickly seen of all together, as it
 * nearly always is; which line is at fault shows when they are put one by one
 * into a table that was cleared. */
static krb5_error_code
fill_and_check(struct tr_loader *loader)
{
    krb5_error_code ret;

    loader->checks_names = loader->bad != NULL;
    ret = fill(loader);
    if (ret != 0 || loader->checks_names)
        return ret;
    ret = tr_update_each_disputed(loader->update, refuse_disputed, NULL);
    if (ret != TRR_ENTRY)
        return ret;
    tr_update_abort(loader->update);
    loader->update = NULL;
    loader->checks_names = true;
    return fill(loader);
}

static krb5_error_code
load(struct tr_loader *loader)
{
    krb5_error_code ret;

    loader->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    ret = loader->sha256 == NULL ? ENOMEM : fill_and_check(loader);
    loader->line = ret == 0 ? 0 : loader->line;
    if (ret == 0)
        ret = commit_fresh(loader);
    tr_update_abort(loader->update);
    EVP_MD_free(loader->sha256);
    if (ret == TRR_TABLE) {
        loader->line = 0;
        (void)tr_load_refuse(loader, ret, "%s",
                             tr_table_message(loader->table));
    }
    return ret;
}

krb5_error_code
tr_source_load_ldif(struct tr_table *table, const char *path, char **why_out)
{
    return tr_source_check_ldif(table, path, NULL, NULL, why_out);
}

krb5_error_code
tr_source_check_ldif(struct tr_table *table, const char *path,
                     void (*bad)(const char *why, void *arg), void *arg,
                     char **why_out)
{
    struct tr_loader loader = {
        .table = table, .path = path, .bad = bad, .arg = arg
    };
    krb5_error_code ret;

    ret = load(&loader);
    *why_out = loader.why;
    return ret;
}

/*
 * What the table says is never taken back by an older snapshot.  Of two that
 * were signed in the same second nobody knows which is the older one: the
 * first stays.
 */
static krb5_error_code
check_age(struct tr_loader *loader)
{
    int64_t made = loader->snapshot->made;
    struct tr_table_info info;
    struct tr_view *view;
    uint8_t *known = NULL;
    size_t length = 0;
    krb5_error_code ret;

    ret = tr_view_open(loader->table, &view);
    if (ret)
        return ret;
    tr_view_info(view, &info);
    ret = tr_view_cookie(view, &known, &length);
    tr_view_close(view);
    if (ret == 0 && made < info.fresh)
        ret = tr_load_refuse(loader, TRR_SOURCE, "signed %lld s before what "
                             "the table says already",
                             (long long)(info.fresh - made));
    else if (ret == 0 && made == info.fresh && length == TR_SNAPSHOT_DIGEST &&
             memcmp(known, loader->digest, length) != 0)
        ret = tr_load_refuse(loader, TRR_SOURCE, "signed in the same second "
                             "as the one in use, which says something else: "
                             "sign it again");
    free(known);
    return ret;
}

krb5_error_code
tr_source_load_snapshot(struct tr_table *table, const char *path,
                        const struct tr_snapshot *snapshot, char **why_out)
{
    struct tr_loader loader = {
        .table = table, .path = path, .snapshot = snapshot
    };
    krb5_error_code ret;

    ret = EVP_Digest(snapshot->text, snapshot->length, loader.digest, NULL,
                     EVP_sha256(), NULL) == 1 ? 0 : ENOMEM;
    if (ret == 0)
        ret = check_age(&loader);
    if (ret == 0)
        ret = load(&loader);
    *why_out = loader.why;
    return ret;
}
