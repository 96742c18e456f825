/* realmdb/source_ldif.c - read an LDIF file */
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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ldap.h>
#include <ldif.h>
#include "gathered.h"
#include "record_class.h"
#include "source_loader.h"
#include "text.h"
#include "trustrealm_err.h"

struct line {
    char *text;                 /* NUL-terminated; NULL: none yet */
    size_t length;
    size_t room;
};

/* --- one entry ---------------------------------------------------------- */

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
judge_names(struct tr_loader *loader, const char *type, const char *value,
            const char **attribute_out)
{
    const char *attribute = tr_class_attribute(type);

    *attribute_out = attribute;
    if (tr_class_has_options(type))
        return tr_load_refuse(loader, TRR_ENTRY, "%s: with options", type);
    if (attribute == NULL && looks_ours(type))
        return tr_load_refuse(loader, TRR_ENTRY, "%s: no such attribute",
                              type);
    if (attribute != NULL && strcmp(attribute, "objectClass") == 0 &&
        looks_ours(value) && tr_class_find(value) == NULL)
        return tr_load_refuse(loader, TRR_ENTRY, "%s: no such object class",
                              value);
    return 0;
}

static krb5_error_code
take_dn(struct tr_loader *loader, struct reading *reading,
        const struct berval *value)
{
    if (reading->dn != NULL)
        return tr_load_refuse(loader, TRR_ENTRY, "a second DN: no blank line "
                              "before it?");
    reading->dn = strndup(value->bv_val, value->bv_len);
    reading->dn_line = loader->line;
    return reading->dn == NULL ? ENOMEM : 0;
}

static krb5_error_code
take_value(struct tr_loader *loader, struct reading *reading, const char *type,
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
        (void)tr_load_refuse(loader, ret, "%s: %s", reading->dn, why);
    free(why);
    return ret;
}

/* Take one line, unfolded, but no comment.  It is changed. */
static krb5_error_code
take_line(struct tr_loader *loader, struct reading *reading, char *line)
{
    krb5_error_code ret = 0;
    struct berval type, value;
    const char *colon = strchr(line, ':');
    int owned = 0;

    if (colon != NULL && colon[1] == '<')
        return tr_load_refuse(loader, TRR_ENTRY, "values by URL are not read");
    if (strncasecmp(line, "include:", 8) == 0)
        return tr_load_refuse(loader, TRR_ENTRY, "other files are not read");
    if (ldif_parse_line2(line, &type, &value, &owned) != 0)
        return tr_load_refuse(loader, TRR_ENTRY, "not a line of LDIF");
    if (tr_text_compare(type.bv_val, "dn") == 0)
        ret = take_dn(loader, reading, &value);
    else if (reading->dn == NULL &&
             tr_text_compare(type.bv_val, "version") == 0)
        ret = strcmp(value.bv_val, "1") == 0 ? 0 :
            tr_load_refuse(loader, TRR_ENTRY, "not version 1 of LDIF");
    else if (reading->dn == NULL)
        ret = tr_load_refuse(loader, TRR_ENTRY, "an entry starts with its DN");
    else if (tr_text_compare(type.bv_val, "changetype") == 0 ||
             tr_text_compare(type.bv_val, "control") == 0)
        ret = tr_load_refuse(loader, TRR_ENTRY, "entries expected, not "
                             "changes");
    else
        ret = take_value(loader, reading, type.bv_val, &value);
    if (owned)
        ber_memfree(value.bv_val);
    return ret;
}

/* The entry is complete. */
static krb5_error_code
end_entry(struct tr_loader *loader, struct reading *reading)
{
    krb5_error_code ret = 0;
    struct tr_entry entry;

    if (reading->dn != NULL && !reading->bad) {
        loader->line = reading->dn_line;
        entry = tr_gathered_entry(&reading->values, reading->dn);
        ret = tr_load_tell(loader, tr_load_take(loader, &entry));
    }
    clear_reading(reading);
    return ret;
}

/* --- the file ----------------------------------------------------------- */

static krb5_error_code
check_file(struct tr_loader *loader, FILE *file)
{
    struct stat st;

    if (fstat(fileno(file), &st) != 0)
        return tr_load_refuse(loader, TRR_SOURCE, "%s", strerror(errno));
    if (!S_ISREG(st.st_mode))
        return tr_load_refuse(loader, TRR_SOURCE, "not a file");
    if (st.st_mode & S_IWOTH)
        return tr_load_refuse(loader, TRR_SOURCE, "anybody may write to it");
    return 0;
}

/* Without what ends it; false when there is none. */
static bool
read_line(struct tr_loader *loader, FILE *file, struct line *line)
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
unfold(struct tr_loader *loader, struct line *line, const struct line *more)
{
    size_t length = line->length + more->length - 1;
    char *text;

    if (line->length == 0)
        return tr_load_refuse(loader, TRR_ENTRY, "it continues no line");
    if (length > TR_MAX_ENTRY)
        return tr_load_refuse(loader, TRR_ENTRY, "too long");
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
take_unfolded(struct tr_loader *loader, struct reading *reading,
              const struct line *line)
{
    krb5_error_code ret;

    if (line->length == 0)
        return end_entry(loader, reading);
    if (reading->bad)
        return 0;
    if (strlen(line->text) != line->length)
        ret = tr_load_refuse(loader, TRR_ENTRY, "not a line of LDIF");
    else
        ret = *line->text == '#' ? 0 : take_line(loader, reading, line->text);
    reading->bad = ret == TRR_ENTRY;
    return tr_load_tell(loader, ret);
}

static krb5_error_code
take_lines(struct tr_loader *loader, FILE *file, struct reading *reading)
{
    krb5_error_code ret = 0;
    struct line line = { NULL, 0, 0 }, next = { NULL, 0, 0 }, swap;

    while (ret == 0 && read_line(loader, file, &next)) {
        if (*next.text == ' ') {
            ret = reading->bad ? 0 : unfold(loader, &line, &next);
            reading->bad = reading->bad || ret == TRR_ENTRY;
            ret = tr_load_tell(loader, ret);
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
        ret = tr_load_refuse(loader, TRR_SOURCE, "cannot be read to its end");
    if (ret == 0 && line.text != NULL)
        ret = take_unfolded(loader, reading, &line);
    if (ret == 0)
        ret = end_entry(loader, reading);
    free(line.text);
    free(next.text);
    return ret;
}

krb5_error_code
tr_ldif_take_file(struct tr_loader *loader)
{
    krb5_error_code ret;
    struct reading reading = { 0 };
    FILE *file;

    file = loader->snapshot == NULL ? tr_text_open(loader->path) :
        fmemopen(loader->snapshot->text, loader->snapshot->length, "r");
    if (file == NULL)
        return tr_load_refuse(loader, TRR_SOURCE, "%s", strerror(errno));
    ret = loader->snapshot == NULL ? check_file(loader, file) : 0;
    if (ret == 0)
        ret = take_lines(loader, file, &reading);
    clear_reading(&reading);
    (void)fclose(file);
    return ret;
}
