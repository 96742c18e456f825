# tests/integration/test_doctor.py - gss-label doctor, on sick machines
# SPDX-License-Identifier: BSD-2-Clause
"""Each test makes one thing wrong, and the doctor names that and how to mend
it; where nothing is wrong it says so."""

import errno
import json
import os
import re
import shutil
import socket

import pytest

from testlib import policies, table
from testlib.process import eventually, run
from testlib.world import SERVICE, STAFF, STRANGER, as_uid


class Findings(list):
    def of(self, check, verdict):
        return [f for f in self
                if (f["check"], f["verdict"]) == (check, verdict)]


def doctor(world, *options, uid=STAFF, ccache=True, before=(), **environment):
    """On alpha, or where that has a machine of its own, there."""
    cache = world.ccache("alice", uid=uid) if ccache else "FILE:/nonexistent"
    env = dict(world.alpha.environment(uid, cache), **environment)
    env = {key: value for key, value in env.items() if value is not None}
    env["PATH"] = environment.get("PATH") or "%s:%s" % (
        os.path.dirname(world.program("trustrealm")), os.environ["PATH"])
    done = world.alpha.run([*before, world.program("gss-label"), "doctor",
                            "--json", *options], env=env, uid=as_uid(uid),
                           check=False)
    findings = Findings(json.loads(line) for line in done.out.splitlines())
    assert done.err == "" and done.status in (0, 1), done
    assert (done.status == 1) == any(f["verdict"] == "wrong"
                                     for f in findings), done
    assert all(f["mend"] for f in findings if f["verdict"] == "wrong"), done
    return findings


def wrong(findings):
    return [f["check"] for f in findings if f["verdict"] == "wrong"]


def config(world, text):
    return world.scratch.write("doctor.conf", text, 0o644)


def lines(world):
    with open(world.mech_config) as file:
        return file.read()


def test_nothing_is_wrong(world):
    findings = doctor(world, "host@" + world.beta.host)
    assert wrong(findings) == []
    for check in ("plugin", "daemon", "login", "table", "ticket", "target"):
        assert findings.of(check, "good"), findings


def test_people_read_lines(world):
    env = world.alpha.environment(STAFF, world.ccache("alice", uid=STAFF))
    done = run([world.program("gss-label"), "doctor"], env=env,
               uid=as_uid(STAFF), check=False)
    assert done.status == 0, done
    assert "good   plugin     " in done.out


def test_no_mechanism_file(world):
    findings = doctor(world, GSS_MECH_CONFIG="/dev/null")
    assert wrong(findings) == ["mech.d"]
    finding, = findings.of("mech.d", "wrong")
    assert "plain Kerberos" in finding["text"]
    assert finding["mend"] == "unset GSS_MECH_CONFIG"


def test_message_that_nobody_would_judge(world):
    """Without the plugin it leaves; that is not the system's permission."""
    findings = doctor(world, "host@" + world.beta.host,
                      GSS_MECH_CONFIG="/dev/null")
    assert wrong(findings) == ["mech.d", "target"]
    assert "without a label" in findings.of("target", "wrong")[0]["text"]


def test_only_the_own_oid(world):
    text = "".join(line for line in lines(world).splitlines(True)
                   if "<interposer>" not in line)
    findings = doctor(world, GSS_MECH_CONFIG=config(world, text))
    assert wrong(findings) == ["mech.d"]
    assert "<interposer>" in findings.of("mech.d", "wrong")[0]["mend"]


def test_only_the_interposer(world):
    text = "".join(line for line in lines(world).splitlines(True)
                   if "<interposer>" in line)
    findings = doctor(world, GSS_MECH_CONFIG=config(world, text))
    assert wrong(findings) == []
    assert any("cannot be named" in f["text"]
               for f in findings.of("mech.d", "note"))


@pytest.mark.parametrize("content, reason", [
    (None, "No such file"), ("not ELF\n", "file too short")])
