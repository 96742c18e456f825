/* tests/glue/contexts.c - contexts: flags, half-open, exported */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "glue.h"
#include "gssapi_trustrealm.h"
#include "wire.h"

static void
exchange(struct pair *p, bool changed)
{
    gss_buffer_desc message = octets(50), token, out;
    OM_uint32 ignored;

    be_initiator();
    must(gss_wrap(&minor, p->initiator, 1, 0, &message, NULL, &token));
    be_acceptor();
    must(gss_unwrap(&minor, p->acceptor, &token, &out, NULL, NULL));
    expect(same(&message, &out));
    expect_label(p->acceptor, changed);
    (void)gss_release_buffer(&ignored, &token);
    (void)gss_release_buffer(&ignored, &out);
    free(message.value);
}

/* --- mechanisms and flags ------------------------------------------------ */

static bool
same_oid(gss_const_OID a, gss_const_OID b)
{
    return a->length == b->length &&
        memcmp(a->elements, b->elements, a->length) == 0;
}

static void
every_mechanism(void)
{
    static gss_OID_desc spnego = { 6, "\x2b\x06\x01\x05\x05\x02" };
    gss_OID mechs[] = {
        krb5_mech(), own_mech(), &spnego, (gss_OID)gss_mech_krb5_old,
        (gss_OID)gss_mech_krb5_wrong
    };
    struct wishes wishes = { 0 };
    gss_OID_set_desc set = { 1, NULL };
    struct pair p;
    size_t i;

    for (i = 0; i < sizeof(mechs) / sizeof(mechs[0]); i++) {
        wishes.mech = set.elements = mechs[i];
        be_acceptor();
        must(gss_acquire_cred(&minor, GSS_C_NO_NAME, 0, &set, GSS_C_ACCEPT,
                              &wishes.acceptor_cred, NULL, NULL));
        establish(&p, &wishes);
        if (mechs[i] != &spnego)
            expect(same_oid(p.mech_here, mechs[i]) &&
                   same_oid(p.mech_there, mechs[i]));
        exchange(&p, false);
        end(&p);
    }
}

static void
flags_that_are_told(void)
{
    gss_OID mech;
    struct wishes wishes = { .flags = GSS_C_REPLAY_FLAG };
    OM_uint32 flags;
    struct pair p;

    establish(&p, &wishes);
    expect((p.flags_here & GSS_C_MUTUAL_FLAG) != 0);
    expect((p.flags_here & GSS_C_IDENTIFY_FLAG) == 0);
    expect((p.flags_there & GSS_C_MUTUAL_FLAG) != 0);
    expect((p.flags_there & GSS_C_IDENTIFY_FLAG) == 0);
    must(gss_inquire_context(&minor, p.acceptor, NULL, NULL, NULL, &mech,
                             &flags, NULL, NULL));
    expect(flags == p.flags_there && same_oid(mech, krb5_mech()));
    must(gss_inquire_context(&minor, p.initiator, NULL, NULL, NULL, NULL,
                             &flags, NULL, NULL));
    expect((flags & GSS_C_IDENTIFY_FLAG) == 0);
    end(&p);
    wishes.flags = GSS_C_IDENTIFY_FLAG;
    establish(&p, &wishes);
    expect((p.flags_here & GSS_C_IDENTIFY_FLAG) != 0);
}

static void
channel_bindings(void)
{
    struct gss_channel_bindings_struct same_channel = {
        0, GSS_C_EMPTY_BUFFER, 0, GSS_C_EMPTY_BUFFER, { 7, "channel" }
    };
    struct gss_channel_bindings_struct other = {
        0, GSS_C_EMPTY_BUFFER, 0, GSS_C_EMPTY_BUFFER, { 5, "other" }
    };
    struct wishes wishes = { .bindings_here = &same_channel };
    gss_buffer_desc here, there;
    struct pair p;
    OM_uint32 flags;

    establish(&p, &wishes);
    expect((p.flags_there & GSS_C_CHANNEL_BOUND_FLAG) == 0);
    end(&p);
    wishes.bindings_there = &same_channel;
    establish(&p, &wishes);
    expect((p.flags_there & GSS_C_CHANNEL_BOUND_FLAG) != 0);
    must(gss_inquire_context(&minor, p.acceptor, NULL, NULL, NULL, NULL,
                             &flags, NULL, NULL));
    expect((flags & GSS_C_CHANNEL_BOUND_FLAG) != 0);
    end(&p);
    here = initiate(&p, &wishes);
    be_acceptor();
    must_fail(GSS_S_BAD_BINDINGS,
              gss_accept_sec_context(&minor, &p.acceptor, NULL, &here, &other,
                                     NULL, NULL, &there, NULL, NULL, NULL));
    expect(p.acceptor == GSS_C_NO_CONTEXT);
}

