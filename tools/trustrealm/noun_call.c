/* tools/trustrealm/noun_call.c - command lines of verbs, and their help */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "noun.h"

#define MAX_FIELDS 40           /* of a noun */
#define PLACE(member) offsetof(struct noun_call, member)

/* Options that only some verbs have. */
static const struct {
    int has;
    size_t place;               /* in struct noun_call */
    const char *name, *argument, *help;
} own_options[] = {
    { NOUN_REALM, PLACE(realm), "realm", "REALM", "the trust realm" },
    { NOUN_RANGE, PLACE(low), "low", "LABEL",
      "lowest label, in the trust realm's format" },
    { NOUN_RANGE, PLACE(high), "high", "LABEL", "highest label" },
    { NOUN_RANGE, PLACE(until), "until", "TIME",
      "end: YYYY-MM-DD (of that day), 30d or 12h\n(from now), or "
      "YYYYMMDDHHMMSSZ; UTC" },
    { NOUN_ALL, PLACE(all), "all", NULL, "of all trust realms" },
    { NOUN_UNSET, 0, "unset", "OPTION[=VALUE]",
      "remove what the option sets; of several\nvalues that one, or all" },
    { NOUN_PARENT, PLACE(parent), "parent", "DN",
      "where the entry goes (default: where others\nof its class are)" },
    { NOUN_ENTRY, PLACE(entry), "entry", "DN",
      "the account of a user who has no clearance\nyet (default: a new "
      "entry)" },
    { NOUN_PROPOSE, PLACE(options.propose), "propose", NULL,
      "only propose it, for somebody else to\napprove (\"pending\")" },
    { NOUN_KEYTAB, PLACE(keytab), "keytab", "FILE",
      "where the system's key is (default: that of\nthe configuration)" },
    { NOUN_ADMIN, PLACE(admin_cache), "admin-cache", "CCACHE",
      "your ticket for kadmin/admin (default: your\npassword is asked for)" },
    { NOUN_INVITE, PLACE(add), "add", NULL,
      "add the system now, not when it enrolls" },
    { NOUN_INVITE, PLACE(valid), "valid", "TIME",
      "how long the token is valid: 12h, 3d\n(default: 1d)" },
    { NOUN_INVITE, PLACE(token_file), "token-file", "FILE",
      "a new file for the token (default: it is\nprinted)" },
    { NOUN_TOKEN, PLACE(token_file), "token-file", "FILE",
      "a token instead of an administrator's ticket;\n- asks for it" },
    { NOUN_TOKEN, PLACE(added), "added", NULL,
      "an administrator has added it: do not look" },
    { NOUN_FINISH, PLACE(finish), "finish", NULL,
      "remove the old keys instead" },
    { NOUN_FORCE, PLACE(force), "force", NULL, "see above" },
};
#define NOWN (sizeof(own_options) / sizeof(own_options[0]))

/* --- help ---------------------------------------------------------------- */

/* "  --option ARGUMENT    help", whose lines after the first are indented. */
static void
print_option(const char *name, const char *argument, const char *help)
{
    char left[64];

    snprintf(left, sizeof(left), "--%s%s%s", name,
             argument != NULL ? " " : "", argument != NULL ? argument : "");
    if (strlen(left) > 22)
        printf("  %s\n%25s", left, "");
    else
        printf("  %-22s ", left);
    for (; *help != '\0'; help++) {
        putchar(*help);
        if (*help == '\n')
            printf("%25s", "");
    }
    putchar('\n');
}

/* A command line, and what has to be known of it to take it. */
struct line {
    struct noun_call *call;
    const char *text;
    int has;
};

static void
print_help(const void *arg)
{
    const struct line *line = arg;
    const struct noun *noun = line->call->noun;
    const struct noun_field *field;
    int has = line->has;
    size_t i;

    printf("usage: trustrealm %s ", line->call->command);
    if (!(has & NOUN_NAMELESS))
        printf("%s ", noun->name);
    printf("[OPTION...]\n\n%s\n\n", line->text);
    for (field = noun->fields; (has & NOUN_FIELDS) && field->option != NULL;
         field++) {
        if (field->argument != NULL)
            print_option(field->option, field->argument, field->help);
    }
    for (i = 0; i < NOWN; i++) {
        if (has & own_options[i].has)
            print_option(own_options[i].name, own_options[i].argument,
                         own_options[i].help);
    }
    if (!(has & NOUN_READS))
        print_option("dry-run", NULL, "show what would change, and stop");
    print_option("ldif", "FILE", "LDIF file, instead of an LDAP server");
    fputs(TOOL_DIRECTORY_HELP, stdout);
    print_option("json", NULL, "print JSON");
    printf("  -c, --config FILE      configuration of trustrealmd, which has "
           "the\n                         default of where to look\n\n");
    if (!(has & NOUN_READS))
        printf("Into a pipe: change (new, delete, +, -), entry, attribute, "
               "value.\n\n");
    printf("exit status: 0 done, 1 refused or not found, 2 usage, "
           "3 system error\n");
}

