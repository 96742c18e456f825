/* mech/service/daemon.c - start the daemon, reload it, stop it */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * One event loop does everything but wait for a KDC.  Every quarter second it
 * looks whether decisions made so far still hold, raises the epoch of the
 * shared page if they do not, and only then renews the page's lease: a daemon
 * that hangs stops all labelled traffic instead of letting it go on unwatched.
 */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif
#include "attributes.h"
#include "audit.h"
#include "daemon.h"
#include "follow.h"
#include "keys.h"
#include "replay.h"
#include "trustrealm_err.h"
#include "watch.h"

#define TICKS_A_SECOND (1000 / TR_LEASE_RENEWAL_MS)
#define PATIENCE_S 2            /* with a source that says nothing */

static void
notify(const char *state)
{
#ifdef HAVE_SYSTEMD
    (void)sd_notify(0, state);
#endif
}

/* Does systemd end a daemon that does not say regularly that it is alive? */
static bool
is_watched(void)
{
#ifdef HAVE_SYSTEMD
    return sd_watchdog_enabled(0, NULL) > 0;
#else
    return false;
#endif
}

void
tr_daemon_ready(struct tr_daemon *daemon)
{
    if (daemon->ready)
        return;
    daemon->ready = tr_server_start(daemon->server) == 0;
    if (daemon->ready)
        notify("READY=1");
}

/*
 * A file may have changed while no daemon ran, so the table that was made of
 * it must not be used before the file has been looked at.  A table from a
 * directory is as good as its age.
 */
static bool
table_is_ready(const struct tr_daemon *daemon)
{
    const struct tr_watch_state *state = tr_watch_state(daemon->watch);
    const struct tr_config *config = daemon->service.config;

    return !state->stale && tr_config_file(config) == NULL &&
        strcmp(state->info.source, config->source) == 0;
}

/* --- what goes on ------------------------------------------------------- */

/*
 * The follower makes the table, and examines one that may be damaged before
 * anybody uses it; until then this process has none and allows nothing.
 */
static void
open_table(struct tr_daemon *daemon)
{
    if (daemon->service.table == NULL &&
        tr_table_open(daemon->table_path, TR_TABLE_READ_SOUND, 0,
                      &daemon->service.table, NULL) == 0)
        tr_table_guard(daemon->table_path);
}

/* Say what has become wrong, or right again. */
static void
log_change(const struct tr_daemon *daemon, const struct tr_watch_state *before,
           const struct tr_watch_state *after)
{
    const struct tr_service *service = &daemon->service;

    /* The follower logs why there is no table. */
    if (after->error != 0 && after->error != before->error &&
        service->table != NULL)
        tr_log(service->audit, LOG_ERR, "table: %s: %s",
               error_message(after->error), tr_table_message(service->table));
    if (after->behind != 0 && before->behind == 0)
        tr_log(service->audit, LOG_ERR, "clock: %" PRId64 " s behind %s: "
               "everything is refused", after->behind, after->behind_what);
    else if (after->behind == 0 && before->behind != 0)
        tr_log(service->audit, LOG_NOTICE, "clock: right again");
}

void
tr_daemon_look(struct tr_daemon *daemon)
{
    struct tr_watch_state before = *tr_watch_state(daemon->watch);
    struct tr_watch_time now;

    open_table(daemon);
    tr_watch_now(&now);
    now.floor = tr_keys_clock_floor(daemon->service.keys);
    if (!tr_watch_look(daemon->watch, daemon->service.table,
                       daemon->service.config, &now))
        return;
    tr_shared_page_bump(daemon->service.page);
    log_change(daemon, &before, tr_watch_state(daemon->watch));
}

/* Say once that the epoch cannot be shown, and once that it is again. */
static void
renew_page(struct tr_daemon *daemon)
{
    krb5_error_code ret = tr_shared_page_renew(daemon->service.page);

    if (ret != 0 && daemon->unshown == 0)
        tr_log(daemon->service.audit, LOG_ERR, "the epoch cannot be shown "
               "beside %s: %s", daemon->service.config->socket,
               error_message(ret));
    else if (ret == 0 && daemon->unshown != 0)
        tr_log(daemon->service.audit, LOG_NOTICE, "the epoch is shown again");
    daemon->unshown = ret;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct tr_daemon *daemon = arg;

    tr_daemon_look(daemon);
    renew_page(daemon);
    if (++daemon->ticks % TICKS_A_SECOND != 0)
        return;
    if (daemon->ticks / TICKS_A_SECOND >= PATIENCE_S)
        tr_daemon_ready(daemon);
    if (daemon->watched)
        notify("WATCHDOG=1");
    tr_audit_tick(daemon->service.audit);
    if (daemon->retired != NULL && tr_server_requests(daemon->server) == 0)
        tr_settings_free_retired(daemon);
}

static void
on_child(evutil_socket_t fd, short what, void *arg)
{
    struct tr_daemon *daemon = arg;

    tr_children_reap(&daemon->children);
}

