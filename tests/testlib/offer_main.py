# tests/testlib/offer_main.py - what Kerberos offers, through libgssapi
# SPDX-License-Identifier: BSD-2-Clause
"""offer_main.py HOST KEYTAB: make the calls that no test of labels makes, and
print what each answered as a line of JSON.  Of an error, the mechanism's
number is left out: libgssapi counts those of an interposer by itself."""

import json
import os
import sys

import gssapi.raw as raw
from gssapi.exceptions import GSSError

HOST, KEYTAB = (argument.encode() for argument in sys.argv[1:])
KRB5 = raw.OID.from_int_seq("1.2.840.113554.1.2.2")
SPNEGO = raw.OID.from_int_seq("1.3.6.1.5.5.2")
CONCRETE = raw.OID.from_int_seq("1.3.6.1.5.5.13.1")      # RFC 5587


def principal(text):
    return raw.import_name(text, raw.NameType.kerberos_principal)


def service(name=b"sample"):
    return raw.import_name(name + b"@" + HOST,
                           raw.NameType.hostbased_service)


def texts(oids):
    return sorted(oid.dotted_form for oid in oids)


def owner(cred):
    return raw.display_name(raw.inquire_cred(cred).name).name.decode()


def default(mech=KRB5, **options):
    return raw.acquire_cred(None, mechs=[mech], usage="initiate", **options)


def from_store(name=None, usage="initiate", **store):
    return raw.acquire_cred_from(
        {key.encode(): value for key, value in store.items()}, name,
        mechs=[KRB5], usage=usage).creds


def first_step(cred, mech):
    return raw.init_sec_context(service(), creds=cred, mech=mech).more_steps


def attributes_of_the_mechanism():
    found = raw.inquire_attrs_for_mech(KRB5)
    return texts(found.mech_attrs), texts(found.known_mech_attrs)


def mechanisms_by_attribute():
    return KRB5.dotted_form in texts(raw.indicate_mechs_by_attrs(
        desired_mech_attrs=[CONCRETE]))


def names_of_the_mechanism():
    return (texts(raw.inquire_names_for_mech(KRB5)),
            [text.decode() for text in raw.inquire_saslname_for_mech(KRB5)],
            raw.inquire_mech_for_saslname(b"GS2-KRB5").dotted_form)


def password(mech=KRB5):
    made = raw.acquire_cred_with_password(
        principal(b"dave@EXAMPLE.TEST"), b"secret", mechs=[mech],
        usage="initiate")
    return owner(made.creds), first_step(made.creds, mech)


def password_for_spnego():
    return password(SPNEGO)


def impersonation():
    """S4U2Self"""
    own = from_store(service(), "both", client_keytab=KEYTAB, keytab=KEYTAB,
                     ccache=b"MEMORY:own")
    return owner(raw.acquire_cred_impersonate_name(
        own, principal(b"alice@EXAMPLE.TEST"), mechs=[KRB5],
        usage="initiate").creds)


def storing():
    cred = default().creds
    return (texts(raw.store_cred(cred, usage="initiate", mech=KRB5,
                                 overwrite=True).mechs),
            owner(from_store()))


def both_usages():
    found = raw.inquire_cred_by_mech(from_store(usage="both", keytab=KEYTAB),
                                     KRB5)
    return (str(found.usage), found.init_lifetime > 0,
            round(found.accept_lifetime, -2))       # two runs, seconds apart


def replay_cache():
    return from_store(usage="accept", keytab=KEYTAB, rcache=b"none:") is None


def chosen_in_spnego():
    cred = default(SPNEGO).creds
    raw.set_neg_mechs(cred, [KRB5])
    return first_step(cred, SPNEGO)


def unknown_service():
    return raw.init_sec_context(service(b"missing"), mech=KRB5)


def wrong_usage():
    return from_store(principal(b"nobody@EXAMPLE.TEST"), "accept",
                      keytab=KEYTAB)


for function in (attributes_of_the_mechanism, mechanisms_by_attribute,
                 names_of_the_mechanism, password, password_for_spnego,
                 impersonation, storing, both_usages, replay_cache,
                 chosen_in_spnego, unknown_service, wrong_usage):
    try:
        answer = function()
    except GSSError as error:
        answer = "%#x %s" % (error.maj_code, error.get_all_statuses(
            error.min_code, False))
    print(json.dumps([function.__name__, answer]), flush=True)
os._exit(0)
