/* tests/unit/test_table.c - what the trust realm table holds */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include "table_dir.h"
#include "trustrealm_err.h"

#define OTHER_REALM \
    "objectClass: trTrustRealm\ncn: corporate\ntrDOI: 8\ntrLevel: 0 open\n"

/* --- the generation ------------------------------------------------------ */

static void
generation_rises_by_one_for_each_commit(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    struct tr_update *update;

    assert_int_equal(generation(table), 0);
    put_one(table, "a", SYSTEM);
    assert_int_equal(generation(table), 1);
    update = begin(table);
    assert_int_equal(put(update, "b", OTHER_SYSTEM), 0);
    assert_int_equal(put(update, "r", REALM), 0);
    commit(update);
    assert_int_equal(generation(table), 2);
    update = begin(table);
    assert_int_equal(tr_update_delete(update, "a", 1), 0);
    commit(update);
    assert_int_equal(generation(table), 3);
    tr_table_close(table);
}

static void
generation_stays_when_nothing_changes(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    struct tr_update *update;

    put_one(table, "a", SYSTEM "trAlias: x\ntrAlias: y\n");
    put_one(table, "r", REALM);
    assert_int_equal(generation(table), 2);

    put_one(table, "a", SYSTEM "trAlias: y\ntrAlias: x\n");
    assert_int_equal(generation(table), 2);
    update = begin(table);
    assert_int_equal(tr_update_delete(update, "nobody", 6), TRR_NOT_FOUND);
    assert_int_equal(tr_update_set_fresh(update, 1234, "test"), 0);
    assert_int_equal(tr_update_set_cookie(update, "c", 1), 0);
    commit(update);
    assert_int_equal(generation(table), 2);
    /* The same all again. */
    update = begin(table);
    assert_int_equal(put(update, "r", REALM), 0);
    assert_int_equal(put(update, "a", SYSTEM "trAlias: x\ntrAlias: y\n"), 0);
    assert_int_equal(tr_update_sweep(update), 0);
    assert_false(tr_update_changed(update));
    commit(update);
    assert_int_equal(generation(table), 2);
    assert_string_equal(system_of(table, "y"), "alpha");
    /* Changed, and given up. */
    update = begin(table);
    assert_int_equal(put(update, "b", OTHER_SYSTEM), 0);
    tr_update_abort(update);
    assert_int_equal(generation(table), 2);
    assert_string_equal(system_of(table, "beta"), "");
    tr_table_close(table);
}

static void
generation_outlives_the_process(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);

    put_one(table, "a", SYSTEM);
    tr_table_close(table);
    table = open_table(*state, TR_TABLE_WRITE);
    assert_int_equal(generation(table), 1);
    put_one(table, "b", OTHER_SYSTEM);
    tr_table_close(table);
    table = open_table(*state, TR_TABLE_READ);
    assert_int_equal(generation(table), 2);
    assert_string_equal(system_of(table, "beta"), "beta");
    tr_table_close(table);
}

/* --- a name is one entry's ----------------------------------------------- */

/* What the table has of all that these cases name, as text. */
static const char *
picture_of(struct tr_table *table)
{
    static char text[512];
    const struct tr_map_record *map = NULL;
    const struct tr_realm *realm;
    struct tr_record *user = NULL;
    struct tr_view *view;
    size_t i;

    text[0] = '\0';
    assert_int_equal(tr_view_open(table, &view), 0);
    for (i = 0; i < tr_view_realms(view); i++) {
        realm = tr_view_realm_at(view, i);
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
                       "%s%s ", realm->record->name,
                       realm->error != 0 ? "!" : "");
    }
    assert_int_equal(tr_view_clearance(view, "alice@R", &user), 0);
    assert_int_equal(tr_view_map(view, "e", "local", &map), 0);
    (void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
                   "alice:%zu map:%zu", user->u.clearance.nclearances,
                   map->nlevels);
    tr_record_free(user);
    tr_view_close(view);
    for (i = 0; i < 4; i++) {
        static const char *const hosts[] = { "alpha", "www", "beta", "x" };

        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
                       " %s:%s", hosts[i], system_of(table, hosts[i]));
    }
    return text;
}

