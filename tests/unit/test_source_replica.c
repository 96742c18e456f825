/* tests/unit/test_source_replica.c - cookies, and what providers send */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include "source_replica.h"
#include "table_dir.h"
#include "trustrealm_err.h"

/* --- cookies ------------------------------------------------------------- */

#define CSN(seconds, server) \
    "202301010000" seconds ".000000Z#000000#" server "#000000"

static struct tr_cookie
cookie(const char *text)
{
    struct tr_cookie out;

    assert_int_equal(tr_cookie_parse(text, strlen(text), &out), 0);
    return out;
}

static void
cookies_are_taken_apart(void **state)
{
    static const char *const empty[] = {
        "", "rid=001", "rid=001,sid=002", "rid=001,delcsn=" CSN("01", "000")
    };
    struct tr_cookie c;
    char *text;
    size_t length;

    c = cookie("rid=017,sid=002,csn=" CSN("01", "000") ";" CSN("02", "00a")
               ",delcsn=" CSN("03", "00b"));
    assert_int_equal(c.ncsns, 2);
    assert_null(c.opaque);
    /* Sent back without the number of a server. */
    assert_int_equal(tr_cookie_format(&c, &text, &length), 0);
    assert_string_equal(text, "rid=000,csn=" CSN("01", "000") ";"
                        CSN("02", "00a"));
    assert_int_equal(length, strlen(text));
    free(text);
    for (size_t i = 0; i < sizeof(empty) / sizeof(*empty); i++) {
        c = cookie(empty[i]);
        assert_true(tr_cookie_is_empty(&c));
        assert_int_equal(tr_cookie_format(&c, &text, &length), 0);
        assert_null(text);
    }
}

static void
other_cookies_are_kept_as_they_are(void **state)
{
    static const char *const others[] = {
        "ldap1:389#cn=x#12", "rid=001,csn=", "rid=001,csn=x",
        "rid=001,csn=" CSN("01", "000") ";x", "csn=" CSN("01", "000"),
        "rid=001,csn=2023010100000x.000000Z#000000#000#000000",
    };
    struct tr_cookie c, known = cookie("rid=000,csn=" CSN("01", "000"));
    char *text;
    size_t length;

    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        c = cookie(others[i]);
        assert_non_null(c.opaque);
        assert_false(tr_cookie_is_empty(&c));
        assert_int_equal(tr_cookie_format(&c, &text, &length), 0);
        assert_int_equal(length, strlen(others[i]));
        assert_memory_equal(text, others[i], length);
        free(text);
        /* Nobody knows whether it is older than one that can be compared. */
        assert_true(tr_cookie_is_behind(&c, &known));
        assert_false(tr_cookie_is_behind(&known, &c));
        assert_false(tr_cookie_is_known(&c, &known));
        tr_cookie_clear(&c);
    }
    assert_int_equal(tr_cookie_parse("a\0b", 3, &c), 0);
    assert_int_equal(c.length, 3);
    tr_cookie_clear(&c);
}

static void
cookies_are_compared_by_server(void **state)
{
    static const struct { const char *one, *known; bool behind; } cases[] = {
        { CSN("01", "000"), CSN("01", "000"), false },
        { CSN("02", "000"), CSN("01", "000"), false },
        { CSN("01", "000"), CSN("02", "000"), true },
        { CSN("05", "001"), CSN("02", "002"), true },
        { CSN("05", "001") ";" CSN("02", "002"), CSN("02", "002"), false },
        { CSN("05", "001") ";" CSN("02", "002"),
          CSN("03", "002") ";" CSN("05", "001"), true },
        { CSN("05", "001") ";" CSN("03", "002"),
          CSN("03", "002") ";" CSN("05", "001"), false },
    };
    struct tr_cookie one, known, none = { 0 };
    char text[200];

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        (void)snprintf(text, sizeof(text), "rid=000,csn=%s", cases[i].one);
        one = cookie(text);
        (void)snprintf(text, sizeof(text), "rid=000,csn=%s", cases[i].known);
        known = cookie(text);
        assert_int_equal(tr_cookie_is_behind(&one, &known), cases[i].behind);
        assert_int_equal(tr_cookie_is_known(&known, &one), !cases[i].behind);
        assert_true(tr_cookie_is_behind(&none, &known));
        assert_false(tr_cookie_is_behind(&one, &none));
        assert_int_equal(tr_cookie_merge(&one, &known), 0);
        assert_false(tr_cookie_is_behind(&one, &known));
    }
    assert_false(tr_cookie_is_known(&none, &known));
}

