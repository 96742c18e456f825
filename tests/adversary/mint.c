/* tests/adversary/mint.c - a ticket such as only a KDC can make */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage: mint KEYTAB SERVER CLIENT CCACHE [FIELD=VALUE...]
 *
 * Puts into CCACHE a ticket of CLIENT for SERVER, whose key is in KEYTAB.
 * FIELD is
 *
 *     as              SERVER, as the cache has it: so that libkrb5 uses the
 *                     ticket for what it is not
 *     transited       realms, as the ticket has them; % is NUL
 *     ticket          authorization data in the ticket, see below
 *     authenticator   the same in what libkrb5 makes with the ticket
 *
 * Authorization data is one of
 *
 *     deep:N      AD-IF-RELEVANT, in each other
 *     many:N      elements that nobody knows
 *     large:N     octets in one such
 *     wide:N      an AD-IF-RELEVANT of so many
 *     and-or      AD-AND-OR of nothing known
 *     issued      AD-KDC-ISSUED with a checksum of another key
 *     mandatory   AD-MANDATORY-FOR-KDC
 *     broken      an AD-IF-RELEVANT that is no DER
 *     pac         a PAC that is none
 */

#include "config.h"
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <krb5/krb5.h>

#define AD_AND_OR 5
#define AD_MANDATORY_FOR_KDC 8
#define AD_PAC 128
#define AD_UNKNOWN (-4711)

/* Exported by libkrb5 for its own programs; in no header. */
krb5_error_code krb5_encrypt_tkt_part(krb5_context context,
                                      const krb5_keyblock *key,
                                      krb5_ticket *ticket);
krb5_error_code encode_krb5_ticket(const krb5_ticket *ticket,
                                   krb5_data **code);

static krb5_context context;

static void
check(krb5_error_code ret, const char *what)
{
    if (ret != 0)
        errx(1, "%s: %s", what, krb5_get_error_message(context, ret));
}

static void *
room(size_t n, size_t size)
{
    void *block = calloc(n, size);

    if (block == NULL)
        err(1, "calloc");
    return block;
}

/* --- authorization data -------------------------------------------------- */

static krb5_authdata **
list_of(size_t n, krb5_authdatatype type, const void *octets, size_t length)
{
    krb5_authdata **list = room(n + 1, sizeof(*list));
    size_t i;

    for (i = 0; i < n; i++) {
        list[i] = room(1, sizeof(**list));
        list[i]->magic = KV5M_AUTHDATA;
        list[i]->ad_type = type;
        list[i]->contents = room(length + 1, 1);
        if (octets != NULL)
            memcpy(list[i]->contents, octets, length);
        list[i]->length = (unsigned int)length;
    }
    return list;
}

static krb5_authdata **
container_of(krb5_authdata **inner)
{
    krb5_authdata **outer;

    check(krb5_encode_authdata_container(context, KRB5_AUTHDATA_IF_RELEVANT,
                                         inner, &outer), "container");
    return outer;
}

static krb5_authdata **
issued(void)
{
    krb5_authdata **list, **inner = list_of(1, AD_UNKNOWN, "x", 1);
    krb5_keyblock key;

    check(krb5_c_make_random_key(context, ENCTYPE_AES256_CTS_HMAC_SHA1_96,
                                 &key), "key");
    check(krb5_make_authdata_kdc_issued(context, &key, NULL, inner, &list),
          "AD-KDC-ISSUED");
    return list;
}

static krb5_authdata **
authdata_of(const char *shape)
{
    const char *number = strchr(shape, ':');
    size_t n = number != NULL ? strtoul(number + 1, NULL, 10) : 0, i;
    krb5_authdata **list;

    if (strncmp(shape, "deep:", 5) == 0) {
        list = list_of(1, AD_UNKNOWN, "x", 1);
        for (i = 0; i < n; i++)
            list = container_of(list);
        return list;
    }
    if (strncmp(shape, "many:", 5) == 0)
        return list_of(n, AD_UNKNOWN, "x", 1);
    if (strncmp(shape, "large:", 6) == 0)
        return list_of(1, AD_UNKNOWN, NULL, n);
    if (strncmp(shape, "wide:", 5) == 0)
        return container_of(list_of(n, AD_UNKNOWN, "x", 1));
    if (strcmp(shape, "and-or") == 0)
        return list_of(1, AD_AND_OR, "\x30\x09\xa0\3\2\1\1\xa1\2\x30\0", 11);
    if (strcmp(shape, "issued") == 0)
        return issued();
    if (strcmp(shape, "mandatory") == 0)
        return list_of(1, AD_MANDATORY_FOR_KDC, "\x30\0", 2);
    if (strcmp(shape, "broken") == 0)
        return list_of(1, KRB5_AUTHDATA_IF_RELEVANT, "\x30\x84\xff", 3);
    if (strcmp(shape, "pac") == 0)
        return container_of(list_of(1, AD_PAC, "\xff\xff\xff\xff", 4));
    errx(2, "%s: no such authorization data", shape);
}