static krb5_error_code
count_disputed(const void *key, size_t key_length,
               const struct tr_record *record, const char *why, void *arg)
{
    size_t *count = arg;

    assert_non_null(record);
    assert_non_null(strstr(why, "also belongs to another entry"));
    (*count)++;
    return 0;
}

#define CLEARED SUBJECT "trClearance: engineering low high\n"
#define MAPPED MAP "trLevelMap: a low\n"

/* Whoever comes first, and in whatever order they are told of later. */
static void
a_name_that_two_claim_is_nobodys(void **state)
{
    static const struct { const char *text, *why, *left; } cases[] = {
        { "objectClass: trSystem\ncn: ALPHA\ntrPrincipal: x@R\n",
          "host name alpha",
          "engineering alice:1 map:1 alpha: www: beta: x:" },
        { "objectClass: trSystem\ncn: www\ntrPrincipal: x@R\n",
          "host name www",
          "engineering alice:1 map:1 alpha: www: beta: x:" },
        { OTHER_SYSTEM "trAlias: alpha\n", "host name alpha",
          "engineering alice:1 map:1 alpha: www: beta: x:" },
        { OTHER_SYSTEM "trAlias: WWW\n", "host name www",
          "engineering alice:1 map:1 alpha: www: beta: x:" },
        { "objectClass: trSystem\ncn: x\ntrPrincipal: trustrealm/alpha@R\n",
          "principal trustrealm/alpha@R",
          "engineering alice:1 map:1 alpha: www: beta: x:" },
        { "objectClass: trTrustRealm\ncn: ENGINEERING\ntrDOI: 9\n"
          "trLevel: 0 a\n", "trust realm engineering",
          "engineering! alice:1 map:1 alpha:alpha www:alpha beta: x:" },
        { "objectClass: trTrustRealm\ncn: x\ntrDOI: 7\ntrLevel: 0 a\n",
          "DOI also belongs to another entry: engineering",
          "engineering! x! alice:1 map:1 alpha:alpha www:alpha beta: x:" },
        { SUBJECT "trClearance: engineering low low\n", "principal alice@R",
          "engineering alice:0 map:1 alpha:alpha www:alpha beta: x:" },
        { MAPPED, "label map",
          "engineering alice:1 map:0 alpha:alpha www:alpha beta: x:" },
    };
    static const char free_of_it[] =
        "engineering alice:1 map:1 alpha:alpha www:alpha beta: x:";
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    struct tr_update *update;
    struct tr_record *record;
    size_t disputed;

    for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(*cases); i++) {
        update = begin(table);
        assert_int_equal(tr_update_clear(update), 0);
        if (i % 2 == 0)
            assert_int_equal(put(update, "0", cases[i / 2].text), 0);
        assert_int_equal(put(update, "1", SYSTEM "trAlias: www\n"), 0);
        assert_int_equal(put(update, "2", REALM), 0);
        assert_int_equal(put(update, "3", CLEARED), 0);
        assert_int_equal(put(update, "4", MAPPED), 0);
        if (i % 2 == 1)
            assert_int_equal(put(update, "0", cases[i / 2].text), 0);
        record = make_record(cases[i / 2].text);
        assert_int_equal(tr_update_check(update, "0", 1, record), TRR_ENTRY);
        tr_record_free(record);
        if (strstr(tr_table_message(table), cases[i / 2].why) == NULL)
            fail_msg("\"%s\" does not say %s", tr_table_message(table),
                     cases[i / 2].why);
        disputed = 0;
        assert_int_equal(tr_update_each_disputed(update, count_disputed,
                                                 &disputed), 0);
        assert_int_equal(disputed, 2);
        commit(update);
        assert_int_equal(info_of(table).disputed, 1);
        assert_string_equal(picture_of(table), cases[i / 2].left);
        /* Given up, it is the other one's again. */
        update = begin(table);
        assert_int_equal(tr_update_delete(update, "0", 1), 0);
        commit(update);
        assert_int_equal(info_of(table).disputed, 0);
        assert_string_equal(picture_of(table), free_of_it);
    }
    tr_table_close(table);
}

static krb5_error_code
count_records(const struct tr_record *record, void *arg)
{
    (*(size_t *)arg)++;
    return 0;
}