/* --- what a provider sends ----------------------------------------------- */

#define MAX_EVENTS 50

static struct {
    enum tr_source_event events[MAX_EVENTS];
    size_t nevents;
    char bad[1000];             /* the last one */
    size_t nbad;
} told;

static void
on_event(enum tr_source_event event, const char *text, void *arg)
{
    assert_true(told.nevents < MAX_EVENTS);
    told.events[told.nevents++] = event;
}

static void
on_bad(const char *dn, const char *why, void *arg)
{
    (void)snprintf(told.bad, sizeof(told.bad), "%s: %s", dn, why);
    told.nbad++;
}

static const struct tr_source_callbacks callbacks = { on_event, on_bad, NULL };

/* A provider, the table that follows it, and what it said last. */
struct scene {
    struct tr_table *table;
    struct tr_replica *replica;
    struct berval asked;        /* cookie of the last search */
    char why[500];
};

static void
connect_again(struct scene *scene)
{
    free(scene->asked.bv_val);
    assert_int_equal(tr_replica_start(scene->replica, &scene->asked), 0);
}

static struct scene
open_scene(const char *directory)
{
    struct scene scene = { 0 };

    memset(&told, 0, sizeof(told));
    scene.table = open_table(directory, TR_TABLE_WRITE);
    assert_int_equal(tr_replica_create(scene.table, "dc=x", "ldap://x",
                                       &callbacks, &scene.replica), 0);
    connect_again(&scene);
    return scene;
}

static void
close_scene(struct scene *scene)
{
    free(scene->asked.bv_val);
    tr_replica_free(scene->replica);
    tr_table_close(scene->table);
    memset(scene, 0, sizeof(*scene));
}

static krb5_error_code
take(struct scene *scene, struct tr_message *message, const char *csns)
{
    krb5_error_code ret;
    char text[300], *why = NULL;

    if (csns != NULL) {
        (void)snprintf(text, sizeof(text), "rid=000%s%s",
                       *csns != '\0' ? ",csn=" : ",sid=002", csns);
        message->cookie.bv_val = text;
        message->cookie.bv_len = strlen(text);
    }
    ret = tr_replica_take(scene->replica, message, &why);
    assert_int_equal(ret != 0, why != NULL);
    (void)snprintf(scene->why, sizeof(scene->why), "%s",
                   why == NULL ? "" : why);
    free(why);
    return ret;
}

/* uuid: one letter. */
static krb5_error_code
entry(struct scene *scene, int sent, char uuid, const char *text,
      const char *csns)
{
    krb5_error_code ret;
    char octets[TR_UUID_LENGTH], dn[] = "cn=?,dc=x";
    struct tr_message message = { .kind = TR_MESSAGE_ENTRY, .state = sent };

    memset(octets, uuid, sizeof(octets));
    dn[3] = uuid;
    message.uuid.bv_val = octets;
    message.uuid.bv_len = sizeof(octets);
    message.dn = dn;
    if (text != NULL)
        gather(text, &message.values);
    ret = take(scene, &message, csns);
    tr_gathered_clear(&message.values);
    return ret;
}

/* letters: of the uuids. */
static krb5_error_code
set(struct scene *scene, bool deletes, const char *letters)
{
    char octets[10][TR_UUID_LENGTH];
    struct berval uuids[11] = { { 0, NULL } };
    struct tr_message message = {
        .kind = TR_MESSAGE_SET, .deletes = deletes, .uuids = uuids
    };

    for (size_t i = 0; letters[i] != '\0'; i++) {
        memset(octets[i], letters[i], TR_UUID_LENGTH);
        uuids[i].bv_val = octets[i];
        uuids[i].bv_len = TR_UUID_LENGTH;
    }
    return take(scene, &message, NULL);
}

