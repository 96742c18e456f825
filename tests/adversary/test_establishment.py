# tests/adversary/test_establishment.py - attacks on context tokens
# SPDX-License-Identifier: BSD-2-Clause
"""The attacker is a user of alpha who carries the tokens between alpha and
beta: he changes, moves, cuts, repeats and forges them."""

import os

import pytest
from attacks import MARKER, TARGET, THOROUGH, refused, refused_by_beta

from testlib.agent import Refused, establish
from testlib.call import SEAL, SEALED, call
from testlib.token import (KRB5, Token, fields_of, flipped, integer, make,
                           tagged, trailer)
from testlib.world import CLERK, SERVICE


# --- changed ------------------------------------------------------------

def test_flipped_bit_in_every_byte_of_the_first_token(make_world):
    """A new token each time, so that no check hides behind another.  Of the
    system AP-REQ, beta does not mind what it says in the clear, down to the
    ticket's names; alice's system does.  In a world of its own, for after so
    many refusals the audit file leaves some out."""
    other = make_world()
    alice = other.agent("alpha", "alice")
    beta = other.agent("beta", None, SERVICE)
    _, token = alice.initiate(TARGET)
    for position in range(len(token)):
        context, token = alice.initiate(TARGET)
        if position >= len(token):
            break
        try:
            _, reply, _ = beta.accept(flipped(token, position))
        except Refused:
            context.forget()
            continue
        # Not all tokens are of the same length.
        trailer = len(token) - len(Token(token).trailer)
        names = token.rindex(b"beta.example.test") + len("beta.example.test")
        assert trailer < position < names
        refused(context.step, reply)


def test_flipped_bit_in_every_byte_of_the_reply(alice, beta):
    accepted = []
    _, token = alice.initiate(TARGET)
    length = len(beta.accept(token)[1])
    for position in range(length):
        context, token = alice.initiate(TARGET)
        theirs, reply, _ = beta.accept(token)
        try:
            if position < len(reply):
                context.step(flipped(reply, position))
                accepted.append(position)
        except Refused:
            with pytest.raises(Refused):
                context.wrap(b"after a refusal")
        context.forget()
        theirs.forget()
    assert accepted == []


@pytest.mark.parametrize("step", [1 if THOROUGH else 23])
def test_cut_first_token(alice, beta, step):
    _, token = alice.initiate(TARGET)
    parsed = Token(token)
    for length in range(0, len(parsed.trailer), step):
        _, token = alice.initiate(TARGET)
        parsed = Token(token)
        refused(beta.accept, parsed.with_(trailer=parsed.trailer[:length]))
        refused(beta.accept, token[:len(token) - 1 - length])


@pytest.mark.parametrize("extra", [b"\0", b"\x30\0", b"x" * 3000,
                                   b"x" * 20000])
def test_more_after_the_trailer(alice, beta, extra):
    _, token = alice.initiate(TARGET)
    parsed = Token(token)
    refused(beta.accept, parsed.with_(trailer=parsed.trailer + extra))


def test_two_trailers(alice, beta):
    _, token = alice.initiate(TARGET)
    parsed = Token(token)
    refused(beta.accept, parsed.with_(trailer=parsed.trailer * 2))


@pytest.mark.parametrize("version", [0, 2, 255, 1 << 40])
def test_other_version(alice, beta, version):
    _, token = alice.initiate(TARGET)
    parsed = Token(token)
    fields = parsed.trailer_fields()
    refused(beta.accept, parsed.with_(
        trailer=trailer(1, version, fields[1])))


@pytest.mark.parametrize("garbage", [
    b"\x61\x80\0\0", b"\x61\x84\xff\xff\xff\xff", b"\x61\0", b"\0" * 64,
    make(0x61, make(0x30, b"")), make(0x61, make(0x30, tagged(0, integer(1)))),
    trailer(1, 1, b""), trailer(1, 1, b"n"), trailer(1, 1, b"n", b"o"),
    b"\xff" * 1000,
    make(0x61, b"\x30\x80" + b"\xa0" * 500),
])
def test_garbage_for_a_trailer(alice, beta, garbage):
    _, token = alice.initiate(TARGET)
    refused(beta.accept, Token(token).with_(trailer=garbage))


