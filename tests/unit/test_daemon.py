# tests/unit/test_daemon.py - trustrealmd by itself: start, reload, stop
# SPDX-License-Identifier: BSD-2-Clause
"""One daemon with a keytab that no KDC knows and a table from a file."""

import concurrent.futures
import os
import re
import signal
import socket
import struct
import time

import pytest

from testlib import servers, table
from testlib.call import PREPARE, call
from testlib.process import (base_environment, children_of, descriptors_of,
                             eventually, run)
from testlib.scratch import Scratch
from testlib.system import System
from testlib.world import socket_directory

AES256_SHA1 = 18
UP_TO_DATE = "up to date"       # what the status says of the table


def keytab(principal):
    """A keytab of version 2 with one key."""
    name, realm = principal.split("@")

    def counted(octets):
        return struct.pack(">H", len(octets)) + octets
    parts = name.encode().split(b"/")
    entry = struct.pack(">H", len(parts)) + counted(realm.encode())
    entry += b"".join(counted(p) for p in parts)
    entry += struct.pack(">IIBH", 1, 0, 1, AES256_SHA1)
    entry += counted(os.urandom(32))
    return b"\x05\x02" + struct.pack(">i", len(entry)) + entry


class Alone:
    """As much of a World as a System needs."""

    def __init__(self):
        self.scratch = Scratch()
        self.realm = self
        self.qualify("example.test")
        self.ldif = self.scratch.join("table.ldif")
        self.write_table(table.entries())
        self.alpha = System(self, "alpha", "ministry",
                            {"source": "ldif:" + self.ldif})
        self.scratch.write("alpha.keytab", keytab(
            "trustrealm/%s@%s" % (self.alpha.host, table.REALM)))
        self.alpha.rule("all", os.geteuid(), "open", "grave")

    def qualify(self, domain):
        """Have host names without one belong to domain, for Kerberos."""
        self.krb5_conf = self.scratch.write(
            "krb5.conf", "[libdefaults]\ndefault_realm = %s\n"
            "dns_lookup_kdc = false\ndns_canonicalize_hostname = false\n"
            "qualify_shortname = %s\n"
            "[realms]\n%s = {\nkdc = 127.0.0.1:1\n}\n"
            % (table.REALM, domain, table.REALM), 0o644)

    def environment(self):
        return dict(base_environment(), KRB5_CONFIG=self.krb5_conf)

    def program(self, name):
        return servers.built("tools/" + name)

    def write_table(self, entries):
        self.scratch.write("table.ldif", table.ldif(entries), 0o644)

    def check(self):
        """trustrealmd -t"""
        self.alpha.write_config()
        return run([self.program("trustrealmd"), "-t", "-c",
                    self.alpha.config_path], check=False,
                   env=dict(self.environment(),
                            TMPDIR=self.scratch.mkdir("tmp")))


@pytest.fixture
def alone():
    made = Alone()
    yield made
    made.scratch.close()


@pytest.fixture
def alpha(alone):
    alone.alpha.start()
    return alone.alpha


def generation(system):
    return system.status()["table"]["generation"]


# --- the configuration --------------------------------------------------

def test_a_good_configuration_passes(alone):
    result = alone.check()
    assert result.status == 0
    assert result.out == alone.alpha.config_path + ": good\n"


@pytest.mark.parametrize("section, key, value, says", [
    ("system", "keytab", "FILE:/nonexistent", "No such file|not found"),
    ("system", "principal", "trustrealm/other", "no AES key"),
    ("system", "socket", "/nonexistent/socket", "No such file"),
    ("system", "state-directory", "/nonexistent/a", "No such file"),
    ("table", "source", "ldif:/nonexistent", "No such file"),
    ("audit", "target", "file:/nonexistent/a", "No such file"),
    ("policy", "backend", "guess", "policy expected"),
    ("system", "sockets", "/x", "unknown key"),
    ("policy", "trust-realms", "enginering", "no such trust realm"),
    ("policy", "bypass-to", "host/*@EXAMPLE.TEST", "without allow-bypass"),
])
def test_a_bad_configuration_is_named(alone, section, key, value, says):
    alone.alpha.config[section][key] = value
    result = alone.check()
    assert result.status == 1
    assert result.out == ""
    line, = result.err.splitlines()
    assert line.startswith("%s: [%s] %s = %s: " % (
        alone.alpha.config_path, section, key, value))
    assert re.search(says, line)


