/* mech/service/tcb.c - choose the back end that knows the labels [160] */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "tcb.h"
#include "trustrealm_err.h"

struct tr_tcb {
    const struct tr_tcb_backend *backend;
    void *state;
};

static const struct tr_tcb_backend *const backends[] = {
    &tr_tcb_policy
};

krb5_error_code
tr_tcb_create(const struct tr_config *config, struct tr_tcb **tcb_out)
{
    struct tr_tcb *tcb;
    krb5_error_code ret;
    size_t i;

    *tcb_out = NULL;
    for (i = 0; i < sizeof(backends) / sizeof(*backends); i++) {
        if (strcmp(backends[i]->name, config->backend) == 0)
            break;
    }
    if (i == sizeof(backends) / sizeof(*backends))
        return TRR_CONFIG;
    tcb = calloc(1, sizeof(*tcb));
    if (tcb == NULL)
        return ENOMEM;
    tcb->backend = backends[i];
    ret = tcb->backend->create(config, &tcb->state);
    if (ret) {
        free(tcb);
        return ret;
    }
    *tcb_out = tcb;
    return 0;
}

void
tr_tcb_free(struct tr_tcb *tcb)
{
    if (tcb == NULL)
        return;
    tcb->backend->free(tcb->state);
    free(tcb);
}

krb5_error_code
tr_tcb_process(const struct tr_tcb *tcb, const struct tr_caller *caller,
               struct tr_process *out)
{
    struct tr_process process;
    krb5_error_code ret;

    ret = tcb->backend->process(tcb->state, caller, &process);
    /* A back end's mistake must not become a label outside its range. */
    if (ret == 0 && !tr_range_contains(&process.range, &process.label))
        ret = TRR_NO_LABEL;
    if (ret == 0)
        *out = process;
    return ret;
}
