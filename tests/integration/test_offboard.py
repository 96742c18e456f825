# tests/integration/test_offboard.py - an administrator leaves
# SPDX-License-Identifier: BSD-2-Clause
"""trustrealm offboard, by a role officer, with slapd's access log: nobody in
this file is a super-user, but for the set-up."""

import json
import os
import re
import textwrap

import pytest

from testlib import roles, servers, table
from testlib.process import base_environment, run
from testlib.roles import (Administration, add, kadmin_rules, modify,
                           person, rename)
from testlib.stores import Between
from testlib.steps import by_steps
from testlib.tool import program

SYSTEMS = "ou=systems," + table.BASE
ROLES = "ou=roles," + table.BASE
DELTA = "cn=delta.example.com," + SYSTEMS
BETA = "cn=beta.example.com," + SYSTEMS
ZETA = "cn=zeta.example.com," + SYSTEMS
ETA = "cn=eta.example.com," + SYSTEMS


def documented(first):
    """What doc/SCHEMA shows, from that line to a blank one."""
    with open(os.path.join(servers.source_directory(), "doc/SCHEMA")) as file:
        text = file.read()
    shown = text[text.index("\n    " + first):].strip("\n")
    return textwrap.dedent(shown.split("\n\n")[0] + "\n").replace(
        "dc=example,dc=com", table.SUFFIX)


class LoggedDirectory(roles.RolesDirectory):
    """With an access log, that auditors read, also when it is longer than
    what the server returns to others."""

    def _globals(self):
        os.makedirs(self.path + "/log", exist_ok=True)
        return super()._globals() + "sizelimit 3\nmoduleload accesslog\n" + \
            documented("database mdb").replace("/var/lib/ldap/accesslog",
                                               self.path + "/log")

    def _access(self):
        return documented("overlay accesslog") + super()._access()


@pytest.fixture
def administration():
    with Administration(LoggedDirectory) as made:
        yield made


def offboard(administration, name, *options, by="rosa", status=0):
    done = administration.trustrealm(
        by, "offboard", "%s@%s" % (name, table.REALM), "--entry",
        person(name), "--json", *options)
    assert done.status == status, done
    return json.loads(done.out)


#: What is not proven without more options, by entry.
UNKNOWN = {"kadm5.acl", "signers"}


def texts(found, kind):
    return {(item["entry"], item["text"]) for item in found[kind]}


def test_an_owner_leaves(administration):
    """What he granted, changed and proposed; then nothing is left."""
    may = administration.may
    granted = "engineering public internal"
    assert may("olga", modify(DELTA, ("add", "trMembership", granted)))
    assert may("olga", modify(
        BETA, ("delete", "trMembership",
               "engineering public secret:hr,crypto"),
        ("add", "trMembership", "engineering public secret")))
    assert may("oscar", modify(
        BETA, ("delete", "trMembership", "engineering public secret"),
        ("add", "trMembership", "engineering public public")))
    done = administration.trustrealm(
        "olga", "system", "join", "gamma.example.com", "--realm",
        "engineering", "--low", "public", "--high", "internal", "--propose")
    assert done.status == 0, done

    found = offboard(administration, "olga", status=1)
    left = dict(texts(found, "left"))
    assert set(left) == {
        "cn=auditors," + ROLES, "cn=engineering,ou=owners," + ROLES} | {
            dn for dn in left if ",ou=pending," in dn}
    assert len(left) == 3
    assert texts(found, "granted") == {
        (DELTA, "modify: trMembership:+ " + granted)}
    assert {(BETA, "modify: trMembership:- engineering public "
             "secret:hr,crypto"),
            (BETA, "modify: trMembership:+ engineering public secret")} \
        <= texts(found, "changed")
    assert not any("public public" in text
                   for _, text in texts(found, "changed"))
    assert found["rotate"] == []
    # To look changes nothing.
    assert may("olga", modify(DELTA, ("delete", "trMembership", granted)))
    assert may("olga", modify(DELTA, ("add", "trMembership", granted)))

    found = offboard(administration, "olga", "--apply", status=1)
    assert found["applied"] and found["left"] == []
    assert {name for name, _ in texts(found, "unknown")} == UNKNOWN | {
        "olga@" + table.REALM}
    assert not offboard(administration, "olga", status=1)["applied"]
    assert not may("olga", modify(DELTA, ("delete", "trMembership",
                                          granted)))
    assert administration.sees("olga", table.BASE).strip() == ""
    assert "trPending" not in administration.directory.search(
        table.BASE, "(objectClass=trPending)", "objectClass")
    # The others go on.
    assert may("oscar", modify(DELTA, ("delete", "trMembership", granted)))
    assert texts(offboard(administration, "olga", status=1), "granted") \
        == set()


