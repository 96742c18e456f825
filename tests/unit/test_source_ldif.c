/* tests/unit/test_source_ldif.c - a table from an LDIF file */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include "source.h"
#include "table_dir.h"
#include "trustrealm_err.h"

/* Load text; *why_out is "" when nothing was said. */
static krb5_error_code
load_octets(const char *directory, struct tr_table *table, const char *text,
            size_t length, char *why, size_t size)
{
    krb5_error_code ret;
    const char *path = path_in(directory, "file.ldif");
    FILE *file = fopen(path, "w");
    char *said;

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    ret = tr_source_load_ldif(table, path, &said);
    (void)snprintf(why, size, "%s", said == NULL ? "" : said);
    free(said);
    return ret;
}

static void
load(const char *directory, struct tr_table *table, const char *text)
{
    char why[1000];

    if (load_octets(directory, table, text, strlen(text), why,
                    sizeof(why)) != 0)
        fail_msg("%s", why);
}

#define ALPHA_LDIF \
    "dn: cn=alpha,dc=x\nobjectClass: trSystem\ncn: alpha\n" \
    "trPrincipal: trustrealm/alpha@R\n"
#define BETA_LDIF \
    "dn: cn=beta,dc=x\nobjectClass: trSystem\ncn: beta\n" \
    "trPrincipal: trustrealm/beta@R\n"

static void
the_sample_loads(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    const char *srcdir = getenv("TR_SRCDIR");
    struct tr_table_info info;
    struct tr_record *record;
    struct tr_view *view;
    char path[MAX_PATH], *why = NULL;

    (void)snprintf(path, sizeof(path), "%s/doc/schema/sample.ldif",
                   srcdir == NULL ? "." : srcdir);
    if (tr_source_load_ldif(table, path, &why) != 0)
        fail_msg("%s", why);
    info = info_of(table);
    assert_int_equal(info.realms, 2);
    assert_int_equal(info.systems, 4);
    assert_int_equal(info.clearances, 2);
    assert_int_equal(info.maps, 2);
    assert_int_equal(info.generation, 1);
    assert_true(info.fresh > 1600000000);
    assert_int_equal(strncmp(info.source, "ldif:", 5), 0);
    assert_int_equal(tr_view_open(table, &view), 0);
    for (size_t i = 0; i < tr_view_realms(view); i++)
        assert_int_equal(tr_view_realm_at(view, i)->error, 0);
    assert_int_equal(tr_view_system(view, "delta.example.com", &record), 0);
    assert_int_equal(record->u.system.nmemberships, 0);
    tr_record_free(record);
    tr_view_close(view);
    /* Again: nothing differs. */
    assert_int_equal(tr_source_load_ldif(table, path, &why), 0);
    assert_int_equal(generation(table), 1);
    tr_table_close(table);
}

static void
a_new_file_replaces_the_old_one(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);

    load(*state, table, ALPHA_LDIF "trAlias: www\n\n" BETA_LDIF);
    assert_int_equal(generation(table), 1);
    load(*state, table, BETA_LDIF "\n" ALPHA_LDIF "trAlias: www\n");
    assert_int_equal(generation(table), 1);
    /* Names may change hands. */
    load(*state, table, ALPHA_LDIF "\n" BETA_LDIF "trAlias: www\n");
    assert_int_equal(generation(table), 2);
    assert_string_equal(system_of(table, "www"), "beta");
    load(*state, table, ALPHA_LDIF);
    assert_string_equal(system_of(table, "beta"), "");
    assert_int_equal(info_of(table).systems, 1);
    load(*state, table, "");
    assert_int_equal(info_of(table).systems, 0);
    tr_table_close(table);
}

static void
load_damaged(const char *directory, struct tr_table *table, const char *text)
{
    char why[1000];

    damage(directory, "www", "wwx");
    assert_int_equal(load_octets(directory, table, text, strlen(text), why,
                                 sizeof(why)), TRR_TABLE);
    assert_non_null(strstr(why, "file.ldif: a record is damaged"));
}

/* Found when it is to be changed, or to go; the next time all is new. */
static void
a_damaged_table_is_filled_again(void **state)
{
    static const char *const next[] = {
        ALPHA_LDIF "trAlias: ftp\n\n" BETA_LDIF, BETA_LDIF
    };
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);

    for (size_t i = 0; i < sizeof(next) / sizeof(*next); i++) {
        load(*state, table, ALPHA_LDIF "trAlias: www\n\n" BETA_LDIF);
        load_damaged(*state, table, next[i]);
        load(*state, table, next[i]);
        assert_false(tr_table_damaged(table));
        assert_int_equal(info_of(table).systems, i == 0 ? 2 : 1);
        assert_string_equal(system_of(table, "ftp"), i == 0 ? "alpha" : "");
        assert_string_equal(system_of(table, "www"), "");
        assert_string_equal(system_of(table, "beta"), "beta");
    }
    tr_table_close(table);
}

