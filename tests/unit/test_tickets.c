/* tests/unit/test_tickets.c - tickets while the KDC comes and goes */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <sys/stat.h>
#include <sys/syscall.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "kdc.h"
#include "login.h"
#include "keys.h"
#include "seal_context.h"
#include "tickets.h"
#include "trustrealm_err.h"

#define LDAP "ldap/alpha.unit.test@" WORLD_REALM
/* Beta's entry, with another principal that the KDC has. */
#define MOVED "dn: cn=beta,dc=test\nobjectClass: trSystem\n" \
    "cn: beta.unit.test\ntrPrincipal: " LDAP "\n" \
    "trMembership: engineering public secret:hr\n\n"

static double
seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

/* When not 0, the clock since boot stands there for this whole process.  Events
 * and patience go by others. */
static _Atomic time_t boottime;

int
clock_gettime(clockid_t clock, struct timespec *now)
{
    int ret = (int)syscall(SYS_clock_gettime, clock, now);

    if (ret == 0 && clock == CLOCK_BOOTTIME && boottime != 0)
        *now = (struct timespec){ boottime, 0 };
    return ret;
}

/* Let events of alpha happen for so long. */
static void
run_alpha(double duration)
{
    double end = seconds() + duration;

    while (seconds() < end) {
        assert_true(event_base_loop(world_alpha.service.base,
                                    EVLOOP_NONBLOCK) >= 0);
        usleep(5000);
    }
}

static bool
is_there(void *path)
{
    return access(path, F_OK) == 0;
}

/* Let events of alpha happen until so. */
static void
run_alpha_until(bool (*so)(void *arg), void *arg)
{
    double end = seconds() + 60;

    while (!so(arg)) {
        assert_true(seconds() < end);
        run_alpha(0.1);
    }
}

/* What alpha has asked the KDC so far. */
static uint64_t
questions(void)
{
    struct tr_kdc_state state;

    tr_kdc_state(tr_keys_kdc(world_alpha.service.keys), &state);
    return state.answered + state.busy + state.queue;
}

/* krb5_timestamp is signed, the times in it are not. */
static bool
is_logged_in(void *arg)
{
    struct tr_kdc_state kdc;

    tr_kdc_state(tr_keys_kdc(world_alpha.service.keys), &kdc);
    return kdc.busy + kdc.queue == 0 && kdc.login.code == 0 &&
        kdc.login.end > time(NULL);
}

static krb5_error_code
seal(void)
{
    return world_seal(&world_alpha, WORLD_USER, &context, "");
}

static bool
seals_for(void *one)
{
    return world_seal(&world_alpha, WORLD_USER, one, "") == 0;
}

static void
a_ticket_at_hand_needs_no_kdc(void **state)
{
    world_ap_req(&context, "alice", HOST);
    assert_int_equal(seal(), 0);
    world_stop_kdc();
    assert_int_equal(seal(), 0);
    assert_int_equal(accept_here(), 0);
    assert_int_equal(world_accepted(&context), 0);
    world_start_kdc();
}

/* The table may quote what need not be quoted; tickets and environments have
 * the one form that Kerberos gives a name. */
static void
a_principal_written_otherwise_is_the_same(void **state)
{
    int i;

    world_load(&world_alpha, "beta",
               "dn: cn=beta,dc=test\nobjectClass: trSystem\n"
               "cn: beta.unit.test\n"
               "trPrincipal: trustrealm/b\\eta\\.unit.test@" WORLD_REALM
               "\ntrMembership: engineering public secret:hr\n\n");
    for (i = 0; i < 2; i++) {
        world_ap_req(&context, "alice", HOST);
        assert_int_equal(seal(), 0);
        assert_int_equal(world_accept(&world_beta, WORLD_ROOT, &context), 0);
        world_forget(&context);
    }
    world_load(&world_alpha, NULL, "");
}

