/* mech/wire_table.c - the table that joins wire.h to the ASN.1 module */
/* SPDX-License-Identifier: BSD-2-Clause */

#include "config.h"
#include "wire_table.h"

/*
 * One list a type, in the module's order.  A maximum of 0 leaves a field
 * bounded by its message alone: texts that never leave the system, and what
 * is encrypted.
 */
#define INTEGER(name, s, member) \
    { name, TR_WIRE_INTEGER, offsetof(struct s, member), 0, NULL }
#define BOOLEAN(name, s, member) \
    { name, TR_WIRE_BOOLEAN, offsetof(struct s, member), 0, NULL }
#define OCTETS(name, s, member, max) \
    { name, TR_WIRE_OCTETS, offsetof(struct s, member), max, NULL }
#define TEXT(name, s, member, max) \
    { name, TR_WIRE_TEXT, offsetof(struct s, member), max, NULL }
#define TEXTS(name, s, member, max) \
    { name, TR_WIRE_TEXTS, offsetof(struct s, member), max, NULL }
#define ALTERNATIVE(name, fields) { name, TR_WIRE_SEQUENCE, 0, 0, fields }
#define END { NULL, 0, 0, 0, NULL }

#define MAX_ASSOCIATION TR_ASSOCIATION_LENGTH
#define MAX_CHECKSUM    TR_MAX_NAME
#define MAX_KEY         64
#define MAX_DIGEST      64
#define MAX_ATTRIBUTE   (2 * TR_MAX_NAME + 1)   /* "name=value" */

/* --- between systems ----------------------------------------------------- */

static const struct tr_wire_field trailer[] = {
    INTEGER("version", tr_trailer, version),
    OCTETS("system-ap-req", tr_trailer, system_ap_req, 0),
    OCTETS("environment", tr_trailer, environment, 0),
    END
};

static const struct tr_wire_field reply_trailer[] = {
    INTEGER("version", tr_reply_trailer, version),
    OCTETS("acceptance", tr_reply_trailer, acceptance, 0),
    END
};

static const struct tr_wire_field system_binding[] = {
    INTEGER("version", tr_system_binding, version),
    TEXT("from", tr_system_binding, from, TR_MAX_PRINCIPAL),
    TEXT("to", tr_system_binding, to, TR_MAX_PRINCIPAL),
    END
};

static const struct tr_wire_field environment[] = {
    TEXT("protocol", tr_environment, protocol, TR_MAX_NAME),
    INTEGER("version", tr_environment, version),
    INTEGER("type", tr_environment, type),
    INTEGER("role", tr_environment, role),
    TEXT("from", tr_environment, from, TR_MAX_PRINCIPAL),
    TEXT("to", tr_environment, to, TR_MAX_PRINCIPAL),
    OCTETS("binding", tr_environment, binding, MAX_CHECKSUM),
    OCTETS("association", tr_environment, association, MAX_ASSOCIATION),
    TEXT("correlation", tr_environment, correlation, TR_MAX_NAME),
    TEXT("realm", tr_environment, realm, TR_MAX_NAME),
    TEXT("label", tr_environment, label, TR_MAX_LABEL_TEXT),
    TEXT("low", tr_environment, low, TR_MAX_LABEL_TEXT),
    TEXT("high", tr_environment, high, TR_MAX_LABEL_TEXT),
    TEXT("digest", tr_environment, digest, MAX_DIGEST),
    INTEGER("generation", tr_environment, generation),
    TEXTS("attributes", tr_environment, attributes, MAX_ATTRIBUTE),
    TEXT("client", tr_environment, client, TR_MAX_PRINCIPAL),
    TEXT("service", tr_environment, service, TR_MAX_NAME),
    BOOLEAN("confidentiality", tr_environment, confidentiality),
    INTEGER("time", tr_environment, time),
    INTEGER("validity", tr_environment, validity),
    INTEGER("end", tr_environment, end),
    END
};