static krb5_error_code
phase(struct scene *scene, bool deletes, bool done, const char *csns)
{
    struct tr_message message = {
        .kind = TR_MESSAGE_PHASE, .deletes = deletes, .done = done
    };

    return take(scene, &message, csns);
}

static void
settle(struct scene *scene)
{
    char *why = NULL;

    if (tr_replica_pause(scene->replica, &why) != 0)
        fail_msg("%s", why);
}

/* The first refresh of an empty table: alpha and beta. */
static struct scene
filled_scene(const char *directory)
{
    struct scene scene = open_scene(directory);

    assert_null(scene.asked.bv_val);
    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 'a', SYSTEM, NULL), 0);
    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 'b', OTHER_SYSTEM, NULL), 0);
    assert_false(tr_replica_is_ready(scene.replica));
    assert_int_equal(phase(&scene, true, true, CSN("10", "000")), 0);
    assert_true(tr_replica_is_ready(scene.replica));
    settle(&scene);
    assert_int_equal(generation(scene.table), 1);
    return scene;
}

static void
a_refresh_is_one_commit(void **state)
{
    struct scene scene = open_scene(*state);
    struct tr_table_info info;

    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 'a', SYSTEM, NULL), 0);
    settle(&scene);
    assert_int_equal(info_of(scene.table).systems, 0);
    assert_int_equal(told.nevents, 0);
    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 'b', OTHER_SYSTEM, NULL), 0);
    assert_int_equal(phase(&scene, true, true, CSN("10", "000")), 0);
    settle(&scene);
    info = info_of(scene.table);
    assert_int_equal(info.systems, 2);
    assert_int_equal(info.generation, 1);
    assert_true(info.fresh > 1600000000);
    assert_string_equal(info.source, "ldap://x");
    assert_int_equal(told.nevents, 1);
    assert_int_equal(told.events[0], TR_SOURCE_CHANGED);
    close_scene(&scene);
}

static void
an_interrupted_refresh_leaves_the_old_content(void **state)
{
    struct scene scene = filled_scene(*state);

    connect_again(&scene);
    assert_int_equal(entry(&scene, LDAP_SYNC_DELETE, 'a', NULL, NULL), 0);
    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 'r', REALM, NULL), 0);
    settle(&scene);
    connect_again(&scene);
    assert_int_equal(info_of(scene.table).systems, 2);
    assert_int_equal(info_of(scene.table).realms, 0);
    assert_int_equal(generation(scene.table), 1);
    close_scene(&scene);
}

static void
changes_are_taken(void **state)
{
    struct scene scene = filled_scene(*state);

    assert_int_equal(entry(&scene, LDAP_SYNC_MODIFY, 'a', SYSTEM
                           "trAlias: www\n", CSN("11", "000")), 0);
    settle(&scene);
    assert_string_equal(system_of(scene.table, "www"), "alpha");
    assert_int_equal(entry(&scene, LDAP_SYNC_DELETE, 'b', NULL,
                           CSN("12", "000")), 0);
    settle(&scene);
    assert_string_equal(system_of(scene.table, "beta"), "");
    assert_int_equal(generation(scene.table), 3);
    /* It is asked on from there, also by another process. */
    close_scene(&scene);
    scene = open_scene(*state);
    assert_string_equal(scene.asked.bv_val, "rid=000,csn=" CSN("12", "000"));
    assert_int_equal(phase(&scene, true, true, NULL), 0);
    settle(&scene);
    assert_int_equal(generation(scene.table), 3);
    assert_int_equal(told.events[0], TR_SOURCE_FRESH);
    close_scene(&scene);
}

/* A provider may send a change again, in the state it had then. */
static void
known_changes_are_not_taken_again(void **state)
{
    struct scene scene = filled_scene(*state);

    assert_int_equal(entry(&scene, LDAP_SYNC_MODIFY, 'a', SYSTEM
                           "trAlias: new\n", CSN("12", "000")), 0);
    assert_int_equal(entry(&scene, LDAP_SYNC_MODIFY, 'a', SYSTEM
                           "trAlias: old\n", CSN("11", "000")), 0);
    assert_int_equal(entry(&scene, LDAP_SYNC_DELETE, 'b', NULL,
                           CSN("10", "000")), 0);
    settle(&scene);
    assert_string_equal(system_of(scene.table, "new"), "alpha");
    assert_string_equal(system_of(scene.table, "old"), "");
    assert_string_equal(system_of(scene.table, "beta"), "beta");
    /* Another server's clock is another matter. */
    assert_int_equal(entry(&scene, LDAP_SYNC_DELETE, 'b', NULL,
                           CSN("01", "001")), 0);
    settle(&scene);
    assert_string_equal(system_of(scene.table, "beta"), "");
    close_scene(&scene);
}

