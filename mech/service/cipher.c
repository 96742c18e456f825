/* mech/service/cipher.c - what a daemon encrypts for itself alone */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <openssl/evp.h>
#include "trustrealm_err.h"
#include "cipher.h"
#include "crypto.h"

#define PREFIX "trustrealm records"     /* input of prf+, before the salt */
#define SALT 16
#define NONCE 12                        /* a number, then random octets */
#define NUMBER 6
#define HEAD (SALT + NONCE)
#define TAG 16
#define KEY 32

struct tr_cipher {
    krb5_context krb5;
    krb5_key record_key;
    uint8_t head[HEAD];                 /* of the last that was sealed */
    EVP_CIPHER_CTX *sealing, *opening;  /* both with the key of our salt */
};

/* The key that belongs to a salt, into context. */
static krb5_error_code
set_key(const struct tr_cipher *cipher, const uint8_t salt[SALT],
        EVP_CIPHER_CTX *context, int encrypt)
{
    uint8_t octets[sizeof(PREFIX) - 1 + SALT];
    krb5_data input = { KV5M_DATA, sizeof(octets), (char *)octets };
    krb5_keyblock *base = NULL, *derived = NULL;
    krb5_error_code ret;

    memcpy(mempcpy(octets, PREFIX, sizeof(PREFIX) - 1), salt, SALT);
    ret = krb5_k_key_keyblock(cipher->krb5, cipher->record_key, &base);
    if (ret == 0)
        ret = krb5_c_derive_prfplus(cipher->krb5, base, &input,
                                    ENCTYPE_AES256_CTS_HMAC_SHA1_96,
                                    &derived);
    if (ret == 0 && (derived->length != KEY ||
                     EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL,
                                       derived->contents, NULL,
                                       encrypt) != 1))
        ret = TRR_INTERNAL;
    krb5_free_keyblock(cipher->krb5, base);
    krb5_free_keyblock(cipher->krb5, derived);
    return ret;
}

krb5_error_code
tr_cipher_create(krb5_context context, krb5_key record_key,
                 struct tr_cipher **cipher_out)
{
    struct tr_cipher *cipher;
    krb5_error_code ret;

    cipher = calloc(1, sizeof(*cipher));
    if (cipher == NULL)
        return ENOMEM;
    cipher->krb5 = context;
    cipher->record_key = record_key;
    cipher->sealing = EVP_CIPHER_CTX_new();
    cipher->opening = EVP_CIPHER_CTX_new();
    ret = cipher->sealing == NULL || cipher->opening == NULL ? ENOMEM :
        tr_random(context, cipher->head, SALT);
    if (ret == 0)
        ret = set_key(cipher, cipher->head, cipher->sealing, 1);
    if (ret == 0)
        ret = set_key(cipher, cipher->head, cipher->opening, 0);
    if (ret) {
        tr_cipher_free(cipher);
        return ret;
    }
    *cipher_out = cipher;
    return 0;
}

void
tr_cipher_free(struct tr_cipher *cipher)
{
    if (cipher == NULL)
        return;
    /* These wipe their keys. */
    EVP_CIPHER_CTX_free(cipher->sealing);
    EVP_CIPHER_CTX_free(cipher->opening);
    free(cipher);
}

/* The kernel's random numbers, which hear of it when a virtual machine is set
 * back; those of libkrb5 would come again. */
static bool
next_nonce(uint8_t nonce[NONCE])
{
    int i;

    for (i = NUMBER; i > 0 && ++nonce[i - 1] == 0; i--)
        continue;
    return getrandom(nonce + NUMBER, NONCE - NUMBER, 0) == NONCE - NUMBER;
}

/* Start on another text under the same key. */
static bool
set_nonce(EVP_CIPHER_CTX *context, const uint8_t nonce[NONCE])
{
    return EVP_CipherInit_ex(context, NULL, NULL, NULL, nonce, -1) == 1;
}

krb5_error_code
tr_cipher_seal(struct tr_cipher *cipher, const struct tr_bytes *plain,
               struct tr_bytes *sealed_out)
{
    EVP_CIPHER_CTX *context = cipher->sealing;
    uint8_t *octets, *text;
    int length, more;

    if (plain->length > INT_MAX - HEAD - TAG)
        return TRR_TOO_LONG;
    octets = malloc(HEAD + plain->length + TAG);
    if (octets == NULL)
        return ENOMEM;
    if (!next_nonce(cipher->head + SALT)) {
        free(octets);
        return EIO;
    }
    text = mempcpy(octets, cipher->head, HEAD);
    if (!set_nonce(context, cipher->head + SALT) ||
        EVP_EncryptUpdate(context, text, &length, plain->data,
                          plain->length) != 1 ||
        EVP_EncryptFinal_ex(context, text + length, &more) != 1 ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG,
                            text + plain->length) != 1) {
        free(octets);
        return TRR_INTERNAL;
    }
    sealed_out->data = octets;
    sealed_out->length = HEAD + plain->length + TAG;
    return 0;
}

/* plain_out->data has room for all of it. */
static krb5_error_code
decrypt(EVP_CIPHER_CTX *context, const struct tr_bytes *sealed,
        struct tr_bytes *plain_out)
{
    const uint8_t *text = sealed->data + HEAD;
    size_t text_length = sealed->length - HEAD - TAG;
    int length, more;

    if (!set_nonce(context, sealed->data + SALT) ||
        EVP_DecryptUpdate(context, plain_out->data, &length, text,
                          text_length) != 1 ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG,
                            (void *)(text + text_length)) != 1)
        return TRR_INTERNAL;
    if (EVP_DecryptFinal_ex(context, plain_out->data + length, &more) != 1)
        return TRR_SEAL;
    plain_out->length = text_length;
    return 0;
}

krb5_error_code
tr_cipher_open(struct tr_cipher *cipher, const struct tr_bytes *sealed,
               struct tr_bytes *plain_out)
{
    EVP_CIPHER_CTX *context = cipher->opening, *earlier = NULL;
    struct tr_bytes plain = { NULL, 0 };
    krb5_error_code ret = 0;

    if (sealed->length < HEAD + TAG || sealed->length > INT_MAX)
        return TRR_SEAL;
    plain.data = malloc(sealed->length);
    if (plain.data == NULL)
        return ENOMEM;
    plain.length = sealed->length;
    if (memcmp(sealed->data, cipher->head, SALT) != 0) {
        /* Made before the daemon was started again, or by nobody. */
        context = earlier = EVP_CIPHER_CTX_new();
        ret = earlier == NULL ? ENOMEM :
            set_key(cipher, sealed->data, earlier, 0);
    }
    if (ret == 0)
        ret = decrypt(context, sealed, &plain);
    EVP_CIPHER_CTX_free(earlier);
    if (ret) {
        tr_bytes_free(&plain);          /* what did not verify */
        return ret;
    }
    *plain_out = plain;
    return 0;
}
