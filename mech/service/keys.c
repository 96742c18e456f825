/* mech/service/keys.c - the system's key, its tickets, the record key */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <sys/stat.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include "trustrealm_err.h"
#include "cipher.h"
#include "clock.h"
#include "crypto.h"
#include "kdc.h"
#include "keys.h"
#include "recordkey.h"
#include "text.h"
#include "tickets.h"

struct tr_keys {
    krb5_context context;
    struct tr_audit *audit;
    char *file_name;            /* of the keytab on disk */
    krb5_principal self;
    char *name;
    krb5_keytab keytab;         /* in memory */
    unsigned int keytabs;       /* made so far: each has its own name */
    struct stat read;           /* the file as it was before it was read */
    krb5_key record_key;
    struct tr_cipher *cipher;   /* of records, under it */
    struct tr_clock *clock;
    struct tr_tickets *tickets;
    struct tr_kdc *kdc;
};

/* --- the keytab ---------------------------------------------------------- */

/* A keytab in memory is never freed by libkrb5: take the keys out. */
static void
wipe_keytab(krb5_context context, krb5_keytab keytab)
{
    krb5_keytab_entry entry;
    krb5_kt_cursor cursor;
    krb5_error_code ret;

    if (keytab == NULL)
        return;
    while (krb5_kt_start_seq_get(context, keytab, &cursor) == 0) {
        ret = krb5_kt_next_entry(context, keytab, &entry, &cursor);
        krb5_kt_end_seq_get(context, keytab, &cursor);
        if (ret)
            break;
        ret = krb5_kt_remove_entry(context, keytab, &entry);
        krb5_free_keytab_entry_contents(context, &entry);
        if (ret)
            break;
    }
    krb5_kt_close(context, keytab);
}

/* Copy the keys of self that are of an AES type. */
static krb5_error_code
copy_keys(struct tr_keys *keys, krb5_keytab from, krb5_keytab to,
          size_t *count_out)
{
    krb5_keytab_entry entry;
    krb5_kt_cursor cursor;
    krb5_error_code ret, end;

    *count_out = 0;
    ret = krb5_kt_start_seq_get(keys->context, from, &cursor);
    if (ret)
        return ret;
    while (ret == 0 && (end = krb5_kt_next_entry(keys->context, from, &entry,
                                                 &cursor)) == 0) {
        if (krb5_principal_compare(keys->context, entry.principal,
                                   keys->self) &&
            tr_checksum_type(entry.key.enctype) != 0) {
            ret = krb5_kt_add_entry(keys->context, to, &entry);
            (*count_out)++;
        }
        krb5_free_keytab_entry_contents(keys->context, &entry);
    }
    krb5_kt_end_seq_get(keys->context, from, &cursor);
    if (ret == 0 && end != KRB5_KT_END)
        ret = end;
    return ret;
}

/* Log why the keytab cannot be used; returns code. */
static krb5_error_code
complain(struct tr_keys *keys, krb5_error_code code, const char *why)
{
    const char *message = NULL;

    if (why == NULL)
        why = message = krb5_get_error_message(keys->context, code);
    tr_log(keys->audit, LOG_ERR, "keytab %s, principal %s: %s",
           keys->file_name, keys->name, why);
    if (message != NULL)
        krb5_free_error_message(keys->context, message);
    return code;
}

/* Read the keytab file into a new one in memory, of this name. */
static krb5_error_code
load_keytab(struct tr_keys *keys, const char *memory_name,
            krb5_keytab *keytab_out)
{
    krb5_keytab file = NULL, memory = NULL;
    krb5_error_code ret;
    size_t count = 0;

    ret = krb5_kt_resolve(keys->context, keys->file_name, &file);
    if (ret == 0)
        ret = krb5_kt_resolve(keys->context, memory_name, &memory);
    if (ret == 0)
        ret = copy_keys(keys, file, memory, &count);
    if (ret) {
        complain(keys, ret, NULL);
        goto cleanup;
    }
    if (count == 0) {
        ret = complain(keys, TRR_CONFIG, "no AES key for this principal");
        goto cleanup;
    }
    *keytab_out = memory;
    memory = NULL;

cleanup:
    if (file != NULL)
        krb5_kt_close(keys->context, file);
    wipe_keytab(keys->context, memory);
    return ret;
}