/* A replica that is in a refresh itself says so little of what it passes on:
 * that must not make it forgotten what the table knows. */
static void
changes_without_a_place_are_taken(void **state)
{
    struct scene scene = filled_scene(*state);

    assert_int_equal(entry(&scene, LDAP_SYNC_DELETE, 'b', NULL, ""), 0);
    settle(&scene);
    assert_string_equal(system_of(scene.table, "beta"), "");
    connect_again(&scene);
    assert_string_equal(scene.asked.bv_val, "rid=000,csn=" CSN("10", "000"));
    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 'b', OTHER_SYSTEM, NULL), 0);
    assert_int_equal(phase(&scene, false, true, CSN("09", "000")),
                     TRR_SOURCE);
    assert_non_null(strstr(scene.why, "behind"));
    close_scene(&scene);
}

static void
absent_entries_go_after_the_present_phase(void **state)
{
    struct scene scene = filled_scene(*state);

    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 'r', REALM,
                           CSN("11", "000")), 0);
    settle(&scene);
    connect_again(&scene);
    /* One by its state, one by a set, one as changed; the rest is gone. */
    assert_int_equal(entry(&scene, LDAP_SYNC_PRESENT, 'a', NULL, NULL), 0);
    assert_int_equal(set(&scene, false, "r"), 0);
    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 's', SUBJECT, NULL), 0);
    assert_int_equal(phase(&scene, false, true, CSN("20", "000")), 0);
    settle(&scene);
    assert_string_equal(system_of(scene.table, "alpha"), "alpha");
    assert_string_equal(system_of(scene.table, "beta"), "");
    assert_int_equal(info_of(scene.table).realms, 1);
    assert_int_equal(info_of(scene.table).clearances, 1);
    close_scene(&scene);
}

static void
unmentioned_entries_stay_after_the_delete_phase(void **state)
{
    struct scene scene = filled_scene(*state);

    connect_again(&scene);
    assert_int_equal(set(&scene, true, "bz"), 0);
    assert_int_equal(phase(&scene, true, true, CSN("20", "000")), 0);
    settle(&scene);
    assert_string_equal(system_of(scene.table, "alpha"), "alpha");
    assert_string_equal(system_of(scene.table, "beta"), "");
    close_scene(&scene);
}

static void
both_phases_may_come(void **state)
{
    struct scene scene = filled_scene(*state);

    connect_again(&scene);
    assert_int_equal(set(&scene, false, "ab"), 0);
    assert_int_equal(phase(&scene, false, false, NULL), 0);
    assert_false(tr_replica_is_ready(scene.replica));
    assert_int_equal(entry(&scene, LDAP_SYNC_DELETE, 'b', NULL, NULL), 0);
    assert_int_equal(phase(&scene, true, true, CSN("20", "000")), 0);
    settle(&scene);
    assert_string_equal(system_of(scene.table, "alpha"), "alpha");
    assert_string_equal(system_of(scene.table, "beta"), "");
    assert_int_equal(phase(&scene, true, true, CSN("21", "000")), TRR_SOURCE);
    close_scene(&scene);
}

static void
names_may_be_swapped(void **state)
{
    struct scene scene = filled_scene(*state);

    assert_int_equal(entry(&scene, LDAP_SYNC_MODIFY, 'a', OTHER_SYSTEM,
                           CSN("11", "000")), 0);
    assert_int_equal(entry(&scene, LDAP_SYNC_MODIFY, 'b', SYSTEM
                           "trAlias: b\n", CSN("12", "000")), 0);
    settle(&scene);
    assert_int_equal(told.nbad, 0);
    assert_int_equal(info_of(scene.table).systems, 2);
    assert_string_equal(system_of(scene.table, "b"), "alpha");
    assert_string_equal(system_of(scene.table, "beta"), "beta");
    close_scene(&scene);
}

