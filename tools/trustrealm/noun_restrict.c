/* tools/trustrealm/noun_restrict.c - restrictions of systems and users */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A restriction stands beside a membership or clearance and bounds it further.
 * One person may add it where a smaller range, which a server cannot tell from
 * a wider one, would need a second person; to remove it, that takes two.
 */

#include "config.h"
#include <stdlib.h>
#include "noun.h"
#include "text.h"

static const char restriction[] = "trRestriction";

/* What it restricts. */
static const char *
granting(const struct noun *noun)
{
    return noun->type == TR_RECORD_SYSTEM ? "trMembership" : "trClearance";
}

static int
restrict_entry(const struct noun_call *call, struct tool_work *work,
               struct tool_entry *entry)
{
    struct noun_call bounded = *call;
    struct tool_entry *after;
    const char *granted;
    char *words[4], *value;

    if (call->low == NULL && call->high == NULL && call->until == NULL)
        return tool_usage(call->command, "--low, --high or --until is needed");
    if (call->realm == NULL)
        return tool_usage(call->command, "--realm is missing");
    granted = noun_keyed(entry, granting(call->noun), call->realm);
    if (granted == NULL || tr_text_words(granted, 3, 4, words) != 0)
        return tool_fail(TOOL_NO, "%s has nothing in %s that could be "
                         "restricted", entry->name, call->realm);
    if (bounded.low == NULL)
        bounded.low = words[1];
    if (bounded.high == NULL)
        bounded.high = words[2];
    value = noun_grant(&bounded);
    tr_text_free_words(words, 4);
    if (value == NULL)
        return TOOL_USAGE;
    after = tool_work_edit(work, entry);
    if (!tool_entry_has(after, restriction, value))
        tool_entry_add(after, restriction, value);
    free(value);
    return TOOL_DONE;
}

static int
unrestrict_entry(const struct noun_call *call, struct tool_work *work,
                 struct tool_entry *entry)
{
    struct tool_entry *after;
    const char *value;
    bool found = false;

    if (call->realm == NULL)
        return tool_usage(call->command, "--realm is missing");
    after = tool_work_edit(work, entry);
    while ((value = noun_keyed(after, restriction, call->realm)) != NULL) {
        tool_entry_remove(after, restriction, value);
        found = true;
    }
    return found ? TOOL_DONE :
        tool_fail(TOOL_NO, "%s has no restriction in %s", entry->name,
                  call->realm);
}

int
noun_restrict(const struct noun *noun, const char *command, int argc,
              char **argv)
{
    return noun_change(noun, command, "Bound a range further, without "
                       "changing what was granted; the end that is not\n"
                       "given is the one granted.  Where widening takes two "
                       "people, one can do this.",
                       NOUN_REALM | NOUN_RANGE, restrict_entry, argc, argv);
}

int
noun_unrestrict(const struct noun *noun, const char *command, int argc,
                char **argv)
{
    return noun_change(noun, command, "Remove restrictions in a trust realm: "
                       "all that was granted holds again.",
                       NOUN_REALM | NOUN_PROPOSE, unrestrict_entry, argc,
                       argv);
}