# --- stripped -----------------------------------------------------------

def test_trailer_stripped(world, alice, beta):
    _, token = alice.initiate(TARGET)
    refused_by_beta(world, beta, Token(token).with_(trailer=b""),
                    "TRR_STRIPPED")


def test_trailer_stripped_where_bypass_is_allowed(make_world):
    """Plain tokens of alice are welcome, but this one was none."""
    other = make_world(changes={"beta": {"policy": {"allow-bypass": "true"}}})
    alice = other.agent("alpha", "alice")
    beta = other.agent("beta", None, SERVICE)
    target = "plain@beta.example.test"
    _, token = alice.initiate(target)
    refused_by_beta(other, beta, Token(token).with_(trailer=b""),
                    "TRR_STRIPPED")
    plain = other.agent("alpha", "alice", plugin=False)
    beta.accept(plain.initiate(target)[1])


def test_ticket_renamed_to_a_service_with_bypass(make_world):
    """The name in a ticket is in the clear and Kerberos does not look at it:
    the key is the one of "sample", which has no by-pass."""
    uid = SERVICE if os.geteuid() == 0 else os.geteuid()
    other = make_world(changes={"beta": {
        "policy": {"allow-bypass": "true"},
        "services": {"simple": {"accept": [uid],
                                "bypass": ["alice@EXAMPLE.TEST"]}}}})
    plain = other.agent("alpha", "alice", plugin=False)
    beta = other.agent("beta", None, SERVICE, KRB5RCACHENAME="none:")
    _, token = plain.initiate(TARGET)
    assert token.count(b"sample") == 1
    refused_by_beta(other, beta, token, "TRR_BYPASS")
    renamed = token.replace(b"sample", b"simple")
    refused_by_beta(other, beta, renamed, "TRR_SERVICE")


def test_tickets_used_in_turns(world, alice, beta):
    """Who a ticket is of is remembered; nobody is taken for another."""
    carol = world.agent("alpha", "carol")
    for _ in range(2):
        for agent, name in ((alice, "alice"), (carol, "carol")):
            mark = world.beta.audit.mark()
            _, _, client = beta.accept(agent.initiate(TARGET)[1])
            assert client == name + "@EXAMPLE.TEST"
            record = world.beta.audit.wait(mark, event="accept")
            assert (record["result"], record["user"]) == ("allow", client)


def test_trailer_of_the_reply_stripped(alice, beta):
    context, token = alice.initiate(TARGET)
    _, reply, _ = beta.accept(token)
    error = refused(context.step, Token(reply).with_(trailer=b""))
    assert "does not take part" in str(error)
    refused(context.wrap, b"never sent")


def test_own_token_without_our_part(world, plain, beta):
    _, token = plain.initiate(TARGET)
    refused_by_beta(world, beta, token, "TRR_BYPASS")


def test_marker_without_trailer(world, plain, beta):
    _, token = plain.initiate(TARGET, bits=MARKER)
    refused_by_beta(world, beta, token, "TRR_STRIPPED")


def test_no_flag_makes_a_plain_token_pass(world, plain, beta):
    """A plain library that sets every flag it can."""
    for bit in range(8, 32):
        try:
            _, token = plain.initiate(TARGET, bits=1 << bit)
        except Refused:
            continue
        refused(beta.accept, token)


# --- moved --------------------------------------------------------------

def test_environment_of_another_context(world, alice, careless):
    first = Token(alice.initiate(TARGET)[1])
    second = Token(alice.initiate(TARGET)[1])
    refused_by_beta(world, careless, first.with_(trailer=second.trailer),
                    "TRR_SYSTEM_AUTH")
    # Nothing was taken away from those whose tokens these are.
    careless.accept(bytes(first))
    careless.accept(bytes(second))


def test_environment_of_another_user(world, alice, bob, beta):
    hers = Token(alice.initiate(TARGET)[1])
    his = Token(bob.initiate(TARGET)[1])
    for token in (his.with_(trailer=hers.trailer),
                  hers.with_(trailer=his.trailer)):
        refused_by_beta(world, beta, token, "TRR_SYSTEM_AUTH")