/* The keytab file as it is; all zero when that cannot be told. */
static void
look_at_file(const struct tr_keys *keys, struct stat *file_out)
{
    static const char prefix[] = "FILE:";
    const char *path = keys->file_name;

    if (strncmp(path, prefix, strlen(prefix)) == 0)
        path += strlen(prefix);
    if (stat(path, file_out) != 0)
        memset(file_out, 0, sizeof(*file_out));
}

/* Read the keytab anew; *name_out (free it) is the one in memory. */
static krb5_error_code
replace_keytab(struct tr_keys *keys, char **name_out)
{
    krb5_keytab keytab = NULL;
    krb5_error_code ret;
    char *name;

    if (asprintf(&name, "MEMORY:trustrealm.%p.%u", (void *)keys,
                 keys->keytabs++) < 0)
        return ENOMEM;
    look_at_file(keys, &keys->read);
    ret = load_keytab(keys, name, &keytab);
    if (ret) {
        free(name);
        return ret;
    }
    wipe_keytab(keys->context, keys->keytab);
    keys->keytab = keytab;
    *name_out = name;
    return 0;
}

krb5_error_code
tr_keys_reload(struct tr_keys *keys)
{
    krb5_error_code ret;
    char *name = NULL;

    ret = replace_keytab(keys, &name);
    if (ret == 0)
        ret = tr_kdc_set_keytab(keys->kdc, name);
    free(name);
    return ret;
}

bool
tr_keys_refresh(struct tr_keys *keys)
{
    struct stat now;

    look_at_file(keys, &now);
    return now.st_ino != 0 && !tr_text_same_file(&now, &keys->read) &&
        tr_keys_reload(keys) == 0;
}

/* --- all together -------------------------------------------------------- */

/* Without a default realm libkrb5 looks for one, in DNS perhaps, at each name
 * that has none: then it is the system's own. */
static krb5_error_code
settle_default_realm(struct tr_keys *keys)
{
    char *realm = NULL;
    krb5_error_code ret;

    ret = krb5_get_default_realm(keys->context, &realm);
    krb5_free_default_realm(keys->context, realm);
    if (ret == 0 || ret == ENOMEM)
        return ret;
    realm = strndup(keys->self->realm.data, keys->self->realm.length);
    if (realm == NULL)
        return ENOMEM;
    ret = krb5_set_default_realm(keys->context, realm);
    free(realm);
    return ret;
}

static krb5_error_code
parse_self(struct tr_keys *keys, const struct tr_config *config)
{
    krb5_error_code ret;

    ret = krb5_parse_name(keys->context, config->principal, &keys->self);
    if (ret == 0)
        ret = krb5_unparse_name(keys->context, keys->self, &keys->name);
    if (ret == 0)
        ret = settle_default_realm(keys);
    if (ret)
        tr_log(keys->audit, LOG_ERR, "principal %s: %s", config->principal,
               error_message(ret));
    return ret;
}

static krb5_error_code
open_state(struct tr_keys *keys, const char *directory)
{
    const char *why = NULL;
    krb5_error_code ret;
    char *path;

    if (asprintf(&path, "%s/record.key", directory) < 0)
        return ENOMEM;
    ret = tr_record_key_load(keys->context, path, &keys->record_key, &why);
    if (ret)
        tr_log(keys->audit, LOG_ERR, "%s: %s", path,
               why != NULL ? why : error_message(ret));
    free(path);
    if (ret == 0)
        ret = tr_cipher_create(keys->context, keys->record_key,
                               &keys->cipher);
    if (ret)
        return ret;
    if (asprintf(&path, "%s/clock", directory) < 0)
        return ENOMEM;
    ret = tr_clock_open(path, &keys->clock);
    free(path);
    return ret;
}

krb5_error_code
tr_keys_create(const struct tr_config *config, struct event_base *base,
               struct tr_audit *audit, struct tr_keys **keys_out)
{
    struct tr_keys *keys;
    krb5_error_code ret;
    char *name = NULL;

