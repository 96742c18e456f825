/* tools/trustrealm/suggest.c - the system that was probably meant */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "trustrealm.h"

void
tool_suggest(struct tool_suggestion *suggestion, const char *name)
{
    size_t length = strlen(suggestion->asked);

    if (length == 0 || strncasecmp(name, suggestion->asked, length) != 0 ||
        name[length] != '.')
        return;
    if (suggestion->found != NULL)
        suggestion->several = true;
    else
        suggestion->found = tool_copy(name);
}

char *
tool_suggest_text(struct tool_suggestion *suggestion)
{
    char *text = suggestion->found == NULL || suggestion->several ?
        tool_copy("") : tool_format("; did you mean %s?", suggestion->found);

    free(suggestion->found);
    suggestion->found = NULL;
    suggestion->several = false;
    return text;
}

static krb5_error_code
consider(const struct tr_record *record, void *arg)
{
    tool_suggest(arg, record->u.system.name);
    return 0;
}

char *
tool_table_suggest(const struct tool_table *table, const char *system)
{
    struct tool_suggestion suggestion = { .asked = system };

    (void)tr_view_each(table->view, TR_RECORD_SYSTEM, consider, &suggestion);
    return tool_suggest_text(&suggestion);
}

int
tool_table_lacks(const struct tool_table *table, const char *system)
{
    char *text = tool_table_suggest(table, system);

    tool_fail(TOOL_NO, "%s is not in the table%s", system, text);
    free(text);
    return TOOL_NO;
}
