# tests/integration/test_withdrawal.py - what was allowed is allowed no more
# SPDX-License-Identifier: BSD-2-Clause
"""A change in LDAP reaches live contexts within one second, at both ends."""

import time

import pytest

from testlib import table
from testlib.agent import Refused, establish
from testlib.process import PATIENCE, eventually
from testlib.roles import modify
from testlib.world import SERVICE

#: What is promised, in seconds after the write.
LIMIT = 1.0 * PATIENCE


@pytest.fixture
def live(make_world):
    """(world, server, client): a context in use, a message each 20 ms."""
    world = make_world()
    server = world.server("beta")
    client = world.start_client(server, "-n", "1000", "-i", "0.02")
    client.wait("reply", count=5)
    return world, server, client


def is_refused(call, *arguments):
    try:
        call(*arguments)
        return False
    except Refused:
        return True


def ended(server, client, after=None):
    """The client has an error in time after the write, which was just made,
    and nothing is delivered later than that."""
    after = after or time.time()
    client.wait("error")
    delivered = len(server.of("message"))
    client.wait("error", count=5)
    assert len(server.of("message")) == delivered
    assert client.of("error")[0]["time"] - after < LIMIT
    assert max(e["time"] for e in server.of("message")) - after < LIMIT


@pytest.mark.parametrize("system", ["beta", "alpha"])
def test_membership_withdrawn(live, system):
    world, server, client = live
    mark = world.alpha.audit.mark()
    world.directory.replace(table.system_dn(system), "trMembership",
                            "corporate OPEN RESTRICTED:HR")
    ended(server, client)
    record = world.alpha.audit.wait(mark, event="judge", result="deny")
    assert record["code"] == "TRR_NOT_MEMBER"
    assert record["realm"] == "engineering"


@pytest.mark.parametrize("system", ["beta", "alpha"])
def test_next_message_is_refused_at_both_ends(make_world, system):
    """To send, and to take what was sent before the change."""
    world = make_world()
    ours, theirs = establish(world.agent("alpha"),
                             world.agent("beta", None, SERVICE),
                             "sample@beta.example.test",
                             flags=["mutual", "confidentiality"])
    before = {True: ours.wrap(b"sent before"),
              False: theirs.wrap(b"sent before")}
    mic = ours.mic(b"signed before")
    marks = world.alpha.audit.mark(), world.beta.audit.mark()
    world.directory.replace(table.system_dn(system), "trMembership",
                            "corporate OPEN RESTRICTED:HR")
    written = time.time()
    for end in (ours, theirs):
        eventually(lambda: is_refused(end.wrap, b"x"), what="refusal")
        assert time.time() - written < LIMIT
        assert is_refused(end.mic, b"x")
    assert is_refused(theirs.unwrap, before[True])
    assert is_refused(ours.unwrap, before[False])
    assert is_refused(theirs.verify, b"signed before", mic)
    for end, mark in zip((world.alpha, world.beta), marks):
        record = end.audit.wait(mark, result="deny")
        assert record["code"] == "TRR_NOT_MEMBER"
        assert record["realm"] == "engineering"


@pytest.mark.parametrize("system", ["beta", "alpha"])
def test_tokens_on_their_way(make_world, system):
    """Made before the change, they establish nothing after it."""
    world = make_world()
    alice, service = world.agent("alpha"), world.agent("beta", None, SERVICE)
    _, late = alice.initiate("sample@beta.example.test")
    half, token = alice.initiate("sample@beta.example.test")
    _, reply, _ = service.accept(token)
    world.change(table.system_dn(system), "trMembership",
                 "corporate OPEN RESTRICTED:HR")
    for end, event, call, token in (
            (world.beta, "accept", service.accept, late),
            (world.alpha, "accepted", half.step, reply)):
        mark = end.audit.mark()
        assert is_refused(call, token)
        record = end.audit.wait(mark, event=event, result="deny")
        assert record["code"] == "TRR_NOT_MEMBER"


def test_receiver_refuses_by_itself(live):
    """The sender's daemon does not hear of it: it is stopped."""
    world, server, client = live
    world.alpha.pause_table()
    try:
        mark = world.beta.audit.mark()
        world.directory.replace(table.system_dn("beta"), "trMembership",
                                "corporate OPEN RESTRICTED:HR")
        ended(server, client)
        assert world.beta.audit.wait(mark, result="deny")["code"] == \
            "TRR_NOT_MEMBER"
    finally:
        world.alpha.resume_table()


