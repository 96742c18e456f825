/* realmdb/record_value.c - read and write the values of entries */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "encoding.h"
#include "record_class.h"
#include "text.h"
#include "trustrealm_err.h"

#define MAX_SECONDS (100 * 366 * 86400LL)

static krb5_error_code
copy(const char *value, char **text_out)
{
    *text_out = strdup(value);
    return *text_out == NULL ? ENOMEM : 0;
}

/* Take it out of what tr_text_free_words() will free. */
static char *
keep(char **word)
{
    char *kept = *word;

    *word = NULL;
    return kept;
}

krb5_error_code
tr_parse_name(const char *value, void *item)
{
    krb5_error_code ret;
    char **name = item;

    if (!tr_text_is_name(value))
        return TRR_MALFORMED;
    ret = copy(value, name);
    if (ret == 0)
        tr_text_lower(*name);
    return ret;
}

krb5_error_code
tr_parse_level(const char *value, void *item)
{
    return tr_text_is_name(value) ? copy(value, item) : TRR_MALFORMED;
}

/* What has a backslash in names that Kerberos writes.  Others leave it out:
 * names are compared as text, and a clearance must not miss its user. */
static bool
needs_backslash(char c)
{
    return strchr("/@\\ntb0", c) != NULL;
}

static bool
is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

krb5_error_code
tr_parse_principal(const char *value, void *item)
{
    char text[TR_MAX_PRINCIPAL + 1];
    size_t length = strlen(value), i, n = 0, realm = 0;

    if (length > TR_MAX_PRINCIPAL || *value == '@')
        return TRR_MALFORMED;
    for (i = 0; i < length; i++) {
        if (value[i] == ' ' || (value[i] == '@' && realm > 0))
            return TRR_MALFORMED;
        if (value[i] == '@')
            realm = n + 1;
        if (value[i] == '\\' && needs_backslash(value[++i]))
            text[n++] = '\\';
        if (is_control(value[i]))
            return TRR_MALFORMED;
        text[n++] = value[i];
    }
    if (realm == 0 || realm == n)
        return TRR_MALFORMED;
    text[n] = '\0';
    return copy(text, item);
}

krb5_error_code
tr_parse_doi(const char *value, void *item)
{
    int64_t number;
    uint32_t *doi = item;

    if (tr_text_number(value, 1, UINT32_MAX, &number) != 0)
        return TRR_MALFORMED;
    *doi = (uint32_t)number;
    return 0;
}

krb5_error_code
tr_parse_priority(const char *value, void *item)
{
    int64_t number;
    int32_t *priority = item;

    if (tr_text_number(value, INT32_MIN, INT32_MAX, &number) != 0)
        return TRR_MALFORMED;
    *priority = (int32_t)number;
    return 0;
}

krb5_error_code
tr_parse_seconds(const char *value, void *item)
{
    int64_t number;
    uint32_t *seconds = item;

    if (tr_text_number(value, 0, MAX_SECONDS, &number) != 0)
        return TRR_MALFORMED;
    *seconds = (uint32_t)number;
    return 0;
}

krb5_error_code
tr_parse_bool(const char *value, void *item)
{
    bool *truth = item;

    if (tr_text_compare(value, "TRUE") != 0 &&
        tr_text_compare(value, "FALSE") != 0)
        return TRR_MALFORMED;
    *truth = tr_text_compare(value, "TRUE") == 0;
    return 0;
}

/* Index of value in names, which ends with NULL; -1 when it is not there. */
static int
choice(const char *value, const char *const *names)
{
    int i;

    for (i = 0; names[i] != NULL; i++) {
        if (tr_text_compare(value, names[i]) == 0)
            return i;
    }
    return -1;
}

static const char *const policies[] = { "mls", "equal", NULL };
static const char *const protections[] = {
    "integrity", "confidentiality", NULL
};
static const char *const modes[] = { "enforce", "dry-run", NULL };
static const char *const carriers[] = {
    "gss", "own", "mic", "auth-only", NULL
};

