/* mech/plugin/attributes.c - what an application may ask about a label */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "attributes.h"
#include "buffer.h"
#include "gssapi_trustrealm.h"
#include "oids.h"
#include "status.h"

#define PREFIX "trustrealm-"

struct tr_facts {
    _Atomic unsigned int references;
    bool labelled;
    char *text[TR_NFACTS];      /* that of the state is static */
};

static const struct {
    gss_OID_desc oid;
    enum tr_fact first, last;
} by_oid[] = {
    { GSS_TRUSTREALM_STATE, TR_FACT_STATE, TR_FACT_STATE },
    { GSS_TRUSTREALM_REALM, TR_FACT_REALM, TR_FACT_REALM },
    { GSS_TRUSTREALM_LABEL, TR_FACT_LABEL, TR_FACT_LABEL },
    { GSS_TRUSTREALM_LABEL_LOCAL, TR_FACT_LABEL_LOCAL, TR_FACT_LABEL_LOCAL },
    { GSS_TRUSTREALM_RANGE, TR_FACT_LOW, TR_FACT_HIGH },
    { GSS_TRUSTREALM_RANGE_LOCAL, TR_FACT_LOCAL_LOW, TR_FACT_LOCAL_HIGH },
    { GSS_TRUSTREALM_PEER_SYSTEM, TR_FACT_PEER_SYSTEM, TR_FACT_PEER_SYSTEM },
    { GSS_TRUSTREALM_CORRELATION, TR_FACT_CORRELATION, TR_FACT_CORRELATION }
};
#define NBY_OID (sizeof(by_oid) / sizeof(by_oid[0]))

static const struct { const char *name; enum tr_fact fact; } by_name[] = {
    { GSS_TRUSTREALM_ATTR_STATE, TR_FACT_STATE },
    { GSS_TRUSTREALM_ATTR_REALM, TR_FACT_REALM },
    { GSS_TRUSTREALM_ATTR_LABEL, TR_FACT_LABEL },
    { GSS_TRUSTREALM_ATTR_LABEL_LOCAL, TR_FACT_LABEL_LOCAL },
    { GSS_TRUSTREALM_ATTR_PEER_SYSTEM, TR_FACT_PEER_SYSTEM },
    { GSS_TRUSTREALM_ATTR_CORRELATION, TR_FACT_CORRELATION },
    { GSS_TRUSTREALM_ATTR_EPOCH, TR_FACT_EPOCH }
};
#define NBY_NAME (sizeof(by_name) / sizeof(by_name[0]))

static char *
take(char **text)
{
    char *taken = *text;

    *text = NULL;
    return taken;
}

krb5_error_code
tr_facts_create(struct tr_established *established, bool labelled,
                struct tr_facts **facts_out)
{
    struct tr_facts *facts;
    char **text;

    *facts_out = NULL;
    facts = calloc(1, sizeof(*facts));
    if (facts == NULL)
        return ENOMEM;
    facts->references = 1;
    facts->labelled = labelled;
    text = facts->text;
    text[TR_FACT_STATE] = labelled ? "labelled" : "unlabelled";
    if (labelled) {
        if (asprintf(&text[TR_FACT_EPOCH], "%" PRId64,
                     established->epoch) < 0) {
            free(facts);
            return ENOMEM;
        }
        text[TR_FACT_REALM] = take(&established->realm);
        text[TR_FACT_LABEL] = take(&established->label);
        text[TR_FACT_LABEL_LOCAL] = take(&established->local_label);
        text[TR_FACT_LOW] = take(&established->low);
        text[TR_FACT_HIGH] = take(&established->high);
        text[TR_FACT_LOCAL_LOW] = take(&established->local_low);
        text[TR_FACT_LOCAL_HIGH] = take(&established->local_high);
        text[TR_FACT_PEER_SYSTEM] = take(&established->peer_system);
        text[TR_FACT_CORRELATION] = take(&established->correlation);
    }
    *facts_out = facts;
    return 0;
}

struct tr_facts *
tr_facts_hold(struct tr_facts *facts)
{
    if (facts != NULL)
        facts->references++;
    return facts;
}

void
tr_facts_release(struct tr_facts *facts)
{
    int i;

    if (facts == NULL || --facts->references > 0)
        return;
    for (i = TR_FACT_STATE + 1; i < TR_NFACTS; i++)
        free(facts->text[i]);
    free(facts);
}

bool
tr_facts_labelled(const struct tr_facts *facts)
{
    return facts->labelled;
}

const char *
tr_facts_get(const struct tr_facts *facts, enum tr_fact fact)
{
    return facts->text[fact];
}

bool
tr_facts_inquire(const struct tr_facts *facts, gss_const_OID object,
                 OM_uint32 *major, OM_uint32 *minor,
                 gss_buffer_set_t *data_out)
{
    OM_uint32 ignored;
    size_t i;
    int fact;

    for (i = 0; i < NBY_OID; i++) {
        if (tr_oid_equal(object, &by_oid[i].oid))
            break;
    }
    if (i == NBY_OID)
        return false;
    *major = GSS_S_COMPLETE;
    for (fact = by_oid[i].first; fact <= (int)by_oid[i].last &&
         *major == GSS_S_COMPLETE; fact++) {
        *major = facts->text[fact] == NULL ? tr_fail_unlabelled(minor) :
            tr_add_text(minor, facts->text[fact], data_out);
    }
    if (*major != GSS_S_COMPLETE)
        (void)gss_release_buffer_set(&ignored, data_out);
    return true;
}

bool
tr_attribute_is_ours(const gss_buffer_t attr, enum tr_fact *fact_out)
{
    size_t i, prefix = sizeof(PREFIX) - 1;

    if (attr == GSS_C_NO_BUFFER || attr->length < prefix ||
        memcmp(attr->value, PREFIX, prefix) != 0)
        return false;
    *fact_out = TR_NFACTS;
    for (i = 0; i < NBY_NAME; i++) {
        if (strlen(by_name[i].name) == attr->length &&
            memcmp(by_name[i].name, attr->value, attr->length) == 0)
            *fact_out = by_name[i].fact;
    }
    return true;
}

OM_uint32
tr_attribute_names(OM_uint32 *minor, const struct tr_facts *facts,
                   gss_buffer_set_t *set)
{
    OM_uint32 major = GSS_S_COMPLETE;
    size_t i;

    *minor = 0;
    for (i = 0; i < NBY_NAME && major == GSS_S_COMPLETE; i++) {
        if (facts->text[by_name[i].fact] != NULL)
            major = tr_add_text(minor, by_name[i].name, set);
    }
    return major;
}