def test_plugin_cannot_be_loaded(world, content, reason):
    path = world.scratch.join("bin/none/mech_trustrealm.so")
    if content is not None:
        world.scratch.mkdir("bin/sick", 0o755)
        path = world.scratch.write("bin/sick/mech_trustrealm.so", content,
                                   0o755)
    text = lines(world).replace(
        world.scratch.join("bin/mech_trustrealm.so"), path)
    findings = doctor(world, GSS_MECH_CONFIG=config(world, text))
    assert wrong(findings) == ["plugin"]
    assert reason in findings.of("plugin", "wrong")[0]["text"]


def test_plugin_that_anybody_may_change(world):
    plugin = world.scratch.join("bin/mech_trustrealm.so")
    mode = os.stat(plugin).st_mode
    os.chmod(plugin, 0o777)
    try:
        findings = doctor(world)
    finally:
        os.chmod(plugin, mode)
    assert wrong(findings) == ["plugin"]
    assert "can be changed" in findings.of("plugin", "wrong")[0]["text"]


def test_another_interposer_came_first(world):
    """gssproxy's, say: libgssapi takes the first one that loads."""
    other = world.staged("tests/integration/.libs/interposer.so")
    text = "other 1.3.6.1.4.1.32473.99 %s <interposer>\n" % other
    findings = doctor(world, GSS_MECH_CONFIG=config(world,
                                                    text + lines(world)))
    assert wrong(findings) == ["plugin"]
    assert other in findings.of("plugin", "wrong")[0]["text"]


def test_daemon_is_not_there(world):
    findings = doctor(world, "host@" + world.beta.host,
                      TRUSTREALM_SOCKET=world.scratch.join("no-socket"))
    assert wrong(findings) == ["daemon", "target"]
    mend = findings.of("daemon", "wrong")[0]["mend"]
    assert "systemctl enable --now trustrealmd" in mend
    assert re.search(r"runuser -u \w+ -- trustrealmd -t$", mend)


@pytest.mark.usefixtures("several_uids")
def test_socket_that_is_closed_to_users(world):
    mode = os.stat(world.alpha.socket).st_mode
    os.chmod(world.alpha.socket, 0o600)
    try:
        daemon, = doctor(world).of("daemon", "wrong")
    finally:
        os.chmod(world.alpha.socket, mode)
    assert daemon["text"].endswith("Permission denied")
    assert "restart trustrealmd makes the socket" in daemon["mend"]


#: Not to connect: what a filter does that gives an error.
CONFINED = """
import ctypes, os, struct, sys
number = {"x86_64": 42, "aarch64": 203}[os.uname().machine]
lines = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (6, 0, 0, 0x50001),
         (6, 0, 0, 0x7fff0000)]
code = ctypes.create_string_buffer(
    b"".join(struct.pack("HBBI", *line) for line in lines))
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, struct.pack("HP", 4, ctypes.addressof(code))) == 0
os.execvp(sys.argv[1], sys.argv[1:])
"""


def test_program_that_may_not_connect(world):
    findings = doctor(world, before=["/usr/bin/python3", "-c", CONFINED])
    daemon, = findings.of("daemon", "wrong")
    assert os.strerror(errno.EPERM) in daemon["text"]
    assert "SystemCallFilter=" in daemon["mend"]


def test_socket_of_too_long_a_name(world):
    daemon, = doctor(world, TRUSTREALM_SOCKET="/x" * 100).of("daemon", "wrong")
    assert "TRUSTREALM_SOCKET" in daemon["mend"]


def test_daemon_that_says_less(world):
    """One of another version: what it leaves out is not passed over."""
    folder = world.scratch.mkdir("older", 0o755)
    world.scratch.write("older/trustrealm", "#!/bin/sh\n"
                        "echo '{\"system\": \"x\", \"clock\": {}}'\n", 0o755)
    findings = doctor(world, PATH="%s:%s" % (folder, os.environ["PATH"]))
    for check in ("clock", "login"):
        assert any(f["text"] == "trustrealmd says nothing of it"
                   for f in findings.of(check, "note")), findings
    assert not findings.of("login", "good")


