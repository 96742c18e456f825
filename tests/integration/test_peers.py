# tests/integration/test_peers.py - which systems may be talked to
# SPDX-License-Identifier: BSD-2-Clause
"""Alpha calls systems in a common trust realm, in another, in none."""

import pytest

from testlib.programs import Listener


def refused(world, *options, system="alpha", **more):
    """A call that the sender's system refuses, with nothing sent; its audit
    record."""
    audit = world.systems[system].audit
    mark = audit.mark()
    with Listener() as listener:
        outcome = world.client(listener.port, *options, system=system, **more)
        assert (listener.connections, listener.octets) == (0, 0)
    assert outcome.status == 1
    record = audit.since(mark)[-1]
    assert record["result"] == "deny"
    return record


@pytest.mark.parametrize("mechanism", ["krb5", "trustrealm", "spnego"])
@pytest.mark.parametrize("peer, step, code", [
    ("delta", "S5", "TRR_NO_COMMON"),
    ("epsilon", "S4", "TRR_NO_COMMON"),
])
def test_refused_before_anything_is_sent(world, peer, step, code, mechanism):
    mark = world.alpha.audit.mark()
    with Listener() as listener:
        outcome = world.client(listener.port, "-m", mechanism, to=peer)
        assert (listener.connections, listener.octets) == (0, 0)
    assert outcome.status == 1
    assert outcome.context is None
    records = world.alpha.audit.since(mark)
    assert records, outcome
    for record in records:
        assert (record["result"], record["step"], record["code"]) == (
            "deny", step, code)
        assert (record["sender"], record["receiver"]) == (
            "alpha.example.test", "%s.example.test" % peer)
        assert record["local_label"] == "official"
        assert record["table_age"] >= 0


@pytest.mark.parametrize("peer", ["delta", "epsilon"])
def test_unmodified_program_is_refused_too(world, peer):
    with Listener() as listener:
        result = world.gss_client(listener.port, "hello", to=peer)
        # Its own greeting, 5 octets without a token, comes before GSS-API.
        assert listener.octets <= 5
    assert result.status != 0
    assert "initializing context" in result.text


@pytest.mark.parametrize("peer", ["delta", "epsilon"])
def test_kerberos_alone_would_have_allowed_it(world, peer):
    server = world.server(peer, GSS_MECH_CONFIG="/dev/null")
    outcome = world.client(server, to=peer, plugin=False)
    assert outcome.delivered, outcome


def test_explain_names_the_step(world):
    for peer, step in (("delta", "S5"), ("epsilon", "S4")):
        explained = world.explain("alpha", peer)
        assert explained.status == 1
        assert "\n%s\tno\t" % step in explained.out


def test_other_trust_realm_is_chosen(world):
    server = world.server("gamma")
    mark = world.gamma.audit.mark()
    outcome = world.client(server, to="gamma")
    assert outcome.delivered, outcome
    assert outcome.context["trust_realm"] == "corporate"
    assert outcome.context["label"] == "RESTRICTED"
    assert outcome.context["label_local"] == "official"
    record = world.gamma.audit.wait(mark, event="accept", result="allow")
    assert record["realm"] == "corporate"


def test_higher_priority_is_preferred(world):
    outcome = world.client(world.server("beta"))
    assert outcome.context["trust_realm"] == "engineering"


def test_label_that_no_common_trust_realm_takes(world):
    """Grave has no counterpart in corporate."""
    record = refused(world, "-l", "grave", to="gamma")
    assert (record["step"], record["code"]) == ("S7", "TRR_LABEL_UNMAPPED")


def test_service_without_a_host_part(world):
    """What comes after the first "/" is the name of no host."""
    record = refused(world, service="sample/of/old")
    assert (record["step"], record["code"]) == ("S4", "TRR_UNSUPPORTED")


def test_sender_that_is_not_in_the_table(make_world):
    """Epsilon has a daemon and a key, but no entry."""
    world = make_world(run=("beta", "epsilon"))
    assert refused(world, system="epsilon")["step"] == "S3"
