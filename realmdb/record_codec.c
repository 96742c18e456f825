/* realmdb/record_codec.c - records as octets, and their release */
/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * One walk over the members of a record serves three verbs: encode, decode
 * and free.  So a member that is added is added once and none is forgotten.
 * The octets are: a format, the type, then the members in order; a string or
 * a list is preceded by its length in 32 bits.  A record with what only some
 * have (restrictions, values of limits that do not hold) has a format of its
 * own: where that cannot be read, nothing is.  Decoding trusts nothing: the
 * file may be damaged.
 */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "grant.h"
#include "limits.h"
#include "octets.h"
#include "record.h"
#include "trustrealm_err.h"

#define FORMAT 1
#define FORMAT_MORE 2
#define NO_STRING UINT32_MAX

enum verb { ENCODE, DECODE, FREE };

struct walk {
    enum verb verb;
    bool more;                  /* the octets have what only some have */
    struct tr_builder to;
    struct tr_reader from;
};

static void
walk_32(struct walk *walk, uint32_t *number)
{
    if (walk->verb == ENCODE)
        tr_add_32(&walk->to, *number);
    else if (walk->verb == DECODE)
        *number = tr_read_32(&walk->from);
}

static void
walk_64(struct walk *walk, int64_t *number)
{
    if (walk->verb == ENCODE)
        tr_add_64(&walk->to, (uint64_t)*number);
    else if (walk->verb == DECODE)
        *number = (int64_t)tr_read_64(&walk->from);
}

/* A number below limit, in one octet: for what has few values. */
static unsigned
walk_choice(struct walk *walk, unsigned value, unsigned limit)
{
    if (walk->verb == ENCODE)
        tr_add_8(&walk->to, (uint8_t)value);
    if (walk->verb != DECODE)
        return value;
    value = tr_read_8(&walk->from);
    if (value < limit)
        return value;
    tr_reader_fail(&walk->from, TRR_MALFORMED);
    return 0;
}

static void
walk_bool(struct walk *walk, bool *truth)
{
    *truth = walk_choice(walk, *truth, 2) != 0;
}

static void
walk_string(struct walk *walk, char **string, bool optional)
{
    uint32_t length;
    const uint8_t *octets;

    if (walk->verb == FREE) {
        free(*string);
    } else if (walk->verb == ENCODE) {
        if (*string == NULL && !optional && walk->to.error == 0)
            walk->to.error = TRR_MALFORMED;
        length = *string == NULL ? NO_STRING : (uint32_t)strlen(*string);
        tr_add_32(&walk->to, length);
        if (*string != NULL)
            tr_add_octets(&walk->to, *string, length);
    } else {
        length = tr_read_32(&walk->from);
        if (length == NO_STRING && optional)
            return;
        octets = tr_read_octets(&walk->from, length);
        if (octets == NULL)
            return;
        if (memchr(octets, '\0', length) != NULL) {
            tr_reader_fail(&walk->from, TRR_MALFORMED);
            return;
        }
        *string = strndup((const char *)octets, length);
        if (*string == NULL)
            tr_reader_fail(&walk->from, ENOMEM);
    }
}

/*
 * Begin a list whose items have size octets in memory: the items, with *count
 * set.  A decoded list is zeroed, and no longer than the input has octets.
 */
static void *
begin_list(struct walk *walk, void *items, size_t *count, size_t size)
{
    uint32_t n;

    if (walk->verb == ENCODE)
        tr_add_32(&walk->to, (uint32_t)*count);
    if (walk->verb != DECODE)
        return items;
    *count = 0;
    n = tr_read_32(&walk->from);
    if (n > walk->from.left)
        tr_reader_fail(&walk->from, TRR_TRUNCATED);
    if (walk->from.error != 0 || n == 0)
        return NULL;
    items = calloc(n, size);
    if (items == NULL) {
        tr_reader_fail(&walk->from, ENOMEM);
        return NULL;
    }
    *count = n;
    return items;
}

