/* tests/fuzz/fuzz_export.c - the mechglue's frame of what is exported */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <string.h>
#include "fuzz.h"
#include "union_token.h"

/* What is taken out of a frame comes out again of one made anew. */
static void
check(enum tr_union_kind kind, gss_buffer_t octets)
{
    static uint8_t elements[] = { 0x2a, 0x03 };
    gss_OID_desc oid = { sizeof(elements), elements };
    gss_buffer_desc token, again, made;

    if (tr_union_take(kind, octets, &token) != 0)
        return;
    PROMISE(token.length <= octets->length);
    PROMISE(tr_union_make(kind, &oid, &token, &made) == 0);
    PROMISE(tr_union_take(kind, &made, &again) == 0);
    PROMISE(again.length == token.length &&
            memcmp(again.value, token.value, token.length) == 0);
    free(made.value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length)
{
    gss_buffer_desc all = { length, (void *)octets };

    check(TR_UNION_CONTEXT, &all);
    check(TR_UNION_CREDENTIAL, &all);
    return 0;
}
