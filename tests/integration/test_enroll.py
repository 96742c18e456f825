# tests/integration/test_enroll.py - systems come, get new keys, and go
# SPDX-License-Identifier: BSD-2-Clause
"""trustrealm system enroll, rotate and retire, by a system administrator with
tickets, against a real kadmind and the rules of the directory."""

import itertools
import json
import os
import re
import signal
import subprocess

import pytest

from testlib import servers, table
from testlib.invitation import AGAIN, refused
from testlib.process import run
from testlib.relay import Cut
from testlib.roles import (
    PRINCIPAL, ZETA, Administration, RolesDirectory, RolesDirectory389,
    TwoPersonsDirectory, kadmin_rules, person)
from testlib.steps import by_steps, in_order
from testlib.tool import program


@pytest.fixture(scope="module",
                params=[RolesDirectory, TwoPersonsDirectory])
def administration(request):
    with Administration(request.param) as made:
        made.start_kadmind()
        yield made


@pytest.fixture(scope="module")
def administration_389():
    with Administration(RolesDirectory389) as made:
        made.start_kadmind()
        yield made


@pytest.fixture
def system(administration):
    """The keytab of zeta, which is enrolled by a test and gone after it."""
    keytab = administration.scratch.join("zeta.keytab")
    yield keytab
    tool(administration, "sid", "retire", keytab, check=False)
    if os.path.exists(keytab):
        os.unlink(keytab)


def tool(administration, who, verb, keytab, *options, check=True):
    done = administration.trustrealm(
        who, "system", verb, ZETA, "--keytab", keytab,
        *administration.by_kadmin(who), *options)
    assert not check or done.status == 0, done
    return done


def versions(administration, keytab):
    """kvnos in a keytab, each once."""
    if not os.path.exists(keytab):
        return []
    return sorted({int(kvno) for kvno in re.findall(
        r"^ *(\d+) " + re.escape(PRINCIPAL), administration.keys(keytab),
        re.M)})


def entry(administration):
    return administration.directory.search(
        table.BASE, "(cn=%s)" % ZETA, "trPrincipal", "owner", "trMembership")


def renew(administration):
    """The auditor forgets his tickets."""
    administration.realm.kinit("aud", administration.keytab,
                               administration.ccache("aud"))


def ticket(administration, keytab, *options):
    """Ask, as the auditor, for zeta's ticket, and open it by the keytab."""
    return run([servers.program("kvno"), "-k", keytab, "-c",
                "FILE:" + administration.ccache("aud")] + list(options) +
               [PRINCIPAL], env=administration.realm.environment(),
               check=False)


def test_enrolled_in_one_step(administration, system):
    tool(administration, "sid", "enroll", system)
    assert administration.can_log_in(keytab=system)
    assert os.stat(system).st_mode & 0o777 == 0o600
    found = entry(administration)
    assert "trPrincipal: " + PRINCIPAL in found
    assert "owner: " + person("sid") in found
    assert "trMembership" not in found


def test_dry_run_makes_nothing(administration, system):
    done = tool(administration, "sid", "enroll", system, "--dry-run")
    assert "trPrincipal\t" + PRINCIPAL in done.out
    assert entry(administration) == "" and not os.path.exists(system)
    tool(administration, "sid", "enroll", system)


@pytest.mark.parametrize("who, status, reason", [
    ("paula", 1, "privilege"),          # the KDC says no
    ("sid", 1, "Insufficient access"),  # the directory does
])
def test_all_or_nothing(administration, system, who, status, reason):
    """sid names somebody else as the owner, which he may not."""
    options = ("--owner", person("zoe")) if who == "sid" else ()
    done = tool(administration, who, "enroll", system, *options, check=False)
    assert done.status == status and reason in done.err, done
    assert entry(administration) == ""
    assert versions(administration, system) == []
    # Nothing is in the way of who may.
    tool(administration, "sid", "enroll", system)
    assert administration.can_log_in(keytab=system)


def test_keytab_that_cannot_be_written(administration, system):
    done = tool(administration, "sid", "enroll", "/nowhere/keytab",
                check=False)
    assert done.status == 3 and "/nowhere/keytab" in done.err
    assert entry(administration) == ""
    tool(administration, "sid", "enroll", system)
    # The KDC has no key that the system does not get.
    done = tool(administration, "sid", "rotate", "/nowhere/keytab",
                check=False)
    assert done.status == 3 and "/nowhere/keytab" in done.err
    assert administration.can_log_in(keytab=system)


