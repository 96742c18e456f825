# tests/apps/test_python.py - programs in Python carry labels
# SPDX-License-Identifier: BSD-2-Clause
"""alice runs python-client on alpha with python-server on beta, both of the
guide doc/apps/python."""

import pytest
from cases import (  # noqa: F401
    Application, test_by_pass_is_for_the_named_client, test_daemon_restarted,
    test_label_out_of_range, test_label_that_the_server_may_not_have,
    test_membership_withdrawn_while_connected, test_no_common_trust_realm,
    test_plain_client_is_refused, test_plain_server_with_by_pass,
    test_plain_server_without_by_pass,
    test_user_who_goes_round_the_plugin_is_refused)

from testlib import guide, table
from testlib.process import Failure
from testlib.world import STAFF

LINES = 20051
PORT = 4444


@pytest.fixture(scope="module")
def world(make_hosts):
    made = make_hosts(run=("alpha", "beta"))
    for name in "alpha", "epsilon":
        guide.follow(made, name, "python", "On the client")
    return made


def serve(world, name):
    machine = world.machine(name)
    machine.user("lines", LINES)
    guide.follow(world, name, "python")
    process = machine.spawn(
        ["sh", "-euc", guide.shown("python", "beta, as its user")],
        name + "/python-server")
    machine.wait_port(PORT, process)
    return process


@pytest.fixture(scope="module")
def server(world):
    return serve(world, "beta")


@pytest.fixture(scope="module")
def plain_server(world):
    return serve(world, "epsilon")


class Client:
    def __init__(self, world, user="alice", uid=STAFF, sender="alpha",
                 to="beta", plugin=True):
        self._client = world.machine(sender).spawn(
            [guide.APPS + "python-client", table.host(to), str(PORT)],
            "python-client-%d" % world.next_number(), uid=uid,
            env=world.environment(user, uid, sender, plugin), with_stdin=True)
        self._lines = 0

    def ask(self):
        """Send a line; its answer, or None when the client ends instead."""
        self._lines += 1
        self._client.tell("line %d" % self._lines)
        try:
            return self._client.wait_for("^.*: line %d$" % self._lines)[0]
        except Failure:
            assert not self._client.alive(), self.said()
            return None

    def use(self):
        assert self.ask() is not None, self.said()

    def refused(self):
        return self.ask() is None

    def said(self):
        return self._client.text()

    def close(self):
        self._client.kill()


class Session(Client):
    """One that has a context: nothing else is said before it has."""

    def __init__(self, world):
        super().__init__(world)
        self.use()


def attempt(world, **who):
    client = Client(world, **who)
    answer = client.ask()
    client.close()
    return answer is not None, client.said()


APPLICATION = Application("sample", [LINES], "lines", attempt,
                          r"refused by the peer|Generic error \(see e-text\)")


def test_what_the_guide_says_to_see(world, server):
    assert "blue alice@EXAMPLE.TEST: hello" in guide.see(world, "python")


def test_every_line_is_labelled(world, server):
    client = Client(world)
    for number in 1, 2, 3:
        assert client.ask() == "blue alice@EXAMPLE.TEST: line %d" % number
    client.close()


def test_label_that_the_guide_tells_to_choose(world):
    told = guide.shown("python", "prints").replace("public", "open")
    program = "import gssapi\n%s\ngssapi.SecurityContext(usage='initiate', " \
        "creds=credential, name=gssapi.Name('sample@%s', " \
        "gssapi.NameType.hostbased_service)).step()" % (
            told.replace("1.3.6.1.4.1.32473.1", world.oid_arc),
            table.host("beta"))
    mark = world.alpha.audit.mark()
    world.alpha.run(["/usr/bin/python3", "-c", program], uid=STAFF,
                    env=world.environment())
    record = world.alpha.audit.wait(mark, event="seal", result="allow")
    assert record["local_label"] == "open"


def test_plain_client_with_by_pass(world, server, bypass):
    client = Client(world, sender="epsilon")
    assert client.ask() == "unlabelled alice@EXAMPLE.TEST: line 1"
    client.close()