static void
on_stop(evutil_socket_t fd, short what, void *arg)
{
    struct tr_daemon *daemon = arg;

    notify("STOPPING=1");
    event_base_loopbreak(daemon->service.base);
}

/* --- reload ------------------------------------------------------------- */

static void
on_hangup(evutil_socket_t fd, short what, void *arg)
{
    struct tr_daemon *daemon = arg;
    struct timespec now = { 0, 0 };
    char state[64];

    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld",
             (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    notify(state);
    if (tr_settings_reload(daemon) != 0)
        tr_log(daemon->service.audit, LOG_ERR,
               "reload failed: the old configuration stays in use");
    else if (tr_keys_reload(daemon->service.keys) != 0)
        tr_log(daemon->service.audit, LOG_ERR,
               "reloaded, except for the keytab: the old keys stay in use");
    else
        tr_log(daemon->service.audit, LOG_NOTICE, "reloaded");
    tr_shared_page_bump(daemon->service.page);
    tr_daemon_look(daemon);
    notify("READY=1");
}

/* --- start -------------------------------------------------------------- */

const char *
tr_state_fault(const struct stat *st)
{
    return (st->st_mode & (S_IWGRP | S_IWOTH)) != 0 ?
        "others may write to it" : NULL;
}

/* What others put there could be taken for what was accepted before. */
static krb5_error_code
make_state(struct tr_daemon *daemon, const char *directory)
{
    const char *why = NULL;
    krb5_error_code ret = 0;
    struct stat st;

    if ((mkdir(directory, 0700) != 0 && errno != EEXIST) ||
        stat(directory, &st) != 0)
        ret = errno;
    else if ((why = tr_state_fault(&st)) != NULL)
        ret = EPERM;
    if (ret)
        tr_log(daemon->service.audit, LOG_ERR, "%s: %s", directory,
               why != NULL ? why : error_message(ret));
    return ret;
}

/* One daemon for a state directory (and so for its socket). */
static krb5_error_code
lock_state(struct tr_daemon *daemon)
{
    const char *directory = daemon->service.config->state_directory;
    krb5_error_code ret;
    char *path;

    ret = make_state(daemon, directory);
    if (ret)
        return ret;
    if (asprintf(&path, "%s/lock", directory) < 0)
        return ENOMEM;
    daemon->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                        0600);
    if (daemon->lock < 0 || flock(daemon->lock, LOCK_EX | LOCK_NB) != 0)
        ret = errno;
    if (ret)
        tr_log(daemon->service.audit, LOG_ERR, "%s: %s", path,
               ret == EWOULDBLOCK ? "in use by another trustrealmd" :
               error_message(ret));
    free(path);
    return ret;
}

static krb5_error_code
open_replay(struct tr_daemon *daemon)
{
    krb5_error_code ret;
    const char *lost;
    char *path;

    if (asprintf(&path, "%s/replay",
                 daemon->service.config->state_directory) < 0)
        return ENOMEM;
    ret = tr_replay_open(path, 0, time(NULL), &daemon->service.replay);
    lost = ret == 0 ? tr_replay_lost(daemon->service.replay) : NULL;
    if (ret)
        tr_log(daemon->service.audit, LOG_ERR, "%s: %s", path,
               error_message(ret));
    else if (lost != NULL)
        tr_log(daemon->service.audit, LOG_ERR, "%s: %s: begun anew; it is "
               "not known what was accepted before, so nothing is accepted "
               "for %d s", path, lost, TR_MAX_CLOCK_SKEW_S);
    free(path);
    return ret;
}

static krb5_error_code
add_events(struct tr_daemon *daemon)
{
    static const struct timeval period = { 0, TR_LEASE_RENEWAL_MS * 1000 };
    static const struct { int number; event_callback_fn act; } signals[] = {
        { SIGHUP, on_hangup }, { SIGTERM, on_stop }, { SIGINT, on_stop },
        { SIGCHLD, on_child }
    };
    struct event_base *base = daemon->service.base;
    size_t i;

    for (i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
        daemon->events[i] = evsignal_new(base, signals[i].number,
                                         signals[i].act, daemon);
        if (daemon->events[i] == NULL ||
            event_add(daemon->events[i], NULL) != 0)
            return ENOMEM;
    }
    daemon->events[i] = event_new(base, -1, EV_PERSIST, on_tick, daemon);
    if (daemon->events[i] == NULL ||
        event_add(daemon->events[i], &period) != 0)
        return ENOMEM;
    return 0;
}

/* In a directory beside the socket. */
static krb5_error_code
show_epoch(struct tr_daemon *daemon)
{
    const char *socket = daemon->service.config->socket;
    int directory = (int)(strrchr(socket, '/') + 1 - socket);
    krb5_error_code ret;
    char *path;

    if (asprintf(&path, "%.*sepoch", directory, socket) < 0)
        return ENOMEM;
    ret = tr_shared_page_show(daemon->service.page, path);
    if (ret)
        tr_log(daemon->service.audit, LOG_ERR, "%s: %s", path,
               error_message(ret));
    free(path);
    return ret;
}