/* Nobody said that services of this trust realm are for delegation. */
static void
delegation_is_withheld(void)
{
    struct wishes wishes = { .flags = GSS_C_DELEG_FLAG };
    struct pair p;

    establish(&p, &wishes);
    expect((p.flags_here & GSS_C_DELEG_FLAG) == 0);
    expect((p.flags_there & GSS_C_DELEG_FLAG) == 0);
    expect(p.delegated == GSS_C_NO_CREDENTIAL);
}

static void
what_cannot_be_labelled(void)
{
    static const OM_uint32 flags[] = { GSS_C_DCE_STYLE, GSS_C_ANON_FLAG };
    gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_name_t target = service_name("sample");
    size_t i;

    be_initiator();
    for (i = 0; i < 2; i++) {
        must_fail(GSS_S_UNAVAILABLE,
                  gss_init_sec_context(&minor, NULL, &context, target,
                                       krb5_mech(), flags[i], 0, NULL, NULL,
                                       NULL, &out, NULL, NULL));
        expect(out.length == 0 && context == GSS_C_NO_CONTEXT);
    }
    must_fail(GSS_S_UNAVAILABLE,
              gss_init_sec_context(&minor, NULL, &context, target,
                                   (gss_OID)gss_mech_iakerb, 0, 0, NULL, NULL,
                                   NULL, &out, NULL, NULL));
    expect(out.length == 0 && context == GSS_C_NO_CONTEXT);
}

static void
daemon_away(void)
{
    gss_buffer_desc out = GSS_C_EMPTY_BUFFER, here, there;
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    struct wishes none = { 0 };
    struct pair p;
    char *why;

    here = initiate(&p, &none);
    be_nobody();
    must_fail(GSS_S_FAILURE,
              gss_init_sec_context(&minor, NULL, &context,
                                   service_name("sample"), krb5_mech(), 0, 0,
                                   NULL, NULL, NULL, &out, NULL, NULL));
    expect(out.length == 0 && context == GSS_C_NO_CONTEXT);
    why = status_text(minor);
    expect(strstr(why, "trustrealmd cannot be reached") != NULL);
    /* A peer hears of it as of any refusal. */
    must_fail(GSS_S_UNAUTHORIZED,
              gss_accept_sec_context(&minor, &p.acceptor, NULL, &here, NULL,
                                     NULL, NULL, &there, NULL, NULL, NULL));
    expect(there.length > 0 && p.acceptor == GSS_C_NO_CONTEXT);
    why = status_text(minor);
    expect(strstr(why, "trustrealmd cannot be reached") != NULL);
}

static void
errors_of_kerberos_read_well(void)
{
    gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    struct pair p;

    be_initiator();
    must_fail(GSS_S_FAILURE,
              gss_init_sec_context(&minor, NULL, &context,
                                   service_name("missing"), krb5_mech(), 0, 0,
                                   NULL, NULL, NULL, &out, NULL, NULL));
    expect(strstr(status_text(minor), "not found in Kerberos database") !=
           NULL);
    establish(&p, NULL);
    must_fail(GSS_S_DEFECTIVE_TOKEN,
              gss_unwrap(&minor, p.acceptor,
                         &(gss_buffer_desc){ 7, "garbage" }, &out, NULL,
                         NULL));
    expect(strcmp(status_text(minor), "?") != 0);
}

/* --- before the acceptance ----------------------------------------------- */

/* As Kerberos answers, which has no options at all. */
static void
options_that_are_unknown(void)
{
    gss_OID_desc oid = { 4, (void *)"\x2a\x03\x04\x05" };
    gss_buffer_desc value = { 3, "abc" };
    struct pair p;

    establish(&p, NULL);
    be_initiator();
    must_fail(GSS_S_UNAVAILABLE,
              gss_set_sec_context_option(&minor, &p.initiator, &oid, &value));
    expect(strcmp(status_text(minor), strerror(EINVAL)) == 0);
    end(&p);
}

