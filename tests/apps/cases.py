# tests/apps/cases.py - cases that every application is tested in
# SPDX-License-Identifier: BSD-2-Clause
"""alice works from alpha with a service on beta.  A file of tests imports the
cases that hold for its application, and has

    APPLICATION             what they have to know of it
    Session                 a client that stays connected, if there is one
    world, server           fixtures: machines, and the service on beta
    plain_server            a fixture: the service on epsilon, which has no
                            mechanism
"""

import collections
import re

import pytest

from testlib import policies, table
from testlib.process import eventually
from testlib.world import CHIEF, CLERK, STAFF

#: service: first component of the server's principal; accept: uids that
#: accept for it, by beta's rule of that name.  attempt(world, **who): use the
#: service once; whether it served, and what the client said.  refusal: what
#: that is (a pattern) when the server's system refused.
Application = collections.namedtuple(
    "Application", "service accept rule attempt refusal")


def refused(world, application, step, code=None, **who):
    """An attempt of who is refused by beta, for this reason."""
    mark = world.beta.audit.mark()
    served, said = application.attempt(world, **who)
    assert not served, said
    assert re.search(application.refusal, said)
    record = world.beta.audit.wait(mark, result="deny", step=step)
    assert code in (None, record["code"])


# --- refused ------------------------------------------------------------

def test_no_common_trust_realm(world, application):
    """The client is told its own system's reason."""
    with policies.withdrawn(world, "alpha"):
        mark = world.alpha.audit.mark()
        served, said = application.attempt(world)
        record = world.alpha.audit.wait(mark, result="deny", step="S5")
    assert not served
    assert record["reason"] in said


def test_label_out_of_range(world, application):
    """Of what beta may hold; the sender sends nothing."""
    with policies.rule(world.alpha, "chief", label="grave:antenna"):
        mark, theirs = world.alpha.audit.mark(), world.beta.audit.mark()
        served, said = application.attempt(world, uid=CHIEF)
        assert not served, said
        assert world.alpha.audit.since(mark, result="deny", step="S9")
        assert not world.beta.audit.since(theirs)


def test_label_that_the_server_may_not_have(world, application):
    """beta as a system may, its server may not: the receiver refuses."""
    with policies.rule(world.beta, application.rule, lowest="white",
                       highest="white", label="white"):
        refused(world, application, "R10")
        served, said = application.attempt(world, user="bob", uid=CLERK)
        assert served, said


# --- while connected ----------------------------------------------------

@pytest.mark.parametrize("end", ["alpha", "beta"])
def test_membership_withdrawn_while_connected(world, session, end):
    """The context that there is, not a new one: it is judged again."""
    live = session()
    marks = {s.audit: s.audit.mark() for s in (world.alpha, world.beta)}
    with policies.withdrawn(world, end):
        eventually(live.refused, 1, "refusal")
        reason = "%s is not in engineering" % table.host(end)
        eventually(lambda: [r for audit, mark in marks.items()
                            for r in audit.since(mark, event="judge",
                                                 reason=reason)],
                   what="audit record of it")
    session()


@pytest.mark.parametrize("end", ["alpha", "beta"])
def test_daemon_restarted(world, application, session, end):
    """Connections live through a restart; none is made without a daemon."""
    live = session()
    world.systems[end].restart()
    live.use()
    with policies.stopped(world.systems[end]):
        assert not application.attempt(world)[0]
        eventually(live.refused, 1, "refusal")
    served, said = application.attempt(world)
    assert served, said


# --- plain peers --------------------------------------------------------

def test_plain_client_is_refused(world, application):
    refused(world, application, "R1", "TRR_BYPASS", sender="epsilon")


def test_user_who_goes_round_the_plugin_is_refused(world, application):
    refused(world, application, "R1", "TRR_BYPASS", plugin=False)


def test_by_pass_is_for_the_named_client(world, application, bypass):
    refused(world, application, "R1", "TRR_BYPASS", sender="epsilon",
            user="bob", uid=CLERK)


def test_plain_server_without_by_pass(world, application, plain_server):
    """The sender's system refuses, and says why in its record."""
    for uid in (STAFF, CHIEF):
        mark = world.alpha.audit.mark()
        served, said = application.attempt(world, to="epsilon", uid=uid)
        assert not served, said
        record = world.alpha.audit.wait(mark, result="deny", uid=uid)
        assert (record["step"], record["reason"]) == (
            "S4", "%s is not in the table" % table.host("epsilon"))


def test_plain_server_with_by_pass(world, application, plain_server, bypass):
    """Only a process of nothing but the lowest label may go there."""
    mark = world.alpha.audit.mark()
    assert not application.attempt(world, to="epsilon")[0]
    world.alpha.audit.wait(mark, result="deny", step="S4", uid=STAFF)
    served, said = application.attempt(world, to="epsilon", uid=CHIEF)
    assert served, said
    record = world.alpha.audit.wait(mark, result="allow", uid=CHIEF)
    assert record["bypass"]
