/* realmdb/record_class.h - which attributes entries have */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_RECORD_CLASS_H
#define TR_RECORD_CLASS_H

#include "record.h"

/*
 * Reads value to item, a member of a record or an item of a list; ENOMEM, or
 * TRR_MALFORMED when value is not what is expected.
 */
typedef krb5_error_code tr_parse_value(const char *value, void *item);
typedef int tr_compare_items(const void *a, const void *b);
/* How much a value of a limit lets pass in that trust realm, whose levels are
 * known; -1 when it is no value. */
typedef int64_t tr_rank_value(const struct tr_realm_record *realm,
                              const char *value);

/* To a char *.  Names of trust realms, systems, services and formats have no
 * case and come out in lower case; those of levels stay as they are. */
tr_parse_value tr_parse_name;
tr_parse_value tr_parse_level;
tr_parse_value tr_parse_principal;
tr_parse_value tr_parse_attribute;
/* To the type of the same name. */
tr_parse_value tr_parse_bool;
tr_parse_value tr_parse_policy;
tr_parse_value tr_parse_protection;
tr_parse_value tr_parse_mode;
tr_parse_value tr_parse_named_number;
tr_parse_value tr_parse_carrier;            /* struct tr_carrier_rule */
tr_parse_value tr_parse_grant;
tr_parse_value tr_parse_pair;               /* struct tr_name_pair */
/* To a uint32_t, the priority to an int32_t. */
tr_parse_value tr_parse_doi;
tr_parse_value tr_parse_priority;
tr_parse_value tr_parse_seconds;

/*
 * The inverse: the text of an item, to be freed; NULL without memory, or for
 * an item that is no value (a NULL).
 */
typedef char *tr_write_value(const void *item);
/* Of the items that parse makes; every one has one. */
tr_write_value *tr_writer_of(tr_parse_value *parse);

struct tr_field {
    const char *attribute;
    bool required;
    tr_parse_value *parse;
    const char *expected;       /* "... expected" */
    size_t offset;              /* in the record, of a value or a list */
    tr_rank_value *rank;        /* a limit: of several values the lowest */
    /* a list: */
    size_t count;               /* offset of its count; 0: one value only */
    size_t size;                /* of an item */
    size_t maximum;             /* of items */
    tr_compare_items *compare;
    bool named;                 /* an item starts with its name: char * */
};

struct tr_class {
    const char *name;
    enum tr_record_type type;
    const struct tr_field *fields;      /* the last one has no attribute */
    /* More would be allowed without such an entry than with it. */
    bool restricts;
    /* Judges what no single value shows; *why_out is set when it fails. */
    krb5_error_code (*check)(struct tr_record *record, char **why_out);
};

const struct tr_class *tr_class_of(enum tr_record_type type);
/* The class of that name, compared without case, or NULL. */
const struct tr_class *tr_class_find(const char *name);
/* The attribute of that name, compared without case, as it is written here:
 * objectClass or one of a class; or NULL. */
const char *tr_class_attribute(const char *name);
/* Is it one of which the narrowest value holds? */
bool tr_class_is_limit(const char *name);
/* Is it one with options, "trRestriction;lang-en"?  To a directory that is
 * another attribute; who wrote it meant something all the same. */
bool tr_class_has_options(const char *name);

/*
 * What to ask a directory for: a filter for entries of these classes, and
 * the attributes that they have, NULL-terminated; free() both (the names stay
 * where they are).
 */
krb5_error_code tr_class_search(char **filter_out,
                                const char ***attributes_out);

/* Says why in *why_out (malloced, NULL without memory); returns TRR_ENTRY. */
krb5_error_code tr_entry_wrong(char **why_out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
