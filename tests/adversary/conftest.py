# tests/adversary/conftest.py - honest traffic beside every attack
# SPDX-License-Identifier: BSD-2-Clause

import pytest
from attacks import exchange, exchange_new

from testlib.world import CLERK, SERVICE


@pytest.fixture(scope="session")
def alice(world):
    return world.agent("alpha", "alice")


@pytest.fixture(scope="session")
def bob(world):
    """Another user; as root also another uid, with a narrower policy."""
    return world.agent("alpha", "bob", CLERK)


@pytest.fixture(scope="session")
def beta(world):
    """The acceptor of sample on beta."""
    return world.agent("beta", None, SERVICE)


@pytest.fixture(scope="session")
def careless(world):
    """The same without a replay cache: what is offered twice, changed in
    between, is for trustrealmd alone to refuse."""
    return world.agent("beta", None, SERVICE, KRB5RCACHENAME="none:")


@pytest.fixture(scope="session")
def plain(world):
    """Alice once more, with a library that has no plugin."""
    return world.agent("alpha", "alice", plugin=False)


@pytest.fixture(autouse=True)
def honest_traffic(world, alice, beta):
    """What the attack must not disturb: one context that lives through all
    attacks of a file, and new ones before and after each."""
    if not hasattr(world, "honest"):
        world.honest = exchange_new(alice, beta)
    yield
    exchange(*world.honest)
    exchange_new(alice, beta)