/* Everything but the configuration and the audit log. */
static krb5_error_code
open_service(struct tr_daemon *daemon)
{
    struct tr_service *service = &daemon->service;
    krb5_error_code ret;

    ret = lock_state(daemon);
    /* First of all: what a killed one shows is to end, whatever follows. */
    if (ret == 0)
        ret = tr_shared_page_create(&service->page);
    if (ret == 0)
        ret = show_epoch(daemon);
    if (ret == 0) {
        daemon->table_path = tr_table_path(service->config);
        ret = daemon->table_path == NULL ? ENOMEM : open_replay(daemon);
    }
    if (ret)
        return ret;
    service->base = event_base_new();
    if (service->base == NULL)
        return ENOMEM;
    ret = tr_keys_create(service->config, service->base, service->audit,
                         &service->keys);
    if (ret)
        return ret;
    service->canonical_principal = strdup(tr_keys_name(service->keys));
    if (service->canonical_principal == NULL)
        return ENOMEM;
    ret = tr_watch_create(&daemon->watch);
    if (ret == 0)
        ret = tr_server_create(service, &daemon->children,
                               &daemon->server);
    if (ret == 0)
        ret = add_events(daemon);
    return ret;
}

static krb5_error_code
start(struct tr_daemon *daemon)
{
    struct tr_service *service = &daemon->service;
    struct tr_config *config = NULL;
    krb5_error_code ret;

    ret = tr_settings_load(daemon, &config);
    if (ret)
        return ret;
    service->config = config;
    ret = tr_audit_open(config, &service->audit);
    if (ret)
        tr_log(NULL, LOG_ERR, "audit log %s: %s", config->audit_target,
               error_message(ret));
    else if (daemon->debug)
        tr_audit_use_stderr(service->audit);
    if (ret == 0)
        ret = open_service(daemon);
    service->config = NULL;
    if (ret) {
        tr_config_free(config);
        return ret;
    }
    ret = tr_settings_start(daemon, config);
    if (ret)
        return ret;
    daemon->started = time(NULL);
    daemon->watched = is_watched();
    on_tick(-1, 0, daemon);
    if (table_is_ready(daemon))
        tr_daemon_ready(daemon);
    return 0;
}

/* --- stop --------------------------------------------------------------- */

/* Requests that wait for a ticket are refused when the keys go. */
static void
stop(struct tr_daemon *daemon)
{
    struct tr_service *service = &daemon->service;
    size_t i;

    tr_keys_free(service->keys);
    tr_server_free(daemon->server);
    tr_shared_page_free(service->page);
    tr_follower_free(daemon->follower);
    tr_attributes_free(daemon->attributes);
    tr_children_end(&daemon->children);
    for (i = 0; i < sizeof(daemon->events) / sizeof(*daemon->events); i++) {
        if (daemon->events[i] != NULL)
            event_free(daemon->events[i]);
    }
    tr_watch_free(daemon->watch);
    tr_replay_close(service->replay);
    tr_table_close(service->table);
    tr_settings_free_retired(daemon);
    tr_tcb_free(service->tcb);
    tr_config_free(service->config);
    free(service->canonical_principal);
    free(service->spare);
    free(daemon->table_path);
    tr_audit_close(service->audit);
    if (service->base != NULL)
        event_base_free(service->base);
    if (daemon->lock >= 0)
        close(daemon->lock);
}

/*
 * Kerberos of this process is not an application's: no interposer, and no
 * replay cache but the daemon's own.  Nobody may look into its memory.
 */
static krb5_error_code
set_process(void)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN };

    umask(077);
    if (setenv("GSS_MECH_CONFIG", "/dev/null", 1) != 0 ||
        setenv("KRB5RCACHENAME", "none:", 1) != 0 ||
        sigaction(SIGPIPE, &ignore, NULL) != 0)
        return errno;
#ifndef __SANITIZE_ADDRESS__
    if (prctl(PR_SET_DUMPABLE, 0) != 0)
        return errno;
#endif
    return 0;
}

krb5_error_code
tr_daemon_run(const char *config_path, bool debug)
{
    struct tr_daemon daemon = {
        .config_path = config_path, .debug = debug, .lock = -1
    };
    struct tr_service *service = &daemon.service;
    krb5_error_code ret;

    initialize_trr_error_table();
    service->daemon = &daemon;
    ret = set_process();
    if (ret == 0)
        ret = start(&daemon);
    if (ret) {
        tr_log(service->audit, LOG_ERR, "cannot start: %s",
               error_message(ret));
    } else {
        tr_log(service->audit, LOG_NOTICE, "started for system %s as %s",
               service->config->system, service->canonical_principal);
        if (tr_audit_failed(service->audit))
            tr_log(NULL, LOG_ERR, "audit log %s: it cannot be written: "
                   "nothing is allowed", service->config->audit_target);
        if (event_base_dispatch(service->base) < 0)
            ret = EIO;
        tr_log(service->audit, LOG_NOTICE, "stopped");
    }
    stop(&daemon);
    return ret;
}
