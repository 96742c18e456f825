/* tests/glue/glue.c - what the cases of the probe share */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "glue.h"
#include "gssapi_trustrealm.h"
#include "wire.h"

_Thread_local OM_uint32 minor;

/* --- failing ------------------------------------------------------------- */

char *
status_text(OM_uint32 minor_status)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 ignored, more = 0;
    char *copy;

    if (gss_display_status(&ignored, minor_status, GSS_C_MECH_CODE,
                           krb5_mech(), &more, &text) != GSS_S_COMPLETE)
        return strdup("?");
    copy = strndup(text.value, text.length);
    (void)gss_release_buffer(&ignored, &text);
    return copy;
}

void
fail_at(const char *file, int line, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s:%d: ", file, line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n");
    exit(1);
}

void
must_at(const char *file, int line, const char *what, OM_uint32 major)
{
    if (GSS_ERROR(major))
        fail_at(file, line, "%s: %08x, %s", what, major, status_text(minor));
}

void
must_fail_at(const char *file, int line, const char *what, OM_uint32 error,
             OM_uint32 major)
{
    if (GSS_ROUTINE_ERROR(major) != error)
        fail_at(file, line, "%s: %08x instead of %08x, %s", what, major, error,
                status_text(minor));
}

/* --- who we are ---------------------------------------------------------- */

static void
use_socket(const char *path)
{
    if (path == NULL || setenv(TR_SOCKET_ENV, path, 1) != 0)
        fail("no socket of trustrealmd");
}

void
be_initiator(void)
{
    use_socket(getenv("INITIATOR_SOCKET"));
}

void
be_acceptor(void)
{
    use_socket(getenv("ACCEPTOR_SOCKET"));
}

void
be_nobody(void)
{
    use_socket("/nonexistent/socket");
}

int
connection_after(int fd, const char *socket)
{
    struct sockaddr_un address;
    socklen_t length;

    while (++fd < 256) {
        memset(&address, 0, sizeof(address));
        length = sizeof(address);
        /* trustrealmd has bound it under a longer name. */
        if (getpeername(fd, (struct sockaddr *)&address, &length) == 0 &&
            address.sun_family == AF_UNIX &&
            strncmp(address.sun_path, socket, strlen(socket)) == 0)
            return fd;
    }
    return -1;
}

gss_OID
krb5_mech(void)
{
    static gss_OID_desc oid = { 9, "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02" };

    return &oid;
}

gss_OID
own_mech(void)
{
    static gss_OID_desc oid = GSS_TRUSTREALM_MECHANISM;

    return &oid;
}

gss_OID_desc
object(int number)
{
    static gss_OID_desc all[] = {
        GSS_TRUSTREALM_STATE, GSS_TRUSTREALM_REALM, GSS_TRUSTREALM_LABEL,
        GSS_TRUSTREALM_LABEL_LOCAL, GSS_TRUSTREALM_RANGE,
        GSS_TRUSTREALM_RANGE_LOCAL, GSS_TRUSTREALM_PEER_SYSTEM,
        GSS_TRUSTREALM_CORRELATION, GSS_TRUSTREALM_MESSAGE_LABEL,
        GSS_TRUSTREALM_CRED_LABEL
    };

    return all[number - 1];
}

gss_name_t
name_of(const char *text, gss_OID type)
{
    gss_buffer_desc buffer = { strlen(text), (void *)text };
    gss_name_t name;

    must(gss_import_name(&minor, &buffer, type, &name));
    return name;
}

gss_name_t
service_name(const char *service)
{
    char text[256];

    (void)snprintf(text, sizeof(text), "%s@%s", service,
                   getenv("ACCEPTOR_HOST"));
    return name_of(text, GSS_C_NT_HOSTBASED_SERVICE);
}

/* --- a context ----------------------------------------------------------- */

