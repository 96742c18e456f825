/* tests/fuzz/fuzz_message.c - messages of a peer that has the key */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <string.h>
#include "bare.h"
#include "fuzz.h"
#include "gssi.h"
#include "message.h"

#define SUFFIX (2 + TR_TAG_LENGTH)
#define LABEL "higher"

/* What the receiver is to do with a message. */
struct outcome {
    bool refused;
    const uint8_t *octets;
    size_t length;
    const uint8_t *label;       /* text in the record; NULL: none came */
    size_t label_length;
};

static bool
is_tag(const uint8_t *octets)
{
    return memcmp(octets, "TAG!", TR_TAG_LENGTH) == 0;
}

/* --- what is expected ---------------------------------------------------- */

static void
take_record(struct outcome *out, const uint8_t *record, size_t length)
{
    out->refused = length == 0 || length > TR_MAX_LABEL_RECORD ||
        record[0] != BARE_RECORD;
    out->label = record + 1;
    out->label_length = length - 1;
}

/* Of all that a wrapped message holds. */
static struct outcome
expect_wrapped(const uint8_t *octets, size_t length)
{
    struct outcome out = { .octets = octets, .length = length };
    const uint8_t *end = octets + length;
    size_t record;

    if (length < TR_TAG_LENGTH || !is_tag(end - TR_TAG_LENGTH))
        return out;
    record = length < SUFFIX ? length : (size_t)end[-SUFFIX] << 8 |
        end[1 - SUFFIX];
    if (length < SUFFIX + record) {
        out.refused = true;
        return out;
    }
    take_record(&out, end - SUFFIX - record, record);
    out.length = length - SUFFIX - record;
    return out;
}

/* The suffix comes by itself, after a message that is cut there. */
static struct outcome
expect_split(const uint8_t *octets, size_t cut, size_t length)
{
    struct outcome out = expect_wrapped(octets, length);

    /* Nor is it looked for in the message, once there is one. */
    out.refused = out.refused || (cut < length && out.length != cut);
    return out;
}

/* A token in front of a Kerberos MIC. */
static struct outcome
expect_signed(const uint8_t *octets, size_t cut, size_t length)
{
    struct outcome out = { .octets = octets, .length = cut };
    const uint8_t *token = octets + cut;
    size_t record;

    length -= cut;
    if (length < TR_TAG_LENGTH || !is_tag(token)) {
        out.refused = length != 0 ||
            (cut >= TR_TAG_LENGTH && is_tag(token - TR_TAG_LENGTH));
        return out;
    }
    record = length < SUFFIX ? length : (size_t)token[TR_TAG_LENGTH] << 8 |
        token[TR_TAG_LENGTH + 1];
    if (length != SUFFIX + record)
        out.refused = true;
    else
        take_record(&out, token + SUFFIX, record);
    return out;
}

/* --- what happens -------------------------------------------------------- */

static gss_ctx_id_t
handle(struct tr_context *context)
{
    return (gss_ctx_id_t)context;
}

static void
compare(struct tr_context *context, const struct outcome *expected,
        OM_uint32 major)
{
    struct tr_known_label *label = context->labels.delivered;

    PROMISE((GSS_ERROR(major) != 0) == expected->refused);
    if (!expected->refused) {
        PROMISE((label == NULL) == (expected->label == NULL));
        PROMISE(label == NULL ||
                (strlen(label->label) == strnlen((char *)expected->label,
                                                 expected->label_length) &&
                 memcmp(label->label, expected->label,
                        strlen(label->label)) == 0));
    }
    tr_labels_delivered(context, NULL);
}

/* A block that ends where its octets end, and may be changed. */
static gss_buffer_desc
block(const void *a, size_t na, const void *b, size_t nb, const void *c,
      size_t nc)
{
    size_t length = na + nb + nc;
    uint8_t *at = malloc(length > 0 ? length : 1);
    gss_buffer_desc out = { length, at };

    PROMISE(at != NULL);
    memcpy(at, a, na);
    memcpy(at + na, b, nb);
    memcpy(at + na + nb, c, nc);
    return out;
}

