/* mech/service/audit.c - one JSON object for every allow and deny */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Strings of a record may come from a peer that means harm.  They are cut,
 * escaped by the JSON library, and what is not ASCII is escaped as well, so
 * that no line can look like two or move a terminal's cursor.
 */

#include "config.h"
#include <com_err.h>
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include "audit.h"
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
    uint64_t left_out, lost;
    char line[MAX_LINE];        /* that is being made */
};

/* The strings of a record, in the order of the JSON object. */
static const struct {
    const char *key, *field;    /* JSON, journal */
    size_t offset;
} strings[] = {
#define STRING(key, field, member) \
    { key, "TRUSTREALM_" field "=", offsetof(struct tr_audit_record, member) }
    STRING("reason", "REASON", text),
    STRING("sender", "SENDER", sender),
    STRING("receiver", "RECEIVER", receiver),
    STRING("user", "USER", user),
    STRING("service", "SERVICE", service),
    STRING("target", "TARGET", target),
    STRING("realm", "REALM", realm),
    STRING("label", "LABEL", label),
    STRING("local_label", "LOCAL_LABEL", local_label),
    STRING("correlation", "CORRELATION", correlation)
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

static int64_t
now_ms(void)
{
    struct timespec now = { 0, 0 };

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
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
    if (ret != 0)
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
    if (ret != 0) {
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

/* RFC 3339, UTC, with milliseconds. */
static json_t *
time_value(void)
{
    struct timespec now = { 0, 0 };
    struct tm tm;
    char text[40], whole[64];

    clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &tm) == NULL ||
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
        return json_null();
    snprintf(whole, sizeof(whole), "%.19s.%03ldZ", text,
             now.tv_nsec / 1000000);
    return json_string_nocheck(whole);
}

/* text, cut to limit octets; octets that no one should print become "?". */
static json_t *
string_value(const char *text, size_t limit)
{
    size_t length = strnlen(text, limit + 1), i, end;
    json_t *value = NULL;
    char *copy;

    if (length <= limit && memchr(text, 0x7f, length) == NULL)
        value = json_stringn(text, length);
    if (value != NULL)
        return value;
    end = length <= limit ? length : limit;
    copy = malloc(end + 3);
    if (copy == NULL)
        return NULL;
    for (i = 0; i < end; i++)
        copy[i] = (unsigned char)text[i] < 0x7f ? text[i] : '?';
    if (length > limit) {
        memcpy(copy + end, "...", 3);
        end += 3;
    }
    value = json_stringn_nocheck(copy, end);
    free(copy);
    return value;
}

/* Takes value over; a member that cannot be made is left out. */
static void
set(json_t *object, const char *key, json_t *value)
{
    if (value != NULL)
        json_object_set_new_nocheck(object, key, value);
}

static void
set_code(json_t *object, krb5_error_code code)
{
    static const struct { krb5_error_code code; const char *name; } names[] = {
#include "error_names.h"
    };
    char number[16];
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (names[i].code == code)
            break;
    }
    snprintf(number, sizeof(number), "%ld", (long)code);
    set(object, "code", json_string_nocheck(
            i < sizeof(names) / sizeof(*names) ? names[i].name : number));
    set(object, "code_text", string_value(error_message(code), 256));
}

static json_t *
record_object(const struct tr_audit_record *record, size_t limit)
{
    json_t *object = json_object();
    const char *text;
    size_t i;

    if (object == NULL)
        return NULL;
    set(object, "time", time_value());
    set(object, "event", string_value(record->event, limit));
    set(object, "result",
        json_string_nocheck(record->allowed ? "allow" : "deny"));
    if (record->step != TR_STEP_NONE)
        set(object, "step",
            json_string_nocheck(tr_step_name(record->step)));
    if (record->code != 0)
        set_code(object, record->code);
    for (i = 0; i < NSTRINGS; i++) {
        text = string_of(record, i);
        if (text != NULL)
            set(object, strings[i].key, string_value(text, limit));
    }
    if (record->table_age >= 0)
        set(object, "table_age", json_integer(record->table_age));
    if (record->generation > 0)
        set(object, "generation",
            json_integer((json_int_t)record->generation));
    if (record->caller != NULL) {
        set(object, "uid", json_integer(record->caller->uid));
        set(object, "pid", json_integer(record->caller->pid));
    }
    set(object, "dry_run", json_boolean(record->dry_run));
    set(object, "bypass", json_boolean(record->bypass));
    return object;
}

/* Write object, which is freed, into audit->line; false when it does not fit
 * into limit octets. */
static bool
dump(struct tr_audit *audit, json_t *object, size_t limit)
{
    size_t length = 0;

    /* 0 octets: an error. */
    if (object != NULL)
        length = json_dumpb(object, audit->line, sizeof(audit->line) - 1,
                            JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(object);
    if (length == 0 || length > limit || length > sizeof(audit->line) - 1)
        return false;
    audit->line[length] = '\0';
    return true;
}

/* --- writing ------------------------------------------------------------ */

static void
put(struct tr_audit *audit, int priority, bool is_audit, const char *line,
    const struct iovec *fields, size_t nfields)
{
    if (!tr_sink_write(audit->sink, priority, is_audit, line, fields,
                       nfields))
        audit->lost++;
}

/* The record's strings once more, so that journalctl can select by them. */
static size_t
make_fields(const struct tr_audit_record *record, struct iovec *fields,
            char *buffer, size_t size)
{
    const char *text;
    size_t i, n = 0, used = 0;
    int length;

    for (i = 0; i < NSTRINGS; i++) {
        text = string_of(record, i);
        if (text == NULL)
            continue;
        length = snprintf(buffer + used, size - used, "%s%s",
                          strings[i].field, text);
        if (length < 0 || (size_t)length >= size - used)
            continue;
        fields[n++] = (struct iovec){ buffer + used, (size_t)length };
        used += (size_t)length + 1;
    }
    return n;
}

static void
count(struct tr_audit *audit, const struct tr_audit_record *record)
{
    struct tr_audit_count *entry;
    size_t i;

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

void
tr_audit_write(struct tr_audit *audit, const struct tr_audit_record *record)
{
    static const size_t limits[] = { TR_MAX_LABEL_TEXT, 512, 48 };
    struct iovec fields[NSTRINGS];
    char buffer[16 * 1024];
    size_t i = 0, nfields = 0, space = tr_sink_limit(audit->sink);
    uid_t uid = record->caller != NULL ? record->caller->uid : (uid_t)-1;

    count(audit, record);
    if (!tr_limit_allow(audit->limit, record->sender, uid, record->allowed,
                        now_ms())) {
        audit->left_out++;
        return;
    }
    /* Escapes make a line up to six times as long as its strings. */
    while (!dump(audit, record_object(record, limits[i]), space)) {
        if (++i == sizeof(limits) / sizeof(*limits)) {
            audit->lost++;
            return;
        }
    }
    if (tr_sink_wants_fields(audit->sink))
        nfields = make_fields(record, fields, buffer, sizeof(buffer));
    put(audit, record->allowed ? LOG_INFO : LOG_NOTICE, true, audit->line,
        fields, nfields);
}

static void
write_left_out(const struct tr_limit_report *report, void *arg)
{
    struct tr_audit *audit = arg;
    json_t *object = json_object();

    if (object == NULL)
        return;
    set(object, "time", time_value());
    set(object, "event", json_string_nocheck("left-out"));
    set(object, "allowed", json_integer((json_int_t)report->allowed));
    set(object, "denied", json_integer((json_int_t)report->denied));
    if (*report->sender != '\0')
        set(object, "sender", string_value(report->sender, 64));
    if (report->uid != (uid_t)-1)
        set(object, "uid", json_integer(report->uid));
    if (dump(audit, object, MAX_LINE))
        put(audit, LOG_WARNING, true, audit->line, NULL, 0);
}

void
tr_audit_tick(struct tr_audit *audit)
{
    tr_limit_report(audit->limit, now_ms(), false, write_left_out, audit);
}

void
tr_audit_close(struct tr_audit *audit)
{
    if (audit == NULL)
        return;
    tr_limit_report(audit->limit, now_ms(), true, write_left_out, audit);
    tr_limit_free(audit->limit);
    tr_sink_close(audit->sink);
    free(audit);
}

/* --- ordinary operation ------------------------------------------------- */

static json_t *
log_object(int priority, const char *text)
{
    static const char *const names[] = {
        "emergency", "alert", "critical", "error", "warning", "notice",
        "info", "debug"
    };
    json_t *object = json_object();

    if (object == NULL)
        return NULL;
    set(object, "time", time_value());
    set(object, "event", json_string_nocheck("log"));
    set(object, "priority", json_string_nocheck(names[priority & 7]));
    set(object, "text", string_value(text, MAX_LOG));
    return object;
}

void
tr_log(struct tr_audit *audit, int priority, const char *format, ...)
{
    char text[MAX_LOG], *p;
    va_list args;

    if (audit != NULL && priority > audit->level)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    for (p = text; *p != '\0'; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
    }
    if (audit == NULL || audit->log_to_stderr) {
        fprintf(stderr, "trustrealmd: %s\n", text);
    } else if (tr_sink_wants_json(audit->sink)) {
        if (dump(audit, log_object(priority, text), MAX_LINE))
            put(audit, priority, false, audit->line, NULL, 0);
    } else {
        put(audit, priority, false, text, NULL, 0);
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

void
tr_audit_lost(const struct tr_audit *audit, uint64_t *left_out_out,
              uint64_t *lost_out)
{
    *left_out_out = audit->left_out;
    *lost_out = audit->lost;
}
