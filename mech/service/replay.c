/* mech/service/replay.c - association ids that were accepted before */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <lmdb.h>
#include "trial.h"
#include "trustrealm_err.h"
#include "replay.h"

/*
 * One LMDB table of keys without values: time || id, so that a new one goes to
 * the end and what is over is swept from the front.  One more key, before all
 * of these, has the store's floor: what was made before that is refused, since
 * the store began only then or has forgotten it.
 *
 * Transactions are not synced: a killed daemon loses nothing, since the
 * kernel has the pages.  After a crash of the machine they may be anything,
 * and LMDB would fall over them.  So a symbolic link beside the store shows
 * the boot that it is of, and one of another boot is removed unread.
 *
 * One of this boot may be damaged all the same, by a disk or by hand.  It is
 * copied at each start, in a child process: damage that can be read across
 * does not come along, and of damage that cannot only the child dies.
 */

#define DEFAULT_MAX     1000000
#define OCTETS_PER_ID   128             /* of the map, with room for churn */
#define SMALLEST_MAP    (1024 * 1024)
#define SWEEP           16              /* at most so many for each new id */
#define BOOT_ID         "/proc/sys/kernel/random/boot_id"
#define KEY_LENGTH      (8 + TR_ASSOCIATION_LENGTH)
#define COPY            "copy.mdb"

struct tr_replay {
    MDB_env *env;
    MDB_dbi dbi;
    char *path;
    size_t max;
    int64_t floor;
    char lost[128];             /* why it began anew, or "" */
    bool failed;
};

static krb5_error_code
map_error(int ret)
{
    switch (ret) {
    case 0:
        return 0;
    case ENOMEM:
        return ENOMEM;
    case MDB_KEYEXIST:
        return TRR_REPLAY;
    case MDB_MAP_FULL:
        return TRR_DAEMON_BUSY;
    default:
        return TRR_INTERNAL;
    }
}

static void
put_number(uint8_t out[8], int64_t number)
{
    int i;

    for (i = 0; i < 8; i++)
        out[i] = (uint64_t)number >> (56 - 8 * i);
}

static int64_t
get_number(const uint8_t in[8])
{
    uint64_t number = 0;
    int i;

    for (i = 0; i < 8; i++)
        number = number << 8 | in[i];
    return (int64_t)number;
}

/* --- the boot ------------------------------------------------------------ */

#define BOOT_SIZE 40            /* a UUID and what ends it */

/* The kernel's name of this boot; empty when there is none. */
static void
find_boot(char out[BOOT_SIZE])
{
    ssize_t n = -1;
    int fd;

    fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        n = read(fd, out, BOOT_SIZE - 1);
        close(fd);
    }
    out[n > 0 ? n : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
}

/* Is the store in the directory of this boot? */
static bool
is_of_this_boot(int dir)
{
    char boot[BOOT_SIZE], shown[BOOT_SIZE];
    ssize_t n;

    find_boot(boot);
    n = readlinkat(dir, "boot", shown, sizeof(shown));
    return n > 0 && (size_t)n == strlen(boot) && memcmp(shown, boot, n) == 0;
}

/* Without a name of the boot, none is shown. */
static krb5_error_code
show_boot(int dir)
{
    char boot[BOOT_SIZE];

    find_boot(boot);
    return boot[0] == '\0' || symlinkat(boot, dir, "boot") == 0 ? 0 : errno;
}

/* --- the floor ----------------------------------------------------------- */

/* The first of all keys, as no time is negative. */
static MDB_val floor_key = { 1, "" };

static int
read_floor(struct tr_replay *replay)
{
    MDB_val value;
    MDB_txn *txn = NULL;
    int ret;

    ret = mdb_txn_begin(replay->env, NULL, MDB_RDONLY, &txn);
    if (ret == 0)
        ret = mdb_get(txn, replay->dbi, &floor_key, &value);
    if (ret == 0 && value.mv_size != 8)
        ret = MDB_CORRUPTED;
    if (ret == 0)
        replay->floor = get_number(value.mv_data);
    mdb_txn_abort(txn);
    return ret;
}

static int
put_floor(struct tr_replay *replay, MDB_txn *txn, int64_t floor)
{
    uint8_t octets[8];
    MDB_val value = { sizeof(octets), octets };

    put_number(octets, floor);
    return mdb_put(txn, replay->dbi, &floor_key, &value, 0);
}

/* --- the files ----------------------------------------------------------- */

