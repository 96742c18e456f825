/* tests/adversary/forge.c - the trailer that a liar would send */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage: forge TABLE KEYTAB SELF SERVER FROM TO [FIELD=VALUE...]
 *        <AP-REQ >TRAILER
 *
 * Makes a trailer for the application's AP-REQ that is right in everything
 * but what is asked for: by the trust realm "engineering" of TABLE (a
 * trustrealmd's), with the key of SELF in KEYTAB, a ticket for SERVER, and an
 * environment that says it came FROM one system principal TO another.  FIELD
 * is one of the environment, or
 *
 *     checksum    of the system AP-REQ: good, none, gss, unkeyed, other
 *                 (of another application's AP-REQ)
 *     count       how many environments its authenticator has
 *     type        of authorization data that they are
 *     trailer     version of the trailer
 *     tickets     ticket cache that has the ticket, and may have more
 *                 authorization data for the authenticator
 */

#include "config.h"
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "apreq.h"
#include "crypto.h"
#include "table.h"
#include "trustrealm_err.h"
#include "wire.h"

#define TRUST_REALM "engineering"
#define MAX_INPUT (1024 * 1024)
#define CKSUM_GSS 0x8003
#define CKSUM_UNKEYED 0x000e            /* SHA-1 */
#define MAX_AUTHDATA 1024
#define AP_REQ_AUTH 11                  /* key usage, RFC 4120 7.5.1 */

/* Exported by libkrb5 for its own programs; in no header. */
krb5_error_code decode_krb5_ap_req(const krb5_data *code, krb5_ap_req **rep);
krb5_error_code encode_krb5_ap_req(const krb5_ap_req *rep, krb5_data **code);
krb5_error_code decode_krb5_authenticator(const krb5_data *code,
                                          krb5_authenticator **rep);
krb5_error_code encode_krb5_authenticator(const krb5_authenticator *rep,
                                          krb5_data **code);

static krb5_context context;

struct forgery {
    const char *checksum, *tickets;
    int64_t count, type, trailer;
    struct tr_bytes ap_req;
    struct tr_environment env;
};

static void
check(krb5_error_code ret, const char *what)
{
    if (ret != 0)
        errx(1, "%s: %s", what, krb5_get_error_message(context, ret));
}

static struct tr_bytes
text_bytes(const char *text)
{
    return (struct tr_bytes){ (uint8_t *)text, strlen(text) };
}

/* --- arguments ----------------------------------------------------------- */

static bool
set_text(struct forgery *f, const char *name, char *value)
{
    const struct { const char *name; char **field; } texts[] = {
        { "from", &f->env.from }, { "to", &f->env.to },
        { "realm", &f->env.realm }, { "label", &f->env.label },
        { "low", &f->env.low }, { "high", &f->env.high },
        { "digest", &f->env.digest }, { "client", &f->env.client },
        { "service", &f->env.service }
    };
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        if (strcmp(name, texts[i].name) == 0) {
            *texts[i].field = value;
            return true;
        }
    }
    return false;
}

static bool
set_number(struct forgery *f, const char *name, const char *value)
{
    const struct { const char *name; int64_t *field; } numbers[] = {
        { "version", &f->env.version },
        { "generation", &f->env.generation }, { "time", &f->env.time },
        { "validity", &f->env.validity }, { "end", &f->env.end },
        { "count", &f->count }, { "type", &f->type },
        { "trailer", &f->trailer }
    };
    char *end;
    size_t i;

    for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        if (strcmp(name, numbers[i].name) == 0) {
            errno = 0;
            *numbers[i].field = strtoll(value, &end, 10);
            return errno == 0 && *value != '\0' && *end == '\0';
        }
    }
    return false;
}

static void
set_field(struct forgery *f, char *argument)
{
    char *value = strchr(argument, '=');

    if (value == NULL)
        errx(2, "%s: FIELD=VALUE expected", argument);
    *value++ = '\0';
    if (strcmp(argument, "association") == 0)
        f->env.association = text_bytes(value);
    else if (strcmp(argument, "checksum") == 0)
        f->checksum = value;
    else if (strcmp(argument, "tickets") == 0)
        f->tickets = value;
    else if (!set_text(f, argument, value) &&
             !set_number(f, argument, value))
        errx(2, "%s: no such field, or no number", argument);
}

