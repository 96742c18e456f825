/* mech/service/config_file.c - trustrealm.conf as text, read key by key */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <profile.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config_file.h"
#include "trustrealm_err.h"

#define MAX_KEYS 4096           /* of one file; includes too */

/* One key; an empty subsection is an item without a key. */
struct item {
    char *section, *sub, *key, *value;
    bool asked;
};

struct tr_conf {
    char *path;
    const char *section, *sub;  /* entered */
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

void
tr_conf_no_memory(struct tr_conf *conf)
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
tr_conf_complain(struct tr_conf *conf, const char *key, const char *format,
                 ...)
{
    const char *sub = conf->sub;
    const struct item *item;
    char *where = NULL, *what = NULL;
    va_list args;

    if (conf->code != 0)
        return;
    item = find(conf, conf->section, conf->sub, key);
    va_start(args, format);
    if (vasprintf(&what, format, args) < 0)
        what = NULL;
    va_end(args);
    if (asprintf(&where, "%s: [%s]%s%s%s%s%s%s%s", conf->path,
                 conf->section, sub != NULL ? " " : "", sub != NULL ? sub : "",
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

static void
enter(struct tr_conf *conf, const char *section, const char *sub)
{
    conf->section = section;
    conf->sub = sub;
}

/* --- reading the file --------------------------------------------------- */

/* To what was entered.  Takes value over, whatever happens. */
static void
add(struct tr_conf *conf, const char *key, char *value)
{
    struct item *item, *grown;

    if (key != NULL && find(conf, conf->section, conf->sub, key) != NULL) {
        tr_conf_complain(conf, key, "given twice");
    } else if (conf->nitems == MAX_KEYS) {
        tr_conf_complain(conf, key, "more than %d keys", MAX_KEYS);
    } else if (conf->nitems == conf->space) {
        conf->space = conf->space > 0 ? 2 * conf->space : 64;
        grown = reallocarray(conf->items, conf->space, sizeof(*grown));
        if (grown != NULL)
            conf->items = grown;
        else
            tr_conf_no_memory(conf);
    }
    if (conf->code != 0) {
        free(value);
        return;
    }
    item = &conf->items[conf->nitems++];
    *item = (struct item){ .value = value };
    item->section = strdup(conf->section);
    item->sub = conf->sub != NULL ? strdup(conf->sub) : NULL;
    item->key = key != NULL ? strdup(key) : NULL;
    if (item->section == NULL || (conf->sub != NULL && item->sub == NULL) ||
        (key != NULL && item->key == NULL))
        tr_conf_no_memory(conf);
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

    enter(conf, section, sub);
    add(conf, NULL, NULL);
    ret = profile_iterator_create(profile, names, PROFILE_ITER_LIST_SECTION,
                                  &iterator);
    while (ret == 0 && iterator != NULL && conf->code == 0) {
        ret = profile_iterator(&iterator, &name, &value);
        if (ret != 0 || name == NULL)
            break;
        if (value != NULL) {
            add(conf, name, value);
            value = NULL;
        } else if (sub == NULL) {
            ret = read_section(conf, profile, section, name);
            enter(conf, section, NULL);
        } else {
            tr_conf_complain(conf, name, "a value expected, not { }");
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

/* Does libprofile take the first lines of the file in, by way of fd? */
static bool
takes_lines(FILE *in, int fd, unsigned int lines)
{
    char copy[40], *text = NULL;
    const char *files[] = { copy, NULL };
    profile_t profile = NULL;
    size_t size = 0;
    ssize_t length = 0;
    bool takes;

    (void)snprintf(copy, sizeof(copy), "/proc/self/fd/%d", fd);
    rewind(in);
    if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0)
        return true;
    while (lines-- > 0 && (length = getline(&text, &size, in)) > 0) {
        if (write(fd, text, (size_t)length) != length)
            break;
    }
    free(text);
    takes = profile_init((const_profile_filespec_t *)files, &profile) == 0;
    if (takes)
        profile_release(profile);
    return takes;
}

/*
 * libprofile says what is wrong with a file, but not where.  The first lines,
 * up to the one that is wrong, it takes; with that one it does not.  0 when
 * that cannot be found out.
 */
static unsigned int
find_bad_line(const char *path)
{
    int fd = memfd_create("trustrealm.conf", MFD_CLOEXEC);
    FILE *in = fopen(path, "re");
    unsigned int good = 0, bad = MAX_KEYS, middle;

    if (in == NULL || fd < 0 || takes_lines(in, fd, bad))
        bad = 0;
    while (bad > good + 1) {
        middle = good + (bad - good) / 2;
        if (takes_lines(in, fd, middle))
            good = middle;
        else
            bad = middle;
    }
    if (in != NULL)
        fclose(in);
    if (fd >= 0)
        close(fd);
    return bad;
}

/* The file itself cannot be read. */
static void
complain_of_file(struct tr_conf *conf, errcode_t code)
{
    bool is_syntax = code >= PROF_SECTION_NOTOP && code <= PROF_MISSING_OBRACE;
    unsigned int line = is_syntax ? find_bad_line(conf->path) : 0;
    char where[40] = "";

    if (line > 0)
        (void)snprintf(where, sizeof(where), "line %u: ", line);
    conf->code = TRR_CONFIG;
    if (asprintf(&conf->why, "%s: %s%s", conf->path, where,
                 error_message(code)) < 0)
        conf->why = NULL;
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
    if (ret == ENOMEM)
        tr_conf_no_memory(conf);
    else if (ret != 0 && conf->code == 0)
        complain_of_file(conf, ret);
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

void
tr_conf_enter(struct tr_conf *conf, const char *section, const char *sub)
{
    enter(conf, section, sub);
    mark(conf, section, sub);
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

/* --- values ------------------------------------------------------------- */

const char *
tr_conf_get(struct tr_conf *conf, const char *key)
{
    struct item *item = find(conf, conf->section, conf->sub, key);

    if (item == NULL)
        return NULL;
    item->asked = true;
    if (*item->value == '\0')
        tr_conf_complain(conf, key, "empty");
    return conf->code == 0 ? item->value : NULL;
}

bool
tr_conf_string(struct tr_conf *conf, const char *key, char **out)
{
    const char *value = tr_conf_get(conf, key);
    char *copy;

    if (value == NULL)
        return false;
    copy = strdup(value);
    if (copy == NULL) {
        tr_conf_no_memory(conf);
        return false;
    }
    free(*out);
    *out = copy;
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
        enter(conf, item->section, item->sub);
        tr_conf_complain(conf, item->key,
                         item->key != NULL ? "unknown key" :
                         item->sub != NULL ? "unknown subsection" :
                         "unknown section");
    }
    *why_out = conf->why;
    conf->why = NULL;
    return conf->code;
}
