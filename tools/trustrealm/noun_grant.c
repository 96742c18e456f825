/* tools/trustrealm/noun_grant.c - memberships of systems, users' clearances */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A grant is a range of labels in a trust realm.  A restriction stands beside
 * it and bounds it further.  One person may add it where a smaller range,
 * which a server cannot tell from a wider one, would need a second person; to
 * remove it, that takes two.
 */

#include "config.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "noun.h"
#include "text.h"

static const char restriction[] = "trRestriction";

static const char *
granting(enum tr_record_type type)
{
    return type == TR_RECORD_SYSTEM ? "trMembership" : "trClearance";
}

/* --- what is granted ----------------------------------------------------- */

static bool
is_date(const char *text)
{
    static const char pattern[] = "dddd-dd-dd";
    size_t i;

    for (i = 0; pattern[i] != '\0'; i++) {
        if (pattern[i] == 'd' ? !isdigit((unsigned char)text[i]) :
            text[i] != pattern[i])
            return false;
    }
    return text[i] == '\0';
}

/* YYYY-MM-DD is the end of that day, 30d (or h, m, s) begins now. */
static krb5_error_code
parse_end(const char *text, time_t now, int64_t *end_out)
{
    size_t length = strlen(text);
    krb5_deltat delta;
    krb5_error_code ret;
    char *whole;

    if (length > 0 && strchr("dhms", text[length - 1]) != NULL) {
        ret = krb5_string_to_deltat((char *)text, &delta);
        *end_out = (int64_t)now + delta;
        return ret;
    }
    if (!is_date(text))
        return tr_text_time(text, end_out);
    whole = tool_format("%.4s%.2s%.2s235959Z", text, text + 5, text + 8);
    ret = tr_text_time(whole, end_out);
    free(whole);
    return ret;
}

/* " YYYYMMDDHHMMSSZ", or "" for none, malloced; NULL after a complaint. */
static char *
make_end(const struct noun_call *call)
{
    char text[TR_TIME_LENGTH];
    time_t now = time(NULL);
    int64_t end;

    if (call->until == NULL)
        return tool_copy("");
    if (parse_end(call->until, now, &end) != 0) {
        tool_usage(call->command, "--until \"%s\": YYYY-MM-DD, 30d, 12h or "
                   "YYYYMMDDHHMMSSZ expected", call->until);
        return NULL;
    }
    if (end <= now) {
        tool_usage(call->command, "--until \"%s\" is not in the future: "
                   "nothing would be granted", call->until);
        return NULL;
    }
    tr_text_write_time(end, text);
    if (text[0] == '\0') {
        tool_usage(call->command, "--until \"%s\" is too far away",
                   call->until);
        return NULL;
    }
    return tool_format(" %s", text);
}

/* Are they there, and words? */
static bool
check_range(const struct noun_call *call)
{
    const struct { const char *option, *value; } needed[] = {
        { "realm", call->realm }, { "low", call->low },
        { "high", call->high }
    };
    size_t i;

    for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (needed[i].value == NULL) {
            tool_usage(call->command, "--%s is missing", needed[i].option);
            return false;
        }
        if (*needed[i].value == '\0' ||
            strpbrk(needed[i].value, " \t") != NULL) {
            tool_usage(call->command, "--%s \"%s\": one word expected",
                       needed[i].option, needed[i].value);
            return false;
        }
    }
    return true;
}

char *
noun_grant(const struct noun_call *call)
{
    char *end, *realm, *grant;

    if (!check_range(call))
        return NULL;
    end = make_end(call);
    if (end == NULL)
        return NULL;
    realm = tool_copy(call->realm);
    tr_text_lower(realm);
    grant = tool_format("%s %s %s%s", realm, call->low, call->high, end);
    free(realm);
    free(end);
    return grant;
}

/* --- list ---------------------------------------------------------------- */

/* A trust realm, two labels and an end; what is no grant is the first. */
struct parts {
    char *words[4];
    char when[TOOL_TIME_LENGTH];
    const char *cells[4];
};

static void
take_apart(const char *grant, struct parts *parts_out)
{
    memset(parts_out, 0, sizeof(*parts_out));
    (void)tr_text_words(grant, 3, 4, parts_out->words);
    memcpy(parts_out->cells, parts_out->words, sizeof(parts_out->cells));
    if (parts_out->cells[0] == NULL)
        parts_out->cells[0] = grant;
    parts_out->cells[3] = tool_show_time(parts_out->words[3],
                                         parts_out->when);
}

/* The restrictions in a trust realm, "LOW HIGH [END]" each; malloced, NULL
 * for none. */
static char *
restrictions_in(const struct tool_entry *entry, const char *realm)
{
    char *const *values, *text = NULL, *longer;
    struct parts parts;
    size_t i, n;

    values = tool_entry_values(entry, restriction, &n);
    for (i = 0; i < n; i++) {
        take_apart(values[i], &parts);
        if (parts.words[0] != NULL &&
            strcasecmp(parts.words[0], realm) == 0) {
            longer = tool_format("%s%s%s %s%s%s", text != NULL ? text : "",
                                 text != NULL ? "; " : "", parts.cells[1],
                                 parts.cells[2],
                                 parts.cells[3] != NULL ? " " : "",
                                 parts.cells[3] != NULL ? parts.cells[3] :
                                 "");
            free(text);
            text = longer;
        }
        tr_text_free_words(parts.words, 4);
    }
    return text;
}

static void
add_row(const struct tool_entry *entry, const char *grant,
        const char **cells, size_t n, struct tool_sheet *sheet)
{
    struct parts parts;
    char *restricted;

    take_apart(grant, &parts);
    memcpy(cells + n, parts.cells, sizeof(parts.cells));
    restricted = restrictions_in(entry, cells[n]);
    cells[n + 4] = restricted;
    tool_sheet_add(sheet, cells);
    free(restricted);
    tr_text_free_words(parts.words, 4);
}

void
noun_grant_rows(const struct tool_entry *entry, const char **cells, size_t n,
                struct tool_sheet *sheet)
{
    char *const *values;
    size_t i, ngrants;

    values = tool_entry_values(entry, granting(entry->type), &ngrants);
    for (i = 0; i < ngrants; i++)
        add_row(entry, values[i], cells, n, sheet);
    if (ngrants == 0)
        add_row(entry, "-", cells, n, sheet);
}

int
noun_check_realm(const struct noun_call *call, const struct tool_work *work)
{
    char *text;
    int status = TOOL_DONE;

    if (tool_entries_find(&work->entries, TR_RECORD_REALM, call->realm) !=
        NULL)
        return TOOL_DONE;
    text = tool_entries_suggest(&work->entries, TR_RECORD_REALM, call->realm);
    if (*text != '\0')
        status = tool_fail(TOOL_NO, "there is no trust realm %s%s",
                           call->realm, text);
    free(text);
    return status;
}

/* --- restrict, unrestrict ------------------------------------------------ */

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
    granted = noun_keyed(entry, granting(call->noun->type), call->realm);
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
