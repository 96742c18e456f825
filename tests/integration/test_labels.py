# tests/integration/test_labels.py - labels of contexts and of messages
# SPDX-License-Identifier: BSD-2-Clause
"""gss-label between alpha and beta by every mechanism and protection."""

import pytest

from testlib.world import CLERK, DESK, SINGLE

MECHANISMS = ["krb5", "trustrealm", "spnego", "spnego-default"]
PROTECTIONS = ["wrap", "integrity", "mic", "mic-iov", "iov", "iov-integrity",
               "iov-lengths", "iov-lengths-integrity", "aead",
               "aead-integrity"]


@pytest.fixture(scope="module")
def server(world):
    return world.server("beta")


def labels_seen(outcome):
    """(trust realm's label, receiver's label) of each message, as the
    receiver reported it in its protected reply."""
    return [(r["peer_saw"]["label"], r["peer_saw"]["label_local"])
            for r in outcome.replies]


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_context_is_labelled(world, server, mechanism):
    outcome = world.client(server, "-m", mechanism)
    assert outcome.delivered, outcome
    context = outcome.context
    assert context["state"] == "labelled"
    assert context["trust_realm"] == "engineering"
    assert context["label"] == "INTERNAL"
    assert context["label_local"] == "official"
    assert context["peer_system"] == "beta.example.test"
    assert context["user"] == "alice@EXAMPLE.TEST"
    assert "mutual" in context["flags"]


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_both_ends_report_the_same(world, mechanism):
    server = world.server("beta")
    outcome = world.client(server, "-m", mechanism)
    assert outcome.delivered, outcome
    ours, = outcome.of("context")
    theirs, = server.wait("context")
    for key in ("trust_realm", "label", "range", "correlation", "state"):
        assert ours[key] == theirs[key], key
    assert theirs["label_local"] == "blue"
    assert theirs["peer_system"] == "alpha.example.test"
    attributes = theirs["name_attributes"]
    assert attributes["trustrealm-label"] == {
        "value": "INTERNAL", "authenticated": True}
    assert attributes["trustrealm-realm"]["value"] == "engineering"


@pytest.mark.parametrize("protection", PROTECTIONS)
def test_unchanged_label(world, server, protection):
    outcome = world.client(server, "-P", protection, "-n", "3")
    assert outcome.delivered, outcome
    assert labels_seen(outcome) == [("INTERNAL", "blue")] * 3


def test_labels_of_messages_are_recorded(world, server):
    """At both ends, once for each, however many messages have it."""
    ours, theirs = world.alpha.audit.mark(), world.beta.audit.mark()
    outcome = world.client(server, *["-L", "grave:cipher"] * 3)
    assert outcome.delivered, outcome
    for system, mark, event in ((world.alpha, ours, "issue"),
                                (world.beta, theirs, "check")):
        record, = system.audit.since(mark, event=event)
        assert record["result"] == "allow"
        assert record["label"] == "SECRET:CRYPTO"
        assert record["user"] == "alice@EXAMPLE.TEST"
        assert record["correlation"] == outcome.context["correlation"]


@pytest.mark.parametrize("mechanism", MECHANISMS[:3])
@pytest.mark.parametrize("protection", PROTECTIONS)
def test_label_changes_by_message(world, server, mechanism, protection):
    outcome = world.client(server, "-m", mechanism, "-P", protection,
                           "-L", "official", "-L", "grave:cipher",
                           "-L", "open", "-L", "")
    assert outcome.delivered, outcome
    assert labels_seen(outcome) == [
        ("INTERNAL", "blue"), ("SECRET:CRYPTO", "red:code"),
        ("PUBLIC", "white"), ("INTERNAL", "blue")]
    assert [r["peer_saw"]["length"] for r in outcome.replies] == [20] * 4
    assert [m.get("label_local") for m in outcome.of("message")] == [
        "official", "grave:cipher", "open", None]


@pytest.mark.parametrize("size", [1, 4096, 65536])
def test_sizes(world, server, size):
    outcome = world.client(server, "-M", "x", "-s", str(size),
                           "-L", "grave", "-L", "")
    assert outcome.delivered, outcome
    assert labels_seen(outcome) == [("SECRET", "red"), ("INTERNAL", "blue")]
    assert [r["peer_saw"]["length"] for r in outcome.replies] == [size] * 2


