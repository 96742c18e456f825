/* tools/gss-label/token.c - make or take a single context token */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>
#include <gssapi/gssapi_alloc.h>
#include "gss-label.h"

struct token {
    struct gl_output output;
    const struct gl_mechanism *mechanism;       /* NULL: any */
    const char *service, *label;
    bool raw, reply;
    OM_uint32 flags;

    gss_name_t name;
    gss_cred_id_t cred, delegated;
    gss_ctx_id_t context;
};

static const char usage[] =
    "usage: gss-label token init [OPTION...] SERVICE@HOST\n"
    "       gss-label token accept [OPTION...]\n\n"
    "init writes its first token to standard output, accept reads one\n"
    "from standard input and writes the reply; what became of it goes\n"
    "to standard error (with --json: all to standard output).\n\n"
    "  -m, --mech MECHANISM   krb5, trustrealm, spnego or "
    "spnego-default\n"
    "  -r, --raw              tokens as they are, not in base64\n"
    "  -j, --json             one JSON object a line\n"
    "init:\n"
    "  -l, --label LABEL      of the context (this system's format)\n"
    "  -c, --conf             ask for confidentiality\n"
    "  -d, --delegate         delegate credentials\n"
    "      --no-mutual        do not ask for mutual authentication\n"
    "  -R, --reply            then read the reply and finish\n"
    "accept:\n"
    "  -S, --service NAME@HOST  accept for this service only\n";

#define COMMON_OPTIONS \
    { "mech", required_argument, NULL, 'm' }, \
    { "raw", no_argument, NULL, 'r' }, \
    { "json", no_argument, NULL, 'j' }, \
    { "help", no_argument, NULL, 'h' }

static const struct option init_options[] = {
    COMMON_OPTIONS,
    { "label", required_argument, NULL, 'l' },
    { "conf", no_argument, NULL, 'c' },
    { "delegate", no_argument, NULL, 'd' },
    { "no-mutual", no_argument, NULL, 'U' },
    { "reply", no_argument, NULL, 'R' },
    { NULL, 0, NULL, 0 }
};

static const struct option accept_options[] = {
    COMMON_OPTIONS,
    { "service", required_argument, NULL, 'S' },
    { NULL, 0, NULL, 0 }
};

static bool
take_option(void *self, int c, const char *arg)
{
    struct token *token = self;

    switch (c) {
    case 'm':
        token->mechanism = gl_mechanism_find(arg);
        return token->mechanism != NULL;
    case 'r':
        token->raw = true;
        return true;
    case 'j':
        token->output.json = true;
        token->output.stream = stdout;
        return true;
    case 'l':
        token->label = arg;
        return true;
    case 'c':
        token->flags |= GSS_C_CONF_FLAG;
        return true;
    case 'd':
        token->flags |= GSS_C_DELEG_FLAG;
        return true;
    case 'U':
        token->flags &= ~(OM_uint32)GSS_C_MUTUAL_FLAG;
        return true;
    case 'R':
        token->reply = true;
        return true;
    case 'S':
        token->service = arg;
        return true;
    default:
        return false;
    }
}

static const struct gl_command init_command = {
    "token init", usage, "m:rjhl:cdR", init_options, take_option
}, accept_command = {
    "token accept", usage, "m:rjhS:", accept_options, take_option
};

/* -1 to go on, or the exit status. */
static int
parse(const struct gl_command *command, struct token *token, int argc,
      char **argv, int operands)
{
    int status = gl_take_options(command, token, argc, argv);

    if (status >= 0)
        return status;
    if (argc - optind != operands)
        return gl_usage(command, operands == 0 ? "too many arguments" :
                        "a service is needed");
    if (token->raw && token->output.json)
        return gl_usage(command, "--raw and --json exclude each other");
    return -1;
}

static enum gl_status
write_token(struct token *token, const gss_buffer_desc *data)
{
    size_t size = (data->length + 2) / 3 * 4 + 1;
    enum gl_status status = GL_DELIVERED;
    char *text = NULL;

    if (token->raw) {
        if (fwrite(data->value, 1, data->length, stdout) != data->length)
            status = GL_SYSTEM;
    } else {
        text = malloc(size);
        if (text == NULL ||
            b64_ntop(data->value, data->length, text, size) < 0) {
            status = GL_SYSTEM;
        } else if (token->output.json) {
            gl_report(&token->output,
                      json_pack("{s:s, s:I, s:s}", "event", "token",
                                "length", (json_int_t)data->length,
                                "token", text));
        } else {
            printf("%s\n", text);
        }
    }
    free(text);
    if (fflush(stdout) != 0)
        status = GL_SYSTEM;
    if (status != GL_DELIVERED)
        gl_report_error(&token->output, "write", errno);
    return status;
}

/* A line of base64, or all that there is. */
static enum gl_status
read_token(struct token *token, gss_buffer_t out)
{
    size_t size = token->raw ? GL_MAX_FRAME : GL_MAX_FRAME / 3 * 4 + 4;
    size_t length = 0;
    uint8_t *data;
    int c, n;

    data = gssalloc_malloc(size + 1);
    if (data == NULL) {
        gl_report_error(&token->output, "read", ENOMEM);
        return GL_SYSTEM;
    }
    while (length < size && (c = getchar()) != EOF &&
           (token->raw || c != '\n'))
        data[length++] = (uint8_t)c;
    data[length] = '\0';
    if (!token->raw) {
        /* In place: four characters become at most three octets. */
        n = b64_pton((char *)data, data, size);
        if (n < 0) {
            gl_report_error(&token->output, "not base64", 0);
            gssalloc_free(data);
            return GL_SYSTEM;
        }
        length = n;
    }
    /* gss_release_buffer() frees nothing of length 0. */
    if (length == 0) {
        gssalloc_free(data);
        data = NULL;
    }
    out->value = data;
    out->length = length;
    return GL_DELIVERED;
}