/* What is there stays, and allows nothing, until there is something better. */
static void
a_bad_file_does_not_empty_a_damaged_table(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    const char *bad = ALPHA_LDIF "\n" BETA_LDIF "garbage\n";
    struct tr_record *record;
    struct tr_view *view;
    char why[1000];

    load(*state, table, ALPHA_LDIF "trAlias: www\n\n" BETA_LDIF);
    load_damaged(*state, table, BETA_LDIF);
    assert_int_equal(load_octets(*state, table, bad, strlen(bad), why,
                                 sizeof(why)), TRR_ENTRY);
    assert_non_null(strstr(why, "not a line of LDIF"));
    assert_int_equal(tr_view_open(table, &view), 0);
    assert_int_equal(tr_view_system(view, "alpha", &record), TRR_TABLE);
    assert_int_equal(tr_view_system(view, "beta", &record), 0);
    tr_record_free(record);
    tr_view_close(view);
    load(*state, table, ALPHA_LDIF);
    assert_string_equal(system_of(table, "alpha"), "alpha");
    tr_table_close(table);
}

static void
ldif_is_read_as_it_is_written(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);

    /* Version, comments, folded lines, base64, options, other entries,
     * values of one attribute apart, several blank lines, CR LF. */
    load(*state, table,
         "version: 1\r\n\r\n# comment\r\n folded comment\r\n\r\n\r\n"
         "dn: dc=x\r\nobjectClass: domain\r\ndc: x\r\n\r\n"
         "# of alpha\r\ndn: cn=al\r\n pha,dc=x\r\nobjectClass: trSys\r\n"
         " tem\r\ncn:: QWxwaGE=\r\ntrAlias: a1\r\n# within\r\n"
         "trPrincipal: trustrealm/alpha@R\r\ncn;lang-en: other\r\n"
         "trAlias:a2\r\nuserCertificate;binary:: AAEC");
    assert_string_equal(system_of(table, "alpha"), "alpha");
    assert_string_equal(system_of(table, "a1"), "alpha");
    assert_string_equal(system_of(table, "a2"), "alpha");
    tr_table_close(table);
}

static const struct { const char *text, *why; size_t line; } wrongs[] = {
    { ALPHA_LDIF "\n" BETA_LDIF "trAlias: a/b\n",
      "cn=beta,dc=x: trAlias: \"a/b\"", 6 },
    { "version: 1\n\n# c\n# d\n\n" ALPHA_LDIF "trEnabled: 1\n",
      "cn=alpha,dc=x: trEnabled: \"1\"", 6 },
    { ALPHA_LDIF "garbage\n", "not a line of LDIF", 5 },
    { ALPHA_LDIF "# comment\n\n# other\n" BETA_LDIF "trAl\n ias\n",
      "not a line of LDIF", 12 },
    { ALPHA_LDIF "trAlias:: !!!\n", "not a line of LDIF", 5 },
    { ALPHA_LDIF "trEnabeld: FALSE\n", "trEnabeld: no such attribute", 5 },
    { ALPHA_LDIF "trRestriction;lang-en: e a b\n",
      "trRestriction;lang-en: with options", 5 },
    { "dn: cn=a\nobjectClass: trSystm\n", "trSystm: no such object", 2 },
    { ALPHA_LDIF "trAlias:< file:///etc/hostname\n",
      "values by URL are not read", 5 },
    { "cn: alpha\n", "starts with its DN", 1 },
    { "\n\n\nobjectClass: trSystem\ndn: cn=a\n", "starts with its DN", 4 },
    { ALPHA_LDIF "dn: cn=beta\n", "second DN", 5 },
    { "dn: cn=alpha\nchangetype: modify\nadd: cn\ncn: x\n", "not changes", 2 },
    { "dn: cn=alpha\ncontrol: 1.2.3\n", "not changes", 2 },
    { "version: 2\n\n" ALPHA_LDIF, "not version 1", 1 },
    { ALPHA_LDIF "\n" ALPHA_LDIF, "cn=alpha,dc=x: given twice", 6 },
    { ALPHA_LDIF "\ndn:  CN=Alpha , DC=X\nobjectClass: trSystem\ncn: b\n"
      "trPrincipal: b@R\n", "given twice", 6 },
    { ALPHA_LDIF "\n" BETA_LDIF "trAlias: alpha\n",
      "cn=beta,dc=x: its host name alpha also belongs to another entry: alpha",
      6 },
    { "dn: no dn\nobjectClass: trSystem\ncn: a\ntrPrincipal: a@R\n",
      "no dn: not a DN", 1 },
    { ALPHA_LDIF "trAlias:: AAA=\n", "trAlias: a value has a NUL in it", 5 },
};

