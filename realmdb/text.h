/* realmdb/text.h - checked reading of numbers, words, names and times */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_TEXT_H
#define TR_TEXT_H

/*
 * Values of directory entries and configuration keys.  Everything is ASCII
 * and independent of the locale; a text is taken whole or not at all
 * (TRR_MALFORMED, outputs untouched).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <krb5/krb5.h>

/* A decimal number without sign (but '-' when low is negative), blanks or
 * superfluous zeros, within [low, high]. */
krb5_error_code tr_text_number(const char *text, int64_t low, int64_t high,
                               int64_t *number_out);

/* number in decimal, written to the end of buf; returns where it starts.  For
 * where numbers are written all the time: snprintf() takes ten times as long.
 */
#define TR_DECIMAL 24
const char *tr_text_decimal(int64_t number, char buf[TR_DECIMAL]);

/* Octets in hexadecimal and a NUL: hex_out takes 2 * length + 1 octets. */
void tr_text_hex(const uint8_t *octets, size_t length, char *hex_out);

/*
 * Split text at blanks into at least least and at most most words, copied to
 * words_out (most entries; those not filled are NULL); free them with
 * tr_text_free_words().  TRR_MALFORMED when their number is another one.
 */
krb5_error_code tr_text_words(const char *text, size_t least, size_t most,
                              char **words_out);
void tr_text_free_words(char **words, size_t most);

/* RFC 4517 generalized time, only as YYYYMMDDHHMMSSZ and after 1970. */
krb5_error_code tr_text_time(const char *text, int64_t *seconds_out);
#define TR_TIME_LENGTH sizeof("YYYYMMDDHHMMSSZ")
/* The other way; "" for 0 and for what is out of that range. */
void tr_text_write_time(int64_t seconds, char out[TR_TIME_LENGTH]);

/* Whether text has 1 to TR_MAX_NAME octets, all of them [A-Za-z0-9._-]. */
bool tr_text_is_name(const char *text);

/* Turn letters to lower case, in place. */
void tr_text_lower(char *text);
/* Copy text so to buf; false, and buf is of no use, when that has no room. */
bool tr_text_copy_lower(const char *text, char *buf, size_t size);

/* What stat(2) says of a file, as text (padded with NULs): it changes when the
 * file is replaced or written to. */
#define TR_FILE_TEXT 160
void tr_text_file(const struct stat *st, char text[TR_FILE_TEXT]);
/* Whether both say the same. */
bool tr_text_same_file(const struct stat *a, const struct stat *b);

/* fopen() for reading that never blocks, not even on a FIFO that was put in
 * the file's place: fstat() what was opened. */
FILE *tr_text_open(const char *path);

/* As strcmp(), but ignoring the case of ASCII letters. */
int tr_text_compare(const char *a, const char *b);

#endif