def test_a_system_administrator_leaves(administration):
    """He knows keys; a role that had only him ends."""
    assert administration.may("sid", add(
        ZETA, objectClass="trSystem", cn="zeta.example.com",
        trPrincipal="trustrealm/zeta.example.com@EXAMPLE.TEST",
        owner=person("sid")))
    assert administration.may("rosa", modify(
        BETA, ("add", "owner", person("sid"))))
    assert administration.may("rosa", modify(
        DELTA, ("add", "owner", person("sid"))))
    assert administration.may("sid", modify(
        DELTA, ("delete", "owner", person("sid"))))

    found = offboard(administration, "sid", status=1)
    assert {dn for dn, _ in texts(found, "left")} == {
        "cn=auditors," + ROLES, "cn=system-administrators," + ROLES, ZETA,
        BETA}
    keys = {(ZETA, "key of trustrealm/zeta.example.com@EXAMPLE.TEST"),
            (BETA, "key of trustrealm/beta.example.com@EXAMPLE.TEST"),
            (DELTA, "key of trustrealm/delta.example.com@EXAMPLE.TEST")}
    assert texts(found, "rotate") == keys
    found = offboard(administration, "sid", "--apply", status=1)
    assert found["left"] == []
    assert texts(found, "rotate") == keys
    assert not administration.may("sid", modify(
        ZETA, ("replace", "trEnabled", "FALSE")))
    assert administration.directory.search(
        ROLES, "(cn=system-administrators)", "cn") == ""
    # A role officer starts it anew, with somebody else.
    assert administration.may("rosa", add(
        "cn=system-administrators," + ROLES, objectClass="groupOfNames",
        cn="system-administrators", member=person("zoe")))


def test_a_key_that_he_had_in_between(administration):
    """However it was written that he is an owner, and that he is not."""
    beside = person("sid").replace("uid=sid", "uid=SID")
    assert administration.may("rosa", modify(BETA, ("add", "owner", beside)))
    assert administration.may("rosa", modify(
        BETA, ("delete", "owner", beside)))
    administration.directory.replace(DELTA, "owner", person("zoe"),
                                     person("sid"))
    administration.directory.replace(DELTA, "owner", person("zoe"))
    assert {dn for dn, _ in texts(offboard(administration, "sid", status=1),
                                  "rotate")} == {BETA, DELTA}
    assert {dn for dn, _ in texts(offboard(administration, "zoe", status=1),
                                  "rotate")} == {DELTA}


def test_what_was_renamed_since(administration):
    """His account, a system, and then what all systems are below; whoever
    has his name now is somebody else."""
    granted = "engineering public internal"
    assert administration.may("olga", modify(
        DELTA, ("add", "trMembership", granted)))
    assert administration.may("sid", add(
        ZETA, objectClass="trSystem", cn="zeta.example.com",
        trPrincipal="trustrealm/zeta.example.com@EXAMPLE.TEST",
        owner=person("sid")))
    change = administration.directory.modify
    for name in ("olga", "sid"):
        change(rename(person(name), "uid=%s2" % name))
    change(rename(DELTA, "cn=d2", keep=True))
    change(rename(SYSTEMS, "ou=hösts", keep=True))
    change(rename(person("oscar"), "uid=olga"))

    moved = SYSTEMS.replace("ou=systems", "ou=hösts")
    assert texts(offboard(administration, "olga2", status=1), "granted") == {
        ("cn=d2," + moved, "modify: trMembership:+ " + granted)}
    assert texts(offboard(administration, "olga", status=1), "granted") == \
        set()
    assert {dn for dn, _ in texts(offboard(administration, "sid2", status=1),
                                  "rotate")} == {
        ZETA.replace("ou=systems", "ou=hösts")}


