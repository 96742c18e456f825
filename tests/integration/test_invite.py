# tests/integration/test_invite.py - systems that come with a token
# SPDX-License-Identifier: BSD-2-Clause
"""trustrealm system invite, by a system administrator, and enroll, on a
system where nobody has a ticket, against a real kadmind with the rules of
doc/SCHEMA."""

import calendar
import contextlib
import fcntl
import json
import os
import pty
import re
import resource
import shlex
import shutil
import signal
import subprocess
import time

import pytest

from testlib import servers, table
from testlib.process import PATIENCE, run
from testlib.roles import (
    PRINCIPAL, ZETA, Administration, TwoPersonsDirectory, add, delete,
    kadmin_rules, modify, person, proposal)
from testlib.tool import on_terminal, program

INVITATION = "trustrealm-invite/%s@%s" % (ZETA, table.REALM)
TOKEN = re.compile(r"^([0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}$")


@pytest.fixture(scope="module")
def administration():
    with Administration(TwoPersonsDirectory) as made:
        made.start_kadmind()
        yield made


@pytest.fixture
def keytab(administration):
    """Of zeta, which is gone after the test."""
    path = administration.scratch.join("zeta.keytab")
    yield path
    by_sid(administration, "retire", check=False)
    for suffix in "", ".new", ".other":
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path + suffix)


def by_sid(administration, verb, *options, check=True, who="sid"):
    done = administration.trustrealm(
        who, "system", verb, ZETA, *administration.by_kadmin(who), *options)
    assert not check or done.status == 0, done
    return done


def invite(administration, *options):
    """The token."""
    done = by_sid(administration, "invite", "--json", *options)
    token = json.loads(done.out)["token"]
    assert TOKEN.match(token)
    return token


def new_system(administration):
    """The environment of a system where nobody has logged in."""
    env = administration.realm.environment()
    env["KRB5CCNAME"] = "FILE:/nonexistent"
    return env


def command(administration, keytab, *options):
    return [program(), "system", "enroll", ZETA, "--keytab", keytab, "--uri",
            administration.directory.uri, "--base", table.BASE,
            "--token-file"] + list(options)


def enroll(administration, keytab, token, *options):
    """There, with the token on stdin."""
    return run(command(administration, keytab, "-", *options),
               env=new_system(administration), input=token + "\n",
               check=False)


def kinit(administration, principal, password, service="krbtgt/%s@%s" % (
        table.REALM, table.REALM)):
    """Into the cache "token"; what it left."""
    return run([servers.program("kinit"), "-c",
                "FILE:" + administration.scratch.join("token"), "-S", service,
                principal], env=new_system(administration),
               input=password + "\n", check=False)


def by_token(administration, query):
    """Ask kadmind with the ticket that is in the cache "token"."""
    return run([servers.program("kadmin"), "-r", table.REALM, "-c",
                "FILE:" + administration.scratch.join("token"), "-q", query],
               env=dict(new_system(administration),
                        GSS_MECH_CONFIG="/dev/null"), check=False)


def entry(administration):
    return administration.directory.search(
        table.BASE, "(cn=%s)" % ZETA, "trPrincipal", "owner", "trMembership",
        "trAlias")


def proposed(administration):
    return sorted(re.findall("^trChange: (.*)$", administration.directory.
                             search(table.BASE, "(cn=%s:*)" % ZETA,
                                    "trChange"), re.MULTILINE))


def test_two_commands(administration, keytab):
    token = invite(administration, "--alias", "z.example.test")
    assert entry(administration) == "" and not os.path.exists(keytab)
    assert proposed(administration) == ["trAlias z.example.test",
                                        "trPrincipal " + PRINCIPAL]

    done = enroll(administration, keytab, token)
    assert done.status == 0, done
    assert done.err == "" and token not in done.out
    assert "entry\tadded\n" in done.out
    found = entry(administration)
    assert "trPrincipal: " + PRINCIPAL in found
    assert "trAlias: z.example.test" in found
    assert "owner: " + person("sid") in found and "trMember" not in found
    assert proposed(administration) == []
    assert os.stat(keytab).st_mode & 0o777 == 0o600
    assert os.listdir(administration.scratch.path).count("zeta.keytab") == 1
    assert not [name for name in os.listdir(administration.scratch.path)
                if name.startswith("zeta.keytab.")]
    assert administration.can_log_in(keytab=keytab)
    # A service that requires it takes no tickets from others.
    assert "REQUIRES_PRE_AUTH" in administration.realm.show(PRINCIPAL)
    listed = administration.keys(keytab, "-e")
    assert listed.count(PRINCIPAL) == 1 and "aes256" in listed