/* --- the ticket ---------------------------------------------------------- */

/* The newest key, whatever its number. */
static void
find_key(const char *keytab_name, krb5_principal server, krb5_ticket *ticket,
         krb5_keyblock *key)
{
    krb5_keytab_entry entry;
    krb5_keytab keytab;

    check(krb5_kt_resolve(context, keytab_name, &keytab), keytab_name);
    check(krb5_kt_get_entry(context, keytab, server, 0, 0, &entry),
          keytab_name);
    *key = entry.key;
    ticket->enc_part.kvno = entry.vno;
}

/* "%" stands for NUL, which no argument can have. */
static krb5_data
realms_of(char *text)
{
    krb5_data realms = { KV5M_DATA, (unsigned int)strlen(text), text };

    for (; *text != '\0'; text++)
        *text = *text == '%' ? '\0' : *text;
    return realms;
}

static void
set_field(char *argument, krb5_creds *creds, krb5_enc_tkt_part *part)
{
    char *value = strchr(argument, '=');

    if (value == NULL)
        errx(2, "%s: FIELD=VALUE expected", argument);
    *value++ = '\0';
    if (strcmp(argument, "as") == 0)
        check(krb5_parse_name(context, value, &creds->server), value);
    else if (strcmp(argument, "transited") == 0)
        part->transited.tr_contents = realms_of(value);
    else if (strcmp(argument, "ticket") == 0)
        part->authorization_data = authdata_of(value);
    else if (strcmp(argument, "authenticator") == 0)
        creds->authdata = authdata_of(value);
    else
        errx(2, "%s: no such field", argument);
}

static void
store(const char *path, krb5_creds *creds)
{
    krb5_ccache ccache;

    check(krb5_cc_resolve(context, path, &ccache), path);
    check(krb5_cc_initialize(context, ccache, creds->client), path);
    check(krb5_cc_store_cred(context, ccache, creds), path);
    check(krb5_cc_close(context, ccache), path);
}

int
main(int argc, char **argv)
{
    krb5_enc_tkt_part part = {
        .magic = KV5M_ENC_TKT_PART,
        .flags = TKT_FLG_PRE_AUTH | TKT_FLG_FORWARDABLE,
        .transited.tr_type = KRB5_DOMAIN_X500_COMPRESS
    };
    krb5_ticket ticket = { .magic = KV5M_TICKET, .enc_part2 = &part };
    krb5_creds creds = { .magic = KV5M_CREDS };
    krb5_timestamp now = (krb5_timestamp)time(NULL);
    krb5_data *encoded;
    krb5_keyblock key;
    int i;

    if (argc < 5)
        errx(2, "usage: mint KEYTAB SERVER CLIENT CCACHE [FIELD=VALUE...]");
    check(krb5_init_context(&context), "krb5");
    check(krb5_parse_name(context, argv[2], &ticket.server), argv[2]);
    check(krb5_parse_name(context, argv[3], &part.client), argv[3]);
    check(krb5_c_make_random_key(context, ENCTYPE_AES256_CTS_HMAC_SHA1_96,
                                 &creds.keyblock), "session key");
    find_key(argv[1], ticket.server, &ticket, &key);
    creds.client = part.client;
    creds.server = ticket.server;
    part.session = &creds.keyblock;
    part.times.authtime = part.times.starttime = now;
    part.times.endtime = now + 3600;
    for (i = 5; i < argc; i++)
        set_field(argv[i], &creds, &part);
    check(krb5_encrypt_tkt_part(context, &key, &ticket), "encrypt");
    check(encode_krb5_ticket(&ticket, &encoded), "encode");
    creds.ticket = *encoded;
    creds.times = part.times;
    creds.ticket_flags = part.flags;
    store(argv[4], &creds);
    return 0;
}
