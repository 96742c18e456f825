# tests/integration/test_withdrawal.py - what was allowed is allowed no more
# SPDX-License-Identifier: BSD-2-Clause
"""A change in LDAP reaches live contexts within one second, at both ends."""

import time

import pytest

from testlib import table
from testlib.agent import Refused, establish
from testlib.process import eventually
from testlib.world import SERVICE

LIMIT = 1.0


def first_error(runner, after, timeout=5):
    """Seconds from after (time.time()) to the runner's first error."""
    runner.wait("error", timeout=timeout)
    return runner.of("error")[0]["time"] - after


def last_delivered(server, after):
    """Seconds from after to the last message that server delivered."""
    times = [e["time"] for e in server.of("message")]
    return max(times) - after


@pytest.fixture
def live(make_world):
    """(world, server, client): a context in use, a message each 20 ms."""
    world = make_world()
    server = world.server("beta")
    client = world.start_client(server, "-n", "1000", "-i", "0.02")
    client.wait("reply", count=5)
    return world, server, client


@pytest.mark.parametrize("system", ["beta", "alpha"])
def test_membership_withdrawn(live, system):
    world, server, client = live
    mark = world.alpha.audit.mark()
    world.directory.replace(table.system_dn(system), "trMembership",
                            "corporate OPEN RESTRICTED:HR")
    written = time.time()
    assert first_error(client, written) < LIMIT
    assert last_delivered(server, written) < LIMIT
    record = world.alpha.audit.wait(mark, event="judge", result="deny")
    assert record["code"] == "TRR_NOT_MEMBER"
    assert record["realm"] == "engineering"


def refused_after(call, written):
    """Repeat call until it is refused; seconds from written."""
    while time.time() - written < 5:
        try:
            call()
        except Refused:
            return time.time() - written
        time.sleep(0.01)
    raise AssertionError("never refused")


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
        assert refused_after(lambda: end.wrap(b"x"), written) < LIMIT
    for end, token in ((theirs, before[True]), (ours, before[False])):
        with pytest.raises(Refused):
            end.unwrap(token)
        with pytest.raises(Refused):
            end.mic(b"x")
    with pytest.raises(Refused):
        theirs.verify(b"signed before", mic)
    for end, mark in zip((world.alpha, world.beta), marks):
        record = end.audit.wait(mark, result="deny")
        assert record["code"] == "TRR_NOT_MEMBER"
        assert record["realm"] == "engineering"


def test_receiver_refuses_by_itself(live):
    """The sender's daemon does not hear of it: it is stopped."""
    world, server, client = live
    world.alpha.pause_table()
    try:
        mark = world.beta.audit.mark()
        world.directory.replace(table.system_dn("beta"), "trMembership",
                                "corporate OPEN RESTRICTED:HR")
        written = time.time()
        client.wait("error")
        assert last_delivered(server, written) < LIMIT
        assert world.beta.audit.wait(mark, result="deny")["code"] == \
            "TRR_NOT_MEMBER"
    finally:
        world.alpha.resume_table()


def test_system_disabled(live):
    world, server, client = live
    world.directory.replace(table.system_dn("beta"), "trEnabled", "FALSE")
    written = time.time()
    assert first_error(client, written) < LIMIT
    assert last_delivered(server, written) < LIMIT


def test_system_deleted(live):
    world, server, client = live
    world.directory.delete(table.system_dn("beta"))
    written = time.time()
    assert first_error(client, written) < LIMIT


def test_range_narrowed_below_the_label(live):
    world, server, client = live
    world.directory.replace(
        table.system_dn("beta"), "trMembership",
        "engineering PUBLIC PUBLIC", "corporate OPEN RESTRICTED:HR")
    written = time.time()
    assert first_error(client, written) < LIMIT


def test_clearance_withdrawn(live):
    world, server, client = live
    world.directory.replace(table.user_dn("alice"), "trClearance",
                            "engineering PUBLIC PUBLIC")
    written = time.time()
    assert first_error(client, written) < LIMIT


def test_membership_ends_by_its_date(make_world):
    world = make_world()
    end = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + 3))
    before = world.alpha.table_generation()
    world.directory.replace(
        table.system_dn("beta"), "trMembership",
        "engineering PUBLIC SECRET:CRYPTO " + end)
    eventually(lambda: world.alpha.table_generation() > before)
    server = world.server("beta")
    client = world.start_client(server, "-n", "1000", "-i", "0.02")
    client.wait("reply")
    client.wait("error", timeout=8)


def test_change_that_does_not_matter(live):
    """Contexts live on when something else changes."""
    world, server, client = live
    before = world.alpha.table_generation()
    world.directory.replace(table.system_dn("gamma"), "trMembership")
    eventually(lambda: world.alpha.table_generation() > before)
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
    eventually(lambda: world.client(server).delivered, 5, "traffic")


def test_withdrawal_while_idle(make_world):
    """No message is in flight at the change: the next one is refused."""
    world = make_world()
    server = world.server("beta")
    client = world.start_client(server, "-n", "2", "-i", "1.5")
    client.wait("reply")
    world.directory.replace(table.system_dn("beta"), "trMembership")
    assert client.finish() == 1
    assert len(client.of("reply")) == 1
    assert len(server.of("message")) == 1