/* Made again under a new uuid, while the old one is only swept at the end. */
static void
a_name_may_come_before_its_owner_goes(void **state)
{
    struct scene scene = filled_scene(*state);

    connect_again(&scene);
    assert_int_equal(set(&scene, false, "a"), 0);
    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 'c', OTHER_SYSTEM
                           "trAlias: again\n", NULL), 0);
    assert_int_equal(phase(&scene, false, true, CSN("20", "000")), 0);
    settle(&scene);
    assert_int_equal(told.nbad, 0);
    assert_string_equal(system_of(scene.table, "again"), "beta");
    close_scene(&scene);
}

static void
a_name_that_two_claim_is_told_once(void **state)
{
    struct scene scene = filled_scene(*state);

    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 'c', "objectClass: "
                           "trSystem\ncn: gamma\ntrPrincipal: g@R\n"
                           "trAlias: beta\n", CSN("11", "000")), 0);
    settle(&scene);
    assert_int_equal(told.nbad, 2);
    assert_non_null(strstr(told.bad, "its host name beta also belongs"));
    assert_string_equal(system_of(scene.table, "gamma"), "");
    assert_string_equal(system_of(scene.table, "beta"), "");
    /* Not at every change. */
    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 'r', REALM,
                           CSN("12", "000")), 0);
    settle(&scene);
    assert_int_equal(told.nbad, 2);
    assert_int_equal(entry(&scene, LDAP_SYNC_DELETE, 'b', NULL,
                           CSN("13", "000")), 0);
    settle(&scene);
    assert_string_equal(system_of(scene.table, "gamma"), "gamma");
    assert_string_equal(system_of(scene.table, "beta"), "gamma");
    close_scene(&scene);
}

/* However many there are, the rest of the directory is followed. */
static void
many_who_claim_one_name(void **state)
{
    struct scene scene = filled_scene(*state);
    char octets[TR_UUID_LENGTH] = "", dn[] = "cn=b,dc=x";
    struct tr_message message = {
        .kind = TR_MESSAGE_ENTRY, .state = LDAP_SYNC_ADD, .dn = dn,
        .uuid = { sizeof(octets), octets }
    };
    uint32_t i;

    connect_again(&scene);
    assert_int_equal(set(&scene, false, "a"), 0);
    gather(OTHER_SYSTEM, &message.values);
    for (i = 0; i < 20000; i++) {
        memcpy(octets, &i, sizeof(i));
        assert_int_equal(take(&scene, &message, NULL), 0);
    }
    tr_gathered_clear(&message.values);
    assert_int_equal(phase(&scene, false, true, CSN("12", "000")), 0);
    settle(&scene);
    assert_int_equal(told.nbad, 1000);
    assert_string_equal(system_of(scene.table, "beta"), "");
    assert_string_equal(system_of(scene.table, "alpha"), "alpha");
    close_scene(&scene);
}

/* A restart asks for what has changed since, and takes the name from neither
 * side for the other; it is told again. */
static void
a_restart_does_not_decide_between_two(void **state)
{
    struct scene scene = filled_scene(*state);

    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 'c', OTHER_SYSTEM,
                           CSN("11", "000")), 0);
    settle(&scene);
    close_scene(&scene);
    scene = open_scene(*state);
    assert_non_null(scene.asked.bv_val);
    assert_int_equal(phase(&scene, true, true, CSN("11", "000")), 0);
    settle(&scene);
    assert_int_equal(told.nbad, 2);
    assert_string_equal(system_of(scene.table, "beta"), "");
    close_scene(&scene);
}