static void
end_list(struct walk *walk, void *items)
{
    if (walk->verb == FREE)
        free(items);
}

static void
walk_strings(struct walk *walk, char ***items, size_t *count)
{
    size_t i;

    *items = begin_list(walk, *items, count, sizeof(**items));
    for (i = 0; i < *count; i++)
        walk_string(walk, &(*items)[i], false);
    end_list(walk, *items);
}

static void
walk_numbers(struct walk *walk, struct tr_named_number **items, size_t *count)
{
    size_t i;

    *items = begin_list(walk, *items, count, sizeof(**items));
    for (i = 0; i < *count; i++) {
        walk_32(walk, &(*items)[i].number);
        walk_string(walk, &(*items)[i].name, false);
    }
    end_list(walk, *items);
}

static void
walk_carriers(struct walk *walk, struct tr_carrier_rule **items,
              size_t *count)
{
    enum tr_carrier carrier;
    size_t i;

    *items = begin_list(walk, *items, count, sizeof(**items));
    for (i = 0; i < *count; i++) {
        walk_string(walk, &(*items)[i].service, false);
        carrier = walk_choice(walk, (*items)[i].carrier,
                              TR_CARRIER_AUTH_ONLY + 1);
        if (walk->verb == DECODE)
            (*items)[i].carrier = carrier;
    }
    end_list(walk, *items);
}

static void
walk_grants(struct walk *walk, struct tr_grant **items, size_t *count)
{
    size_t i;

    *items = begin_list(walk, *items, count, sizeof(**items));
    for (i = 0; i < *count; i++) {
        walk_string(walk, &(*items)[i].realm, false);
        walk_string(walk, &(*items)[i].low, false);
        walk_string(walk, &(*items)[i].high, false);
        walk_64(walk, &(*items)[i].end);
        if (walk->verb == FREE)
            free((*items)[i].granted);
    }
    end_list(walk, *items);
}

static void
walk_restrictions(struct walk *walk, struct tr_grant **items, size_t *count)
{
    if (walk->verb == FREE || walk->more)
        walk_grants(walk, items, count);
}

static void
walk_pairs(struct walk *walk, struct tr_name_pair **items, size_t *count)
{
    size_t i;

    *items = begin_list(walk, *items, count, sizeof(**items));
    for (i = 0; i < *count; i++) {
        walk_string(walk, &(*items)[i].local, false);
        walk_string(walk, &(*items)[i].realm, false);
    }
    end_list(walk, *items);
}

static void
walk_realm(struct walk *walk, struct tr_realm_record *realm)
{
    uint32_t priority = (uint32_t)realm->priority;

    walk_string(walk, &realm->name, false);
    walk_32(walk, &realm->doi);
    walk_32(walk, &priority);
    realm->priority = (int32_t)priority;
    realm->policy = walk_choice(walk, realm->policy, TR_POLICY_EQUAL + 1);
    walk_numbers(walk, &realm->levels, &realm->nlevels);
    walk_numbers(walk, &realm->categories, &realm->ncategories);
    walk_32(walk, &realm->idle_timeout);
    walk_32(walk, &realm->lifetime);
    walk_32(walk, &realm->max_staleness);
    realm->protection = walk_choice(walk, realm->protection,
                                    TR_PROTECT_CONFIDENTIALITY + 1);
    walk_string(walk, &realm->confidential_from, true);
    walk_strings(walk, &realm->attributes, &realm->nattributes);
    walk_carriers(walk, &realm->carriers, &realm->ncarriers);
    walk_strings(walk, &realm->delegation, &realm->ndelegation);
    walk_bool(walk, &realm->kernel);
    walk_32(walk, &realm->kernel_lifetime);
    realm->mode = walk_choice(walk, realm->mode, TR_MODE_DRY_RUN + 1);
    if (walk->verb == FREE || walk->more)
        walk_strings(walk, &realm->wider, &realm->nwider);
}

