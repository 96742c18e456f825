/* tests/glue/messages.c - messages, their labels and their lengths */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "glue.h"

static const size_t sizes[] = { 0, 1, 15, 16, 17, 255, 4096, 70000 };
#define NSIZES (sizeof(sizes) / sizeof(sizes[0]))

/* --- wrap ---------------------------------------------------------------- */

static void
send_one(struct pair *p, size_t size, int conf, bool changed)
{
    gss_buffer_desc message = octets(size), token, out;
    OM_uint32 ignored;
    int state = -1;

    be_initiator();
    must(gss_wrap(&minor, p->initiator, conf, 0, &message, &state, &token));
    expect(state == conf);
    be_acceptor();
    state = -1;
    must(gss_unwrap(&minor, p->acceptor, &token, &out, &state, NULL));
    expect(state == conf);
    expect(same(&message, &out));
    expect_label(p->acceptor, changed);
    (void)gss_release_buffer(&ignored, &token);
    (void)gss_release_buffer(&ignored, &out);
    free(message.value);
}

static void
wrap_and_unwrap(void)
{
    struct pair p;
    size_t i;
    int mode;

    establish(&p, NULL);
    for (mode = 0; mode < 4; mode++) {
        be_initiator();
        choose_label(p.initiator, mode & 1 ? HIGHER_HERE : NULL);
        for (i = 0; i < NSIZES; i++)
            send_one(&p, sizes[i], mode / 2, mode & 1);
    }
    end(&p);
}

/* The other way, in the acceptor's own words. */
static void
replies_carry_labels(void)
{
    gss_buffer_desc message = octets(100), token, out;
    struct pair p;
    char *local;

    establish(&p, NULL);
    be_acceptor();
    choose_label(p.acceptor, HIGHER_THERE);
    must(gss_wrap(&minor, p.acceptor, 1, 0, &message, NULL, &token));
    be_initiator();
    must(gss_unwrap(&minor, p.initiator, &token, &out, NULL, NULL));
    expect(same(&message, &out));
    expect_label(p.initiator, true);
    local = inquire(p.initiator, 9, 1);
    expect(strcmp(local, HIGHER_HERE) == 0);
    end(&p);
}

static void
unchanged_label_costs_no_octet(void)
{
    gss_buffer_desc message = octets(1000), token;
    struct pair p;

    establish(&p, NULL);
    be_initiator();
    must(gss_wrap(&minor, p.initiator, 0, 0, &message, NULL, &token));
    expect(token.length == 1000 + 16 + 12 || token.length == 1000 + 16 + 24);
    must(gss_get_mic(&minor, p.initiator, 0, &message, &token));
    expect(token.length == 16 + 12 || token.length == 16 + 24);
    end(&p);
}

static void
established_label_chosen_is_unchanged(void)
{
    gss_buffer_desc message = octets(10), one, two;
    struct pair p;
    char *local;

    establish(&p, NULL);
    be_initiator();
    must(gss_wrap(&minor, p.initiator, 1, 0, &message, NULL, &one));
    local = inquire(p.initiator, 4, 0);
    choose_label(p.initiator, local);
    must(gss_wrap(&minor, p.initiator, 1, 0, &message, NULL, &two));
    expect(one.length == two.length);
    end(&p);
}

static void
label_outside_the_range(void)
{
    gss_OID_desc oid = object(9);
    gss_buffer_desc label = { strlen(TOO_HIGH_HERE), TOO_HIGH_HERE };
    gss_buffer_desc nonsense = { 3, "a:b" }, with_nul = { 5, "grave" };
    struct pair p;

    establish(&p, NULL);
    be_initiator();
    choose_label(p.initiator, HIGHER_HERE);
    must_fail(GSS_S_UNAUTHORIZED,
              gss_set_sec_context_option(&minor, &p.initiator, &oid, &label));
    must_fail(GSS_S_UNAUTHORIZED,
              gss_set_sec_context_option(&minor, &p.initiator, &oid,
                                         &nonsense));
    with_nul.value = memcpy(malloc(5), "gr\0ve", 5);
    must_fail(GSS_S_UNAUTHORIZED,
              gss_set_sec_context_option(&minor, &p.initiator, &oid,
                                         &with_nul));
    /* Nothing has changed by it. */
    send_one(&p, 20, 1, true);
    end(&p);
}

