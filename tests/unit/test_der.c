/* tests/unit/test_der.c - headers of DER elements */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "der.h"
#include "trustrealm_err.h"

#define MAX_HEADER 16
#define MAX_CONTENT 0x1000000

/* Elements are made in it, their contents at MAX_HEADER. */
static uint8_t *memory;

#define OCTETS(s) (const uint8_t *)(s), sizeof(s) - 1

/* Read an element with this header and as long a content, all in a block of
 * its own: what reads beyond it is seen by a sanitizer. */
static krb5_error_code
take(const uint8_t *header, size_t header_length, size_t content_length)
{
    size_t length = header_length + content_length;
    uint8_t *octets = calloc(1, length + (length == 0));
    struct tr_der in = { octets, length }, whole = in, content;
    krb5_error_code ret;

    assert_non_null(octets);
    memcpy(octets, header, header_length);
    ret = tr_der_take_any(&in, &content);
    if (ret == 0) {
        assert_ptr_equal(content.data, octets);
        assert_int_equal(content.length + in.length, length);
    } else {
        assert_int_equal(in.length, length);
    }
    if (header_length > 0)
        assert_int_equal(tr_der_take(&whole, header[0], &content), ret);
    free(octets);
    return ret;
}

static void
every_length_is_written_and_read(void **state)
{
    static const struct {
        size_t length, header_length;
        const char *header;
    } rows[] = {
        { 0, 2, "\x04\x00" },
        { 1, 2, "\x04\x01" },
        { 0x7f, 2, "\x04\x7f" },
        { 0x80, 3, "\x04\x81\x80" },
        { 0xff, 3, "\x04\x81\xff" },
        { 0x100, 4, "\x04\x82\x01\x00" },
        { 0xffff, 4, "\x04\x82\xff\xff" },
        { 0x10000, 5, "\x04\x83\x01\x00\x00" },
        { MAX_CONTENT, 6, "\x04\x84\x01\x00\x00\x00" }
    };
    uint8_t *content = memory + MAX_HEADER, *at;
    struct tr_der in, taken;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        at = tr_der_prepend(content, 0x04, rows[i].length);
        assert_int_equal(content - at, rows[i].header_length);
        assert_memory_equal(at, rows[i].header, rows[i].header_length);
        assert_int_equal(tr_der_size(rows[i].length),
                         rows[i].header_length + rows[i].length);
        /* What follows is left. */
        in = (struct tr_der){ at, tr_der_size(rows[i].length) + 1 };
        assert_int_equal(tr_der_take(&in, 0x04, &taken), 0);
        assert_ptr_equal(taken.data, content);
        assert_int_equal(taken.length, rows[i].length);
        assert_ptr_equal(in.data, content + rows[i].length);
        assert_int_equal(in.length, 1);
        /* One octet less is not enough. */
        in = (struct tr_der){ at, tr_der_size(rows[i].length) - 1 };
        assert_int_equal(tr_der_take(&in, 0x04, &taken), TRR_TRUNCATED);
        assert_ptr_equal(in.data, at);
    }
}

static void
other_headers_are_refused(void **state)
{
    static const struct {
        krb5_error_code code;
        const uint8_t *header;
        size_t header_length, content_length;
    } rows[] = {
        { TRR_TRUNCATED, OCTETS(""), 0 },
        { TRR_TRUNCATED, OCTETS("\x04"), 0 },
        { TRR_TRUNCATED, OCTETS("\x04\x82\x01"), 0 },
        { TRR_MALFORMED, OCTETS("\x04\x88\xff\xff\xff\xff\xff\xff\xff\xff"),
          200 },
        /* indefinite, with nothing after it and with something */
        { TRR_MALFORMED, OCTETS("\x24\x80"), 0 },
        { TRR_MALFORMED, OCTETS("\x24\x80"), 200 },
        /* in more octets than it takes */
        { TRR_MALFORMED, OCTETS("\x04\x81\x00"), 0 },
        { TRR_MALFORMED, OCTETS("\x04\x81\x7f"), 0x7f },
        { TRR_MALFORMED, OCTETS("\x04\x82\x00\x80"), 0x80 },
        { TRR_MALFORMED, OCTETS("\x04\x84\x00\x00\x00\x80"), 0x80 },
        /* more than a size_t holds: the rest would fit */
        { TRR_MALFORMED,
          OCTETS("\x04\x89\x01\x00\x00\x00\x00\x00\x00\x00\x80"), 0x80 },
        /* tags of several octets */
        { TRR_MALFORMED, OCTETS("\x1f\x01"), 1 },
        { TRR_MALFORMED, OCTETS("\xbf\x1f\x01"), 1 }
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        krb5_error_code ret = take(rows[i].header, rows[i].header_length,
                                   rows[i].content_length);

        if (ret != rows[i].code)
            fail_msg("row %zu: %ld", i, (long)ret);
    }
    assert_int_equal(take(OCTETS("\x04\x81\x80"), 0x80), 0);
}

static void
another_element_is_refused(void **state)
{
    struct tr_der in = { OCTETS("\x05\x00") }, taken;

    assert_int_equal(tr_der_take(&in, 0x04, &taken), TRR_MALFORMED);
    assert_int_equal(in.length, 2);
    assert_int_equal(tr_der_take(&in, 0x05, &taken), 0);
}

static int
set_up(void **state)
{
    memory = calloc(1, MAX_HEADER + MAX_CONTENT + 1);
    return memory == NULL;
}

static int
tear_down(void **state)
{
    free(memory);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_is_written_and_read),
        cmocka_unit_test(other_headers_are_refused),
        cmocka_unit_test(another_element_is_refused)
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
