/* mech/service/config_file.c - trustrealm.conf as text, read key by key */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <grp.h>
#include <profile.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "config_file.h"
#include "trustrealm_err.h"

#define BLANKS " \t"
#define MAX_KEYS 4096           /* of one file; includes too */
#define MAX_ID UINT32_C(0xfffffffe)     /* (uid_t)-1 is nobody's */

/* One key; an empty subsection is an item without a key. */
struct item {
    char *section, *sub, *key, *value;
    bool asked;
};

struct tr_conf {
    char *path;
    struct item *items;
    size_t nitems, space;
    krb5_error_code code;       /* sticky */
    char *why;
};

void
tr_strings_free(char **strings)
{
    size_t i;

    for (i = 0; strings != NULL && strings[i] != NULL; i++)
        free(strings[i]);
    free(strings);
}

void
tr_conf_free(struct tr_conf *conf)
{
    size_t i;

    if (conf == NULL)
        return;
    for (i = 0; i < conf->nitems; i++) {
        free(conf->items[i].section);
        free(conf->items[i].sub);
        free(conf->items[i].key);
        free(conf->items[i].value);
    }
    free(conf->items);
    free(conf->path);
    free(conf->why);
    free(conf);
}

bool
tr_conf_failed(const struct tr_conf *conf)
{
    return conf->code != 0;
}

static void
no_memory(struct tr_conf *conf)
{
    if (conf->code == 0)
        conf->code = ENOMEM;
}

static bool
same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static struct item *
find(const struct tr_conf *conf, const char *section, const char *sub,
     const char *key)
{
    struct item *item;
    size_t i;

    for (i = 0; i < conf->nitems; i++) {
        item = &conf->items[i];
        if (same(item->section, section) && same(item->sub, sub) &&
            same(item->key, key))
            return item;
    }
    return NULL;
}

void
tr_conf_complain(struct tr_conf *conf, const char *section, const char *sub,
                 const char *key, const char *format, ...)
{
    const struct item *item;
    char *where = NULL, *what = NULL;
    va_list args;

    if (conf->code != 0)
        return;
    item = find(conf, section, sub, key);
    va_start(args, format);
    if (vasprintf(&what, format, args) < 0)
        what = NULL;
    va_end(args);
    if (asprintf(&where, "%s: [%s]%s%s%s%s%s%s%s", conf->path, section,
                 sub != NULL ? " " : "", sub != NULL ? sub : "",
                 sub != NULL && key != NULL ? ":" : "",
                 key != NULL ? " " : "", key != NULL ? key : "",
                 item != NULL && item->value != NULL ? " = " : "",
                 item != NULL && item->value != NULL ? item->value : "") < 0)
        where = NULL;
    conf->code = ENOMEM;
    if (what != NULL && where != NULL &&
        asprintf(&conf->why, "%s: %s", where, what) >= 0)
        conf->code = TRR_CONFIG;
    free(where);
    free(what);
}

/* --- reading the file ---------------------------------------------------- */

/* Takes value over, whatever happens. */
static void
add(struct tr_conf *conf, const char *section, const char *sub,
    const char *key, char *value)
{
    struct item *item, *grown;

    if (key != NULL && find(conf, section, sub, key) != NULL) {
        tr_conf_complain(conf, section, sub, key, "given twice");
    } else if (conf->nitems == MAX_KEYS) {
        tr_conf_complain(conf, section, sub, key, "more than %d keys",
                         MAX_KEYS);
    } else if (conf->nitems == conf->space) {
        conf->space = conf->space > 0 ? 2 * conf->space : 64;
        grown = reallocarray(conf->items, conf->space, sizeof(*grown));
        if (grown != NULL)
            conf->items = grown;
        else
            no_memory(conf);
    }
    if (conf->code != 0) {
        free(value);
        return;
    }
    item = &conf->items[conf->nitems++];
    *item = (struct item){ .value = value };
    item->section = strdup(section);
    item->sub = sub != NULL ? strdup(sub) : NULL;
    item->key = key != NULL ? strdup(key) : NULL;
    if (item->section == NULL || (sub != NULL && item->sub == NULL) ||
        (key != NULL && item->key == NULL))
        no_memory(conf);
}

