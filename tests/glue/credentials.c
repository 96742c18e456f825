/* tests/glue/credentials.c - credentials: whose, and with which label */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "glue.h"
#include "gssapi_trustrealm.h"

static gss_OID_set_desc
only(gss_OID mech)
{
    gss_OID_set_desc set = { 1, mech };

    return set;
}

static gss_cred_id_t
acquire(gss_OID mech, gss_cred_usage_t usage)
{
    gss_OID_set_desc set = only(mech);
    gss_cred_id_t cred;

    must(gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &set,
                          usage, &cred, NULL, NULL));
    return cred;
}

static gss_cred_id_t
from_ccache(const char *ccache)
{
    gss_key_value_element_desc element = { "ccache", ccache };
    gss_key_value_set_desc store = { 1, &element };
    gss_OID_set_desc set = only(krb5_mech());
    gss_cred_id_t cred;

    must(gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &set,
                               GSS_C_INITIATE, &store, &cred, NULL, NULL));
    return cred;
}

static bool
is_named(gss_name_t name, const char *text)
{
    gss_buffer_desc shown;

    must(gss_display_name(&minor, name, &shown, NULL));
    return shown.length == strlen(text) &&
        memcmp(shown.value, text, shown.length) == 0;
}

static void
set_label(gss_cred_id_t *cred, const char *label)
{
    gss_OID_desc oid = object(10);
    gss_buffer_desc value = { strlen(label), (void *)label };

    must(gss_set_cred_option(&minor, cred, &oid, &value));
}

/* --- whose --------------------------------------------------------------- */

static void
credential_is_used(void)
{
    struct wishes wishes = { .cred = from_ccache(getenv("OTHER_CCACHE")) };
    struct pair p;

    establish(&p, &wishes);
    expect(is_named(p.client, "bob@EXAMPLE.TEST"));
    end(&p);
    establish(&p, NULL);
    expect(is_named(p.client, CLIENT));
}

/*
 * gss_krb5_import_cred() makes a credential of the mechanism below, which the
 * mechglue does not find under the interposed one: the initiator goes on with
 * the default credential, another user's, and nothing tells the plugin that
 * there was one.  An acceptor's takes the mechglue past the plugin, and the
 * initiator refuses what comes back.  No interposer can change either;
 * gss_acquire_cred_from() does the same job.  (doc/THREATS)
 */
static void
imported_krb5_credential_is_not_seen(void)
{
    struct pair p;
    struct wishes wishes = { 0 };
    gss_buffer_desc here, there;
    gss_cred_id_t cred;
    krb5_context context;
    krb5_ccache ccache;
    krb5_keytab keytab;
    gss_name_t target;

    expect(krb5_init_context(&context) == 0);
    expect(krb5_cc_resolve(context, getenv("OTHER_CCACHE"), &ccache) == 0);
    must(gss_krb5_import_cred(&minor, ccache, NULL, NULL, &cred));
    wishes.cred = cred;
    establish(&p, &wishes);
    expect(is_named(p.client, CLIENT));

    expect(krb5_kt_default(context, &keytab) == 0);
    must(gss_krb5_import_cred(&minor, NULL, NULL, keytab, &cred));
    wishes.cred = GSS_C_NO_CREDENTIAL;
    here = initiate(&p, &wishes);
    be_acceptor();
    must(gss_accept_sec_context(&minor, &p.acceptor, cred, &here, NULL, NULL,
                                NULL, &there, NULL, NULL, NULL));
    be_initiator();
    target = service_name("sample");
    must_fail(GSS_S_UNAUTHORIZED,
              gss_init_sec_context(&minor, NULL, &p.initiator, target,
                                   krb5_mech(), 0, 0, NULL, &there, NULL,
                                   &here, NULL, NULL));
}

static void
inquiring_credentials(void)
{
    gss_cred_id_t cred = acquire(krb5_mech(), GSS_C_INITIATE);
    OM_uint32 lifetime = 0;
    gss_OID_set mechs;
    gss_name_t name;
    int usage = -1, member;

    must(gss_inquire_cred(&minor, cred, &name, &lifetime, &usage, &mechs));
    expect(is_named(name, CLIENT));
    expect(lifetime > 0 && usage == GSS_C_INITIATE);
    must(gss_test_oid_set_member(&minor, krb5_mech(), mechs, &member));
    expect(mechs->count == 1 && member);
    must(gss_inquire_cred_by_mech(&minor, cred, krb5_mech(), &name, &lifetime,
                                  NULL, &usage));
    expect(is_named(name, CLIENT));
    must(gss_inquire_cred(&minor, GSS_C_NO_CREDENTIAL, &name, NULL, NULL,
                          NULL));
    expect(is_named(name, CLIENT));
    must(gss_release_cred(&minor, &cred));
    cred = acquire(own_mech(), GSS_C_INITIATE);
    must(gss_inquire_cred(&minor, cred, &name, NULL, NULL, &mechs));
    must(gss_test_oid_set_member(&minor, own_mech(), mechs, &member));
    expect(is_named(name, CLIENT) && mechs->count == 1 && member);
}