def test_directory_of_the_usual_socket_is_made_later(alone):
    """By systemd, for the service; it goes when that stops."""
    if os.path.exists(socket_directory()):
        pytest.skip("there is %s on this machine" % socket_directory())
    alone.alpha.config["system"]["socket"] = socket_directory() + "/socket"
    assert alone.check().status == 0


@pytest.mark.parametrize("section, sub, key, value, says", [
    ("attributes", "posture", "command", "/nonexistent/a -x", "No such file"),
    ("services", "host", "bypass", "*@EXAMPLE.TEST", "without allow-bypass"),
])
def test_a_bad_subsection_is_named(alone, section, sub, key, value, says):
    alone.alpha.config[section][sub] = {key: value}
    result = alone.check()
    assert result.status == 1
    line, = result.err.splitlines()
    assert line.startswith("%s: [%s] %s: %s = %s: " % (
        alone.alpha.config_path, section, sub, key, value))
    assert says in line


@pytest.mark.parametrize("uid, highest, good", [
    ("20001", "official", False),
    ("20001", "grave:cipher,antenna", True),    # no less than staff
    ("20000", "official", True),                # another user
    (None, "official", False),
    ("0", "official", True),                    # root needs no namespace
])
def test_groups_that_take_away_are_named(alone, uid, highest, good):
    """A user may give up groups in a namespace.  It is told where such rules
    are tested and where they are taken, and hinders neither."""
    config = alone.alpha.config
    config["policy"]["rules"] = ["guests", "staff"]
    config["rules"] = {
        "staff": {"uid": "20001", "lowest": "open",
                  "highest": "grave:cipher"},
        "guests": {"gid": "20005", "lowest": "open", "highest": highest}}
    if uid is not None:
        config["rules"]["guests"]["uid"] = uid
    warning = ("[policy] rules = guests: who gives up this group gets the "
               "range of staff\n")
    result = alone.check()
    assert result.status == 0
    assert (": warning: " + warning in result.err) == (not good)
    alone.alpha.start()
    assert (warning in alone.alpha.log()) == (not good)


def test_a_bad_table_is_named_before_it_is_used(alone):
    good = table.entries()
    alone.write_table(good + [good[-1].replace("trLevelMap", "trLevelMop")])
    result = alone.check()
    assert result.status == 1
    assert "trLevelMop: no such attribute" in result.err
    assert os.listdir(alone.scratch.mkdir("tmp")) == []


def test_names_are_looked_for_in_the_table_that_is_kept(alone):
    """The directory need not answer for that."""
    alone.alpha.config["policy"]["trust-realms"] = "engineering enginering"
    alone.alpha.start()
    alone.alpha.stop()
    alone.alpha.config["table"] = {"source": "ldap://127.0.0.1:1",
                                   "base": table.BASE}
    result = alone.check()
    assert result.status == 1
    line, = result.err.splitlines()
    assert "[policy] trust-realms = enginering: no such trust realm" in line


def test_usage():
    program = servers.built("tools/trustrealmd")
    assert run([program, "--help"]).out.startswith("usage: trustrealmd ")
    assert run([program, "--version"]).out.startswith("trustrealmd ")
    assert run([program, "-x"], check=False).status == 2
    assert run([program, "extra"], check=False).status == 2
    # The follower's option needs the daemon's socket.
    assert run([program, "-F", "/dev/null"], check=False).status == 2


# --- start and stop -----------------------------------------------------

def test_stop_leaves_nothing(alone, alpha):
    assert os.path.exists(alpha.socket)
    assert alpha.stop() == 0
    assert not os.path.exists(alpha.socket)
    assert "stopped" in alpha.log()


def test_a_new_instance_has_another_epoch(alpha):
    before = alpha.status()
    alpha.restart()
    after = alpha.status()
    assert before["instance"] != after["instance"]
    assert before["epoch"] != after["epoch"]
    assert before["table"]["generation"] == after["table"]["generation"]


def test_a_killed_daemon_is_followed_by_another(alpha):
    alpha.kill()
    assert os.path.exists(alpha.socket)
    alpha.start()
    assert alpha.status()["system"] == alpha.host


def test_an_epoch_ends_even_if_the_next_one_cannot_start(alpha):
    """Who keeps a decision looks for its epoch: a killed daemon leaves it."""
    directory = os.path.join(os.path.dirname(alpha.socket), "epoch")
    assert os.listdir(directory) == [str(alpha.status()["epoch"])]
    alpha.kill()
    assert len(os.listdir(directory)) == 1
    os.unlink(alpha.keytab)
    alpha.start(wait=False)
    eventually(lambda: not alpha.running(), what="its end")
    assert os.listdir(directory) == []


