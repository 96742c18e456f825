/* tools/trustrealm/noun_call.c - command lines of verbs, and their help */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "noun.h"

enum { OPTION_PARENT = TOOL_OPTION_OWN, OPTION_FORCE, OPTION_REALM,
       OPTION_LOW, OPTION_HIGH, OPTION_UNTIL, OPTION_ALL, OPTION_UNSET,
       OPTION_ENTRY, OPTION_PROPOSE, OPTION_KEYTAB,
       OPTION_ADMIN_CACHE, OPTION_FINISH, OPTION_ADD, OPTION_ADDED,
       OPTION_VALID, OPTION_TOKEN_FILE, OPTION_FIELD };

#define MAX_OPTIONS 64

/* Options that only some verbs have. */
static const struct {
    int has, id;
    const char *name, *argument, *help;
} own_options[] = {
    { NOUN_REALM, OPTION_REALM, "realm", "REALM", "the trust realm" },
    { NOUN_RANGE, OPTION_LOW, "low", "LABEL",
      "lowest label, in the trust realm's format" },
    { NOUN_RANGE, OPTION_HIGH, "high", "LABEL", "highest label" },
    { NOUN_RANGE, OPTION_UNTIL, "until", "TIME",
      "end: YYYY-MM-DD (of that day), 30d or 12h\n(from now), or "
      "YYYYMMDDHHMMSSZ; UTC" },
    { NOUN_ALL, OPTION_ALL, "all", NULL, "of all trust realms" },
    { NOUN_UNSET, OPTION_UNSET, "unset", "OPTION[=VALUE]",
      "remove what the option sets; of several\nvalues that one, or all" },
    { NOUN_PARENT, OPTION_PARENT, "parent", "DN",
      "where the entry goes (default: where others\nof its class are)" },
    { NOUN_ENTRY, OPTION_ENTRY, "entry", "DN",
      "the account of a user who has no clearance\nyet (default: a new "
      "entry)" },
    { NOUN_PROPOSE, OPTION_PROPOSE, "propose", NULL,
      "only propose it, for somebody else to\napprove (\"pending\")" },
    { NOUN_KEYTAB, OPTION_KEYTAB, "keytab", "FILE",
      "where the system's key is (default: that of\nthe configuration)" },
    { NOUN_ADMIN, OPTION_ADMIN_CACHE, "admin-cache", "CCACHE",
      "your ticket for kadmin/admin (default: your\npassword is asked for)" },
    { NOUN_INVITE, OPTION_ADD, "add", NULL,
      "add the system now, not when it enrolls" },
    { NOUN_INVITE, OPTION_VALID, "valid", "TIME",
      "how long the token is valid: 12h, 3d\n(default: 1d)" },
    { NOUN_INVITE, OPTION_TOKEN_FILE, "token-file", "FILE",
      "a new file for the token (default: it is\nprinted)" },
    { NOUN_TOKEN, OPTION_TOKEN_FILE, "token-file", "FILE",
      "a token instead of an administrator's ticket;\n- asks for it" },
    { NOUN_TOKEN, OPTION_ADDED, "added", NULL,
      "an administrator has added it: do not look" },
    { NOUN_FINISH, OPTION_FINISH, "finish", NULL,
      "remove the old keys instead" },
    { NOUN_FORCE, OPTION_FORCE, "force", NULL, "see above" },
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

static void
print_help(const struct noun *noun, const char *command, const char *text,
           int has)
{
    const struct noun_field *field;
    size_t i;

    printf("usage: trustrealm %s ", command);
    if (!(has & NOUN_NAMELESS))
        printf("%s ", noun->name);
    printf("[OPTION...]\n\n%s\n\n", text);
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
add_option(struct option *options, size_t *n, const char *name,
           bool with_argument, int id)
{
    options[*n].name = name;
    options[*n].has_arg = with_argument ? required_argument : no_argument;
    options[(*n)++].val = id;
}

/* options has room for MAX_OPTIONS, and is all zero. */
static void
make_options(const struct noun *noun, int has, struct option *options)
{
    static const struct option common[] = {
        TOOL_DIRECTORY_OPTIONS, TOOL_CONFIG_OPTION, TOOL_JSON_OPTION,
        TOOL_HELP_OPTION
    };
    size_t i, n = sizeof(common) / sizeof(common[0]);

    memcpy(options, common, sizeof(common));
    if (!(has & NOUN_READS))
        add_option(options, &n, "dry-run", false, TOOL_OPTION_DRY_RUN);
    for (i = 0; i < NOWN; i++) {
        if (has & own_options[i].has)
            add_option(options, &n, own_options[i].name,
                       own_options[i].argument != NULL, own_options[i].id);
    }
    for (i = 0; (has & NOUN_FIELDS) && noun->fields[i].option != NULL &&
             n + 1 < MAX_OPTIONS; i++) {
        if (noun->fields[i].argument != NULL)
            add_option(options, &n, noun->fields[i].option, true,
                       OPTION_FIELD + (int)i);
    }
}

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
take_unset(struct noun_call *call, const char *text)
{
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

static int
take_option(struct noun_call *call, int option)
{
    switch (option) {
    case OPTION_PARENT:
        call->parent = optarg;
        break;
    case OPTION_ENTRY:
        call->entry = optarg;
        break;
    case OPTION_PROPOSE:
        call->options.propose = true;
        break;
    case OPTION_KEYTAB:
        call->keytab = optarg;
        break;
    case OPTION_ADMIN_CACHE:
        call->admin_cache = optarg;
        break;
    case OPTION_ADD:
        call->add = true;
        break;
    case OPTION_ADDED:
        call->added = true;
        break;
    case OPTION_VALID:
        call->valid = optarg;
        break;
    case OPTION_TOKEN_FILE:
        call->token_file = optarg;
        break;
    case OPTION_FINISH:
        call->finish = true;
        break;
    case OPTION_FORCE:
        call->force = true;
        break;
    case OPTION_REALM:
        call->realm = optarg;
        break;
    case OPTION_LOW:
        call->low = optarg;
        break;
    case OPTION_HIGH:
        call->high = optarg;
        break;
    case OPTION_UNTIL:
        call->until = optarg;
        break;
    case OPTION_ALL:
        call->all = true;
        break;
    case OPTION_UNSET:
        return take_unset(call, optarg);
    default:
        give(call, &call->noun->fields[option - OPTION_FIELD], optarg, false);
    }
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

void
noun_parse(const struct noun *noun, const char *command, const char *text,
           int has, int argc, char **argv, struct noun_call *call_out,
           int *status_out)
{
    struct option options[MAX_OPTIONS] = { 0 };
    int option;

    memset(call_out, 0, sizeof(*call_out));
    call_out->noun = noun;
    call_out->command = command;
    *status_out = -1;
    make_options(noun, has, options);
    while (*status_out < 0 &&
           (option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        if (option == 'h') {
            print_help(noun, command, text, has);
            *status_out = TOOL_DONE;
        } else if (!tool_take_option(&call_out->options, option, NULL,
                                     status_out)) {
            *status_out = take_option(call_out, option);
        }
    }
    if (*status_out < 0)
        *status_out = take_name(call_out, has, argc, argv);
}

void
noun_call_free(struct noun_call *call)
{
    free(call->given);
    memset(call, 0, sizeof(*call));
}