static int
open_files(struct tr_replay *replay, const char *path, unsigned int flags)
{
    size_t size = replay->max * OCTETS_PER_ID;
    MDB_txn *txn = NULL;
    int ret;

    ret = mdb_env_create(&replay->env);
    if (ret == 0)
        ret = mdb_env_set_mapsize(replay->env, size > SMALLEST_MAP ? size :
                                  SMALLEST_MAP);
    if (ret == 0)
        ret = mdb_env_open(replay->env, path, flags | MDB_NOSYNC | MDB_NOTLS |
                           MDB_NOMEMINIT, 0600);
    if (ret == 0)
        ret = mdb_txn_begin(replay->env, NULL, MDB_RDONLY, &txn);
    if (ret == 0)
        ret = mdb_dbi_open(txn, NULL, 0, &replay->dbi);
    mdb_txn_abort(txn);
    return ret;
}

static void
close_files(struct tr_replay *replay)
{
    if (replay->env != NULL)
        mdb_env_close(replay->env);
    replay->env = NULL;
}

static krb5_error_code
remove_files(int dir)
{
    static const char *const names[] = {
        "boot", COPY, "data.mdb", "lock.mdb"
    };
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (unlinkat(dir, names[i], 0) != 0 && errno != ENOENT)
            return errno;
    }
    return 0;
}

/* Know nothing; what was made before floor is refused from here on. */
static krb5_error_code
begin_anew(struct tr_replay *replay, int dir, int64_t floor)
{
    MDB_txn *txn = NULL;
    krb5_error_code ret;

    close_files(replay);
    ret = remove_files(dir);
    if (ret)
        return ret;
    ret = open_files(replay, replay->path, 0);
    if (ret == 0)
        ret = mdb_txn_begin(replay->env, NULL, 0, &txn);
    if (ret == 0)
        ret = put_floor(replay, txn, floor);
    if (ret == 0) {
        ret = mdb_txn_commit(txn);
        txn = NULL;
    }
    mdb_txn_abort(txn);
    replay->floor = floor;
    return ret == 0 ? show_boot(dir) : map_error(ret);
}

/* --- the copy ------------------------------------------------------------ */

static int
copy_key(struct tr_replay *to, MDB_txn *txn, MDB_val *key, MDB_val *value,
         bool first)
{
    bool is_floor = key->mv_size == floor_key.mv_size &&
        *(uint8_t *)key->mv_data == 0;

    if (is_floor != first || value->mv_size != (is_floor ? 8 : 0) ||
        (!is_floor && key->mv_size != KEY_LENGTH))
        return MDB_CORRUPTED;
    return mdb_put(txn, to->dbi, key, value, MDB_APPEND);
}

