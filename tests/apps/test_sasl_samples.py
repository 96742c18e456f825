# tests/apps/test_sasl_samples.py - Cyrus SASL's own programs carry labels
# SPDX-License-Identifier: BSD-2-Clause
"""alice runs sasl-sample-client on alpha with sasl-sample-server on beta.  The
tests carry what they say, and so can stop in the middle: every case of
cases.py exists here."""

import pytest
from cases import (  # noqa: F401
    Application, test_by_pass_is_for_the_named_client, test_daemon_restarted,
    test_label_out_of_range, test_label_that_the_server_may_not_have,
    test_membership_withdrawn_while_connected, test_no_common_trust_realm,
    test_plain_client_is_refused, test_plain_server_with_by_pass,
    test_plain_server_without_by_pass,
    test_user_who_goes_round_the_plugin_is_refused)

from testlib import policies, samples
from testlib.samples import MESSAGES, TOKENS, Exchange
from testlib.world import SERVICE


@pytest.fixture(scope="module")
def world(make_hosts):
    made = make_hosts(samples.CLIENT, samples.SERVER, run=("alpha", "beta"))
    samples.prepare(made)
    return made


@pytest.fixture(scope="module")
def server(world):
    samples.serve(world, "beta")


@pytest.fixture(scope="module")
def plain_server(world):
    samples.serve(world, "epsilon")


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
APPLICATION = Application(samples.NAME, [SERVICE], "service", attempt,
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
