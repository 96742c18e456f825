/* mech/service/replay.c - association ids that were accepted before */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "trustrealm_err.h"
#include "replay.h"

/*
 * The file is a ring of slots, in the order in which ids were accepted, each
 * with a serial number: a new one takes the next, and what has ended is
 * forgotten at the other end.  A hash table, made when the file is opened,
 * finds an id: a head is the serial of the latest slot of its chain, and each
 * slot has that of the one before it; what is forgotten ends a chain.
 *
 * The file is mapped and not synced.  A killed daemon loses nothing, since the
 * kernel has the pages: a slot is whole before the serial that makes it one of
 * the store.  After a crash of the machine the boot id differs and the store
 * starts anew, refusing what is older than that.
 */

#define FORMAT          "trustrealm ids 1"
#define DEFAULT_MAX     1000000
#define SWEEP           16              /* at most so many for each new id */
#define BOOT_ID         "/proc/sys/kernel/random/boot_id"
#define WORDS           (TR_ASSOCIATION_LENGTH / sizeof(uint32_t))

struct slot {
    uint8_t id[TR_ASSOCIATION_LENGTH];
    int64_t end;
    uint64_t before;            /* in the chain; forgotten, or 0: none */
};

struct file {
    char format[sizeof(FORMAT) - 1];
    char boot[48];              /* id of the boot in which it began */
    int64_t floor;              /* older environments are refused */
    /* As are those that end until the last of what was forgotten did: a clock
     * that ran ahead ends ids that are good again when it is put right. */
    int64_t swept;
    uint64_t first, next;       /* serials: all between are known */
    struct slot slots[];
};

struct tr_replay {
    struct file *file;
    size_t size;                /* of the file */
    size_t max;                 /* slots, and heads */
    uint64_t *heads;
    uint64_t keys[WORDS];
};

static struct slot *
slot_of(const struct tr_replay *replay, uint64_t serial)
{
    return &replay->file->slots[serial % replay->max];
}

/* Multiply-shift with random keys: not even who chooses ids can have more of
 * them meet than chance does. */
static uint64_t *
head_of(const struct tr_replay *replay, const uint8_t *id)
{
    uint32_t words[WORDS];
    uint64_t sum = 0;
    size_t i;

    memcpy(words, id, sizeof(words));
    for (i = 0; i < WORDS; i++)
        sum += replay->keys[i] * words[i];
    return &replay->heads[(sum >> 32) % replay->max];
}

static void
link_slot(struct tr_replay *replay, uint64_t serial)
{
    struct slot *slot = slot_of(replay, serial);
    uint64_t *head = head_of(replay, slot->id);

    slot->before = *head;
    *head = serial;
}

/* --- the file ------------------------------------------------------------ */

/* The kernel's id of this boot; if it is empty, no store can be believed to
 * be of this boot. */
static void
boot_id(char out[sizeof(((struct file *)NULL)->boot)])
{
    int fd;

    memset(out, 0, sizeof(((struct file *)NULL)->boot));
    fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (read(fd, out, sizeof(((struct file *)NULL)->boot)) < 0)
        out[0] = '\0';
    close(fd);
}

static krb5_error_code
map(struct tr_replay *replay, int fd)
{
    void *memory;

    memory = mmap(NULL, replay->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                  0);
    if (memory == MAP_FAILED)
        return errno;
    replay->file = memory;
    return 0;
}

/* Is it what this daemon, or one before it in this boot, has left? */
static bool
is_usable(const struct tr_replay *replay)
{
    const struct file *file = replay->file;
    char boot[sizeof(file->boot)];

    boot_id(boot);
    return memcmp(file->format, FORMAT, sizeof(file->format)) == 0 &&
        boot[0] != '\0' && memcmp(file->boot, boot, sizeof(boot)) == 0 &&
        file->first > 0 && file->first <= file->next &&
        file->next - file->first <= replay->max;
}

/* Forget everything; what was made before now is refused from here on.  The
 * file has all its blocks: a full disk is noticed now, not when an id is
 * written to memory. */
