/* mech/service/audit.c - one JSON object for every allow and deny */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Strings of a record may come from a peer that means harm.  They are cut and
 * escaped, what is not ASCII as well, so that no line can look like two or
 * move a terminal's cursor.
 */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include "audit.h"
#include "boottime.h"
#include "json.h"
#include "trustrealm_err.h"

#define MAX_EVENTS 16
#define MAX_LOG 1024            /* octets of a line of ordinary operation */
#define MAX_LINE (128 * 1024)

struct tr_audit {
    struct tr_sink *sink;
    struct tr_limit *limit;
    int level;                  /* of ordinary operation */
    bool log_to_stderr;
    struct tr_audit_count counts[MAX_EVENTS];
    uint64_t refused[TR_R15_COMMIT + 1];
    uint64_t dry_run, bypass;
    uint64_t left_out, lost;
    bool failed;                /* the last line could not be written */
    char line[MAX_LINE];        /* that is being made */
};

/* The strings of a record, in the order of the JSON object. */
static const struct {
    const char *key, *field;    /* JSON, journal */
    bool always;                /* null while not known */
    size_t offset;
} strings[] = {
#define STRING(key, field, always, member) \
    { key, "TRUSTREALM_" field "=", always, \
      offsetof(struct tr_audit_record, member) }
    STRING("reason", "REASON", true, text),
    STRING("sender", "SENDER", true, sender),
    STRING("sender_principal", "SENDER_PRINCIPAL", false, sender_principal),
    STRING("receiver", "RECEIVER", true, receiver),
    STRING("user", "USER", true, user),
    STRING("service", "SERVICE", false, service),
    STRING("target", "TARGET", false, target),
    STRING("realm", "REALM", true, realm),
    STRING("label", "LABEL", true, label),
    STRING("local_label", "LOCAL_LABEL", false, local_label),
    STRING("correlation", "CORRELATION", true, correlation)
#undef STRING
};
#define NSTRINGS (sizeof(strings) / sizeof(*strings))

static const char *
string_of(const struct tr_audit_record *record, size_t i)
{
    const char *text;

    memcpy(&text, (const char *)record + strings[i].offset, sizeof(text));
    return text != NULL && *text != '\0' ? text : NULL;
}

/* --- opening ------------------------------------------------------------ */

static int
level_of(const char *word)
{
    static const struct { const char *word; int level; } levels[] = {
        { "error", LOG_ERR }, { "warning", LOG_WARNING },
        { "notice", LOG_NOTICE }, { "info", LOG_INFO }, { "debug", LOG_DEBUG }
    };
    size_t i;

    for (i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
        if (strcmp(word, levels[i].word) == 0)
            return levels[i].level;
    }
    return LOG_INFO;
}

krb5_error_code
tr_audit_reopen(struct tr_audit *audit, const struct tr_config *config)
{
    struct tr_sink *sink;
    krb5_error_code ret;

    ret = tr_sink_open(config->audit_target, &sink);
    if (ret)
        return ret;
    tr_sink_close(audit->sink);
    audit->sink = sink;
    audit->level = level_of(config->audit_level);
    return 0;
}

krb5_error_code
tr_audit_open(const struct tr_config *config, struct tr_audit **audit_out)
{
    struct tr_audit *audit;
    krb5_error_code ret;

    *audit_out = NULL;
    initialize_trr_error_table();
    audit = calloc(1, sizeof(*audit));
    if (audit == NULL)
        return ENOMEM;
    ret = tr_limit_create(&audit->limit);
    if (ret == 0)
        ret = tr_audit_reopen(audit, config);
    if (ret) {
        tr_limit_free(audit->limit);
        free(audit);
        return ret;
    }
    *audit_out = audit;
    return 0;
}

void
tr_audit_use_stderr(struct tr_audit *audit)
{
    audit->log_to_stderr = true;
}

/* --- JSON --------------------------------------------------------------- */

#define CODE_SIZE 16

/* Its name, or the number, which is put into buf. */
static const char *
name_of_code(krb5_error_code code, char buf[CODE_SIZE])
{
    static const struct { krb5_error_code code; const char *name; } names[] = {
#include "error_names.h"
    };
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (names[i].code == code)
            return names[i].name;
    }
    snprintf(buf, CODE_SIZE, "%ld", (long)code);
    return buf;
}

static const char *
result_of(const struct tr_audit_record *record)
{
    return record->allowed ? "allow" : "deny";
}

static const char *
step_of(const struct tr_audit_record *record)
{
    return record->step != TR_STEP_NONE ? tr_step_name(record->step) : NULL;
}