/* All keys of [section], or of sub in it. */
static errcode_t
read_section(struct tr_conf *conf, profile_t profile, const char *section,
             const char *sub)
{
    const char *names[] = { section, sub, NULL };
    char *name = NULL, *value = NULL;
    void *iterator = NULL;
    errcode_t ret;

    add(conf, section, sub, NULL, NULL);
    ret = profile_iterator_create(profile, names, PROFILE_ITER_LIST_SECTION,
                                  &iterator);
    while (ret == 0 && iterator != NULL && conf->code == 0) {
        ret = profile_iterator(&iterator, &name, &value);
        if (ret != 0 || name == NULL)
            break;
        if (value != NULL) {
            add(conf, section, sub, name, value);
            value = NULL;
        } else if (sub == NULL) {
            ret = read_section(conf, profile, section, name);
        } else {
            tr_conf_complain(conf, section, sub, name,
                             "a value expected, not { }");
        }
        profile_release_string(name);
        name = NULL;
    }
    profile_release_string(name);
    profile_release_string(value);
    profile_iterator_free(&iterator);
    return ret;
}

static errcode_t
read_all(struct tr_conf *conf, profile_t profile)
{
    const char *names[] = { NULL };
    char *name = NULL;
    void *iterator = NULL;
    errcode_t ret;

    ret = profile_iterator_create(profile, names, PROFILE_ITER_LIST_SECTION |
                                  PROFILE_ITER_SECTIONS_ONLY, &iterator);
    while (ret == 0 && iterator != NULL && conf->code == 0) {
        ret = profile_iterator(&iterator, &name, NULL);
        if (ret != 0 || name == NULL)
            break;
        ret = read_section(conf, profile, name, NULL);
        profile_release_string(name);
        name = NULL;
    }
    profile_release_string(name);
    profile_iterator_free(&iterator);
    return ret;
}

krb5_error_code
tr_conf_open(const char *path, struct tr_conf **conf_out, char **why_out)
{
    const char *files[] = { path, NULL };
    struct tr_conf *conf = NULL;
    profile_t profile = NULL;
    struct stat st;
    errcode_t ret;

    *conf_out = NULL;
    *why_out = NULL;
    conf = calloc(1, sizeof(*conf));
    if (conf == NULL || (conf->path = strdup(path)) == NULL) {
        tr_conf_free(conf);
        return ENOMEM;
    }
    /* Not profile_init_path(): a colon in the path would make two. */
    ret = profile_init((const_profile_filespec_t *)files, &profile);
    if (ret == 0 && stat(path, &st) != 0)
        ret = errno;
    if (ret == 0 && (st.st_mode & S_IWOTH) && S_ISREG(st.st_mode)) {
        conf->code = TRR_CONFIG;
        if (asprintf(&conf->why, "%s: writable by everybody", path) < 0)
            conf->why = NULL;
    } else if (ret == 0) {
        ret = read_all(conf, profile);
    }
    if (ret != 0 && conf->code == 0) {
        conf->code = ret == ENOMEM ? ENOMEM : TRR_CONFIG;
        if (asprintf(&conf->why, "%s: %s", path, error_message(ret)) < 0)
            conf->why = NULL;
    }
    profile_release(profile);
    if (conf->code != 0) {
        ret = conf->code;
        *why_out = conf->why;
        conf->why = NULL;
        tr_conf_free(conf);
        return ret;
    }
    *conf_out = conf;
    return 0;
}

/* Asking for anything of a section tells that it is known. */
static void
mark(struct tr_conf *conf, const char *section, const char *sub)
{
    struct item *item;

    if ((item = find(conf, section, NULL, NULL)) != NULL)
        item->asked = true;
    if (sub != NULL && (item = find(conf, section, sub, NULL)) != NULL)
        item->asked = true;
}

const char *
tr_conf_subsection(struct tr_conf *conf, const char *section, size_t i)
{
    size_t k;

    mark(conf, section, NULL);
    for (k = 0; k < conf->nitems; k++) {
        if (conf->items[k].sub != NULL && conf->items[k].key == NULL &&
            same(conf->items[k].section, section) && i-- == 0)
            return conf->items[k].sub;
    }
    return NULL;
}

const char *
tr_conf_key(struct tr_conf *conf, const char *section, size_t i)
{
    size_t k;

    mark(conf, section, NULL);
    for (k = 0; k < conf->nitems; k++) {
        if (conf->items[k].sub == NULL && conf->items[k].key != NULL &&
            same(conf->items[k].section, section) && i-- == 0)
            return conf->items[k].key;
    }
    return NULL;
}

/* --- values -------------------------------------------------------------- */

const char *
tr_conf_get(struct tr_conf *conf, const char *section, const char *sub,
            const char *key)
{
    struct item *item;

    mark(conf, section, sub);
    item = find(conf, section, sub, key);
    if (item == NULL)
        return NULL;
    item->asked = true;
    if (*item->value == '\0')
        tr_conf_complain(conf, section, sub, key, "empty");
    return conf->code == 0 ? item->value : NULL;
}