static const uint8_t zeros[BARE_MIC];

static void
receive_stream(struct tr_context *context, const gss_buffer_desc *token,
               OM_uint32 flag, const struct outcome *expected)
{
    gss_buffer_desc copy = block(token->value, token->length, "", 0, "", 0);
    gss_iov_buffer_desc iov[] = {
        { GSS_IOV_BUFFER_TYPE_STREAM, copy },
        { GSS_IOV_BUFFER_TYPE_DATA | flag, GSS_C_EMPTY_BUFFER }
    };
    const gss_buffer_desc *data = &iov[1].buffer;
    OM_uint32 major, minor;

    major = gssi_unwrap_iov(&minor, handle(context), NULL, NULL, iov, 2);
    compare(context, expected, major);
    if (!expected->refused) {
        PROMISE(data->length == expected->length);
        PROMISE(data->length == 0 ||
                memcmp(data->value, expected->octets, data->length) == 0);
    }
    (void)gss_release_iov_buffer(&minor, iov, 2);
    PROMISE(flag == 0 || data->value == NULL);
    free(copy.value);
}

static void
receive_token(struct tr_context *context, gss_buffer_t token,
              const struct outcome *expected)
{
    gss_buffer_desc message = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor;

    major = gssi_unwrap(&minor, handle(context), token, &message, NULL, NULL);
    compare(context, expected, major);
    PROMISE(message.length == (expected->refused ? 0 : expected->length));
    PROMISE(message.length == 0 ||
            memcmp(message.value, expected->octets, message.length) == 0);
    (void)gss_release_buffer(&minor, &message);
    PROMISE(message.value == NULL);
    receive_stream(context, token, 0, expected);
    receive_stream(context, token, GSS_IOV_BUFFER_FLAG_ALLOCATE, expected);
}

/* The parts before cut are data, in two buffers; the others come with the
 * trailer. */
static void
receive_parts(struct tr_context *context, const uint8_t *octets, size_t half,
              size_t cut, size_t length, const struct outcome *expected)
{
    gss_buffer_desc parts[] = {
        block(BARE_WRAP, BARE_HEADER, "", 0, "", 0),
        block(octets, half, "", 0, "", 0),
        block(octets + half, cut - half, "", 0, "", 0),
        block(octets + cut, length - cut, zeros, BARE_TRAILER, "", 0)
    };
    gss_iov_buffer_desc iov[] = {
        { GSS_IOV_BUFFER_TYPE_HEADER, parts[0] },
        { GSS_IOV_BUFFER_TYPE_DATA, parts[1] },
        { GSS_IOV_BUFFER_TYPE_DATA, parts[2] },
        { GSS_IOV_BUFFER_TYPE_TRAILER, parts[3] }
    };
    OM_uint32 major, minor;
    size_t i;

    major = gssi_unwrap_iov(&minor, handle(context), NULL, NULL, iov, 4);
    compare(context, expected, major);
    for (i = 0; expected->refused && i < parts[1].length; i++)
        PROMISE(((uint8_t *)parts[1].value)[i] == 0);
    if (!expected->refused) {
        PROMISE(iov[1].buffer.length + iov[2].buffer.length ==
                expected->length);
        PROMISE(memcmp(parts[1].value, octets, iov[1].buffer.length) == 0);
        PROMISE(iov[2].buffer.length == 0 || iov[1].buffer.length == half);
        PROMISE(memcmp(parts[2].value, octets + half,
                       iov[2].buffer.length) == 0);
    }
    for (i = 0; i < 4; i++)
        free(parts[i].value);
}

static void
receive_signed(struct tr_context *context, const gss_buffer_desc *message,
               const gss_buffer_desc *token, const struct outcome *expected)
{
    gss_iov_buffer_desc iov[] = {
        { GSS_IOV_BUFFER_TYPE_DATA, *message },
        { GSS_IOV_BUFFER_TYPE_MIC_TOKEN, *token }
    };
    OM_uint32 major, minor;

    major = gssi_verify_mic(&minor, handle(context), &iov[0].buffer,
                            &iov[1].buffer, NULL);
    compare(context, expected, major);
    major = gssi_verify_mic_iov(&minor, handle(context), NULL, iov, 2);
    compare(context, expected, major);
}

