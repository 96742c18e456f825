/* tests/glue/buffers.c - messages in the caller's own buffers */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "glue.h"

#define HEADER GSS_IOV_BUFFER_TYPE_HEADER
#define DATA GSS_IOV_BUFFER_TYPE_DATA
#define SIGN GSS_IOV_BUFFER_TYPE_SIGN_ONLY
#define PADDING GSS_IOV_BUFFER_TYPE_PADDING
#define TRAILER GSS_IOV_BUFFER_TYPE_TRAILER
#define STREAM GSS_IOV_BUFFER_TYPE_STREAM
#define MIC GSS_IOV_BUFFER_TYPE_MIC_TOKEN
#define ALLOCATE GSS_IOV_BUFFER_FLAG_ALLOCATE

/* How a case is run: each with and without confidentiality and label. */
struct mode {
    int conf;
    bool changed;
};

static void
in_every_mode(void (*run)(struct pair *p, struct mode mode))
{
    struct mode mode;
    struct pair p;
    int i;

    establish(&p, NULL);
    for (i = 0; i < 4; i++) {
        mode.conf = i & 1;
        mode.changed = i / 2;
        be_initiator();
        choose_label(p.initiator, mode.changed ? HIGHER_HERE : NULL);
        run(&p, mode);
    }
    end(&p);
}

static gss_iov_buffer_desc
buffer(OM_uint32 type, gss_buffer_desc octets_in)
{
    gss_iov_buffer_desc out = { type, octets_in };

    return out;
}

static gss_iov_buffer_desc
empty(OM_uint32 type)
{
    return buffer(type, (gss_buffer_desc)GSS_C_EMPTY_BUFFER);
}

static gss_iov_buffer_desc
text(OM_uint32 type, const char *string)
{
    return buffer(type, join(string, strlen(string), NULL, 0));
}

static bool
holds(const gss_iov_buffer_desc *b, const char *string)
{
    return b->buffer.length == strlen(string) &&
        memcmp(b->buffer.value, string, b->buffer.length) == 0;
}

/* Ask for lengths, provide the buffers, wrap. */
static void
wrap_iov(struct pair *p, struct mode mode, gss_iov_buffer_desc *iov, int count)
{
    int i, conf = -1;

    be_initiator();
    must(gss_wrap_iov_length(&minor, p->initiator, mode.conf, 0, &conf, iov,
                             count));
    expect(conf == mode.conf);
    for (i = 0; i < count; i++) {
        if (iov[i].buffer.value == NULL)
            iov[i].buffer.value = calloc(1, iov[i].buffer.length + 1);
    }
    conf = -1;
    must(gss_wrap_iov(&minor, p->initiator, mode.conf, 0, &conf, iov, count));
    expect(conf == mode.conf);
}

/* The token as it would be sent: all but associated data. */
static gss_buffer_desc
concatenate(const gss_iov_buffer_desc *iov, int count)
{
    gss_buffer_desc all = GSS_C_EMPTY_BUFFER;
    int i;

    for (i = 0; i < count; i++) {
        if (GSS_IOV_BUFFER_TYPE(iov[i].type) != SIGN)
            all = join(all.value, all.length, iov[i].buffer.value,
                       iov[i].buffer.length);
    }
    return all;
}

static void
unwrap_iov(struct pair *p, struct mode mode, gss_iov_buffer_desc *iov,
           int count)
{
    int conf = -1;

    be_acceptor();
    must(gss_unwrap_iov(&minor, p->acceptor, &conf, NULL, iov, count));
    expect(conf == mode.conf);
    expect_label(p->acceptor, mode.changed);
}

/* --- layouts ------------------------------------------------------------- */

static void
same_buffers(struct pair *p, struct mode mode)
{
    gss_iov_buffer_desc iov[] = {
        empty(HEADER), text(DATA, "what is said"), empty(PADDING),
        empty(TRAILER)
    };

    wrap_iov(p, mode, iov, 4);
    unwrap_iov(p, mode, iov, 4);
    expect(holds(&iov[1], "what is said"));
}

#define MANY 40