static void
nothing_on_a_half_open_context(void)
{
    static gss_OID_desc lucid = {
        12, "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x06\x01"
    };
    static gss_OID_desc session_key = {
        11, "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x05"
    };
    gss_buffer_desc message = octets(5), out = GSS_C_EMPTY_BUFFER;
    struct wishes none = { 0 };
    gss_buffer_set_t set;
    OM_uint32 number;
    struct pair p;

    (void)initiate(&p, &none);
    expect((p.flags_here & GSS_C_PROT_READY_FLAG) == 0);
    must_fail(GSS_S_NO_CONTEXT, gss_wrap(&minor, p.initiator, 1, 0, &message,
                                         NULL, &out));
    must_fail(GSS_S_NO_CONTEXT, gss_unwrap(&minor, p.initiator, &message,
                                           &out, NULL, NULL));
    must_fail(GSS_S_NO_CONTEXT, gss_get_mic(&minor, p.initiator, 0, &message,
                                            &out));
    must_fail(GSS_S_NO_CONTEXT, gss_verify_mic(&minor, p.initiator, &message,
                                               &message, NULL));
    must_fail(GSS_S_NO_CONTEXT,
              gss_pseudo_random(&minor, p.initiator, 0, &message, 16, &out));
    must_fail(GSS_S_NO_CONTEXT,
              gss_wrap_size_limit(&minor, p.initiator, 1, 0, 100, &number));
    must_fail(GSS_S_NO_CONTEXT, gss_context_time(&minor, p.initiator,
                                                 &number));
    must_fail(GSS_S_NO_CONTEXT,
              gss_inquire_sec_context_by_oid(&minor, p.initiator, &lucid,
                                             &set));
    must_fail(GSS_S_NO_CONTEXT,
              gss_inquire_sec_context_by_oid(&minor, p.initiator,
                                             &session_key, &set));
    must_fail(GSS_S_NO_CONTEXT,
              gss_export_sec_context(&minor, &p.initiator, &out));
}

static void
prf_and_time(void)
{
    gss_buffer_desc input = { 5, "input" }, a, b;
    OM_uint32 time_left;
    struct pair p;

    establish(&p, NULL);
    be_initiator();
    must(gss_pseudo_random(&minor, p.initiator, GSS_C_PRF_KEY_PARTIAL, &input,
                           33, &a));
    be_acceptor();
    must(gss_pseudo_random(&minor, p.acceptor, GSS_C_PRF_KEY_PARTIAL, &input,
                           33, &b));
    expect(a.length == 33 && same(&a, &b));
    must(gss_context_time(&minor, p.acceptor, &time_left));
    expect(time_left > 0 && time_left < GSS_C_INDEFINITE);
}

/* The trust realm does not say that the kernel may have its contexts. */
static void
kernel_export_is_refused(void)
{
    void *lucid = NULL;
    struct pair p;
    char *why;

    establish(&p, NULL);
    be_initiator();
    must_fail(GSS_S_UNAVAILABLE,
              gss_krb5_export_lucid_sec_context(&minor, &p.initiator, 1,
                                                &lucid));
    why = status_text(minor);
    expect(strstr(why, "kernel") != NULL);
    exchange(&p, false);
}

/* --- exported ------------------------------------------------------------ */

static void
export_and_import(void)
{
    gss_OID mechs[] = { krb5_mech(), own_mech() };
    struct wishes wishes = { 0 };
    gss_buffer_desc token;
    struct pair p;
    size_t i;
    OM_uint32 ignored;

    for (i = 0; i < 2; i++) {
        wishes.mech = mechs[i];
        establish(&p, &wishes);
        be_initiator();
        choose_label(p.initiator, HIGHER_HERE);
        must(gss_export_sec_context(&minor, &p.initiator, &token));
        expect(p.initiator == GSS_C_NO_CONTEXT);
        must(gss_import_sec_context(&minor, &token, &p.initiator));
        (void)gss_release_buffer(&ignored, &token);
        be_acceptor();
        must(gss_export_sec_context(&minor, &p.acceptor, &token));
        must(gss_import_sec_context(&minor, &token, &p.acceptor));
        (void)gss_release_buffer(&ignored, &token);
        expect(strcmp(inquire(p.acceptor, 3, 0), ESTABLISHED) == 0);
        exchange(&p, true);
        be_initiator();
        choose_label(p.initiator, NULL);
        exchange(&p, false);
        end(&p);
    }
}

