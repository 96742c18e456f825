/* mech/service/audit_sink.c - where lines of the audit log go */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>
#ifdef HAVE_SYSTEMD
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#endif
#include "audit.h"
#include "trustrealm_err.h"

enum kind { KIND_JOURNAL, KIND_SYSLOG, KIND_STDERR, KIND_FILE };

struct tr_sink {
    enum kind kind;
    int fd;                     /* KIND_FILE and KIND_STDERR */
    bool cut;                   /* the last line was not written whole */
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
        openlog("trustrealmd", LOG_PID | LOG_NDELAY, LOG_AUTHPRIV);
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
    if (ret != 0) {
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

/* Neither syslog(3) nor sd_journal_sendv(3) says that nobody is there. */
static bool
is_there(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    bool there;
    int fd;

    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    memcpy(address.sun_path, path, strlen(path));
    /* Some syslog daemons have a stream. */
    there = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ||
        errno == EPROTOTYPE;
    close(fd);
    return there;
}

#ifdef HAVE_SYSTEMD
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

static bool
write_journal(int priority, const char *line, const struct iovec *fields,
              size_t nfields)
{
    struct iovec parts[24];
    char level[] = "PRIORITY=6", *message;
    size_t n = 0, i, length = strlen(line);
    int ret;

    if (!is_there(JOURNAL_SOCKET))
        return false;
    message = malloc(length + sizeof("MESSAGE="));
    if (message == NULL)
        return false;
    memcpy(message, "MESSAGE=", 8);
    memcpy(message + 8, line, length);
    level[sizeof(level) - 2] = (char)('0' + (priority & 7));
    parts[n++] = (struct iovec){ message, length + 8 };
    parts[n++] = (struct iovec){ level, sizeof(level) - 1 };
    parts[n++] = (struct iovec){ (void *)"SYSLOG_IDENTIFIER=trustrealmd", 29 };
    for (i = 0; i < nfields && n < sizeof(parts) / sizeof(*parts); i++)
        parts[n++] = fields[i];
    ret = sd_journal_sendv(parts, (int)n);
    free(message);
    return ret == 0;
}
#endif

bool
tr_sink_write(struct tr_sink *sink, int priority, bool audit,
              const char *line, const struct iovec *fields, size_t nfields)
{
    switch (sink->kind) {
    case KIND_SYSLOG:
        if (!is_there(_PATH_LOG))
            return false;
        syslog((audit ? LOG_AUTHPRIV : LOG_DAEMON) | priority, "%s", line);
        return true;
#ifdef HAVE_SYSTEMD
    case KIND_JOURNAL:
        return write_journal(priority, line, fields, nfields);
#endif
    default:
        return write_line(sink, line);
    }
}
