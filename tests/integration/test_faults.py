# tests/integration/test_faults.py - network, disk, clock or server fail
# SPDX-License-Identifier: BSD-2-Clause
"""Nothing is allowed that should not be, status and log say what is wrong,
and the daemon comes back by itself when it is right again."""

import os
import re
import shutil
import time

import pytest

from testlib import servers, table
from testlib.agent import Refused, establish
from testlib.directory import Mirror
from testlib.process import eventually
from testlib.tool import trustrealm
from testlib.world import SERVICE

TARGET = "sample@beta.example.test"
WITHDRAWN = "corporate OPEN RESTRICTED:HR"


def allowed(world):
    """alpha may begin."""
    _, token = world.agent("alpha").initiate(TARGET)
    return bool(token)


def refused(world, step, code):
    """alpha refuses to begin, at this step, for this reason."""
    mark = world.alpha.audit.mark()
    with pytest.raises(Refused):
        world.agent("alpha").initiate(TARGET)
    record = world.alpha.audit.wait(mark, result="deny")
    assert (record["step"], record["code"]) == (step, code)
    return record["reason"]


def wait_state(system, text):
    """Status says so, and so does the log."""
    eventually(lambda: text in system.status()["table"]["state"] and
               text in system.log(), what="state " + text)


def check(system):
    """(exit status, what a monitor is told)"""
    status, told, complaint = trustrealm("status", "--check", "--socket",
                                         system.socket)
    assert complaint == ""
    return status, told


# --- two servers --------------------------------------------------------

@pytest.fixture
def two(make_world):
    """(world, mirror): the systems are to use the first server, then that."""
    world = make_world(run=())
    mirror = Mirror(world.directory)
    mirror.create()
    mirror.start()
    for system in world.alpha, world.beta:
        system.config["table"]["source"] = "%s %s" % (world.directory.uri,
                                                      mirror.uri)
        system.start(wait=False)
    for system in world.alpha, world.beta:
        system.wait_ready()
    return world, mirror


def test_another_server_takes_over(two):
    world, mirror = two
    ends = establish(world.agent("alpha"), world.agent("beta", None, SERVICE),
                     TARGET, flags=["mutual"])
    world.directory.kill()
    mirror.replace(table.system_dn("beta"), "trMembership")

    def both_refuse():
        for end in ends:
            try:
                end.wrap(b"x")
                return False
            except Refused:
                pass
        return True
    eventually(both_refuse, what="refusals")
    refused(world, "S5", "TRR_NO_COMMON")
    eventually(lambda: world.alpha.status()["table"]["state"] == "up to date")


def test_a_server_that_is_behind_is_not_believed(two):
    world, mirror = two
    mirror.stop()
    before = world.alpha.table_generation()
    world.directory.replace(table.system_dn("beta"), "trMembership")
    eventually(lambda: world.alpha.table_generation() == before + 1)
    world.directory.kill()
    eventually(lambda: world.alpha.status()["table"]["state"] != "up to date")
    killed = time.time()
    mirror.start()
    wait_state(world.alpha, "behind what this system has seen")
    refused(world, "S5", "TRR_NO_COMMON")
    assert world.alpha.table_generation() == before + 1
    # Nor does it make the table any fresher, however often it is asked.
    for _ in range(100):
        assert world.alpha.status()["table"]["fresh"] <= killed
        time.sleep(0.05)

    # The first is back: the other catches up, and either will do.
    world.directory.start()
    eventually(lambda: world.alpha.status()["table"]["state"] == "up to date")
    world.directory.replace(table.system_dn("beta"), "trMembership",
                            "engineering PUBLIC SECRET:CRYPTO")
    eventually(lambda: world.alpha.table_generation() == before + 2)


# --- the clock ----------------------------------------------------------

def behind(system, what):
    """Status, a monitor and the log say by how much, when that is so; how
    much status says."""
    state = "behind " + what
    told = "s %s: everything is refused" % state
    eventually(lambda: system.status()["clock"]["state"] == state)
    status, line = check(system)
    assert (status, told in line) == (2, True), line
    assert told in system.log()
    return system.status()["clock"]["behind"]


