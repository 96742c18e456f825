# tests/integration/test_halfway.py - commands that break off
# SPDX-License-Identifier: BSD-2-Clause
"""Commands of several writes that are killed, refused or overtaken between two
of them: what was done lets nobody do more, and the same command does what is
left.  By the super-user, as what others send cannot be read on its way."""

import json
import os
import signal
import subprocess

import pytest

from testlib import roles, table
from testlib.process import eventually, run
from testlib.roles import (
    PRINCIPAL, ZETA, Administration, modify, person, proposal)
from testlib.stores import Between
from testlib.tool import program, trustrealm

DELTA = "cn=delta.example.com,ou=systems," + table.BASE
BETA = "cn=beta.example.com,ou=systems," + table.BASE
ENGINEERING = "cn=engineering,ou=realms," + table.BASE
OWNERS = "cn=engineering,ou=owners,ou=roles," + table.BASE
AUDITORS = "cn=auditors,ou=roles," + table.BASE
WIDER = "trMembership engineering public secret"
RESTRICTION = "trRestriction engineering public internal"


@pytest.fixture(scope="module")
def started():
    with Administration(roles.TwoPersonsDirectory) as made:
        made.start_kadmind()
        yield made


@pytest.fixture
def administration(started):
    """As at the start."""
    before = table_of(started)
    yield started
    after = table_of(started)
    for dn in sorted(set(after) | set(before), key=len, reverse=True):
        if dn in after and before.get(dn) != after[dn]:
            started.directory.delete(dn)
    for dn in sorted(before, key=len):
        if before[dn] != after.get(dn):
            started.directory.add(before[dn])


def table_of(administration):
    """{DN: LDIF}, with values in order."""
    found = {}
    for entry in administration.directory.search(table.BASE).split("\n\n"):
        dn, *lines = entry.strip().split("\n")
        found[dn[len("dn: "):]] = "\n".join([dn, *sorted(lines), ""])
    return found


def options(between):
    return ["--uri", between.uri, "--base", table.BASE]


def overtaken(administration, befalls, *arguments):
    """befalls(n) ahead of write n."""
    with Between(administration.scratch, administration.directory,
                 befalls) as between:
        return trustrealm(*arguments, *options(between),
                          **administration.environment("sid"))


def given(administration, *arguments):
    """Without a fault."""
    return overtaken(administration, lambda n: None, *arguments)