static void
without_a_kdc_the_refusal_says_so(void **state)
{
    world_ap_req(&context, "alice", HOST);
    world_stop_kdc();
    world_restart(&world_alpha, NULL);
    assert_int_equal(seal(), TRR_NO_KDC);
    assert_int_equal(world_alpha.step, TR_S13_SEAL);
    /* It is asked again, a few seconds later. */
    world_start_kdc();
    run_alpha_until(seals_for, &context);
}

static void
a_silent_kdc_holds_nobody_up(void **state)
{
    struct tr_call prepare = { .type = TR_CALL_PREPARE };
    struct world_context other;
    struct tr_kdc_state kdc;

    world_ap_req(&context, "alice", HOST);
    world_ap_req(&other, "alice", "host/gamma.unit.test");
    assert_int_equal(seal(), 0);
    world_freeze_kdc(true);
    /* A peer whose ticket is not at hand: the wait has an end. */
    assert_int_equal(world_seal(&world_alpha, WORLD_USER, &other, ""),
                     TRR_NO_KDC);
    /* The others are served although the question is still open. */
    assert_int_equal(seal(), 0);
    prepare.u.prepare.target = HOST;
    prepare.u.prepare.label = "";
    assert_int_equal(world_call(&world_alpha, WORLD_USER, &prepare),
                     TR_REPLY_PREPARED);
    tr_kdc_state(tr_keys_kdc(world_alpha.service.keys), &kdc);
    assert_int_equal(kdc.busy, 1);
    /* Starting waits for no KDC either, nor does stopping. */
    world_restart(&world_gamma, NULL);
    tr_kdc_state(tr_keys_kdc(world_gamma.service.keys), &kdc);
    assert_int_equal(kdc.answered, 0);
    world_restart(&world_gamma, NULL);
    world_freeze_kdc(false);
    run_alpha_until(seals_for, &other);
    world_forget(&other);
}

struct outcome { size_t busy, others; };

static void
count(krb5_error_code code, const char *why, krb5_creds *creds, void *arg)
{
    struct outcome *outcome = arg;

    if (code == TRR_DAEMON_BUSY)
        outcome->busy++;
    else
        outcome->others++;
}

/* Wanted by uid: tickets for n peers that nobody else wants. */
static void
want_tickets(uid_t uid, size_t n, struct outcome *outcome)
{
    char principal[100];
    size_t i;

    memset(outcome, 0, sizeof(*outcome));
    for (i = 0; i < n; i++) {
        snprintf(principal, sizeof(principal), "trustrealm/h%zu.u%lu@%s", i,
                 (unsigned long)uid, WORLD_REALM);
        tr_keys_ticket(world_alpha.service.keys, principal, uid, count,
                       outcome);
    }
}

/* Not of what waits to be asked, either, while the KDC is silent. */
static void
one_user_cannot_have_all_questions(void **state)
{
    struct outcome one, other;

    world_restart(&world_alpha, NULL);
    run_alpha_until(is_logged_in, NULL);
    world_freeze_kdc(true);
    want_tickets(1000, 128, &one);
    assert_int_equal(one.busy, 64);
    want_tickets(1001, 64, &other);
    assert_int_equal(other.busy, 0);
    world_freeze_kdc(false);
    world_restart(&world_alpha, NULL);
    assert_int_equal(one.others + other.others, 128);
}

/* Beta gets another principal, and then the KDC talks. */
static void
move_beta(evutil_socket_t fd, short what, void *arg)
{
    world_load(&world_alpha, "beta", MOVED);
    world_freeze_kdc(false);
}

static void
a_principal_replaced_while_the_kdc_is_asked_gets_nothing(void **state)
{
    static const struct timeval soon = { 0, 200000 };

    world_ap_req(&context, "alice", HOST);
    world_restart(&world_alpha, NULL);
    run_alpha_until(is_logged_in, NULL);
    world_freeze_kdc(true);
    assert_int_equal(event_base_once(world_alpha.service.base, -1, EV_TIMEOUT,
                                     move_beta, NULL, &soon), 0);
    assert_int_equal(seal(), TRR_NO_KDC);
    assert_int_equal(world_alpha.step, TR_S13_SEAL);
    assert_non_null(strstr(world_alpha.text, "has just changed"));
    /* Whoever asks again is sealed for the new one. */
    assert_int_equal(seal(), 0);
    assert_int_equal(accept_here(), TRR_SYSTEM_AUTH);
    world_load(&world_alpha, NULL, "");
}