/* --- options ------------------------------------------------------------- */

static void
give(struct noun_call *call, const struct noun_field *field,
     const char *value, bool unset)
{
    struct noun_given *given;

    call->given = tool_grow(call->given, call->ngiven, sizeof(*call->given));
    given = &call->given[call->ngiven++];
    given->field = field;
    given->value = value;
    given->unset = unset;
}

/* --unset OPTION[=VALUE] */
static int
take_unset(void *arg, const char *text)
{
    struct noun_call *call = arg;
    const struct noun_field *field;
    size_t length = strcspn(text, "=");

    for (field = call->noun->fields; field->option != NULL; field++) {
        if (field->argument == NULL || strlen(field->option) != length ||
            strncmp(field->option, text, length) != 0)
            continue;
        give(call, field, text[length] == '=' ? text + length + 1 : NULL,
             true);
        return -1;
    }
    return tool_usage(call->command, "--unset %s: there is no option --%.*s",
                      text, (int)length, text);
}

/* An option that stands for a field. */
struct field_option {
    struct noun_call *call;
    const struct noun_field *field;
};

static int
take_field(void *arg, const char *value)
{
    const struct field_option *option = arg;

    give(option->call, option->field, value, false);
    return -1;
}

static int
take_name(struct noun_call *call, int has, int argc, char **argv)
{
    if (!(has & NOUN_NAMELESS) && optind < argc)
        call->name = argv[optind++];
    else if (!(has & NOUN_NAMELESS))
        return tool_usage(call->command, "%s is missing", call->noun->name);
    if (optind < argc)
        return tool_usage(call->command, "unexpected argument '%s'",
                          argv[optind]);
    return -1;
}

/* options has room for NOWN and all fields, and is all zero. */
static void
make_options(const struct line *line, struct field_option *fields,
             struct tool_option *options)
{
    const struct noun_field *field = line->call->noun->fields;
    char *call = (char *)line->call;
    void *place;
    size_t i, n = 0, nfields = 0;

    for (i = 0; i < NOWN; i++) {
        if (!(line->has & own_options[i].has))
            continue;
        place = call + own_options[i].place;
        options[n].name = own_options[i].name;
        if (own_options[i].has == NOUN_UNSET) {
            options[n].take = take_unset;
            options[n].arg = call;
        } else if (own_options[i].argument != NULL) {
            options[n].value = place;
        } else {
            options[n].given = place;
        }
        n++;
    }
    for (; (line->has & NOUN_FIELDS) && field->option != NULL &&
             nfields < MAX_FIELDS; field++) {
        if (field->argument == NULL)
            continue;
        fields[nfields] = (struct field_option){ line->call, field };
        options[n].name = field->option;
        options[n].take = take_field;
        options[n++].arg = &fields[nfields++];
    }
}

void
noun_parse(const struct noun *noun, const char *command, const char *text,
           int has, int argc, char **argv, struct noun_call *call_out,
           int *status_out)
{
    struct line line = { call_out, text, has };
    struct tool_syntax syntax = {
        .command = command, .print_help = print_help, .arg = &line,
        .has = TOOL_HAS_DIRECTORY | (has & NOUN_READS ? 0 : TOOL_HAS_DRY_RUN),
        .words = true
    };
    struct field_option fields[MAX_FIELDS];
    struct tool_option options[NOWN + MAX_FIELDS + 1] = { 0 };

    memset(call_out, 0, sizeof(*call_out));
    call_out->noun = noun;
    call_out->command = command;
    make_options(&line, fields, options);
    *status_out = tool_parse(&syntax, options, argc, argv,
                             &call_out->options);
    if (*status_out < 0)
        *status_out = take_name(call_out, has, argc, argv);
}

const char *
noun_given(const struct noun_call *call, const char *option)
{
    size_t i;

    for (i = 0; i < call->ngiven; i++) {
        if (strcmp(call->given[i].field->option, option) == 0)
            return call->given[i].value;
    }
    return NULL;
}

void
noun_call_free(struct noun_call *call)
{
    free(call->given);
    memset(call, 0, sizeof(*call));
}
