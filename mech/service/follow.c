/* mech/service/follow.c - a process of its own follows the directory */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Whatever a directory server sends is parsed where no key is: in a process
 * that this program starts of itself.  That process writes to the table, so
 * the daemon never waits for a disk either.  The two share a socket
 * (follow.h), and it is started again when it ends.
 */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <ldap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>
#include "boottime.h"
#include "follow.h"
#include "text.h"
#include "trustrealm_err.h"

#define MAX_RETRY_S 60
#define CCACHE_NAME "ldap.ccache"

struct tr_follower {
    const struct tr_config *config;
    const char *program;
    struct event_base *base;
    struct tr_children *children;
    struct tr_keys *keys;
    struct tr_audit *audit;
    void (*changed)(void *arg);
    void *arg;
    char *servers[TR_MAX_URIS + 1];     /* it needs tickets for, then NULL */
    char *ccache;               /* path, where it finds them */
    struct tr_child *child;
    int fd;                     /* to the child, or -1 */
    struct event *readable, *restart;
    uint32_t retry;             /* s until the next start */
    int64_t started;            /* boot time, ms, as the next */
    int64_t confirmed;          /* when the table was up to date */
    char letter;                /* of the last packet */
    char state[TR_FOLLOW_PACKET];
};

const char *
tr_follower_state(const struct tr_follower *follower)
{
    return follower->state;
}

bool
tr_follower_answers(const struct tr_follower *follower)
{
    return follower->letter == TR_FOLLOW_CHANGED ||
        follower->letter == TR_FOLLOW_FRESH;
}

int64_t
tr_follower_silent(const struct tr_follower *follower)
{
    /* A snapshot stays what it is: nothing more is heard of a good one. */
    if (tr_config_signed(follower->config) && tr_follower_answers(follower))
        return 0;
    return (tr_boottime() - follower->confirmed) / 1000;
}

bool
tr_follower_away(const struct tr_follower *follower)
{
    int64_t limit = 2 * (int64_t)follower->config->heartbeat;

    if (follower->letter != TR_FOLLOW_AWAY)
        limit += TR_FOLLOW_TIMEOUT_S;
    return tr_follower_silent(follower) > limit;
}

/* --- its life ----------------------------------------------------------- */

static void
hang_up(struct tr_follower *follower)
{
    if (follower->readable != NULL)
        event_free(follower->readable);
    follower->readable = NULL;
    if (follower->fd >= 0)
        close(follower->fd);
    follower->fd = -1;
}

/* Each pause is longer than the last, until one has run for a while. */
static void
start_again(struct tr_follower *follower)
{
    struct timeval wait = { 0, 0 };

    if (tr_boottime() - follower->started > 1000 * MAX_RETRY_S)
        follower->retry = follower->config->retry;
    wait.tv_sec = follower->retry;
    event_add(follower->restart, &wait);
    if (follower->retry < MAX_RETRY_S)
        follower->retry = 2 * follower->retry < MAX_RETRY_S ?
            2 * follower->retry : MAX_RETRY_S;
}

