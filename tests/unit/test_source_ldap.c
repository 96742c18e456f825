/* tests/unit/test_source_ldap.c - following a real directory server */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include "slapd.h"
#include "source.h"
#include "table_dir.h"
#include "trustrealm_err.h"

#define ALPHA "cn=alpha.example.com,ou=systems," SLAPD_BASE
#define BETA "cn=beta.example.com,ou=systems," SLAPD_BASE
#define DELTA "cn=delta.example.com,ou=systems," SLAPD_BASE
#define GAMMA "cn=gamma.example.com,ou=systems," SLAPD_BASE
#define ENGINEERING "cn=engineering,ou=realms," SLAPD_BASE

#define HEARTBEAT_S 1
#define TIMEOUT_S 2

/* slapd, and a process that follows it. */
struct scene {
    struct slapd slapd;
    struct tr_ldap_options options;
    pid_t pid;
    int stop_fd, told_fd;
    char told[65536];           /* lines of what it said */
    size_t ntold;
    struct tr_table *table;
};

static int64_t
now_us(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t
patience(void)
{
    const char *factor = getenv("TR_PATIENCE");

    return factor == NULL ? 1 : strtol(factor, NULL, 10);
}

static int64_t
patience_us(void)
{
    return 15000000 * patience();
}

static void
moment(void)
{
    const struct timespec ts = { 0, 200 * 1000 };

    (void)nanosleep(&ts, NULL);
}

/* --- the process that follows -------------------------------------------- */

static void
say(int fd, const char *kind, const char *text)
{
    char line[1000];
    int length = snprintf(line, sizeof(line), "%s %s\n", kind, text);

    if (length > 0 && write(fd, line, (size_t)length) < 0)
        _exit(1);
}

static void
on_event(enum tr_source_event event, const char *text, void *arg)
{
    static const char *const kinds[] = { "changed", "fresh", "away" };

    say(*(int *)arg, kinds[event], text);
}

static void
on_bad(const char *dn, const char *why, void *arg)
{
    char text[900];

    (void)snprintf(text, sizeof(text), "%s: %s", dn, why);
    say(*(int *)arg, "bad", text);
}

static void __attribute__((noreturn))
follow(const char *directory, const struct tr_ldap_options *options,
       int stop_fd, int told_fd)
{
    struct tr_source_callbacks callbacks = { on_event, on_bad, &told_fd };
    struct tr_table *table;
    krb5_error_code ret;

    (void)signal(SIGPIPE, SIG_IGN);
    if (tr_table_open(path_in(directory, "table"), TR_TABLE_WRITE, 64 << 20,
                      &table, NULL) != 0)
        _exit(2);
    ret = tr_source_follow_ldap(table, options, &callbacks, stop_fd);
    tr_table_close(table);
    /* So that leaks are looked for. */
    exit(ret == 0 ? 0 : 3);
}

static void
start_following(struct scene *scene)
{
    int stop[2], told[2];

    assert_int_equal(pipe2(stop, O_CLOEXEC), 0);
    assert_int_equal(pipe2(told, O_CLOEXEC | O_NONBLOCK), 0);
    scene->pid = fork();
    assert_true(scene->pid >= 0);
    if (scene->pid == 0) {
        (void)close(stop[1]);
        (void)close(told[0]);
        follow(scene->slapd.directory, &scene->options, stop[0], told[1]);
    }
    (void)close(stop[0]);
    (void)close(told[1]);
    scene->stop_fd = stop[1];
    scene->told_fd = told[0];
    scene->ntold = 0;
    scene->told[0] = '\0';
}

/* Exit status of the process, which must end at once. */
static int
stop_following(struct scene *scene)
{
    int status = -1;

    if (scene->pid <= 0)
        return -1;
    (void)close(scene->stop_fd);
    assert_int_equal(waitpid(scene->pid, &status, 0), scene->pid);
    (void)close(scene->told_fd);
    scene->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* --- what it said and did ------------------------------------------------ */

static void
listen_to(struct scene *scene)
{
    ssize_t n;

    n = read(scene->told_fd, scene->told + scene->ntold,
             sizeof(scene->told) - 1 - scene->ntold);
    if (n > 0)
        scene->ntold += (size_t)n;
    scene->told[scene->ntold] = '\0';
}

static bool
was_told(struct scene *scene, const char *text)
{
    listen_to(scene);
    return strstr(scene->told, text) != NULL;
}

/* Forget what was said so far. */
static void
forget(struct scene *scene)
{
    listen_to(scene);
    scene->ntold = 0;
    scene->told[0] = '\0';
}

static void
wait_told(struct scene *scene, const char *text)
{
    int64_t end = now_us() + patience_us();

    while (!was_told(scene, text)) {
        if (now_us() > end)
            fail_msg("never said \"%s\", but:\n%s", text, scene->told);
        moment();
    }
}

static void
wait_system(struct scene *scene, const char *host, const char *name)
{
    int64_t end = now_us() + patience_us();

    while (strcmp(system_of(scene->table, host), name) != 0) {
        if (now_us() > end)
            fail_msg("%s is \"%s\", not \"%s\"; said:\n%s", host,
                     system_of(scene->table, host), name,
                     (listen_to(scene), scene->told));
        moment();
    }
}

static int
setup_directory(void **state, bool tls)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    void *directory;

    if (scene == NULL || make_directory(&directory) != 0)
        return -1;
    *state = scene;
    slapd_create(&scene->slapd, directory, tls);
    slapd_start(&scene->slapd);
    scene->options = (struct tr_ldap_options){
        .uri = scene->slapd.ldapi, .base = SLAPD_BASE, .bind = "external",
        .heartbeat_s = HEARTBEAT_S, .timeout_s = TIMEOUT_S
    };
    return 0;
}

static int
setup_bare(void **state)
{
    return setup_directory(state, false);
}

static int
setup_tls(void **state)
{
    return setup_directory(state, true);
}

/* With the sample in the table. */
static int
setup(void **state)
{
    struct scene *scene;

    if (setup_directory(state, false) != 0)
        return -1;
    scene = *state;
    start_following(scene);
    wait_told(scene, "changed ");
    scene->table = open_table(scene->slapd.directory, TR_TABLE_READ);
    return 0;
}

static int
teardown(void **state)
{
    struct scene *scene = *state;
    void *directory;

    (void)stop_following(scene);
    tr_table_close(scene->table);
    slapd_stop(&scene->slapd);
    directory = (void *)scene->slapd.directory;
    (void)remove_directory(&directory);
    free(scene);
    return 0;
}

/* The tests use the form for slapd.conf. */
static void
the_other_form_of_the_schema_loads(void **state)
{
    struct scene *scene = *state;

    slapd_try_ldif_schema(&scene->slapd);
}

/* --- content ------------------------------------------------------------- */

static void
the_directory_is_copied(void **state)
{
    struct scene *scene = *state;
    struct tr_table_info info = info_of(scene->table);
    const struct tr_realm *realm;
    struct tr_record *record;
    struct tr_view *view;

    assert_int_equal(info.realms, 2);
    assert_int_equal(info.systems, 4);
    assert_int_equal(info.clearances, 2);
    assert_int_equal(info.maps, 2);
    assert_int_equal(info.generation, 1);
    assert_string_equal(info.source, scene->slapd.ldapi);
    assert_int_equal(tr_view_open(scene->table, &view), 0);
    assert_int_equal(tr_view_realm(view, "engineering", &realm), 0);
    assert_int_equal(realm->record->priority, 20);
    assert_int_equal(tr_view_system(view, "www.example.com", &record), 0);
    assert_int_equal(record->u.system.nmemberships, 2);
    assert_string_equal(record->u.system.memberships[1].high,
                        "secret:hr,crypto");
    tr_record_free(record);
    tr_view_close(view);
    assert_false(was_told(scene, "bad "));
    assert_int_equal(stop_following(scene), 0);
}

static void
changes_arrive(void **state)
{
    struct scene *scene = *state;

    slapd_replace(&scene->slapd, ALPHA, "trAlias", "one.example.com");
    wait_system(scene, "one.example.com", "alpha.example.com");
    slapd_add(&scene->slapd, "cn=epsilon,ou=systems," SLAPD_BASE,
              "objectClass: trSystem\ncn: epsilon\n"
              "trPrincipal: trustrealm/epsilon@EXAMPLE.COM\n");
    wait_system(scene, "epsilon", "epsilon");
    slapd_rename(&scene->slapd, "cn=epsilon,ou=systems," SLAPD_BASE,
                 "cn=zeta");
    wait_system(scene, "zeta", "zeta");
    assert_string_equal(system_of(scene->table, "epsilon"), "");
    slapd_delete(&scene->slapd, "cn=zeta,ou=systems," SLAPD_BASE);
    wait_system(scene, "zeta", "");
    slapd_replace(&scene->slapd, ALPHA, "trAlias", NULL);
    wait_system(scene, "one.example.com", "");
    assert_int_equal(info_of(scene->table).systems, 4);
    /* One generation for each. */
    assert_int_equal(generation(scene->table), 6);
}

/* Changes of no concern raise no generation. */
static void
other_changes_do_not_matter(void **state)
{
    struct scene *scene = *state;

    slapd_replace(&scene->slapd, SLAPD_SUFFIX, "description", "x");
    slapd_replace(&scene->slapd, ALPHA, "description", "x");
    slapd_replace(&scene->slapd, BETA, "trAlias", "new.example.com");
    wait_system(scene, "new.example.com", "beta.example.com");
    assert_int_equal(generation(scene->table), 2);
}

static void
an_unusable_entry_is_left_out(void **state)
{
    struct scene *scene = *state;

    slapd_replace(&scene->slapd, BETA, "trMembership", "engineering nonsense");
    wait_system(scene, "beta.example.com", "");
    wait_told(scene, "bad " BETA ": trMembership: \"engineering nonsense\"");
    assert_string_equal(system_of(scene->table, "alpha.example.com"),
                        "alpha.example.com");
    slapd_replace(&scene->slapd, BETA, "trMembership", NULL);
    wait_system(scene, "beta.example.com", "beta.example.com");
}

static void
a_taken_name_comes_free(void **state)
{
    struct scene *scene = *state;

    slapd_replace(&scene->slapd, GAMMA, "trAlias", "alpha.example.com");
    wait_told(scene, "bad gamma.example.com: its host name "
              "alpha.example.com also belongs to another entry");
    wait_system(scene, "gamma.example.com", "");
    wait_system(scene, "alpha.example.com", "");
    slapd_delete(&scene->slapd, ALPHA);
    wait_system(scene, "alpha.example.com", "gamma.example.com");
}

static int
compare_times(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* The provider tells of it: no heartbeat comes that could bring any of them.
 * A second is what revocation promises, milliseconds is what it takes. */
static void
a_change_is_there_at_once(void **state)
{
    struct scene *scene = *state;
    int64_t times[50], start;
    char alias[40];

    assert_int_equal(stop_following(scene), 0);
    scene->options.heartbeat_s = 3600;
    start_following(scene);
    wait_told(scene, "fresh ");
    for (int i = 0; i < 50; i++) {
        (void)snprintf(alias, sizeof(alias), "a%d", i);
        start = now_us();
        slapd_replace(&scene->slapd, ALPHA, "trAlias", alias);
        wait_system(scene, alias, "alpha.example.com");
        times[i] = now_us() - start;
    }
    qsort(times, 50, sizeof(*times), compare_times);
    print_message("from before the write to the table: median %.1f ms, "
                  "longest %.1f ms\n", (double)times[25] / 1000,
                  (double)times[49] / 1000);
    assert_true(times[25] < 1000000 * patience());
}

static void
many_changes_share_commits(void **state)
{
    struct scene *scene = *state;
    char dn[100], lines[200];
    int64_t start = now_us();

    for (int i = 0; i < 300; i++) {
        (void)snprintf(dn, sizeof(dn), "cn=s%d,ou=systems,%s", i, SLAPD_BASE);
        (void)snprintf(lines, sizeof(lines), "objectClass: trSystem\n"
                       "cn: s%d\ntrPrincipal: trustrealm/s%d@R\n", i, i);
        slapd_add(&scene->slapd, dn, lines);
    }
    wait_system(scene, "s299", "s299");
    print_message("300 systems added and there in %.0f ms, in %u commits\n",
                  (double)(now_us() - start) / 1000,
                  (unsigned)generation(scene->table) - 1);
    assert_int_equal(info_of(scene->table).systems, 304);
}

/* --- interruptions ------------------------------------------------------- */

static void
a_provider_may_restart(void **state)
{
    struct scene *scene = *state;

    slapd_stop(&scene->slapd);
    wait_told(scene, "away ");
    /* The table goes on. */
    assert_int_equal(info_of(scene->table).systems, 4);
    forget(scene);
    slapd_start(&scene->slapd);
    wait_told(scene, "fresh ");
    assert_int_equal(generation(scene->table), 1);
    slapd_delete(&scene->slapd, DELTA);
    wait_system(scene, "delta.example.com", "");
}

/* Add, change, rename and delete while nobody follows. */
static void
a_follower_may_restart(void **state)
{
    struct scene *scene = *state;

    slapd_replace(&scene->slapd, ALPHA, "trAlias", "before");
    wait_system(scene, "before", "alpha.example.com");
    assert_int_equal(stop_following(scene), 0);
    slapd_replace(&scene->slapd, ALPHA, "trAlias", "after");
    slapd_add(&scene->slapd, "cn=epsilon,ou=systems," SLAPD_BASE,
              "objectClass: trSystem\ncn: epsilon\n"
              "trPrincipal: trustrealm/epsilon@EXAMPLE.COM\n"
              "trAlias: before\n");
    slapd_rename(&scene->slapd, GAMMA, "cn=gimel.example.com");
    slapd_delete(&scene->slapd, DELTA);
    start_following(scene);
    wait_system(scene, "after", "alpha.example.com");
    assert_string_equal(system_of(scene->table, "before"), "epsilon");
    assert_string_equal(system_of(scene->table, "gimel.example.com"),
                        "gimel.example.com");
    assert_string_equal(system_of(scene->table, "gamma.example.com"), "");
    assert_string_equal(system_of(scene->table, "delta.example.com"), "");
    assert_int_equal(info_of(scene->table).systems, 4);
    assert_int_equal(generation(scene->table), 3);
    /* And again, with nothing to tell. */
    assert_int_equal(stop_following(scene), 0);
    start_following(scene);
    wait_told(scene, "fresh ");
    assert_int_equal(generation(scene->table), 3);
    assert_false(was_told(scene, "changed "));
}

static void
a_killed_follower_goes_on(void **state)
{
    struct scene *scene = *state;
    char alias[40];

    for (int i = 0; i < 5; i++) {
        (void)snprintf(alias, sizeof(alias), "a%d", i);
        slapd_replace(&scene->slapd, ALPHA, "trAlias", alias);
        (void)kill(scene->pid, SIGKILL);
        (void)waitpid(scene->pid, NULL, 0);
        scene->pid = 0;
        (void)close(scene->stop_fd);
        (void)close(scene->told_fd);
        start_following(scene);
        wait_system(scene, alias, "alpha.example.com");
    }
}

static void
an_older_provider_is_refused(void **state)
{
    struct scene *scene = *state;
    struct tr_table_info before, after;

    slapd_stop(&scene->slapd);
    slapd_keep(&scene->slapd, "old");
    slapd_start(&scene->slapd);
    /* The revocation that somebody would like to undo. */
    slapd_replace(&scene->slapd, BETA, "trEnabled", "FALSE");
    slapd_delete(&scene->slapd, DELTA);
    wait_system(scene, "delta.example.com", "");
    slapd_stop(&scene->slapd);
    before = info_of(scene->table);
    slapd_restore(&scene->slapd, "old");
    forget(scene);
    slapd_start(&scene->slapd);
    wait_told(scene, "behind what this system has seen");
    assert_int_equal(stop_following(scene), 0);
    start_following(scene);
    wait_told(scene, "away ");
    after = info_of(scene->table);
    assert_int_equal(after.generation, before.generation);
    assert_true(after.fresh == before.fresh);
    assert_string_equal(system_of(scene->table, "delta.example.com"), "");
}

static void
an_emptied_provider_is_refused(void **state)
{
    struct scene *scene = *state;

    slapd_stop(&scene->slapd);
    slapd_empty(&scene->slapd);
    forget(scene);
    slapd_start(&scene->slapd);
    wait_told(scene, "away ");
    (void)sleep(1);
    assert_int_equal(info_of(scene->table).systems, 4);
    assert_int_equal(generation(scene->table), 1);
    assert_false(was_told(scene, "changed "));
    assert_false(was_told(scene, "fresh "));
}

/* Until then there is no table to decide by. */
static void
a_base_may_come_later(void **state)
{
    struct scene *scene = *state;

    scene->options.base = "ou=later," SLAPD_SUFFIX;
    start_following(scene);
    wait_told(scene, "away the provider ended the search: No such object");
    scene->table = open_table(scene->slapd.directory, TR_TABLE_READ);
    assert_int_equal(generation(scene->table), 0);
    assert_true(info_of(scene->table).fresh == 0);
    slapd_add(&scene->slapd, "ou=later," SLAPD_SUFFIX,
              "objectClass: organizationalUnit\nou: later\n");
    slapd_add(&scene->slapd, "cn=omega,ou=later," SLAPD_SUFFIX,
              "objectClass: trSystem\ncn: omega\n"
              "trPrincipal: trustrealm/omega@EXAMPLE.COM\n");
    wait_system(scene, "omega", "omega");
    assert_int_equal(info_of(scene->table).systems, 1);
}

static void
a_silent_provider_is_left(void **state)
{
    struct scene *scene = *state;
    int64_t fresh;

    wait_told(scene, "fresh ");
    forget(scene);
    (void)kill(scene->slapd.pid, SIGSTOP);
    wait_told(scene, "away ");
    fresh = info_of(scene->table).fresh;
    (void)sleep(2);
    assert_true(info_of(scene->table).fresh == fresh);
    forget(scene);
    (void)kill(scene->slapd.pid, SIGCONT);
    wait_told(scene, "fresh ");
    assert_true(info_of(scene->table).fresh > fresh);
    assert_int_equal(generation(scene->table), 1);
}

/* What a bad server answers, and how often; with the request's id, if it has
 * one. */
struct bad_answer {
    uint8_t *octets;
    size_t length, times;
    bool has_id;
};

/* Where the id is in a message as short as a bind, and in a long answer. */
#define ID_OF_REQUEST 4
#define ID_OF_ANSWER 8

/* Tell told_fd each time how often it could answer, when it has been left. */
static void __attribute__((noreturn))
serve_badly(int listener, const struct bad_answer *answer, int told_fd)
{
    uint8_t request[1000];
    size_t n;
    int fd;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        fd = accept(listener, NULL, NULL);
        if (fd < 0 || read(fd, request, sizeof(request)) <= ID_OF_REQUEST)
            _exit(1);
        if (answer->has_id)
            answer->octets[ID_OF_ANSWER] = request[ID_OF_REQUEST];
        for (n = 0; n < answer->times; n++) {
            if (send(fd, answer->octets, answer->length, MSG_NOSIGNAL) < 0)
                break;
        }
        while (read(fd, request, sizeof(request)) > 0)
            continue;
        (void)close(fd);
        if (write(told_fd, &n, sizeof(n)) != sizeof(n))
            _exit(1);
    }
}

static pid_t
start_bad_server(const char *path, const struct bad_answer *answer,
                 int told_fd)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pid_t pid;

    assert_true(strlen(path) < sizeof(address.sun_path));
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    assert_int_equal(bind(listener, (struct sockaddr *)&address,
                          sizeof(address)), 0);
    assert_int_equal(listen(listener, 5), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        serve_badly(listener, answer, told_fd);
    (void)close(listener);
    return pid;
}

/* Follow a bad server and, when that is left, a good one.  Returns how often
 * the bad one could answer. */
static size_t
follow_bad_and_good(struct scene *scene, const struct bad_answer *answer)
{
    struct pollfd told = { .events = POLLIN };
    char uris[700], path[300];
    size_t times = 0;
    int fds[2];
    pid_t pid;

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    told.fd = fds[0];
    (void)snprintf(path, sizeof(path), "%s/ldapi-bad",
                   scene->slapd.directory);
    pid = start_bad_server(path, answer, fds[1]);
    (void)snprintf(uris, sizeof(uris), "%s-bad %s", scene->slapd.ldapi,
                   scene->slapd.ldapi);
    scene->options.uri = uris;
    start_following(scene);
    wait_told(scene, "fresh ");
    assert_int_equal(poll(&told, 1, (int)(patience_us() / 1000)), 1);
    assert_int_equal(read(fds[0], &times, sizeof(times)), sizeof(times));
    assert_int_equal(stop_following(scene), 0);
    (void)kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    (void)unlink(path);
    (void)close(fds[0]);
    (void)close(fds[1]);
    return times;
}

/* libldap itself falls over a notification without a name. */
static void
a_broken_provider_is_left(void **state)
{
    uint8_t notice[] = "\x30\x0e\x02\x01\0" "\x78\x09\x0a\x01\x34"
        "\x04\0\x04\0\x8a\0";
    struct bad_answer answer = { notice, sizeof(notice) - 1, 1, false };

    assert_int_equal(follow_bad_and_good(*state, &answer), 1);
}

/* A read for the rest of it would wait as long as it takes. */
static void
half_an_answer_is_not_waited_for(void **state)
{
    uint8_t half[] = "\x30\x0c\x02";
    struct bad_answer answer = { half, sizeof(half) - 1, 1, false };

    assert_int_equal(follow_bad_and_good(*state, &answer), 1);
}

/* Nor is what it says kept until then: a gigabyte of entries. */
static void
a_provider_without_end_is_left(void **state)
{
    static const char start[] = "\x30\x84\0\1\0\x11\2\1\0"
        "\x64\x84\0\1\0\x08\4\x84\0\1\0\0";
    static uint8_t entry[sizeof(start) - 1 + 0x10000 + 2];
    struct bad_answer answer = { entry, sizeof(entry), 1 << 14, true };

    (void)memset(entry, 'x', sizeof(entry));
    (void)memcpy(entry, start, sizeof(start) - 1);
    (void)memcpy(entry + sizeof(entry) - 2, "\x30", 2);
    assert_true(follow_bad_and_good(*state, &answer) < 100);
    ((struct scene *)*state)->options.bind = "none";
    assert_true(follow_bad_and_good(*state, &answer) < 100);
}

static void
heartbeats_keep_the_table_fresh(void **state)
{
    struct scene *scene = *state;
    int64_t first = info_of(scene->table).fresh;
    int64_t end = now_us() + patience_us();

    while (info_of(scene->table).fresh < first + 3) {
        assert_true(now_us() < end);
        moment();
    }
    assert_int_equal(generation(scene->table), 1);
    assert_false(was_told(scene, "away "));
}

/* --- protection ---------------------------------------------------------- */

static void
follow_over_network(struct scene *scene, const char *bind, int minimum_ssf,
                    bool starttls, const char *ca)
{
    static char uri[50], ca_file[300];

    (void)snprintf(uri, sizeof(uri), "ldap://127.0.0.1:%d",
                   scene->slapd.port);
    (void)snprintf(ca_file, sizeof(ca_file), "%s/%s", scene->slapd.directory,
                   ca == NULL ? "" : ca);
    scene->options.uri = uri;
    scene->options.bind = bind;
    scene->options.minimum_ssf = minimum_ssf;
    scene->options.starttls = starttls;
    scene->options.ca_file = ca == NULL ? NULL : ca_file;
    start_following(scene);
}

static void
an_unprotected_connection_is_refused(void **state)
{
    struct scene *scene = *state;

    follow_over_network(scene, "none", 128, false, NULL);
    wait_told(scene, "away the connection has security strength 0, less than "
              "the 128 required");
    assert_false(was_told(scene, "changed "));
    assert_int_equal(stop_following(scene), 0);
    /* The administrator may allow it. */
    follow_over_network(scene, "none", 0, false, NULL);
    wait_told(scene, "changed ");
}

static void
tls_protects(void **state)
{
    struct scene *scene = *state;
    char uri[50];

    follow_over_network(scene, "none", 128, true, "ca.pem");
    wait_told(scene, "changed ");
    assert_int_equal(stop_following(scene), 0);
    /* From the first octet, too. */
    (void)snprintf(uri, sizeof(uri), "ldaps://127.0.0.1:%d",
                   scene->slapd.tls_port);
    scene->options.uri = uri;
    scene->options.starttls = false;
    start_following(scene);
    wait_told(scene, "fresh ");
    assert_int_equal(stop_following(scene), 0);
    follow_over_network(scene, "none", 512, true, "ca.pem");
    wait_told(scene, "512 required");
    assert_int_equal(stop_following(scene), 0);
    /* Signed by somebody else. */
    follow_over_network(scene, "none", 128, true, "other.pem");
    wait_told(scene, "away StartTLS: ");
    assert_true(was_told(scene, "/other.pem vouch for a certificate"));
    assert_int_equal(stop_following(scene), 0);
    scene->options.uri = uri;
    scene->options.starttls = false;
    start_following(scene);
    wait_told(scene, "away connection: ");
    assert_true(was_told(scene, "/other.pem vouch for a certificate"));
    assert_int_equal(stop_following(scene), 0);
    /* No such file. */
    follow_over_network(scene, "none", 128, true, "none.pem");
    wait_told(scene, "/none.pem: No such file or directory");
    assert_false(was_told(scene, "changed "));
    assert_false(was_told(scene, "fresh "));
}

static void
a_password_goes_through_tls_only(void **state)
{
    struct scene *scene = *state;
    const char *path = path_in(scene->slapd.directory, "password");
    char bind[400];
    FILE *file = fopen(path, "w");

    fputs("secret\n", file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
    (void)snprintf(bind, sizeof(bind), "simple:cn=admin," SLAPD_SUFFIX ":%s",
                   path);
    follow_over_network(scene, bind, 0, false, NULL);
    wait_told(scene, "away a password needs TLS");
    assert_int_equal(stop_following(scene), 3);
    follow_over_network(scene, bind, 128, true, "ca.pem");
    wait_told(scene, "changed ");
    assert_int_equal(stop_following(scene), 0);
    /* A wrong one, one that others can read, and none. */
    assert_int_equal(truncate(path, 3), 0);
    follow_over_network(scene, bind, 128, true, "ca.pem");
    wait_told(scene, "away bind: Invalid credentials");
    assert_int_equal(stop_following(scene), 0);
    assert_int_equal(truncate(path, 0), 0);
    follow_over_network(scene, bind, 128, true, "ca.pem");
    wait_told(scene, "away the password file is empty");
    assert_int_equal(stop_following(scene), 0);
    assert_int_equal(chmod(path, 0644), 0);
    follow_over_network(scene, bind, 128, true, "ca.pem");
    wait_told(scene, "away others may read the password file");
    assert_int_equal(stop_following(scene), 0);
    assert_non_null(strstr(scene->told, "away "));
    assert_null(strstr(scene->told, "secret"));
}

static void
wrong_options_end_it(void **state)
{
    struct scene *scene = *state;

    scene->options.uri = "http://localhost";
    start_following(scene);
    wait_told(scene, "away not an LDAP URI");
    assert_int_equal(stop_following(scene), 3);
    scene->options.uri = "ldapi:// ldap://localhost";
    start_following(scene);
    wait_told(scene, "LDAP URI");
    assert_int_equal(stop_following(scene), 3);
    scene->options.uri = "LDAP://localhost";
    scene->options.bind = "simple:cn=admin:/dev/null";
    start_following(scene);
    wait_told(scene, "away a password needs TLS");
    assert_int_equal(stop_following(scene), 3);
    scene->options.uri = scene->slapd.ldapi;
    scene->options.bind = "kerberos";
    start_following(scene);
    wait_told(scene, "away unknown bind method");
    assert_int_equal(stop_following(scene), 3);
    scene->options.bind = "external";
    scene->options.base = "ou=nowhere," SLAPD_SUFFIX;
    start_following(scene);
    wait_told(scene, "away ");
    assert_false(was_told(scene, "changed "));
    assert_int_equal(stop_following(scene), 0);
}

#define follow_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_other_form_of_the_schema_loads,
                                        setup_bare, teardown),
        follow_test(the_directory_is_copied),
        follow_test(changes_arrive),
        follow_test(other_changes_do_not_matter),
        follow_test(an_unusable_entry_is_left_out),
        follow_test(a_taken_name_comes_free),
        follow_test(a_change_is_there_at_once),
        follow_test(many_changes_share_commits),
        follow_test(a_provider_may_restart),
        follow_test(a_follower_may_restart),
        follow_test(a_killed_follower_goes_on),
        follow_test(an_older_provider_is_refused),
        follow_test(an_emptied_provider_is_refused),
        cmocka_unit_test_setup_teardown(a_base_may_come_later, setup_bare,
                                        teardown),
        follow_test(a_silent_provider_is_left),
        cmocka_unit_test_setup_teardown(a_broken_provider_is_left, setup_bare,
                                        teardown),
        cmocka_unit_test_setup_teardown(half_an_answer_is_not_waited_for,
                                        setup_bare, teardown),
        cmocka_unit_test_setup_teardown(a_provider_without_end_is_left,
                                        setup_bare, teardown),
        follow_test(heartbeats_keep_the_table_fresh),
        cmocka_unit_test_setup_teardown(an_unprotected_connection_is_refused,
                                        setup_bare, teardown),
        cmocka_unit_test_setup_teardown(tls_protects, setup_tls, teardown),
        cmocka_unit_test_setup_teardown(a_password_goes_through_tls_only,
                                        setup_tls, teardown),
        cmocka_unit_test_setup_teardown(wrong_options_end_it, setup_bare,
                                        teardown),
    };

    if (!slapd_is_there())
        return getenv("TR_REQUIRE") == NULL ? 77 : 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
