# tests/integration/test_connections.py - what plugins keep open to a daemon
# SPDX-License-Identifier: BSD-2-Clause
"""A process keeps its connection for the next context.  The daemon closes
what idles, or may be another one by then: no call fails of it."""

import pytest

from testlib.process import eventually
from testlib.world import SERVICE

TARGET = "sample@beta.example.test"
#: Its own question is one.
ASKING = 1


@pytest.fixture(scope="module")
def ends(world):
    return world.agent("alpha", "alice"), world.agent("beta", None, SERVICE)


def establish(ends):
    ours, token = ends[0].initiate(TARGET)
    theirs, reply, _ = ends[1].accept(token)
    ours.step(reply)
    assert theirs.unwrap(ours.wrap(b"hello")) == b"hello"


def connections(world):
    return [system.status()["connections"] - ASKING
            for system in (world.alpha, world.beta)]


def test_idle_ones_are_closed(world, ends):
    def kept():
        establish(ends)
        return min(connections(world)) >= 1
    eventually(kept, 10, "connections kept")
    eventually(lambda: connections(world) == [0, 0], 10, "idle ones closed")
    establish(ends)


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
