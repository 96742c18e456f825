/* mech/wire_table.c - the table that joins wire.h to the ASN.1 module */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include "wire_table.h"

/*
 * One list a type, in the module's order.  A field bears its member's name,
 * so the two cannot part.  A maximum of 0 leaves a field bounded by its
 * message alone: texts that never leave the system, and what is encrypted.
 */
/* Does not compile when member is not of this type. */
#define FIELD(kind, type, s, member, max) \
    { #member, kind, offsetof(struct s, member) + \
      0 * sizeof(_Generic(((struct s *)NULL)->member, type: 0)), max, NULL }
#define INTEGER(s, member) FIELD(TR_WIRE_INTEGER, int64_t, s, member, 0)
#define BOOLEAN(s, member) FIELD(TR_WIRE_BOOLEAN, bool, s, member, 0)
#define OCTETS(s, member, max) \
    FIELD(TR_WIRE_OCTETS, struct tr_bytes, s, member, max)
#define TEXT(s, member, max) FIELD(TR_WIRE_TEXT, char *, s, member, max)
#define TEXTS(s, member, max) \
    FIELD(TR_WIRE_TEXTS, struct tr_strings, s, member, max)
#define ALTERNATIVE(name, fields) { name, TR_WIRE_SEQUENCE, 0, 0, fields }
#define END { NULL, 0, 0, 0, NULL }

#define MAX_ASSOCIATION TR_ASSOCIATION_LENGTH
#define MAX_CHECKSUM    TR_MAX_NAME
#define MAX_KEY         64
#define MAX_DIGEST      64
#define MAX_ATTRIBUTE   (2 * TR_MAX_NAME + 1)   /* "name=value" */

/* --- between systems ----------------------------------------------------- */

static const struct tr_wire_field trailer[] = {
    INTEGER(tr_trailer, version),
    OCTETS(tr_trailer, system_ap_req, 0),
    END
};

static const struct tr_wire_field reply_trailer[] = {
    INTEGER(tr_reply_trailer, version),
    OCTETS(tr_reply_trailer, acceptance, 0),
    END
};

static const struct tr_wire_field environment[] = {
    INTEGER(tr_environment, version),
    TEXT(tr_environment, from, TR_MAX_PRINCIPAL),
    TEXT(tr_environment, to, TR_MAX_PRINCIPAL),
    OCTETS(tr_environment, association, MAX_ASSOCIATION),
    TEXT(tr_environment, realm, TR_MAX_NAME),
    TEXT(tr_environment, label, TR_MAX_LABEL_TEXT),
    TEXT(tr_environment, low, TR_MAX_LABEL_TEXT),
    TEXT(tr_environment, high, TR_MAX_LABEL_TEXT),
    TEXT(tr_environment, digest, MAX_DIGEST),
    INTEGER(tr_environment, generation),
    TEXTS(tr_environment, attributes, MAX_ATTRIBUTE),
    TEXT(tr_environment, client, TR_MAX_PRINCIPAL),
    TEXT(tr_environment, service, TR_MAX_NAME),
    BOOLEAN(tr_environment, confidentiality),
    INTEGER(tr_environment, time),
    INTEGER(tr_environment, validity),
    INTEGER(tr_environment, end),
    END
};

static const struct tr_wire_field acceptance[] = {
    INTEGER(tr_acceptance, version),
    TEXT(tr_acceptance, from, TR_MAX_PRINCIPAL),
    TEXT(tr_acceptance, to, TR_MAX_PRINCIPAL),
    OCTETS(tr_acceptance, binding, MAX_CHECKSUM),
    OCTETS(tr_acceptance, association, MAX_ASSOCIATION),
    TEXT(tr_acceptance, realm, TR_MAX_NAME),
    TEXT(tr_acceptance, label, TR_MAX_LABEL_TEXT),
    TEXT(tr_acceptance, low, TR_MAX_LABEL_TEXT),
    TEXT(tr_acceptance, high, TR_MAX_LABEL_TEXT),
    INTEGER(tr_acceptance, generation),
    INTEGER(tr_acceptance, time),
    INTEGER(tr_acceptance, end),
    END
};

/* --- kept by the plugin for trustrealmd ---------------------------------- */