static void
credentials_with_a_password(void)
{
    gss_buffer_desc password = { 5, "wrong" };
    gss_OID_set_desc set = only(krb5_mech());
    gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
    gss_name_t name = name_of("alice", GSS_C_NT_USER_NAME);
    char *why;

    expect(GSS_ERROR(gss_acquire_cred_with_password(&minor, name, &password, 0,
                                                    &set, GSS_C_INITIATE,
                                                    &cred, NULL, NULL)));
    why = status_text(minor);
    expect(strstr(why, "assword") != NULL || strstr(why, "ecrypt") != NULL ||
           strstr(why, "reauth") != NULL);
}

static void
options_of_krb5_credentials(void)
{
    krb5_enctype enctypes[] = { ENCTYPE_AES256_CTS_HMAC_SHA1_96 };
    gss_cred_id_t cred = acquire(krb5_mech(), GSS_C_INITIATE);
    krb5_context context;
    krb5_ccache ccache;
    krb5_principal principal;
    const char *old = NULL;
    gss_name_t name;
    char *text;

    must(gss_krb5_set_allowable_enctypes(&minor, cred, 1, enctypes));
    expect(krb5_init_context(&context) == 0);
    expect(krb5_cc_new_unique(context, "MEMORY", NULL, &ccache) == 0);
    expect(krb5_parse_name(context, CLIENT, &principal) == 0);
    expect(krb5_cc_initialize(context, ccache, principal) == 0);
    must(gss_inquire_cred(&minor, cred, &name, NULL, NULL, NULL));
    must(gss_krb5_copy_ccache(&minor, cred, ccache));
    expect(krb5_cc_get_principal(context, ccache, &principal) == 0);
    expect(krb5_unparse_name(context, principal, &text) == 0);
    expect(strcmp(text, CLIENT) == 0);
    must(gss_krb5_ccache_name(&minor, getenv("OTHER_CCACHE"), &old));
    must(gss_release_cred(&minor, &cred));
    cred = acquire(krb5_mech(), GSS_C_INITIATE);
    must(gss_inquire_cred(&minor, cred, &name, NULL, NULL, NULL));
    expect(is_named(name, "bob@EXAMPLE.TEST"));
}

static void
storing_credentials(void)
{
    gss_key_value_element_desc element = { "ccache", "MEMORY:stored" };
    gss_key_value_set_desc store = { 1, &element };
    gss_cred_id_t cred = acquire(krb5_mech(), GSS_C_INITIATE);
    struct wishes wishes = { 0 };
    struct pair p;

    must(gss_store_cred_into(&minor, cred, GSS_C_INITIATE, krb5_mech(), 1, 0,
                             &store, NULL, NULL));
    must(gss_store_cred_into(&minor, cred, GSS_C_INITIATE, GSS_C_NO_OID, 1, 0,
                             &store, NULL, NULL));
    wishes.cred = from_ccache("MEMORY:stored");
    establish(&p, &wishes);
    expect(is_named(p.client, CLIENT));
}

static void
adding_credentials(void)
{
    gss_cred_id_t cred = acquire(krb5_mech(), GSS_C_INITIATE), both;
    struct wishes wishes = { .mech = own_mech() };
    gss_OID_set mechs;
    struct pair p;

    must_fail(GSS_S_DUPLICATE_ELEMENT,
              gss_add_cred(&minor, cred, GSS_C_NO_NAME, krb5_mech(),
                           GSS_C_INITIATE, 0, 0, &both, NULL, NULL, NULL));
    must(gss_add_cred(&minor, cred, GSS_C_NO_NAME, own_mech(), GSS_C_INITIATE,
                      0, 0, &both, &mechs, NULL, NULL));
    expect(mechs->count == 2);
    wishes.cred = both;
    establish(&p, &wishes);
}

static void
default_credentials_serve_both_mechanisms(void)
{
    struct wishes wishes = { 0 };
    struct pair p;

    be_acceptor();
    must(gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE,
                          GSS_C_NO_OID_SET, GSS_C_ACCEPT,
                          &wishes.acceptor_cred, NULL, NULL));
    establish(&p, &wishes);
    end(&p);
    wishes.mech = own_mech();
    establish(&p, &wishes);
}

/* --- with which label ---------------------------------------------------- */

static void
label_of_a_credential(void)
{
    gss_OID_desc oid = object(10);
    struct wishes wishes = { .cred = acquire(krb5_mech(), GSS_C_INITIATE) };
    gss_buffer_set_t set;
    struct pair p;
    char *why;

    must_fail(GSS_S_UNAVAILABLE,
              gss_inquire_cred_by_oid(&minor, wishes.cred, &oid, &set));
    set_label(&wishes.cred, HIGHER_HERE);
    must(gss_inquire_cred_by_oid(&minor, wishes.cred, &oid, &set));
    expect(set->count == 1 && strncmp(set->elements[0].value, HIGHER_HERE,
                                      set->elements[0].length) == 0);
    establish(&p, &wishes);
    expect(strcmp(inquire(p.acceptor, 3, 0), HIGHER) == 0);
    expect(strcmp(inquire(p.acceptor, 4, 0), HIGHER_THERE) == 0);
    end(&p);
    set_label(&wishes.cred, "");
    establish(&p, &wishes);
    expect(strcmp(inquire(p.acceptor, 3, 0), ESTABLISHED) == 0);
    end(&p);
    set_label(&wishes.cred, TOO_HIGH_HERE);
    be_initiator();
    must_fail(GSS_S_UNAUTHORIZED,
              gss_init_sec_context(&minor, wishes.cred, &p.initiator,
                                   service_name("sample"), krb5_mech(), 0, 0,
                                   NULL, NULL, NULL,
                                   &(gss_buffer_desc){ 0, NULL }, NULL,
                                   NULL));
    why = status_text(minor);
    expect(strstr(why, TOO_HIGH_HERE) != NULL);
}

