/* tests/unit/test_server.c - connections: who is heard, and how much */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The server runs in this process, its handlers are this file's: the ones of
 * the service are not linked.  A test sends, turns the loop, receives.
 */

#include "config_text.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "daemon.h"
#include "trustrealm_err.h"

static struct {
    char directory[64];
    struct tr_service service;
    struct tr_children children;
    struct tr_server *server;
    struct tr_request *waiting; /* of the last tr_handle_seal() */
    uid_t uid;                  /* of the last request */
} world;

/* --- handlers ------------------------------------------------------------ */

void
tr_handle_prepare(struct tr_request *request)
{
    struct tr_reply reply = { .type = TR_REPLY_PREPARED };

    world.uid = request->caller.uid;
    reply.u.prepared.flags = request->call.u.prepare.flags;
    tr_request_reply(request, &reply, false);
}

void
tr_handle_seal(struct tr_request *request)
{
    world.waiting = request;
}

void
tr_handle_accept(struct tr_request *request)
{
    struct tr_reply reply = { .type = TR_REPLY_ESTABLISHED };

    tr_request_reply(request, &reply, true);
}

void
tr_handle_judge(struct tr_request *request)
{
    struct tr_audit_record record = {
        .event = "judge", .code = TRR_STALE, .correlation = "abc",
        .table_age = -1
    };

    tr_request_refuse(request, &record);
}

static void
never(struct tr_request *request)
{
    fail_msg("call %d was not made", (int)request->call.type);
}

void tr_handle_accepted(struct tr_request *request) { never(request); }
void tr_handle_issue(struct tr_request *request) { never(request); }
void tr_handle_check(struct tr_request *request) { never(request); }
void tr_handle_status(struct tr_request *request) { never(request); }

/* --- the world ----------------------------------------------------------- */

static int
set_up(void **state)
{
    char text[512];

    memset(&world, 0, sizeof(world));
    snprintf(world.directory, sizeof(world.directory),
             "/tmp/trustrealm-test.XXXXXX");
    assert_non_null(mkdtemp(world.directory));
    assert_int_equal(chmod(world.directory, 0711), 0);
    snprintf(text, sizeof(text), "[system]\nname = alpha.example.com\n"
             "socket = %s/socket\n[labels]\nlevels = low\n"
             "[rules]\nknown = {\nuid = 0-20000 %lu\nlowest = low\n"
             "highest = low\nlabel = low\n}\n[policy]\nrules = known\n"
             "[audit]\ntarget = file:%s/audit\n", world.directory,
             (unsigned long)geteuid(), world.directory);
    world.service.config = load_good(text);
    world.service.base = event_base_new();
    assert_int_equal(tr_audit_open(world.service.config,
                                   &world.service.audit), 0);
    assert_int_equal(tr_tcb_create(world.service.config, &world.service.tcb),
                     0);
    assert_int_equal(tr_shared_page_create(&world.service.page), 0);
    assert_int_equal(tr_server_create(&world.service, &world.children,
                                      &world.server), 0);
    assert_int_equal(tr_server_start(world.server), 0);
    return 0;
}

static int
tear_down(void **state)
{
    char path[128];

    tr_server_free(world.server);
    tr_children_end(&world.children);
    tr_shared_page_free(world.service.page);
    tr_audit_close(world.service.audit);
    event_base_free(world.service.base);
    /* The socket goes with the server. */
    assert_int_equal(access(world.service.config->socket, F_OK), -1);
    tr_tcb_free(world.service.tcb);
    tr_config_free(world.service.config);
    snprintf(path, sizeof(path), "%s/audit", world.directory);
    unlink(path);
    assert_int_equal(rmdir(world.directory), 0);
    return 0;
}

static void
turn(void)
{
    int i;

    for (i = 0; i < 5; i++)
        event_base_loop(world.service.base, EVLOOP_NONBLOCK);
}

static int
connect_to(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket",
             world.directory);
    assert_int_equal(connect(fd, (struct sockaddr *)&address,
                             sizeof(address)), 0);
    return fd;
}

