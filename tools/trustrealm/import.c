/* tools/trustrealm/import.c - trustrealm import: a file into the directory */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Entries that are in the directory already are passed over, so an import
 * that was interrupted goes on when it is asked for again. */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "import.h"
#include "ldif_text.h"
#include "record_class.h"

static const char help[] =
"usage: trustrealm import FILE [OPTION...]\n"
"\n"
"Bring the entries of an LDIF file into a directory: those that are not there\n"
"are added, those that differ are changed, none is removed.  Run it again to\n"
"resume.  Without --widen it only narrows access; on a terminal it asks\n"
"whether it may do more.\n"
"\n"
"  --widen                write what does more than narrow access as well: a\n"
"                         file may be older than what it would undo\n"
"  --keep-going           leave out what is wrong or refused, and go on\n"
"  --dry-run              write nothing, show what would be written\n"
"  --ldif FILE            LDIF file instead of an LDAP server\n"
TOOL_DIRECTORY_HELP
"  --json                 print JSON\n"
"  -c, --config FILE      configuration of trustrealmd\n"
"\n"
"exit status: 0 all is in the directory, 1 something was left out or refused,\n"
"             2 usage, 3 system error; interrupted, it ends by that signal\n";

struct import {
    struct tool_options common;
    bool keep_going, widen;
    const char *path;
    struct ldif_text ldif;
    bool *out;                  /* of each block: it is left out */
    char *parent;               /* that is there, or will be */
    size_t bad;                 /* entries left out */
    json_t *findings;           /* for --json, or NULL */
    size_t same;
    struct import_written written;
};

/* --- the file ------------------------------------------------------------ */

static int
read_file(struct import *import)
{
    struct ldif_text *ldif = &import->ldif;
    FILE *file = fopen(import->path, "re");
    struct stat st;
    int status = TOOL_DONE;

    ldif->path = import->path;
    ldif->keep_going = import->keep_going;
    if (file == NULL || fstat(fileno(file), &st) != 0)
        status = tool_fail(TOOL_SYSTEM, "%s: %s", import->path,
                           strerror(errno));
    else if (!S_ISREG(st.st_mode))
        status = tool_fail(TOOL_SYSTEM, "%s: not a file", import->path);
    if (status == TOOL_DONE) {
        ldif->text = tool_must(malloc((size_t)st.st_size + 1));
        ldif->length = fread(ldif->text, 1, (size_t)st.st_size, file);
        ldif->text[ldif->length] = '\0';
        if (ferror(file))
            status = tool_fail(TOOL_SYSTEM, "%s: %s", import->path,
                               strerror(errno));
    }
    if (file != NULL)
        (void)fclose(file);
    if (status == TOOL_DONE)
        status = ldif_text_parse(ldif);
    import->bad = ldif->nbad;
    import->out = tool_must(calloc(ldif->nblocks + 1, sizeof(bool)));
    return status;
}

/* Say where and why an entry is of no use. */
static void
leave_out(struct import *import, const struct ldif_block *block,
          const char *why)
{
    bool *out = &import->out[block - import->ldif.blocks];

    (void)tool_fail(TOOL_NO, "%s:%lu: %s: %s", import->path,
                    ldif_text_line(&import->ldif, block->start),
                    block->entry->dn, why);
    import->bad += !*out;
    *out = true;
}

/* Its record, NULL when it is none and left out. */
static struct tr_record *
judge_entry(struct import *import, const struct ldif_block *block)
{
    const struct tool_entry *entry = block->entry;
    const struct tr_entry view = { entry->dn, entry->attributes,
                                   entry->nattributes };
    struct tr_record *record = NULL;
    krb5_error_code ret = 0;
    char *why = NULL;

    if (entry->why == NULL)
        ret = tr_record_from_entry(&view, &record, &why);
    if (entry->why != NULL || ret)
        leave_out(import, block, entry->why != NULL ? entry->why :
                  why != NULL ? why : error_message(ret));
    free(why);
    return record;
}

/* --- what is to be written ----------------------------------------------- */

static bool
is_ours(const char *attribute)
{
    return tr_class_attribute(attribute) != NULL ||
        strcasecmp(attribute, "owner") == 0;
}

/* What the file says of us, and what there says of itself: an account has
 * attributes that are no business of ours, nor read. */
static struct tool_entry *
joined(const struct tool_entry *entry, const struct tool_entry *there)
{
    struct tool_entry *after = tool_entry_copy(entry);
    const struct tr_attribute *attribute;
    size_t i, j;

    for (i = 0; i < entry->nattributes; i++) {
        if (!is_ours(entry->attributes[i].name))
            tool_entry_remove(after, entry->attributes[i].name, NULL);
    }
    for (i = 0; i < there->nattributes; i++) {
        attribute = &there->attributes[i];
        for (j = 0; !is_ours(attribute->name) && j < attribute->nvalues; j++)
            tool_entry_add(after, attribute->name, attribute->values[j]);
    }
    return after;
}

