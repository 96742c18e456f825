/* tests/bench/bench_daemon.c - time each call of trustrealmd by itself */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Speaks to the daemons of two systems as the plugin does, without GSS-API in
 * between: first whole associations one after the other, timing every call,
 * then as many decisions as one daemon makes in a while.
 *
 *     usage: bench_daemon INITIATOR-SOCKET ACCEPTOR-SOCKET CCACHE TARGET
 *                         LABEL ASSOCIATIONS SECONDS
 *
 * TARGET is a service principal with a ticket in CCACHE.  Prints "STEP NS
 * PROCESSOR-NS" for each call, how long the answer took and how much processor
 * time the daemon needed (medians), then "decisions PER-SECOND".
 */

#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <krb5/krb5.h>
#include "times.h"
#include "trustrealm_err.h"
#include "wire.h"

#define CONNECTIONS 16          /* that ask for decisions at the same time */
#define MAX_ASSOCIATIONS 100000

enum step {
    CONNECT, PREPARE, SEAL, ACCEPT, ACCEPTED, ISSUE, CHECK, JUDGE, STEPS
};

static const char *const step_names[STEPS] = {
    "connect", "prepare", "seal", "accept", "accepted", "issue", "check",
    "judge"
};

struct bench {
    const char *initiator, *acceptor;   /* sockets */
    char *client;
    const char *target, *label;
    krb5_context context;
    krb5_creds *creds;
    clockid_t clocks[2];                /* processor time of each daemon */
    double *times[STEPS], *spent[STEPS];
    size_t count;
};

static void
die(const char *what, const char *why)
{
    fprintf(stderr, "bench_daemon: %s: %s\n", what, why);
    exit(1);
}

static void
check(const char *what, krb5_error_code code)
{
    if (code != 0)
        die(what, error_message(code));
}

static uint64_t
spent_ns(const struct bench *bench)
{
    return clock_ns(bench->clocks[0]) + clock_ns(bench->clocks[1]);
}

/* --- the socket ---------------------------------------------------------- */

static int
connect_to(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    if (strlen(path) >= sizeof(address.sun_path))
        die(path, "too long");
    memcpy(address.sun_path, path, strlen(path));
    if (fd < 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        die(path, strerror(errno));
    return fd;
}

static void
send_call(int fd, const struct tr_call *call)
{
    uint8_t *octets;
    size_t length;

    check("encode", tr_wire_encode(TR_WIRE_CALL, call, &octets, &length));
    if (send(fd, octets, length, MSG_NOSIGNAL) != (ssize_t)length)
        die("send", strerror(errno));
    free(octets);
}

static void
close_descriptors(struct msghdr *message)
{
    struct cmsghdr *c;
    int fd;

    for (c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
            memcpy(&fd, CMSG_DATA(c), sizeof(fd));
            close(fd);
        }
    }
}

static void
receive_reply(int fd, struct tr_reply *reply)
{
    static uint8_t octets[TR_MAX_CALL];
    union {
        struct cmsghdr header;
        uint8_t space[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec iov = { octets, sizeof(octets) };
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1,
        .msg_control = &control, .msg_controllen = sizeof(control)
    };
    ssize_t n;

    n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    if (n <= 0)
        die("receive", n == 0 ? "closed" : strerror(errno));
    close_descriptors(&message);
    check("decode", tr_wire_decode(TR_WIRE_REPLY, octets, n, reply));
}

/* Ask and note how long the answer took; reply is to be freed. */
static void
ask(struct bench *bench, enum step step, int fd, const struct tr_call *call,
    enum tr_reply_type want, struct tr_reply *reply)
{
    uint64_t spent = spent_ns(bench), start = now_ns();

    send_call(fd, call);
    receive_reply(fd, reply);
    bench->times[step][bench->count] = (double)(now_ns() - start);
    bench->spent[step][bench->count] = (double)(spent_ns(bench) - spent);
    if (reply->type == TR_REPLY_REFUSED)
        die(step_names[step], reply->u.refused.text);
    if (reply->type != want)
        die(step_names[step], "another reply than expected");
}

/* The clock of a daemon is found by its socket. */
static clockid_t
daemon_clock(const char *path)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);
    clockid_t clock;
    int fd = connect_to(path);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 ||
        clock_getcpuclockid(peer.pid, &clock) != 0)
        die(path, "whose socket is it?");
    close(fd);
    return clock;
}

/* --- one association ----------------------------------------------------- */

