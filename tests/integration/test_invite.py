# tests/integration/test_invite.py - systems that come with a token
# SPDX-License-Identifier: BSD-2-Clause
"""trustrealm system invite, by a system administrator, and enroll, on a
system where nobody has a ticket, against a real kadmind with the rules of
doc/SCHEMA."""

import calendar
import json
import os
import pty
import re
import shlex
import subprocess
import time

import pytest

from testlib import servers, table
from testlib.invitation import (
    AGAIN, INVITATION, TOKEN, by_sid, command, enroll, forget, invite, kinit,
    new_system, refused, run_in)
from testlib.process import run
from testlib.roles import (
    PRINCIPAL, ZETA, Administration, TwoPersonsDirectory, add, delete,
    kadmin_rules, modify, person, proposal)
from testlib.tool import on_terminal, program


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
    forget(administration, path)


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
        assert refused(done, "kadm5.acl"), done
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
    assert refused(done, "used or withdrawn"), done
    done = enroll(administration, keytab, token)
    assert refused(done, keytab + " has its key"), done
    assert not os.path.exists(keytab + ".other")
    assert administration.can_log_in(keytab=keytab)
    assert "not found" in kinit(administration, INVITATION, token).err


def test_wrong_token(administration, keytab):
    """Who has it can still come."""
    token = invite(administration)
    other = token[:-1] + ("A" if token[-1] != "A" else "B")
    done = enroll(administration, keytab, other)
    assert refused(done, "not its token"), done
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
    assert refused(done, "has expired"), done
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


def test_invited_again(administration, keytab):
    """The older token ends; the entry is as it was."""
    first = invite(administration, "--alias", "z.example.test")
    before = proposed(administration)
    second = invite(administration)
    assert proposed(administration) == before and first != second
    done = enroll(administration, keytab, first)
    assert refused(done, "not the newest"), done
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
    assert refused(done, "withdrawn"), done
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
    assert refused(done, "has been used"), done
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


def test_retired_by_who_may_not_remove_the_entry(administration, keytab):
    """Nothing of it ends, and of the invitation neither."""
    invite(administration)
    before = proposed(administration)
    administration.directory.add(table.entry(
        "cn=%s,ou=systems,%s" % (ZETA, table.BASE), objectClass="trSystem",
        cn=ZETA, trPrincipal=PRINCIPAL, owner=person("zoe")))
    try:
        done = by_sid(administration, "retire", check=False)
        assert done.status == 1 and "Insufficient access" in done.err, done
        assert "owner: " + person("zoe") in entry(administration)
        assert proposed(administration) == before != []
        assert "not found" not in kinit(administration, INVITATION, "x").err
    finally:
        administration.directory.delete("cn=%s,ou=systems,%s" % (ZETA,
                                                                 table.BASE))


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
    assert refused(done, other), done
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
        assert AGAIN in done.err and not os.path.exists(keytab)
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
        assert refused(done, "still valid"), done
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
    assert refused(done, "no invitation to add it"), done
    assert entry(administration) == "" and not os.path.exists(keytab)
    add_system(administration)
    assert enroll(administration, keytab, token).status == 0


def test_who_invited_is_no_administrator_any_more(administration, keytab):
    """Until he is one again."""
    def replace(one, other):
        administration.directory.modify(modify(
            "cn=system-administrators,ou=roles," + table.BASE,
            ("add", "member", person(other)),
            ("delete", "member", person(one))))

    token = invite(administration)
    replace("sid", "rosa")
    try:
        done = enroll(administration, keytab, token)
        assert refused(done, "was not added"), done
        assert "still valid" in done.err and entry(administration) == ""
    finally:
        replace("rosa", "sid")
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
        assert refused(done, person("sid")) and person("rosa") in done.err
        assert entry(administration) == ""
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
    assert refused(done, "eta.example.test@%s is not invited" %
                   table.REALM), done
    assert not os.path.exists(keytab)
    done = enroll(administration, keytab, token, "--principal",
                  "trustrealm/eta.example.test@" + table.REALM)
    assert refused(done, "not invited"), done
    assert entry(administration) == ""