/* What the entry stands below, often the same as the last one's. */
static int
take_container(struct import *import, struct tool_work *work,
               const struct ldif_block *block)
{
    char *parent = tool_dn_parent(block->entry->dn), *missing = NULL, *why;
    int status = TOOL_DONE;

    if (parent != NULL &&
        (import->parent == NULL || strcmp(parent, import->parent) != 0))
        status = tool_work_container(work, parent, &missing);
    if (missing != NULL) {
        why = tool_format("there is no entry %s to add it below: add that "
                          "first (ldapadd)", missing);
        leave_out(import, block, why);
        status = TOOL_NO;
        free(why);
    } else {
        free(import->parent);
        import->parent = parent;
        parent = NULL;
    }
    free(missing);
    free(parent);
    return status;
}

/* Note what makes the directory's entry, or none, the file's; TOOL_NO when it
 * is left out. */
static int
take_entry(struct import *import, struct tool_work *work,
           const struct ldif_block *block)
{
    struct tool_entry *entry = block->entry, *there;
    struct tool_change change = { 0 };
    int status;

    there = tool_entries_find(&work->entries, entry->type, entry->name);
    if (there != NULL && !tool_dn_same(there->dn, entry->dn)) {
        leave_out(import, block, "the directory has it under another DN");
        return TOOL_NO;
    }
    if (there == NULL) {
        status = take_container(import, work, block);
        if (status != TOOL_DONE)
            return status;
    }
    change.before = there;
    change.after = there != NULL ? joined(entry, there) :
        tool_entry_copy(entry);
    if (!tool_change_differs(&change)) {
        tool_entry_free(change.after);
        import->same++;
        return TOOL_DONE;
    }
    tool_work_replace(work, there, change.after);
    return TOOL_DONE;
}

static bool
is_taken(const struct import *import, size_t i)
{
    const struct tool_entry *entry = import->ldif.blocks[i].entry;

    return entry != NULL && entry->type != 0 && !import->out[i];
}

/* Of the entries that are of use; the file's others stay in the file. */
static int
take_entries(struct import *import, struct tool_work *work)
{
    struct tr_record *record;
    int status = TOOL_DONE;
    size_t i;

    import->same = 0;
    for (i = 0; i < import->ldif.nblocks && status != TOOL_SYSTEM; i++) {
        if (!is_taken(import, i))
            continue;
        record = judge_entry(import, &import->ldif.blocks[i]);
        if (record != NULL)
            status = take_entry(import, work, &import->ldif.blocks[i]);
        tr_record_free(record);
    }
    if (status == TOOL_SYSTEM || import->bad == 0 || import->keep_going)
        return status == TOOL_SYSTEM ? status : TOOL_DONE;
    return tool_fail(TOOL_NO, "nothing was written; --keep-going leaves out "
                     "what is wrong");
}

/* --- what is wrong with the table that results --------------------------- */

/* An error names the entry as lint_find() does, or by its DN: name, which
 * comes first. */
struct named { char *name; const struct ldif_block *block; };
struct blame { struct import *import; struct named *list; size_t n; };

