# tests/adversary/test_daemon_attacked.py - trustrealmd under a user's fire
# SPDX-License-Identifier: BSD-2-Clause
"""A user who speaks to the socket himself, and files that change under the
running daemon."""

import array
import contextlib
import os
import random
import socket
import struct

import pytest
from attacks import TARGET, exchange_new, refused, refused_by_beta

from testlib.agent import Refused
from testlib.call import (ACCEPT, ACCEPTED, CHECK, ISSUE, JUDGE, PREPARE,
                          REFUSED, SEAL, STATUS, call)
from testlib.process import descriptors_of, eventually
from testlib.token import Token
from testlib.world import CLERK, ROOT, SERVICE, as_uid

TURNED_AWAY = bytes([REFUSED])


def calls(ap_req, trailer, record=b"r" * 300):
    """One of each, of good form."""
    alice, binding = "alice@EXAMPLE.TEST", b"b" * 16
    return [
        call(PREPARE, TARGET.replace("@", "/"), "", 0),
        call(SEAL, ap_req, alice, "grave", 0),
        call(ACCEPTED, record, ap_req, trailer, binding),
        call(ACCEPT, ap_req, trailer, b"o" * 80, alice,
             "sample/beta.example.test@EXAMPLE.TEST", binding, 31),
        call(JUDGE, record, binding),
        call(ISSUE, record, "grave"),
        call(CHECK, record, b"l" * 100),
        STATUS,
    ]


def connect(system):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(30)
    s.connect(system.socket)
    return s


SCM_CREDENTIALS = 2         # which Python does not have


def credentials(pid=None, uid=None, gid=None):
    return (socket.SOL_SOCKET, SCM_CREDENTIALS, struct.pack(
            "3i", os.getpid() if pid is None else pid,
            os.geteuid() if uid is None else uid,
            os.getegid() if gid is None else gid))


def send(s, packet, *control):
    s.sendmsg([packet], list(control) or [credentials()])


def ask(system, packet, *control):
    """The answer, b"" when the daemon hung up."""
    with connect(system) as s:
        try:
            send(s, packet, *control)
            return s.recv(1 << 18)
        except (ConnectionError, BrokenPipeError):
            return b""


@contextlib.contextmanager
def effective(uid):
    """Connect as uid."""
    if uid is not None:
        os.setegid(uid)
        os.seteuid(uid)
    try:
        yield
    finally:
        if uid is not None:
            os.seteuid(0)
            os.setegid(0)


@pytest.mark.parametrize("uid", [0, SERVICE])
def test_calls_with_any_octet_changed(world, alice, uid):
    """Nothing but refusals, and the same process answers afterwards.  The
    service may accept what is good: once."""
    token = Token(alice.initiate(TARGET)[1])
    pid = world.beta.status()["pid"]
    with effective(as_uid(uid)):
        whole = [ask(world.beta, packet)[:1]
                 for packet in calls(token.body, token.trailer)]
        assert whole.count(b"") == 0
        assert whole.count(b"\xa3") == (uid == SERVICE or not ROOT)
        change_any_octet(world, token)
    assert world.beta.status()["pid"] == pid


def change_any_octet(world, token):
    rng = random.Random(4711)
    for packet in calls(token.body, token.trailer):
        for _ in range(150):
            changed = bytearray(packet)
            for _ in range(rng.choice((1, 1, 2, 8))):
                at = rng.randrange(len(changed))
                if rng.random() < .1:
                    del changed[at:at + rng.randrange(1, 40)]
                elif rng.random() < .1:
                    changed[at:at] = rng.randbytes(rng.randrange(1, 40))
                else:
                    changed[at] = rng.randrange(256)
                if not changed:
                    changed = bytearray(b"\0")
            answer = ask(world.beta, bytes(changed))
            # refused, prepared, status: nothing else
            assert answer[:1] in (b"", b"\xa0", b"\xa1", b"\xa6"), answer[:80]


def test_credentials_of_another_process(world):
    """As root one may send any; they have to be those of the connection."""
    assert ask(world.beta, STATUS)[:1] == b"\xa6"
    if os.geteuid() == 0:
        for wrong in (credentials(uid=12345), credentials(gid=12345),
                      credentials(pid=1)):
            assert ask(world.beta, STATUS, wrong)[:1] == TURNED_AWAY


def test_connection_handed_to_another_process(world):
    with connect(world.beta) as s:
        pid = os.fork()
        if pid == 0:
            try:
                send(s, STATUS, credentials())
                os._exit(0 if s.recv(1 << 18)[:1] == TURNED_AWAY else 1)
            except OSError:
                os._exit(1)
        assert os.waitpid(pid, 0)[1] == 0