static void
make_ap_req(struct bench *bench, struct tr_bytes *out)
{
    krb5_auth_context auth = NULL;
    krb5_data request;

    check("AP-REQ", krb5_mk_req_extended(bench->context, &auth,
                                         AP_OPTS_USE_SUBKEY, NULL,
                                         bench->creds, &request));
    out->data = (uint8_t *)request.data;
    out->length = request.length;
    krb5_auth_con_free(bench->context, auth);
}

static int
timed_connect(struct bench *bench, const char *path)
{
    uint64_t start = now_ns();
    int fd = connect_to(path);

    bench->times[CONNECT][bench->count] = (double)(now_ns() - start);
    return fd;
}

/* Issue and check: a message with another label, judge: after a change. */
static void
use_association(struct bench *bench, const struct tr_bytes *initiator,
                const struct tr_bytes *acceptor, struct tr_bytes *binding)
{
    struct tr_call call = { .type = TR_CALL_ISSUE };
    struct tr_reply issued, reply;
    int from = connect_to(bench->initiator);
    int to = connect_to(bench->acceptor);

    call.u.issue.record = *initiator;
    call.u.issue.label = (char *)bench->label;
    ask(bench, ISSUE, from, &call, TR_REPLY_ISSUED, &issued);

    memset(&call, 0, sizeof(call));
    call.type = TR_CALL_CHECK;
    call.u.check.record = *acceptor;
    call.u.check.label_record = issued.u.issued.label_record;
    ask(bench, CHECK, to, &call, TR_REPLY_CHECKED, &reply);
    tr_wire_free(TR_WIRE_REPLY, &reply);
    tr_wire_free(TR_WIRE_REPLY, &issued);

    memset(&call, 0, sizeof(call));
    call.type = TR_CALL_JUDGE;
    call.u.judge.record = *initiator;
    call.u.judge.binding = *binding;
    ask(bench, JUDGE, from, &call, TR_REPLY_ESTABLISHED, &reply);
    tr_wire_free(TR_WIRE_REPLY, &reply);
    close(from);
    close(to);
}

static void
run_association(struct bench *bench)
{
    /* Octets that only have to be the same at both ends. */
    static uint8_t rep[] = { 0x6f, 0x04, 0x30, 0x02, 0x05, 0x00 };
    static uint8_t prf[32] = { 1 };
    struct tr_bytes ap_rep = { rep, sizeof(rep) };
    struct tr_bytes binding = { prf, sizeof(prf) }, ap_req;
    struct tr_reply prepared, sealed, accept, accepted;
    struct tr_call call = { .type = TR_CALL_PREPARE };
    int from, to;

    make_ap_req(bench, &ap_req);
    from = timed_connect(bench, bench->initiator);
    to = timed_connect(bench, bench->acceptor);

    call.u.prepare.target = (char *)bench->target;
    call.u.prepare.flags = TR_ASK_CONF;
    ask(bench, PREPARE, from, &call, TR_REPLY_PREPARED, &prepared);

    memset(&call, 0, sizeof(call));
    call.type = TR_CALL_SEAL;
    call.u.seal.ap_req = ap_req;
    call.u.seal.client = bench->client;
    call.u.seal.flags = TR_ASK_CONF;
    ask(bench, SEAL, from, &call, TR_REPLY_SEALED, &sealed);

    memset(&call, 0, sizeof(call));
    call.type = TR_CALL_ACCEPT;
    call.u.accept.ap_req = ap_req;
    call.u.accept.trailer = sealed.u.sealed.trailer;
    call.u.accept.ap_rep = ap_rep;
    call.u.accept.client = bench->client;
    call.u.accept.service = (char *)bench->target;
    call.u.accept.binding = binding;
    call.u.accept.flags = TR_ASK_MUTUAL | TR_ASK_MARKER | TR_ASK_CONF |
        TR_ASK_AES;
    ask(bench, ACCEPT, to, &call, TR_REPLY_ESTABLISHED, &accept);

    memset(&call, 0, sizeof(call));
    call.type = TR_CALL_ACCEPTED;
    call.u.accepted.record = sealed.u.sealed.record;
    call.u.accepted.ap_rep = ap_rep;
    call.u.accepted.trailer = accept.u.established.trailer;
    call.u.accepted.binding = binding;
    call.u.accepted.flags = TR_ASK_AES;
    ask(bench, ACCEPTED, from, &call, TR_REPLY_ESTABLISHED, &accepted);

    close(from);
    close(to);
    use_association(bench, &accepted.u.established.record,
                    &accept.u.established.record, &binding);
    bench->count++;
    tr_wire_free(TR_WIRE_REPLY, &prepared);
    tr_wire_free(TR_WIRE_REPLY, &sealed);
    tr_wire_free(TR_WIRE_REPLY, &accept);
    tr_wire_free(TR_WIRE_REPLY, &accepted);
    free(ap_req.data);
}

