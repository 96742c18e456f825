/* tools/gss-label/frame.c - length-prefixed frames over TCP */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A frame is a 4-octet length in network order (of what follows), a type
 * octet and a payload.  Every wait has an end.
 */

#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <gssapi/gssapi_alloc.h>
#include "gss-label.h"

#define HEADER_LENGTH 5

static int64_t
now_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Wait until fd is ready for events; false with errno when it is not. */
static bool
wait_ready(int fd, short events, int64_t deadline)
{
    struct pollfd p = { .fd = fd, .events = events };
    int64_t left;
    int n;

    do {
        left = deadline - now_ms();
        n = poll(&p, 1, left > 0 ? (int)left : 0);
    } while (n < 0 && errno == EINTR);
    if (n == 0)
        errno = ETIMEDOUT;
    return n > 0;
}

static bool
send_all(int fd, int64_t deadline, const uint8_t *data, size_t length,
         int flags)
{
    ssize_t n;

    while (length > 0) {
        if (!wait_ready(fd, POLLOUT, deadline))
            return false;
        n = send(fd, data, length, flags | MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        if (n > 0) {
            data += n;
            length -= n;
        }
    }
    return true;
}

/* CLOSED only when the peer closed before the first octet. */
static enum gl_io
receive_all(int fd, int64_t deadline, uint8_t *data, size_t length)
{
    bool begun = false;
    ssize_t n;

    while (length > 0) {
        if (!wait_ready(fd, POLLIN, deadline))
            return GL_IO_FAILED;
        n = recv(fd, data, length, MSG_DONTWAIT);
        if (n == 0) {
            errno = ECONNRESET;
            return begun ? GL_IO_FAILED : GL_IO_CLOSED;
        }
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return GL_IO_FAILED;
        if (n > 0) {
            begun = true;
            data += n;
            length -= n;
        }
    }
    return GL_IO_OK;
}

void
gl_frame_prepare(int fd)
{
    int on = 1;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

enum gl_io
gl_frame_send(int fd, int timeout_ms, uint8_t type,
              const gss_buffer_desc *payload)
{
    int64_t deadline = now_ms() + timeout_ms;
    uint8_t header[HEADER_LENGTH];
    uint32_t length;

    if (payload->length > GL_MAX_FRAME) {
        errno = EMSGSIZE;
        return GL_IO_FAILED;
    }
    length = htonl((uint32_t)payload->length + 1);
    memcpy(header, &length, 4);
    header[4] = type;
    if (!send_all(fd, deadline, header, sizeof(header),
                  payload->length > 0 ? MSG_MORE : 0) ||
        !send_all(fd, deadline, payload->value, payload->length, 0))
        return GL_IO_FAILED;
    return GL_IO_OK;
}

enum gl_io
gl_frame_receive(int fd, int timeout_ms, uint8_t *type_out,
                 gss_buffer_t payload_out)
{
    int64_t deadline = now_ms() + timeout_ms;
    uint8_t header[HEADER_LENGTH], *data;
    enum gl_io status;
    uint32_t length;

    payload_out->length = 0;
    payload_out->value = NULL;
    status = receive_all(fd, deadline, header, sizeof(header));
    if (status != GL_IO_OK)
        return status;
    memcpy(&length, header, 4);
    length = ntohl(length);
    if (length < 1 || length > GL_MAX_FRAME + 1) {
        errno = EMSGSIZE;
        return GL_IO_FAILED;
    }
    length--;
    /* gss_release_buffer() does not free an empty buffer. */
    if (length == 0) {
        *type_out = header[4];
        return GL_IO_OK;
    }

    data = gssalloc_malloc(length + 1);
    if (data == NULL)
        return GL_IO_FAILED;
    if (receive_all(fd, deadline, data, length) != GL_IO_OK) {
        gssalloc_free(data);
        return GL_IO_FAILED;
    }
    data[length] = '\0';
    *type_out = header[4];
    payload_out->value = data;
    payload_out->length = length;
    return GL_IO_OK;
}