def test_without_a_configuration(administration, keytab):
    """It may come later: the keytab is where its default is."""
    other = invite(administration)[:-1] + "!"
    by_default = command(administration, keytab, "-", "--added")
    for option in ("--keytab", "--uri", "--base"):
        at = by_default.index(option)
        del by_default[at:at + 2]
    env = new_system(administration)
    done = run(by_default, env=env, input=other + "\n", check=False)
    assert done.status == 2 and "this is no token" in done.err
    env["TRUSTREALM_CONFIG"] = "/nonexistent"
    done = run(by_default, env=env, input=other + "\n", check=False)
    assert done.status == 3 and "/nonexistent" in done.err
    by_default.remove("--added")
    done = run(by_default, env=env, input=other + "\n", check=False)
    assert done.status == 3 and "say --added" in done.err


def test_no_rule_for_invitations():
    with Administration() as made:
        made.start_kadmind([rule for rule in kadmin_rules()
                            if not rule.startswith("trustrealm-invite/")])
        keytab = made.scratch.join("zeta.keytab")
        done = enroll(made, keytab, invite(made))
        assert done.status == 1 and "kadm5.acl" in done.err
        assert "still valid" in done.err
        assert not os.path.exists(keytab)


def test_as_people_type_it(administration, keytab):
    token = invite(administration)
    typed = token.lower().replace("-", " ").replace("0", "o").replace("1",
                                                                      "l")
    assert enroll(administration, keytab, typed).status == 0
    assert administration.can_log_in(keytab=keytab)


def test_once(administration, keytab):
    """The second one does no harm to the first."""
    token = invite(administration)
    assert enroll(administration, keytab, token).status == 0
    done = enroll(administration, keytab + ".other", token)
    assert done.status == 1 and "used or withdrawn" in done.err
    done = enroll(administration, keytab, token)
    assert done.status == 1 and keytab + " has its key" in done.err
    assert not os.path.exists(keytab + ".other")
    assert administration.can_log_in(keytab=keytab)
    assert "not found" in kinit(administration, INVITATION, token).err


def test_wrong_token(administration, keytab):
    """Who has it can still come."""
    token = invite(administration)
    other = token[:-1] + ("A" if token[-1] != "A" else "B")
    done = enroll(administration, keytab, other)
    assert done.status == 1 and "not its token" in done.err
    for nonsense in (token[:-1], token + "0", token[:-1] + "!", ""):
        done = enroll(administration, keytab, nonsense)
        assert done.status in (2, 3) and "no token" in done.err, done
        assert not nonsense or nonsense not in done.err
    assert not os.path.exists(keytab)
    assert enroll(administration, keytab, token).status == 0


def test_expired(administration, keytab):
    """For the log-in, and for kadmin/changepw, where an expired password
    would do."""
    services = ("kadmin/changepw", "kadmin/admin",
                "ldap/" + administration.directory.host)
    token = invite(administration)
    for service in services:
        assert kinit(administration, INVITATION, token, service).status == 0
    administration.realm.modify(INVITATION, "-expire", '"1 minute ago"')
    done = enroll(administration, keytab, token)
    assert done.status == 1 and "has expired" in done.err
    assert entry(administration) == ""
    for service in services:
        done = kinit(administration, INVITATION, token, service)
        assert done.status == 1 and "expired" in done.err
    assert enroll(administration, keytab, invite(administration)).status == 0


@pytest.mark.parametrize("valid, seconds", [
    (None, 24 * 3600), ("12h", 12 * 3600), ("3d", 3 * 24 * 3600)])
def test_how_long(administration, keytab, valid, seconds):
    """By its principal's end; tickets got by it are good for minutes."""
    token = invite(administration, *(["--valid", valid] if valid else []))
    assert kinit(administration, INVITATION, token).status == 0
    shown = run([servers.program("klist"), "-c", "FILE:" +
                 administration.scratch.join("token")],
                env=dict(administration.realm.environment(), TZ="UTC",
                         LC_ALL="C")).out
    start, end = (calendar.timegm(time.strptime(text, "%m/%d/%y %H:%M:%S"))
                  for text in re.findall(r"\d\d/\d\d/\d\d [\d:]{8}",
                                         shown)[:2])
    assert 0 < end - start <= 300
    shown = administration.realm.show(INVITATION)
    ends = time.strptime(re.search(r"Expiration date: (.*)", shown)[1],
                         "%a %b %d %H:%M:%S %Z %Y")
    assert abs(calendar.timegm(ends) - time.time() - seconds) < 120
    assert "REQUIRES_PRE_AUTH" in shown


@pytest.mark.parametrize("valid", ["", "1", "31d", "tomorrow", "-1d"])
def test_bad_validity(administration, keytab, valid):
    done = by_sid(administration, "invite", "--valid", valid, check=False)
    assert done.status == 2 and "--valid" in done.err
    assert entry(administration) == ""


