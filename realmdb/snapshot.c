/* realmdb/snapshot.c - sign and verify a table in one file */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include "snapshot.h"
#include "text.h"
#include "trustrealm_err.h"

/* SHA-256 and better; of certificates, keys and digests of 112 bits. */
#define MIN_DIGEST 32
#define AUTH_LEVEL 2

/* Say "path: what: what libcrypto says". */
static krb5_error_code
refuse(char **why_out, const char *path, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    if (asprintf(why_out, "%s: %s%s%s", path, what,
                 reason != NULL ? ": " : "",
                 reason != NULL ? reason : "") < 0)
        *why_out = NULL;
    ERR_clear_error();
    return TRR_SOURCE;
}

/* --- reading ------------------------------------------------------------- */

/* Certificates that a chain may end in, whatever they are made for. */
static X509_STORE *
load_signers(const char *path)
{
    X509_STORE *store = X509_STORE_new();

    if (store != NULL)
        X509_VERIFY_PARAM_set_auth_level(X509_STORE_get0_param(store),
                                         AUTH_LEVEL);
    if (store != NULL && X509_STORE_load_locations(store, path, NULL) == 1 &&
        X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1 &&
        X509_STORE_set_purpose(store, X509_PURPOSE_ANY) == 1)
        return store;
    X509_STORE_free(store);
    return NULL;
}

static CMS_ContentInfo *
load_file(const char *path)
{
    CMS_ContentInfo *cms = NULL;
    struct stat st;
    FILE *stream;
    BIO *file;

    stream = tr_text_open(path);
    if (stream == NULL)
        return NULL;
    file = BIO_new_fp(stream, BIO_CLOSE);
    if (file == NULL)
        (void)fclose(stream);
    else if (fstat(fileno(stream), &st) == 0 && S_ISREG(st.st_mode) &&
             st.st_size >= 0 && (uintmax_t)st.st_size <= TR_MAX_SNAPSHOT)
        cms = d2i_CMS_bio(file, NULL);
    BIO_free(file);
    return cms;
}

static bool
is_strong(CMS_SignerInfo *signer)
{
    X509_ALGOR *digest = NULL;
    const EVP_MD *md;

    CMS_SignerInfo_get0_algs(signer, NULL, NULL, &digest, NULL);
    md = digest != NULL ? EVP_get_digestbyobj(digest->algorithm) : NULL;
    return md != NULL && EVP_MD_size(md) >= MIN_DIGEST;
}

/* The time that is signed; 0 when there is none, or more than one. */
static int64_t
signing_time(CMS_SignerInfo *signer)
{
    ASN1_OBJECT *name = OBJ_nid2obj(NID_pkcs9_signingTime);
    ASN1_TIME *value;
    struct tm tm;

    value = CMS_signed_get0_data_by_OBJ(signer, name, -3, V_ASN1_UTCTIME);
    if (value == NULL)
        value = CMS_signed_get0_data_by_OBJ(signer, name, -3,
                                            V_ASN1_GENERALIZEDTIME);
    if (value == NULL || ASN1_TIME_to_tm(value, &tm) != 1)
        return 0;
    return timegm(&tm);
}

/* Take the text out of memory that libcrypto owns. */
static krb5_error_code
copy_text(BIO *content, struct tr_snapshot *snapshot)
{
    char *data = NULL;
    long length = BIO_get_mem_data(content, &data);

    if (length < 0)
        return TRR_SOURCE;
    snapshot->text = malloc((size_t)length + 1);
    if (snapshot->text == NULL)
        return ENOMEM;
    if (length > 0)
        memcpy(snapshot->text, data, (size_t)length);
    snapshot->length = (size_t)length;
    return 0;
}

static krb5_error_code
verify(const char *path, CMS_ContentInfo *cms, X509_STORE *store,
       BIO *content, struct tr_snapshot *snapshot, char **why_out)
{
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
    CMS_SignerInfo *signer;

    if (signers == NULL || sk_CMS_SignerInfo_num(signers) != 1 ||
        OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data)
        return refuse(why_out, path, "not data with one signature");
    if (CMS_verify(cms, NULL, store, NULL, content, CMS_BINARY) != 1)
        return refuse(why_out, path, "not signed by a signer that is trusted");
    signer = sk_CMS_SignerInfo_value(signers, 0);
    if (!is_strong(signer))
        return refuse(why_out, path, "signed with a weak digest");
    snapshot->made = signing_time(signer);
    if (snapshot->made <= 0)
        return refuse(why_out, path, "it does not say when it was signed");
    return copy_text(content, snapshot);
}

