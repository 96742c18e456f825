/* tests/unit/test_audit.c - the audit log: JSON whatever is in it, bounded */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config_text.h"
#include <fcntl.h>
#include <jansson.h>
#include <sys/stat.h>
#include <syslog.h>
#include "audit.h"
#include "trustrealm_err.h"

struct log {
    struct tr_config *config;
    struct tr_audit *audit;
    char *path;
    json_t **lines;
    size_t n;
};

static void
open_log(struct log *log)
{
    char text[512];

    memset(log, 0, sizeof(*log));
    log->path = write_text("");
    snprintf(text, sizeof(text), "[system]\nname = alpha.example.com\n"
             "[labels]\nlevels = low\n[audit]\ntarget = file:%s\n",
             log->path);
    log->config = load_good(text);
    assert_int_equal(tr_audit_open(log->config, &log->audit), 0);
}

/* Every line of the file must be one JSON object. */
static void
read_lines(struct log *log)
{
    FILE *file = fopen(log->path, "r");
    char *line = NULL;
    json_error_t error;
    size_t space = 0, i;
    ssize_t length;

    for (i = 0; i < log->n; i++)
        json_decref(log->lines[i]);
    log->n = 0;
    assert_non_null(file);
    while ((length = getline(&line, &space, file)) > 0) {
        for (i = 0; i < (size_t)length - 1; i++)
            assert_true(line[i] >= ' ' && line[i] <= '~');
        assert_int_equal(line[length - 1], '\n');
        log->lines = reallocarray(log->lines, log->n + 1,
                                  sizeof(*log->lines));
        log->lines[log->n] = json_loads(line, JSON_REJECT_DUPLICATES, &error);
        if (!json_is_object(log->lines[log->n]))
            fail_msg("not a JSON object: %s", line);
        log->n++;
    }
    free(line);
    fclose(file);
}

static void
close_log(struct log *log)
{
    size_t i;

    for (i = 0; i < log->n; i++)
        json_decref(log->lines[i]);
    free(log->lines);
    tr_audit_close(log->audit);
    tr_config_free(log->config);
    unlink(log->path);
    free(log->path);
}

static const char *
text_of(const struct log *log, size_t i, const char *key)
{
    const char *text = json_string_value(json_object_get(log->lines[i], key));

    return text != NULL ? text : "(none)";
}

static void
a_refusal_says_why(void **state)
{
    struct tr_caller caller = { .uid = 1000, .pid = 77 };
    struct tr_audit_record record = {
        .event = "accept", .step = TR_R7_SENDER_RANGE,
        .code = TRR_SENDER_RANGE, .text = "SECRET is above INTERNAL",
        .sender = "beta.example.com", .receiver = "alpha.example.com",
        .user = "alice@EXAMPLE.COM", .service = "host",
        .realm = "engineering", .label = "SECRET", .table_age = 3,
        .generation = 42, .correlation = "c0ffee", .caller = &caller
    };
    struct log log;
    json_t *line;

    open_log(&log);
    tr_audit_write(log.audit, &record);
    read_lines(&log);
    assert_int_equal(log.n, 1);
    line = log.lines[0];
    assert_string_equal(text_of(&log, 0, "event"), "accept");
    assert_string_equal(text_of(&log, 0, "result"), "deny");
    assert_string_equal(text_of(&log, 0, "step"), "R7");
    assert_string_equal(text_of(&log, 0, "code"), "TRR_SENDER_RANGE");
    assert_string_equal(text_of(&log, 0, "code_text"),
                        "Label outside the accreditation range of the "
                        "sender");
    assert_string_equal(text_of(&log, 0, "reason"),
                        "SECRET is above INTERNAL");
    assert_string_equal(text_of(&log, 0, "sender"), "beta.example.com");
    assert_string_equal(text_of(&log, 0, "receiver"), "alpha.example.com");
    assert_string_equal(text_of(&log, 0, "user"), "alice@EXAMPLE.COM");
    assert_string_equal(text_of(&log, 0, "service"), "host");
    assert_string_equal(text_of(&log, 0, "realm"), "engineering");
    assert_string_equal(text_of(&log, 0, "label"), "SECRET");
    assert_string_equal(text_of(&log, 0, "correlation"), "c0ffee");
    assert_null(json_object_get(line, "local_label"));
    assert_null(json_object_get(line, "target"));
    assert_int_equal(json_integer_value(json_object_get(line, "table_age")),
                     3);
    assert_int_equal(json_integer_value(json_object_get(line, "generation")),
                     42);
    assert_int_equal(json_integer_value(json_object_get(line, "uid")), 1000);
    assert_int_equal(json_integer_value(json_object_get(line, "pid")), 77);
    assert_true(json_is_false(json_object_get(line, "dry_run")));
    assert_true(json_is_false(json_object_get(line, "bypass")));
    close_log(&log);
}