def right_again(system, times):
    """Status says that the clock is right, and the log how often it became
    so."""
    eventually(lambda: system.status()["clock"] == {"state": "right",
                                                    "behind": 0})
    assert system.log().count("clock: right again") == times
    assert system.log().count(": everything is refused") == times


def test_a_clock_that_is_behind(make_world):
    """The KDC has vouched for a later time than this system has."""
    world = make_world()
    assert allowed(world)
    world.alpha.stop()
    world.alpha.know_time(3600)
    world.alpha.start()
    assert "behind the latest time known" in refused(world, "S2", "TRR_CLOCK")
    assert 3000 < behind(world.alpha, "the latest time known") <= 3600
    world.alpha.stop()
    os.unlink(os.path.join(world.alpha.path, "state/clock"))
    world.alpha.start()
    assert allowed(world)
    assert world.alpha.status()["clock"]["state"] == "right"


HOUR = 3600


class Clock:
    """The wall clock of alpha's trustrealmd and of what it starts."""

    def __init__(self, world):
        self.scratch = world.scratch
        world.alpha.variables.update(
            TR_SHIFT=self.set(0),
            LD_PRELOAD=world.staged("tests/integration/.libs/shifted.so"))

    def set(self, seconds):
        """Seconds before (-) or after what it is."""
        return self.scratch.write("clock", "%d\n" % seconds, 0o644)


@pytest.fixture
def clocked(make_world):
    """(world, clock of alpha)"""
    world = make_world(run=("beta",))
    clock = Clock(world)
    world.alpha.config["table"]["heartbeat"] = "1s"
    world.alpha.start()
    return world, clock


def table_of(system):
    return system.status()["table"]


def test_a_clock_set_back_brings_nothing_back(clocked):
    """Neither at once, nor when the directory has answered, nor after a
    restart."""
    world, clock = clocked
    assert allowed(world)
    before = world.alpha.table_generation()
    end = time.time() + 3
    world.directory.replace(
        table.system_dn("beta"), "trMembership",
        "engineering PUBLIC SECRET:CRYPTO " +
        time.strftime("%Y%m%d%H%M%SZ", time.gmtime(end)))
    eventually(lambda: world.alpha.table_generation() == before + 1)
    eventually(lambda: time.time() > end, what="the end")
    refused(world, "S5", "TRR_EXPIRED")
    fresh = table_of(world.alpha)["fresh"]
    clock.set(-HOUR)
    refused(world, "S2", "TRR_CLOCK")
    eventually(lambda: table_of(world.alpha)["fresh"] < fresh - HOUR / 2,
               what="an answer, by this clock")
    assert "behind the latest time known" in refused(world, "S2", "TRR_CLOCK")
    behind(world.alpha, "the latest time known")
    world.alpha.restart()
    assert "behind the latest time known" in refused(world, "S2", "TRR_CLOCK")
    behind(world.alpha, "the latest time known")
    clock.set(0)
    eventually(lambda: table_of(world.alpha)["fresh"] >= fresh, what="answer")
    refused(world, "S5", "TRR_EXPIRED")
    right_again(world.alpha, times=1)


def test_a_clock_that_was_ahead_comes_back(clocked):
    """It leaves nothing behind that would have to be put right by hand."""
    world, clock = clocked
    assert allowed(world)
    fresh = table_of(world.alpha)["fresh"]
    clock.set(HOUR)
    eventually(lambda: table_of(world.alpha)["fresh"] > fresh + HOUR / 2,
               what="an answer, by this clock")
    world.directory.stop()
    clock.set(0)
    # Made at a time that is still to come: no table to go by.
    assert "behind the time of the table" in refused(world, "S2", "TRR_CLOCK")
    assert 3000 < behind(world.alpha, "the time of the table") <= 3600
    world.directory.start()
    eventually(lambda: table_of(world.alpha)["fresh"] < fresh + HOUR / 2,
               what="an answer, by the right clock")
    assert allowed(world)
    right_again(world.alpha, times=1)