static void
a_peer_unknown_to_the_kdc_is_refused(void **state)
{
    uint64_t asked;

    world_ap_req(&context, "alice", HOST);
    world_load(&world_alpha, "beta",
               "dn: cn=beta,dc=test\nobjectClass: trSystem\n"
               "cn: beta.unit.test\n"
               "trPrincipal: trustrealm/nobody.test@" WORLD_REALM "\n"
               "trMembership: engineering public secret:hr\n\n");
    assert_int_equal(seal(), TRR_NO_KDC);
    assert_non_null(strstr(world_alpha.text, "nobody.test"));
    /* What was refused just now is not asked again. */
    asked = questions();
    assert_int_equal(seal(), TRR_NO_KDC);
    assert_int_equal(questions(), asked);
    world_load(&world_alpha, NULL, "");
    assert_int_equal(seal(), 0);
}

static void
times_of_tickets_are_a_floor_for_the_clock(void **state)
{
    world_ap_req(&context, "alice", HOST);
    assert_int_equal(seal(), 0);
    assert_in_range(tr_keys_clock_floor(world_alpha.service.keys),
                    time(NULL) - 60, time(NULL) + 1);
}

/* Tickets in a cache file: for server, or all (NULL). */
static size_t
count_tickets(const char *path, const char *server)
{
    char name[300], *text;
    krb5_ccache ccache;
    krb5_cc_cursor cursor;
    krb5_creds creds;
    size_t n = 0;

    snprintf(name, sizeof(name), "FILE:%s", path);
    assert_int_equal(krb5_cc_resolve(world_krb5, name, &ccache), 0);
    if (krb5_cc_start_seq_get(world_krb5, ccache, &cursor) == 0) {
        while (krb5_cc_next_cred(world_krb5, ccache, &cursor, &creds) == 0) {
            if (!krb5_is_config_principal(world_krb5, creds.server)) {
                assert_int_equal(krb5_unparse_name(world_krb5, creds.server,
                                                   &text), 0);
                n += server == NULL || strcmp(text, server) == 0;
                krb5_free_unparsed_name(world_krb5, text);
            }
            krb5_free_cred_contents(world_krb5, &creds);
        }
        krb5_cc_end_seq_get(world_krb5, ccache, &cursor);
    }
    krb5_cc_close(world_krb5, ccache);
    return n;
}