/* One step of the initiator. */
static enum gl_status
step(struct token *token, gss_buffer_t in, OM_uint32 *major_out)
{
    gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
    enum gl_status status = GL_DELIVERED;
    OM_uint32 minor, ignored;

    *major_out = gss_init_sec_context(&minor, token->cred, &token->context,
                                      token->name, token->mechanism->oid,
                                      token->flags, 0,
                                      GSS_C_NO_CHANNEL_BINDINGS, in, NULL,
                                      &out, NULL, NULL);
    if (out.length > 0)
        status = write_token(token, &out);
    (void)gss_release_buffer(&ignored, &out);
    if (GSS_ERROR(*major_out))
        status = gl_report_gss(&token->output, "gss_init_sec_context",
                               *major_out, minor, token->mechanism);
    return status;
}

static enum gl_status
run_init(struct token *token)
{
    gss_buffer_desc in = GSS_C_EMPTY_BUFFER;
    enum gl_status status;
    OM_uint32 major = 0, minor;

    status = gl_import_name(&token->output, token->service, &token->name);
    if (status == GL_DELIVERED) {
        status = gl_acquire(&token->output, GSS_C_NO_NAME, token->mechanism,
                            GSS_C_INITIATE, token->label, &token->cred);
    }
    if (status == GL_DELIVERED)
        status = step(token, &in, &major);
    if (status == GL_DELIVERED && token->reply &&
        (major & GSS_S_CONTINUE_NEEDED)) {
        status = read_token(token, &in);
        if (status == GL_DELIVERED)
            status = step(token, &in, &major);
        (void)gss_release_buffer(&minor, &in);
    }
    if (status == GL_DELIVERED && !(major & GSS_S_CONTINUE_NEEDED)) {
        gl_report_context(&token->output, token->context,
                          GSS_C_NO_CREDENTIAL);
    } else if (status == GL_DELIVERED && token->reply) {
        gl_report_error(&token->output, "more tokens are needed", 0);
        status = GL_REFUSED;
    }
    return status;
}

static enum gl_status
run_accept(struct token *token)
{
    gss_buffer_desc in = GSS_C_EMPTY_BUFFER, out = GSS_C_EMPTY_BUFFER;
    enum gl_status status;
    OM_uint32 major, minor, ignored;

    status = gl_acquire_acceptor(&token->output, token->service,
                                 token->mechanism, &token->cred);
    if (status == GL_DELIVERED)
        status = read_token(token, &in);
    if (status != GL_DELIVERED)
        goto cleanup;
    major = gss_accept_sec_context(&minor, &token->context, token->cred, &in,
                                   GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL,
                                   &out, NULL, NULL, &token->delegated);
    if (out.length > 0)
        status = write_token(token, &out);
    if (GSS_ERROR(major)) {
        status = gl_report_gss(&token->output, "gss_accept_sec_context",
                               major, minor, token->mechanism);
    } else if (major & GSS_S_CONTINUE_NEEDED) {
        gl_report_error(&token->output, "more tokens are needed", 0);
        status = GL_REFUSED;
    } else {
        gl_report_context(&token->output, token->context, token->delegated);
    }

cleanup:
    (void)gss_release_buffer(&ignored, &in);
    (void)gss_release_buffer(&ignored, &out);
    return status;
}

int
gl_token(int argc, char **argv)
{
    struct token token = {
        .output = { stderr, false },
        .flags = GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG |
            GSS_C_SEQUENCE_FLAG | GSS_C_INTEG_FLAG,
        .name = GSS_C_NO_NAME, .cred = GSS_C_NO_CREDENTIAL,
        .delegated = GSS_C_NO_CREDENTIAL, .context = GSS_C_NO_CONTEXT
    };
    OM_uint32 minor;
    int status;

    if (argc > 1 && strcmp(argv[1], "init") == 0) {
        token.mechanism = gl_mechanism_find("krb5");
        status = parse(&init_command, &token, argc - 1, argv + 1, 1);
        if (status < 0) {
            token.service = argv[1 + optind];
            status = run_init(&token);
        }
    } else if (argc > 1 && strcmp(argv[1], "accept") == 0) {
        status = parse(&accept_command, &token, argc - 1, argv + 1, 0);
        if (status < 0)
            status = run_accept(&token);
    } else {
        status = argc > 1 && (strcmp(argv[1], "--help") == 0 ||
                              strcmp(argv[1], "-h") == 0) ?
            GL_DELIVERED : GL_USAGE;
        fputs(usage, status == GL_DELIVERED ? stdout : stderr);
    }
    (void)gss_delete_sec_context(&minor, &token.context, GSS_C_NO_BUFFER);
    (void)gss_release_cred(&minor, &token.cred);
    (void)gss_release_cred(&minor, &token.delegated);
    (void)gss_release_name(&minor, &token.name);
    return status;
}
