/* realmdb/text.c - checked reading of numbers, words, names and times */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "encoding.h"
#include "text.h"
#include "trustrealm_err.h"

#define DIGITS "0123456789"
#define BLANKS " \t"

krb5_error_code
tr_text_number(const char *text, int64_t low, int64_t high,
               int64_t *number_out)
{
    const char *digits = text;
    int64_t number;
    char *end;

    if (low < 0 && *digits == '-')
        digits++;
    if (*digits == '\0' || digits[strspn(digits, DIGITS)] != '\0')
        return TRR_MALFORMED;
    if (*digits == '0' && (digits[1] != '\0' || digits != text))
        return TRR_MALFORMED;
    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || number < low || number > high)
        return TRR_MALFORMED;
    *number_out = number;
    return 0;
}

const char *
tr_text_decimal(int64_t number, char buf[TR_DECIMAL])
{
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
    char *p = buf + TR_DECIMAL;

    *--p = '\0';
    do {
        *--p = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (number < 0)
        *--p = '-';
    return p;
}

void
tr_text_hex(const uint8_t *octets, size_t length, char *hex_out)
{
    static const char digits[] = "0123456789abcdef";

    while (length-- > 0) {
        *hex_out++ = digits[*octets >> 4];
        *hex_out++ = digits[*octets++ & 15];
    }
    *hex_out = '\0';
}

krb5_error_code
tr_text_words(const char *text, size_t least, size_t most, char **words_out)
{
    size_t n = 0, length;

    memset(words_out, 0, most * sizeof(*words_out));
    for (;;) {
        text += strspn(text, BLANKS);
        length = strcspn(text, BLANKS);
        if (length == 0)
            break;
        if (n == most)
            goto malformed;
        words_out[n] = strndup(text, length);
        if (words_out[n] == NULL) {
            tr_text_free_words(words_out, most);
            return ENOMEM;
        }
        n++;
        text += length;
    }
    if (n >= least)
        return 0;
malformed:
    tr_text_free_words(words_out, most);
    return TRR_MALFORMED;
}

void
tr_text_free_words(char **words, size_t most)
{
    size_t i;

    for (i = 0; i < most; i++) {
        free(words[i]);
        words[i] = NULL;
    }
}

/* The number that count digits at text make. */
static int
digits(const char *text, size_t count)
{
    int number = 0;

    while (count-- > 0)
        number = number * 10 + (*text++ - '0');
    return number;
}

krb5_error_code
tr_text_time(const char *text, int64_t *seconds_out)
{
    struct tm given = { 0 }, found;
    time_t seconds;

    if (strlen(text) != 15 || strspn(text, DIGITS) != 14 || text[14] != 'Z')
        return TRR_MALFORMED;
    given.tm_year = digits(text, 4) - 1900;
    given.tm_mon = digits(text + 4, 2) - 1;
    given.tm_mday = digits(text + 6, 2);
    given.tm_hour = digits(text + 8, 2);
    given.tm_min = digits(text + 10, 2);
    given.tm_sec = digits(text + 12, 2);
    found = given;
    seconds = timegm(&found);
    /* timegm() takes February 30th for March 2nd: it must come back. */
    if (seconds <= 0 || found.tm_year != given.tm_year ||
        found.tm_mon != given.tm_mon || found.tm_mday != given.tm_mday ||
        found.tm_hour != given.tm_hour || found.tm_min != given.tm_min ||
        found.tm_sec != given.tm_sec)
        return TRR_MALFORMED;
    *seconds_out = seconds;
    return 0;
}

void
tr_text_write_time(int64_t seconds, char out[TR_TIME_LENGTH])
{
    time_t when = seconds;
    struct tm tm;

    if (seconds <= 0 || gmtime_r(&when, &tm) == NULL ||
        strftime(out, TR_TIME_LENGTH, "%Y%m%d%H%M%SZ", &tm) == 0)
        out[0] = '\0';
}

bool
tr_text_is_name(const char *text)
{
    size_t length = 0;

    while (tr_name_octet(text[length]) != '\0')
        length++;
    return length > 0 && length <= TR_MAX_NAME && text[length] == '\0';
}

void
tr_text_file(const struct stat *st, char text[TR_FILE_TEXT])
{
    memset(text, 0, TR_FILE_TEXT);
    (void)snprintf(text, TR_FILE_TEXT, "%ju %ju %jd %jd.%09ld %jd.%09ld\n",
                   (uintmax_t)st->st_dev, (uintmax_t)st->st_ino,
                   (intmax_t)st->st_size, (intmax_t)st->st_mtim.tv_sec,
                   st->st_mtim.tv_nsec, (intmax_t)st->st_ctim.tv_sec,
                   st->st_ctim.tv_nsec);
}

bool
tr_text_same_file(const struct stat *a, const struct stat *b)
{
    char text_a[TR_FILE_TEXT], text_b[TR_FILE_TEXT];

    tr_text_file(a, text_a);
    tr_text_file(b, text_b);
    return memcmp(text_a, text_b, TR_FILE_TEXT) == 0;
}

FILE *
tr_text_open(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

    if (fd >= 0 && file == NULL)
        (void)close(fd);
    return file;
}

static int
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

void
tr_text_lower(char *text)
{
    for (; *text != '\0'; text++)
        *text = (char)lower(*text);
}

bool
tr_text_copy_lower(const char *text, char *buf, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        buf[i] = (char)lower(text[i]);
        if (buf[i] == '\0')
            return true;
    }
    return false;
}

int
tr_text_compare(const char *a, const char *b)
{
    int order;

    for (;; a++, b++) {
        order = *a == *b ? 0 : lower(*a) - lower(*b);
        if (order != 0 || *a == '\0')
            return order;
    }
}