def test_environment_on_a_plain_token(world, alice, plain, beta):
    labelled = Token(alice.initiate(TARGET)[1])
    own = Token(plain.initiate(TARGET)[1])
    refused_by_beta(world, beta, own.with_(trailer=labelled.trailer),
                    "TRR_SYSTEM_AUTH")


def test_environment_for_another_receiver(world, alice, beta):
    to_gamma = Token(alice.initiate("sample@gamma.example.test")[1])
    to_beta = Token(alice.initiate(TARGET)[1])
    refused_by_beta(world, beta, to_beta.with_(trailer=to_gamma.trailer),
                    "TRR_SYSTEM_AUTH")
    refused_by_beta(world, beta, bytes(to_gamma), None)


def test_environment_asked_for_somebody_elses_token(world, alice, beta):
    """The attacker lets the daemon seal alice's AP-REQ at his own label.  The
    receiver cannot know; alice never says a word to it."""
    ours, token = alice.initiate(TARGET, label="grave")
    own = bob_seals(world, Token(token).body, "alice@EXAMPLE.TEST")
    _, reply, _ = beta.accept(Token(token).with_(trailer=own))
    refused(ours.step, reply)
    refused(ours.wrap, b"never sent")


def test_false_claim_of_a_user(world, bob, beta):
    """Bob's token, sealed as if it were alice's, for her clearance."""
    _, token = bob.initiate(TARGET)
    own = bob_seals(world, Token(token).body, "alice@EXAMPLE.TEST")
    refused_by_beta(world, beta, Token(token).with_(trailer=own), "TRR_CLAIM")


def bob_seals(world, ap_req, client):
    """Ask alpha's daemon directly, as bob's uid; the trailer."""
    reply = world.ask_daemon("alpha", CLERK, call(SEAL, ap_req, client, "", 0))
    assert reply[0] == SEALED
    return fields_of(reply)[1]


# --- repeated -----------------------------------------------------------

def test_replay(world, alice, beta):
    """Here the application's own replay cache is the first to notice."""
    _, token = alice.initiate(TARGET)
    beta.accept(token)
    refused_by_beta(world, beta, token, None)


def test_replay_without_the_applications_replay_cache(world, alice, careless):
    _, token = alice.initiate(TARGET)
    careless.accept(token)
    for _ in range(3):
        refused_by_beta(world, careless, token, "TRR_REPLAY")


def test_replay_after_the_daemon_was_restarted(make_world):
    world = make_world()
    alice = world.agent("alpha", "alice")
    beta = world.agent("beta", None, SERVICE, KRB5RCACHENAME="none:")
    _, token = alice.initiate(TARGET)
    beta.accept(token)
    world.beta.restart()
    refused_by_beta(world, beta, token, "TRR_REPLAY")
    world.beta.kill()
    world.beta.start()
    refused_by_beta(world, beta, token, "TRR_REPLAY")


def test_replay_to_another_process(world, alice, beta, careless):
    _, token = alice.initiate(TARGET)
    beta.accept(token)
    refused_by_beta(world, careless, token, "TRR_REPLAY")


def test_token_spoilt_and_then_repeated(world, alice, beta):
    """What Kerberos accepted is a replay to it, though it was refused: who
    is faster than the real token can spoil it, as with plain Kerberos."""
    _, token = alice.initiate(TARGET)
    refused_by_beta(world, beta, Token(token).with_(trailer=b""),
                    "TRR_STRIPPED")
    error = refused(beta.accept, token)
    assert "replay" in str(error)
    _, token = alice.initiate(TARGET)
    beta.accept(token)


# --- reflected and grafted replies --------------------------------------

def test_reply_of_another_context(alice, beta):
    one, token = alice.initiate(TARGET)
    two, other = alice.initiate(TARGET)
    _, first, _ = beta.accept(token)
    _, second, _ = beta.accept(other)
    refused(one.step, second)
    refused(two.step, first)