static void
an_exported_cache_holds_one_ticket_and_no_tgt(void **state)
{
    const char *const services[] = { "ldap/alpha.unit.test", NULL };
    char path[200];
    struct stat st;

    snprintf(path, sizeof(path), "%s/ldap.ccache", world_alpha.directory);
    assert_int_equal(tr_keys_export_tickets(world_alpha.service.keys,
                                            services, path), 0);
    run_alpha_until(is_there, path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(count_tickets(path, LDAP), 1);
    assert_int_equal(count_tickets(path, NULL), 1);
}

static bool
has_two(void *path)
{
    return is_there(path) && count_tickets(path, NULL) == 2;
}

/* ... or one for each service; another list takes its place. */
static void
an_exported_cache_holds_what_is_wanted(void **state)
{
    static const char host[] = HOST "@" WORLD_REALM;
    const char *const two[] = { LDAP, host, LDAP, NULL };
    const char *const one[] = { host, NULL };
    char path[200];

    snprintf(path, sizeof(path), "%s/two.ccache", world_alpha.directory);
    assert_int_equal(tr_keys_export_tickets(world_alpha.service.keys, two,
                                            path), 0);
    run_alpha_until(has_two, path);
    assert_int_equal(count_tickets(path, LDAP), 1);
    assert_int_equal(count_tickets(path, host), 1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(tr_keys_export_tickets(world_alpha.service.keys, one,
                                            path), 0);
    run_alpha(0.5);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void
an_export_is_tried_again_until_the_kdc_answers(void **state)
{
    const char *const services[] = { LDAP, NULL };
    char path[200];

    snprintf(path, sizeof(path), "%s/later.ccache", world_alpha.directory);
    world_stop_kdc();
    world_restart(&world_alpha, NULL);
    assert_int_equal(tr_keys_export_tickets(world_alpha.service.keys,
                                            services, path), 0);
    run_alpha(1);
    assert_int_not_equal(access(path, F_OK), 0);
    world_start_kdc();
    run_alpha_until(is_there, path);
    assert_int_equal(count_tickets(path, LDAP), 1);
    assert_int_equal(count_tickets(path, NULL), 1);
}

/* Every seal is another association. */
static void
accept_another(void)
{
    assert_int_equal(seal(), 0);
    assert_int_equal(accept_here(), 0);
}

static void
a_new_keytab_is_read_on_reload(void **state)
{
    char command[400];

    world_ap_req(&context, "alice", HOST);
    accept_another();
    /* Without the system's key nothing changes, and that is an error. */
    snprintf(command, sizeof(command), "mv %s/system.keytab %s/away && "
             "cp %s/../gamma.keytab %s/system.keytab",
             world_beta.directory, world_beta.directory,
             world_beta.directory, world_beta.directory);
    assert_int_equal(system(command), 0);
    assert_int_equal(tr_keys_reload(world_beta.service.keys), TRR_CONFIG);
    accept_another();
    snprintf(command, sizeof(command), "mv %s/away %s/system.keytab",
             world_beta.directory, world_beta.directory);
    assert_int_equal(system(command), 0);
    assert_int_equal(tr_keys_reload(world_beta.service.keys), 0);
    accept_another();
}

/* What the KDC is asked while peers send what the key does not open. */
static uint64_t
questions_in_doubt(void)
{
    struct tr_kdc *kdc = tr_keys_kdc(world_alpha.service.keys);
    uint64_t before = questions();
    int i;

    for (i = 0; i < 10; i++) {
        tr_kdc_doubt_key(kdc);
        run_alpha(0.05);
    }
    run_alpha_until(is_logged_in, NULL);
    return questions() - before;
}

static void
fill_queue(void)
{
    while (tr_kdc_ask(tr_keys_kdc(world_alpha.service.keys), LDAP) == 0)
        continue;
}

/* A silent KDC is asked more than the threads take up and the queue holds. */
static void
ask_too_much(void)
{
    world_freeze_kdc(true);
    fill_queue();
    run_alpha(0.5);
    fill_queue();
}

static bool
is_asked_nothing(void *arg)
{
    struct tr_kdc_state kdc;

    tr_kdc_state(tr_keys_kdc(world_alpha.service.keys), &kdc);
    return kdc.busy + kdc.queue == 0;
}

/* The login that has to be tried with it can wait. */
static void
a_new_keytab_is_read_while_the_kdc_is_asked_too_much(void **state)
{
    struct tr_kdc *kdc;

    boottime = 100000;
    world_restart(&world_alpha, NULL);
    kdc = tr_keys_kdc(world_alpha.service.keys);
    run_alpha_until(is_logged_in, NULL);
    ask_too_much();
    boottime += 10;
    tr_kdc_doubt_key(kdc);
    assert_int_equal(tr_keys_reload(world_alpha.service.keys), 0);
    world_freeze_kdc(false);
    run_alpha_until(is_asked_nothing, NULL);
    boottime = 0;
}

/* Whoever needs the file starts all the same. */
static void
an_export_waits_while_the_kdc_is_asked_too_much(void **state)
{
    const char *const services[] = { LDAP, NULL };
    char path[200];

    snprintf(path, sizeof(path), "%s/busy.ccache", world_alpha.directory);
    world_restart(&world_alpha, NULL);
    run_alpha_until(is_logged_in, NULL);
    ask_too_much();
    assert_int_equal(tr_keys_export_tickets(world_alpha.service.keys,
                                            services, path), 0);
    world_freeze_kdc(false);
    run_alpha_until(is_there, path);
}

static void
a_key_in_doubt_is_tried_now_and_then(void **state)
{
    boottime = 100000;
    world_restart(&world_alpha, NULL);
    run_alpha_until(is_logged_in, NULL);
    assert_int_equal(questions_in_doubt(), 0);
    boottime += 9;
    assert_int_equal(questions_in_doubt(), 0);
    boottime++;
    assert_int_equal(questions_in_doubt(), 1);
    assert_int_equal(questions_in_doubt(), 0);
    boottime = 0;
}

/* The times of a ticket that the KDC of another Kerberos realm made are not. */
static void
only_its_own_kdc_raises_the_floor(void **state)
{
    static const char *const servers[] = {
        "trustrealm/omega@OTHER.TEST", "trustrealm/omega@" WORLD_REALM
    };
    krb5_context krb5 = tr_keys_context(world_alpha.service.keys);
    struct tr_tickets *tickets;
    struct tr_clock *clock;
    krb5_creds *creds;
    char path[200];
    size_t i;

    snprintf(path, sizeof(path), "%s/other-clock", world_alpha.directory);
    assert_int_equal(tr_clock_open(path, &clock), 0);
    assert_int_equal(tr_tickets_create(krb5, world_alpha.service.base,
                                       world_alpha.service.audit, clock,
                                       &tickets), 0);
    for (i = 0; i < 2; i++) {
        assert_int_equal(tr_clock_floor(clock), 0);
        creds = calloc(1, sizeof(*creds));
        assert_non_null(creds);
        creds->times.starttime = 1000;
        assert_int_equal(krb5_parse_name(krb5, "trustrealm/alpha@" WORLD_REALM,
                                         &creds->client), 0);
        assert_int_equal(krb5_parse_name(krb5, servers[i], &creds->server),
                         0);
        tr_tickets_done(servers[i], 0, NULL, creds, tickets);
    }
    assert_int_equal(tr_clock_floor(clock), 1000);
    tr_tickets_free(tickets);
    tr_clock_close(clock);
}

static void
times_of_tickets_go_on_after_2038(void **state)
{
    const int64_t end = INT64_C(0x80008000);
    krb5_creds creds = { 0 };

    creds.times.authtime = 0x7fffff00;
    creds.times.endtime = (krb5_timestamp)(uint32_t)end;
    assert_int_equal(tr_ticket_start(&creds), 0x7fffff00);
    assert_int_equal(tr_ticket_end(&creds), end);
    assert_int_equal(tr_ticket_renewal(&creds), end - 600);
    creds.times.starttime = (krb5_timestamp)(uint32_t)(end - 400);
    assert_int_equal(tr_ticket_start(&creds), end - 400);
    assert_int_equal(tr_ticket_renewal(&creds), end - 100);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_ticket_at_hand_needs_no_kdc),
        TEST(a_principal_written_otherwise_is_the_same),
        TEST(without_a_kdc_the_refusal_says_so),
        TEST(a_principal_replaced_while_the_kdc_is_asked_gets_nothing),
        TEST(a_peer_unknown_to_the_kdc_is_refused),
        TEST(times_of_tickets_are_a_floor_for_the_clock),
        TEST(only_its_own_kdc_raises_the_floor),
        TEST(times_of_tickets_go_on_after_2038),
        TEST(an_exported_cache_holds_one_ticket_and_no_tgt),
        TEST(an_exported_cache_holds_what_is_wanted),
        TEST(an_export_is_tried_again_until_the_kdc_answers),
        TEST(a_new_keytab_is_read_on_reload),
        TEST(a_new_keytab_is_read_while_the_kdc_is_asked_too_much),
        TEST(an_export_waits_while_the_kdc_is_asked_too_much),
        TEST(a_key_in_doubt_is_tried_now_and_then),
        TEST(a_silent_kdc_holds_nobody_up),
        TEST(one_user_cannot_have_all_questions)
    };

    if (!world_possible())
        return 77;
    return cmocka_run_group_tests(tests, world_set_up, world_tear_down);
}