def test_without_a_kdc(administration, keytab):
    """Nothing is lost."""
    token = invite(administration)
    try:
        administration.realm.stop()
        done = enroll(administration, keytab, token)
        assert done.status == 3 and "token is still valid" in done.err
    finally:
        administration.realm.start()
    assert enroll(administration, keytab, token).status == 0
    assert administration.can_log_in(keytab=keytab)


def test_invited_again(administration, keytab):
    """The older token ends; the entry is as it was."""
    first = invite(administration, "--alias", "z.example.test")
    before = proposed(administration)
    second = invite(administration)
    assert proposed(administration) == before and first != second
    done = enroll(administration, keytab, first)
    assert done.status == 1 and "not the newest" in done.err
    assert entry(administration) == ""
    third = invite(administration, "--alias", "y.example.test")
    assert proposed(administration)[0] == "trAlias y.example.test"
    assert len(proposed(administration)) == 2
    assert enroll(administration, keytab, third).status == 0
    assert "z.example.test" not in entry(administration)
    done = by_sid(administration, "invite", "--alias", "y.example.test",
                  check=False)
    assert done.status == 2 and "system set" in done.err


def test_a_key_ends_by_force_only(administration, keytab):
    """That of a system that was lost."""
    assert enroll(administration, keytab, invite(administration)).status == 0
    done = by_sid(administration, "invite", check=False)
    assert done.status == 1 and "--force" in done.err
    assert administration.can_log_in(keytab=keytab)
    token = invite(administration, "--force")
    assert not administration.can_log_in(keytab=keytab)
    assert enroll(administration, keytab, token).status == 0
    assert administration.can_log_in(keytab=keytab)


def test_withdrawn(administration, keytab):
    token = invite(administration)
    by_sid(administration, "retire")
    assert entry(administration) == "" and proposed(administration) == []
    done = enroll(administration, keytab, token)
    assert done.status == 1 and "withdrawn" in done.err
    assert not os.path.exists(keytab)


def test_what_a_token_is_good_for(administration, keytab):
    """No other system, and not this one once it has a key, whoever got a
    ticket before."""
    token = invite(administration)
    assert kinit(administration, INVITATION, token,
                 "kadmin/admin").status == 0
    for query, what in (
            ("addprinc -randkey trustrealm/eta.example.test", "add"),
            ("addprinc -randkey trustrealm-invite/eta.example.test", "add"),
            ("delprinc -force sid", "delete"),
            ("getprinc sid", "get"),
            ("cpw -randkey sid", "change-password")):
        assert "requires ``%s'' privilege" % what in by_token(
            administration, query).err
    assert enroll(administration, keytab, token).status == 0
    for query, what in (
            ("addprinc -pw secret " + PRINCIPAL, "already exists"),
            ("cpw -pw secret " + PRINCIPAL, "privilege"),
            ("delprinc -force " + PRINCIPAL, "privilege"),
            ("modprinc +allow_tix " + PRINCIPAL, "privilege")):
        assert what in by_token(administration, query).err
    assert administration.can_log_in(keytab=keytab)


def test_a_thief_was_first(administration, keytab):
    """It shows."""
    token = invite(administration)
    assert kinit(administration, INVITATION, token,
                 "kadmin/admin").status == 0
    by_token(administration, "addprinc -pw secret " + PRINCIPAL)
    done = enroll(administration, keytab, token)
    assert done.status == 1 and "has been used" in done.err
    assert not os.path.exists(keytab)


def test_a_thief_makes_no_key_to_stay(administration, keytab):
    """One that only the KDC itself could end, or that acts for users."""
    token = invite(administration)
    assert kinit(administration, INVITATION, token,
                 "kadmin/admin").status == 0
    flags = ("lockdown_keys", "ok_as_delegate", "ok_to_auth_as_delegate")
    done = by_token(administration, "addprinc -pw secret %s %s" % (
        " ".join("+" + flag for flag in flags), PRINCIPAL))
    assert "created" in done.text
    assert kinit(administration, PRINCIPAL, "secret").status == 0
    shown = administration.realm.show(PRINCIPAL)
    assert PRINCIPAL in shown
    assert not [flag for flag in flags if flag.upper() in shown]
    by_sid(administration, "retire")
    assert "not found" in kinit(administration, PRINCIPAL, "secret").err


def test_a_key_that_stays_is_told(administration, keytab):
    """Also when the entry went just before."""
    assert enroll(administration, keytab, invite(administration)).status == 0
    administration.realm.modify(PRINCIPAL, "+lockdown_keys")
    try:
        done = by_sid(administration, "retire", check=False)
        assert done.status == 1 and "removing it" in done.err
        assert entry(administration) == ""
        assert administration.can_log_in(keytab=keytab)
        done = by_sid(administration, "retire", check=False)
        assert done.status == 1 and "there is no" not in done.err
    finally:
        administration.realm.modify(PRINCIPAL, "-lockdown_keys")
    by_sid(administration, "retire")
    assert not administration.can_log_in(keytab=keytab)