/* Kerberos' own token, a record of another context, none: not imported. */
static void
exported_contexts_that_are_not_whole(void)
{
    struct tr_exported_context a, b;
    gss_buffer_desc first, second, made;
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    struct tr_bytes record;
    struct pair p, q;
    char *why;

    establish(&p, NULL);
    establish(&q, NULL);
    be_acceptor();
    must(gss_export_sec_context(&minor, &p.acceptor, &first));
    must(gss_export_sec_context(&minor, &q.acceptor, &second));
    take_apart(&first, &a);
    take_apart(&second, &b);

    made = framed(krb5_mech(), a.inner.data, a.inner.length);
    must_fail(GSS_S_DEFECTIVE_TOKEN,
              gss_import_sec_context(&minor, &made, &context));
    made = framed(own_mech(), a.inner.data, a.inner.length);
    must_fail(GSS_S_DEFECTIVE_TOKEN,
              gss_import_sec_context(&minor, &made, &context));

    record = a.record;
    a.record = b.record;
    made = put_together(&a);
    must_fail(GSS_S_UNAUTHORIZED,
              gss_import_sec_context(&minor, &made, &context));
    why = status_text(minor);
    expect(strstr(why, "another context") != NULL);
    a.record.length = 0;
    made = put_together(&a);
    expect(GSS_ERROR(gss_import_sec_context(&minor, &made, &context)));
    a.plain = true;
    made = put_together(&a);
    expect(GSS_ERROR(gss_import_sec_context(&minor, &made, &context)));
    a.initiator = true;
    made = put_together(&a);
    expect(GSS_ERROR(gss_import_sec_context(&minor, &made, &context)));
    expect(context == GSS_C_NO_CONTEXT);

    a.record = record;
    a.plain = a.initiator = false;
    made = put_together(&a);
    must(gss_import_sec_context(&minor, &made, &context));
    /* Only the daemon that made it can read a record. */
    be_initiator();
    context = GSS_C_NO_CONTEXT;
    expect(GSS_ERROR(gss_import_sec_context(&minor, &made, &context)));
}

/* A record that is right, of a context that is said to be another kind: what
 * arrives would lose its label, or show it as data. */
static void
exported_contexts_that_lie(void)
{
    struct tr_exported_context parts;
    gss_buffer_desc token, made;
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    struct pair p;
    int i;

    for (i = 0; i < 2; i++) {
        establish(&p, NULL);
        be_acceptor();
        must(gss_export_sec_context(&minor, &p.acceptor, &token));
        take_apart(&token, &parts);
        if (i == 0)
            parts.plain = true;
        else
            parts.initiator = true;
        made = put_together(&parts);
        must_fail(GSS_S_DEFECTIVE_TOKEN,
                  gss_import_sec_context(&minor, &made, &context));
        expect(context == GSS_C_NO_CONTEXT);
    }
}

const struct probe_case context_cases[] = {
    { "every_mechanism", every_mechanism },
    { "flags_that_are_told", flags_that_are_told },
    { "channel_bindings", channel_bindings },
    { "delegation_is_withheld", delegation_is_withheld },
    { "what_cannot_be_labelled", what_cannot_be_labelled },
    { "daemon_away", daemon_away },
    { "errors_of_kerberos_read_well", errors_of_kerberos_read_well },
    { "options_that_are_unknown", options_that_are_unknown },
    { "nothing_on_a_half_open_context", nothing_on_a_half_open_context },
    { "prf_and_time", prf_and_time },
    { "kernel_export_is_refused", kernel_export_is_refused },
    { "export_and_import", export_and_import },
    { "exported_contexts_that_are_not_whole",
      exported_contexts_that_are_not_whole },
    { "exported_contexts_that_lie", exported_contexts_that_lie },
    { NULL, NULL }
};
