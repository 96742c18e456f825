/* tests/unit/test_token.c - context tokens taken apart and put together */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "token.h"
#include "trustrealm_err.h"

#define KRB5_OID "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"
#define OWN_OID "\x2b\x06\x01\x04\x01"
#define AP_REQ "\x6e\x03\x30\x01\x55"
#define AP_REP "\x6f\x03\x30\x01\x55"
#define KRB_ERROR "\x7e\x03\x30\x01\x55"

/* String literals as octets: without the NUL. */
#define OCTETS(s) (s), sizeof(s) - 1

/* Parse a copy that ends where its heap block ends, for the sanitizers. */
static krb5_error_code
parse(const void *octets, size_t length, struct tr_token *token)
{
    static uint8_t *copy;

    free(copy);
    copy = malloc(length > 0 ? length : 1);
    assert_non_null(copy);
    memcpy(copy, octets, length);
    return tr_token_parse(copy, length, token);
}

/* A framed token by hand: id, then message and what follows. */
static size_t
frame(uint8_t *buf, const char *id, const char *rest, size_t rest_length)
{
    uint8_t *at = buf;

    assert_true(rest_length < 100);
    *at++ = 0x60;
    *at++ = 2 + 9 + 2 + rest_length;
    *at++ = 0x06;
    *at++ = 9;
    at = mempcpy(at, KRB5_OID, 9);
    at = mempcpy(at, id, 2);
    at = mempcpy(at, rest, rest_length);
    return at - buf;
}

static void *
read_corpus(const char *name, size_t *length_out)
{
    static uint8_t buf[65536];
    char path[1024];
    FILE *fp;

    snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/token/%s",
             getenv("TR_SRCDIR"), name);
    fp = fopen(path, "rb");
    assert_non_null(fp);
    *length_out = fread(buf, 1, sizeof(buf), fp);
    fclose(fp);
    assert_true(*length_out > 0);
    return buf;
}

static void
assert_other(const void *octets, size_t length)
{
    struct tr_token token;

    assert_int_equal(parse(octets, length, &token), 0);
    assert_int_equal(token.kind, TR_TOKEN_OTHER);
    assert_null(token.body);
    assert_null(token.trailer);
}

static void
assert_refused(const void *octets, size_t length)
{
    struct tr_token token;

    memset(&token, 0x55, sizeof(token));
    assert_int_equal(parse(octets, length, &token), TRR_TOKEN);
    assert_int_equal(token.kind, TR_TOKEN_OTHER);
    assert_null(token.oid);
    assert_null(token.body);
    assert_null(token.trailer);
}

static void
framed_without_trailer(void **state)
{
    static const struct {
        const char *id, *body;
        enum tr_token_kind kind;
    } rows[] = {
        { "\x01\x00", AP_REQ, TR_TOKEN_AP_REQ },
        { "\x02\x00", AP_REP, TR_TOKEN_AP_REP },
        { "\x03\x00", KRB_ERROR, TR_TOKEN_ERROR }
    };
    struct tr_token token;
    uint8_t buf[200];
    size_t i, n;

    for (i = 0; i < 3; i++) {
        n = frame(buf, rows[i].id, rows[i].body, 5);
        assert_int_equal(parse(buf, n, &token), 0);
        assert_int_equal(token.kind, rows[i].kind);
        assert_int_equal(token.oid_length, 9);
        assert_memory_equal(token.oid, KRB5_OID, 9);
        assert_int_equal(token.body_length, 5);
        assert_memory_equal(token.body, rows[i].body, 5);
        assert_null(token.trailer);
        assert_int_equal(token.trailer_length, 0);
    }
}

static void
framed_with_trailer(void **state)
{
    struct tr_token token;
    uint8_t buf[200];
    size_t n;

    n = frame(buf, "\x02\x00", OCTETS(AP_REP "\x62\x02zz"));
    assert_int_equal(parse(buf, n, &token), 0);
    assert_int_equal(token.kind, TR_TOKEN_AP_REP);
    assert_int_equal(token.body_length, 5);
    assert_int_equal(token.trailer_length, 4);
    assert_memory_equal(token.trailer, "\x62\x02zz", 4);
}

static void
raw_ap_req(void **state)
{
    struct tr_token token;

    assert_int_equal(parse(OCTETS(AP_REQ), &token), 0);
    assert_int_equal(token.kind, TR_TOKEN_AP_REQ);
    assert_null(token.oid);
    assert_int_equal(token.body_length, 5);
    assert_null(token.trailer);

    assert_int_equal(parse(OCTETS(AP_REQ "xyz"), &token), 0);
    assert_int_equal(token.trailer_length, 3);

    assert_refused(OCTETS("\x6e"));
    assert_refused(OCTETS("\x6e\x04\x30\x01\x55"));
    assert_refused(OCTETS("\x6e\x80\x00\x00"));
}

