/* tools/gss-label/report.c - print events, for people or for programs */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Everything that gss-label has to say is one JSON object first.  With --json
 * it is printed as it is, a line each; otherwise its name is a heading and
 * its members are indented below.
 */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "../printable.h"
#include "gss-label.h"

#define MAX_LINE 4096

void
gl_print_text(FILE *stream, const char *text)
{
    char *copy = strdup(text);

    if (copy != NULL)
        fputs(tool_printable(copy), stream);
    free(copy);
}

/* Those of peer_saw are the peer's. */
static void
print_key(FILE *stream, const char *key)
{
    char *copy = strdup(key), *p;

    for (p = copy; p != NULL && *p != '\0'; p++) {
        if (*p == '_')
            *p = ' ';
    }
    if (copy != NULL)
        fputs(tool_printable(copy), stream);
    free(copy);
}

static void
print_value(FILE *stream, const json_t *value, const char *separator)
{
    const json_t *item;
    size_t i;

    switch (json_typeof(value)) {
    case JSON_STRING:
        gl_print_text(stream, json_string_value(value));
        break;
    case JSON_INTEGER:
        fprintf(stream, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_TRUE:
        fputs("yes", stream);
        break;
    case JSON_FALSE:
        fputs("no", stream);
        break;
    case JSON_ARRAY:
        json_array_foreach(value, i, item) {
            if (i > 0)
                fputs(separator, stream);
            print_value(stream, item, separator);
        }
        break;
    default:
        fputs("-", stream);
    }
}

static void
print_member(FILE *stream, const char *key, json_t *value, int depth)
{
    const char *inner;
    json_t *member;
    int width = (int)strlen(key);

    fprintf(stream, "%*s", 2 * depth, "");
    print_key(stream, key);
    if (json_is_object(value)) {
        fputs(":\n", stream);
        json_object_foreach(value, inner, member)
            print_member(stream, inner, member, depth + 1);
        return;
    }
    fprintf(stream, ":%*s ", width < 14 ? 14 - width : 0, "");
    print_value(stream, value,
                strncmp(key, "range", 5) == 0 ? " .. " : " ");
    putc('\n', stream);
}

static void
print_for_people(FILE *stream, json_t *event)
{
    const char *key, *name;
    json_t *value;

    name = json_string_value(json_object_get(event, "event"));
    fprintf(stream, "%s\n", name != NULL ? name : "event");
    json_object_foreach(event, key, value) {
        if (strcmp(key, "event") != 0)
            print_member(stream, key, value, 1);
    }
}

void
gl_report(const struct gl_output *output, json_t *event)
{
    struct timespec now;
    char *line;

    if (event == NULL) {
        fputs("gss-label: an event that cannot be shown\n", stderr);
        return;
    }
    if (output->json) {
        (void)clock_gettime(CLOCK_REALTIME, &now);
        json_object_set_new(event, "time", json_real((double)now.tv_sec +
                                                     now.tv_nsec / 1e9));
        line = json_dumps(event, JSON_COMPACT | JSON_REAL_PRECISION(14));
        if (line != NULL)
            fprintf(output->stream, "%s\n", line);
        free(line);
    } else {
        print_for_people(output->stream, event);
    }
    fflush(output->stream);
    json_decref(event);
}

/* Append every line that gss_display_status() has for code. */
static void
append_status(char *buf, size_t size, OM_uint32 code, int type, gss_OID mech)
{
    OM_uint32 minor, more = 0;
    gss_buffer_desc text;
    size_t used;

    do {
        if (gss_display_status(&minor, code, type, mech, &more,
                               &text) != GSS_S_COMPLETE)
            return;
        used = strlen(buf);
        snprintf(buf + used, size - used, "%s%.*s", used > 0 ? "; " : "",
                 (int)text.length, (char *)text.value);
        (void)gss_release_buffer(&minor, &text);
    } while (more != 0);
}

void
gl_status_text(char *buf, size_t size, OM_uint32 major, OM_uint32 minor,
               gss_OID mech)
{
    *buf = '\0';
    if (minor != 0)
        append_status(buf, size, minor, GSS_C_MECH_CODE, mech);
    if (*buf == '\0')
        append_status(buf, size, major, GSS_C_GSS_CODE, GSS_C_NO_OID);
}

enum gl_status
gl_report_gss(const struct gl_output *output, const char *call,
              OM_uint32 major, OM_uint32 minor,
              const struct gl_mechanism *mechanism)
{
    char major_text[MAX_LINE] = "", text[MAX_LINE] = "";

    if (mechanism == NULL)
        mechanism = gl_mechanism_find("krb5");
    append_status(major_text, sizeof(major_text), major, GSS_C_GSS_CODE,
                  GSS_C_NO_OID);
    if (minor != 0)
        append_status(text, sizeof(text), minor, GSS_C_MECH_CODE,
                      mechanism->oid);
    gl_report(output, json_pack("{s:s, s:s, s:I, s:I, s:s, s:s}",
                                "event", "error", "call", call,
                                "major", (json_int_t)major,
                                "minor", (json_int_t)minor,
                                "major_text", major_text, "text", text));
    return GL_REFUSED;
}

static void
report_failure(const struct gl_output *output, const char *call,
               const char *text)
{
    gl_report(output, json_pack("{s:s, s:s, s:i, s:i, s:s}",
                                "event", "error", "call", call,
                                "major", 0, "minor", 0, "text", text));
}

void
gl_report_error(const struct gl_output *output, const char *what, int number)
{
    report_failure(output, what, number != 0 ? strerror(number) : what);
}

void
gl_report_address(const struct gl_output *output, const char *call,
                  const char *host, const char *port, const char *why)
{
    char text[MAX_LINE];

    snprintf(text, sizeof(text), "%s%sport %s: %s", host != NULL ? host : "",
             host != NULL ? " " : "", port, why);
    report_failure(output, call, text);
}