static void
exporting_credentials(void)
{
    gss_cred_id_t cred = acquire(krb5_mech(), GSS_C_INITIATE), copy;
    struct wishes wishes = { 0 };
    gss_buffer_desc token;
    struct pair p;
    uint8_t *at;

    must(gss_export_cred(&minor, cred, &token));
    at = token.value;           /* as krb5 without plugin would */
    expect(at[3] == 9 && memcmp(at + 4, krb5_mech()->elements, 9) == 0);
    expect(memcmp(at + 4 + 9 + 4, "[\"K5C1\",", 8) == 0);
    must(gss_import_cred(&minor, &token, &copy));
    wishes.cred = copy;
    establish(&p, &wishes);
    expect(is_named(p.client, CLIENT));
    expect(strcmp(inquire(p.acceptor, 3, 0), ESTABLISHED) == 0);
    end(&p);

    set_label(&cred, HIGHER_HERE);
    must(gss_export_cred(&minor, cred, &token));
    must(gss_import_cred(&minor, &token, &wishes.cred));
    establish(&p, &wishes);
    expect(strcmp(inquire(p.acceptor, 3, 0), HIGHER) == 0);
    end(&p);
    /* gss_add_cred() copies credentials by exporting them. */
    must(gss_add_cred(&minor, cred, GSS_C_NO_NAME, own_mech(), GSS_C_INITIATE,
                      0, 0, &wishes.cred, NULL, NULL, NULL));
    establish(&p, &wishes);
    expect(strcmp(inquire(p.acceptor, 3, 0), HIGHER) == 0);
}

/* The keys of sample, in another keytab as those of another service. */
static void
rename_keys(const char *name)
{
    krb5_principal other;
    krb5_keytab from, to;
    krb5_keytab_entry entry;
    krb5_kt_cursor cursor;
    krb5_context context;

    expect(krb5_init_context(&context) == 0);
    expect(krb5_parse_name(context, "other/beta.example.test@EXAMPLE.TEST",
                           &other) == 0);
    expect(krb5_kt_default(context, &from) == 0);
    expect(krb5_kt_resolve(context, name, &to) == 0);
    expect(krb5_kt_start_seq_get(context, from, &cursor) == 0);
    while (krb5_kt_next_entry(context, from, &entry, &cursor) == 0) {
        krb5_free_principal(context, entry.principal);
        entry.principal = other;
        expect(krb5_kt_add_entry(context, to, &entry) == 0);
    }
    expect(krb5_kt_end_seq_get(context, from, &cursor) == 0);
}

/* By whose keytab a ticket was opened is not remembered for another one. */
static void
keytabs_with_one_key(void)
{
    gss_key_value_element_desc element = { "keytab", "MEMORY:other" };
    gss_key_value_set_desc store = { 1, &element };
    gss_OID_set_desc set = only(krb5_mech());
    struct wishes none = { .mech = NULL };
    gss_buffer_desc token, out;
    gss_cred_id_t cred;
    struct pair p;

    rename_keys(element.value);
    be_acceptor();
    must(gss_acquire_cred_from(&minor, GSS_C_NO_NAME, 0, &set, GSS_C_ACCEPT,
                               &store, &cred, NULL, NULL));
    establish(&p, NULL);
    end(&p);
    be_initiator();
    token = initiate(&p, &none);
    be_acceptor();
    must_fail(GSS_S_UNAUTHORIZED,
              gss_accept_sec_context(&minor, &p.acceptor, cred, &token, NULL,
                                     NULL, NULL, &out, NULL, NULL, NULL));
    expect(strstr(status_text(minor), "the key of other/") != NULL);
}

const struct probe_case credential_cases[] = {
    { "credential_is_used", credential_is_used },
    { "imported_krb5_credential_is_not_seen",
      imported_krb5_credential_is_not_seen },
    { "inquiring_credentials", inquiring_credentials },
    { "credentials_with_a_password", credentials_with_a_password },
    { "options_of_krb5_credentials", options_of_krb5_credentials },
    { "storing_credentials", storing_credentials },
    { "adding_credentials", adding_credentials },
    { "default_credentials_serve_both_mechanisms",
      default_credentials_serve_both_mechanisms },
    { "label_of_a_credential", label_of_a_credential },
    { "exporting_credentials", exporting_credentials },
    { "keytabs_with_one_key", keytabs_with_one_key },
    { NULL, NULL }
};