def test_what_is_done_in_which_order(administration, system):
    """The keytab is tried before anything, and on the disk in the end."""
    def steps(verb, keytab):
        return by_steps(
            administration.scratch,
            [program(), "system", verb, ZETA, "--keytab", keytab, "--uri",
             administration.directory.uri, "--base", table.BASE,
             *administration.by_kadmin("sid")],
            administration.environment("sid"))

    done, taken = steps("enroll", administration.scratch.path)
    assert done.status == 3 and "create " not in taken, done
    folder = os.path.dirname(system)
    done, taken = steps("enroll", system)
    assert done.status == 0 and in_order(
        taken, "create ", "add " + system, "fsync " + system,
        "fsync " + folder), taken
    done, taken = steps("rotate", system)
    assert done.status == 0 and in_order(
        taken, "add " + system, "fsync " + system, "fsync " + folder), taken


def test_not_twice(administration, system):
    tool(administration, "sid", "enroll", system)
    done = tool(administration, "sid", "enroll", system, check=False)
    assert refused(done, "already"), done
    assert administration.can_log_in(keytab=system)


def test_rotation_overlaps(administration, system):
    """Tickets for the old key are opened until that is removed, and that is
    refused while they may live."""
    renew(administration)
    tool(administration, "sid", "enroll", system)
    old, = versions(administration, system)
    assert ticket(administration, system).status == 0

    done = tool(administration, "sid", "rotate", system)
    assert done.out.startswith("result\tdone\nsystem\t")
    assert versions(administration, system) == [old, old + 1]
    assert administration.can_log_in(keytab=system)
    assert ticket(administration, system, "--cached-only").status == 0
    done = tool(administration, "sid", "rotate", system, "--finish",
                check=False)
    assert done.status == 1 and "may be in use until 2" in done.err
    assert versions(administration, system) == [old, old + 1]

    tool(administration, "sid", "rotate", system, "--finish", "--force")
    assert versions(administration, system) == [old + 1]
    assert ticket(administration, system, "--cached-only").status != 0
    renew(administration)
    assert ticket(administration, system).status == 0


def test_old_keys_stay_where_tickets_may_live_long(administration, system):
    """No maximum life is not one of no time."""
    tool(administration, "sid", "enroll", system)
    old, = versions(administration, system)
    administration.realm.unlimit(PRINCIPAL)
    tool(administration, "sid", "rotate", system)
    done = tool(administration, "sid", "rotate", system, "--finish",
                check=False)
    assert done.status == 1 and "has no maximum life" in done.err, done
    assert versions(administration, system) == [old, old + 1]
    tool(administration, "sid", "rotate", system, "--finish", "--force")
    assert versions(administration, system) == [old + 1]


def test_old_keys_stay_where_the_newest_is_not(administration, system):
    """Somebody else made that, for another keytab."""
    tool(administration, "sid", "enroll", system)
    before = versions(administration, system)
    administration.realm.change_key(PRINCIPAL)
    done = tool(administration, "sid", "rotate", system, "--finish",
                "--force", check=False)
    assert done.status == 3 and "its newest key" in done.err, done
    assert versions(administration, system) == before != []


def test_retired(administration, system):
    """Entry, principal and keys."""
    tool(administration, "sid", "enroll", system)
    tool(administration, "sid", "retire", system)
    assert entry(administration) == ""
    assert versions(administration, system) == []
    assert not administration.can_log_in(keytab=system)
    renew(administration)
    assert "not found" in ticket(administration, system).err
    done = tool(administration, "sid", "retire", system, check=False)
    assert done.status == 1


@pytest.mark.parametrize("verb", ["rotate", "retire"])
def test_which_system_may_be_meant(administration, system, verb):
    tool(administration, "sid", "enroll", system)
    done = administration.trustrealm(
        "sid", "system", verb, "zeta", "--keytab", system,
        *administration.by_kadmin("sid"))
    assert done.status == 1
    assert done.err.endswith("; did you mean %s?\n" % ZETA)
    assert administration.can_log_in(keytab=system)


def each_loss(administration, verb, keytab):
    """Run the command again and again, and lose another answer of kadmind
    each time: what was left."""
    for answers in itertools.count():
        with Cut(administration.realm.admin_port, answers) as cut:
            env = administration.realm.administered_through(
                cut.port, administration.environment("sid"))
            done = run([program(), "system", verb, ZETA, "--keytab", keytab,
                        "--uri", administration.directory.uri, "--base",
                        table.BASE, *administration.by_kadmin("sid")],
                       env=env, check=False)
        if done.status == 0:
            return      # that of the end does not matter
        assert done.status == 3 and cut.happened, done
        yield done


def test_enrolled_when_an_answer_is_lost(administration, system):
    """What may be left is told."""
    left = set()
    for done in each_loss(administration, "enroll", system):
        found = PRINCIPAL in administration.realm.principals()
        assert ("system retire removes it" in done.err) == found, done
        assert entry(administration) == ""
        assert versions(administration, system) == []
        left.add(found)
        tool(administration, "sid", "retire", system, check=found)
    assert left == {False, True}
    assert administration.can_log_in(keytab=system)


