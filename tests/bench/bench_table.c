/* tests/bench/bench_table.c - a large trust realm table, and what it costs */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 *     usage: bench_table generate SYSTEMS REALMS
 *            bench_table load FILE DIRECTORY
 *            bench_table open DIRECTORY
 *            bench_table follow URI BASE DIRECTORY
 *            bench_table decide DIRECTORY SYSTEMS PEERS QUESTIONS
 *
 * generate prints LDIF: each system is in three trust realms, one of which
 * (the first) it shares with all others; systems come in no order.  decide
 * asks about PEERS of the SYSTEMS that were generated.  Prints "NAME NUMBER"
 * lines: times in ns, memory in KiB beyond the page cache.
 */

#include "config.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <krb5/krb5.h>
#include "decide.h"
#include "source.h"
#include "times.h"
#include "trustrealm_err.h"

#define STRIDE 611953           /* a prime: visits every number once */

static void
die(const char *what, const char *why)
{
    fprintf(stderr, "bench_table: %s: %s\n", what, why);
    exit(1);
}

static void
check(const char *what, krb5_error_code code, const char *why)
{
    if (code != 0)
        die(what, why != NULL ? why : error_message(code));
}

/* Processor time tells more on a machine that others use. */
static uint64_t
spent_ns(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static unsigned long
number(const char *text)
{
    char *end;
    unsigned long n;

    errno = 0;
    n = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || n == 0)
        die(text, "number expected");
    return n;
}

/* Memory of this process that is not a mapped file, in KiB. */
static unsigned long
anonymous(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[200];
    unsigned long kib = 0;

    while (status != NULL && fgets(line, sizeof(line), status) != NULL)
        (void)sscanf(line, "RssAnon: %lu", &kib);
    if (status != NULL)
        fclose(status);
    return kib;
}

static void
print_memory(void)
{
    printf("anonymous %lu\n", anonymous());
}

/* What it is at most, between start_watching() and print_most(). */
static pthread_t watching;
static atomic_bool watched;
static unsigned long most;

static void *
watch(void *arg)
{
    static const struct timespec pause = { 0, 2000000 };
    unsigned long kib;

    while (watched) {
        kib = anonymous();
        most = kib > most ? kib : most;
        (void)nanosleep(&pause, NULL);
    }
    return NULL;
}

static void
start_watching(void)
{
    watched = true;
    check("thread", pthread_create(&watching, NULL, watch, NULL), NULL);
}

static void
print_most(void)
{
    watched = false;
    (void)pthread_join(watching, NULL);
    printf("anonymous-most %lu\n", most);
}

/* --- generate ------------------------------------------------------------ */

static void
generate_realm(unsigned long i)
{
    printf("dn: cn=realm-%lu,ou=realms,ou=trustrealm,dc=example,dc=com\n"
           "objectClass: trTrustRealm\ncn: realm-%lu\ntrDOI: %lu\n"
           "trPriority: %lu\ntrPolicy: mls\n"
           "trLevel: 0 public\ntrLevel: 10 internal\ntrLevel: 20 secret\n"
           "trCategory: 1 hr\ntrCategory: 2 finance\ntrCategory: 3 crypto\n"
           "trProtection: integrity\ntrConfidentialFrom: secret\n\n",
           i, i, i + 1, i % 10);
}

static void
generate_system(unsigned long i, unsigned long nrealms)
{
    unsigned long k, second = 1 + i % (nrealms - 2);

    printf("dn: cn=s%lu.example.com,ou=systems,ou=trustrealm,dc=example,"
           "dc=com\nobjectClass: trSystem\ncn: s%lu.example.com\n"
           "trPrincipal: trustrealm/s%lu.example.com@EXAMPLE.COM\n", i, i, i);
    for (k = 0; k < 3; k++)
        printf("trMembership: realm-%lu public secret:hr,crypto\n",
               k == 0 ? 0 : second + k - 1);
    printf("\n");
}

static void
generate(unsigned long nsystems, unsigned long nrealms)
{
    unsigned long i;

    if (nrealms < 3 || nsystems % STRIDE == 0)
        die("generate", "three trust realms at least");
    for (i = 0; i < nrealms; i++)
        generate_realm(i);
    for (i = 0; i < nsystems; i++)
        generate_system(i * STRIDE % nsystems, nrealms);
}

/* --- load, open ---------------------------------------------------------- */

static struct tr_table *
open_table(const char *directory, enum tr_table_access access)
{
    struct tr_table *table;
    krb5_error_code ret;
    char *why;

    ret = tr_table_open(directory, access, 0, &table, &why);
    check(directory, ret, why);
    return table;
}

static void
load(const char *file, const char *directory)
{
    struct tr_table *table = open_table(directory, TR_TABLE_WRITE);
    uint64_t start = now_ns(), spent = spent_ns();
    krb5_error_code ret;
    char *why;

    start_watching();
    ret = tr_source_load_ldif(table, file, &why);
    check(file, ret, why);
    printf("load %llu\nload-processor %llu\n",
           (unsigned long long)(now_ns() - start),
           (unsigned long long)(spent_ns() - spent));
    print_memory();
    print_most();
    tr_table_close(table);
}

static void
open_only(const char *directory)
{
    struct tr_table_info info;
    struct tr_view *view;
    uint64_t start = now_ns();
    struct tr_table *table = open_table(directory, TR_TABLE_READ);

    check(directory, tr_view_open(table, &view), NULL);
    printf("open %llu\n", (unsigned long long)(now_ns() - start));
    tr_view_info(view, &info);
    printf("systems %zu\n", info.systems);
    print_memory();
    tr_view_close(view);
    tr_table_close(table);
}