/* ... and leave the table as it was. */
static void
wrong_files_are_named_with_their_line(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    char why[1000], line[40];

    load(*state, table, BETA_LDIF "trAlias: old\n");
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++) {
        if (load_octets(*state, table, wrongs[i].text, strlen(wrongs[i].text),
                        why, sizeof(why)) != TRR_ENTRY)
            fail_msg("taken: %s", wrongs[i].text);
        (void)snprintf(line, sizeof(line), "file.ldif:%zu: ", wrongs[i].line);
        if (strstr(why, line) == NULL || strstr(why, wrongs[i].why) == NULL)
            fail_msg("\"%s\" does not say %s ... %s", why, line,
                     wrongs[i].why);
        assert_int_equal(generation(table), 1);
        assert_string_equal(system_of(table, "old"), "beta");
        assert_string_equal(system_of(table, "alpha"), "");
    }
    tr_table_close(table);
}

static void
unusable_files_are_named(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    const char *path = path_in(*state, "file.ldif");
    char *why;

    assert_int_equal(tr_source_load_ldif(table, path, &why), TRR_SOURCE);
    assert_non_null(strstr(why, "file.ldif: No such file"));
    free(why);
    load(*state, table, ALPHA_LDIF);
    path = path_in(*state, "file.ldif");
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(tr_source_load_ldif(table, path, &why), TRR_SOURCE);
    assert_non_null(strstr(why, "anybody may write"));
    free(why);
    assert_int_equal(tr_source_load_ldif(table, *state, &why), TRR_SOURCE);
    assert_non_null(why);
    free(why);
    tr_table_close(table);
}

/* Cut anywhere it loads, or is refused; and leaves nothing half done. */
static void
a_file_cut_anywhere_is_taken_whole_or_not(void **state)
{
    static const char text[] = ALPHA_LDIF "trAlias: www\n\n" BETA_LDIF;
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    char why[1000];
    uint64_t before;

    for (size_t n = 0; n < sizeof(text); n++) {
        before = generation(table);
        if (load_octets(*state, table, text, n, why, sizeof(why)) != 0) {
            assert_int_equal(generation(table), before);
            assert_string_not_equal(why, "");
        }
    }
    assert_string_equal(system_of(table, "beta"), "beta");
    tr_table_close(table);
}

/* Nobody waits for who would write to it. */
static void
a_pipe_is_no_file(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);
    char path[MAX_PATH], *why = NULL;

    (void)snprintf(path, sizeof(path), "%s/pipe", (char *)*state);
    assert_int_equal(mkfifo(path, 0600), 0);
    (void)alarm(10);
    assert_int_equal(tr_source_load_ldif(table, path, &why), TRR_SOURCE);
    (void)alarm(0);
    assert_non_null(strstr(why, "not a file"));
    free(why);
    tr_table_close(table);
}

static krb5_error_code
load_snapshot(struct tr_table *table, const char *text, int64_t made)
{
    const struct tr_snapshot snapshot = { (char *)text, strlen(text), made };
    krb5_error_code ret;
    char *why = NULL;

    ret = tr_source_load_snapshot(table, "file.cms", &snapshot, &why);
    assert_int_equal(ret != 0, why != NULL);
    free(why);
    return ret;
}

/* Of one second there is one, however often it is brought. */
static void
snapshots_only_get_later(void **state)
{
    struct tr_table *table = open_table(*state, TR_TABLE_WRITE);

    assert_int_equal(load_snapshot(table, ALPHA_LDIF, 1000), 0);
    assert_int_equal(load_snapshot(table, ALPHA_LDIF, 1000), 0);
    assert_int_equal(load_snapshot(table, BETA_LDIF, 1000), TRR_SOURCE);
    assert_int_equal(load_snapshot(table, BETA_LDIF, 999), TRR_SOURCE);
    tr_table_close(table);
    table = open_table(*state, TR_TABLE_WRITE);
    assert_int_equal(load_snapshot(table, BETA_LDIF, 1000), TRR_SOURCE);
    assert_string_equal(system_of(table, "alpha"), "alpha");
    assert_int_equal(load_snapshot(table, BETA_LDIF, 1001), 0);
    assert_string_equal(system_of(table, "alpha"), "");
    assert_int_equal(load_snapshot(table, ALPHA_LDIF, 1001), TRR_SOURCE);
    assert_string_equal(system_of(table, "beta"), "beta");
    tr_table_close(table);
}

#define source_test(f) \
    cmocka_unit_test_setup_teardown(f, make_directory, remove_directory)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        source_test(the_sample_loads),
        source_test(a_new_file_replaces_the_old_one),
        source_test(a_damaged_table_is_filled_again),
        source_test(a_bad_file_does_not_empty_a_damaged_table),
        source_test(ldif_is_read_as_it_is_written),
        source_test(wrong_files_are_named_with_their_line),
        source_test(unusable_files_are_named),
        source_test(a_file_cut_anywhere_is_taken_whole_or_not),
        source_test(a_pipe_is_no_file),
        source_test(snapshots_only_get_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
