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
#include "trustrealm_err.h"
#include "replay.h"

/*
 * Two LMDB tables: id -> end, for the question asked; end || id -> nothing,
 * in order of time, so that what has ended is swept by looking at the front
 * only.  A third holds when the store began and in which boot, and the end of
 * the last id that was swept: a clock that ran ahead for a while ends ids that
 * are good again when it is put right, and those are not known any more.
 *
 * Transactions are not synced: a killed daemon loses nothing, since the
 * kernel has the pages; after a crash of the machine the boot id differs and
 * the store starts anew, refusing what is older than that.
 */

#define DEFAULT_MAX     1000000
#define OCTETS_PER_ID   192             /* of the map, with room for churn */
#define SMALLEST_MAP    (1024 * 1024)
#define SWEEP           16              /* at most so many for each new id */
#define BOOT_ID         "/proc/sys/kernel/random/boot_id"
#define KEY_LENGTH      (8 + TR_ASSOCIATION_LENGTH)

struct tr_replay {
    MDB_env *env;
    MDB_dbi ids, ends, about;
    size_t max;
    int64_t floor;              /* older environments are refused */
    int64_t swept;              /* as are those that end until then */
};

static krb5_error_code
map_error(int ret)
{
    switch (ret) {
    case 0:
        return 0;
    case ENOMEM:
        return ENOMEM;
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

/* The kernel's id of this boot; if it is empty, no store can be believed to
 * be of this boot. */
static size_t
boot_id(char *out, size_t size)
{
    ssize_t n = -1;
    int fd;

    fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        n = read(fd, out, size);
        close(fd);
    }
    return n > 0 ? n : 0;
}

/* Open the files in dir as they are. */
static int
open_files(struct tr_replay *replay, const char *dir, size_t map_size)
{
    MDB_txn *txn = NULL;
    int ret;

    ret = mdb_env_create(&replay->env);
    if (ret == 0)
        ret = mdb_env_set_maxdbs(replay->env, 3);
    if (ret == 0)
        ret = mdb_env_set_mapsize(replay->env, map_size);
    if (ret == 0)
        ret = mdb_env_open(replay->env, dir, MDB_NOSYNC | MDB_NOTLS |
                           MDB_NOMEMINIT, 0600);
    if (ret == 0)
        ret = mdb_txn_begin(replay->env, NULL, 0, &txn);
    if (ret == 0)
        ret = mdb_dbi_open(txn, "ids", MDB_CREATE, &replay->ids);
    if (ret == 0)
        ret = mdb_dbi_open(txn, "ends", MDB_CREATE, &replay->ends);
    if (ret == 0)
        ret = mdb_dbi_open(txn, "about", MDB_CREATE, &replay->about);
    if (ret == 0) {
        ret = mdb_txn_commit(txn);
        txn = NULL;
    }
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

/* Was the store begun in this boot?  Then since when it knows everything. */
static bool
read_begin(struct tr_replay *replay)
{
    MDB_val key = { 5, "begin" }, swept = { 5, "swept" }, value;
    MDB_txn *txn = NULL;
    char boot[64];
    size_t length;
    bool found = false;

    length = boot_id(boot, sizeof(boot));
    if (length == 0 || mdb_txn_begin(replay->env, NULL, MDB_RDONLY, &txn) != 0)
        return false;
    if (mdb_get(txn, replay->about, &key, &value) == 0 &&
        value.mv_size == 8 + length &&
        memcmp((uint8_t *)value.mv_data + 8, boot, length) == 0) {
        replay->floor = get_number(value.mv_data);
        found = true;
    }
    if (mdb_get(txn, replay->about, &swept, &value) == 0 &&
        value.mv_size == 8)
        replay->swept = get_number(value.mv_data);
    mdb_txn_abort(txn);
    return found;
}

/* Forget everything; what was made before now is refused from here on. */
static int
begin_anew(struct tr_replay *replay, int64_t now)
{
    uint8_t octets[8 + 64];
    MDB_val key = { 5, "begin" }, value = { 0, octets };
    MDB_txn *txn = NULL;
    int ret;

    put_number(octets, now);
    value.mv_size = 8 + boot_id((char *)octets + 8, sizeof(octets) - 8);
    ret = mdb_txn_begin(replay->env, NULL, 0, &txn);
    if (ret == 0)
        ret = mdb_drop(txn, replay->ids, 0);
    if (ret == 0)
        ret = mdb_drop(txn, replay->ends, 0);
    if (ret == 0)
        ret = mdb_put(txn, replay->about, &key, &value, 0);
    if (ret == 0) {
        ret = mdb_txn_commit(txn);
        txn = NULL;
    }
    mdb_txn_abort(txn);
    if (ret == 0)
        replay->floor = now;
    return ret;
}

static krb5_error_code
remove_files(const char *dir)
{
    static const char *const names[] = { "data.mdb", "lock.mdb" };
    char path[4096];
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (snprintf(path, sizeof(path), "%s/%s", dir, names[i]) >=
            (int)sizeof(path))
            return ENAMETOOLONG;
        if (unlink(path) != 0 && errno != ENOENT)
            return errno;
    }
    return 0;
}

krb5_error_code
tr_replay_open(const char *dir, size_t max, int64_t now,
               struct tr_replay **replay_out)
{
    struct tr_replay *replay = NULL;
    krb5_error_code ret = 0;
    size_t map_size;

    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return errno;
    replay = calloc(1, sizeof(*replay));
    if (replay == NULL)
        return ENOMEM;
    replay->max = max > 0 ? max : DEFAULT_MAX;
    map_size = replay->max * OCTETS_PER_ID;
    if (map_size < SMALLEST_MAP)
        map_size = SMALLEST_MAP;

    if (open_files(replay, dir, map_size) != 0) {
        close_files(replay);
        ret = remove_files(dir);
        if (ret == 0)
            ret = map_error(open_files(replay, dir, map_size));
        if (ret)
            goto cleanup;
    }
    if (!read_begin(replay))
        ret = map_error(begin_anew(replay, now));
    if (ret)
        goto cleanup;
    *replay_out = replay;
    replay = NULL;

cleanup:
    tr_replay_close(replay);
    return ret;
}

void
tr_replay_close(struct tr_replay *replay)
{
    if (replay == NULL)
        return;
    close_files(replay);
    free(replay);
}

/* Forget at most SWEEP of the ids that ended before now; *swept_out is when
 * the last of them did, or as it was. */
static int
sweep(struct tr_replay *replay, MDB_txn *txn, int64_t now, int64_t *swept_out)
{
    MDB_cursor *cursor = NULL;
    MDB_val key, value, id;
    int ret, i;

    ret = mdb_cursor_open(txn, replay->ends, &cursor);
    for (i = 0; ret == 0 && i < SWEEP; i++) {
        ret = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
        if (ret == 0 && key.mv_size != KEY_LENGTH)
            ret = MDB_CORRUPTED;
        if (ret != 0 || get_number(key.mv_data) >= now)
            break;
        *swept_out = get_number(key.mv_data);
        id.mv_data = (uint8_t *)key.mv_data + 8;
        id.mv_size = TR_ASSOCIATION_LENGTH;
        ret = mdb_del(txn, replay->ids, &id, NULL);
        if (ret == 0 || ret == MDB_NOTFOUND)
            ret = mdb_cursor_del(cursor, 0);
    }
    if (cursor != NULL)
        mdb_cursor_close(cursor);
    return ret == MDB_NOTFOUND ? 0 : ret;
}

static int
note_swept(struct tr_replay *replay, MDB_txn *txn, int64_t swept)
{
    uint8_t octets[8];
    MDB_val key = { 5, "swept" }, value = { sizeof(octets), octets };

    if (swept == replay->swept)
        return 0;
    put_number(octets, swept);
    return mdb_put(txn, replay->about, &key, &value, 0);
}

krb5_error_code
tr_replay_consume(struct tr_replay *replay, const uint8_t *id, int64_t time,
                  int64_t end, int64_t now)
{
    uint8_t octets[KEY_LENGTH];
    MDB_val key = { TR_ASSOCIATION_LENGTH, octets + 8 };
    MDB_val value = { 8, octets }, whole = { KEY_LENGTH, octets };
    MDB_val nothing = { 0, "" };
    MDB_txn *txn = NULL;
    MDB_stat stat;
    int64_t swept = replay->swept;
    krb5_error_code ret;

    if (time < replay->floor || end <= replay->swept)
        return TRR_REPLAY;
    put_number(octets, end);
    memcpy(octets + 8, id, TR_ASSOCIATION_LENGTH);

    ret = map_error(mdb_txn_begin(replay->env, NULL, 0, &txn));
    if (ret == 0)
        ret = map_error(sweep(replay, txn, now, &swept));
    if (ret == 0)
        ret = map_error(note_swept(replay, txn, swept));
    if (ret == 0)
        ret = map_error(mdb_stat(txn, replay->ids, &stat));
    if (ret)
        goto cleanup;
    if (stat.ms_entries >= replay->max) {
        ret = TRR_DAEMON_BUSY;
        goto cleanup;
    }
    ret = mdb_put(txn, replay->ids, &key, &value, MDB_NOOVERWRITE);
    if (ret == MDB_KEYEXIST)
        ret = TRR_REPLAY;
    else if (ret == 0)
        ret = map_error(mdb_put(txn, replay->ends, &whole, &nothing, 0));
    else
        ret = map_error(ret);
    if (ret)
        goto cleanup;
    ret = map_error(mdb_txn_commit(txn));
    txn = NULL;
    if (ret == 0)
        replay->swept = swept;

cleanup:
    mdb_txn_abort(txn);
    return ret;
}
