/* tools/trustrealm/import_write.c - write the entries of an import */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include "boottime.h"
#include "import.h"

/* One line that is written over, for who watches. */
static void
show_progress(size_t done, size_t all, int64_t start)
{
    static const char bar[] = "##############################";
    const size_t width = sizeof(bar) - 1, full = width * done / all;
    double rate = 1000.0 * (double)done /
        (double)(tr_boottime() - start + 1);

    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r[%-*.*s] %zu of %zu, %.0f/s, %.0f s left ", (int)width,
            (int)full, bar, done, all, rate, (double)(all - done) / rate);
    if (done == all)
        fputc('\n', stderr);
}

/* What is said next has a line of its own. */
static void
leave_progress(size_t done)
{
    if (done > 0 && isatty(STDERR_FILENO))
        fputc('\n', stderr);
}

static void
count(const struct tool_change *change, struct import_written *written)
{
    if (change->before != NULL)
        written->changed++;
    else if (change->after->type != 0)
        written->added++;
}

static int
write_file(struct tool_work *work, struct import_written *written)
{
    int status = tool_directory_apply(work->directory, work->changes,
                                      work->nchanges);
    size_t i;

    for (i = 0; status == TOOL_DONE && i < work->nchanges; i++)
        count(&work->changes[i], written);
    return status;
}

/* The signal, which is blocked; 0 when there is none. */
static int
take_interruption(const sigset_t *signals)
{
    static const struct timespec now = { 0, 0 };
    int signal = sigtimedwait(signals, NULL, &now);

    return signal > 0 ? signal : 0;
}

/* *done_out are done with. */
static int
write_entries(struct tool_work *work, bool keep_going,
              const sigset_t *signals, struct import_written *written,
              size_t *done_out)
{
    const int64_t start = tr_boottime();
    const struct tool_change *change;
    int status;

    for (*done_out = 0; *done_out < work->nchanges;) {
        written->interrupted = take_interruption(signals);
        if (written->interrupted != 0) {
            leave_progress(*done_out);
            return tool_fail(TOOL_SYSTEM, "interrupted");
        }
        change = &work->changes[*done_out];
        status = tool_directory_apply(work->directory, change, 1);
        if (status == TOOL_DONE)
            count(change, written);
        else if (status == TOOL_NO)
            written->refused++;
        if (status != TOOL_DONE && (status != TOOL_NO || !keep_going))
            return status;
        show_progress(++*done_out, work->nchanges, start);
    }
    return TOOL_DONE;
}

static int
write_server(struct tool_work *work, bool keep_going,
             struct import_written *written)
{
    static const int interruptions[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action;
    sigset_t signals, old;
    size_t i, done;
    int status;

    (void)sigemptyset(&signals);
    for (i = 0; i < sizeof(interruptions) / sizeof(*interruptions); i++) {
        /* One that is ignored (nohup) would be queued all the same. */
        if (sigaction(interruptions[i], NULL, &action) == 0 &&
            action.sa_handler != SIG_IGN)
            (void)sigaddset(&signals, interruptions[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &signals, &old);
    status = write_entries(work, keep_going, &signals, written, &done);
    /* One that came with the last entry is to end us, but after the report. */
    if (written->interrupted == 0)
        written->interrupted = take_interruption(&signals);
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
    if (status != TOOL_DONE)
        tool_fail(status, "stopped after %zu of %zu entries, before %s; to "
                  "continue, run the same command again", done,
                  work->nchanges, work->changes[done].after->dn);
    return status;
}

int
import_write(struct tool_work *work, bool keep_going,
             struct import_written *written_out)
{
    *written_out = (struct import_written){ 0 };
    return tool_directory_limit(work->directory) == NULL ?
        write_file(work, written_out) :
        write_server(work, keep_going, written_out);
}