def test_no_ticket(world):
    findings = doctor(world, "host@" + world.beta.host, ccache=False)
    assert wrong(findings) == ["target"]
    assert findings.of("ticket", "note")[0]["mend"] == "kinit"


def test_service_that_the_kdc_does_not_have(world):
    findings = doctor(world, "hots@" + world.beta.host)
    assert wrong(findings) == ["target"]
    target, = findings.of("target", "wrong")
    assert "not found in Kerberos database" in target["text"]
    assert target["mend"].startswith("Kerberos says so")


def shifted(world, seconds, *options):
    """As on a machine whose clock is wrong."""
    clock = world.staged("tests/integration/.libs/shifted.so")
    return doctor(world, *options, LD_PRELOAD=clock, TR_SHIFT=str(seconds))


def test_ticket_that_has_expired(world):
    """By the clock of the program, which is two days ahead."""
    findings = shifted(world, 172800, "host@" + world.beta.host)
    assert wrong(findings) == ["clock", "target"]
    ticket, = findings.of("ticket", "note")
    assert (ticket["text"], ticket["mend"]) == ("it has expired", "kinit")


def test_no_keys_to_accept_with(world):
    findings = doctor(world, KRB5_KTNAME="FILE:/nonexistent")
    assert wrong(findings) == []
    keytab, = findings.of("keytab", "note")
    assert "/nonexistent" in keytab["text"] and "ktadd" in keytab["mend"]


@pytest.mark.parametrize("seconds, text", [
    (400, "6 minutes ahead of the KDC's"),
    (-3630, "60 minutes behind the KDC's"),
    (12000, "3 hours ahead of the KDC's"),
    (200000, "2 days ahead of the KDC's")])
def test_clock_that_is_wrong(world, seconds, text):
    """By the KDC's, which is asked."""
    clock = shifted(world, seconds).of("clock", "wrong")[0]
    assert text in clock["text"] and "timedatectl" in clock["mend"]


@pytest.mark.parametrize("seconds, text", [
    (0, "it agrees with the KDC's"), (100, "s ahead of the KDC's"),
    (-200, "minutes behind the KDC's")])
def test_clock_that_is_right(world, seconds, text):
    findings = shifted(world, seconds)
    assert wrong(findings) == []
    assert any(text in f["text"] for f in findings.of("clock", "good"))


def test_no_kdc_to_tell_the_time(world):
    config = world.scratch.write("no-kdc.conf", "[libdefaults]\n"
                                 "default_realm = %s\n" % table.REALM, 0o644)
    findings = doctor(world, "other@" + world.beta.host, KRB5_CONFIG=config)
    assert any("did not say what time it is" in f["text"]
               for f in findings.of("clock", "note"))
    assert "[realms]" in findings.of("target", "wrong")[0]["mend"]


def test_kdc_that_is_silent(world):
    """It is not waited for."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        config = world.scratch.write(
            "silent.conf", "[libdefaults]\ndefault_realm = %s\n[realms]\n"
            "%s = {\nkdc = 127.0.0.1:%d\n}\n" % (
                table.REALM, table.REALM, silent.getsockname()[1]), 0o644)
        findings = doctor(world, KRB5_CONFIG=config)
        silent.settimeout(0)
        assert silent.recv(1)
    assert any(f["text"].endswith("what time it is: no answer within 5 s")
               for f in findings.of("clock", "note"))


@pytest.mark.usefixtures("several_uids")
def test_kdc_that_cannot_be_asked(world):
    """For want of processes, and not because it is silent."""
    findings = doctor(world, before=["prlimit", "--nproc=1"])
    assert any("it was not asked: " + os.strerror(errno.EAGAIN) in f["text"]
               for f in findings.of("clock", "note")), findings


def test_clock_that_is_behind(make_world):
    """The KDC has vouched for a later time."""
    world = make_world(run=())
    world.alpha.know_time(3600)
    world.alpha.start()
    findings = doctor(world)
    assert wrong(findings) == ["clock"]
    clock, = findings.of("clock", "wrong")
    assert "s behind the latest time known, and everything" in clock["text"]
    assert "timedatectl" in clock["mend"]
    target, = doctor(world, "host@" + world.beta.host).of("target", "wrong")
    assert "clock of this system is" in target["text"]
    assert "behind the latest time known" in target["text"]
    assert "WRONG above" in target["mend"]


def test_key_that_no_longer_fits(make_world):
    """The system's, at its KDC."""
    world = make_world(run=("alpha",))
    assert doctor(world).of("login", "good")
    world.realm.set_password("trustrealm/" + world.alpha.host, "another")
    world.alpha.restart()
    eventually(lambda: world.alpha.status()["login"]["failed"])
    findings = doctor(world)
    assert wrong(findings) == ["login"]
    login, = findings.of("login", "wrong")
    assert "key of this system no longer fits" in login["text"]
    assert "Preauthentication failed" in login["text"]
    assert "system rotate" in login["mend"] and "ktadd -k" in login["mend"]
    target, = doctor(world, "host@" + world.beta.host).of("target", "wrong")
    assert "WRONG above" in target["mend"]


