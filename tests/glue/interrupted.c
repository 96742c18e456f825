/* tests/glue/interrupted.c - signals and cancellation in a call's middle */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 *     interrupted once      a signal interrupts every wait of the plugin
 *     interrupted forever   again and again: the deadline ends it
 *     interrupted jump      a handler jumps out of the wait, out of each in
 *                           turn; other contexts do not notice
 *     interrupted cancel    a thread that waits is cancelled
 */

#define _GNU_SOURCE
#include "config.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "glue.h"
#include "instead.h"

enum wait { CONNECT, SEND, RECEIVE };

/* What happens when the plugin is about to wait; true: it is interrupted. */
static bool (*about_to)(enum wait wait);
static unsigned int seconds_ahead;      /* the plugin's clock */

/* --- calls of the plugin, instead of the C library's --------------------- */

static bool
interrupts(enum wait wait, const void *caller)
{
    if (about_to == NULL || !is_of_plugin(caller) || !about_to(wait))
        return false;
    errno = EINTR;
    return true;
}

#pragma GCC visibility push(default)

int
connect(int fd, const struct sockaddr *address, socklen_t length)
{
    if (interrupts(CONNECT, __builtin_return_address(0)))
        return -1;
    return REAL(connect)(fd, address, length);
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (interrupts(SEND, __builtin_return_address(0)))
        return -1;
    return REAL(sendmsg)(fd, message, flags);
}

ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
    if (interrupts(RECEIVE, __builtin_return_address(0)))
        return -1;
    return REAL(recvmsg)(fd, message, flags);
}

int
poll(struct pollfd *fds, nfds_t n, int timeout)
{
    if (interrupts(RECEIVE, __builtin_return_address(0)))
        return -1;
    return REAL(poll)(fds, n, timeout);
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
    int ret = REAL(clock_gettime)(clock, now);

    if (seconds_ahead > 0 && is_of_plugin(__builtin_return_address(0)))
        now->tv_sec += seconds_ahead;
    return ret;
}

#pragma GCC visibility pop

/* --- interrupted --------------------------------------------------------- */

static bool
every_third_time(enum wait wait)
{
    static unsigned int times;

    return times++ % 3 == 0;
}

static void
once(void)
{
    about_to = every_third_time;
    whole_context();
}

static enum wait stuck;

static bool
again_and_again(enum wait wait)
{
    if (wait != stuck)
        return false;
    expect(++seconds_ahead < 100);
    return true;
}

static void
forever(void)
{
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_name_t target = service_name("sample");
    gss_buffer_desc token;

    for (stuck = CONNECT; stuck <= RECEIVE; stuck++) {
        be_initiator();
        about_to = again_and_again;
        must_fail(GSS_S_FAILURE,
                  gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &context,
                                       target, krb5_mech(), 0, 0, NULL, NULL,
                                       NULL, &token, NULL, NULL));
        about_to = NULL;
        expect(strstr(status_text(minor), "trustrealmd ") != NULL);
        expect(seconds_ahead >= TR_CALL_TIMEOUT_MS / 1000);
        seconds_ahead = 0;
    }
    whole_context();
}

/* --- a handler that jumps ------------------------------------------------ */

static sigjmp_buf out;
static int turn, waits;

static void
jump_out(int number)
{
    siglongjmp(out, 1);
}

static bool
jump_at_turn(enum wait wait)
{
    if (++waits == turn)
        (void)raise(SIGUSR1);
    return false;
}

static void
expect_no_connections_in_child(void)
{
    int status;
    pid_t pid = fork();

    expect(pid >= 0);
    if (pid == 0) {
        expect(connection_after(-1, getenv("INITIATOR_SOCKET")) < 0);
        whole_context();
        exit(0);
    }
    expect(waitpid(pid, &status, 0) == pid && status == 0);
}

static void
jump(void)
{
    expect(signal(SIGUSR1, jump_out) != SIG_ERR);
    for (turn = 1; waits >= turn - 1; turn++) {
        waits = 0;
        if (sigsetjmp(out, 1) == 0) {
            about_to = jump_at_turn;
            whole_context();
        }
        about_to = NULL;
        whole_context();
    }
    expect(turn > 10);
    /* What was jumped out of stays open, but here only. */
    expect(connection_after(-1, getenv("INITIATOR_SOCKET")) >= 0);
    expect_no_connections_in_child();
}

/* --- cancellation -------------------------------------------------------- */

static bool
cancel_oneself(enum wait wait)
{
    if (wait == RECEIVE) {
        about_to = NULL;
        expect(pthread_cancel(pthread_self()) == 0);
    }
    return false;
}

/* Kerberos does nothing on the way back that a thread could be cancelled
 * at. */
static void *
wrap_and_end(void *arg)
{
    gss_buffer_desc message = { 12, "what is said" };
    struct pair *p = arg;

    be_initiator();
    about_to = cancel_oneself;
    choose_label(p->initiator, HIGHER_HERE);
    must(gss_wrap(&minor, p->initiator, 1, 0, &message, NULL, &message));
    pthread_testcancel();
    fail("nobody cancelled the thread");
}

static void
cancel(void)
{
    pthread_t thread;
    struct pair p;
    void *result;
    int fd;

    establish(&p, NULL);
    expect(pthread_create(&thread, NULL, wrap_and_end, &p) == 0);
    expect(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
    fd = connection_after(-1, getenv("INITIATOR_SOCKET"));
    expect(fd >= 0);
    send_message(&p, HIGHER_HERE);
    expect(connection_after(-1, getenv("INITIATOR_SOCKET")) == fd);
    expect(connection_after(fd, getenv("INITIATOR_SOCKET")) < 0);
    whole_context();
}

int
main(int argc, char **argv)
{
    static const struct { const char *how; void (*run)(void); } all[] = {
        { "once", once }, { "forever", forever }, { "jump", jump },
        { "cancel", cancel }
    };
    size_t i;

    for (i = 0; i < sizeof(all) / sizeof(*all); i++) {
        if (argc == 2 && strcmp(argv[1], all[i].how) == 0) {
            all[i].run();
            return 0;
        }
    }
    return 2;
}
