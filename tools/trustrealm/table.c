/* tools/trustrealm/table.c - the trust realm table that is asked about */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "directory.h"
#include "trustrealm_err.h"

#define DEFAULT_CONFIG TR_SYSCONFDIR "/trustrealm/trustrealm.conf"

int
tool_load_config(const struct tool_options *options,
                 struct tr_config **config_out)
{
    const char *path = options->config;
    krb5_error_code ret;
    char *why = NULL;

    *config_out = NULL;
    if (path == NULL)
        path = secure_getenv("TRUSTREALM_CONFIG");
    if (path == NULL && (options->table != NULL || options->ldif != NULL ||
                         (options->uri != NULL && options->base != NULL)))
        return TOOL_DONE;
    ret = tr_config_load(path != NULL ? path : DEFAULT_CONFIG, config_out,
                         &why);
    if (ret)
        tool_fail(TOOL_SYSTEM, "%s", why != NULL ? why : error_message(ret));
    free(why);
    return ret ? TOOL_SYSTEM : TOOL_DONE;
}

int
tool_table_make(struct tool_table *table)
{
    const char *folder = secure_getenv("TMPDIR");
    char *directory, *why = NULL;
    krb5_error_code ret;
    int status;

    directory = tool_format("%s/trustrealm.XXXXXX",
                            folder != NULL ? folder : "/tmp");
    if (mkdtemp(directory) == NULL) {
        status = tool_fail(TOOL_SYSTEM, "%s: %s", directory, strerror(errno));
        free(directory);
        return status;
    }
    table->temporary = directory;
    ret = tr_table_open(directory, TR_TABLE_WRITE, 0, &table->table, &why);
    if (ret)
        tool_fail(TOOL_SYSTEM, "%s", why != NULL ? why : error_message(ret));
    free(why);
    return ret ? TOOL_SYSTEM : TOOL_DONE;
}

void
tool_table_note_bad(struct tool_table *table, const char *dn, const char *why)
{
    struct tool_bad *bad;

    table->bad = tool_must(reallocarray(table->bad, table->nbad + 1,
                                        sizeof(*table->bad)));
    bad = &table->bad[table->nbad++];
    bad->dn = tool_copy(dn);
    bad->why = tool_copy(why);
}

static void
note_line(const char *why, void *arg)
{
    struct tool_table *table = arg;

    tool_table_note_bad(table, table->path, why);
}

/* Load the LDIF file into a table of its own. */
static int
load_ldif(const char *path, struct tool_table *table)
{
    krb5_error_code ret;
    char *why = NULL;
    int status;

    status = tool_table_make(table);
    if (status != TOOL_DONE)
        return status;
    table->path = path;
    ret = tr_source_check_ldif(table->table, path, note_line, table, &why);
    if (ret == TRR_ENTRY && table->nbad > 0)
        return TOOL_NO;
    if (ret)
        tool_fail(TOOL_SYSTEM, "%s", why != NULL ? why : error_message(ret));
    free(why);
    return ret ? TOOL_SYSTEM : TOOL_DONE;
}

static int
open_existing(const char *directory, struct tool_table *table)
{
    krb5_error_code ret;
    char *why = NULL;

    ret = tr_table_open(directory, TR_TABLE_READ, 0, &table->table, &why);
    if (ret)
        tool_fail(TOOL_SYSTEM, "%s%s", why != NULL ? why : directory,
                  access(directory, F_OK) == 0 ? "" : "; trustrealmd makes "
                  "it when it runs, --ldif or --uri asks another one");
    free(why);
    return ret ? TOOL_SYSTEM : TOOL_DONE;
}

int
tool_table_view(struct tool_table *table)
{
    krb5_error_code ret;

    ret = tr_view_open(table->table, &table->view);
    if (ret)
        return tool_fail(TOOL_SYSTEM, "%s: %s", error_message(ret),
                         tr_table_message(table->table));
    tr_view_info(table->view, &table->info);
    table->now = time(NULL);
    table->age = -1;
    if (table->info.fresh > 0)
        table->age = table->now > table->info.fresh ?
            table->now - table->info.fresh : 0;
    return TOOL_DONE;
}

int
tool_table_open(const struct tool_options *options,
                struct tool_table *table_out)
{
    char *path = NULL;
    int status;

    memset(table_out, 0, sizeof(*table_out));
    status = tool_load_config(options, &table_out->config);
    if (status != TOOL_DONE)
        return status;
    if (options->ldif != NULL) {
        status = load_ldif(options->ldif, table_out);
    } else if (options->uri != NULL) {
        status = tool_table_read(options, table_out);
    } else if (options->table != NULL) {
        status = open_existing(options->table, table_out);
    } else {
        if (asprintf(&path, "%s/table",
                     table_out->config->state_directory) < 0)
            return tool_fail(TOOL_SYSTEM, "%s", strerror(ENOMEM));
        status = open_existing(path, table_out);
        free(path);
    }
    return status == TOOL_DONE ? tool_table_view(table_out) : status;
}

void
tool_table_forget_bad(struct tool_table *table)
{
    size_t i;

    for (i = 0; i < table->nbad; i++) {
        free(table->bad[i].dn);
        free(table->bad[i].why);
    }
    free(table->bad);
    table->bad = NULL;
    table->nbad = 0;
}

void
tool_table_close(struct tool_table *table)
{
    tr_view_close(table->view);
    tr_table_close(table->table);
    tr_config_free(table->config);
    if (table->temporary != NULL)
        tr_table_remove(table->temporary);
    free(table->temporary);
    tool_table_forget_bad(table);
    memset(table, 0, sizeof(*table));
}

json_t *
tool_table_json(const struct tool_table *table)
{
    return json_pack("{s:I, s:o, s:I, s:I}",
                     "generation", (json_int_t)table->info.generation,
                     "source", tool_json_text(table->info.source),
                     "fresh", (json_int_t)table->info.fresh,
                     "age", (json_int_t)table->age);
}