# --- no ticket for the directory ----------------------------------------

def test_why_there_is_no_ticket_is_told(make_world):
    """What the KDC said, not what SASL makes of it."""
    world = make_world(run=())
    alpha = world.alpha
    alpha.config["table"]["source"] = world.directory.uri.replace(
        "127.0.0.1", "localhost")
    alpha.start(wait=False)
    eventually(alpha.answers, what="the daemon")
    wanted = ("no ticket for ldap/localhost@EXAMPLE.TEST: Server "
              "ldap/localhost@EXAMPLE.TEST not found in Kerberos database")
    wait_state(alpha, wanted)
    eventually(lambda: "bind: No Kerberos credentials available" in
               alpha.status()["table"]["state"])
    assert "SASL" not in alpha.status()["table"]["state"]
    world.realm.stop()
    alpha.stop()
    alpha.start(wait=False)
    eventually(alpha.answers, what="the daemon")
    wait_state(alpha, "Cannot contact any KDC for realm")
    world.realm.start()
    alpha.stop()
    alpha.config["table"]["source"] = world.directory.uri
    alpha.start()
    assert alpha.status()["table"]["state"] == "up to date"


def test_a_directory_without_its_key(make_world):
    """It is the server that lacks a keytab, not this system."""
    world = make_world(run=())
    keytab = world.directory.keytab
    os.rename(keytab, keytab + ".away")
    world.alpha.start(wait=False)
    eventually(world.alpha.answers, what="the daemon")
    wait_state(world.alpha, "bind: the server says: Key table file")
    os.rename(keytab + ".away", keytab)
    world.alpha.restart()
    assert allowed(world)


def test_a_principal_without_preauthentication(make_world):
    """As "addprinc" makes it where that is not the default."""
    world = make_world(run=())
    world.realm.modify("trustrealm/" + world.alpha.host, "-requires_preauth")
    world.alpha.start(wait=False)
    eventually(world.alpha.answers, what="the daemon")
    wait_state(world.alpha, "NO PREAUTH: the principal of this system needs "
               "+requires_preauth")
    world.realm.modify("trustrealm/" + world.alpha.host, "+requires_preauth")
    world.alpha.restart()
    assert allowed(world)


# --- the key of the system ----------------------------------------------

def locked_out(system, cause, why):
    """Status, a monitor and the log say why it cannot log in."""
    eventually(lambda: system.status()["login"]["failed"], what="a failure")
    login = system.status()["login"]
    assert (login["cause"], why in login["error"]) == (cause, True), login
    status, line = check(system)
    assert (status, why in line) == (2, True), line
    eventually(lambda: "cannot get a ticket-granting ticket: " + why in
               system.log(), what="a line of the log")


def logged_in(system):
    eventually(lambda: system.status()["login"]["end"] is not None and
               not system.status()["login"]["failed"], what="a login")
    eventually(lambda: check(system)[0] == 0, what="nothing to tell")


def test_a_key_that_no_longer_fits(make_world):
    world = make_world()
    alpha = world.alpha
    principal = "trustrealm/" + alpha.host
    logged_in(alpha)
    world.realm.set_password(principal, "another")
    alpha.restart()
    locked_out(alpha, "key", "Preauthentication failed")
    assert "Preauthentication failed" in refused(world, "S13", "TRR_NO_KDC")
    assert alpha.status()["login"]["end"] is None
    # With the new key in its keytab, a reload is enough.
    world.realm.key_for(principal, alpha.keytab)
    alpha.reload()
    logged_in(alpha)
    eventually(lambda: allowed_again(world), what="a ticket")
    assert "got a ticket-granting ticket again" in alpha.log()


def allowed_again(world):
    """What failed is not asked for again at once."""
    try:
        return allowed(world)
    except Refused:
        return False