def test_keytab_that_cannot_be_written(administration, keytab):
    """It is seen before the token is used."""
    token = invite(administration)
    for path in ("/nowhere/keytab", administration.scratch.path):
        done = enroll(administration, path, token)
        assert done.status == 3 and path in done.err
    assert enroll(administration, keytab, token).status == 0


@pytest.mark.parametrize("text", [b"", b"not a keytab"],
                         ids=["empty", "other"])
def test_keytab_that_cannot_be_read(administration, keytab, text):
    """Likewise; and it stays as it is."""
    token = invite(administration)
    with open(keytab, "wb") as file:
        file.write(text)
    done = enroll(administration, keytab, token)
    assert done.status == 3 and keytab in done.err, done
    assert "token was not used" in done.err
    assert "not found" in kinit(administration, PRINCIPAL, "x").err
    with open(keytab, "rb") as file:
        assert file.read() == text
    os.unlink(keytab)
    assert enroll(administration, keytab, token).status == 0


def run_in(command_line, env, size, text="", ignore=True):
    """Where no file may become larger than size: there a process ends by a
    signal, unless that is ignored."""
    def little_room():
        if ignore:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return subprocess.run(command_line, input=text, text=True, env=env,
                          timeout=60 * PATIENCE, capture_output=True,
                          preexec_fn=little_room, restore_signals=not ignore)


def enroll_in(administration, keytab, token, size, ignore=True):
    return run_in(command(administration, keytab, "-"),
                  new_system(administration), size, token, ignore)


def test_keytab_that_breaks_off(administration, keytab):
    """A disk is full just then: before the KDC makes the key."""
    token = invite(administration)
    done = enroll_in(administration, keytab, token, 0)
    assert done.returncode == 3 and keytab in done.stderr
    assert "still valid" in done.stderr
    assert not os.path.exists(keytab)
    assert enroll(administration, keytab, token).status == 0
    assert administration.can_log_in(keytab=keytab)


@pytest.mark.parametrize("ignore", [True, False], ids=["error", "killed"])
def test_interrupted_when_there_is_a_key(administration, keytab, ignore):
    """The token is used up, and still good to go on with, here alone: the
    draft of a keytab has room, and not what other keys it is to have."""
    administration.realm.add({keytab: ["host/" + ZETA, "nfs/" + ZETA]})
    before = administration.keys(keytab)
    token = invite(administration)
    done = enroll_in(administration, keytab, token, 150, ignore)
    assert done.returncode == (3 if ignore else -signal.SIGXFSZ), done
    assert not ignore or "run the same command again" in done.stderr
    assert administration.keys(keytab) == before
    assert "not found" in kinit(administration, INVITATION, token).err
    assert PRINCIPAL in administration.realm.show(PRINCIPAL)
    other = keytab + ".other"
    done = enroll(administration, other, token)
    assert done.status == 1 and not os.path.exists(other)

    done = enroll(administration, keytab, token)
    assert done.status == 0, done
    assert administration.can_log_in(keytab=keytab)
    listed = administration.keys(keytab)
    assert [listed.count(name) for name in (
        PRINCIPAL, "host/" + ZETA, "nfs/" + ZETA)] == [1, 1, 1]
    assert not os.path.exists(keytab + ".new")


def test_a_draft_of_another_key(administration, keytab):
    """It was left, and the system has been invited again since."""
    administration.realm.add({keytab: ["host/" + ZETA]})
    token = invite(administration)
    assert enroll_in(administration, keytab, token, 150).returncode == 3
    token = invite(administration, "--force")
    assert os.path.exists(keytab + ".new")
    assert enroll(administration, keytab, token).status == 0
    assert administration.can_log_in(keytab=keytab)
    assert not os.path.exists(keytab + ".new")


@pytest.fixture
def behind(administration):
    """The KDC still has the invitation after the token has been used, and
    does not take the key when told so, as one that is behind another."""
    administration.realm.start_administration(
        [rule for rule in kadmin_rules()
         if not (rule.startswith("trustrealm-invite/") and
                 rule.split()[1] == "d")])
    yield
    administration.realm.start_administration(kadmin_rules() + [
        "paula@%s i *" % table.REALM])


def test_an_invitation_that_stays_is_no_fault(administration, keytab, behind):
    """It cannot be removed by its token, and is good for nothing."""
    token = invite(administration)
    done = enroll(administration, keytab, token)
    assert done.status == 0 and done.err == "", done
    assert kinit(administration, INVITATION, token).status == 0
    assert administration.can_log_in(keytab=keytab)


