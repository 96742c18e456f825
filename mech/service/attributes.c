/* mech/service/attributes.c - what holds on this system right now */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>
#include "attributes.h"

#define MAX_WORDS 32            /* of a command */

struct attribute {
    struct tr_attributes *owner;
    const struct tr_attribute_source *source;
    char *value;                /* NULL: absent */
    struct event *timer;        /* next run, or end of patience */
    struct tr_child *child;     /* running */
    int output;                 /* what it prints, or -1 */
};

struct tr_attributes {
    struct tr_children *children;
    struct tr_audit *audit;
    void (*changed)(void *arg);
    void *arg;
    struct attribute *all;
    size_t n;
    char **list;
};

char **
tr_attributes_list(const struct tr_attributes *attributes)
{
    return attributes->list;
}

static krb5_error_code
make_list(const struct tr_attributes *attributes, char ***list_out)
{
    const struct attribute *attribute;
    char **list;
    size_t i, n = 0;

    list = calloc(attributes->n + 1, sizeof(*list));
    if (list == NULL)
        return ENOMEM;
    for (i = 0; i < attributes->n; i++) {
        attribute = &attributes->all[i];
        if (attribute->value == NULL)
            continue;
        if (asprintf(&list[n], "%s=%s", attribute->source->name,
                     attribute->value) < 0) {
            list[n] = NULL;
            tr_strings_free(list);
            return ENOMEM;
        }
        n++;
    }
    *list_out = list;
    return 0;
}

/* Takes value over; NULL makes the attribute absent. */
static void
set_value(struct attribute *attribute, char *value)
{
    struct tr_attributes *attributes = attribute->owner;
    char **list;
    size_t i;

    if (value == attribute->value ||
        (value != NULL && attribute->value != NULL &&
         strcmp(value, attribute->value) == 0)) {
        free(value);
        return;
    }
    tr_log(attributes->audit, LOG_NOTICE, "attribute %s is now %s",
           attribute->source->name, value != NULL ? value : "absent");
    free(attribute->value);
    attribute->value = value;
    if (make_list(attributes, &list) != 0) {
        /* None at all is the safe side. */
        for (i = 0; attributes->list[i] != NULL; i++)
            free(attributes->list[i]);
        attributes->list[0] = NULL;
    } else {
        tr_strings_free(attributes->list);
        attributes->list = list;
    }
    attributes->changed(attributes->arg);
}

/* --- commands ----------------------------------------------------------- */

/* The first line, if it can be a value: printable, without blanks. */
static char *
read_value(int fd)
{
    char line[TR_MAX_NAME + 2];
    ssize_t length;
    size_t i;

    length = read(fd, line, sizeof(line) - 1);
    if (length <= 0)
        return NULL;
    line[length] = '\0';
    line[strcspn(line, "\n")] = '\0';
    for (i = 0; line[i] != '\0'; i++) {
        if (line[i] <= ' ' || line[i] > '~')
            return NULL;
    }
    return i == 0 || i > TR_MAX_NAME ? NULL : strdup(line);
}

static void
wait_for(struct attribute *attribute, uint32_t seconds)
{
    struct timeval time = { .tv_sec = seconds };

    event_add(attribute->timer, &time);
}

static void
finish(struct attribute *attribute, char *value)
{
    if (attribute->output >= 0)
        close(attribute->output);
    attribute->output = -1;
    attribute->child = NULL;
    wait_for(attribute, attribute->source->interval);
    set_value(attribute, value);
}

static void
on_end(int status, void *arg)
{
    struct attribute *attribute = arg;
    char *value = NULL;

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        value = read_value(attribute->output);
    else
        tr_log(attribute->owner->audit, LOG_WARNING,
               "attribute %s: command %s %d", attribute->source->name,
               WIFEXITED(status) ? "exited with status" :
               "was killed by signal", WIFEXITED(status) ?
               WEXITSTATUS(status) : WTERMSIG(status));
    finish(attribute, value);
}

/* Words between blanks, without a shell: words_out points into copy. */
static void
split(char *copy, char *words_out[MAX_WORDS + 1])
{
    size_t n = 0;
    char *p = copy;

    while (n < MAX_WORDS && *(p += strspn(p, " \t")) != '\0') {
        words_out[n++] = p;
        p += strcspn(p, " \t");
        if (*p != '\0')
            *p++ = '\0';
    }
    words_out[n] = NULL;
}

