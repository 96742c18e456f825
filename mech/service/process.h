/* mech/service/process.h - programs that the daemon starts */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_SERVICE_PROCESS_H
#define TR_SERVICE_PROCESS_H

#include <sys/types.h>
#include <stdbool.h>
#include <krb5/krb5.h>

/* Those that run; call tr_children_reap() at SIGCHLD. */
struct tr_child;
struct tr_children { struct tr_child *first; };

struct tr_child_options {
    const char *path;
    char *const *argv, *const *environment;
    int fd;                     /* what the program gets ... */
    int as;                     /* ... as this descriptor; others are closed,
                                   0 to 2 lead to /dev/null ... */
    bool keep_stderr;           /* ... but stderr may stay as it is */
    /* Called once from tr_children_reap() with waitpid()'s status, unless
     * tr_child_kill() comes first; child is gone afterwards. */
    void (*ended)(int status, void *arg);
    void *arg;
};

/* Start a program in a process group of its own. */
krb5_error_code tr_child_start(struct tr_children *children,
                               const struct tr_child_options *options,
                               struct tr_child **child_out);
/* fork(); in the new process *child_out is NULL. */
krb5_error_code tr_child_fork(struct tr_children *children,
                              struct tr_child **child_out);
/* Kill the process group; ended will not be called. */
void tr_child_kill(struct tr_child *child);
void tr_children_reap(struct tr_children *children);
/* Kill and reap all of them. */
void tr_children_end(struct tr_children *children);

/* The environment of this process, without what systemd meant for it alone,
 * and with changes ("NAME=value", NULL-terminated).  free() the array only. */
char **tr_environment_with(const char *const *changes);

#endif