static const struct tr_wire_field association[] = {
    INTEGER(tr_association, version),
    INTEGER(tr_association, stage),
    INTEGER(tr_association, side),
    BOOLEAN(tr_association, bypass),
    OCTETS(tr_association, association, MAX_ASSOCIATION),
    TEXT(tr_association, correlation, TR_MAX_NAME),
    TEXT(tr_association, from, TR_MAX_PRINCIPAL),
    TEXT(tr_association, to, TR_MAX_PRINCIPAL),
    TEXT(tr_association, peer_system, TR_MAX_NAME),
    TEXT(tr_association, client, TR_MAX_PRINCIPAL),
    TEXT(tr_association, service, TR_MAX_NAME),
    TEXT(tr_association, realm, TR_MAX_NAME),
    TEXT(tr_association, label, TR_MAX_LABEL_TEXT),
    TEXT(tr_association, low, TR_MAX_LABEL_TEXT),
    TEXT(tr_association, high, TR_MAX_LABEL_TEXT),
    TEXTS(tr_association, attributes, MAX_ATTRIBUTE),
    INTEGER(tr_association, enctype),
    OCTETS(tr_association, key, MAX_KEY),
    OCTETS(tr_association, binding, MAX_CHECKSUM),
    BOOLEAN(tr_association, confidentiality),
    TEXT(tr_association, digest, MAX_DIGEST),
    INTEGER(tr_association, generation),
    INTEGER(tr_association, time),
    INTEGER(tr_association, end),
    OCTETS(tr_association, transcript, MAX_CHECKSUM),
    INTEGER(tr_association, boottime),
    END
};

static const struct tr_wire_field exported_context[] = {
    INTEGER(tr_exported_context, version),
    OCTETS(tr_exported_context, mechanism, TR_MAX_NAME),
    BOOLEAN(tr_exported_context, initiator),
    BOOLEAN(tr_exported_context, plain),
    BOOLEAN(tr_exported_context, identify),
    TEXT(tr_exported_context, label, TR_MAX_LABEL_TEXT),
    OCTETS(tr_exported_context, record, TR_MAX_CALL / 2),
    OCTETS(tr_exported_context, inner, 0),
    END
};

static const struct tr_wire_field exported_credential[] = {
    INTEGER(tr_exported_credential, version),
    TEXT(tr_exported_credential, label, TR_MAX_LABEL_TEXT),
    OCTETS(tr_exported_credential, inner, 0),
    END
};

/* --- calls: plugin to daemon --------------------------------------------- */

static const struct tr_wire_field prepare[] = {
    TEXT(tr_call, u.prepare.target, TR_MAX_PRINCIPAL),
    TEXT(tr_call, u.prepare.label, TR_MAX_LABEL_TEXT),
    INTEGER(tr_call, u.prepare.flags),
    END
};

static const struct tr_wire_field seal[] = {
    OCTETS(tr_call, u.seal.ap_req, TR_MAX_AP_REQ),
    TEXT(tr_call, u.seal.client, TR_MAX_PRINCIPAL),
    TEXT(tr_call, u.seal.label, TR_MAX_LABEL_TEXT),
    INTEGER(tr_call, u.seal.flags),
    END
};

static const struct tr_wire_field accepted[] = {
    OCTETS(tr_call, u.accepted.record, 0),
    OCTETS(tr_call, u.accepted.ap_rep, TR_MAX_AP_REQ),
    OCTETS(tr_call, u.accepted.trailer, TR_MAX_TRAILER),
    OCTETS(tr_call, u.accepted.binding, MAX_CHECKSUM),
    END
};

static const struct tr_wire_field accept[] = {
    OCTETS(tr_call, u.accept.ap_req, TR_MAX_AP_REQ),
    OCTETS(tr_call, u.accept.trailer, TR_MAX_TRAILER),
    OCTETS(tr_call, u.accept.ap_rep, TR_MAX_AP_REQ),
    TEXT(tr_call, u.accept.client, TR_MAX_PRINCIPAL),
    TEXT(tr_call, u.accept.service, TR_MAX_PRINCIPAL),
    OCTETS(tr_call, u.accept.binding, MAX_CHECKSUM),
    INTEGER(tr_call, u.accept.flags),
    END
};

static const struct tr_wire_field judge[] = {
    OCTETS(tr_call, u.judge.record, 0),
    OCTETS(tr_call, u.judge.binding, MAX_CHECKSUM),
    END
};

static const struct tr_wire_field issue[] = {
    OCTETS(tr_call, u.issue.record, 0),
    TEXT(tr_call, u.issue.label, TR_MAX_LABEL_TEXT),
    END
};

static const struct tr_wire_field check[] = {
    OCTETS(tr_call, u.check.record, 0),
    OCTETS(tr_call, u.check.label_record, TR_MAX_LABEL_RECORD),
    END
};

/* In the order of enum tr_call_type. */
static const struct tr_wire_field calls[] = {
    ALTERNATIVE("prepare", prepare),
    ALTERNATIVE("seal", seal),
    ALTERNATIVE("accepted", accepted),
    ALTERNATIVE("accept", accept),
    ALTERNATIVE("judge", judge),
    ALTERNATIVE("issue", issue),
    ALTERNATIVE("check", check),
    { "status", TR_WIRE_NULL, 0, 0, NULL },
    END
};

/* --- replies: daemon to plugin ------------------------------------------- */

static const struct tr_wire_field refused[] = {
    INTEGER(tr_reply, u.refused.code),
    TEXT(tr_reply, u.refused.text, 0),
    TEXT(tr_reply, u.refused.correlation, TR_MAX_NAME),
    END
};

static const struct tr_wire_field prepared[] = {
    INTEGER(tr_reply, u.prepared.flags),
    OCTETS(tr_reply, u.prepared.record, 0),
    END
};