def test_rotated_when_an_answer_is_lost(administration, system):
    """The same command again has the KDC's newest key in the keytab."""
    good = set()
    tool(administration, "sid", "enroll", system)
    for done in each_loss(administration, "rotate", system):
        good.add(administration.can_log_in(keytab=system))
        assert administration.can_log_in(keytab=system) or AGAIN in done.err
        tool(administration, "sid", "rotate", system)
        assert administration.can_log_in(keytab=system)
    assert good == {False, True}
    assert administration.can_log_in(keytab=system)


@pytest.fixture
def any_principal(administration):
    """sid may make and remove it."""
    administration.start_kadmind(kadmin_rules() + [
        "sid@%s * host/*@%s" % (table.REALM, table.REALM)])
    yield
    administration.start_kadmind()


@pytest.mark.parametrize("principal, way_on", [
    (PRINCIPAL, AGAIN),
    # With the entry it is forgotten.
    ("host/%s@%s" % (ZETA, table.REALM), "remove it at the KDC")])
def test_retired_when_an_answer_is_lost(administration, system, principal,
                                        way_on, any_principal):
    """What may be left is told, and how it goes."""
    def enroll():
        tool(administration, "sid", "enroll", system, "--principal",
             principal)

    enroll()
    logged_in = set()
    for done in each_loss(administration, "retire", system):
        logged_in.add(entry(administration) == "")
        if entry(administration) != "":
            assert "nothing was changed; without the KDC, system remove" \
                in done.err
            assert administration.can_log_in(principal, keytab=system)
            continue
        assert "%s may still have a key: %s" % (principal,
                                                way_on) in done.err
        if way_on == AGAIN:
            tool(administration, "sid", "retire", system, check=False)
        else:
            administration.realm.remove(principal)
        assert principal not in administration.realm.principals()
        enroll()
    assert logged_in == {False, True}
    assert principal not in administration.realm.principals()


@pytest.fixture
def rights(administration):
    """What sid may do with principals of systems, and no more."""
    def have(letters):
        administration.start_kadmind(
            [rule.replace("acdim", letters) for rule in kadmin_rules()])

    yield have
    administration.start_kadmind()


def test_no_key_for_who_may_not_ask_for_its_number(administration, system,
                                                   rights):
    """It could not be put into the keytab."""
    tool(administration, "sid", "enroll", system)
    rights("acdm")
    done = tool(administration, "sid", "rotate", system, check=False)
    assert refused(done, "asking the KDC about it"), done
    assert administration.can_log_in(keytab=system)
    rights("acdim")
    tool(administration, "sid", "rotate", system)
    assert versions(administration, system) == [2, 3]


def test_what_may_not_be_taken_back_is_told(administration, system, rights):
    """Who makes a principal may not have the rights for the rest."""
    rights("ai")
    done = tool(administration, "sid", "enroll", system, check=False)
    assert done.status == 1, done
    assert PRINCIPAL in administration.realm.principals()
    assert "a key that nobody has" in done.err, done


@pytest.mark.parametrize("name", [ZETA, ZETA.upper()])
def test_what_may_not_be_retired_is_told(administration, system, name,
                                         rights):
    """The entry is gone, and the key is not."""
    tool(administration, "sid", "enroll", system)
    rights("i")
    done = administration.trustrealm(
        "sid", "system", "retire", name, "--keytab", system,
        *administration.by_kadmin("sid"))
    assert done.status == 1 and entry(administration) == "", done
    assert "%s may still have a key: %s" % (PRINCIPAL, AGAIN) in done.err
    assert administration.can_log_in(keytab=system)
    rights("acdim")
    done = administration.trustrealm(
        "sid", "system", "retire", name, "--keytab", system,
        *administration.by_kadmin("sid"))
    assert done.status == 0, done
    assert PRINCIPAL not in administration.realm.principals()


def at_step(administration, step, then, verb, *options):
    """Run it, and that command of a shell ahead of the step, whose number is
    the same each time; all that it did is undone before."""
    for at in (0, None):
        if at is None:
            at = taken.index(step) + 1
            tool(administration, "sid", "retire", options[1], check=False)
            if verb == "retire":
                tool(administration, "sid", "enroll", options[1])
        done, taken = by_steps(
            administration.scratch,
            [program(), "system", verb, ZETA, *options, "--uri",
             administration.directory.uri, "--base", table.BASE,
             *administration.by_kadmin("sid")],
            administration.environment("sid"), at, then if at else ":")
    return done


INTERRUPT = "kill -TERM $PPID"