def test_principal_that_is_locked(make_world):
    world = make_world(run=())
    world.realm.modify("trustrealm/" + world.alpha.host, "-allow_tix")
    world.alpha.start(wait=False)
    eventually(world.alpha.answers, what="the daemon")
    eventually(lambda: world.alpha.status()["login"]["failed"])
    login, = doctor(world).of("login", "wrong")
    assert "modprinc" in login["mend"]


# --- names --------------------------------------------------------------

def test_name_that_is_asked_for(world):
    """As Kerberos makes it of the service's."""
    name = doctor(world, "host@" + world.beta.host).of("name", "good")[-1]
    assert name["text"] == "the ticket is for host/%s@%s" % (
        world.beta.host, table.REALM)


def test_name_that_is_not_in_the_table(world):
    target = table.host("epsilon")
    findings = doctor(world, "host@" + target)
    assert wrong(findings) == ["name", "target"]
    name, = findings.of("name", "wrong")
    assert target + " is not in the table" in name["text"]
    assert "--alias " + target in name["mend"]


def test_system_that_is_not_in_the_table(make_world):
    world = make_world(run=("alpha",))
    world.directory.delete(table.system_dn("alpha"))
    eventually(lambda: world.alpha.status()["names"] == [])
    name, = doctor(world).of("name", "wrong")
    assert table.host("alpha") + ", is not in the table" in name["text"]
    assert "system add" in name["mend"]


@pytest.mark.parametrize("attribute, values, text, mend", [
    ("trMembership", [], "is in no trust realm", "system join"),
    ("trEnabled", ["FALSE"], "is disabled", "system enable")])
def test_system_that_is_no_member(make_world, attribute, values, text, mend):
    world = make_world(run=("alpha",))
    assert wrong(doctor(world)) == []
    world.change(table.system_dn("alpha"), attribute, *values)
    findings = doctor(world)
    assert wrong(findings) == ["member"]
    member, = findings.of("member", "wrong")
    assert table.host("alpha") + " " + text in member["text"]
    assert mend in member["mend"]


@pytest.fixture(scope="module")
def hosts(make_hosts):
    return make_hosts(run=("alpha", "beta"))


DNS = ("dns_canonicalize_hostname", "rdns")


def set_dns(machine, option, value):
    path = "/etc/krb5.conf"
    machine.write(path, machine.read(path).replace(
        "    %s = %s" % (option, "false" if value == "true" else "true"),
        "    %s = %s" % (option, value)))


@pytest.fixture
def renamed(hosts):
    """What DNS would say is in the hosts file of alpha: the host of system is
    name, by its own one or by its address only."""
    machine = hosts.alpha.machine
    before = {path: machine.read(path)
              for path in ("/etc/hosts", "/etc/krb5.conf")}

    def rename(system, name, by_address=False):
        between = "\n%s " % system.machine.address if by_address else " "
        machine.write("/etc/hosts", before["/etc/hosts"].replace(
            system.host, name + between + system.host))
        for option in DNS:
            set_dns(machine, option, "true")
    yield rename
    for path, text in before.items():
        machine.write(path, text)