/* --- the two ends -------------------------------------------------------- */

/* What a peer may say, in all ways that it can be taken. */
static void
be_told(struct tr_context *context, const uint8_t *octets, size_t half,
        size_t cut, size_t length)
{
    gss_buffer_desc token, message;
    struct outcome expected;

    expected = expect_wrapped(octets, length);
    token = block(BARE_WRAP, BARE_HEADER, octets, length, zeros,
                  BARE_TRAILER);
    receive_token(context, &token, &expected);
    free(token.value);
    receive_parts(context, octets, half, length, length, &expected);
    expected = expect_split(octets, cut, length);
    receive_parts(context, octets, half, cut, length, &expected);

    expected = expect_signed(octets, cut, length);
    message = block(octets, cut, "", 0, "", 0);
    token = block(octets + cut, length - cut, zeros, BARE_MIC, "", 0);
    receive_signed(context, &message, &token, &expected);
    free(message.value);
    free(token.value);
}

/* What is sent arrives, whatever it looks like. */
static void
talk(struct tr_context *context, const uint8_t *octets, size_t half,
     size_t length)
{
    struct outcome expected = { .octets = octets, .length = length };
    gss_buffer_desc message = { length, (void *)octets }, token, whole;
    gss_iov_buffer_desc iov[] = {
        { GSS_IOV_BUFFER_TYPE_HEADER | GSS_IOV_BUFFER_FLAG_ALLOCATE,
          GSS_C_EMPTY_BUFFER },
        { GSS_IOV_BUFFER_TYPE_DATA, { half, (void *)octets } },
        { GSS_IOV_BUFFER_TYPE_DATA, { length - half,
                                      (void *)(octets + half) } },
        { GSS_IOV_BUFFER_TYPE_TRAILER | GSS_IOV_BUFFER_FLAG_ALLOCATE,
          GSS_C_EMPTY_BUFFER }
    };
    OM_uint32 minor;

    if (context->changed ||
        (length >= TR_TAG_LENGTH && is_tag(octets + length - TR_TAG_LENGTH)))
        expected.label = (const uint8_t *)(context->changed ? LABEL : "");
    expected.label_length = context->changed ? strlen(LABEL) : 0;
    PROMISE(gssi_wrap(&minor, handle(context), 1, 0, &message, NULL,
                      &token) == GSS_S_COMPLETE);
    receive_token(context, &token, &expected);
    (void)gss_release_buffer(&minor, &token);
    PROMISE(gssi_wrap_iov(&minor, handle(context), 1, 0, NULL, iov, 4) ==
            GSS_S_COMPLETE);
    whole = block(iov[0].buffer.value, iov[0].buffer.length, octets, length,
                  iov[3].buffer.value, iov[3].buffer.length);
    receive_token(context, &whole, &expected);
    free(whole.value);
    (void)gss_release_iov_buffer(&minor, iov, 4);
    PROMISE(gssi_get_mic(&minor, handle(context), 0, &message, &token) ==
            GSS_S_COMPLETE);
    receive_signed(context, &message, &token, &expected);
    (void)gss_release_buffer(&minor, &token);
}

/* Two numbers say where it is cut; then the octets. */
int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length)
{
    struct tr_context *context;
    size_t cut, half;

    if (length < 2)
        return 0;
    context = bare_context();
    cut = octets[0] < length - 2 ? length - 2 - octets[0] : 0;
    half = octets[1] < cut ? octets[1] : cut;
    be_told(context, octets + 2, half, cut, length - 2);
    talk(context, octets + 2, half, length - 2);
    context->labels.choice = strdup(LABEL);
    context->changed = true;
    talk(context, octets + 2, half, length - 2);
    bare_context_free(context);
    return 0;
}