def test_what_was_renamed_with_an_older_server(administration):
    """Whose log has the new name in parts.  His account moved twice, to where
    it was; who asks sees that in what is asked of the server."""
    directory = administration.directory
    for change in (
            modify("cn=auditors," + ROLES,
                   ("add", "member", "cn=admin," + table.SUFFIX)),
            rename(person("oscar"), "uid=o2", table.BASE),
            rename("uid=o2," + table.BASE, "uid=oscar", table.PEOPLE),
            rename(person("olga"), "uid=olga2")):
        directory.modify(change)
    asked = []
    with Between(administration.scratch, directory, None,
                 replaced={b"reqNewDN": b"reqNoneN"},
                 seen=asked.append) as between:
        for name, now, before in (
                ("oscar", person("oscar"), "uid=o2," + table.BASE),
                ("olga", person("olga2"), person("olga"))):
            done = run([program(), "offboard", "%s@%s" % (name, table.REALM),
                        "--entry", now, "--uri", between.uri, "--base",
                        table.BASE, "--json"], check=False,
                       env=base_environment())
            assert done.status == 1, done
            filters = [octets for octets in asked
                       if b"auditWriteObject" in octets]
            assert len(filters) == 1
            for dn in (now, before):
                assert filters[0].count(b"\x04" + bytes([len(dn)]) +
                                        dn.encode()) == 1
            asked.clear()


def test_by_somebody_who_may_not(administration):
    """Nothing is done by half."""
    before = administration.directory.search(table.BASE)
    done = administration.trustrealm(
        "paula", "offboard", "olga@" + table.REALM, "--entry",
        person("olga"), "--apply")
    assert done.status == 1 and "Insufficient access" in done.err
    assert administration.directory.search(table.BASE) == before


def test_by_principal(administration):
    """The entry is found where accounts are in the table; it has no role."""
    done = administration.trustrealm("aud", "offboard",
                                     "bob@" + table.REALM)
    assert done.status == 1
    assert {line.split("\t")[0]
            for line in done.out.splitlines()} == {"unknown"}
    done = administration.trustrealm("aud", "offboard", "nobody@ELSEWHERE")
    assert done.status == 2 and "--entry is missing" in done.err


def test_without_a_log(administration):
    """It has to be said that there is none."""
    options = ("offboard", "olga@" + table.REALM, "--entry", person("olga"))
    done = administration.trustrealm("aud", *options, "--log", "cn=other")
    assert done.status == 3
    assert "there is no entry cn=other " in done.err
    assert "--no-log" in done.err
    done = administration.trustrealm("aud", *options, "--no-log")
    assert done.status == 1
    found = [line.split("\t") for line in done.out.splitlines()]
    assert {kind for kind, *_ in found} == {"left", "unknown"}
    assert "access log" in {name for kind, _, name, _ in found
                            if kind == "unknown"}


# --- the KDC ------------------------------------------------------------

def invite(administration, host, *options):
    """By sid; the token."""
    done = administration.trustrealm(
        "sid", "system", "invite", host, "--json", *options,
        *administration.by_kadmin("sid"))
    assert done.status == 0, done
    return json.loads(done.out)["token"]