static void
many_buffers(struct pair *p, struct mode mode)
{
    gss_iov_buffer_desc iov[MANY];
    int count, i;

    for (count = 4; count <= MANY; count++) {
        iov[0] = empty(HEADER);
        for (i = 1; i < count - 2; i++)
            iov[i] = text(DATA, "part");
        iov[i++] = empty(PADDING);
        iov[i] = empty(TRAILER);
        wrap_iov(p, mode, iov, count);
        unwrap_iov(p, mode, iov, count);
        for (i = 1; i < count - 2; i++)
            expect(holds(&iov[i], "part"));
    }
}

static void
mic_of_many_buffers(struct pair *p, struct mode mode)
{
    gss_iov_buffer_desc iov[MANY];
    int count, i;

    for (count = 2; count <= MANY; count++) {
        for (i = 0; i < count - 1; i++)
            iov[i] = text(DATA, "part");
        iov[i] = empty(MIC | ALLOCATE);
        be_initiator();
        must(gss_get_mic_iov(&minor, p->initiator, 0, iov, count));
        be_acceptor();
        must(gss_verify_mic_iov(&minor, p->acceptor, NULL, iov, count));
        expect_label(p->acceptor, mode.changed);
    }
}

static void
associated_data_anywhere(struct pair *p, struct mode mode)
{
    gss_iov_buffer_desc iov[] = {
        empty(HEADER), text(SIGN, "before"), text(DATA, "one"),
        text(SIGN, "between"), text(DATA, "two"), text(SIGN, "after"),
        empty(PADDING), empty(TRAILER)
    };

    wrap_iov(p, mode, iov, 8);
    unwrap_iov(p, mode, iov, 8);
    expect(holds(&iov[2], "one") && holds(&iov[4], "two"));
}

static void
empty_message(struct pair *p, struct mode mode)
{
    gss_iov_buffer_desc iov[] = {
        empty(HEADER), text(DATA, ""), empty(PADDING), empty(TRAILER)
    };

    wrap_iov(p, mode, iov, 4);
    unwrap_iov(p, mode, iov, 4);
    expect(iov[1].buffer.length == 0);
}

static void
buffers_to_token(struct pair *p, struct mode mode)
{
    gss_iov_buffer_desc iov[] = {
        empty(HEADER), text(DATA, "what is said"), empty(PADDING),
        empty(TRAILER)
    };
    gss_buffer_desc token, out, expected = { 12, "what is said" };

    wrap_iov(p, mode, iov, 4);
    token = concatenate(iov, 4);
    be_acceptor();
    must(gss_unwrap(&minor, p->acceptor, &token, &out, NULL, NULL));
    expect(same(&out, &expected));
    expect_label(p->acceptor, mode.changed);
}

static void
allocated_by_the_library(struct pair *p, struct mode mode)
{
    gss_iov_buffer_desc iov[] = {
        empty(HEADER | ALLOCATE), text(DATA, "what is said"),
        empty(PADDING | ALLOCATE), empty(TRAILER | ALLOCATE)
    };
    gss_buffer_desc token, out, expected = { 12, "what is said" };

    be_initiator();
    must(gss_wrap_iov(&minor, p->initiator, mode.conf, 0, NULL, iov, 4));
    token = concatenate(iov, 4);
    must(gss_release_iov_buffer(&minor, iov, 4));
    expect(iov[3].buffer.value == NULL);
    be_acceptor();
    must(gss_unwrap(&minor, p->acceptor, &token, &out, NULL, NULL));
    expect(same(&out, &expected));
    expect_label(p->acceptor, mode.changed);
}

static void
streams(struct pair *p, struct mode mode)
{
    gss_buffer_desc message = { 12, "what is said" }, token;
    gss_iov_buffer_desc iov[2];
    int i;

    for (i = 0; i < 2; i++) {
        be_initiator();
        must(gss_wrap(&minor, p->initiator, mode.conf, 0, &message, NULL,
                      &token));
        iov[0] = buffer(STREAM, token);
        iov[1] = empty(i == 0 ? DATA : DATA | ALLOCATE);
        unwrap_iov(p, mode, iov, 2);
        expect(holds(&iov[1], "what is said"));
        must(gss_release_iov_buffer(&minor, iov, 2));
    }
}