static krb5_error_code
start(struct attribute *attribute)
{
    static char *const environment[] = {
        (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", (char *)"LC_ALL=C", NULL
    };
    struct tr_child_options options = { .as = 1, .environment = environment };
    char *copy, *words[MAX_WORDS + 1];
    krb5_error_code ret;
    int fds[2];

    copy = strdup(attribute->source->command);
    if (copy == NULL)
        return ENOMEM;
    split(copy, words);
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) {
        ret = errno;
        free(copy);
        return ret;
    }
    /* Nonblocking at this end only. */
    (void)fcntl(fds[1], F_SETFL, 0);
    options.path = words[0];
    options.argv = words;
    options.fd = fds[1];
    options.ended = on_end;
    options.arg = attribute;
    ret = tr_child_start(attribute->owner->children, &options,
                         &attribute->child);
    close(fds[1]);
    free(copy);
    if (ret) {
        close(fds[0]);
        return ret;
    }
    attribute->output = fds[0];
    return 0;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct attribute *attribute = arg;
    krb5_error_code ret;

    if (attribute->child != NULL) {
        tr_log(attribute->owner->audit, LOG_WARNING, "attribute %s: command "
               "timed out after %u s", attribute->source->name,
               attribute->source->timeout);
        tr_child_kill(attribute->child);
        finish(attribute, NULL);
        return;
    }
    ret = start(attribute);
    if (ret) {
        tr_log(attribute->owner->audit, LOG_WARNING, "attribute %s: %s: %s",
               attribute->source->name, attribute->source->command,
               error_message(ret));
        finish(attribute, NULL);
        return;
    }
    wait_for(attribute, attribute->source->timeout);
}

/* --- all of them -------------------------------------------------------- */

static const char *
old_value(const struct tr_attributes *old,
          const struct tr_attribute_source *source)
{
    const struct tr_attribute_source *other;
    size_t i;

    for (i = 0; old != NULL && i < old->n; i++) {
        other = old->all[i].source;
        if (other->command != NULL &&
            strcmp(other->name, source->name) == 0 &&
            strcmp(other->command, source->command) == 0)
            return old->all[i].value;
    }
    return NULL;
}

static krb5_error_code
set_up(struct attribute *attribute, const struct tr_attributes *old,
       struct event_base *base)
{
    const struct tr_attribute_source *source = attribute->source;
    const char *value;

    value = source->command == NULL ? source->value : old_value(old, source);
    if (value != NULL && (attribute->value = strdup(value)) == NULL)
        return ENOMEM;
    if (source->command == NULL)
        return 0;
    attribute->timer = evtimer_new(base, on_timer, attribute);
    if (attribute->timer == NULL)
        return ENOMEM;
    wait_for(attribute, 0);
    return 0;
}

krb5_error_code
tr_attributes_create(const struct tr_config *config,
                     const struct tr_attributes *old, struct event_base *base,
                     struct tr_children *children, struct tr_audit *audit,
                     void (*changed)(void *arg), void *arg,
                     struct tr_attributes **attributes_out)
{
    struct tr_attributes *attributes;
    krb5_error_code ret = 0;
    size_t i;

    *attributes_out = NULL;
    attributes = calloc(1, sizeof(*attributes));
    if (attributes == NULL)
        return ENOMEM;
    attributes->children = children;
    attributes->audit = audit;
    attributes->changed = changed;
    attributes->arg = arg;
    attributes->all = calloc(config->nattributes + 1,
                             sizeof(*attributes->all));
    if (attributes->all == NULL)
        ret = ENOMEM;
    for (i = 0; i < config->nattributes && ret == 0; i++) {
        attributes->all[i].owner = attributes;
        attributes->all[i].source = &config->attributes[i];
        attributes->all[i].output = -1;
        attributes->n++;
        ret = set_up(&attributes->all[i], old, base);
    }
    if (ret == 0)
        ret = make_list(attributes, &attributes->list);
    if (ret) {
        tr_attributes_free(attributes);
        return ret;
    }
    *attributes_out = attributes;
    return 0;
}

void
tr_attributes_free(struct tr_attributes *attributes)
{
    struct attribute *attribute;
    size_t i;

    if (attributes == NULL)
        return;
    for (i = 0; i < attributes->n; i++) {
        attribute = &attributes->all[i];
        if (attribute->timer != NULL)
            event_free(attribute->timer);
        tr_child_kill(attribute->child);
        if (attribute->output >= 0)
            close(attribute->output);
        free(attribute->value);
    }
    free(attributes->all);
    tr_strings_free(attributes->list);
    free(attributes);
}