static void
unframed_is_other(void **state)
{
    uint8_t buf[200];
    size_t n;

    assert_other(OCTETS(""));
    assert_other(OCTETS(AP_REP));           /* DCE style */
    assert_other(OCTETS("\x04\x04"));       /* RFC 4121 MIC */
    assert_other(OCTETS("\xa1\x05hello"));  /* SPNEGO, second leg */
    /* framed, but of no token id that carries a trailer */
    n = frame(buf, "\x05\x01", OCTETS(AP_REQ "trailer"));
    assert_other(buf, n);
    n = frame(buf, "\x01\x01", OCTETS(AP_REQ "trailer"));
    assert_other(buf, n);
}

static void
token_id_and_message_contradict(void **state)
{
    uint8_t buf[200];
    size_t n;

    n = frame(buf, "\x01\x00", OCTETS(AP_REP));
    assert_refused(buf, n);
    n = frame(buf, "\x02\x00", OCTETS(AP_REQ));
    assert_refused(buf, n);
    n = frame(buf, "\x03\x00", OCTETS(AP_REP));
    assert_refused(buf, n);
    n = frame(buf, "\x01\x00", OCTETS(""));
    assert_refused(buf, n);
}

static void
not_der(void **state)
{
    /* length in more octets than needed, of frame, OID and message */
    assert_refused(OCTETS("\x60\x81\x12\x06\x09" KRB5_OID "\x01\x00"
                          AP_REQ));
    assert_refused(OCTETS("\x60\x82\x00\x12\x06\x09" KRB5_OID "\x01\x00"
                          AP_REQ));
    assert_refused(OCTETS("\x60\x13\x06\x81\x09" KRB5_OID "\x01\x00"
                          AP_REQ));
    assert_refused(OCTETS("\x60\x13\x06\x09" KRB5_OID "\x01\x00"
                          "\x6e\x81\x03\x30\x01\x55"));
    /* indefinite length, reserved length octet */
    assert_refused(OCTETS("\x60\x80\x06\x09" KRB5_OID "\x01\x00" AP_REQ
                          "\x00\x00"));
    assert_refused(OCTETS("\x60\xff\x06\x09" KRB5_OID "\x01\x00" AP_REQ));
    /* no OID, an empty one, one that is too long, another element */
    assert_refused(OCTETS("\x60\x07\x01\x00" AP_REQ));
    assert_refused(OCTETS("\x60\x09\x06\x00\x01\x00" AP_REQ));
    assert_refused(OCTETS("\x60\x05\x06\x09\x2a\x86\x48"));
    assert_refused(OCTETS("\x60\x12\x04\x09" KRB5_OID "\x01\x00" AP_REQ));
    /* and the right one, so that the above say something */
    {
        struct tr_token token;

        assert_int_equal(parse(OCTETS("\x60\x12\x06\x09" KRB5_OID "\x01\x00"
                                      AP_REQ), &token), 0);
        assert_int_equal(token.kind, TR_TOKEN_AP_REQ);
    }
}

static void
frame_longer_or_shorter_than_token(void **state)
{
    uint8_t buf[200];
    size_t n;

    n = frame(buf, "\x01\x00", OCTETS(AP_REQ "trailer"));
    buf[n] = 'x';
    assert_refused(buf, n + 1);
    buf[1]++;
    assert_refused(buf, n);
}

static void
cut_anywhere(void **state)
{
    struct tr_token token;
    uint8_t *octets;
    size_t length, i;

    octets = read_corpus("mit-ap-req", &length);
    for (i = 1; i < length; i++) {
        if (parse(octets, i, &token) == 0)
            fail_msg("cut to %zu octets it still parses", i);
    }
}

