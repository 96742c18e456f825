/* tools/trustrealm/schema.c - trustrealm schema: print the LDAP schema */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <ldap.h>
#include <ldap_schema.h>
#include <stdio.h>
#include <string.h>
#include "trustrealm.h"

static const char help[] =
"usage: trustrealm schema [--format FORMAT | --json]\n"
"\n"
"Print the LDAP schema of the trust realm table.\n"
"\n"
"  --format schema        for slapd.conf's include (default)\n"
"  --format ldif          for ldapadd below cn=schema,cn=config\n"
"  --format 389           for the schema directory of 389 Directory Server\n"
"  --json                 print JSON\n"
"\n"
"exit status: 0 printed, 2 usage, 3 system error\n";

/* Made from doc/schema: schema_text, ldif_text and ds389_text. */
#include "schema_text.h"

/* --- JSON: schema_text as libldap understands it ------------------------- */

/* What follows word, and one blank, in line; NULL: it begins otherwise. */
static const char *
after_word(const char *line, const char *word)
{
    size_t length = strlen(word);

    return strncmp(line, word, length) == 0 && line[length] == ' ' ?
        line + length + 1 : NULL;
}

static int
not_understood(const char *definition, int code)
{
    return tool_fail(TOOL_SYSTEM, "%.*s: %s", (int)strcspn(definition, "\n"),
                     definition, ldap_scherr2str(code));
}

static json_t *
names_json(char *const *names)
{
    json_t *list = json_array();

    for (; names != NULL && *names != NULL; names++)
        json_array_append_new(list, tool_json_text(*names));
    return list;
}

static int
add_attribute(json_t *list, const char *definition)
{
    LDAPAttributeType *type;
    const char *where;
    int code;

    type = ldap_str2attributetype(definition, &code, &where,
                                  LDAP_SCHEMA_ALLOW_NONE);
    if (type == NULL)
        return not_understood(definition, code);
    json_array_append_new(list, json_pack(
        "{s:s, s:s, s:s*, s:s*, s:s*, s:s*, s:s, s:o*, s:b}",
        "name", type->at_names[0], "oid", type->at_oid,
        "description", type->at_desc, "equality", type->at_equality_oid,
        "ordering", type->at_ordering_oid,
        "substrings", type->at_substr_oid, "syntax", type->at_syntax_oid,
        "length", type->at_syntax_len == 0 ? NULL :
        json_integer(type->at_syntax_len),
        "single_value", type->at_single_value));
    ldap_attributetype_free(type);
    return TOOL_DONE;
}

static int
add_class(json_t *list, const char *definition)
{
    static const char *const kinds[] = { "abstract", "structural",
                                         "auxiliary" };
    LDAPObjectClass *class;
    const char *where;
    int code;

    class = ldap_str2objectclass(definition, &code, &where,
                                 LDAP_SCHEMA_ALLOW_NONE);
    if (class == NULL)
        return not_understood(definition, code);
    json_array_append_new(list, json_pack(
        "{s:s, s:s, s:s*, s:s, s:o, s:o, s:o}",
        "name", class->oc_names[0], "oid", class->oc_oid,
        "description", class->oc_desc, "kind", kinds[class->oc_kind],
        "superior", names_json(class->oc_sup_oids),
        "must", names_json(class->oc_at_oids_must),
        "may", names_json(class->oc_at_oids_may)));
    ldap_objectclass_free(class);
    return TOOL_DONE;
}

static int
print_json(void)
{
    json_t *attributes = json_array(), *classes = json_array();
    const char *line, *definition;
    int status = TOOL_DONE;

    /* libldap reads a definition up to the parenthesis that closes it. */
    for (line = schema_text; *line != '\0' && status == TOOL_DONE;
         line += strcspn(line, "\n") + 1) {
        if ((definition = after_word(line, "attributetype")) != NULL)
            status = add_attribute(attributes, definition);
        else if ((definition = after_word(line, "objectclass")) != NULL)
            status = add_class(classes, definition);
    }
    if (status == TOOL_DONE)
        return tool_json_print(json_pack("{s:o, s:o}", "attributes",
                                         attributes, "classes", classes),
                               status);
    json_decref(attributes);
    json_decref(classes);
    return status;
}

/* --- the command --------------------------------------------------------- */

static int
take_format(void *arg, const char *value)
{
    const char **text = arg;

    *text = strcmp(value, "schema") == 0 ? schema_text :
        strcmp(value, "ldif") == 0 ? ldif_text :
        strcmp(value, "389") == 0 ? ds389_text : NULL;
    return *text != NULL ? -1 :
        tool_usage("schema", "no format '%s'", value);
}

static int
run(int argc, char **argv)
{
    static const struct tool_syntax syntax = {
        .command = "schema", .help = help
    };
    struct tool_options common = { 0 };
    const char *text = NULL;
    const struct tool_option own[] = {
        TOOL_TAKE("format", take_format, &text), TOOL_NO_MORE
    };
    int status;

    status = tool_parse(&syntax, own, argc, argv, &common);
    if (status >= 0)
        return status;
    if (common.json && text != NULL)
        return tool_usage("schema", "--format or --json");
    if (common.json)
        return print_json();
    fputs(text != NULL ? text : schema_text, stdout);
    return TOOL_DONE;
}

const struct tool_command tool_schema = {
    "schema", "print the LDAP schema", run
};
