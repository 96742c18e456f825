/* tests/glue/forks.c - fork while another thread is in the plugin */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 *     forks threads    stop a thread at every mutex of the plugin in turn, and
 *                      fork there; the child has none of its connections, and
 *                      does what any process does
 *     forks unload     load the plugin (PLUGIN in the environment), make it
 *                      work, unload it; then fork
 *
 * The mutexes of Kerberos are left alone: a program that forks while a thread
 * holds one of those has hung before.  So the thread goes on after its turn
 * only when the child is there.
 */

#define _GNU_SOURCE
#include "config.h"
#include <dlfcn.h>
#include <com_err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "glue.h"
#include "instead.h"
#include "trustrealm_err.h"

#define TURN_MS 20              /* that a mutex is held while others wait */
#define MAX_WAIT_MS 20000
#define ALL_MUTEXES 64          /* more than the plugin has for objects */

/* The thread's own way through the mutexes. */
static _Thread_local bool watched;
static _Thread_local int depth, taken;
static _Thread_local bool had_turn;

static int turn;                /* at which of them it stops */
static _Atomic bool stopped, ended, forked;

static void
sleep_until(_Atomic bool *flag, int ms)
{
    for (; !*flag && ms > 0; ms--)
        (void)usleep(1000);
}

/* --- calls of the plugin, instead of the C library's --------------------- */

static void
has_taken(const void *caller)
{
    if (!watched || !is_of_plugin(caller))
        return;
    depth++;
    if (++taken != turn)
        return;
    had_turn = true;
    stopped = true;
    sleep_until(&forked, TURN_MS);
}

#pragma GCC visibility push(default)

int
pthread_mutex_lock(pthread_mutex_t *mutex)
{
    static _Atomic(__typeof__(&pthread_mutex_lock)) real;
    int ret;

    if (real == NULL)
        real = REAL(pthread_mutex_lock);
    ret = real(mutex);
    has_taken(__builtin_return_address(0));
    return ret;
}

int
pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    static _Atomic(__typeof__(&pthread_mutex_trylock)) real;
    int ret;

    if (real == NULL)
        real = REAL(pthread_mutex_trylock);
    ret = real(mutex);
    if (ret == 0)
        has_taken(__builtin_return_address(0));
    return ret;
}

int
pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    static _Atomic(__typeof__(&pthread_mutex_unlock)) real;
    int ret;

    if (real == NULL)
        real = REAL(pthread_mutex_unlock);
    ret = real(mutex);
    if (watched && is_of_plugin(__builtin_return_address(0)) && --depth == 0 &&
        had_turn)
        sleep_until(&forked, MAX_WAIT_MS);
    return ret;
}

/* A fork would wait for what this waits for. */
int
connect(int fd, const struct sockaddr *address, socklen_t length)
{
    expect(!watched || depth == 0);
    return REAL(connect)(fd, address, length);
}

ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
    expect(!watched || depth == 0);
    return REAL(recvmsg)(fd, message, flags);
}

#pragma GCC visibility pop

/* --- threads ------------------------------------------------------------- */

static void *
run_watched(void *arg)
{
    watched = true;
    whole_context();
    watched = false;
    *(bool *)arg = had_turn;
    ended = true;
    return NULL;
}

/* One context after the other has the next of the shared mutexes. */
static void
take_every_mutex(void)
{
    gss_OID_desc option = object(10);
    gss_buffer_desc label = { strlen(HIGHER_HERE), HIGHER_HERE };
    gss_OID_set_desc set = { 1, krb5_mech() };
    gss_cred_id_t cred;
    int i;

    be_initiator();
    for (i = 0; i < ALL_MUTEXES; i++) {
        must(gss_acquire_cred(&minor, GSS_C_NO_NAME, 0, &set, GSS_C_INITIATE,
                              &cred, NULL, NULL));
        must(gss_set_cred_option(&minor, &cred, &option, &label));
        must(gss_release_cred(&minor, &cred));
    }
}

static void
expect_exit(pid_t pid)
{
    int status;

    expect(waitpid(pid, &status, 0) == pid);
    if (WIFSIGNALED(status))
        fail("turn %d: the child was ended by signal %d", turn,
             WTERMSIG(status));
    expect(WEXITSTATUS(status) == 0);
}

/* False when there was no turn any more. */
static bool
fork_at_turn(void)
{
    bool had = false;
    pthread_t thread;
    pid_t pid;

    stopped = ended = forked = false;
    expect(pthread_create(&thread, NULL, run_watched, &had) == 0);
    while (!stopped && !ended)
        (void)usleep(100);
    pid = fork();
    expect(pid >= 0);
    if (pid == 0) {
        (void)alarm(MAX_WAIT_MS / 1000);
        expect(connection_after(-1, getenv("INITIATOR_SOCKET")) < 0);
        expect(connection_after(-1, getenv("ACCEPTOR_SOCKET")) < 0);
        whole_context();
        take_every_mutex();
        _exit(0);
    }
    forked = true;
    expect(pthread_join(thread, NULL) == 0);
    expect_exit(pid);
    return had;
}

static void
threads(void)
{
    whole_context();                   /* what is done once in a process */
    for (turn = 1; fork_at_turn(); turn++)
        ;
    expect(turn > 20);
}

/* --- unloading ----------------------------------------------------------- */

/* Ask trustrealmd, which leaves a connection. */
static void
be_refused(void *plugin)
{
    __typeof__(&gss_import_name) import;
    __typeof__(&gss_init_sec_context) init;
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_buffer_desc text = { 9, "a@b.local" }, token;
    gss_name_t name;

    *(void **)&import = dlsym(plugin, "gssi_import_name");
    *(void **)&init = dlsym(plugin, "gssi_init_sec_context");
    expect(import != NULL && init != NULL);
    be_initiator();
    must(import(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE, &name));
    expect(GSS_ERROR(init(&minor, GSS_C_NO_CREDENTIAL, &context, name,
                          krb5_mech(), 0, 0, NULL, NULL, NULL, &token, NULL,
                          NULL)));
    expect(connection_after(-1, getenv("INITIATOR_SOCKET")) >= 0);
}

static void
unload(void)
{
    OM_uint32 (*import)(OM_uint32 *, gss_buffer_t, gss_ctx_id_t *);
    const char *path = getenv("PLUGIN");
    void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    gss_ctx_id_t context;
    gss_buffer_desc nonsense = { 3, "abc" };
    pid_t pid;

    expect(plugin != NULL);
    *(void **)&import = dlsym(plugin, "gssi_import_sec_context");
    expect(import != NULL);
    expect(GSS_ERROR(import(&minor, &nonsense, &context)));
    be_refused(plugin);
    expect(strstr(error_message(TRR_RECORD), "nknown code") == NULL);
    expect(dlclose(plugin) == 0);
    expect(dlopen(path, RTLD_NOW | RTLD_NOLOAD) == NULL);
    expect(connection_after(-1, getenv("INITIATOR_SOCKET")) < 0);
    expect(strstr(error_message(TRR_RECORD), "nknown code") != NULL);
    pid = fork();
    expect(pid >= 0);
    if (pid == 0)
        _exit(0);
    expect_exit(pid);
}

int
main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "threads") == 0)
        threads();
    else if (argc == 2 && strcmp(argv[1], "unload") == 0)
        unload();
    else
        return 2;
    return 0;
}
