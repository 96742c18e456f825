/* tools/trustrealm/cache.c - trustrealm cache: what does this system hold? */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "trustrealm.h"
#include "trustrealm_err.h"

static const char help[] =
"usage: trustrealm cache [NAME] [OPTION...]\n"
"\n"
"Show the table that this system decides by: where it is from, how old it\n"
"is, the digest of each trust realm's label policy, and whether trustrealmd\n"
"sees the same.  With NAME, a system, alias, principal, user, trust realm or\n"
"label format, show the entries of that name as they are held.\n"
"\n"
"  --table DIR            table to show, instead of this system's\n"
"  --json                 print JSON\n"
"  -c, --config FILE      configuration of trustrealmd\n"
"\n"
"Into a pipe: key, value; with NAME: kind, name, attribute, value.\n"
"\n"
"exit status: 0 shown, 1 no entry of that name, 2 usage, 3 system error\n";

/* --- the whole ----------------------------------------------------------- */

/* What trustrealmd says of its table, or why it says nothing. */
static json_t *
daemon_json(const struct tr_config *config)
{
    json_t *state, *table, *value;
    char *why = NULL;

    if (tool_daemon_ask(config->socket, &state, &why) != TOOL_DONE) {
        value = json_pack("{s:o}", "error",
                          tool_json_text(why));
        free(why);
        return value;
    }
    table = json_object_get(state, "table");
    value = json_pack("{s:O?, s:O?, s:O?, s:O?, s:O?}",
                      "generation", json_object_get(table, "generation"),
                      "age", json_object_get(table, "age"),
                      "stale", json_object_get(table, "stale"),
                      "source", json_object_get(table, "source"),
                      "state", json_object_get(table, "state"));
    json_decref(state);
    return value;
}

static json_t *
digests_json(const struct tr_view *view)
{
    const struct tr_realm *realm;
    json_t *digests = json_object();
    size_t i;

    for (i = 0; digests != NULL && i < tr_view_realms(view); i++) {
        realm = tr_view_realm_at(view, i);
        json_object_set_new(digests, realm->record->name,
                            json_string(realm->digest));
    }
    return digests;
}

static int
show_whole(const struct tool_table *table, bool with_daemon, bool json)
{
    json_t *held, *object = tool_table_json(table);

    json_object_update_new(object, json_pack(
        "{s:I, s:I, s:I, s:I}",
        "realms", (json_int_t)table->info.realms,
        "systems", (json_int_t)table->info.systems,
        "clearances", (json_int_t)table->info.clearances,
        "maps", (json_int_t)table->info.maps));
    held = json_object();
    if (table->config != NULL)
        json_object_set_new(held, "system",
                            tool_json_text(table->config->system));
    json_object_set_new(held, "table", object);
    json_object_set_new(held, "digests", digests_json(table->view));
    if (with_daemon)
        json_object_set_new(held, "daemon", daemon_json(table->config));
    if (json)
        return tool_json_print(held, TOOL_DONE);
    tool_json_rows(held);
    return TOOL_DONE;
}

/* --- entries of a name --------------------------------------------------- */

struct found {
    struct tool_sheet *sheet;   /* NULL: JSON */
    json_t *array;
    size_t count;
};

static void
add_rows(struct found *found, const char *kind, const char *name,
         const struct tr_entry *entry)
{
    const struct tr_attribute *attribute;
    size_t i, j;

    for (i = 0; i < entry->nattributes; i++) {
        attribute = &entry->attributes[i];
        for (j = 0; j < attribute->nvalues; j++)
            tool_sheet_add(found->sheet, (const char *[]){
                kind, name, attribute->name, attribute->values[j] });
    }
}

