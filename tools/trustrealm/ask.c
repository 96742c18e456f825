/* tools/trustrealm/ask.c - ask for decisions between systems of a table */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "ask.h"

void
ask_prepare(struct ask *ask)
{
    const struct tr_view *view = ask->table->view;
    const struct tr_realm_record *record;
    size_t i, j, n = 0;

    for (i = 0; i < tr_view_realms(view); i++)
        n += tr_view_realm_at(view, i)->record->nattributes;
    ask->required = tool_must(calloc(n + 1, sizeof(*ask->required)));
    n = 0;
    for (i = 0; i < tr_view_realms(view); i++) {
        record = tr_view_realm_at(view, i)->record;
        for (j = 0; j < record->nattributes; j++)
            ask->required[n++] = record->attributes[j];
    }
}

int
ask_check_user(const char *command, const char *user)
{
    if (user == NULL || strchr(user, '@') != NULL)
        return -1;
    return tool_usage(command, "'%s' has no Kerberos realm: "
                      "--user USER@REALM", user);
}

bool
ask_is_configured(const struct tool_table *table, const char *host)
{
    struct tr_record *a = NULL, *b = NULL;
    bool same = false;

    if (table->config == NULL)
        return false;
    if (strcasecmp(host, table->config->system) == 0)
        return true;
    if (tr_view_system(table->view, host, &a) == 0 &&
        tr_view_system(table->view, table->config->system, &b) == 0)
        same = strcmp(a->u.system.name, b->u.system.name) == 0;
    tr_record_free(a);
    tr_record_free(b);
    return same;
}

static void
make_local(const struct ask *ask, const char *system,
           struct tr_local *local_out)
{
    const struct tr_config *config = ask->table->config;

    memset(local_out, 0, sizeof(*local_out));
    local_out->system = system;
    local_out->clock_skew = TR_MAX_CLOCK_SKEW_S;
    local_out->attributes = ask->attributes != NULL ?
        (char *const *)ask->attributes : ask->required;
    if (!ask_is_configured(ask->table, system))
        return;
    local_out->encoding = config->encoding;
    local_out->format = config->format;
    local_out->realms = config->trust_realms;
    local_out->highest = config->has_highest ? &config->highest : NULL;
    local_out->max_staleness = config->maximum_staleness;
    local_out->clock_skew = config->clock_skew;
    local_out->allow_dry_run = config->allow_dry_run;
}

void
ask_sending(const struct ask *ask, const char *from, const char *to,
            bool with_user, struct tr_answer *answer)
{
    struct tr_local local;
    struct tr_question question = {
        .side = TR_SENDING, .local = &local, .now = ask->table->now,
        .peer = to, .service = ask->service, .label = ask->label,
        .user = with_user ? ask->user : NULL
    };

    make_local(ask, from, &local);
    (void)tr_decide(ask->table->view, &question, answer);
}

int
ask_receiving(const struct ask *ask, const char *from, const char *to,
              const struct tr_answer *sent, struct tr_answer *answer)
{
    bool labelled = ask->label != NULL;
    struct tr_record *sender = NULL;
    struct tr_local local;
    struct tr_question question = {
        .side = TR_RECEIVING, .local = &local, .now = ask->table->now,
        .peer = from, .service = ask->service, .user = ask->user,
        .realm = sent->realm, .digest = sent->digest,
        .realm_label = labelled ? sent->label : NULL,
        .realm_low = labelled ? sent->low : NULL,
        .realm_high = labelled ? sent->high : NULL,
        .confidentiality = sent->require_confidentiality
    };

    if (tr_view_system(ask->table->view, from, &sender) != 0)
        return tool_fail(TOOL_SYSTEM, "%s cannot be looked up", from);
    make_local(ask, to, &local);
    question.peer_attributes = (const char *const *)local.attributes;
    question.peer_principal = sender->u.system.principal;
    (void)tr_decide(ask->table->view, &question, answer);
    tr_record_free(sender);
    return TOOL_DONE;
}
