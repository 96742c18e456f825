/* mech/service/attributes.h - what holds on this system right now */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_ATTRIBUTES_H
#define TR_ATTRIBUTES_H

#include "process.h"
#include "service.h"

/*
 * Environment attributes, from fixed values and commands of [attributes].  A
 * command that fails, says nothing or takes too long leaves its attribute
 * absent: what requires it is refused.
 */
struct tr_attributes;

/*
 * config must outlive the attributes.  Values of commands that old (may be
 * NULL) runs as well are taken from it until the command has run again.
 * changed is called from the event loop after each change.
 */
krb5_error_code tr_attributes_create(const struct tr_config *config,
                                     const struct tr_attributes *old,
                                     struct event_base *base,
                                     struct tr_children *children,
                                     struct tr_audit *audit,
                                     void (*changed)(void *arg), void *arg,
                                     struct tr_attributes **attributes_out);
void tr_attributes_free(struct tr_attributes *attributes);

/* "name=value", NULL-terminated; good until the next change. */
char **tr_attributes_list(const struct tr_attributes *attributes);

#endif