def test_a_key_that_peers_find_out(make_world):
    """Who still has a login notices by what others send him."""
    world = make_world()
    beta = world.beta
    logged_in(beta)
    world.realm.set_password("trustrealm/" + beta.host, "another")
    server = world.server("beta")

    def noticed():
        assert not world.client(server).delivered
        return beta.status()["login"]["failed"]
    eventually(noticed, 30, "the failure")
    assert beta.status()["login"]["end"] > time.time()
    locked_out(beta, "key", "Preauthentication failed")


def test_a_kdc_that_is_away(make_world):
    world = make_world(run=())
    world.realm.stop()
    world.alpha.start(wait=False)
    eventually(world.alpha.answers, what="the daemon")
    eventually(lambda: world.alpha.status()["login"].get("cause") == "kdc",
               what="the cause")
    assert "Cannot contact any KDC" in world.alpha.status()["login"]["error"]
    world.realm.start()
    eventually(lambda: not world.alpha.status()["login"]["failed"], 30,
               "a login")


def test_the_tool_has_no_ticket(make_world):
    world = make_world(run=())
    status, _, complaint = trustrealm(
        "realm", "list", "--uri", world.directory.uri, "--base", table.BASE,
        KRB5_CONFIG=world.realm.config, KRB5CCNAME="FILE:/nonexistent")
    assert status == 3
    assert "bind: No Kerberos credentials available" in complaint
    assert "SASL" not in complaint


# --- the table's file ---------------------------------------------------

def test_a_table_that_is_cut_short(make_world):
    world = make_world()
    assert allowed(world)
    folder = os.path.join(world.alpha.path, "state/table")
    # While it is in use: the daemon ends sooner than it believes it.
    os.truncate(os.path.join(folder, "data.mdb"), 4096)
    eventually(lambda: not world.alpha.running(), what="the end")
    world.alpha.start(wait=False)
    eventually(world.alpha.answers, what="the daemon")
    wait_state(world.alpha, folder)
    refused(world, None, "TRR_TABLE")
    # Its content comes from the directory, when the file is out of the way.
    shutil.rmtree(folder)
    eventually(lambda: world.alpha.status()["table"]["fresh"] > 0,
               what="a new table")
    assert allowed(world)


def test_a_replay_store_that_is_cut_short(make_world):
    """It comes back by itself, and takes nothing that it may have taken."""
    world = make_world()

    def connect():
        establish(world.agent("alpha"), world.agent("beta", None, SERVICE),
                  TARGET, flags=["mutual"])
    connect()
    store = os.path.join(world.beta.path, "state/replay")
    os.truncate(os.path.join(store, "data.mdb"), 8192)
    with pytest.raises(Refused):
        connect()
    eventually(lambda: not world.beta.running(), what="the end")
    world.beta.start()
    assert "%s: damaged or cut short: begun anew" % store in world.beta.log()
    mark = world.beta.audit.mark()
    with pytest.raises(Refused):
        connect()
    record = world.beta.audit.wait(mark, result="deny")
    assert (record["step"], record["code"]) == ("R15", "TRR_REPLAY")
    replay = world.beta.status()["replay"]
    assert not replay["failed"] and 0 < replay["wait"] <= 301
    status, told = check(world.beta)
    assert status == 2 and "replay store has been begun anew" in told


def test_a_table_of_another_format(make_world):
    """As before an upgrade: it is discarded, and made anew."""
    world = make_world()
    assert allowed(world)
    world.alpha.stop()
    world.directory.stop()
    path = os.path.join(world.alpha.path, "state/table/data.mdb")
    with open(path, "r+b") as file:
        content = file.read()
        assert b"format\0\0\0" in content
        file.seek(0)
        file.write(re.sub(rb"format\0\0\0.", b"format\0\0\0\x7f", content,
                          flags=re.DOTALL))
    status, _, complaint = trustrealm("cache", "--table",
                                      os.path.dirname(path))
    assert status == 3
    assert "of another format: trustrealmd makes it anew" in complaint
    world.alpha.start(wait=False)
    eventually(world.alpha.answers, what="the daemon")
    eventually(lambda: "another format and has been discarded"
               in world.alpha.log(), what="the reason")
    with pytest.raises(Refused):
        world.agent("alpha").initiate(TARGET)
    world.directory.start()
    eventually(lambda: world.alpha.status()["table"]["systems"] > 0, 30,
               "a new table")
    assert allowed(world)