static void
send_call(int fd, enum tr_call_type type)
{
    struct tr_call call = { .type = type };
    uint8_t *octets;
    size_t length;

    call.u.prepare.flags = type == TR_CALL_PREPARE ? 5 : 0;
    assert_int_equal(tr_wire_encode(TR_WIRE_CALL, &call, &octets, &length),
                     0);
    assert_int_equal(send(fd, octets, length, MSG_NOSIGNAL), length);
    free(octets);
}

/* free with tr_wire_free(); *passed (may be NULL) is a descriptor or -1. */
static void
receive_reply(int fd, struct tr_reply *reply, int *passed)
{
    static uint8_t octets[TR_MAX_CALL];
    union {
        char octets[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec iov = { octets, sizeof(octets) };
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1,
        .msg_control = &control, .msg_controllen = sizeof(control)
    };
    ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (length <= 0)
        fail_msg("no reply: %s", length == 0 ? "closed" : strerror(errno));
    assert_int_equal(tr_wire_decode(TR_WIRE_REPLY, octets, (size_t)length,
                                    reply), 0);
    if (passed == NULL)
        return;
    *passed = -1;
    if (CMSG_FIRSTHDR(&message) != NULL)
        memcpy(passed, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
}

static enum tr_reply_type
ask(int fd, enum tr_call_type type)
{
    struct tr_reply reply;
    enum tr_reply_type answer;

    send_call(fd, type);
    turn();
    receive_reply(fd, &reply, NULL);
    answer = reply.type;
    tr_wire_free(TR_WIRE_REPLY, &reply);
    return answer;
}

static bool
is_closed(int fd)
{
    char octet;

    return recv(fd, &octet, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET;
}

/* It was told why, and that was the end. */
static void
expect_the_end(int fd, uint32_t code)
{
    struct tr_reply reply;

    receive_reply(fd, &reply, NULL);
    assert_int_equal(reply.type, TR_REPLY_REFUSED);
    assert_int_equal(reply.u.refused.code, code);
    tr_wire_free(TR_WIRE_REPLY, &reply);
    assert_true(is_closed(fd));
    close(fd);
}

static bool
is_quiet(int fd)
{
    char octet;

    return recv(fd, &octet, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* Of another user, when root runs this; the server will think so too. */
static int
connect_as(uid_t uid)
{
    uid_t own = geteuid();
    int fd;

    if (own == 0)
        assert_int_equal(seteuid(uid), 0);
    fd = connect_to();
    assert_int_equal(seteuid(own), 0);
    /* What the change took away, and LeakSanitizer needs. */
    assert_int_equal(prctl(PR_SET_DUMPABLE, 1), 0);
    return fd;
}

/* As send_call(), with SCM_CREDENTIALS that say uid. */
static void
send_call_as(int fd, enum tr_call_type type, uid_t uid)
{
    struct tr_call call = { .type = type };
    struct ucred cred = { getpid(), uid, getegid() };
    union {
        char octets[CMSG_SPACE(sizeof(cred))];
        struct cmsghdr align;
    } control = { { 0 } };
    struct iovec iov;
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1,
        .msg_control = &control, .msg_controllen = sizeof(control)
    };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    uint8_t *octets;

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_CREDENTIALS;
    header->cmsg_len = CMSG_LEN(sizeof(cred));
    memcpy(CMSG_DATA(header), &cred, sizeof(cred));
    assert_int_equal(tr_wire_encode(TR_WIRE_CALL, &call, &octets,
                                    &iov.iov_len), 0);
    iov.iov_base = octets;
    assert_int_equal(sendmsg(fd, &message, MSG_NOSIGNAL), iov.iov_len);
    free(octets);
}

/* --- tests --------------------------------------------------------------- */

static void
many_calls_on_one_connection(void **state)
{
    int fd = connect_to(), i;

    for (i = 0; i < 100; i++)
        assert_int_equal(ask(fd, TR_CALL_PREPARE), TR_REPLY_PREPARED);
    assert_int_equal(world.uid, geteuid());
    assert_int_equal(tr_server_connections(world.server), 1);
    close(fd);
    turn();
    assert_int_equal(tr_server_connections(world.server), 0);
}

static void
everybody_may_connect(void **state)
{
    struct stat st;

    assert_int_equal(stat(world.service.config->socket, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0666);
}

/* What came with an Established, or -1. */
static int
be_established(int fd)
{
    struct tr_reply reply;
    int passed;

    send_call(fd, TR_CALL_ACCEPT);
    turn();
    receive_reply(fd, &reply, &passed);
    assert_int_equal(reply.type, TR_REPLY_ESTABLISHED);
    tr_wire_free(TR_WIRE_REPLY, &reply);
    return passed;
}

static void
the_page_travels_once_with_each_connection(void **state)
{
    int fds[2], passed, i;
    struct stat a, b;

    assert_int_equal(fstat(tr_shared_page_fd(world.service.page), &b), 0);
    for (i = 0; i < 2; i++) {
        fds[i] = connect_to();
        assert_int_equal(ask(fds[i], TR_CALL_PREPARE), TR_REPLY_PREPARED);
        passed = be_established(fds[i]);
        assert_true(passed >= 0);
        assert_int_equal(fstat(passed, &a), 0);
        assert_true(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
        close(passed);
        assert_int_equal(be_established(fds[i]), -1);
    }
    close(fds[0]);
    close(fds[1]);
}

static void
a_refusal_says_code_and_correlation(void **state)
{
    int fd = connect_to();
    struct tr_reply reply;

    send_call(fd, TR_CALL_JUDGE);
    turn();
    receive_reply(fd, &reply, NULL);
    assert_int_equal(reply.type, TR_REPLY_REFUSED);
    assert_int_equal(reply.u.refused.code, TRR_STALE);
    assert_string_equal(reply.u.refused.text,
                        "The trust realm table is older than allowed");
    assert_string_equal(reply.u.refused.correlation, "abc");
    tr_wire_free(TR_WIRE_REPLY, &reply);
    close(fd);
}

static void
garbage_is_refused_and_the_end(void **state)
{
    int fd = connect_to();

    assert_int_equal(send(fd, "\x30\x80garbage", 9, 0), 9);
    turn();
    expect_the_end(fd, TRR_MALFORMED);
}

static void
a_packet_too_long_is_dropped(void **state)
{
    int fd = connect_to(), size = 1 << 20;
    char *packet = calloc(1, TR_MAX_CALL + 1);

    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    assert_int_equal(send(fd, packet, TR_MAX_CALL + 1, 0), TR_MAX_CALL + 1);
    turn();
    expect_the_end(fd, TRR_TOO_LONG);
    free(packet);
}

static void
a_socket_shared_over_fork_is_dropped(void **state)
{
    int fd = connect_to(), status;
    pid_t child;

    assert_int_equal(ask(fd, TR_CALL_PREPARE), TR_REPLY_PREPARED);
    child = fork();
    if (child == 0) {
        send_call(fd, TR_CALL_PREPARE);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    turn();
    expect_the_end(fd, TRR_CALLER);
}

/* Root may claim other ids in SCM_CREDENTIALS; it is not believed. */
static void
credentials_of_others_are_dropped(void **state)
{
    int fd = connect_to();

    if (geteuid() != 0) {
        close(fd);
        skip();
    }
    send_call_as(fd, TR_CALL_PREPARE, 1);
    turn();
    expect_the_end(fd, TRR_CALLER);
}

/* A setuid program: the real uid differs, the effective one is attached. */
static void
the_effective_uid_counts(void **state)
{
    struct tr_reply reply;
    int fd;

    if (geteuid() != 0)
        skip();
    fd = connect_as(12345);
    send_call_as(fd, TR_CALL_PREPARE, 12345);
    turn();
    receive_reply(fd, &reply, NULL);
    assert_int_equal(reply.type, TR_REPLY_PREPARED);
    tr_wire_free(TR_WIRE_REPLY, &reply);
    assert_int_equal(world.uid, 12345);
    close(fd);
}

static int
count_descriptors(void)
{
    int fd, n = 0;

    for (fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void
descriptors_sent_along_do_not_stay(void **state)
{
    int fds[64], i, before, fd;
    union {
        char octets[CMSG_SPACE(sizeof(fds))];
        struct cmsghdr align;
    } control = { { 0 } };
    struct iovec iov = { (void *)"x", 1 };
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1,
        .msg_control = &control, .msg_controllen = sizeof(control)
    };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    for (i = 0; i < 64; i++)
        fds[i] = STDERR_FILENO;
    fd = connect_to();
    before = count_descriptors();
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(fds));
    memcpy(CMSG_DATA(header), fds, sizeof(fds));
    assert_int_equal(sendmsg(fd, &message, 0), 1);
    turn();
    while (count_descriptors() != before)
        event_base_loop(world.service.base, EVLOOP_ONCE);
    expect_the_end(fd, TRR_CALLER);
}

/* Nobody waits for a call that waits. */
static void
others_are_served_while_one_waits(void **state)
{
    int slow = connect_to(), quick = connect_to();
    struct tr_reply reply = { .type = TR_REPLY_SEALED };

    send_call(slow, TR_CALL_SEAL);
    turn();
    assert_non_null(world.waiting);
    assert_int_equal(tr_server_requests(world.server), 1);
    assert_int_equal(ask(quick, TR_CALL_PREPARE), TR_REPLY_PREPARED);
    assert_true(is_quiet(slow));
    tr_request_reply(world.waiting, &reply, false);
    receive_reply(slow, &reply, NULL);
    assert_int_equal(reply.type, TR_REPLY_SEALED);
    tr_wire_free(TR_WIRE_REPLY, &reply);
    assert_int_equal(tr_server_requests(world.server), 0);
    assert_int_equal(ask(slow, TR_CALL_PREPARE), TR_REPLY_PREPARED);
    close(slow);
    close(quick);
}

static void
a_second_call_out_of_turn_ends_it(void **state)
{
    struct tr_reply reply = { .type = TR_REPLY_SEALED };
    int fd = connect_to();

    send_call(fd, TR_CALL_SEAL);
    turn();
    send_call(fd, TR_CALL_PREPARE);
    turn();
    assert_true(is_closed(fd));
    /* The answer comes all the same; nobody gets it. */
    assert_int_equal(tr_server_connections(world.server), 1);
    tr_request_reply(world.waiting, &reply, false);
    assert_int_equal(tr_server_connections(world.server), 0);
    close(fd);
}

static void
a_client_may_leave_while_it_waits(void **state)
{
    struct tr_audit_record record = {
        .event = "seal", .code = TRR_NO_KDC, .table_age = -1
    };
    int fd = connect_to();

    send_call(fd, TR_CALL_SEAL);
    turn();
    close(fd);
    turn();
    assert_int_equal(tr_server_connections(world.server), 1);
    tr_request_refuse(world.waiting, &record);
    assert_int_equal(tr_server_connections(world.server), 0);
}

/* Of all connections, or of the time in which they should end. */
static void
wait_for_the_end(void)
{
    struct timeval limit = { TR_IDLE_CONNECTION_S + 2, 0 };

    event_base_loopexit(world.service.base, &limit);
    while (tr_server_connections(world.server) > 0 &&
           event_base_loop(world.service.base, EVLOOP_ONCE) == 0 &&
           !event_base_got_exit(world.service.base))
        continue;
}

/* More than one user may have. */
#define TOO_MANY 300

/* It does not make room for another that he does not take. */
static void
a_page_that_is_not_taken_counts(void **state)
{
    uid_t user = geteuid() == 0 ? 12345 : geteuid();
    int fds[TOO_MANY], passed, i, n = 0;
    struct tr_reply reply;

    for (i = 0; i < TOO_MANY; i++) {
        fds[i] = connect_as(user);
        send_call_as(fds[i], TR_CALL_ACCEPT, user);
        turn();
    }
    for (i = 0; i < TOO_MANY; i++) {
        receive_reply(fds[i], &reply, &passed);
        assert_int_equal(passed >= 0, reply.type == TR_REPLY_ESTABLISHED);
        assert_true(n == i || passed < 0);
        n += passed >= 0;
        tr_wire_free(TR_WIRE_REPLY, &reply);
        if (passed >= 0)
            close(passed);
        assert_true(is_closed(fds[i]));
        close(fds[i]);
    }
    assert_int_equal(n, tr_server_connections(world.server));
    assert_true(n < TOO_MANY);
    wait_for_the_end();
    assert_int_equal(tr_server_connections(world.server), 0);
}

/* Answers to someone who does not read them are not kept. */
static void
who_does_not_read_is_dropped(void **state)
{
    int fd = connect_to(), i, size = 2048;

    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    for (i = 0; i < 2000; i++) {
        struct tr_call call = { .type = TR_CALL_PREPARE };
        uint8_t *octets;
        size_t length;
        ssize_t sent;

        assert_int_equal(tr_wire_encode(TR_WIRE_CALL, &call, &octets,
                                        &length), 0);
        sent = send(fd, octets, length, MSG_NOSIGNAL);
        free(octets);
        if (sent < 0)
            break;
        turn();
    }
    assert_true(i < 2000);
    assert_int_equal(tr_server_connections(world.server), 0);
    close(fd);
}

static void
an_idle_connection_is_closed(void **state)
{
    int fd = connect_to();

    assert_int_equal(ask(fd, TR_CALL_PREPARE), TR_REPLY_PREPARED);
    wait_for_the_end();
    assert_true(is_closed(fd));
    close(fd);
}

static void
one_user_cannot_have_all_requests(void **state)
{
    static struct tr_request *waiting[TR_MAX_REQUESTS_OF_USER];
    int fds[TR_MAX_REQUESTS_OF_USER + 1], i;
    struct tr_reply reply = { .type = TR_REPLY_SEALED };
    struct tr_reply answer;
    uid_t user = geteuid() == 0 ? 12345 : geteuid();

    for (i = 0; i <= TR_MAX_REQUESTS_OF_USER; i++) {
        fds[i] = connect_as(user);
        send_call_as(fds[i], TR_CALL_SEAL, user);
        turn();
        if (i == TR_MAX_REQUESTS_OF_USER)
            break;
        assert_true(is_quiet(fds[i]));
        waiting[i] = world.waiting;
    }
    assert_true(is_quiet(fds[0]));
    receive_reply(fds[i], &answer, NULL);
    assert_int_equal(answer.type, TR_REPLY_REFUSED);
    assert_int_equal(answer.u.refused.code, TRR_DAEMON_BUSY);
    tr_wire_free(TR_WIRE_REPLY, &answer);
    for (i = 0; i < TR_MAX_REQUESTS_OF_USER; i++)
        tr_request_reply(waiting[i], &reply, false);
    for (i = 0; i <= TR_MAX_REQUESTS_OF_USER; i++)
        close(fds[i]);
}

static void
quotas_keep_room_for_others(void **state)
{
    static struct tr_share shares[400];
    struct tr_quotas *quotas;
    size_t n = 0, i;

    assert_int_equal(tr_quotas_create(400, &quotas), 0);
    while (tr_quota_connect(quotas, 1000, &shares[n]) == 0)
        n++;
    assert_int_equal(n, 100);
    for (i = 0; i < 3; i++) {
        while (tr_quota_connect(quotas, 1001 + (uid_t)i, &shares[n]) == 0)
            n++;
    }
    /* All that is left is root's. */
    assert_int_equal(n, 400 - TR_CONNECTIONS_FOR_ROOT);
    assert_int_equal(tr_quota_connect(quotas, 2000, &shares[n]),
                     TRR_DAEMON_BUSY);
    while (n < 400 && tr_quota_connect(quotas, 0, &shares[n]) == 0)
        n++;
    assert_int_equal(n, 400);
    tr_quota_disconnect(quotas, &shares[--n]);
    assert_int_equal(tr_quota_connect(quotas, 0, &shares[n++]), 0);
    while (n > 0)
        tr_quota_disconnect(quotas, &shares[--n]);
    tr_quotas_free(quotas);
}

/* Of a user who has enough his own, else anybody's. */
static void
the_idlest_has_to_go(void **state)
{
    static struct tr_share first[100], others[300], one;
    struct tr_quotas *quotas;
    size_t n = 0, i;

    assert_int_equal(tr_quotas_create(400, &quotas), 0);
    assert_null(tr_quota_idlest(quotas, 1000));
    assert_int_equal(tr_quota_connect(quotas, 1001, &one), 0);
    for (i = 0; i < 100; i++)
        assert_int_equal(tr_quota_connect(quotas, 1000, &first[i]), 0);
    assert_ptr_equal(tr_quota_idlest(quotas, 1000), &first[0]);
    assert_true(tr_quota_begin(quotas, &first[0]));
    assert_ptr_equal(tr_quota_idlest(quotas, 1000), &first[1]);
    tr_quota_end(quotas, &first[0]);
    assert_ptr_equal(tr_quota_idlest(quotas, 1000), &first[1]);
    for (i = 0; i < 3; i++) {
        while (tr_quota_connect(quotas, 2000 + (uid_t)i, &others[n]) == 0)
            n++;
    }
    assert_ptr_equal(tr_quota_idlest(quotas, 3000), &one);
    assert_true(tr_quota_begin(quotas, &one));
    assert_ptr_equal(tr_quota_idlest(quotas, 3000), &first[1]);
    tr_quota_end(quotas, &one);
    tr_quota_disconnect(quotas, &one);
    while (n > 0)
        tr_quota_disconnect(quotas, &others[--n]);
    for (i = 0; i < 100; i++)
        tr_quota_disconnect(quotas, &first[i]);
    tr_quotas_free(quotas);
}

static void
idle_connections_make_room(void **state)
{
    int fds[TOO_MANY], i, closed = 0;
    uid_t user = geteuid() == 0 ? 12345 : geteuid();
    struct tr_reply reply;
    size_t most;

    for (i = 0; i < TOO_MANY; i++) {
        fds[i] = connect_as(user);
        turn();
        /* The first one is never idle for long. */
        send_call_as(fds[0], TR_CALL_PREPARE, user);
        turn();
        receive_reply(fds[0], &reply, NULL);
        assert_int_equal(reply.type, TR_REPLY_PREPARED);
        tr_wire_free(TR_WIRE_REPLY, &reply);
    }
    most = tr_server_connections(world.server);
    assert_true(most < TOO_MANY);
    assert_true(is_quiet(fds[0]));
    for (i = 1; i < TOO_MANY; i++) {
        closed += is_closed(fds[i]);
        assert_int_equal(closed < i, (size_t)i > TOO_MANY - most);
        close(fds[i]);
    }
    close(fds[0]);
}

static size_t
turns_of(struct tr_quotas *quotas, struct tr_share *share)
{
    size_t n = 0;

    while (n < 10000 && tr_quota_turn(quotas, share))
        n++;
    return n;
}

static void
users_have_as_many_turns_as_each_other(void **state)
{
    static struct tr_share shares[4];
    struct tr_quotas *quotas;
    size_t all;
    uid_t i;

    assert_int_equal(tr_quotas_create(400, &quotas), 0);
    for (i = 0; i < 4; i++)
        assert_int_equal(tr_quota_connect(quotas, i, &shares[i]), 0);
    all = turns_of(quotas, &shares[1]);
    assert_in_range(all, 4, 9999);
    assert_false(tr_quota_turn(quotas, &shares[1]));
    assert_true(tr_quota_turn(quotas, &shares[2]));
    tr_quota_next_round(quotas);
    /* Two asked, so each may ask half as much. */
    assert_int_equal(turns_of(quotas, &shares[1]), all / 2);
    assert_int_equal(turns_of(quotas, &shares[2]), all / 2);
    assert_int_equal(turns_of(quotas, &shares[3]), all / 2);
    assert_int_equal(turns_of(quotas, &shares[0]), 10000);
    tr_quota_next_round(quotas);
    assert_int_equal(turns_of(quotas, &shares[3]), all / 4);
    tr_quota_next_round(quotas);
    tr_quota_next_round(quotas);
    assert_int_equal(turns_of(quotas, &shares[3]), all);
    for (i = 0; i < 4; i++)
        tr_quota_disconnect(quotas, &shares[i]);
    tr_quotas_free(quotas);
}

/* More than he has turns in a round. */
#define MANY 200

static void
who_asks_much_at_once_waits_for_his_next_turn(void **state)
{
    int fds[MANY], i;

    for (i = 0; i < MANY; i++) {
        fds[i] = connect_to();
        send_call(fds[i], TR_CALL_PREPARE);
    }
    turn();
    for (i = 0; i < MANY; i++) {
        assert_false(is_quiet(fds[i]));
        close(fds[i]);
    }
}

static void
users_without_a_label_are_counted_as_one(void **state)
{
    int fds[TOO_MANY], known, i;

    if (geteuid() != 0)
        skip();
    known = connect_as(12345);
    for (i = 0; i < TOO_MANY; i++) {
        fds[i] = connect_as(30000 + (uid_t)i);
        turn();
    }
    assert_true(is_closed(fds[0]));
    assert_true(is_quiet(fds[TOO_MANY - 1]));
    assert_true(is_quiet(known));
    for (i = 0; i < TOO_MANY; i++)
        close(fds[i]);
    close(known);
}

static void
the_overflow_uid_is_turned_away(void **state)
{
    int fd;

    if (geteuid() != 0)
        skip();
    fd = connect_as(65534);
    turn();
    expect_the_end(fd, TRR_CALLER);
}

static void
a_dead_daemons_socket_is_replaced(void **state)
{
    struct tr_listener *listener, *newer;
    char path[128];
    int fd;

    snprintf(path, sizeof(path), "%s/other", world.directory);
    assert_int_equal(tr_listener_open(path, &listener), 0);
    fd = dup(tr_listener_fd(listener));
    /* A newer one at the same path is not removed with the older. */
    assert_int_equal(tr_listener_open(path, &newer), 0);
    tr_listener_close(listener, NULL);
    assert_int_equal(access(path, F_OK), 0);
    tr_listener_close(newer, NULL);
    assert_int_equal(access(path, F_OK), -1);
    close(fd);
    /* Nor is anything but a socket. */
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(tr_listener_open(path, &listener), EEXIST);
    close(fd);
    unlink(path);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, \
                                                          tear_down)

int
main(void)
{
    struct rlimit limit = { 1024, 1024 };
    const struct CMUnitTest tests[] = {
        WITH_SERVER(many_calls_on_one_connection),
        WITH_SERVER(everybody_may_connect),
        WITH_SERVER(the_page_travels_once_with_each_connection),
        WITH_SERVER(a_refusal_says_code_and_correlation),
        WITH_SERVER(garbage_is_refused_and_the_end),
        WITH_SERVER(a_packet_too_long_is_dropped),
        WITH_SERVER(a_socket_shared_over_fork_is_dropped),
        WITH_SERVER(credentials_of_others_are_dropped),
        WITH_SERVER(the_effective_uid_counts),
        WITH_SERVER(descriptors_sent_along_do_not_stay),
        WITH_SERVER(others_are_served_while_one_waits),
        WITH_SERVER(a_second_call_out_of_turn_ends_it),
        WITH_SERVER(a_client_may_leave_while_it_waits),
        WITH_SERVER(a_page_that_is_not_taken_counts),
        WITH_SERVER(who_does_not_read_is_dropped),
        WITH_SERVER(an_idle_connection_is_closed),
        WITH_SERVER(one_user_cannot_have_all_requests),
        cmocka_unit_test(quotas_keep_room_for_others),
        cmocka_unit_test(the_idlest_has_to_go),
        WITH_SERVER(idle_connections_make_room),
        cmocka_unit_test(users_have_as_many_turns_as_each_other),
        WITH_SERVER(who_asks_much_at_once_waits_for_his_next_turn),
        WITH_SERVER(users_without_a_label_are_counted_as_one),
        WITH_SERVER(the_overflow_uid_is_turned_away),
        WITH_SERVER(a_dead_daemons_socket_is_replaced)
    };

    (void)setrlimit(RLIMIT_NOFILE, &limit);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