/* Of three, two may go; who goes through all systems does not meet them. */
static void
the_last_claimant_has_the_name(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    struct tr_update *update;
    struct tr_view *view;
    size_t n = 0;

    put_one(table, "a", SYSTEM);
    put_one(table, "b", OTHER_SYSTEM "trAlias: alpha\n");
    put_one(table, "c", "objectClass: trSystem\ncn: alpha\n"
            "trPrincipal: c@R\n");
    assert_string_equal(system_of(table, "beta"), "");
    assert_int_equal(tr_view_open(table, &view), 0);
    assert_int_equal(tr_view_each(view, TR_RECORD_SYSTEM, count_records, &n),
                     0);
    tr_view_close(view);
    assert_int_equal(n, 0);
    update = begin(table);
    assert_int_equal(tr_update_delete(update, "a", 1), 0);
    commit(update);
    assert_string_equal(system_of(table, "alpha"), "");
    put_one(table, "b", OTHER_SYSTEM);
    assert_string_equal(system_of(table, "alpha"), "alpha");
    assert_string_equal(system_of(table, "beta"), "beta");
    tr_table_close(table);
}

/* What was put and deleted in one update never had a name. */
static void
who_is_gone_again_claims_nothing(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    struct tr_update *update = begin(table);

    assert_int_equal(put(update, "a", SYSTEM), 0);
    assert_int_equal(put(update, "b", OTHER_SYSTEM "trAlias: alpha\n"), 0);
    assert_int_equal(put(update, "c", "objectClass: trSystem\ncn: x\n"
                         "trPrincipal: trustrealm/alpha@R\n"), 0);
    assert_int_equal(tr_update_delete(update, "b", 1), 0);
    assert_int_equal(put(update, "c", "objectClass: trSystem\ncn: x\n"
                         "trPrincipal: c@R\n"), 0);
    commit(update);
    assert_int_equal(info_of(table).disputed, 0);
    assert_string_equal(system_of(table, "alpha"), "alpha");
    assert_string_equal(system_of(table, "beta"), "");
    assert_string_equal(system_of(table, "x"), "x");
    tr_table_close(table);
}

/* A user and a system may have one principal: they are asked for apart. */
static void
users_and_systems_are_apart(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);

    put_one(table, "a", SYSTEM);
    put_one(table, "s", "objectClass: trSubject\n"
            "trPrincipal: trustrealm/alpha@R\n");
    tr_table_close(table);
}

static void
names_come_free(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    struct tr_update *update;

    put_one(table, "a", SYSTEM "trAlias: www\n");
    /* Its own names are no obstacle; a name it gives up is free. */
    put_one(table, "a", "objectClass: trSystem\ncn: www\n"
            "trPrincipal: trustrealm/alpha@R\n");
    assert_string_equal(system_of(table, "www"), "www");
    assert_string_equal(system_of(table, "alpha"), "");
    put_one(table, "b", "objectClass: trSystem\ncn: alpha\n"
            "trPrincipal: x@R\n");
    assert_string_equal(system_of(table, "alpha"), "alpha");
    update = begin(table);
    assert_int_equal(tr_update_delete(update, "b", 1), 0);
    commit(update);
    assert_string_equal(system_of(table, "alpha"), "");
    put_one(table, "c", "objectClass: trSystem\ncn: alpha\n"
            "trPrincipal: x@R\n");
    assert_string_equal(system_of(table, "alpha"), "alpha");
    tr_table_close(table);
}

static void
a_key_may_change_its_kind(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    struct tr_table_info info;

    put_one(table, "k", SYSTEM);
    put_one(table, "k", REALM);
    info = info_of(table);
    assert_int_equal(info.systems, 0);
    assert_int_equal(info.realms, 1);
    assert_string_equal(system_of(table, "alpha"), "");
    tr_table_close(table);
}

static void
keys_have_a_maximum(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    struct tr_update *update = begin(table);
    static char key[402];

    memset(key, 'k', 401);
    assert_int_equal(put(update, key, SYSTEM), TRR_ENTRY);
    assert_int_equal(put(update, "", SYSTEM), TRR_ENTRY);
    key[400] = '\0';
    assert_int_equal(put(update, key, SYSTEM), 0);
    commit(update);
    tr_table_close(table);
}