static const struct tr_wire_field acceptance[] = {
    TEXT("protocol", tr_acceptance, protocol, TR_MAX_NAME),
    INTEGER("version", tr_acceptance, version),
    INTEGER("type", tr_acceptance, type),
    INTEGER("role", tr_acceptance, role),
    TEXT("from", tr_acceptance, from, TR_MAX_PRINCIPAL),
    TEXT("to", tr_acceptance, to, TR_MAX_PRINCIPAL),
    OCTETS("binding", tr_acceptance, binding, MAX_CHECKSUM),
    OCTETS("association", tr_acceptance, association, MAX_ASSOCIATION),
    TEXT("realm", tr_acceptance, realm, TR_MAX_NAME),
    TEXT("label", tr_acceptance, label, TR_MAX_LABEL_TEXT),
    TEXT("low", tr_acceptance, low, TR_MAX_LABEL_TEXT),
    TEXT("high", tr_acceptance, high, TR_MAX_LABEL_TEXT),
    INTEGER("generation", tr_acceptance, generation),
    INTEGER("time", tr_acceptance, time),
    INTEGER("end", tr_acceptance, end),
    END
};

static const struct tr_wire_field label_record[] = {
    INTEGER("version", tr_label_record, version),
    OCTETS("association", tr_label_record, association, MAX_ASSOCIATION),
    INTEGER("direction", tr_label_record, direction),
    TEXT("label", tr_label_record, label, TR_MAX_LABEL_TEXT),
    INTEGER("epoch", tr_label_record, epoch),
    END
};

/* --- kept by the plugin for trustrealmd ---------------------------------- */

static const struct tr_wire_field association[] = {
    INTEGER("version", tr_association, version),
    INTEGER("stage", tr_association, stage),
    INTEGER("side", tr_association, side),
    BOOLEAN("bypass", tr_association, bypass),
    OCTETS("association", tr_association, association, MAX_ASSOCIATION),
    TEXT("correlation", tr_association, correlation, TR_MAX_NAME),
    TEXT("from", tr_association, from, TR_MAX_PRINCIPAL),
    TEXT("to", tr_association, to, TR_MAX_PRINCIPAL),
    TEXT("peer-system", tr_association, peer_system, TR_MAX_NAME),
    TEXT("client", tr_association, client, TR_MAX_PRINCIPAL),
    TEXT("service", tr_association, service, TR_MAX_NAME),
    TEXT("realm", tr_association, realm, TR_MAX_NAME),
    TEXT("label", tr_association, label, TR_MAX_LABEL_TEXT),
    TEXT("low", tr_association, low, TR_MAX_LABEL_TEXT),
    TEXT("high", tr_association, high, TR_MAX_LABEL_TEXT),
    TEXTS("attributes", tr_association, attributes, MAX_ATTRIBUTE),
    INTEGER("enctype", tr_association, enctype),
    OCTETS("key", tr_association, key, MAX_KEY),
    OCTETS("binding", tr_association, binding, MAX_CHECKSUM),
    BOOLEAN("confidentiality", tr_association, confidentiality),
    TEXT("digest", tr_association, digest, MAX_DIGEST),
    INTEGER("generation", tr_association, generation),
    INTEGER("time", tr_association, time),
    INTEGER("end", tr_association, end),
    OCTETS("environment", tr_association, environment, TR_MAX_TRAILER),
    INTEGER("boottime", tr_association, boottime),
    TEXT("local-label", tr_association, local_label, TR_MAX_LABEL_TEXT),
    END
};

/* --- calls: plugin to daemon ---------------------------------------------- */

static const struct tr_wire_field prepare[] = {
    TEXT("target", tr_call, u.prepare.target, TR_MAX_PRINCIPAL),
    TEXT("label", tr_call, u.prepare.label, TR_MAX_LABEL_TEXT),
    INTEGER("flags", tr_call, u.prepare.flags),
    END
};

static const struct tr_wire_field seal[] = {
    OCTETS("ap-req", tr_call, u.seal.ap_req, TR_MAX_AP_REQ),
    TEXT("client", tr_call, u.seal.client, TR_MAX_PRINCIPAL),
    TEXT("label", tr_call, u.seal.label, TR_MAX_LABEL_TEXT),
    INTEGER("flags", tr_call, u.seal.flags),
    END
};

