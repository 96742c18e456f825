/* tests/fuzz/fuzz_cookie.c - cookies of providers: kept, compared, merged */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <string.h>
#include "fuzz.h"
#include "source_cookie.h"

/* What is kept and sent again says the same. */
static void
check_format(const struct tr_cookie *cookie)
{
    struct tr_cookie back;
    size_t length;
    char *text;

    PROMISE(tr_cookie_format(cookie, &text, &length) == 0);
    PROMISE((text == NULL) == tr_cookie_is_empty(cookie));
    PROMISE(tr_cookie_parse(text, length, &back) == 0);
    if (cookie->opaque != NULL)
        PROMISE(back.length == cookie->length &&
                memcmp(back.opaque, cookie->opaque, cookie->length) == 0);
    PROMISE(back.ncsns == cookie->ncsns);
    PROMISE(!tr_cookie_is_behind(&back, cookie));
    PROMISE(!tr_cookie_is_behind(cookie, &back));
    tr_cookie_clear(&back);
    free(text);
}

/* Two cookies, the first up to a line's end. */
int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length)
{
    const uint8_t *end = memchr(octets, '\n', length);
    size_t first = end != NULL ? (size_t)(end - octets) : length;
    size_t second = end != NULL ? first + 1 : length;
    struct tr_cookie known, cookie;

    PROMISE(tr_cookie_parse(octets, first, &known) == 0);
    PROMISE(tr_cookie_parse(octets + second, length - second, &cookie) == 0);
    PROMISE(known.ncsns <= TR_MAX_CSNS && cookie.ncsns <= TR_MAX_CSNS);
    check_format(&known);
    check_format(&cookie);
    if (tr_cookie_merge(&known, &cookie) == 0) {
        PROMISE(!tr_cookie_is_behind(&known, &cookie));
        PROMISE(cookie.ncsns == 0 || tr_cookie_is_known(&cookie, &known));
        check_format(&known);
    }
    tr_cookie_clear(&known);
    tr_cookie_clear(&cookie);
    return 0;
}