def killed(administration, moment, *arguments):
    """Once the server has done that write, and before the next one."""
    child = None

    def kill(n):
        if n == moment:
            child.kill()
            child.wait()

    with Between(administration.scratch, administration.directory,
                 kill) as between:
        child = subprocess.Popen(
            [program(), *arguments, *options(between)],
            env=administration.environment("sid"),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert child.wait(30) == -signal.SIGKILL


def proposals(administration):
    """{change: proposer}."""
    waiting = json.loads(given(administration, "pending", "list",
                               "--json").out)
    assert len({one["change"] for one in waiting}) == len(waiting)
    return {one["change"]: one["proposer"] for one in waiting}


def has(administration, dn, line):
    return "\n%s\n" % line in table_of(administration)[dn]


def propose(administration, name, target, change):
    assert administration.may("olga", proposal(name, target, change))


# --- proposals ----------------------------------------------------------

@pytest.mark.parametrize("target, change, there", [
    (DELTA, WIDER, None),
    (BETA, "-" + RESTRICTION, RESTRICTION),
    (ENGINEERING, "trLifetime 360000", "trLifetime 3600"),
], ids=["grant", "restriction", "limit"])
def test_approved_after_a_kill(administration, target, change, there):
    """The change is made, and its proposal still there."""
    if there is not None:
        administration.directory.replace(target, *there.split(" ", 1))
    who = "paula" if target == ENGINEERING else "olga"
    assert administration.may(who, proposal("engineering.1", target, change))
    wanted = change.lstrip("-").replace(" ", ": ", 1)
    killed(administration, 1, "pending", "approve", "engineering.1")
    eventually(lambda: has(administration, target, wanted)
               != change.startswith("-"))
    assert proposals(administration) == {change: person(who)}
    again = given(administration, "pending", "approve", "engineering.1")
    assert again.status == 0 and "only the proposal goes" in again.err
    assert proposals(administration) == {}
    assert has(administration, target, wanted) != change.startswith("-")


def test_rejected_while_it_is_approved(administration):
    propose(administration, "engineering.1", DELTA, WIDER)

    def reject(n):
        if n == 2:
            administration.directory.delete(
                "cn=engineering.1,ou=pending," + table.BASE)

    before = table_of(administration)
    done = overtaken(administration, reject, "pending", "approve",
                     "engineering.1")
    assert done.status == 1 and DELTA + ": taken back" in done.err
    after = table_of(administration)
    assert set(before.items()) - set(after.items()) == {
        item for item in before.items() if "engineering.1" in item[0]}


def test_changed_while_it_is_approved(administration):
    """It is for the other to look again: the proposal waits."""
    propose(administration, "engineering.1", BETA, WIDER)

    def touch(n):
        if n == 1:
            administration.directory.replace(BETA, "description", "touched")

    there = table_of(administration)[BETA]
    done = overtaken(administration, touch, "pending", "approve",
                     "engineering.1")
    assert done.status == 1 and "somebody else has changed it" in done.err
    assert table_of(administration)[BETA].replace(
        "description: touched\n", "") == there
    assert proposals(administration) == {WIDER: person("olga")}


def test_proposal_does_not_become_that_of_others(administration):
    """What was proposed twice goes with the other; that is rejected
    meanwhile.  Put back, it would be for olga to approve."""
    for name in ("engineering.1", "engineering.2"):
        propose(administration, name, DELTA, WIDER)

    def reject(n):
        if n == 3:
            administration.directory.delete(
                "cn=engineering.1,ou=pending," + table.BASE)

    done = overtaken(administration, reject, "pending", "approve",
                     "engineering.1")
    assert done.status == 1 and DELTA + ": taken back" in done.err
    assert "cn=engineering.2,ou=pending,%s: stays removed" % table.BASE \
        in done.err
    assert proposals(administration) == {}
    assert "trMembership" not in table_of(administration)[DELTA]


def test_approved_after_the_server_went_away(administration):
    """With what it makes moot: that goes first."""
    for name in ("engineering.1", "engineering.2"):
        propose(administration, name, DELTA, WIDER)
    for write in (2, 1):
        done = overtaken(administration, {write: Between.AWAY}.get,
                         "pending", "approve", "engineering.1")
        assert done.status == 3, done
        assert has(administration, DELTA, WIDER.replace(" ", ": ", 1))
    assert given(administration, "pending", "approve",
                 "engineering.1").status == 0
    assert proposals(administration) == {}


def test_proposed_after_a_kill(administration):
    """What was proposed is not proposed again."""
    command = ["realm", "set", "engineering", "--level", "15 middle",
               "--category", "9 radar", "--propose"]
    killed(administration, 1, *command)
    eventually(lambda: len(proposals(administration)) == 1)
    assert given(administration, *command).status == 0
    assert set(proposals(administration)) == {"trLevel 15 middle",
                                              "trCategory 9 radar"}
    again = given(administration, *command)
    assert (again.status, again.out) == (0, "")


# --- offboard -----------------------------------------------------------

LEAVE = ["offboard", "olga@" + table.REALM, "--entry", person("olga"),
         "--no-log", "--no-signer", "--acl", "/dev/null"]


@pytest.fixture
def leaves(administration):
    """Two roles, two systems, two proposals: that many writes."""
    for dn in (DELTA, BETA):
        administration.directory.modify(modify(
            dn, ("add", "owner", person("olga"))))
    propose(administration, "engineering.1", DELTA, WIDER)
    propose(administration, "engineering.2", BETA,
            "trMembership engineering public public")
    return 6


def left(administration):
    """Where she is named, and what she has proposed."""
    return len([entry for entry in table_of(administration).values()
                if ": " + person("olga") + "\n" in entry]) + len(
        proposals(administration))


def test_offboarded_after_a_kill(administration, leaves):
    assert left(administration) == leaves
    for moment in range(1, leaves):
        killed(administration, 1, *LEAVE, "--apply")
        eventually(lambda: left(administration) == leaves - moment)
    assert given(administration, *LEAVE, "--apply").status == 1  # no --kdc
    assert left(administration) == 0


def test_offboarded_by_half_is_taken_back(administration, leaves):
    """Somebody is faster with the last proposal."""
    def reject(n):
        if n == leaves:
            administration.directory.delete(
                "cn=engineering.2,ou=pending," + table.BASE)

    before = table_of(administration)
    done = overtaken(administration, reject, *LEAVE, "--apply")
    assert done.status == 1 and done.err.count(": taken back") == 4
    assert done.err.count(": stays removed") == 1
    after = table_of(administration)
    assert {dn for dn in before if before[dn] != after.get(dn)} == {
        "cn=engineering.%d,ou=pending,%s" % (n, table.BASE) for n in (1, 2)}


def test_role_that_changes_meanwhile(administration, leaves):
    """Nothing is lost of what somebody else writes, and nothing done."""
    def touch(n):
        if n == 2:
            for dn in (OWNERS, AUDITORS):
                administration.directory.replace(dn, "description", "touched")

    before = table_of(administration)
    done = overtaken(administration, touch, *LEAVE, "--apply")
    assert done.status == 1 and "somebody else has changed it" in done.err
    after = table_of(administration)
    assert {dn for dn in before if before[dn] != after.get(dn)} == {OWNERS,
                                                                    AUDITORS}
    for dn in (OWNERS, AUDITORS):
        assert "description: touched\n" in after[dn]
        assert "member: %s\n" % person("olga") in after[dn]


@pytest.mark.parametrize("fate", [Between.CUT, Between.UNANSWERED])
def test_offboarded_though_the_connection_breaks(administration, leaves,
                                                 fate):
    done = overtaken(administration, {n: fate for n in (1, 3, 6)}.get,
                     *LEAVE, "--apply")
    assert done.status == 1 and done.err == ""
    assert left(administration) == 0


# --- systems that come and go -------------------------------------------

INVITATION = "trustrealm-invite/" + ZETA


def invite(administration, *more):
    return ["system", "invite", ZETA, "--json", *more,
            *administration.by_kadmin("sid")]


def enrolled(administration, token):
    """Does the token make the key of zeta?"""
    done = run([program(), "system", "enroll", ZETA, "--added",
                "--token-file", "-", "--keytab",
                administration.scratch.join("zeta.keytab")],
               env=administration.realm.environment(), input=token,
               check=False)
    return done.status == 0


@pytest.fixture
def zeta(administration):
    """Nothing is left of it."""
    yield
    given(administration, "system", "retire", ZETA,
          *administration.by_kadmin("sid"))
    keytab = administration.scratch.join("zeta.keytab")
    if os.path.exists(keytab):
        os.unlink(keytab)
    assert left_of_zeta(administration) == set()


def left_of_zeta(administration):
    return {dn.split(",")[0].rstrip("0123456789abcdef")
            for dn in table_of(administration) if ZETA in dn} | {
        name for name in administration.realm.principals().split()
        if ZETA in name}


@pytest.mark.parametrize("moment", [1, 2, 3])
def test_invited_after_a_kill(administration, zeta, moment):
    """What was proposed before goes, a principal and an alias come."""
    assert given(administration, *invite(administration)).status == 0
    again = invite(administration, "--alias", "z.example.test")
    killed(administration, moment, *again)
    done = given(administration, *again)
    assert done.status == 0, done
    assert set(proposals(administration)) == {
        "trPrincipal " + PRINCIPAL, "trAlias z.example.test"}
    assert enrolled(administration, json.loads(done.out)["token"])


@pytest.mark.parametrize("moment", [1, 2])
@pytest.mark.parametrize("force, ended", [([], ""),
                                          (["--force"], ", and no key")])
def test_invited_in_vain(administration, zeta, moment, force, ended):
    """The directory refuses it: nobody has a token or key that is of use, and
    that is told."""
    if force:
        administration.realm.add({
            administration.scratch.join("old"): [PRINCIPAL]})
    before = table_of(administration)
    done = overtaken(administration, {moment: Between.REFUSED}.get, *invite(
        administration, "--alias", "z.example.test", *force))
    assert done.status == 1 and "token" not in done.out, done
    assert "no earlier token is valid any more%s\n" % ended in done.err
    assert table_of(administration) == before
    assert left_of_zeta(administration) == set()


@pytest.mark.parametrize("moment", [1, 2, 3])
def test_retired_after_a_kill(administration, zeta, moment):
    """The entry, and what was proposed for it to be there."""
    assert given(administration, *invite(
        administration, "--alias", "z.example.test")).status == 0
    assert given(administration, "system", "add", ZETA).status == 0
    retire = ["system", "retire", ZETA, *administration.by_kadmin("sid")]
    killed(administration, moment, *retire)
    eventually(lambda: "cn=" + ZETA not in left_of_zeta(administration))
    assert any(name.startswith(INVITATION)
               for name in left_of_zeta(administration))
    assert given(administration, *retire).status == 0
    assert left_of_zeta(administration) == set()