def test_a_key_that_the_kdc_does_not_take_yet(administration, keytab,
                                              behind):
    """Another try makes no other key, and does not lose the only copy."""
    administration.realm.add({keytab: ["host/" + ZETA]})
    token = invite(administration)
    assert enroll_in(administration, keytab, token, 150).returncode == 3
    administration.realm.modify(PRINCIPAL, "-allow_tix")
    for _ in range(2):
        done = enroll(administration, keytab, token)
        assert done.status == 1 and "every KDC knows" in done.err, done
        assert os.listdir(keytab + ".new").count("1") == 1
        assert "2" not in os.listdir(keytab + ".new")
    administration.realm.modify(PRINCIPAL, "+allow_tix")
    assert enroll(administration, keytab, token).status == 0
    assert administration.can_log_in(keytab=keytab)
    assert not os.path.exists(keytab + ".new")


def test_a_draft_makes_the_token_uncertain(administration, keytab, behind):
    """It is not called valid when it may have been used."""
    administration.realm.add({keytab: ["host/" + ZETA]})
    token = invite(administration)
    assert enroll_in(administration, keytab, token, 150).returncode == 3
    administration.realm.modify(PRINCIPAL, "-allow_tix")
    try:
        administration.directory.stop()
        done = enroll(administration, keytab, token)
        assert done.status == 3 and "still valid" not in done.err
        assert "may have used the token" in done.err
    finally:
        administration.directory.start()
    administration.realm.modify(PRINCIPAL, "+allow_tix")
    assert enroll(administration, keytab, token).status == 0


def test_a_draft_of_another_principal(administration, keytab):
    """It may be the only copy of that one's key."""
    administration.realm.add({keytab: ["host/" + ZETA]})
    token = invite(administration)
    assert enroll_in(administration, keytab, token, 150).returncode == 3
    other = [("eta.example.test" if part == ZETA else part)
             for part in command(administration, keytab, "-")]
    done = run(other, env=new_system(administration), input=token,
               check=False)
    assert done.status == 1 and keytab + ".new" in done.err
    assert "another principal" in done.err
    assert enroll(administration, keytab, token).status == 0
    assert administration.can_log_in(keytab=keytab)