def test_acceptance_of_another_context(alice, beta):
    one, token = alice.initiate(TARGET)
    _, other = alice.initiate(TARGET)
    reply = Token(beta.accept(token)[1])
    graft = Token(beta.accept(other)[1])
    refused(one.step, reply.with_(trailer=graft.trailer))


def test_system_ap_req_reflected_as_acceptance(alice, beta):
    context, token = alice.initiate(TARGET)
    reply = Token(beta.accept(token)[1])
    sent = Token(token).trailer_fields()
    refused(context.step, reply.with_(trailer=trailer(2, 1, sent[1])))


def test_first_token_reflected_as_reply(alice):
    context, token = alice.initiate(TARGET)
    refused(context.step, token)


def test_acceptance_reflected_to_the_acceptor(alice, beta):
    _, token = alice.initiate(TARGET)
    reply = Token(beta.accept(token)[1])
    fresh = Token(alice.initiate(TARGET)[1])
    fields = fresh.trailer_fields()
    refused(beta.accept, fresh.with_(trailer=trailer(
        1, 1, fields[1], reply.trailer_fields()[1])))
    refused(beta.accept, fresh.with_(trailer=trailer(
        1, 1, reply.trailer_fields()[1])))
    refused(beta.accept, bytes(reply))


# --- the system AP-REQ as a log-in --------------------------------------

def logins(token):
    """Every form in which its system AP-REQ could be offered."""
    lifted = Token(token).trailer_fields()[1]
    framed = make(0x60, make(6, KRB5) + b"\x01\0" + lifted)
    return {"raw": lifted, "framed": framed,
            "with trailer": Token(framed).with_(
                trailer=Token(token).trailer)}


@pytest.mark.parametrize("form", ["raw", "framed", "with trailer"])
@pytest.mark.parametrize("library", ["with plugin", "plain"])
def test_system_ap_req_is_no_log_in(world, alice, form, library):
    """Even for an acceptor that holds the system's own key."""
    key = "FILE:" + world.copy_of(world.beta.keytab, SERVICE)
    acceptor = world.agent("beta", None, SERVICE, KRB5_KTNAME=key,
                           KRB5RCACHENAME="none:",
                           plugin=library == "with plugin")
    _, token = alice.initiate(TARGET)
    refused(acceptor.accept, logins(token)[form])


def test_system_ap_req_of_a_user_is_none(world, alice, beta):
    """A user's own AP-REQ to the peer system speaks for no system."""
    _, token = alice.initiate(TARGET)
    parsed = Token(token)
    own = Token(world.agent("alpha", "alice", plugin=False).initiate(
        "trustrealm@beta.example.test")[1]).body
    refused_by_beta(world, beta, parsed.with_(trailer=trailer(1, 1, own)),
                    "TRR_SYSTEM_AUTH")


# --- what a refused peer learns -----------------------------------------

def test_refusals_are_uniform(alice, plain, beta):
    """One status and one error token, whatever the reason."""
    heard = set()
    for spoil in (lambda t: t.with_(trailer=b""),
                  lambda t: t.with_(trailer=t.trailer + b"x"),
                  lambda t: t.with_(trailer=trailer(1, 2, b"a")),
                  lambda t: flipped(bytes(t), len(bytes(t)) - 1)):
        _, token = alice.initiate(TARGET)
        error = refused(beta.accept, spoil(Token(token)))
        heard.add((error.major, error.token))
    _, token = plain.initiate(TARGET)
    error = refused(beta.accept, token)
    heard.add((error.major, error.token))
    assert len(heard) == 1, heard


def test_no_use_of_a_context_before_the_acceptance(alice, beta):
    context, token = alice.initiate(TARGET)
    refused(context.wrap, b"too early")
    refused(context.mic, b"too early")
    _, reply, _ = beta.accept(token)
    context.step(reply)
    context.wrap(b"now")


def test_tokens_in_the_wrong_direction(alice, beta):
    ours, theirs = establish(alice, beta, TARGET)
    token = ours.wrap(b"reflected")
    refused(ours.unwrap, token)
    ours.set_label("grave")
    refused(ours.unwrap, ours.wrap(b"reflected"))
    mic = ours.mic(b"reflected")
    refused(ours.verify, b"reflected", mic)
