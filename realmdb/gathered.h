/* realmdb/gathered.h - an entry, gathered value by value (within realmdb) */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_GATHERED_H
#define TR_GATHERED_H

#include "record.h"

/* Empty when zeroed.  Values of one attribute need not come together. */
struct tr_gathered {
    struct tr_attribute *attributes;
    size_t nattributes;
};

/*
 * Add a copy of a value.  Attributes of no class are left out: no record has
 * use for them.  TRR_ENTRY, with *why_out (free() it), for a value with a NUL
 * in it, and for an attribute that tr_class_has_options().
 */
krb5_error_code tr_gathered_add(struct tr_gathered *gathered,
                                const char *attribute, const char *value,
                                size_t length, char **why_out);
/* The same for an attribute as tr_class_attribute() writes it. */
krb5_error_code tr_gathered_take(struct tr_gathered *gathered,
                                 const char *attribute, const char *value,
                                 size_t length, char **why_out);
/* The entry; it belongs to gathered, dn to the caller. */
struct tr_entry tr_gathered_entry(const struct tr_gathered *gathered,
                                  const char *dn);
void tr_gathered_clear(struct tr_gathered *gathered);

#endif