/* What MIT Kerberos really sends (captured; their keys are long gone). */
static void
real_tokens(void **state)
{
    static const struct {
        const char *name;
        enum tr_token_kind kind;
        bool framed;
    } rows[] = {
        { "mit-ap-req", TR_TOKEN_AP_REQ, true },
        { "deleg-ap-req", TR_TOKEN_AP_REQ, true },
        { "mit-ap-rep", TR_TOKEN_AP_REP, true },
        { "mit-error", TR_TOKEN_ERROR, true },
        { "dce-ap-req", TR_TOKEN_AP_REQ, false },
        { "dce-ap-rep", TR_TOKEN_OTHER, false },
        { "dce-third", TR_TOKEN_OTHER, false },
        { "mit-mic", TR_TOKEN_OTHER, false },
        { "mit-wrap", TR_TOKEN_OTHER, false }
    };
    struct tr_token token;
    uint8_t *octets, *built;
    size_t length, built_length, i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        octets = read_corpus(rows[i].name, &length);
        assert_int_equal(tr_token_parse(octets, length, &token), 0);
        assert_int_equal(token.kind, rows[i].kind);
        assert_int_equal(token.oid != NULL, rows[i].framed);
        assert_null(token.trailer);
        if (token.kind == TR_TOKEN_OTHER)
            continue;
        assert_ptr_equal(token.body + token.body_length, octets + length);
        assert_int_equal(tr_token_build(&token, token.oid, token.oid_length,
                                        NULL, 0, &built, &built_length), 0);
        assert_int_equal(built_length, length);
        assert_memory_equal(built, octets, length);
        free(built);
    }
}

static void
trailer_added_and_removed(void **state)
{
    struct tr_token token, labelled, own;
    uint8_t *octets, *with, *back, *renamed;
    size_t length, with_length, back_length, renamed_length, i;
    char trailer[200];

    octets = read_corpus("mit-ap-rep", &length);
    assert_int_equal(tr_token_parse(octets, length, &token), 0);
    /* so that the frame's length crosses 127 | 128 and 255 | 256 */
    for (i = 0; i < sizeof(trailer); i++) {
        memset(trailer, 'a' + i % 26, i);
        assert_int_equal(tr_token_build(&token, KRB5_OID, 9, trailer, i,
                                        &with, &with_length), 0);
        assert_int_equal(tr_token_parse(with, with_length, &labelled), 0);
        assert_int_equal(labelled.kind, TR_TOKEN_AP_REP);
        assert_int_equal(labelled.trailer_length, i);
        if (i > 0)
            assert_memory_equal(labelled.trailer, trailer, i);
        assert_int_equal(tr_token_build(&labelled, labelled.oid,
                                        labelled.oid_length, NULL, 0,
                                        &back, &back_length), 0);
        assert_int_equal(back_length, length);
        assert_memory_equal(back, octets, length);
        free(back);
        free(with);
    }

    assert_int_equal(tr_token_build(&token, OWN_OID, 5, NULL, 0, &renamed,
                                    &renamed_length), 0);
    assert_int_equal(tr_token_parse(renamed, renamed_length, &own), 0);
    assert_int_equal(own.oid_length, 5);
    assert_memory_equal(own.oid, OWN_OID, 5);
    assert_int_equal(own.body_length, token.body_length);
    free(renamed);
}

static void
other_cannot_be_built(void **state)
{
    struct tr_token token;
    uint8_t *out = NULL;
    size_t length;

    assert_int_equal(parse(OCTETS(AP_REP), &token), 0);
    assert_int_equal(tr_token_build(&token, KRB5_OID, 9, "x", 1, &out,
                                    &length), TRR_TOKEN);
    assert_null(out);
}

/* --- the ticket ---------------------------------------------------------- */

#define PVNO "\xa0\x03\x02\x01\x05"
#define MSG_TYPE "\xa1\x03\x02\x01\x0e"
#define OPTIONS "\xa2\x07\x03\x05\x00\x20\x00\x00\x00"
#define TICKET "\xa3\x04\x61\x02\x05\x00"
#define AUTHENTICATOR "\xa4\x02\x30\x00"

