# tests/adversary/test_forged.py - a liar who knows the protocol
# SPDX-License-Identifier: BSD-2-Clause
"""Trailers made from nothing: by a user with his own key, by a system that
was broken into with its key, each right in everything but one thing."""

import time

import pytest
from attacks import MARKER, TARGET, refused_by_beta

from testlib.process import run
from testlib.servers import built
from testlib.token import Token

REALM = "EXAMPLE.TEST"


def principal(system):
    return "trustrealm/%s.example.test@%s" % (system, REALM)


@pytest.fixture(scope="session")
def forge(world, plain):
    """forge(FIELD=VALUE...): a first token of alice with a forged trailer.

    keytab, self: whose key; server: what the ticket is for; sender, receiver:
    what the system AP-REQ says; marked: sent with the marker."""
    program = built("tests/adversary/forge")
    table = world.beta.path + "/state/table"

    def make(keytab=world.alpha.keytab, self=principal("alpha"),
             server=principal("beta"), sender=principal("alpha"),
             receiver=principal("beta"), marked=True, **fields):
        values = {
            "label": "INTERNAL", "low": "PUBLIC", "high": "SECRET:CRYPTO",
            "client": "alice@" + REALM, "service": "sample",
        }
        values.update(fields)
        context, token = plain.initiate(TARGET, bits=MARKER if marked else 0)
        context.forget()
        parsed = Token(token)
        done = run([program, table, "FILE:" + keytab, self, server, sender,
                    receiver] + ["%s=%s" % field for field in values.items()],
                   env=dict(world.realm.environment(),
                            **world.sanitizer_environment),
                   input=parsed.body, binary=True)
        return parsed.with_(trailer=done.out)
    return make


def test_a_perfect_forgery_is_taken(world, beta, forge):
    """With the stolen key of a member system and everything right there is
    nothing to refuse: so each refusal below is for its own reason."""
    mark = world.beta.audit.mark()
    context, _, client = beta.accept(forge())
    assert client == "alice@" + REALM
    assert context.label() == "INTERNAL"
    record = world.beta.audit.wait(mark, event="accept", result="allow")
    assert record["sender"] == "alpha.example.test"
    assert record["sender_principal"] == principal("alpha")
    assert len(record["correlation"]) == 16


def test_without_the_marker(world, beta, forge):
    refused_by_beta(world, beta, forge(marked=False), "TRR_BINDING")


@pytest.mark.parametrize("sender, code", [
    (principal("alpha"), "TRR_BINDING"),
    ("alice@" + REALM, "TRR_NOT_MEMBER")])
def test_a_user_speaks_for_no_system(world, beta, forge, sender, code):
    refused_by_beta(world, beta,
                    forge(keytab=world.users_keytab, self="alice@" + REALM,
                          sender=sender), code)


def test_a_system_speaks_for_no_other(world, beta, forge):
    refused_by_beta(world, beta,
                    forge(keytab=world.gamma.keytab, self=principal("gamma")),
                    "TRR_BINDING")


def test_a_system_of_another_trust_realm(world, beta, forge):
    record = refused_by_beta(
        world, beta, forge(keytab=world.gamma.keytab, self=principal("gamma"),
                           sender=principal("gamma")), "TRR_NOT_MEMBER")
    assert record["sender"] == "gamma.example.test"
    assert record["sender_principal"] == principal("gamma")


def test_a_system_that_is_not_in_the_table(world, beta, forge):
    record = refused_by_beta(
        world, beta, forge(keytab=world.epsilon.keytab,
                           self=principal("epsilon"),
                           sender=principal("epsilon")), "TRR_NOT_MEMBER")
    assert record["sender"] is None
    assert record["sender_principal"] == principal("epsilon")


@pytest.mark.parametrize("checksum", ["none", "gss", "unkeyed", "other"])
def test_checksum_of_the_system_ap_req(world, beta, forge, checksum):
    refused_by_beta(world, beta, forge(checksum=checksum), "TRR_SYSTEM_AUTH")


def test_ticket_for_another_principal(world, beta, forge):
    """Beta's keytab may hold other keys, only one speaks for it."""
    refused_by_beta(world, beta, forge(server=principal("gamma")),
                    "TRR_SYSTEM_AUTH")


@pytest.mark.parametrize("fields, code", [
    ({"version": 2}, "TRR_VERSION"),
    ({"version": 0}, "TRR_VERSION"),
    ({"trailer": 2}, "TRR_VERSION"),
    ({"count": 0}, "TRR_SYSTEM_AUTH"),
    ({"count": 2}, "TRR_SYSTEM_AUTH"),
    ({"type": -1}, "TRR_SYSTEM_AUTH"),
    ({"to": principal("gamma")}, "TRR_BINDING"),
    ({"to": ""}, "TRR_BINDING"),
    ({"from": principal("gamma")}, "TRR_BINDING"),
    ({"association": "short"}, "TRR_TOKEN"),
    ({"association": ""}, "TRR_TOKEN"),
])
def test_seal(world, beta, forge, fields, code):
    refused_by_beta(world, beta, forge(**fields), code)


