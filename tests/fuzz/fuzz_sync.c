/* tests/fuzz/fuzz_sync.c - what a directory server answers, to the table */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <openldap.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "fuzz.h"
#include "source_connect.h"
#include "source_replica.h"
#include "table.h"

/* There in a program with a leak checker. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

static void
on_event(enum tr_source_event event, const char *text, void *arg)
{
    PROMISE(event == TR_SOURCE_CHANGED || event == TR_SOURCE_FRESH);
}

static void
on_bad(const char *dn, const char *why, void *arg)
{
    PROMISE(dn != NULL && why != NULL);
}

static const struct tr_source_callbacks callbacks = { on_event, on_bad, NULL };

static void
check(const struct tr_message *message)
{
    const struct berval *uuid;

    if (message->kind == TR_MESSAGE_ENTRY) {
        PROMISE(message->dn != NULL && message->uuid.bv_val != NULL);
        PROMISE(message->uuid.bv_len == TR_UUID_LENGTH);
        PROMISE(message->state >= LDAP_SYNC_PRESENT &&
                message->state <= LDAP_SYNC_DELETE);
        PROMISE(message->values.nattributes == 0 ||
                message->state == LDAP_SYNC_ADD ||
                message->state == LDAP_SYNC_MODIFY);
    }
    for (uuid = message->uuids; uuid != NULL && uuid->bv_val != NULL; uuid++)
        PROMISE(uuid->bv_len == TR_UUID_LENGTH);
}

static krb5_error_code
take(LDAP *ld, LDAPMessage *raw, struct tr_replica *replica)
{
    static const struct tr_message nothing;
    struct tr_message message;
    krb5_error_code ret;
    char *why = NULL;

    ret = tr_message_parse(ld, raw, &message);
    if (ret != 0) {
        PROMISE(memcmp(&message, &nothing, sizeof(message)) == 0);
        return ret;
    }
    check(&message);
    ret = tr_replica_take(replica, &message, &why);
    PROMISE((ret == 0) == (why == NULL));
    tr_message_clear(&message);
    free(why);
    return ret;
}

/* A connection on which a server has said octets and no more. */
static bool
make_connection(int fds[2], const uint8_t *octets, size_t length)
{
    PROMISE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    return send(fds[1], octets, length, 0) == (ssize_t)length &&
        shutdown(fds[1], SHUT_WR) == 0;
}

/* libldap loses what belongs to a request that is answered by nonsense, and
 * the text of a notification: that is not ours. */
static void
look_for_leaks(bool on)
{
    if (on && __lsan_enable != NULL)
        __lsan_enable();
    else if (!on && __lsan_disable != NULL)
        __lsan_disable();
}

static LDAPMessage *
receive(LDAP *ld)
{
    struct timeval no_time = { 0, 0 };
    LDAPMessage *raw = NULL;
    int type;

    look_for_leaks(false);
    type = ldap_result(ld, LDAP_RES_ANY, LDAP_MSG_ONE, &no_time, &raw);
    look_for_leaks(true);
    return type > 0 ? raw : NULL;
}

static void
follow(LDAP *ld, struct tr_replica *replica, const char *base)
{
    struct berval cookie;
    LDAPMessage *raw;
    char *why = NULL;
    int version = LDAP_VERSION3, id;

    (void)ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
    (void)ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
    PROMISE(tr_replica_start(replica, &cookie) == 0);
    look_for_leaks(false);
    PROMISE(tr_message_search(ld, base, &cookie, &id) == 0);
    look_for_leaks(true);
    free(cookie.bv_val);
    while ((raw = receive(ld)) != NULL) {
        if (ldap_msgid(raw) == id && take(ld, raw, replica) != 0)
            break;
        ldap_msgfree(raw);
    }
    ldap_msgfree(raw);
    (void)tr_replica_pause(replica, &why);
    free(why);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length)
{
    /* Another base than before, so that the table counts as empty. */
    static unsigned int number;
    struct tr_replica *replica;
    LDAP *ld = NULL;
    char base[32];
    int fds[2];

    if (make_connection(fds, octets, length)) {
        snprintf(base, sizeof(base), "dc=%u", number++ % 2);
        PROMISE(ldap_init_fd(fds[0], LDAP_PROTO_TCP, NULL, &ld) ==
                LDAP_SUCCESS);
        tr_connect_bound(ld);
        PROMISE(tr_replica_create(fuzz_table(), base, "ldap://fuzz",
                                  &callbacks, &replica) == 0);
        follow(ld, replica, base);
        tr_replica_free(replica);
        (void)ldap_unbind_ext(ld, NULL, NULL);
        fuzz_check_table();
    } else {
        close(fds[0]);
    }
    close(fds[1]);
    return 0;
}