def test_a_system_administrator_at_the_kdc(administration):
    """His log-ins, and systems that he has invited: one to come, one that he
    added, and another."""
    administration.realm.add({administration.keytab: ["sid/admin"]})
    administration.start_kadmind()
    invite(administration, "eta.example.com")
    invite(administration, "zeta.example.com", "--add")
    token = invite(administration, "delta.example.com")
    # By somebody else.
    administration.realm.add_with_password(
        "trustrealm-invite/beta.example.com", "secret")
    logins = {("%s@%s" % (name, table.REALM), "KDC: issues him tickets")
              for name in ("sid", "sid/admin")}

    found = offboard(administration, "sid", status=1)
    assert not any("KDC" in text for _, text in texts(found, "left"))
    assert ("sid@" + table.REALM, "the KDC was not asked (--kdc)") in texts(
        found, "unknown")

    found = offboard(administration, "sid", "--kdc",
                     *administration.by_kadmin("rosa"), status=1)
    assert logins <= texts(found, "left")
    assert {dn for dn, text in texts(found, "left")
            if "invitation" in text} == {ETA, ZETA, DELTA}
    assert (ZETA, "key of trustrealm/zeta.example.com@" + table.REALM) \
        in texts(found, "rotate")
    assert {name for name, _ in texts(found, "unknown")} == UNKNOWN
    assert administration.can_log_in("sid")

    found = offboard(administration, "sid", "--apply", "--kdc",
                     *administration.by_kadmin("rosa"), status=1)
    assert found["left"] == [] and found["applied"]
    for name in ("sid", "sid/admin"):
        assert not administration.can_log_in(name)
    assert administration.can_log_in("rosa")
    assert "Principal: " not in administration.realm.show(
        "trustrealm-invite/eta.example.com")
    done = run([program(), "system", "enroll", "delta.example.com", "--added",
                "--token-file", "-", "--keytab",
                administration.scratch.join("delta.keytab")],
               env=administration.realm.environment(), input=token,
               check=False)
    assert done.status == 1 and "withdrawn" in done.err


@pytest.mark.parametrize("signal", ["KILL", "TERM"])
def test_ended_between_directory_and_kdc(administration, signal):
    """It is still known what he has invited: the same command withdraws it.
    An interruption waits for that."""
    administration.start_kadmind()
    invite(administration, "eta.example.com")
    invitation = "trustrealm-invite/eta.example.com"
    line = [program(), "offboard", "sid@" + table.REALM, "--entry",
            person("sid"), "--apply", "--kdc", "--uri",
            administration.directory.uri, "--base", table.BASE,
            *administration.by_kadmin("rosa")]
    done, steps = by_steps(administration.scratch, line,
                           administration.environment("rosa"), 1,
                           "kill -%s $PPID" % signal)
    assert steps[0] == "delete " and done.status < 0
    assert ("interrupted, when it was done" in done.err) == (signal == "TERM")
    if signal == "KILL":
        assert "Principal: " in administration.realm.show(invitation)
        assert not administration.can_log_in("sid")
        offboard(administration, "sid", "--apply", "--kdc",
                 *administration.by_kadmin("rosa"), status=1)
    assert "Principal: " not in administration.realm.show(invitation)
    assert not administration.can_log_in("sid")
    found = offboard(administration, "sid", "--kdc",
                     *administration.by_kadmin("rosa"), status=1)
    assert found["left"] == []


def test_a_kdc_that_refuses(administration):
    administration.start_kadmind()
    offboard(administration, "sid", "--apply", status=1)
    done = administration.trustrealm(
        "paula", "offboard", "sid@" + table.REALM, "--entry", person("sid"),
        "--apply", "--kdc", *administration.by_kadmin("paula"))
    assert done.status == 1 and "modify" in done.err
    assert administration.can_log_in("sid")
    found = offboard(administration, "sid", "--kdc",
                     *administration.by_kadmin("paula"), status=1)
    assert [item["entry"] for item in found["left"]] == ["sid@" +
                                                         table.REALM]


def test_rules_of_the_kdc(administration):
    """A rule is his until it is removed, and shows whose keys he can have;
    then, with all of it looked at, nothing is left."""
    rules = kadmin_rules()
    administration.start_kadmind(rules)
    path = administration.scratch.write(
        "kadm5.acl", "# sid@%s *\n\n%s\n" % (
            table.REALM, "\n".join(rules).replace(" -", " \\\n    -")))
    systems = set(re.findall(
        "^dn: (.*)", administration.directory.search(
            table.BASE, "(objectClass=trSystem)"), re.MULTILINE))
    assert len(systems) > 2
    options = ("--kdc", *administration.by_kadmin("rosa"), "--no-signer",
               "--acl")
    for _ in range(2):
        found = offboard(administration, "sid", "--apply", *options, path,
                         status=1)
        assert texts(found, "left") == {
            (path, "rule: sid@%s %s@%s" % (table.REALM, what, table.REALM))
            for what in ("acdim trustrealm/*", "ad trustrealm-invite/*")}
        assert {dn for dn, _ in texts(found, "rotate")} == systems
        assert found["unknown"] == []
    # Patterns, which others go by, and one system alone.
    path = administration.scratch.write("rest.acl", """\
*/admin@%(realm)s c trustrealm/beta.example.com@%(realm)s
olga@%(realm)s * *
sid@OTHER.TEST * *
sid/admin/x@%(realm)s * *
*/admin@%(realm)s im *
""" % {"realm": table.REALM})
    found = offboard(administration, "sid", *options, path)
    assert (found["left"], found["unknown"]) == ([], [])
    assert {dn for dn, _ in texts(found, "rotate")} == {BETA}