/* All is asked for anew, but not of a provider that knows less. */
static void
a_table_of_another_format_is_filled_again(void **state)
{
    struct scene scene = filled_scene(*state);

    close_scene(&scene);
    set_format(*state, 9);
    scene = open_scene(*state);
    assert_null(scene.asked.bv_val);
    assert_int_equal(info_of(scene.table).systems, 0);
    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 'a', SYSTEM, NULL), 0);
    assert_int_equal(phase(&scene, true, true, CSN("09", "000")), TRR_SOURCE);
    assert_non_null(strstr(scene.why, "behind what this system has seen"));
    connect_again(&scene);
    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 'a', SYSTEM, NULL), 0);
    assert_int_equal(phase(&scene, true, true, CSN("10", "000")), 0);
    settle(&scene);
    assert_string_equal(system_of(scene.table, "alpha"), "alpha");
    assert_true(info_of(scene.table).generation > 1);
    close_scene(&scene);
}

/* Found when it is to be changed; until everything has come again what is
 * there stays. */
static void
a_damaged_table_is_filled_again(void **state)
{
    struct scene scene = filled_scene(*state);

    damage(*state, "beta", "bexa");
    assert_int_equal(entry(&scene, LDAP_SYNC_MODIFY, 'b', SYSTEM,
                           CSN("11", "000")), TRR_TABLE);
    assert_string_equal(scene.why, "table: a record is damaged");
    connect_again(&scene);
    assert_null(scene.asked.bv_val);
    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 'b', OTHER_SYSTEM, NULL), 0);
    connect_again(&scene);
    assert_null(scene.asked.bv_val);
    assert_string_equal(system_of(scene.table, "alpha"), "alpha");
    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 'b', OTHER_SYSTEM, NULL), 0);
    assert_int_equal(phase(&scene, true, true, CSN("11", "000")), 0);
    settle(&scene);
    assert_string_equal(system_of(scene.table, "alpha"), "");
    assert_string_equal(system_of(scene.table, "beta"), "beta");
    /* That was all. */
    connect_again(&scene);
    assert_non_null(scene.asked.bv_val);
    close_scene(&scene);
}

static void
an_unusable_entry_leaves_nothing(void **state)
{
    struct scene scene = filled_scene(*state);

    assert_int_equal(entry(&scene, LDAP_SYNC_MODIFY, 'b', OTHER_SYSTEM
                           "trMembership: nonsense\n", CSN("11", "000")), 0);
    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 'r', REALM,
                           CSN("12", "000")), 0);
    settle(&scene);
    assert_int_equal(told.nbad, 1);
    assert_non_null(strstr(told.bad, "cn=b,dc=x: trMembership: \"nonsense\""));
    assert_string_equal(system_of(scene.table, "beta"), "");
    assert_int_equal(info_of(scene.table).realms, 1);
    assert_int_equal(entry(&scene, LDAP_SYNC_MODIFY, 'b', OTHER_SYSTEM,
                           CSN("13", "000")), 0);
    settle(&scene);
    assert_string_equal(system_of(scene.table, "beta"), "beta");
    close_scene(&scene);
}

/* Left out, a clearance would leave its user without limits. */
static void
an_unusable_clearance_allows_nothing(void **state)
{
    struct scene scene = filled_scene(*state);
    struct tr_record *record;
    struct tr_view *view;

    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 's', SUBJECT
                           "trClearance: e low high\n", CSN("11", "000")), 0);
    assert_int_equal(entry(&scene, LDAP_SYNC_MODIFY, 's', SUBJECT
                           "trClearance: e low\n", CSN("12", "000")), 0);
    settle(&scene);
    assert_int_equal(told.nbad, 1);
    assert_int_equal(tr_view_open(scene.table, &view), 0);
    assert_int_equal(tr_view_clearance(view, "alice@R", &record), 0);
    assert_int_equal(record->u.clearance.nclearances, 0);
    tr_record_free(record);
    tr_view_close(view);
    close_scene(&scene);
}