static void
add_members(struct tr_json *json, const struct tr_audit_record *record,
            size_t limit)
{
    char number[CODE_SIZE];
    const char *text;
    size_t i;

    tr_json_time(json, "time");
    tr_json_text(json, "event", record->event, limit);
    tr_json_text(json, "result", result_of(record), limit);
    tr_json_text(json, "step", step_of(record), limit);
    if (record->code != 0) {
        tr_json_text(json, "code", name_of_code(record->code, number), limit);
        tr_json_text(json, "code_text", error_message(record->code), limit);
    }
    for (i = 0; i < NSTRINGS; i++) {
        text = string_of(record, i);
        if (text != NULL || strings[i].always)
            tr_json_text(json, strings[i].key, text, limit);
    }
    if (record->table_age >= 0)
        tr_json_number(json, "table_age", record->table_age);
    else
        tr_json_text(json, "table_age", NULL, limit);
    if (record->generation > 0)
        tr_json_number(json, "generation", (int64_t)record->generation);
    if (record->caller != NULL) {
        tr_json_number(json, "uid", record->caller->uid);
        tr_json_number(json, "pid", record->caller->pid);
    }
    tr_json_truth(json, "dry_run", record->dry_run);
    tr_json_truth(json, "bypass", record->bypass);
}

/*
 * Write record into audit->line; false when it does not fit into what the
 * target takes.  Escapes make a line up to six times as long as its strings:
 * then these are cut.
 */
static bool
make_line(struct tr_audit *audit, const struct tr_audit_record *record)
{
    static const size_t limits[] = { TR_MAX_LABEL_TEXT, 512, 48 };
    struct tr_json json;
    size_t i, length;

    for (i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
        tr_json_begin(&json, audit->line, sizeof(audit->line));
        add_members(&json, record, limits[i]);
        length = tr_json_end(&json);
        if (length > 0 && length <= tr_sink_limit(audit->sink))
            return true;
    }
    return false;
}

/* --- writing ------------------------------------------------------------ */

static bool
put(struct tr_audit *audit, int priority, bool is_audit, const char *line,
    const struct iovec *fields, size_t nfields)
{
    audit->failed = !tr_sink_write(audit->sink, priority, is_audit, line,
                                   fields, nfields);
    return !audit->failed;
}

/* What the record says once more, so that journalctl can select by it. */
struct fields {
    struct iovec items[4 + NSTRINGS];
    size_t n;
    char buffer[16 * 1024];
    size_t used;
};

static void
add_field(struct fields *fields, const char *name, const char *text)
{
    size_t left = sizeof(fields->buffer) - fields->used;
    char *at = fields->buffer + fields->used;
    int length;

    if (text == NULL)
        return;
    length = snprintf(at, left, "%s%s", name, text);
    if (length < 0 || (size_t)length >= left)
        return;
    fields->items[fields->n++] = (struct iovec){ at, (size_t)length };
    fields->used += (size_t)length;
}

static void
make_fields(const struct tr_audit_record *record, struct fields *fields)
{
    char number[CODE_SIZE];
    size_t i;

    fields->n = fields->used = 0;
    add_field(fields, "TRUSTREALM_EVENT=", record->event);
    add_field(fields, "TRUSTREALM_RESULT=", result_of(record));
    add_field(fields, "TRUSTREALM_STEP=", step_of(record));
    if (record->code != 0)
        add_field(fields, "TRUSTREALM_CODE=",
                  name_of_code(record->code, number));
    for (i = 0; i < NSTRINGS; i++)
        add_field(fields, strings[i].field, string_of(record, i));
}

static void
count(struct tr_audit *audit, const struct tr_audit_record *record)
{
    struct tr_audit_count *entry;
    size_t i;

    if (!record->allowed)
        audit->refused[record->step]++;
    audit->dry_run += record->allowed && record->dry_run;
    audit->bypass += record->allowed && record->bypass;
    for (i = 0; i < MAX_EVENTS; i++) {
        entry = &audit->counts[i];
        if (entry->event == NULL)
            entry->event = record->event;
        if (strcmp(entry->event, record->event) != 0)
            continue;
        if (record->allowed)
            entry->allowed++;
        else
            entry->denied++;
        return;
    }
}

static bool
put_record(struct tr_audit *audit, const struct tr_audit_record *record)
{
    struct fields fields;

    if (!make_line(audit, record))
        return false;
    fields.n = 0;
    if (tr_sink_wants_fields(audit->sink))
        make_fields(record, &fields);
    return put(audit, record->allowed ? LOG_INFO : LOG_NOTICE, true,
               audit->line, fields.items, fields.n);
}

bool
tr_audit_write(struct tr_audit *audit, const struct tr_audit_record *record)
{
    uid_t uid = record->caller != NULL ? record->caller->uid : (uid_t)-1;
    bool written = true;

    /* Nothing that is allowed is left out of a log that is known to fail. */
    if (!(record->allowed && audit->failed) &&
        !tr_limit_allow(audit->limit, record->sender != NULL ?
                        record->sender : record->sender_principal, uid,
                        record->allowed, record->step, tr_boottime()))
        audit->left_out++;
    else
        written = put_record(audit, record);
    /* It is refused instead, and that is counted. */
    if (!written && record->allowed)
        return false;
    count(audit, record);
    if (!written)
        audit->lost++;
    return written;
}

