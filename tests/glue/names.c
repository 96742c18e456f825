/* tests/glue/names.c - names: compared, exported, mapped, with attributes */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include "glue.h"
#include "gssapi_trustrealm.h"

static bool
equal(gss_name_t a, gss_name_t b)
{
    int answer = -1;

    must(gss_compare_name(&minor, a, b, &answer));
    return answer == 1;
}

static gss_name_t
canonical(gss_name_t name)
{
    gss_name_t out;

    must(gss_canonicalize_name(&minor, name, krb5_mech(), &out));
    return out;
}

static gss_name_t
user(const char *text)
{
    return name_of(text, (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME);
}

/*
 * The mechglue compares names of one OID only, and gives names of contexts,
 * canonicalized names and imported exported names three different ones: no
 * interposer can change that.  Within each, and with names that are not of a
 * mechanism yet, comparison is right; across them it says "different", never
 * falsely "equal".  gss_canonicalize_name() brings the first two together.
 */
static void
comparing_names(void)
{
    struct pair p, q;
    gss_buffer_desc token;
    gss_name_t canon, imported, copy, source;

    establish(&p, NULL);
    establish(&q, NULL);
    expect(equal(p.client, q.client));
    expect(equal(p.client, user(CLIENT)));
    expect(equal(user(CLIENT), p.client));
    expect(!equal(p.client, user("bob@EXAMPLE.TEST")));
    must(gss_duplicate_name(&minor, p.client, &copy));
    expect(equal(p.client, copy));
    must(gss_inquire_context(&minor, p.initiator, &source, NULL, NULL, NULL,
                             NULL, NULL, NULL));
    expect(equal(p.client, source));

    canon = canonical(user(CLIENT));
    expect(equal(canon, canonical(user(CLIENT))));
    expect(!equal(canon, canonical(user("bob@EXAMPLE.TEST"))));
    expect(equal(canon, canonical(p.client)));

    must(gss_export_name(&minor, p.client, &token));
    must(gss_import_name(&minor, &token, GSS_C_NT_EXPORT_NAME, &imported));
    expect(!equal(p.client, canon));
    expect(!equal(p.client, imported));
}

/* What is remembered of a text: names made of it are the same, and each is
 * its owner's; the type of the text counts. */
static void
importing_names_again(void)
{
    static const char text[] = "sample@beta.example.test";
    gss_name_t first = canonical(user(CLIENT));
    gss_name_t second = canonical(user(CLIENT));
    gss_buffer_desc shown;
    int i;

    expect(equal(first, second));
    must(gss_release_name(&minor, &first));
    must(gss_display_name(&minor, second, &shown, NULL));
    expect(shown.length == strlen(CLIENT) &&
           memcmp(shown.value, CLIENT, shown.length) == 0);
    for (i = 0; i < 2; i++) {
        first = canonical(user(text));
        second = canonical(name_of(text, GSS_C_NT_HOSTBASED_SERVICE));
        expect(!equal(first, second));
        expect(equal(second, canonical(user(
            "sample/beta.example.test@EXAMPLE.TEST"))));
    }
}

/* OpenSSH and others take the OID of krb5 and the principal out of it. */
static void
exporting_names(void)
{
    static const uint8_t head[] = "\x04\x01\x00\x0b\x06\x09"
        "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x00\x00\x00";
    gss_buffer_desc token, again;
    struct pair p;
    gss_name_t name;

    establish(&p, NULL);
    must(gss_export_name(&minor, p.client, &token));
    expect(token.length == sizeof(head) + strlen(CLIENT));
    expect(memcmp(token.value, head, sizeof(head) - 1) == 0);
    expect(memcmp((uint8_t *)token.value + sizeof(head), CLIENT,
                  strlen(CLIENT)) == 0);
    must(gss_export_name(&minor, canonical(user(CLIENT)), &again));
    expect(same(&token, &again));
    must(gss_import_name(&minor, &token, GSS_C_NT_EXPORT_NAME, &name));
    must(gss_export_name(&minor, name, &again));
    expect(same(&token, &again));
}

static void
exporting_composite_names(void)
{
    gss_buffer_desc token, text;
    gss_buffer_set_t set;
    size_t i;
    gss_name_t name;
    struct pair p;

    establish(&p, NULL);
    must(gss_export_name_composite(&minor, p.client, &token));
    must(gss_import_name(&minor, &token, GSS_C_NT_COMPOSITE_EXPORT, &name));
    must(gss_display_name(&minor, name, &text, NULL));
    expect(text.length == strlen(CLIENT) &&
           memcmp(text.value, CLIENT, text.length) == 0);
    /* What Kerberos knows of the name comes along, what we do does not. */
    expect(memcmp(token.value, "\4\2", 2) == 0);
    must(gss_inquire_name(&minor, name, NULL, NULL, &set));
    for (i = 0; i < set->count; i++)
        expect(memmem(set->elements[i].value, set->elements[i].length,
                      "trustrealm", 10) == NULL);
    must(gss_export_name_composite(&minor, canonical(user(CLIENT)), &token));
}

/*
 * krb5_kuserok() says no (there is no such account), and the name of the
 * account and of the principal are equal: a "no" must not become a "yes".
 * The mechglue asks the plugin about names of contexts alone.
 */
static void
no_stays_no(void)
{
    struct pair p;
    gss_name_t nobody = canonical(user("no-account@EXAMPLE.TEST"));
    gss_name_t local = name_of("no-account", GSS_C_NT_USER_NAME);
    gss_name_t alice = name_of("alice", GSS_C_NT_USER_NAME);

    establish(&p, NULL);
    if (getpwnam("alice") == NULL) {
        expect(GSS_ERROR(gss_authorize_localname(&minor, p.client, alice)));
        expect(!gss_userok(p.client, "alice"));
    }
    expect(GSS_ERROR(gss_authorize_localname(&minor, nobody, local)));
    expect(!gss_userok(nobody, "no-account"));
    expect(GSS_ERROR(gss_authorize_localname(&minor, p.client, local)));
    expect(!gss_userok(p.client, "no-account"));
    expect(!gss_userok(p.client, "root"));
}

/* An account that there is, and its principal. */
static void
yes_stays_yes(void)
{
    gss_name_t root = canonical(user("root@EXAMPLE.TEST"));
    gss_name_t local = name_of("root", GSS_C_NT_USER_NAME);

    must(gss_authorize_localname(&minor, root, local));
    expect(gss_userok(root, "root"));
    expect(!gss_userok(canonical(user("root@X.TEST")), "root"));
}

static void
local_names(void)
{
    gss_buffer_desc text;
    struct pair p;

    establish(&p, NULL);
    must(gss_localname(&minor, p.client, krb5_mech(), &text));
    expect(text.length == 5 && memcmp(text.value, "alice", 5) == 0);
    must(gss_localname(&minor, p.client, GSS_C_NO_OID, &text));
    expect(text.length == 5 && memcmp(text.value, "alice", 5) == 0);
}

/* --- attributes ---------------------------------------------------------- */

static char *
attribute(gss_name_t name, const char *attr, int *authenticated)
{
    gss_buffer_desc wanted = { strlen(attr), (void *)attr };
    gss_buffer_desc value = GSS_C_EMPTY_BUFFER;
    gss_buffer_desc shown = GSS_C_EMPTY_BUFFER;
    int complete = 0, more = -1;

    if (gss_get_name_attribute(&minor, name, &wanted, authenticated,
                               &complete, &value, &shown, &more) !=
        GSS_S_COMPLETE)
        return NULL;
    expect(complete && more == 0 && same(&value, &shown));
    return strndup(value.value, value.length);
}

static void
expect_attribute(gss_name_t name, const char *attr, const char *value)
{
    int authenticated = 0;
    char *found = attribute(name, attr, &authenticated);

    if (found == NULL || strcmp(found, value) != 0)
        fail("%s is %s, not %s", attr, found != NULL ? found : "missing",
             value);
    expect(authenticated);
}

static void
attributes_of_the_peer(void)
{
    gss_buffer_desc attr, value = { 6, "SECRET" };
    gss_buffer_set_t set;
    gss_name_t copy;
    struct pair p;
    size_t i, j, ours = 0;
    int authenticated;

    establish(&p, NULL);
    expect_attribute(p.client, GSS_TRUSTREALM_ATTR_STATE, "labelled");
    expect_attribute(p.client, GSS_TRUSTREALM_ATTR_REALM, "engineering");
    expect_attribute(p.client, GSS_TRUSTREALM_ATTR_LABEL, ESTABLISHED);
    expect_attribute(p.client, GSS_TRUSTREALM_ATTR_CORRELATION,
                     inquire(p.acceptor, 8, 0));
    expect_attribute(p.client, GSS_TRUSTREALM_ATTR_PEER_SYSTEM,
                     inquire(p.acceptor, 7, 0));
    must(gss_duplicate_name(&minor, p.client, &copy));
    expect_attribute(copy, GSS_TRUSTREALM_ATTR_LABEL, ESTABLISHED);
    must(gss_inquire_name(&minor, p.client, NULL, NULL, &set));
    for (i = 0; i < set->count; i++) {
        const gss_buffer_desc *one = &set->elements[i];

        if (one->length <= 11 || memcmp(one->value, "trustrealm-", 11) != 0)
            continue;
        ours++;
        /* Configurations of applications take little else: no colon. */
        for (j = 0; j < one->length; j++)
            expect(strchr("abcdefghijklmnopqrstuvwxyz-",
                          ((char *)one->value)[j]) != NULL);
    }
    expect(ours == 7);

    /* Nobody but the mechanism says so. */
    attr.value = GSS_TRUSTREALM_ATTR_LABEL;
    attr.length = strlen(attr.value);
    must_fail(GSS_S_UNAUTHORIZED,
              gss_set_name_attribute(&minor, p.client, 1, &attr, &value));
    must_fail(GSS_S_UNAUTHORIZED,
              gss_delete_name_attribute(&minor, p.client, &attr));
    expect_attribute(p.client, GSS_TRUSTREALM_ATTR_LABEL, ESTABLISHED);
    expect(attribute(canonical(user(CLIENT)), GSS_TRUSTREALM_ATTR_LABEL,
                     &authenticated) == NULL);
    expect(attribute(p.client, "trustrealm-nonsense", &authenticated) ==
           NULL);
}

const struct probe_case name_cases[] = {
    { "comparing_names", comparing_names },
    { "importing_names_again", importing_names_again },
    { "exporting_names", exporting_names },
    { "exporting_composite_names", exporting_composite_names },
    { "no_stays_no", no_stays_no },
    { "yes_stays_yes", yes_stays_yes },
    { "local_names", local_names },
    { "attributes_of_the_peer", attributes_of_the_peer },
    { NULL, NULL }
};