static void
set_defaults(struct forgery *f, char *from, char *to)
{
    static uint8_t association[TR_ASSOCIATION_LENGTH];

    check(tr_random(context, association, sizeof(association)), "random");
    f->checksum = "good";
    f->count = 1;
    f->type = TR_AD_ENVIRONMENT;
    f->trailer = TR_VERSION;
    f->env = (struct tr_environment){
        .version = TR_VERSION, .from = from, .to = to,
        .association = { association, sizeof(association) },
        .confidentiality = true, .time = time(NULL), .validity = 60
    };
}

/* Label policy and generation as the receiver expects them. */
static void
look_up(struct forgery *f, const char *path)
{
    const struct tr_realm *realm;
    struct tr_table_info info;
    struct tr_table *table;
    struct tr_view *view;
    char *why = NULL;

    check(tr_table_open(path, TR_TABLE_READ, 0, &table, &why), path);
    check(tr_view_open(table, &view), path);
    check(tr_view_realm(view, TRUST_REALM, &realm), TRUST_REALM);
    tr_view_info(view, &info);
    f->env.realm = TRUST_REALM;
    f->env.digest = strdup(realm->digest);
    f->env.generation = (int64_t)info.generation;
    if (f->env.digest == NULL)
        err(1, "strdup");
    tr_view_close(view);
    tr_table_close(table);
}

static void
read_ap_req(struct forgery *f)
{
    uint8_t *data = malloc(MAX_INPUT);
    size_t length;

    if (data == NULL)
        err(1, "malloc");
    length = fread(data, 1, MAX_INPUT, stdin);
    f->ap_req = (struct tr_bytes){ data, length };
}

/* --- Kerberos ------------------------------------------------------------ */

static krb5_creds *
get_ticket(const char *keytab_name, const char *self, const char *server)
{
    krb5_get_init_creds_opt *options;
    krb5_creds tgt, wanted, *creds;
    krb5_keytab keytab;
    krb5_ccache ccache;

    memset(&tgt, 0, sizeof(tgt));
    memset(&wanted, 0, sizeof(wanted));
    check(krb5_parse_name(context, self, &wanted.client), self);
    check(krb5_parse_name(context, server, &wanted.server), server);
    check(krb5_kt_resolve(context, keytab_name, &keytab), keytab_name);
    check(krb5_get_init_creds_opt_alloc(context, &options), "options");
    check(krb5_get_init_creds_keytab(context, &tgt, wanted.client, keytab, 0,
                                     NULL, options), self);
    check(krb5_cc_new_unique(context, "MEMORY", NULL, &ccache), "ccache");
    check(krb5_cc_initialize(context, ccache, wanted.client), "ccache");
    check(krb5_cc_store_cred(context, ccache, &tgt), "ccache");
    check(krb5_get_credentials(context, 0, ccache, &wanted, &creds), server);
    return creds;
}

/* From a cache that somebody has filled, or by what is in it. */
static krb5_creds *
take_ticket(const char *tickets, const char *server)
{
    krb5_creds wanted, *creds = calloc(1, sizeof(*creds));
    krb5_ccache ccache;

    memset(&wanted, 0, sizeof(wanted));
    check(krb5_parse_name(context, server, &wanted.server), server);
    check(krb5_cc_resolve(context, tickets, &ccache), tickets);
    check(krb5_cc_get_principal(context, ccache, &wanted.client), tickets);
    if (creds == NULL)
        err(1, "calloc");
    if (krb5_cc_retrieve_cred(context, ccache, 0, &wanted, creds) != 0)
        check(krb5_get_credentials(context, 0, ccache, &wanted, &creds),
              server);
    return creds;
}

static krb5_cksumtype
checksum_type(const struct forgery *f, krb5_enctype enctype)
{
    return strcmp(f->checksum, "gss") == 0 ? CKSUM_GSS :
        tr_checksum_type(enctype);
}

/* What the authenticator's checksum covers. */
static krb5_data
covered_octets(const struct forgery *f)
{
    struct tr_bytes digest;

    check(tr_digest("trustrealm AP-REQ 1", &f->ap_req, 1, &digest), "digest");
    if (strcmp(f->checksum, "other") == 0)
        digest.data[0] ^= 1;
    return (krb5_data){ KV5M_DATA, digest.length, (char *)digest.data };
}