def test_two_at_once(administration, keytab):
    token = invite(administration)
    os.mkdir(keytab + ".new", 0o700)
    held = os.open(keytab + ".new", os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = enroll(administration, keytab, token)
        assert done.status == 3 and "another enrolment" in done.err
    finally:
        os.close(held)
    assert enroll(administration, keytab, token).status == 0


def test_what_is_not_a_draft_is_not_followed(administration, keytab):
    """A name in the folder that leads elsewhere."""
    elsewhere = administration.scratch.write("elsewhere", "text\n")
    token = invite(administration)
    os.mkdir(keytab + ".new", 0o700)
    os.symlink(elsewhere, keytab + ".new/whole")
    assert enroll(administration, keytab, token).status == 0
    with open(elsewhere) as file:
        assert file.read() == "text\n"
    assert not os.path.islink(keytab)
    assert administration.can_log_in(keytab=keytab)


def test_a_folder_that_others_may_write(administration, keytab):
    token = invite(administration)
    os.mkdir(keytab + ".new")
    os.chmod(keytab + ".new", 0o777)
    try:
        done = enroll(administration, keytab, token)
        assert done.status == 3 and "not permitted" in done.err
    finally:
        os.rmdir(keytab + ".new")
    assert enroll(administration, keytab, token).status == 0


def test_what_may_be_used_is_not_called_unused(administration, keytab):
    """The keytab was damaged after a try that broke off."""
    administration.realm.add({keytab: ["host/" + ZETA]})
    token = invite(administration)
    assert enroll_in(administration, keytab, token, 150).returncode == 3
    with open(keytab, "wb") as file:
        file.write(b"not a keytab")
    done = enroll(administration, keytab, token)
    assert done.status == 3 and "token was not used" not in done.err, done
    assert "may have used the token" in done.err
    assert keytab + ".new" in done.err
    os.unlink(keytab)
    assert enroll(administration, keytab, token).status == 0
    assert administration.can_log_in(keytab=keytab)


def test_a_keytab_that_cannot_be_replaced(administration, keytab):
    """It is mounted there: the message says where the key is."""
    administration.realm.add({keytab: ["host/" + ZETA]})
    token = invite(administration)
    line = shlex.join(command(administration, keytab, "-"))
    place = shlex.quote(keytab)
    done = run(["unshare", "--mount", "sh", "-ec",
                "mount --bind %s %s\nexec %s" % (place, place, line)],
               env=new_system(administration), input=token + "\n",
               check=False)
    assert done.status == 3 and keytab + ".new/1" in done.err, done
    assert administration.can_log_in(keytab=keytab + ".new/1")
    assert enroll(administration, keytab, token).status == 0
    assert administration.can_log_in(keytab=keytab)


def test_too_many_tries(administration, keytab):
    """There is a way on."""
    token = invite(administration)
    os.mkdir(keytab + ".new", 0o700)
    for number in range(1, 10):
        with open("%s.new/%u" % (keytab, number), "wb"):
            pass
    done = enroll(administration, keytab, token)
    assert done.status == 3 and "remove the folder" in done.err, done
    assert keytab + ".new: " in done.err
    shutil.rmtree(keytab + ".new")
    assert enroll(administration, keytab, token).status == 0


def test_keys_of_others_stay(administration, keytab, several_uids):
    """In a keytab that has some, and an old key of the system."""
    administration.realm.add({keytab: ["host/" + ZETA]})
    assert enroll(administration, keytab, invite(administration)).status == 0
    os.chown(keytab, 1, 1)
    os.chmod(keytab, 0o640)
    token = invite(administration, "--force")
    assert enroll(administration, keytab, token).status == 0
    found = os.stat(keytab)
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (1, 1,
                                                                   0o640)
    listed = administration.keys(keytab)
    assert listed.count(PRINCIPAL) == 1 and "host/" + ZETA in listed
    assert administration.can_log_in(keytab=keytab)


def test_token_file_that_breaks_off(administration, keytab):
    """The reason is told, and no token is left."""
    path = administration.scratch.join("token.zeta")
    line = [program(), "system", "invite", ZETA, "--token-file", path,
            "--uri", administration.directory.uri, "--base", table.BASE,
            *administration.by_kadmin("sid")]
    done = run_in(line, administration.environment("sid"), 10)
    assert done.returncode == 3, done
    assert path + ": File too large" in done.stderr
    assert not os.path.exists(path)
    assert "not found" in kinit(administration, INVITATION, "x").err


def test_command_to_copy(administration, keytab):
    """What is printed for people has the base as one word."""
    base = table.BASE.replace(",", ", ", 1)
    status, shown = on_terminal(
        "system", "invite", ZETA, "--uri", administration.directory.uri,
        "--base", base, *administration.by_kadmin("sid"),
        **administration.environment("sid"))
    assert status == 0, shown
    words = shlex.split(re.search("next, on that system: (.*)", shown)[1])
    assert words[words.index("--base") + 1] == base
    assert words[words.index("--uri") + 1] == administration.directory.uri


def test_token_in_a_file(administration, keytab):
    path = administration.scratch.join("token.zeta")
    done = by_sid(administration, "invite", "--token-file", path)
    with open(path) as file:
        token = file.read().strip()
    assert TOKEN.match(token) and token not in done.text
    assert os.stat(path).st_mode & 0o777 == 0o600
    done = by_sid(administration, "invite", "--token-file", path, check=False)
    assert done.status == 3 and path in done.err
    done = run(command(administration, keytab, path, "--json"),
               env=new_system(administration))
    assert json.loads(done.out) == {
        "result": "done", "system": ZETA, "principal": PRINCIPAL,
        "keytab": keytab, "entry": "added"}
    os.unlink(path)


@pytest.mark.parametrize("options", [
    ("--alias", "z.example.test"), ("--owner", "cn=x"), ("--parent", "cn=x"),
    ("--dry-run",), ("--admin-cache", "FILE:/nonexistent")])
def test_what_does_not_go_with_a_token(administration, keytab, options):
    """What the entry has was said to "invite"."""
    done = run(command(administration, keytab, "-", *options), input="x\n",
               check=False, env=new_system(administration))
    assert done.status == 2 and "--principal and --added only" in done.err


def test_asked_for_on_a_terminal(administration, keytab):
    """And not shown there."""
    token = invite(administration)
    terminal, other = pty.openpty()
    with subprocess.Popen(command(administration, keytab, "-"), stdin=other,
                          stdout=other, stderr=other, start_new_session=True,
                          env=new_system(administration)) as child:
        os.close(other)
        shown = os.read(terminal, 100)
        while b"Token" not in shown:
            shown += os.read(terminal, 100)
        os.write(terminal, token.encode() + b"\n")
        try:
            while True:
                shown += os.read(terminal, 1000)
        except OSError:
            pass
        assert child.wait(60) == 0, shown
    os.close(terminal)
    assert b"expire" not in shown and token.encode() not in shown
    assert administration.can_log_in(keytab=keytab)


@pytest.mark.parametrize("who, options, reason", [
    ("paula", (), "privilege"),         # the KDC says no
    ("sid", ("--add", "--owner", person("zoe")), "Insufficient access"),
    ("sid", ("--add", "--principal", "host/zeta.example.test@EXAMPLE.TEST"),
     "trustrealm/HOST"),
    ("sid", ("--owner", person("sid")), "--add"),
    ("sid", ("--parent", "ou=systems," + table.BASE), "--add"),
    ("sid", ("--principal", "host/zeta.example.test@EXAMPLE.TEST"), "--add"),
    ("sid", ("--principal", "trustrealm/eta.example.test@EXAMPLE.TEST"),
     "--add"),
    ("sid", ("--alias", "alpha.example.com"), "alpha.example.com"),
])
def test_all_or_nothing(administration, keytab, who, options, reason):
    path = administration.scratch.join("token.none")
    done = by_sid(administration, "invite", "--token-file", path, *options,
                  who=who, check=False)
    assert done.status in (1, 2) and reason in done.err, done
    assert entry(administration) == "" and not os.path.exists(path)
    assert proposed(administration) == []
    assert "not found" in kinit(administration, INVITATION, "x").err


def test_dry_run(administration, keytab):
    done = by_sid(administration, "invite", "--dry-run")
    assert "trPrincipal " + PRINCIPAL in done.out and "token" not in done.out
    assert entry(administration) == "" and proposed(administration) == []
    assert "not found" in kinit(administration, INVITATION, "x").err


def test_a_table_in_a_file(administration, keytab):
    path = administration.scratch.write("table.ldif",
                                        table.ldif(table.entries()))
    done = administration.trustrealm(
        "sid", "system", "invite", ZETA, "--ldif", path, "--json",
        *administration.by_kadmin("sid"), directory=False)
    assert done.status == 0, done
    with open(path) as file:
        assert "trPrincipal: " + PRINCIPAL in file.read()
    done = run([program(), "system", "enroll", ZETA, "--keytab", keytab,
                "--ldif", path, "--token-file", "-"],
               env=new_system(administration),
               input=json.loads(done.out)["token"])
    assert "entry\tnot looked at" in done.out
    assert administration.can_log_in(keytab=keytab)


# --- the entry ----------------------------------------------------------

def add_system(administration, *options):
    done = administration.trustrealm("sid", "system", "add", ZETA, "--owner",
                                     person("sid"), *options)
    assert done.status == 0, done


def test_added_by_an_administrator(administration, keytab):
    """Before the invitation, with a membership: it is taken as it is."""
    add_system(administration)
    membership = "corporate open open"
    administration.directory.replace(
        "cn=%s,ou=systems,%s" % (ZETA, table.BASE), "trMembership",
        membership)
    before = entry(administration)
    assert membership in before
    token = invite(administration)
    assert proposed(administration) == []
    done = enroll(administration, keytab, token)
    assert done.status == 0 and "entry\tthere already\n" in done.out
    assert entry(administration) == before
    assert administration.can_log_in(keytab=keytab)


def test_added_with_the_invitation(administration, keytab):
    """And the directory is not asked again."""
    token = invite(administration, "--add", "--alias", "z.example.test")
    assert "owner: " + person("sid") in entry(administration)
    assert proposed(administration) == []
    try:
        administration.directory.stop()
        done = enroll(administration, keytab, token, "--added")
        assert done.status == 0 and "entry\tnot looked at\n" in done.out
    finally:
        administration.directory.start()
    assert administration.can_log_in(keytab=keytab)


def test_added_after_the_invitation(administration, keytab):
    token = invite(administration)
    add_system(administration)
    before = entry(administration)
    done = enroll(administration, keytab, token)
    assert done.status == 0 and "there already" in done.out
    assert entry(administration) == before
    by_sid(administration, "retire")
    assert proposed(administration) == []


def test_another_principal_is_there(administration, keytab):
    token = invite(administration)
    other = "host/%s@%s" % (ZETA, table.REALM)
    add_system(administration, "--principal", other)
    done = enroll(administration, keytab, token)
    assert done.status == 1 and other in done.err
    assert "still valid" in done.err and not os.path.exists(keytab)
    done = administration.trustrealm("sid", "system", "set", ZETA,
                                     "--principal", PRINCIPAL)
    assert done.status == 0, done
    assert enroll(administration, keytab, token).status == 0


def test_principal_in_the_default_kerberos_realm(administration, keytab):
    """It is the same with and without it."""
    add_system(administration)
    token = invite(administration)
    done = enroll(administration, keytab, token, "--principal",
                  PRINCIPAL.split("@")[0])
    assert done.status == 0 and "there already" in done.out, done
    assert administration.can_log_in(keytab=keytab)


def test_without_a_directory(administration, keytab):
    """Nothing is lost."""
    token = invite(administration)
    try:
        administration.directory.stop()
        done = enroll(administration, keytab, token)
        assert done.status == 3 and "token is still valid" in done.err
        assert not os.path.exists(keytab)
    finally:
        administration.directory.start()
    assert enroll(administration, keytab, token).status == 0
    assert "owner: " + person("sid") in entry(administration)


def test_entry_made_and_key_not(administration, keytab):
    """The same token goes on from there."""
    token = invite(administration)
    try:
        administration.realm.start_administration(
            [rule for rule in kadmin_rules()
             if not rule.startswith("trustrealm-invite/")])
        done = enroll(administration, keytab, token)
        assert done.status == 1 and "still valid" in done.err
    finally:
        administration.realm.start_administration(kadmin_rules() + [
            "paula@%s i *" % table.REALM])
    before = entry(administration)
    assert PRINCIPAL in before and not os.path.exists(keytab)
    done = enroll(administration, keytab, token)
    assert done.status == 0 and "there already" in done.out
    assert entry(administration) == before
    assert administration.can_log_in(keytab=keytab)


def test_no_proposal_left(administration, keytab):
    """It was rejected: the token alone adds nothing, until somebody does."""
    token = invite(administration)
    listed = administration.trustrealm("sid", "pending", "list", "--json")
    for one in json.loads(listed.out):
        done = administration.trustrealm("sid", "pending", "reject",
                                         one["id"])
        assert done.status == 0, done
    done = enroll(administration, keytab, token)
    assert done.status == 1 and "no invitation to add it" in done.err
    assert entry(administration) == "" and not os.path.exists(keytab)
    add_system(administration)
    assert enroll(administration, keytab, token).status == 0


def test_two_who_invite(administration, keytab):
    """Whose it is has to be clear."""
    administration.directory.modify(modify(
        "cn=system-administrators,ou=roles," + table.BASE,
        ("add", "member", person("rosa"))))
    try:
        token = invite(administration)
        assert administration.may("rosa", proposal(
            ZETA + ":1", "cn=%s,ou=systems,%s" % (ZETA, table.BASE),
            "trAlias y.example.test"))
        done = enroll(administration, keytab, token)
        assert done.status == 1 and entry(administration) == ""
        assert person("sid") in done.err and person("rosa") in done.err
        token = invite(administration, "--alias", "z.example.test")
        assert len(proposed(administration)) == 2
        assert enroll(administration, keytab, token).status == 0
        assert "y.example.test" not in entry(administration)
    finally:
        administration.directory.modify(modify(
            "cn=system-administrators,ou=roles," + table.BASE,
            ("delete", "member", person("rosa"))))


def test_somebody_has_proposed_the_principal_of_another(administration,
                                                        keytab):
    """It is not invited in this one's place."""
    administration.directory.modify(modify(
        "cn=system-administrators,ou=roles," + table.BASE,
        ("add", "member", person("rosa"))))
    try:
        assert administration.may("rosa", proposal(
            ZETA + ":1", "cn=%s,ou=systems,%s" % (ZETA, table.BASE),
            "trPrincipal trustrealm/%s@%s" % (table.host("alpha"),
                                              table.REALM)))
        done = by_sid(administration, "invite", "--force", check=False)
        assert done.status == 2 and table.host("alpha") in done.err, done
    finally:
        administration.directory.modify(modify(
            "cn=system-administrators,ou=roles," + table.BASE,
            ("delete", "member", person("rosa"))))


def by_thief(administration, change):
    """May who has the ticket in the cache "token" make that change?"""
    env = dict(new_system(administration), GSS_MECH_CONFIG="/dev/null",
               KRB5CCNAME="FILE:" + administration.scratch.join("token"))
    done = run([servers.program("ldapmodify"), "-Q", "-N", "-Y", "GSSAPI",
                "-H", administration.directory.uri], check=False, env=env,
               input=change)
    assert done.status in (0, 50, 68), done
    return done.status == 0


def zeta(host=ZETA, **more):
    return add("cn=%s,ou=systems,%s" % (host, table.BASE),
               objectClass="trSystem", cn=host, owner=person("sid"),
               trPrincipal="trustrealm/%s@%s" % (host, table.REALM), **more)


def test_what_a_stolen_token_adds(administration, keytab):
    """What was invited, before it is there, and nothing else or after."""
    token = invite(administration)
    assert kinit(administration, INVITATION, token).status == 0
    assert not by_thief(administration, zeta("eta.example.test"))
    assert not by_thief(administration, zeta(
        trMembership="engineering public secret"))
    assert entry(administration) == ""
    assert by_thief(administration, zeta())
    done = enroll(administration, keytab, token)
    assert done.status == 0 and "there already" in done.out
    for change in (
            zeta(), delete("cn=%s,ou=systems,%s" % (ZETA, table.BASE)),
            modify("cn=%s,ou=systems,%s" % (ZETA, table.BASE),
                   ("add", "trAlias", "y.example.test"))):
        assert not by_thief(administration, change)
    # His ticket may live longer than the system does.
    by_sid(administration, "retire")
    assert not by_thief(administration, zeta())
    assert entry(administration) == ""


def test_the_token_of_another(administration, keytab):
    token = invite(administration)
    other = [("eta.example.test" if part == ZETA else part)
             for part in command(administration, keytab, "-")]
    done = run(other, env=new_system(administration), input=token,
               check=False)
    assert done.status == 1 and "eta.example.test" in done.err
    assert "not invited" in done.err and not os.path.exists(keytab)
    done = enroll(administration, keytab, token, "--principal",
                  "trustrealm/eta.example.test@" + table.REALM)
    assert done.status == 1 and "not invited" in done.err
    assert entry(administration) == ""
