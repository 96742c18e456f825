/* realmdb/table_sound.c - is the table's file what its writer left there? */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A damaged file makes LMDB crash.  So everything in it is read once before
 * it is used, in a child process; when that finds fault or crashes, the file
 * is not opened.
 *
 * A million systems take seconds to read.  So the writer notes beside the file
 * what stat(2) says of it, when it has opened a file that was examined and
 * after each commit.  While the note is true nobody else has written to the
 * file, and it is not read again; after a crash the note may be wrong, and it
 * is.  Damage that stat(2) does not show, on a failing disk, can still end a
 * process that reads the table (which then allows nothing): such a process
 * removes the note, so that the next one examines the file.
 */

#include "config.h"
#include <sys/stat.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "table_store.h"
#include "text.h"
#include "trial.h"
#include "trustrealm_err.h"

/* --- the note ------------------------------------------------------------ */

bool
tr_sound_is_noted(const char *dir)
{
    char note[TR_FILE_TEXT], now[TR_FILE_TEXT];
    struct stat st;
    bool sound = false;
    int at, fd = -1;

    at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at >= 0)
        fd = openat(at, TR_SOUND, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && fstatat(at, "data.mdb", &st, AT_SYMLINK_NOFOLLOW) == 0) {
        tr_text_file(&st, now);
        sound = read(fd, note, sizeof(note)) == sizeof(note) &&
            memcmp(note, now, sizeof(note)) == 0;
    }
    if (fd >= 0)
        (void)close(fd);
    if (at >= 0)
        (void)close(at);
    return sound;
}

void
tr_sound_start(struct tr_table *table)
{
    char *path;

    if (asprintf(&path, "%s/" TR_SOUND, table->dir) < 0)
        return;
    table->sound = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
                        0600);
    free(path);
    tr_sound_note(table);
}

/* Without a note the file is examined once more, no worse. */
void
tr_sound_note(const struct tr_table *table)
{
    char note[TR_FILE_TEXT];
    struct stat st;
    int fd;

    if (mdb_env_get_fd(table->env, &fd) != 0 || fstat(fd, &st) != 0)
        return;
    tr_text_file(&st, note);
    if (pwrite(table->sound, note, sizeof(note), 0) != sizeof(note))
        return;
}

/* Path of the note: a signal handler has no argument for it. */
static char guarded[4096];

static void
on_crash(int signal)
{
    (void)unlink(guarded);
}

void
tr_table_guard(const char *dir)
{
    static const int fatal[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };
    /* The second time the signal does what it always does. */
    struct sigaction action = {
        .sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND
    };
    size_t i;

    if ((size_t)snprintf(guarded, sizeof(guarded), "%s/" TR_SOUND, dir) >=
        sizeof(guarded))
        return;
    for (i = 0; i < sizeof(fatal) / sizeof(*fatal); i++)
        (void)sigaction(fatal[i], &action, NULL);
}

/* --- reading everything -------------------------------------------------- */

/* Visit every page of a database by its cursor, and decode records. */
static krb5_error_code
examine_db(struct tr_table *table, MDB_txn *txn, MDB_dbi dbi, bool records)
{
    krb5_error_code ret = 0;
    MDB_cursor *cursor;
    MDB_val key, value;
    struct tr_record *record;
    volatile uint8_t last;
    int code;

    code = mdb_cursor_open(txn, dbi, &cursor);
    if (code != 0)
        return tr_table_fail_mdb(table, code, "examining");
    while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        if (key.mv_size > 0)
            last = ((uint8_t *)key.mv_data)[key.mv_size - 1];
        if (value.mv_size > 0)
            last = ((uint8_t *)value.mv_data)[value.mv_size - 1];
        if (!records)
            continue;
        ret = tr_stored_open(&value, &record);
        tr_record_free(record);
        if (ret) {
            ret = tr_table_fail_damaged(table, "a record");
            break;
        }
    }
    (void)last;
    if (ret == 0 && code != MDB_NOTFOUND)
        ret = tr_table_fail_mdb(table, code, "examining");
    mdb_cursor_close(cursor);
    return ret;
}

static krb5_error_code
examine_all(struct tr_table *table)
{
    krb5_error_code ret;
    MDB_txn *txn;
    size_t i;
    int code;

    code = mdb_txn_begin(table->env, NULL, MDB_RDONLY, &txn);
    if (code != 0)
        return tr_table_fail_mdb(table, code, "examining");
    /* LMDB's own list of free pages has the number 0. */
    ret = examine_db(table, txn, 0, false);
    for (i = 0; i < TR_NDBS && ret == 0; i++)
        ret = examine_db(table, txn, table->dbs[i],
                         i == TR_DB_RECORD && !table->other);
    mdb_txn_abort(txn);
    return ret;
}

static const char *
try_it(void *arg)
{
    struct tr_table *table = arg;

    /* Of another format it may be as sound as any. */
    table->replaces = true;
    return tr_env_open(table, TR_TABLE_READ) == 0 &&
        examine_all(table) == 0 ? NULL : table->message;
}

krb5_error_code
tr_sound_examine(struct tr_table *table)
{
    char why[sizeof(table->message)];
    krb5_error_code ret;

    ret = tr_trial(try_it, table, why, sizeof(why));
    return ret == TRR_TABLE ? tr_table_fail(table, ret, "%s", why) : ret;
}
