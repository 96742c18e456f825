# tests/apps/test_nfs.py - NFS-Ganesha and libtirpc carry labels
# SPDX-License-Identifier: BSD-2-Clause
"""alice on alpha reads and writes files that beta exports.  The server's
configuration is that of doc/apps/nfs; the client is nfs_client.c, a program
like any other that uses RPCSEC_GSS."""

import re
import struct

import pytest
from cases import (  # noqa: F401
    Application, refused, test_by_pass_is_for_the_named_client,
    test_daemon_restarted, test_label_out_of_range,
    test_plain_client_is_refused, test_plain_server_with_by_pass,
    test_plain_server_without_by_pass,
    test_user_who_goes_round_the_plugin_is_refused)

from testlib import guide, policies, table
from testlib.nfs import CLIENT, PORT, Ganesha, Mount, accept_as_nfs, nfs
from testlib.process import eventually
from testlib.relay import Relay
from testlib.world import CLERK

FLAVOURS = ("krb5", "krb5i", "krb5p")
PLAN = "get internal/plan -"
TEXT = "the plan of alice\n"
READ = "connected\n" + TEXT + "done\n"
WRONG_FLAVOUR = "connected\nstatus 10016\n"      # NFS4ERR_WRONGSEC


@pytest.fixture(scope="module")
def world(make_hosts):
    return make_hosts("ganesha.nfsd", CLIENT)


@pytest.fixture(scope="module")
def server(world):
    """On beta, as in the guide, for all flavours."""
    made = Ganesha(world, "beta", ", ".join(FLAVOURS))
    made.file("plan", TEXT)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def plain_server(world):
    made = Ganesha(world, "epsilon")
    made.file("plan", TEXT)
    yield made
    made.stop()


def attempt(world, **who):
    result = nfs(world, PLAN, **who)
    served = result.out == READ
    assert served or result.status == 1, result
    return served, result.err


APPLICATION = Application("nfs", [0], "nfs", attempt,
                          "^nfs_client: no security context\n$")


class Session(Mount):
    """A mount of beta's files."""

    def __init__(self, world, *arguments):
        super().__init__(world, *arguments)
        self.use()

    def use(self):
        assert self.ask(PLAN) == "done"

    def refused(self):
        return self.ask(PLAN) != "done"


# --- allowed ------------------------------------------------------------

@pytest.mark.parametrize("sec", FLAVOURS)
def test_read(world, server, sec):
    alpha, beta = world.alpha.audit.mark(), world.beta.audit.mark()
    result = nfs(world, PLAN, sec=sec)
    assert result.out == READ, result
    record = world.beta.audit.wait(beta, event="accept", result="allow")
    assert (record["service"], record["user"], record["realm"],
            record["local_label"]) == ("nfs", "alice@EXAMPLE.TEST",
                                       "engineering", "blue")
    ours = world.alpha.audit.wait(alpha, event="accepted", result="allow")
    assert ours["correlation"] == record["correlation"]


def listening(shown):
    """Ports in what ss shows."""
    return [int(port) for port in re.findall(r"^(?:tcp|udp) .*?:(\d+) ",
                                             shown, re.MULTILINE)]


def test_what_the_guide_says_to_see(world, server):
    (_, on_beta), _ = guide.steps("nfs", "See that it works")
    assert listening(guide.run(world, server.machine, on_beta)) == [PORT]
    assert "good   target" in guide.see(world, "nfs")


def test_user_is_who_the_ticket_says(world, server):
    """Not the uid that the client's system gives: files are alice's."""
    server.file("others", "not for alice\n", uid=0)
    assert nfs(world, "get internal/others -").out == (
        "connected\nstatus 13\n")


# --- every message ------------------------------------------------------

CALL, RPCSEC_GSS, DATA = 0, 6, 0
SERVICES = {"krb5": 1, "krb5i": 2, "krb5p": 3}
NFS4 = (100003, 4)


class Message:
    """An RPC message (RFC 5531): call, flavour, service and procedure of its
    credential, token of its verifier, and body."""

    def __init__(self, octets):
        self._octets = octets
        self._at = 4
        self.call = self._number() == CALL
        self.service = None
        if self.call:
            assert self._number() == 2
            assert (self._number(), self._number()) == NFS4
            self._number()
            assert self._number() == RPCSEC_GSS
            version, procedure, _, self.service = struct.unpack_from(
                ">4I", self._opaque())
            assert version == 1
            self.data = procedure == DATA
        else:
            assert self._number() == 0              # accepted
        assert self._number() == RPCSEC_GSS
        self.verifier = self._opaque()
        if not self.call:
            assert self._number() == 0              # success
        self.body = octets[self._at:]

    def _number(self):
        self._at += 4
        return struct.unpack_from(">I", self._octets, self._at - 4)[0]

    def _opaque(self):
        length = self._number()
        start = self._at
        self._at += (length + 3) // 4 * 4
        return self._octets[start:start + length]


def messages(octets):
    """What a connection carried: records of fragments."""
    record, at = b"", 0
    while at < len(octets):
        head = struct.unpack_from(">I", octets, at)[0]
        length = head & 0x7fffffff
        record += octets[at + 4:at + 4 + length]
        at += 4 + length
        if head >> 31:
            yield record
            record = b""


