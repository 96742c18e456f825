/* tools/gss-label/client.c - send messages to a gss-label server */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <gssapi/gssapi_alloc.h>
#include "gss-label.h"
#include "gssapi_trustrealm.h"

#define DEFAULT_PORT "4444"
#define DEFAULT_TIMEOUT_MS 10000
#define DEFAULT_MESSAGE "hello from gss-label"

struct client {
    struct gl_output output;
    char *host;                         /* owned */
    const char *port, *service;
    const struct gl_mechanism *mechanism;
    const struct gl_protection *protection;
    const char *label;                  /* of the credential, or NULL */
    struct gl_list messages, labels;
    unsigned long count, size;
    int timeout_ms, interval_ms;
    OM_uint32 flags;

    int fd;                             /* -1 until there is a token to send */
    gss_name_t target;
    gss_cred_id_t cred;
    gss_ctx_id_t context;
    const char *message_label;          /* in force, or NULL: the context's */
};

static const char usage[] =
    "usage: gss-label client [OPTION...] HOST[:PORT] SERVICE@HOST\n\n"
    "  -p, --port PORT          of the server (4444)\n"
    "  -m, --mech MECHANISM     krb5, trustrealm, spnego or "
    "spnego-default\n"
    "  -P, --protection P       wrap, integrity, mic, mic-iov, iov,\n"
    "                           iov-integrity, iov-lengths,\n"
    "                           iov-lengths-integrity, aead,\n"
    "                           aead-integrity or none\n"
    "  -l, --label LABEL        of the context (this system's format)\n"
    "  -L, --message-label L    of the first, second ... message; the\n"
    "                           last one stays; \"\" is the context's\n"
    "  -M, --message TEXT       the first, second ... message\n"
    "  -s, --size OCTETS        pad messages to this length\n"
    "  -n, --count N            number of messages\n"
    "  -i, --interval SECONDS   between messages\n"
    "  -d, --delegate           delegate credentials\n"
    "      --no-mutual          do not ask for mutual authentication\n"
    "  -t, --timeout SECONDS    for each answer (10)\n"
    "  -j, --json               one JSON object a line\n";

static const struct option options[] = {
    { "port", required_argument, NULL, 'p' },
    { "mech", required_argument, NULL, 'm' },
    { "protection", required_argument, NULL, 'P' },
    { "label", required_argument, NULL, 'l' },
    { "message-label", required_argument, NULL, 'L' },
    { "message", required_argument, NULL, 'M' },
    { "size", required_argument, NULL, 's' },
    { "count", required_argument, NULL, 'n' },
    { "interval", required_argument, NULL, 'i' },
    { "delegate", no_argument, NULL, 'd' },
    { "no-mutual", no_argument, NULL, 'U' },
    { "timeout", required_argument, NULL, 't' },
    { "json", no_argument, NULL, 'j' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 }
};

static bool
take_option(void *self, int c, const char *arg)
{
    struct client *client = self;

    switch (c) {
    case 'p':
        client->port = arg;
        return gl_is_port(arg);
    case 'm':
        client->mechanism = gl_mechanism_find(arg);
        return client->mechanism != NULL;
    case 'P':
        client->protection = gl_protection_find(arg);
        return client->protection != NULL;
    case 'l':
        client->label = arg;
        return true;
    case 'L':
        return gl_list_add(&client->labels, arg);
    case 'M':
        return gl_list_add(&client->messages, arg);
    case 's':
        return gl_parse_number(arg, 0, GL_MAX_FRAME, &client->size);
    case 'n':
        return gl_parse_number(arg, 1, UINT32_MAX, &client->count);
    case 'i':
        return gl_parse_seconds(arg, &client->interval_ms);
    case 'd':
        client->flags |= GSS_C_DELEG_FLAG;
        return true;
    case 'U':
        client->flags &= ~(OM_uint32)GSS_C_MUTUAL_FLAG;
        return true;
    case 't':
        return gl_parse_seconds(arg, &client->timeout_ms) &&
            client->timeout_ms > 0;
    case 'j':
        client->output.json = true;
        return true;
    default:
        return false;
    }
}