static void
write_left_out(const struct tr_limit_report *report, void *arg)
{
    const char *step = report->step != TR_STEP_NONE ?
        tr_step_name(report->step) : NULL;
    struct tr_audit *audit = arg;
    struct tr_json json;
    char text[80];

    snprintf(text, sizeof(text), "%lu refusals and %lu permissions are not "
             "recorded one by one", (unsigned long)report->denied,
             (unsigned long)report->allowed);
    tr_json_begin(&json, audit->line, sizeof(audit->line));
    tr_json_time(&json, "time");
    tr_json_text(&json, "event", "left-out", 64);
    tr_json_text(&json, "step", step, 64);
    tr_json_number(&json, "allowed", report->allowed);
    tr_json_number(&json, "denied", report->denied);
    tr_json_text(&json, "text", text, sizeof(text));
    /* A principal, of a system that is not in the table, has an '@'. */
    if (*report->sender != '\0')
        tr_json_text(&json, strchr(report->sender, '@') == NULL ? "sender" :
                     "sender_principal", report->sender, 64);
    if (report->uid != (uid_t)-1)
        tr_json_number(&json, "uid", report->uid);
    if (tr_json_end(&json) == 0 ||
        !put(audit, LOG_WARNING, true, audit->line, NULL, 0))
        audit->lost++;
}

void
tr_audit_tick(struct tr_audit *audit)
{
    tr_limit_report(audit->limit, tr_boottime(), false, write_left_out, audit);
    if (audit->failed && !audit->log_to_stderr)
        tr_log(audit, LOG_ERR, "the audit log could not be written: %" PRIu64
               " records are lost", audit->lost);
}

void
tr_audit_close(struct tr_audit *audit)
{
    if (audit == NULL)
        return;
    tr_limit_report(audit->limit, tr_boottime(), true, write_left_out, audit);
    tr_limit_free(audit->limit);
    tr_sink_close(audit->sink);
    free(audit);
}

/* --- ordinary operation ------------------------------------------------- */

static bool
make_log_line(struct tr_audit *audit, int priority, const char *text)
{
    static const char *const names[] = {
        "emergency", "alert", "critical", "error", "warning", "notice",
        "info", "debug"
    };
    struct tr_json json;

    tr_json_begin(&json, audit->line, sizeof(audit->line));
    tr_json_time(&json, "time");
    tr_json_text(&json, "event", "log", 64);
    tr_json_text(&json, "priority", names[priority & 7], 64);
    tr_json_text(&json, "text", text, MAX_LOG);
    return tr_json_end(&json) > 0;
}

/* Overwrite what could move a terminal: control characters, in UTF-8 also
 * those of two octets (U+0080 to U+009F). */
static void
hide_controls(char *text)
{
    unsigned char *p;

    for (p = (unsigned char *)text; *p != '\0'; p++) {
        if (*p < ' ' || *p == 0x7f ||
            (*p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)) {
            if (*p == 0xc2)
                *p++ = '?';
            *p = '?';
        }
    }
}

void
tr_log(struct tr_audit *audit, int priority, const char *format, ...)
{
    char text[MAX_LOG];
    va_list args;

    if (audit != NULL && priority > audit->level)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    hide_controls(text);
    if (audit == NULL || audit->log_to_stderr) {
        fprintf(stderr, "trustrealmd: %s\n", text);
    } else if (tr_sink_wants_json(audit->sink)) {
        if (make_log_line(audit, priority, text))
            (void)put(audit, priority, false, audit->line, NULL, 0);
    } else {
        (void)put(audit, priority, false, text, NULL, 0);
    }
}

/* --- for tr_handle_status() --------------------------------------------- */

bool
tr_audit_count(const struct tr_audit *audit, size_t i,
               struct tr_audit_count *out)
{
    if (i >= MAX_EVENTS || audit->counts[i].event == NULL)
        return false;
    *out = audit->counts[i];
    return true;
}

uint64_t
tr_audit_refused(const struct tr_audit *audit, enum tr_step step)
{
    return audit->refused[step];
}

void
tr_audit_let_by(const struct tr_audit *audit, uint64_t *dry_run_out,
                uint64_t *bypass_out)
{
    *dry_run_out = audit->dry_run;
    *bypass_out = audit->bypass;
}

void
tr_audit_lost(const struct tr_audit *audit, uint64_t *left_out_out,
              uint64_t *lost_out)
{
    *left_out_out = audit->left_out;
    *lost_out = audit->lost;
}

bool
tr_audit_failed(const struct tr_audit *audit)
{
    return audit->failed;
}
