/* tools/trustrealm/export.c - trustrealm export: the table as a file */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "ldif_text.h"
#include "lint.h"
#include "octets.h"
#include "snapshot.h"

static const char help[] =
"usage: trustrealm export [OPTION...]\n"
"\n"
"Write the trust realm table of a directory as LDIF.  Signed, that is a\n"
"snapshot for systems that reach no directory (trustrealm.conf(5): source).\n"
"\n"
"  --sign                 sign it\n"
"  --signer FILE          certificate to sign by, in PEM\n"
"  --key FILE             its private key, in PEM; default: the same file\n"
"  --force                sign it in spite of errors that \"check\" finds, if\n"
"                         systems take it with them\n"
"  -o, --output FILE      write this file, in one piece; default: stdout\n"
"  --ldif FILE            LDIF file instead of an LDAP server\n"
TOOL_DIRECTORY_HELP
"  --json                 write JSON instead of LDIF\n"
"  -c, --config FILE      configuration of trustrealmd\n"
"\n"
"exit status: 0 written, 1 not fit to be signed, 2 usage, 3 system error\n";

struct export {
    struct tool_options common;
    bool sign, force;
    const char *signer, *key, *output;
};

/* --- the text ------------------------------------------------------------ */

static void
tell_error(const char *severity, const char *rule, const char *entry,
           const char *text, void *arg)
{
    size_t *errors = arg;

    if (strcmp(severity, "error") != 0)
        return;
    tool_fail(TOOL_NO, "%s: %s", entry, text);
    (*errors)++;
}

/* What "check" calls an error is not signed: a system refuses a snapshot with
 * an entry that cannot be used, and of other errors it would ignore a part of
 * what the signer means. */
static int
check_entries(const struct tool_entries *entries, bool force)
{
    struct tool_table table = { 0 };
    size_t errors = 0;
    const struct lint lint = { &table, tell_error, &errors };
    krb5_error_code ret = 0;
    int status;

    status = tool_table_make(&table);
    if (status == TOOL_DONE)
        status = tool_table_load(&table, entries, "export");
    if (status == TOOL_DONE && table.nbad > 0) {
        lint_entries(&lint);
        status = tool_fail(TOOL_NO, "not signed: systems would refuse it");
    } else if (status == TOOL_DONE) {
        status = tool_table_view(&table);
        if (status == TOOL_DONE)
            ret = lint_table(&lint);
        if (ret)
            status = tool_table_failed(&table, ret);
        else if (errors > 0 && !force)
            status = tool_fail(TOOL_NO, "not signed: systems would not use "
                               "what is wrong (--force signs it)");
    }
    tool_table_close(&table);
    return status;
}

static int
make_ldif(const struct tool_entries *entries, uint8_t **text_out,
          size_t *length_out)
{
    struct tr_builder out;
    size_t i;

    tr_builder_init(&out, TR_MAX_SNAPSHOT);
    tr_add_octets(&out, "version: 1\n", strlen("version: 1\n"));
    for (i = 0; i < entries->n; i++)
        ldif_text_entry(&out, entries->list[i]);
    if (tr_builder_take(&out, text_out, length_out) != 0)
        return tool_fail(TOOL_SYSTEM, "the table is too large");
    return TOOL_DONE;
}

static json_t *
entry_json(const struct tool_entry *entry)
{
    const struct tr_entry view = { entry->dn, entry->attributes,
                                   entry->nattributes };

    return json_pack("{s:o, s:o}", "dn", tool_json_text(entry->dn),
                     "attributes", tool_entry_json(&view));
}

static int
make_json(const struct tool_entries *entries, uint8_t **text_out,
          size_t *length_out)
{
    json_t *list = json_array(), *object;
    char *text;
    size_t i;

    for (i = 0; i < entries->n; i++)
        json_array_append_new(list, entry_json(entries->list[i]));
    object = json_pack("{s:o}", "entries", list);
    text = tool_must(json_dumps(object, JSON_INDENT(2)));
    *text_out = (uint8_t *)tool_format("%s\n", text);
    *length_out = strlen(text) + 1;
    free(text);
    json_decref(object);
    return TOOL_DONE;
}

/* When it was signed, in whole seconds, says which of two snapshots is the
 * later one: the next one shall not be of the same second. */
static void
wait_for_next_second(void)
{
    const struct timespec moment = { 0, 20 * 1000 * 1000 };
    time_t now = time(NULL);

    while (time(NULL) == now)
        (void)nanosleep(&moment, NULL);
}

