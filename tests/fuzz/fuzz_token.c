/* tests/fuzz/fuzz_token.c - context tokens: taken apart, built anew, equal */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <string.h>
#include "fuzz.h"
#include "token.h"

static void
check_inside(const uint8_t *part, size_t part_length, const uint8_t *octets,
             size_t length)
{
    PROMISE(part >= octets && part_length <= length &&
            (size_t)(part - octets) <= length - part_length);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length)
{
    struct tr_token token;
    struct tr_ap_req ap_req;
    uint8_t *built;
    size_t built_length;

    if (tr_token_parse(octets, length, &token) != 0) {
        PROMISE(token.kind == TR_TOKEN_OTHER && token.trailer == NULL);
        return 0;
    }
    if (token.kind == TR_TOKEN_OTHER) {
        PROMISE(token.body == NULL && token.trailer == NULL);
        return 0;
    }
    check_inside(token.body, token.body_length, octets, length);
    PROMISE(token.body_length >= 2);
    if (token.trailer != NULL)
        check_inside(token.trailer, token.trailer_length, octets, length);
    if (tr_ap_req_parse(token.body, token.body_length, &ap_req) == 0) {
        PROMISE(token.kind == TR_TOKEN_AP_REQ);
        check_inside(ap_req.ticket, ap_req.ticket_length, token.body,
                     token.body_length);
    }
    /* DER has one form for everything. */
    PROMISE(tr_token_build(&token, token.oid, token.oid_length,
                           token.trailer, token.trailer_length, &built,
                           &built_length) == 0);
    PROMISE(built_length == length && memcmp(built, octets, length) == 0);
    free(built);
    return 0;
}
