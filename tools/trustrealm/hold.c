/* tools/trustrealm/hold.c - what no signal is to interrupt */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <time.h>
#include "trustrealm.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
static const size_t nsignals = sizeof(signals) / sizeof(signals[0]);

void
tool_hold_pipe(sigset_t *held_out)
{
    sigset_t broken;

    (void)sigemptyset(&broken);
    (void)sigaddset(&broken, SIGPIPE);
    (void)sigprocmask(SIG_BLOCK, &broken, held_out);
}

/* A connection that broke has had its error. */
void
tool_release_pipe(const sigset_t *held)
{
    static const struct timespec now = { 0, 0 };
    sigset_t broken;

    (void)sigemptyset(&broken);
    (void)sigaddset(&broken, SIGPIPE);
    (void)sigtimedwait(&broken, NULL, &now);
    (void)sigprocmask(SIG_SETMASK, held, NULL);
}

void
tool_hold(sigset_t *held_out)
{
    sigset_t blocked;
    size_t i;

    tool_hold_pipe(held_out);
    (void)sigemptyset(&blocked);
    for (i = 0; i < nsignals; i++)
        (void)sigaddset(&blocked, signals[i]);
    (void)sigprocmask(SIG_BLOCK, &blocked, NULL);
}

/* Is there one that ends us as soon as it is not held? */
static bool
ends(const sigset_t *held)
{
    struct sigaction action;
    sigset_t pending;
    size_t i;

    (void)sigpending(&pending);
    for (i = 0; i < nsignals; i++) {
        if (sigismember(&pending, signals[i]) == 1 &&
            sigismember(held, signals[i]) == 0 &&
            sigaction(signals[i], NULL, &action) == 0 &&
            action.sa_handler == SIG_DFL)
            return true;
    }
    return false;
}

void
tool_release(const sigset_t *held, int status)
{
    if (status == TOOL_DONE && ends(held))
        (void)tool_fail(TOOL_DONE, "interrupted, when it was done");
    tool_release_pipe(held);
}