def test_system_disabled(live):
    world, server, client = live
    world.directory.replace(table.system_dn("beta"), "trEnabled", "FALSE")
    ended(server, client)


def test_system_deleted(live):
    world, server, client = live
    world.directory.delete(table.system_dn("beta"))
    ended(server, client)


def test_range_narrowed_below_the_label(live):
    world, server, client = live
    world.directory.replace(
        table.system_dn("beta"), "trMembership",
        "engineering PUBLIC PUBLIC", "corporate OPEN RESTRICTED:HR")
    ended(server, client)


def test_clearance_withdrawn(live):
    world, server, client = live
    world.directory.replace(table.user_dn("alice"), "trClearance",
                            "engineering PUBLIC PUBLIC")
    ended(server, client)


@pytest.mark.parametrize("system, restriction, code", [
    ("beta", "engineering PUBLIC PUBLIC:CRYPTO", "_RANGE"),
    ("alpha", "engineering PUBLIC PUBLIC:CRYPTO", "_RANGE"),
    ("beta", "engineering TOPSECRET TOPSECRET", "_NOT_MEMBER"),
])
def test_membership_restricted(live, system, restriction, code):
    """Beside the membership, which stays as it is."""
    world, server, client = live
    mark = world.alpha.audit.mark()
    world.directory.replace(table.system_dn(system), "trRestriction",
                            restriction)
    ended(server, client)
    record = world.alpha.audit.wait(mark, event="judge", result="deny")
    assert record["code"].endswith(code)
    assert record["realm"] == "engineering"
    world.directory.replace(table.system_dn(system), "trRestriction")
    eventually(lambda: world.client(server).delivered, 5, "traffic")


def test_clearance_restricted(live):
    world, server, client = live
    world.directory.replace(table.user_dn("alice"), "trRestriction",
                            "engineering PUBLIC PUBLIC")
    ended(server, client)


def test_confidentiality_needed_from_a_lower_level(live):
    """Beside the level that there is, for what is only signed."""
    world, server, client = live
    world.change(table.ENGINEERING, "trCarrier", "sample mic")
    client.wait("reply", count=len(client.of("reply")) + 5)
    mark = world.alpha.audit.mark()
    world.directory.modify(modify(table.ENGINEERING, (
        "add", "trConfidentialFrom", "SECRET")))
    ended(server, client)
    record = world.alpha.audit.wait(mark, event="judge", result="deny")
    assert record["code"] == "TRR_PROTECTION"


def test_lifetime_shortened(live):
    """Beside a longer one."""
    world, server, client = live
    world.change(table.ENGINEERING, "trLifetime", "36000")
    client.wait("reply", count=len(client.of("reply")) + 5)
    start = time.time()
    world.directory.modify(modify(table.ENGINEERING, (
        "add", "trLifetime", "3")))
    ended(server, client, time.time() + 3)
    # Seconds are counted whole.
    assert client.of("error")[0]["time"] > start + 1


@pytest.mark.parametrize("attribute", ["trMembership", "trRestriction"])
def test_membership_ends_by_its_date(live, attribute):
    world, server, client = live
    end = int(time.time()) + 3
    world.directory.replace(
        table.system_dn("beta"), attribute,
        "engineering PUBLIC SECRET:CRYPTO " +
        time.strftime("%Y%m%d%H%M%SZ", time.gmtime(end)))
    ended(server, client, end)
    assert client.of("error")[0]["time"] >= end


def test_change_that_does_not_matter(live):
    """Contexts live on when something else changes."""
    world, server, client = live
    world.change(table.system_dn("gamma"), "trMembership")
    count = len(client.of("reply"))
    client.wait("reply", count=count + 20)
    assert not client.of("error")


def test_membership_given_back(live):
    world, server, client = live
    world.directory.replace(table.system_dn("beta"), "trMembership")
    client.wait("error")
    assert world.client(server).status == 1
    world.directory.replace(table.system_dn("beta"), "trMembership",
                            "engineering PUBLIC SECRET:CRYPTO")
    eventually(lambda: world.client(server).delivered, what="traffic")
