/* tools/trustrealm/offboard_acl.c - what kadm5.acl lets somebody do */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * kadmind tells nobody its rules, so they are read in a copy of its file:
 * lines of a principal, operations and, unless it is all of them, the target.
 * "*" stands for any component.  A rule that kadmind does not reach, or that
 * another one takes back, counts all the same: better a key too many is
 * listed than one too few.
 */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "offboard.h"
#include "text.h"

/* To read a key, set or change it, or make a principal anew: all, in short. */
#define OPERATIONS_OF_KEYS "acsex*"

struct rules {
    struct offboard *person;
    const struct tool_work *work;
    const char *file;
    krb5_context context;
    krb5_principal his;
};

/* "*1" stands for what the first "*" did: for any as well. */
static bool
part_matches(const krb5_data *pattern, const krb5_data *data)
{
    return (pattern->length > 0 && pattern->data[0] == '*') ||
        (pattern->length == data->length &&
         memcmp(pattern->data, data->data, data->length) == 0);
}

/* Is it principal or, with admin, principal/admin? */
static bool
matches(krb5_const_principal pattern, krb5_const_principal principal,
        bool admin)
{
    const krb5_data instance = { 0, sizeof("admin") - 1, (char *)"admin" };
    krb5_int32 i, n = principal->length;

    if (pattern->length == 1 && pattern->data[0].length == 1 &&
        pattern->data[0].data[0] == '*')
        return true;
    /* Without a realm it is of kadmind's, which is not known here. */
    if (pattern->length != n + (admin ? 1 : 0) ||
        (pattern->realm.length > 0 &&
         !part_matches(&pattern->realm, &principal->realm)))
        return false;
    for (i = 0; i < n; i++) {
        if (!part_matches(&pattern->data[i], &principal->data[i]))
            return false;
    }
    return !admin || part_matches(&pattern->data[n], &instance);
}

static int
parse(const struct rules *rules, const char *name,
      krb5_principal *principal_out)
{
    krb5_error_code ret;

    ret = krb5_parse_name_flags(rules->context, name,
                                KRB5_PRINCIPAL_PARSE_NO_DEF_REALM,
                                principal_out);
    return ret == 0 ? TOOL_DONE :
        tool_fail(TOOL_SYSTEM, "%s: %s: %s", rules->file, name,
                  error_message(ret));
}

/* target NULL: all of them. */
static int
note_keys(const struct rules *rules, const char *target)
{
    const struct tool_entry *entry;
    krb5_principal pattern = NULL, system;
    const char *name;
    size_t i;
    int status = TOOL_DONE;

    if (target != NULL)
        status = parse(rules, target, &pattern);
    for (i = 0; i < rules->work->entries.n && status == TOOL_DONE; i++) {
        entry = rules->work->entries.list[i];
        name = tool_entry_value(entry, "trPrincipal");
        if (entry->type != TR_RECORD_SYSTEM || name == NULL)
            continue;
        system = NULL;
        if (pattern == NULL ||
            krb5_parse_name(rules->context, name, &system) != 0 ||
            matches(pattern, system, false))
            offboard_note_key(rules->person, entry);
        krb5_free_principal(rules->context, system);
    }
    krb5_free_principal(rules->context, pattern);
    return status;
}

static int
take_rule(const struct rules *rules, char *const *words)
{
    krb5_principal pattern = NULL;
    int status;

    if (words[0][0] == '#')
        return TOOL_DONE;
    status = parse(rules, words[0], &pattern);
    if (status == TOOL_DONE && (matches(pattern, rules->his, false) ||
                                matches(pattern, rules->his, true))) {
        /* A pattern is not about him alone, whom it lets do nothing once he
         * has no tickets. */
        if (strchr(words[0], '*') == NULL)
            offboard_note(rules->person, OFFBOARD_LEFT, NULL, rules->file,
                          "rule: %s %s %s", words[0], words[1],
                          words[2] != NULL ? words[2] : "*");
        if (strpbrk(words[1], OPERATIONS_OF_KEYS) != NULL)
            status = note_keys(rules, words[2]);
    }
    krb5_free_principal(rules->context, pattern);
    return status;
}

static int
read_rule(const struct rules *rules, char *rule)
{
    enum { MOST_WORDS = 64 };
    char *words[MOST_WORDS], *at;
    int status = TOOL_DONE;

    for (at = rule; *at != '\0'; at++) {
        if (strchr(",\r\f\v", *at) != NULL)
            *at = ' ';
    }
    if (tr_text_words(rule, 2, MOST_WORDS, words) == 0) {
        status = take_rule(rules, words);
        tr_text_free_words(words, MOST_WORDS);
    } else if (rule[strspn(rule, " \t#")] != '\0' && rule[0] != '#') {
        status = tool_fail(TOOL_SYSTEM, "%s: not a rule: %s", rules->file,
                           rule);
    }
    return status;
}

/* Lines that end in a backslash go on, as kadmind reads them. */
static int
read_rules(const struct rules *rules, FILE *stream)
{
    char *line = NULL, *rule = NULL, *longer;
    size_t size = 0, length;
    int status = TOOL_DONE;

    while (status == TOOL_DONE && getline(&line, &size, stream) > 0) {
        length = strcspn(line, "\n");
        longer = tool_format("%s%.*s", rule != NULL ? rule : "",
                             (int)length, line);
        free(rule);
        rule = longer;
        length = strlen(rule);
        if (length > 0 && rule[length - 1] == '\\') {
            rule[length - 1] = '\0';
            continue;
        }
        status = read_rule(rules, rule);
        free(rule);
        rule = NULL;
    }
    if (status == TOOL_DONE && ferror(stream))
        status = tool_fail(TOOL_SYSTEM, "%s: %s", rules->file,
                           strerror(errno));
    if (status == TOOL_DONE && rule != NULL)
        status = read_rule(rules, rule);
    free(rule);
    free(line);
    return status;
}

int
offboard_find_rules(struct offboard *person, const struct tool_work *work,
                    const char *file)
{
    struct rules rules = { .person = person, .work = work, .file = file };
    FILE *stream = tr_text_open(file);
    int status;

    if (stream == NULL)
        return tool_fail(TOOL_SYSTEM, "%s: %s", file, strerror(errno));
    if (krb5_init_context(&rules.context) != 0 ||
        krb5_parse_name(rules.context, person->principal, &rules.his) != 0)
        status = tool_fail(TOOL_USAGE, "%s: not a principal",
                           person->principal);
    else
        status = read_rules(&rules, stream);
    krb5_free_principal(rules.context, rules.his);
    krb5_free_context(rules.context);
    (void)fclose(stream);
    return status;
}
