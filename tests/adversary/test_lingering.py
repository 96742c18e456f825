# tests/adversary/test_lingering.py - descriptors that take long to close
# SPDX-License-Identifier: BSD-2-Clause
"""Whoever reads a packet that brings descriptors, or closes the socket with
it inside, closes them.  A TCP connection that lingers holds him up meanwhile:
so that must not be trustrealmd."""

import array
import contextlib
import os
import signal
import socket
import struct

import pytest

from testlib.call import PREPARE, STATUS, call
from testlib.process import PATIENCE
from testlib.world import CLERK

LINGER = 1000           # seconds
MANY = 70
NOBODY = 65534          # to whom trustrealmd does not listen


@contextlib.contextmanager
def effective(uid):
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def lingering():
    """lingering(): the descriptor of a TCP connection whose last data nobody
    takes.  They let go when the test ends."""
    peers = []

    def make():
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            ours = socket.create_connection(listening.getsockname())
            peers.append(listening.accept()[0])
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        ours.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                ours.send(bytes(65536))
        ours.setblocking(True)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("2i", 1, LINGER))
        # Closed without lingering, since its copy is still open.
        return ours.detach()
    yield make
    for peer in peers:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("2i", 1, 0))
        peer.close()


def connect(system):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(20 * PATIENCE)
    s.connect(system.socket)
    return s


def send_away(s, fd):
    s.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                        array.array("i", [fd]))])
    os.close(fd)


def in_a_packet(s, fd):
    send_away(s, fd)


def behind_a_wrong_packet(s, fd):
    s.send(b"x")
    send_away(s, fd)


def behind_an_empty_packet(s, fd):
    s.send(b"")
    send_away(s, fd)


def behind_calls_whose_sender_left(s, fd):
    for _ in range(5):
        s.send(call(PREPARE, "sample/beta.example.test", "", 0))
    send_away(s, fd)
    s.close()


@pytest.fixture
def beset(world, several_uids, lingering):
    """beset(uid, sent): connections of uid, which wait for beta's daemon when
    it goes on."""
    with contextlib.ExitStack() as held:
        def beset(uid, sent):
            world.beta.freeze()
            for _ in range(MANY):
                with effective(uid):
                    s = held.enter_context(connect(world.beta))
                sent(s, lingering())
        yield beset


@pytest.mark.parametrize("uid", [CLERK, NOBODY])
@pytest.mark.parametrize("sent", [
    in_a_packet, behind_a_wrong_packet, behind_an_empty_packet,
    behind_calls_whose_sender_left], ids=lambda sent: sent.__name__)
def test_nobody_waits_for_them(world, beset, sent, uid):
    beset(uid, sent)
    world.beta.thaw()
    with connect(world.beta) as s:
        s.send(STATUS)
        assert s.recv(1 << 18)[:1] == b"\xa6"


def test_its_end_does_not_wait_for_them(world, beset):
    """Connections that were not accepted go with the socket."""
    beset(CLERK, in_a_packet)
    world.beta.signal(signal.SIGTERM)
    world.beta.thaw()
    world.beta.stop()
    world.beta.start()