const char *
tr_carrier_name(enum tr_carrier carrier)
{
    return (size_t)carrier < sizeof(carriers) / sizeof(carriers[0]) - 1 ?
        carriers[carrier] : "?";
}

krb5_error_code
tr_parse_policy(const char *value, void *item)
{
    int i = choice(value, policies);

    if (i < 0)
        return TRR_MALFORMED;
    *(enum tr_policy *)item = (enum tr_policy)i;
    return 0;
}

krb5_error_code
tr_parse_protection(const char *value, void *item)
{
    int i = choice(value, protections);

    if (i < 0)
        return TRR_MALFORMED;
    *(enum tr_protection *)item = (enum tr_protection)i;
    return 0;
}

krb5_error_code
tr_parse_mode(const char *value, void *item)
{
    int i = choice(value, modes);

    if (i < 0)
        return TRR_MALFORMED;
    *(enum tr_mode *)item = (enum tr_mode)i;
    return 0;
}

krb5_error_code
tr_parse_named_number(const char *value, void *item)
{
    krb5_error_code ret;
    struct tr_named_number *out = item;
    int64_t number;
    char *words[2];

    ret = tr_text_words(value, 2, 2, words);
    if (ret)
        return ret;
    ret = tr_text_number(words[0], 0, UINT32_MAX, &number);
    if (ret == 0 && !tr_text_is_name(words[1]))
        ret = TRR_MALFORMED;
    if (ret == 0) {
        out->number = (uint32_t)number;
        out->name = keep(&words[1]);
    }
    tr_text_free_words(words, 2);
    return ret;
}

krb5_error_code
tr_parse_carrier(const char *value, void *item)
{
    krb5_error_code ret;
    struct tr_carrier_rule *out = item;
    char *words[2];
    int i;

    ret = tr_text_words(value, 2, 2, words);
    if (ret)
        return ret;
    i = choice(words[1], carriers);
    if (i < 0 || !tr_text_is_name(words[0])) {
        ret = TRR_MALFORMED;
    } else {
        out->carrier = (enum tr_carrier)i;
        tr_text_lower(words[0]);
        out->service = keep(&words[0]);
    }
    tr_text_free_words(words, 2);
    return ret;
}

/* An environment attribute, "name=value". */
krb5_error_code
tr_parse_attribute(const char *value, void *item)
{
    size_t i, length = strlen(value), name = strcspn(value, "=");
    char start[TR_MAX_NAME + 1];

    if (name > TR_MAX_NAME || length - name < 2 ||
        length - name - 1 > TR_MAX_NAME)
        return TRR_MALFORMED;
    memcpy(start, value, name);
    start[name] = '\0';
    if (!tr_text_is_name(start))
        return TRR_MALFORMED;
    for (i = name; i < length; i++) {
        if (value[i] < ' ' || value[i] > '~')
            return TRR_MALFORMED;
    }
    return copy(value, item);
}

/* Only the octets are looked at: names are the trust realm's. */
static bool
is_label(const char *text)
{
    size_t length = 0;

    while (tr_name_octet(text[length]) != '\0' || text[length] == ':' ||
           text[length] == ',')
        length++;
    return length > 0 && length <= TR_MAX_LABEL_TEXT && text[length] == '\0';
}

krb5_error_code
tr_parse_grant(const char *value, void *item)
{
    krb5_error_code ret;
    struct tr_grant *out = item;
    char *words[4];

    ret = tr_text_words(value, 3, 4, words);
    if (ret)
        return ret;
    if (!tr_text_is_name(words[0]) || !is_label(words[1]) ||
        !is_label(words[2]))
        ret = TRR_MALFORMED;
    else if (words[3] != NULL)
        ret = tr_text_time(words[3], &out->end);
    if (ret == 0) {
        tr_text_lower(words[0]);
        out->realm = keep(&words[0]);
        out->low = keep(&words[1]);
        out->high = keep(&words[2]);
    }
    tr_text_free_words(words, 4);
    return ret;
}

