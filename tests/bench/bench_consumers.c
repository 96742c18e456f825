/* tests/bench/bench_consumers.c - many systems that follow one directory */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 *     usage: bench_consumers URI BASE CONSUMERS
 *
 * CONSUMERS connections each follow BASE by RFC 4533 as trustrealmd does, but
 * without a table: what they cost is the server's to bear.  Prints "ready"
 * when all have their content; then, for each line on standard input, a line
 * "COUNT MEDIAN 99TH MOST" of those that a change has reached since, and the
 * time from the line to its arrival, in ns.  A line ends the one before.
 */

#include "config.h"
#include <sys/epoll.h>
#include <sys/resource.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "source_connect.h"
#include "source_message.h"
#include "times.h"
#include "trustrealm_err.h"

#define STDIN UINT32_MAX

struct consumer {
    LDAP *ld;
    bool ready;
    bool reached;               /* since the last line */
};

struct bench {
    struct consumer *consumers;
    uint32_t count, ready;
    double *times;              /* of those reached */
    size_t nreached;
    uint64_t asked;             /* when the last line came */
};

static void
die(const char *what, const char *why)
{
    fprintf(stderr, "bench_consumers: %s: %s\n", what,
            why != NULL ? why : "?");
    exit(1);
}

static void
watch(int epoll, int fd, uint32_t number)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u32 = number };

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        die("epoll", strerror(errno));
}

static void
start(struct consumer *consumer, const struct tr_ldap_options *options,
      int epoll, uint32_t number)
{
    struct berval none = { 0, NULL };
    size_t turn = 0;
    char *why;
    int fd, id;

    if (tr_connect(options, &turn, &consumer->ld, &why) != 0)
        die(options->uri, why);
    if (tr_message_search(consumer->ld, options->base, &none, &id) != 0 ||
        ldap_get_option(consumer->ld, LDAP_OPT_DESC, &fd) != 0)
        die(options->uri, "the search cannot be sent");
    watch(epoll, fd, number);
}

static void
take(struct bench *bench, struct consumer *consumer, LDAPMessage *raw)
{
    struct tr_message message;

    if (tr_message_parse(consumer->ld, raw, &message) != 0)
        die("message", "malformed");
    if (message.kind == TR_MESSAGE_END)
        die("search", "ended");
    if (message.kind == TR_MESSAGE_PHASE && message.done &&
        !consumer->ready) {
        consumer->ready = true;
        if (++bench->ready == bench->count)
            printf("ready\n");
    } else if (message.kind == TR_MESSAGE_ENTRY && consumer->ready &&
               !consumer->reached) {
        consumer->reached = true;
        bench->times[bench->nreached++] = (double)(now_ns() - bench->asked);
    }
    tr_message_clear(&message);
}

static void
drain(struct bench *bench, struct consumer *consumer)
{
    struct timeval no_time = { 0, 0 };
    LDAPMessage *raw;
    int code;

    for (;;) {
        raw = NULL;
        code = ldap_result(consumer->ld, LDAP_RES_ANY, LDAP_MSG_ONE, &no_time,
                           &raw);
        if (code == 0)
            return;
        if (code < 0)
            exit(0);            /* the server is gone */
        take(bench, consumer, raw);
        ldap_msgfree(raw);
    }
}

static void
take_line(struct bench *bench)
{
    char line[16];
    size_t n = bench->nreached;
    double *t = bench->times;
    uint32_t i;

    if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
        exit(0);
    sort_times(t, n);
    printf("%zu %.0f %.0f %.0f\n", n, n > 0 ? t[n / 2] : 0,
           n > 0 ? t[n * 99 / 100] : 0, n > 0 ? t[n - 1] : 0);
    bench->nreached = 0;
    for (i = 0; i < bench->count; i++)
        bench->consumers[i].reached = false;
    bench->asked = now_ns();
}

int
main(int argc, char **argv)
{
    struct tr_ldap_options options = {
        .bind = "none", .heartbeat_s = 10, .timeout_s = 60
    };
    struct rlimit files;
    struct bench bench = { 0 };
    struct epoll_event events[64];
    int epoll = epoll_create1(0), n;
    uint32_t i;

    initialize_trr_error_table();
    if (argc != 4)
        die("usage", "URI BASE CONSUMERS");
    options.uri = argv[1];
    options.base = argv[2];
    bench.count = (uint32_t)strtoul(argv[3], NULL, 10);
    bench.consumers = calloc(bench.count + 1, sizeof(*bench.consumers));
    bench.times = calloc(bench.count + 1, sizeof(*bench.times));
    if (bench.consumers == NULL || bench.times == NULL)
        die("memory", strerror(ENOMEM));
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    for (i = 0; i < bench.count; i++)
        start(&bench.consumers[i], &options, epoll, i);
    watch(epoll, STDIN_FILENO, STDIN);
    while ((n = epoll_wait(epoll, events, 64, -1)) >= 0 || errno == EINTR) {
        while (n-- > 0) {
            if (events[n].data.u32 == STDIN)
                take_line(&bench);
            else
                drain(&bench, &bench.consumers[events[n].data.u32]);
        }
    }
    die("epoll", strerror(errno));
}