def test_label_of_the_context_is_chosen(world, server):
    outcome = world.client(server, "-l", "grave:cipher")
    assert outcome.delivered, outcome
    assert outcome.context["label"] == "SECRET:CRYPTO"
    assert labels_seen(outcome) == [("SECRET:CRYPTO", "red:code")]


def test_agreed_range_is_the_intersection(world, server):
    outcome = world.client(server)
    # Beta's accreditation ends at SECRET:CRYPTO, alpha's has RADAR too.
    assert outcome.context["range"] == ["PUBLIC", "SECRET:CRYPTO"]
    assert outcome.context["range_local"] == ["open", "grave:cipher"]


def test_agreed_range_ends_with_the_process(world, several_uids):
    server = world.server("beta", uid=DESK)
    outcome = world.client(server, uid=CLERK)
    assert outcome.delivered, outcome
    assert outcome.context["range"] == ["PUBLIC", "INTERNAL"]


def test_single_level_process(world, server, several_uids):
    outcome = world.client(server, "-L", "official", "-L", "open", uid=SINGLE)
    assert outcome.context["range"] == ["INTERNAL", "INTERNAL"]
    assert labels_seen(outcome) == [("INTERNAL", "blue")]
    assert not outcome.delivered


def test_agreed_range_ends_with_the_users_clearance(world, server):
    outcome = world.client(server, user="bob")
    assert outcome.delivered, outcome
    assert outcome.context["range"] == ["PUBLIC", "INTERNAL"]


@pytest.mark.parametrize("label, why", [
    ("grave:antenna", "of beta.example.test"),
    ("utmost", "utmost not within"),
    ("grave:atom", "grave:atom not within"),
    ("nonsense", "nonsense"),
])
def test_message_label_outside_the_agreed_range(world, server, label, why):
    outcome = world.client(server, "-L", "official", "-L", label, "-L", "open")
    assert outcome.status == 1
    # Refused at the sender; the messages beside it go on.
    assert labels_seen(outcome) == [("INTERNAL", "blue"), ("PUBLIC", "white")]
    error, = outcome.errors
    assert why in error["text"]


def test_replies_are_labelled_too(world, server):
    outcome = world.client(server, "-n", "2")
    assert [(r["label"], r["label_local"]) for r in outcome.replies] == [
        ("INTERNAL", "official")] * 2


def test_explicit_labels(make_world):
    world = make_world(changes={
        name: {"policy": {"message-label": "explicit"}}
        for name in ("alpha", "beta")})
    server = world.server("beta")
    for protection in ("wrap", "mic", "iov"):
        outcome = world.client(server, "-P", protection, "-n", "2",
                               "-L", "", "-L", "open")
        assert outcome.delivered, outcome
        assert labels_seen(outcome) == [("INTERNAL", "blue"),
                                        ("PUBLIC", "white")]


def test_many_messages(world, server):
    labels = ["open", "official", "grave", "grave:cipher"] * 25
    options = [o for label in labels for o in ("-L", label)]
    outcome = world.client(server, *options)
    assert outcome.delivered, outcome
    expected = {"open": "PUBLIC", "official": "INTERNAL", "grave": "SECRET",
                "grave:cipher": "SECRET:CRYPTO"}
    assert [seen for seen, _ in labels_seen(outcome)] == [
        expected[label] for label in labels]


def test_other_direction(world):
    """Beta calls alpha, in its own label format."""
    server = world.server("alpha")
    outcome = world.client(server, "-L", "blue", "-L", "red:code",
                           system="beta", to="alpha")
    assert outcome.delivered, outcome
    assert outcome.context["label_local"] == "blue"
    assert labels_seen(outcome) == [("INTERNAL", "official"),
                                    ("SECRET:CRYPTO", "grave:cipher")]


def test_crowd(world, server):
    """Many clients at once, each with labels of its own."""
    labels = {"open": "PUBLIC", "official": "INTERNAL", "grave": "SECRET",
              "grave:cipher": "SECRET:CRYPTO"}
    clients = [(label, world.start_client(server, "-l", label, "-n", "10"))
               for label in list(labels) * 4]
    for label, client in clients:
        assert client.finish() == 0
        seen = {r["peer_saw"]["label"] for r in client.of("reply")}
        assert seen == {labels[label]}
        assert len(client.of("reply")) == 10
