/* tests/glue/policies.c - what a policy makes of a context */
/* SPDX-License-Identifier: BSD-2-Clause */

/* Each of these wants a policy of its own: test_glue.py sees to it. */

#include "config.h"
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>
#include "glue.h"
#include "gssapi_trustrealm.h"
#include "wire.h"

static void
exchange(struct pair *p, int conf, bool labelled)
{
    gss_buffer_desc message = octets(50), token, out;
    int state = -1;

    be_initiator();
    must(gss_wrap(&minor, p->initiator, conf, 0, &message, &state, &token));
    be_acceptor();
    must(gss_unwrap(&minor, p->acceptor, &token, &out, &state, NULL));
    expect(same(&message, &out));
    if (labelled)
        expect_label(p->acceptor, false);
}

/* --- programs of a kind -------------------------------------------------- */

/*
 * In a setuid program the environment counts for nothing: the plugin is the
 * one of the machine, and so is the socket, where no daemon is.
 */
static void
setuid_program(void)
{
    gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    char *why;

    expect(getauxval(AT_SECURE) != 0);
    be_initiator();
    must_fail(GSS_S_FAILURE,
              gss_init_sec_context(&minor, NULL, &context,
                                   service_name("sample"), krb5_mech(), 0, 0,
                                   NULL, NULL, NULL, &out, NULL, NULL));
    why = status_text(minor);
    if (strstr(why, "trustrealmd cannot be reached: " TR_SOCKET_PATH) == NULL)
        fail("another reason: %s", why);
    expect(out.length == 0);
}

/* Where only the line of the mechanism's own OID is configured. */
static void
own_mechanism_alone(void)
{
    struct wishes wishes = { .mech = own_mech() };
    gss_OID_set_desc set = { 1, own_mech() };
    gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    struct pair p;

    be_acceptor();
    must(gss_acquire_cred(&minor, GSS_C_NO_NAME, 0, &set, GSS_C_ACCEPT,
                          &wishes.acceptor_cred, NULL, NULL));
    establish(&p, &wishes);
    exchange(&p, 1, true);
    /* krb5 is then what it was. */
    be_nobody();
    must(gss_init_sec_context(&minor, NULL, &context, service_name("sample"),
                              krb5_mech(), 0, 0, NULL, NULL, NULL, &out, NULL,
                              NULL));
}

/* --- limits in time ------------------------------------------------------ */

static void
expect_expired(gss_ctx_id_t context, const char *reason)
{
    gss_buffer_desc message = octets(5), out = GSS_C_EMPTY_BUFFER;
    OM_uint32 left = 1;

    must_fail(GSS_S_CONTEXT_EXPIRED,
              gss_wrap(&minor, context, 1, 0, &message, NULL, &out));
    expect(strstr(status_text(minor), reason) != NULL && out.length == 0);
    must_fail(GSS_S_CONTEXT_EXPIRED,
              gss_get_mic(&minor, context, 0, &message, &out));
    must_fail(GSS_S_CONTEXT_EXPIRED,
              gss_pseudo_random(&minor, context, 0, &message, 16, &out));
    must_fail(GSS_S_CONTEXT_EXPIRED,
              gss_export_sec_context(&minor, &context, &out));
    must_fail(GSS_S_CONTEXT_EXPIRED, gss_context_time(&minor, context, &left));
    expect(left == 0);
}

/* trIdleTimeout: 3 */
static void
idle_timeout(void)
{
    struct pair p;
    int i;

    establish(&p, NULL);
    for (i = 0; i < 5; i++) {   /* in use, and older than the timeout */
        usleep(700 * 1000);
        exchange(&p, 1, true);
    }
    usleep(4100 * 1000);
    be_initiator();
    expect_expired(p.initiator, "idle");
    be_acceptor();
    expect_expired(p.acceptor, "idle");
}

/* trLifetime: 4 */
static void
lifetime(void)
{
    OM_uint32 left = 0, shorter;
    struct pair p;
    int i;

    establish(&p, NULL);
    must(gss_context_time(&minor, p.initiator, &left));
    expect(left <= 4);
    must(gss_inquire_context(&minor, p.acceptor, NULL, NULL, &shorter, NULL,
                             NULL, NULL, NULL));
    expect(shorter <= 4);
    for (i = 0; i < 3; i++) {   /* in use, which makes it no longer */
        exchange(&p, 1, true);
        usleep(400 * 1000);
    }
    usleep(3300 * 1000);
    be_initiator();
    expect_expired(p.initiator, "ended");
    be_acceptor();
    expect_expired(p.acceptor, "ended");
}

