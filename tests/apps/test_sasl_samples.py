# tests/apps/test_sasl_samples.py - Cyrus SASL's own programs carry labels
# SPDX-License-Identifier: BSD-2-Clause
"""alice runs sasl-sample-client on alpha with sasl-sample-server on beta.  The
programs know no network: each prints lines for the other, which the tests
carry.  So a test can stop in the middle, and every case of cases.py exists
here.  When both have the context, four messages of it follow: two agree on the
layer, and then each program sends the other one through it."""

import re

import pytest
from cases import (  # noqa: F401
    Application, test_by_pass_is_for_the_named_client, test_daemon_restarted,
    test_label_out_of_range, test_label_that_the_server_may_not_have,
    test_membership_withdrawn_while_connected, test_no_common_trust_realm,
    test_plain_client_is_refused, test_plain_server_with_by_pass,
    test_plain_server_without_by_pass,
    test_user_who_goes_round_the_plugin_is_refused)

from testlib import policies, table
from testlib.process import eventually
from testlib.world import SERVICE, STAFF

CLIENT, SERVER = "sasl-sample-client", "sasl-sample-server"
KEYTAB = "/etc/sample.keytab"
LINE = re.compile("^([CS]: .*)\n", re.MULTILINE)
TOKENS = 4          # lines before the context's own messages: 0 to 3
MESSAGES = 4


@pytest.fixture(scope="module")
def world(make_hosts):
    """The programs have room for no more than small tickets."""
    made = make_hosts(CLIENT, SERVER, run=("alpha", "beta"))
    for service in "sample", "trustrealm":
        made.realm.modify("%s/%s" % (service, table.host("beta")),
                          "+no_auth_data_required")
    return made


def serve(world, name):
    world.machine(name).write("/etc/sasl2/sample.conf",
                              "keytab: %s\n" % KEYTAB)
    world.systems[name].install_keys(KEYTAB, SERVICE)


@pytest.fixture(scope="module")
def server(world):
    serve(world, "beta")


@pytest.fixture(scope="module")
def plain_server(world):
    serve(world, "epsilon")


class Exchange:
    """Both programs.  line: the one to be carried now, which its writer has
    put out and waits for the answer to; None when it has ended instead."""

    def __init__(self, world, user="alice", uid=STAFF, sender="alpha",
                 to="beta", plugin=True, options=()):
        def start(system, program, uid, env, *more):
            return world.machine(system).spawn(
                ["stdbuf", "-oL", program, "-s", "sample", "-m", "GSSAPI",
                 *more, *options], "%s-%d" % (program, world.next_number()),
                uid=uid, env=env, with_stdin=True)
        self.client = start(sender, CLIENT, uid,
                            world.environment(user, uid, sender, plugin),
                            "-n", table.host(to), "-u", user)
        self.server = start(to, SERVER, SERVICE,
                            world.systems[to].environment(SERVICE),
                            "-d", table.host(to))
        self._carried = 0
        self.line = self._wait()

    def turn(self):
        """Who writes the next line, and who reads it."""
        ends = self.server, self.client
        return ends[self._carried % 2], ends[(self._carried + 1) % 2]

    def _wait(self):
        writer, _ = self.turn()

        def lines():
            ended = not writer.alive()
            return LINE.findall(writer.text())[self._carried // 2:] or \
                ended and [None]
        return eventually(lines, what="a line of " + writer.argv[2])[0]

    def carry(self, lines=TOKENS + MESSAGES):
        """So many, if a program does not end before."""
        while lines > 0 and self.line is not None:
            self.turn()[1].tell(self.line)
            self._carried += 1
            self.line = self._wait()
            lines -= 1

    def finish(self):
        """Carry what is left; whether all has arrived."""
        self.carry()
        both = self.client, self.server
        for program in both:
            program.stdin.close()
        ended = [program.wait(check=False) for program in both]
        arrived = ("decoded message 'srv message 1'" in self.client.text()
                   and "decoded message 'client message 1'" in
                   self.server.text())
        assert arrived == (ended == [0, 0]), self.said()
        return arrived

    def said(self):
        return self.client.text() + self.server.text()

    def close(self):
        self.client.kill()
        self.server.kill()


class Session(Exchange):
    """Both have the context; its first message is to be carried."""

    def __init__(self, world):
        super().__init__(world)
        self.carry(TOKENS)
        assert self.line, self.said()

    def use(self):
        """Agree on the layer."""
        self.carry(2)
        for program in self.client, self.server:
            assert "Negotiation complete" in program.text(), self.said()

    def refused(self):
        return not self.finish()


def attempt(world, **who):
    exchange = Exchange(world, **who)
    return exchange.finish(), exchange.client.text()


#: The server has ended, and sends nothing.
APPLICATION = Application("sample", [SERVICE], "service", attempt,
                          "Unable to parse input")


# --- allowed ------------------------------------------------------------

@pytest.mark.parametrize("options, strength", [
    ((), 256), (("-b", "min=1,max=1"), 1)])
def test_allowed(world, server, options, strength):
    mark = world.beta.audit.mark()
    exchange = Exchange(world, options=options)
    assert exchange.finish(), exchange.said()
    for program in exchange.client, exchange.server:
        assert "SSF: %d\n" % strength in program.text()
    assert "Username: alice\n" in exchange.server.text()
    record = world.beta.audit.wait(mark, event="accept", result="allow")
    assert (record["service"], record["user"], record["local_label"]) == (
        "sample", "alice@EXAMPLE.TEST", "blue")


# --- every message ------------------------------------------------------

@pytest.mark.parametrize("end", ["alpha", "beta"])
@pytest.mark.parametrize("passed", range(MESSAGES))
def test_every_message_is_decided_anew(world, session, passed, end):
    """The one that is on its way at the withdrawal is not delivered."""
    live = session()
    live.carry(passed)
    _, reader = live.turn()
    with policies.withdrawn(world, end):
        assert live.refused()
    assert reader.status == 1 and "is not in engineering" in reader.text()


# --- plain peers --------------------------------------------------------

def test_plain_client_with_by_pass(world, server, bypass):
    mark = world.beta.audit.mark()
    served, said = attempt(world, sender="epsilon")
    assert served, said
    record = world.beta.audit.wait(mark, event="accept", result="allow")
    assert record["bypass"] and record["local_label"] == "white"