/* --- mark and sweep ------------------------------------------------------ */

static void
sweep_removes_what_was_not_seen(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    struct tr_update *update = begin(table);
    char key[16], text[128];

    for (int i = 0; i < 200; i++) {
        (void)snprintf(key, sizeof(key), "key %d", i);
        (void)snprintf(text, sizeof(text), "objectClass: trSystem\n"
                       "cn: s%d\ntrPrincipal: s%d@R\ntrAlias: a%d\n", i, i,
                       i);
        assert_int_equal(put(update, key, text), 0);
    }
    commit(update);
    update = begin(table);
    for (int i = 0; i < 200; i += 3) {
        (void)snprintf(key, sizeof(key), "key %d", i);
        assert_int_equal(tr_update_present(update, key, strlen(key)), 0);
    }
    assert_int_equal(put(update, "new", SYSTEM), 0);
    assert_int_equal(tr_update_present(update, "unknown", 7), 0);
    assert_true(tr_update_has(update, "new", 3));
    assert_true(tr_update_has(update, "unknown", 7));
    assert_false(tr_update_has(update, "key 1", 5));
    assert_int_equal(tr_update_sweep(update), 0);
    assert_true(tr_update_changed(update));
    commit(update);
    assert_int_equal(info_of(table).systems, 68);
    assert_int_equal(generation(table), 2);
    for (int i = 0; i < 200; i++) {
        (void)snprintf(text, sizeof(text), "a%d", i);
        assert_int_equal(*system_of(table, text) != '\0', i % 3 == 0);
    }
    /* Nothing seen: nothing stays. */
    update = begin(table);
    assert_int_equal(tr_update_sweep(update), 0);
    commit(update);
    assert_int_equal(info_of(table).systems, 0);
    tr_table_close(table);
}

static void
clear_forgets_what_is_not_put_again(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    struct tr_update *update;

    put_one(table, "a", SYSTEM "trAlias: www\n");
    put_one(table, "b", OTHER_SYSTEM);
    update = begin(table);
    assert_int_equal(put(update, "d", SYSTEM "trAlias: d\n"), 0);
    assert_int_equal(tr_update_clear(update), 0);
    assert_false(tr_update_has(update, "d", 1));
    assert_int_equal(tr_update_delete(update, "b", 1), TRR_NOT_FOUND);
    /* Names of what was cleared are free, also for another key. */
    assert_int_equal(put(update, "c", OTHER_SYSTEM "trAlias: alpha\n"), 0);
    commit(update);
    assert_int_equal(info_of(table).systems, 1);
    assert_string_equal(system_of(table, "alpha"), "beta");
    assert_string_equal(system_of(table, "www"), "");
    assert_int_equal(generation(table), 3);
    tr_table_close(table);
}

/* --- looking up ---------------------------------------------------------- */