static const struct tr_wire_field sealed[] = {
    INTEGER(tr_reply, u.sealed.flags),
    OCTETS(tr_reply, u.sealed.trailer, TR_MAX_TRAILER),
    OCTETS(tr_reply, u.sealed.record, 0),
    INTEGER(tr_reply, u.sealed.epoch),
    OCTETS(tr_reply, u.sealed.instance, 16),
    END
};

static const struct tr_wire_field established[] = {
    INTEGER(tr_reply, u.established.flags),
    OCTETS(tr_reply, u.established.trailer, TR_MAX_TRAILER),
    OCTETS(tr_reply, u.established.record, 0),
    INTEGER(tr_reply, u.established.epoch),
    OCTETS(tr_reply, u.established.instance, 16),
    INTEGER(tr_reply, u.established.lifetime),
    INTEGER(tr_reply, u.established.idle_timeout),
    INTEGER(tr_reply, u.established.kernel_lifetime),
    TEXT(tr_reply, u.established.realm, TR_MAX_NAME),
    TEXT(tr_reply, u.established.label, TR_MAX_LABEL_TEXT),
    TEXT(tr_reply, u.established.low, TR_MAX_LABEL_TEXT),
    TEXT(tr_reply, u.established.high, TR_MAX_LABEL_TEXT),
    TEXT(tr_reply, u.established.local_label, TR_MAX_LABEL_TEXT),
    TEXT(tr_reply, u.established.local_low, TR_MAX_LABEL_TEXT),
    TEXT(tr_reply, u.established.local_high, TR_MAX_LABEL_TEXT),
    TEXT(tr_reply, u.established.peer_system, TR_MAX_NAME),
    TEXT(tr_reply, u.established.correlation, TR_MAX_NAME),
    END
};

static const struct tr_wire_field issued[] = {
    OCTETS(tr_reply, u.issued.label_record, TR_MAX_LABEL_RECORD),
    TEXT(tr_reply, u.issued.label, TR_MAX_LABEL_TEXT),
    TEXT(tr_reply, u.issued.local_label, TR_MAX_LABEL_TEXT),
    END
};

static const struct tr_wire_field checked[] = {
    TEXT(tr_reply, u.checked.label, TR_MAX_LABEL_TEXT),
    TEXT(tr_reply, u.checked.local_label, TR_MAX_LABEL_TEXT),
    INTEGER(tr_reply, u.checked.epoch),
    END
};

/* In the order of enum tr_reply_type. */
static const struct tr_wire_field replies[] = {
    ALTERNATIVE("refused", refused),
    ALTERNATIVE("prepared", prepared),
    ALTERNATIVE("sealed", sealed),
    ALTERNATIVE("established", established),
    ALTERNATIVE("issued", issued),
    ALTERNATIVE("checked", checked),
    TEXT(tr_reply, u.state, 0),
    END
};

/* --- types --------------------------------------------------------------- */

#define TYPE(name, s, fields, max, application) \
    { { name, TR_WIRE_SEQUENCE, 0, max, fields }, application, \
      sizeof(struct s) }
#define CHOICE(name, s, fields, max) \
    { { name, TR_WIRE_CHOICE, offsetof(struct s, type), max, fields }, -1, \
      sizeof(struct s) }

static const struct tr_wire_layout layouts[] = {
    [TR_WIRE_TRAILER] = TYPE("Trailer", tr_trailer, trailer,
                             TR_MAX_TRAILER, 1),
    [TR_WIRE_REPLY_TRAILER] = TYPE("ReplyTrailer", tr_reply_trailer,
                                   reply_trailer, TR_MAX_TRAILER, 2),
    [TR_WIRE_ENVIRONMENT] = TYPE("Environment", tr_environment, environment,
                                 TR_MAX_TRAILER, -1),
    [TR_WIRE_ACCEPTANCE] = TYPE("Acceptance", tr_acceptance, acceptance,
                                TR_MAX_TRAILER, -1),
    [TR_WIRE_RECORD] = TYPE("Record", tr_association, association,
                            TR_MAX_CALL / 2, -1),
    [TR_WIRE_EXPORTED_CONTEXT] = TYPE("ExportedContext", tr_exported_context,
                                      exported_context, TR_MAX_EXPORT, -1),
    [TR_WIRE_EXPORTED_CREDENTIAL] = TYPE("ExportedCredential",
                                         tr_exported_credential,
                                         exported_credential, TR_MAX_EXPORT,
                                         -1),
    [TR_WIRE_CALL] = CHOICE("Call", tr_call, calls, TR_MAX_CALL),
    [TR_WIRE_REPLY] = CHOICE("Reply", tr_reply, replies, TR_MAX_CALL)
};

const struct tr_wire_layout *
tr_wire_layout(enum tr_wire_type type)
{
    if ((size_t)type >= sizeof(layouts) / sizeof(layouts[0]))
        return NULL;
    return &layouts[type];
}