@pytest.mark.parametrize("option", DNS)
def test_name_that_dns_replaces(hosts, renamed, option):
    """The service is asked for by a name that the table has; Kerberos asks
    for another one."""
    front = table.host("front")
    renamed(hosts.beta, front, by_address=option == "rdns")
    findings = doctor(hosts, "host@" + hosts.beta.host)
    assert wrong(findings) == ["name", "target"]
    name, = findings.of("name", "wrong")
    assert name["text"] == "Kerberos makes %s of %s, and this system " \
        "permits only the latter" % (front, hosts.beta.host)
    assert name["mend"].startswith(option + " = false in ")
    assert name["mend"].endswith("create host/%s@%s" % (front, table.REALM))
    set_dns(hosts.alpha.machine, option, "false")
    assert wrong(doctor(hosts, "host@" + hosts.beta.host)) == []


def test_short_name_of_the_other_host(hosts, renamed):
    """It comes first in /etc/hosts.  That is no name to be an alias."""
    short = hosts.beta.host.partition(".")[0]
    renamed(hosts.beta, short)
    name, = doctor(hosts, "host@" + hosts.beta.host).of("name", "wrong")
    assert name["text"].startswith("Kerberos makes %s of " % short)
    assert name["mend"].startswith("put the full name first in /etc/hosts")
    assert "alias" not in name["mend"]


def test_short_name_of_this_host(hosts, renamed):
    short = hosts.alpha.host.partition(".")[0]
    renamed(hosts.alpha, short)
    name, = doctor(hosts).of("name", "note")
    assert name["text"].startswith("this host is %s, and" % short)
    assert name["mend"].startswith("put the full name first in /etc/hosts")
    unasked, = doctor(hosts, TRUSTREALM_SOCKET="/none").of("name", "note")
    assert unasked["mend"] == name["mend"]


def test_name_that_the_kdc_does_not_have(hosts, renamed):
    """The table has it, as an alias."""
    other = table.host("other")
    renamed(hosts.beta, other)
    with policies.alias(hosts, "beta", other):
        findings = doctor(hosts, "host@" + hosts.beta.host)
    assert wrong(findings) == ["target"]
    name, = findings.of("name", "note")
    assert name["text"] == "the ticket would be for host/%s@%s: Kerberos " \
        "makes that of %s" % (other, table.REALM, hosts.beta.host)
    assert name["mend"].startswith("dns_canonicalize_hostname = false")


@pytest.mark.parametrize("membership, text", [
    ("engineering SECRET SECRET:CRYPTO",
     "Kerberos makes {front} of {beta}, and the table knows only the latter"),
    ("engineering PUBLIC SECRET 20000101000000Z",
     "the ticket would be for host/{front}@{realm}, and {front} is not in "
     "the table")])
def test_name_that_is_refused_as_well(hosts, renamed, membership, text):
    """It is in the table if it is refused by its range; if because nothing is
    shared, that is not said."""
    front = table.host("front")
    renamed(hosts.beta, front)
    before = table.MEMBERSHIPS["beta"]
    try:
        hosts.change(table.system_dn("beta"), "trMembership", membership)
        name, = doctor(hosts, "host@" + hosts.beta.host).of("name", "wrong")
    finally:
        hosts.change(table.system_dn("beta"), "trMembership", *before)
    assert name["text"] == text.format(front=front, beta=hosts.beta.host,
                                       realm=table.REALM)


def test_name_that_is_an_alias(hosts, renamed):
    front = table.host("gate")
    hosts.realm.add({hosts.scratch.join("gate.keytab"): ["host/" + front]})
    renamed(hosts.beta, front)
    assert wrong(doctor(hosts, "host@" + hosts.beta.host)) == [
        "name", "target"]
    with policies.alias(hosts, "beta", front):
        findings = doctor(hosts, "host@" + hosts.beta.host)
    assert wrong(findings) == []
    assert findings.of("name", "good")[-1]["text"] == \
        "the ticket is for host/%s@%s" % (front, table.REALM)