/* The table changes again and again, nothing of it matters: each time both
 * ends judge anew, and records are issued and checked anew. */
static void
table_changes_meanwhile(void)
{
    gss_buffer_desc message = octets(64), token, out;
    struct pair p;
    int i;

    establish(&p, NULL);
    for (i = 0; i < 200; i++) {
        be_initiator();
        choose_label(p.initiator, i & 1 ? HIGHER_HERE : NULL);
        must(gss_wrap(&minor, p.initiator, 1, 0, &message, NULL, &token));
        be_acceptor();
        must(gss_unwrap(&minor, p.acceptor, &token, &out, NULL, NULL));
        expect(same(&message, &out));
        expect_label(p.acceptor, i & 1);
        must(gss_get_mic(&minor, p.acceptor, 0, &message, &token));
        be_initiator();
        must(gss_verify_mic(&minor, p.initiator, &message, &token, NULL));
        usleep(10 * 1000);
    }
}

/* --- protection, kernel, delegation -------------------------------------- */

/* trConfidentialFrom: a level that the agreed range reaches */
static void
confidentiality_is_forced(void)
{
    gss_buffer_desc message = octets(100), token, out, associated;
    gss_iov_buffer_desc iov[] = {
        { GSS_IOV_BUFFER_TYPE_HEADER | GSS_IOV_BUFFER_FLAG_ALLOCATE,
          GSS_C_EMPTY_BUFFER },
        { GSS_IOV_BUFFER_TYPE_DATA, octets(100) },
        { GSS_IOV_BUFFER_TYPE_PADDING | GSS_IOV_BUFFER_FLAG_ALLOCATE,
          GSS_C_EMPTY_BUFFER },
        { GSS_IOV_BUFFER_TYPE_TRAILER | GSS_IOV_BUFFER_FLAG_ALLOCATE,
          GSS_C_EMPTY_BUFFER }
    };
    OM_uint32 asked, got;
    struct pair p;
    int state = 0;

    establish(&p, NULL);
    expect((p.flags_here & GSS_C_CONF_FLAG) != 0);
    be_initiator();
    must(gss_wrap(&minor, p.initiator, 0, 0, &message, &state, &token));
    expect(state == 1);
    must(gss_wrap_size_limit(&minor, p.initiator, 0, 0, 4096, &asked));
    must(gss_wrap_size_limit(&minor, p.initiator, 1, 0, 4096, &got));
    expect(asked == got);
    be_acceptor();
    state = 0;
    must(gss_unwrap(&minor, p.acceptor, &token, &out, &state, NULL));
    expect(state == 1 && same(&message, &out));
    be_initiator();
    state = 0;
    must(gss_wrap_iov(&minor, p.initiator, 0, 0, &state, iov, 4));
    expect(state == 1);
    be_acceptor();
    must(gss_unwrap_iov(&minor, p.acceptor, NULL, NULL, iov, 4));
    be_initiator();
    must_fail(GSS_S_UNAUTHORIZED,
              gss_get_mic(&minor, p.initiator, 0, &message, &token));
    expect(strstr(status_text(minor), "confidentiality") != NULL);
    /* Buffers that are only signed are no message of this trust realm. */
    associated = octets(10);
    iov[1].type = GSS_IOV_BUFFER_TYPE_SIGN_ONLY;
    iov[1].buffer = associated;
    iov[0].type |= GSS_IOV_BUFFER_FLAG_ALLOCATE;
    iov[2].type |= GSS_IOV_BUFFER_FLAG_ALLOCATE;
    iov[3].type |= GSS_IOV_BUFFER_FLAG_ALLOCATE;
    must_fail(GSS_S_UNAUTHORIZED,
              gss_wrap_iov(&minor, p.initiator, 1, 0, NULL, iov, 4));
    /* A peer who does not care is not heard. */
    be_initiator();
    take_label_away(&p.initiator);
    must(gss_wrap(&minor, p.initiator, 0, 0, &message, NULL, &token));
    be_acceptor();
    must_fail(GSS_S_UNAUTHORIZED,
              gss_unwrap(&minor, p.acceptor, &token, &out, NULL, NULL));
    must(gss_get_mic(&minor, p.initiator, 0, &message, &token));
    must_fail(GSS_S_UNAUTHORIZED,
              gss_verify_mic(&minor, p.acceptor, &message, &token, NULL));
}