static const struct tr_wire_field accepted[] = {
    OCTETS("record", tr_call, u.accepted.record, 0),
    OCTETS("ap-rep", tr_call, u.accepted.ap_rep, TR_MAX_AP_REQ),
    OCTETS("trailer", tr_call, u.accepted.trailer, TR_MAX_TRAILER),
    OCTETS("binding", tr_call, u.accepted.binding, MAX_CHECKSUM),
    END
};

static const struct tr_wire_field open_fields[] = {
    OCTETS("ap-req", tr_call, u.open.ap_req, TR_MAX_AP_REQ),
    OCTETS("trailer", tr_call, u.open.trailer, TR_MAX_TRAILER),
    INTEGER("flags", tr_call, u.open.flags),
    END
};

static const struct tr_wire_field commit[] = {
    OCTETS("record", tr_call, u.commit.record, 0),
    TEXT("client", tr_call, u.commit.client, TR_MAX_PRINCIPAL),
    OCTETS("ap-rep", tr_call, u.commit.ap_rep, TR_MAX_AP_REQ),
    OCTETS("binding", tr_call, u.commit.binding, MAX_CHECKSUM),
    INTEGER("flags", tr_call, u.commit.flags),
    END
};

static const struct tr_wire_field judge[] = {
    OCTETS("record", tr_call, u.judge.record, 0),
    OCTETS("binding", tr_call, u.judge.binding, MAX_CHECKSUM),
    END
};

static const struct tr_wire_field issue[] = {
    OCTETS("record", tr_call, u.issue.record, 0),
    TEXT("label", tr_call, u.issue.label, TR_MAX_LABEL_TEXT),
    END
};

static const struct tr_wire_field check[] = {
    OCTETS("record", tr_call, u.check.record, 0),
    OCTETS("label-record", tr_call, u.check.label_record,
           TR_MAX_LABEL_RECORD),
    END
};

/* In the order of enum tr_call_type. */
static const struct tr_wire_field calls[] = {
    ALTERNATIVE("prepare", prepare),
    ALTERNATIVE("seal", seal),
    ALTERNATIVE("accepted", accepted),
    ALTERNATIVE("open", open_fields),
    ALTERNATIVE("commit", commit),
    ALTERNATIVE("judge", judge),
    ALTERNATIVE("issue", issue),
    ALTERNATIVE("check", check),
    { "status", TR_WIRE_NULL, 0, 0, NULL },
    END
};

/* --- replies: daemon to plugin -------------------------------------------- */

static const struct tr_wire_field refused[] = {
    INTEGER("code", tr_reply, u.refused.code),
    TEXT("text", tr_reply, u.refused.text, 0),
    TEXT("correlation", tr_reply, u.refused.correlation, TR_MAX_NAME),
    END
};

static const struct tr_wire_field prepared[] = {
    INTEGER("flags", tr_reply, u.prepared.flags),
    END
};

static const struct tr_wire_field sealed[] = {
    INTEGER("flags", tr_reply, u.sealed.flags),
    OCTETS("trailer", tr_reply, u.sealed.trailer, TR_MAX_TRAILER),
    OCTETS("record", tr_reply, u.sealed.record, 0),
    END
};

static const struct tr_wire_field opened[] = {
    INTEGER("flags", tr_reply, u.opened.flags),
    OCTETS("record", tr_reply, u.opened.record, 0),
    END
};

static const struct tr_wire_field established[] = {
    INTEGER("flags", tr_reply, u.established.flags),
    OCTETS("trailer", tr_reply, u.established.trailer, TR_MAX_TRAILER),
    OCTETS("record", tr_reply, u.established.record, 0),
    INTEGER("epoch", tr_reply, u.established.epoch),
    OCTETS("instance", tr_reply, u.established.instance, 16),
    INTEGER("lifetime", tr_reply, u.established.lifetime),
    INTEGER("idle-timeout", tr_reply, u.established.idle_timeout),
    INTEGER("kernel-lifetime", tr_reply, u.established.kernel_lifetime),
    TEXT("realm", tr_reply, u.established.realm, TR_MAX_NAME),
    TEXT("label", tr_reply, u.established.label, TR_MAX_LABEL_TEXT),
    TEXT("low", tr_reply, u.established.low, TR_MAX_LABEL_TEXT),
    TEXT("high", tr_reply, u.established.high, TR_MAX_LABEL_TEXT),
    TEXT("local-label", tr_reply, u.established.local_label,
         TR_MAX_LABEL_TEXT),
    TEXT("local-low", tr_reply, u.established.local_low, TR_MAX_LABEL_TEXT),
    TEXT("local-high", tr_reply, u.established.local_high,
         TR_MAX_LABEL_TEXT),
    TEXT("peer-system", tr_reply, u.established.peer_system, TR_MAX_NAME),
    TEXT("own-system", tr_reply, u.established.own_system, TR_MAX_NAME),
    TEXT("client", tr_reply, u.established.client, TR_MAX_PRINCIPAL),
    TEXT("service", tr_reply, u.established.service, TR_MAX_NAME),
    TEXT("correlation", tr_reply, u.established.correlation, TR_MAX_NAME),
    END
};