static void
token_to_buffers(struct pair *p, struct mode mode)
{
    gss_iov_buffer_desc size[] = {
        empty(HEADER), text(DATA, ""), empty(PADDING), empty(TRAILER)
    };
    gss_iov_buffer_desc iov[4];
    gss_buffer_desc message = { 12, "what is said" }, token, part;
    uint8_t *at;

    be_acceptor();              /* whose label is the established one */
    must(gss_wrap_iov_length(&minor, p->acceptor, mode.conf, 0, NULL, size,
                             4));
    be_initiator();
    must(gss_wrap(&minor, p->initiator, mode.conf, 0, &message, NULL,
                  &token));
    at = token.value;
    part.value = at;
    part.length = size[0].buffer.length;
    iov[0] = buffer(HEADER, part);
    part.value = at + size[0].buffer.length;
    part.length = token.length - size[0].buffer.length -
        size[3].buffer.length;
    iov[1] = buffer(DATA, part);
    iov[2] = empty(PADDING);
    part.value = at + token.length - size[3].buffer.length;
    part.length = size[3].buffer.length;
    iov[3] = buffer(TRAILER, part);
    unwrap_iov(p, mode, iov, 4);
    expect(holds(&iov[1], "what is said"));
}

static void
aead(struct pair *p, struct mode mode)
{
    gss_buffer_desc assoc = { 10, "associated" }, wrong = { 10, "dissociate" };
    gss_buffer_desc payload = { 7, "payload" }, token, out;

    be_initiator();
    must(gss_wrap_aead(&minor, p->initiator, mode.conf, 0, &assoc, &payload,
                       NULL, &token));
    be_acceptor();
    out = token;
    out.value = memcpy(malloc(token.length), token.value, token.length);
    must_fail(GSS_S_BAD_SIG,
              gss_unwrap_aead(&minor, p->acceptor, &out, &wrong, &payload,
                              NULL, NULL));
    payload.length = 7;
    payload.value = "payload";
    must(gss_unwrap_aead(&minor, p->acceptor, &token, &assoc, &out, NULL,
                         NULL));
    expect(same(&out, &payload));
    expect_label(p->acceptor, mode.changed);
}

/* --- no place for a label ------------------------------------------------ */

static void
without_trailer(struct pair *p, struct mode mode)
{
    gss_iov_buffer_desc iov[] = {
        empty(HEADER), text(DATA, "what is said"), empty(PADDING)
    };
    char *why;

    be_initiator();
    if (mode.changed) {
        must_fail(GSS_S_UNAVAILABLE,
                  gss_wrap_iov_length(&minor, p->initiator, mode.conf, 0, NULL,
                                      iov, 3));
        why = status_text(minor);
        expect(strstr(why, "TRAILER") != NULL);
        iov[0] = empty(HEADER | ALLOCATE);
        must_fail(GSS_S_UNAVAILABLE,
                  gss_wrap_iov(&minor, p->initiator, mode.conf, 0, NULL, iov,
                               3));
        expect(holds(&iov[1], "what is said"));
        return;
    }
    wrap_iov(p, mode, iov, 3);
    unwrap_iov(p, mode, iov, 3);
    expect(holds(&iov[1], "what is said"));
}

static void
trailer_too_short(struct pair *p, struct mode mode)
{
    gss_iov_buffer_desc iov[] = {
        empty(HEADER), text(DATA, "what is said"), empty(PADDING),
        empty(TRAILER)
    };

    be_initiator();
    must(gss_wrap_iov_length(&minor, p->initiator, mode.conf, 0, NULL, iov,
                             4));
    iov[0].buffer.value = calloc(1, iov[0].buffer.length);
    iov[3].buffer.value = calloc(1, iov[3].buffer.length);
    iov[3].buffer.length--;
    expect(GSS_ERROR(gss_wrap_iov(&minor, p->initiator, mode.conf, 0, NULL,
                                  iov, 4)));
}

/* --- what an attacker does with the parts -------------------------------- */

