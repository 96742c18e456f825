# tests/integration/test_outages.py - LDAP, the KDC or the daemon is away
# SPDX-License-Identifier: BSD-2-Clause
"""What goes on without a server, what stops, and how it comes back."""

import re
import time

import pytest

from testlib.process import eventually
from testlib.world import SERVICE


@pytest.fixture
def short(make_world):
    """A table that is stale after three seconds."""
    return make_world(changes={
        name: {"table": {"maximum-staleness": "3s"}}
        for name in ("alpha", "beta")})


def test_directory_dies_and_comes_back(short):
    world = short
    server = world.server("beta")
    running = world.start_client(server, "-n", "200", "-i", "0.1")
    running.wait("reply")
    world.directory.kill()
    killed = time.monotonic()

    # Traffic goes on from the table: old contexts and new ones.
    assert world.client(server).delivered
    before = len(running.of("reply"))
    running.wait("reply", count=before + 5)
    assert not running.of("error")

    # Past maximum staleness both are refused, for that reason.
    mark = world.alpha.audit.mark()
    running.wait("error", timeout=10)
    assert time.monotonic() - killed < 7
    eventually(lambda: world.alpha.status()["table"]["stale"], 2)
    outcome = world.client(server)
    assert outcome.status == 1
    record = world.alpha.audit.since(mark, result="deny")[-1]
    assert (record["step"], record["code"]) == ("S2", "TRR_STALE")
    assert re.search("the table is . s old, more than the 3 s allowed",
                     outcome.errors[-1]["text"])

    # LDAP back: new traffic without any restart.
    world.directory.start()
    eventually(lambda: world.client(server).delivered, 10, "traffic")
    assert world.alpha.running() and world.beta.running()
    running.kill()


def test_start_without_the_directory(make_world):
    """The table outlives the daemon."""
    world = make_world()
    world.directory.kill()
    world.alpha.restart()
    world.beta.restart()
    assert world.client(world.server("beta")).delivered


def test_daemon_that_never_saw_the_table(make_world):
    world = make_world(run=())
    world.directory.kill()
    world.alpha.start(wait=False)
    eventually(lambda: world.alpha.answers(), what="the daemon")
    mark = world.alpha.audit.mark()
    outcome = world.client(1)
    assert outcome.status == 1
    assert world.alpha.audit.since(mark)[-1]["step"] == "S2"


def test_daemon_of_the_sender_dies(make_world):
    world = make_world()
    server = world.server("beta")
    running = world.start_client(server, "-n", "400", "-i", "0.05")
    running.wait("reply")
    world.alpha.kill()

    started = time.monotonic()
    outcome = world.client(server)
    assert time.monotonic() - started < 2
    assert outcome.status == 1
    assert "trustrealmd" in outcome.errors[-1]["text"]
    running.wait("error", timeout=5)
    assert "trustrealmd" in running.of("error")[0]["text"]

    world.alpha.start()
    assert world.client(server).delivered
    # The program that was running goes on without a restart.
    replies = len(running.of("reply"))
    running.wait("reply", count=replies + 3, timeout=5)
    running.kill()


def test_daemon_of_the_receiver_dies(make_world):
    world = make_world()
    server = world.server("beta")
    running = world.start_client(server, "-n", "400", "-i", "0.05")
    running.wait("reply")
    world.beta.kill()
    outcome = world.client(server)
    assert outcome.status == 1
    server.wait("error", timeout=5)
    assert any("trustrealmd" in e["text"] for e in server.of("error"))
    world.beta.start()
    assert world.client(server).delivered
    running.kill()


def test_daemons_restart_while_a_context_is_established(make_world):
    world = make_world()
    ours, token = world.agent("alpha").initiate(
        "sample@" + world.beta.host)
    world.alpha.restart()
    world.beta.restart()
    theirs, reply, _ = world.agent("beta", None, SERVICE).accept(token)
    world.alpha.restart()
    ours.step(reply)
    assert theirs.unwrap(ours.wrap(b"hello")) == b"hello"


def test_kdc_away(make_world):
    """Cached tickets go on; without one the answer comes soon."""
    world = make_world()
    server = world.server("beta")
    assert world.client(server).delivered
    world.realm.stop()
    assert world.client(server).delivered
    world.alpha.restart()
    started = time.monotonic()
    outcome = world.client(server)
    assert time.monotonic() - started < 8
    assert outcome.status == 1
    world.realm.start()
    eventually(lambda: world.client(server).delivered, 15, "traffic")


def test_slow_kdc_does_not_hold_up_others(make_world):
    world = make_world(run=("alpha", "beta", "gamma"))
    server = world.server("beta")
    assert world.client(server).delivered
    gamma = world.server("gamma")
    # The program has its ticket, the daemon none for its peer.
    plain = world.server("gamma", GSS_MECH_CONFIG="/dev/null")
    assert world.client(plain, to="gamma", plugin=False).delivered
    world.realm.freeze()
    try:
        waiting = world.start_client(gamma, to="gamma")
        time.sleep(0.3)
        started = time.monotonic()
        assert world.client(server).delivered
        assert time.monotonic() - started < 1
        assert waiting.alive()
    finally:
        world.realm.thaw()
    waiting.kill()


def test_reload_takes_a_new_policy(make_world):
    world = make_world()
    server = world.server("beta")
    rule = next(iter(world.alpha.config["rules"].values()))
    rule["label"] = "grave"
    world.alpha.reload()
    eventually(lambda: world.client(server).context["label"] == "SECRET",
               what="the new label")


def test_clean_stop(make_world):
    world = make_world()
    assert world.alpha.stop() == 0
    assert world.beta.stop() == 0