static krb5_error_code
begin_anew(struct tr_replay *replay, int fd, int64_t now)
{
    struct file *file;
    krb5_error_code ret;

    if (ftruncate(fd, 0) != 0)
        return errno;
    ret = posix_fallocate(fd, 0, replay->size);
    if (ret == 0 && replay->file == NULL)
        ret = map(replay, fd);
    if (ret)
        return ret;
    file = replay->file;
    boot_id(file->boot);
    file->floor = now;
    file->first = file->next = 1;
    memcpy(file->format, FORMAT, sizeof(file->format));
    return 0;
}

static krb5_error_code
open_file(struct tr_replay *replay, const char *path, int64_t now)
{
    struct stat st;
    krb5_error_code ret = 0;
    int fd;

    fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    if (fstat(fd, &st) != 0)
        ret = errno;
    else if ((uintmax_t)st.st_size == replay->size)
        ret = map(replay, fd);
    if (ret == 0 && (replay->file == NULL || !is_usable(replay)))
        ret = begin_anew(replay, fd, now);
    close(fd);
    return ret;
}

/* --- the store ----------------------------------------------------------- */

krb5_error_code
tr_replay_open(const char *path, size_t max, int64_t now,
               struct tr_replay **replay_out)
{
    struct tr_replay *replay;
    krb5_error_code ret;
    uint64_t serial;

    replay = calloc(1, sizeof(*replay));
    if (replay == NULL)
        return ENOMEM;
    replay->max = max > 0 ? max : DEFAULT_MAX;
    replay->size = sizeof(struct file) + replay->max * sizeof(struct slot);
    replay->heads = calloc(replay->max, sizeof(*replay->heads));
    ret = replay->heads == NULL ? ENOMEM : open_file(replay, path, now);
    if (ret == 0 && getrandom(replay->keys, sizeof(replay->keys), 0) !=
        sizeof(replay->keys))
        ret = EIO;
    if (ret) {
        tr_replay_close(replay);
        return ret;
    }
    for (serial = replay->file->first; serial < replay->file->next; serial++)
        link_slot(replay, serial);
    *replay_out = replay;
    return 0;
}

void
tr_replay_close(struct tr_replay *replay)
{
    if (replay == NULL)
        return;
    if (replay->file != NULL)
        munmap(replay->file, replay->size);
    free(replay->heads);
    free(replay);
}

/* Forget what was accepted first and has ended. */
static void
sweep(struct tr_replay *replay, int64_t now)
{
    struct file *file = replay->file;
    const struct slot *slot;
    int i;

    for (i = 0; i < SWEEP && file->first < file->next; i++) {
        slot = slot_of(replay, file->first);
        if (slot->end >= now)
            break;
        if (file->swept < slot->end)
            file->swept = slot->end;
        __atomic_store_n(&file->first, file->first + 1, __ATOMIC_RELEASE);
    }
}

static bool
is_known(const struct tr_replay *replay, const uint8_t *id)
{
    uint64_t serial = *head_of(replay, id);
    const struct slot *slot;

    for (; serial >= replay->file->first; serial = slot->before) {
        slot = slot_of(replay, serial);
        if (memcmp(slot->id, id, sizeof(slot->id)) == 0)
            return true;
    }
    return false;
}

krb5_error_code
tr_replay_consume(struct tr_replay *replay, const uint8_t *id, int64_t time,
                  int64_t end, int64_t now)
{
    struct file *file = replay->file;
    uint64_t serial = file->next;
    struct slot *slot;

    sweep(replay, now);
    if (time < file->floor || end <= file->swept)
        return TRR_REPLAY;
    if (serial - file->first >= replay->max)
        return TRR_DAEMON_BUSY;
    if (is_known(replay, id))
        return TRR_REPLAY;
    slot = slot_of(replay, serial);
    memcpy(slot->id, id, sizeof(slot->id));
    slot->end = end;
    link_slot(replay, serial);
    __atomic_store_n(&file->next, serial + 1, __ATOMIC_RELEASE);
    return 0;
}