static void
walk_system(struct walk *walk, struct tr_system_record *system)
{
    walk_string(walk, &system->name, false);
    walk_string(walk, &system->principal, false);
    walk_bool(walk, &system->enabled);
    walk_strings(walk, &system->aliases, &system->naliases);
    walk_grants(walk, &system->memberships, &system->nmemberships);
    walk_restrictions(walk, &system->restrictions, &system->nrestrictions);
}

static void
walk_clearance(struct walk *walk, struct tr_clearance_record *clearance)
{
    walk_string(walk, &clearance->principal, false);
    walk_grants(walk, &clearance->clearances, &clearance->nclearances);
    walk_restrictions(walk, &clearance->restrictions,
                      &clearance->nrestrictions);
}

static void
walk_map(struct walk *walk, struct tr_map_record *map)
{
    walk_string(walk, &map->realm, false);
    walk_string(walk, &map->format, false);
    walk_pairs(walk, &map->levels, &map->nlevels);
    walk_pairs(walk, &map->categories, &map->ncategories);
}

/* False when the record's type is none. */
static bool
walk_record(struct walk *walk, struct tr_record *record)
{
    switch (record->type) {
    case TR_RECORD_REALM:
        walk_realm(walk, &record->u.realm);
        return true;
    case TR_RECORD_SYSTEM:
        walk_system(walk, &record->u.system);
        return true;
    case TR_RECORD_CLEARANCE:
        walk_clearance(walk, &record->u.clearance);
        return true;
    case TR_RECORD_MAP:
        walk_map(walk, &record->u.map);
        return true;
    }
    return false;
}

static bool
has_more(const struct tr_record *record)
{
    size_t n;

    (void)tr_record_restrictions(record, &n);
    return n > 0 ||
        (record->type == TR_RECORD_REALM && record->u.realm.nwider > 0);
}

void
tr_record_free(struct tr_record *record)
{
    struct walk walk = { .verb = FREE };

    if (record == NULL)
        return;
    if (record->holders > 0) {
        record->holders--;
        return;
    }
    (void)walk_record(&walk, record);
    free(record);
}

struct tr_record *
tr_record_hold(struct tr_record *record)
{
    record->holders++;
    return record;
}

krb5_error_code
tr_record_encode(const struct tr_record *record, uint8_t **octets_out,
                 size_t *length_out)
{
    struct walk walk = { .verb = ENCODE };
    struct tr_record copy = *record;    /* members may be assigned to */

    walk.more = has_more(record);
    tr_builder_init(&walk.to, TR_MAX_ENTRY);
    tr_add_8(&walk.to, walk.more ? FORMAT_MORE : FORMAT);
    tr_add_8(&walk.to, (uint8_t)record->type);
    if (!walk_record(&walk, &copy)) {
        tr_builder_free(&walk.to);
        return TRR_MALFORMED;
    }
    return tr_builder_take(&walk.to, octets_out, length_out);
}

krb5_error_code
tr_record_decode(const uint8_t *octets, size_t length,
                 struct tr_record **record_out)
{
    krb5_error_code ret;
    struct walk walk = { .verb = DECODE };
    struct tr_record *record;
    uint8_t format;

    *record_out = NULL;
    if (length > TR_MAX_ENTRY)
        return TRR_TOO_LONG;
    record = calloc(1, sizeof(*record));
    if (record == NULL)
        return ENOMEM;
    tr_reader_init(&walk.from, octets, length);
    format = tr_read_8(&walk.from);
    walk.more = format == FORMAT_MORE;
    if (format != FORMAT && !walk.more)
        tr_reader_fail(&walk.from, TRR_MALFORMED);
    record->type = tr_read_8(&walk.from);
    if (!walk_record(&walk, record))
        tr_reader_fail(&walk.from, TRR_MALFORMED);
    if (walk.more != has_more(record))
        tr_reader_fail(&walk.from, TRR_MALFORMED);
    ret = tr_reader_end(&walk.from);
    if (ret == 0)
        ret = tr_record_restrict(record);
    if (ret) {
        tr_record_free(record);
        return ret;
    }
    *record_out = record;
    return 0;
}