/* trKernelExport: TRUE, trKernelLifetime: 60 */
static void
kernel_export(void)
{
    gss_krb5_lucid_context_v1_t *lucid = NULL;
    uint32_t now = (uint32_t)time(NULL);
    struct pair p;

    establish(&p, NULL);
    be_initiator();
    choose_label(p.initiator, HIGHER_HERE);
    must_fail(GSS_S_UNAVAILABLE,
              gss_krb5_export_lucid_sec_context(&minor, &p.initiator, 1,
                                                (void **)&lucid));
    choose_label(p.initiator, NULL);
    must(gss_krb5_export_lucid_sec_context(&minor, &p.initiator, 1,
                                           (void **)&lucid));
    expect(lucid->version == 1 && lucid->initiate == 1);
    expect((uint32_t)lucid->endtime >= now + 50 &&
           (uint32_t)lucid->endtime <= now + 65);
    must(gss_krb5_free_lucid_sec_context(&minor, lucid));
}

/* trDelegation: sample */
static void
delegation(void)
{
    struct wishes wishes = { .flags = GSS_C_DELEG_FLAG };
    gss_buffer_desc shown;
    struct pair p, q;
    gss_name_t name;

    establish(&p, &wishes);
    expect((p.flags_here & GSS_C_DELEG_FLAG) != 0);
    expect((p.flags_there & GSS_C_DELEG_FLAG) != 0);
    expect(p.delegated != GSS_C_NO_CREDENTIAL);
    must(gss_inquire_cred(&minor, p.delegated, &name, NULL, NULL, NULL));
    must(gss_display_name(&minor, name, &shown, NULL));
    expect(strncmp(shown.value, CLIENT, shown.length) == 0);
    wishes.cred = p.delegated;
    wishes.flags = 0;
    establish(&q, &wishes);
}

/* trDelegation: sample, withdrawn meanwhile.  No context fails for that. */
static void
delegation_withdrawn(void)
{
    struct wishes wishes = { .flags = GSS_C_DELEG_FLAG };
    time_t end_time = time(NULL) + 20;
    bool delegated;
    struct pair p;
    int before = 0, after = 0;

    while (after < 20 && time(NULL) < end_time) {
        establish(&p, &wishes);
        delegated = p.delegated != GSS_C_NO_CREDENTIAL;
        expect(delegated == ((p.flags_there & GSS_C_DELEG_FLAG) != 0));
        expect(!delegated || after == 0);
        if (delegated)
            before++;
        else
            after++;
        end(&p);
    }
    expect(before > 0 && after == 20);
}

/* --- by-passes ----------------------------------------------------------- */

static void
expect_unlabelled(gss_ctx_id_t context)
{
    gss_OID_desc oid;
    gss_buffer_set_t set;
    int i;

    expect(strcmp(inquire(context, 1, 0), "unlabelled") == 0);
    for (i = 2; i <= 9; i++) {
        oid = object(i);
        must_fail(GSS_S_UNAVAILABLE,
                  gss_inquire_sec_context_by_oid(&minor, context, &oid, &set));
    }
}

static void
plain_exchange(struct pair *p)
{
    gss_buffer_desc message = octets(50), token;
    gss_OID_desc oid = object(9);
    gss_buffer_desc label = { 4, "open" };

    expect_unlabelled(p->initiator);
    expect_unlabelled(p->acceptor);
    exchange(p, 0, false);
    exchange(p, 1, false);
    be_initiator();
    must(gss_get_mic(&minor, p->initiator, 0, &message, &token));
    be_acceptor();
    must(gss_verify_mic(&minor, p->acceptor, &message, &token, NULL));
    must_fail(GSS_S_UNAVAILABLE,
              gss_set_sec_context_option(&minor, &p->initiator, &oid,
                                         &label));
}

static void
expect_unauthenticated(gss_name_t name)
{
    gss_buffer_desc attr = { strlen(GSS_TRUSTREALM_ATTR_STATE),
                             GSS_TRUSTREALM_ATTR_STATE };
    gss_buffer_desc value, shown;
    int authenticated = 1, complete, more = -1;

    must(gss_get_name_attribute(&minor, name, &attr, &authenticated,
                                &complete, &value, &shown, &more));
    expect(!authenticated && value.length == 10 &&
           memcmp(value.value, "unlabelled", 10) == 0);
}