static void
on_end(int status, void *arg)
{
    struct tr_follower *follower = arg;

    /* One that exits by itself has said why. */
    if (follower->letter != TR_FOLLOW_AWAY || !WIFEXITED(status)) {
        snprintf(follower->state, sizeof(follower->state), "follower %s %d",
                 WIFEXITED(status) ? "exited with status" :
                 "was killed by signal",
                 WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
        tr_log(follower->audit, LOG_ERR, "table: %s", follower->state);
    }
    follower->child = NULL;
    follower->letter = 0;
    hang_up(follower);
    start_again(follower);
}

static void
take_packet(struct tr_follower *follower, char letter, const char *text)
{
    bool news = follower->letter == 0 ||
        (letter == TR_FOLLOW_AWAY) != (follower->letter == TR_FOLLOW_AWAY);

    if (letter == TR_FOLLOW_BAD) {
        tr_log(follower->audit, LOG_WARNING, "table: unusable entry: %s",
               text);
        return;
    }
    if (letter == TR_FOLLOW_AWAY) {
        news = news || strcmp(text, follower->state) != 0;
        snprintf(follower->state, sizeof(follower->state), "%s", text);
        if (news)
            tr_log(follower->audit, LOG_WARNING, "table: %s: unavailable: %s",
                   follower->config->source, text);
    } else {
        if (letter == TR_FOLLOW_CHANGED || news)
            tr_log(follower->audit, LOG_INFO, "table: %s: %s",
                   follower->config->source,
                   letter == TR_FOLLOW_CHANGED ? "changed" : "up to date");
        snprintf(follower->state, sizeof(follower->state), "up to date");
        follower->confirmed = tr_boottime();
    }
    follower->letter = letter;
    follower->changed(follower->arg);
}

static void
on_packet(evutil_socket_t fd, short what, void *arg)
{
    struct tr_follower *follower = arg;
    char packet[TR_FOLLOW_PACKET + 1];        /* letter, text, NUL */
    ssize_t length;

    length = recv(fd, packet, TR_FOLLOW_PACKET, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (length <= 0) {
        /* Its end is told by SIGCHLD. */
        hang_up(follower);
        return;
    }
    packet[length] = '\0';
    take_packet(follower, packet[0], packet + 1);
}

static krb5_error_code
start_program(struct tr_follower *follower)
{
    char *argv[] = {
        (char *)"trustrealmd: follower", (char *)"-F",
        follower->config->path, NULL
    };
    char ccache[4096 + 32];
    const char *changes[] = {
        /* Its SASL must not pass through the mechanism. */
        "GSS_MECH_CONFIG=/dev/null", ccache, "KRB5_KTNAME=FILE:/dev/null",
        "KRB5_CLIENT_KTNAME=FILE:/dev/null", NULL
    };
    struct tr_child_options options = {
        .path = follower->program, .argv = argv, .as = TR_FOLLOW_FD,
        .keep_stderr = true, .ended = on_end, .arg = follower
    };
    char **environment;
    krb5_error_code ret;
    int fds[2];

    snprintf(ccache, sizeof(ccache), "KRB5CCNAME=FILE:%s", follower->ccache);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
        return errno;
    environment = tr_environment_with(changes);
    options.environment = environment;
    options.fd = fds[1];
    ret = environment == NULL ? ENOMEM :
        tr_child_start(follower->children, &options, &follower->child);
    close(fds[1]);
    free(environment);
    if (ret) {
        close(fds[0]);
        return ret;
    }
    follower->fd = fds[0];
    follower->readable = event_new(follower->base, fds[0],
                                   EV_READ | EV_PERSIST, on_packet, follower);
    if (follower->readable == NULL || event_add(follower->readable, NULL) != 0)
        return ENOMEM;
    return 0;
}

static void
on_restart(evutil_socket_t fd, short what, void *arg)
{
    struct tr_follower *follower = arg;
    krb5_error_code ret;

    follower->started = tr_boottime();
    ret = tr_keys_export_tickets(follower->keys,
                                 (const char *const *)follower->servers,
                                 follower->ccache);
    if (ret == 0)
        ret = start_program(follower);
    if (ret == 0)
        return;
    snprintf(follower->state, sizeof(follower->state),
             "cannot start the follower: %s", error_message(ret));
    tr_log(follower->audit, LOG_ERR, "table: %s", follower->state);
    tr_child_kill(follower->child);
    follower->child = NULL;
    hang_up(follower);
    start_again(follower);
    follower->changed(follower->arg);
}

/* Those of the source, and nothing else, are what it gets tickets for. */
static krb5_error_code
name_servers(struct tr_follower *follower)
{
    char *uris[TR_MAX_URIS];
    LDAPURLDesc *url = NULL;
    krb5_error_code ret;
    size_t i;

    ret = tr_text_words(follower->config->source, 1, TR_MAX_URIS, uris);
    for (i = 0; ret == 0 && i < TR_MAX_URIS && uris[i] != NULL; i++) {
        if (ldap_url_parse(uris[i], &url) != LDAP_URL_SUCCESS ||
            url->lud_host == NULL || *url->lud_host == '\0') {
            ret = TRR_CONFIG;
        } else if (asprintf(&follower->servers[i], "ldap/%s",
                            url->lud_host) < 0) {
            follower->servers[i] = NULL;
            ret = ENOMEM;
        }
        ldap_free_urldesc(url);
        url = NULL;
    }
    tr_text_free_words(uris, TR_MAX_URIS);
    return ret;
}

krb5_error_code
tr_follower_create(const struct tr_config *config, const char *program,
                   struct event_base *base, struct tr_children *children,
                   struct tr_keys *keys, struct tr_audit *audit,
                   void (*changed)(void *arg), void *arg,
                   struct tr_follower **follower_out)
{
    struct tr_follower *follower;
    krb5_error_code ret = ENOMEM;

    *follower_out = NULL;
    follower = calloc(1, sizeof(*follower));
    if (follower == NULL)
        return ENOMEM;
    follower->config = config;
    follower->program = program;
    follower->base = base;
    follower->children = children;
    follower->keys = keys;
    follower->audit = audit;
    follower->changed = changed;
    follower->arg = arg;
    follower->fd = -1;
    follower->retry = config->retry;
    follower->confirmed = tr_boottime();
    snprintf(follower->state, sizeof(follower->state), "starting");
    if (asprintf(&follower->ccache, "%s/" CCACHE_NAME,
                 config->state_directory) < 0)
        follower->ccache = NULL;
    follower->restart = evtimer_new(base, on_restart, follower);
    if (follower->ccache == NULL || follower->restart == NULL)
        goto cleanup;
    ret = 0;
    if (tr_config_file(config) == NULL && strcmp(config->bind, "gssapi") == 0)
        ret = name_servers(follower);
    if (ret)
        goto cleanup;
    *follower_out = follower;
    return 0;

cleanup:
    tr_follower_free(follower);
    return ret;
}

void
tr_follower_start(struct tr_follower *follower)
{
    static const struct timeval now = { 0, 0 };

    event_add(follower->restart, &now);
}

void
tr_follower_free(struct tr_follower *follower)
{
    size_t i;

    if (follower == NULL)
        return;
    hang_up(follower);
    tr_child_kill(follower->child);
    if (follower->restart != NULL)
        event_free(follower->restart);
    for (i = 0; i < TR_MAX_URIS; i++)
        free(follower->servers[i]);
    free(follower->ccache);
    free(follower);
}
