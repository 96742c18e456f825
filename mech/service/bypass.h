/* mech/service/bypass.h - traffic without a label, and who may accept */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_BYPASS_H
#define TR_BYPASS_H

/*
 * Plain Kerberos names no sending system, so a by-pass [202, 232] belongs to
 * a service and the clients that it is open to; at the sender, to a target.
 * What is said without a label has the lowest one, whatever it is.
 */

#include "service.h"

/* The lowest label that this system's policy knows. */
void tr_bypass_label(const struct tr_config *config, struct tr_label *out);

/* May this process speak to target (a principal) without a label?  Only if
 * it could send nothing but the lowest label anyway. */
bool tr_bypass_to(const struct tr_config *config,
                  const struct tr_process *process, const char *target);

/* Could any client of this service do without a label? */
bool tr_bypass_open(const struct tr_config *config, const char *service);
/* May this authenticated client? */
bool tr_bypass_from(const struct tr_config *config, const char *service,
                    const char *client);

/* May this user accept for service?  Who is not named may not, root only
 * where nobody is. */
bool tr_may_accept(const struct tr_config *config, const char *service,
                   uid_t uid);

#endif
