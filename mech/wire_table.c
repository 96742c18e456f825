/* mech/wire_table.c - the table that joins wire.h to the ASN.1 module */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include "wire_table.h"

/*
 * wire_fields.awk makes wire_fields.h from the module: a list of these for
 * each type, where a field's place is its tag and its name that of the member;
 * TYPE_tag, its [APPLICATION] or -1; and TYPE_max, its SIZE.  A maximum of 0
 * leaves a field bounded by its message alone: texts that never leave the
 * system, and what is encrypted.
 */

/* Does not compile when member is not of this type. */
#define FIELD(kind, type, s, member, max) \
    { #member, kind, offsetof(struct s, member) + \
      0 * sizeof(_Generic(((struct s *)NULL)->member, type: 0)), max, NULL }
#define INTEGER(s, member, max) \
    FIELD(TR_WIRE_INTEGER, int64_t, s, member, max)
#define BOOLEAN(s, member, max) FIELD(TR_WIRE_BOOLEAN, bool, s, member, max)
#define OCTETS(s, member, max) \
    FIELD(TR_WIRE_OCTETS, struct tr_bytes, s, member, max)
#define TEXT(s, member, max) FIELD(TR_WIRE_TEXT, char *, s, member, max)
#define TEXTS(s, member, max) \
    FIELD(TR_WIRE_TEXTS, struct tr_strings, s, member, max)
#define NOTHING(s, member, max) { #member, TR_WIRE_NULL, 0, max, NULL }
#define SEQUENCE(member, ...) \
    { #member, TR_WIRE_SEQUENCE, 0, 0, \
      (const struct tr_wire_field[]){ __VA_ARGS__ } }
#define END { NULL, 0, 0, 0, NULL }

#include "wire_fields.h"

#define SIZE(type, maximum) \
    _Static_assert(type##_max == (maximum), #type " has another size")
SIZE(Name, TR_MAX_NAME);
SIZE(Principal, TR_MAX_PRINCIPAL);
SIZE(Label, TR_MAX_LABEL_TEXT);
SIZE(Attribute, 2 * TR_MAX_NAME + 1);
SIZE(Attributes, TR_MAX_ATTRIBUTES);
SIZE(AssociationId, TR_ASSOCIATION_LENGTH);
SIZE(KerberosMessage, TR_MAX_AP_REQ);
SIZE(AnyTrailer, TR_MAX_TRAILER);
SIZE(LabelRecord, TR_MAX_LABEL_RECORD);
SIZE(Record, TR_MAX_CALL / 2);

#define TYPE(type, s, max) \
    { { #type, TR_WIRE_SEQUENCE, 0, max, type }, type##_tag, sizeof(struct s) }
#define CHOICE(name, s, max) \
    { { #name, TR_WIRE_CHOICE, offsetof(struct s, type), max, name }, \
      name##_tag, sizeof(struct s) }

/* The maxima are those of whole messages. */
static const struct tr_wire_layout layouts[] = {
    [TR_WIRE_TRAILER] = TYPE(Trailer, tr_trailer, TR_MAX_TRAILER),
    [TR_WIRE_REPLY_TRAILER] = TYPE(ReplyTrailer, tr_reply_trailer,
                                   TR_MAX_TRAILER),
    [TR_WIRE_ENVIRONMENT] = TYPE(Environment, tr_environment, TR_MAX_TRAILER),
    [TR_WIRE_ACCEPTANCE] = TYPE(Acceptance, tr_acceptance, TR_MAX_TRAILER),
    [TR_WIRE_ASSOCIATION] = TYPE(Association, tr_association,
                                 TR_MAX_CALL / 2),
    [TR_WIRE_EXPORTED_CONTEXT] = TYPE(ExportedContext, tr_exported_context,
                                      TR_MAX_EXPORT),
    [TR_WIRE_EXPORTED_CREDENTIAL] = TYPE(ExportedCredential,
                                         tr_exported_credential,
                                         TR_MAX_EXPORT),
    [TR_WIRE_CALL] = CHOICE(Call, tr_call, TR_MAX_CALL),
    [TR_WIRE_REPLY] = CHOICE(Reply, tr_reply, TR_MAX_CALL)
};

const struct tr_wire_layout *
tr_wire_layout(enum tr_wire_type type)
{
    if ((size_t)type >= sizeof(layouts) / sizeof(layouts[0]))
        return NULL;
    return &layouts[type];
}