/* All of what there ought to be, in order. */
static int
copy_keys(struct tr_replay *from, MDB_txn *reading, struct tr_replay *to,
          MDB_txn *writing)
{
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    MDB_stat stat;
    size_t n = 0;
    int ret;

    ret = mdb_stat(reading, from->dbi, &stat);
    if (ret == 0)
        ret = mdb_cursor_open(reading, from->dbi, &cursor);
    while (ret == 0 &&
           (ret = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0)
        ret = copy_key(to, writing, &key, &value, n++ == 0);
    mdb_cursor_close(cursor);
    if (ret == MDB_NOTFOUND)
        ret = n > 0 && n == stat.ms_entries ? 0 : MDB_CORRUPTED;
    return ret;
}

/* In a child: copy the store.  NULL, or what is wrong with it; without room
 * for the copy there is none. */
static const char *
copy_store(void *arg)
{
    const struct tr_replay *replay = arg;
    struct tr_replay from = { .max = replay->max }, to = from;
    MDB_txn *reading = NULL, *writing = NULL;
    char *path;
    int ret;

    if (asprintf(&path, "%s/" COPY, replay->path) < 0)
        return NULL;
    ret = open_files(&from, replay->path, MDB_RDONLY | MDB_NOLOCK);
    if (ret == 0)
        ret = open_files(&to, path, MDB_NOSUBDIR | MDB_NOLOCK);
    if (ret == 0)
        ret = mdb_txn_begin(from.env, NULL, MDB_RDONLY, &reading);
    if (ret == 0)
        ret = mdb_txn_begin(to.env, NULL, 0, &writing);
    if (ret == 0)
        ret = copy_keys(&from, reading, &to, writing);
    if (ret == 0)
        ret = mdb_txn_commit(writing);
    if (ret > 0)
        (void)unlink(path);
    return ret < 0 ? mdb_strerror(ret) : NULL;
}

/* Take over what an earlier process of this boot left.  TRR_TABLE, and
 * replay->lost says why, when that cannot be. */
static krb5_error_code
take_over(struct tr_replay *replay, int dir)
{
    krb5_error_code ret;

    if (unlinkat(dir, COPY, 0) != 0 && errno != ENOENT)
        return errno;
    ret = tr_trial(copy_store, replay, replay->lost, sizeof(replay->lost));
    if (ret)
        return ret;
    if (renameat(dir, COPY, dir, "data.mdb") != 0 && errno != ENOENT)
        return errno;
    ret = open_files(replay, replay->path, 0);
    if (ret == 0)
        ret = read_floor(replay);
    snprintf(replay->lost, sizeof(replay->lost), "%s",
             ret != 0 ? mdb_strerror(ret) : "");
    return ret != 0 ? TRR_TABLE : 0;
}

krb5_error_code
tr_replay_open(const char *path, size_t max, int64_t now,
               struct tr_replay **replay_out)
{
    struct tr_replay *replay = NULL;
    krb5_error_code ret = 0;
    int dir;

    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return errno;
    dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return errno;
    replay = calloc(1, sizeof(*replay));
    if (replay == NULL || (replay->path = strdup(path)) == NULL) {
        ret = ENOMEM;
        goto cleanup;
    }
    replay->max = max > 0 ? max : DEFAULT_MAX;
    if (!is_of_this_boot(dir)) {
        ret = begin_anew(replay, dir, now);
    } else {
        ret = take_over(replay, dir);
        if (ret == TRR_TABLE)
            ret = begin_anew(replay, dir, now + TR_MAX_CLOCK_SKEW_S + 1);
    }
    if (ret)
        goto cleanup;
    *replay_out = replay;
    replay = NULL;

cleanup:
    tr_replay_close(replay);
    close(dir);
    return ret;
}

const char *
tr_replay_lost(const struct tr_replay *replay)
{
    return replay->lost[0] != '\0' ? replay->lost : NULL;
}

int64_t
tr_replay_wait(const struct tr_replay *replay, int64_t now)
{
    return replay->floor > now ? replay->floor - now : 0;
}

bool
tr_replay_failed(const struct tr_replay *replay)
{
    return replay->failed;
}

void
tr_replay_close(struct tr_replay *replay)
{
    if (replay == NULL)
        return;
    close_files(replay);
    free(replay->path);
    free(replay);
}

/* --- the store ----------------------------------------------------------- */

/* Forget some of the ids made before time, and raise *floor above them. */
static int
sweep(struct tr_replay *replay, MDB_txn *txn, int64_t time, int64_t *floor)
{
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    int ret, i;

    ret = mdb_cursor_open(txn, replay->dbi, &cursor);
    if (ret)
        return ret;
    ret = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);      /* floor */
    for (i = 0; ret == 0 && i < SWEEP; i++) {
        ret = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
        if (ret == 0 && key.mv_size != KEY_LENGTH)
            ret = MDB_CORRUPTED;
        if (ret != 0 || get_number(key.mv_data) >= time)
            break;
        *floor = get_number(key.mv_data) + 1;
        ret = mdb_cursor_del(cursor, 0);
    }
    mdb_cursor_close(cursor);
    return ret == MDB_NOTFOUND ? 0 : ret;
}

krb5_error_code
tr_replay_consume(struct tr_replay *replay, const uint8_t *id, int64_t time,
                  int64_t keep, int64_t now)
{
    uint8_t octets[KEY_LENGTH];
    MDB_val key = { sizeof(octets), octets }, nothing = { 0, "" };
    MDB_txn *txn = NULL;
    MDB_stat stat;
    int64_t floor = replay->floor;
    int ret;

    if (time < floor)
        return TRR_REPLAY;
    put_number(octets, time);
    memcpy(octets + 8, id, TR_ASSOCIATION_LENGTH);
    ret = mdb_txn_begin(replay->env, NULL, 0, &txn);
    if (ret == 0)
        ret = mdb_stat(txn, replay->dbi, &stat);
    /* When it is full, the oldest have to go, whatever is as old with them:
     * who fills it must not keep out what is new. */
    if (ret == 0)
        ret = sweep(replay, txn, stat.ms_entries > replay->max ? time :
                    now - keep, &floor);
    if (ret == 0 && floor != replay->floor)
        ret = put_floor(replay, txn, floor);
    if (ret == 0)
        ret = mdb_stat(txn, replay->dbi, &stat);
    if (ret == 0 && stat.ms_entries > replay->max)
        ret = MDB_MAP_FULL;
    if (ret == 0)
        ret = mdb_put(txn, replay->dbi, &key, &nothing, MDB_NOOVERWRITE);
    if (ret == 0) {
        ret = mdb_txn_commit(txn);
        txn = NULL;
    }
    mdb_txn_abort(txn);
    if (ret == 0)
        replay->floor = floor;
    replay->failed = map_error(ret) == TRR_INTERNAL;
    return map_error(ret);
}