static void
records_are_found(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    const struct tr_map_record *map;
    const struct tr_realm *realm;
    struct tr_record *record;
    struct tr_view *view;

    put_one(table, "1", WHOLE_SYSTEM);
    put_one(table, "2", WHOLE_REALM);
    put_one(table, "3", WHOLE_SUBJECT);
    put_one(table, "4", WHOLE_MAP);
    put_one(table, "5", OTHER_REALM);
    assert_int_equal(tr_view_open(table, &view), 0);

    assert_int_equal(tr_view_system(view, "ALPHA.example.com", &record), 0);
    assert_int_equal(record->u.system.nmemberships, 2);
    tr_record_free(record);
    assert_int_equal(tr_view_system(view, "Mail", &record), 0);
    assert_string_equal(record->u.system.name, "alpha.example.com");
    tr_record_free(record);
    assert_int_equal(tr_view_system(view, "alpha", &record), TRR_NOT_FOUND);
    assert_null(record);
    assert_int_equal(tr_view_system(view, "", &record), TRR_NOT_FOUND);
    assert_int_equal(tr_view_system_by_principal(
        view, "trustrealm/alpha.example.com@EXAMPLE.COM", &record), 0);
    tr_record_free(record);
    /* Principals have case. */
    assert_int_equal(tr_view_system_by_principal(
        view, "trustrealm/alpha.example.com@example.com", &record),
        TRR_NOT_FOUND);
    assert_int_equal(tr_view_clearance(view, "alice@EXAMPLE.COM", &record),
                     0);
    assert_string_equal(record->u.clearance.clearances[0].high, "secret:hr");
    tr_record_free(record);
    assert_int_equal(tr_view_clearance(view, "Alice@EXAMPLE.COM", &record),
                     TRR_NOT_FOUND);

    assert_int_equal(tr_view_realms(view), 2);
    assert_string_equal(tr_view_realm_at(view, 0)->record->name,
                        "corporate");
    assert_null(tr_view_realm_at(view, 2));
    assert_int_equal(tr_view_realm(view, "ENGINEERING", &realm), 0);
    assert_int_equal(realm->error, 0);
    assert_int_equal(tr_encoding_levels(realm->encoding), 3);
    assert_string_equal(tr_encoding_level_name(realm->encoding, 2),
                        "secret");
    assert_int_equal(tr_view_realm(view, "nowhere", &realm), TRR_NOT_FOUND);
    assert_int_equal(tr_view_map(view, "engineering", "LOCAL", &map), 0);
    assert_string_equal(map->levels[1].realm, "public");
    assert_int_equal(tr_view_map(view, "corporate", "local", &map),
                     TRR_NOT_FOUND);
    tr_view_close(view);
    tr_table_close(table);
}

/* In whatever order they came, and none that is not there. */
static void
each_map_is_found_by_both_names(void **state)
{
    static const char *const names[] = { "c", "a-b", "a", "b", "ab", "a.b" };
    const size_t n = sizeof(names) / sizeof(*names);
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    struct tr_update *update = begin(table);
    const struct tr_map_record *map;
    struct tr_view *view;
    char text[128], key[8];

    for (size_t i = 0; i < n * n; i++) {
        if (i % n == i / n)
            continue;
        (void)snprintf(text, sizeof(text), "objectClass: trLabelMap\n"
                       "trRealmName: %s\ntrFormat: %s\n", names[i / n],
                       names[i % n]);
        (void)snprintf(key, sizeof(key), "%zu", i);
        assert_int_equal(put(update, key, text), 0);
    }
    commit(update);
    assert_int_equal(tr_view_open(table, &view), 0);
    for (size_t i = 0; i < n * n; i++) {
        assert_int_equal(tr_view_map(view, names[i / n], names[i % n], &map),
                         i % n == i / n ? TRR_NOT_FOUND : 0);
        if (i % n == i / n)
            continue;
        assert_string_equal(map->realm, names[i / n]);
        assert_string_equal(map->format, names[i % n]);
    }
    tr_view_close(view);
    tr_table_close(table);
}

static void
names_longer_than_any_are_not_found(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    struct tr_record *record;
    struct tr_view *view;
    static char name[5000];

    memset(name, 'a', sizeof(name) - 1);
    assert_int_equal(tr_view_open(table, &view), 0);
    assert_int_equal(tr_view_system(view, name, &record), TRR_NOT_FOUND);
    assert_int_equal(tr_view_clearance(view, name, &record), TRR_NOT_FOUND);
    assert_int_equal(tr_view_system_by_principal(view, name, &record),
                     TRR_NOT_FOUND);
    tr_view_close(view);
    tr_table_close(table);
}

static krb5_error_code
collect(const struct tr_record *record, void *arg)
{
    char *names = arg;

    strncat(names, record->u.system.name, 20);
    return strcmp(record->u.system.name, "stop") == 0 ? EINTR : 0;
}

static void
each_visits_in_the_order_of_keys(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    struct tr_view *view;
    char names[100] = "";

    put_one(table, "2", SYSTEM);
    put_one(table, "1", OTHER_SYSTEM);
    put_one(table, "0", REALM);
    assert_int_equal(tr_view_open(table, &view), 0);
    assert_int_equal(tr_view_each(view, TR_RECORD_SYSTEM, collect, names), 0);
    assert_string_equal(names, "betaalpha");
    tr_view_close(view);
    put_one(table, "11", "objectClass: trSystem\ncn: stop\n"
            "trPrincipal: stop@R\n");
    assert_int_equal(tr_view_open(table, &view), 0);
    names[0] = '\0';
    assert_int_equal(tr_view_each(view, TR_RECORD_SYSTEM, collect, names),
                     EINTR);
    assert_string_equal(names, "betastop");
    tr_view_close(view);
    tr_table_close(table);
}

