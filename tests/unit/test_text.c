/* tests/unit/test_text.c - numbers, times and files as texts */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "text.h"

static void
numbers_are_strict(void **state)
{
    static const struct {
        const char *text;
        int64_t low, high, number;
        bool right;
    } cases[] = {
        { "0", 0, 9, 0, true }, { "9", 0, 9, 9, true },
        { "10", 0, 9, 0, false }, { "", 0, 9, 0, false },
        { " 1", 0, 9, 0, false }, { "1 ", 0, 9, 0, false },
        { "+1", 0, 9, 0, false }, { "01", 0, 9, 0, false },
        { "0x1", 0, 99, 0, false }, { "1e1", 0, 99, 0, false },
        { "-1", 0, 9, 0, false }, { "-1", -1, 9, -1, true },
        { "-0", -1, 9, 0, false }, { "-", -1, 9, 0, false },
        { "--1", -9, 9, 0, false }, { "-2", -1, 9, 0, false },
        { "9223372036854775807", 0, INT64_MAX, INT64_MAX, true },
        { "9223372036854775808", 0, INT64_MAX, 0, false },
        { "-9223372036854775808", INT64_MIN, 0, INT64_MIN, true },
        { "-9223372036854775809", INT64_MIN, 0, 0, false },
    };
    int64_t number;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        number = 77;
        if ((tr_text_number(cases[i].text, cases[i].low, cases[i].high,
                            &number) == 0) != cases[i].right)
            fail_msg("\"%s\"", cases[i].text);
        assert_true(number == (cases[i].right ? cases[i].number : 77));
    }
}

static void
times_are_strict(void **state)
{
    static const struct { const char *text; int64_t seconds; } cases[] = {
        { "19700101000001Z", 1 }, { "20000229235959Z", 951868799 },
        { "20380119031408Z", INT64_C(2147483648) },
        { "99991231235959Z", INT64_C(253402300799) },
        { "19700101000000Z", 0 }, { "19691231235959Z", 0 },
        { "20010229000000Z", 0 }, { "21000229000000Z", 0 },
        { "20230431000000Z", 0 }, { "20231301000000Z", 0 },
        { "20230001000000Z", 0 }, { "20230100000000Z", 0 },
        { "20230101240000Z", 0 }, { "20230101006000Z", 0 },
        { "20230101000060Z", 0 }, { "20230101000000z", 0 },
        { "20230101000000", 0 }, { "202301010000Z", 0 },
        { "20230101000000.5Z", 0 }, { "20230101000000+0100", 0 },
        { " 0230101000000Z", 0 }, { "+0230101000000Z", 0 }, { "", 0 },
    };
    char back[TR_TIME_LENGTH];
    int64_t seconds;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        seconds = 0;
        if ((tr_text_time(cases[i].text, &seconds) == 0) !=
            (cases[i].seconds != 0))
            fail_msg("\"%s\"", cases[i].text);
        assert_true(seconds == cases[i].seconds);
        tr_text_write_time(seconds, back);
        assert_string_equal(back, seconds != 0 ? cases[i].text : "");
    }
    tr_text_write_time(INT64_C(253402300800), back);    /* the year 10000 */
    assert_string_equal(back, "");
    tr_text_write_time(INT64_MAX, back);
    assert_string_equal(back, "");
}

static void
octets_in_hexadecimal(void **state)
{
    static const uint8_t octets[] = { 0x00, 0x9f, 0xa0, 0xff };
    char hex[2 * sizeof(octets) + 1];

    tr_text_hex(octets, sizeof(octets), hex);
    assert_string_equal(hex, "009fa0ff");
    tr_text_hex(octets, 0, hex);
    assert_string_equal(hex, "");
}

static void
a_file_written_to_is_another_one(void **state)
{
    struct stat a = { .st_ino = 1, .st_size = 2 }, b = a;

    assert_true(tr_text_same_file(&a, &b));
    b.st_mtim.tv_nsec = 1;
    assert_false(tr_text_same_file(&a, &b));
    b = a;
    b.st_ino = 2;
    assert_false(tr_text_same_file(&a, &b));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_strict),
        cmocka_unit_test(times_are_strict),
        cmocka_unit_test(octets_in_hexadecimal),
        cmocka_unit_test(a_file_written_to_is_another_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