def test_name_of_this_host(hosts, renamed):
    name = doctor(hosts).of("name", "good")[0]
    assert name["text"] == hosts.alpha.host + ", as in the table"
    inner = table.host("inner")
    renamed(hosts.alpha, inner)
    name, = doctor(hosts).of("name", "note")
    assert inner + ", which is no name of system" in name["text"]
    assert "--alias" in name["mend"]
    with policies.alias(hosts, "alpha", inner):
        assert doctor(hosts).of("name", "good")[0]["text"].startswith(inner)


def test_target_without_common_trust_realm(world):
    findings = doctor(world, "host@" + table.host("delta"))
    assert wrong(findings) == ["target"]
    target, = findings.of("target", "wrong")
    assert "trust realm" in target["text"]
    assert "system join" in target["mend"]
    assert target["mend"].endswith("trustrealm explain --from %s --to %s" % (
        world.alpha.host, table.host("delta")))


@pytest.mark.usefixtures("several_uids")
def test_user_without_rule(world):
    target, = doctor(world, "host@" + world.beta.host, uid=STRANGER).of(
        "target", "wrong")
    assert "no rule of the policy matches" in target["text"]
    assert "[rules] of trustrealm.conf" in target["mend"]


def test_table_whose_source_is_away(make_world):
    """It is decided by still; that is not good, nor wrong yet."""
    world = make_world(run=("alpha",))
    assert doctor(world).of("table", "good")
    world.directory.kill()
    eventually(lambda: doctor(world).of("table", "note"), what="noticed")
    findings = doctor(world)
    assert wrong(findings) == []
    assert "source" in findings.of("table", "note")[0]["mend"]


def test_stale_table(make_world):
    world = make_world(run=("alpha",), changes={
        "alpha": {"table": {"maximum-staleness": "3s"}}})
    assert wrong(doctor(world)) == []
    world.directory.kill()
    eventually(lambda: wrong(doctor(world)) == ["table"], what="stale")
    assert "too old" in doctor(world).of("table", "wrong")[0]["text"]


def loaded(world):
    """A server that has got its key, and so the plugin."""
    return world.server("beta", options=("-S", "sample@" + table.host("beta")))


def test_program_with_the_plugin(world):
    server = loaded(world)
    findings = doctor(world, "--pid", str(server.pid), uid=0)
    assert wrong(findings) == []
    assert any("has loaded the plugin" in f["text"]
               for f in findings.of("program", "good")), findings


@pytest.fixture
def start():
    """Start a program on alpha that does this (in Python) and goes on; the
    findings of the doctor about it."""
    started = []

    def examine(world, text="", before=(), **options):
        process = world.alpha.spawn(
            [*before, "/usr/bin/python3", "-c", "import ctypes, os, struct\n" +
             text + "\nprint(os.getpid(), flush=True)\nos.read(0, 1)"],
            "program", with_stdin=True, **options)
        started.append(process)
        pid = process.wait_for(r"^(\d+)$").group(1)
        return doctor(world, "--pid", pid, uid=0)
    yield examine
    for process in started:
        process.stop()


def told(findings, verdict, text):
    """What is found of the program, or the advice, has text."""
    return [f for f in findings.of("program", verdict)
            if text in f["text"] or text in (f["mend"] or "")]


def test_program_without_libgssapi(world, start):
    assert told(start(world), "note", "has not loaded libgssapi")


def test_program_with_libgssapi_alone(world, start):
    """It has used no Kerberos yet."""
    findings = start(world, "ctypes.CDLL('libgssapi_krb5.so.2')")
    assert told(findings, "note", "not (yet) the plugin")