static void
what_is_known_of_the_table_is_kept(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    struct tr_update *update;
    struct tr_table_info info = info_of(table);
    struct tr_view *view;
    uint8_t *cookie;
    size_t length;

    assert_true(info.fresh == 0);
    assert_string_equal(info.source, "");
    update = begin(table);
    assert_int_equal(tr_update_set_fresh(update, INT64_C(5000000000),
                                         "ldap://x"), 0);
    assert_int_equal(tr_update_set_cookie(update, "a\0b", 3), 0);
    commit(update);
    tr_table_close(table);

    table = open_table(*state, TR_TABLE_WRITE);
    info = info_of(table);
    assert_true(info.fresh == INT64_C(5000000000));
    assert_string_equal(info.source, "ldap://x");
    assert_int_equal(tr_view_open(table, &view), 0);
    assert_int_equal(tr_view_cookie(view, &cookie, &length), 0);
    assert_int_equal(length, 3);
    assert_memory_equal(cookie, "a\0b", 3);
    free(cookie);
    tr_view_close(view);
    update = begin(table);
    assert_int_equal(tr_update_set_cookie(update, NULL, 0), 0);
    commit(update);
    assert_int_equal(tr_view_open(table, &view), 0);
    assert_int_equal(tr_view_cookie(view, &cookie, &length), 0);
    assert_null(cookie);
    tr_view_close(view);
    tr_table_close(table);
}

/* --- digests ------------------------------------------------------------- */

static void
digest_of(struct tr_table *table, char *digest)
{
    const struct tr_realm *realm;
    struct tr_view *view;

    assert_int_equal(tr_view_open(table, &view), 0);
    assert_int_equal(tr_view_realm(view, "engineering", &realm), 0);
    memcpy(digest, realm->digest, 65);
    tr_view_close(view);
}

/* Pinned: systems with different versions must agree on it. */
static void
digest_is_that_of_the_documented_text(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    char digest[65];

    put_one(table, "r", REALM "trCategory: 4 HR\n");
    put_one(table, "m", "objectClass: trLabelMap\ntrFormat: local\n"
            "trRealmName: engineering\ntrLevelMap: Low public\n"
            "trCategoryMap: people hr\n");
    digest_of(table, digest);
    /* printf 'trustrealm label policy 1\npolicy mls\nlevel 0 public\n'\
     * 'level 2 secret\ncategory 4 hr\nmap local\nlevel low public\n'\
     * 'category people hr\n' | sha256sum */
    assert_string_equal(digest, "fbac56b0bab6754eab54ae6f1b702a9b"
                        "32afb1754b6a53f4015038fb000ff0c8");
    tr_table_close(table);
}

static void
digest_follows_what_labels_mean(void **state)
{
    static const char *const same[] = {
        REALM "trPriority: 3\ntrLifetime: 7\ntrProtection: integrity\n",
        "objectClass: trTrustRealm\ncn: Engineering\ntrDOI: 9\n"
        "trLevel: 2 SECRET\ntrLevel: 0 Public\n",
    };
    static const char *const different[] = {
        REALM "trLevel: 3 top\n", REALM "trCategory: 1 hr\n",
        REALM "trPolicy: equal\n",
        "objectClass: trTrustRealm\ncn: engineering\ntrDOI: 7\n"
        "trLevel: 0 secret\ntrLevel: 2 public\n",
        "objectClass: trTrustRealm\ncn: engineering\ntrDOI: 7\n"
        "trLevel: 0 public\ntrLevel: 3 secret\n",
    };
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    struct tr_update *update;
    char before[65], digest[65];

    put_one(table, "r", REALM);
    digest_of(table, before);
    for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
        put_one(table, "r", same[i]);
        digest_of(table, digest);
        assert_string_equal(digest, before);
    }
    for (size_t i = 0; i < sizeof(different) / sizeof(*different); i++) {
        put_one(table, "r", different[i]);
        digest_of(table, digest);
        assert_string_not_equal(digest, before);
    }
    put_one(table, "r", REALM);
    put_one(table, "m", "objectClass: trLabelMap\ntrFormat: f\n"
            "trRealmName: engineering\ntrLevelMap: a public\n");
    digest_of(table, digest);
    assert_string_not_equal(digest, before);
    /* A map of another trust realm has nothing to do with it. */
    put_one(table, "m", MAP);
    digest_of(table, digest);
    assert_string_equal(digest, before);
    update = begin(table);
    assert_int_equal(tr_update_delete(update, "m", 1), 0);
    commit(update);
    digest_of(table, digest);
    assert_string_equal(digest, before);
    tr_table_close(table);
}