krb5_error_code
tr_parse_pair(const char *value, void *item)
{
    krb5_error_code ret;
    struct tr_name_pair *out = item;
    char *words[2];

    ret = tr_text_words(value, 2, 2, words);
    if (ret)
        return ret;
    if (!tr_text_is_name(words[0]) || !tr_text_is_name(words[1])) {
        ret = TRR_MALFORMED;
    } else {
        out->local = keep(&words[0]);
        out->realm = keep(&words[1]);
    }
    tr_text_free_words(words, 2);
    return ret;
}

/* --- writing ------------------------------------------------------------- */

static char *
print(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *
print(const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    return text;
}

static char *
write_text(const void *item)
{
    const char *text = *(char *const *)item;

    return text != NULL ? strdup(text) : NULL;
}

/* The one character that Kerberos writes and entries do not have as it is. */
static char *
write_principal(const void *item)
{
    const char *text = *(char *const *)item;
    char *value = text == NULL ? NULL : malloc(2 * strlen(text) + 1), *end;

    if (value == NULL)
        return NULL;
    for (end = value; *text != '\0'; text++) {
        if (*text == ' ')
            *end++ = '\\';
        *end++ = *text;
    }
    *end = '\0';
    return value;
}

static char *
write_unsigned(const void *item)
{
    return print("%lu", (unsigned long)*(const uint32_t *)item);
}

static char *
write_priority(const void *item)
{
    return print("%ld", (long)*(const int32_t *)item);
}

static char *
write_bool(const void *item)
{
    return strdup(*(const bool *)item ? "TRUE" : "FALSE");
}

static char *
write_policy(const void *item)
{
    return strdup(policies[*(const enum tr_policy *)item]);
}

static char *
write_protection(const void *item)
{
    return strdup(protections[*(const enum tr_protection *)item]);
}

static char *
write_mode(const void *item)
{
    return strdup(modes[*(const enum tr_mode *)item]);
}

static char *
write_named_number(const void *item)
{
    const struct tr_named_number *number = item;

    return print("%lu %s", (unsigned long)number->number, number->name);
}

static char *
write_carrier(const void *item)
{
    const struct tr_carrier_rule *rule = item;

    return print("%s %s", rule->service, carriers[rule->carrier]);
}

static char *
write_grant(const void *item)
{
    const struct tr_grant *grant = item;
    char end[TR_TIME_LENGTH];

    tr_text_write_time(grant->end, end);
    if (end[0] == '\0' && grant->end != 0)
        return NULL;
    return print("%s %s %s%s%s", grant->realm, grant->low, grant->high,
                 end[0] != '\0' ? " " : "", end);
}

static char *
write_pair(const void *item)
{
    const struct tr_name_pair *pair = item;

    return print("%s %s", pair->local, pair->realm);
}

tr_write_value *
tr_writer_of(tr_parse_value *parse)
{
    static const struct {
        tr_parse_value *parse;
        tr_write_value *write;
    } values[] = {
        { tr_parse_name, write_text }, { tr_parse_level, write_text },
        { tr_parse_principal, write_principal },
        { tr_parse_attribute, write_text }, { tr_parse_bool, write_bool },
        { tr_parse_policy, write_policy },
        { tr_parse_protection, write_protection },
        { tr_parse_mode, write_mode },
        { tr_parse_named_number, write_named_number },
        { tr_parse_carrier, write_carrier }, { tr_parse_grant, write_grant },
        { tr_parse_pair, write_pair }, { tr_parse_doi, write_unsigned },
        { tr_parse_priority, write_priority },
        { tr_parse_seconds, write_unsigned }
    };
    size_t i;

    for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
        if (values[i].parse == parse)
            return values[i].write;
    }
    return NULL;
}