def through_relay(world, sec):
    """The calls and replies of reading and writing a file; those that set up
    and take down the context are left out."""
    relay = Relay(world.alpha.machine, world.beta.machine, PORT)
    try:
        result = nfs(world, "get internal/large /tmp/large",
                     "put /tmp/large internal/large", sec=sec,
                     port=relay.port)
    finally:
        relay.close()
    assert result.status == 0, result
    calls = [Message(octets) for octets in list(messages(relay.sent))[1:]]
    calls = [one for one in calls if one.data]
    replies = [Message(octets) for octets in
               list(messages(relay.received))[1:1 + len(calls)]]
    return calls, replies


def is_mic(token):
    """Of RFC 4121, 4.2.6.1."""
    return token[:2] == b"\4\4"


def is_sealed(body):
    """One opaque: a wrap token (4.2.6.2) with confidentiality."""
    length = struct.unpack_from(">I", body)[0]
    token = body[4:]
    return len(token) == (length + 3) // 4 * 4 and \
        token[:2] == b"\5\4" and token[2] & 2


def is_signed(body):
    """Two opaques: the data and a MIC of it."""
    length = struct.unpack_from(">I", body)[0]
    rest = body[4 + (length + 3) // 4 * 4:]
    return struct.unpack_from(">I", rest)[0] == len(rest) - 4 and \
        is_mic(rest[4:])


@pytest.mark.parametrize("sec", FLAVOURS)
def test_every_message(world, server, sec):
    server.file("large", "labelled\n" * 20000)
    calls, replies = through_relay(world, sec)
    assert len(calls) > 10 and len(calls) == len(replies)
    assert {one.service for one in calls} == {SERVICES[sec]}
    seen = b"".join(one.body for one in calls + replies)
    assert (b"labelled" in seen) == (sec != "krb5p")
    for one in calls + replies:
        assert is_mic(one.verifier)
        if sec != "krb5":
            assert {"krb5i": is_signed, "krb5p": is_sealed}[sec](one.body)


@pytest.mark.parametrize("sec", FLAVOURS)
def test_label_record_on_every_message(world, server, sec):
    """A verifier holds 400 octets at most (RFC 5531)."""
    server.file("large", "labelled\n" * 20000)
    plain, _ = through_relay(world, sec)
    mic = len(plain[0].verifier)
    with policies.explicit_labels(world):
        calls, replies = through_relay(world, sec)
    for one in calls + replies:
        assert mic + 40 < len(one.verifier) <= 400
    if sec != "krb5":
        assert len(calls[0].body) > len(plain[0].body) + 40


# --- refused ------------------------------------------------------------

def test_no_common_trust_realm(world, server):
    """libtirpc does not tell the reason."""
    with policies.withdrawn(world, "alpha"):
        mark = world.alpha.audit.mark()
        served, said = attempt(world)
        world.alpha.audit.wait(mark, result="deny", step="S5")
    assert not served
    assert re.search(APPLICATION.refusal, said)


def test_label_of_another_server(world, application):
    """bob's white is not what beta serves."""
    refused(world, application, "R10", user="bob", uid=CLERK)


def test_carrier_has_to_be_named_where_data_must_be_secret(world, server):
    """Headers are signed: by the carrier gss everything is wrapped."""
    with policies.engineering(world, trConfidentialFrom=["PUBLIC"]):
        assert nfs(world, PLAN).out == READ
        with policies.engineering(world, trCarrier=[]):
            assert nfs(world, PLAN).out != READ


# --- other doors --------------------------------------------------------

@pytest.fixture
def as_shown(world):
    """The server exactly as in the guide, on gamma."""
    made = Ganesha(world, "gamma")
    made.file("plan", TEXT)
    yield made
    made.stop()


def test_uid_alone_is_not_enough(world, server):
    assert nfs(world, PLAN, sec="sys").out == WRONG_FLAVOUR


def test_only_encrypted_where_the_guide_is_followed(world, as_shown):
    for sec in ("sys", "krb5", "krb5i"):
        assert nfs(world, PLAN, sec=sec, to="gamma").out == WRONG_FLAVOUR
    assert nfs(world, PLAN, to="gamma").out == READ


def test_nothing_else_listens(world, as_shown):
    assert listening(world.gamma.machine.run(["ss", "-lntu"]).out) == [PORT]


# --- while connected ----------------------------------------------------

@pytest.mark.parametrize("sec, end", [
    ("krb5", "alpha"), ("krb5i", "beta"), ("krb5p", "alpha"),
    ("krb5p", "beta")])
def test_membership_withdrawn_while_connected(world, session, sec, end):
    live = session(sec)
    mark = world.alpha.audit.mark()
    with policies.withdrawn(world, end):
        assert "refused" in live.ask(PLAN)
        world.alpha.audit.wait(
            mark, result="deny", event="judge",
            reason="%s is not in engineering" % table.host(end))
    assert nfs(world, PLAN, sec=sec).out == READ


@pytest.mark.parametrize("sec", FLAVOURS)
def test_server_decides_for_itself(world, session, sec):
    """The client's system has heard of nothing."""
    live = session(sec)
    try:
        accept_as_nfs(world.beta, "white")
        mark = world.beta.audit.mark()
        world.beta.reload()
        eventually(lambda: "refused" in live.ask(PLAN), what="refusal")
        world.beta.audit.wait(mark, event="judge", step="R10")
    finally:
        accept_as_nfs(world.beta, "blue")
        world.beta.restart()


# --- plain peers --------------------------------------------------------

@pytest.fixture
def white(world):
    """beta serves the lowest label."""
    with policies.rule(world.beta, "nfs", lowest="white", highest="white"):
        yield


@pytest.mark.parametrize("sec", FLAVOURS)
def test_plain_client_with_by_pass(world, server, white, bypass, sec):
    assert nfs(world, PLAN, sender="epsilon", sec=sec).out == READ