/* HOST, HOST:PORT, [ADDRESS]:PORT or an IPv6 address. */
static bool
take_host(struct client *client, const char *text)
{
    char *end, *colon;

    client->host = strdup(*text == '[' ? text + 1 : text);
    if (client->host == NULL)
        return false;
    if (*text == '[') {
        end = strchr(client->host, ']');
        if (end == NULL || (end[1] != ':' && end[1] != '\0'))
            return false;
        *end = '\0';
        if (end[1] == ':')
            client->port = end + 2;
        return true;
    }
    colon = strchr(client->host, ':');
    if (colon != NULL && strchr(colon + 1, ':') == NULL) {
        *colon = '\0';
        client->port = colon + 1;
    }
    return true;
}

static unsigned long
max_count(unsigned long a, unsigned long b)
{
    return a > b ? a : b;
}

static const struct gl_command command = {
    "client", usage, "p:m:P:l:L:M:s:n:i:dt:jh", options, take_option
};

/* -1 to go on, or the exit status. */
static int
parse(struct client *client, int argc, char **argv)
{
    int status = gl_take_options(&command, client, argc, argv);

    if (status >= 0)
        return status;
    if (argc - optind != 2)
        return gl_usage(&command, "a server and a service are needed");
    if (!take_host(client, argv[optind]) || !gl_is_port(client->port))
        return gl_usage(&command, "this is no host and port");
    client->service = argv[optind + 1];
    if (client->protection->confidential)
        client->flags |= GSS_C_CONF_FLAG;
    if (client->messages.count == 0 &&
        !gl_list_add(&client->messages, DEFAULT_MESSAGE))
        return GL_SYSTEM;
    if (client->count == 0) {
        client->count = max_count(client->messages.count,
                                  client->labels.count);
    }
    return -1;
}

static enum gl_status
connect_server(struct client *client)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *ai;
    int code, fd = -1;

    code = getaddrinfo(client->host, client->port, &hints, &list);
    if (code != 0) {
        gl_report_address(&client->output, "getaddrinfo", client->host,
                          client->port, gai_strerror(code));
        return GL_SYSTEM;
    }
    for (ai = list; ai != NULL; ai = ai->ai_next) {
        struct timeval tv = { client->timeout_ms / 1000,
                              client->timeout_ms % 1000 * 1000 };

        fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC, 0);
        if (fd < 0)
            continue;
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
        if (connect(fd, ai->ai_addr, ai->ai_addrlen) == 0)
            break;
        code = errno;
        close(fd);
        fd = -1;
        errno = code;
    }
    freeaddrinfo(list);
    if (fd < 0) {
        gl_report_address(&client->output, "connect", client->host,
                          client->port, strerror(errno));
        return GL_SYSTEM;
    }
    gl_frame_prepare(fd);
    client->fd = fd;
    return GL_DELIVERED;
}

static enum gl_status
send_frame(struct client *client, uint8_t type, const gss_buffer_desc *payload)
{
    enum gl_status status;

    if (client->fd < 0) {
        status = connect_server(client);
        if (status != GL_DELIVERED)
            return status;
    }
    if (gl_frame_send(client->fd, client->timeout_ms, type,
                      payload) != GL_IO_OK) {
        gl_report_error(&client->output, "send", errno);
        return GL_SYSTEM;
    }
    return GL_DELIVERED;
}

static enum gl_status
receive_frame(struct client *client, uint8_t type, gss_buffer_t payload)
{
    uint8_t got = 0;
    OM_uint32 minor;

    switch (gl_frame_receive(client->fd, client->timeout_ms, &got, payload)) {
    case GL_IO_OK:
        break;
    case GL_IO_CLOSED:
        gl_report_error(&client->output, "the peer closed the connection", 0);
        return GL_SYSTEM;
    default:
        gl_report_error(&client->output, "receive", errno);
        return GL_SYSTEM;
    }
    if (got == type)
        return GL_DELIVERED;
    (void)gss_release_buffer(&minor, payload);
    if (got == GL_FRAME_REFUSED) {
        gl_report_error(&client->output, "refused by the peer", 0);
        return GL_REFUSED;
    }
    gl_report_error(&client->output, "unexpected frame", 0);
    return GL_SYSTEM;
}