/* Both ends by-pass the labels for the service "plain". */
static void
bypass(void)
{
    static const OM_uint32 flags[] = {
        0, GSS_C_MUTUAL_FLAG, GSS_C_MUTUAL_FLAG | GSS_C_DCE_STYLE,
        GSS_C_IDENTIFY_FLAG         /* taken off: it would be a marker */
    };
    struct wishes wishes = { .service = "plain" };
    struct pair p;
    size_t i;

    for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        wishes.flags = flags[i];
        wishes.mech = krb5_mech();
        establish(&p, &wishes);
        expect(((p.flags_here ^ flags[i]) & GSS_C_MUTUAL_FLAG) == 0);
        expect_unauthenticated(p.client);
        if ((flags[i] & GSS_C_DCE_STYLE) == 0)
            plain_exchange(&p);
        end(&p);
        wishes.mech = own_mech();
        if ((flags[i] & GSS_C_DCE_STYLE) != 0)
            continue;           /* frames have no OID: only krb5 is found */
        establish(&p, &wishes);
        plain_exchange(&p);
        end(&p);
    }
}

static void
bypass_exported(void)
{
    struct wishes wishes = { .service = "plain",
                             .flags = GSS_C_MUTUAL_FLAG };
    gss_buffer_desc token;
    struct pair p;

    establish(&p, &wishes);
    be_initiator();
    must(gss_export_sec_context(&minor, &p.initiator, &token));
    must(gss_import_sec_context(&minor, &token, &p.initiator));
    be_acceptor();
    must(gss_export_sec_context(&minor, &p.acceptor, &token));
    must(gss_import_sec_context(&minor, &token, &p.acceptor));
    plain_exchange(&p);
}

/* IAKERB is for by-passes only. */
static void
bypass_iakerb(void)
{
    gss_OID_set_desc set = { 1, (gss_OID)gss_mech_iakerb };
    struct wishes wishes = { .service = "plain", .flags = GSS_C_MUTUAL_FLAG,
                             .mech = (gss_OID)gss_mech_iakerb };
    struct pair p;

    must(gss_acquire_cred(&minor, GSS_C_NO_NAME, 0, &set, GSS_C_INITIATE,
                          &wishes.cred, NULL, NULL));
    be_acceptor();
    must(gss_acquire_cred(&minor, GSS_C_NO_NAME, 0, &set, GSS_C_ACCEPT,
                          &wishes.acceptor_cred, NULL, NULL));
    establish(&p, &wishes);
    plain_exchange(&p);
}

/* --- groups -------------------------------------------------------------- */

/* The rule is for a group that this process may drop. */
/* What was allowed is not, nor is it asked as whoever it was. */
static void
expect_refusal(void)
{
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_buffer_desc token;

    be_initiator();
    must_fail(GSS_S_UNAUTHORIZED,
              gss_init_sec_context(&minor, NULL, &context,
                                   service_name("sample"), krb5_mech(), 0, 0,
                                   NULL, NULL, NULL, &token, NULL, NULL));
}

static void
group_dropped(void)
{
    gid_t other = getgid();
    struct pair p;

    establish(&p, NULL);
    end(&p);
    /* As many as before. */
    expect(setgroups(1, &other) == 0);
    expect_refusal();
}

static void
group_changed(void)
{
    struct pair p;

    establish(&p, NULL);
    end(&p);
    expect(setegid(getuid()) == 0);
    expect_refusal();
}

static void
user_changed(void)
{
    struct pair p;

    establish(&p, NULL);
    end(&p);
    expect(seteuid(getuid() + 1) == 0);
    expect_refusal();
}

/* --- streams ------------------------------------------------------------- */

static OM_uint32
unwrap_stream(struct pair *p, gss_buffer_desc token, gss_buffer_t out)
{
    gss_iov_buffer_desc iov[] = {
        { GSS_IOV_BUFFER_TYPE_STREAM, token },
        { GSS_IOV_BUFFER_TYPE_DATA, GSS_C_EMPTY_BUFFER }
    };
    OM_uint32 major;

    major = gss_unwrap_iov(&minor, p->acceptor, NULL, NULL, iov, 2);
    *out = iov[1].buffer;
    return major;
}

/* What is cut out of a token, with the beginning of another kind in front:
 * refused, or the message if only the frame is gone. */