/* Cut off, moved behind the data, or into the associated data: delivered with
 * its label or not at all. */
static void
suffix_moved(struct pair *p, struct mode mode)
{
    gss_iov_buffer_desc iov[] = {
        empty(HEADER), text(DATA, "what is said"), empty(PADDING),
        empty(TRAILER)
    };
    gss_iov_buffer_desc copy[5], sizes[4];
    gss_buffer_desc suffix, rest;

    if (!mode.changed)
        return;
    memcpy(sizes, iov, sizeof(sizes));
    be_acceptor();
    must(gss_wrap_iov_length(&minor, p->acceptor, mode.conf, 0, NULL, sizes,
                             4));
    wrap_iov(p, mode, iov, 4);
    rest.length = sizes[3].buffer.length;
    suffix.length = iov[3].buffer.length - rest.length;
    suffix.value = iov[3].buffer.value;
    rest.value = (uint8_t *)iov[3].buffer.value + suffix.length;
    be_acceptor();

    copy[0] = buffer(HEADER, join(iov[0].buffer.value, iov[0].buffer.length,
                                  NULL, 0));
    copy[1] = buffer(DATA, join(iov[1].buffer.value, iov[1].buffer.length,
                                NULL, 0));
    copy[2] = empty(PADDING);
    copy[3] = buffer(TRAILER, join(rest.value, rest.length, NULL, 0));
    expect(GSS_ERROR(gss_unwrap_iov(&minor, p->acceptor, NULL, NULL, copy,
                                    4)));

    copy[0] = buffer(HEADER, join(iov[0].buffer.value, iov[0].buffer.length,
                                  NULL, 0));
    copy[1] = buffer(DATA, join(iov[1].buffer.value, iov[1].buffer.length,
                                NULL, 0));
    copy[2] = buffer(SIGN, join(suffix.value, suffix.length, NULL, 0));
    copy[3] = empty(PADDING);
    copy[4] = buffer(TRAILER, join(rest.value, rest.length, NULL, 0));
    expect(GSS_ERROR(gss_unwrap_iov(&minor, p->acceptor, NULL, NULL, copy,
                                    5)));

    copy[0] = iov[0];
    copy[1] = buffer(DATA, join(iov[1].buffer.value, iov[1].buffer.length,
                                suffix.value, suffix.length));
    copy[2] = empty(PADDING);
    copy[3] = buffer(TRAILER, rest);
    must(gss_unwrap_iov(&minor, p->acceptor, NULL, NULL, copy, 4));
    expect(holds(&copy[1], "what is said"));
    expect_label(p->acceptor, true);
}

/* --- MIC ----------------------------------------------------------------- */

static void
mic_in_buffers(struct pair *p, struct mode mode)
{
    gss_iov_buffer_desc iov[] = {
        text(DATA, "one"), text(SIGN, "two"), empty(MIC)
    };
    gss_buffer_desc message = { 6, "onetwo" }, token;
    size_t length;

    be_initiator();
    must(gss_get_mic_iov_length(&minor, p->initiator, 0, iov, 3));
    length = iov[2].buffer.length;
    iov[2].buffer.value = malloc(length);
    must(gss_get_mic_iov(&minor, p->initiator, 0, iov, 3));
    expect(iov[2].buffer.length == length);
    be_acceptor();
    must(gss_verify_mic_iov(&minor, p->acceptor, NULL, iov, 3));
    expect_label(p->acceptor, mode.changed);

    be_initiator();
    iov[2] = empty(MIC | ALLOCATE);
    must(gss_get_mic_iov(&minor, p->initiator, 0, iov, 3));
    be_acceptor();
    must(gss_verify_mic(&minor, p->acceptor, &message, &iov[2].buffer, NULL));
    expect_label(p->acceptor, mode.changed);
    must(gss_release_iov_buffer(&minor, &iov[2], 1));

    be_initiator();
    must(gss_get_mic(&minor, p->initiator, 0, &message, &token));
    be_acceptor();
    iov[2] = buffer(MIC, token);
    must(gss_verify_mic_iov(&minor, p->acceptor, NULL, iov, 3));
    expect_label(p->acceptor, mode.changed);
    ((uint8_t *)token.value)[token.length - 1] ^= 0x80;
    expect(GSS_ERROR(gss_verify_mic_iov(&minor, p->acceptor, NULL, iov, 3)));
}

