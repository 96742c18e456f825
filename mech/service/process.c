/* mech/service/process.c - programs that the daemon starts */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "process.h"

struct tr_child {
    pid_t pid;
    void (*ended)(int status, void *arg);       /* NULL: killed */
    void *arg;
    struct tr_child *next;
};

/* All of the daemon's own descriptors are CLOEXEC. */
static krb5_error_code
set_files(posix_spawn_file_actions_t *actions,
          const struct tr_child_options *options)
{
    int ret, fd;

    ret = posix_spawn_file_actions_adddup2(actions, options->fd, options->as);
    for (fd = 0; fd < 3 && ret == 0; fd++) {
        if (fd == options->as || (fd == 2 && options->keep_stderr))
            continue;
        ret = posix_spawn_file_actions_addopen(actions, fd, "/dev/null",
                                               O_RDWR, 0);
    }
    return ret;
}

/* No signal blocked or ignored, whatever the daemon does with it. */
static krb5_error_code
set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    int ret;

    sigemptyset(&none);
    sigfillset(&all);
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    ret = posix_spawnattr_setsigmask(attributes, &none);
    if (ret == 0)
        ret = posix_spawnattr_setsigdefault(attributes, &all);
    if (ret == 0)
        ret = posix_spawnattr_setpgroup(attributes, 0);
    if (ret == 0)
        ret = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
                                       POSIX_SPAWN_SETSIGDEF |
                                       POSIX_SPAWN_SETPGROUP);
    return ret;
}

static int
spawn(const struct tr_child_options *options, pid_t *pid_out)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int ret;

    ret = posix_spawn_file_actions_init(&actions);
    if (ret)
        return ret;
    ret = posix_spawnattr_init(&attributes);
    if (ret == 0) {
        ret = set_files(&actions, options);
        if (ret == 0)
            ret = set_attributes(&attributes);
        if (ret == 0)
            ret = posix_spawn(pid_out, options->path, &actions, &attributes,
                              options->argv, options->environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return ret;
}

krb5_error_code
tr_child_start(struct tr_children *children,
               const struct tr_child_options *options,
               struct tr_child **child_out)
{
    struct tr_child *child;
    int ret;

    *child_out = NULL;
    child = calloc(1, sizeof(*child));
    if (child == NULL)
        return ENOMEM;
    ret = spawn(options, &child->pid);
    if (ret) {
        free(child);
        return ret;
    }
    child->ended = options->ended;
    child->arg = options->arg;
    child->next = children->first;
    children->first = child;
    *child_out = child;
    return 0;
}

krb5_error_code
tr_child_fork(struct tr_children *children, struct tr_child **child_out)
{
    struct tr_child *child;
    int ret;

    *child_out = NULL;
    child = calloc(1, sizeof(*child));
    if (child == NULL)
        return ENOMEM;
    child->pid = fork();
    if (child->pid == 0)
        return 0;
    if (child->pid < 0) {
        ret = errno;
        free(child);
        return ret;
    }
    child->next = children->first;
    children->first = child;
    *child_out = child;
    return 0;
}

void
tr_child_kill(struct tr_child *child)
{
    if (child == NULL)
        return;
    child->ended = NULL;
    (void)kill(-child->pid, SIGKILL);
}

void
tr_children_reap(struct tr_children *children)
{
    struct tr_child **link = &children->first, *child;
    siginfo_t info;
    int status;

    while ((child = *link) != NULL) {
        info.si_pid = 0;
        if (waitid(P_PID, (id_t)child->pid, &info,
                   WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) {
            link = &child->next;
            continue;
        }
        /* Kill what it left running, before its group's id can be reused. */
        (void)kill(-child->pid, SIGKILL);
        if (waitpid(child->pid, &status, 0) != child->pid)
            status = 0xff00;
        *link = child->next;
        if (child->ended != NULL)
            child->ended(status, child->arg);
        free(child);
        /* ended may have started or killed others. */
        link = &children->first;
    }
}

void
tr_children_end(struct tr_children *children)
{
    struct tr_child *child;

    while ((child = children->first) != NULL) {
        children->first = child->next;
        tr_child_kill(child);
        while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
        free(child);
    }
}

/* Does list have "NAME=..." for the name that entry begins with? */
static bool
names(const char *const *list, const char *entry)
{
    for (; *list != NULL; list++) {
        if (strncmp(entry, *list, strcspn(*list, "=") + 1) == 0)
            return true;
    }
    return false;
}

char **
tr_environment_with(const char *const *changes)
{
    static const char *const own[] = {
        "NOTIFY_SOCKET=", "LISTEN_FDS=", "LISTEN_PID=", "LISTEN_FDNAMES=",
        "WATCHDOG_USEC=", "WATCHDOG_PID=", NULL
    };
    char **environment;
    size_t i, n = 0;

    for (i = 0; environ[i] != NULL; i++)
        n++;
    for (i = 0; changes[i] != NULL; i++)
        n++;
    environment = calloc(n + 1, sizeof(*environment));
    if (environment == NULL)
        return NULL;
    n = 0;
    for (i = 0; environ[i] != NULL; i++) {
        if (!names(own, environ[i]) && !names(changes, environ[i]))
            environment[n++] = environ[i];
    }
    for (i = 0; changes[i] != NULL; i++)
        environment[n++] = (char *)changes[i];
    return environment;
}