static int
sign_text(const struct export *export, uint8_t **text, size_t *length)
{
    uint8_t *octets = NULL;
    size_t n = 0;
    krb5_error_code ret;
    char *why = NULL;

    ret = tr_snapshot_make((const char *)*text, *length, export->signer,
                           export->key != NULL ? export->key : export->signer,
                           &octets, &n, &why);
    if (ret)
        return tool_fail_why(ret, why);
    wait_for_next_second();
    free(*text);
    *text = octets;
    *length = n;
    return TOOL_DONE;
}

/* --- the file ------------------------------------------------------------ */

static int
write_stdout(const struct export *export, const uint8_t *text, size_t length)
{
    if (export->sign && isatty(STDOUT_FILENO))
        return tool_usage("export", "a snapshot is not for a terminal: "
                          "--output");
    /* main() looks whether stdout has taken it. */
    (void)fwrite(text, 1, length, stdout);
    return TOOL_DONE;
}

/* Whoever reads path finds the old file or the new one; a device would be
 * gone, and so would a link, to one or not. */
static int
write_file(const char *path, const uint8_t *text, size_t length)
{
    char *temporary;
    int fd, status = TOOL_DONE;
    struct stat st;
    FILE *file;

    if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return tool_fail(TOOL_SYSTEM, "%s: not a regular file", path);
    temporary = tool_format("%s.XXXXXX", path);
    fd = mkostemp(temporary, O_CLOEXEC);
    file = fd < 0 ? NULL : fdopen(fd, "w");
    if (file == NULL || fchmod(fd, 0644) != 0 ||
        fwrite(text, 1, length, file) != length || fflush(file) != 0 ||
        fsync(fd) != 0 || rename(temporary, path) != 0) {
        status = tool_fail(TOOL_SYSTEM, "%s: %s", path, strerror(errno));
        if (fd >= 0)
            (void)unlink(temporary);
    }
    if (file != NULL)
        (void)fclose(file);
    else if (fd >= 0)
        (void)close(fd);
    free(temporary);
    return status;
}

/* --- the command --------------------------------------------------------- */

static int
write_entries(const struct export *export, const struct tool_entries *entries)
{
    uint8_t *text = NULL;
    size_t length = 0;
    int status = TOOL_DONE;

    if (export->sign)
        status = check_entries(entries, export->force);
    if (status == TOOL_DONE)
        status = (export->common.json ? make_json : make_ldif)(
            entries, &text, &length);
    if (status == TOOL_DONE && export->sign)
        status = sign_text(export, &text, &length);
    if (status == TOOL_DONE)
        status = export->output != NULL ?
            write_file(export->output, text, length) :
            write_stdout(export, text, length);
    free(text);
    if (status == TOOL_DONE && export->output != NULL && tool_for_people())
        tool_line("%s: %zu entries%s", export->output, entries->n,
                  export->sign ? ", signed" : "");
    return status;
}

static int
take_options(struct export *export, int argc, char **argv)
{
    static const struct tool_syntax syntax = {
        .command = "export", .help = help, .has = TOOL_HAS_DIRECTORY
    };
    const struct tool_option own[] = {
        TOOL_FLAG("sign", &export->sign),
        TOOL_VALUE("signer", &export->signer),
        TOOL_VALUE("key", &export->key), TOOL_FLAG("force", &export->force),
        { .name = "output", .letter = 'o', .value = &export->output },
        TOOL_NO_MORE
    };
    int status;

    status = tool_parse(&syntax, own, argc, argv, &export->common);
    if (status >= 0)
        return status;
    if (export->sign != (export->signer != NULL))
        return tool_usage("export", "--sign and --signer go together");
    if (export->sign && export->common.json)
        return tool_usage("export", "--sign or --json: a snapshot is LDIF");
    return -1;
}

static int
run(int argc, char **argv)
{
    struct export export = { .sign = false };
    struct tool_directory *directory = NULL;
    struct tool_entries entries = { 0 };
    struct tr_config *config = NULL;
    int status;

    status = take_options(&export, argc, argv);
    if (status >= 0)
        return status;
    status = tool_directory_begin(&export.common, &config, &directory);
    if (status == TOOL_DONE)
        status = tool_directory_read(directory, &entries);
    if (status == TOOL_DONE)
        status = write_entries(&export, &entries);
    tool_entries_clear(&entries);
    tool_directory_close(directory);
    tr_config_free(config);
    return status;
}

const struct tool_command tool_export = {
    "export", "write the table as a file, signed or not", run
};
