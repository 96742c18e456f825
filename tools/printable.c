/* tools/printable.c - text from outside, for a terminal */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <locale.h>
#include <stdbool.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>
#include "printable.h"

/* Marks that change the direction of the text around them, or end a line:
 * printable, to the C library. */
static bool
moves_others(wchar_t c)
{
    return c == 0x061c || c == 0x200e || c == 0x200f ||
        (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Octets of text up to end; *good_out: of one character to be shown. */
static size_t
next_character(const char *text, const char *end, bool *good_out)
{
    mbstate_t state;
    size_t length;
    wchar_t c;

    memset(&state, 0, sizeof(state));
    length = mbrtowc(&c, text, (size_t)(end - text), &state);
    if (length == 0 || length > (size_t)(end - text)) {
        *good_out = false;              /* no UTF-8 */
        return 1;
    }
    *good_out = iswprint((wint_t)c) != 0 && !moves_others(c);
    return length;
}

/* A tool itself is in the C locale, whatever its user speaks. */
char *
tool_printable(char *text)
{
    static locale_t utf8;
    char *end = text + strlen(text), *p;
    locale_t before;
    size_t length;
    bool good;

    if (utf8 == (locale_t)0)
        utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    before = uselocale(utf8);
    for (p = text; p < end; p += length) {
        length = next_character(p, end, &good);
        if (!good)
            memset(p, '?', length);
    }
    (void)uselocale(before);
    return text;
}
