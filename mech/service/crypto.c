/* mech/service/crypto.c - what the service encrypts and how */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include "trustrealm_err.h"
#include "crypto.h"

static const struct {
    krb5_enctype enctype;
    krb5_cksumtype checksum;
} types[] = {
    { ENCTYPE_AES256_CTS_HMAC_SHA1_96, CKSUMTYPE_HMAC_SHA1_96_AES256 },
    { ENCTYPE_AES128_CTS_HMAC_SHA1_96, CKSUMTYPE_HMAC_SHA1_96_AES128 },
    { ENCTYPE_AES256_CTS_HMAC_SHA384_192, CKSUMTYPE_HMAC_SHA384_192_AES256 },
    { ENCTYPE_AES128_CTS_HMAC_SHA256_128, CKSUMTYPE_HMAC_SHA256_128_AES128 },
};

krb5_cksumtype
tr_checksum_type(krb5_enctype enctype)
{
    size_t i;

    for (i = 0; i < sizeof(types) / sizeof(*types); i++) {
        if (types[i].enctype == enctype)
            return types[i].checksum;
    }
    return 0;
}

krb5_error_code
tr_context_create(krb5_context *context_out)
{
    krb5_enctype *permitted = NULL;
    krb5_context context = NULL;
    krb5_error_code ret;
    size_t i, n = 0;

    ret = krb5_init_context(&context);
    if (ret)
        return ret;
    ret = krb5_get_permitted_enctypes(context, &permitted);
    if (ret)
        goto cleanup;
    for (i = 0; permitted[i] != 0; i++) {
        if (tr_checksum_type(permitted[i]) != 0)
            permitted[n++] = permitted[i];
    }
    permitted[n] = 0;
    ret = n == 0 ? TRR_CONFIG :
        krb5_set_default_tgs_enctypes(context, permitted);
    if (ret)
        goto cleanup;
    *context_out = context;

cleanup:
    krb5_free_enctypes(context, permitted);
    if (ret)
        krb5_free_context(context);
    return ret;
}

void
tr_bytes_free(struct tr_bytes *bytes)
{
    if (bytes->data != NULL)
        explicit_bzero(bytes->data, bytes->length);
    free(bytes->data);
    bytes->data = NULL;
    bytes->length = 0;
}

krb5_error_code
tr_bytes_copy(const void *octets, size_t length, struct tr_bytes *out)
{
    uint8_t *copy;

    copy = malloc(length > 0 ? length : 1);
    if (copy == NULL)
        return ENOMEM;
    if (length > 0)
        memcpy(copy, octets, length);
    out->data = copy;
    out->length = length;
    return 0;
}

bool
tr_bytes_equal(const struct tr_bytes *a, const struct tr_bytes *b)
{
    uint8_t difference = 0;
    size_t i;

    if (a->length != b->length)
        return false;
    for (i = 0; i < a->length; i++)
        difference |= a->data[i] ^ b->data[i];
    return difference == 0;
}

static krb5_data
as_data(const void *octets, size_t length)
{
    krb5_data data = { KV5M_DATA, length, (char *)octets };

    return data;
}

krb5_error_code
tr_random(krb5_context context, void *out, size_t length)
{
    krb5_data data = as_data(out, length);

    return krb5_c_random_make_octets(context, &data);
}

krb5_error_code
tr_encrypt(krb5_context context, krb5_key key, enum tr_usage usage,
           const void *octets, size_t length, struct tr_bytes *out)
{
    krb5_enctype enctype = krb5_k_key_enctype(context, key);
    krb5_data plain = as_data(octets, length);
    krb5_enc_data sealed;
    krb5_error_code ret;
    size_t total;

    ret = krb5_c_encrypt_length(context, enctype, length, &total);
    if (ret)
        return ret;
    memset(&sealed, 0, sizeof(sealed));
    sealed.ciphertext.data = malloc(total);
    if (sealed.ciphertext.data == NULL)
        return ENOMEM;
    sealed.ciphertext.length = total;
    ret = krb5_k_encrypt(context, key, usage, NULL, &plain, &sealed);
    if (ret) {
        free(sealed.ciphertext.data);
        return ret;
    }
    out->data = (uint8_t *)sealed.ciphertext.data;
    out->length = sealed.ciphertext.length;
    return 0;
}

