/* mech/service/tcb.h - what a back end of the TCB interface provides */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_TCB_H
#define TR_TCB_H

#include "service.h"

/*
 * A back end answers one question: which labels may this process handle?  It
 * looks only at what the kernel says of the caller.  Whoever it does not know
 * gets TRR_NO_LABEL; it never guesses.
 */
struct tr_tcb_backend {
    const char *name;           /* as in [policy] backend */
    krb5_error_code (*create)(const struct tr_config *config,
                              void **state_out);
    void (*free)(void *state);
    krb5_error_code (*process)(const void *state,
                               const struct tr_caller *caller,
                               struct tr_process *out);
};

extern const struct tr_tcb_backend tr_tcb_policy;       /* policy.c */

#endif
