# tests/adversary/test_accept_call.py - a user who asks "accept" himself
# SPDX-License-Identifier: BSD-2-Clause
"""He has a token that was meant for a service of his system and says of it
what the plugin would: who sent it, whose key opened it, what Kerberos
answered.  The daemon cannot know what Kerberos knows; it takes nothing that
contradicts what the other system has sealed, nothing twice, and judges by the
uid of who asks."""

import concurrent.futures

import pytest
from attacks import TARGET, refused

from testlib.call import (ACCEPT, CHECK, ESTABLISHED, ISSUE, ISSUED, REFUSED,
                          SEAL, SEALED, call)
from testlib.process import Failure
from testlib.token import Token, fields_of, make
from testlib.world import CLERK, DESK, ROOT, SERVICE, VAULT

CONF, DELEG, MUTUAL, MARKER, AES = 1, 2, 4, 8, 16
ALICE = "alice@EXAMPLE.TEST"
KEY = "sample/beta.example.test@EXAMPLE.TEST"

needs_uids = pytest.mark.usefixtures("several_uids")


@pytest.fixture
def captured(alice):
    """What alice sends to the service: somebody else has it."""
    context, token = alice.initiate(TARGET)
    context.forget()
    return Token(token)


def accept(world, token, uid=SERVICE, **said):
    """What beta's daemon answers to the plugin's call, but for what is
    said."""
    values = dict(ap_req=token.body, trailer=token.trailer, ap_rep=b"o\0",
                  client=ALICE, service=KEY, binding=b"b" * 16,
                  flags=CONF | MUTUAL | MARKER | AES)
    assert set(said) <= set(values)
    values.update(said)
    reply = world.ask_daemon("beta", uid, call(ACCEPT, *values.values()))
    if not reply:
        raise Failure("the daemon hung up")
    return reply


def codes(world, mark):
    return world.beta.audit.wait(mark, event="accept", result="deny")["code"]


@pytest.mark.parametrize("said, code", [
    (dict(client="bob@EXAMPLE.TEST"), "TRR_CLAIM"),
    (dict(client="alice@OTHER.TEST"), "TRR_CLAIM"),
    (dict(client=""), "TRR_CLAIM"),
    (dict(client="WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS"),
     "TRR_UNSUPPORTED"),
    (dict(service=""), "TRR_SERVICE"),
    (dict(service="other/beta.example.test@EXAMPLE.TEST"), "TRR_SERVICE"),
    (dict(service="sample/alpha.example.test@EXAMPLE.TEST"), "TRR_SERVICE"),
    (dict(service="sample@EXAMPLE.TEST"), "TRR_UNSUPPORTED"),
    (dict(flags=CONF | MARKER | AES), "TRR_FLAGS"),
    (dict(flags=CONF | MUTUAL | AES), "TRR_BINDING"),
    (dict(flags=CONF | MUTUAL | MARKER), "TRR_PROTECTION"),
    (dict(ap_rep=b""), "TRR_FLAGS"),
    (dict(trailer=b""), "TRR_STRIPPED"),
    (dict(trailer=b"", flags=CONF | MUTUAL | AES), "TRR_BYPASS"),
], ids=str)
def test_what_contradicts(world, captured, said, code):
    """The token is as good as before when it has been refused."""
    mark = world.beta.audit.mark()
    assert accept(world, captured, **said)[0] == REFUSED
    assert codes(world, mark) == code
    assert accept(world, captured)[0] == ESTABLISHED


def test_name_that_both_ends_agree_on(world, alice):
    """Alice and a service, whose uid may have any key of it, say that she is
    carol: who is authenticated is known to Kerberos alone.  It gives them no
    label that their uids may not have, and the records have the uids."""
    context, token = alice.initiate(TARGET)
    context.forget()
    token = Token(token)
    carol = "carol@EXAMPLE.TEST"
    marks = [system.audit.mark() for system in (world.alpha, world.beta)]
    sealed = world.ask_daemon("alpha", CLERK,
                              call(SEAL, token.body, carol, "", 0))
    assert sealed[0] == SEALED
    assert accept(world, token, client=carol,
                  trailer=fields_of(sealed)[1])[0] == ESTABLISHED
    for system, event, mark, uid in zip(
            (world.alpha, world.beta), ("seal", "accept"), marks,
            (CLERK, SERVICE)):
        record = system.audit.wait(mark, event=event, result="allow")
        assert record["user"] == carol
        if ROOT:
            assert record["uid"] == uid
            assert record["label"] == "PUBLIC"


