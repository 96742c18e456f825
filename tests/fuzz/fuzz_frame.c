/* tests/fuzz/fuzz_frame.c - what the peer of gss-label sends, to the screen */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <ctype.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "bare.h"
#include "fuzz.h"
#include "gss-label.h"

/* Only lines of text. */
static void
check_screen(const char *text, size_t length)
{
    size_t i;

    for (i = 0; i < length; i++) {
        PROMISE(text[i] == '\n' || !iscntrl((unsigned char)text[i]));
        /* U+0080 to U+009F are control characters, too. */
        PROMISE((unsigned char)text[i] != 0xc2 ||
                (unsigned char)text[i + 1] >= 0xa0);
    }
}

static void
check_json(const char *text, size_t length)
{
    json_t *event = json_loadb(text, length, JSON_ALLOW_NUL, NULL);

    PROMISE(json_is_object(event));
    PROMISE(memchr(text, '\n', length) == text + length - 1);
    json_decref(event);
}

static void
show(gss_buffer_t message, bool json)
{
    struct gl_output output = { .json = json };
    json_t *event = json_pack("{s:s}", "event", "reply"), *saw;
    char *text = NULL;
    size_t length = 0;

    saw = json_loadb(message->value, message->length, JSON_REJECT_DUPLICATES,
                     NULL);
    json_object_set_new(event, "peer_saw", saw != NULL ? saw : json_null());
    gl_add_message(event, message);
    output.stream = open_memstream(&text, &length);
    PROMISE(output.stream != NULL);
    gl_report(&output, event);
    PROMISE(fclose(output.stream) == 0);
    if (json)
        check_json(text, length);
    else
        check_screen(text, length);
    free(text);
}

static void
take(const struct gl_protection *protection, gss_buffer_t payload)
{
    static uint8_t context;
    gss_buffer_desc message = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor;
    bool conf;

    major = protection->unprotect(&minor, (gss_ctx_id_t)&context, payload,
                                  &message, &conf);
    if (!gl_refused(major)) {
        PROMISE(message.length <= payload->length);
        show(&message, false);
        show(&message, true);
    }
    (void)gss_release_buffer(&minor, &message);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length)
{
    const struct gl_protection *protection;
    gss_buffer_desc payload;
    OM_uint32 minor;
    uint8_t type;
    int fds[2];

    PROMISE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    if (send(fds[1], octets, length, 0) == (ssize_t)length) {
        PROMISE(shutdown(fds[1], SHUT_WR) == 0);
        while (gl_frame_receive(fds[0], 1000, &type, &payload) == GL_IO_OK) {
            PROMISE(payload.length <= GL_MAX_FRAME);
            protection = gl_protection_by_number(type);
            if (protection != NULL)
                take(protection, &payload);
            (void)gss_release_buffer(&minor, &payload);
        }
        PROMISE(payload.length == 0);
    }
    close(fds[0]);
    close(fds[1]);
    return 0;
}