/* --- lengths ------------------------------------------------------------- */

static void
check_limit(struct pair *p, int conf, OM_uint32 limit)
{
    gss_buffer_desc message, token;
    OM_uint32 max, i, ignored;

    must(gss_wrap_size_limit(&minor, p->initiator, conf, 0, limit, &max));
    expect(max > 0 && max < limit);
    for (i = 0; i < 2; i++) {
        message = octets(max + i);
        must(gss_wrap(&minor, p->initiator, conf, 0, &message, NULL, &token));
        if (i == 0)
            expect(token.length <= limit);
        else
            expect(token.length > limit);
        (void)gss_release_buffer(&ignored, &token);
        free(message.value);
    }
}

static void
wrap_size_limit_is_exact(void)
{
    static const OM_uint32 limits[] = { 600, 1000, 8192, 16384, 65536 };
    struct pair p;
    size_t i;
    OM_uint32 max;
    int mode;

    establish(&p, NULL);
    be_initiator();
    for (mode = 0; mode < 4; mode++) {
        choose_label(p.initiator, mode & 1 ? HIGHER_HERE : NULL);
        for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
            check_limit(&p, mode / 2, limits[i]);
    }
    must(gss_wrap_size_limit(&minor, p.initiator, 1, 0, 100, &max));
    expect(max == 0);           /* not even the label fits */
    end(&p);
}

/* --- data that looks like ours ------------------------------------------- */

static void
data_that_ends_with_the_tag(void)
{
    gss_buffer_desc message, token, out, plain, mic;
    uint8_t tag[TR_TAG_LENGTH];
    struct pair p;
    int conf;

    establish(&p, NULL);
    be_initiator();
    tag_of(p.initiator, "i", tag);
    message = join("some data", 9, tag, sizeof(tag));
    for (conf = 0; conf < 2; conf++) {
        plain = octets(message.length);
        be_initiator();
        must(gss_wrap(&minor, p.initiator, conf, 0, &plain, NULL, &token));
        must(gss_wrap(&minor, p.initiator, conf, 0, &message, NULL, &out));
        expect(out.length > token.length + 2 + TR_TAG_LENGTH);
        be_acceptor();
        must(gss_unwrap(&minor, p.acceptor, &token, &plain, NULL, NULL));
        must(gss_unwrap(&minor, p.acceptor, &out, &plain, NULL, NULL));
        expect(same(&plain, &message));
        expect_label(p.acceptor, false);
    }
    be_initiator();
    must(gss_get_mic(&minor, p.initiator, 0, &message, &mic));
    be_acceptor();
    must(gss_verify_mic(&minor, p.acceptor, &message, &mic, NULL));
    expect_label(p.acceptor, false);
    end(&p);
}

/* Who has the key can make such a message, without the plugin; it is not
 * delivered, and what follows it is. */
static void
tag_without_a_record(void)
{
    static const uint8_t lengths[][2] = {
        { 0, 0 }, { 0, 1 }, { 0, 12 }, { 0, 13 }, { 0x20, 0 }, { 0xff, 0xff }
    };
    gss_buffer_desc message = octets(64), head, token, out;
    uint8_t tag[TR_TAG_LENGTH];
    struct pair p;
    size_t i;

    establish(&p, NULL);
    tag_of(p.initiator, "i", tag);
    take_label_away(&p.initiator);
    for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        head = join("not a record", 12, lengths[i], 2);
        head = join(head.value, head.length, tag, sizeof(tag));
        must(gss_wrap(&minor, p.initiator, 1, 0, &head, NULL, &token));
        be_acceptor();
        expect(GSS_ERROR(gss_unwrap(&minor, p.acceptor, &token, &out, NULL,
                                    NULL)));
        expect(out.length == 0 && out.value == NULL);
        must(gss_wrap(&minor, p.initiator, 1, 0, &message, NULL, &token));
        must(gss_unwrap(&minor, p.acceptor, &token, &out, NULL, NULL));
        expect(same(&message, &out));
        expect_label(p.acceptor, false);
    }
    must(gss_wrap(&minor, p.initiator, 1, 0,
                  &(gss_buffer_desc){ sizeof(tag), tag }, NULL, &token));
    must_fail(GSS_S_DEFECTIVE_TOKEN,
              gss_unwrap(&minor, p.acceptor, &token, &out, NULL, NULL));
    end(&p);
}

