/* mech/service/follower.c - the process that keeps the table up to date */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include "follow.h"
#include "source.h"
#include "trustrealm_err.h"

#define LOOK_MS 250             /* between looks at a file */

static void
say(char letter, const char *text)
{
    char packet[TR_FOLLOW_PACKET];
    int length;

    length = snprintf(packet, sizeof(packet), "%c%s", letter,
                      text != NULL ? text : "");
    if (length < 0)
        return;
    if ((size_t)length >= sizeof(packet))
        length = sizeof(packet) - 1;
    /* If the daemon is gone, poll() on this socket tells. */
    (void)send(TR_FOLLOW_FD, packet, (size_t)length, MSG_NOSIGNAL);
}

static void
on_event(enum tr_source_event event, const char *text, void *arg)
{
    say(event == TR_SOURCE_CHANGED ? TR_FOLLOW_CHANGED :
        event == TR_SOURCE_FRESH ? TR_FOLLOW_FRESH : TR_FOLLOW_AWAY, text);
}

static void
on_bad(const char *dn, const char *why, void *arg)
{
    char text[TR_FOLLOW_PACKET];

    snprintf(text, sizeof(text), "%s: %s", dn, why);
    say(TR_FOLLOW_BAD, text);
}

/* "simple:DN:FILE", or the method alone; malloced. */
static char *
bind_of(const struct tr_config *config)
{
    char *bind;

    if (strcmp(config->bind, "simple") != 0)
        return strdup(config->bind);
    if (asprintf(&bind, "simple:%s:%s", config->bind_dn,
                 config->password_file) < 0)
        return NULL;
    return bind;
}

static krb5_error_code
follow_ldap(const struct tr_config *config, struct tr_table *table,
            const struct tr_source_callbacks *callbacks)
{
    struct tr_ldap_options options = {
        .uri = config->source, .base = config->base,
        .ca_file = config->ca_file, .starttls = config->starttls,
        .minimum_ssf = (int)config->minimum_ssf,
        .heartbeat_s = (int)config->heartbeat, .timeout_s = TR_FOLLOW_TIMEOUT_S
    };
    krb5_error_code ret;
    char *bind;

    bind = bind_of(config);
    if (bind == NULL)
        return ENOMEM;
    options.bind = bind;
    ret = tr_source_follow_ldap(table, &options, callbacks, TR_FOLLOW_FD);
    free(bind);
    return ret;
}

static krb5_error_code
follow_file(const struct tr_config *config, struct tr_table *table,
            const struct tr_source_callbacks *callbacks)
{
    const struct rlimit memory = { TR_SNAPSHOT_MEMORY, TR_SNAPSHOT_MEMORY };
    struct pollfd daemon = { .fd = TR_FOLLOW_FD, .events = POLLIN };
    struct tr_ldif *ldif;
    krb5_error_code ret;

    if (tr_config_signed(config) && setrlimit(RLIMIT_DATA, &memory) != 0)
        return errno;
    ret = tr_ldif_create(config, table, callbacks, &ldif);
    if (ret)
        return ret;
    while (poll(&daemon, 1, LOOK_MS) <= 0)
        tr_ldif_look(ldif);
    tr_ldif_free(ldif);
    return 0;
}

static krb5_error_code
follow(const struct tr_config *config)
{
    static const struct tr_source_callbacks callbacks = {
        .event = on_event, .bad = on_bad
    };
    struct tr_table *table = NULL;
    char *path, *why = NULL;
    krb5_error_code ret;

    path = tr_table_path(config);
    if (path == NULL)
        return ENOMEM;
    ret = tr_table_open(path, TR_TABLE_WRITE, 0, &table, &why);
    if (ret == 0)
        tr_table_guard(path);
    if (ret == 0 && tr_table_discarded(table))
        say(TR_FOLLOW_AWAY, "the table was of another format and has been "
            "discarded: all of it is asked for anew");
    if (ret == 0 && tr_config_file(config) != NULL)
        ret = follow_file(config, table, &callbacks);
    else if (ret == 0)
        ret = follow_ldap(config, table, &callbacks);
    if (ret)
        say(TR_FOLLOW_AWAY, why != NULL ? why : error_message(ret));
    tr_table_close(table);
    free(path);
    free(why);
    return ret;
}

int
tr_follow_main(const char *config_path)
{
    struct tr_config *config = NULL;
    char *why = NULL;
    int type, status = 1;
    socklen_t length = sizeof(type);

    if (getsockopt(TR_FOLLOW_FD, SOL_SOCKET, SO_TYPE, &type, &length) != 0 ||
        type != SOCK_SEQPACKET) {
        fprintf(stderr, "trustrealmd: -F is for trustrealmd itself\n");
        return 2;
    }
    /* Should the daemon die without closing its end, that is noticed too. */
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    initialize_trr_error_table();
    if (tr_config_load(config_path, NULL, &config, &why) != 0)
        say(TR_FOLLOW_AWAY, why != NULL ? why : "out of memory");
    else if (follow(config) == 0)
        status = 0;
    tr_config_free(config);
    free(why);
    return status;
}