static void
streams_of_another_kind(struct pair *p, const gss_buffer_desc *token,
                        const gss_buffer_desc *message)
{
    static const char kinds[][3] = {
        "\1\1", "\1\2", "\2\1", "\4\4", "\4\5", "\5\4", "\x60\x20"
    };
    gss_buffer_desc bad, out;
    size_t rest, i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        for (rest = 3; rest <= token->length; rest++) {
            bad = join(kinds[i], 2, (uint8_t *)token->value + rest,
                       token->length - rest);
            expect(GSS_ERROR(unwrap_stream(p, bad, &out)) ||
                   same(&out, message));
            free(bad.value);
        }
    }
}

/* Sealed and signed by whoever and with whatever key, it says, as RFC 4121
 * has it, and with octets to leave out. */
static void
headers_of_rfc_4121(struct pair *p, const gss_buffer_desc *token)
{
    uint8_t header[16] = { 5, 4, 0, 0xff, 0, 16 };
    gss_buffer_desc bad, out;

    for (header[2] = 0; header[2] < 8; header[2]++) {
        gss_iov_buffer_desc iov[] = {
            { GSS_IOV_BUFFER_TYPE_HEADER, { sizeof(header), header } },
            { GSS_IOV_BUFFER_TYPE_DATA, GSS_C_EMPTY_BUFFER },
            { GSS_IOV_BUFFER_TYPE_TRAILER, octets(44) }
        };

        bad = join(header, sizeof(header), token->value, token->length);
        expect(GSS_ERROR(unwrap_stream(p, bad, &out)));
        iov[1].buffer = bad;
        expect(GSS_ERROR(gss_unwrap_iov(&minor, p->acceptor, NULL, NULL, iov,
                                        3)));
        free(bad.value);
        free(iov[2].buffer.value);
    }
}

/* Streams of this context, whose tokens begin so, arrive; others disturb
 * nothing. */
static void
streams(const struct wishes *wishes, uint8_t beginning)
{
    gss_buffer_desc message = octets(100), token, out;
    struct pair p;
    int conf;

    establish(&p, wishes);
    for (conf = 0; conf < 2; conf++) {
        be_initiator();
        must(gss_wrap(&minor, p.initiator, conf, 0, &message, NULL, &token));
        expect(*(uint8_t *)token.value == beginning);
        be_acceptor();
        streams_of_another_kind(&p, &token, &message);
        headers_of_rfc_4121(&p, &token);
        must(unwrap_stream(&p, token, &out));
        expect(same(&out, &message));
    }
}

#define RFC_4121 0x05
#define RFC_1964 0x60
static const struct wishes unlabelled = { .service = "plain" };

static void
bypass_streams(void)
{
    streams(&unlabelled, RFC_4121);
}

/* Labels are for AES keys; what Kerberos accepts by others is given up. */
static void
no_label_by_rc4(void)
{
    static const struct wishes none;
    gss_buffer_desc token, there = GSS_C_EMPTY_BUFFER;
    struct pair p;

    token = initiate(&p, &none);
    be_acceptor();
    must_fail(GSS_S_UNAUTHORIZED,
              gss_accept_sec_context(&minor, &p.acceptor, NULL, &token, NULL,
                                     &p.client, NULL, &there, NULL, NULL,
                                     NULL));
    expect(strstr(status_text(minor), "no AES key") != NULL);
    expect(p.acceptor == GSS_C_NO_CONTEXT && p.client == GSS_C_NO_NAME);
}

static void
bypass_streams_of_rc4(void)
{
    streams(&unlabelled, RFC_1964);
}

const struct probe_case policy_cases[] = {
    { "setuid_program", setuid_program },
    { "own_mechanism_alone", own_mechanism_alone },
    { "idle_timeout", idle_timeout },
    { "lifetime", lifetime },
    { "table_changes_meanwhile", table_changes_meanwhile },
    { "confidentiality_is_forced", confidentiality_is_forced },
    { "kernel_export", kernel_export },
    { "delegation", delegation },
    { "delegation_withdrawn", delegation_withdrawn },
    { "group_dropped", group_dropped },
    { "group_changed", group_changed },
    { "user_changed", user_changed },
    { "bypass", bypass },
    { "bypass_exported", bypass_exported },
    { "bypass_iakerb", bypass_iakerb },
    { "bypass_streams", bypass_streams },
    { "no_label_by_rc4", no_label_by_rc4 },
    { "bypass_streams_of_rc4", bypass_streams_of_rc4 },
    { NULL, NULL }
};