def test_an_interruption_waits_for_entry_and_key(administration, system):
    done = at_step(administration, "create ", INTERRUPT, "enroll", "--keytab",
                   system)
    assert done.status == -signal.SIGTERM
    assert "interrupted, when it was done" in done.err
    assert entry(administration) != ""
    assert administration.can_log_in(keytab=system)
    done = at_step(administration, "delete ", INTERRUPT, "retire", "--keytab",
                   system)
    assert done.status == -signal.SIGTERM
    assert "interrupted, when it was done" in done.err
    assert entry(administration) == "" and versions(administration,
                                                    system) == []
    assert PRINCIPAL not in administration.realm.principals()


def test_an_interruption_waits_until_all_is_taken_back(administration,
                                                       system):
    """The directory refuses an entry of somebody else."""
    done = at_step(administration, "create ", INTERRUPT, "enroll", "--keytab",
                   system, "--owner", person("zoe"))
    assert done.status == -signal.SIGTERM
    assert "Insufficient access" in done.err and "done" not in done.err
    assert entry(administration) == "" and versions(administration,
                                                    system) == []
    assert PRINCIPAL not in administration.realm.principals()


def test_killed_when_the_entry_or_the_key_is_made(administration, system):
    """That of a retirement goes on, that of an enrolment says how it does."""
    done = at_step(administration, "add " + system, "kill -KILL $PPID",
                   "enroll", "--keytab", system)
    assert done.status == -signal.SIGKILL and entry(administration) == ""
    assert PRINCIPAL in administration.realm.principals()
    done = tool(administration, "sid", "enroll", system, check=False)
    assert done.status == 1 and "system retire removes" in done.err, done
    tool(administration, "sid", "retire", system)
    tool(administration, "sid", "enroll", system)
    done = at_step(administration, "delete ", "kill -KILL $PPID", "retire",
                   "--keytab", system)
    assert done.status == -signal.SIGKILL and entry(administration) == ""
    assert administration.can_log_in(keytab=system)
    tool(administration, "sid", "retire", system)
    assert PRINCIPAL not in administration.realm.principals()


@pytest.mark.parametrize("verb, options", [
    ("retire", []), ("enroll", ["--keytab"]), ("invite", ["--token-file"])])
def test_nothing_is_changed_while_a_password_is_asked_for(
        administration, system, verb, options):
    """Who is asked thinks better of it."""
    if verb == "retire":
        tool(administration, "sid", "enroll", system)
    before = entry(administration)
    with subprocess.Popen(
            [program(), "system", verb, ZETA, *options,
             *([system] if options else []), "--uri",
             administration.directory.uri, "--base", table.BASE],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=administration.environment("sid")) as child:
        shown = b""
        while b"Password for" not in shown:
            octets = os.read(child.stdout.fileno(), 4096)
            assert octets, shown
            shown += octets
        child.terminate()
        assert child.wait(30) == -signal.SIGTERM
    assert entry(administration) == before
    assert os.path.exists(system) == (verb == "retire")


def test_password_is_asked_for(administration, system):
    """Without a ticket for kadmin/admin."""
    def enroll(password):
        return administration.trustrealm(
            "sid", "system", "enroll", ZETA, "--keytab", system,
            input=password + "\n")

    administration.realm.set_password("sid", "correct horse")
    done = enroll("wrong")
    assert done.status == 3 and "sid@" in done.err
    assert entry(administration) == "" and not os.path.exists(system)
    assert enroll("correct horse").status == 0
    assert administration.can_log_in(keytab=system)


def test_with_389_ds(administration_389):
    administration = administration_389
    keytab = administration.scratch.join("zeta.keytab")
    tool(administration, "sid", "enroll", keytab)
    assert "owner: " + person("sid") in entry(administration)
    assert administration.can_log_in(keytab=keytab)
    tool(administration, "sid", "rotate", keytab)
    tool(administration, "sid", "retire", keytab)
    assert entry(administration) == ""
    # Who has a token cannot log in there.
    done = administration.trustrealm(
        "sid", "system", "invite", ZETA, "--add", "--json",
        *administration.by_kadmin("sid"))
    assert done.status == 0, done
    assert "owner: " + person("sid") in entry(administration)
    token = json.loads(done.out)["token"]
    done = administration.trustrealm(
        "aud", "system", "enroll", ZETA, "--keytab", keytab, "--token-file",
        "-", input=token)
    assert done.status == 3 and "--added" in done.err
    assert "still valid" in done.err
    done = administration.trustrealm(
        "aud", "system", "enroll", ZETA, "--keytab", keytab, "--token-file",
        "-", "--added", input=token)
    assert done.status == 0, done
    assert administration.can_log_in(keytab=keytab)
    done = administration.trustrealm("paula", "system", "disable", ZETA)
    assert "you are %s there" % person("paula") in done.err