bool
tr_conf_string(struct tr_conf *conf, const char *section, const char *sub,
               const char *key, char **out)
{
    const char *value = tr_conf_get(conf, section, sub, key);
    char *copy;

    if (value == NULL)
        return false;
    copy = strdup(value);
    if (copy == NULL) {
        no_memory(conf);
        return false;
    }
    free(*out);
    *out = copy;
    return true;
}

bool
tr_conf_path(struct tr_conf *conf, const char *section, const char *sub,
             const char *key, char **out)
{
    const char *value = tr_conf_get(conf, section, sub, key);

    if (value == NULL)
        return false;
    if (*value != '/') {
        tr_conf_complain(conf, section, sub, key, "absolute path expected");
        return false;
    }
    return tr_conf_string(conf, section, sub, key, out);
}

bool
tr_conf_boolean(struct tr_conf *conf, const char *section, const char *sub,
                const char *key, bool *out)
{
    static const char *const words[] = {
        "false", "true", "no", "yes", "off", "on", "0", "1", NULL
    };
    const char *value = tr_conf_get(conf, section, sub, key);
    size_t i;

    if (value == NULL)
        return false;
    for (i = 0; words[i] != NULL; i++) {
        if (strcasecmp(value, words[i]) == 0) {
            *out = i % 2 == 1;
            return true;
        }
    }
    tr_conf_complain(conf, section, sub, key, "true or false expected");
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
tr_conf_number(struct tr_conf *conf, const char *section, const char *sub,
               const char *key, uint32_t low, uint32_t high, uint32_t *out)
{
    const char *value = tr_conf_get(conf, section, sub, key), *end;
    uint64_t n;

    if (value == NULL)
        return false;
    if (!parse_number(value, high, &n, &end) || *end != '\0' || n < low) {
        tr_conf_complain(conf, section, sub, key,
                         "number from %u to %u expected", low, high);
        return false;
    }
    *out = (uint32_t)n;
    return true;
}

bool
tr_conf_duration(struct tr_conf *conf, const char *section, const char *sub,
                 const char *key, uint32_t low, uint32_t high, uint32_t *out)
{
    static const struct { char letter; uint32_t seconds; } units[] = {
        { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }
    };
    const char *value = tr_conf_get(conf, section, sub, key), *end;
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
    if (unit == 0 || n * unit < low || n * unit > high) {
        tr_conf_complain(conf, section, sub, key, "time from %us to %us "
                         "expected, as 10s, 5m, 1h or 1d", low, high);
        return false;
    }
    *out = (uint32_t)(n * unit);
    return true;
}

bool
tr_conf_choice(struct tr_conf *conf, const char *section, const char *sub,
               const char *key, const char *const *words, size_t *out)
{
    const char *value = tr_conf_get(conf, section, sub, key);
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
    tr_conf_complain(conf, section, sub, key, "%s expected", list);
    return false;
}

bool
tr_conf_list(struct tr_conf *conf, const char *section, const char *sub,
             const char *key, char ***out)
{
    const char *p = tr_conf_get(conf, section, sub, key);
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
        no_memory(conf);
        return false;
    }
    if (n == 0) {
        tr_strings_free(list);
        tr_conf_complain(conf, section, sub, key, "empty");
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
tr_conf_ids(struct tr_conf *conf, const char *section, const char *sub,
            const char *key, enum tr_id_kind kind, struct tr_id_range **out,
            size_t *count_out)
{
    struct tr_id_range *ranges;
    char **words = NULL;
    size_t i, n = 0;

    if (!tr_conf_list(conf, section, sub, key, &words))
        return false;
    while (words[n] != NULL)
        n++;
    ranges = calloc(n, sizeof(*ranges));
    if (ranges == NULL)
        no_memory(conf);
    for (i = 0; i < n && conf->code == 0; i++) {
        if (!parse_ids(words[i], kind, &ranges[i]))
            tr_conf_complain(conf, section, sub, key, "%s: no such %s, and "
                             "not a number or FIRST-LAST", words[i],
                             kind == TR_ID_USER ? "user" : "group");
    }
    tr_strings_free(words);
    if (conf->code != 0) {
        free(ranges);
        return false;
    }
    free(*out);
    *out = ranges;
    *count_out = n;
    return true;
}

krb5_error_code
tr_conf_finish(struct tr_conf *conf, char **why_out)
{
    const struct item *item;
    size_t i;

    for (i = 0; i < conf->nitems && conf->code == 0; i++) {
        item = &conf->items[i];
        if (item->asked)
            continue;
        tr_conf_complain(conf, item->section, item->sub, item->key,
                         item->key != NULL ? "unknown key" :
                         item->sub != NULL ? "unknown subsection" :
                         "unknown section");
    }
    *why_out = conf->why;
    conf->why = NULL;
    return conf->code;
}