static void
a_provider_behind_the_table_is_refused(void **state)
{
    struct scene scene = filled_scene(*state);
    struct tr_table_info before = info_of(scene.table), after;
    struct tr_message anew = {
        .kind = TR_MESSAGE_END, .result = LDAP_SYNC_REFRESH_REQUIRED
    };

    /* It asks from our cookie, and is told of an older state. */
    connect_again(&scene);
    assert_int_equal(set(&scene, false, "a"), 0);
    assert_int_equal(phase(&scene, false, true, CSN("09", "000")),
                     TRR_SOURCE);
    assert_non_null(strstr(scene.why, "behind"));
    /* The same when everything is asked for, and when nothing is known. */
    assert_int_equal(take(&scene, &anew, NULL), TRR_SOURCE);
    connect_again(&scene);
    assert_null(scene.asked.bv_val);
    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 'a', SYSTEM, NULL), 0);
    assert_int_equal(phase(&scene, true, true, CSN("09", "000")), TRR_SOURCE);
    connect_again(&scene);
    assert_null(scene.asked.bv_val);
    assert_int_equal(phase(&scene, true, true, NULL), TRR_SOURCE);
    connect_again(&scene);
    assert_int_equal(phase(&scene, true, true, CSN("30", "001")), TRR_SOURCE);
    after = info_of(scene.table);
    assert_int_equal(after.generation, before.generation);
    assert_int_equal(after.systems, 2);
    assert_true(after.fresh == before.fresh);
    /* The right one is taken, with everything anew. */
    connect_again(&scene);
    assert_null(scene.asked.bv_val);
    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 'a', SYSTEM, NULL), 0);
    assert_int_equal(phase(&scene, true, true, CSN("10", "000")), 0);
    settle(&scene);
    assert_int_equal(info_of(scene.table).systems, 1);
    close_scene(&scene);
}

static void
refresh_required_asks_for_everything(void **state)
{
    struct scene scene = filled_scene(*state);
    struct tr_message message = {
        .kind = TR_MESSAGE_END, .result = LDAP_SYNC_REFRESH_REQUIRED
    };

    assert_int_equal(take(&scene, &message, NULL), TRR_SOURCE);
    connect_again(&scene);
    assert_null(scene.asked.bv_val);
    message.result = LDAP_UNAVAILABLE;
    assert_int_equal(take(&scene, &message, NULL), TRR_SOURCE);
    assert_non_null(strstr(scene.why, "unavailable"));
    assert_null(strstr(scene.why, "syncprov"));
    message.result = LDAP_UNAVAILABLE_CRITICAL_EXTENSION;
    assert_int_equal(take(&scene, &message, NULL), TRR_SOURCE);
    assert_non_null(strstr(scene.why, "syncprov"));
    close_scene(&scene);
}

/* Of what is to be sent whole, presence alone keeps nothing; what is sent as
 * it was changes nothing. */
static void
a_full_refresh_keeps_what_is_sent(void **state)
{
    struct scene scene = filled_scene(*state);
    struct tr_message anew = {
        .kind = TR_MESSAGE_END, .result = LDAP_SYNC_REFRESH_REQUIRED
    };

    for (int i = 0; i < 2; i++) {
        assert_int_equal(take(&scene, &anew, NULL), TRR_SOURCE);
        connect_again(&scene);
        if (i == 0)
            assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 'b', OTHER_SYSTEM,
                                   NULL), 0);
        else
            assert_int_equal(entry(&scene, LDAP_SYNC_PRESENT, 'b', NULL,
                                   NULL), 0);
        assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 'a', SYSTEM, NULL), 0);
        assert_int_equal(set(&scene, false, "b"), 0);
        assert_int_equal(phase(&scene, false, true, CSN("11", "000")), 0);
        settle(&scene);
        assert_string_equal(system_of(scene.table, "alpha"), "alpha");
        assert_string_equal(system_of(scene.table, "beta"),
                            i == 0 ? "beta" : "");
        assert_int_equal(generation(scene.table), i + 1);
    }
    close_scene(&scene);
}

/* Some servers show nothing to who may not read, and call that everything. */
static void
a_provider_that_shows_nothing_is_refused(void **state)
{
    struct scene scene = filled_scene(*state);
    struct tr_message anew = {
        .kind = TR_MESSAGE_END, .result = LDAP_SYNC_REFRESH_REQUIRED
    };

    assert_int_equal(take(&scene, &anew, NULL), TRR_SOURCE);
    connect_again(&scene);
    assert_int_equal(phase(&scene, true, true, CSN("11", "000")), TRR_SOURCE);
    assert_non_null(strstr(scene.why, "shows nothing"));
    assert_int_equal(info_of(scene.table).systems, 2);
    /* As long as it does. */
    connect_again(&scene);
    assert_null(scene.asked.bv_val);
    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 'a', SYSTEM, NULL), 0);
    assert_int_equal(phase(&scene, true, true, CSN("11", "000")), 0);
    settle(&scene);
    assert_int_equal(info_of(scene.table).systems, 1);
    close_scene(&scene);
}

