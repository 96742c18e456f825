# tests/integration/test_hosts.py - systems as machines of their own
# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of applications stand on: programs find the mechanism and
trustrealmd where an installation has them, and nothing of it is seen from
outside."""

import os
import subprocess
import sys

import pytest

from testlib import servers
from testlib.agent import Refused, establish
from testlib.hosts import PREFIX
from testlib.process import eventually, run
from testlib.world import SERVICE


@pytest.fixture(scope="module")
def world(make_hosts):
    return make_hosts()


def test_each_has_its_name_and_address(world):
    for name in ("alpha", "beta", "gamma", "epsilon", "kdc"):
        machine = world.machine(name)
        assert machine.run(["hostname", "-f"]).out.strip() == \
            name + ".example.test"
        assert machine.address in machine.run(["ip", "address"]).out


@pytest.fixture
def acceptor(world):
    keytab = world.copy_of(world.beta.services_keytab, SERVICE)
    return world.agent("beta", None, SERVICE, KRB5_KTNAME=keytab)


def test_programs_need_no_environment(world, acceptor):
    """The initiator has PATH and a ticket cache, and is labelled."""
    mark = world.beta.audit.mark()
    ours, theirs = establish(world.agent("alpha"), acceptor,
                             "sample@beta.example.test")
    assert theirs.unwrap(ours.wrap(b"hello")) == b"hello"
    record = world.beta.audit.wait(mark, event="accept", result="allow")
    assert record["sender"] == "alpha.example.test"
    assert record["label"] == "INTERNAL"


def test_host_without_daemon_has_no_mechanism(world, acceptor):
    mark = world.beta.audit.mark()
    with pytest.raises(Refused):
        establish(world.agent("epsilon"), acceptor,
                  "sample@beta.example.test")
    assert world.beta.audit.wait(mark, result="deny")["step"] == "R1"


def test_nothing_is_seen_outside(world):
    assert PREFIX not in subprocess.run(["ip", "address"], check=True,
                                        capture_output=True,
                                        text=True).stdout
    assert world.scratch.path not in open("/proc/mounts").read()
    assert not os.path.exists("/home/alice")
    for path in ("/etc", "/run", "/home", "/srv", "/usr", "/var", "/tmp",
                 "/var/tmp"):
        world.alpha.machine.write(path + "/only-here", "x")
        assert not os.path.exists(path + "/only-here")


def test_nothing_is_reached_outside(world):
    done = world.alpha.run(["ip", "route"])
    assert done.out.split()[0] == PREFIX + "0/24"
    assert "default" not in done.out


def test_all_ends_when_the_test_is_killed(world):
    """Also what left its process group."""
    text = """if True:
        import sys, time
        from testlib.hosts import Network
        from testlib.scratch import Scratch
        scratch = Scratch()
        network = Network(scratch, ["one"], "test", "/run/trustrealm")
        # It has left the group before the shell that run() waits for ends.
        network["one"].run(["sh", "-c", "setsid sh -c "
                            "'sleep 3141 >/dev/null 2>&1 &'; true"])
        print(scratch.path, network["one"].pid, flush=True)
        time.sleep(60)
    """
    env = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    child = subprocess.Popen([sys.executable, "-c", text], env=env,
                             stdout=subprocess.PIPE, text=True)
    path, pid = child.stdout.readline().split()
    # While it is open no other namespace is given its number.
    with open("/proc/%s/ns/pid" % pid) as held:
        space = os.readlink("/proc/self/fd/%d" % held.fileno())
        eventually(lambda: len(inside(space)) >= 3, what="the sleep")
        child.kill()
        child.wait()
        child.stdout.close()
        eventually(lambda: not inside(space), what="end of all in " + space)
    subprocess.run(["rm", "-r", path], check=True)


def inside(space):
    """Processes in a process namespace."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink("/proc/%s/ns/pid" % pid) == space:
                found.append(pid)
        except OSError:
            pass
    return found


def test_as_root_where_namespaces_are_refused(tmp_path):
    """As in a chroot: the command runs all the same, and hears why."""
    if os.geteuid() != 0:
        raise servers.NotRoot("another root directory")
    script = os.path.join(servers.source_directory(), "tests/as-root")
    subids = tmp_path / "subids"
    subids.write_text("65534:100000:65536\n")
    with open(script) as text:
        done = run(
            ["unshare", "--mount", "sh", "-euc",
             'mount --bind "$0" /etc/subuid; mount --bind "$0" /etc/subgid; '
             "mount --rbind / /mnt; "
             'exec chroot --userspec 65534:65534 /mnt "$@"', str(subids),
             sys.executable, "-", "sh", "-c", "id -u; echo $TR_NOT_ROOT"],
            input=text.read())
    uid, why = done.out.splitlines()
    assert uid == "65534"
    assert "unshare failed" in why
