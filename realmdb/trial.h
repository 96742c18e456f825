/* realmdb/trial.h - do in a child what may crash */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_TRIAL_H
#define TR_TRIAL_H

#include <stddef.h>
#include <krb5/krb5.h>

/*
 * LMDB maps its file and trusts what it finds there: a file that was cut short
 * or damaged makes it crash.
 *
 * Call try(arg) in a child process, which has a minute.  0 when it returned
 * NULL, TRR_TABLE with why, of that size, when it returned a text or did not
 * come back; or an errno.
 */
krb5_error_code tr_trial(const char *(*try)(void *arg), void *arg, char *why,
                         size_t size);

#endif
