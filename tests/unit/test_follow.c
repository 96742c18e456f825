/* tests/unit/test_follow.c - what a follower does and does not do by itself */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "follow.h"
#include "keys.h"
#include "seal_context.h"

static struct tr_children children;

/* Pauses are not waited for, but the last is known. */
static bool hurry;
static long pause_s;

int __real_event_add(struct event *event, const struct timeval *time);
int __wrap_event_add(struct event *event, const struct timeval *time);

int
__wrap_event_add(struct event *event, const struct timeval *time)
{
    static const struct timeval now = { 0, 0 };

    if (!hurry || time == NULL || time->tv_sec < 60)
        return __real_event_add(event, time);
    pause_s = time->tv_sec;
    return __real_event_add(event, &now);
}

static void
on_change(void *arg)
{
}

/* One of alpha. */
static struct tr_follower *
create(struct tr_config *config, const char *program, const char *source,
       const char *bind)
{
    struct tr_service *service = &world_alpha.service;
    struct tr_follower *follower;

    *config = *service->config;
    config->retry = 600;
    config->source = (char *)source;
    config->bind = (char *)bind;
    config->state_directory = world_alpha.directory;
    assert_int_equal(tr_follower_create(config, program, service->base,
                                        &children, service->keys,
                                        service->audit, on_change, NULL,
                                        &follower), 0);
    return follower;
}

static bool
has_cache(void)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/ldap.ccache", world_alpha.directory);
    return access(path, F_OK) == 0;
}

/* Let events of alpha happen for so many seconds, or until so. */
static bool
run_alpha(int duration, bool (*so)(void))
{
    time_t end = time(NULL) + duration;

    do {
        assert_true(event_base_loop(world_alpha.service.base,
                                    EVLOOP_ONCE | EVLOOP_NONBLOCK) >= 0);
        usleep(5000);
    } while (!so() && time(NULL) < end);
    return so();
}

static bool
has_asked(void)
{
    struct tr_kdc_state state;

    tr_kdc_state(tr_keys_kdc(world_alpha.service.keys), &state);
    return state.answered + state.busy + state.queue >= 2;
}

/* As a configuration that was read, and is not used after all. */
static void
one_that_is_never_started_takes_no_tickets_away(void **state)
{
    struct tr_config config, other;
    struct tr_follower *used;

    world_freeze_kdc(true);
    world_restart(&world_alpha, NULL);
    used = create(&config, "/bin/true", "ldap://alpha.unit.test", "gssapi");
    tr_follower_start(used);
    assert_true(run_alpha(60, has_asked));
    tr_follower_free(create(&other, "/bin/true", "ldap://beta.unit.test",
                            "gssapi"));
    world_freeze_kdc(false);
    assert_true(run_alpha(60, has_cache));
    tr_follower_free(used);
    tr_children_end(&children);
}

static bool
has_no_error(void)
{
    return tr_keys_export_error(world_alpha.service.keys) == NULL;
}

static bool
has_error(void)
{
    return !has_no_error();
}

/* Nor is it said any more that one is missing. */
static void
no_tickets_are_kept_for_a_source_that_needs_none(void **state)
{
    struct tr_config config;
    struct tr_follower *follower;

    follower = create(&config, "/bin/true", "ldap://nobody.unit.test",
                      "gssapi");
    tr_follower_start(follower);
    assert_true(run_alpha(60, has_error));
    tr_follower_free(follower);
    follower = create(&config, "/bin/true", "ldapi://%2Fldapi", "external");
    tr_follower_start(follower);
    assert_true(run_alpha(60, has_no_error));
    tr_follower_free(follower);
    tr_children_end(&children);
}

static bool
has_paused(void)
{
    return pause_s != 0;
}

static void
a_pause_becomes_no_shorter(void **state)
{
    struct tr_config config;
    struct tr_follower *follower;
    int i;

    hurry = true;
    follower = create(&config, "/nonexistent", "ldapi://%2Fldapi", "external");
    tr_follower_start(follower);
    for (i = 0; i < 3; i++) {
        pause_s = 0;
        assert_true(run_alpha(60, has_paused));
        assert_int_equal(pause_s, 600);
    }
    tr_follower_free(follower);
    hurry = false;
}

/* --- a file -------------------------------------------------------------- */

#define BETA_LDIF \
    "dn: cn=beta,dc=x\nobjectClass: trSystem\ncn: beta\n" \
    "trPrincipal: trustrealm/beta@R\n"

static enum tr_source_event last;

static void
on_event(enum tr_source_event event, const char *text, void *arg)
{
    last = event;
}

/* Above that a file does not grow: a full disk. */
static void
bound_files(rlim_t most)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = most < limit.rlim_max ? most : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
a_file_that_could_not_be_stored_is_tried_again(void **state)
{
    static const struct tr_source_callbacks callbacks = { on_event, NULL,
                                                          NULL };
    struct tr_config config = *world_alpha.service.config;
    struct tr_table *table;
    struct tr_ldif *ldif;
    char path[200], source[220], *why = NULL;
    FILE *file;

    snprintf(path, sizeof(path), "%s/of-ldif", world_alpha.directory);
    assert_int_equal(tr_table_open(path, TR_TABLE_WRITE, 1 << 20, &table,
                                   &why), 0);
    snprintf(path, sizeof(path), "%s/beta.ldif", world_alpha.directory);
    snprintf(source, sizeof(source), "ldif:%s", path);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(BETA_LDIF, file) >= 0 && fclose(file) == 0);
    config.source = source;
    config.retry = 0;
    (void)signal(SIGXFSZ, SIG_IGN);
    bound_files(4096);
    assert_int_equal(tr_ldif_create(&config, table, &callbacks, &ldif), 0);
    assert_int_equal(last, TR_SOURCE_AWAY);
    /* This time the pause is longer. */
    config.retry = 600;
    tr_ldif_look(ldif);
    bound_files(RLIM_INFINITY);
    tr_ldif_look(ldif);
    assert_int_equal(last, TR_SOURCE_AWAY);
    tr_ldif_free(ldif);
    config.retry = 0;
    bound_files(4096);
    assert_int_equal(tr_ldif_create(&config, table, &callbacks, &ldif), 0);
    assert_int_equal(last, TR_SOURCE_AWAY);
    bound_files(RLIM_INFINITY);
    tr_ldif_look(ldif);
    assert_int_equal(last, TR_SOURCE_CHANGED);
    tr_ldif_free(ldif);
    tr_table_close(table);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_that_is_never_started_takes_no_tickets_away),
        TEST(no_tickets_are_kept_for_a_source_that_needs_none),
        TEST(a_pause_becomes_no_shorter),
        TEST(a_file_that_could_not_be_stored_is_tried_again)
    };

    if (!world_possible())
        return 77;
    return cmocka_run_group_tests(tests, world_set_up, world_tear_down);
}