static OM_uint32
step_here(struct pair *pair, const struct wishes *wishes, gss_name_t target,
          gss_buffer_t in, gss_buffer_t out)
{
    be_initiator();
    return gss_init_sec_context(&minor, wishes->cred, &pair->initiator, target,
                                wishes->mech != NULL ? wishes->mech :
                                krb5_mech(), wishes->flags, 0,
                                wishes->bindings_here, in, &pair->mech_here,
                                out, &pair->flags_here, NULL);
}

static gss_name_t
target_of(const struct wishes *wishes)
{
    return service_name(wishes->service != NULL ? wishes->service : "sample");
}

gss_buffer_desc
initiate(struct pair *pair, const struct wishes *wishes)
{
    gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
    gss_name_t target = target_of(wishes);
    OM_uint32 ignored;

    memset(pair, 0, sizeof(*pair));
    pair->here = step_here(pair, wishes, target, GSS_C_NO_BUFFER, &out);
    must(pair->here);
    (void)gss_release_name(&ignored, &target);
    return out;
}

void
establish(struct pair *pair, const struct wishes *wishes)
{
    static const struct wishes none;
    gss_buffer_desc here, there = GSS_C_EMPTY_BUFFER;
    OM_uint32 second, ignored;
    gss_name_t target;

    if (wishes == NULL)
        wishes = &none;
    here = initiate(pair, wishes);
    target = target_of(wishes);
    do {
        be_acceptor();
        second = gss_accept_sec_context(&minor, &pair->acceptor,
                                        wishes->acceptor_cred, &here,
                                        wishes->bindings_there, &pair->client,
                                        &pair->mech_there, &there,
                                        &pair->flags_there, NULL,
                                        &pair->delegated);
        must(second);
        (void)gss_release_buffer(&ignored, &here);
        if (there.length > 0) {
            pair->here = step_here(pair, wishes, target, &there, &here);
            must(pair->here);
        }
        (void)gss_release_buffer(&ignored, &there);
    } while (here.length > 0);
    expect(pair->here == GSS_S_COMPLETE && second == GSS_S_COMPLETE);
    (void)gss_release_name(&ignored, &target);
}

void
end(struct pair *pair)
{
    OM_uint32 ignored;

    (void)gss_delete_sec_context(&ignored, &pair->initiator, GSS_C_NO_BUFFER);
    (void)gss_delete_sec_context(&ignored, &pair->acceptor, GSS_C_NO_BUFFER);
    (void)gss_release_name(&ignored, &pair->client);
    (void)gss_release_cred(&ignored, &pair->delegated);
}

/* --- exported contexts --------------------------------------------------- */

void
take_apart(gss_buffer_t exported, struct tr_exported_context *out)
{
    const uint8_t *at = exported->value;
    size_t header = 4 + at[3];

    expect(exported->length > header);
    expect(tr_wire_decode(TR_WIRE_EXPORTED_CONTEXT, at + header,
                          exported->length - header, out) == 0);
}

gss_buffer_desc
framed(gss_const_OID oid, const void *token, size_t length)
{
    uint8_t header[64] = { 0, 0, 0, (uint8_t)oid->length };

    memcpy(header + 4, oid->elements, oid->length);
    return join(header, 4 + oid->length, token, length);
}

gss_buffer_desc
put_together(const struct tr_exported_context *parts)
{
    gss_OID_desc oid = { (OM_uint32)parts->mechanism.length,
                         parts->mechanism.data };
    uint8_t *octets_out;
    size_t length;

    expect(tr_wire_encode(TR_WIRE_EXPORTED_CONTEXT, parts, &octets_out,
                          &length) == 0);
    return framed(&oid, octets_out, length);
}

void
take_label_away(gss_ctx_id_t *context)
{
    static gss_OID_desc interposer = GSS_TRUSTREALM_INTERPOSER;
    struct tr_exported_context parts;
    gss_buffer_desc exported, special;
    gss_OID_desc oid;

    must(gss_export_sec_context(&minor, context, &exported));
    take_apart(&exported, &parts);
    special = join(interposer.elements, interposer.length,
                   krb5_mech()->elements, krb5_mech()->length);
    oid.length = (OM_uint32)special.length;
    oid.elements = special.value;
    exported = framed(&oid, parts.inner.data, parts.inner.length);
    must(gss_import_sec_context(&minor, &exported, context));
}

