/* tests/bench/bench_gss.c - time contexts and messages, a slice at a time */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Plays both ends in one process, handing the tokens over.  It is told on
 * standard input what to measure next, so that the one who compares two
 * mechanisms can let two such processes take turns, many times a second: what
 * else the machine does then falls on both alike.
 *
 *     usage: bench_gss TARGET CCACHE INITIATOR-SOCKET ACCEPTOR-SOCKET
 *
 * The sockets are those of two systems' daemons, "-" where there are none.
 *
 *     context N              establish N contexts
 *     open                   establish the context for messages
 *     label LABEL            label of messages from now on; "-": established
 *     message KIND SIZE N    send and take N messages
 *
 * The answers are lines of numbers: nanoseconds for one context (in all,
 * then gss_init_sec_context, gss_accept_sec_context, gss_init_sec_context,
 * and in all again, but of processor time, the daemons' included), for sending
 * and for taking one message; "0" when there is nothing to say.  A slice of
 * messages during which the kernel gave the processor to somebody else is
 * measured again.
 */

#include "config.h"

#include <limits.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <krb5/krb5.h>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include "gssapi_trustrealm.h"
#include "times.h"

#define MEMORY_CCACHE "MEMORY:bench"
#define MAX_MESSAGES 256
#define MAX_SIZE (1024 * 1024)
#define MAX_TRIES 5

static gss_OID_desc krb5_oid = { 9, "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02" };

struct bench {
    gss_name_t target;
    gss_cred_id_t cred, acceptor_cred;
    const char *initiator_socket, *acceptor_socket;
    clockid_t clocks[3];                /* of this process and the daemons */
    size_t nclocks;
    gss_ctx_id_t initiator, acceptor;
};

struct kind {
    const char *name;
    int conf;
    bool mic;
};

static const struct kind kinds[] = {
    { "wrap-conf", 1, false },
    { "wrap-integ", 0, false },
    { "mic", 0, true },
};

static void
die(const char *what, OM_uint32 major, OM_uint32 minor)
{
    OM_uint32 ignored, more = 0;
    gss_buffer_desc text;

    fprintf(stderr, "bench_gss: %s", what);
    if (gss_display_status(&ignored, major, GSS_C_GSS_CODE, GSS_C_NO_OID,
                           &more, &text) == GSS_S_COMPLETE)
        fprintf(stderr, ": %.*s", (int)text.length, (char *)text.value);
    more = 0;
    if (gss_display_status(&ignored, minor, GSS_C_MECH_CODE, &krb5_oid, &more,
                           &text) == GSS_S_COMPLETE)
        fprintf(stderr, ": %.*s", (int)text.length, (char *)text.value);
    fprintf(stderr, "\n");
    exit(1);
}

static void
check(const char *what, OM_uint32 major, OM_uint32 minor)
{
    if (major != GSS_S_COMPLETE)
        die(what, major, minor);
}

static uint64_t
processor_ns(const struct bench *bench)
{
    uint64_t total = 0;
    size_t i;

    for (i = 0; i < bench->nclocks; i++)
        total += clock_ns(bench->clocks[i]);
    return total;
}

/* How often the kernel took the processor away. */
static long
interruptions(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nivcsw;
}

/* Count the processor time of the daemon that listens on path. */
static void
add_daemon(struct bench *bench, const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct ucred peer;
    socklen_t length = sizeof(peer);
    int fd;

    if (strcmp(path, "-") == 0)
        return;
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 ||
        clock_getcpuclockid(peer.pid, &bench->clocks[bench->nclocks]) != 0) {
        perror(path);
        exit(1);
    }
    bench->nclocks++;
    close(fd);
}

/* Kerberos finds the user's tickets in memory, as a busy client does. */
static void
copy_ccache(const char *from)
{
    krb5_context context;
    krb5_ccache source, memory;
    krb5_principal client;
    krb5_error_code code;

    code = krb5_init_context(&context);
    if (code == 0)
        code = krb5_cc_resolve(context, from, &source);
    if (code == 0)
        code = krb5_cc_get_principal(context, source, &client);
    if (code == 0)
        code = krb5_cc_resolve(context, MEMORY_CCACHE, &memory);
    if (code == 0)
        code = krb5_cc_initialize(context, memory, client);
    if (code == 0)
        code = krb5_cc_copy_creds(context, source, memory);
    if (code != 0) {
        fprintf(stderr, "bench_gss: %s: error %ld\n", from, (long)code);
        exit(1);
    }
    krb5_free_principal(context, client);
    krb5_cc_close(context, source);
    /* The memory cache lives as long as the process does. */
    krb5_cc_close(context, memory);
    krb5_free_context(context);
    (void)setenv("KRB5CCNAME", MEMORY_CCACHE, 1);
}