/* That would be a user without limits. */
static void
a_clearance_whose_class_is_hidden_is_refused(void **state)
{
    struct scene scene = filled_scene(*state);

    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 's', SUBJECT
                           "trClearance: e low high\n", CSN("11", "000")), 0);
    settle(&scene);
    assert_int_equal(entry(&scene, LDAP_SYNC_MODIFY, 's',
                           "trPrincipal: alice@R\ntrClearance: e low low\n",
                           CSN("12", "000")), TRR_SOURCE);
    assert_non_null(strstr(scene.why, "without its objectClass"));
    connect_again(&scene);
    assert_int_equal(info_of(scene.table).clearances, 1);
    close_scene(&scene);
}

/* A cookie is for one base: with another everything is asked for. */
static void
another_base_starts_anew(void **state)
{
    struct scene scene = filled_scene(*state);

    tr_replica_free(scene.replica);
    assert_int_equal(tr_replica_create(scene.table, "dc=other", "ldap://x",
                                       &callbacks, &scene.replica), 0);
    connect_again(&scene);
    assert_null(scene.asked.bv_val);
    assert_int_equal(entry(&scene, LDAP_SYNC_ADD, 'z', REALM, NULL), 0);
    assert_int_equal(phase(&scene, true, true, CSN("01", "000")), 0);
    settle(&scene);
    assert_int_equal(info_of(scene.table).systems, 0);
    assert_int_equal(info_of(scene.table).realms, 1);
    close_scene(&scene);
}

static void
an_answer_makes_the_table_fresh(void **state)
{
    struct scene scene = open_scene(*state);
    char *why;

    /* But not while its content is on the way. */
    assert_int_equal(tr_replica_alive(scene.replica, &why), 0);
    assert_true(info_of(scene.table).fresh == 0);
    assert_int_equal(phase(&scene, true, true, CSN("01", "000")), 0);
    settle(&scene);
    told.nevents = 0;
    assert_int_equal(tr_replica_alive(scene.replica, &why), 0);
    assert_int_equal(told.nevents, 1);
    assert_int_equal(told.events[0], TR_SOURCE_FRESH);
    assert_true(info_of(scene.table).fresh > 1600000000);
    close_scene(&scene);
}

#define source_test(f) \
    cmocka_unit_test_setup_teardown(f, make_directory, remove_directory)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cookies_are_taken_apart),
        cmocka_unit_test(other_cookies_are_kept_as_they_are),
        cmocka_unit_test(cookies_are_compared_by_server),
        source_test(a_refresh_is_one_commit),
        source_test(an_interrupted_refresh_leaves_the_old_content),
        source_test(changes_are_taken),
        source_test(known_changes_are_not_taken_again),
        source_test(changes_without_a_place_are_taken),
        source_test(absent_entries_go_after_the_present_phase),
        source_test(unmentioned_entries_stay_after_the_delete_phase),
        source_test(both_phases_may_come),
        source_test(names_may_be_swapped),
        source_test(a_name_may_come_before_its_owner_goes),
        source_test(a_name_that_two_claim_is_told_once),
        source_test(many_who_claim_one_name),
        source_test(a_restart_does_not_decide_between_two),
        source_test(a_table_of_another_format_is_filled_again),
        source_test(a_damaged_table_is_filled_again),
        source_test(an_unusable_entry_leaves_nothing),
        source_test(an_unusable_clearance_allows_nothing),
        source_test(a_provider_behind_the_table_is_refused),
        source_test(refresh_required_asks_for_everything),
        source_test(a_full_refresh_keeps_what_is_sent),
        source_test(a_provider_that_shows_nothing_is_refused),
        source_test(a_clearance_whose_class_is_hidden_is_refused),
        source_test(another_base_starts_anew),
        source_test(an_answer_makes_the_table_fresh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