static void
contradictory_trust_realm_is_marked(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    struct tr_record *record = make_record(REALM);
    struct tr_update *update = begin(table);
    const struct tr_realm *realm;
    struct tr_view *view;

    record->u.realm.levels[1].number = record->u.realm.levels[0].number;
    assert_int_equal(tr_update_put(update, "r", 1, record), 0);
    assert_int_equal(put(update, "o", OTHER_REALM), 0);
    commit(update);
    tr_record_free(record);
    assert_int_equal(tr_view_open(table, &view), 0);
    assert_int_equal(tr_view_realm(view, "engineering", &realm), 0);
    assert_int_not_equal(realm->error, 0);
    assert_non_null(realm->why);
    assert_string_equal(realm->digest, "");
    assert_int_equal(tr_view_realm(view, "corporate", &realm), 0);
    assert_int_equal(realm->error, 0);
    tr_view_close(view);
    tr_table_close(table);
}

/* The rank of the level at which record's first membership ends. */
static uint32_t
highest_level(struct tr_table *table, struct tr_record *record)
{
    const struct tr_granted *granted;
    struct tr_view *view;

    assert_int_equal(tr_view_open(table, &view), 0);
    assert_int_equal(tr_view_granted(view, record->u.system.memberships,
                                     &granted), 0);
    assert_int_equal(granted->error, 0);
    assert_string_equal(granted->realm->record->name, "engineering");
    tr_view_close(view);
    return granted->range.high.level;
}

/* Even of a record that somebody has kept. */
static void
a_grant_comes_to_what_the_trust_realm_says_now(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    struct tr_record *record = NULL;
    struct tr_view *view;

    put_one(table, "r", REALM);
    put_one(table, "s", SYSTEM "trMembership: engineering public secret\n");
    assert_int_equal(tr_view_open(table, &view), 0);
    assert_int_equal(tr_view_system(view, "alpha", &record), 0);
    tr_view_close(view);
    assert_int_equal(highest_level(table, record), 1);
    put_one(table, "r", REALM "trLevel: 1 internal\n");
    assert_int_equal(highest_level(table, record), 2);
    tr_record_free(record);
    tr_table_close(table);
}

#define table_test(f) \
    cmocka_unit_test_setup_teardown(f, make_directory, remove_directory)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        table_test(generation_rises_by_one_for_each_commit),
        table_test(generation_stays_when_nothing_changes),
        table_test(generation_outlives_the_process),
        table_test(a_name_that_two_claim_is_nobodys),
        table_test(the_last_claimant_has_the_name),
        table_test(who_is_gone_again_claims_nothing),
        table_test(users_and_systems_are_apart),
        table_test(names_come_free),
        table_test(a_key_may_change_its_kind),
        table_test(keys_have_a_maximum),
        table_test(sweep_removes_what_was_not_seen),
        table_test(clear_forgets_what_is_not_put_again),
        table_test(records_are_found),
        table_test(each_map_is_found_by_both_names),
        table_test(names_longer_than_any_are_not_found),
        table_test(each_visits_in_the_order_of_keys),
        table_test(what_is_known_of_the_table_is_kept),
        table_test(digest_is_that_of_the_documented_text),
        table_test(digest_follows_what_labels_mean),
        table_test(contradictory_trust_realm_is_marked),
        table_test(a_grant_comes_to_what_the_trust_realm_says_now),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
