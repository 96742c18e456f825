/* mech/service/audit_sink.c - where lines of the audit log go */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/uio.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include "audit.h"
#include "boottime.h"
#include "trustrealm_err.h"

#define WAIT_MS 100             /* for a reader, at most once a second */

enum kind { KIND_JOURNAL, KIND_SYSLOG, KIND_STDERR, KIND_FILE };

struct tr_sink {
    enum kind kind;
    int fd;                     /* KIND_FILE and KIND_STDERR */
    bool cut;                   /* the last line was not written whole */
    int64_t stood_still;        /* its reader: tr_boottime() */
};

krb5_error_code
tr_sink_open(const char *target, struct tr_sink **sink_out)
{
    struct tr_sink *sink;
    krb5_error_code ret = 0;

    *sink_out = NULL;
    sink = calloc(1, sizeof(*sink));
    if (sink == NULL)
        return ENOMEM;
    sink->fd = -1;
    if (strcmp(target, "stderr") == 0) {
        sink->kind = KIND_STDERR;
        sink->fd = STDERR_FILENO;
    } else if (strcmp(target, "syslog") == 0) {
        sink->kind = KIND_SYSLOG;
        openlog("trustrealmd", LOG_PID, LOG_AUTHPRIV);
#ifdef HAVE_SYSTEMD
    } else if (strcmp(target, "journal") == 0) {
        sink->kind = KIND_JOURNAL;
#endif
    } else if (strncmp(target, "file:", 5) == 0) {
        sink->kind = KIND_FILE;
        sink->fd = open(target + 5, O_WRONLY | O_APPEND | O_CREAT |
                        O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
        if (sink->fd < 0)
            ret = errno;
    } else {
        ret = TRR_CONFIG;
    }
    if (ret) {
        free(sink);
        return ret;
    }
    *sink_out = sink;
    return 0;
}

void
tr_sink_close(struct tr_sink *sink)
{
    if (sink == NULL)
        return;
    if (sink->kind == KIND_FILE)
        close(sink->fd);
    free(sink);
}

bool
tr_sink_wants_json(const struct tr_sink *sink)
{
    return sink->kind == KIND_FILE;
}

bool
tr_sink_wants_fields(const struct tr_sink *sink)
{
    return sink->kind == KIND_JOURNAL;
}

/* Syslog daemons cut lines at 8 KiB, which would leave broken JSON. */
size_t
tr_sink_limit(const struct tr_sink *sink)
{
    return sink->kind == KIND_SYSLOG ? 7 * 1024 : 128 * 1024;
}

/* One write a line: O_APPEND keeps lines of several writers whole. */
static bool
write_line(struct tr_sink *sink, const char *line)
{
    struct iovec parts[3];
    size_t length = strlen(line), first = sink->cut ? 0 : 1;
    ssize_t written;

    parts[0] = (struct iovec){ (void *)"\n", 1 };
    parts[1] = (struct iovec){ (void *)line, length };
    parts[2] = (struct iovec){ (void *)"\n", 1 };
    do {
        written = writev(sink->fd, parts + first, (int)(3 - first));
    } while (written < 0 && errno == EINTR);
    if (written <= 0)
        return false;
    sink->cut = (size_t)written != length + 2 - first;
    return !sink->cut;
}

/*
 * Neither syslog(3) nor sd_journal_sendv(3) says that nobody is there, and
 * both wait for as long as whoever reads stands still.  A socket of its own
 * for each record has room for it, so that only the reader's queue counts.
 * Users can fill that one, too, but not for long while it is read: so it is
 * waited for, but not by each record once one has waited in vain.  Returns 0
 * or errno.
 */
static int
send_record(struct tr_sink *sink, const char *path, struct iovec *parts,
            size_t n)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct msghdr message = { .msg_iov = parts, .msg_iovlen = n };
    const struct timeval limit = { 0, WAIT_MS * 1000 };
    int fd, flags = 0, error = 0;

    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    memcpy(address.sun_path, path, strlen(path));
    if (sink->stood_still != 0 && tr_boottime() - sink->stood_still < 1000)
        flags = MSG_DONTWAIT;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        error = errno;
    while (error == 0 && sendmsg(fd, &message, MSG_NOSIGNAL | flags) < 0) {
        if (errno != EINTR)
            error = errno;
    }
    close(fd);
    if (error == EAGAIN && flags == 0)
        sink->stood_still = tr_boottime();
    return error;
}

static bool
write_syslog(struct tr_sink *sink, int priority, const char *line)
{
    time_t now = time(NULL);
    struct iovec parts[2];
    char head[64], date[32];
    struct tm tm;
    int error;

    if (localtime_r(&now, &tm) == NULL ||
        strftime(date, sizeof(date), "%b %e %T", &tm) == 0)
        return false;
    (void)snprintf(head, sizeof(head), "<%d>%s trustrealmd[%ld]: ", priority,
                   date, (long)getpid());
    parts[0] = (struct iovec){ head, strlen(head) };
    parts[1] = (struct iovec){ (void *)line, strlen(line) };
    error = send_record(sink, _PATH_LOG, parts, 2);
    /* Some syslog daemons have a stream. */
    if (error == EPROTOTYPE)
        syslog(priority, "%s", line);
    return error == 0 || error == EPROTOTYPE;
}

#ifdef HAVE_SYSTEMD
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* Its native protocol; a field of several lines, which has another form there,
 * is left out: the line has it. */
static bool
write_journal(struct tr_sink *sink, int priority, const char *line,
              const struct iovec *fields, size_t nfields)
{
    struct iovec parts[3 + 2 * 24], end = { (void *)"\n", 1 };
    char head[64];
    size_t n = 0, i;

    (void)snprintf(head, sizeof(head), "PRIORITY=%d\n"
                   "SYSLOG_IDENTIFIER=trustrealmd\nMESSAGE=", priority & 7);
    parts[n++] = (struct iovec){ head, strlen(head) };
    parts[n++] = (struct iovec){ (void *)line, strlen(line) };
    parts[n++] = end;
    for (i = 0; i < nfields && n + 2 <= sizeof(parts) / sizeof(*parts); i++) {
        if (memchr(fields[i].iov_base, '\n', fields[i].iov_len) != NULL)
            continue;
        parts[n++] = fields[i];
        parts[n++] = end;
    }
    return send_record(sink, JOURNAL_SOCKET, parts, n) == 0;
}
#endif

bool
tr_sink_write(struct tr_sink *sink, int priority, bool audit,
              const char *line, const struct iovec *fields, size_t nfields)
{
    switch (sink->kind) {
    case KIND_SYSLOG:
        return write_syslog(sink, (audit ? LOG_AUTHPRIV : LOG_DAEMON) |
                            priority, line);
#ifdef HAVE_SYSTEMD
    case KIND_JOURNAL:
        return write_journal(sink, priority, line, fields, nfields);
#endif
    default:
        return write_line(sink, line);
    }
}