/* Nothing is sent, no connection made, before there is a token. */
static enum gl_status
establish(struct client *client)
{
    gss_buffer_desc in = GSS_C_EMPTY_BUFFER, out = GSS_C_EMPTY_BUFFER;
    enum gl_status status = GL_DELIVERED;
    OM_uint32 major, minor, init_minor;

    do {
        major = gss_init_sec_context(&init_minor, client->cred,
                                     &client->context, client->target,
                                     client->mechanism->oid, client->flags,
                                     0, GSS_C_NO_CHANNEL_BINDINGS, &in, NULL,
                                     &out, NULL, NULL);
        (void)gss_release_buffer(&minor, &in);
        if (out.length > 0)
            status = send_frame(client, GL_FRAME_CONTEXT, &out);
        (void)gss_release_buffer(&minor, &out);
        if (GSS_ERROR(major))
            return gl_report_gss(&client->output, "gss_init_sec_context",
                                 major, init_minor, client->mechanism);
        if (status == GL_DELIVERED && (major & GSS_S_CONTINUE_NEEDED))
            status = receive_frame(client, GL_FRAME_CONTEXT, &in);
    } while (status == GL_DELIVERED && (major & GSS_S_CONTINUE_NEEDED));
    (void)gss_release_buffer(&minor, &in);
    return status;
}

static enum gl_status
set_message_label(struct client *client, const char *label)
{
    gss_OID_desc option = GSS_TRUSTREALM_MESSAGE_LABEL;
    gss_buffer_desc value = { strlen(label), (char *)label };
    OM_uint32 major, minor;

    major = gss_set_sec_context_option(&minor, &client->context, &option,
                                       &value);
    if (major != GSS_S_COMPLETE)
        return gl_report_gss(&client->output, "gss_set_sec_context_option",
                             major, minor, client->mechanism);
    client->message_label = *label != '\0' ? label : NULL;
    return GL_DELIVERED;
}

/* The nth text, padded to the size asked for. */
static enum gl_status
make_message(struct client *client, unsigned long n, gss_buffer_t message)
{
    const char *text;
    size_t length;

    text = client->messages.items[n % client->messages.count];
    length = strlen(text);
    message->length = max_count(length, client->size);
    message->value = gssalloc_malloc(message->length + 1);
    if (message->value == NULL) {
        gl_report_error(&client->output, "malloc", errno);
        return GL_SYSTEM;
    }
    memset(message->value, '.', message->length);
    memcpy(message->value, text, length);
    return GL_DELIVERED;
}

static enum gl_status
take_reply(struct client *client, unsigned long n,
           const struct gl_protection *protection)
{
    gss_buffer_desc payload = GSS_C_EMPTY_BUFFER, reply = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor, ignored;
    enum gl_status status;
    json_t *event, *saw;
    bool conf;

    status = receive_frame(client, GL_FRAME_REPLY + protection->number,
                           &payload);
    if (status != GL_DELIVERED)
        return status;
    major = protection->unprotect(&minor, client->context, &payload, &reply,
                                  &conf);
    if (gl_refused(major)) {
        status = gl_report_gss(&client->output, "unprotect reply", major,
                               minor, client->mechanism);
    } else {
        saw = json_loadb(reply.value, reply.length, JSON_REJECT_DUPLICATES,
                         NULL);
        event = json_pack("{s:s, s:I, s:b, s:o}", "event", "reply",
                          "number", (json_int_t)n, "confidential", conf,
                          "peer_saw", saw != NULL ? saw : json_null());
        gl_add_message_label(event, client->context);
        gl_report(&client->output, event);
    }
    (void)gss_release_buffer(&ignored, &payload);
    (void)gss_release_buffer(&ignored, &reply);
    return status;
}