/* --- decisions ----------------------------------------------------------- */

/* The daemon always has questions waiting; returns answers per second. */
static double
count_decisions(struct bench *bench, unsigned int seconds)
{
    struct pollfd fds[CONNECTIONS];
    struct tr_call call = { .type = TR_CALL_PREPARE };
    struct tr_reply reply;
    uint64_t start, now, end, answers = 0;
    size_t i;

    call.u.prepare.target = (char *)bench->target;
    call.u.prepare.flags = TR_ASK_CONF;
    for (i = 0; i < CONNECTIONS; i++) {
        fds[i].fd = connect_to(bench->initiator);
        fds[i].events = POLLIN;
        send_call(fds[i].fd, &call);
    }
    start = now = now_ns();
    end = start + (uint64_t)seconds * 1000000000;
    while (now < end) {
        if (poll(fds, CONNECTIONS, 5000) <= 0)
            die("decisions", "no answer");
        for (i = 0; i < CONNECTIONS; i++) {
            if (fds[i].revents == 0)
                continue;
            receive_reply(fds[i].fd, &reply);
            if (reply.type != TR_REPLY_PREPARED)
                die("decisions", "refused");
            tr_wire_free(TR_WIRE_REPLY, &reply);
            answers++;
            send_call(fds[i].fd, &call);
        }
        now = now_ns();
    }
    for (i = 0; i < CONNECTIONS; i++)
        close(fds[i].fd);
    return (double)answers * 1e9 / (double)(now - start);
}

static double
median(double *values, size_t n)
{
    sort_times(values, n);
    return values[n / 2];
}

static void
find_ticket(struct bench *bench, const char *ccache)
{
    krb5_ccache cache;
    krb5_creds wanted;

    memset(&wanted, 0, sizeof(wanted));
    check("krb5", krb5_init_context(&bench->context));
    check(ccache, krb5_cc_resolve(bench->context, ccache, &cache));
    check(ccache, krb5_cc_get_principal(bench->context, cache,
                                        &wanted.client));
    check(bench->target, krb5_parse_name(bench->context, bench->target,
                                         &wanted.server));
    check("ticket", krb5_get_credentials(bench->context, KRB5_GC_CACHED,
                                         cache, &wanted, &bench->creds));
    check("client", krb5_unparse_name(bench->context, wanted.client,
                                      &bench->client));
    krb5_free_cred_contents(bench->context, &wanted);
    krb5_cc_close(bench->context, cache);
}

static unsigned int
number(const char *text, unsigned int max)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (*text == '\0' || *end != '\0' || value < 1 || value > max)
        die(text, "not a number in bounds");
    return value;
}

int
main(int argc, char **argv)
{
    struct bench bench;
    unsigned int n, seconds;
    double rate;
    size_t i;

    if (argc != 8) {
        fprintf(stderr, "usage: bench_daemon INITIATOR-SOCKET "
                "ACCEPTOR-SOCKET CCACHE TARGET LABEL ASSOCIATIONS "
                "SECONDS\n");
        return 2;
    }
    memset(&bench, 0, sizeof(bench));
    initialize_trr_error_table();
    bench.initiator = argv[1];
    bench.acceptor = argv[2];
    bench.target = argv[4];
    bench.label = argv[5];
    n = number(argv[6], MAX_ASSOCIATIONS);
    seconds = number(argv[7], 60);
    find_ticket(&bench, argv[3]);
    bench.clocks[0] = daemon_clock(bench.initiator);
    bench.clocks[1] = daemon_clock(bench.acceptor);
    for (i = 0; i < STEPS; i++) {
        bench.times[i] = calloc(n, sizeof(double));
        bench.spent[i] = calloc(n, sizeof(double));
        if (bench.times[i] == NULL || bench.spent[i] == NULL)
            die("memory", strerror(errno));
    }
    while (bench.count < n)
        run_association(&bench);
    for (i = 0; i < STEPS; i++) {
        printf("%s %.0f %.0f\n", step_names[i], median(bench.times[i], n),
               median(bench.spent[i], n));
        free(bench.times[i]);
        free(bench.spent[i]);
    }
    rate = count_decisions(&bench, seconds);
    printf("decisions %.0f\n", rate);
    krb5_free_creds(bench.context, bench.creds);
    krb5_free_unparsed_name(bench.context, bench.client);
    krb5_free_context(bench.context);
    return 0;
}