static int
compare_named(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
name_entries(struct import *import, struct blame *blame)
{
    const struct ldif_block *block;
    struct tr_record *record;
    char *name;
    size_t i;

    blame->list = tool_must(calloc(2 * import->ldif.nblocks + 1,
                                   sizeof(*blame->list)));
    for (i = 0; i < import->ldif.nblocks; i++) {
        block = &import->ldif.blocks[i];
        record = is_taken(import, i) ? judge_entry(import, block) : NULL;
        if (record == NULL)
            continue;
        name = tool_record_name(record);
        blame->list[blame->n++] = (struct named){
            tool_format("%s %s", tool_record_kind(record), name), block };
        blame->list[blame->n++] = (struct named){
            tool_copy(block->entry->dn), block };
        free(name);
        tr_record_free(record);
    }
    qsort(blame->list, blame->n, sizeof(*blame->list), compare_named);
}

static void
blame_entry(const char *entry, const char *text, void *arg)
{
    struct blame *blame = arg;
    const struct named key = { (char *)entry, NULL }, *found;

    if (blame->list == NULL)
        name_entries(blame->import, blame);
    found = bsearch(&key, blame->list, blame->n, sizeof(key), compare_named);
    while (found != NULL && found > blame->list &&
           compare_named(found - 1, &key) == 0)
        found--;
    for (; found != NULL && found < blame->list + blame->n &&
         compare_named(found, &key) == 0; found++)
        leave_out(blame->import, found->block, text);
}

/* Leave out entries that it has errors by, until there are none: what an
 * entry that goes was needed for is wrong as well. */
static int
leave_out_wrong(struct import *import, struct tool_work *work)
{
    struct blame blame = { .import = import };
    size_t bad, i;
    int status;

    do {
        bad = import->bad;
        status = tool_work_errors(work, blame_entry, &blame);
        if (status == TOOL_DONE && import->bad > bad) {
            tool_work_forget(work);
            status = take_entries(import, work);
        }
    } while (status == TOOL_DONE && import->bad > bad);
    for (i = 0; i < blame.n; i++)
        free(blame.list[i].name);
    free(blame.list);
    return status;
}

/* --- the command --------------------------------------------------------- */

static int
report(const struct import *import, int status)
{
    if (status == TOOL_DONE &&
        (import->bad > 0 || import->written.refused > 0))
        status = TOOL_NO;
    if (import->common.json)
        return tool_json_print(json_pack(
            "{s:I, s:I, s:I, s:I, s:I, s:O}",
            "added", (json_int_t)import->written.added,
            "changed", (json_int_t)import->written.changed,
            "unchanged", (json_int_t)import->same,
            "refused", (json_int_t)import->written.refused,
            "left_out", (json_int_t)import->bad,
            "findings", import->findings), status);
    tool_line("%zu added, %zu changed, %zu unchanged, %zu refused, "
              "%zu left out", import->written.added, import->written.changed,
              import->same, import->written.refused, import->bad);
    return status;
}

static bool
can_ask(const struct import *import)
{
    return !import->widen && !import->common.dry_run &&
        isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

static int
ask_whether(size_t access)
{
    char answer[8] = "";

    fprintf(stderr, "%zu of these would do more than narrow access.  Write "
            "them anyway? [y/N] ", access);
    if (fgets(answer, sizeof(answer), stdin) != NULL &&
        (*answer == 'y' || *answer == 'Y'))
        return TOOL_DONE;
    return tool_fail(TOOL_NO, "nothing was written");
}

/* What speaks against it has been shown. */
static int
write_all(struct import *import, struct tool_work *work)
{
    return report(import, import_write(work, import->keep_going,
                                       &import->written));
}

static int
run_import(struct import *import)
{
    struct tool_work work = { .access = WORK_UNASKED };
    size_t access = 0;
    int status;

    status = read_file(import);
    if (status == TOOL_DONE)
        status = tool_work_open(&import->common, &work);
    if (status == TOOL_DONE)
        status = take_entries(import, &work);
    if (status == TOOL_DONE)
        status = leave_out_wrong(import, &work);
    work.access = import->widen ? WORK_WANTED : can_ask(import) ? WORK_TOLD :
        WORK_NARROWS;
    if (import->common.json)
        import->findings = json_array();
    if (status == TOOL_DONE && import->common.dry_run) {
        status = tool_work_finish(&import->common, &work);
        if (status == TOOL_DONE && import->bad > 0)
            status = TOOL_NO;
    } else if (status == TOOL_DONE) {
        status = tool_work_judge(&work, import->findings, &access);
        if (status == TOOL_DONE && access > 0 && can_ask(import))
            status = ask_whether(access);
        if (status == TOOL_DONE)
            status = write_all(import, &work);
    }
    tool_work_close(&work);
    ldif_text_clear(&import->ldif);
    free(import->ldif.text);
    json_decref(import->findings);
    free(import->out);
    free(import->parent);
    return status;
}

static int
run(int argc, char **argv)
{
    static const struct tool_syntax syntax = {
        .command = "import", .help = help,
        .has = TOOL_HAS_DIRECTORY | TOOL_HAS_DRY_RUN, .words = true
    };
    struct import import = { .keep_going = false };
    const struct tool_option own[] = {
        TOOL_FLAG("keep-going", &import.keep_going),
        TOOL_FLAG("widen", &import.widen), TOOL_NO_MORE
    };
    int status;

    status = tool_parse(&syntax, own, argc, argv, &import.common);
    if (status >= 0)
        return status;
    if (argc - optind != 1)
        return tool_usage("import", "one file is needed");
    import.path = argv[optind];
    status = run_import(&import);
    /* Whoever started us, a shell's loop for one, sees that it is to end. */
    if (import.written.interrupted != 0) {
        (void)fflush(NULL);
        (void)raise(import.written.interrupted);
    }
    return status;
}

const struct tool_command tool_import = {
    "import", "bring the entries of a file into the directory", run
};