def test_an_epoch_that_cannot_be_shown_is_logged_once(alpha):
    directory = os.path.join(os.path.dirname(alpha.socket), "epoch")
    name, = os.listdir(directory)
    os.unlink(os.path.join(directory, name))
    os.mkdir(os.path.join(directory, name))
    alpha.reload()
    eventually(lambda: "the epoch cannot be shown" in alpha.log())
    time.sleep(1)               # it is tried several times in a second
    os.rmdir(os.path.join(directory, name))
    eventually(lambda: "the epoch is shown again" in alpha.log())
    assert alpha.log().count("the epoch cannot be shown") == 1
    assert alpha.log().count("the epoch is shown again") == 1
    assert os.listdir(directory) == [str(alpha.status()["epoch"])]


@pytest.mark.parametrize("mode", [0o720, 0o1777])
def test_state_directory_of_others(alone, mode):
    """Nobody else can have put anything there."""
    alone.alpha.start()
    alone.alpha.stop()
    state = alone.alpha.path + "/state"
    os.chmod(state, mode)
    alone.alpha.start(wait=False)
    eventually(lambda: not alone.alpha.running(), what="its end")
    assert state + ": others may write to it" in alone.alpha.log()
    assert ("[system] state-directory = %s: others may write to it" % state
            in alone.check().err)


def test_one_daemon_for_a_state_directory(alone, alpha):
    result = run([alone.program("trustrealmd"), "-d", "-c",
                  alpha.config_path], env=alone.environment(), check=False)
    assert result.status == 1
    assert "in use by another trustrealmd" in result.err
    assert alpha.status()["system"] == alpha.host


def test_without_a_key_it_does_not_start(alone):
    os.unlink(alone.alpha.keytab)
    alone.alpha.start(wait=False)
    eventually(lambda: not alone.alpha.running(), what="its end")
    assert alone.alpha.stop() == 1
    assert "cannot start" in alone.alpha.log()
    assert not os.path.exists(alone.alpha.socket)


@pytest.fixture
def systemd():
    with open(servers.built("config.h")) as header:
        if "#define HAVE_SYSTEMD 1" not in header.read():
            pytest.skip("built without systemd")


def test_systemd_may_open_the_socket(alone, systemd):
    alpha = alone.alpha
    alpha.write_config()
    daemon = alone.scratch.spawn(
        ["python3", "-c",
         "import os, socket, sys\n"
         "s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
         "s.bind(sys.argv[1])\n"
         "s.listen()\n"
         "os.dup2(s.fileno(), 3)\n"
         "os.set_inheritable(3, True)\n"
         "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))\n"
         "os.execv(sys.argv[2], sys.argv[2:])\n",
         alpha.socket, alone.program("trustrealmd"), "-d", "-c",
         alpha.config_path], "activated", env=alone.environment())
    daemon.wait_for("started")
    assert alpha.status()["system"] == alpha.host
    assert daemon.stop() == 0
    # It is systemd's, which goes on listening.
    assert os.path.exists(alpha.socket)


