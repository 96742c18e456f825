/* realmdb/source_ldif.c - load the trust realm table from an LDIF file */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * libldap takes lines apart.  It could read whole entries too, but follows
 * "include: URL" into other files and drops a first line that begins with a
 * digit; and line by line the place of every mistake is known.  A file is a
 * list of entries, no list of changes, and stands for itself: other files
 * that it names (attribute:< URL) are not read.
 */

#include "config.h"
#include <sys/stat.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ldap.h>
#include <ldif.h>
#include <openssl/evp.h>
#include "gathered.h"
#include "record_class.h"
#include "source.h"
#include "text.h"
#include "trustrealm_err.h"

#define KEY_LENGTH 16
#define SNAPSHOT_DIGEST 32      /* SHA-256 */

struct line {
    char *text;                 /* NUL-terminated; NULL: none yet */
    size_t length;
    size_t room;
};

struct loader {
    struct tr_table *table;
    struct tr_update *update;
    EVP_MD *sha256;
    const char *path;
    const struct tr_snapshot *snapshot; /* what path holds, or NULL */
    uint8_t digest[SNAPSHOT_DIGEST];    /* of its text */
    unsigned long nlines;       /* read */
    unsigned long line;         /* of the entry's DN, or of what is wrong */
    char *why;
    /* Told of each entry that is of no use; NULL: the first one ends it. */
    void (*bad)(const char *why, void *arg);
    void *arg;
    size_t nbad;
    bool checks_names;          /* of each entry, against those before it */
};

