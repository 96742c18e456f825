# tests/adversary/test_pretended.py - users who pretend to be others
# SPDX-License-Identifier: BSD-2-Clause
"""To trustrealmd, in namespaces of their own and with everything there that a
program goes by; to a KDC, by names that look like those of others."""

import ctypes
import os
import socket

import pytest
from attacks import TARGET, refused_by_beta
from test_forged import REALM, forge, principal     # noqa: F401 (a fixture)

from testlib.call import PREPARE, PREPARED, REFUSED, call
from testlib.realm import Realm
from testlib.scratch import Scratch
from testlib.world import CLERK, STAFF

CLONE_NEWUSER, CLONE_NEWNS = 0x10000000, 0x20000


def in_namespace(mapped, act):
    """What act() returns, a number, as CLERK in a namespace in which his uid
    is mapped; None: not at all."""
    pid = os.fork()
    if pid == 0:
        status = 99
        try:
            os.setgroups([])
            os.setresgid(CLERK, CLERK, CLERK)
            os.setresuid(CLERK, CLERK, CLERK)
            libc = ctypes.CDLL(None, use_errno=True)
            # A process that gave up root may not write to its own /proc.
            libc.prctl(4, 1, 0, 0, 0)
            if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0:
                os._exit(98)
            if mapped is not None:
                for what, text in (("uid_map", "%d %d 1" % (mapped, CLERK)),
                                   ("setgroups", "deny"),
                                   ("gid_map", "%d %d 1" % (mapped, CLERK))):
                    with open("/proc/self/" + what, "w") as file:
                        file.write(text)
                assert os.getuid() == mapped
            status = act()
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status == 98:
        pytest.skip("no user namespaces here")
    return status


def prepare(socket_path, label):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.settimeout(30)
        s.connect(socket_path)
        s.send(call(PREPARE, TARGET.replace("@", "/"), label, 0))
        return s.recv(1 << 18)[0]


@pytest.mark.parametrize("mapped", [None, 0, STAFF])
def test_uid_of_a_namespace(world, several_uids, mapped):
    """Root there, or a user who may have more, is still who he is."""
    mark = world.alpha.audit.mark()
    assert in_namespace(mapped, lambda: prepare(
        world.alpha.socket, "grave")) == REFUSED
    record = world.alpha.audit.wait(mark, event="prepare", result="deny")
    assert record["uid"] == CLERK
    assert record["step"] == "S6" and record["code"] == "TRR_PROCESS_RANGE"
    assert in_namespace(mapped, lambda: prepare(
        world.alpha.socket, "open")) == PREPARED


@pytest.mark.parametrize("name", [
    "Alice", "alice.", "alice\\@" + REALM, "a" * 230], ids=repr)
def test_a_principal_like_that_of_a_user(world, beta, name):
    """It is somebody else, and everybody is told so in the same way."""
    world.realm.add({world.users_keytab: [name]})
    own = "%s@%s" % (name, REALM)
    marks = [system.audit.mark() for system in (world.alpha, world.beta)]
    context, token = world.agent("alpha", name).initiate(TARGET)
    _, reply, client = beta.accept(token)
    context.step(reply)
    assert client == own
    assert [system.audit.wait(mark, event=event, result="allow")["user"]
            for system, mark, event in zip((world.alpha, world.beta), marks,
                                           ("seal", "accept"))] == [own, own]


@pytest.mark.parametrize("name", [
    "TRUSTREALM/alpha.example.test", "trustrealm/ALPHA.example.test",
    "trustrealm/alpha.example.test.", "trustrealm/alpha",
    "alpha.example.test", "trustrealm/alpha.example.test\\@" + REALM,
    "trustrealm/" + "a" * 400], ids=repr)
def test_a_principal_like_that_of_a_system(world, beta, forge, name):
    """It is no system, and cannot say that it is the one."""
    keytab = world.scratch.join("alike%d.keytab" % world.next_number())
    world.realm.add({keytab: [name]})
    own = "%s@%s" % (name, REALM)
    for sender, code in ((own, "TRR_NOT_MEMBER"),
                         (principal("alpha"), "TRR_BINDING")):
        record = refused_by_beta(world, beta, forge(
            keytab=keytab, self=own, sender=sender), code)
        assert record["sender"] is None


@pytest.fixture
def other_realm(world):
    """Another Kerberos realm, whose principals get tickets for this one."""
    with Scratch() as scratch:
        other = Realm(scratch, "OTHER.TEST")
        other.create({})
        for realm in (other, world.realm):
            realm.add_with_password("krbtgt/%s@%s" % (REALM, other.name),
                                    "shared")
        other.start()
        with open(world.realm.config) as config:
            text = config.read()
        world.scratch.write("krb5.conf", text.replace(
            "[realms]\n", "[realms]\n%s = {\nkdc = 127.0.0.1:%d\n}\n"
            % (other.name, other.port)), 0o644)
        yield other
        world.scratch.write("krb5.conf", text, 0o644)
        world.realm.remove("krbtgt/%s@%s" % (REALM, other.name))


def test_system_of_another_kerberos_realm(world, beta, forge, other_realm):
    """Its KDC makes principals of any name, and is believed: they are of that
    realm."""
    keytab = other_realm.scratch.join("keytab")
    own = "trustrealm/%s@%s" % (world.alpha.host, other_realm.name)
    other_realm.add({keytab: [own]})
    for sender, code in ((own, "TRR_NOT_MEMBER"),
                         (principal("alpha"), "TRR_BINDING")):
        record = refused_by_beta(world, beta, forge(
            keytab=keytab, self=own, sender=sender), code)
        assert (record["sender"], record["sender_principal"]) == (None, own)
