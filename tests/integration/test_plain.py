# tests/integration/test_plain.py - peers without the mechanism
# SPDX-License-Identifier: BSD-2-Clause
"""Plain Kerberos at one end: only where the other end allows it."""

import pytest

from testlib import policies
from testlib.agent import Refused, establish
from testlib.process import eventually
from testlib.programs import Listener
from testlib.world import SERVICE, VAULT


@pytest.fixture(scope="module")
def lenient(make_module_world):
    """Beta serves plain/beta to alice; alpha may call plain/epsilon."""
    return make_module_world(changes={
        "beta": {"policy": {"allow-bypass": "true"}},
        "alpha": {"policy": {"allow-bypass": "true",
                             "bypass-to": "plain/epsilon.example.test@*"}}})


def plain_client(world, server, **who):
    return world.client(server, plugin=False, **who)


def refused(world, uid=SERVICE, **who):
    """A plain client to beta, that it refuses; its audit record."""
    server = world.server("beta", uid=uid)
    mark = world.beta.audit.mark()
    outcome = plain_client(world, server, **who)
    assert outcome.status == 1
    assert not server.of("message")
    return world.beta.audit.wait(mark, result="deny")


def lacking(record):
    """What would have to change."""
    assert (record["step"], record["code"]) == ("R1", "TRR_BYPASS")
    start = '"%s" sent no trust realm, like every program or system ' \
        "without mech_trustrealm, and " % record["user"]
    assert record["reason"].startswith(start)
    return record["reason"][len(start):]


def test_plain_client_is_refused(world):
    record = refused(world)
    assert lacking(record) == "allow-bypass is off"
    assert (record["user"], record["receiver"]) == (
        "alice@EXAMPLE.TEST", "beta.example.test")
    assert record["table_age"] >= 0


def test_bypass_has_to_be_allowed_by_the_system_too(world):
    """[services] plain has bypass, [policy] allow-bypass is off."""
    assert lacking(refused(world, service="plain")) == "allow-bypass is off"


def test_bypass_delivers_under_the_lowest_label(lenient):
    server = lenient.server("beta")
    mark = lenient.beta.audit.mark()
    outcome = plain_client(lenient, server, service="plain")
    assert outcome.delivered, outcome
    context, = server.wait("context")
    assert context["state"] == "unlabelled"
    assert "trust_realm" not in context
    ours = {name: attribute
            for name, attribute in context["name_attributes"].items()
            if name.startswith("trustrealm-")}
    assert ours == {"trustrealm-state": {"value": "unlabelled",
                                         "authenticated": False}}
    record = lenient.beta.audit.wait(mark, event="accept", result="allow")
    assert record["bypass"] is True
    assert record["local_label"] == "white"
    assert record["receiver"] == "beta.example.test"
    assert record["table_age"] >= 0


def test_bypass_is_for_the_named_client_only(lenient):
    assert lacking(refused(lenient, service="plain", user="bob")) == \
        "this user is not in the bypass of plain"


def test_bypass_is_for_the_named_service_only(lenient):
    assert lacking(refused(lenient)) == "there is no bypass for sample"


def test_process_above_the_lowest_label_gets_nothing_plain(lenient,
                                                           several_uids):
    record = refused(lenient, uid=VAULT, service="plain")
    assert record["code"] == "TRR_PROCESS_RANGE"


def test_member_is_labelled_even_where_bypass_would_do(lenient):
    server = lenient.server("beta")
    outcome = lenient.client(server, service="plain")
    assert outcome.delivered, outcome
    assert outcome.context["state"] == "labelled"


def test_plain_server_of_a_member_is_refused(world):
    """Beta is a member; its server has no plugin: no acceptance comes."""
    server = world.server("beta", GSS_MECH_CONFIG="/dev/null")
    mark = world.alpha.audit.mark()
    outcome = world.client(server)
    assert outcome.status == 1
    assert outcome.context is None
    assert not server.of("message")
    assert "does not take part in trust realms" in outcome.errors[-1]["text"]
    record = world.alpha.audit.wait(mark, event="accepted", result="deny")
    assert record["code"] == "TRR_NO_ACCEPTANCE"
    assert record["receiver"] == "beta.example.test"


def test_sender_needs_bypass_for_a_stranger(world):
    with Listener() as listener:
        outcome = world.client(listener.port, to="epsilon", service="plain")
        assert listener.octets == 0
    assert outcome.status == 1


def test_sender_bypass_is_for_single_lowest_processes(lenient):
    """Staff has a range: it may not speak unlabelled."""
    with Listener() as listener:
        outcome = lenient.client(listener.port, to="epsilon",
                                 service="plain")
        assert listener.octets == 0
    assert outcome.status == 1


@pytest.fixture
def lowest(lenient):
    """Alpha's processes have the lowest label alone."""
    with policies.rule(lenient.alpha, "staff", lowest="open", highest="open",
                       label="open"):
        yield lenient


def test_sender_bypass_works_for_the_lowest(lowest):
    server = lowest.server("epsilon", GSS_MECH_CONFIG="/dev/null")
    mark = lowest.alpha.audit.mark()
    outcome = lowest.client(server, to="epsilon", service="plain")
    assert outcome.delivered, outcome
    assert outcome.context["state"] == "unlabelled"
    record = lowest.alpha.audit.since(mark, result="allow")[-1]
    assert record["bypass"] is True


def passes(context):
    try:
        context.wrap(b"a message")
        return True
    except Refused:
        return False


def unlabelled(world):
    """Both ends of a context that alpha's by-pass allows."""
    return establish(
        world.agent("alpha"),
        world.agent("epsilon", None, SERVICE, plugin=False),
        "plain@" + world.epsilon.host)


def test_context_without_a_label_says_so(lowest):
    ours, _ = unlabelled(lowest)
    assert ours.inquire(1) == ["unlabelled"]
    for ask in (lambda: ours.inquire(4), ours.message_label,
                lambda: ours.set_label("open")):
        with pytest.raises(Refused, match="the context has no label"):
            ask()


def test_sender_bypass_that_is_withdrawn(lowest):
    """A context in use notices, and that it is allowed again."""
    ours, theirs = unlabelled(lowest)
    assert theirs.unwrap(ours.wrap(b"a message")) == b"a message"
    policy = lowest.alpha.config["policy"]
    saved = policy["bypass-to"]
    mark = lowest.alpha.audit.mark()
    policy["bypass-to"] = "plain/elsewhere.example.test@*"
    try:
        lowest.alpha.reload()
        eventually(lambda: not passes(ours), what="refusal")
        record = lowest.alpha.audit.wait(mark, result="deny")
        assert (record["event"], record["step"], record["code"]) == (
            "judge", "S1", "TRR_BYPASS")
    finally:
        policy["bypass-to"] = saved
        lowest.alpha.reload()
    eventually(lambda: passes(ours), what="permission")