/* --- MIC ----------------------------------------------------------------- */

static void
mic_and_verify(void)
{
    gss_buffer_desc message, token;
    struct pair p;
    size_t i;
    int changed;

    establish(&p, NULL);
    for (changed = 0; changed < 2; changed++) {
        be_initiator();
        choose_label(p.initiator, changed ? HIGHER_HERE : NULL);
        for (i = 0; i < NSIZES; i++) {
            message = octets(sizes[i]);
            be_initiator();
            must(gss_get_mic(&minor, p.initiator, 0, &message, &token));
            be_acceptor();
            must(gss_verify_mic(&minor, p.acceptor, &message, &token, NULL));
            expect_label(p.acceptor, changed);
            ((uint8_t *)token.value)[token.length - 1] ^= 1;
            expect(GSS_ERROR(gss_verify_mic(&minor, p.acceptor, &message,
                                            &token, NULL)));
            expect_label(p.acceptor, changed);
        }
    }
    end(&p);
}

/* A MIC over message || suffix is not one of a longer message. */
static void
record_moved_from_mic_to_message(void)
{
    gss_buffer_desc message = octets(64), token, moved, suffix, mic;
    const size_t head = TR_TAG_LENGTH + 2;
    struct pair p;
    uint8_t *at;
    size_t record;

    establish(&p, NULL);
    be_initiator();
    choose_label(p.initiator, HIGHER_HERE);
    must(gss_get_mic(&minor, p.initiator, 0, &message, &token));
    at = token.value;
    record = (size_t)at[TR_TAG_LENGTH] << 8 | at[TR_TAG_LENGTH + 1];
    suffix = join(at + head, record, at + TR_TAG_LENGTH, 2);
    suffix = join(suffix.value, suffix.length, at, TR_TAG_LENGTH);
    moved = join(message.value, message.length, suffix.value, suffix.length);
    mic.value = at + head + record;
    mic.length = token.length - head - record;
    be_acceptor();
    must_fail(GSS_S_DEFECTIVE_TOKEN,
              gss_verify_mic(&minor, p.acceptor, &moved, &mic, NULL));
    expect(GSS_ERROR(gss_verify_mic(&minor, p.acceptor, &message, &mic,
                                    NULL)));
    must(gss_verify_mic(&minor, p.acceptor, &message, &token, NULL));
    expect_label(p.acceptor, true);
    end(&p);
}

/* The record of the messages that context sends, which is in the clear before
 * a MIC. */
static gss_buffer_desc
record_of(gss_ctx_id_t context, const char *label)
{
    gss_buffer_desc message = { 1, "x" }, token;
    const uint8_t *at;

    choose_label(context, label);
    must(gss_get_mic(&minor, context, 0, &message, &token));
    at = token.value;
    return join(at + TR_TAG_LENGTH + 2, (size_t)at[TR_TAG_LENGTH] << 8 |
                at[TR_TAG_LENGTH + 1], NULL, 0);
}

/* A message of this context with that record, by who has the key. */
static OM_uint32
send_with(struct pair *p, const gss_buffer_desc *record, const uint8_t *tag)
{
    uint8_t length[2] = { (uint8_t)(record->length >> 8),
                          (uint8_t)record->length };
    gss_buffer_desc message, token, out;
    OM_uint32 major;

    message = join("text", 4, record->value, record->length);
    message = join(message.value, message.length, length, 2);
    message = join(message.value, message.length, tag, TR_TAG_LENGTH);
    must(gss_wrap(&minor, p->initiator, 1, 0, &message, NULL, &token));
    be_acceptor();
    major = gss_unwrap(&minor, p->acceptor, &token, &out, NULL, NULL);
    expect(GSS_ERROR(major) || out.length == 4);
    return major;
}

