/* tools/gss-label/connection.c - accept a context, take its messages */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "gss-label.h"

struct connection {
    const struct gl_acceptor *acceptor;
    int fd;
    gss_ctx_id_t context;
    gss_cred_id_t delegated;
};

static enum gl_status
send_frame(struct connection *conn, uint8_t type,
           const gss_buffer_desc *payload)
{
    if (gl_frame_send(conn->fd, conn->acceptor->timeout_ms, type,
                      payload) != GL_IO_OK) {
        gl_report_error(&conn->acceptor->output, "send", errno);
        return GL_SYSTEM;
    }
    return GL_DELIVERED;
}

/* The peer learns that it was refused, not why. */
static enum gl_status
refuse(struct connection *conn)
{
    gss_buffer_desc nothing = GSS_C_EMPTY_BUFFER;
    enum gl_status status;

    status = send_frame(conn, GL_FRAME_REFUSED, &nothing);
    return status == GL_DELIVERED ? GL_REFUSED : status;
}

static enum gl_status
fail_gss(const struct connection *conn, const char *call, OM_uint32 major,
         OM_uint32 minor)
{
    return gl_report_gss(&conn->acceptor->output, call, major, minor,
                         conn->acceptor->mechanism);
}

/* One token in, at most one out. */
static enum gl_status
accept_token(struct connection *conn, OM_uint32 *major_out)
{
    gss_buffer_desc in = GSS_C_EMPTY_BUFFER, out = GSS_C_EMPTY_BUFFER;
    enum gl_status status = GL_DELIVERED;
    OM_uint32 minor, ignored;
    uint8_t type = 0;
    enum gl_io io;

    io = gl_frame_receive(conn->fd, conn->acceptor->timeout_ms, &type, &in);
    if (io != GL_IO_OK || type != GL_FRAME_CONTEXT) {
        gl_report_error(&conn->acceptor->output, "no context token",
                        io == GL_IO_FAILED ? errno : 0);
        (void)gss_release_buffer(&ignored, &in);
        return GL_SYSTEM;
    }
    *major_out = gss_accept_sec_context(&minor, &conn->context,
                                        conn->acceptor->cred, &in,
                                        GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL,
                                        &out, NULL, NULL, &conn->delegated);
    if (GSS_ERROR(*major_out))
        status = fail_gss(conn, "gss_accept_sec_context", *major_out, minor);
    if (out.length > 0) {
        if (send_frame(conn, GL_FRAME_CONTEXT, &out) != GL_DELIVERED)
            status = GL_SYSTEM;
    } else if (status == GL_REFUSED) {
        (void)refuse(conn);
    }
    (void)gss_release_buffer(&ignored, &in);
    (void)gss_release_buffer(&ignored, &out);
    return status;
}

/* The label that we saw and the length, protected as the message was. */
static enum gl_status
answer(struct connection *conn, const struct gl_protection *protection,
       json_t *content)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER, payload = GSS_C_EMPTY_BUFFER;
    enum gl_status status;
    OM_uint32 major, minor, ignored;

    if (strcmp(protection->name, "none") == 0)
        protection = gl_protection_find("integrity");
    text.value = json_dumps(content, JSON_COMPACT);
    if (text.value == NULL) {
        gl_report_error(&conn->acceptor->output, "reply", ENOMEM);
        return GL_SYSTEM;
    }
    text.length = strlen(text.value);
    major = protection->protect(&minor, conn->context,
                                protection->confidential, &text, &payload);
    free(text.value);
    if (major != GSS_S_COMPLETE) {
        (void)fail_gss(conn, "protect reply", major, minor);
        return refuse(conn);
    }
    status = send_frame(conn, GL_FRAME_REPLY + protection->number, &payload);
    (void)gss_release_buffer(&ignored, &payload);
    return status;
}

static enum gl_status
take_message(struct connection *conn, unsigned long number,
             const struct gl_protection *protection, gss_buffer_t payload)
{
    gss_buffer_desc message = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor, ignored;
    enum gl_status status;
    json_t *event, *content;
    bool conf = false;

    major = protection->unprotect(&minor, conn->context, payload, &message,
                                  &conf);
    if (gl_refused(major)) {
        (void)gss_release_buffer(&ignored, &message);
        (void)fail_gss(conn, protection->name, major, minor);
        return refuse(conn);
    }
    content = json_pack("{s:I, s:s, s:b}", "length",
                        (json_int_t)message.length,
                        "protection", protection->name,
                        "confidential", conf);
    /* An unprotected message has no label: it may be anybody's. */
    if (strcmp(protection->name, "none") != 0)
        gl_add_message_label(content, conn->context);
    event = json_pack("{s:s, s:s, s:I}", "event", "message",
                      "direction", "received", "number", (json_int_t)number);
    json_object_update(event, content);
    gl_add_message(event, &message);
    gl_report(&conn->acceptor->output, event);
    status = answer(conn, protection, content);
    json_decref(content);
    (void)gss_release_buffer(&ignored, &message);
    return status;
}

/* Until the peer closes; a message refused does not end the connection. */
static enum gl_status
take_messages(struct connection *conn)
{
    const struct gl_protection *protection;
    enum gl_status status = GL_DELIVERED, worst = GL_DELIVERED;
    gss_buffer_desc payload;
    unsigned long number = 0;
    uint8_t type = 0;
    OM_uint32 minor;
    enum gl_io io;

    while (status != GL_SYSTEM) {
        io = gl_frame_receive(conn->fd, conn->acceptor->timeout_ms, &type,
                              &payload);
        if (io == GL_IO_CLOSED)
            break;
        protection = io == GL_IO_OK ? gl_protection_by_number(type) : NULL;
        if (protection == NULL) {
            gl_report_error(&conn->acceptor->output, "no message",
                            io == GL_IO_FAILED ? errno : 0);
            (void)gss_release_buffer(&minor, &payload);
            return GL_SYSTEM;
        }
        status = take_message(conn, ++number, protection, &payload);
        (void)gss_release_buffer(&minor, &payload);
        if (status > worst)
            worst = status;
    }
    return worst;
}

enum gl_status
gl_serve(const struct gl_acceptor *acceptor, int fd)
{
    struct connection conn = {
        acceptor, fd, GSS_C_NO_CONTEXT, GSS_C_NO_CREDENTIAL
    };
    OM_uint32 major = GSS_S_CONTINUE_NEEDED, minor;
    enum gl_status status = GL_DELIVERED;

    gl_frame_prepare(fd);
    while (status == GL_DELIVERED && (major & GSS_S_CONTINUE_NEEDED))
        status = accept_token(&conn, &major);
    if (status == GL_DELIVERED) {
        gl_report_context(&acceptor->output, conn.context, conn.delegated);
        status = take_messages(&conn);
    }
    (void)gss_delete_sec_context(&minor, &conn.context, GSS_C_NO_BUFFER);
    (void)gss_release_cred(&minor, &conn.delegated);
    close(fd);
    return status;
}