# --- two entries of one name --------------------------------------------

CLAIMS = {
    "host name": table.system("mallory", ["engineering PUBLIC SECRET"],
                              [table.host("beta")]),
    "principal": table.system("mallory", ["engineering PUBLIC SECRET"])
    .replace("trustrealm/mallory", "trustrealm/beta"),
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_two_systems_of_one_name(make_world, claim):
    """Neither is one, in whatever order they are seen after a restart."""
    world = make_world()
    alpha = world.alpha
    assert allowed(world)
    world.directory.add(CLAIMS[claim])
    eventually(lambda: alpha.status()["table"]["disputed_names"] == 1, 5)
    refused(world, "S4", "TRR_NO_COMMON")
    for host in "beta", "mallory":
        assert "%s: its %s " % (table.host(host), claim) in alpha.log()
    status, told = check(alpha)
    assert (status, "several entries claim one name" in told) == (1, True)
    # The victim's entry is made anew, and comes last.
    entry = world.directory.search(table.system_dn("beta"))
    world.directory.delete(table.system_dn("beta"))
    eventually(lambda: alpha.status()["table"]["disputed_names"] == 0, 5)
    world.directory.add(entry)
    eventually(lambda: alpha.status()["table"]["disputed_names"] == 1, 5)
    alpha.stop()
    shutil.rmtree(os.path.join(alpha.path, "state/table"))
    alpha.start()
    eventually(lambda: alpha.status()["table"]["disputed_names"] == 1, 5)
    refused(world, "S4", "TRR_NO_COMMON")
    world.directory.delete(table.system_dn("mallory"))
    eventually(lambda: alpha.status()["table"]["disputed_names"] == 0, 5)
    assert allowed(world)


# --- network and disk ---------------------------------------------------

@pytest.fixture(scope="module")
def hosts(make_hosts):
    return make_hosts(run=("alpha", "beta"), changes={"alpha": {"table": {
        "heartbeat": "1s", "maximum-staleness": "5s"}}})


def test_the_network_is_parted(hosts):
    world = hosts
    assert allowed(world)
    world.network.run(["ip", "link", "set", "v-alpha", "down"])
    eventually(lambda: world.alpha.status()["table"]["stale"])
    assert "s old" in refused(world, "S2", "TRR_STALE")
    assert check(world.alpha)[0] == 2
    wait_state(world.alpha, "does not answer")
    world.network.run(["ip", "link", "set", "v-alpha", "up"])
    eventually(lambda: not world.alpha.status()["table"]["stale"])
    assert allowed(world)


def test_the_disk_is_full(hosts):
    world = hosts
    state = os.path.join(world.alpha.path, "state")
    world.alpha.stop()
    world.alpha.config["table"]["maximum-staleness"] = "1h"
    world.alpha.machine.script(
        "mount -t tmpfs -o size=1m,mode=700 tmpfs $STATE; "
        "chown --reference=$STATE/.. $STATE", STATE=state)
    world.alpha.start()
    before = world.alpha.table_generation()
    world.alpha.machine.script("cat /dev/zero >$STATE/filler || true",
                               STATE=state)
    world.directory.replace(table.system_dn("beta"), "trMembership",
                            WITHDRAWN)
    wait_state(world.alpha, "No space left on device")
    eventually(lambda: world.alpha.status()["table"]["away"])
    status, told = check(world.alpha)
    assert status == 1 and "not been up to date" in told
    assert "No space left on device" in told
    # What cannot be kept is not known: soon nothing is.
    world.alpha.config["table"]["maximum-staleness"] = "5s"
    world.alpha.reload()
    eventually(lambda: world.alpha.status()["table"]["stale"])
    refused(world, "S2", "TRR_STALE")
    assert world.alpha.table_generation() == before
    world.alpha.machine.script("rm $STATE/filler", STATE=state)
    eventually(lambda: world.alpha.table_generation() == before + 1)
    assert allowed(world)