@pytest.mark.parametrize("count, heard", [(4096, True), (4097, False)])
def test_more_groups_than_anybody_has(world, several_uids, count, heard):
    """In a namespace a user may have 65536, and trustrealmd has to look at all
    of them, and keep them, for each of his connections."""
    pid = os.fork()
    if pid == 0:
        os.setgroups(range(100000, 100000 + count))
        os.setresgid(CLERK, CLERK, CLERK)
        os.setresuid(CLERK, CLERK, CLERK)
        os._exit(0 if (ask(world.beta, STATUS)[:1] == b"\xa6") == heard else 1)
    assert os.waitpid(pid, 0)[1] == 0


def test_descriptors_are_not_kept(world, several_uids):
    """Those sent along are not kept, and the call is not answered."""
    pid = world.beta.status()["pid"]
    before = len(descriptors_of(pid))
    null = os.open("/dev/null", os.O_RDONLY)
    rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS,
              array.array("i", [null] * 100))
    for _ in range(20):
        assert ask(world.beta, STATUS, credentials(),
                   rights)[:1] == TURNED_AWAY
    os.close(null)
    eventually(lambda: len(descriptors_of(pid)) <= before,
               what="descriptors given back")


def test_the_page_cannot_be_changed(world, alice, several_uids):
    """Whoever maps it, or opens it anew through /proc."""
    context, _ = exchange_new(alice, world.agent("beta", None, SERVICE))
    pid = world.alpha.status()["pid"]
    page, = [path for path, what in descriptors_of(pid).items()
             if "trustrealm-page" in what]
    fd = os.open(page, os.O_RDWR)
    for change in (lambda: os.pwrite(fd, b"x", 0),
                   lambda: os.ftruncate(fd, 0),
                   lambda: os.posix_fallocate(fd, 0, 1 << 20)):
        with pytest.raises(OSError):
            change()
    os.close(fd)
    context.wrap(b"still")


def test_nothing_is_kept_with_the_page(world, bob, several_uids):
    """A memfd is a file, which may have extended attributes: memory for as
    long as the daemon runs."""
    context, token = bob.initiate(TARGET)
    context.forget()
    with effective(as_uid(CLERK)), connect(world.alpha) as s:
        send(s, call(SEAL, Token(token).body, "bob@EXAMPLE.TEST", "", 0))
        _, (page,), _, _ = socket.recv_fds(s, 1 << 18, 1)
        with pytest.raises(OSError):
            os.setxattr(page, "user.kept", bytes(60000))
        os.close(page)


def test_page_that_nobody_takes(make_world, several_uids):
    """A user is sent it on one connection after the other.  The kernel counts
    the daemon's descriptors that are under way, and lets it have as many as
    it may open: others have to get theirs."""
    world = make_world(run=("beta",))
    world.alpha.before = ["prlimit", "--nofile=512"]
    world.alpha.start()
    context, token = world.agent("alpha", "bob", CLERK).initiate(TARGET)
    context.forget()
    packet = call(SEAL, Token(token).body, "bob@EXAMPLE.TEST", "", 0)
    with contextlib.ExitStack() as held:
        for _ in range(600):
            with effective(as_uid(CLERK)), contextlib.suppress(OSError):
                send(held.enter_context(connect(world.alpha)), packet)
        # Whose turn comes after all of these.
        world.alpha.status()
        exchange_new(world.agent("alpha", "alice"),
                     world.agent("beta", None, SERVICE))


def lease_has_ended(ours, theirs):
    try:
        theirs.unwrap(ours.wrap(b"no lease"))
        return False
    except Refused:
        return True


@pytest.mark.parametrize("file", ["table", "replay"])
def test_file_cut_off_under_the_daemon(make_world, file):
    """It dies of it, and is one that is away; the next one does not take what
    is left for an answer, nor what may have been accepted before."""
    world = make_world(source="ldif")
    alice = world.agent("alpha", "alice")
    beta = world.agent("beta", None, SERVICE)
    ours, theirs = exchange_new(alice, beta)
    os.truncate("%s/state/%s/data.mdb" % (world.beta.path, file), 0)
    refused(beta.accept, alice.initiate(TARGET)[1])
    eventually(lambda: not world.beta.running(), what="its end")
    eventually(lambda: lease_has_ended(ours, theirs), what="refusal")
    world.beta.start()
    if file == "table":
        exchange_new(alice, beta)
    else:
        refused_by_beta(world, beta, alice.initiate(TARGET)[1], "TRR_REPLAY")