/* Libkrb5 makes no weak checksum with an AES key: put one in afterwards. */
static void
weaken(krb5_data *request, const krb5_data *covered, const krb5_keyblock *key)
{
    krb5_authenticator *authenticator;
    krb5_data plain, *encoded;
    krb5_checksum sum;
    krb5_ap_req *parsed;

    check(decode_krb5_ap_req(request, &parsed), "decode AP-REQ");
    plain.length = parsed->authenticator.ciphertext.length;
    plain.data = malloc(plain.length);
    if (plain.data == NULL)
        err(1, "malloc");
    check(krb5_c_decrypt(context, key, AP_REQ_AUTH, NULL,
                         &parsed->authenticator, &plain), "decrypt");
    check(decode_krb5_authenticator(&plain, &authenticator), "decode");
    check(krb5_c_make_checksum(context, CKSUM_UNKEYED, NULL, 0, covered, &sum),
          "SHA-1");
    authenticator->checksum = &sum;
    check(encode_krb5_authenticator(authenticator, &encoded), "encode");
    parsed->authenticator.ciphertext.length += 64;
    parsed->authenticator.ciphertext.data =
        malloc(parsed->authenticator.ciphertext.length);
    if (parsed->authenticator.ciphertext.data == NULL)
        err(1, "malloc");
    check(krb5_c_encrypt(context, key, AP_REQ_AUTH, NULL, encoded,
                         &parsed->authenticator), "encrypt");
    check(encode_krb5_ap_req(parsed, &encoded), "encode AP-REQ");
    *request = *encoded;
}

static krb5_authdata *
encode_environment(const struct forgery *f)
{
    krb5_authdata *element = malloc(sizeof(*element));
    struct tr_bytes der;

    if (element == NULL)
        err(1, "malloc");
    check(tr_wire_encode(TR_WIRE_ENVIRONMENT, &f->env, &der.data,
                         &der.length), "environment");
    element->magic = KV5M_AUTHDATA;
    element->ad_type = (krb5_authdatatype)f->type;
    element->contents = der.data;
    element->length = der.length;
    return element;
}

static struct tr_bytes
make_request(const struct forgery *f, krb5_creds *creds)
{
    krb5_authdata *element = encode_environment(f);
    krb5_authdata *authdata[MAX_AUTHDATA] = { NULL }, **more;
    size_t n = 0;
    krb5_data covered = covered_octets(f), request;
    krb5_auth_context auth = NULL;

    for (; n < (size_t)f->count; n++)
        authdata[n] = element;
    for (more = creds->authdata; more != NULL && *more != NULL; more++) {
        if (n + 1 == MAX_AUTHDATA)
            errx(2, "too much authorization data");
        authdata[n++] = *more;
    }
    creds->authdata = authdata;
    check(krb5_auth_con_init(context, &auth), "auth context");
    check(krb5_auth_con_set_req_cksumtype(
              context, auth, checksum_type(f, creds->keyblock.enctype)),
          "checksum type");
    check(krb5_mk_req_extended(context, &auth, AP_OPTS_USE_SUBKEY,
                               strcmp(f->checksum, "none") == 0 ? NULL :
                               &covered, creds, &request), "AP-REQ");
    if (strcmp(f->checksum, "unkeyed") == 0)
        weaken(&request, &covered, &creds->keyblock);
    return (struct tr_bytes){ (uint8_t *)request.data, request.length };
}

int
main(int argc, char **argv)
{
    struct tr_trailer trailer;
    struct tr_bytes out;
    struct forgery f;
    krb5_creds *creds;
    int i;

    if (argc < 7)
        errx(2, "usage: forge TABLE KEYTAB SELF SERVER FROM TO "
             "[FIELD=VALUE...]");
    memset(&f, 0, sizeof(f));
    initialize_trr_error_table();
    check(tr_context_create(&context), "krb5");
    set_defaults(&f, argv[5], argv[6]);
    look_up(&f, argv[1]);
    for (i = 7; i < argc; i++)
        set_field(&f, argv[i]);
    read_ap_req(&f);
    creds = f.tickets != NULL ? take_ticket(f.tickets, argv[4]) :
        get_ticket(argv[2], argv[3], argv[4]);
    trailer.version = f.trailer;
    trailer.system_ap_req = make_request(&f, creds);
    check(tr_wire_encode(TR_WIRE_TRAILER, &trailer, &out.data, &out.length),
          "trailer");
    if (fwrite(out.data, 1, out.length, stdout) != out.length ||
        fflush(stdout) != 0)
        err(1, "write");
    return 0;
}