/* --- follow -------------------------------------------------------------- */

struct following {
    uint64_t start;
    int stop[2];
};

static void
on_event(enum tr_source_event event, const char *text, void *arg)
{
    struct following *following = arg;

    if (event == TR_SOURCE_AWAY)
        die("follow", text);
    printf("follow %llu\n",
           (unsigned long long)(now_ns() - following->start));
    if (write(following->stop[1], "x", 1) != 1)
        die("follow", strerror(errno));
}

static void
on_bad(const char *dn, const char *why, void *arg)
{
    die(dn, why);
}

/* Until the content is there. */
static void
follow(const char *uri, const char *base, const char *directory)
{
    struct following following;
    struct tr_source_callbacks callbacks = { on_event, on_bad, &following };
    struct tr_ldap_options options = {
        .uri = uri, .base = base, .bind = "none", .heartbeat_s = 600,
        .timeout_s = 600
    };
    struct tr_table *table = open_table(directory, TR_TABLE_WRITE);

    if (pipe(following.stop) != 0)
        die("follow", strerror(errno));
    start_watching();
    following.start = now_ns();
    check("follow", tr_source_follow_ldap(table, &options, &callbacks,
                                          following.stop[0]), NULL);
    print_memory();
    print_most();
    tr_table_close(table);
}

/* --- decide -------------------------------------------------------------- */

/* A system's own label format, with the names of the trust realms. */
static void
make_encoding(struct tr_encoding **encoding_out)
{
    static const char *const levels[] = { "public", "internal", "secret" };
    static const char *const categories[] = { "hr", "finance", "crypto" };
    uint32_t i;

    check("encoding", tr_encoding_create(encoding_out), NULL);
    for (i = 0; i < 3; i++) {
        check("level", tr_encoding_add_level(*encoding_out, i, levels[i]),
              NULL);
        check("category", tr_encoding_add_category(*encoding_out, i,
                                                   categories[i]), NULL);
    }
    check("encoding", tr_encoding_finish(*encoding_out), NULL);
}

/* As the daemon asks: with a view of its own.  Returns the time, ns. */
static double
ask(struct tr_table *table, const struct tr_question *question,
    struct tr_answer *answer)
{
    uint64_t start = now_ns();
    struct tr_view *view;

    check("view", tr_view_open(table, &view), tr_table_message(table));
    if (tr_decide(view, question, answer) != 0)
        die(question->peer, answer->text);
    tr_view_close(view);
    return (double)(now_ns() - start);
}

static void
print_times(const char *name, double *times, unsigned long n)
{
    sort_times(times, n);
    printf("%s %.0f\n%s-99 %.0f\n", name, times[n / 2], name,
           times[n * 99 / 100]);
}

/* Each peer in turn is sent to, and what it would say back is received. */
static void
decide(const char *directory, unsigned long nsystems, unsigned long npeers,
       unsigned long n)
{
    static struct tr_answer sent, received;
    struct tr_table *table = open_table(directory, TR_TABLE_READ);
    struct tr_encoding *encoding;
    struct tr_local local = { .system = "s0.example.com", .format = "local" };
    struct tr_question question;
    struct tr_range process;
    char host[64], principal[128];
    double *times[2];
    unsigned long i;

    make_encoding(&encoding);
    check("process", tr_range_parse(encoding, "internal", "secret:hr",
                                    &process), NULL);
    local.encoding = encoding;
    times[0] = calloc(n, sizeof(double));
    times[1] = calloc(n, sizeof(double));
    if (times[0] == NULL || times[1] == NULL)
        die("decide", strerror(ENOMEM));
    for (i = 0; i < 2 * n; i++) {
        (void)snprintf(host, sizeof(host), "s%lu.example.com",
                       1 + i % npeers * STRIDE % (nsystems - 1));
        (void)snprintf(principal, sizeof(principal),
                       "trustrealm/%s@EXAMPLE.COM", host);
        question = (struct tr_question){
            .side = TR_SENDING, .local = &local, .now = time(NULL),
            .peer = host, .service = "host", .process_low = "internal",
            .process_high = "secret:hr", .process = &process,
            .confidentiality = true, .brief = true
        };
        times[0][i % n] = ask(table, &question, &sent);
        question.side = TR_RECEIVING;
        question.peer_principal = principal;
        question.realm = sent.realm;
        question.realm_label = sent.label;
        question.realm_low = sent.low;
        question.realm_high = sent.high;
        question.digest = sent.digest;
        times[1][i % n] = ask(table, &question, &received);
    }
    print_times("sending", times[0], n);
    print_times("receiving", times[1], n);
    print_memory();
    free(times[0]);
    free(times[1]);
    tr_encoding_free(encoding);
    tr_table_close(table);
}

int
main(int argc, char **argv)
{
    initialize_trr_error_table();
    if (argc == 4 && strcmp(argv[1], "generate") == 0)
        generate(number(argv[2]), number(argv[3]));
    else if (argc == 4 && strcmp(argv[1], "load") == 0)
        load(argv[2], argv[3]);
    else if (argc == 3 && strcmp(argv[1], "open") == 0)
        open_only(argv[2]);
    else if (argc == 5 && strcmp(argv[1], "follow") == 0)
        follow(argv[2], argv[3], argv[4]);
    else if (argc == 6 && strcmp(argv[1], "decide") == 0)
        decide(argv[2], number(argv[3]), number(argv[4]),
                    number(argv[5]));
    else
        die("usage", "generate, load, open, follow or decide");
    return fflush(stdout) == 0 ? 0 : 1;
}
