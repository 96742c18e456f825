# tests/adversary/test_socket.py - attacks on trustrealmd through its socket
# SPDX-License-Identifier: BSD-2-Clause
"""Any user of alpha may connect: with nonsense, with records that are not
his, with more connections than he should have.  (The fixture honest_traffic
sees to it that the daemon serves others all the while.)"""

import concurrent.futures
import os
import random
import resource
import signal

import pytest
from attacks import TARGET, THOROUGH, exchange_new

from testlib.call import (ACCEPT, ACCEPTED, CHECK, ISSUE, JUDGE, PREPARE,
                          REFUSED, SEAL, call)
from testlib.process import Failure, eventually
from testlib.servers import Missing
from testlib.token import Token, fields_of, flipped
from testlib.world import CLERK, SERVICE, as_uid


def answer(world, octets, uid=CLERK, system="alpha"):
    """The tag of what the daemon answers; None when it hangs up."""
    reply = world.ask_daemon(system, uid, octets)
    return reply[0] if reply else None


@pytest.mark.parametrize("octets", [
    b"", b"\0", b"\xa0", b"\xa0\x80\0\0", b"\xa7\x02\x05", b"\xff" * 100,
    b"\xa0\x84\xff\xff\xff\xff", b"\xa7\x02\x05\x00\x00", b"\xa8\x02\x05\0",
    call(PREPARE), call(PREPARE, "x"), call(PREPARE, "x", "y", 0, 0),
    call(PREPARE, b"octets", b"octets", 0), call(PREPARE, "\0", "\0", 0),
    call(PREPARE, "x" * 70000, "", 0), call(PREPARE, "", "x" * 5000, 0),
    call(PREPARE, "sample/beta", "", -1 % (1 << 63)),
    call(SEAL, b"", "", "", 0), call(SEAL, b"\x6e" * 1000, "a@B", "", 0),
    call(ACCEPTED, b"", b"", b"", b""),
    call(ACCEPT, b"", b"", b"", "", "", b"", 0),
    call(ACCEPT, b"n" * 60000, b"n" * 8000, b"", "", "", b"", 0),
    call(JUDGE, b"", b""), call(ISSUE, b"", ""), call(CHECK, b"", b""),
], ids=str)
def test_nonsense(world, octets):
    assert answer(world, octets) in (REFUSED, None)


@pytest.mark.parametrize("seed", range(300 if THOROUGH else 30))
def test_random_calls(world, seed):
    """Random octets, and calls of random fields."""
    rng = random.Random(seed)
    octets = rng.randbytes(rng.randrange(1, 2000))
    assert answer(world, octets) in (REFUSED, None)
    octets = call(rng.randrange(7), *[
        rng.choice([rng.randbytes(rng.randrange(300)),
                    "x" * rng.randrange(300), rng.randrange(1 << 40)])
        for _ in range(rng.randrange(6))])
    assert answer(world, octets) in (REFUSED, None)


def test_packet_that_is_too_long(world):
    assert answer(world, b"\xa0" * 170000) in (REFUSED, None)


def sealed_record(world, agent, uid, client):
    """A record that alpha's daemon gave for a token of agent."""
    context, token = agent.initiate(TARGET)
    context.forget()
    reply = world.ask_daemon("alpha", uid, call(
        SEAL, Token(token).body, client, "", 0))
    return fields_of(reply)[2]


def test_record_with_a_flipped_bit(world, bob):
    record = sealed_record(world, bob, CLERK, "bob@EXAMPLE.TEST")
    for position in range(0, len(record), 1 if THOROUGH else 7):
        changed = flipped(record, position)
        for octets in (call(JUDGE, changed, b"x" * 32),
                       call(ISSUE, changed, "open"),
                       call(ACCEPTED, changed, b"x", b"y", b"x" * 32)):
            assert answer(world, octets) == REFUSED


def test_record_of_another_stage(world, bob):
    """Sealed is not established."""
    record = sealed_record(world, bob, CLERK, "bob@EXAMPLE.TEST")
    for octets in (call(JUDGE, record, b"x" * 32), call(ISSUE, record, ""),
                   call(CHECK, record, b"x")):
        assert answer(world, octets) == REFUSED


def test_record_of_another_system(world, bob):
    record = sealed_record(world, bob, CLERK, "bob@EXAMPLE.TEST")
    assert answer(world, call(ACCEPTED, record, b"x", b"y", b"x" * 32),
                  SERVICE, "beta") == REFUSED


#: Descriptors that a process of flood_main.py needs, at most.
FLOOD = 2800


@pytest.fixture
def flood(world, several_uids):
    """Start flood_main.py as CLERK, and wait until it says that."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most != resource.RLIM_INFINITY and most < FLOOD:
        raise Missing("a hard limit of %d open files is needed, this is %d "
                      "(ulimit -Hn)" % (FLOOD, most))
    started = []

    def start(says, *options):
        started.append(world.scratch.spawn(
            ["/usr/bin/python3", world.script("flood_main.py"),
             world.alpha.socket, *options], "alpha/flood",
            uid=as_uid(CLERK)))
        started[-1].wait_for("^" + says)
        return started[-1]
    yield start
    for one in started:
        one.kill()


def test_flood_of_connections(flood, alice, bob, beta):
    """One user takes all that he can get; another is served, and so is he:
    what idles makes room."""
    connections = flood("holding")
    for _ in range(5):
        exchange_new(alice, beta)
        context, _ = bob.initiate(TARGET)
        context.forget()
    connections.kill()
    exchange_new(alice, beta)


def test_a_call_that_had_no_turn(world, flood, bob, beta):
    """It waits on a connection that idled, while so many others come that
    this one has to make room."""
    bob.initiate(TARGET)
    pid = world.alpha.status()["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        flood("holding")
        with concurrent.futures.ThreadPoolExecutor() as executor:
            context = executor.submit(bob.initiate, TARGET)
            eventually(bob.waits_for_daemon, what="a call")
            os.kill(pid, signal.SIGCONT)
            context.result()
    finally:
        os.kill(pid, signal.SIGCONT)


def test_flood_of_calls(flood, alice, beta):
    """One user asks without pause and reads no answer."""
    flood("calling", "calls")
    for _ in range(20):
        exchange_new(alice, beta)


def test_flood_of_callers_and_of_connections(world, flood):
    """While some of a user's connections have calls, as many of his as there
    is room for wait to be accepted: others do not wait for them all."""
    server = world.server("beta")
    flood("queueing", "queue")
    for _ in range(3):
        assert world.client(server).delivered


def test_daemon_kept_its_memory(world):
    """After all this it is not larger than it should be."""
    for system in (world.alpha, world.beta):
        pid = system.status()["pid"]
        if os.environ.get("TR_SANITIZERS") == "yes":
            continue
        with open("/proc/%d/status" % pid) as status:
            size = [int(line.split()[1]) for line in status
                    if line.startswith("VmRSS:")]
        if not size:
            raise Failure("no size of process %d" % pid)
        assert size[0] < 64 * 1024, "%d KiB" % size[0]
