/* mech/service/json.c - write a JSON object on one line */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "json.h"
#include "text.h"

static void
add(struct tr_json *json, const char *octets, size_t length)
{
    if (length > (size_t)(json->end - json->next)) {
        json->full = true;
        return;
    }
    memcpy(json->next, octets, length);
    json->next += length;
}

static void
add_key(struct tr_json *json, const char *key)
{
    add(json, json->next == json->start ? "{\"" : ",\"", 2);
    add(json, key, strlen(key));
    add(json, "\":", 2);
}

void
tr_json_begin(struct tr_json *json, char *buffer, size_t size)
{
    json->start = json->next = buffer;
    json->end = buffer + size - 1;      /* for the NUL */
    json->full = false;
}

/* Whether text stands for itself between quotes. */
static bool
is_simple(const char *text, size_t length)
{
    size_t i;

    for (i = 0; i < length; i++) {
        if (text[i] < ' ' || text[i] > '~' || text[i] == '"' ||
            text[i] == '\\')
            return false;
    }
    return true;
}

/* A copy of text that is cut, or not UTF-8, or deletes. */
static json_t *
mended(const char *text, size_t length, bool cut)
{
    json_t *value;
    char *copy;
    size_t i;

    copy = malloc(length + 3);
    if (copy == NULL)
        return NULL;
    for (i = 0; i < length; i++)
        copy[i] = (unsigned char)text[i] < 0x7f ? text[i] : '?';
    if (cut) {
        memcpy(copy + length, "...", 3);
        length += 3;
    }
    value = json_stringn_nocheck(copy, length);
    free(copy);
    return value;
}

/* As the JSON library escapes it. */
static void
add_escaped(struct tr_json *json, const char *text, size_t length, bool cut)
{
    size_t room = (size_t)(json->end - json->next);
    json_t *value = NULL;

    if (!cut && memchr(text, 0x7f, length) == NULL)
        value = json_stringn(text, length);
    if (value == NULL)
        value = mended(text, length, cut);
    length = 0;
    if (value != NULL)
        length = json_dumpb(value, json->next, room,
                            JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    json_decref(value);
    if (length == 0 || length > room)
        json->full = true;
    else
        json->next += length;
}

void
tr_json_text(struct tr_json *json, const char *key, const char *text,
             size_t limit)
{
    size_t length = text != NULL ? strnlen(text, limit + 1) : 0;
    bool cut = length > limit;

    add_key(json, key);
    if (text == NULL) {
        add(json, "null", 4);
    } else if (!cut && is_simple(text, length)) {
        add(json, "\"", 1);
        add(json, text, length);
        add(json, "\"", 1);
    } else if (!json->full) {
        add_escaped(json, text, cut ? limit : length, cut);
    }
}

void
tr_json_number(struct tr_json *json, const char *key, int64_t number)
{
    char text[TR_DECIMAL];
    const char *digits = tr_text_decimal(number, text);

    add_key(json, key);
    add(json, digits, strlen(digits));
}

void
tr_json_truth(struct tr_json *json, const char *key, bool truth)
{
    add_key(json, key);
    if (truth)
        add(json, "true", 4);
    else
        add(json, "false", 5);
}

static void
put_digits(char *at, size_t count, unsigned int number)
{
    for (; count > 0; number /= 10)
        at[--count] = '0' + number % 10;
}

void
tr_json_time(struct tr_json *json, const char *key)
{
    char text[] = "0000-00-00T00:00:00.000Z";
    struct timespec now = { 0, 0 };
    struct tm tm;

    clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &tm) != NULL) {
        put_digits(text, 4, tm.tm_year + 1900);
        put_digits(text + 5, 2, tm.tm_mon + 1);
        put_digits(text + 8, 2, tm.tm_mday);
        put_digits(text + 11, 2, tm.tm_hour);
        put_digits(text + 14, 2, tm.tm_min);
        put_digits(text + 17, 2, tm.tm_sec);
        put_digits(text + 20, 3, now.tv_nsec / 1000000);
    }
    tr_json_text(json, key, text, sizeof(text));
}

size_t
tr_json_end(struct tr_json *json)
{
    if (json->next == json->start)
        add(json, "{", 1);
    add(json, "}", 1);
    if (json->full)
        return 0;
    *json->next = '\0';
    return (size_t)(json->next - json->start);
}
