/* mech/service/association.c - association records in the plugin's hands */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "trustrealm_err.h"
#include "association.h"
#include "crypto.h"

krb5_error_code
tr_association_seal(struct tr_cipher *cipher,
                    const struct tr_association *association,
                    struct tr_bytes *record_out)
{
    struct tr_bytes plain = { NULL, 0 };
    krb5_error_code ret;

    ret = tr_wire_encode(TR_WIRE_ASSOCIATION, association, &plain.data,
                         &plain.length);
    if (ret == 0)
        ret = tr_cipher_seal(cipher, &plain, record_out);
    tr_bytes_free(&plain);
    return ret;
}

krb5_error_code
tr_association_open(struct tr_cipher *cipher, const struct tr_bytes *record,
                    int stage, struct tr_association *association_out)
{
    struct tr_association association;
    struct tr_bytes plain = { NULL, 0 };
    krb5_error_code ret;

    memset(&association, 0, sizeof(association));
    ret = tr_cipher_open(cipher, record, &plain);
    if (ret == 0)
        ret = tr_wire_decode(TR_WIRE_ASSOCIATION, plain.data, plain.length,
                             &association);
    if (ret == ENOMEM)
        goto cleanup;
    if (ret == 0 && association.version == TR_VERSION &&
        association.stage == stage && (association.bypass ||
        association.association.length == TR_ASSOCIATION_LENGTH)) {
        *association_out = association;
        memset(&association, 0, sizeof(association));
    } else {
        ret = TRR_RECORD;
    }

cleanup:
    tr_bytes_free(&plain);
    tr_wire_free(TR_WIRE_ASSOCIATION, &association);
    return ret;
}

krb5_error_code
tr_association_label_key(krb5_context context, const struct tr_association *a,
                         krb5_key *key_out)
{
    krb5_key subkey = NULL;
    krb5_error_code ret;

    ret = tr_key_import(context, a->enctype, &a->key, &subkey);
    if (ret == 0)
        ret = tr_association_key(context, subkey, &a->association,
                                 &a->transcript, key_out);
    krb5_k_free_key(context, subkey);
    return ret;
}

void
tr_association_stamp(struct tr_association *association, int64_t now)
{
    association->time = now;
    association->boottime = tr_boottime();
}

krb5_error_code
tr_association_alive(const struct tr_association *association, int64_t now,
                     int64_t boottime, uint32_t skew)
{
    int64_t passed = boottime - association->boottime;

    /* Made before the machine was booted. */
    if (passed < 0)
        return TRR_ENDED;
    if (now < association->time - (int64_t)skew)
        return TRR_CLOCK;
    if (association->end == 0)
        return 0;
    if (now >= association->end ||
        passed / 1000 >= association->end - association->time)
        return TRR_ENDED;
    return 0;
}