    keys = calloc(1, sizeof(*keys));
    if (keys == NULL)
        return ENOMEM;
    keys->audit = audit;
    ret = tr_context_create(&keys->context);
    if (ret)
        goto cleanup;
    keys->file_name = strdup(config->keytab);
    ret = keys->file_name == NULL ? ENOMEM : parse_self(keys, config);
    if (ret == 0)
        ret = replace_keytab(keys, &name);
    if (ret == 0)
        ret = open_state(keys, config->state_directory);
    if (ret == 0)
        ret = tr_tickets_create(keys->context, base, audit, keys->clock,
                                &keys->tickets);
    if (ret == 0)
        ret = tr_kdc_create(keys->name, name, base, tr_tickets_done,
                            keys->tickets, &keys->kdc);
    if (ret)
        goto cleanup;
    tr_tickets_set_kdc(keys->tickets, keys->kdc);
    *keys_out = keys;
    keys = NULL;

cleanup:
    free(name);
    tr_keys_free(keys);
    return ret;
}

void
tr_keys_free(struct tr_keys *keys)
{
    if (keys == NULL)
        return;
    tr_kdc_free(keys->kdc);
    tr_tickets_free(keys->tickets);
    tr_clock_close(keys->clock);
    if (keys->context != NULL) {
        tr_cipher_free(keys->cipher);
        krb5_k_free_key(keys->context, keys->record_key);
        wipe_keytab(keys->context, keys->keytab);
        krb5_free_unparsed_name(keys->context, keys->name);
        krb5_free_principal(keys->context, keys->self);
        krb5_free_context(keys->context);
    }
    free(keys->file_name);
    free(keys);
}

krb5_error_code
tr_keys_canonical(const struct tr_keys *keys, const char *principal,
                  char **out)
{
    krb5_principal parsed = NULL;
    krb5_error_code ret;

    if (tr_tickets_know(keys->tickets, principal)) {
        *out = strdup(principal);
        return *out == NULL ? ENOMEM : 0;
    }
    ret = krb5_parse_name(keys->context, principal, &parsed);
    if (ret == 0)
        ret = krb5_unparse_name(keys->context, parsed, out);
    krb5_free_principal(keys->context, parsed);
    return ret;
}

krb5_creds *
tr_keys_ticket_at_hand(struct tr_keys *keys, const char *principal, uid_t uid)
{
    return tr_tickets_at_hand(keys->tickets, principal, uid);
}

void
tr_keys_ticket(struct tr_keys *keys, const char *principal, uid_t uid,
               tr_ticket_done *done, void *arg)
{
    krb5_error_code ret;
    char *name = NULL;

    ret = tr_keys_canonical(keys, principal, &name);
    if (ret)
        done(ret, NULL, NULL, arg);
    else
        tr_tickets_get(keys->tickets, name, uid, done, arg);
    krb5_free_unparsed_name(keys->context, name);
}

krb5_error_code
tr_keys_export_tickets(struct tr_keys *keys,
                       const char *const *service_principals,
                       const char *ccache_path)
{
    krb5_error_code ret = 0;
    char **names;
    size_t n = 0, i;

    while (service_principals[n] != NULL)
        n++;
    names = calloc(n + 1, sizeof(*names));
    if (names == NULL)
        return ENOMEM;
    for (i = 0; i < n && ret == 0; i++)
        ret = tr_keys_canonical(keys, service_principals[i], &names[i]);
    if (ret == 0)
        ret = tr_ticket_files_set(tr_tickets_files(keys->tickets), names,
                                  ccache_path);
    for (i = 0; i < n; i++)
        krb5_free_unparsed_name(keys->context, names[i]);
    free(names);
    return ret;
}

const char *
tr_keys_export_error(const struct tr_keys *keys)
{
    return tr_ticket_files_error(tr_tickets_files(keys->tickets));
}

int64_t
tr_keys_clock_floor(const struct tr_keys *keys)
{
    return tr_clock_floor(keys->clock);
}

krb5_context
tr_keys_context(const struct tr_keys *keys)
{
    return keys->context;
}

krb5_keytab
tr_keys_keytab(const struct tr_keys *keys)
{
    return keys->keytab;
}

struct tr_cipher *
tr_keys_cipher(const struct tr_keys *keys)
{
    return keys->cipher;
}

krb5_const_principal
tr_keys_self(const struct tr_keys *keys)
{
    return keys->self;
}

const char *
tr_keys_name(const struct tr_keys *keys)
{
    return keys->name;
}

struct tr_kdc *
tr_keys_kdc(const struct tr_keys *keys)
{
    return keys->kdc;
}
