# tests/integration/test_connections.py - what plugins keep open to a daemon
# SPDX-License-Identifier: BSD-2-Clause
"""A process keeps its connection for the next context.  The daemon closes
what idles, or may be another one by then: no call fails of it."""

import os
import socket
import threading
import time

import pytest

from testlib.agent import Refused, establish
from testlib.call import REFUSED, call
from testlib.process import eventually
from testlib.world import SERVICE

TARGET = "sample@beta.example.test"
#: Its own question is one.
ASKING = 1


@pytest.fixture(scope="module")
def ends(world):
    return world.agent("alpha", "alice"), world.agent("beta", None, SERVICE)


def connections(world):
    return [system.status()["connections"] - ASKING
            for system in (world.alpha, world.beta)]


def test_idle_ones_are_closed(world, ends):
    def kept():
        establish(*ends, TARGET)
        return min(connections(world)) >= 1
    eventually(kept, what="connections kept")
    eventually(lambda: connections(world) == [0, 0], what="idle ones closed")
    ours, theirs = establish(*ends, TARGET)
    assert theirs.unwrap(ours.wrap(b"hello")) == b"hello"


def test_prepared_once_for_contexts_that_are_never_finished(world, ends):
    """As curl does, which does not look at what the server accepted."""
    def calls():
        return world.alpha.status()["calls"]

    ends[0].initiate(TARGET)
    before = calls()
    for _ in range(3):
        ends[0].initiate(TARGET)
    assert calls() - before == 3 + ASKING


def test_daemons_restart(world, ends):
    """Every call in turn is the first that the new daemon sees."""
    for _ in range(2):
        ours, token = ends[0].initiate(TARGET)
        world.beta.restart()
        theirs, reply, _ = ends[1].accept(token)
        world.alpha.restart()
        ours.step(reply)
        assert theirs.unwrap(ours.wrap(b"hello")) == b"hello"
        world.alpha.restart()


class Impostor:
    """An agent whose daemon does no more on each connection than behave()."""

    def __init__(self, world, behave):
        self._behave = behave
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        path = world.scratch.join("impostor-" + behave.__name__)
        self._listener.bind(path)
        os.chmod(path, 0o666)
        self._listener.listen()
        self.connections = 0
        threading.Thread(target=self._run, daemon=True).start()
        self._agent = world.agent("alpha", "alice", TRUSTREALM_SOCKET=path)

    def _run(self):
        while True:
            connection, _ = self._listener.accept()
            with connection:
                self.connections += 1
                self._behave(connection)

    def answer(self):
        """What the agent is told when it asks."""
        with pytest.raises(Refused) as caught:
            self._agent.initiate(TARGET)
        return str(caught.value)


def reads(connection):
    connection.recv(1 << 18)


def reads_nothing(connection):
    pass


@pytest.mark.parametrize("behave", [reads, reads_nothing])
def test_a_call_without_an_answer_is_not_made_for_ever(world, behave):
    impostor = Impostor(world, behave)
    assert "it closes all connections" in impostor.answer()
    assert impostor.connections == 6


def hesitates(connection):
    """For most of the time that a call has, each time."""
    connection.recv(1 << 18)
    time.sleep(4)


def test_a_call_has_no_more_time_on_another_connection(world):
    impostor = Impostor(world, hesitates)
    begun = time.monotonic()
    assert "did not answer within 5 s" in impostor.answer()
    assert time.monotonic() - begun < 8
    assert impostor.connections == 2


def turns_away(connection):
    connection.send(call(REFUSED & 0x1f, 0, "enough of you", ""))


def turns_a_call_away(connection):
    connection.recv(1, socket.MSG_PEEK)
    turns_away(connection)


@pytest.mark.parametrize("behave", [turns_away, turns_a_call_away])
def test_why_a_program_is_turned_away(world, behave):
    """The answer is there, the call was not read."""
    impostor = Impostor(world, behave)
    assert "enough of you" in impostor.answer()
    assert impostor.connections == 1