/* At every length: libkrb5 takes some of them for its own mistake. */
static void
mic_cut_off(struct pair *p, struct mode mode)
{
    gss_iov_buffer_desc iov[] = { text(DATA, "message"), empty(MIC) };
    gss_buffer_desc message = { 7, "message" }, token, cut;

    be_initiator();
    must(gss_get_mic(&minor, p->initiator, 0, &message, &token));
    be_acceptor();
    for (cut.length = 1; cut.length < token.length; cut.length++) {
        cut.value = memcpy(malloc(cut.length), token.value, cut.length);
        expect(GSS_ERROR(gss_verify_mic(&minor, p->acceptor, &message, &cut,
                                        NULL)));
        iov[1] = buffer(MIC, cut);
        expect(GSS_ERROR(gss_verify_mic_iov(&minor, p->acceptor, NULL, iov,
                                            2)));
        free(cut.value);
    }
}

/* The same for buffers that do not fit each other. */
static void
buffers_cut_off(struct pair *p, struct mode mode)
{
    gss_iov_buffer_desc iov[] = {
        empty(HEADER), text(DATA, "what is said"), empty(PADDING),
        empty(TRAILER)
    };
    gss_iov_buffer_desc copy[4];
    size_t which, length;
    int i;

    wrap_iov(p, mode, iov, 4);
    be_acceptor();
    for (which = 0; which < 4; which++) {
        for (length = 0; length < iov[which].buffer.length; length++) {
            for (i = 0; i < 4; i++)
                copy[i] = buffer(iov[i].type,
                                 join(iov[i].buffer.value,
                                      iov[i].buffer.length, NULL, 0));
            copy[which].buffer.length = length;
            expect(GSS_ERROR(gss_unwrap_iov(&minor, p->acceptor, NULL, NULL,
                                            copy, 4)));
            for (i = 0; i < 4; i++)
                free(copy[i].buffer.value);
        }
    }
}

#define IN_EVERY_MODE(name) \
    static void run_##name(void) { in_every_mode(name); }
IN_EVERY_MODE(same_buffers)
IN_EVERY_MODE(many_buffers)
IN_EVERY_MODE(mic_of_many_buffers)
IN_EVERY_MODE(associated_data_anywhere)
IN_EVERY_MODE(empty_message)
IN_EVERY_MODE(buffers_to_token)
IN_EVERY_MODE(allocated_by_the_library)
IN_EVERY_MODE(streams)
IN_EVERY_MODE(token_to_buffers)
IN_EVERY_MODE(aead)
IN_EVERY_MODE(without_trailer)
IN_EVERY_MODE(trailer_too_short)
IN_EVERY_MODE(suffix_moved)
IN_EVERY_MODE(mic_in_buffers)
IN_EVERY_MODE(mic_cut_off)
IN_EVERY_MODE(buffers_cut_off)

const struct probe_case buffer_cases[] = {
    { "iov_same_buffers", run_same_buffers },
    { "iov_many_buffers", run_many_buffers },
    { "iov_mic_of_many_buffers", run_mic_of_many_buffers },
    { "iov_associated_data_anywhere", run_associated_data_anywhere },
    { "iov_empty_message", run_empty_message },
    { "iov_buffers_to_token", run_buffers_to_token },
    { "iov_allocated_by_the_library", run_allocated_by_the_library },
    { "iov_streams", run_streams },
    { "iov_token_to_buffers", run_token_to_buffers },
    { "iov_aead", run_aead },
    { "iov_without_trailer", run_without_trailer },
    { "iov_trailer_too_short", run_trailer_too_short },
    { "iov_suffix_moved", run_suffix_moved },
    { "iov_mic", run_mic_in_buffers },
    { "mic_cut_off", run_mic_cut_off },
    { "iov_cut_off", run_buffers_cut_off },
    { NULL, NULL }
};