/* Memory that malloc() gives back to the kernel and fetches again costs more
 * than what is measured, and falls on either end as it happens. */
static void
keep_memory(void)
{
    (void)mallopt(M_TRIM_THRESHOLD, INT_MAX);
    (void)mallopt(M_MMAP_THRESHOLD, 4 * MAX_SIZE);
}

/* Each end has a system of its own. */
static void
be(const char *socket)
{
    (void)setenv("TRUSTREALM_SOCKET", socket, 1);
}

static void
prepare(struct bench *bench, const char *target)
{
    gss_OID_set_desc mechs = { 1, &krb5_oid };
    gss_buffer_desc name = { strlen(target), (char *)target };
    OM_uint32 major, minor;

    major = gss_import_name(&minor, &name, GSS_C_NT_HOSTBASED_SERVICE,
                            &bench->target);
    check("import", major, minor);
    be(bench->initiator_socket);
    major = gss_acquire_cred(&minor, GSS_C_NO_NAME, 0, &mechs, GSS_C_INITIATE,
                             &bench->cred, NULL, NULL);
    check("acquire", major, minor);
    be(bench->acceptor_socket);
    major = gss_acquire_cred(&minor, bench->target, 0, &mechs, GSS_C_ACCEPT,
                             &bench->acceptor_cred, NULL, NULL);
    check("acquire", major, minor);
}

/* One context, with the time of each of the three calls. */
static void
establish(struct bench *bench, gss_ctx_id_t *initiator,
          gss_ctx_id_t *acceptor, uint64_t times[3])
{
    gss_buffer_desc first = GSS_C_EMPTY_BUFFER, reply = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor, flags = GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG |
        GSS_C_SEQUENCE_FLAG | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG;
    gss_buffer_desc nothing = GSS_C_EMPTY_BUFFER;
    uint64_t t0, t1, t2, t3;

    be(bench->initiator_socket);
    t0 = now_ns();
    major = gss_init_sec_context(&minor, bench->cred, initiator,
                                 bench->target, &krb5_oid, flags, 0, NULL,
                                 NULL, NULL, &first, NULL, NULL);
    t1 = now_ns();
    times[0] += t1 - t0;
    if (major != GSS_S_CONTINUE_NEEDED)
        die("init", major, minor);

    be(bench->acceptor_socket);
    t1 = now_ns();
    major = gss_accept_sec_context(&minor, acceptor, bench->acceptor_cred,
                                   &first, NULL, NULL, NULL, &reply, NULL,
                                   NULL, NULL);
    t2 = now_ns();
    times[1] += t2 - t1;
    check("accept", major, minor);

    be(bench->initiator_socket);
    t2 = now_ns();
    major = gss_init_sec_context(&minor, bench->cred, initiator,
                                 bench->target, &krb5_oid, flags, 0, NULL,
                                 &reply, NULL, &nothing, NULL, NULL);
    t3 = now_ns();
    times[2] += t3 - t2;
    check("init", major, minor);
    (void)gss_release_buffer(&minor, &first);
    (void)gss_release_buffer(&minor, &reply);
}

static void
drop(gss_ctx_id_t *initiator, gss_ctx_id_t *acceptor)
{
    OM_uint32 minor;

    (void)gss_delete_sec_context(&minor, initiator, GSS_C_NO_BUFFER);
    (void)gss_delete_sec_context(&minor, acceptor, GSS_C_NO_BUFFER);
}

static void
measure_contexts(struct bench *bench, unsigned int n)
{
    gss_ctx_id_t initiator = GSS_C_NO_CONTEXT, acceptor = GSS_C_NO_CONTEXT;
    uint64_t times[3] = { 0, 0, 0 }, spent;
    unsigned int i;

    spent = processor_ns(bench);
    for (i = 0; i < n; i++) {
        establish(bench, &initiator, &acceptor, times);
        drop(&initiator, &acceptor);
    }
    spent = processor_ns(bench) - spent;
    printf("%.1f %.1f %.1f %.1f %.1f\n",
           (double)(times[0] + times[1] + times[2]) / n,
           (double)times[0] / n, (double)times[1] / n, (double)times[2] / n,
           (double)spent / n);
}

static void
set_label(struct bench *bench, const char *label)
{
    gss_OID_desc option = GSS_TRUSTREALM_MESSAGE_LABEL;
    gss_buffer_desc value = { strlen(label), (char *)label };
    OM_uint32 major, minor;

    if (strcmp(label, "-") == 0)
        value.length = 0;
    be(bench->initiator_socket);
    major = gss_set_sec_context_option(&minor, &bench->initiator, &option,
                                       &value);
    check("label", major, minor);
    printf("0\n");
}

