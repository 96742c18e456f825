/* mech/service/ticket_files.h - tickets for other programs, in files */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_TICKET_FILES_H
#define TR_TICKET_FILES_H

/*
 * The process that follows the directory has no key: it finds its tickets in
 * a credential cache, which is renewed ahead of their end.
 */

#include <event2/event.h>
#include <krb5/krb5.h>
#include "audit.h"
#include "kdc.h"

struct tr_ticket_files;

/* The context is the event loop's. */
krb5_error_code tr_ticket_files_create(krb5_context context,
                                       struct event_base *base,
                                       struct tr_audit *audit,
                                       struct tr_ticket_files **files_out);
/* Before use. */
void tr_ticket_files_set_kdc(struct tr_ticket_files *files,
                             struct tr_kdc *kdc);
void tr_ticket_files_free(struct tr_ticket_files *files);

/* From now on keep tickets for principals (in canonical form, up to a NULL)
 * in the file path, and no others. */
krb5_error_code tr_ticket_files_set(struct tr_ticket_files *files,
                                    char *const *principals,
                                    const char *path);
/* What the KDC said about server; creds remain the caller's. */
void tr_ticket_files_done(struct tr_ticket_files *files, const char *server,
                          krb5_error_code code, const char *why,
                          krb5_creds *creds);
/* "no ticket for PRINCIPAL: why" for one that is missing; or NULL. */
const char *tr_ticket_files_error(const struct tr_ticket_files *files);

#endif
