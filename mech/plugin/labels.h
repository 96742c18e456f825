/* mech/plugin/labels.h - labels of single messages */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_LABELS_H
#define TR_LABELS_H

/*
 * A message without a label record has the label of its context, always.  To
 * send another, trustrealmd issues a record for it, once for each label and
 * epoch; a record that arrives is checked by trustrealmd once and then known.
 * Both are remembered, at most TR_MAX_KNOWN_LABELS each.
 */

#include <gssapi/gssapi.h>
#include <krb5/krb5.h>
#include <stdatomic.h>
#include <stdbool.h>
#include "limits.h"
#include "wire.h"

struct tr_context;

/* Counted; all but next is immutable. */
struct tr_known_label {
    struct tr_known_label *next;        /* older one of the list */
    _Atomic unsigned int references;
    uint64_t epoch;             /* known to hold while the page shows it */
    struct tr_bytes record;
    char *asked;                /* what was asked for; NULL when received */
    char *label;                /* the trust realm's format */
    char *local;                /* this system's */
};

struct tr_label_list {
    struct tr_known_label *newest;
    size_t count;
};

struct tr_labels {
    /* under the mutex of the context; delivered may be looked at without */
    char *choice;               /* to send, local format; NULL = established */
    _Atomic(struct tr_known_label *) delivered; /* last; NULL = established */
    struct tr_label_list issued, checked;
};

void tr_labels_clear(struct tr_labels *labels);

/* The label of the messages sent from now on; GSS_C_NO_BUFFER or an empty one
 * goes back to the established label. */
krb5_error_code tr_labels_choose(struct tr_context *context,
                                 gss_buffer_t label);
/* What was chosen, malloced, "" for the established label. */
krb5_error_code tr_labels_choice(struct tr_context *context,
                                 char **label_out);

/* The record to send with the next message; release it. */
krb5_error_code tr_labels_issue(struct tr_context *context,
                                struct tr_known_label **label_out);
/* What a record that arrived stands for; release it. */
krb5_error_code tr_labels_check(struct tr_context *context,
                                const void *record, size_t length,
                                struct tr_known_label **label_out);
void tr_labels_release(struct tr_known_label *label);

/* A message was delivered with this label, NULL for the established one. */
void tr_labels_delivered(struct tr_context *context,
                         struct tr_known_label *label);
/* Append its label, in both formats, to *set. */
OM_uint32 tr_labels_inquire(OM_uint32 *minor, struct tr_context *context,
                            gss_buffer_set_t *set);

#endif