def test_rule_without_a_realm(administration, monkeypatch):
    """It is of kadmind's, not of the one that is usual here."""
    usual = administration.scratch.write(
        "usual.conf", "[libdefaults]\n    default_realm = OTHER.TEST\n")
    environment = administration.environment
    monkeypatch.setattr(administration, "environment", lambda name: dict(
        environment(name), KRB5_CONFIG="%s:%s" % (
            usual, environment(name)["KRB5_CONFIG"])))
    path = administration.scratch.write("kadm5.acl", "sid * *\n")
    found = offboard(administration, "sid", "--acl", path, status=1)
    assert (path, "rule: sid * *") in texts(found, "left")
    assert texts(found, "rotate")


@pytest.mark.parametrize("line", ["sid", "sid@x@y *", "a " * 100],
                         ids=["one word", "no principal", "many words"])
def test_what_is_not_a_rule(administration, line):
    path = administration.scratch.write("kadm5.acl", line + "\n")
    done = administration.trustrealm(
        "rosa", "offboard", "sid@" + table.REALM, "--entry", person("sid"),
        "--acl", path)
    assert done.status == 3 and path in done.err, done


# --- signers ------------------------------------------------------------

def test_signers(administration):
    """By name, by address; what is issued elsewhere is not known."""
    path = administration.scratch.join("signers.pem")
    names = {"by name": ("/O=Example/CN=Olga", "critical,CA:FALSE"),
             "by address": ("/CN=Officer/emailAddress=olga@example.test",
                            "critical,CA:FALSE"),
             "of another": ("/CN=olga2", "critical,CA:FALSE"),
             "authority": ("/CN=Authority", "critical,CA:TRUE")}
    with open(path, "w") as signers:
        for subject, constraints in names.values():
            one = administration.scratch.join("one.pem")
            run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                 "-subj", subject, "-addext", "basicConstraints=" +
                 constraints, "-keyout", "/dev/null", "-out", one],
                env=base_environment())
            with open(one) as file:
                signers.write(file.read())
    found = offboard(administration, "olga", "--signer", path, status=1)
    assert texts(found, "rotate") == {
        (path, "signer /O=Example/CN=Olga"),
        (path, "signer /CN=Officer/emailAddress=olga@example.test")}
    assert [text for name, text in texts(found, "unknown")
            if name == path] == ["signers whose certificates are of "
                                 "/CN=Authority"]
    assert "signers" in {name for name, _ in texts(
        offboard(administration, "olga", status=1), "unknown")}
    assert "signers" not in {name for name, _ in texts(
        offboard(administration, "olga", "--no-signer", status=1),
        "unknown")}
    done = administration.trustrealm(
        "rosa", "offboard", "olga@" + table.REALM, "--entry", person("olga"),
        "--signer", administration.keytab)
    assert done.status == 3 and "no certificates" in done.err


def test_a_file_that_cannot_be_read_is_no_empty_one(administration):
    path = administration.scratch.path
    done = administration.trustrealm(
        "rosa", "offboard", "sid@" + table.REALM, "--entry", person("sid"),
        "--acl", path)
    assert done.status == 3 and path in done.err, done


@pytest.mark.parametrize("rule", [
    "sid@%s s *", "sid@%s, *", "sid@EX\\\nAMPLE.TEST *", "sid@%s * \\"],
    ids=["sets keys", "comma", "word goes on", "goes on at the end"])
def test_rule_as_kadmind_reads_it(administration, rule):
    path = administration.scratch.write(
        "kadm5.acl", rule.replace("%s", table.REALM))
    found = offboard(administration, "sid", "--acl", path, status=1)
    assert texts(found, "left") and texts(found, "rotate")