static const struct tr_wire_field issued[] = {
    OCTETS("label-record", tr_reply, u.issued.label_record,
           TR_MAX_LABEL_RECORD),
    TEXT("label", tr_reply, u.issued.label, TR_MAX_LABEL_TEXT),
    TEXT("local-label", tr_reply, u.issued.local_label, TR_MAX_LABEL_TEXT),
    END
};

static const struct tr_wire_field checked[] = {
    TEXT("label", tr_reply, u.checked.label, TR_MAX_LABEL_TEXT),
    TEXT("local-label", tr_reply, u.checked.local_label, TR_MAX_LABEL_TEXT),
    INTEGER("epoch", tr_reply, u.checked.epoch),
    END
};

/* In the order of enum tr_reply_type. */
static const struct tr_wire_field replies[] = {
    ALTERNATIVE("refused", refused),
    ALTERNATIVE("prepared", prepared),
    ALTERNATIVE("sealed", sealed),
    ALTERNATIVE("opened", opened),
    ALTERNATIVE("established", established),
    ALTERNATIVE("issued", issued),
    ALTERNATIVE("checked", checked),
    TEXT("state", tr_reply, u.state, 0),
    END
};

/* --- RFC 4120 ---------------------------------------------------------------- */

static const struct tr_wire_field kerberos_ap_req[] = {
    INTEGER("pvno", tr_kerberos_ap_req, pvno),
    INTEGER("msg-type", tr_kerberos_ap_req, msg_type),
    { "ap-options", TR_WIRE_BITS,
      offsetof(struct tr_kerberos_ap_req, ap_options), 0, NULL },
    { "ticket", TR_WIRE_ANY,
      offsetof(struct tr_kerberos_ap_req, ticket), 0, NULL },
    { "authenticator", TR_WIRE_ANY,
      offsetof(struct tr_kerberos_ap_req, authenticator), 0, NULL },
    END
};

/* --- types ------------------------------------------------------------------- */

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
    [TR_WIRE_SYSTEM_BINDING] = TYPE("SystemBinding", tr_system_binding,
                                    system_binding, TR_MAX_TRAILER, -1),
    [TR_WIRE_ENVIRONMENT] = TYPE("Environment", tr_environment, environment,
                                 TR_MAX_TRAILER, -1),
    [TR_WIRE_ACCEPTANCE] = TYPE("Acceptance", tr_acceptance, acceptance,
                                TR_MAX_TRAILER, -1),
    [TR_WIRE_LABEL_RECORD] = TYPE("LabelRecord", tr_label_record,
                                  label_record, TR_MAX_LABEL_RECORD, -1),
    [TR_WIRE_RECORD] = TYPE("Record", tr_association, association,
                            TR_MAX_CALL / 2, -1),
    [TR_WIRE_CALL] = CHOICE("Call", tr_call, calls, TR_MAX_CALL),
    [TR_WIRE_REPLY] = CHOICE("Reply", tr_reply, replies, TR_MAX_CALL),
    [TR_WIRE_KERBEROS_AP_REQ] = TYPE("KerberosApReq", tr_kerberos_ap_req,
                                     kerberos_ap_req, TR_MAX_AP_REQ, 14)
};

const struct tr_wire_layout *
tr_wire_layout(enum tr_wire_type type)
{
    if ((size_t)type >= sizeof(layouts) / sizeof(layouts[0]))
        return NULL;
    return &layouts[type];
}