static void
a_permission_has_no_code(void **state)
{
    struct tr_audit_record record = {
        .event = "seal", .allowed = true, .dry_run = true, .table_age = -1
    };
    struct log log;

    open_log(&log);
    tr_audit_write(log.audit, &record);
    read_lines(&log);
    assert_string_equal(text_of(&log, 0, "result"), "allow");
    assert_null(json_object_get(log.lines[0], "code"));
    assert_null(json_object_get(log.lines[0], "uid"));
    assert_true(json_is_true(json_object_get(log.lines[0], "dry_run")));
    close_log(&log);
}

static void
what_is_not_known_is_null(void **state)
{
    static const char *const keys[] = {
        "step", "reason", "sender", "receiver", "user", "realm", "label",
        "table_age", "correlation"
    };
    struct tr_audit_record record = { .event = "request", .table_age = -1 };
    struct log log;
    size_t i;

    open_log(&log);
    tr_audit_write(log.audit, &record);
    read_lines(&log);
    for (i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        assert_true(json_is_null(json_object_get(log.lines[0], keys[i])));
    close_log(&log);
}

static void
a_record_bears_the_time(void **state)
{
    struct tr_audit_record record = { .event = "seal", .table_age = -1 };
    struct log log;
    struct tm tm = { 0 };
    struct timespec before, after;
    const char *rest;
    time_t said;

    open_log(&log);
    /* The clock of the record: time() may still be in the second before. */
    clock_gettime(CLOCK_REALTIME, &before);
    tr_audit_write(log.audit, &record);
    clock_gettime(CLOCK_REALTIME, &after);
    read_lines(&log);
    rest = strptime(text_of(&log, 0, "time"), "%Y-%m-%dT%H:%M:%S.", &tm);
    assert_non_null(rest);
    said = timegm(&tm);
    assert_in_range(said, before.tv_sec, after.tv_sec);
    assert_int_equal(strspn(rest, "0123456789"), 3);
    assert_string_equal(rest + 3, "Z");
    close_log(&log);
}

static void
codes_of_others_are_numbers(void **state)
{
    struct tr_audit_record record = {
        .event = "seal", .code = KRB5KRB_AP_ERR_SKEW, .table_age = -1
    };
    struct log log;

    open_log(&log);
    tr_audit_write(log.audit, &record);
    read_lines(&log);
    assert_string_equal(text_of(&log, 0, "code"), "-1765328347");
    close_log(&log);
}

/* Strings that a peer chose, and what is kept of them. */
static const struct { const char *in, *out; } hostile[] = {
    { "a\"b\\c", "a\"b\\c" },
    { "a\nb\r\tc\x1b[2J", "a\nb\r\tc\x1b[2J" },     /* escaped on the line */
    { "\",\"result\":\"allow\"}\n{\"x\":\"", "\",\"result\":\"allow\"}\n"
      "{\"x\":\"" },
    { "caf\xc3\xa9", "caf\xc3\xa9" },
    { "\xe2\x80\xae" "gnp.exe", "\xe2\x80\xae" "gnp.exe" },
    { "bad\xff\xfe utf-8", "bad?? utf-8" },
    { "cut\xc3", "cut?" },
    { "over\xc0\xaflong", "over??long" },
    { "\xed\xa0\x80", "???" },
    { "del\x7f", "del?" },
    { "%s%n%s", "%s%n%s" }
};

static void
hostile_strings_stay_in_their_place(void **state)
{
    struct tr_audit_record record = { .event = "accept", .table_age = -1 };
    struct log log;
    size_t i;

    open_log(&log);
    for (i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
        record.sender = record.user = record.label = record.text =
            hostile[i].in;
        tr_audit_write(log.audit, &record);
    }
    read_lines(&log);
    assert_int_equal(log.n, i);
    for (i = 0; i < log.n; i++) {
        assert_string_equal(text_of(&log, i, "sender"), hostile[i].out);
        assert_string_equal(text_of(&log, i, "user"), hostile[i].out);
        assert_string_equal(text_of(&log, i, "label"), hostile[i].out);
        assert_string_equal(text_of(&log, i, "reason"), hostile[i].out);
        assert_string_equal(text_of(&log, i, "result"), "deny");
    }
    close_log(&log);
}

static void
long_strings_are_cut(void **state)
{
    struct tr_audit_record record = { .event = "accept", .table_age = -1 };
    size_t length = 1000000;
    struct log log;
    char *text = malloc(length + 1);

    memset(text, '\x01', length);
    text[length] = '\0';
    record.sender = record.user = text;
    open_log(&log);
    tr_audit_write(log.audit, &record);
    read_lines(&log);
    assert_int_equal(log.n, 1);
    assert_int_equal(strlen(text_of(&log, 0, "sender")),
                     TR_MAX_LABEL_TEXT + 3);
    close_log(&log);
    free(text);
}

static void
logs_are_json_in_a_file(void **state)
{
    struct log log;

    open_log(&log);
    tr_log(log.audit, LOG_NOTICE, "%s", "lost\n{\"event\":\"commit\"}");
    tr_log(log.audit, LOG_DEBUG, "below the level");
    read_lines(&log);
    assert_int_equal(log.n, 1);
    assert_string_equal(text_of(&log, 0, "event"), "log");
    assert_string_equal(text_of(&log, 0, "priority"), "notice");
    assert_string_equal(text_of(&log, 0, "text"),
                        "lost?{\"event\":\"commit\"}");
    close_log(&log);
}

static void
a_moved_file_is_made_again(void **state)
{
    struct tr_audit_record record = { .event = "accept", .table_age = -1 };
    struct log log;
    struct stat st;

    open_log(&log);
    tr_audit_write(log.audit, &record);
    assert_int_equal(unlink(log.path), 0);
    assert_int_equal(tr_audit_reopen(log.audit, log.config), 0);
    tr_audit_write(log.audit, &record);
    read_lines(&log);
    assert_int_equal(log.n, 1);
    assert_int_equal(stat(log.path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    close_log(&log);
}

static void
a_target_that_cannot_be_opened_keeps_the_old(void **state)
{
    struct tr_audit_record record = { .event = "accept", .table_age = -1 };
    struct log log;
    char *target;

    open_log(&log);
    target = log.config->audit_target;
    log.config->audit_target = (char *)"file:/nonexistent/audit";
    assert_int_not_equal(tr_audit_reopen(log.audit, log.config), 0);
    log.config->audit_target = target;
    tr_audit_write(log.audit, &record);
    read_lines(&log);
    assert_int_equal(log.n, 1);
    close_log(&log);
}

static void
one_peer_cannot_fill_the_log(void **state)
{
    struct tr_caller caller = { .uid = 1000 }, other = { .uid = 1001 };
    struct tr_audit_record record = {
        .event = "accept", .code = TRR_REPLAY, .step = TR_R15_COMMIT,
        .sender = "evil.example.com", .table_age = -1, .caller = &caller
    };
    uint64_t left_out, lost;
    struct log log;
    size_t i, before;

    open_log(&log);
    for (i = 0; i < 10000; i++)
        tr_audit_write(log.audit, &record);
    read_lines(&log);
    assert_in_range(log.n, 500, 2000);
    before = log.n;
    tr_audit_lost(log.audit, &left_out, &lost);
    assert_int_equal(left_out, 10000 - before);
    assert_int_equal(lost, 0);
    /* Others are heard, permissions of the same peer as well. */
    record.caller = &other;
    tr_audit_write(log.audit, &record);
    record.caller = &caller;
    record.sender = "good.example.com";
    tr_audit_write(log.audit, &record);
    record.sender = "evil.example.com";
    record.allowed = true;
    for (i = 0; i < 20000; i++)
        tr_audit_write(log.audit, &record);
    read_lines(&log);
    assert_int_equal(log.n, before + 2 + 20000);
    /* So are those whom the table does not have, each for himself. */
    record.allowed = false;
    record.sender = NULL;
    record.sender_principal = "a/evil.example.com@EXAMPLE.COM";
    for (i = 0; i < 10000; i++)
        tr_audit_write(log.audit, &record);
    read_lines(&log);
    before = log.n;
    record.sender_principal = "a/good.example.com@EXAMPLE.COM";
    tr_audit_write(log.audit, &record);
    read_lines(&log);
    assert_int_equal(log.n, before + 1);
    assert_string_equal(text_of(&log, before, "sender"), "(none)");
    assert_string_equal(text_of(&log, before, "sender_principal"),
                        "a/good.example.com@EXAMPLE.COM");
    /* At the latest when the daemon ends, the log says what it lacks. */
    tr_audit_close(log.audit);
    log.audit = NULL;
    read_lines(&log);
    assert_int_equal(log.n, before + 3);
    for (i = before + 1; i < log.n; i++) {
        assert_string_equal(text_of(&log, i, "event"), "left-out");
        assert_string_equal(text_of(&log, i, "step"), "R15");
        assert_non_null(strstr(text_of(&log, i, "text"),
                               " refusals and 0 permissions are not "
                               "recorded"));
    }
    close_log(&log);
}

struct reports {
    size_t n;
    uint32_t denied[TR_R15_COMMIT + 1];
    uid_t uid;
    char sender[256];
};

static void
take_report(const struct tr_limit_report *report, void *arg)
{
    struct reports *reports = arg;

    reports->n++;
    reports->denied[report->step] = report->denied;
    reports->uid = report->uid;
    snprintf(reports->sender, sizeof(reports->sender), "%s", report->sender);
}

static void
what_was_left_out_is_counted(void **state)
{
    struct reports reports = { 0 };
    struct tr_limit *limit;
    size_t i, written = 0;
    int64_t now = 1000000;

    assert_int_equal(tr_limit_create(&limit), 0);
    for (i = 0; i < 700; i++)
        written += tr_limit_allow(limit, "b.example", 5, false,
                                  i < 600 ? TR_R15_COMMIT : TR_R7_SENDER_RANGE,
                                  now);
    assert_int_equal(written, 500);
    tr_limit_report(limit, now + 9999, false, take_report, &reports);
    assert_int_equal(reports.n, 0);
    tr_limit_report(limit, now + 10000, false, take_report, &reports);
    assert_int_equal(reports.n, 2);
    assert_int_equal(reports.denied[TR_R15_COMMIT], 100);
    assert_int_equal(reports.denied[TR_R7_SENDER_RANGE], 100);
    assert_int_equal(reports.uid, 5);
    assert_string_equal(reports.sender, "b.example");
    /* Once. */
    tr_limit_report(limit, now + 99999, true, take_report, &reports);
    assert_int_equal(reports.n, 2);
    tr_limit_free(limit);
}

static void
the_limit_recovers(void **state)
{
    struct tr_limit *limit;
    size_t i, written = 0;
    int64_t now = 0;

    assert_int_equal(tr_limit_create(&limit), 0);
    while (tr_limit_allow(limit, NULL, 5, false, TR_R15_COMMIT, now))
        continue;
    for (i = 0; i < 1000; i++)
        written += tr_limit_allow(limit, NULL, 5, false, TR_R15_COMMIT,
                                  now + 1000);
    assert_int_equal(written, 50);
    /* A clock that goes back gives nothing away. */
    assert_false(tr_limit_allow(limit, NULL, 5, false, TR_R15_COMMIT, now));
    tr_limit_free(limit);
}

static void
many_peers_need_no_more_memory(void **state)
{
    struct reports reports = { 0 };
    struct tr_limit *limit;
    char sender[32];
    int i;

    assert_int_equal(tr_limit_create(&limit), 0);
    for (i = 0; i < 100000; i++) {
        snprintf(sender, sizeof(sender), "%d.example.com", i);
        (void)tr_limit_allow(limit, sender, 5, false, TR_R15_COMMIT, 0);
    }
    tr_limit_report(limit, 0, true, take_report, &reports);
    assert_in_range(reports.n, 0, 1024);
    tr_limit_free(limit);
}

static void
events_are_counted(void **state)
{
    struct tr_audit_record open = { .event = "accept", .table_age = -1 };
    struct tr_audit_record seal = {
        .event = "seal", .allowed = true, .table_age = -1
    };
    struct tr_audit_count count;
    struct log log;

    open_log(&log);
    tr_audit_write(log.audit, &open);
    tr_audit_write(log.audit, &seal);
    tr_audit_write(log.audit, &open);
    assert_true(tr_audit_count(log.audit, 0, &count));
    assert_string_equal(count.event, "accept");
    assert_int_equal(count.denied, 2);
    assert_int_equal(count.allowed, 0);
    assert_true(tr_audit_count(log.audit, 1, &count));
    assert_string_equal(count.event, "seal");
    assert_int_equal(count.allowed, 1);
    assert_false(tr_audit_count(log.audit, 2, &count));
    close_log(&log);
}

static void
refusals_are_counted_by_step(void **state)
{
    struct tr_audit_record late = {
        .event = "accept", .step = TR_R15_COMMIT, .table_age = -1
    };
    struct tr_audit_record none = { .event = "status", .table_age = -1 };
    struct tr_audit_record dry = {
        .event = "seal", .step = TR_S10_CLEARANCE, .allowed = true,
        .dry_run = true, .table_age = -1
    };
    uint64_t dry_run, bypass;
    struct log log;

    open_log(&log);
    tr_audit_write(log.audit, &late);
    tr_audit_write(log.audit, &late);
    tr_audit_write(log.audit, &none);
    tr_audit_write(log.audit, &dry);
    assert_int_equal(tr_audit_refused(log.audit, TR_R15_COMMIT), 2);
    assert_int_equal(tr_audit_refused(log.audit, TR_STEP_NONE), 1);
    assert_int_equal(tr_audit_refused(log.audit, TR_S10_CLEARANCE), 0);
    tr_audit_let_by(log.audit, &dry_run, &bypass);
    assert_int_equal(dry_run, 1);
    assert_int_equal(bypass, 0);
    close_log(&log);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_says_why),
        cmocka_unit_test(a_permission_has_no_code),
        cmocka_unit_test(what_is_not_known_is_null),
        cmocka_unit_test(a_record_bears_the_time),
        cmocka_unit_test(codes_of_others_are_numbers),
        cmocka_unit_test(hostile_strings_stay_in_their_place),
        cmocka_unit_test(long_strings_are_cut),
        cmocka_unit_test(logs_are_json_in_a_file),
        cmocka_unit_test(a_moved_file_is_made_again),
        cmocka_unit_test(a_target_that_cannot_be_opened_keeps_the_old),
        cmocka_unit_test(one_peer_cannot_fill_the_log),
        cmocka_unit_test(what_was_left_out_is_counted),
        cmocka_unit_test(the_limit_recovers),
        cmocka_unit_test(many_peers_need_no_more_memory),
        cmocka_unit_test(refusals_are_counted_by_step),
        cmocka_unit_test(events_are_counted)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
