# tests/integration/test_records.py - audit records in journal and syslog
# SPDX-License-Identifier: BSD-2-Clause
"""What trustrealmd, started as systemd starts it, writes to the sockets of a
journal and of a syslog daemon.  (In files: every other test.)"""

import contextlib
import json
import os
import re
import socket

import pytest

from testlib.agent import Refused
from testlib.process import Deadline, eventually
from testlib.tool import trustrealm

SOCKETS = {"journal": "/run/systemd/journal/socket", "syslog": "/dev/log"}
#: No file of this machine's /dev is made or changed.
DEV = """
mkdir -p /run/systemd/journal /run/dev
for name in null zero full random urandom; do
    touch "/run/dev/$name"
    mount --bind "/dev/$name" "/run/dev/$name"
done
mount --rbind /run/dev /dev
"""
MESSAGE = {"journal": r"^MESSAGE=(\{.*\})$", "syslog": r": (\{.*\})$"}


@pytest.fixture(scope="module")
def world(make_hosts):
    made = make_hosts(run=("alpha",))
    made.alpha.machine.script(DEV)
    made.alpha.options = []
    return made


def packets(world, target, act):
    """What arrives at the target of alpha's records, up to the first that
    says no, which act() leads to."""
    path = world.alpha.machine.path(SOCKETS[target])
    world.alpha.config["audit"]["target"] = target
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(path)
        world.alpha.machine.run(["chmod", "666", SOCKETS[target]])
        world.alpha.restart()
        act()
        found, deadline = [], Deadline(30)
        while not found or '"result":"deny"' not in found[-1]:
            log.settimeout(deadline.left())
            found.append(log.recv(1 << 18).decode())
    return found


@pytest.mark.parametrize("target", SOCKETS)
def test_records_arrive(world, target):
    def use():
        alice = world.agent("alpha")
        alice.initiate("sample@beta.example.test")
        with pytest.raises(Refused):
            alice.initiate("sample@delta.example.test")
    arrived = packets(world, target, use)
    records = [json.loads(text) for packet in arrived for text in
               re.findall(MESSAGE[target], packet, re.MULTILINE)]
    assert [(r["event"], r["result"]) for r in records] == [
        ("seal", "allow"), ("prepare", "deny")]
    assert (records[0]["label"], records[0]["user"]) == (
        "INTERNAL", "alice@EXAMPLE.TEST")
    assert (records[1]["step"], records[1]["receiver"]) == (
        "S5", "delta.example.test")
    if target == "journal":
        fields = arrived[-1].splitlines()
        assert "SYSLOG_IDENTIFIER=trustrealmd" in fields
        assert {"TRUSTREALM_EVENT=prepare", "TRUSTREALM_RESULT=deny",
                "TRUSTREALM_STEP=S5", "TRUSTREALM_CODE=%s" % records[1]["code"],
                "TRUSTREALM_RECEIVER=delta.example.test"} <= set(fields)


def used(world):
    """Is a token made?"""
    try:
        world.agent("alpha").initiate("sample@beta.example.test")
        return True
    except Refused as refusal:
        assert "audit log cannot be written" in str(refusal)
        return False


def told(world):
    """What a monitor hears of alpha: (exit status, line)"""
    status, line, _ = trustrealm("status", "--check", "--socket",
                                 world.alpha.socket)
    return status, line


@pytest.mark.parametrize("left", [False, True], ids=["gone", "left"])
@pytest.mark.parametrize("target", SOCKETS)
def test_who_does_not_take_records(world, target, left):
    """With a socket that is left of him, or none."""
    path = world.alpha.machine.path(SOCKETS[target])
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    if left:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            log.bind(path)
        os.chmod(path, 0o666)
    nothing_is_allowed(world, target)


@pytest.mark.parametrize("target", SOCKETS)
def test_who_reads_stands_still(world, target):
    """Nobody waits for him: what cannot be recorded now is refused now."""
    path = world.alpha.machine.path(SOCKETS[target])
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(path)
        os.chmod(path, 0o666)
        fill(path)
        nothing_is_allowed(world, target)


def fill(path):
    """The queue of who reads there, whatever it holds."""
    with contextlib.ExitStack() as senders:
        with contextlib.suppress(BlockingIOError):
            while True:
                sender = senders.enter_context(
                    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
                sender.setblocking(False)
                sender.connect(path)
                sender.send(b"full")


def test_full_disk(world):
    nothing_is_allowed(world, "file:/run/dev/full")


def nothing_is_allowed(world, target):
    """As long as records go there."""
    world.alpha.config["audit"]["target"] = target
    world.alpha.restart()
    assert not used(world)
    state = world.alpha.status()
    assert state["decisions"]["seal"] == {"allow": 0, "deny": 1}
    assert state["audit_lost"] > 0
    status, line = told(world)
    assert status == 2 and "audit log cannot be written" in line
    world.alpha.config["audit"]["target"] = "file:" + world.alpha.audit.path
    world.alpha.reload()
    eventually(lambda: told(world)[0] == 0)
    assert used(world)
