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

bool
tool_has_config(const struct tool_options *options)
{
    return options->config != NULL ||
        secure_getenv("TRUSTREALM_CONFIG") != NULL ||
        access(DEFAULT_CONFIG, F_OK) == 0;
}

int
tool_find_config(const struct tool_options *options,
                 struct tr_config **config_out, char **why_out)
{
    const char *path = options->config;
    krb5_error_code ret;
    char *why = NULL;

    *config_out = NULL;
    *why_out = NULL;
    if (path == NULL)
        path = secure_getenv("TRUSTREALM_CONFIG");
    if (path == NULL && (options->table != NULL || options->ldif != NULL ||
                         (options->uri != NULL && options->base != NULL)))
        return TOOL_DONE;
    ret = tr_config_load_table(path != NULL ? path : DEFAULT_CONFIG,
                               config_out, &why);
    if (ret == 0)
        return TOOL_DONE;
    *why_out = tool_format("%s%s", why != NULL ? why : error_message(ret),
                           path != NULL || access(DEFAULT_CONFIG, F_OK) == 0 ?
                           "" : "; name another one with -c, or the table "
                           "itself with --ldif, or with --uri and --base");
    free(why);
    return TOOL_SYSTEM;
}

int
tool_load_config(const struct tool_options *options,
                 struct tr_config **config_out)
{
    char *why;
    int status = tool_find_config(options, config_out, &why);

    if (status != TOOL_DONE)
        tool_fail(status, "%s", why);
    free(why);
    return status;
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
        return tool_fail_why(ret, why);
    return TOOL_DONE;
}

void
tool_table_note_bad(struct tool_table *table, const char *dn, const char *why)
{
    struct tool_bad *bad;

    table->bad = tool_grow(table->bad, table->nbad, sizeof(*table->bad));
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
    if (ret == TRR_ENTRY && table->nbad > 0) {
        free(why);
        return TOOL_NO;
    }
    if (ret)
        return tool_fail_why(ret, why);
    return TOOL_DONE;
}

static int
open_directory(const struct tool_options *options, struct tool_table *table)
{
    const char *path = tool_directory_file(options, table->config);

    return path != NULL ? load_ldif(path, table) :
        tool_table_read(options, table);
}

static int
open_held(struct tool_table *table)
{
    krb5_error_code ret;
    char *why = NULL;

    ret = tr_table_open(table->held, TR_TABLE_READ, 0, &table->table, &why);
    if (ret == 0)
        return TOOL_DONE;
    (void)tool_fail_why(ret, why);
    if (access(table->held, R_OK | X_OK) == 0)
        return TOOL_SYSTEM;
    if (errno == ENOENT)
        tool_fail(TOOL_SYSTEM, "trustrealmd creates it when it starts");
    else if (errno == EACCES)
        tool_fail(TOOL_SYSTEM, "root and the user of trustrealmd may read it");
    return TOOL_SYSTEM;
}

/* What this system decides by or, when we cannot read that, what it would be
 * made of. */
static int
open_usual(const struct tool_options *options, struct tool_table *table)
{
    char *held = table->held;
    int status, why;

    if (options->table != NULL || access(held, R_OK | X_OK) == 0)
        return open_held(table);
    why = errno;
    table->held = NULL;
    status = open_directory(options, table);
    if (status == TOOL_SYSTEM)
        tool_fail(status, "the source was asked since this system's own table "
                  "cannot be read: %s: %s%s; --ldif, or --uri and --base, "
                  "name another one", held, strerror(why),
                  why == EACCES ? " (root may)" : "");
    free(held);
    return status;
}

int
tool_table_view(struct tool_table *table)
{
    krb5_error_code ret;

    ret = tr_view_open(table->table, &table->view);
    if (ret)
        return tool_table_failed(table, ret);
    tr_view_info(table->view, &table->info);
    /* What was read just now has no age, though a second may have ended. */
    table->now = table->held != NULL ? time(NULL) : table->info.fresh;
    table->age = -1;
    if (table->info.fresh > 0)
        table->age = table->now > table->info.fresh ?
            table->now - table->info.fresh : 0;
    return TOOL_DONE;
}

int
tool_table_open(const struct tool_options *options, enum tool_where where,
                struct tool_table *table_out)
{
    int status;

    memset(table_out, 0, sizeof(*table_out));
    status = tool_load_config(options, &table_out->config);
    if (status != TOOL_DONE)
        return status;
    if (where == TOOL_DIRECTORY || options->ldif != NULL ||
        options->uri != NULL) {
        status = open_directory(options, table_out);
    } else {
        table_out->held = options->table != NULL ?
            tool_copy(options->table) :
            tool_format("%s/table", table_out->config->state_directory);
        status = where == TOOL_HELD ? open_held(table_out) :
            open_usual(options, table_out);
    }
    if (table_out->config != NULL && table_out->config->encoding == NULL) {
        table_out->place = table_out->config;
        table_out->config = NULL;
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
    tr_config_free(table->place);
    if (table->temporary != NULL)
        tr_table_remove(table->temporary);
    free(table->temporary);
    free(table->held);
    tool_table_forget_bad(table);
    memset(table, 0, sizeof(*table));
}

int
tool_table_failed(const struct tool_table *table, krb5_error_code ret)
{
    return tool_fail(TOOL_SYSTEM, "%s: %s", error_message(ret),
                     tr_table_message(table->table));
}

void
tool_table_tell(const struct tool_table *table)
{
    if (table->held == NULL)
        tool_note("asked %s, now", table->path != NULL ? table->path :
                  table->info.source);
    else if (table->age < 0)
        tool_note("asked the table %s, of %s, never confirmed", table->held,
                  table->info.source);
    else
        tool_note("asked the table %s, of %s, %lld s old", table->held,
                  table->info.source, (long long)table->age);
}

int
tool_table_ask(const struct tool_options *options,
               struct tool_table *table_out)
{
    int status = tool_table_open(options, TOOL_USUAL, table_out);

    if (status == TOOL_NO && table_out->nbad > 1)
        return tool_fail(TOOL_SYSTEM, "%s; and %zu more, which \"trustrealm "
                         "check\" shows", table_out->bad[0].why,
                         table_out->nbad - 1);
    if (status == TOOL_NO)
        return tool_fail(TOOL_SYSTEM, "%s", table_out->bad[0].why);
    if (status == TOOL_DONE)
        tool_table_tell(table_out);
    return status;
}

json_t *
tool_table_json(const struct tool_table *table)
{
    return json_pack("{s:o?, s:I, s:o, s:I, s:I}",
                     "path", table->held == NULL ? NULL :
                     tool_json_text(table->held),
                     "generation", (json_int_t)table->info.generation,
                     "source", tool_json_text(table->info.source),
                     "fresh", (json_int_t)table->info.fresh,
                     "age", (json_int_t)table->age);
}
