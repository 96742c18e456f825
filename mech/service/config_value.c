/* mech/service/config_value.c - values of trustrealm.conf, checked */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "config_file.h"
#include "text.h"

#define BLANKS " \t"
#define MAX_ID UINT32_C(0xfffffffe)     /* (uid_t)-1 is nobody's */

bool
tr_conf_path(struct tr_conf *conf, const char *key, char **out)
{
    const char *value = tr_conf_get(conf, key);

    if (value == NULL)
        return false;
    if (*value != '/') {
        tr_conf_complain(conf, key, "absolute path expected");
        return false;
    }
    return tr_conf_string(conf, key, out);
}

bool
tr_conf_boolean(struct tr_conf *conf, const char *key, bool *out)
{
    static const char *const words[] = {
        "false", "true", "no", "yes", "off", "on", "0", "1", NULL
    };
    const char *value = tr_conf_get(conf, key);
    size_t i;

    if (value == NULL)
        return false;
    for (i = 0; words[i] != NULL; i++) {
        if (strcasecmp(value, words[i]) == 0) {
            *out = i % 2 == 1;
            return true;
        }
    }
    tr_conf_complain(conf, key, "true or false expected");
    return false;
}

/* Decimal digits only; *end is the first character after them. */
static bool
parse_number(const char *text, uint64_t max, uint64_t *out, const char **end)
{
    uint64_t n = 0;
    const char *p;

    for (p = text; *p >= '0' && *p <= '9'; p++) {
        n = n * 10 + (uint64_t)(*p - '0');
        if (n > max)
            return false;
    }
    *out = n;
    *end = p;
    return p > text;
}

bool
tr_conf_number(struct tr_conf *conf, const char *key, uint32_t low,
               uint32_t high, uint32_t *out)
{
    const char *value = tr_conf_get(conf, key);
    int64_t n;

    if (value == NULL)
        return false;
    if (tr_text_number(value, low, high, &n) != 0) {
        tr_conf_complain(conf, key, "number from %u to %u expected", low,
                         high);
        return false;
    }
    *out = (uint32_t)n;
    return true;
}

bool
tr_conf_duration(struct tr_conf *conf, const char *key, uint32_t high,
                 uint32_t *out)
{
    static const struct { char letter; uint32_t seconds; } units[] = {
        { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }
    };
    const char *value = tr_conf_get(conf, key), *end;
    uint64_t n, unit = 0;
    size_t i;

    if (value == NULL)
        return false;
    if (parse_number(value, UINT32_MAX, &n, &end)) {
        unit = *end == '\0' ? 1 : 0;
        for (i = 0; i < sizeof(units) / sizeof(*units); i++) {
            if (end[0] == units[i].letter && end[1] == '\0')
                unit = units[i].seconds;
        }
    }
    if (unit == 0 || n == 0 || n * unit > high) {
        tr_conf_complain(conf, key, "time from 1s to %us expected, as 10s, "
                         "5m, 1h or 1d", high);
        return false;
    }
    *out = (uint32_t)(n * unit);
    return true;
}

bool
tr_conf_choice(struct tr_conf *conf, const char *key,
               const char *const *words, size_t *out)
{
    const char *value = tr_conf_get(conf, key);
    char list[256];
    size_t i, used = 0;

    if (value == NULL)
        return false;
    for (i = 0; words[i] != NULL; i++) {
        if (strcmp(value, words[i]) == 0) {
            *out = i;
            return true;
        }
        if (used < sizeof(list))
            used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
                                     i == 0 ? "" : words[i + 1] != NULL ?
                                     ", " : " or ", words[i]);
    }
    tr_conf_complain(conf, key, "%s expected", list);
    return false;
}

bool
tr_conf_list(struct tr_conf *conf, const char *key, char ***out)
{
    const char *p = tr_conf_get(conf, key);
    char **list;
    size_t n = 0, length;

    if (p == NULL)
        return false;
    /* A word and a blank take two characters at least. */
    list = calloc(strlen(p) / 2 + 2, sizeof(*list));
    while (list != NULL && *(p += strspn(p, BLANKS)) != '\0') {
        length = strcspn(p, BLANKS);
        list[n] = strndup(p, length);
        if (list[n++] == NULL) {
            tr_strings_free(list);
            list = NULL;
        }
        p += length;
    }
    if (list == NULL) {
        tr_conf_no_memory(conf);
        return false;
    }
    if (n == 0) {
        tr_strings_free(list);
        tr_conf_complain(conf, key, "empty");
        return false;
    }
    tr_strings_free(*out);
    *out = list;
    return true;
}

/* "www-data" is a name, "10-20" a range: only digits make numbers. */
static bool
parse_ids(const char *word, enum tr_id_kind kind, struct tr_id_range *out)
{
    const struct passwd *user;
    const struct group *group;
    uint64_t first, last;
    const char *end;

    if (strspn(word, "0123456789-") == strlen(word)) {
        if (!parse_number(word, MAX_ID, &first, &end))
            return false;
        last = first;
        if (*end == '-' && !parse_number(end + 1, MAX_ID, &last, &end))
            return false;
        *out = (struct tr_id_range){ (uint32_t)first, (uint32_t)last };
        return *end == '\0' && first <= last;
    }
    if (kind == TR_ID_USER) {
        user = getpwnam(word);
        if (user != NULL)
            *out = (struct tr_id_range){ user->pw_uid, user->pw_uid };
        return user != NULL;
    }
    group = getgrnam(word);
    if (group != NULL)
        *out = (struct tr_id_range){ group->gr_gid, group->gr_gid };
    return group != NULL;
}

bool
tr_ids_have(const struct tr_id_range *ranges, size_t count, uint32_t id)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (ranges[i].first <= id && id <= ranges[i].last)
            return true;
    }
    return false;
}

bool
tr_conf_ids(struct tr_conf *conf, const char *key, enum tr_id_kind kind,
            struct tr_id_range **out, size_t *count_out)
{
    struct tr_id_range *ranges;
    char **words = NULL;
    size_t i, n = 0;

    if (!tr_conf_list(conf, key, &words))
        return false;
    while (words[n] != NULL)
        n++;
    ranges = calloc(n, sizeof(*ranges));
    if (ranges == NULL)
        tr_conf_no_memory(conf);
    for (i = 0; i < n && !tr_conf_failed(conf); i++) {
        if (!parse_ids(words[i], kind, &ranges[i]))
            tr_conf_complain(conf, key, "%s: no such %s, and not a number or "
                             "FIRST-LAST", words[i],
                             kind == TR_ID_USER ? "user" : "group");
    }
    tr_strings_free(words);
    if (tr_conf_failed(conf)) {
        free(ranges);
        return false;
    }
    free(*out);
    *out = ranges;
    *count_out = n;
    return true;
}