static enum gl_status
send_message(struct client *client, unsigned long n)
{
    gss_buffer_desc message = GSS_C_EMPTY_BUFFER, payload = GSS_C_EMPTY_BUFFER;
    const struct gl_protection *protection = client->protection, *answer;
    OM_uint32 major, minor, ignored;
    enum gl_status status;
    json_t *event;

    /* A reply is authenticated even where the message was not. */
    answer = strcmp(protection->name, "none") == 0 ?
        gl_protection_find("integrity") : protection;
    if (n < client->labels.count) {
        status = set_message_label(client, client->labels.items[n]);
        if (status != GL_DELIVERED)
            return status;
    }
    status = make_message(client, n, &message);
    if (status != GL_DELIVERED)
        return status;
    major = protection->protect(&minor, client->context,
                                protection->confidential, &message, &payload);
    if (major != GSS_S_COMPLETE) {
        status = gl_report_gss(&client->output, protection->name, major,
                               minor, client->mechanism);
        goto cleanup;
    }
    status = send_frame(client, protection->number, &payload);
    if (status != GL_DELIVERED)
        goto cleanup;
    event = json_pack("{s:s, s:s, s:I, s:s, s:b}", "event", "message",
                      "direction", "sent", "number", (json_int_t)n + 1,
                      "protection", protection->name,
                      "confidential", protection->confidential);
    if (client->message_label != NULL)
        json_object_set_new(event, "label_local",
                            json_string(client->message_label));
    gl_add_message(event, &message);
    gl_report(&client->output, event);
    status = take_reply(client, n + 1, answer);

cleanup:
    (void)gss_release_buffer(&ignored, &message);
    (void)gss_release_buffer(&ignored, &payload);
    return status;
}

static void
pause_ms(int ms)
{
    struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

    while (ms > 0 && nanosleep(&ts, &ts) != 0 && errno == EINTR)
        ;
}

/* One refused message does not keep the others from being sent. */
static enum gl_status
send_messages(struct client *client)
{
    enum gl_status status, worst = GL_DELIVERED;
    unsigned long n;

    for (n = 0; n < client->count; n++) {
        if (n > 0)
            pause_ms(client->interval_ms);
        status = send_message(client, n);
        if (status > worst)
            worst = status;
        if (status == GL_SYSTEM)
            break;
    }
    return worst;
}

static enum gl_status
run(struct client *client)
{
    enum gl_status status;

    status = gl_import_name(&client->output, client->service,
                            &client->target);
    if (status == GL_DELIVERED) {
        status = gl_acquire(&client->output, GSS_C_NO_NAME, client->mechanism,
                            GSS_C_INITIATE, client->label, &client->cred);
    }
    if (status == GL_DELIVERED)
        status = establish(client);
    if (status == GL_DELIVERED) {
        gl_report_context(&client->output, client->context,
                          GSS_C_NO_CREDENTIAL);
        status = send_messages(client);
    }
    return status;
}

int
gl_client(int argc, char **argv)
{
    struct client client = {
        .output = { stdout, false }, .port = DEFAULT_PORT,
        .mechanism = gl_mechanism_find("krb5"),
        .protection = gl_protection_find("wrap"),
        .timeout_ms = DEFAULT_TIMEOUT_MS,
        .flags = GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG |
            GSS_C_SEQUENCE_FLAG | GSS_C_INTEG_FLAG,
        .fd = -1, .target = GSS_C_NO_NAME, .cred = GSS_C_NO_CREDENTIAL,
        .context = GSS_C_NO_CONTEXT
    };
    OM_uint32 minor;
    int status;

    status = parse(&client, argc, argv);
    if (status < 0)
        status = run(&client);
    if (client.fd >= 0)
        close(client.fd);
    (void)gss_delete_sec_context(&minor, &client.context, GSS_C_NO_BUFFER);
    (void)gss_release_cred(&minor, &client.cred);
    (void)gss_release_name(&minor, &client.target);
    free(client.host);
    free(client.messages.items);
    free(client.labels.items);
    return status;
}