static krb5_error_code
refuse(struct loader *loader, krb5_error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Say "path:line: ..."; the first thing said stays. */
static krb5_error_code
refuse(struct loader *loader, krb5_error_code code, const char *format, ...)
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

/* Where every fault is asked for, tell this one and go on: 0. */
static krb5_error_code
tell(struct loader *loader, krb5_error_code code)
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

/* --- one record --------------------------------------------------------- */

/* An entry being read; dn is NULL until its line was seen. */
struct reading {
    char *dn;
    unsigned long dn_line;
    struct tr_gathered values;
    bool bad;                   /* it has been told; its end is looked for */
};

static void
clear_reading(struct reading *reading)
{
    tr_gathered_clear(&reading->values);
    free(reading->dn);
    reading->dn = NULL;
    reading->bad = false;
}

/*
 * DNs differ in case and blanks and are the same.  The table goes by a digest
 * of the normal form, as long as the entryUUID of a directory: indexes with
 * whole DNs in them would be larger than what they point at.
 */
static krb5_error_code
make_key(const struct loader *loader, const char *dn, uint8_t key[KEY_LENGTH])
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

/* Does name look like one of ours? */
static bool
looks_ours(const char *name)
{
    return name[0] == 't' && name[1] == 'r' && name[2] >= 'A' &&
        name[2] <= 'Z';
}

/* In a directory the schema finds names that are misspelt; a requirement or a
 * whole system would be left out without a word.  *attribute_out: the name as
 * the schema has it, NULL for none of ours. */
static krb5_error_code
judge_names(struct loader *loader, const char *type, const char *value,
            const char **attribute_out)
{
    const char *attribute = tr_class_attribute(type);

    *attribute_out = attribute;
    if (tr_class_has_options(type))
        return refuse(loader, TRR_ENTRY, "%s: with options", type);
    if (attribute == NULL && looks_ours(type))
        return refuse(loader, TRR_ENTRY, "%s: no such attribute", type);
    if (attribute != NULL && strcmp(attribute, "objectClass") == 0 &&
        looks_ours(value) && tr_class_find(value) == NULL)
        return refuse(loader, TRR_ENTRY, "%s: no such object class", value);
    return 0;
}

static krb5_error_code
take_dn(struct loader *loader, struct reading *reading,
        const struct berval *value)
{
    if (reading->dn != NULL)
        return refuse(loader, TRR_ENTRY, "a second DN: no blank line before "
                      "it?");
    reading->dn = strndup(value->bv_val, value->bv_len);
    reading->dn_line = loader->line;
    return reading->dn == NULL ? ENOMEM : 0;
}

static krb5_error_code
take_value(struct loader *loader, struct reading *reading, const char *type,
           const struct berval *value)
{
    krb5_error_code ret;
    const char *attribute;
    char *why = NULL;

    ret = judge_names(loader, type, value->bv_val, &attribute);
    if (ret != 0 || attribute == NULL)
        return ret;
    ret = tr_gathered_take(&reading->values, attribute, value->bv_val,
                           value->bv_len, &why);
    if (why != NULL)
        (void)refuse(loader, ret, "%s: %s", reading->dn, why);
    free(why);
    return ret;
}

/* Take one line, unfolded, but no comment.  It is changed. */
static krb5_error_code
take_line(struct loader *loader, struct reading *reading, char *line)
{
    krb5_error_code ret = 0;
    struct berval type, value;
    const char *colon = strchr(line, ':');
    int owned = 0;

    if (colon != NULL && colon[1] == '<')
        return refuse(loader, TRR_ENTRY, "values by URL are not read");
    if (strncasecmp(line, "include:", 8) == 0)
        return refuse(loader, TRR_ENTRY, "other files are not read");
    if (ldif_parse_line2(line, &type, &value, &owned) != 0)
        return refuse(loader, TRR_ENTRY, "not a line of LDIF");
    if (tr_text_compare(type.bv_val, "dn") == 0)
        ret = take_dn(loader, reading, &value);
    else if (reading->dn == NULL &&
             tr_text_compare(type.bv_val, "version") == 0)
        ret = strcmp(value.bv_val, "1") == 0 ? 0 :
            refuse(loader, TRR_ENTRY, "not version 1 of LDIF");
    else if (reading->dn == NULL)
        ret = refuse(loader, TRR_ENTRY, "an entry starts with its DN");
    else if (tr_text_compare(type.bv_val, "changetype") == 0 ||
             tr_text_compare(type.bv_val, "control") == 0)
        ret = refuse(loader, TRR_ENTRY, "entries expected, not changes");
    else
        ret = take_value(loader, reading, type.bv_val, &value);
    if (owned)
        ber_memfree(value.bv_val);
    return ret;
}

static krb5_error_code
store(struct loader *loader, const struct reading *reading)
{
    krb5_error_code ret;
    struct tr_entry entry = tr_gathered_entry(&reading->values, reading->dn);
    struct tr_record *record = NULL;
    uint8_t key[KEY_LENGTH];
    char *why = NULL;

    ret = tr_record_from_entry(&entry, &record, &why);
    if (why != NULL)
        (void)refuse(loader, ret, "%s: %s", reading->dn, why);
    if (ret != 0 || record == NULL)
        goto cleanup;
    ret = make_key(loader, reading->dn, key);
    if (ret) {
        (void)refuse(loader, ret, "%s: not a DN", reading->dn);
        goto cleanup;
    }
    if (tr_update_has(loader->update, key, sizeof(key))) {
        ret = refuse(loader, TRR_ENTRY, "%s: given twice", reading->dn);
        goto cleanup;
    }
    ret = tr_update_put(loader->update, key, sizeof(key), record);
    if (ret == 0 && loader->checks_names)
        ret = tr_update_check(loader->update, key, sizeof(key), record);
    if (ret == TRR_ENTRY)
        (void)refuse(loader, ret, "%s: %s", reading->dn,
                     tr_table_message(loader->table));

cleanup:
    free(why);
    tr_record_free(record);
    return ret;
}

/* The entry is complete. */
static krb5_error_code
end_entry(struct loader *loader, struct reading *reading)
{
    krb5_error_code ret = 0;

    if (reading->dn != NULL && !reading->bad) {
        loader->line = reading->dn_line;
        ret = tell(loader, store(loader, reading));
    }
    clear_reading(reading);
    return ret;
}

/* --- the file ----------------------------------------------------------- */

static krb5_error_code
check_file(struct loader *loader, FILE *file)
{
    struct stat st;

    if (fstat(fileno(file), &st) != 0)
        return refuse(loader, TRR_SOURCE, "%s", strerror(errno));
    if (!S_ISREG(st.st_mode))
        return refuse(loader, TRR_SOURCE, "not a file");
    if (st.st_mode & S_IWOTH)
        return refuse(loader, TRR_SOURCE, "anybody may write to it");
    return 0;
}

/* Without what ends it; false when there is none. */
static bool
read_line(struct loader *loader, FILE *file, struct line *line)
{
    ssize_t n = getline(&line->text, &line->room, file);

    if (n < 0)
        return false;
    loader->nlines++;
    line->length = (size_t)n;
    if (line->length > 0 && line->text[line->length - 1] == '\n')
        line->length--;
    if (line->length > 0 && line->text[line->length - 1] == '\r')
        line->length--;
    line->text[line->length] = '\0';
    return true;
}

/* Undo the folding of line, which more, but for its blank, continues. */
static krb5_error_code
unfold(struct loader *loader, struct line *line, const struct line *more)
{
    size_t length = line->length + more->length - 1;
    char *text;

    if (line->length == 0)
        return refuse(loader, TRR_ENTRY, "it continues no line");
    if (length > TR_MAX_ENTRY)
        return refuse(loader, TRR_ENTRY, "too long");
    if (length >= line->room) {
        text = realloc(line->text, 2 * length);
        if (text == NULL)
            return ENOMEM;
        line->text = text;
        line->room = 2 * length;
    }
    memcpy(line->text + line->length, more->text + 1, more->length);
    line->length = length;
    return 0;
}

static krb5_error_code
take_unfolded(struct loader *loader, struct reading *reading,
              const struct line *line)
{
    krb5_error_code ret;

    if (line->length == 0)
        return end_entry(loader, reading);
    if (reading->bad)
        return 0;
    if (strlen(line->text) != line->length)
        ret = refuse(loader, TRR_ENTRY, "not a line of LDIF");
    else
        ret = *line->text == '#' ? 0 : take_line(loader, reading, line->text);
    reading->bad = ret == TRR_ENTRY;
    return tell(loader, ret);
}

static krb5_error_code
take_lines(struct loader *loader, FILE *file, struct reading *reading)
{
    krb5_error_code ret = 0;
    struct line line = { NULL, 0, 0 }, next = { NULL, 0, 0 }, swap;

    while (ret == 0 && read_line(loader, file, &next)) {
        if (*next.text == ' ') {
            ret = reading->bad ? 0 : unfold(loader, &line, &next);
            reading->bad = reading->bad || ret == TRR_ENTRY;
            ret = tell(loader, ret);
            continue;
        }
        if (line.text != NULL)
            ret = take_unfolded(loader, reading, &line);
        loader->line = ret == 0 ? loader->nlines : loader->line;
        swap = line;
        line = next;
        next = swap;
    }
    if (ret == 0 && ferror(file))
        ret = refuse(loader, TRR_SOURCE, "cannot be read to its end");
    if (ret == 0 && line.text != NULL)
        ret = take_unfolded(loader, reading, &line);
    if (ret == 0)
        ret = end_entry(loader, reading);
    free(line.text);
    free(next.text);
    return ret;
}

static krb5_error_code
take_file(struct loader *loader)
{
    krb5_error_code ret;
    struct reading reading = { 0 };
    FILE *file;

    file = loader->snapshot == NULL ? tr_text_open(loader->path) :
        fmemopen(loader->snapshot->text, loader->snapshot->length, "r");
    if (file == NULL)
        return refuse(loader, TRR_SOURCE, "%s", strerror(errno));
    ret = loader->snapshot == NULL ? check_file(loader, file) : 0;
    if (ret == 0)
        ret = take_lines(loader, file, &reading);
    clear_reading(&reading);
    (void)fclose(file);
    return ret;
}

/* The source answered, and nothing else: no need to write the whole table. */
static krb5_error_code
commit_fresh(struct loader *loader)
{
    int64_t fresh = loader->snapshot != NULL ? loader->snapshot->made :
        time(NULL);
    krb5_error_code ret;
    char *source = NULL;

    if (!tr_update_changed(loader->update)) {
        tr_update_abort(loader->update);
        loader->update = NULL;
        ret = tr_update_begin(loader->table, &loader->update);
        if (ret)
            return ret;
    }
    if (asprintf(&source, "%s:%s", loader->snapshot != NULL ? "snapshot" :
                 "ldif", loader->path) < 0)
        return ENOMEM;
    ret = tr_update_set_cookie(loader->update, loader->snapshot != NULL ?
                               loader->digest : NULL, SNAPSHOT_DIGEST);
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
fill(struct loader *loader)
{
    krb5_error_code ret;

    loader->nlines = 0;
    ret = tr_update_begin(loader->table, &loader->update);
    if (ret == 0)
        ret = tr_update_clear(loader->update);
    if (ret == 0)
        ret = take_file(loader);
    return ret == 0 && loader->nbad > 0 ? TRR_ENTRY : ret;
}

static krb5_error_code
refuse_disputed(const void *key, size_t key_length,
                const struct tr_record *record, const char *why, void *arg)
{
    return TRR_ENTRY;
}

/* Each name is to be one entry's.  That is quickly seen of all together, as it
 * nearly always is; which line is at fault shows when they are taken again,
 * one by one. */
static krb5_error_code
fill_and_check(struct loader *loader)
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
load(struct loader *loader)
{
    krb5_error_code ret;

    loader->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    ret = loader->sha256 == NULL ? ENOMEM : fill_and_check(loader);
    loader->line = ret == 0 ? 0 : loader->line;
    if (ret == 0)
        ret = tr_update_sweep(loader->update);
    if (ret == 0)
        ret = commit_fresh(loader);
    tr_update_abort(loader->update);
    EVP_MD_free(loader->sha256);
    if (ret == TRR_TABLE) {
        loader->line = 0;
        (void)refuse(loader, ret, "%s", tr_table_message(loader->table));
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
    struct loader loader = {
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
check_age(struct loader *loader)
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
        ret = refuse(loader, TRR_SOURCE, "signed %lld s before what the "
                     "table says already", (long long)(info.fresh - made));
    else if (ret == 0 && made == info.fresh && length == SNAPSHOT_DIGEST &&
             memcmp(known, loader->digest, length) != 0)
        ret = refuse(loader, TRR_SOURCE, "signed in the same second as the "
                     "one in use, which says something else: sign it again");
    free(known);
    return ret;
}

krb5_error_code
tr_source_load_snapshot(struct tr_table *table, const char *path,
                        const struct tr_snapshot *snapshot, char **why_out)
{
    struct loader loader = {
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
