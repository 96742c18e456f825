# tests/conftest.py - fixtures of every Python test
# SPDX-License-Identifier: BSD-2-Clause
"""world: alpha, beta and gamma, shared by the tests of a file; they leave it
as they found it.  make_world: one for a test that does not.

What is missing on this machine skips a test and says so; with TR_REQUIRE set
(tools/quickstart does) it fails.
"""

import os
import signal

import pytest

from testlib import servers
from testlib.stores import Stores
from testlib.world import ROOT, World

os.umask(0o022)     # several users have to do with what a test makes
# A shell has what it starts in the background ignore ^C, and all that starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

_worlds = []
_broken = []        # that did not start; kept until their logs are reported


def _open(**options):
    world = World(**options)
    _worlds.append(world)
    try:
        world.start()
    except BaseException:
        _broken.append(world)
        raise
    return world


def _close(world):
    world.close()
    _worlds.remove(world)


@pytest.fixture(scope="session")
def world():
    made = _open(run=("alpha", "beta", "gamma"))
    yield made
    _close(made)


def _worlds_made():
    made = []

    def make(**options):
        made.append(_open(**options))
        return made[-1]
    yield make
    for one in made:
        _close(one)


@pytest.fixture
def make_world():
    yield from _worlds_made()


@pytest.fixture(scope="module")
def make_module_world():
    """make_world for a file of tests."""
    yield from _worlds_made()


@pytest.fixture(scope="module")
def make_hosts(make_module_world):
    """make_module_world with machines of their own: systems alpha, beta and
    gamma, and a plain host epsilon; for tests that need these programs (what
    was built has a path)."""
    def make(*programs, run=("alpha", "beta", "gamma"), **options):
        for program in programs:
            find = servers.built if "/" in program else servers.program
            find(program)
        return make_module_world(run=run, hosts=tuple(run) + ("epsilon",),
                                 **options)
    return make


@pytest.fixture(scope="module")
def started_site():
    with Stores() as made:
        yield made


@pytest.fixture
def site(started_site):
    """A server and a file with the same table, as at the start."""
    started_site.reset()
    return started_site


@pytest.fixture
def several_uids():
    """For tests in which programs run under several uids."""
    if not ROOT:
        raise servers.NotRoot("programs under several uids")


def pytest_runtest_logfinish():
    while _broken:
        _close(_broken.pop())


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    for one in _worlds:
        one.scratch.mark()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for one in _worlds:
            for name, text in one.scratch.since_mark():
                report.sections.append(("log " + name, text))