static void
send_one(struct bench *bench, const struct kind *kind, gss_buffer_t message,
         gss_buffer_t token)
{
    OM_uint32 major, minor;
    int state;

    if (kind->mic) {
        major = gss_get_mic(&minor, bench->initiator, GSS_C_QOP_DEFAULT,
                            message, token);
    } else {
        major = gss_wrap(&minor, bench->initiator, kind->conf,
                         GSS_C_QOP_DEFAULT, message, &state, token);
    }
    check("send", major, minor);
}

static void
take_one(struct bench *bench, const struct kind *kind, gss_buffer_t message,
         gss_buffer_t token)
{
    gss_buffer_desc plain = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor;

    if (kind->mic) {
        major = gss_verify_mic(&minor, bench->acceptor, message, token, NULL);
    } else {
        major = gss_unwrap(&minor, bench->acceptor, token, &plain, NULL,
                           NULL);
    }
    check("take", major, minor);
    if (!kind->mic && plain.length != message->length)
        die("length", 0, 0);
    (void)gss_release_buffer(&minor, &plain);
}

/* Send and take n messages; the nanoseconds that each part took. */
static void
run_slice(struct bench *bench, const struct kind *kind, gss_buffer_t message,
          unsigned int n, uint64_t *sent, uint64_t *taken)
{
    static gss_buffer_desc tokens[MAX_MESSAGES];
    OM_uint32 minor;
    uint64_t start;
    unsigned int i;

    be(bench->initiator_socket);
    start = now_ns();
    for (i = 0; i < n; i++)
        send_one(bench, kind, message, &tokens[i]);
    *sent = now_ns() - start;
    be(bench->acceptor_socket);
    start = now_ns();
    for (i = 0; i < n; i++)
        take_one(bench, kind, message, &tokens[i]);
    *taken = now_ns() - start;
    for (i = 0; i < n; i++)
        (void)gss_release_buffer(&minor, &tokens[i]);
}

static void
measure_messages(struct bench *bench, const struct kind *kind, size_t size,
                 unsigned int n)
{
    gss_buffer_desc message = { size, NULL };
    uint64_t sent, taken;
    unsigned int tries = 0;
    long before;

    message.value = malloc(size + 1);
    if (message.value == NULL)
        die("malloc", 0, 0);
    memset(message.value, 0x5a, size);
    do {
        before = interruptions();
        run_slice(bench, kind, &message, n, &sent, &taken);
    } while (interruptions() != before && ++tries < MAX_TRIES);
    printf("%.1f %.1f\n", (double)sent / n, (double)taken / n);
    free(message.value);
}

static const struct kind *
find_kind(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    }
    return NULL;
}

/* False when the line is none of the commands. */
static bool
obey(struct bench *bench, const char *line)
{
    uint64_t times[3] = { 0, 0, 0 };
    char text[256];
    const struct kind *kind;
    unsigned int n = 1, size;

    if (sscanf(line, "context %u", &n) == 1 && n > 0) {
        measure_contexts(bench, n);
    } else if (strcmp(line, "open\n") == 0) {
        drop(&bench->initiator, &bench->acceptor);
        establish(bench, &bench->initiator, &bench->acceptor, times);
        printf("0\n");
    } else if (sscanf(line, "label %255s", text) == 1) {
        set_label(bench, text);
    } else if (sscanf(line, "message %255s %u %u", text, &size, &n) == 3) {
        kind = find_kind(text);
        if (kind == NULL || size > MAX_SIZE || n < 1 || n > MAX_MESSAGES)
            return false;
        measure_messages(bench, kind, size, n);
    } else {
        return false;
    }
    return fflush(stdout) == 0;
}

int
main(int argc, char **argv)
{
    struct bench bench;
    char line[512];

    if (argc != 5) {
        fprintf(stderr, "usage: bench_gss TARGET CCACHE INITIATOR-SOCKET "
                "ACCEPTOR-SOCKET\n");
        return 2;
    }
    memset(&bench, 0, sizeof(bench));
    keep_memory();
    copy_ccache(argv[2]);
    bench.initiator_socket = argv[3];
    bench.acceptor_socket = argv[4];
    bench.clocks[bench.nclocks++] = CLOCK_PROCESS_CPUTIME_ID;
    add_daemon(&bench, argv[3]);
    add_daemon(&bench, argv[4]);
    prepare(&bench, argv[1]);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        if (!obey(&bench, line)) {
            fprintf(stderr, "bench_gss: cannot do: %s", line);
            return 2;
        }
    }
    return 0;
}