krb5_error_code
tr_snapshot_read(const char *path, const char *signers,
                 struct tr_snapshot *snapshot_out, char **why_out)
{
    struct tr_snapshot snapshot = { .text = NULL };
    X509_STORE *store = NULL;
    CMS_ContentInfo *cms = NULL;
    BIO *content = BIO_new(BIO_s_mem());
    krb5_error_code ret = 0;

    *why_out = NULL;
    ERR_clear_error();
    if (content == NULL)
        ret = ENOMEM;
    if (ret == 0 && (store = load_signers(signers)) == NULL)
        ret = refuse(why_out, signers, "no certificates");
    if (ret == 0 && (cms = load_file(path)) == NULL)
        ret = refuse(why_out, path, "no signed snapshot");
    if (ret == 0)
        ret = verify(path, cms, store, content, &snapshot, why_out);
    if (ret == 0)
        *snapshot_out = snapshot;
    CMS_ContentInfo_free(cms);
    X509_STORE_free(store);
    BIO_free(content);
    return ret;
}

/* --- making -------------------------------------------------------------- */

static X509 *
load_certificate(const char *path)
{
    X509 *certificate = NULL;
    BIO *file = BIO_new_file(path, "r");

    if (file != NULL)
        certificate = PEM_read_bio_X509(file, NULL, NULL, NULL);
    BIO_free(file);
    return certificate;
}

static EVP_PKEY *
load_key(const char *path)
{
    EVP_PKEY *key = NULL;
    BIO *file = BIO_new_file(path, "r");

    if (file != NULL)
        key = PEM_read_bio_PrivateKey(file, NULL, NULL, NULL);
    BIO_free(file);
    return key;
}

static CMS_ContentInfo *
sign(X509 *certificate, EVP_PKEY *key, BIO *content)
{
    const unsigned int flags = CMS_BINARY | CMS_NOSMIMECAP | CMS_PARTIAL;
    CMS_ContentInfo *cms;

    cms = CMS_sign(NULL, NULL, NULL, NULL, flags);
    if (cms != NULL &&
        CMS_add1_signer(cms, certificate, key, EVP_sha256(), flags) != NULL &&
        CMS_final(cms, content, NULL, flags) == 1)
        return cms;
    CMS_ContentInfo_free(cms);
    return NULL;
}

static krb5_error_code
encode(CMS_ContentInfo *cms, uint8_t **octets_out, size_t *length_out)
{
    unsigned char *octets = NULL;
    int length = i2d_CMS_ContentInfo(cms, &octets);

    if (length < 0)
        return ENOMEM;
    *octets_out = malloc((size_t)length);
    if (*octets_out != NULL) {
        memcpy(*octets_out, octets, (size_t)length);
        *length_out = (size_t)length;
    }
    OPENSSL_free(octets);
    return *octets_out != NULL ? 0 : ENOMEM;
}

krb5_error_code
tr_snapshot_make(const char *text, size_t length, const char *certificate,
                 const char *key, uint8_t **octets_out, size_t *length_out,
                 char **why_out)
{
    X509 *x509 = NULL;
    EVP_PKEY *pkey = NULL;
    CMS_ContentInfo *cms = NULL;
    BIO *content = NULL;
    krb5_error_code ret = 0;

    *why_out = NULL;
    ERR_clear_error();
    if (length > TR_MAX_SNAPSHOT)
        return TRR_TOO_LONG;
    content = BIO_new_mem_buf(text, (int)length);
    if (content == NULL)
        ret = ENOMEM;
    if (ret == 0 && (x509 = load_certificate(certificate)) == NULL)
        ret = refuse(why_out, certificate, "no certificate");
    if (ret == 0 && (pkey = load_key(key)) == NULL)
        ret = refuse(why_out, key, "no private key");
    if (ret == 0 && X509_check_private_key(x509, pkey) != 1)
        ret = refuse(why_out, key, "not the key of the certificate");
    if (ret == 0 && (cms = sign(x509, pkey, content)) == NULL)
        ret = refuse(why_out, key, "cannot sign");
    if (ret == 0)
        ret = encode(cms, octets_out, length_out);
    CMS_ContentInfo_free(cms);
    EVP_PKEY_free(pkey);
    X509_free(x509);
    BIO_free(content);
    return ret;
}