def test_weak_key_by_both_ends(make_world):
    """A service goes around the plugin and says that the key is an AES key:
    the other end sees that it is none, and its trustrealmd records it."""
    other = make_world(enctype="rc4", source="ldif")
    context, token = other.agent("alpha", "alice").initiate(TARGET)
    token = Token(token)
    plain = other.agent("beta", None, SERVICE, plugin=False)
    _, reply, _ = plain.accept(token.with_(trailer=b""))
    reply = Token(reply)
    answer = accept(other, token, ap_rep=reply.body)
    assert answer[0] == ESTABLISHED
    trailer = fields_of(answer)[1]
    mark = other.alpha.audit.mark()
    error = refused(context.step, reply.with_(trailer=trailer))
    assert "no AES key" in str(error)
    record = other.alpha.audit.wait(mark, event="accepted", result="deny")
    assert record["step"] == "S12" and record["code"] == "TRR_PROTECTION"
    assert record["user"] == ALICE and record["realm"] == "engineering"
    refused(context.wrap, b"never sent")


def test_token_renamed(world, captured):
    """For a service that another user may accept for, by its name alone."""
    renamed = captured.body.replace(b"sample", b"plain!")
    mark = world.beta.audit.mark()
    assert renamed != captured.body
    assert accept(world, captured, ap_req=renamed)[0] == REFUSED
    assert codes(world, mark) == "TRR_SERVICE"


@needs_uids
def test_for_a_service_of_somebody_else(world, captured):
    mark = world.beta.audit.mark()
    assert accept(world, captured, uid=CLERK)[0] == REFUSED
    assert codes(world, mark) == "TRR_SERVICE"


@needs_uids
def test_no_more_than_the_uid_may_have(world, captured):
    """Whatever he says, the range is that of the rule for his uid."""
    established = fields_of(accept(world, captured, uid=DESK))
    record, high = established[2], established[14]
    assert high == b"blue"
    assert world.ask_daemon("beta", DESK, call(ISSUE, record,
                                               "red"))[0] == REFUSED
    # The record of another process is none of a higher range.
    assert world.ask_daemon("beta", VAULT, call(ISSUE, record,
                                                "red"))[0] == REFUSED


@needs_uids
def test_nothing_for_a_uid_of_another_range(world, captured):
    mark = world.beta.audit.mark()
    assert accept(world, captured, uid=VAULT)[0] == REFUSED
    assert codes(world, mark) == "TRR_PROCESS_RANGE"


def test_one_token_asked_for_at_once(world, captured):
    """The association id is used up by one of them, and by one only."""
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(lambda _: accept(world, captured)[0],
                                range(12)))
    assert sorted(replies) == [REFUSED] * 11 + [ESTABLISHED]


def test_records_of_labels_go_one_way(world, captured):
    """The acceptor's own record comes back to him: it is no peer's.  Nor is
    one that he padded, cut or made longer."""
    record = fields_of(accept(world, captured))[2]
    issued = world.ask_daemon("beta", SERVICE, call(ISSUE, record, ""))
    assert issued[0] == ISSUED
    label = fields_of(issued)[0]
    for octets in (label, label[:-1], label + b"\0", label[:16], b"\0" * 60):
        assert world.ask_daemon("beta", SERVICE, call(
            CHECK, record, octets))[0] == REFUSED


def test_acceptance_of_an_answer_that_nobody_gave(world, alice):
    """It is for the AP-REP that he made up: alice waits for another one."""
    ours, octets = alice.initiate(TARGET)
    token = Token(octets)
    made_up = make(0x6f, make(0x30, b"\2\1\5"))
    trailer = fields_of(accept(world, token, ap_rep=made_up))[1]
    reply = token.with_(id=b"\2\0", body=made_up, trailer=trailer)
    refused(ours.step, reply)
    refused(ours.wrap, b"never sent")