/* --- labels -------------------------------------------------------------- */

void
choose_label(gss_ctx_id_t context, const char *label)
{
    gss_OID_desc oid = object(9);
    gss_buffer_desc value = { label != NULL ? strlen(label) : 0,
                              (void *)label };

    must(gss_set_sec_context_option(&minor, &context, &oid, &value));
}

char *
inquire(gss_ctx_id_t context, int number, size_t index)
{
    gss_OID_desc oid = object(number);
    gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
    OM_uint32 ignored;
    char *text;

    must(gss_inquire_sec_context_by_oid(&minor, context, &oid, &set));
    expect(set != GSS_C_NO_BUFFER_SET && set->count > index);
    text = strndup(set->elements[index].value, set->elements[index].length);
    (void)gss_release_buffer_set(&ignored, &set);
    return text;
}

void
expect_label(gss_ctx_id_t acceptor, bool changed)
{
    char *label = inquire(acceptor, 9, 0);

    if (strcmp(label, changed ? HIGHER : ESTABLISHED) != 0)
        fail("the message came with the label %s", label);
    free(label);
}

void
send_message(struct pair *p, const char *label)
{
    gss_buffer_desc message = { 12, "what is said" }, token, out;
    OM_uint32 ignored;

    be_initiator();
    choose_label(p->initiator, label);
    must(gss_wrap(&minor, p->initiator, 1, 0, &message, NULL, &token));
    be_acceptor();
    must(gss_unwrap(&minor, p->acceptor, &token, &out, NULL, NULL));
    expect_label(p->acceptor, label != NULL);
    (void)gss_release_buffer(&ignored, &token);
    (void)gss_release_buffer(&ignored, &out);
}

void
whole_context(void)
{
    gss_buffer_desc token;
    OM_uint32 ignored;
    struct pair p;

    establish(&p, NULL);
    send_message(&p, NULL);
    send_message(&p, HIGHER_HERE);
    send_message(&p, HIGHER_HERE);
    be_acceptor();
    must(gss_export_sec_context(&minor, &p.acceptor, &token));
    must(gss_import_sec_context(&minor, &token, &p.acceptor));
    (void)gss_release_buffer(&ignored, &token);
    send_message(&p, HIGHER_HERE);
    end(&p);
}

/* --- octets -------------------------------------------------------------- */

gss_buffer_desc
octets(size_t length)
{
    gss_buffer_desc out = { length, malloc(length + 1) };
    size_t i;

    for (i = 0; i < length; i++)
        ((uint8_t *)out.value)[i] = (uint8_t)(i * 7 + i / 251);
    return out;
}

bool
same(const gss_buffer_desc *a, const gss_buffer_desc *b)
{
    return a->length == b->length &&
        (a->length == 0 || memcmp(a->value, b->value, a->length) == 0);
}

gss_buffer_desc
join(const void *a, size_t a_length, const void *b, size_t b_length)
{
    gss_buffer_desc out = { a_length + b_length,
                            malloc(a_length + b_length + 1) };

    if (a_length > 0)
        memcpy(out.value, a, a_length);
    if (b_length > 0)
        memcpy((uint8_t *)out.value + a_length, b, b_length);
    return out;
}

void
tag_of(gss_ctx_id_t context, const char *direction, uint8_t tag[TR_TAG_LENGTH])
{
    char text[] = "trustrealm context 1";
    gss_buffer_desc input = { sizeof(text) - 1, text }, out;
    size_t other = *direction == 'i' ? 0 : TR_TAG_LENGTH;
    OM_uint32 ignored;

    must(gss_pseudo_random(&minor, context, GSS_C_PRF_KEY_FULL, &input,
                           TR_BINDING_LENGTH, &out));
    memcpy(tag, (uint8_t *)out.value + other, TR_TAG_LENGTH);
    tag[0] |= 0x80;
    (void)gss_release_buffer(&ignored, &out);
}