krb5_error_code
tr_decrypt(krb5_context context, krb5_key key, enum tr_usage usage,
           const void *octets, size_t length, struct tr_bytes *out)
{
    krb5_enc_data sealed;
    krb5_data plain;
    krb5_error_code ret;

    memset(&sealed, 0, sizeof(sealed));
    sealed.enctype = krb5_k_key_enctype(context, key);
    sealed.ciphertext = as_data(octets, length);
    plain.data = malloc(length > 0 ? length : 1);
    if (plain.data == NULL)
        return ENOMEM;
    plain.length = length;
    ret = krb5_k_decrypt(context, key, usage, NULL, &sealed, &plain);
    if (ret) {
        /* plain may hold what did not verify */
        explicit_bzero(plain.data, length);
        free(plain.data);
        return ret == ENOMEM ? ENOMEM : TRR_SEAL;
    }
    out->data = (uint8_t *)plain.data;
    out->length = plain.length;
    return 0;
}

/* Its length goes before it. */
static bool
add_part(EVP_MD_CTX *digest, const void *octets, size_t length)
{
    const uint8_t before[] = {
        length >> 24, length >> 16, length >> 8, length
    };

    return length <= UINT32_MAX &&
        EVP_DigestUpdate(digest, before, sizeof(before)) == 1 &&
        EVP_DigestUpdate(digest, octets, length) == 1;
}

/* Both are kept, for making them takes longer than a digest does.  Only the
 * daemon's main thread comes by here. */
static EVP_MD_CTX *
begin_digest(void)
{
    static EVP_MD *sha256;
    static EVP_MD_CTX *digest;

    if (sha256 == NULL)
        sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (digest == NULL)
        digest = EVP_MD_CTX_new();
    if (sha256 == NULL || digest == NULL ||
        EVP_DigestInit_ex(digest, sha256, NULL) != 1)
        return NULL;
    return digest;
}

krb5_error_code
tr_digest(const char *what, const struct tr_bytes *parts, size_t nparts,
          struct tr_bytes *out)
{
    EVP_MD_CTX *digest = begin_digest();
    uint8_t octets[EVP_MAX_MD_SIZE];
    unsigned int length;
    bool fine;
    size_t i;

    if (digest == NULL)
        return ENOMEM;
    fine = add_part(digest, what, strlen(what));
    for (i = 0; i < nparts; i++)
        fine = fine && add_part(digest, parts[i].data, parts[i].length);
    fine = fine && EVP_DigestFinal_ex(digest, octets, &length) == 1;
    return fine ? tr_bytes_copy(octets, length, out) : TRR_INTERNAL;
}

krb5_error_code
tr_association_key(krb5_context context, krb5_key subkey,
                   const struct tr_bytes *id,
                   const struct tr_bytes *transcript,
                   krb5_key *key_out)
{
    static const char prefix[] = "assoc";
    krb5_keyblock *base = NULL, *derived = NULL;
    uint8_t octets[256];
    krb5_data input;
    krb5_error_code ret;
    uint8_t *at;

    if (id->length != TR_ASSOCIATION_LENGTH || transcript->length >
        sizeof(octets) - sizeof(prefix) - TR_ASSOCIATION_LENGTH)
        return TRR_INTERNAL;
    at = mempcpy(octets, prefix, sizeof(prefix) - 1);
    at = mempcpy(at, id->data, id->length);
    at = mempcpy(at, transcript->data, transcript->length);
    input = as_data(octets, at - octets);

    ret = krb5_k_key_keyblock(context, subkey, &base);
    if (ret == 0)
        ret = krb5_c_derive_prfplus(context, base, &input, ENCTYPE_NULL,
                                    &derived);
    if (ret == 0)
        ret = krb5_k_create_key(context, derived, key_out);
    krb5_free_keyblock(context, base);
    krb5_free_keyblock(context, derived);
    return ret;
}

krb5_error_code
tr_key_export(krb5_context context, krb5_key key, int64_t *enctype_out,
              struct tr_bytes *out)
{
    krb5_keyblock *block = NULL;
    krb5_error_code ret;

    ret = krb5_k_key_keyblock(context, key, &block);
    if (ret == 0)
        ret = tr_bytes_copy(block->contents, block->length, out);
    if (ret == 0)
        *enctype_out = block->enctype;
    krb5_free_keyblock(context, block);
    return ret;
}

krb5_error_code
tr_key_import(krb5_context context, int64_t enctype,
              const struct tr_bytes *octets, krb5_key *key_out)
{
    krb5_keyblock block;
    size_t bytes, length;

    if (enctype <= 0 || enctype > INT16_MAX || tr_checksum_type(enctype) == 0)
        return TRR_RECORD;
    if (krb5_c_keylengths(context, enctype, &bytes, &length) != 0 ||
        octets->length != length)
        return TRR_RECORD;
    memset(&block, 0, sizeof(block));
    block.magic = KV5M_KEYBLOCK;
    block.enctype = enctype;
    block.length = octets->length;
    block.contents = octets->data;
    return krb5_k_create_key(context, &block, key_out);
}
