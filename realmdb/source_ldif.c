/* realmdb/source_ldif.c - load the trust realm table from an LDIF file */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * libldap cuts the file into records and lines into attribute and value.  A
 * file is a list of entries, no list of changes, and stands for itself: other
 * files that it names (attribute:< URL) are not read.
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
#include "gathered.h"
#include "record_class.h"
#include "source.h"
#include "text.h"
#include "trustrealm_err.h"

struct loader {
    struct tr_table *table;
    struct tr_update *update;
    const char *path;
    unsigned long line;         /* of the entry's DN, or of what is wrong */
    char *why;
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

/* --- one record --------------------------------------------------------- */

/* An entry being read; dn is NULL until its line was seen. */
struct reading {
    char *dn;
    unsigned long dn_line;
    struct tr_gathered values;
};

/* DNs differ in case and blanks and are the same: what the table goes by. */
static krb5_error_code
make_key(const char *dn, char **key_out)
{
    LDAPDN parsed = NULL;
    char *text = NULL;
    krb5_error_code ret = TRR_ENTRY;

    *key_out = NULL;
    if (ldap_str2dn(dn, &parsed, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS &&
        ldap_dn2str(parsed, &text, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS &&
        *text != '\0') {
        *key_out = strdup(text);
        ret = *key_out == NULL ? ENOMEM : 0;
    }
    if (*key_out != NULL)
        tr_text_lower(*key_out);
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
 * whole system would be left out without a word. */
static krb5_error_code
judge_names(struct loader *loader, const char *type, const char *value)
{
    if (looks_ours(type) && strchr(type, ';') == NULL &&
        !tr_class_has_attribute(type))
        return refuse(loader, TRR_ENTRY, "%s: no such attribute", type);
    if (tr_text_compare(type, "objectClass") == 0 && looks_ours(value) &&
        tr_class_find(value) == NULL)
        return refuse(loader, TRR_ENTRY, "%s: no such object class", value);
    return 0;
}

/* Take one line, unfolded.  It is changed. */
static krb5_error_code
take_line(struct loader *loader, struct reading *reading, char *line)
{
    krb5_error_code ret = 0;
    struct berval type, value;
    const char *colon = strchr(line, ':');
    char *why = NULL;
    int owned = 0;

    if (colon != NULL && colon[1] == '<')
        return refuse(loader, TRR_ENTRY, "values by URL are not read");
    if (ldif_parse_line2(line, &type, &value, &owned) != 0)
        return refuse(loader, TRR_ENTRY, "not a line of LDIF");
    if (reading->dn == NULL && tr_text_compare(type.bv_val, "version") == 0) {
        if (strcmp(value.bv_val, "1") != 0)
            ret = refuse(loader, TRR_ENTRY, "not version 1 of LDIF");
        goto cleanup;
    }
    if (tr_text_compare(type.bv_val, "dn") == 0) {
        if (reading->dn != NULL) {
            ret = refuse(loader, TRR_ENTRY, "a second DN: no blank line "
                         "before it?");
            goto cleanup;
        }
        reading->dn = strndup(value.bv_val, value.bv_len);
        reading->dn_line = loader->line;
        ret = reading->dn == NULL ? ENOMEM : 0;
    } else if (reading->dn == NULL) {
        ret = refuse(loader, TRR_ENTRY, "an entry starts with its DN");
    } else if (tr_text_compare(type.bv_val, "changetype") == 0 ||
               tr_text_compare(type.bv_val, "control") == 0) {
        ret = refuse(loader, TRR_ENTRY, "entries expected, not changes");
    } else {
        ret = judge_names(loader, type.bv_val, value.bv_val);
        if (ret)
            goto cleanup;
        ret = tr_gathered_add(&reading->values, type.bv_val, value.bv_val,
                              value.bv_len, &why);
        if (why != NULL)
            (void)refuse(loader, ret, "%s: %s", reading->dn, why);
    }

cleanup:
    free(why);
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
    char *why = NULL, *key = NULL;

    ret = tr_record_from_entry(&entry, &record, &why);
    if (why != NULL)
        (void)refuse(loader, ret, "%s: %s", reading->dn, why);
    if (ret != 0 || record == NULL)
        goto cleanup;
    ret = make_key(reading->dn, &key);
    if (ret == TRR_ENTRY)
        (void)refuse(loader, ret, "%s: not a DN", reading->dn);
    if (ret)
        goto cleanup;
    if (tr_update_has(loader->update, key, strlen(key))) {
        ret = refuse(loader, TRR_ENTRY, "%s: given twice", reading->dn);
        goto cleanup;
    }
    ret = tr_update_put(loader->update, key, strlen(key), record);
    if (ret == TRR_ENTRY)
        (void)refuse(loader, ret, "%s: %s", reading->dn,
                     tr_table_message(loader->table));

cleanup:
    free(key);
    free(why);
    tr_record_free(record);
    return ret;
}

/* How many lines end before to. */
static unsigned long
lines_before(const char *from, const char *to)
{
    unsigned long n = 0;

    for (; from < to; from++)
        n += *from == '\n';
    return n;
}

/* Take a record (changed) whose first line has the number line. */
static krb5_error_code
take_record(struct loader *loader, char *text, unsigned long first)
{
    krb5_error_code ret = 0;
    struct reading reading = { 0 };
    char *next = text, *line, *whole;

    /* Unfolding overwrites the ends of lines: count them in a copy. */
    whole = strdup(text);
    if (whole == NULL)
        return ENOMEM;
    while (ret == 0 && (line = ldif_getline(&next)) != NULL) {
        if (*line == '\0')
            continue;
        loader->line = first + lines_before(whole, whole + (line - text));
        ret = take_line(loader, &reading, line);
    }
    if (ret == 0 && reading.dn != NULL) {
        loader->line = reading.dn_line;
        ret = store(loader, &reading);
    }
    tr_gathered_clear(&reading.values);
    free(reading.dn);
    free(whole);
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

static bool
starts_with(const char *line, const char *word)
{
    return strncasecmp(line, word, strlen(word)) == 0;
}

/*
 * ldif_read_record() follows "include: URL" into other files, and drops the
 * first line of a record without a word when it begins with a digit: refuse
 * both before it sees them.
 */
static krb5_error_code
check_lines(struct loader *loader, FILE *file)
{
    krb5_error_code ret = 0;
    bool first = true;          /* of a record */
    char *line = NULL;
    size_t room = 0;

    while (ret == 0 && getline(&line, &room, file) >= 0) {
        loader->line++;
        if (*line == '\n' || *line == '\r') {
            first = true;
        } else if (starts_with(line, "include:")) {
            ret = refuse(loader, TRR_ENTRY, "other files are not read");
        } else if (*line != '#' && *line != ' ') {
            if (first && !starts_with(line, "dn:") &&
                !starts_with(line, "version:"))
                ret = refuse(loader, TRR_ENTRY, "an entry starts with its "
                             "DN");
            first = false;
        }
    }
    free(line);
    rewind(file);
    return ret;
}

static krb5_error_code
take_file(struct loader *loader)
{
    krb5_error_code ret;
    LDIFFP *file;
    unsigned long last = 0, lines;
    char *text = NULL;
    int room = 0, more;

    file = ldif_open(loader->path, "r");
    if (file == NULL)
        return refuse(loader, TRR_SOURCE, "%s", strerror(errno));
    ret = check_file(loader, file->fp);
    if (ret == 0)
        ret = check_lines(loader, file->fp);
    while (ret == 0) {
        more = ldif_read_record(file, &last, &text, &room);
        if (more <= 0 || text == NULL)
            break;
        /* last is the blank line after the record, unless the file ends. */
        lines = lines_before(text, text + strlen(text));
        ret = take_record(loader, text,
                          last - lines + (feof(file->fp) ? 1 : 0));
    }
    if (ret == 0 && (more < 0 || ferror(file->fp))) {
        loader->line = last;
        ret = refuse(loader, TRR_SOURCE, "cannot be read to its end");
    }
    ber_memfree(text);
    ldif_close(file);
    return ret;
}

/* The source answered, and nothing else: no need to write the whole table. */
static krb5_error_code
commit_fresh(struct loader *loader)
{
    krb5_error_code ret;
    char *source = NULL;

    if (!tr_update_changed(loader->update)) {
        tr_update_abort(loader->update);
        loader->update = NULL;
        ret = tr_update_begin(loader->table, &loader->update);
        if (ret)
            return ret;
    }
    if (asprintf(&source, "ldif:%s", loader->path) < 0)
        return ENOMEM;
    ret = tr_update_set_cookie(loader->update, NULL, 0);
    if (ret == 0)
        ret = tr_update_set_fresh(loader->update, time(NULL), source);
    free(source);
    if (ret)
        return ret;
    ret = tr_update_commit(loader->update);
    loader->update = NULL;
    return ret;
}

krb5_error_code
tr_source_load_ldif(struct tr_table *table, const char *path, char **why_out)
{
    krb5_error_code ret;
    struct loader loader = { .table = table, .path = path };

    ret = tr_update_begin(table, &loader.update);
    if (ret == 0)
        ret = tr_update_clear(loader.update);
    if (ret == 0)
        ret = take_file(&loader);
    loader.line = ret == 0 ? 0 : loader.line;
    if (ret == 0)
        ret = tr_update_sweep(loader.update);
    if (ret == 0)
        ret = commit_fresh(&loader);
    tr_update_abort(loader.update);
    if (ret == TRR_TABLE) {
        loader.line = 0;
        (void)refuse(&loader, ret, "%s", tr_table_message(table));
    }
    *why_out = loader.why;
    return ret;
}
