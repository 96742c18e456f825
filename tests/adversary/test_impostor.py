# tests/adversary/test_impostor.py - a user's program with a daemon of his own
# SPDX-License-Identifier: BSD-2-Clause
"""TRUSTREALM_SOCKET leads his programs to it, as it can in a container or
chroot that he has made.  They believe what it says; nobody else does."""

import json

import pytest
from attacks import TARGET, refused, refused_by_beta

from testlib.call import ACCEPT, ESTABLISHED, PREPARE, PREPARED, call
from testlib.token import Token, trailer
from testlib.world import CLERK, SERVICE, STAFF, as_uid

IS_PLAIN = 1
INSTANCE = b"I" * 16            # of the impostor's page


def made_up(flags, octets):
    """An Established with a label that its maker likes."""
    high, local = "SECRET:CRYPTO", "red:code"
    return call(ESTABLISHED & 0x1f, flags, octets, b"record", 1, INSTANCE,
                0, 0, 0, "engineering", high, "PUBLIC", high, local, "white",
                local, "alpha.example.test", "0" * 16)


@pytest.fixture
def deceived(world):
    """deceived(SYSTEM, USER, UID, {CALL: ANSWER}): an agent whose daemon gives
    these answers."""
    started = []

    def start(system, user, uid, answers, owner=None):
        name = "impostor%d" % world.next_number()
        folder = world.scratch.mkdir(name, 0o711,
                                     as_uid(uid if owner is None else owner))
        process = world.scratch.spawn(
            ["/usr/bin/python3", world.script("impostor_main.py"),
             folder + "/socket", world.systems[system].socket,
             json.dumps({"%02x" % (0xa0 + number): answer if answer == "lost"
                         else answer.hex()
                         for number, answer in answers.items()})],
            name + "/log", uid=as_uid(uid if owner is None else owner))
        started.append(process)
        process.wait_for("ready")
        return world.agent(system, user, uid,
                           TRUSTREALM_SOCKET=folder + "/socket")
    yield start
    for process in started:
        process.kill()


def test_says_that_no_label_is_needed(world, beta, deceived):
    alice = deceived("alpha", "alice", STAFF, {
        PREPARE: call(PREPARED & 0x1f, IS_PLAIN, b"record")})
    _, token = alice.initiate(TARGET)
    assert Token(token).trailer == b""
    refused_by_beta(world, beta, token, "TRR_BYPASS")


@pytest.mark.parametrize("octets", [b"", trailer(2, 1, b"x" * 200)],
                         ids=["none", "made up"])
def test_accepts_for_one_who_may_not(world, several_uids, alice, deceived,
                                     octets):
    """He has a key of the service, but no rule of beta's lets him accept."""
    thief = deceived("beta", None, CLERK, {ACCEPT: made_up(0, octets)})
    ours, token = alice.initiate(TARGET)
    if not octets:
        refused(thief.accept, token)
        return
    theirs, reply, _ = thief.accept(token)
    assert theirs.label() == "SECRET:CRYPTO"
    assert "acceptance" in str(refused(ours.step, reply))
    refused(ours.wrap, b"never sent")


def test_shows_the_trailer_of_another_context(world, alice, deceived):
    """Beta gave it for another token: alice waits for her own."""
    beta = world.agent("beta", None, SERVICE)
    _, reply, _ = beta.accept(alice.initiate(TARGET)[1])
    thief = deceived("beta", None, SERVICE, {
        ACCEPT: made_up(0, Token(reply).trailer)})
    ours, token = alice.initiate(TARGET)
    _, reply, _ = thief.accept(token)
    refused(ours.step, reply)


def test_of_another_user(world, several_uids, deceived):
    """Whoever sets the variable for him has not become his daemon."""
    alice = deceived("alpha", "alice", STAFF, {}, owner=CLERK)
    assert "belongs to uid %d" % CLERK in str(refused(alice.initiate, TARGET))


def test_answer_to_accept_is_lost(world, alice, deceived):
    """The call is made again, and the token was used: it is accepted once, if
    at all.  So it is when trustrealmd dies between the two."""
    beta = deceived("beta", None, SERVICE, {ACCEPT: "lost"})
    mark = world.beta.audit.mark()
    assert "replay" in str(refused(beta.accept, alice.initiate(TARGET)[1]))
    allowed, denied = world.beta.audit.since(mark, event="accept")
    assert (allowed["result"], denied["result"]) == ("allow", "deny")
    assert denied["code"] == "TRR_REPLAY"
    assert allowed["correlation"] == denied["correlation"]
    beta.accept(alice.initiate(TARGET)[1])