static krb5_error_code
show_record(struct found *found, const struct tr_record *record)
{
    struct tr_entry *entry = NULL;
    const char *kind = tool_record_kind(record);
    char *name = tool_record_name(record);
    krb5_error_code ret;

    ret = tr_record_to_entry(record, &entry);
    if (ret == 0 && found->sheet != NULL)
        add_rows(found, kind, name, entry);
    else if (ret == 0)
        json_array_append_new(found->array, json_pack(
            "{s:s, s:o, s:o}", "kind", kind, "name", tool_json_text(name),
            "attributes", tool_entry_json(entry)));
    found->count++;
    tr_entry_free(entry);
    free(name);
    return ret;
}

/* What look finds; what it does not find is none. */
static krb5_error_code
show_if(struct found *found, krb5_error_code (*look)(
            const struct tr_view *view, const char *name,
            struct tr_record **out),
        const struct tr_view *view, const char *name)
{
    struct tr_record *record = NULL;
    krb5_error_code ret = look(view, name, &record);

    if (ret == 0)
        ret = show_record(found, record);
    tr_record_free(record);
    return ret == TRR_NOT_FOUND ? 0 : ret;
}

struct maps_of {
    struct found *found;
    const char *name;
};

static krb5_error_code
show_map(const struct tr_record *record, void *arg)
{
    const struct maps_of *maps = arg;

    if (strcasecmp(record->u.map.realm, maps->name) != 0 &&
        strcasecmp(record->u.map.format, maps->name) != 0)
        return 0;
    return show_record(maps->found, record);
}

static krb5_error_code
find_all(const struct tr_view *view, const char *name, struct found *found)
{
    struct maps_of maps = { found, name };
    struct tr_record record = { .type = TR_RECORD_REALM };
    const struct tr_realm *realm;
    krb5_error_code ret = 0;

    if (tr_view_realm(view, name, &realm) == 0) {
        record.u.realm = *realm->record;
        ret = show_record(found, &record);
    }
    if (ret == 0)
        ret = show_if(found, tr_view_system, view, name);
    if (ret == 0)
        ret = show_if(found, tr_view_system_by_principal, view, name);
    if (ret == 0)
        ret = show_if(found, tr_view_clearance, view, name);
    return ret ? ret : tr_view_each(view, TR_RECORD_MAP, show_map, &maps);
}

static int
show_name(const struct tool_table *table, const char *name, bool json)
{
    static const char *const columns[] = { "KIND", "NAME", "ATTRIBUTE",
                                           "VALUE", NULL };
    struct found found = { 0 };
    krb5_error_code ret;
    int status;

    if (json)
        found.array = json_array();
    else
        found.sheet = tool_sheet_create(columns);
    ret = find_all(table->view, name, &found);
    if (ret != 0)
        status = tool_table_failed(table, ret);
    else if (found.count == 0)
        status = tool_table_lacks(table, name);
    else
        status = TOOL_DONE;
    if (json)
        return tool_json_print(json_pack(
            "{s:o, s:o}", "entries", found.array, "table",
            tool_table_json(table)), status);
    tool_sheet_print(found.sheet);
    return status;
}

/* --- the command --------------------------------------------------------- */

static int
run(int argc, char **argv)
{
    static const struct tool_syntax syntax = {
        .command = "cache", .help = help,
        .has = TOOL_HAS_CONFIG | TOOL_HAS_TABLE, .words = true
    };
    static const struct tool_option own[] = { TOOL_NO_MORE };
    struct tool_options common = { 0 };
    struct tool_table table = { 0 };
    int status;

    status = tool_parse(&syntax, own, argc, argv, &common);
    if (status >= 0)
        return status;
    if (optind + 1 < argc)
        return tool_usage("cache", "one name, not '%s'", argv[optind + 1]);
    status = tool_table_open(&common, TOOL_HELD, &table);
    if (status == TOOL_DONE && optind < argc)
        status = show_name(&table, argv[optind], common.json);
    else if (status == TOOL_DONE)
        status = show_whole(&table, common.table == NULL, common.json);
    tool_table_close(&table);
    return status;
}

const struct tool_command tool_cache = {
    "cache", "show the table that this system decides by", run
};