@pytest.fixture
def told(alone, systemd):
    """What alone's daemon tells systemd."""
    path = alone.scratch.join("notify")
    environment = alone.environment
    alone.environment = lambda: dict(environment(), NOTIFY_SOCKET=path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(path)
        told.settimeout(10)
        yield told


def test_systemd_is_told(alone, told):
    alone.alpha.start()
    assert told.recv(1024) == b"READY=1"
    alone.alpha.reload()
    assert told.recv(1024).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
    assert told.recv(1024) == b"READY=1"
    alone.alpha.stop()
    assert told.recv(1024) == b"STOPPING=1"


def test_the_watchdog_is_told_only_while_the_daemon_lives(alone, told):
    environment = alone.environment
    alone.environment = lambda: dict(environment(), WATCHDOG_USEC="10000000")
    alone.alpha.start()
    assert told.recv(1024) == b"READY=1"
    for _ in range(2):
        assert told.recv(1024) == b"WATCHDOG=1"
    alone.alpha.freeze()
    told.settimeout(3)
    with pytest.raises(TimeoutError):
        for _ in range(20):         # what it said before
            told.recv(1024)
    alone.alpha.thaw()
    assert told.recv(1024) == b"WATCHDOG=1"


# --- reload -------------------------------------------------------------

def reloaded(system, says):
    """Reload; wait until the log says it once more."""
    def times():
        return len(re.findall(says, system.log(), re.MULTILINE))
    before = times()
    system.reload()
    eventually(lambda: times() > before, what=says)


def test_a_reload_raises_the_epoch(alpha):
    before = alpha.status()
    alpha.config["attributes"]["zone"] = "secure"
    reloaded(alpha, "trustrealmd: reloaded$")
    after = alpha.status()
    assert after["epoch"] > before["epoch"]
    assert after["instance"] == before["instance"]
    assert after["attributes"] == ["zone=secure"]


def test_a_bad_reload_keeps_the_old_configuration(alpha):
    alpha.config["attributes"]["zone"] = "secure"
    alpha.config["policy"]["rules"] = ["missing"]
    reloaded(alpha, "the old configuration stays in use")
    assert "rules = missing: [rules] has no subsection missing" in alpha.log()
    assert alpha.status()["attributes"] == []
    alpha.config["policy"]["rules"] = ["all"]
    reloaded(alpha, "trustrealmd: reloaded$")
    assert alpha.status()["attributes"] == ["zone=secure"]


@pytest.mark.parametrize("key", ["name", "principal", "keytab",
                                 "state-directory", "socket"])
def test_some_keys_need_a_restart(alpha, key):
    alpha.config["system"][key] += "x"
    reloaded(alpha, key + " cannot change without a restart")
    alpha.config["system"][key] = alpha.config["system"][key][:-1]
    reloaded(alpha, "trustrealmd: reloaded$")


def test_the_host_name_is_asked_for_once(alone):
    """A reload does not wait for DNS, and takes no other name from it."""
    del alone.alpha.config["system"]["name"]
    alone.alpha.start()
    alone.qualify("elsewhere.test")
    reloaded(alone.alpha, "trustrealmd: reloaded$")


def test_a_lost_key_keeps_the_old_one(alpha):
    os.unlink(alpha.keytab)
    reloaded(alpha, "except for the keytab: the old keys stay in use")
    assert alpha.running()


def ask(system, octets):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.connect(system.socket)
        s.send(octets)
        return s.recv(4096)


def test_without_a_default_realm(alone):
    """It is the system's own, and nobody asks DNS for another."""
    alone.scratch.write("krb5.conf", "[libdefaults]\n"
                        "dns_lookup_realm = true\n", 0o644)
    alone.alpha.config["system"]["principal"] += "@" + table.REALM
    alone.alpha.start()
    assert ask(alone.alpha, call(PREPARE, "sample/elsewhere", "", 0))
    record = alone.alpha.audit.wait(event="prepare")
    assert record["target"] == "sample/elsewhere@" + table.REALM


def test_the_audit_file_is_opened_again(alpha):
    def ask_nonsense():
        ask(alpha, b"nonsense")

    ask_nonsense()
    assert alpha.audit.wait(event="request", result="deny")
    os.rename(alpha.audit.path, alpha.audit.path + ".1")
    reloaded(alpha, "trustrealmd: reloaded$")
    ask_nonsense()
    alpha.audit.wait(event="request")
    assert len(alpha.audit.since()) == 1


# --- the table ----------------------------------------------------------

def test_a_changed_file_is_taken(alone, alpha):
    before = alpha.status()
    alone.write_table([e for e in table.entries() if "gamma" not in str(e)])
    eventually(lambda: generation(alpha) > before["table"]["generation"])
    after = alpha.status()
    assert after["epoch"] > before["epoch"]
    assert after["table"]["systems"] == before["table"]["systems"] - 1


def test_a_damaged_table_is_filled_again(alone, alpha):
    """By itself, and it is told."""
    before = generation(alpha)
    with open(os.path.join(alpha.path, "state/table/data.mdb"),
              "r+b") as file:
        octets = file.read()
        assert b"gamma" in octets
        file.seek(0)
        file.write(octets.replace(b"gamma", b"gamxa"))
    alone.write_table([e for e in table.entries() if "gamma" not in str(e)])
    eventually(lambda: generation(alpha) > before)
    assert "table.ldif: a record is damaged\n" in alpha.log()
    assert alpha.status()["table"]["state"] == UP_TO_DATE


def write_slowly(path, text):
    """The longest pause in it."""
    longest, last = 0, time.monotonic()
    with open(path, "w") as out:
        for place in range(0, len(text), len(text) // 60):
            out.write(text[place:place + len(text) // 60])
            out.flush()
            longest = max(longest, time.monotonic() - last)
            last = time.monotonic()
            time.sleep(0.02)
    return longest


def test_a_file_that_is_being_written_is_not_taken(alone, alpha):
    """A quarter of a second without a change, and it is taken for whole."""
    text = table.ldif(table.entries())
    for _ in range(20):
        before = alpha.status()["table"]
        seen = set()
        with concurrent.futures.ThreadPoolExecutor() as executor:
            writing = executor.submit(write_slowly, alone.ldif, text)
            while not writing.done():
                seen.add(alpha.status()["table"]["systems"])
        if writing.result() < 0.2:
            break
        # The machine stood still, which says nothing.
        eventually(lambda: alpha.status()["table"]["systems"] ==
                   before["systems"])
    assert writing.result() < 0.2
    assert seen == {before["systems"]}
    eventually(lambda: alpha.status()["table"]["state"] == UP_TO_DATE)
    assert generation(alpha) == before["generation"]


def test_a_bad_file_keeps_the_old_table(alone, alpha):
    before = alpha.status()["table"]
    text = table.ldif(table.entries())
    alone.scratch.write("table.ldif", text.replace("trDOI: 2001",
                                                   "trDOI: no"), 0o644)
    eventually(lambda: alpha.status()["table"]["state"] != UP_TO_DATE)
    after = alpha.status()["table"]
    assert "trDOI" in after["state"]
    assert after["generation"] == before["generation"]
    assert after["realms"] == before["realms"]
    assert after["state"] in alpha.log()
    alone.scratch.write("table.ldif", text, 0o644)
    eventually(lambda: alpha.status()["table"]["state"] == UP_TO_DATE)


def test_without_its_file_the_table_grows_old(alone):
    alpha = alone.alpha
    alpha.config["table"].update({"maximum-staleness": "3s"})
    alpha.start()
    time.sleep(4)
    fresh = alpha.status()
    assert not fresh["table"]["stale"]
    os.unlink(alone.ldif)
    eventually(lambda: alpha.status()["table"]["stale"])
    stale = alpha.status()
    assert stale["epoch"] > fresh["epoch"]
    assert stale["table"]["stale_realms"] == stale["table"]["realms"]
    alone.write_table(table.entries())
    eventually(lambda: not alpha.status()["table"]["stale"])
    assert alpha.status()["epoch"] > stale["epoch"]


def test_the_table_outlives_a_missing_file(alone, alpha):
    before = alpha.status()["table"]
    alpha.stop()
    os.unlink(alone.ldif)
    alpha.start()
    eventually(lambda: "No such file" in alpha.status()["table"]["state"])
    after = alpha.status()["table"]
    assert after["generation"] == before["generation"]
    assert after["fresh"] == before["fresh"]


def test_a_file_is_looked_at_before_the_first_answer(alone, alpha):
    before = alpha.status()["table"]
    for count in range(5):
        alpha.stop()
        # Another file each time: with and without one of the systems.
        alone.write_table([e for e in table.entries()
                           if count % 2 or "gamma" not in str(e)])
        alpha.start()
        after = alpha.status()["table"]
        assert after["systems"] == before["systems"] - (count + 1) % 2
        assert after["state"] == UP_TO_DATE


def test_a_membership_that_ends_raises_the_epoch(alone, alpha):
    end = int(time.time()) + 4
    text = table.ldif(table.entries())
    line = re.search("(trMembership: .*)", text).group(1)
    before = alpha.status()
    alone.scratch.write("table.ldif", text.replace(line, line + time.strftime(
        " %Y%m%d%H%M%SZ", time.gmtime(end)), 1), 0o644)
    # Once for the change, and once for the end.
    eventually(lambda: alpha.status()["epoch"] == before["epoch"] + 2)
    assert time.time() >= end
    assert generation(alpha) == before["table"]["generation"] + 1


# --- environment attributes ---------------------------------------------

@pytest.fixture
def probe(alone):
    """A command whose answer is the text of the file 'answer'."""
    answer = alone.scratch.join("answer")
    alone.scratch.write("answer", "compliant\n")
    alone.alpha.config["attributes"] = {
        "zone": "secure",
        "posture": {"command": "/bin/cat " + answer, "interval": "1s",
                    "timeout": "10s"}}
    alone.alpha.start()
    wait_for_attributes(alone.alpha, "posture=compliant", "zone=secure")
    return alone


def wait_for_attributes(system, *expected):
    eventually(lambda: sorted(system.status()["attributes"]) ==
               sorted(expected), what="attributes %s" % (expected,))


def test_an_attribute_that_changes_raises_the_epoch(probe):
    before = probe.alpha.status()["epoch"]
    time.sleep(1.5)
    assert probe.alpha.status()["epoch"] == before
    probe.scratch.write("answer", "infected\n")
    wait_for_attributes(probe.alpha, "posture=infected", "zone=secure")
    assert probe.alpha.status()["epoch"] > before


@pytest.mark.parametrize("answer", ["", "two words\n", "\x01\n",
                                    "x" * 300 + "\n"])
def test_an_answer_that_is_no_value_is_none(probe, answer):
    probe.scratch.write("answer", answer)
    wait_for_attributes(probe.alpha, "zone=secure")


def test_a_failed_command_leaves_the_attribute_absent(probe):
    os.unlink(probe.scratch.join("answer"))
    wait_for_attributes(probe.alpha, "zone=secure")
    assert "command exited with status 1" in probe.alpha.log()


def test_a_late_command_leaves_the_attribute_absent(probe):
    probe.alpha.config["attributes"]["posture"]["timeout"] = "1s"
    reloaded(probe.alpha, "trustrealmd: reloaded$")
    path = probe.scratch.join("answer")
    os.mkfifo(path + ".late")
    os.rename(path + ".late", path)     # so that no command finds none
    wait_for_attributes(probe.alpha, "zone=secure")
    assert "command timed out after 1 s" in probe.alpha.log()
    # It is not left behind, and asked again.
    os.unlink(path)
    probe.scratch.write("answer", "compliant\n")
    wait_for_attributes(probe.alpha, "posture=compliant", "zone=secure")
    # All that is left is the process that follows the table.
    pid = probe.alpha.status()["pid"]
    eventually(lambda: len(children_of(pid)) == 1,
               what="end of the late command")


def test_a_reload_keeps_what_a_command_said(probe):
    reloaded(probe.alpha, "trustrealmd: reloaded$")
    assert "posture=compliant" in probe.alpha.status()["attributes"]


# --- the follower -------------------------------------------------------

@pytest.fixture
def followed(alone):
    """A directory that is not there."""
    alone.alpha.config["table"] = {
        "source": "ldap://127.0.0.1:1", "base": table.SUFFIX,
        "maximum-staleness": "1h", "retry": "1s"}
    alone.alpha.start(wait=False)
    eventually(lambda: os.path.exists(alone.alpha.socket))
    eventually(lambda: alone.alpha.status()["table"]["state"] != "starting")
    return alone.alpha


def test_a_directory_that_is_away_is_said_to_be(followed):
    status = followed.status()["table"]
    assert status["stale"] and status["age"] is None
    assert status["fresh"] == 0
    assert ": unavailable: " in followed.log()


def test_a_follower_that_dies_is_started_again(followed):
    first, = children_of(followed.status()["pid"])
    os.kill(first, signal.SIGKILL)
    eventually(lambda: children_of(followed.status()["pid"]) not in
               ([], [first]), what="another follower")
    assert "follower was killed by signal 9" in followed.log()


def test_the_follower_has_neither_key_nor_plugin(followed):
    follower, = children_of(followed.status()["pid"])
    with open("/proc/%d/environ" % follower) as environ:
        variables = dict(v.split("=", 1)
                         for v in environ.read().split("\0") if v)
    assert variables["GSS_MECH_CONFIG"] == "/dev/null"
    assert variables["KRB5_KTNAME"] == "FILE:/dev/null"
    assert variables["KRB5CCNAME"] == \
        "FILE:" + followed.path + "/state/ldap.ccache"
    assert not [name for name in descriptors_of(follower).values()
                if "keytab" in name or name.endswith("record.key") or
                "memfd" in name]


def test_the_follower_dies_with_the_daemon(followed):
    def gone():
        try:
            with open("/proc/%d/stat" % follower) as stat:
                return stat.read().split(") ")[1][0] == "Z"
        except (FileNotFoundError, ProcessLookupError):
            return True
    follower, = children_of(followed.status()["pid"])
    os.kill(followed.status()["pid"], signal.SIGKILL)
    eventually(gone, what="end of the follower")
