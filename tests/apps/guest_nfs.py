# tests/apps/guest_nfs.py - the kernel's NFS carries labels
# SPDX-License-Identifier: BSD-2-Clause
"""alpha mounts what beta exports.  Client and server are one Linux kernel, in
the virtual machine that test_nfs_kernel.py starts; rpc.gssd and rpc.svcgssd
make the contexts and hand them to the kernel.  Configurations are those that
doc/apps/nfs-kernel shows."""

import time

import pytest

from testlib import guide, policies, table
from testlib.nfs import EXPORT, GROUP, accept_as_nfs
from testlib.process import eventually, within
from testlib.world import ACCOUNTS, CHIEF, CLERK, STAFF

LIFETIME = 10           # s, of what the kernel has
SLOW = 5                # s, that one attempt may take
TEXT = "the plan of alice\n"
SERVERS = ("beta", "epsilon")
EXPORTS = "/etc/exports.d/trustrealm.exports"
CONFIG = "/etc/nfs.conf.d/trustrealm.conf"
GRACE_ENDED = "/proc/fs/nfsd/v4_end_grace"
#: What Debian's packages do, and what the first mount of a server does.
INSTALL = """
cp /usr/share/nfs-common/conffiles/nfs.conf /etc
mkdir -p /run/rpc_pipefs /var/lib/nfs
mountpoint -q /run/rpc_pipefs ||
    mount -t rpc_pipefs rpc_pipefs /run/rpc_pipefs
"""
SERVER = """
mount -t nfsd nfsd /proc/fs/nfsd
mount -t tmpfs tmpfs /srv
mkdir "$EXPORT"
touch /etc/exports /var/lib/nfs/etab /var/lib/nfs/rmtab
exportfs -ra
rpc.nfsd --grace-time 10 --lease-time 10 2
"""


def export(machine, sectype):
    """As in the guide but for sectype."""
    text = guide.shown("nfs-kernel", EXPORTS)
    assert "sec=krb5p," in text
    machine.write(EXPORTS, text.replace("sec=krb5p,", "sec=%s," % sectype))


def serve(machine):
    machine.append("/etc/group", "nfs-internal:x:%d:\n" % GROUP)
    machine.script(INSTALL)
    machine.write(CONFIG, guide.shown("nfs-kernel", CONFIG))
    export(machine, "krb5:krb5i:krb5p")
    machine.script(SERVER, EXPORT=EXPORT)
    machine.spawn(["rpc.mountd", "-F"], machine.name + "/mountd")
    machine.write(EXPORT + "/plan", TEXT, 0o600, STAFF)
    return machine.spawn(["setpriv", "--groups", "nfs-internal",
                          "rpc.svcgssd", "-f", "-v"],
                         machine.name + "/svcgssd")


def use(world, machine):
    """A client, where users have tickets."""
    machine.script("mount -t tmpfs -o mode=1777 tmpfs /tmp")
    machine.script(INSTALL)
    for user, uid in (*ACCOUNTS.items(), ("alice", CHIEF)):
        with open(world.ccache(user, uid), "rb") as cache:
            machine.write("/tmp/krb5cc_%d" % uid, cache.read(), 0o600, uid)
    machine.spawn(["rpc.gssd", "-f"], machine.name + "/gssd")
    for server in SERVERS:
        eventually(lambda: world.machine(server).read(GRACE_ENDED) == "Y\n",
                   what="the end of the server's grace period")


@pytest.fixture(scope="module")
def world(make_hosts):
    made = make_hosts("rpc.svcgssd", run=("alpha", "beta"))
    accept_as_nfs(made.beta, "blue")
    made.beta.restart()
    made.change(table.ENGINEERING, "trKernelLifetime", str(LIFETIME))
    made.change(table.ENGINEERING, "trKernelExport", "TRUE")
    return made


@pytest.fixture(scope="module")
def servers(world):
    """{system: its rpc.svcgssd}; their grace periods run side by side."""
    return {name: serve(world.machine(name)) for name in SERVERS}


@pytest.fixture(scope="module")
def client(world, servers):
    use(world, world.alpha.machine)


@pytest.fixture(scope="module")
def plain_client(world, servers):
    use(world, world.machine("epsilon"))


def mount(world, client="alpha", sec="krb5p", server="beta"):
    return world.machine(client).run(
        ["mount", "-t", "nfs4", "-o", "sec=%s,soft,timeo=50" % sec,
         table.host(server) + ":/", "/mnt"], check=False)


def unmount(world, client="alpha"):
    world.machine(client).run(["umount", "-f", "/mnt"])


@pytest.fixture
def mounted(world, client):
    """For the first time: no context is older than the test."""
    result = mount(world)
    assert result.status == 0, result
    yield
    unmount(world)


def read(world, uid=STAFF, client="alpha"):
    """From the server, not from what the client's kernel remembers."""
    return world.machine(client).run(
        ["dd", "if=/mnt/plan", "iflag=direct", "bs=4096", "status=none"],
        uid=uid, check=False)


def can_read(world):
    return read(world).out == TEXT


def refused(world):
    return "Permission denied" in read(world).err


def wait(condition, world, what):
    """Each try costs more than the pause before the next one."""
    eventually(lambda: condition(world) or time.sleep(0.5), what=what)


def accepted(world, mark):
    """Contexts that beta accepted of alice since mark."""
    return world.beta.audit.since(mark, event="accept", result="allow",
                                  user="alice@EXAMPLE.TEST")


def is_denied(result):
    """The mount, by the server or on its way there."""
    return result.status == 32 and "denied" in result.err


# --- allowed ------------------------------------------------------------

