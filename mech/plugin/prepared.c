/* mech/plugin/prepared.c - what need not be asked before each context */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "buffer.h"
#include "connection.h"
#include "once.h"
#include "prepared.h"
#include "recent.h"

/* What was asked and by whom, then texts with a NUL after each. */
struct question {
    int64_t ask;
    struct tr_opener opener;
};

krb5_error_code
tr_prepared_key(const char *target, const char *label, int64_t ask,
                struct tr_bytes *key_out)
{
    bool from_environment;
    const char *texts[] = { target, label,
                            tr_connection_path(&from_environment) };
    size_t lengths[] = { strlen(texts[0]) + 1, strlen(texts[1]) + 1,
                         strlen(texts[2]) + 1 };
    struct question question;
    size_t length, i;
    uint8_t *at;

    key_out->data = NULL;
    key_out->length = 0;
    tr_opener_note(&question.opener);
    if (question.opener.ngroups < 0)
        return 0;
    question.opener.ids.pid = 0;        /* a child need not ask again */
    question.ask = ask;
    length = offsetof(struct question, opener.groups) +
        (size_t)question.opener.ngroups * sizeof(gid_t);
    key_out->data = malloc(length + lengths[0] + lengths[1] + lengths[2]);
    if (key_out->data == NULL)
        return ENOMEM;
    at = mempcpy(key_out->data, &question, length);
    for (i = 0; i < 3; i++)
        at = mempcpy(at, texts[i], lengths[i]);
    key_out->length = (size_t)(at - key_out->data);
    return 0;
}

/* Mappings are held: the answer is good for one daemon's page. */
struct answer {
    int64_t flags;
    struct tr_mapping *mapping;
    uint64_t epoch;
};

static void
answer_free(struct answer *answer)
{
    if (answer == NULL)
        return;
    tr_page_release(answer->mapping);
    free(answer);
}

bool
tr_prepared_find(const struct tr_bytes *key, int64_t *flags_out)
{
    struct tr_recent *prepared = &tr_once()->prepared;
    const struct answer *answer;
    bool holds = false;

    (void)pthread_mutex_lock(&prepared->mutex);
    answer = tr_recent_find(prepared, key);
    if (answer != NULL) {
        holds = tr_page_holds(answer->mapping->page, answer->epoch,
                              tr_page_clock());
        *flags_out = answer->flags;
    }
    (void)pthread_mutex_unlock(&prepared->mutex);
    return holds;
}

void
tr_prepared_forget(const struct tr_bytes *key)
{
    struct tr_recent *prepared = &tr_once()->prepared;
    struct answer *answer;

    (void)pthread_mutex_lock(&prepared->mutex);
    answer = tr_recent_take(prepared, key);
    (void)pthread_mutex_unlock(&prepared->mutex);
    answer_free(answer);
}

void
tr_prepared_add(struct tr_bytes *key, int64_t flags,
                struct tr_mapping *mapping, uint64_t epoch)
{
    struct tr_recent *prepared = &tr_once()->prepared;
    struct answer *answer = calloc(1, sizeof(*answer));

    if (answer == NULL)
        return;
    answer->flags = flags;
    answer->mapping = tr_page_hold(mapping);
    answer->epoch = epoch;
    (void)pthread_mutex_lock(&prepared->mutex);
    answer = tr_recent_put(prepared, key, answer);
    (void)pthread_mutex_unlock(&prepared->mutex);
    answer_free(answer);
}
