/* mech/service/association.h - association records in the plugin's hands */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_ASSOCIATION_H
#define TR_ASSOCIATION_H

/*
 * What the daemon knows of an association is kept by the plugin, encrypted
 * under the local record key: it can be stored, exported and handed back by
 * any process of this system, but neither read nor changed.  Possession
 * proves nothing: who presents a record is judged anew.
 */

#include <krb5/krb5.h>
#include "boottime.h"
#include "cipher.h"
#include "wire.h"

krb5_error_code tr_association_seal(struct tr_cipher *cipher,
                                    const struct tr_association *association,
                                    struct tr_bytes *record_out);

/*
 * TRR_RECORD when it was not made by this cipher, or is not of this stage
 * (enum in wire.h).  Free with tr_wire_free(TR_WIRE_ASSOCIATION, ...).
 */
krb5_error_code tr_association_open(struct tr_cipher *cipher,
                                    const struct tr_bytes *record, int stage,
                                    struct tr_association *association_out);

/*
 * The key of an established association's label records.  It is made when it
 * is asked for: most associations never have one.  krb5_k_free_key() it.
 */
krb5_error_code tr_association_label_key(krb5_context context,
                                         const struct tr_association *a,
                                         krb5_key *key_out);

/* Set time and boottime to now. */
void tr_association_stamp(struct tr_association *association, int64_t now);

/*
 * May the association still be used?  TRR_ENDED once its end has come by the
 * wall clock or by the time that has passed; TRR_CLOCK when the wall clock
 * stands before the association was made by more than skew seconds.
 */
krb5_error_code
tr_association_alive(const struct tr_association *association, int64_t now,
                     int64_t boottime, uint32_t skew);

#endif
