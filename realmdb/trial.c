/* realmdb/trial.c - do in a child what may crash */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "trial.h"
#include "trustrealm_err.h"

#define SECONDS 60

/* In the child: tell what is wrong through fd, or "ok". */
static void __attribute__((noreturn))
tell(const char *(*try)(void *arg), void *arg, int fd)
{
    static const int fatal[] = {
        SIGSEGV, SIGBUS, SIGABRT, SIGALRM, SIGFPE, SIGILL
    };
    struct rlimit none = { 0, 0 };
    const char *answer;
    sigset_t empty;
    size_t i;
    int null;

    for (i = 0; i < sizeof(fatal) / sizeof(*fatal); i++)
        (void)signal(fatal[i], SIG_DFL);
    (void)sigemptyset(&empty);
    (void)sigprocmask(SIG_SETMASK, &empty, NULL);
    /* It has what the parent has open, locks too. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)alarm(SECONDS);
    /* LMDB complains there before it aborts; no other file should be there. */
    null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null < 0 || dup2(null, STDERR_FILENO) < 0)
        (void)close(STDERR_FILENO);
    answer = try(arg);
    if (answer == NULL)
        answer = "ok";
    if (write(fd, answer, strlen(answer)) < 0)
        _exit(1);
    _exit(0);
}

krb5_error_code
tr_trial(const char *(*try)(void *arg), void *arg, char *why, size_t size)
{
    ssize_t n;
    int fds[2];
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) != 0)
        return errno;
    pid = fork();
    if (pid == 0)
        tell(try, arg, fds[1]);
    (void)close(fds[1]);
    if (pid < 0) {
        (void)close(fds[0]);
        return errno;
    }
    do {
        n = read(fds[0], why, size - 1);
    } while (n < 0 && errno == EINTR);
    (void)close(fds[0]);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    why[n < 0 ? 0 : n] = '\0';
    if (strcmp(why, "ok") == 0)
        return 0;
    if (n <= 0)
        (void)snprintf(why, size, "damaged or cut short");
    return TRR_TABLE;
}