/* Of another association, of the other direction: not taken. */
static void
record_of_elsewhere(void)
{
    gss_buffer_desc own, reflected, foreign;
    uint8_t tag[TR_TAG_LENGTH];
    struct pair p, q;

    establish(&p, NULL);
    establish(&q, NULL);
    be_initiator();
    own = record_of(p.initiator, HIGHER_HERE);
    foreign = record_of(q.initiator, HIGHER_HERE);
    be_acceptor();
    reflected = record_of(p.acceptor, HIGHER_THERE);
    choose_label(p.acceptor, NULL);
    tag_of(p.initiator, "i", tag);
    take_label_away(&p.initiator);
    must_fail(GSS_S_UNAUTHORIZED, send_with(&p, &reflected, tag));
    must_fail(GSS_S_UNAUTHORIZED, send_with(&p, &foreign, tag));
    expect_label(p.acceptor, false);
    must(send_with(&p, &own, tag));
    expect_label(p.acceptor, true);
    end(&p);
    end(&q);
}

/* Integrity only, so the record can be seen: delivered once, its octets sent
 * again as data change nothing. */
static void
records_are_remembered(void)
{
    gss_buffer_desc message = octets(64), token, out;
    struct pair p;
    int i;

    establish(&p, NULL);
    be_initiator();
    choose_label(p.initiator, HIGHER_HERE);
    be_nobody();                /* nobody is asked any more */
    for (i = 0; i < 3; i++) {
        must(gss_wrap(&minor, p.initiator, 0, 0, &message, NULL, &token));
        if (i == 0)
            be_acceptor();
        must(gss_unwrap(&minor, p.acceptor, &token, &out, NULL, NULL));
        expect_label(p.acceptor, true);
        be_nobody();
    }
    end(&p);
}

/* One label, spelt with its category so many times more than once. */
static OM_uint32
choose_spelling(const struct pair *p, int more)
{
    static const char once[] = "grave:cipher", again[] = ",cipher";
    gss_ctx_id_t context = p->initiator;
    gss_OID_desc oid = object(9);
    gss_buffer_desc label = { sizeof(once) - 1, NULL };
    uint8_t *at;

    label.length += (size_t)more * (sizeof(again) - 1);
    label.value = at = malloc(label.length);
    at = mempcpy(at, once, sizeof(once) - 1);
    while (more-- > 0)
        at = mempcpy(at, again, sizeof(again) - 1);
    return gss_set_sec_context_option(&minor, &context, &oid, &label);
}

static void
oldest_records_are_forgotten(void)
{
    gss_buffer_desc message = octets(64), token, out;
    struct pair p;
    int i;

    establish(&p, NULL);
    for (i = 0; i <= TR_MAX_KNOWN_LABELS; i++) {
        be_initiator();
        must(choose_spelling(&p, i));
        must(gss_wrap(&minor, p.initiator, 1, 0, &message, NULL, &token));
        be_acceptor();
        must(gss_unwrap(&minor, p.acceptor, &token, &out, NULL, NULL));
    }
    be_nobody();
    must(choose_spelling(&p, 1));
    must(choose_spelling(&p, TR_MAX_KNOWN_LABELS));
    must(gss_wrap(&minor, p.initiator, 1, 0, &message, NULL, &token));
    must(gss_unwrap(&minor, p.acceptor, &token, &out, NULL, NULL));
    expect(GSS_ERROR(choose_spelling(&p, 0)));
    end(&p);
}

const struct probe_case message_cases[] = {
    { "wrap_and_unwrap", wrap_and_unwrap },
    { "replies_carry_labels", replies_carry_labels },
    { "unchanged_label_costs_no_octet", unchanged_label_costs_no_octet },
    { "established_label_chosen_is_unchanged",
      established_label_chosen_is_unchanged },
    { "label_outside_the_range", label_outside_the_range },
    { "wrap_size_limit_is_exact", wrap_size_limit_is_exact },
    { "data_that_ends_with_the_tag", data_that_ends_with_the_tag },
    { "tag_without_a_record", tag_without_a_record },
    { "mic_and_verify", mic_and_verify },
    { "record_moved_from_mic_to_message", record_moved_from_mic_to_message },
    { "record_of_elsewhere", record_of_elsewhere },
    { "records_are_remembered", records_are_remembered },
    { "oldest_records_are_forgotten", oldest_records_are_forgotten },
    { NULL, NULL }
};