static void
ticket_of_an_ap_req(void **state)
{
    static const struct {
        krb5_error_code code;
        const char *octets;
        size_t length;
    } rows[] = {
        { 0, OCTETS("\x6e\x1f\x30\x1d" PVNO MSG_TYPE OPTIONS TICKET
                    AUTHENTICATOR) },
        /* cut, and with more than there should be, at every level */
        { TRR_TOKEN, OCTETS("") },
        { TRR_TOKEN, OCTETS("\x6e\x1f\x30\x1d" PVNO MSG_TYPE OPTIONS TICKET
                            "\xa4\x02\x30") },
        { TRR_TOKEN, OCTETS("\x6e\x1b\x30\x19" PVNO MSG_TYPE OPTIONS
                            TICKET) },
        { TRR_TOKEN, OCTETS("\x6e\x1f\x30\x1d" PVNO MSG_TYPE OPTIONS TICKET
                            AUTHENTICATOR "x") },
        { TRR_TOKEN, OCTETS("\x6e\x21\x30\x1d" PVNO MSG_TYPE OPTIONS TICKET
                            AUTHENTICATOR "\x05\x00") },
        { TRR_TOKEN, OCTETS("\x6e\x23\x30\x21" PVNO MSG_TYPE OPTIONS TICKET
                            AUTHENTICATOR "\xa5\x02\x05\x00") },
        /* another message, no sequence, fields in another order */
        { TRR_TOKEN, OCTETS("\x6f\x1f\x30\x1d" PVNO MSG_TYPE OPTIONS TICKET
                            AUTHENTICATOR) },
        { TRR_TOKEN, OCTETS("\x6e\x1f\x31\x1d" PVNO MSG_TYPE OPTIONS TICKET
                            AUTHENTICATOR) },
        { TRR_TOKEN, OCTETS("\x6e\x1f\x30\x1d" MSG_TYPE PVNO OPTIONS TICKET
                            AUTHENTICATOR) },
        /* options: too short, no bits, two of them */
        { TRR_TOKEN, OCTETS("\x6e\x1e\x30\x1c" PVNO MSG_TYPE
                            "\xa2\x06\x03\x04\x00\x20\x00\x00" TICKET
                            AUTHENTICATOR) },
        { TRR_TOKEN, OCTETS("\x6e\x1f\x30\x1d" PVNO MSG_TYPE
                            "\xa2\x07\x04\x05\x00\x20\x00\x00\x00" TICKET
                            AUTHENTICATOR) },
        { TRR_TOKEN, OCTETS("\x6e\x21\x30\x1f" PVNO MSG_TYPE
                            "\xa2\x09\x03\x05\x00\x20\x00\x00\x00\x05\x00"
                            TICKET AUTHENTICATOR) },
        /* a ticket of two elements, with a long tag, of none */
        { TRR_TOKEN, OCTETS("\x6e\x1f\x30\x1d" PVNO MSG_TYPE OPTIONS
                            "\xa3\x04\x30\x00\x30\x00" AUTHENTICATOR) },
        { TRR_TOKEN, OCTETS("\x6e\x1f\x30\x1d" PVNO MSG_TYPE OPTIONS
                            "\xa3\x04\x7f\x21\x01\x00" AUTHENTICATOR) },
        { TRR_TOKEN, OCTETS("\x6e\x1b\x30\x19" PVNO MSG_TYPE OPTIONS
                            "\xa3\x00" AUTHENTICATOR) }
    };
    struct tr_ap_req ap_req;
    uint8_t *copy;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        copy = malloc(rows[i].length + 1);
        assert_non_null(copy);
        /* Ends where its heap block does. */
        memcpy(copy + 1, rows[i].octets, rows[i].length);
        if (tr_ap_req_parse(copy + 1, rows[i].length, &ap_req) !=
            rows[i].code)
            fail_msg("row %zu", i);
        if (rows[i].code == 0) {
            assert_false(ap_req.user_to_user);
            assert_int_equal(ap_req.ticket_length, 4);
            assert_memory_equal(ap_req.ticket, "\x61\x02\x05\x00", 4);
        }
        free(copy);
    }
    assert_int_equal(tr_ap_req_parse(
        OCTETS("\x6e\x1f\x30\x1d" PVNO MSG_TYPE
               "\xa2\x07\x03\x05\x00\x40\x00\x00\x00" TICKET AUTHENTICATOR),
        &ap_req), 0);
    assert_true(ap_req.user_to_user);
}

static void
ticket_of_a_real_ap_req(void **state)
{
    struct tr_token token;
    struct tr_ap_req ap_req;
    uint8_t *octets;
    size_t length;

    octets = read_corpus("mit-ap-req", &length);
    assert_int_equal(tr_token_parse(octets, length, &token), 0);
    assert_int_equal(tr_ap_req_parse(token.body, token.body_length, &ap_req),
                     0);
    assert_false(ap_req.user_to_user);
    assert_int_equal(ap_req.ticket[0], 0x61);
    assert_in_range(ap_req.ticket_length, 100, token.body_length);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(framed_without_trailer),
        cmocka_unit_test(framed_with_trailer),
        cmocka_unit_test(raw_ap_req),
        cmocka_unit_test(unframed_is_other),
        cmocka_unit_test(token_id_and_message_contradict),
        cmocka_unit_test(not_der),
        cmocka_unit_test(frame_longer_or_shorter_than_token),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(real_tokens),
        cmocka_unit_test(trailer_added_and_removed),
        cmocka_unit_test(other_cannot_be_built),
        cmocka_unit_test(ticket_of_an_ap_req),
        cmocka_unit_test(ticket_of_a_real_ap_req)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