@pytest.mark.parametrize("sec", ["krb5", "krb5i", "krb5p"])
def test_read_and_write(world, client, sec):
    """rpc.gssd asks as the user; mounting is the system's own."""
    alpha, beta = world.alpha.audit.mark(), world.beta.audit.mark()
    result = mount(world, sec=sec)
    assert result.status == 0, result
    try:
        assert can_read(world)
        world.alpha.machine.run(["sh", "-c", "echo %s >>/mnt/plan" % sec],
                                uid=STAFF)
    finally:
        unmount(world)
    plan = world.beta.machine.read(EXPORT + "/plan")
    assert plan == TEXT + sec + "\n"
    world.beta.machine.write(EXPORT + "/plan", TEXT, 0o600, STAFF)
    record = accepted(world, beta)[0]
    assert (record["service"], record["uid"], record["realm"],
            record["local_label"]) == ("nfs", 0, "engineering", "blue")
    for user, uid in (("alice", STAFF), ("nfs/alpha.example.test", 0)):
        assert world.alpha.audit.since(
            alpha, event="seal", uid=uid, user=user + "@EXAMPLE.TEST")


# --- refused ------------------------------------------------------------

def test_no_common_trust_realm(world, client):
    with policies.withdrawn(world, "alpha"):
        mark = world.alpha.audit.mark()
        assert is_denied(mount(world))
        assert world.alpha.audit.since(mark, result="deny", step="S5", uid=0)


def test_label_of_another_server(world, mounted):
    """bob's white is not what beta serves."""
    mark = world.beta.audit.mark()
    assert "Permission denied" in read(world, CLERK).err
    world.beta.audit.wait(mark, result="deny", step="R10",
                          user="bob@EXAMPLE.TEST")


def test_only_encrypted_where_the_guide_is_followed(world, client):
    beta = world.beta.machine
    export(beta, "krb5p")
    beta.run(["exportfs", "-ra"])
    try:
        for sec in ("sys", "krb5i"):
            assert mount(world, sec=sec).status != 0
        assert mount(world).status == 0
        unmount(world)
    finally:
        export(beta, "krb5:krb5i:krb5p")
        beta.run(["exportfs", "-ra"])


def test_one_port_is_open(world, servers):
    """rpc.mountd has some for every older version that is left to it."""
    shown = world.beta.machine.run(["ss", "-lntupH"]).out
    assert ":2049 " in shown and "rpc.mountd" not in shown


def test_kernel_gets_nothing_unless_the_trust_realm_allows_it(
        world, client, servers):
    with policies.engineering(world, trKernelExport=["FALSE"]):
        assert is_denied(mount(world))
    assert "does not allow contexts in the kernel" in servers["beta"].text()


# --- while mounted ------------------------------------------------------

def test_withdrawn_membership_is_felt_when_the_context_ends(world, mounted):
    """Not before: the kernel asks nobody.  (within() has the patience of
    test_nfs_kernel.py, three times as long.)"""
    assert can_read(world)
    mark = world.alpha.audit.mark()
    with policies.withdrawn(world, "alpha"):
        with within(LIFETIME + SLOW):
            assert can_read(world)
            wait(refused, world, "refusal")
        assert world.alpha.audit.since(mark, result="deny", step="S5",
                                       uid=STAFF)
    wait(can_read, world, "access again")


def test_daemon_restarted(world, mounted):
    """What the kernel has goes on to its end without one, and no further."""
    assert can_read(world)
    with policies.stopped(world.beta):
        assert can_read(world)
        wait(refused, world, "refusal")
    wait(can_read, world, "access again")


# --- plain peers --------------------------------------------------------

def test_plain_client_is_refused(world, plain_client):
    mark = world.beta.audit.mark()
    assert is_denied(mount(world, "epsilon"))
    assert world.beta.audit.since(mark, result="deny", step="R1",
                                  code="TRR_BYPASS")


def test_plain_client_with_by_pass(world, plain_client):
    """Its root, who mounts, is to be named as well as the user."""
    mark = world.beta.audit.mark()
    accept_as_nfs(world.beta, "white")
    with policies.bypass(world, "nfs", [0], "nfs/epsilon.example.test"):
        accept_as_nfs(world.beta, "blue")       # when that has ended
        result = mount(world, "epsilon")
        assert result.status == 0, result
        try:
            assert read(world, client="epsilon").out == TEXT
        finally:
            unmount(world, "epsilon")
    record = accepted(world, mark)[0]
    assert record["bypass"] and record["local_label"] == "white"


def test_plain_server_is_refused(world, client, servers):
    """No token is sent."""
    mark, theirs = world.alpha.audit.mark(), servers["epsilon"].text()
    assert is_denied(mount(world, server="epsilon"))
    record = world.alpha.audit.wait(mark, result="deny", uid=0)
    assert (record["step"], record["reason"]) == (
        "S4", "epsilon.example.test is not in the table")
    assert servers["epsilon"].text() == theirs


def test_plain_server_with_by_pass(world, client):
    """For a user, and root, who mounts, if they can have nothing but the
    lowest label."""
    with policies.bypass(world, "nfs", [0]), policies.rule(
            world.alpha, "root", lowest="open", highest="open", label="open"):
        mark = world.alpha.audit.mark()
        result = mount(world, server="epsilon")
        assert result.status == 0, result
        try:
            assert read(world, CHIEF).out == TEXT
            assert "Permission denied" in read(world, STAFF).err
        finally:
            unmount(world)
        for uid in 0, CHIEF:
            assert world.alpha.audit.since(mark, result="allow", uid=uid,
                                           bypass=True)
        assert world.alpha.audit.since(mark, result="deny", uid=STAFF)
