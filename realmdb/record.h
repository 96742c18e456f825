/* realmdb/record.h - what the directory says: trust realms, systems, ... */
/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef TR_RECORD_H
#define TR_RECORD_H

/*
 * One entry of the directory (or of an LDIF file) becomes one record.  The
 * same parser serves LDAP and LDIF; doc/SCHEMA has the attributes.  A record
 * keeps label text as written: it means something only with the trust
 * realm's encoding, which may arrive later.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <krb5/krb5.h>

enum tr_record_type {
    TR_RECORD_REALM = 1,
    TR_RECORD_SYSTEM,
    TR_RECORD_CLEARANCE,
    TR_RECORD_MAP
};

enum tr_policy { TR_POLICY_MLS, TR_POLICY_EQUAL };
enum tr_protection { TR_PROTECT_INTEGRITY, TR_PROTECT_CONFIDENTIALITY };
enum tr_mode { TR_MODE_ENFORCE, TR_MODE_DRY_RUN };
/* How a service's data travels after establishment. */
enum tr_carrier {
    TR_CARRIER_GSS,             /* every message is wrapped (the default) */
    TR_CARRIER_OWN,             /* the application encrypts: ssh */
    TR_CARRIER_MIC,             /* messages are only signed */
    TR_CARRIER_AUTH_ONLY        /* nothing after establishment */
};
/* What trCarrier calls it. */
const char *tr_carrier_name(enum tr_carrier carrier);

struct tr_named_number { uint32_t number; char *name; };
struct tr_carrier_rule { char *service; enum tr_carrier carrier; };

/* Of an entry without trKernelLifetime, s. */
#define TR_USUAL_KERNEL_LIFETIME 300

/* trTrustRealm */
struct tr_realm_record {
    char *name;                         /* cn */
    uint32_t doi;                       /* trDOI: its number, unique */
    int32_t priority;                   /* trPriority: higher wins */
    enum tr_policy policy;              /* trPolicy: mls | equal */
    struct tr_named_number *levels;     /* trLevel: "NUMBER NAME" */
    size_t nlevels;
    struct tr_named_number *categories; /* trCategory: "NUMBER NAME" */
    size_t ncategories;
    /* Limits: of several values of one the narrowest holds.  wider has the
     * others, "ATTRIBUTE VALUE", which bear on nothing. */
    uint32_t idle_timeout;              /* trIdleTimeout, s; 0 = none */
    uint32_t lifetime;                  /* trLifetime, s; 0 = the ticket's */
    uint32_t max_staleness;             /* trMaximumStaleness, s; 0 = local */
    uint32_t kernel_lifetime;           /* trKernelLifetime, s; 0 = the
                                           association's */
    char *confidential_from;            /* trConfidentialFrom: level or NULL */
    char **wider;
    size_t nwider;
    enum tr_protection protection;      /* trProtection */
    char **attributes;                  /* trRequiredAttribute: "name=value" */
    size_t nattributes;
    struct tr_carrier_rule *carriers;   /* trCarrier: "SERVICE CARRIER" */
    size_t ncarriers;
    char **delegation;                  /* trDelegation: services it is for */
    size_t ndelegation;
    bool kernel;                        /* trKernelExport */
    enum tr_mode mode;                  /* trMode: enforce | dry-run */
};

/* One value of trMembership, trClearance or trRestriction: "REALM LOW HIGH
 * [END]" with END a generalized time; 0 = no end. */
struct tr_grant {
    char *realm;
    char *low;
    char *high;
    int64_t end;                        /* seconds since 1970 */
    /* Of a membership or clearance, what else bounds it (grant.h): those of
     * the record's restrictions that are for the same trust realm. */
    const struct tr_grant *restrictions;
    size_t nrestrictions;
    struct tr_granted *granted;         /* kept by tr_view_granted(); NULL */
};

/* trSystem */
struct tr_system_record {
    char *name;                         /* cn: the system's host name */
    char *principal;                    /* trPrincipal */
    bool enabled;                       /* trEnabled, default TRUE */
    char **aliases;                     /* trAlias: other host names */
    size_t naliases;
    struct tr_grant *memberships;       /* trMembership */
    size_t nmemberships;
    struct tr_grant *restrictions;      /* trRestriction */
    size_t nrestrictions;
};

/* trSubject (auxiliary, on account entries) */
struct tr_clearance_record {
    char *principal;                    /* trPrincipal */
    struct tr_grant *clearances;        /* trClearance */
    size_t nclearances;
    struct tr_grant *restrictions;      /* trRestriction */
    size_t nrestrictions;
};

/* trLabelMap: between a trust realm's format and a local one */
struct tr_map_record {
    char *realm;                        /* trRealmName */
    char *format;                       /* trFormat: name of local format */
    struct tr_name_pair { char *local, *realm; } *levels; /* trLevelMap:
                                                             "LOCAL REALM" */
    size_t nlevels;
    struct tr_name_pair *categories;    /* trCategoryMap: "LOCAL REALM" */
    size_t ncategories;
};

struct tr_record {
    enum tr_record_type type;
    unsigned int holders;               /* beside the first */
    union {
        struct tr_realm_record realm;
        struct tr_system_record system;
        struct tr_clearance_record clearance;
        struct tr_map_record map;
    } u;
};

void tr_record_free(struct tr_record *record);
/* For one more holder, who frees it as well; from then on nobody may change
 * what it says.  Returns record. */
struct tr_record *tr_record_hold(struct tr_record *record);

/* An entry as a source delivers it: attribute names without options. */
struct tr_attribute { const char *name; char *const *values; size_t nvalues; };
struct tr_entry {
    const char *dn;
    const struct tr_attribute *attributes;
    size_t nattributes;
};

/*
 * Make a record of entry.  *record_out is NULL, with return 0, for an entry
 * that is none of ours (an organizational unit, say).  On TRR_ENTRY, *why_out
 * (free() it; may be NULL on ENOMEM) says which attribute and value is wrong.
 * Unknown attributes are ignored; a single-valued one given twice is an error,
 * unless it is a limit.
 */
krb5_error_code tr_record_from_entry(const struct tr_entry *entry,
                                     struct tr_record **record_out,
                                     char **why_out);
/*
 * The record that stands for an entry that was refused.  To leave out a trust
 * realm or a system allows less, but a user without clearances is not limited
 * and names without a map are taken as they are: so these become a clearance
 * for nothing and a map without pairs.  NULL for other entries, and for those
 * that do not even say whom or what they are for.
 */
krb5_error_code tr_record_closed(const struct tr_entry *entry,
                                 struct tr_record **record_out);

/* What a record is called in messages. */
const char *tr_record_name(const struct tr_record *record);
/* Leave of a record what tr_record_closed() would make of its entry; *record
 * is NULL, and freed, when that is nothing. */
krb5_error_code tr_record_close(struct tr_record **record);

/*
 * The entry that record was made of, as far as the record knows: without DN
 * and object class, values in the order of the record, of a limit the one that
 * holds first; those that are the default left out.  tr_entry_free() it.
 */
krb5_error_code tr_record_to_entry(const struct tr_record *record,
                                   struct tr_entry **entry_out);
void tr_entry_free(struct tr_entry *entry);

/* To and from the octets kept in LMDB; *octets_out is malloced. */
krb5_error_code tr_record_encode(const struct tr_record *record,
                                 uint8_t **octets_out, size_t *length_out);
krb5_error_code tr_record_decode(const uint8_t *octets, size_t length,
                                 struct tr_record **record_out);

#endif
