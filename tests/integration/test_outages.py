# tests/integration/test_outages.py - LDAP, the KDC or the daemon is away
# SPDX-License-Identifier: BSD-2-Clause
"""What goes on without a server, what stops, and how it comes back."""

import re
import time

from testlib.process import PATIENCE, eventually, within
from testlib.world import SERVICE

#: How long a context lives without a daemon: the lease of its epoch, and the
#: pause before the next message.
LEASE = 1.2 * PATIENCE


def test_directory_dies_and_comes_back(make_world):
    world = make_world(changes={
        name: {"table": {"maximum-staleness": "3s"}}
        for name in ("alpha", "beta")})
    server = world.server("beta")
    running = world.talking_client(server)
    world.directory.kill()

    # Past maximum staleness old contexts and new ones are refused.
    mark = world.alpha.audit.mark()
    running.wait("error")
    eventually(lambda: world.alpha.status()["table"]["stale"])
    outcome = world.client(server)
    assert outcome.status == 1
    record = world.alpha.audit.since(mark, result="deny")[-1]
    assert (record["step"], record["code"]) == ("S2", "TRR_STALE")
    assert re.search("the table is [0-9]+ s old, more than the 3 s allowed",
                     outcome.errors[-1]["text"])

    # LDAP back: new traffic without any restart.
    world.directory.start()
    eventually(lambda: world.client(server).delivered, what="traffic")
    assert world.alpha.running() and world.beta.running()
    running.kill()


def test_start_without_the_directory(make_world):
    """The table outlives the daemon; old contexts and new ones go by it."""
    world = make_world()
    server = world.server("beta")
    running = world.talking_client(server)
    world.directory.kill()
    assert world.client(server).delivered
    running.wait("reply", count=len(running.of("reply")) + 5)
    assert not running.of("error")
    world.alpha.restart()
    world.beta.restart()
    assert world.client(server).delivered
    running.wait("reply", count=len(running.of("reply")) + 5)
    running.kill()


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
    running = world.talking_client(server)
    world.alpha.kill()
    killed = time.time()

    with within(1):
        outcome = world.client(server)
    assert outcome.status == 1
    assert "trustrealmd" in outcome.errors[-1]["text"]
    error = running.wait("error")[0]
    assert "trustrealmd" in error["text"]
    assert error["time"] - killed < LEASE

    world.alpha.start()
    assert world.client(server).delivered
    # The program that was running goes on without a restart.
    replies = len(running.of("reply"))
    running.wait("reply", count=replies + 3)
    running.kill()


def test_daemon_of_the_receiver_dies(make_world):
    world = make_world()
    server = world.server("beta")
    running = world.talking_client(server)
    world.beta.kill()
    killed = time.time()
    outcome = world.client(server)
    assert outcome.status == 1
    server.wait("error")
    assert any("trustrealmd" in e["text"] for e in server.of("error"))
    assert max(e["time"] for e in server.of("message")) - killed < LEASE
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
    """Cached tickets go on; without one there is an answer."""
    world = make_world()
    server = world.server("beta")
    assert world.client(server).delivered
    world.realm.stop()
    assert world.client(server).delivered
    world.alpha.restart()
    outcome = world.client(server)
    assert outcome.status == 1
    world.realm.start()
    eventually(lambda: world.client(server).delivered, what="traffic")


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
        eventually(lambda: world.alpha.status()["kdc"]["busy"])
        assert world.client(server).delivered
        assert waiting.alive()
    finally:
        world.realm.thaw()
    waiting.kill()


def test_slow_directory_holds_up_nobody(make_world):
    """Nor does a daemon wait for it to start, or to reload."""
    world = make_world()
    server = world.server("beta")
    assert world.client(server).delivered
    world.directory.freeze()
    try:
        eventually(lambda: world.alpha.status()["table"]["age"] >= 2)
        assert world.client(server).delivered
        world.alpha.reload()
        world.beta.restart()
        assert world.client(server).delivered
    finally:
        world.directory.thaw()
    eventually(lambda: world.alpha.status()["table"]["age"] < 2)


def test_reload_takes_a_new_policy(make_world):
    world = make_world()
    server = world.server("beta")
    world.alpha.config["rules"]["staff"]["label"] = "grave"
    world.alpha.reload()
    eventually(lambda: world.client(server).context["label"] == "SECRET",
               what="the new label")


def test_clean_stop(make_world):
    world = make_world()
    assert world.alpha.stop() == 0
    assert world.beta.stop() == 0