@pytest.mark.parametrize("fields, code", [
    ({"realm": "nowhere"}, "TRR_NOT_MEMBER"),
    ({"realm": ""}, "TRR_NOT_MEMBER"),
    ({"realm": "corporate", "label": "OPEN", "low": "OPEN", "high": "OPEN"},
     "TRR_DIGEST"),
    ({"label": "SECRET:RADAR", "high": "SECRET:CRYPTO,RADAR"},
     "TRR_RECEIVER_RANGE"),
    ({"label": "TOPSECRET", "high": "TOPSECRET"}, "TRR_SENDER_RANGE"),
    ({"label": "SECRET", "high": "INTERNAL"}, "TRR_AGREED_RANGE"),
    ({"label": "PUBLIC", "low": "INTERNAL"}, "TRR_AGREED_RANGE"),
    ({"low": "SECRET", "high": "PUBLIC"}, "TRR_RANGE"),
    ({"label": "MAGIC"}, "TRR_LABEL_LEVEL"),
    ({"label": ""}, "TRR_LABEL_SYNTAX"),
    ({"label": "SECRET:NUCLEAR"}, "TRR_LABEL_CATEGORY"),
    ({"high": "nonsense::"}, "TRR_LABEL_LEVEL"),
    ({"digest": "0" * 64}, "TRR_DIGEST"),
    ({"digest": ""}, "TRR_DIGEST"),
    ({"client": "bob@" + REALM}, "TRR_CLAIM"),
    ({"service": "host"}, "TRR_BINDING"),
    ({"validity": 3600}, "TRR_BINDING"),
    ({"validity": -1}, "TRR_BINDING"),
])
def test_environment(world, beta, forge, fields, code):
    record = refused_by_beta(world, beta, forge(**fields), code)
    assert record["sender"] == "alpha.example.test"


def test_no_claim_of_a_user(world, beta, forge):
    """The user is then the one whom Kerberos authenticates."""
    mark = world.beta.audit.mark()
    _, _, client = beta.accept(forge(client=""))
    assert client == "alice@" + REALM
    record = world.beta.audit.wait(mark, event="accept", result="allow")
    assert record["user"] == client


@pytest.mark.parametrize("shift", [-4000, -400, 400, 4000])
def test_environment_of_another_time(world, beta, forge, shift):
    refused_by_beta(world, beta, forge(time=int(time.time()) + shift),
                    "TRR_CLOCK")


LEAST, MOST = -(1 << 63), (1 << 63) - 1


@pytest.mark.parametrize("field, value, code", [
    ("time", LEAST, "TRR_CLOCK"), ("time", LEAST + 60, "TRR_CLOCK"),
    ("time", MOST - 300, "TRR_CLOCK"), ("time", MOST, "TRR_CLOCK"),
    ("validity", LEAST, "TRR_BINDING"), ("validity", MOST, "TRR_BINDING"),
    ("end", LEAST, "TRR_ENDED"), ("end", 1, "TRR_ENDED"),
    ("version", LEAST, "TRR_VERSION"), ("version", MOST, "TRR_VERSION"),
    ("label", "INTERNAL:" + ",".join("C%d" % i for i in range(800)),
     "TRR_LABEL_CATEGORY"),
    ("high", "SECRET:" + "A" * 4000, "TRR_LABEL_SYNTAX"),
    ("realm", "e" * 255, "TRR_NOT_MEMBER"),
    ("client", "a" * 511, "TRR_CLAIM"),
], ids=lambda value: str(value)[:24])
def test_environment_at_the_limits(world, beta, forge, field, value, code):
    refused_by_beta(world, beta, forge(**{field: value}), code)


@pytest.mark.parametrize("field, value", [
    ("end", MOST), ("generation", LEAST), ("generation", MOST),
    ("label", "INTERNAL:" + ",".join(["CRYPTO"] * 500))],
    ids=lambda value: str(value)[:24])
def test_limits_that_give_nothing(world, beta, forge, field, value):
    """What is established is what the table allows, and ends as that does."""
    context, _, _ = beta.accept(forge(**{field: value}))
    assert context.label() in ("INTERNAL", "INTERNAL:CRYPTO")


def test_association_that_has_ended(world, beta, forge):
    refused_by_beta(world, beta, forge(end=int(time.time()) - 10),
                    "TRR_ENDED")


def test_association_used_twice(world, beta, forge):
    """Another token, another seal, the same association."""
    same = {"association": "0123456789abcdef", "time": int(time.time())}
    beta.accept(forge(**same))
    refused_by_beta(world, beta, forge(**same), "TRR_REPLAY")