def test_program_with_a_kerberos_of_its_own(world, start):
    """By the file that it has loaded: Heimdal's has this name."""
    library = shutil.copy(world.staged("tests/integration/.libs/shifted.so"),
                          world.scratch.join("bin/libgssapi.so.3"))
    findings = start(world, "ctypes.CDLL(%r)" % library)
    assert wrong(findings) == ["program"]
    assert told(findings, "wrong", "Kerberos library of its own")


def test_plugin_that_was_replaced(world):
    """As by an upgrade, under a program that runs."""
    server = loaded(world)
    plugin = world.scratch.join("bin/mech_trustrealm.so")
    os.rename(shutil.copy2(plugin, plugin + ".new"), plugin)
    findings = doctor(world, "--pid", str(server.pid), uid=0)
    assert wrong(findings) == ["program"]
    assert told(findings, "wrong", "replaced since")[0]["mend"] == \
        "restart it"
    server = loaded(world)
    assert wrong(doctor(world, "--pid", str(server.pid), uid=0)) == []


def test_program_with_mounts_of_its_own(hosts, start):
    findings = start(hosts, before=[
        "unshare", "-m", "sh", "-c",
        "mount -t tmpfs none /etc/gss/mech.d; exec \"$@\"", "sh"])
    assert wrong(findings) == []
    other, = told(findings, "note", "in mounts of its own")
    assert "another /etc/gss/mech.d " in other["text"]
    assert "BindPaths=" in other["mend"]


def test_program_with_another_root(hosts, start):
    findings = start(hosts, "os.chroot('/srv')")
    unseen = told(findings, "wrong", "does not see")
    assert len(unseen) == 3 and wrong(findings) == 3 * ["program"]
    for path in ("/etc/gss/mech.d", "/mech_trustrealm.so", "/socket"):
        assert any(path + ": it has another root" in f["text"]
                   for f in unseen)


#: A filter that lets everything pass.
SECCOMP = """
libc = ctypes.CDLL(None)
code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7fff0000))
filter = struct.pack("HP", 1, ctypes.addressof(code))
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, filter) == 0
"""


def test_program_with_a_system_call_filter(world, start):
    with open("/proc/self/status") as status:
        inherited = "\nSeccomp:\t0\n" not in status.read()
    assert bool(told(start(world), "note", "seccomp")) == inherited
    found, = told(start(world, SECCOMP), "note", "seccomp")
    assert "sendmsg" in found["mend"] and "AF_UNIX" in found["mend"]


def test_program_that_was_told_otherwise(world, start):
    env = {"GSS_MECH_CONFIG": "/dev/null", "TRUSTREALM_SOCKET": "/x"}
    findings = start(world, env=env)
    for one in env.items():
        found, = told(findings, "note", "started with %s=%s" % one)
        assert "ignores" not in found["text"]


@pytest.mark.usefixtures("several_uids")
def test_setuid_program_that_was_told_otherwise(world, start):
    python = shutil.copy(os.path.realpath("/usr/bin/python3"),
                         world.scratch.join("bin/python-setuid"))
    os.chown(python, as_uid(SERVICE), as_uid(SERVICE))
    os.chmod(python, 0o4755)
    findings = start(world, before=[
        "sh", "-c", "shift; exec %s \"$@\"" % python, "sh"],
        uid=as_uid(STAFF), env={"GSS_MECH_CONFIG": "/dev/null"})
    found, = told(findings, "note", "GSS_MECH_CONFIG=/dev/null")
    assert "ignores it" in found["text"]


@pytest.mark.usefixtures("several_uids")
def test_program_of_another_user(world):
    """What cannot be looked into is said to be so."""
    process = world.scratch.spawn(["/bin/sleep", "600"], "sleeper")
    findings = doctor(world, "--pid", str(process.pid))
    process.stop()
    assert wrong(findings) == []
    found, = told(findings, "note", "cannot be looked into")
    assert found["mend"] == "ask as root"


def test_there_is_no_such_program(world):
    findings = doctor(world, "--pid", "4194305")
    assert wrong(findings) == ["program"]
    assert "ps" in findings.of("program", "wrong")[0]["mend"]
